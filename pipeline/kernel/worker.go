package kernel

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/batch"
	"clearwell/rules"
)

// A Worker carries out a program on batches, one after the other. It owns the
// memory of what Check returns, and reuses it. It is not for concurrent use.
type Worker struct {
	program *Program
	counts  *Counts

	state   state
	scratch []fieldScratch // per field
	editor  editor
	scope   Bits      // rows not excluded
	nearest []nearest // per rule that repairs so
	rows    []int32
	checked Checked

	chain   *Chain // of fills from above; nil: each batch follows the one before
	link    int    // number of the batch in the chain
	object  int    // source object of the batch
	own     []ownCarry
	carried []byte
	watch   func(field, step int, cells Cells) // nil: nobody watches

	observing observing
	failures  []failureWatch
}

// fieldScratch is the memory of one field's cleaning.
type fieldScratch struct {
	buffers [2]buffer // a step reads one and writes the other
	changed []Bits    // per step
	dirty   Bits      // changed by any step, a null word or blamed by a rule
}

// other is the buffer that does not hold t.
func (m *fieldScratch) other(t text) *buffer {
	if b := m.buffers[0].offsets; len(b) > 0 && &b[0] == &t.offsets[0] {
		return &m.buffers[1]
	}
	return &m.buffers[0]
}

// Checked is the outcome of one batch. Everything in it lives in the worker's
// memory or the batch's and is valid until the worker's next call and as long as
// the batch is not released.
type Checked struct {
	Rows        int
	Columns     []arrow.Array // one per field of the plan: cleaned, typed, repaired by on_fail null and replace
	Excluded    Bits          // rows for which the plan's where is not true: no rule looks at them
	Quarantined Bits          // rows that break a quarantine rule (rules of one row only)
	Changed     []Bits        // per field: rows whose cell a cleaning step changed or a null word emptied
	Outcomes    []Outcome     // one per rule of the plan
	Repaired    []Repaired    // cells that a repair changed, by rule, of rows that are not quarantined
	Stopped     *Stopped      // the first failure of a rule with on_fail stop; nil if there is none
	Conditions  []Bits        // by measure of the plan: rows for which its when is true; nil where it has none
}

// Outcome is what one rule found. Of a rule with a condition that is known only when
// all rows were seen (rules.ConditionOp.Settled) it is what the other conditions
// found; the run resolves the rest.
type Outcome struct {
	Scope   Bits // rows not excluded for which when is true
	Checked Bits // rows with a known condition; nil if there are none
	Failed  Bits // rows with a false condition; nil if there are none
	Mended  Bits // of these, rows on which the rule holds after a repair; nil if there are none

	SkippedByWhen int64
	SkippedNull   int64
	Mistakes      int64 // evaluations that went wrong; unknown there

	checked, failed Bits // memory of Checked and Failed
}

// Stopped names a row that breaks a rule with on_fail stop: the smallest such row
// of the batch, and there the first such rule of the plan.
type Stopped struct {
	Rule int // index in the plan
	Row  int // row in the batch
}

// NewWorker makes a worker with memory of its own.
func (p *Program) NewWorker() *Worker {
	w := &Worker{program: p, counts: newCounts(p.plan), scratch: make([]fieldScratch, len(p.fields))}
	w.state.columns = make([]column, len(p.fields))
	for i := range p.fields {
		w.state.columns[i].kind = p.fields[i].typ.Kind
		w.state.columns[i].typ = p.fields[i].arrow
		w.scratch[i].changed = make([]Bits, len(p.fields[i].steps))
	}
	w.own = make([]ownCarry, p.previous)
	w.checked.Columns = make([]arrow.Array, len(p.fields))
	w.checked.Changed = make([]Bits, len(p.fields))
	w.checked.Outcomes = make([]Outcome, len(p.rules))
	return w
}

// Counts are the totals of all batches so far. They belong to the worker.
func (w *Worker) Counts() *Counts { return w.counts }

