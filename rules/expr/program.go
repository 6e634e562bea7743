package expr

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Result is the outcome of an expression on one row.
type Result uint8

// The outcomes.
const (
	Unknown Result = iota
	False
	True
)

func (r Result) String() string { return [...]string{"unknown", "false", "true"}[r] }

// Program evaluates one boolean expression row by row. It is safe for concurrent use.
type Program struct {
	program   cel.Program
	fields    []string
	testsNull []bool // by position in fields
	rows      sync.Pool
}

// NewProgram prepares x, which must come from Env.Check.
func NewProgram(x *Expr) (*Program, error) {
	if x.env == nil || x.AST == nil {
		return nil, fmt.Errorf("expression %q was not checked", x.Text)
	}
	program, err := x.env.cel.Program(x.AST, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", x.Text, err)
	}
	p := &Program{program: program, fields: x.Fields, testsNull: make([]bool, len(x.Fields))}
	for i, f := range x.Fields {
		p.testsNull[i] = slices.Contains(x.TestsNull, f)
	}
	p.rows.New = func() any { return &row{fields: x.Fields, values: make([]ref.Val, len(x.Fields))} }
	return p, nil
}

// Eval evaluates the expression on one row. get gives the value of Expr.Fields[i]:
// types.String, Int, Double, Bool, Day or Micros, or types.NullValue; it is
// called once for each field. The result is Unknown with an error
// where evaluation fails: division by zero, overflow, a bad regular expression in the data.
// The error's text may hold values of the row; it must not be logged for fields at level L3 or above.
func (p *Program) Eval(get func(i int) ref.Val) (Result, error) {
	out, err := p.run(get)
	switch {
	case err != nil:
		return Unknown, err
	case out == types.True:
		return True, nil
	case out == types.False:
		return False, nil
	}
	return Unknown, nil // null, or a function had no answer
}

// run evaluates the expression on one row; nil where a null decides.
func (p *Program) run(get func(i int) ref.Val) (ref.Val, error) {
	r := p.rows.Get().(*row)
	defer p.rows.Put(r)
	someNull := false
	for i := range p.fields {
		v := get(i)
		if v == nil || v == types.NullValue {
			if !p.testsNull[i] {
				return nil, nil
			}
			v, someNull = types.NullValue, true
		}
		r.values[i] = v
	}
	out, _, err := p.program.Eval(r)
	if err != nil {
		if someNull && strings.HasPrefix(err.Error(), noOverload) {
			return nil, nil // a null met an operator that takes none
		}
		return nil, err
	}
	return out, nil
}

// noOverload begins CEL's message for an operator on a type that it does not take.
// CEL exports no sentinel: each such error is a fresh value with this text.
const noOverload = "no such overload"

// row binds the fields of one row; it is reused.
type row struct {
	fields []string
	values []ref.Val
}

// ResolveName implements cel.Activation.
func (r *row) ResolveName(name string) (any, bool) {
	for i, f := range r.fields {
		if f == name {
			return r.values[i], true
		}
	}
	return nil, false
}

// Parent implements cel.Activation.
func (r *row) Parent() cel.Activation { return nil }
