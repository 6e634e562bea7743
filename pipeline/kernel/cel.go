package kernel

import (
	"fmt"
	"math/bits"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"clearwell/rules"
	"clearwell/rules/expr"
)

// A predicate evaluates an expression on the rows of scope. It adds the rows on
// which it is true or false to known and those on which it is true to truth; it
// may do so outside of scope too. It gives the number of rows on which evaluation
// went wrong (overflow, division by zero); they are unknown.
type predicate interface {
	eval(s *state, scope, known, truth Bits) (mistakes int)
}

// newPredicate compiles an expression: its common forms to column kernels, any
// other to evaluation row by row.
func newPredicate(p *Program, x *expr.Expr) (predicate, error) {
	r, err := newRowPredicate(p, x)
	if err != nil {
		return nil, err
	}
	if v, ok := compileVector(p, x, r); ok {
		return v, nil
	}
	return r, nil
}

// rowPredicate evaluates an expression row by row.
type rowPredicate struct {
	program   *expr.Program
	fields    []int // columns read, in the order of Expr.Fields
	scales    []int32
	mandatory []int // columns whose null makes the result unknown
}

func newRowPredicate(p *Program, x *expr.Expr) (*rowPredicate, error) {
	program, err := expr.NewProgram(x)
	if err != nil {
		return nil, err
	}
	r := &rowPredicate{program: program}
	for _, name := range x.Fields {
		f := p.fieldIndex(name)
		if f < 0 {
			return nil, fmt.Errorf("expression %q reads unknown field %q", x.Text, name)
		}
		r.fields = append(r.fields, f)
		r.scales = append(r.scales, int32(p.fields[f].typ.Scale))
	}
	for k, name := range x.Fields {
		tested := false
		for _, t := range x.TestsNull {
			tested = tested || t == name
		}
		if !tested {
			r.mandatory = append(r.mandatory, r.fields[k])
		}
	}
	return r, nil
}

// live narrows scope to the rows on which no mandatory field is null; the others are unknown.
func (r *rowPredicate) live(s *state, scope, live Bits) {
	copy(live, scope)
	for _, f := range r.mandatory {
		live.And(s.columns[f].valid)
	}
}

func (r *rowPredicate) eval(s *state, scope, known, truth Bits) int {
	live := s.borrow()
	r.live(s, scope, live)
	mistakes := r.evalRows(s, live, known, truth)
	s.giveBack(live)
	return mistakes
}

// evalRows evaluates exactly the rows of live.
func (r *rowPredicate) evalRows(s *state, live, known, truth Bits) (mistakes int) {
	row := 0
	get := func(k int) ref.Val { return s.columns[r.fields[k]].cel(row, r.scales[k]) }
	for k, w := range live {
		for ; w != 0; w &= w - 1 {
			row = k<<6 + bits.TrailingZeros64(w)
			result, err := r.program.Eval(get)
			if err != nil {
				mistakes++
				continue
			}
			if result != expr.Unknown {
				known.Set(row)
			}
			if result == expr.True {
				truth.Set(row)
			}
		}
	}
	return mistakes
}

// cel is the value of a row as expressions see it.
func (c *column) cel(row int, scale int32) ref.Val {
	if !c.valid.Get(row) {
		return types.NullValue
	}
	switch c.kind {
	case rules.Integer:
		return types.Int(c.ints[row])
	case rules.Number:
		return types.Double(c.floats[row])
	case rules.Decimal:
		return types.Double(decimalFloat(c.decimals[row], scale))
	case rules.Boolean:
		return types.Bool(c.bools.Get(row))
	case rules.Date:
		return expr.Day(int32(c.dates[row]))
	case rules.Timestamp:
		return expr.Micros(c.ints[row])
	default:
		return types.String(c.text.cell(row))
	}
}

// decimalFloat is a decimal as expressions see it: the nearest float64 where the
// unscaled value has at most 15 digits.
func decimalFloat(d decimal128.Num, scale int32) float64 {
	if hi, lo := d.HighBits(), d.LowBits(); scale < int32(len(exactPowers)) && (hi == 0 && lo < 1<<53 || hi == -1 && -lo < 1<<53) {
		return float64(int64(lo)) / exactPowers[scale]
	}
	return d.ToFloat64(scale)
}
