package kernel

import (
	"bytes"
	"math"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"clearwell/rules/standard"
)

// timeParts are the functions that take a part of a time, given in microseconds.
var timeParts = map[string]func(micros int64) int64{
	"year":    func(t int64) int64 { y, _, _ := standard.CivilFromDays(dayNumber(t)); return int64(y) },
	"month":   func(t int64) int64 { _, m, _ := standard.CivilFromDays(dayNumber(t)); return int64(m) },
	"day":     func(t int64) int64 { _, _, d := standard.CivilFromDays(dayNumber(t)); return int64(d) },
	"weekday": func(t int64) int64 { return weekdayFrom(t, 3) + 1 },
}

// timeMethods are CEL's own: months, days of the month and of the week count from 0, weeks from Sunday.
var timeMethods = map[string]func(micros int64) int64{
	"getFullYear":   timeParts["year"],
	"getMonth":      func(t int64) int64 { return timeParts["month"](t) - 1 },
	"getDate":       timeParts["day"],
	"getDayOfMonth": func(t int64) int64 { return timeParts["day"](t) - 1 },
	"getDayOfWeek":  func(t int64) int64 { return weekdayFrom(t, 4) },
	"getHours":      func(t int64) int64 { return secondOfDay(t) / 3600 },
	"getMinutes":    func(t int64) int64 { return secondOfDay(t) / 60 % 60 },
	"getSeconds":    func(t int64) int64 { return secondOfDay(t) % 60 },
}

func dayNumber(micros int64) int32 { return int32(floorDiv(micros, microsPerDay)) }

// weekdayFrom counts days of the week; 1970-01-01, a Thursday, is number first.
func weekdayFrom(micros, first int64) int64 {
	d := floorDiv(micros, microsPerDay) + first
	return d - 7*floorDiv(d, 7)
}

func secondOfDay(micros int64) int64 {
	return (micros - floorDiv(micros, microsPerDay)*microsPerDay) / 1_000_000
}

func timePart(n *node, part func(int64) int64) *node {
	return &node{kind: intNode, eval: func(f *frame) vec {
		v := n.eval(f)
		out := f.ints()
		eachRow(f.live, func(i int) { out[i] = part(v.ints[i]) })
		return vec{known: v.known, ints: out}
	}}
}

// partMethod is a method without argument: a part of a time, or another form of a text.
func (c *vectorCompiler) partMethod(name string, target ast.Expr, args []ast.Expr) *node {
	if len(args) != 0 {
		return nil
	}
	part, form := timeMethods[name], textForms[name]
	if part == nil && form == nil {
		return nil
	}
	n := c.node(target)
	switch {
	case n == nil:
		return nil
	case part != nil && n.kind == timeNode:
		return timePart(n, part)
	case form != nil && n.kind == textNode:
		return &node{kind: textNode, eval: func(f *frame) vec {
			v := n.eval(f)
			return vec{known: v.known, text: f.write(func(dst []byte, i int) []byte { return form(dst, cellOf(n, &v, i)) })}
		}}
	}
	return nil
}

// textForms are CEL's methods that give another form of a text.
var textForms = map[string]func(dst, v []byte) []byte{
	"lowerAscii": func(dst, v []byte) []byte { return appendCase(dst, v, 'A', 'Z') },
	"upperAscii": func(dst, v []byte) []byte { return appendCase(dst, v, 'a', 'z') },
	"trim":       func(dst, v []byte) []byte { return append(dst, bytes.TrimSpace(v)...) },
}

// appendCase turns the letters from first to last into the other case.
func appendCase(dst, v []byte, first, last byte) []byte {
	for _, b := range v {
		if b >= first && b <= last {
			b ^= 'a' - 'A'
		}
		dst = append(dst, b)
	}
	return dst
}

// write is a column of text: what add appends for each live row, nothing for the others.
func (f *frame) write(add func(dst []byte, row int) []byte) text {
	if f.nTexts == len(f.written) {
		f.written = append(f.written, buffer{})
	}
	b := &f.written[f.nTexts]
	f.nTexts++
	offsets, data := resized(b.offsets, f.s.rows+1), b.data[:0]
	offsets[0] = 0
	for i := range f.s.rows {
		if f.live.Get(i) {
			before := len(data)
			if data = add(data, i); len(data) > math.MaxInt32 { // more than a column holds: decided row by row
				data = data[:before]
				f.unsure.Set(i)
			}
		}
		offsets[i+1] = int32(len(data))
	}
	b.offsets, b.data = offsets, data
	return text{offsets: offsets, data: data}
}

// textRelation is a method on text whose argument is not constant.
func textRelation(name string, n, arg *node) *node {
	test := map[string]func(a, b []byte) bool{"startsWith": bytes.HasPrefix, "endsWith": bytes.HasSuffix, "contains": bytes.Contains}[name]
	if test == nil {
		return nil
	}
	return &node{kind: boolNode, eval: func(f *frame) vec {
		x, y := n.eval(f), arg.eval(f)
		return vec{known: f.bothKnown(x.known, y.known), bools: textTest(f, func(i int) bool { return test(cellOf(n, &x, i), cellOf(arg, &y, i)) })}
	}}
}

