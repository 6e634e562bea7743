package pipeline

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/measure"
	"clearwell/pipeline/publish/contentroot"
	"clearwell/pipeline/publish/parquet"
	"clearwell/pipeline/quality"
	"clearwell/pipeline/spill"
	"clearwell/rules"
)

// rowGroupRows is how many published rows share a row group. It is a constant
// of the format: bytes of a version must not depend on workers or memory.
// 131,072 rows keep two groups in flight within some 100 MiB at 250 bytes a row.
const rowGroupRows = 131_072

// An emission is the second pass: the rows still alive are desensitized and
// written in the order of publication, a row group to a task.
type emission struct {
	*scan
	secret func(name string) ([]byte, error)
	order  *spill.Order // locations in publication order where the contract sorts; nil: source order
	starts []int64      // per frame: how many rows are published before it
	beside []task       // what else workers have to do, before the rows

	mu        sync.Mutex // guards what follows
	cells     *quality.CellCounter
	checked   []int64 // per rule, over published rows
	failed    []int64
	published Checksum
}

// task is a piece of work of a stage.
type task func(ctx context.Context) error

// publishRows writes the published file and computes its content root.
func (e *emission) publishRows(ctx context.Context, w io.Writer, root *contentroot.Builder, schema *arrow.Schema, finish func(*parquet.FileWriter) error, workers int) (parquet.Stats, error) {
	total := e.prepare()
	opts := parquet.Options{}
	for _, name := range e.plan.Publish.SortBy {
		opts.Sorting = append(opts.Sorting, parquet.SortingColumn{Name: e.plan.Field(name).PublishAs})
	}
	fw, err := parquet.NewFileWriter(w, schema, opts)
	if err != nil {
		return parquet.Stats{}, err
	}
	groups := int((total + rowGroupRows - 1) / rowGroupRows)
	q := &groupQueue{file: fw, room: workers}
	var begun, taken atomic.Int64 // of beside, of groups
	g, ctx := errgroup.WithContext(ctx)
	for range min(workers, max(groups+len(e.beside), 1)) {
		g.Go(guarded(func() error {
			for n := int(begun.Add(1)); n <= len(e.beside); n = int(begun.Add(1)) {
				if err := e.beside[n-1](ctx); err != nil {
					return err
				}
			}
			t, err := e.newPublisher(fw, root)
			if err != nil {
				return err
			}
			for group := int(taken.Add(1)) - 1; group < groups; group = int(taken.Add(1)) - 1 {
				rg, err := t.encode(ctx, int64(group)*rowGroupRows, min(total, int64(group+1)*rowGroupRows))
				if err != nil {
					return err
				}
				begin := time.Now()
				err = q.append(ctx, group, rg)
				e.meter.waited(begin)
				if err != nil {
					return err
				}
			}
			return t.close()
		}))
	}
	if err := g.Wait(); err != nil {
		return parquet.Stats{}, err
	}
	if err := finish(fw); err != nil {
		return parquet.Stats{}, err
	}
	return fw.Close()
}

// prepare counts what is published before each frame and settles the order.
func (e *emission) prepare() (total int64) {
	e.starts = make([]int64, e.frames)
	for number := range e.frames {
		e.starts[number] = total
		total += int64(e.rows.frame(number).aliveCount())
	}
	e.checked, e.failed = make([]int64, len(e.plan.Rules)), make([]int64, len(e.plan.Rules))
	e.cells = quality.NewCellCounter(cellRules(e.plan))
	return total
}

// sort makes the publication order from the contract's sort_by; ties keep the
// source order. It is the published values that are compared: an order by the
// values before treatment would tell of them.
func (e *emission) sort(ctx context.Context) (err error) {
	if len(e.plan.Publish.SortBy) == 0 {
		return nil
	}
	keyPlan := sortPlan(e.plan)
	treater, err := kernel.NewTreater(keyPlan, e.secret)
	if err != nil {
		return err
	}
	enc := newSortEncoder(e.plan.Publish.SortBy, keyPlan)
	sorter := spill.NewSorter(e.dir, e.budget.order())
	defer func() { err = errors.Join(err, sorter.Close()) }()
	var key []byte
	var alive []int32
	for number := range e.frames {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := e.rows.frame(number)
		if alive = f.aliveRows(alive[:0], 0, f.rows); len(alive) == 0 {
			continue
		}
		l, err := e.rows.load(f)
		if err != nil {
			return err
		}
		rec, err := treater.Treat(e.layout.spread(e.plan, l.cols), alive)
		if err != nil {
			l.done()
			return err
		}
		for k, i := range alive {
			key = enc.Append(key[:0], rec.Columns(), k)
			if err := sorter.Add(key, uint64(dedupe.NewLoc(number, int(i)))); err != nil {
				l.done()
				return err
			}
		}
		l.done()
	}
	e.order, err = sorter.Order(ctx)
	return err
}

