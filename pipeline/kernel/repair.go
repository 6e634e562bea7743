package kernel

import (
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"clearwell/rules"
)

// Lookups are the tables of repairs that stand in other datasets, by rule of the
// plan: from the value of the field looked up, as AppendRaw writes it, to the new value.
type Lookups map[int]map[string][]byte

// repair says where a rule's cell gets another value from, bound to columns.
type repair struct {
	by      rules.RepairBy
	field   int // the other field: from, lookup; -1: none
	table   map[string][]byte
	codes   map[int][]code // nearest: by number of characters
	within  int
	readers []int // rules of one row that read the repaired field
}

// code is a value that a text may be meant for.
type code struct {
	text  []byte
	runes []rune
}

// nearest remembers which code was found for a text, nil for none. It belongs to one worker.
type nearest map[string][]byte

// maxNearest bounds the texts of which the nearest code is remembered; then it begins anew.
const maxNearest = 1 << 14

// bindRepairs binds the repairs of the plan, once all rules are.
func (p *Program) bindRepairs(lookups Lookups) {
	for k, r := range p.rules {
		if r.plan.Repair == nil {
			continue
		}
		m := &repair{by: r.plan.Repair.By, field: -1, within: r.plan.Repair.Within}
		if r.plan.Repair.Field != "" {
			m.field = p.fieldIndex(r.plan.Repair.Field)
		}
		for i, reader := range p.rules {
			if len(reader.conditions) > 0 && slices.Contains(reader.plan.Reads, r.plan.Field) {
				m.readers = append(m.readers, i)
			}
		}
		switch {
		case m.by == rules.ByLookup && r.plan.Repair.Reference != nil:
			m.table = lookups[k]
		case m.by == rules.ByLookup:
			m.table = map[string][]byte{}
			for _, pair := range r.plan.Repair.Table {
				from, fits := p.rawOf(m.field, pair[0])
				to, ok := p.rawOf(r.field, pair[1])
				if fits && ok {
					m.table[string(from)] = to
				}
			}
		case m.by == rules.ByNearest:
			m.codes = map[int][]code{}
			for _, v := range r.plan.Repair.Values {
				runes := []rune(v)
				m.codes[len(runes)] = append(m.codes[len(runes)], code{[]byte(v), runes})
			}
		}
		p.repairs = append(p.repairs, k)
		r.mend = m
	}
}

// rawOf reads a value of the plan as AppendRaw writes those of the field.
func (p *Program) rawOf(field int, text string) ([]byte, bool) {
	v, ok := p.fields[field].parser.constant(text)
	if !ok {
		return nil, false
	}
	return v.raw(p.fields[field].typ.Kind), true
}

// Repaired is a cell that got another value because it broke a rule.
type Repaired struct {
	Row    int
	Rule   int // of the plan
	Field  int
	Before []byte // text of the cell before; nil: null
}

// mend tries the repairs of the rules of one row, in the order of the plan.
func (w *Worker) mend() error {
	for _, k := range w.program.repairs {
		r, out := w.program.rules[k], &w.checked.Outcomes[k]
		if out.Failed == nil || r.mend.by == rules.ByMajority {
			continue
		}
		rows := slices.Clone(out.Failed)
		rows.AndNot(out.Mended)
		accepted, err := w.tryRepair(k, rows, nil)
		if err != nil || accepted == nil {
			if err != nil {
				return err
			}
			continue
		}
		for _, i := range r.mend.readers {
			o := &w.checked.Outcomes[i]
			if o.Failed == nil {
				continue
			}
			if o.Mended == nil {
				o.Mended = NewBits(w.state.rows)
			}
			for n, word := range accepted {
				o.Mended[n] |= word & o.Failed[n]
			}
		}
	}
	return nil
}

