package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"clearwell/rules/wording"
)

// Kind is the kind of value of a variable or result as expressions see it.
type Kind string

// The kinds. Decimals are seen as Number: a comparison is exact up to 15
// significant digits; a bound that must be exact to the cent beyond that is a
// range check, which compares decimals.
const (
	String    Kind = "string"
	Integer   Kind = "integer"
	Number    Kind = "number"
	Boolean   Kind = "boolean"
	Timestamp Kind = "timestamp" // also dates: midnight of the day
	Any       Kind = "any"       // a field whose own type is wrong: nothing is said about it
)

// Limits of one expression: far above what a person writes, low enough that a
// hostile contract cannot exhaust the parser's stack.
const (
	maxCodePoints = 10_000
	maxDepth      = 100
)

// Var is a field that expressions may read.
type Var struct {
	Name string
	Kind Kind
}

// Env checks expressions over a fixed set of fields. It is safe for concurrent use.
type Env struct {
	cel  *cel.Env
	vars map[string]Kind
}

// Problem is one thing wrong with an expression.
type Problem struct {
	Line    int           // line in the text, from 1
	Column  int           // character in the line, from 1
	Message *wording.Text // what is wrong, for a person
	Unknown string        // the name that is not known, if that is what is wrong
}

func (p Problem) equal(q Problem) bool {
	return p.Line == q.Line && p.Column == q.Column && p.Message.String() == q.Message.String()
}

// Problems are all things wrong with one expression.
type Problems []Problem

// Error gives one line per problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = fmt.Sprintf("%d:%d: %s", x.Line, x.Column, x.Message)
	}
	return strings.Join(lines, "\n")
}

// base is the environment without fields; building it costs a millisecond, extending it little.
var base = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxCodePoints),
		cel.ParserRecursionLimit(maxDepth),
		cel.ExpressionNestingDepthLimit(maxDepth),
		ext.Strings(),
		ext.Math(),
	}
	return cel.NewEnv(append(options, functions()...)...)
})

// NewEnv builds the environment for fields vars. It fails on a name that
// stands twice or that CEL cannot use; see ReservedWord.
func NewEnv(vars []Var) (*Env, error) {
	root, err := base()
	if err != nil {
		return nil, fmt.Errorf("expression environment: %w", err)
	}
	e := &Env{vars: make(map[string]Kind, len(vars))}
	options := make([]cel.EnvOption, 0, len(vars))
	for _, v := range vars {
		t, ok := celTypes[v.Kind]
		if !ok {
			return nil, fmt.Errorf("field %s: expressions know no kind %q", v.Name, v.Kind)
		}
		if _, twice := e.vars[v.Name]; twice {
			return nil, fmt.Errorf("field %s stands twice", v.Name)
		}
		e.vars[v.Name] = v.Kind
		options = append(options, cel.Variable(v.Name, t))
	}
	if e.cel, err = root.Extend(options...); err != nil {
		return nil, fmt.Errorf("expression environment: %w", err)
	}
	return e, nil
}

// celTypes are the nullable CEL types of the kinds. A timestamp is nullable as it is.
var celTypes = map[Kind]*cel.Type{
	String:    cel.NullableType(cel.StringType),
	Integer:   cel.NullableType(cel.IntType),
	Number:    cel.NullableType(cel.DoubleType),
	Boolean:   cel.NullableType(cel.BoolType),
	Timestamp: cel.TimestampType,
	Any:       cel.DynType,
}

// ReservedWord reports whether name cannot be a field because CEL keeps it for itself.
func ReservedWord(name string) bool { return slices.Contains(reserved, name) }

// reserved are the words of the CEL grammar, and the first part of our function names.
var reserved = []string{
	"as", "break", "cn", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let",
	"loop", "math", "namespace", "null", "package", "return", "strings", "true", "var", "void", "while",
}

