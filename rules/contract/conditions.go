package contract

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// ValueConditions are further conditions on the value of one field. They are keys of
// a check, of a rule with a field, and of the blocks inside any_of, all_of, not, if and then.
type ValueConditions struct {
	NotSet     *Set          `yaml:"not_set" doc:"The forbidden values, written as for set."`
	NotPattern *syntax.Text  `yaml:"not_pattern" doc:"Regular expression (RE2) that the whole value does not match."`
	Like       []syntax.Text `yaml:"like" single:"yes" doc:"Pattern of SQL, or a list of which one is enough: % is any text, _ one character, \\ before a sign takes it as it is."`
	NotLike    []syntax.Text `yaml:"not_like" single:"yes" doc:"Pattern of SQL that the value is not like, or a list of them."`
	Validate   *syntax.Text  `yaml:"validate" doc:"Tags of go-playground/validator with , for and, | for or: email,max=64."`
	JSON       *JSONCheck    `yaml:"json" doc:"true: the text is JSON; {schema: file}: and valid by this JSON Schema."`
	Compare    *Comparison   `yaml:"compare" doc:"Compares with another field or a value: <= end_date, start < end, [start, <=, end]; signs < <= == != >= >."`
	Tolerance  syntax.Text   `yaml:"tolerance" doc:"How far compare and sum_of may be off: a number; of dates and times a duration such as 3d or 12h."`
	AnyOf      []Block       `yaml:"any_of" doc:"Blocks of conditions of which one must hold."`
	AllOf      []Block       `yaml:"all_of" doc:"Blocks of conditions that must all hold."`
	Not        *Block        `yaml:"not" doc:"Block of conditions that must not all hold."`
}

// Block is a block of conditions inside a condition. They mean what they mean in
// Check. Where one of them is unknown and none is false the block is unknown.
type Block struct {
	Pos             syntax.Pos     `yaml:"-"`
	Required        *Flagged       `yaml:"required" doc:"true: the value is not null."`
	Standard        *StandardCheck `yaml:"standard" doc:"true: valid by the field's standard; or the name of another one."`
	Length          *Bounds        `yaml:"length" doc:"Number of characters: [least, most], either may be ~; or one number."`
	Range           *Bounds        `yaml:"range" doc:"Value: [least, most], either may be ~; or {min, max, above, below}."`
	Set             *Set           `yaml:"set" doc:"The allowed values: a list, {table: name} of standards/, or {file: path, column: name or number}."`
	Pattern         *syntax.Text   `yaml:"pattern" doc:"Regular expression (RE2) that the whole value matches."`
	Expr            *syntax.Text   `yaml:"expr" doc:"CEL that must be true."`
	ValueConditions `yaml:",inline"`

	Wrong bool `yaml:"-"` // something in it has been reported
}

// blockKeys is Block without its decoder.
type blockKeys Block

// DecodeYAML implements syntax.Decoder.
func (b *Block) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	before := len(r.All)
	syntax.Decode(n, label, (*blockKeys)(b), r)
	b.Wrong = len(r.All) > before
}

// Doc implements syntax.Documented.
func (*Block) Doc() string { return "Conditions that all hold, or not." }

// AsCheck is the block as a check without an id or consequences.
func (b *Block) AsCheck() Check {
	return Check{Pos: b.Pos, Required: b.Required, Standard: b.Standard, Length: b.Length, Range: b.Range, Set: b.Set,
		Pattern: b.Pattern, Expr: b.Expr, ValueConditions: b.ValueConditions}
}

// JSONCheck is true, or the file of a JSON Schema.
type JSONCheck struct {
	Pos    syntax.Pos
	Schema syntax.Text
}

// jsonBlock is the long form of JSONCheck.
type jsonBlock struct {
	Schema syntax.Text `yaml:"schema" need:"yes" doc:"File with a JSON Schema, relative to the workspace; all it refers to stands in it."`
}

// DecodeYAML implements syntax.Decoder.
func (c *JSONCheck) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	c.Pos = n.Pos
	if n.Shape == syntax.Map {
		var block jsonBlock
		syntax.Decode(n, label, &block, r)
		c.Schema = block.Schema
		return
	}
	var t syntax.Text
	if syntax.TextOf(n, label, &t, r) && t.Value != "true" {
		r.Addf(t.Pos, "%q takes true or {schema: file}, not %q", label, t.Value)
	}
}

// JSONSchema implements syntax.Schemer.
func (c *JSONCheck) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Words("true"), s.Of(jsonBlock{}))
}

// Comparison is left, sign, right: as one text, or as a list of three. Left may be
// missing in a text: it is the field then on which the check is.
type Comparison struct {
	Pos         syntax.Pos
	Left, Right Operand
	Sign        string // < <= == != >= >
}

