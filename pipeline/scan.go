package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"golang.org/x/sync/errgroup"

	"clearwell/batch"
	"clearwell/connectors/archive"
	"clearwell/connectors/csv"
	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/measure"
	"clearwell/pipeline/quality"
	"clearwell/pipeline/settle"
	"clearwell/rules"
)

// A scan is the first pass of a run: archived bytes are decoded, cleaned and
// validated by as many workers as there are processors. It leaves the checked
// rows in rows, the rows that cannot go on in rejects, and what was counted.
//
// Batches are numbered as they are cut from the source, so that every later
// stage can restore the source order, whichever worker was faster.
type scan struct {
	plan        *rules.Plan
	archive     sourceBytes
	objects     []sourceObject
	layout      layout
	rows        *rowStore
	rejects     *rowStore
	late        *rowStore       // rows that only a rule over all rows rejects; nil before they are known
	contest     *dedupe.Contest // for the keys of dedupe; nil: no dedupe, or only after uniqueness is settled
	losers      *dedupe.Losers  // who lost it; nil before it is settled
	settled     []*settledRule  // the plan's conditions over all rows
	known       settle.Known    // what other datasets publish; nil: the plan refers to none
	lookups     kernel.Lookups  // tables of repairs from other datasets
	repairs     *repairStore    // cells repaired in this pass; nil: the plan repairs none
	lateRepairs *repairStore    // and when rules over all rows were settled
	scoredLate  []bool          // by rule: its cells are counted when rules over all rows are settled
	chain       *kernel.Chain   // of fills from above
	measures    *measure.Set    // nil: the plan measures nothing, or nobody asked
	meter       *meter
	dir         string // for what goes beyond the budget
	budget      budget

	chunkSize int // of the reader; 0: its default
	workers   int // of this pass

	mu      sync.Mutex // guards the reading position: what follows
	at      int        // object
	reader  *csv.Reader
	stream  io.ReadCloser
	program *kernel.Program
	frames  int // handed out so far
	bound   map[string]*kernel.Program
	done    bool

	stop    atomic.Bool // a rule with on_fail: stop failed; no more batches are handed out
	totals  totals
	totalMu sync.Mutex // guards totals
}

// sourceBytes gives the bytes of source objects by their hash, as archive.Store does.
type sourceBytes interface {
	Get(hash string) (io.ReadCloser, int64, error)
	ReadRanges(ctx context.Context, hash string, sorted []archive.Range, f func(i int, raw []byte) error) error
}

// newScan prepares the first pass of plan p over objects. everything: the rows are kept
// with all fields, not only with those that a later stage of a run reads.
func newScan(p *rules.Plan, from sourceBytes, objects []sourceObject, dir string, b budget, m *meter, chunkSize int, everything bool) (*scan, error) {
	late := lateDedupe(p)
	layout, err := newLayout(p, late, everything)
	if err != nil {
		return nil, err
	}
	s := &scan{
		plan: p, archive: from, objects: objects, layout: layout, dir: dir, budget: b,
		rows: newRowStore(dir, b.rows()), rejects: newRowStore(dir, b.rejects()), settled: settledRules(p), meter: m,
		chunkSize: chunkSize, scoredLate: scoredLate(p),
	}
	if repairs(p) {
		s.repairs, s.lateRepairs = newRepairStore(dir, b.repairs()), newRepairStore(dir, b.repairs())
	}
	if p.Dedupe != nil && !late {
		s.contest = dedupe.NewContest(dir, s.contestShare())
	}
	return s, nil
}

// sourceObject is one archived delivery.
type sourceObject struct {
	Name    string // as the connector lists it
	Archive archive.Object
	Header  []string // filled when it is opened
	Records int64    // records the reader cut from it, bad ones included; valid after the scan
	Dialect csv.Detection

	Modified time.Time // as the source says; zero if it does not
}

