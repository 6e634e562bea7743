package contract

import (
	"reflect"
	"slices"

	"clearwell/rules/syntax"
)

// ColumnMeasures are the keys of a check that measure the whole column. They blame no row.
type ColumnMeasures struct {
	NullShare     *Bounds                `yaml:"null_share" doc:"Share of nulls among all rows: [least, most], such as [0, 5%]; one share is the most."`
	Distinct      *Bounds                `yaml:"distinct" doc:"Number of different values."`
	DistinctShare *Bounds                `yaml:"distinct_share" doc:"Different values / values; one share is the least."`
	Min           *Bounds                `yaml:"min" doc:"Bounds of the least value; one value is what it must not be below."`
	Max           *Bounds                `yaml:"max" doc:"Bounds of the greatest value; one value is what it must not be above."`
	Mean          *Bounds                `yaml:"mean" doc:"Bounds of the mean."`
	Median        *Bounds                `yaml:"median" doc:"Bounds of the median."`
	Sum           *Bounds                `yaml:"sum" doc:"Bounds of the sum; exact, also of decimals."`
	StdDev        *Bounds                `yaml:"stddev" doc:"Bounds of the standard deviation (of a sample: n - 1 below)."`
	Quantile      syntax.Ordered[Bounds] `yaml:"quantile" doc:"Bounds of quantiles, such as {0.5: [10, 20], 0.99: [~, 500]}; linear between neighbours, of dates and times the earlier one."`
	Nearest       syntax.Flag            `yaml:"nearest" doc:"With quantile, true: the nearer of the two neighbours, of equally near ones that at an even place counted from 0."`
	MostCommon    *OneOrSet              `yaml:"most_common" doc:"The value that stands most often is one of these; of a tie one suffices."`
	Mode          *OneOrSet              `yaml:"mode" doc:"The same as most_common."`
	Alone         syntax.Flag            `yaml:"alone" doc:"With most_common, true: no other value may stand as often."`
	Values        *ValueRelation         `yaml:"values" doc:"The different values: {equal: [..]}, {contain: [..]} or {within: [..]}; a list, a table or a file as for set."`
	PatternShare  *PatternShare          `yaml:"pattern_share" doc:"Share of the values that match: {pattern: '[0-9]{6}', share: 95%}; one share is the least."`
	LengthOf      *LengthOf              `yaml:"length_of" doc:"Bounds of the number of characters: {min: .., max: .., mean: ..}."`
	Entropy       *Bounds                `yaml:"entropy" doc:"Bounds of Shannon's entropy of the values, in bits."`
	Drift         *Drift                 `yaml:"drift" doc:"Distance from another distribution: {psi: 0.2, against: last}; one number is the most, of a p-value the least."`
	Freshness     *Freshness             `yaml:"freshness" doc:"How old the latest value may be: 2d, or {within: 36h, field: name}; min, h, d and w are the units."`
	Approximate   *Approximate           `yaml:"approximate" doc:"true or {error: 1%}: distinct, distinct_share, median and quantile by a sketch that is named in the result."`
	Over          syntax.Text            `yaml:"over" oneof:"delivered published" doc:"Rows of a measure: delivered (default; after cleaning, before any rule takes something away) or published."`
}

// TableMeasures are the keys of a check under rules that measure the table, the delivery or two datasets together.
type TableMeasures struct {
	RowCount    *RowCount      `yaml:"row_count" doc:"Number of rows: [least, most], or {equals: last or {dataset: id}, tolerance: 5%}."`
	Columns     *ColumnSet     `yaml:"columns" doc:"Columns of the source's header, or of the publication with over: published: {exactly: [..]} in any order, {ordered: [..]}, {contains: [..]}, {count: bounds}."`
	Correlation *Correlation   `yaml:"correlation" doc:"Pearson's correlation of two numbers: {fields: [a, b], range: [0.8, 1]}."`
	Aggregate   *AggregateRule `yaml:"aggregate" doc:"Expression over whole columns: {value: 'sum(paid) / count()', range: [1, 5]}; count() nulls distinct sum mean min max median stddev."`
	Reconcile   *Reconcile     `yaml:"reconcile" doc:"The sum equals another one: {sum_of: amount, equals: {dataset: ledger, sum_of: total}, tolerance: 0.01}; equals may be a number or a column of a file."`
	SamePairs   *SamePairs     `yaml:"same_pairs" doc:"The combinations of values are the same set elsewhere: {fields: [a, b], dataset: other, as: [x, y]}."`
	File        *FileCheck     `yaml:"file" doc:"The files delivered: sha256, size, age and rows beside the sender's own figures."`
}

