package profile

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/cespare/xxhash/v2"

	"clearwell/batch"
	"clearwell/pipeline/kernel"
)

// A verification is what the second pass counts over all rows.
type verification struct {
	p            *profiler
	counted      []int // columns not all of whose values are held
	keys         []*keyCheck
	copies       *keyCheck // of the whole row; nil where there is no second row
	dependencies []*dependencyCheck
	coded        []bool   // columns of dependencies
	nulls        [][]bool // by column, by entry of its table: a null; nil for columns that are not coded

	mu      sync.Mutex // guards all below and the tallies of counted
	moments [][]chunkMoments
}

// chunkMoments are the moments of one chunk: they are put together in the order of the source.
type chunkMoments struct {
	file, seq int
	moments
}

// A keyCheck counts how often the values of a key repeat, by their hashes of 64 bits: of as
// many of them as fit, by the same rule as a table's.
type keyCheck struct {
	columns  []int
	limit    int
	nullsToo bool // a null is a value like others

	mu     sync.Mutex // guards all below
	level  uint
	hashes []uint64
	nulls  int64
}

// A dependencyCheck counts the pairs of left and right values.
type dependencyCheck struct {
	dependencyCandidate
	tooMany atomic.Bool
	groups  map[group]int64 // guarded by verification.mu
}

type group struct {
	from uint64
	to   int32
}

func newVerification(p *profiler) *verification {
	v := &verification{p: p, coded: make([]bool, len(p.columns)), nulls: make([][]bool, len(p.columns))}
	for i, c := range p.columns {
		if !c.table.exact() {
			v.counted = append(v.counted, i)
			c.tally = newTally(c.decision)
		}
	}
	v.moments = make([][]chunkMoments, len(v.counted))
	sample := codeSample(p)
	perfect := false
	for _, c := range sample.keys() {
		v.keys = append(v.keys, &keyCheck{columns: []int{c}})
		perfect = perfect || sample.distinct[c] == sample.rows
	}
	if !perfect {
		for _, pair := range sample.pairs() {
			v.keys = append(v.keys, &keyCheck{columns: pair[:]})
		}
	}
	if p.rows > 1 {
		v.copies = &keyCheck{nullsToo: true}
		for c := range p.columns {
			v.copies.columns = append(v.copies.columns, c)
		}
		v.keys = append(v.keys, v.copies)
	}
	for _, k := range v.keys {
		k.limit = int(max(1<<12, p.opts.Memory/4/int64(len(v.keys))/8))
		k.hashes = make([]uint64, 0, min(int64(k.limit)+1, p.rows))
	}
	for _, d := range sample.dependencies(p) {
		v.dependencies = append(v.dependencies, &dependencyCheck{dependencyCandidate: d, groups: map[group]int64{}})
		for _, c := range append(slices.Clone(d.from), d.to) {
			v.code(c)
		}
	}
	return v
}

// code prepares a column for dependencies: which of its values are null.
func (v *verification) code(c int) {
	if v.coded[c] {
		return
	}
	v.coded[c] = true
	col := v.p.columns[c]
	scratch := newScratch()
	for i := range col.table.entries {
		value := col.table.value(&col.table.entries[i])
		v.nulls[c] = append(v.nulls[c], col.decision.null(value, kernel.Plain(scratch, value), nil))
	}
}

func (v *verification) needed() bool {
	return len(v.counted)+len(v.keys)+len(v.dependencies) > 0
}

// maxGroups is how many pairs of left and right values a dependency may have. More than twice
// the values of a column that is held are no dependency; an eighth of the budget is for all of them.
func (v *verification) maxGroups() int {
	const bytesEach = 64 // in a map
	return int(min(2*maxDistinct, max(1<<12, v.p.opts.Memory/8/int64(len(v.dependencies))/bytesEach)))
}

// A verifier is one worker of the second pass.
type verifier struct {
	v        *verification
	counters []*counter
	codes    [][]int32 // by column: entry of the row's value, -1 for null
	groups   []map[group]int64
	hashes   []uint64
	scratch  []byte
}

func (p *profiler) secondPass(ctx context.Context, v *verification) error {
	var workers []*verifier
	records := make([]atomic.Int64, len(p.files))
	err := p.each(ctx, 2, func() (func(int, *batch.Batch, []*array.String) error, error) {
		w := &verifier{v: v, scratch: newScratch(), codes: make([][]int32, len(p.columns))}
		for _, c := range v.counted {
			counter, err := newCounter(p.columns[c].decision)
			if err != nil {
				return nil, err
			}
			w.counters = append(w.counters, counter)
		}
		for range v.dependencies {
			w.groups = append(w.groups, map[group]int64{})
		}
		workers = append(workers, w)
		return func(file int, b *batch.Batch, columns []*array.String) error {
			records[file].Add(int64(b.Rows() + len(b.Bad)))
			w.batch(file, b, columns)
			return nil
		}, nil
	})
	if err != nil {
		return err
	}
	for i, f := range p.files {
		if records[i].Load() != f.Records {
			return fmt.Errorf("read %s: %d records the first time, %d the second; wait until the file is written, and profile again", f.Name, f.Records, records[i].Load())
		}
	}
	for _, w := range workers {
		for i, d := range v.dependencies {
			for g, n := range w.groups[i] {
				d.groups[g] += n
			}
			if len(d.groups) > v.maxGroups() {
				d.tooMany.Store(true)
			}
		}
	}
	v.settleMoments()
	return nil
}