// totals is what the workers counted, merged when each of them ends.
type totals struct {
	decoded     int64 // records that became rows
	bad         int64
	excluded    int64
	quarantined int64 // rows rejected in this pass, bad records not included
	counts      *kernel.Counts
	cells       *quality.CellCounter
	checked     Checksum // of rows that passed this pass's rules
	stopped     *stopped
	unmatched   []*unmatchedTally // by rule: values in no code table; nil where none are counted
}

// stopped is the first row, in source order, that a rule with on_fail: stop met.
type stopped struct {
	loc    dedupe.Loc
	detail kernel.Stopped
	row    int64
	object string
}

// layout says which columns a frame carries: the plan's fields that a later
// stage reads, then three columns about the row itself.
type layout struct {
	fields []int // in plan.Fields
	types  []arrow.DataType
	hash   int // column of row hashes
	offset int // column of byte offsets in the source object
	length int // column of raw lengths
	line   int // column of physical lines

	conditions []int // measures over published rows that have a condition; behind line, a column each
}

func newLayout(p *rules.Plan, lateDedupe, everything bool) (layout, error) {
	need := map[string]bool{}
	for _, f := range p.Fields {
		if f.PublishAs != "" {
			need[f.Name] = true
		}
	}
	for _, name := range slices.Concat(p.Publish.SortBy, p.RowKey) {
		need[name] = true
	}
	if d := p.Dedupe; d != nil && lateDedupe {
		for _, name := range d.Key {
			need[name] = true
		}
		for _, o := range d.Keep {
			need[o.Field] = true
			everything = everything || o.By == rules.MostComplete
		}
	}
	lateReads(p, need)
	for _, name := range measuredFields(p) {
		need[name] = true
	}
	var l layout
	for i, f := range p.Fields {
		if need[f.Name] || everything {
			t, err := kernel.ArrowType(f.Type)
			if err != nil {
				return l, fmt.Errorf("field %s: %w", f.Name, err)
			}
			l.fields = append(l.fields, i)
			l.types = append(l.types, t)
		}
	}
	n := len(l.types)
	l.hash, l.offset, l.length, l.line = n, n+1, n+2, n+3
	l.types = append(l.types, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64)
	l.conditions = measuredConditions(p)
	for range l.conditions {
		l.types = append(l.types, arrow.FixedWidthTypes.Boolean)
	}
	return l, nil
}

// spread puts the stored columns back at their places among the plan's fields.
func (l layout) spread(p *rules.Plan, stored []arrow.Array) []arrow.Array {
	cols := make([]arrow.Array, len(p.Fields))
	for i, f := range l.fields {
		cols[f] = stored[i]
	}
	return cols
}

// piece is a batch still encoded, with all that is needed to decode it elsewhere.
type piece struct {
	chunk   *csv.Chunk
	reader  *csv.Reader
	object  int
	frame   int
	program *kernel.Program
}

// run scans all objects.
func (s *scan) run(ctx context.Context, workers int) error {
	defer s.closeStream()
	if err := s.openSettled(ctx); err != nil {
		return err
	}
	if s.bound == nil {
		s.bound = map[string]*kernel.Program{}
	}
	s.chain = kernel.NewChain()
	s.workers = workers
	g, ctx := errgroup.WithContext(ctx)
	for range workers {
		g.Go(guarded(func() error { return s.work(ctx) }))
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if st := s.totals.stopped; st != nil {
		return &RuleStopError{Rule: s.plan.Rules[st.detail.Rule].ID, Object: st.object, Row: st.row}
	}
	return nil
}

// close gives back the rows and the files they were spilled to; the working
// folder is removed after it, so that what is left there does not matter.
func (s *scan) close() {
	if s.measures != nil {
		s.measures.Close()
	}
	s.rows.close()
	s.rejects.close()
	if s.late != nil {
		s.late.close()
	}
	s.closeSettled()
	if s.repairs != nil {
		s.repairs.rows.close()
		s.lateRepairs.rows.close()
	}
	if s.contest != nil {
		s.contest.Close()
	}
	if s.losers != nil {
		s.losers.Close()
	}
}

// next hands out the next piece of the source; io.EOF at the end.
func (s *scan) next(ctx context.Context) (piece, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return piece{}, err
		}
		if s.done || s.stop.Load() {
			return piece{}, io.EOF
		}
		if s.reader == nil {
			if s.at == len(s.objects) {
				s.done = true
				return piece{}, io.EOF
			}
			if err := s.openObject(); err != nil {
				return piece{}, err
			}
		}
		chunk, err := s.reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			s.objects[s.at].Records, s.objects[s.at].Dialect = s.reader.Totals().Records, s.reader.Detected()
			s.closeStream()
			s.reader = nil
			s.at++
			continue
		}
		if err != nil {
			return piece{}, err
		}
		p := piece{chunk: chunk, reader: s.reader, object: s.at, frame: s.frames, program: s.program}
		s.frames++
		return p, nil
	}
}

