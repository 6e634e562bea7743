package pipeline

import (
	"context"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/cespare/xxhash/v2"
	"golang.org/x/sync/errgroup"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/quality"
	"clearwell/pipeline/settle"
	"clearwell/rules"
)

// A reckoning does, frame by frame, what rules over all rows ask for once it is known
// which rows break them: it counts, repairs, changes cells and takes rows out.
type reckoning struct {
	scan       *scan
	scoredLate []bool
	changing   bool // some rule changes cells

	mu      sync.Mutex // guards what follows
	counts  []ruleOutcome
	cells   *quality.CellCounter
	stops   []dedupe.Loc // per rule: the first row that stops the run; noStop
	changed int64        // cells that on_fail made null or replaced, or a repair changed
}

const noStop = ^dedupe.Loc(0)

// noStops is noStop for each rule.
func (s *scan) noStops() []dedupe.Loc {
	return slices.Repeat([]dedupe.Loc{noStop}, len(s.plan.Rules))
}

// reckon carries out the settled rules on all frames.
func (s *scan) reckon(ctx context.Context, workers int) (*reckoning, error) {
	k := &reckoning{scan: s, scoredLate: scoredLate(s.plan), counts: make([]ruleOutcome, len(s.plan.Rules)), cells: quality.NewCellCounter(cellRules(s.plan)),
		stops: s.noStops()}
	for i := range s.plan.Rules {
		k.changing = k.changing || changesLate(&s.plan.Rules[i])
	}
	// Frames are taken in stretches, as proposals are parted.
	stretches := min(settle.ProposalParts, max(s.frames, 1))
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range min(workers, stretches) {
		g.Go(guarded(func() error {
			w := &reckoner{reckoning: k, counted: make([]ruleOutcome, len(s.plan.Rules)), cellsOwn: quality.NewCellCounter(cellRules(s.plan)), first: s.noStops()}
			if k.changing {
				var err error
				if w.mender, err = kernel.NewMender(s.plan, s.lookups); err != nil {
					return err
				}
			}
			for n := int(next.Add(1)) - 1; n < stretches; n = int(next.Add(1)) - 1 {
				if err := w.stretch(ctx, n, stretches); err != nil {
					return err
				}
			}
			w.handOver()
			return nil
		}))
	}
	return k, g.Wait()
}

// reckoner is what one goroutine of a reckoning owns.
type reckoner struct {
	*reckoning
	mender       *kernel.Mender // nil: nothing is changed
	counted      []ruleOutcome
	cellsOwn     *quality.CellCounter
	first        []dedupe.Loc
	cellsChanged int64
	proposed     [][]settle.Proposal // per settled rule, of the stretch; ascending
}

func (w *reckoner) handOver() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cells.Merge(w.cellsOwn)
	w.reckoning.changed += w.cellsChanged
	for i, c := range w.counted {
		w.counts[i].checked += c.checked
		w.counts[i].failed += c.failed
		w.stops[i] = min(w.stops[i], w.first[i])
	}
}

// stretch deals with a part of the frames: those whose proposals are in the part.
func (w *reckoner) stretch(ctx context.Context, n, of int) error {
	s := w.scan
	w.proposed = make([][]settle.Proposal, len(s.settled))
	for u, r := range s.settled {
		if r.proposals == nil {
			continue
		}
		var err error
		if w.proposed[u], err = r.proposals.Of(n); err != nil {
			return err
		}
	}
	for number := (n*s.frames + of - 1) / of; number*of/max(s.frames, 1) == n && number < s.frames; number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.frame(number); err != nil {
			return err
		}
	}
	return nil
}

// frame deals with one frame.
func (w *reckoner) frame(number int) error {
	s := w.scan
	f := s.rows.frame(number)
	l, err := s.rows.load(f)
	if err != nil {
		return err
	}
	defer l.done()
	n := len(s.plan.Rules)
	late := make([]kernel.Bits, n) // per rule: rows that break it over all rows
	for u, r := range s.settled {
		if bad := f.breaks(u); bad != nil {
			late[r.rule] = union(late[r.rule], bad)
		}
	}
	w.count(f, l, late)
	if !slices.ContainsFunc(late, kernel.Bits.Any) {
		return nil
	}
	c := &changes{reckoner: w, frame: f, loaded: l, number: number, late: late, before: slices.Clone(late)}
	return c.carryOut()
}

