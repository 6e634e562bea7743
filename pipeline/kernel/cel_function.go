package kernel

import (
	"bytes"
	"math"
	"math/bits"
	"regexp"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"clearwell/rules/standard"
)

var isArithmetic = map[string]bool{
	operators.Add: true, operators.Subtract: true, operators.Multiply: true, operators.Divide: true, operators.Modulo: true,
}

// arithmetic is + - * / of two numbers, % of two integers. Integers that overflow or
// are divided by zero are an error in CEL: such rows are unsure.
func (c *vectorCompiler) arithmetic(op string, args []ast.Expr) *node {
	a, b := c.node(args[0]), c.node(args[1])
	if a == nil || b == nil || a.kind != b.kind {
		return nil
	}
	switch {
	case a.kind == intNode:
		return &node{kind: intNode, eval: func(f *frame) vec {
			x, y := a.eval(f), b.eval(f)
			out := f.ints()
			if op == operators.Add || op == operators.Subtract {
				addColumns(f, out, x.ints, y.ints, op == operators.Subtract)
				return vec{known: f.bothKnown(x.known, y.known), ints: out}
			}
			for i := range out {
				v, ok := intOperation(op, x.ints[i], y.ints[i])
				out[i] = v
				if !ok {
					f.unsure[i>>6] |= f.live[i>>6] & (1 << (i & 63))
				}
			}
			return vec{known: f.bothKnown(x.known, y.known), ints: out}
		}}
	case a.kind == floatNode && op != operators.Modulo:
		return &node{kind: floatNode, eval: func(f *frame) vec {
			x, y := a.eval(f), b.eval(f)
			return vec{known: f.bothKnown(x.known, y.known), floats: floatOperation(op, f.floats(), x.floats, y.floats)}
		}}
	}
	return nil
}

// addColumns is x + y or x - y; rows on which it overflows are unsure.
func addColumns(f *frame, out, x, y []int64, minus bool) {
	for k, live := range f.live {
		from := k << 6
		to := min(from+64, len(out))
		var over uint64
		sums, p, q := out[from:to], x[from:to], y[from:to]
		q = q[:len(p)]
		sums = sums[:len(p)]
		if minus {
			for i, a := range p {
				v := a - q[i]
				sums[i] = v
				over |= uint64((a^q[i])&(a^v)) >> 63 << i
			}
		} else {
			for i, a := range p {
				v := a + q[i]
				sums[i] = v
				over |= uint64((a^v)&(q[i]^v)) >> 63 << i
			}
		}
		f.unsure[k] |= over & live
	}
}

func intOperation(op string, a, b int64) (v int64, ok bool) {
	switch op {
	case operators.Add:
		v = a + b
		return v, (v > a) == (b > 0)
	case operators.Subtract:
		v = a - b
		return v, (v < a) == (b > 0)
	case operators.Multiply:
		hi, lo := bits.Mul64(uint64(a), uint64(b))
		high := int64(hi) - (a>>63)&b - (b>>63)&a // of the signed product
		return int64(lo), high == int64(lo)>>63
	}
	if b == 0 || a == math.MinInt64 && b == -1 {
		return 0, false
	}
	if op == operators.Divide {
		return a / b, true
	}
	return a % b, true
}

func floatOperation(op string, out, x, y []float64) []float64 {
	switch op {
	case operators.Add:
		for i := range out {
			out[i] = x[i] + y[i]
		}
	case operators.Subtract:
		for i := range out {
			out[i] = x[i] - y[i]
		}
	case operators.Multiply:
		for i := range out {
			out[i] = x[i] * y[i]
		}
	default:
		for i := range out {
			out[i] = x[i] / y[i]
		}
	}
	return out
}

func (c *vectorCompiler) negate(arg ast.Expr) *node {
	n := c.node(arg)
	switch {
	case n == nil:
		return nil
	case n.kind == floatNode:
		if n.fixed != nil {
			return constantNode(floatNode, value{float: -n.fixed.float})
		}
		return &node{kind: floatNode, eval: func(f *frame) vec {
			v := n.eval(f)
			out := f.floats()
			for i, x := range v.floats {
				out[i] = -x
			}
			return vec{known: v.known, floats: out}
		}}
	case n.kind == intNode && n.fixed != nil && n.fixed.int != math.MinInt64:
		return constantNode(intNode, value{int: -n.fixed.int})
	case n.kind == intNode:
		zero := constantNode(intNode, value{})
		return &node{kind: intNode, eval: func(f *frame) vec {
			x, v := zero.eval(f), n.eval(f)
			out := f.ints()
			for i := range out {
				r, ok := intOperation(operators.Subtract, x.ints[i], v.ints[i])
				out[i] = r
				if !ok {
					f.unsure[i>>6] |= f.live[i>>6] & (1 << (i & 63))
				}
			}
			return vec{known: v.known, ints: out}
		}}
	}
	return nil
}

