package contract

import (
	"strings"

	"clearwell/rules/syntax"
	"clearwell/rules/units"
)

// UnitArgs are the arguments of unit.
type UnitArgs struct {
	From     syntax.Text `yaml:"from" doc:"Unit of a number that has none behind it; default: that of to."`
	To       syntax.Text `yaml:"to" need:"yes" doc:"Unit that the number is in afterwards."`
	Decimals *syntax.Int `yaml:"decimals" doc:"Decimals of the result, half away from zero; default: all of an exact result, 6 where it has no end."`
}

// SerialArgs are the arguments of excel_serial.
type SerialArgs struct {
	System syntax.Text `yaml:"system" oneof:"1900 1904" doc:"Date system of the spreadsheet: 1900 (default), or 1904 of old Macs."`
}

// ZoneArgs are the arguments of time_zone.
type ZoneArgs struct {
	To      syntax.Text   `yaml:"to" need:"yes" doc:"IANA zone whose clock the value shows afterwards, such as Asia/Shanghai."`
	From    syntax.Text   `yaml:"from" doc:"Zone of clocks without an offset behind them; default: they stay as they are."`
	Formats []syntax.Text `yaml:"formats" single:"yes" doc:"Time patterns, without the offset; default ISO 8601 and yyyy/M/d H:mm[:ss]."`
}

// ShortYearArgs are the arguments of short_year.
type ShortYearArgs struct {
	Pivot syntax.Int  `yaml:"pivot" need:"yes" doc:"Last year of the 2000s: with 30, 30 is 2030 and 31 is 1931."`
	Order syntax.Text `yaml:"order" oneof:"ymd dmy mdy" doc:"Where the year stands; default ymd."`
}

// RepublicArgs are the arguments of minguo.
type RepublicArgs struct {
	Bare syntax.Flag `yaml:"bare" doc:"true: also without 民國 in front (113/5/6, 1130506)."`
}

// CodesArgs are the arguments of codes.
type CodesArgs struct {
	Table syntax.Text `yaml:"table" need:"yes" doc:"Name of a code table in standards/."`
}

// SuccessorArgs are the arguments of successor.
type SuccessorArgs struct {
	AsOf syntax.Text `yaml:"as_of" doc:"Day, month or year whose codes are wanted, such as 2015-09; default: the newest."`
}

// FillArgs are the arguments of fill: one of them.
type FillArgs struct {
	Pos      syntax.Pos  `yaml:"-"`
	Previous syntax.Flag `yaml:"previous" doc:"true: the last value above in the same file, as it is at this step."`
	From     syntax.Text `yaml:"from" doc:"Another field, cleaned."`
	Column   syntax.Text `yaml:"column" doc:"Another column of the source, as delivered."`
	Value    syntax.Text `yaml:"value" doc:"A constant."`
	Lookup   *FillLookup `yaml:"lookup" doc:"What a table has for another field."`
}

// DecodeYAML implements syntax.Decoder: previous may stand alone.
func (a *FillArgs) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape == syntax.Scalar {
		var word syntax.Text
		if syntax.TextOf(n, label, &word, r) && syntax.OneOf(word, label, []string{"previous"}, r) {
			a.Pos, a.Previous = n.Pos, syntax.Flag{Value: true, Pos: n.Pos}
		}
		return
	}
	var block fillBlock
	syntax.Decode(n, label, &block, r)
	*a = FillArgs(block)
}

// fillBlock is the long form of FillArgs.
type fillBlock FillArgs

// JSONSchema implements syntax.Schemer.
func (a *FillArgs) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Words("previous"), s.Of(fillBlock{}))
}

// FillLookup is a table in which another field is looked up.
type FillLookup struct {
	Pos   syntax.Pos  `yaml:"-"`
	By    syntax.Text `yaml:"by" need:"yes" doc:"Field that is looked up, cleaned."`
	Table syntax.Text `yaml:"table" doc:"Name of a code table in standards/: gives the name of the code."`
	File  syntax.Text `yaml:"file" doc:"CSV (.csv) or tab-separated (.tsv) file, relative to the workspace."`
	Key   syntax.Text `yaml:"key" doc:"Column of the file in which by is looked up: its name, or its number from 1; default 1."`
	Value syntax.Text `yaml:"value" doc:"Column of the file with the value; default 2."`
}

// From says which columns a field is read from.
type From struct {
	Names []syntax.Text
	Join  *JoinArgs
}

// JoinArgs put a field together out of several.
type JoinArgs struct {
	Pos     syntax.Pos    `yaml:"-"`
	Columns []syntax.Text `yaml:"columns" doc:"Columns of the source, as delivered."`
	Fields  []syntax.Text `yaml:"fields" doc:"Fields, cleaned; instead of columns."`
	With    syntax.Text   `yaml:"with" doc:"Text between the parts; default none. Nulls are left out."`
}

// fromBlock is the form of From that joins.
type fromBlock struct {
	Join JoinArgs `yaml:"join" need:"yes" doc:"The field is put together out of several columns or fields."`
}

// DecodeYAML implements syntax.Decoder.
func (f *From) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	switch n.Shape {
	case syntax.Map:
		var block fromBlock
		syntax.Decode(n, label, &block, r)
		f.Join = &block.Join
	case syntax.List:
		syntax.Decode(n, label, &f.Names, r)
	default:
		var one syntax.Text
		if syntax.TextOf(n, label, &one, r) {
			f.Names = []syntax.Text{one}
		}
	}
}

// JSONSchema implements syntax.Schemer.
func (f *From) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.AnyText(), syntax.ListOf(syntax.AnyText()), s.Of(fromBlock{}))
}

// Derive is the expression of a derived field.
type Derive struct {
	Pos    syntax.Pos
	Expr   syntax.Text
	IfNull bool
}

// deriveBlock is the long form of Derive.
type deriveBlock struct {
	IfNull syntax.Text `yaml:"if_null" need:"yes" doc:"CEL; the value where the source has none."`
}

// DecodeYAML implements syntax.Decoder.
func (d *Derive) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	d.Pos = n.Pos
	if n.Shape == syntax.Map {
		var block deriveBlock
		syntax.Decode(n, label, &block, r)
		d.Expr, d.IfNull = block.IfNull, true
		return
	}
	syntax.TextOf(n, label, &d.Expr, r)
}

// JSONSchema implements syntax.Schemer.
func (d *Derive) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.AnyText(), s.Of(deriveBlock{}))
}

// Extraction cuts a column into several by the named groups of one pattern.
type Extraction struct {
	Pos     syntax.Pos  `yaml:"-"`
	Column  syntax.Text `yaml:"column" need:"yes" doc:"Column of the source."`
	Pattern syntax.Text `yaml:"pattern" need:"yes" doc:"Regular expression (RE2) with named groups (?P<name>…); each group is a column that from can name. What the pattern does not find is null."`
}

// unitTable lists the units for the reference.
func unitTable(b *strings.Builder) {
	b.WriteString("| quantity | units |\n| --- | --- |\n")
	for _, f := range units.Families() {
		b.WriteString("| " + f.Quantity + " | " + strings.Join(f.Units, "; ") + " |\n")
	}
	b.WriteByte('\n')
}
