package contract

import (
	"slices"

	"clearwell/rules/syntax"
)

// RowForms are the conditions over several fields of a row that need no CEL.
type RowForms struct {
	SumOf      []syntax.Text `yaml:"sum_of" doc:"Number fields whose sum is what equals says."`
	Equals     *Operand      `yaml:"equals" doc:"With sum_of: the field, or the number, that the sum equals."`
	Same       []syntax.Text `yaml:"same" doc:"Fields that all have the same value."`
	Differ     []syntax.Text `yaml:"differ" doc:"Fields of which no two have the same value."`
	Pair       *Pair         `yaml:"pair" doc:"Fields whose values together must stand in a list, a code table or a file: {fields: [a, b], in: [[x, y], ...]}."`
	Order      *OrderForm    `yaml:"order" doc:"Fields whose values ascend, [birth, start, end]; or {fields or field, values: the values of a named order from low to high, strictly, at_least, at_most}."`
	AtLeastOne []syntax.Text `yaml:"at_least_one" doc:"Fields of which one or more have a value."`
	ExactlyOne []syntax.Text `yaml:"exactly_one" doc:"Fields of which exactly one has a value."`
	AllOrNone  []syntax.Text `yaml:"all_or_none" doc:"Fields that either all have a value or none."`
	If         *Clause       `yaml:"if" doc:"The rule is checked only where this holds: CEL, or conditions by field."`
	Then       *Clause       `yaml:"then" doc:"With if: what must hold there: CEL, or conditions by field."`
}

// rowFormKeys are the keys of RowForms, and those of conditions on a field that may also stand alone in a rule.
var rowFormKeys = []string{"sum_of", "equals", "same", "differ", "pair", "order", "at_least_one", "exactly_one", "all_or_none", "if", "then", "compare", "tolerance"}

// Clause is the if or the then of a rule.
type Clause struct {
	Pos    syntax.Pos
	Expr   syntax.Text
	Fields syntax.Ordered[Block]
}

// DecodeYAML implements syntax.Decoder.
func (c *Clause) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	c.Pos = n.Pos
	if n.Shape != syntax.Map {
		syntax.TextOf(n, label, &c.Expr, r)
		return
	}
	syntax.Decode(n, label, &c.Fields, r)
	if len(n.Entries) == 0 {
		r.Addf(n.Pos, "%q has no condition; write CEL, or conditions by field: {status: {set: [3]}}", label)
	}
}

// JSONSchema implements syntax.Schemer.
func (c *Clause) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Object{"type": "string"}, syntax.Object{"type": "object", "additionalProperties": s.Of(Block{})})
}

// DecodeYAML implements syntax.Decoder.
func (o *Operand) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	var t syntax.Text
	if syntax.TextOf(n, label, &t, r) {
		*o = operandOf(t)
	}
}

// JSONSchema implements syntax.Schemer.
func (o *Operand) JSONSchema(*syntax.Schemas) syntax.Object { return syntax.AnyText() }

// Pair is fields and the combinations of values that they may have.
type Pair struct {
	Pos    syntax.Pos    `yaml:"-"`
	Fields []syntax.Text `yaml:"fields" need:"yes" doc:"Two or more fields."`
	In     *Tuples       `yaml:"in" need:"yes" doc:"The allowed combinations: [[x, y], ...], {table: name} (code and name of a code table), or {file: path, columns: [a, b]}."`
}

// Doc implements syntax.Documented.
func (*Pair) Doc() string { return "Fields whose values together must be one of a list." }

// Tuples are combinations of values: in place, from a code table, or from columns of a file.
type Tuples struct {
	Pos     syntax.Pos
	Rows    [][]Value
	Table   syntax.Text
	File    syntax.Text
	Columns []syntax.Text
}

// tuplesBlock is the long form of Tuples.
type tuplesBlock struct {
	Table   syntax.Text   `yaml:"table" doc:"Name of a code table in standards/; the pairs are its codes with their names."`
	File    syntax.Text   `yaml:"file" doc:"CSV (.csv) or tab-separated (.tsv) file, relative to the workspace."`
	Columns []syntax.Text `yaml:"columns" doc:"Columns of the file, one for each field: numbers from 1 where the file has no header, or names in the header; default 1, 2, ..."`
}

// DecodeYAML implements syntax.Decoder.
func (t *Tuples) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	t.Pos = n.Pos
	if n.Shape == syntax.Map {
		var block tuplesBlock
		before := len(r.All)
		syntax.Decode(n, label, &block, r)
		t.Table, t.File, t.Columns = block.Table, block.File, block.Columns
		if t.Table.Given() == t.File.Given() && len(r.All) == before {
			r.Addf(n.Pos, "%q takes either a table or a file", label)
		}
		return
	}
	syntax.Decode(n, label, &t.Rows, r)
	if n.Shape == syntax.List && len(n.Items) == 0 {
		r.Addf(n.Pos, "%q is empty; nothing could pass", label)
	}
}

// JSONSchema implements syntax.Schemer.
func (t *Tuples) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.ListOf(syntax.ListOf((&Value{}).JSONSchema(s))), s.Of(tuplesBlock{}))
}

// OrderForm is fields in the order of their values, or values in a named order.
type OrderForm struct {
	Pos      syntax.Pos    `yaml:"-"`
	Fields   []syntax.Text `yaml:"fields" doc:"Fields whose values ascend."`
	Field    syntax.Text   `yaml:"field" doc:"One field, with at_least, at_most or both."`
	Values   []syntax.Text `yaml:"values" doc:"The values from low to high; default: numbers, dates and text in their own order."`
	Strictly syntax.Flag   `yaml:"strictly" doc:"true: no two are equal."`
	AtLeast  syntax.Text   `yaml:"at_least" doc:"Least of values that the field may have."`
	AtMost   syntax.Text   `yaml:"at_most" doc:"Greatest of values that the field may have."`

	Wrong bool `yaml:"-"` // something in it has been reported
}

// orderBlock is OrderForm without its short form.
type orderBlock OrderForm

// DecodeYAML implements syntax.Decoder.
func (o *OrderForm) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	before := len(r.All)
	defer func() { o.Wrong = len(r.All) > before }()
	if n.Shape == syntax.Map {
		syntax.Decode(n, label, (*orderBlock)(o), r)
		return
	}
	o.Pos = n.Pos
	syntax.Decode(n, label, &o.Fields, r)
}

// JSONSchema implements syntax.Schemer.
func (o *OrderForm) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.ListOf(syntax.AnyText()), s.Of(orderBlock{}))
}

// formsOnly reports whether all keys of a block are those of conditions that need no field.
func formsOnly(n *syntax.Node) bool {
	return len(n.Entries) > 0 && !slices.ContainsFunc(n.Entries, func(e syntax.Entry) bool { return !slices.Contains(rowFormKeys, e.Key) })
}
