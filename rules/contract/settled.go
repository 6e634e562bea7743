package contract

import "clearwell/rules/syntax"

// SettledChecks are conditions on one field that are known only when all rows were
// seen, or what another dataset publishes. They are keys of a check, and of a rule with a field.
type SettledChecks struct {
	ExistsIn   *Exists   `yaml:"exists_in" doc:"Where the value must stand: {dataset: d, field: f} (its current version; the dataset itself: the same delivery), {table: name} or {file: path, column: name or number}; under rules without field, value names the field."`
	Increasing *Trend    `yaml:"increasing" doc:"true: not less than the value before it in the source; {strictly: true, order: [values], by: [fields]}."`
	Decreasing *Trend    `yaml:"decreasing" doc:"true: not greater than the value before it in the source; written as for increasing."`
	Outlier    *Distance `yaml:"outlier" doc:"{z: 3}: at most so many standard deviations from the mean; {iqr: 1.5}: at most so many quartile distances beyond the quartiles."`
	Repair     *Repair   `yaml:"repair" doc:"Where the cell gets its value from where the check fails, before on_fail: majority (of depends), {from: field}, {lookup: ...} or {nearest: ...}; only if the row then passes all checks of a row on the field."`
}

// SettledForms are conditions over several fields that are known only when all rows
// were seen. Each is a rule of its own.
type SettledForms struct {
	Depends *Dependency `yaml:"depends" doc:"One field says what another is: {city: county}, or {from: [fields], to: field, when: CEL}; rows that do not have the most frequent value of their group fail, all rows of it where several are as frequent."`
	PairIn  *PairIn     `yaml:"pair_in" doc:"Values that stand together in a row of another dataset: {fields: [a, b], dataset: d, as: [x, y]}."`
}

// Any reports whether one of the conditions is given.
func (s *SettledForms) Any() bool { return s.Depends != nil || s.PairIn != nil }

// Exists is where a value must stand.
type Exists struct {
	Pos     syntax.Pos  `yaml:"-"`
	Dataset syntax.Text `yaml:"dataset" doc:"Dataset of the workspace."`
	Field   syntax.Text `yaml:"field" doc:"Field of that dataset, published as it is; default: of the same name."`
	Table   syntax.Text `yaml:"table" doc:"Name of a code table in standards/."`
	File    syntax.Text `yaml:"file" doc:"CSV (.csv) or tab-separated (.tsv) file, relative to the workspace."`
	Column  syntax.Text `yaml:"column" doc:"Column of the file: its number from 1, or its name in the header; default 1."`
	Value   syntax.Text `yaml:"value" doc:"Field of this contract whose value is looked for; only under rules without field."`
}

// Doc implements syntax.Documented.
func (*Exists) Doc() string { return "Where a value must stand." }

// PairIn is another dataset in which values stand together.
type PairIn struct {
	Pos     syntax.Pos    `yaml:"-"`
	Fields  []syntax.Text `yaml:"fields" need:"yes" doc:"Two or more fields."`
	Dataset syntax.Text   `yaml:"dataset" need:"yes" doc:"Dataset of the workspace, of which the current version is taken; this one itself: the same delivery."`
	As      []syntax.Text `yaml:"as" doc:"Fields of that dataset, in the same order; default: of the same names."`
}

// Doc implements syntax.Documented.
func (*PairIn) Doc() string { return "Fields whose values must stand together in another dataset." }

// Dependency is from, which says what to is.
type Dependency struct {
	Pos  syntax.Pos
	From []syntax.Text
	To   syntax.Text
	When syntax.Text
}

// dependencyBlock is the long form of Dependency.
type dependencyBlock struct {
	From []syntax.Text `yaml:"from" need:"yes" single:"yes" doc:"Fields that together say what the other is."`
	To   syntax.Text   `yaml:"to" need:"yes" doc:"The field that depends on them."`
	When syntax.Text   `yaml:"when" doc:"CEL; only rows for which it is true are looked at."`
}

// DecodeYAML implements syntax.Decoder.
func (d *Dependency) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	d.Pos = n.Pos
	if n.Shape == syntax.Map && len(n.Entries) == 1 && n.Entries[0].Key != "from" && n.Entries[0].Key != "to" {
		e := n.Entries[0]
		d.From = []syntax.Text{{Value: e.Key, Pos: e.KeyPos}}
		syntax.TextOf(e.Value, e.Key, &d.To, r)
		return
	}
	var block dependencyBlock
	syntax.Decode(n, label, &block, r)
	d.From, d.To, d.When = block.From, block.To, block.When
	if n.Shape == syntax.Map && block.From != nil && len(block.From) == 0 {
		r.Addf(n.Pos, "%q names no field on the left", label)
	}
}

// JSONSchema implements syntax.Schemer.
func (d *Dependency) JSONSchema(s *syntax.Schemas) syntax.Object {
	short := syntax.Object{"type": "object", "additionalProperties": syntax.Object{"type": "string"}, "minProperties": 1, "maxProperties": 1}
	return syntax.Either(s.Of(dependencyBlock{}), short)
}

// Trend is true, or how values are in order.
type Trend struct {
	Pos      syntax.Pos
	Wrong    bool
	Strictly bool
	Order    []syntax.Text
	By       []syntax.Text
}

// trendBlock is the long form of Trend.
type trendBlock struct {
	Strictly syntax.Flag   `yaml:"strictly" doc:"true: equal values are not in order either."`
	Order    []syntax.Text `yaml:"order" doc:"The values from the least to the greatest; others fail, and are passed over."`
	By       []syntax.Text `yaml:"by" single:"yes" doc:"Only rows with equal values of these fields are compared."`
}