func (s *scan) openObject() error {
	o := &s.objects[s.at]
	stream, _, err := s.archive.Get(o.Archive.SHA256)
	if err != nil {
		return fmt.Errorf("open the archived copy of %s: %w", o.Name, err)
	}
	s.stream = stream
	r, err := csv.Open(stream, csv.Options{
		Name: o.Name, Object: s.at, Size: o.Archive.Size,
		Encoding: s.plan.Source.CSV.Encoding, Delimiter: s.plan.Source.CSV.Delimiter, MaxRecord: s.plan.Source.CSV.MaxRecord,
		ChunkSize: s.chunkSize,
	})
	if err != nil {
		return err
	}
	o.Header = r.Header()
	key := strings.Join(o.Header, "\x00")
	prog := s.bound[key]
	if prog == nil {
		if prog, err = kernel.CompileWith(s.plan, o.Header, s.lookups); err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
		prog.LimitVerdicts(s.budget.verdicts() / int64(max(1, s.workers)))
		s.bound[key] = prog
	}
	s.reader, s.program = r, prog
	return nil
}

func (s *scan) closeStream() {
	if s.stream != nil {
		s.stream.Close()
		s.stream = nil
	}
}

// worker is what one goroutine of the scan owns.
type worker struct {
	scan      *scan
	reader    *csv.Reader // the one that decoder belongs to
	decoder   *csv.Decoder
	kernels   map[*kernel.Program]*kernel.Worker
	cells     *quality.CellCounter
	key       *kernel.KeyEncoder
	order     *kernel.OrderEncoder
	contest   *dedupe.Adder     // nil: no dedupe in this pass
	observers []settle.Observer // per condition over all rows
	keyBuf    []byte
	prefBuf   []byte
	hashes    []uint64
	own       totals
	alive     []uint64
	stored    []arrow.Array
	spans     spanColumns
	hints     []*suggester // by rule
	unmatched []*unmatchedTally
	rejects   rejectBuilder
	measured  *measure.Adder // nil: nothing is measured as delivered
}

func (s *scan) work(ctx context.Context) error {
	ended := false
	defer func() {
		if !ended { // a batch has no end that others could wait for
			s.chain.Break()
		}
	}()
	w := &worker{scan: s, kernels: map[*kernel.Program]*kernel.Worker{}, cells: quality.NewCellCounter(cellRules(s.plan)), hints: suggesters(s.plan)}
	w.unmatched = newUnmatched(s.plan, w.hints)
	if s.contest != nil {
		w.join(s.contest)
	}
	for _, r := range s.settled {
		w.observers = append(w.observers, r.settle.Observer())
	}
	var err error
	if w.measured, err = s.measures.NewAdder(rules.OverDelivered); err != nil {
		return err
	}
	for {
		begin := time.Now()
		p, err := s.next(ctx)
		s.meter.waited(begin)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := w.take(p); err != nil {
			return err
		}
	}
	ended = true
	if err := w.handOver(); err != nil {
		return err
	}
	s.totalMu.Lock()
	defer s.totalMu.Unlock()
	t := &s.totals
	t.decoded += w.own.decoded
	t.bad += w.own.bad
	t.excluded += w.own.excluded
	t.quarantined += w.own.quarantined
	t.checked.merge(w.own.checked)
	if t.cells == nil {
		t.cells = quality.NewCellCounter(cellRules(s.plan))
	}
	t.cells.Merge(w.cells)
	for _, k := range w.kernels {
		if t.counts == nil {
			t.counts = k.Counts()
		} else {
			t.counts.Merge(k.Counts())
		}
	}
	if t.unmatched == nil {
		t.unmatched = newUnmatched(s.plan, w.hints)
	}
	for k, o := range w.unmatched {
		if o != nil {
			t.unmatched[k].merge(o)
		}
	}
	if st := w.own.stopped; st != nil && (t.stopped == nil || st.loc < t.stopped.loc) {
		t.stopped = st
	}
	return nil
}

