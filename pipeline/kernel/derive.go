package kernel

import (
	"fmt"
	"math/bits"
	"strconv"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/rules"
)

// deriver gives a field the values of an expression over the other fields, after
// all of them have been read. Common forms go by column; the others, and the rows on
// which a column kernel would have to decide what CEL does in a corner, go row by row.
type deriver struct {
	field, step int
	ifNull      bool
	rows        *rowPredicate
	root        *node // nil: row by row only
	decimal     *decimalParser
	scale       int
}

// bindDerived compiles the derived fields, in an order in which each finds what it reads.
func (p *Program) bindDerived() error {
	order, cycle := rules.DependencyOrder(p.plan.Fields, (*rules.Field).DerivesAfter)
	if cycle != nil {
		return fmt.Errorf("plan of %s: fields derived from each other: %v", p.plan.Dataset, cycle)
	}
	for _, i := range order {
		f := &p.plan.Fields[i]
		s := f.Derived()
		if s == nil {
			continue
		}
		d := &deriver{field: i, step: len(f.Clean) - 1, ifNull: s.IfNull, scale: f.Type.Scale}
		var err error
		if d.rows, err = newRowPredicate(p, s.Derive); err != nil {
			return fmt.Errorf("plan of %s: field %s: derive: %w", p.plan.Dataset, f.Name, err)
		}
		if f.Type.Kind == rules.Decimal {
			d.decimal = newDecimalParser(f.Type.Precision, f.Type.Scale)
		}
		c := &vectorCompiler{program: p, tested: s.Derive.TestsNull}
		if n := c.node(s.Derive.AST.NativeRep().Expr()); n != nil && d.takes(n, f.Type.Kind) {
			d.root = n
		}
		p.derived = append(p.derived, d)
	}
	return nil
}

// takes reports whether the values of n can be taken over by column.
func (d *deriver) takes(n *node, k rules.Kind) bool {
	switch k {
	case rules.Integer:
		return n.kind == intNode
	case rules.Number, rules.Decimal:
		return n.kind == floatNode || n.kind == intNode
	case rules.Date, rules.Timestamp:
		return n.kind == timeNode
	case rules.Boolean:
		return n.kind == boolNode
	case rules.String:
		return n.kind == textNode && n.fixed == nil
	}
	return false
}

// derive makes the derived values of the batch, one field after the other.
func (w *Worker) derive() error {
	for _, d := range w.program.derived {
		if err := w.deriveField(d); err != nil {
			return fmt.Errorf("field %s: derive: %w", w.program.plan.Fields[d.field].Name, err)
		}
	}
	return nil
}

func (w *Worker) deriveField(d *deriver) error {
	s, col, mem := &w.state, &w.state.columns[d.field], &w.scratch[d.field]
	live := s.borrow()
	scope := s.borrow()
	scope.Fill(s.rows)
	if d.ifNull {
		scope.AndNot(col.present)
	}
	d.rows.live(s, scope, live)
	w.editor.begin(col.text, mem.other(col.text), mem.changed[d.step])
	put := &derivedValues{w: w, d: d, col: col, changed: mem.changed[d.step]}
	var v vec
	rowwise := live
	if d.root != nil {
		f := &s.frame
		f.begin(s)
		f.live, f.unsure = live, f.bits()
		v = d.root.eval(f)
		rowwise = f.unsure
	}
	row := 0
	get := func(k int) ref.Val { return s.columns[d.rows.fields[k]].cel(row, d.rows.scales[k]) }
	for k, word := range live {
		for ; word != 0; word &= word - 1 {
			bit := bits.TrailingZeros64(word)
			row = k<<6 + bit
			if rowwise[k]>>bit&1 != 0 {
				out, err := d.rows.program.Value(get)
				if err != nil {
					put.mistake()
				} else if out != nil {
					put.value(row, out)
				}
			} else if v.known == nil || v.known[k]>>bit&1 != 0 {
				put.vector(row, d.root.kind, &v)
			}
		}
	}
	s.giveBack(live)
	s.giveBack(scope)
	t, err := w.editor.finish()
	if col.kind == rules.String {
		col.text = t
	}
	return err
}