// Check cleans, parses and checks one batch. It fails only if the batch is not of
// the shape that the program was compiled for; bad values are counted, never errors.
func (w *Worker) Check(b *batch.Batch) (*Checked, error) {
	n := b.Rows()
	w.state.rows = n
	w.turn()
	for _, i := range w.program.order {
		if err := w.clean(i, b); err != nil {
			return nil, fmt.Errorf("batch %d: field %s: %w", b.Seq, w.program.plan.Fields[i].Name, err)
		}
	}
	if err := w.derive(); err != nil {
		return nil, fmt.Errorf("batch %d: %w", b.Seq, err)
	}
	c := &w.checked
	c.Rows = n
	c.Excluded = c.Excluded.resize(n)
	c.Quarantined = c.Quarantined.resize(n)
	c.Stopped, c.Repaired = nil, c.Repaired[:0]
	w.exclude()
	for i := range w.program.fields {
		w.countCells(i)
	}
	for k := range w.program.rules {
		w.evaluate(k)
	}
	for i := range w.scratch {
		w.counts.DeliveredClean[i] += int64(w.scope.CountAndNot(w.scratch[i].dirty))
	}
	if err := w.observe(); err != nil {
		return nil, fmt.Errorf("batch %d: %w", b.Seq, err)
	}
	w.tellFailures()
	if err := w.mend(); err != nil {
		return nil, fmt.Errorf("batch %d: %w", b.Seq, err)
	}
	for k := range w.program.rules {
		if err := w.act(k); err != nil {
			return nil, fmt.Errorf("batch %d: rule %s: %w", b.Seq, w.program.plan.Rules[k].ID, err)
		}
	}
	c.Repaired = slices.DeleteFunc(c.Repaired, func(r Repaired) bool { return c.Quarantined.Get(r.Row) })
	w.counts.Rows += int64(n)
	w.counts.Excluded += int64(c.Excluded.Count())
	w.counts.Quarantined += int64(c.Quarantined.Count())
	for i := range w.state.columns {
		c.Columns[i] = w.state.columns[i].array(n)
	}
	return c, nil
}

// clean makes column i of the state from the batch.
func (w *Worker) clean(i int, b *batch.Batch) error {
	f, col, mem := &w.program.fields[i], &w.state.columns[i], &w.scratch[i]
	n := w.state.rows
	col.present, col.valid = col.present.resize(n), col.valid.resize(n)
	col.birthsKnown = false
	mem.dirty = mem.dirty.resize(n)
	for k := range mem.changed {
		mem.changed[k] = mem.changed[k].resize(n)
	}
	t, err := w.input(f, mem, b)
	if err != nil {
		return err
	}
	if w.watch != nil {
		w.watch(i, -1, Cells{t})
	}
	for k, s := range f.steps {
		w.editor.begin(t, mem.other(t), mem.changed[k])
		if x, ok := s.(*fill); ok {
			err = w.fill(x, b)
		} else {
			s.apply(&w.editor)
		}
		if err != nil {
			return fmt.Errorf("cleaning step %s: %w", w.program.plan.Fields[i].Clean[k].ID, err)
		}
		if t, err = w.editor.finish(); err != nil {
			return fmt.Errorf("cleaning step %s: %w", w.program.plan.Fields[i].Clean[k].ID, err)
		}
		if w.watch != nil {
			w.watch(i, k, Cells{t})
		}
	}
	col.text = t
	findPresent(t, f.nulls, col.present)
	col.grow(n)
	f.parser.parse(col)
	return nil
}

// input is the source column of a field as text, null being the empty string.
func (w *Worker) input(f *field, mem *fieldScratch, b *batch.Batch) (text, error) {
	n := w.state.rows
	if f.join != nil {
		return w.join(f.join, mem, b)
	}
	if f.source < 0 {
		mem.buffers[0].offsets = resized(mem.buffers[0].offsets, n+1)
		clear(mem.buffers[0].offsets)
		return text{offsets: mem.buffers[0].offsets}, nil
	}
	if f.source >= int(b.Record.NumCols()) {
		return text{}, fmt.Errorf("the batch has %d columns, the header had column %d", b.Record.NumCols(), f.source+1)
	}
	a, ok := b.Record.Column(f.source).(*array.String)
	if !ok {
		return text{}, fmt.Errorf("source column %d is %s, decoders give utf8", f.source+1, b.Record.Column(f.source).DataType())
	}
	if a.Len() != n {
		return text{}, fmt.Errorf("source column %d has %d rows, the batch %d", f.source+1, a.Len(), n)
	}
	t := textOf(a)
	if a.NullN() == 0 {
		return t, nil
	}
	w.editor.begin(t, &mem.buffers[1], nil)
	for i := range n {
		if a.IsNull(i) && len(t.cell(i)) > 0 {
			w.editor.write(i, nil)
		}
	}
	return w.editor.finish()
}

// findPresent adds the rows that are neither empty nor a null word.
func findPresent(t text, nulls *wordTable, present Bits) {
	o, data := t.offsets, t.data
	for k := range present {
		base := k << 6
		var w uint64
		for bit, lo := range o[base:min(base+64, len(o)-1)] {
			hi := o[base+bit+1]
			if lo != hi && (nulls == nil || nulls.find(data, int(lo), int(hi)) < 0) {
				w |= 1 << bit
			}
		}
		present[k] = w
	}
}

// exclude finds the rows that the contract leaves out.
func (w *Worker) exclude() {
	n := w.state.rows
	w.scope = w.scope.resize(n)
	w.scope.Fill(n)
	if w.program.where == nil {
		return
	}
	known, truth := w.state.borrow(), w.state.borrow()
	w.program.where.eval(&w.state, w.scope, known, truth)
	copy(w.checked.Excluded, w.scope)
	truth.And(known)
	w.checked.Excluded.AndNot(truth)
	w.scope.AndNot(w.checked.Excluded)
	w.state.giveBack(known)
	w.state.giveBack(truth)
}