// take carries one piece through decoding, cleaning, validation and the indexes.
func (w *worker) take(p piece) error {
	s := w.scan
	if w.reader != p.reader {
		w.reader, w.decoder = p.reader, p.reader.NewDecoder()
	}
	b, err := w.decoder.Decode(p.chunk)
	if err != nil {
		return err
	}
	defer b.Release()
	k := w.kernels[p.program]
	if k == nil {
		k = p.program.NewWorker()
		w.measureDelivered(k)
		w.watchUnmatched(k)
		w.kernels[p.program] = k
	}
	k.Follow(s.chain, p.frame, p.object)
	c, err := k.Check(b)
	if err != nil {
		return err
	}
	rows := b.Rows()
	w.own.decoded += int64(rows)
	w.own.bad += int64(len(b.Bad))
	if c.Stopped != nil {
		loc := dedupe.NewLoc(p.frame, c.Stopped.Row)
		if st := w.own.stopped; st == nil || loc < st.loc {
			w.own.stopped = &stopped{loc: loc, detail: *c.Stopped, row: b.Spans[c.Stopped.Row].Row, object: s.objects[p.object].Name}
		}
		s.stop.Store(true)
		return nil
	}

	alive := append(w.alive[:0], fullBits(rows)...)
	w.alive = alive
	for i := range alive {
		alive[i] &^= c.Quarantined[i] | c.Excluded[i]
		w.own.excluded += int64(bits.OnesCount64(c.Excluded[i]))
		w.own.quarantined += int64(bits.OnesCount64(c.Quarantined[i]))
	}
	f := newFrame(p.object, b, s.layout.types)
	f.failing = anyFailed(c)
	s.rows.add(p.frame, f, alive, len(s.settled))
	if err := w.reject(p, b, c); err != nil {
		return err
	}

	w.hashes = slices.Grow(w.hashes[:0], rows)[:rows]
	rowHashes(w.hashes, c.Columns)
	for i, word := range alive {
		for ; word != 0; word &= word - 1 {
			w.own.checked.add(w.hashes[i<<6+bits.TrailingZeros64(word)])
		}
	}
	if err := w.observe(p.frame, f, c); err != nil {
		return err
	}
	if len(c.Repaired) > 0 {
		if err := s.repairs.keep(p.frame, p.object, c.Repaired, func(field int) arrow.Array { return c.Columns[field] }); err != nil {
			return err
		}
	}
	if w.contest != nil {
		if err := w.compete(p.frame, alive, c.Columns); err != nil {
			return err
		}
	}
	w.count(c)

	w.stored = w.stored[:0]
	for _, i := range s.layout.fields {
		w.stored = append(w.stored, c.Columns[i])
	}
	w.stored = append(w.stored, w.spans.columns(w.hashes, b.Spans)...)
	w.stored = append(w.stored, s.layout.conditionColumns(c)...)
	if err := s.rows.fill(f, w.stored, bitmapsOf(c, s.repairs != nil)); err != nil {
		return err
	}
	s.meter.rows.Add(int64(rows + len(b.Bad)))
	s.meter.bytes.Add(int64(len(b.Raw)))
	return nil
}