// count adds the frame to the counts and the score as delivered.
func (w *reckoner) count(f *frame, l loaded, late []kernel.Bits) {
	n := len(late)
	checked, failed := make([][]uint64, n), make([][]uint64, n)
	for i, is := range w.scoredLate {
		if !is {
			continue
		}
		checked[i], failed[i] = l.bitmaps[i], l.bitmaps[n+i]
		if len(l.bitmaps) > 2*n && l.bitmaps[2*n+i] != nil {
			failed[i] = union(failed[i], l.bitmaps[2*n+i])
		}
		if late[i] != nil {
			failed[i] = union(failed[i], late[i])
		}
		if w.scan.plan.Rules[i].Settled() {
			w.counted[i].checked += countBits(checked[i])
			w.counted[i].failed += countBits(failed[i])
		}
	}
	w.cellsOwn.AddDelivered(f.rows, checked, failed)
}

// changes are what becomes of one frame.
type changes struct {
	*reckoner
	*frame
	loaded
	number  int
	late    []kernel.Bits // per rule: rows that still break it
	before  []kernel.Bits // as they were when the frame was begun
	opened  bool          // the mender has the frame
	touched []kernel.Bits // per field: rows whose cell changed; nil: none did
	mended  []kernel.Bits // per field: rows whose cell was repaired here; nil: none was
	undone  []kernel.Bits // per field: those of them whose new value an on_fail took away again
}

// carryOut takes rows out for the rules that only do that, then goes through the others in
// plan order, so that no row is repaired that is lost anyway.
func (c *changes) carryOut() error {
	s := c.scan
	fields := len(s.plan.Fields)
	c.touched, c.mended, c.undone = make([]kernel.Bits, fields), make([]kernel.Bits, fields), make([]kernel.Bits, fields)
	for i, rows := range c.late {
		if rows != nil && !changesLate(&s.plan.Rules[i]) {
			c.punish(i)
		}
	}
	for i := range c.late {
		if c.late[i] == nil || !changesLate(&s.plan.Rules[i]) {
			continue
		}
		if err := c.change(i); err != nil {
			return err
		}
	}
	if !c.opened {
		return nil
	}
	if err := c.record(); err != nil {
		return err
	}
	return c.rewrite()
}

// punish does what on_fail asks for where it does not change cells.
func (c *changes) punish(rule int) {
	switch c.scan.plan.Rules[rule].OnFail {
	case rules.Quarantine:
		c.late[rule].Each(func(row int) { c.kill(row) })
	case rules.Stop:
		if row := c.late[rule].First(); row >= 0 {
			c.first[rule] = min(c.first[rule], dedupe.NewLoc(c.number, row))
		}
	}
}

// change repairs what can be, and does what on_fail asks for with the rest. A cell that a rule
// before it repaired keeps its value: the rule holds where it would have proposed the same.
func (c *changes) change(rule int) error {
	r := &c.scan.plan.Rules[rule]
	rows := slices.Clone(c.late[rule])
	for i := range rows {
		rows[i] &= c.alive[i].Load()
	}
	if rows.Any() && !c.opened {
		c.mender.Load(c.scan.layout.spread(c.scan.plan, c.cols), c.rows)
		c.opened = true
	}
	field := c.fieldIndex(r.Field)
	if r.Repair != nil && rows.Any() {
		tries, proposed := slices.Clone(rows), c.majority(rule)
		if decided := intersection(rows, c.mended[field]); decided != nil {
			tries.AndNot(decided)
			agreed := c.mender.Agrees(rule, decided, proposed)
			c.repaired(rule, agreed)
			rows.AndNot(agreed)
		}
		accepted, err := c.mender.Repair(rule, tries, proposed)
		if err != nil {
			return err
		}
		if accepted != nil {
			c.repaired(rule, accepted)
			rows.AndNot(accepted)
			c.mended[field] = union(c.mended[field], accepted)
		}
	}
	if r.OnFail != rules.SetNull && r.OnFail != rules.ReplaceBy {
		c.punish(rule)
		return nil
	}
	if !rows.Any() {
		return nil
	}
	c.touched[field] = union(c.touched[field], rows)
	if undone := intersection(rows, c.mended[field]); undone != nil {
		c.undone[field] = union(c.undone[field], undone)
	}
	c.cellsChanged += int64(rows.Count())
	return c.mender.OnFail(rule, rows)
}