// close gives the order back.
func (e *emission) close() error {
	if e.order == nil {
		return nil
	}
	return e.order.Close()
}

// sortPlan is the plan that publishes the fields of sort_by and nothing else.
func sortPlan(p *rules.Plan) *rules.Plan {
	only := *p
	only.Fields = slices.Clone(p.Fields)
	for i := range only.Fields {
		if !slices.Contains(p.Publish.SortBy, only.Fields[i].Name) {
			only.Fields[i].PublishAs = ""
		}
	}
	return &only
}

// newSortEncoder orders the records that a treater of p, a sortPlan, makes.
func newSortEncoder(by []string, p *rules.Plan) *kernel.OrderEncoder {
	published := &rules.Plan{}
	for _, f := range p.Fields {
		if f.PublishAs != "" {
			published.Fields = append(published.Fields, f)
		}
	}
	return kernel.NewSortEncoder(published, by)
}

// publisher is what one goroutine of the emission owns.
type publisher struct {
	e        *emission
	treater  *kernel.Treater
	encoder  *parquet.Encoder
	adder    *contentroot.Adder
	cells    *quality.CellCounter
	checked  []int64
	failed   []int64
	sum      Checksum
	sel      []int32
	bits     []uint64
	measured *measure.Adder // nil: nothing is measured as published
}

func (e *emission) newPublisher(fw *parquet.FileWriter, root *contentroot.Builder) (*publisher, error) {
	treater, err := kernel.NewTreater(e.plan, e.secret)
	if err != nil {
		return nil, err
	}
	measured, err := e.measures.NewAdder(rules.OverPublished)
	if err != nil {
		return nil, err
	}
	return &publisher{
		measured: measured, e: e, treater: treater, encoder: fw.NewEncoder(), adder: root.NewAdder(),
		cells:   quality.NewCellCounter(cellRules(e.plan)),
		checked: make([]int64, len(e.plan.Rules)), failed: make([]int64, len(e.plan.Rules)),
	}, nil
}

func (t *publisher) close() error {
	if t.measured != nil {
		if err := t.measured.Close(); err != nil {
			return err
		}
	}
	t.e.mu.Lock()
	defer t.e.mu.Unlock()
	t.e.cells.Merge(t.cells)
	t.e.published.merge(t.sum)
	for i := range t.checked {
		t.e.checked[i] += t.checked[i]
		t.e.failed[i] += t.failed[i]
	}
	return t.adder.Close()
}

// encode makes the row group of the published rows from..to-1.
func (t *publisher) encode(ctx context.Context, from, to int64) (*parquet.RowGroup, error) {
	t.encoder.Expect(int(to - from))
	if t.e.order != nil {
		order, err := t.e.order.Read(from, to)
		if err != nil {
			return nil, err
		}
		if err := t.gather(ctx, order); err != nil {
			return nil, err
		}
		return t.encoder.Finish()
	}
	first := sort.Search(len(t.e.starts), func(i int) bool { return t.e.starts[i] > from }) - 1
	for number := first; number < t.e.frames && t.e.starts[number] < to; number++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := t.e.rows.frame(number)
		skip := max(0, from-t.e.starts[number])
		t.sel = f.aliveRows(t.sel[:0], int(skip), int(to-max(from, t.e.starts[number])))
		if len(t.sel) == 0 {
			continue
		}
		l, err := t.e.rows.load(f)
		if err != nil {
			return nil, err
		}
		err = t.publish(f, l)
		l.done()
		if err != nil {
			return nil, err
		}
	}
	return t.encoder.Finish()
}

