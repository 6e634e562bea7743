package expr

import (
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Value evaluates an expression of any kind on one row; see Eval. The value is nil
// where the result is null or unknown. It is types.String, Int, Double, Bool or Timestamp.
func (p *Program) Value(get func(i int) ref.Val) (ref.Val, error) {
	out, err := p.run(get)
	if err != nil || out == nil {
		return nil, err
	}
	switch out.(type) {
	case types.String, types.Int, types.Double, types.Bool, types.Timestamp:
		return out, nil
	}
	return nil, nil // null, or a function had no answer
}

// Mandatory reports whether a null in the field of that name makes the result unknown.
func (e *Expr) Mandatory(field string) bool { return !slices.Contains(e.TestsNull, field) }
