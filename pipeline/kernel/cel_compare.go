package kernel

import (
	"bytes"
	"math/bits"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

var isComparison = map[string]bool{
	operators.Equals: true, operators.NotEquals: true,
	operators.Less: true, operators.LessEquals: true, operators.Greater: true, operators.GreaterEquals: true,
}

// relation is a comparison brought down to less, less or equal, and equal.
type relation struct {
	op     string
	swap   bool // a > b is b < a
	negate bool // a != b is not a == b
}

func relationOf(op string) relation {
	switch op {
	case operators.Greater:
		return relation{op: operators.Less, swap: true}
	case operators.GreaterEquals:
		return relation{op: operators.LessEquals, swap: true}
	case operators.NotEquals:
		return relation{op: operators.Equals, negate: true}
	}
	return relation{op: op}
}

// comparison compares two operands of the same kind, or numbers of different kinds,
// which CEL compares as float64.
func (c *vectorCompiler) comparison(op string, args []ast.Expr) *node {
	a, b := c.node(args[0]), c.node(args[1])
	if a == nil || b == nil {
		return nil
	}
	r := relationOf(op)
	switch {
	case a.kind == intNode && b.kind == floatNode:
		a = toFloat(a)
	case a.kind == floatNode && b.kind == intNode:
		b = toFloat(b)
	case a.kind != b.kind:
		return nil
	}
	if r.swap {
		a, b = b, a
	}
	n := &node{kind: boolNode}
	switch a.kind {
	case intNode, timeNode, spanNode:
		n.eval = func(f *frame) vec {
			x, y := a.eval(f), b.eval(f)
			return r.result(f, x, y, related(f.bits(), r.op, x.ints, y.ints))
		}
	case floatNode:
		ordered := r.op != operators.Equals
		n.eval = func(f *frame) vec {
			x, y := a.eval(f), b.eval(f)
			if ordered {
				unsureIfNaN(f, x.floats)
				unsureIfNaN(f, y.floats)
			}
			return r.result(f, x, y, related(f.bits(), r.op, x.floats, y.floats))
		}
	case boolNode:
		if r.op != operators.Equals {
			return nil
		}
		n.eval = func(f *frame) vec {
			x, y := a.eval(f), b.eval(f)
			out := f.bits()
			for k := range out {
				out[k] = ^(x.bools[k] ^ y.bools[k])
			}
			return r.result(f, x, y, out)
		}
	case textNode:
		n.eval = textComparison(r, a, b)
	}
	return n
}

// result puts a comparison's rows together with where its operands are known.
func (r relation) result(f *frame, x, y vec, out Bits) vec {
	if r.negate {
		for k := range out {
			out[k] = ^out[k]
		}
	}
	return vec{known: f.bothKnown(x.known, y.known), bools: out}
}

// related compares row by row; the operation is chosen once.
func related[T int64 | float64](out Bits, op string, x, y []T) Bits {
	y = y[:len(x)]
	switch op {
	case operators.Less:
		for i, v := range x {
			out[i>>6] |= bit(v < y[i]) << (i & 63)
		}
	case operators.LessEquals:
		for i, v := range x {
			out[i>>6] |= bit(v <= y[i]) << (i & 63)
		}
	default:
		for i, v := range x {
			out[i>>6] |= bit(v == y[i]) << (i & 63)
		}
	}
	return out
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// unsureIfNaN: CEL refuses to order NaN.
func unsureIfNaN(f *frame, x []float64) {
	for i, v := range x {
		if v != v {
			f.unsure[i>>6] |= f.live[i>>6] & (1 << (i & 63))
		}
	}
}

func toFloat(n *node) *node {
	if n.fixed != nil {
		return constantNode(floatNode, value{float: float64(n.fixed.int)})
	}
	return &node{kind: floatNode, eval: func(f *frame) vec {
		v := n.eval(f)
		out := f.floats()
		for i, x := range v.ints {
			out[i] = float64(x)
		}
		return vec{known: v.known, floats: out}
	}}
}

// textComparison compares text by bytes, which for UTF-8 is the order of code points.
func textComparison(r relation, a, b *node) func(f *frame) vec {
	return func(f *frame) vec {
		x, y := a.eval(f), b.eval(f)
		out := textTest(f, func(i int) bool {
			p, q := cellOf(a, &x, i), cellOf(b, &y, i)
			switch r.op {
			case operators.Less:
				return bytes.Compare(p, q) < 0
			case operators.LessEquals:
				return bytes.Compare(p, q) <= 0
			}
			return bytes.Equal(p, q)
		})
		return r.result(f, x, y, out)
	}
}

// cellOf is the text of row i of a node's vec.
func cellOf(n *node, v *vec, i int) []byte {
	if n.fixed != nil {
		return n.fixed.text
	}
	return v.text.cell(i)
}

// textTest asks test for every live row.
func textTest(f *frame, test func(row int) bool) Bits {
	out := f.bits()
	for k, w := range f.live {
		var hit uint64
		for ; w != 0; w &= w - 1 {
			b := bits.TrailingZeros64(w)
			if test(k<<6 + b) {
				hit |= 1 << b
			}
		}
		out[k] = hit
	}
	return out
}

// member is x in [literals], all of the kind of x.
func (c *vectorCompiler) member(x, list ast.Expr) *node {
	n := c.node(x)
	if n == nil || list.Kind() != ast.ListKind {
		return nil
	}
	var values []value
	for _, e := range list.AsList().Elements() {
		v := c.node(e)
		if v == nil || v.fixed == nil || v.kind != n.kind {
			return nil
		}
		values = append(values, *v.fixed)
	}
	switch n.kind {
	case textNode:
		if n.fixed != nil {
			return nil
		}
		words := make([]string, len(values))
		for k := range values {
			words[k] = string(values[k].text)
		}
		table := newWordTable(words)
		return &node{kind: boolNode, eval: func(f *frame) vec {
			v := n.eval(f)
			o, data := v.text.offsets, v.text.data
			return vec{known: v.known, bools: textTest(f, func(i int) bool { return table.find(data, int(o[i]), int(o[i+1])) >= 0 })}
		}}
	case intNode, timeNode:
		set := make(map[int64]struct{}, len(values))
		for k := range values {
			set[values[k].int] = struct{}{}
		}
		return &node{kind: boolNode, eval: func(f *frame) vec {
			v := n.eval(f)
			return vec{known: v.known, bools: textTest(f, func(i int) bool { _, ok := set[v.ints[i]]; return ok })}
		}}
	case floatNode:
		set := make(map[float64]struct{}, len(values))
		for k := range values {
			set[values[k].float] = struct{}{}
		}
		return &node{kind: boolNode, eval: func(f *frame) vec {
			v := n.eval(f)
			return vec{known: v.known, bools: textTest(f, func(i int) bool { _, ok := set[v.floats[i]]; return ok })}
		}}
	}
	return nil
}