// countCells counts what cleaning and parsing did to the rows in scope.
func (w *Worker) countCells(i int) {
	col, mem, counts := &w.state.columns[i], &w.scratch[i], w.counts
	for k, changed := range mem.changed {
		if changed.Any() {
			mem.dirty.Or(changed)
			changed.And(w.scope)
			counts.Changed[i][k] += int64(changed.Count())
		}
	}
	if w.program.fields[i].nulls != nil {
		words := w.state.borrow()
		o := col.text.offsets
		for r := range w.state.rows {
			if o[r] != o[r+1] && !col.present.Get(r) {
				words.Set(r)
			}
		}
		mem.dirty.Or(words)
		words.And(w.scope)
		counts.NullWords[i] += int64(words.Count())
		w.state.giveBack(words)
	}
	w.checked.Changed[i] = append(w.checked.Changed[i][:0], mem.dirty...)
	counts.Nulls[i] += int64(w.scope.CountAndNot(col.valid))
	for k, s := range w.scope {
		if d := s & col.present[k] &^ col.valid[k]; d != 0 {
			counts.Unparsed[i] += int64(Bits{d}.Count())
		}
	}
}

// evaluate decides rule k on every row in scope. No value changes here, so that
// several rules see the same one.
func (w *Worker) evaluate(k int) {
	r, out, s := w.program.rules[k], &w.checked.Outcomes[k], &w.state
	n := s.rows
	*out = Outcome{Scope: out.Scope.resize(n), checked: out.checked.resize(n), failed: out.failed.resize(n)}
	out.Mistakes = int64(r.judge(s, w.scope, out.Scope, out.checked, out.failed))
	inScope, within := int64(w.scope.Count()), int64(out.Scope.Count())
	checked, failed := int64(out.checked.Count()), int64(out.failed.Count())
	out.SkippedByWhen = inScope - within
	out.SkippedNull = within - checked
	if checked > 0 {
		out.Checked = out.checked
	}
	if failed > 0 {
		out.Failed = out.failed
		if r.field >= 0 {
			w.scratch[r.field].dirty.Or(out.failed)
		}
	}
	if r.settled { // the run counts it, once all rows were seen
		return
	}
	t := &w.counts.Rules[k]
	t.InScope += inScope
	t.SkippedByWhen += out.SkippedByWhen
	t.SkippedNull += out.SkippedNull
	t.Checked += checked
	t.Failed += failed
	t.Mistakes += out.Mistakes
}

// act does what rule k asks for where it failed. Where several rules repair the
// same cell the last one of the plan decides.
func (w *Worker) act(k int) error {
	r, failed := w.program.rules[k], w.checked.Outcomes[k].Failed
	if failed == nil {
		return nil
	}
	if mended := w.checked.Outcomes[k].Mended; mended != nil {
		failed = slices.Clone(failed)
		failed.AndNot(mended)
		if !failed.Any() {
			return nil
		}
	}
	switch r.plan.OnFail {
	case rules.Quarantine:
		w.checked.Quarantined.Or(failed)
	case rules.Stop:
		if row := failed.First(); w.checked.Stopped == nil || row < w.checked.Stopped.Row {
			w.checked.Stopped = &Stopped{Rule: k, Row: row}
		}
	case rules.SetNull:
		w.state.columns[r.field].valid.AndNot(failed)
		w.counts.Repaired[r.field] += int64(failed.Count())
	case rules.ReplaceBy:
		w.counts.Repaired[r.field] += int64(failed.Count())
		return w.replace(r.field, failed, r.repair)
	}
	return nil
}

// replace puts v into the cells of field f on the given rows.
func (w *Worker) replace(f int, rows Bits, v *value) error {
	col := &w.state.columns[f]
	col.valid.Or(rows)
	w.rows = rows.AppendRows(w.rows[:0])
	switch col.kind {
	case rules.Integer, rules.Timestamp:
		for _, i := range w.rows {
			col.ints[i] = v.int
		}
	case rules.Date:
		for _, i := range w.rows {
			col.dates[i] = arrow.Date32(v.int)
		}
	case rules.Number:
		for _, i := range w.rows {
			col.floats[i] = v.float
		}
	case rules.Decimal:
		for _, i := range w.rows {
			col.decimals[i] = v.decimal
		}
	case rules.Boolean:
		for _, i := range w.rows {
			if v.bool {
				col.bools.Set(int(i))
			} else {
				col.bools.Unset(int(i))
			}
		}
	default:
		return w.replaceText(f, v.text)
	}
	return nil
}

// replaceText writes the text of field f once more, into the buffer that does not hold it.
func (w *Worker) replaceText(f int, v []byte) error {
	col := &w.state.columns[f]
	w.editor.begin(col.text, w.scratch[f].other(col.text), nil)
	for _, i := range w.rows {
		w.editor.write(int(i), v)
	}
	t, err := w.editor.finish()
	col.text = t
	return err
}