// DecodeYAML implements syntax.Decoder.
func (t *Trend) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	t.Pos = n.Pos
	before := len(r.All)
	defer func() { t.Wrong = len(r.All) > before }()
	if n.Shape == syntax.Map {
		var block trendBlock
		syntax.Decode(n, label, &block, r)
		t.Strictly, t.Order, t.By = block.Strictly.Value, block.Order, block.By
		return
	}
	var text syntax.Text
	if syntax.TextOf(n, label, &text, r) && text.Value != "true" {
		r.Addf(text.Pos, "%q takes true or {strictly: true, order: [values], by: [fields]}, not %q", label, text.Value)
	}
}

// JSONSchema implements syntax.Schemer.
func (t *Trend) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Words("true"), s.Of(trendBlock{}))
}

// Distance is how far a value may be from the others.
type Distance struct {
	Pos    syntax.Pos  `yaml:"-"`
	Z      syntax.Text `yaml:"z" doc:"Standard deviations (of all values, not of a sample) from the mean."`
	IQR    syntax.Text `yaml:"iqr" doc:"Distances between the first and the third quartile, below the first or above the third."`
	Sample syntax.Flag `yaml:"sample" doc:"With z; true: the standard deviation of a sample, n - 1 below."`
	Side   syntax.Text `yaml:"side" oneof:"both above" doc:"Which side is looked at; default both."`
}

// Doc implements syntax.Documented.
func (*Distance) Doc() string { return "How far a value may be from the others: z or iqr." }

// Repair is where a cell gets its value from.
type Repair struct {
	Pos      syntax.Pos
	Majority bool
	Lookup   *LookedUp
	From     syntax.Text
	Nearest  *Nearest
}

// repairBlock is the long form of Repair.
type repairBlock struct {
	Lookup  *LookedUp   `yaml:"lookup" doc:"The value that stands beside that of another field in a table, a file or a dataset."`
	From    syntax.Text `yaml:"from" doc:"The value of another field of the row."`
	Nearest *Nearest    `yaml:"nearest" doc:"The one code with the fewest edits: true (of the set of the same check), the name of a code table, or {table, file, values, within}."`
}

// DecodeYAML implements syntax.Decoder.
func (p *Repair) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	p.Pos = n.Pos
	if n.Shape != syntax.Map {
		var t syntax.Text
		if syntax.TextOf(n, label, &t, r) && syntax.OneOf(t, label, []string{"majority", "nearest"}, r) {
			p.Majority = t.Value == "majority"
			if !p.Majority {
				p.Nearest = &Nearest{Pos: n.Pos}
			}
		}
		return
	}
	var block repairBlock
	before := len(r.All)
	syntax.Decode(n, label, &block, r)
	p.Lookup, p.From, p.Nearest = block.Lookup, block.From, block.Nearest
	given := 0
	for _, is := range []bool{p.Lookup != nil, p.From.Given(), p.Nearest != nil} {
		if is {
			given++
		}
	}
	if given != 1 && len(r.All) == before {
		r.Addf(n.Pos, "%q takes one of lookup, from and nearest, or the word majority", label)
	}
}

// JSONSchema implements syntax.Schemer.
func (p *Repair) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Words("majority", "nearest"), s.Of(repairBlock{}))
}

// LookedUp is a FillLookup that may be in another dataset.
type LookedUp struct {
	FillLookup `yaml:",inline"`
	Dataset    syntax.Text `yaml:"dataset" doc:"Dataset of the workspace, of which the current version is taken; key and value are fields of it, key by default that of the same name as by."`
}

// Doc implements syntax.Documented.
func (*LookedUp) Doc() string { return "A value found beside that of another field." }

// Nearest is a list of codes, of which the nearest is taken. Nothing given: the set of the same check.
type Nearest struct {
	Pos    syntax.Pos
	Set    *Set
	Within syntax.Int
}

// nearestBlock is the long form of Nearest.
type nearestBlock struct {
	Table  syntax.Text   `yaml:"table" doc:"Name of a code table in standards/."`
	File   syntax.Text   `yaml:"file" doc:"CSV (.csv) or tab-separated (.tsv) file, relative to the workspace."`
	Column syntax.Text   `yaml:"column" doc:"Column of the file: its number from 1, or its name in the header; default 1."`
	Values []syntax.Text `yaml:"values" doc:"The codes."`
	Within syntax.Int    `yaml:"within" doc:"Most characters to change, add or leave out, 1 to 3; default 1."`
}

// DecodeYAML implements syntax.Decoder.
func (m *Nearest) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	m.Pos = n.Pos
	if n.Shape != syntax.Map {
		var t syntax.Text
		if syntax.TextOf(n, label, &t, r) && t.Value != "true" {
			m.Set = &Set{Pos: t.Pos, Table: t}
		}
		return
	}
	var block nearestBlock
	syntax.Decode(n, label, &block, r)
	m.Within = block.Within
	given := 0
	for _, is := range []bool{block.Table.Given(), block.File.Given(), block.Values != nil} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		r.Addf(n.Pos, "%q takes one of table, file and values", label)
	case given == 1:
		m.Set = &Set{Pos: n.Pos, Table: block.Table, File: block.File, Column: block.Column, Values: block.Values}
	}
}

// JSONSchema implements syntax.Schemer.
func (m *Nearest) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Words("true"), syntax.Object{"type": "string"}, s.Of(nearestBlock{}))
}

// settledChecks are those of the entry's check, with its repair.
func (n *Rule) settledChecks() SettledChecks {
	c := n.Check.Block.SettledChecks
	if n.Repair != nil {
		c.Repair = n.Repair
	}
	return c
}
