package contract

import (
	"math/big"
	"strconv"
	"strings"

	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// Checks are the checks of a field.
type Checks struct{ List []Check }

// DecodeYAML implements syntax.Decoder.
func (c *Checks) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	items := []*syntax.Node{n}
	if n.Shape == syntax.List {
		items = n.Items
	}
	for _, item := range items {
		var check Check
		before := len(r.All)
		syntax.Decode(item, label, &check, r)
		check.Wrong = len(r.All) > before
		c.List = append(c.List, check)
	}
}

// JSONSchema implements syntax.Schemer.
func (c *Checks) JSONSchema(s *syntax.Schemas) syntax.Object {
	one := s.Of(Check{})
	return syntax.Either(one, syntax.ListOf(one))
}

// Check is one rule on a field: one or more conditions that all must hold.
type Check struct {
	Pos      syntax.Pos     `yaml:"-"`
	ID       syntax.Text    `yaml:"id" doc:"Stable name, unique in the contract; default: the field and the conditions, such as amount.range."`
	Title    Titles         `yaml:"title" doc:"Title: one text, or one per language."`
	Required *Flagged       `yaml:"required" doc:"true: the value is not null."`
	Type     *Flagged       `yaml:"type" doc:"true: the text could be read as the field's type."`
	Standard *StandardCheck `yaml:"standard" doc:"true: valid by the field's standard; or the name of another one."`
	Length   *Bounds        `yaml:"length" doc:"Number of characters: [least, most], either may be ~; or one number."`
	Range    *Bounds        `yaml:"range" doc:"Value: [least, most], either may be ~; or {min, max, above, below}."`
	Set      *Set           `yaml:"set" doc:"The allowed values: a list, {table: name} of standards/, or {file: path, column: name or number}."`
	Pattern  *syntax.Text   `yaml:"pattern" doc:"Regular expression (RE2) that the whole value matches."`
	Unique   *Flagged       `yaml:"unique" doc:"true: no other row has the same value; all copies fail."`
	Expr     *syntax.Text   `yaml:"expr" doc:"CEL that must be true."`

	ValueConditions `yaml:",inline"`

	When      syntax.Text `yaml:"when" doc:"CEL; the check is made only on rows for which it is true."`
	Dimension syntax.Text `yaml:"dimension" oneof:"normativity completeness accuracy consistency timeliness accessibility" doc:"Quality dimension of GB/T 36344; default by kind of check."`
	Indicator syntax.Text `yaml:"indicator" doc:"Indicator of GB/T 36344, 0101 to 0602; default by kind of check."`
	OnFail    *OnFail     `yaml:"on_fail" doc:"What happens where the check fails; default: the field's, else quarantine."`
	Allow     *Allow      `yaml:"allow" doc:"How many of the checked rows may fail before the version is not published: 2%, 50, 2% or 50, or {warn: 1%, fail: 5%}; default: any."`
	Basis     syntax.Text `yaml:"basis" doc:"The regulation that the check rests on."`
	Fix       syntax.Text `yaml:"fix" doc:"What the department is told to do."`

	SettledChecks  `yaml:",inline"`
	ColumnMeasures `yaml:",inline"`
	Weight         `yaml:",inline"`

	Forms RowForms `yaml:"-"` // conditions over several fields, of a check that stands under rules
	Wrong bool     `yaml:"-"` // something in it has been reported
}

// Doc implements syntax.Documented.
func (*Check) Doc() string { return "One check on a field: conditions that all must hold." }

// MisplacedKey implements syntax.Misplaced.
func (*Check) MisplacedKey(key string) *wording.Text {
	if isKeyOf[RowConditions](key) {
		return wording.Textf("it is not about one field; write it under rules: {id: ..., check: {%s: ...}}", key)
	}
	return nil
}

// RowCheck is the check of an entry of rules: CEL, unique over several fields, or
// the conditions of a check on the field that the entry names.
type RowCheck struct {
	Pos    syntax.Pos
	Expr   syntax.Text
	Unique []syntax.Text // unique over several fields
	Block  *RowConditions
	Rowly  bool // all conditions of Block may stand without a field
	Tably  bool // all keys of Block measure the table
	Keys   int  // of Block
	Wrong  bool // something in it has been reported
}

