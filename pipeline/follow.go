package pipeline

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"clearwell/lineage/entry"
	"clearwell/lineage/keys"
	"clearwell/pipeline/defects"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/quality"
	"clearwell/pipeline/spill"
)

const (
	defectsName = "defects.parquet"
	// defectSecret is the name of the secret that names of rows are made with. One who
	// has a list of identity numbers cannot look them up among the defects without it.
	defectSecret = "defects"
)

// DefectsFile is the state of a dataset's defects after its last run that was
// published or refused; os.ErrNotExist if there is none.
func DefectsFile(root, dataset string) (path, run string, err error) {
	dir := filepath.Join(root, StateDir, "quarantine", dataset)
	runs, err := os.ReadDir(dir)
	if err != nil {
		return "", "", err
	}
	for _, d := range slices.Backward(runs) { // run ids sort by start
		path := filepath.Join(dir, d.Name(), defectsName)
		if _, err := os.Stat(path); err == nil {
			return path, d.Name(), nil
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", "", err
		}
	}
	return "", "", fmt.Errorf("%s: %w", dir, os.ErrNotExist)
}

// followDefects writes the state of the defects after this run into its working folder. judged are the rules
// with what they checked; refused says that the version is not published.
func (j *job) followDefects(ctx context.Context, judged []quality.Rule, refused bool) (counts defects.Counts, err error) {
	secret, err := j.Keys.Secret(defectSecret)
	if errors.Is(err, keys.ErrNotFound) {
		if _, err = j.Keys.CreateSecret(defectSecret); err == nil {
			secret, err = j.Keys.Secret(defectSecret)
		}
	}
	if err != nil {
		return counts, fmt.Errorf("follow the defects: %w", err)
	}
	before := func() (*defects.Defect, error) { return nil, io.EOF }
	last, _, err := DefectsFile(j.Workspace.Root, j.data.ID)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return counts, err
	}
	watch := &sightings{scan: j.scan, secret: secret}
	defer func() { err = errors.Join(err, watch.close()) }()
	if last != "" {
		if watch.open, err = openRows(last, j.scan.budget.defects()); err != nil {
			return counts, err
		}
		r, err := defects.Open(last)
		if err != nil {
			return counts, err
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		before = r.Next
	}
	if err := watch.collect(ctx, j.opts.CPUs); err != nil {
		return counts, err
	}
	seen, err := watch.seen.Cursor()
	if err != nil {
		return counts, err
	}
	delivered, err := watch.delivered.Cursor()
	if err != nil {
		return counts, err
	}
	checked := map[string]bool{}
	for _, r := range judged {
		checked[r.ID] = r.Delivered.Checked > 0
	}
	f, err := os.OpenFile(filepath.Join(j.dir, defectsName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return counts, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := defects.NewWriter(f, j.data.ID)
	if err != nil {
		return counts, err
	}
	var sight defects.Sighting
	var row defects.Row
	counts, err = defects.Follow(defects.Run{
		ID: j.record.ID, Started: j.record.Started, Refused: refused,
		Judged: func(rule string) (bool, bool) { c, known := checked[rule]; return c, known },
		Source: func(object int) (string, string) {
			return j.scan.objects[object].Name, j.scan.objects[object].Archive.SHA256
		},
		Seen: func() (*defects.Sighting, error) {
			key, _, err := seen.Next()
			if err == nil {
				sight = defects.ParseKey(key)
			}
			return &sight, err
		},
		Delivered: func() (defects.Row, error) {
			key, _, err := delivered.Next()
			if err == nil {
				row = defects.Row(key)
			}
			return row, err
		},
	}, before, w.Add)
	if err != nil {
		return counts, fmt.Errorf("follow the defects: %w", err)
	}
	stats, err := w.Close()
	j.defects = written{stats, true}
	return counts, err
}

// rowFilter is a Bloom filter of rows: what it does not have was never added.
// A Row is a hash already, so that its bytes serve as the hash functions (Kirsch and
// Mitzenmacher: Less Hashing, Same Performance, 2006).
type rowFilter struct {
	bits []uint64
	n    int64
}

// bitsPerRow gives one wrong answer in some 450; a wrong one costs a sort, not a result.
const bitsPerRow = 16

// openRows is the filter of the rows known by key that have an open defect; nil if there is none.
func openRows(path string, limitBytes int64) (f *rowFilter, err error) {
	r, err := defects.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	size := max(min(r.Rows*bitsPerRow, limitBytes*8), 1024)
	f = &rowFilter{bits: make([]uint64, (size+63)/64)}
	for {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if d.Open() && d.Row[0] == defects.ByKey {
			f.each(d.Row, func(word *uint64, bit uint64) bool { *word |= bit; return true })
			f.n++
		}
	}
	if f.n == 0 {
		return nil, nil
	}
	return f, nil
}

// each calls do with the places of a row until it is false, and gives its last answer.
func (f *rowFilter) each(r defects.Row, do func(word *uint64, bit uint64) bool) bool {
	a, b := binary.LittleEndian.Uint64(r[1:]), binary.LittleEndian.Uint64(r[8:])|1
	for range 6 {
		at := a % uint64(len(f.bits)*64)
		if !do(&f.bits[at>>6], 1<<(at&63)) {
			return false
		}
		a += b
	}
	return true
}

func (f *rowFilter) has(r defects.Row) bool {
	return f.each(r, func(word *uint64, bit uint64) bool { return *word&bit != 0 })
}

// sightings are the rows of a run that break rules, and the rows by key that had a defect before.
type sightings struct {
	scan   *scan
	secret []byte
	open   *rowFilter // rows to be looked for; nil: none

	mu        sync.Mutex // guards what follows
	seen      *spill.Sorter
	delivered *spill.Sorter
}

func (s *sightings) close() (err error) {
	for _, sorter := range []*spill.Sorter{s.seen, s.delivered} {
		if sorter != nil {
			err = errors.Join(err, sorter.Close())
		}
	}
	return err
}

// collect goes once over the frames that have anything to look at.
func (s *sightings) collect(ctx context.Context, workers int) error {
	b := s.scan.budget
	s.seen, s.delivered = spill.NewSorter(s.scan.dir, b.defects()), spill.NewSorter(s.scan.dir, b.defects())
	var taken atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range max(1, min(workers, s.scan.frames)) {
		g.Go(guarded(func() error {
			w := newWatcher(s)
			for number := int(taken.Add(1)) - 1; number < s.scan.frames; number = int(taken.Add(1)) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := cmp.Or(w.rows(number), w.badRecords(number), w.handOver()); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return g.Wait()
}

// watcher is what one goroutine owns of the collection.
type watcher struct {
	*sightings
	mac  hash.Hash
	key  *kernel.KeyEncoder // nil: rows are known by their content
	buf  []byte
	sum  []byte
	keys []byte // of sightings, one after the other
	ends []int
	rowz []defects.Row // delivered
}

func newWatcher(s *sightings) *watcher {
	w := &watcher{sightings: s, mac: hmac.New(sha256.New, s.secret)}
	if key := s.scan.plan.RowKey; len(key) > 0 {
		w.key = kernel.NewKeyEncoder(s.scan.plan, key)
	}
	return w
}

// name is the Row of what is in buf behind the dataset.
func (w *watcher) name(kind byte) (r defects.Row) {
	w.mac.Reset()
	w.mac.Write(w.buf)
	w.sum = w.mac.Sum(w.sum[:0])
	r[0] = kind
	copy(r[1:], w.sum)
	return r
}

func (w *watcher) begin() { w.buf = append(append(w.buf[:0], w.scan.plan.Dataset...), 0) }

// row names row i of a frame.
func (w *watcher) row(cols []arrow.Array, hashes []int64, i int) defects.Row {
	w.begin()
	if w.key != nil {
		key, ok := w.key.Append(w.buf, cols, i)
		if w.buf = key; ok {
			return w.name(defects.ByKey)
		}
	}
	w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(hashes[i]))
	return w.name(defects.ByContent)
}

func (w *watcher) sight(s defects.Sighting) {
	w.keys = s.Key(w.keys)
	w.ends = append(w.ends, len(w.keys))
}

// rows looks at the rows of a frame.
func (w *watcher) rows(number int) error {
	s := w.scan
	f := s.rows.frame(number)
	if f.rows == 0 || !f.failing && !f.repeating() && w.open == nil {
		return nil
	}
	l, err := s.rows.load(f)
	if err != nil {
		return err
	}
	defer l.done()
	failed := s.failures(f, l)
	cols := s.layout.spread(s.plan, l.cols)
	hashes := l.cols[s.layout.hash].(*array.Int64).Int64Values()
	line, offset := l.cols[s.layout.line].(*array.Int64), l.cols[s.layout.offset].(*array.Int64)
	length := l.cols[s.layout.length].(*array.Int32)
	for word := range (f.rows + 63) / 64 {
		any := uint64(0)
		for _, bitmap := range failed {
			if bitmap != nil {
				any |= bitmap[word]
			}
		}
		for i := word << 6; i < min(f.rows, word<<6+64); i++ {
			bad := any>>(i&63)&1 != 0
			if !bad && (w.open == nil || w.key == nil) {
				continue
			}
			row := w.row(cols, hashes, i)
			if w.open != nil && row[0] == defects.ByKey && w.open.has(row) {
				w.rowz = append(w.rowz, row)
			}
			if !bad {
				continue
			}
			for k, bitmap := range failed {
				if bitmap != nil && bitmap[word]>>(i&63)&1 != 0 {
					w.sight(defects.Sighting{Row: row, Rule: s.plan.Rules[k].ID, Object: f.object, Number: f.rowNumber(i), Line: line.Value(i), Offset: offset.Value(i), Length: int64(length.Value(i))})
				}
			}
		}
	}
	return nil
}

// badRecords looks at the records of a frame that could not be read.
func (w *watcher) badRecords(number int) error {
	l, err := w.scan.rejects.loadIfAny(number)
	if err != nil || l.cols == nil {
		return err
	}
	defer l.done()
	object := w.scan.rows.frame(number).object
	value := func(column, i int) int64 { return l.cols[column].(*array.Int64).Value(i) }
	for i, position := range l.cols[rejPosition].(*array.Int32).Int32Values() {
		if position >= 0 {
			continue
		}
		w.begin()
		raw := stringCell(l.cols[rejRaw], i)
		w.buf = append(w.buf, raw...)
		w.sight(defects.Sighting{Row: w.name(defects.ByBytes), Rule: string(stringCell(l.cols[rejCode], i)), Object: object,
			Number: value(rejRow, i), Line: value(rejLine, i), Offset: value(rejOffset, i), Length: int64(len(raw))})
	}
	return nil
}

// handOver puts what was found into the sorters.
func (w *watcher) handOver() error {
	if len(w.ends) == 0 && len(w.rowz) == 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	from := 0
	for _, end := range w.ends {
		if err := w.seen.Add(w.keys[from:end], 0); err != nil {
			return err
		}
		from = end
	}
	for _, row := range w.rowz {
		if err := w.delivered.Add(row[:], 0); err != nil {
			return err
		}
	}
	w.keys, w.ends, w.rowz = w.keys[:0], w.ends[:0], w.rowz[:0]
	return nil
}

// failures are the rows of a frame that break each rule of the plan; nil: none.
func (s *scan) failures(f *frame, l loaded) [][]uint64 {
	n := len(s.plan.Rules)
	out := slices.Clone(l.bitmaps[n : 2*n])
	s.addBroken(f, out)
	for i, mended := range l.bitmaps[min(2*n, len(l.bitmaps)):] { // what was repaired was delivered wrong all the same
		if mended != nil {
			out[i] = union(out[i], mended)
		}
	}
	return out
}

// repeating says whether any row of the frame breaks a rule over all rows.
func (f *frame) repeating() bool {
	for u := range f.broken {
		for i := range f.broken[u] {
			if f.broken[u][i].Load() != 0 {
				return true
			}
		}
	}
	return false
}

// anyFailed says whether a rule failed on any row of a batch.
func anyFailed(c *kernel.Checked) bool {
	for _, o := range c.Outcomes {
		for _, w := range o.Failed {
			if w != 0 {
				return true
			}
		}
	}
	return false
}

// defectsSubject names the state of the defects in the ledger.
func (s *statement) defectsSubject() entry.Subject {
	return entry.Subject{Name: path.Join("quarantine", s.plan.Dataset, s.record.ID, defectsName), SHA256: hex.EncodeToString(s.job.defects.SHA256[:])}
}
