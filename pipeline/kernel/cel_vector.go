package kernel

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/rules"
	"clearwell/rules/expr"
)

// vectorPredicate evaluates an expression column by column. Rows on which a column
// kernel would have to decide what CEL does in a corner (overflow, division by zero,
// NaN, null against an operator) are not decided by it but evaluated row by row:
// both ways give the same result on every row.
type vectorPredicate struct {
	root *node
	rows *rowPredicate
}

func (p *vectorPredicate) eval(s *state, scope, known, truth Bits) int {
	f := &s.frame
	f.begin(s)
	f.live = f.bits()
	p.rows.live(s, scope, f.live)
	f.unsure = f.bits()
	whole := f.live
	v := p.root.eval(f)
	var again uint64
	for k := range whole {
		sure := whole[k] &^ f.unsure[k]
		decided := sure
		if v.known != nil {
			decided &= v.known[k]
		}
		known[k] |= decided
		truth[k] |= decided & v.bools[k]
		f.unsure[k] &= whole[k]
		again |= f.unsure[k]
	}
	if again == 0 {
		return 0
	}
	return p.rows.evalRows(s, f.unsure, known, truth)
}

// A node is one sub-expression.
type node struct {
	kind  nodeKind
	eval  func(f *frame) vec
	fixed *value // set for a constant
	plain bool   // the node is a field as it is
	field int    // which one, if plain
}

type nodeKind uint8

const (
	boolNode nodeKind = iota
	intNode
	floatNode
	timeNode // microseconds
	textNode
	spanNode // durations in microseconds
)

// vec is what a node gives for the rows of a batch: the member of its kind. Values
// of rows that are not live, not known or unsure mean nothing. known nil: all live
// rows are known.
type vec struct {
	known  Bits
	bools  Bits
	ints   []int64 // integers and times
	floats []float64
	text   text
}

// frame is the memory of one evaluation, reused by the next.
type frame struct {
	s      *state
	live   Bits // rows to evaluate
	unsure Bits // rows to be evaluated row by row instead

	bitmaps  []Bits
	integers [][]int64
	numbers  [][]float64
	bytes    [][]byte
	ordinals []int32 // 0, 1, 2 ...: the offsets of text of one byte a row
	written  []buffer

	nBits, nInts, nFloats, nBytes, nTexts int // how many of each this evaluation has taken
}

func (f *frame) begin(s *state) {
	f.s = s
	f.nBits, f.nInts, f.nFloats, f.nBytes, f.nTexts = 0, 0, 0, 0, 0
}

// bits is an empty set over the rows.
func (f *frame) bits() Bits {
	if f.nBits == len(f.bitmaps) {
		f.bitmaps = append(f.bitmaps, nil)
	}
	b := &f.bitmaps[f.nBits]
	f.nBits++
	*b = b.resize(f.s.rows)
	return *b
}

func (f *frame) ints() []int64 {
	if f.nInts == len(f.integers) {
		f.integers = append(f.integers, nil)
	}
	b := &f.integers[f.nInts]
	f.nInts++
	*b = resized(*b, f.s.rows)
	return *b
}

func (f *frame) floats() []float64 {
	if f.nFloats == len(f.numbers) {
		f.numbers = append(f.numbers, nil)
	}
	b := &f.numbers[f.nFloats]
	f.nFloats++
	*b = resized(*b, f.s.rows)
	return *b
}

// characters is a column of text of one byte a row, to be written.
func (f *frame) characters() text {
	if f.nBytes == len(f.bytes) {
		f.bytes = append(f.bytes, nil)
	}
	b := &f.bytes[f.nBytes]
	f.nBytes++
	*b = resized(*b, f.s.rows)
	for i := len(f.ordinals); i <= f.s.rows; i++ {
		f.ordinals = append(f.ordinals, int32(i))
	}
	return text{offsets: f.ordinals[:f.s.rows+1], data: *b}
}

// bothKnown is where both operands are known.
func (f *frame) bothKnown(a, b Bits) Bits {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	both := f.bits()
	for k := range both {
		both[k] = a[k] & b[k]
	}
	return both
}

// vectorCompiler turns a checked syntax tree into nodes.
type vectorCompiler struct {
	program *Program
	tested  []string // fields that the expression compares with null
}