// majority gives the proposals of a rule; nil if it has none.
func (c *changes) majority(rule int) func(row int) []byte {
	for u, r := range c.scan.settled {
		if r.rule != rule || r.proposals == nil {
			continue
		}
		list := c.proposed[u]
		return func(row int) []byte {
			at, found := slices.BinarySearchFunc(list, dedupe.NewLoc(c.number, row), func(p settle.Proposal, loc dedupe.Loc) int {
				switch {
				case p.Loc < loc:
					return -1
				case p.Loc > loc:
					return 1
				}
				return 0
			})
			if !found {
				return nil
			}
			return list[at].Value
		}
	}
	return nil
}

// repaired notes that rows now hold the rule, and the rules of one row that read the field.
func (c *changes) repaired(rule int, rows kernel.Bits) {
	n := len(c.late)
	c.late[rule].AndNot(rows)
	for u, r := range c.scan.settled {
		if r.rule == rule {
			for i, w := range rows {
				c.broken[u][i].And(^w)
			}
		}
	}
	c.bitmaps[2*n+rule] = union(c.bitmaps[2*n+rule], rows)
	for _, i := range c.mender.Readers(rule) {
		failed := slices.Clone(c.bitmaps[n+i])
		for k, w := range failed {
			failed[k] = w &^ rows[k]
		}
		if held := intersection(c.bitmaps[n+i], rows); held != nil {
			c.bitmaps[n+i], c.bitmaps[2*n+i] = failed, union(c.bitmaps[2*n+i], held)
		}
	}
	field := c.fieldIndex(c.scan.plan.Rules[rule].Field)
	c.touched[field] = union(c.touched[field], rows)
}

// intersection is a new bitmap of the rows in a and b; nil is none.
func intersection(a, b kernel.Bits) kernel.Bits {
	if a == nil || b == nil {
		return nil
	}
	var out kernel.Bits
	for i, w := range a {
		if w &= b[i]; w != 0 {
			if out == nil {
				out = make(kernel.Bits, len(a))
			}
			out[i] = w
		}
	}
	return out
}

func (c *changes) fieldIndex(name string) int {
	return slices.IndexFunc(c.scan.plan.Fields, func(f rules.Field) bool { return f.Name == name })
}

// record keeps the repaired cells that are still on their way. A row that was repaired by one rule and taken
// out by a later one, or whose cell the later one changed, breaks both as if nothing had been repaired.
func (c *changes) record() error {
	lost := func(field, row int) bool {
		return c.alive[row>>6].Load()>>(row&63)&1 == 0 || c.undone[field] != nil && c.undone[field].Get(row)
	}
	var kept []kernel.Repaired
	for _, r := range c.mender.Repaired() {
		if !lost(r.Field, r.Row) {
			kept = append(kept, r)
		}
	}
	for u, settled := range c.scan.settled {
		if c.before[settled.rule] == nil {
			continue
		}
		field := c.fieldIndex(c.scan.plan.Rules[settled.rule].Field)
		held := slices.Clone(c.before[settled.rule])
		held.AndNot(c.late[settled.rule])
		held.Each(func(row int) {
			if lost(field, row) {
				c.broken[u][row>>6].Or(1 << (row & 63))
			}
		})
	}
	c.cellsChanged += int64(len(kept))
	return c.scan.lateRepairs.keep(c.number, c.object, kept, c.mender.Column)
}

// rewrite stores the frame with its changed columns.
func (c *changes) rewrite() error {
	s := c.scan
	cols := slices.Clone(c.cols)
	hashes := slices.Clone(cols[s.layout.hash].(*array.Int64).Int64Values())
	for at, i := range s.layout.fields {
		rows := c.touched[i]
		if rows == nil {
			continue
		}
		cols[at] = c.mender.Column(i)
		rows.Each(func(row int) { hashes[row] = int64(changedHash(uint64(hashes[row]), i, cols[at], row)) })
	}
	cols[s.layout.hash] = int64Column(hashes)
	c.failing = true // also where all of them are repaired now
	return s.rows.refill(c.frame, cols, c.bitmaps)
}

// changedHash is the hash of a row in which a cell got another value since it was hashed.
func changedHash(old uint64, field int, col arrow.Array, row int) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	if col.IsValid(row) {
		var raw [64]byte
		h = xxhash.Sum64(kernel.AppendRaw(raw[:0], col, row))
	}
	return mix(bits.RotateLeft64(old, 27) ^ mix(h+uint64(field)))
}