// RowConditions are the conditions of a check that stands under rules. They mean what they mean in Check.
type RowConditions struct {
	Pos      syntax.Pos     `yaml:"-"`
	Required *Flagged       `yaml:"required" doc:"true: the value is not null."`
	Type     *Flagged       `yaml:"type" doc:"true: the text could be read as the field's type."`
	Standard *StandardCheck `yaml:"standard" doc:"true: valid by the field's standard; or the name of another one."`
	Length   *Bounds        `yaml:"length" doc:"Number of characters: [least, most], either may be ~; or one number."`
	Range    *Bounds        `yaml:"range" doc:"Value: [least, most], either may be ~; or {min, max, above, below}."`
	Set      *Set           `yaml:"set" doc:"The allowed values: a list, {table: name} of standards/, or {file: path, column: name or number}."`
	Pattern  *syntax.Text   `yaml:"pattern" doc:"Regular expression (RE2) that the whole value matches."`
	Expr     *syntax.Text   `yaml:"expr" doc:"CEL that must be true."`
	Unique   uniqueFields   `yaml:"unique" doc:"No other row has the same values in these fields (true: in this field); all copies fail."`

	ValueConditions `yaml:",inline"`
	RowForms        `yaml:",inline"`
	SettledChecks   `yaml:",inline"`
	SettledForms    `yaml:",inline"`
	ColumnMeasures  `yaml:",inline"`
	TableMeasures   `yaml:",inline"`
}

// Doc implements syntax.Documented.
func (*RowConditions) Doc() string { return "Conditions that all must hold." }

// uniqueFields is true, or the fields of a key.
type uniqueFields struct {
	own    *Flagged
	fields []syntax.Text
}

// DecodeYAML implements syntax.Decoder.
func (u *uniqueFields) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape == syntax.Scalar && (n.Text == "true" || n.Text == "false") {
		syntax.Decode(n, label, &u.own, r)
		return
	}
	if n.Shape == syntax.Scalar {
		n = &syntax.Node{Shape: syntax.List, Pos: n.Pos, Items: []*syntax.Node{n}}
	}
	syntax.Decode(n, label, &u.fields, r)
	if n.Shape == syntax.List && len(n.Items) == 0 {
		r.Addf(n.Pos, "%q names no field", label)
	}
}

// JSONSchema implements syntax.Schemer.
func (u *uniqueFields) JSONSchema(*syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Words("true"), syntax.Object{"type": "string"}, syntax.ListOf(syntax.Object{"type": "string"}))
}

// DecodeYAML implements syntax.Decoder.
func (c *RowCheck) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	c.Pos = n.Pos
	before := len(r.All)
	defer func() { c.Wrong = len(r.All) > before }()
	if n.Shape != syntax.Map {
		syntax.TextOf(n, label, &c.Expr, r)
		return
	}
	var block RowConditions
	syntax.Decode(n, label, &block, r)
	if c.Unique = block.Unique.fields; c.Unique == nil {
		c.Block, c.Rowly, c.Tably, c.Keys = &block, formsOnly(n), tableOnly(n), len(n.Entries)
	} else if len(n.Entries) > 1 {
		r.Addf(n.Pos, "unique over several fields is a rule of its own; move the other conditions to another rule")
	}
}

// JSONSchema implements syntax.Schemer.
func (c *RowCheck) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Object{"type": "string"}, s.Of(RowConditions{}))
}

// FieldCheck is the entry as a check on its field; ok only if its check is a block of conditions.
func (n *Rule) FieldCheck() (c Check, ok bool) {
	b := n.Check.Block
	if b == nil {
		return Check{}, false
	}
	measures := b.ColumnMeasures
	if n.Over.Given() {
		measures.Over = n.Over
	}
	return Check{ColumnMeasures: measures, Wrong: n.Check.Wrong, Pos: n.Pos, ID: n.ID, Title: n.Title, Required: b.Required, Type: b.Type, Standard: b.Standard, Length: b.Length,
		Range: b.Range, Set: b.Set, Pattern: b.Pattern, Unique: b.Unique.own, Expr: b.Expr, ValueConditions: b.ValueConditions, SettledChecks: n.settledChecks(), Forms: b.RowForms, Weight: n.Weight, When: n.When, Dimension: n.Dimension,
		Indicator: n.Indicator, OnFail: n.OnFail, Allow: n.Allow, Basis: n.Basis, Fix: n.Fix}, true
}