// compileVector gives the column form of an expression; ok is false if some part of
// it has none.
func compileVector(p *Program, x *expr.Expr, rows *rowPredicate) (predicate, bool) {
	c := &vectorCompiler{program: p, tested: x.TestsNull}
	root := c.node(x.AST.NativeRep().Expr())
	if root == nil || root.kind != boolNode {
		return nil, false
	}
	return &vectorPredicate{root, rows}, true
}

// node compiles one sub-expression; nil if it has no column form.
func (c *vectorCompiler) node(e ast.Expr) *node {
	switch e.Kind() {
	case ast.LiteralKind:
		return literal(e)
	case ast.IdentKind:
		return c.column(e.AsIdent())
	case ast.CallKind:
		return c.call(e.AsCall())
	}
	return nil
}

func literal(e ast.Expr) *node {
	switch v := e.AsLiteral().(type) {
	case types.Int:
		return constantNode(intNode, value{int: int64(v)})
	case types.Double:
		return constantNode(floatNode, value{float: float64(v)})
	case types.String:
		return constantNode(textNode, value{text: []byte(v)})
	case types.Bool:
		return constantNode(boolNode, value{bool: bool(v)})
	}
	return nil
}

// constantNode gives the same value on every row.
func constantNode(kind nodeKind, v value) *node {
	n := &node{kind: kind, fixed: &v}
	switch kind {
	case intNode, timeNode, spanNode:
		n.eval = func(f *frame) vec {
			out := f.ints()
			for i := range out {
				out[i] = v.int
			}
			return vec{ints: out}
		}
	case floatNode:
		n.eval = func(f *frame) vec {
			out := f.floats()
			for i := range out {
				out[i] = v.float
			}
			return vec{floats: out}
		}
	case boolNode:
		n.eval = func(f *frame) vec {
			out := f.bits()
			if v.bool {
				out.Fill(f.s.rows)
			}
			return vec{bools: out}
		}
	case textNode: // only operators that look at fixed take it
		n.eval = func(*frame) vec { return vec{} }
	}
	return n
}

// column reads a field. Where a field that is compared with null somewhere is null,
// the row is left to be evaluated row by row.
func (c *vectorCompiler) column(name string) *node {
	k := c.program.fieldIndex(name)
	if k < 0 {
		return nil
	}
	typ := c.program.fields[k].typ
	n := &node{plain: true, field: k}
	switch typ.Kind {
	case rules.Integer:
		n.kind = intNode
		n.eval = func(f *frame) vec { return vec{ints: f.s.columns[k].ints} }
	case rules.Timestamp:
		n.kind = timeNode
		n.eval = func(f *frame) vec { return vec{ints: f.s.columns[k].ints} }
	case rules.Date:
		n.kind = timeNode
		n.eval = func(f *frame) vec { return vec{ints: microsOf(f.ints(), f.s.columns[k].dates)} }
	case rules.Number:
		n.kind = floatNode
		n.eval = func(f *frame) vec { return vec{floats: f.s.columns[k].floats} }
	case rules.Decimal:
		n.kind = floatNode
		scale := int32(typ.Scale)
		n.eval = func(f *frame) vec {
			out, in := f.floats(), f.s.columns[k].decimals
			for i := range out {
				out[i] = decimalFloat(in[i], scale)
			}
			return vec{floats: out}
		}
	case rules.Boolean:
		n.kind = boolNode
		n.eval = func(f *frame) vec { return vec{bools: f.s.columns[k].bools} }
	case rules.String:
		n.kind = textNode
		n.eval = func(f *frame) vec { return vec{text: f.s.columns[k].text} }
	default:
		return nil
	}
	if slices.Contains(c.tested, name) {
		read := n.eval
		n.eval = func(f *frame) vec {
			valid := f.s.columns[k].valid
			for w := range f.unsure {
				f.unsure[w] |= f.live[w] &^ valid[w]
			}
			return read(f)
		}
	}
	return n
}