// tableOnly says whether a block holds nothing but measures of the table.
func tableOnly(n *syntax.Node) bool {
	keys := []string{"over", "freshness"}
	for _, f := range syntax.Fields(reflect.TypeFor[TableMeasures]()) {
		keys = append(keys, f.Tag.Get("yaml"))
	}
	return !slices.ContainsFunc(n.Entries, func(e syntax.Entry) bool { return !slices.Contains(keys, e.Key) })
}

// OneOrSet is a Set of which one value may stand without a list.
type OneOrSet struct{ Set }

// DecodeYAML implements syntax.Decoder.
func (s *OneOrSet) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape == syntax.Scalar {
		n = &syntax.Node{Shape: syntax.List, Pos: n.Pos, Items: []*syntax.Node{n}}
	}
	s.Set.DecodeYAML(n, label, r)
}

// JSONSchema implements syntax.Schemer.
func (s *OneOrSet) JSONSchema(g *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.AnyText(), s.Set.JSONSchema(g))
}

// ValueRelation is how the different values of a column relate to a list.
type ValueRelation struct {
	Pos     syntax.Pos `yaml:"-"`
	Equal   *Set       `yaml:"equal" doc:"Exactly these values occur."`
	Contain *Set       `yaml:"contain" doc:"All of these values occur."`
	Within  *Set       `yaml:"within" doc:"No other values occur."`
}

// PatternShare is the share of values of a form.
type PatternShare struct {
	Pos     syntax.Pos  `yaml:"-"`
	Pattern syntax.Text `yaml:"pattern" need:"yes" doc:"Regular expression (RE2) that the whole value matches."`
	Share   *Bounds     `yaml:"share" need:"yes" doc:"Bounds of the share; one share is the least."`
}

// LengthOf bounds statistics of the number of characters.
type LengthOf struct {
	Pos  syntax.Pos `yaml:"-"`
	Min  *Bounds    `yaml:"min" doc:"Bounds of the shortest; one number is the least."`
	Max  *Bounds    `yaml:"max" doc:"Bounds of the longest; one number is the most."`
	Mean *Bounds    `yaml:"mean" doc:"Bounds of the mean."`
}

// Drift compares the distribution of a column with another one.
type Drift struct {
	Pos        syntax.Pos `yaml:"-"`
	KS         *Bounds    `yaml:"ks" doc:"Kolmogorov-Smirnov distance, 0 to 1."`
	KSP        *Bounds    `yaml:"ks_p" doc:"Its asymptotic p-value."`
	ChiSquare  *Bounds    `yaml:"chi_square" doc:"Chi-square of the two-sample test of homogeneity, value by value."`
	ChiSquareP *Bounds    `yaml:"chi_square_p" doc:"Its p-value."`
	PSI        *Bounds    `yaml:"psi" doc:"Population stability index; 0.1 and 0.25 are the usual marks."`
	Against    *Against   `yaml:"against" need:"yes" doc:"last, {file: path, column: name} or {dataset: id, field: name}."`
}

// Against is what a measure compares with.
type Against struct {
	Pos     syntax.Pos
	Last    bool
	Number  syntax.Text // a plain number
	Dataset syntax.Text
	File    syntax.Text
	Column  syntax.Text
}

// DecodeYAML implements syntax.Decoder.
func (a *Against) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	a.Pos = n.Pos
	if n.Shape != syntax.Map {
		var t syntax.Text
		if syntax.TextOf(n, label, &t, r) {
			if a.Last = t.Value == "last"; !a.Last {
				a.Number = t
			}
		}
		return
	}
	var block againstBlock
	before := len(r.All)
	syntax.Decode(n, label, &block, r)
	a.Dataset, a.File, a.Column = block.Dataset, block.File, block.Field
	for _, name := range []syntax.Text{block.SumOf, block.Column} {
		if !name.Given() {
			continue
		}
		if a.Column.Given() {
			r.Addf(name.Pos, "%q names the column twice", label)
		}
		a.Column = name
	}
	if len(r.All) == before && a.Dataset.Given() == a.File.Given() {
		r.Addf(n.Pos, "%q takes either a dataset or a file", label)
	}
}