// settleMoments puts the chunks' moments together in the order of the source.
func (v *verification) settleMoments() {
	for k, c := range v.counted {
		slices.SortFunc(v.moments[k], func(a, b chunkMoments) int {
			if a.file != b.file {
				return a.file - b.file
			}
			return a.seq - b.seq
		})
		for _, m := range v.moments[k] {
			v.p.columns[c].tally.moments.merge(m.moments)
		}
	}
}

func (w *verifier) batch(file int, b *batch.Batch, columns []*array.String) {
	for k, c := range w.v.counted {
		if columns[c] != nil {
			w.count(k, c, file, b.Seq, columns[c])
		}
	}
	for _, k := range w.v.keys {
		w.key(k, b.Rows(), columns)
	}
	if len(w.v.dependencies) > 0 {
		w.depend(b.Rows(), columns)
	}
}

func (w *verifier) count(k, c, file, seq int, column *array.String) {
	t := newTally(w.v.p.columns[c].decision)
	data, offsets := cellsOf(column)
	w.counters[k].addCells(t, data, offsets)
	w.v.mu.Lock()
	defer w.v.mu.Unlock()
	w.v.p.columns[c].tally.merge(t)
	if t.moments.n > 0 {
		w.v.moments[k] = append(w.v.moments[k], chunkMoments{file, seq, t.moments})
	}
}

// key enters the hashes of a batch's keys.
func (w *verifier) key(k *keyCheck, rows int, columns []*array.String) {
	w.hashes = w.hashes[:0]
	nulls := int64(0)
rows:
	for r := range rows {
		h := uint64(0)
		for _, c := range k.columns {
			var cell []byte
			if columns[c] != nil {
				data, offsets := cellsOf(columns[c])
				cell = data[offsets[r]:offsets[r+1]]
			}
			if !k.nullsToo && (len(cell) == 0 || len(cell) <= 24 && w.v.p.columns[c].decision.null(cell, kernel.Plain(w.scratch, cell), nil)) {
				nulls++
				continue rows
			}
			h = bits.RotateLeft64(h, 31)*0x9e3779b97f4a7c15 ^ xxhash.Sum64(cell)
		}
		w.hashes = append(w.hashes, h)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.nulls += nulls
	for _, h := range w.hashes {
		if k.level > 0 && h>>(64-k.level) != 0 {
			continue
		}
		k.hashes = append(k.hashes, h)
		if len(k.hashes) > k.limit && k.level < 32 {
			k.level++
			k.hashes = slices.DeleteFunc(k.hashes, func(h uint64) bool { return h>>(64-k.level) != 0 })
		}
	}
}

// duplicates is how many rows have a key that another row before them has; an estimate if not all
// hashes fit. The hashes are sorted.
func (k *keyCheck) duplicates() (n int64, exact bool) {
	for i := 1; i < len(k.hashes); i++ {
		if k.hashes[i] == k.hashes[i-1] {
			n++
		}
	}
	return n << k.level, k.level == 0
}

// depend counts the pairs of a batch.
func (w *verifier) depend(rows int, columns []*array.String) {
	for c, coded := range w.v.coded {
		if coded {
			w.codes[c] = w.v.codesOf(w.codes[c][:0], c, rows, columns[c])
		}
	}
	for i, d := range w.v.dependencies {
		if d.tooMany.Load() {
			continue
		}
		groups := w.groups[i]
	rows:
		for r := range rows {
			g := group{to: w.codes[d.to][r]}
			for _, c := range d.from {
				code := w.codes[c][r]
				if code < 0 {
					continue rows
				}
				g.from = g.from<<32 | uint64(code)
			}
			if g.to >= 0 {
				groups[g]++
			}
		}
		if len(groups) > w.v.maxGroups() {
			d.tooMany.Store(true)
			clear(groups)
		}
	}
}

func (v *verification) codesOf(dst []int32, c, rows int, column *array.String) []int32 {
	if column == nil {
		for range rows {
			dst = append(dst, -1)
		}
		return dst
	}
	data, offsets := cellsOf(column)
	t, nulls := v.p.columns[c].table, v.nulls[c]
	var last []byte
	lastCode := int32(-1)
	for r := range rows {
		cell := data[offsets[r]:offsets[r+1]]
		if r == 0 || string(cell) != string(last) {
			last, lastCode = cell, -1
			if len(cell) > 0 {
				if lastCode = t.find(cell); lastCode >= 0 && nulls[lastCode] {
					lastCode = -1
				}
			}
		}
		dst = append(dst, lastCode)
	}
	return dst
}

// result is the dependency if it holds over all rows.
func (d *dependencyCheck) result(p *profiler) (Dependency, bool) {
	if d.tooMany.Load() {
		return Dependency{}, false
	}
	sizes, most := map[uint64]int64{}, map[uint64]int64{}
	out := Dependency{To: p.columns[d.to].name}
	for _, c := range d.from {
		out.From = append(out.From, p.columns[c].name)
	}
	for g, n := range d.groups {
		sizes[g.from] += n
		most[g.from] = max(most[g.from], n)
	}
	for from, n := range sizes {
		out.Checked += n
		out.Violations += n - most[from]
	}
	out.Groups = int64(len(sizes))
	out.Share = round(share(out.Violations, out.Checked), 6)
	return out, out.Checked > 0 && out.Share <= reported
}