// Bounds of what CEL takes for a time (years 1 to 9999) and for a duration (64 bits of
// nanoseconds), in microseconds. Beyond them it is an error: such rows are unsure.
const (
	firstMicro = -62135596800 * 1_000_000
	lastMicro  = 253402300800*1_000_000 - 1
	mostMicros = math.MaxInt64 / 1000
)

// spanConstant is duration("72h").
func spanConstant(text string) *node {
	d, err := time.ParseDuration(text)
	if err != nil || d%time.Microsecond != 0 {
		return nil
	}
	return constantNode(spanNode, value{int: d.Microseconds()})
}

// joining is + of texts, - of two times, + and - of a time and a duration.
func (c *vectorCompiler) joining(op string, args []ast.Expr) *node {
	a, b := c.node(args[0]), c.node(args[1])
	if a == nil || b == nil {
		return nil
	}
	plus := op == operators.Add
	switch {
	case plus && a.kind == textNode && b.kind == textNode:
		return &node{kind: textNode, eval: func(f *frame) vec {
			x, y := a.eval(f), b.eval(f)
			return vec{known: f.bothKnown(x.known, y.known), text: f.write(func(dst []byte, i int) []byte {
				return append(append(dst, cellOf(a, &x, i)...), cellOf(b, &y, i)...)
			})}
		}}
	case op == operators.Subtract && a.kind == timeNode && b.kind == timeNode:
		return spans(spanNode, a, b, -1, -mostMicros, mostMicros)
	case plus && a.kind == spanNode && b.kind == timeNode:
		a, b = b, a
		fallthrough
	case plus && a.kind == timeNode && b.kind == spanNode:
		return spans(timeNode, a, b, 1, firstMicro, lastMicro)
	case op == operators.Subtract && a.kind == timeNode && b.kind == spanNode:
		return spans(timeNode, a, b, -1, firstMicro, lastMicro)
	}
	return nil
}

// spans is a + sign*b, unsure where it is not from least to most. Neither can overflow:
// times and durations have less than 62 bits.
func spans(kind nodeKind, a, b *node, sign, least, most int64) *node {
	return &node{kind: kind, eval: func(f *frame) vec {
		x, y := a.eval(f), b.eval(f)
		out := f.ints()
		eachRow(f.live, func(i int) {
			out[i] = x.ints[i] + sign*y.ints[i]
			if out[i] < least || out[i] > most {
				f.unsure.Set(i)
			}
		})
		return vec{known: f.bothKnown(x.known, y.known), ints: out}
	}}
}

// daysBetween is the calendar days from the first time to the second.
func (c *vectorCompiler) daysBetween(args []ast.Expr) *node {
	a, b := c.node(args[0]), c.node(args[1])
	if a == nil || b == nil || a.kind != timeNode || b.kind != timeNode {
		return nil
	}
	return &node{kind: intNode, eval: func(f *frame) vec {
		x, y := a.eval(f), b.eval(f)
		out := f.ints()
		eachRow(f.live, func(i int) { out[i] = floorDiv(y.ints[i], microsPerDay) - floorDiv(x.ints[i], microsPerDay) })
		return vec{known: f.bothKnown(x.known, y.known), ints: out}
	}}
}

// choice is condition ? a : b. Only the side that is chosen is looked at.
func (c *vectorCompiler) choice(args []ast.Expr) *node {
	test, a, b := c.node(args[0]), c.node(args[1]), c.node(args[2])
	if test == nil || a == nil || b == nil || test.kind != boolNode || a.kind != b.kind {
		return nil
	}
	return &node{kind: a.kind, eval: func(f *frame) vec {
		whole := f.live
		t := test.eval(f)
		left, right, known := f.bits(), f.bits(), f.bits()
		for k, w := range whole {
			if t.known != nil {
				w &= t.known[k]
			}
			left[k], right[k] = w&t.bools[k], w&^t.bools[k]
		}
		f.live = left
		x := a.eval(f)
		f.live = right
		y := b.eval(f)
		f.live = whole
		for k := range known {
			yes, no := left[k], right[k]
			if x.known != nil {
				yes &= x.known[k]
			}
			if y.known != nil {
				no &= y.known[k]
			}
			known[k] = yes | no
		}
		return chosen(f, a, b, &x, &y, left, right, known)
	}}
}

// chosen puts the two sides together.
func chosen(f *frame, a, b *node, x, y *vec, left, right, known Bits) vec {
	v := vec{known: known}
	switch a.kind {
	case boolNode:
		v.bools = f.bits()
		for k := range v.bools {
			v.bools[k] = x.bools[k]&left[k] | y.bools[k]&right[k]
		}
	case floatNode:
		v.floats = f.floats()
		eachRow(left, func(i int) { v.floats[i] = x.floats[i] })
		eachRow(right, func(i int) { v.floats[i] = y.floats[i] })
	case textNode:
		v.text = f.write(func(dst []byte, i int) []byte {
			if left.Get(i) {
				return append(dst, cellOf(a, x, i)...)
			}
			if right.Get(i) {
				return append(dst, cellOf(b, y, i)...)
			}
			return dst
		})
	default:
		v.ints = f.ints()
		eachRow(left, func(i int) { v.ints[i] = x.ints[i] })
		eachRow(right, func(i int) { v.ints[i] = y.ints[i] })
	}
	return v
}