// againstBlock is the long form of Against.
type againstBlock struct {
	Dataset syntax.Text `yaml:"dataset" doc:"Id of a dataset of the workspace; its published version is read."`
	File    syntax.Text `yaml:"file" doc:"CSV (.csv), tab-separated (.tsv) or Parquet file, relative to the workspace."`
	Field   syntax.Text `yaml:"field" doc:"Published column of the dataset; default: the name of the field here."`
	SumOf   syntax.Text `yaml:"sum_of" doc:"The same as field, where it is summed up."`
	Column  syntax.Text `yaml:"column" doc:"Column of the file by its header; default: the name of the field here."`
}

// JSONSchema implements syntax.Schemer.
func (a *Against) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Object{"type": []string{"string", "number"}}, s.Of(againstBlock{}))
}

// Freshness is how old the latest value may be.
type Freshness struct {
	Pos    syntax.Pos
	Within syntax.Text
	Field  syntax.Text
}

// DecodeYAML implements syntax.Decoder.
func (f *Freshness) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	f.Pos = n.Pos
	if n.Shape != syntax.Map {
		syntax.TextOf(n, label, &f.Within, r)
		return
	}
	var block freshnessBlock
	syntax.Decode(n, label, &block, r)
	f.Within, f.Field = block.Within, block.Field
}

// freshnessBlock is the long form of Freshness.
type freshnessBlock struct {
	Within syntax.Text `yaml:"within" need:"yes" doc:"Greatest age of the latest value: 90min, 36h, 2d, 1w."`
	Field  syntax.Text `yaml:"field" doc:"Date or timestamp; default: the field of the check."`
}

// JSONSchema implements syntax.Schemer.
func (f *Freshness) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Object{"type": "string"}, s.Of(freshnessBlock{}))
}

// Approximate asks for a sketch.
type Approximate struct {
	Pos   syntax.Pos
	Error syntax.Text // empty: the default
	Off   bool
}

// DecodeYAML implements syntax.Decoder.
func (a *Approximate) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	a.Pos = n.Pos
	if n.Shape == syntax.Map {
		var block approximateBlock
		syntax.Decode(n, label, &block, r)
		a.Error = block.Error
		return
	}
	var flag syntax.Flag
	syntax.Decode(n, label, &flag, r)
	a.Off = !flag.Value
}

// approximateBlock is the long form of Approximate.
type approximateBlock struct {
	Error syntax.Text `yaml:"error" need:"yes" doc:"Relative error, from 0.2% to 20%; default 1%."`
}

// JSONSchema implements syntax.Schemer.
func (a *Approximate) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Object{"type": "boolean"}, s.Of(approximateBlock{}))
}

// RowCount bounds the number of rows, or compares it with that of another table.
type RowCount struct {
	Bounds    *Bounds
	Equals    *Against
	Tolerance syntax.Text
}

// DecodeYAML implements syntax.Decoder.
func (c *RowCount) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape == syntax.Map {
		for _, e := range n.Entries {
			if e.Key == "equals" || e.Key == "tolerance" {
				var block rowCountBlock
				syntax.Decode(n, label, &block, r)
				c.Equals, c.Tolerance = block.Equals, block.Tolerance
				return
			}
		}
	}
	syntax.Decode(n, label, &c.Bounds, r)
}

// rowCountBlock is the form of RowCount that compares.
type rowCountBlock struct {
	Equals    *Against    `yaml:"equals" need:"yes" doc:"last, {dataset: id} or {file: path}."`
	Tolerance syntax.Text `yaml:"tolerance" doc:"How many rows more or less are allowed: a number, or a share (5%) of the other count."`
}

// JSONSchema implements syntax.Schemer.
func (c *RowCount) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(s.Of(Bounds{}), s.Of(rowCountBlock{}))
}