// tryRepair gives the cells of rule k on some rows the values that its repair says,
// or proposed does, and takes them back where the row would break a rule with them.
// It gives the rows that keep their new value; nil: none.
func (w *Worker) tryRepair(k int, rows Bits, proposed func(row int) []byte) (Bits, error) {
	r, s := w.program.rules[k], &w.state
	col := &s.columns[r.field]
	if proposed == nil {
		proposed = w.proposals(k)
	}
	var tries []tried
	var raw []byte
	stored := sync.OnceValue(func() arrow.Array { return col.array(s.rows) })
	rows.Each(func(row int) {
		v := proposed(row)
		if v == nil {
			return
		}
		t := tried{row: row, value: v, valid: col.valid.Get(row), present: col.present.Get(row), before: col.words(row, stored)}
		if t.valid {
			if raw = col.appendRaw(raw[:0], row); string(raw) == string(v) {
				return
			}
			t.old = slices.Clone(raw)
		}
		tries = append(tries, t)
	})
	if len(tries) == 0 {
		return nil, nil
	}
	text := col.text
	if err := w.setCells(r.field, text, tries); err != nil {
		return nil, err
	}
	accepted, broken := NewBits(s.rows), s.borrow()
	for _, t := range tries {
		accepted.Set(t.row)
	}
	scope, known, failed := s.borrow(), s.borrow(), s.borrow()
	for _, i := range r.mend.readers {
		clear(scope)
		clear(known)
		clear(failed)
		w.program.rules[i].judge(s, accepted, scope, known, failed)
		broken.Or(failed)
	}
	broken.And(accepted)
	var err error
	if broken.Any() {
		accepted.AndNot(broken)
		err = w.takeBack(r.field, text, tries, accepted)
	}
	for _, b := range []Bits{broken, scope, known, failed} {
		s.giveBack(b)
	}
	for _, t := range tries {
		if accepted.Get(t.row) {
			w.checked.Repaired = append(w.checked.Repaired, Repaired{Row: t.row, Rule: k, Field: r.field, Before: t.before})
		}
	}
	if !accepted.Any() {
		accepted = nil
	}
	return accepted, err
}

// proposals gives the values that the repair of rule k proposes for rows.
func (w *Worker) proposals(k int) func(row int) []byte {
	if w.nearest == nil {
		w.nearest = make([]nearest, len(w.program.rules))
	}
	r, s := w.program.rules[k], &w.state
	return func(row int) []byte { return r.mend.propose(s, &s.columns[r.field], row, &w.nearest[k]) }
}

// tried is a cell with the value that it is given, and what it was.
type tried struct {
	row            int
	value          []byte
	old            []byte // if valid
	before         []byte // in words; nil: null
	valid, present bool
}

// setCells gives cells of field f their values. in is the text of the column before.
func (w *Worker) setCells(f int, in text, tries []tried) (err error) {
	col := &w.state.columns[f]
	col.birthsKnown = false
	for _, t := range tries {
		col.valid.Set(t.row)
		col.present.Set(t.row)
	}
	if col.kind != rules.String {
		for _, t := range tries {
			col.setRaw(t.row, t.value)
		}
		return nil
	}
	w.editor.begin(in, w.scratch[f].other(in), nil)
	for _, t := range tries {
		w.editor.write(t.row, t.value)
	}
	col.text, err = w.editor.finish()
	return err
}

// takeBack gives the cells of field f that are not accepted what they were. in is the text of the column before.
func (w *Worker) takeBack(f int, in text, tries []tried, accepted Bits) error {
	col := &w.state.columns[f]
	var kept []tried
	for _, t := range tries {
		if accepted.Get(t.row) {
			kept = append(kept, t)
			continue
		}
		if !t.valid {
			col.valid.Unset(t.row)
		} else if col.kind != rules.String {
			col.setRaw(t.row, t.old)
		}
		if !t.present {
			col.present.Unset(t.row)
		}
	}
	if col.kind != rules.String {
		return nil
	}
	col.text = in
	return w.setCells(f, in, kept)
}