// Names are the fields and functions that an expression may use, for suggestions.
func (e *Env) Names() []string {
	names := slices.Clone(functionNames)
	for name := range e.vars {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Check parses text and checks its types; want is the kind of its result. The error is of type Problems.
func (e *Env) Check(text string, want Kind) (*Expr, error) {
	if strings.TrimSpace(text) == "" {
		return nil, Problems{{Line: 1, Column: 1, Message: wording.Textf("the expression is empty")}}
	}
	parsed, issues := e.cel.Parse(text)
	if err := problems(issues); err != nil {
		return nil, err
	}
	checked, issues := e.cel.Check(parsed)
	if err := problems(issues); err != nil {
		return nil, err
	}
	if got := checked.OutputType(); !got.IsEquivalentType(celTypes[want]) && !got.IsEquivalentType(plainTypes[want]) {
		return nil, Problems{{Line: 1, Column: 1, Message: wording.Textf("the expression gives %s, expected %s", plainWords(got.String()), wantWords[want])}}
	}
	x := &Expr{Text: text, AST: checked, env: e}
	e.collect(x)
	return x, nil
}

var plainTypes = map[Kind]*cel.Type{
	String: cel.StringType, Integer: cel.IntType, Number: cel.DoubleType, Boolean: cel.BoolType, Timestamp: cel.TimestampType,
}

var wantWords = map[Kind]wording.Phrase{
	String: "a string", Integer: "an int", Number: "a double", Boolean: "true or false (bool)", Timestamp: "a timestamp",
}

// collect notes the fields that x reads and those that it compares with null.
func (e *Env) collect(x *Expr) {
	root := ast.NavigateAST(x.AST.NativeRep())
	for _, n := range ast.MatchDescendants(root, ast.KindMatcher(ast.IdentKind)) {
		name := n.AsIdent()
		if _, ok := e.vars[name]; ok && !slices.Contains(x.Fields, name) {
			x.Fields = append(x.Fields, name)
		}
	}
	for _, n := range ast.MatchDescendants(root, ast.KindMatcher(ast.CallKind)) {
		call := n.AsCall()
		if f := call.FunctionName(); f != operators.Equals && f != operators.NotEquals {
			continue
		}
		args := call.Args()
		for i := range args {
			name, ok := e.fieldOf(args[i])
			if ok && isNull(args[1-i]) && !slices.Contains(x.TestsNull, name) {
				x.TestsNull = append(x.TestsNull, name)
			}
		}
	}
	order := slices.Clone(x.Fields)
	slices.SortFunc(x.TestsNull, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
}

func (e *Env) fieldOf(x ast.Expr) (string, bool) {
	if x.Kind() != ast.IdentKind {
		return "", false
	}
	_, ok := e.vars[x.AsIdent()]
	return x.AsIdent(), ok
}

func isNull(x ast.Expr) bool {
	return x.Kind() == ast.LiteralKind && x.AsLiteral() == ref.Val(types.NullValue)
}

// problems puts CEL's messages into plainer words. nil when there are none.
func problems(issues *cel.Issues) error {
	if issues == nil || issues.Err() == nil {
		return nil
	}
	var all Problems
	for _, e := range issues.Errors() {
		p := Problem{Line: max(e.Location.Line(), 1), Column: max(e.Location.Column(), 0) + 1, Message: celWords(e.Message)}
		if rest, ok := strings.CutPrefix(e.Message, "undeclared reference to '"); ok {
			p.Unknown, _, _ = strings.Cut(rest, "'")
		}
		if !slices.ContainsFunc(all, p.equal) {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return Problems{{Line: 1, Column: 1, Message: celWords(issues.Err().Error())}}
	}
	return all
}

// AsProblems unpacks the error of Check.
func AsProblems(err error) Problems {
	var p Problems
	if errors.As(err, &p) {
		return p
	}
	return Problems{{Line: 1, Column: 1, Message: wording.Textf("%v", err)}}
}