// Operand is one side of a comparison.
type Operand struct {
	syntax.Text
	Quoted bool // stood in quotes inside the text: a value, no field
}

var (
	comparisonText = regexp.MustCompile(`^([^<>=!]*?)\s*(<=|>=|==|!=|=|<|>)\s*([^<>=!].*)$`)
	// ComparisonSigns are the signs of a comparison.
	ComparisonSigns = []string{"<=", ">=", "==", "!=", "<", ">"}
)

// DecodeYAML implements syntax.Decoder.
func (c *Comparison) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	c.Pos = n.Pos
	if n.Shape == syntax.List {
		var parts []syntax.Text
		syntax.Decode(n, label, &parts, r)
		if len(parts) != 3 {
			r.Addf(n.Pos, "%q as a list has three parts: [start, <=, end]", label)
			return
		}
		sign := parts[1]
		if sign.Value == "=" {
			sign.Value = "=="
		}
		if sign.Given() && parts[0].Given() && parts[2].Given() && syntax.Among(sign, wording.Textf("the sign of %s", label), ComparisonSigns, r) {
			c.Left, c.Sign, c.Right = operandOf(parts[0]), sign.Value, operandOf(parts[2])
		}
		return
	}
	var t syntax.Text
	if !syntax.TextOf(n, label, &t, r) {
		return
	}
	m := comparisonText.FindStringSubmatchIndex(t.Value)
	if m == nil {
		r.Addf(t.Pos, "%q compares two fields, or a field and a value: start <= end; signs are %s, not %q", label, strings.Join(ComparisonSigns, " "), t.Value)
		return
	}
	part := func(from, to int) Operand {
		text := t.Value[from:to]
		at := t.At(1, len([]rune(t.Value[:from]))+1)
		return operandOf(syntax.Text{Value: strings.TrimSpace(text), Pos: at})
	}
	if m[2] < m[3] {
		c.Left = part(m[2], m[3])
	}
	if c.Sign = t.Value[m[4]:m[5]]; c.Sign == "=" {
		c.Sign = "=="
	}
	c.Right = part(m[6], m[7])
}

// operandOf takes quotes off a text.
func operandOf(t syntax.Text) Operand {
	o := Operand{Text: t}
	if v := t.Value; len(v) >= 2 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
		o.Value, o.Quoted = v[1:len(v)-1], true
	}
	return o
}

// JSONSchema implements syntax.Schemer.
func (c *Comparison) JSONSchema(*syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Object{"type": "string"},
		syntax.Object{"type": "array", "items": syntax.AnyText(), "minItems": 3, "maxItems": 3})
}

// Weight says how much a check weighs: common keys of checks and rules.
type Weight struct {
	Severity syntax.Text `yaml:"severity" oneof:"error warn gate" doc:"warn: never blocks, rows that fail are kept unless on_fail says otherwise; error (default); gate: any failure above allow refuses the version, allow being none by default."`
	Mostly   *Mostly     `yaml:"mostly" doc:"Share of the checked rows that must pass, such as 95% or 0.95; the same as allow: 5%."`
	Nulls    syntax.Text `yaml:"nulls" oneof:"skip_any skip_all fail" doc:"Rows with nulls among the fields of the conditions: skip_any (default) does not check rows with any null, skip_all only those where all are null, fail lets any null fail."`
}

// Mostly is the share of rows that must pass, kept as the share that may fail.
type Mostly struct {
	Pos     syntax.Pos
	MayFail Bound // only its share is given; none if the text was wrong
}

// DecodeYAML implements syntax.Decoder.
func (m *Mostly) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	m.Pos = n.Pos
	var t syntax.Text
	if !syntax.TextOf(n, label, &t, r) {
		return
	}
	number, whole := t.Value, int64(1)
	if percent, ok := strings.CutSuffix(number, "%"); ok {
		number, whole = strings.TrimSpace(percent), 100
	}
	if fail, ok := restOfShare(number, whole); ok {
		m.MayFail.Share = &fail
		return
	}
	r.Addf(t.Pos, "%q is the share of rows that must pass, from 0%% to 100%%, such as 95%% or 0.95, not %q", label, t.Value)
}

// JSONSchema implements syntax.Schemer.
func (m *Mostly) JSONSchema(*syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Object{"type": "string", "pattern": "%$"}, syntax.Object{"type": "number", "minimum": 0, "maximum": 1})
}

// isKeyOf reports whether key is a key of the block type T.
func isKeyOf[T any](key string) bool {
	return slices.ContainsFunc(syntax.Fields(reflect.TypeFor[T]()), func(f reflect.StructField) bool { return f.Tag.Get("yaml") == key })
}