// propose is the value for a row that breaks the rule; nil: there is none.
func (m *repair) propose(s *state, col *column, row int, known *nearest) []byte {
	switch m.by {
	case rules.FromField:
		if other := &s.columns[m.field]; other.valid.Get(row) {
			return other.appendRaw([]byte{}, row)
		}
	case rules.ByLookup:
		if other := &s.columns[m.field]; other.valid.Get(row) {
			return m.table[string(other.appendRaw(nil, row))]
		}
	case rules.ByNearest:
		if !col.valid.Get(row) {
			return nil
		}
		text := string(col.text.cell(row))
		found, ok := (*known)[text]
		if !ok {
			if *known == nil || len(*known) >= maxNearest {
				*known = nearest{}
			}
			found = m.closest(text)
			(*known)[text] = found
		}
		return found
	}
	return nil
}

// closest is the one code that takes the fewest edits to be the text; nil if these
// are more than allowed, or another code takes as few.
func (m *repair) closest(s string) []byte {
	if utf8.RuneCountInString(s) > maxNearestText {
		return nil
	}
	runes := []rune(s)
	best, twice := m.within+1, false
	var found []byte
	for n := max(0, len(runes)-m.within); n <= len(runes)+m.within; n++ {
		for _, c := range m.codes[n] {
			switch d := editDistance(runes, c.runes); {
			case d < best:
				best, twice, found = d, false, c.text
			case d == best:
				twice = true
			}
		}
	}
	if twice {
		return nil
	}
	return found
}

// maxNearestText bounds the characters of a text that is compared with codes.
const maxNearestText = 256

// appendRaw appends the value of a row that has one, as AppendRaw does.
func (c *column) appendRaw(dst []byte, row int) []byte {
	switch c.kind {
	case rules.Integer, rules.Timestamp:
		return binary.LittleEndian.AppendUint64(dst, uint64(c.ints[row]))
	case rules.Date:
		return binary.LittleEndian.AppendUint32(dst, uint32(c.dates[row]))
	case rules.Number:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(c.floats[row]+0))
	case rules.Decimal:
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, c.decimals[row].LowBits()), uint64(c.decimals[row].HighBits()))
	case rules.Boolean:
		if c.bools.Get(row) {
			return append(dst, 1)
		}
		return append(dst, 0)
	}
	return append(dst, c.text.cell(row)...)
}

// setRaw gives a row a value; text is set by an editor.
func (c *column) setRaw(row int, raw []byte) {
	switch c.kind {
	case rules.Integer, rules.Timestamp:
		c.ints[row] = int64(binary.LittleEndian.Uint64(raw))
	case rules.Date:
		c.dates[row] = arrow.Date32(binary.LittleEndian.Uint32(raw))
	case rules.Number:
		c.floats[row] = math.Float64frombits(binary.LittleEndian.Uint64(raw))
	case rules.Decimal:
		c.decimals[row] = decimal128.New(int64(binary.LittleEndian.Uint64(raw[8:])), binary.LittleEndian.Uint64(raw))
	case rules.Boolean:
		if c.bools.Unset(row); raw[0] != 0 {
			c.bools.Set(row)
		}
	}
}

// words is a copy of what stands in the cell of a row as it was read, or as it is published where it was not read but
// made or stored: stored gives the column as an array. nil: null.
func (c *column) words(row int, stored func() arrow.Array) []byte {
	var read []byte
	if c.present.Get(row) && len(c.text.offsets) > 0 {
		read = append([]byte{}, c.text.cell(row)...)
	}
	if c.valid.Get(row) && len(read) == 0 {
		s, err := CanonicalText(stored(), row)
		if err != nil { // a column of the program always has a canonical text
			panic(err)
		}
		return []byte(*s)
	}
	return read
}

// A Mender repairs and changes rows after the first pass, when rules over all rows
// are settled. It belongs to one goroutine.
type Mender struct {
	w *Worker
}

