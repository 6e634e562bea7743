package expr

import (
	"encoding/json"
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"clearwell/rules/wording"
)

// Aggregate is an expression over whole columns: sum(amount) / count(). Its JSON
// form is the text alone.
type Aggregate struct {
	Text  string
	Terms []AggregateTerm // what it asks for, each once, in order of first use

	vars []Var
}

// AggregateTerm is one statistic of one column.
type AggregateTerm struct {
	Function string // one of AggregateFunctions
	Field    string // empty for count
}

// MarshalJSON gives the text.
func (a *Aggregate) MarshalJSON() ([]byte, error) { return json.Marshal(a.Text) }

// Fields are the fields that the expression reads, each once.
func (a *Aggregate) Fields() []string {
	var out []string
	for _, t := range a.Terms {
		if t.Field != "" && !slices.Contains(out, t.Field) {
			out = append(out, t.Field)
		}
	}
	return out
}

// AggregateFunctions are the statistics that an aggregate may ask for. All give a double.
var AggregateFunctions = []string{"count", "nulls", "distinct", "sum", "mean", "min", "max", "median", "stddev"}

// anyKind are those that take a field of any type.
var anyKind = []string{"nulls", "distinct"}

// NewAggregate checks text over fields vars. The error is of type Problems.
func NewAggregate(text string, vars []Var) (*Aggregate, error) {
	a := &Aggregate{Text: text, vars: vars}
	env, err := a.env(nil)
	if err != nil {
		return nil, err
	}
	parsed, issues := env.Parse(text)
	if err := problems(issues); err != nil {
		return nil, err
	}
	checked, issues := env.Check(parsed)
	if err := problems(issues); err != nil {
		return nil, err
	}
	if got := checked.OutputType(); !got.IsExactType(cel.DoubleType) && !got.IsExactType(cel.DynType) {
		return nil, Problems{{Line: 1, Column: 1, Message: wording.Textf("the aggregate gives %s, expected a number (double)", plainWords(got.String()))}}
	}
	return a, a.collect(checked.NativeRep())
}

// collect notes the terms, and refuses fields that stand outside of a statistic.
func (a *Aggregate) collect(tree *ast.AST) error {
	root := ast.NavigateAST(tree)
	var wrong Problems
	at := func(id int64) Problem {
		l := tree.SourceInfo().GetStartLocation(id)
		return Problem{Line: max(l.Line(), 1), Column: max(l.Column(), 0) + 1}
	}
	inside := map[int64]bool{}
	for _, n := range ast.MatchDescendants(root, ast.KindMatcher(ast.CallKind)) {
		call := n.AsCall()
		if !slices.Contains(AggregateFunctions, call.FunctionName()) {
			continue
		}
		t := AggregateTerm{Function: call.FunctionName()}
		if args := call.Args(); len(args) == 1 {
			if t.Field = ""; args[0].Kind() == ast.IdentKind {
				t.Field = args[0].AsIdent()
			}
			kind, ok := a.kindOf(t.Field)
			p := at(n.ID())
			switch {
			case !ok:
				p.Message = wording.Textf("%s takes one field by its name", t.Function)
				wrong = append(wrong, p)
				continue
			case kind != Integer && kind != Number && kind != Any && !slices.Contains(anyKind, t.Function):
				p.Message = wording.Textf("%s is for numbers, the field %s is %s", t.Function, t.Field, kind)
				wrong = append(wrong, p)
			}
			inside[args[0].ID()] = true
		}
		if !slices.Contains(a.Terms, t) {
			a.Terms = append(a.Terms, t)
		}
	}
	for _, n := range ast.MatchDescendants(root, ast.KindMatcher(ast.IdentKind)) {
		if name := n.AsIdent(); !inside[n.ID()] {
			if _, ok := a.kindOf(name); ok {
				p := at(n.ID())
				p.Message = wording.Textf("the field %s stands for a whole column here; write sum(%s), mean(%s) or another of %s", name, name, name, wording.List(AggregateFunctions))
				wrong = append(wrong, p)
			}
		}
	}
	if len(wrong) == 0 && len(a.Terms) == 0 {
		wrong = Problems{{Line: 1, Column: 1, Message: wording.Textf("the aggregate asks for no statistic; write for example sum(amount) / count()")}}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

func (a *Aggregate) kindOf(name string) (Kind, bool) {
	for _, v := range a.vars {
		if v.Name == name {
			return v.Kind, true
		}
	}
	return "", false
}

// Eval gives the value; get gives the value of a term, ok false where it has none:
// then the aggregate has none either.
func (a *Aggregate) Eval(get func(AggregateTerm) (x float64, ok bool)) (x float64, ok bool, err error) {
	for _, t := range a.Terms {
		if _, ok := get(t); !ok {
			return 0, false, nil
		}
	}
	env, err := a.env(get)
	if err != nil {
		return 0, false, err
	}
	checked, issues := env.Compile(a.Text)
	if issues.Err() != nil {
		return 0, false, fmt.Errorf("aggregate %q: %w", a.Text, issues.Err())
	}
	program, err := env.Program(checked)
	if err != nil {
		return 0, false, fmt.Errorf("aggregate %q: %w", a.Text, err)
	}
	names := map[string]any{}
	for _, v := range a.vars {
		names[v.Name] = v.Name
	}
	out, _, err := program.Eval(names)
	if err != nil {
		return 0, false, fmt.Errorf("aggregate %q: %w", a.Text, err)
	}
	f, isFloat := out.(types.Double)
	if !isFloat {
		return 0, false, fmt.Errorf("aggregate %q gives no number", a.Text)
	}
	return float64(f), true, nil
}

// env declares every field as its own name, and the statistics, bound to get.
func (a *Aggregate) env(get func(AggregateTerm) (float64, bool)) (*cel.Env, error) {
	root, err := base()
	if err != nil {
		return nil, fmt.Errorf("expression environment: %w", err)
	}
	var options []cel.EnvOption
	for _, v := range a.vars {
		options = append(options, cel.Variable(v.Name, cel.DynType))
	}
	value := func(t AggregateTerm) ref.Val {
		if get == nil {
			return types.Double(0)
		}
		x, _ := get(t)
		return types.Double(x)
	}
	for _, name := range AggregateFunctions {
		if name == "count" {
			options = append(options, cel.Function(name, cel.Overload(name+"_of_rows", nil, cel.DoubleType,
				cel.FunctionBinding(func(...ref.Val) ref.Val { return value(AggregateTerm{Function: name}) }))))
			continue
		}
		options = append(options, cel.Function(name, cel.Overload(name+"_of_column", []*cel.Type{cel.DynType}, cel.DoubleType,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				return value(AggregateTerm{Function: name, Field: string(v.(types.String))})
			}))))
	}
	return root.Extend(options...)
}