// ColumnSet is what the columns of a table have to be.
type ColumnSet struct {
	Pos      syntax.Pos    `yaml:"-"`
	Exactly  []syntax.Text `yaml:"exactly" doc:"These columns and no other, in any order."`
	Ordered  []syntax.Text `yaml:"ordered" doc:"These columns and no other, in this order."`
	Contains []syntax.Text `yaml:"contains" single:"yes" doc:"At least these columns."`
	Count    *Bounds       `yaml:"count" doc:"Number of columns."`
}

// Correlation bounds the correlation of two columns.
type Correlation struct {
	Pos    syntax.Pos    `yaml:"-"`
	Fields []syntax.Text `yaml:"fields" need:"yes" doc:"Two fields that are numbers, dates or times."`
	Range  *Bounds       `yaml:"range" need:"yes" doc:"Bounds from -1 to 1."`
}

// AggregateRule bounds an expression over columns.
type AggregateRule struct {
	Pos   syntax.Pos  `yaml:"-"`
	Value syntax.Text `yaml:"value" need:"yes" doc:"CEL over statistics of columns: sum(paid) / count()."`
	Range *Bounds     `yaml:"range" need:"yes" doc:"Bounds of the value."`
}

// Reconcile compares a sum with another one.
type Reconcile struct {
	Pos       syntax.Pos  `yaml:"-"`
	SumOf     syntax.Text `yaml:"sum_of" need:"yes" doc:"The field that is summed up."`
	Equals    *Against    `yaml:"equals" need:"yes" doc:"A number, last, {dataset: id, sum_of: field} or {file: path, column: name}."`
	Tolerance syntax.Text `yaml:"tolerance" doc:"How far apart the sums may be: a number, or a share (1%) of the other sum; default 0."`
}

// SamePairs compares the combinations of values of some columns with those of another table.
type SamePairs struct {
	Pos     syntax.Pos    `yaml:"-"`
	Fields  []syntax.Text `yaml:"fields" need:"yes" doc:"One or more fields; rows with a null among them are passed over."`
	Dataset syntax.Text   `yaml:"dataset" doc:"Id of a dataset of the workspace."`
	File    syntax.Text   `yaml:"file" doc:"CSV, tab-separated or Parquet file, relative to the workspace."`
	As      []syntax.Text `yaml:"as" doc:"Their columns there, in the same order; default: the same names."`
}

// FileCheck holds the files delivered against what the sender says of them.
type FileCheck struct {
	Pos    syntax.Pos  `yaml:"-"`
	SHA256 *Control    `yaml:"sha256" doc:"Hash of the file: 64 hexadecimal digits, or {manifest: path, file: column, column: column}."`
	Size   *Bounds     `yaml:"size" doc:"Size of each file: [1KB, 10GB], in B, KB, MB or GB of 1024."`
	Age    syntax.Text `yaml:"age" doc:"Time since each file was last changed is at most this: 36h, 2d."`
	Rows   *Control    `yaml:"rows" doc:"Records of each file, or of all, are as many as the sender's manifest says: {manifest: inbox/control.csv, file: column of names, column: column of counts}."`
}

// Control is a figure of the sender: in place, or in a table of the sender's.
type Control struct {
	Pos      syntax.Pos
	Literal  syntax.Text
	Manifest syntax.Text
	File     syntax.Text
	Column   syntax.Text
}

// DecodeYAML implements syntax.Decoder.
func (c *Control) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	c.Pos = n.Pos
	if n.Shape != syntax.Map {
		syntax.TextOf(n, label, &c.Literal, r)
		return
	}
	var block controlBlock
	syntax.Decode(n, label, &block, r)
	c.Manifest, c.File, c.Column = block.Manifest, block.File, block.Column
}

// controlBlock is the form of Control that names a table.
type controlBlock struct {
	Manifest syntax.Text `yaml:"manifest" need:"yes" doc:"CSV (.csv) or tab-separated (.tsv, .txt) file with a header, relative to the workspace."`
	File     syntax.Text `yaml:"file" doc:"Column with the name of the file, with or without its folder; without it the figures are of the whole delivery."`
	Column   syntax.Text `yaml:"column" need:"yes" doc:"Column with the figure."`
}

// JSONSchema implements syntax.Schemer.
func (c *Control) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.AnyText(), s.Of(controlBlock{}))
}