// function is one of the functions called by name alone.
func (c *vectorCompiler) function(name string, args []ast.Expr) *node {
	if len(args) != 1 {
		return nil
	}
	n := c.node(args[0])
	if n == nil {
		return nil
	}
	switch {
	case name == "size" && n.kind == textNode && n.fixed == nil:
		return sizeOf(n)
	case name == "date" && n.kind == timeNode:
		return &node{kind: timeNode, eval: func(f *frame) vec {
			v := n.eval(f)
			out := f.ints()
			for i, t := range v.ints {
				out[i] = floorDiv(t, microsPerDay) * microsPerDay
			}
			return vec{known: v.known, ints: out}
		}}
	case timeParts[name] != nil && n.kind == timeNode:
		return timePart(n, timeParts[name])
	case name == "duration" && n.kind == textNode && n.fixed != nil:
		return spanConstant(string(n.fixed.text))
	case name == "double" && n.kind == intNode:
		return toFloat(n)
	case name == "double" && n.kind == floatNode:
		return n
	case name == "int" && n.kind == intNode:
		return n
	case name == "timestamp" && n.kind == textNode && n.fixed != nil:
		t, err := time.Parse(time.RFC3339, string(n.fixed.text))
		if err != nil || t.Nanosecond()%1000 != 0 {
			return nil
		}
		return constantNode(timeNode, value{int: t.UnixMicro()})
	case name == "cn.id_birth" && n.kind == textNode && n.fixed == nil:
		return idBirth(n)
	case name == "cn.id_gender" && n.kind == textNode && n.fixed == nil:
		return idGender(n)
	}
	return nil
}

// idBirth is the birth date in an ID number, unknown where the number is not valid.
// Rules and their scopes ask for it again and again: of a field it is worked out once
// for a batch.
func idBirth(n *node) *node {
	return &node{kind: timeNode, eval: func(f *frame) vec {
		v := n.eval(f)
		if !n.plain {
			out, known := f.ints(), f.bits()
			birthDates(v.text, f.live, out, known)
			return vec{known: f.bothKnown(known, v.known), ints: out}
		}
		c := &f.s.columns[n.field]
		if !c.birthsKnown {
			c.births, c.birthKnown, c.birthsKnown = resized(c.births, f.s.rows), c.birthKnown.resize(f.s.rows), true
			birthDates(v.text, c.valid, c.births, c.birthKnown)
		}
		return vec{known: c.birthKnown, ints: c.births}
	}}
}

func birthDates(t text, rows Bits, out []int64, known Bits) {
	eachRow(rows, func(i int) {
		if days, ok := standard.IDBirth(t.cell(i)); ok {
			out[i] = int64(days) * microsPerDay
			known.Set(i)
		}
	})
}

// idGender is "1" or "2" after an ID number, unknown where the number is not valid.
func idGender(n *node) *node {
	return &node{kind: textNode, eval: func(f *frame) vec {
		v := n.eval(f)
		out, known := f.characters(), f.bits()
		eachRow(f.live, func(i int) {
			if code, ok := standard.IDGender(v.text.cell(i)); ok {
				out.data[i] = code
				known.Set(i)
			}
		})
		return vec{known: f.bothKnown(known, v.known), text: out}
	}}
}

func sizeOf(n *node) *node {
	return &node{kind: intNode, eval: func(f *frame) vec {
		v := n.eval(f)
		out := f.ints()
		eachRow(f.live, func(i int) { out[i] = int64(utf8.RuneCount(v.text.cell(i))) })
		return vec{known: v.known, ints: out}
	}}
}

// method is a function called on text with one constant argument.
func (c *vectorCompiler) method(name string, target ast.Expr, args []ast.Expr) *node {
	n := c.node(target)
	if n == nil || n.kind != textNode || n.fixed != nil {
		return nil
	}
	if name == "size" && len(args) == 0 {
		return sizeOf(n)
	}
	if part := c.textPart(name, n, args); part != nil {
		return part
	}
	if len(args) != 1 {
		return nil
	}
	arg := c.node(args[0])
	if arg == nil || arg.kind != textNode {
		return nil
	}
	if arg.fixed == nil {
		return textRelation(name, n, arg)
	}
	word := arg.fixed.text
	var test func(v []byte) bool
	switch name {
	case "startsWith":
		test = func(v []byte) bool { return bytes.HasPrefix(v, word) }
	case "endsWith":
		test = func(v []byte) bool { return bytes.HasSuffix(v, word) }
	case "contains":
		test = func(v []byte) bool { return bytes.Contains(v, word) }
	case "matches":
		re, err := regexp.Compile(string(word))
		if err != nil {
			return nil
		}
		test = re.Match
	default:
		return nil
	}
	return &node{kind: boolNode, eval: func(f *frame) vec {
		v := n.eval(f)
		return vec{known: v.known, bools: textTest(f, func(i int) bool { return test(v.text.cell(i)) })}
	}}
}

// eachRow calls do for every row of the set.
func eachRow(live Bits, do func(row int)) {
	for k, w := range live {
		for ; w != 0; w &= w - 1 {
			do(k<<6 + bits.TrailingZeros64(w))
		}
	}
}