// NewMender prepares the repairs of a plan.
func NewMender(p *rules.Plan, lookups Lookups) (*Mender, error) {
	prog := &Program{plan: p, fields: make([]field, len(p.Fields))}
	for i := range p.Fields {
		var err error
		if prog.fields[i], err = newField(&p.Fields[i], -1); err != nil {
			return nil, err
		}
	}
	if err := prog.bindRules(lookups); err != nil {
		return nil, err
	}
	return &Mender{w: prog.NewWorker()}, nil
}

// Load takes n rows: columns of the plan, of which nil ones are taken as null. They are
// not changed, and must stay as they are until the next call.
func (m *Mender) Load(cols []arrow.Array, n int) {
	s := &m.w.state
	s.rows = n
	m.w.checked.Repaired = nil
	for i, c := range cols {
		col := &s.columns[i]
		col.present, col.valid = col.present.resize(n), col.valid.resize(n)
		col.birthsKnown, col.text = false, text{}
		if c == nil {
			if col.kind == rules.String {
				col.text = text{offsets: make([]int32, n+1)}
			}
			col.grow(n)
			continue
		}
		for row := range n {
			if c.IsValid(row) {
				col.valid.Set(row)
			}
		}
		copy(col.present, col.valid)
		switch c := c.(type) {
		case *array.String:
			col.text = textOf(c)
		case *array.Int64:
			col.ints = slices.Clone(c.Int64Values())
		case *array.Timestamp:
			col.ints = slices.Clone(arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(c.TimestampValues())))
		case *array.Date32:
			col.dates = slices.Clone(c.Date32Values())
		case *array.Float64:
			col.floats = slices.Clone(c.Float64Values())
		case *array.Decimal128:
			col.decimals = slices.Clone(c.Values())
		case *array.Boolean:
			col.bools = col.bools.resize(n)
			for row := range n {
				if c.Value(row) {
					col.bools.Set(row)
				}
			}
		}
	}
}

// Repair tries the repair of a rule on some rows. proposed gives the values for one that
// is repaired by its majority, nil for none; it is nil for the others. It gives the rows that were repaired.
func (m *Mender) Repair(rule int, rows Bits, proposed func(row int) []byte) (Bits, error) {
	return m.w.tryRepair(rule, rows, proposed)
}

// Agrees gives those of some rows whose cells are what the repair of a rule proposes already; proposed is as for Repair.
func (m *Mender) Agrees(rule int, rows Bits, proposed func(row int) []byte) Bits {
	if proposed == nil {
		proposed = m.w.proposals(rule)
	}
	col, out := &m.w.state.columns[m.w.program.rules[rule].field], NewBits(m.w.state.rows)
	var raw []byte
	rows.Each(func(row int) {
		if !col.valid.Get(row) {
			return
		}
		raw = col.appendRaw(raw[:0], row)
		if v := proposed(row); v != nil && string(raw) == string(v) {
			out.Set(row)
		}
	})
	return out
}

// Readers lists the rules of one row that read the field that a rule repairs: they hold on repaired rows.
func (m *Mender) Readers(rule int) []int { return m.w.program.rules[rule].mend.readers }

// OnFail makes the cells of a rule null or replaces them, as its on_fail says.
func (m *Mender) OnFail(rule int, rows Bits) error {
	r := m.w.program.rules[rule]
	if r.plan.OnFail == rules.SetNull {
		m.w.state.columns[r.field].valid.AndNot(rows)
		m.w.state.columns[r.field].present.AndNot(rows)
		return nil
	}
	m.w.state.columns[r.field].present.Or(rows)
	return m.w.replace(r.field, rows, r.repair)
}

// Repaired are the cells repaired since Load, rule by rule.
func (m *Mender) Repaired() []Repaired { return m.w.checked.Repaired }

// Column is a field as it is now. It is valid until the next call.
func (m *Mender) Column(field int) arrow.Array { return m.w.state.columns[field].array(m.w.state.rows) }