// Bounds are the two ends of a range, or one number for both.
type Bounds struct {
	Pos              syntax.Pos
	Min, Max         syntax.Text // not given: no bound
	MinOpen, MaxOpen bool        // the bound itself is outside
}

// DecodeYAML implements syntax.Decoder.
func (b *Bounds) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	b.Pos = n.Pos
	wrong := false
	switch n.Shape {
	case syntax.List:
		if len(n.Items) != 2 {
			r.Addf(n.Pos, "%q needs two ends: [least, most], with ~ for none", label)
			return
		}
		b.end(n.Items[0], label, &b.Min, r)
		b.end(n.Items[1], label, &b.Max, r)
	case syntax.Map:
		var block boundsBlock
		before := len(r.All)
		syntax.Decode(n, label, &block, r)
		wrong = len(r.All) > before
		b.Min, b.Max = block.Min, block.Max
		b.open(block.Above, &b.Min, &b.MinOpen, "min", "above", r)
		b.open(block.Below, &b.Max, &b.MaxOpen, "max", "below", r)
	default:
		if syntax.TextOf(n, label, &b.Min, r) {
			b.Max = b.Min
		}
		return
	}
	if !b.Min.Given() && !b.Max.Given() && !wrong {
		r.Addf(n.Pos, "%q has no bound at all", label)
	}
}

func (b *Bounds) end(n *syntax.Node, label string, into *syntax.Text, r *syntax.Report) {
	if n.Shape != syntax.Null {
		syntax.TextOf(n, label, into, r)
	}
}

func (b *Bounds) open(given syntax.Text, into *syntax.Text, open *bool, closedKey, openKey string, r *syntax.Report) {
	if !given.Given() {
		return
	}
	if into.Given() {
		r.Addf(given.Pos, "%q and %q exclude each other", closedKey, openKey)
	}
	*into, *open = given, true
}

// boundsBlock is the long form of Bounds.
type boundsBlock struct {
	Min   syntax.Text `yaml:"min" doc:"Least value."`
	Max   syntax.Text `yaml:"max" doc:"Greatest value."`
	Above syntax.Text `yaml:"above" doc:"The value is greater than this."`
	Below syntax.Text `yaml:"below" doc:"The value is less than this."`
}

// JSONSchema implements syntax.Schemer.
func (b *Bounds) JSONSchema(s *syntax.Schemas) syntax.Object {
	end := syntax.Object{"type": []string{"string", "number", "null"}}
	pair := syntax.Object{"type": "array", "items": end, "minItems": 2, "maxItems": 2}
	return syntax.Either(pair, syntax.Object{"type": []string{"string", "number"}}, s.Of(boundsBlock{}))
}

// Set is the allowed values: in place, from a code table of the workspace, or from a column of a file.
type Set struct {
	Pos    syntax.Pos
	Values []syntax.Text
	Table  syntax.Text
	File   syntax.Text
	Column syntax.Text
}

// DecodeYAML implements syntax.Decoder.
func (s *Set) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	s.Pos = n.Pos
	if n.Shape == syntax.Map {
		var block setBlock
		before := len(r.All)
		syntax.Decode(n, label, &block, r)
		s.Table, s.File, s.Column = block.Table, block.File, block.Column
		if s.Table.Given() == s.File.Given() && len(r.All) == before {
			r.Addf(n.Pos, "%q takes either a table or a file", label)
		}
		return
	}
	syntax.Decode(n, label, &s.Values, r)
	if n.Shape == syntax.List && len(n.Items) == 0 {
		r.Addf(n.Pos, "%q is empty; nothing could pass", label)
	}
}

// setBlock is the long form of Set.
type setBlock struct {
	Table  syntax.Text `yaml:"table" doc:"Name of a code table in standards/."`
	File   syntax.Text `yaml:"file" doc:"CSV (.csv) or tab-separated (.tsv) file with a code per line, relative to the workspace."`
	Column syntax.Text `yaml:"column" doc:"Column of the file: its number from 1 where the file has no header, or its name in the header; default 1."`
}

// JSONSchema implements syntax.Schemer.
func (s *Set) JSONSchema(g *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.ListOf(syntax.AnyText()), g.Of(setBlock{}))
}

// OnFail is what happens where a check fails.
type OnFail struct {
	Action  syntax.Text // quarantine, null, keep, stop or replace
	Replace syntax.Text
}