// gather publishes rows of a sorted order. Each frame is loaded once: its rows are
// copied together in source order, and the treater picks them in the order wanted.
func (t *publisher) gather(ctx context.Context, order []uint64) error {
	place := make([]int32, len(order)) // source order -> place in the order wanted
	for i := range place {
		place[i] = int32(i)
	}
	slices.SortFunc(place, func(a, b int32) int { return cmp.Compare(order[a], order[b]) })
	picked := newGathering(t.e.layout.types[:len(t.e.layout.fields)], len(order))
	for at := 0; at < len(place); {
		if err := ctx.Err(); err != nil {
			return err
		}
		number := dedupe.Loc(order[place[at]]).Frame()
		t.sel = t.sel[:0]
		for ; at < len(place); at++ {
			loc := dedupe.Loc(order[place[at]])
			if loc.Frame() != number {
				break
			}
			t.sel = append(t.sel, int32(loc.Row()))
		}
		f := t.e.rows.frame(number)
		l, err := t.e.rows.load(f)
		if err != nil {
			return err
		}
		if err = picked.add(l.cols, t.sel); err == nil {
			err = t.count(f, l)
		}
		l.done()
		if err != nil {
			return t.e.nameColumn(err)
		}
	}
	sel := make([]int32, len(place))
	for i, p := range place {
		sel[p] = int32(i)
	}
	return t.emit(t.e.layout.spread(t.e.plan, picked.columns()), sel)
}

// nameColumn says of which field a column is that has too much text.
func (e *emission) nameColumn(err error) error {
	var much *tooMuchTextError
	if errors.As(err, &much) && much.column < len(e.layout.fields) {
		return fmt.Errorf("field %s: %w", e.plan.Fields[e.layout.fields[much.column]].Name, err)
	}
	return err
}

// publish treats the selected rows of a frame and hands them on.
func (t *publisher) publish(f *frame, l loaded) error {
	if err := t.count(f, l); err != nil {
		return err
	}
	return t.emit(t.e.layout.spread(t.e.plan, l.cols), t.sel)
}

// emit desensitizes rows and hands them to the encoder and the content root.
func (t *publisher) emit(cols []arrow.Array, sel []int32) error {
	rec, err := t.treater.Treat(cols, sel)
	if err != nil {
		return err
	}
	if err := t.encoder.Add(rec); err != nil {
		return err
	}
	if err := t.adder.Add(rec); err != nil {
		return err
	}
	t.e.meter.published.Add(int64(len(sel)))
	return nil
}

// count enters the selected rows of a frame into the score as published.
func (t *publisher) count(f *frame, l loaded) error {
	t.bits = slices.Grow(t.bits[:0], len(f.alive))[:len(f.alive)]
	clear(t.bits)
	hashes := l.cols[t.e.layout.hash].(*array.Int64).Int64Values()
	for _, i := range t.sel {
		t.bits[i>>6] |= 1 << (i & 63)
		t.sum.add(uint64(hashes[i]))
	}
	rules := len(t.checked)
	t.e.addBroken(f, l.bitmaps[rules:])
	t.cells.AddPublished(f.rows, l.bitmaps[:rules], l.bitmaps[rules:2*rules], t.bits)
	for r := range rules {
		t.checked[r] += countBoth(l.bitmaps[r], t.bits)
		t.failed[r] += countBoth(l.bitmaps[rules+r], t.bits)
	}
	return t.measure(l)
}

// groupQueue appends row groups in order, whichever was ready first. Of those that
// wait behind a slow one at most room are held: a worker that brings one more waits
// with it. The worker that is next is never made to wait, so that the queue always
// moves on, unless that worker fails: then the context ends and lets all go.
type groupQueue struct {
	file *parquet.FileWriter
	room int

	mu      sync.Mutex // guards what follows
	next    int
	waiting groupHeap
	moved   chan struct{} // closed when groups were taken out of waiting; nil: nobody looks
}

type numberedGroup struct {
	number int
	group  *parquet.RowGroup
}

type groupHeap []numberedGroup

func (h groupHeap) Len() int           { return len(h) }
func (h groupHeap) Less(i, j int) bool { return h[i].number < h[j].number }
func (h groupHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *groupHeap) Push(x any)        { *h = append(*h, x.(numberedGroup)) }
func (h *groupHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

func (q *groupQueue) append(ctx context.Context, number int, rg *parquet.RowGroup) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for number != q.next && len(q.waiting) >= q.room {
		if q.moved == nil {
			q.moved = make(chan struct{})
		}
		moved := q.moved
		q.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
		}
		q.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	heap.Push(&q.waiting, numberedGroup{number, rg})
	for len(q.waiting) > 0 && q.waiting[0].number == q.next {
		g := heap.Pop(&q.waiting).(numberedGroup)
		if err := q.file.Append(g.group); err != nil {
			return err
		}
		q.next++
	}
	if q.moved != nil {
		close(q.moved)
		q.moved = nil
	}
	return nil
}

// countBoth is the number of bits set in both maps; nil has none.
func countBoth(a, b []uint64) int64 {
	var n int64
	for i, w := range a {
		n += int64(bits.OnesCount64(w & b[i]))
	}
	return n
}