func microsOf(dst []int64, days []arrow.Date32) []int64 {
	for i := range dst {
		dst[i] = int64(days[i]) * microsPerDay
	}
	return dst
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

func (c *vectorCompiler) call(call ast.CallExpr) *node {
	args := call.Args()
	name := call.FunctionName()
	if call.IsMemberFunction() {
		if target := callTarget(call); target != "" { // cn.id_birth(x), parsed as a member call
			return c.function(target, args)
		}
		if n := c.method(name, call.Target(), args); n != nil {
			return n
		}
		return c.partMethod(name, call.Target(), args)
	}
	switch {
	case name == operators.LogicalAnd || name == operators.LogicalOr:
		return c.logical(args, name == operators.LogicalAnd)
	case name == operators.LogicalNot:
		return c.not(args[0])
	case name == operators.In || name == operators.OldIn:
		return c.member(args[0], args[1])
	case len(args) == 2 && (name == operators.Equals || name == operators.NotEquals):
		if n := c.nullTest(args, name == operators.NotEquals); n != nil {
			return n
		}
		return c.comparison(name, args)
	case len(args) == 2 && isComparison[name]:
		return c.comparison(name, args)
	case len(args) == 2 && isArithmetic[name]:
		if n := c.arithmetic(name, args); n != nil {
			return n
		}
		return c.joining(name, args)
	case name == operators.Conditional:
		return c.choice(args)
	case name == "days_between" && len(args) == 2:
		return c.daysBetween(args)
	case name == operators.Negate:
		return c.negate(args[0])
	}
	return c.function(name, args)
}

// callTarget is the full name of a function in a namespace, as in cn.id_birth(x), "" if call is no such.
func callTarget(call ast.CallExpr) string {
	if t := call.Target(); t.Kind() == ast.IdentKind && t.AsIdent() == "cn" {
		return "cn." + call.FunctionName()
	}
	return ""
}

// logical is && (and) or || of two or more operands. As in CEL a false operand
// decides && and a true one ||, whatever the others are; the right operand is looked
// at only where the left one does not decide.
func (c *vectorCompiler) logical(args []ast.Expr, and bool) *node {
	operands := make([]*node, len(args))
	for k := range args {
		if operands[k] = c.node(args[k]); operands[k] == nil || operands[k].kind != boolNode {
			return nil
		}
	}
	return &node{kind: boolNode, eval: func(f *frame) vec {
		whole := f.live
		truth, known := f.bits(), f.bits()
		open, undecided := f.bits(), f.bits() // no operand decided yet; some operand was unknown
		copy(open, whole)
		for _, o := range operands {
			f.live = open
			v := o.eval(f)
			rest := f.bits()
			for k := range open {
				is := ^uint64(0)
				if v.known != nil {
					is = v.known[k]
				}
				decides := open[k] & is & v.bools[k]
				if and {
					decides = open[k] & is &^ v.bools[k]
				}
				undecided[k] |= open[k] &^ is
				known[k] |= decides
				if !and {
					truth[k] |= decides
				}
				rest[k] = open[k] &^ decides
			}
			open = rest
		}
		f.live = whole
		for k := range open { // every operand known and none decided
			agreed := open[k] &^ undecided[k]
			known[k] |= agreed
			if and {
				truth[k] |= agreed
			}
		}
		return vec{known: known, bools: truth}
	}}
}

func (c *vectorCompiler) not(arg ast.Expr) *node {
	n := c.node(arg)
	if n == nil || n.kind != boolNode {
		return nil
	}
	return &node{kind: boolNode, eval: func(f *frame) vec {
		v := n.eval(f)
		out := f.bits()
		for k := range out {
			out[k] = ^v.bools[k]
		}
		return vec{known: v.known, bools: out}
	}}
}

// nullTest is field == null or field != null; nil if it is not that.
func (c *vectorCompiler) nullTest(args []ast.Expr, unequal bool) *node {
	for k, a := range args {
		other := args[1-k]
		if a.Kind() != ast.LiteralKind || a.AsLiteral() != types.NullValue || other.Kind() != ast.IdentKind {
			continue
		}
		f := c.program.fieldIndex(other.AsIdent())
		if f < 0 {
			return nil
		}
		return &node{kind: boolNode, eval: func(fr *frame) vec {
			out := fr.bits()
			for w, valid := range fr.s.columns[f].valid {
				if out[w] = valid; !unequal {
					out[w] = ^valid
				}
			}
			return vec{bools: out}
		}}
	}
	return nil
}