func newFrame(object int, b *batch.Batch, types []arrow.DataType) *frame {
	f := &frame{types: types, object: object, rows: b.Rows()}
	if f.rows == 0 {
		return f
	}
	f.firstRow = b.Spans[0].Row
	if b.Spans[f.rows-1].Row != f.firstRow+int64(f.rows-1) {
		f.numbers = make([]int64, f.rows)
		for i, sp := range b.Spans {
			f.numbers[i] = sp.Row
		}
	}
	return f
}

// join lets the worker enter rows into the contest of dedupe.
func (w *worker) join(c *dedupe.Contest) {
	d := w.scan.plan.Dedupe
	w.contest, w.key, w.order = c.NewAdder(), kernel.NewKeyEncoder(w.scan.plan, d.Key), kernel.NewOrderEncoder(w.scan.plan, d.Keep)
}

// handOver ends what the worker enters into contests.
func (w *worker) handOver() (err error) {
	if w.measured != nil {
		err = w.measured.Close()
	}
	if w.contest != nil {
		err = errors.Join(err, w.contest.Close())
	}
	for _, o := range w.observers {
		err = errors.Join(err, o.Close())
	}
	return err
}

// compete enters the rows still alive into the contest for their keys.
func (w *worker) compete(number int, alive []uint64, cols []arrow.Array) error {
	for i, word := range alive {
		for ; word != 0; word &= word - 1 {
			row := i<<6 + bits.TrailingZeros64(word)
			key, ok := w.key.Append(w.keyBuf[:0], cols, row)
			w.keyBuf = key
			if !ok {
				continue
			}
			w.prefBuf = w.order.Append(w.prefBuf[:0], cols, row)
			if err := w.contest.Add(key, w.prefBuf, dedupe.NewLoc(number, row)); err != nil {
				return err
			}
		}
	}
	return nil
}

// count adds the outcomes of the rules to the score as delivered; those that rules
// over all rows have a part in are added when these are settled.
func (w *worker) count(c *kernel.Checked) {
	checked, failed := make([][]uint64, len(c.Outcomes)), make([][]uint64, len(c.Outcomes))
	for i, o := range c.Outcomes {
		if !w.scan.scoredLate[i] {
			checked[i], failed[i] = o.Checked, o.Failed
		}
	}
	w.cells.AddDelivered(c.Rows, checked, failed)
}

// bitmapsOf lists what each rule checked, then what fails each rule still; if the plan
// repairs, then what failed it until it was repaired.
func bitmapsOf(c *kernel.Checked, repairs bool) [][]uint64 {
	n := len(c.Outcomes)
	out := make([][]uint64, 2*n, 3*n)
	for i, o := range c.Outcomes {
		out[i], out[n+i] = o.Checked, o.Failed
		if o.Mended != nil {
			still := slices.Clone(o.Failed)
			still.AndNot(o.Mended)
			out[n+i] = still
		}
	}
	if repairs {
		for _, o := range c.Outcomes {
			out = append(out, o.Mended)
		}
	}
	return out
}

func cellRules(p *rules.Plan) []quality.CellRule {
	out := make([]quality.CellRule, len(p.Rules))
	for i, r := range p.Rules {
		out[i] = quality.CellRule{Field: r.Field, Indicator: r.Indicator}
	}
	return out
}

// spanColumns turns row hashes and spans into Arrow columns over own buffers.
type spanColumns struct {
	hash, offset, line []int64
	length             []int32
}

func (s *spanColumns) columns(hashes []uint64, spans []batch.Span) []arrow.Array {
	n := len(spans)
	s.hash, s.offset, s.line = slices.Grow(s.hash[:0], n)[:n], slices.Grow(s.offset[:0], n)[:n], slices.Grow(s.line[:0], n)[:n]
	s.length = slices.Grow(s.length[:0], n)[:n]
	for i, sp := range spans {
		s.hash[i], s.offset[i], s.line[i], s.length[i] = int64(hashes[i]), sp.Offset, sp.Line, sp.Length
	}
	return []arrow.Array{int64Column(s.hash), int64Column(s.offset), int32Column(s.length), int64Column(s.line)}
}