// derivedValues puts derived values into their column.
type derivedValues struct {
	w       *Worker
	d       *deriver
	col     *column
	changed Bits
	number  []byte
}

// value takes a value as expressions give it.
func (p *derivedValues) value(row int, v ref.Val) {
	switch v := v.(type) {
	case types.String:
		p.text(row, []byte(v))
	case types.Int:
		p.integer(row, int64(v))
	case types.Double:
		p.float(row, float64(v))
	case types.Bool:
		p.boolean(row, bool(v))
	case types.Timestamp:
		p.time(row, v.UnixMicro())
	}
}

// vector takes the value of a row of a column kernel.
func (p *derivedValues) vector(row int, k nodeKind, v *vec) {
	switch k {
	case intNode:
		p.integer(row, v.ints[row])
	case floatNode:
		p.float(row, v.floats[row])
	case timeNode:
		p.time(row, v.ints[row])
	case boolNode:
		p.boolean(row, v.bools.Get(row))
	case textNode:
		p.text(row, v.text.cell(row))
	}
}

func (p *derivedValues) set(row int) {
	p.col.present.Set(row)
	p.col.valid.Set(row)
	p.changed.Set(row)
}

// text: an empty text is null.
func (p *derivedValues) text(row int, v []byte) {
	if len(v) > 0 {
		p.w.editor.replace(row, v)
		p.set(row)
	}
}

func (p *derivedValues) integer(row int, v int64) {
	switch p.col.kind {
	case rules.Integer:
		p.col.ints[row] = v
		p.set(row)
	case rules.Number:
		p.col.floats[row] = float64(v)
		p.set(row)
	case rules.Decimal:
		p.number = strconv.AppendInt(p.number[:0], v, 10)
		p.digits(row)
	}
}

func (p *derivedValues) float(row int, v float64) {
	if v-v != 0 { // infinite, or no number
		p.mistake()
		return
	}
	if p.col.kind == rules.Decimal {
		p.number = appendRounded(p.number[:0], v, p.d.scale)
		p.digits(row)
		return
	}
	if v == 0 {
		v = 0 // without the sign of -0
	}
	p.col.floats[row] = v
	p.set(row)
}

// digits reads the number as the decimal of the field; one with too many digits is null.
func (p *derivedValues) digits(row int) {
	if v, ok := p.d.decimal.read(p.number); ok {
		p.col.decimals[row] = v
		p.set(row)
	} else {
		p.mistake()
	}
}

// mistake counts a cell that gets no value though its expression has one.
func (p *derivedValues) mistake() { p.w.counts.DeriveMistakes[p.d.field]++ }

func (p *derivedValues) boolean(row int, v bool) {
	if v {
		p.col.bools.Set(row)
	} else {
		p.col.bools.Unset(row)
	}
	p.set(row)
}

func (p *derivedValues) time(row int, micros int64) {
	if p.col.kind == rules.Date {
		days := micros / microsPerDay
		if micros%microsPerDay < 0 {
			days--
		}
		p.col.dates[row] = arrow.Date32(days)
	} else {
		p.col.ints[row] = micros
	}
	p.set(row)
}

// appendRounded writes v with at most scale decimals, half away from zero, as
// people round the shortest decimal that means v: 2.675 is 2.68, though the float is below.
func appendRounded(dst []byte, v float64, scale int) []byte {
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	point := start
	for point < len(dst) && dst[point] != '.' {
		point++
	}
	end := point + 1 + scale
	if end >= len(dst) {
		return dst
	}
	up := dst[end] >= '5'
	if dst = dst[:end]; scale == 0 {
		dst = dst[:point]
	}
	for i := len(dst) - 1; up && i >= start; i-- {
		switch c := dst[i]; {
		case c == '.':
		case c == '-':
			i = start // the carry goes in front of the digits
		case c == '9':
			dst[i] = '0'
		default:
			dst[i]++
			up = false
		}
	}
	if up {
		at := start
		if dst[start] == '-' {
			at++
		}
		dst = append(dst, 0)
		copy(dst[at+1:], dst[at:])
		dst[at] = '1'
	}
	return dst
}