var onFailWords = []string{"quarantine", "null", "keep", "stop"}

// DecodeYAML implements syntax.Decoder.
func (o *OnFail) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape == syntax.Map {
		var block replaceBlock
		syntax.Decode(n, label, &block, r)
		o.Action, o.Replace = syntax.Text{Value: "replace", Pos: n.Pos}, block.Replace
		return
	}
	if syntax.TextOf(n, label, &o.Action, r) {
		syntax.OneOf(o.Action, label, onFailWords, r)
	}
}

// replaceBlock is the form of OnFail that carries a value.
type replaceBlock struct {
	Replace syntax.Text `yaml:"replace" need:"yes" doc:"What the cell becomes."`
}

// JSONSchema implements syntax.Schemer.
func (o *OnFail) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Words(onFailWords...), s.Of(replaceBlock{}))
}

// Allow bounds the failures.
type Allow struct {
	Pos        syntax.Pos
	Warn, Fail *Bound
}

// Bound is a share of the checked rows, a count of rows, or both.
type Bound struct {
	Share *float64 // 0..1
	Count *int64
}

// DecodeYAML implements syntax.Decoder.
func (a *Allow) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	a.Pos = n.Pos
	if n.Shape != syntax.Map {
		var t syntax.Text
		if syntax.TextOf(n, label, &t, r) {
			a.Fail = boundOf(t, label, r)
		}
		return
	}
	var block allowBlock
	syntax.Decode(n, label, &block, r)
	if block.Warn.Given() {
		a.Warn = boundOf(block.Warn, "warn", r)
	}
	if block.Fail.Given() {
		a.Fail = boundOf(block.Fail, "fail", r)
	}
	if !block.Warn.Given() && !block.Fail.Given() && n.Shape == syntax.Map && len(n.Entries) == 0 {
		r.Addf(n.Pos, "%q needs warn, fail or both", label)
	}
}

// allowBlock is the long form of Allow.
type allowBlock struct {
	Warn syntax.Text `yaml:"warn" doc:"Above this the run warns: 1%, 50 or 1% or 50."`
	Fail syntax.Text `yaml:"fail" doc:"Above this the version is not published."`
}

// JSONSchema implements syntax.Schemer.
func (a *Allow) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Object{"type": []string{"string", "integer"}}, s.Of(allowBlock{}))
}

// boundOf reads 2%, 50 or 2% or 50.
func boundOf(t syntax.Text, label string, r *syntax.Report) *Bound {
	b := &Bound{}
	for part := range strings.SplitSeq(t.Value, " or ") {
		part = strings.TrimSpace(part)
		number, isShare := strings.CutSuffix(part, "%")
		if isShare && b.Share == nil {
			if share, ok := shareOf(strings.TrimSpace(number)); ok {
				b.Share = &share
				continue
			}
		} else if !isShare && b.Count == nil {
			if count, err := strconv.ParseInt(part, 10, 64); err == nil && count >= 0 {
				b.Count = &count
				continue
			}
		}
		r.Addf(t.Pos, "%q must be a share (2%%), a count (50) or both (2%% or 50), not %q", label, t.Value)
		return nil
	}
	return b
}

// shareOf is the float nearest to the percentage as written, so that 2% is 0.02.
func shareOf(percent string) (float64, bool) {
	x, ok := exactShare(percent, 100)
	if !ok {
		return 0, false
	}
	share, _ := x.Float64()
	return share, true
}

// restOfShare is what a share, in parts of whole, leaves: 95 of 100 leaves 0.05, and so does 0.95 of 1.
func restOfShare(number string, whole int64) (float64, bool) {
	x, ok := exactShare(number, whole)
	if !ok {
		return 0, false
	}
	share, _ := x.Sub(big.NewRat(1, 1), x).Float64()
	return share, true
}

// exactShare reads a number from 0 to whole as a part of it.
func exactShare(number string, whole int64) (*big.Rat, bool) {
	if len(number) == 0 || len(number) > 20 || strings.Trim(number, "0123456789.") != "" {
		return nil, false
	}
	x, ok := new(big.Rat).SetString(number)
	if !ok || x.Cmp(big.NewRat(whole, 1)) > 0 {
		return nil, false
	}
	return x.Quo(x, big.NewRat(whole, 1)), true
}
