// Package contract is what officers write, as Go types: the contract of a
// dataset, and the workspace's other files. The types say which keys there are,
// what shape they have and what they mean; the strict reader, the JSON Schema in
// docs/contract.schema.json and the reference in docs/contract.md follow from them.
//
// The package judges form only. What names refer to and what types fit is the
// business of the compiler in package rules. Start at Contract.
package contract

import (
	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// Contract is one dataset's contract, the whole of datasets/<id>.yaml.
type Contract struct {
	Pos     syntax.Pos            `yaml:"-"`
	Dataset syntax.Text           `yaml:"dataset" need:"yes" doc:"Id of the dataset: lower-case letters, digits and hyphens; the file is named after it."`
	Title   Titles                `yaml:"title" doc:"Title for readers: one text, or one per language."`
	About   Titles                `yaml:"description" doc:"What the dataset is, for its readers: one text, or one per language."`
	Owner   syntax.Text           `yaml:"owner" need:"yes" doc:"Id of the owning department in clearwell.yaml."`
	Catalog []syntax.Text         `yaml:"catalog" doc:"Place in the directory, up to three levels."`
	Update  syntax.Text           `yaml:"update" oneof:"hourly daily weekly monthly quarterly yearly irregular never" doc:"Expected cycle of deliveries; timeliness is measured against it."`
	Source  Source                `yaml:"source" need:"yes" doc:"Where the data comes from."`
	Where   syntax.Text           `yaml:"where" doc:"CEL over the cleaned fields; rows for which it is not true are excluded, and counted."`
	Extract []Extraction          `yaml:"extract" doc:"Columns to cut into several by a pattern with named groups; fields name the groups under from."`
	Fields  syntax.Ordered[Field] `yaml:"fields" need:"yes" doc:"The fields by name, in the order of publication."`
	Rules   []Rule                `yaml:"rules" doc:"Checks over several fields of a row or over the dataset."`
	Dedupe  *Dedupe               `yaml:"dedupe" doc:"Which rows are the same thing, and which of them stays."`
	Publish Publish               `yaml:"publish" doc:"How clean data is published."`
	Quality *Quality              `yaml:"quality" doc:"How scores are weighed, and what a version must reach to be published."`
	Key     []syntax.Text         `yaml:"key" single:"yes" doc:"Fields that name a row over deliveries, so that its defects are followed; default: the key of dedupe, else the whole row."`
	Tests   []Test                `yaml:"tests" doc:"Rows and what is expected of them; run by clearwell test."`

	Lifecycle Lifecycle `yaml:",inline"`
}

// Doc implements syntax.Documented.
func (*Contract) Doc() string { return "The contract of one dataset." }

// LaterKeys implements syntax.Later.
func (*Contract) LaterKeys() []string { return []string{"privacy"} }

// Source says where the bytes are and how they are laid out.
type Source struct {
	Pos       syntax.Pos  `yaml:"-"`
	Connector syntax.Text `yaml:"connector" oneof:"file" later:"http s3 sftp sql" doc:"How the bytes are fetched; default file."`
	Path      syntax.Text `yaml:"path" need:"yes" doc:"File or pattern (inbox/*.csv), relative to the workspace; several files are read in the order of their names."`
	Format    syntax.Text `yaml:"format" oneof:"csv" later:"json xlsx parquet" doc:"How rows are laid out; default csv."`
	Encoding  syntax.Text `yaml:"encoding" oneof:"auto utf-8 gb18030 gbk" later:"big5 utf-16" doc:"Character encoding; auto (default) detects it and says what it found."`
	Delimiter syntax.Text `yaml:"delimiter" doc:"auto (default), tab, or one ASCII character."`
	MaxRecord syntax.Text `yaml:"max_record" doc:"Longest record, such as 64KB or 1MB; a longer one is a bad record."`
}

// Doc implements syntax.Documented.
func (*Source) Doc() string { return "Where the bytes of a dataset are." }

// LaterKeys implements syntax.Later.
func (*Source) LaterKeys() []string {
	return []string{"incremental", "url", "auth", "query", "sheet", "signature", "compression", "header"}
}

// Field is one field of a contract.
type Field struct {
	Pos         syntax.Pos            `yaml:"-"`
	Title       Titles                `yaml:"title" doc:"Title of the published column: one text, or one per language."`
	Description Titles                `yaml:"description" doc:"What the column means, for its readers: one text, or one per language."`
	From        From                  `yaml:"from" doc:"Column name in the source, or a list of names of which the first found is used; or {join: …} of several columns or fields; default: the field's own name, nothing where it is derived."`
	Derive      *Derive               `yaml:"derive" doc:"CEL that gives the value, of the field's type; {if_null: …} where the source has none. Reads the other fields after cleaning and reading."`
	Optional    syntax.Flag           `yaml:"optional" doc:"The source may lack the column; the field is null then."`
	Standard    *Reference            `yaml:"standard" doc:"Standard that brings cleaning, check, level and default treatment: its name, or a block with name and options."`
	Type        syntax.Text           `yaml:"type" doc:"string, integer, number, decimal(digits,decimals), boolean, date or timestamp; default: the standard's, else string."`
	Formats     []syntax.Text         `yaml:"formats" single:"yes" doc:"Date and time patterns in order of trial: yyyy M MM d dd H HH mm ss; one letter takes one or two digits."`
	Years       []syntax.Text         `yaml:"years" doc:"First and last year that a date may have; default [1900, 2100]."`
	Words       *BooleanWords         `yaml:"words" doc:"Words for true and for false of a boolean."`
	Required    *Flagged              `yaml:"required" doc:"true: a null breaks the rule <field>.required."`
	Nulls       []syntax.Text         `yaml:"nulls" doc:"Words that mean null after cleaning, beside the empty text."`
	Clean       *Steps                `yaml:"clean" doc:"Cleaning steps, after those of the standard; default trim, for typed fields halfwidth and trim; [] is none."`
	Map         syntax.Ordered[Value] `yaml:"map" doc:"Whole values to replace, after all cleaning steps."`
	Check       *Checks               `yaml:"check" doc:"One check or a list of checks on the field."`
	Validate    *syntax.Text          `yaml:"validate" doc:"Tags of go-playground/validator, checked as the rule <field>.validate: email,max=64."`
	Level       syntax.Text           `yaml:"level" oneof:"L1 L2 L3 L4" doc:"Sensitivity from L1 (no harm) to L4 (serious harm); default: the standard's."`
	Desensitize *Treatment            `yaml:"desensitize" doc:"Treatment before publication; default: the standard's, where level and audience demand one."`
	Publish     syntax.Text           `yaml:"publish" doc:"false: the field is not published; a name: it is published under this name; default true."`
	OnFail      *OnFail               `yaml:"on_fail" doc:"What happens where type, required or standard fails; default quarantine."`
}

// Doc implements syntax.Documented.
func (*Field) Doc() string {
	return "One field: from, standard and type, clean, check, desensitize, publish; carried out in this order."
}

// MisplacedKey implements syntax.Misplaced.
func (*Field) MisplacedKey(key string) *wording.Text {
	if isKeyOf[Check](key) {
		return wording.Textf("it is part of a check; write check: {%s: ...}", key)
	}
	return nil
}

// LaterKeys implements syntax.Later.
func (*Field) LaterKeys() []string {
	return []string{"repair"}
}

// BooleanWords are the words of a boolean field.
type BooleanWords struct {
	True  []syntax.Text `yaml:"true" need:"yes" single:"yes" doc:"Words for true."`
	False []syntax.Text `yaml:"false" need:"yes" single:"yes" doc:"Words for false."`
}

// Rule is one entry of the list rules.
type Rule struct {
	Pos       syntax.Pos  `yaml:"-"`
	ID        syntax.Text `yaml:"id" need:"yes" doc:"Stable name of the rule, unique in the contract."`
	Title     Titles      `yaml:"title" doc:"Title: one text, or one per language."`
	Check     RowCheck    `yaml:"check" need:"yes" doc:"CEL that must be true of the row; conditions over several fields, such as {compare: start <= end}; {unique: [fields]}; or, with field, the conditions of a check on it."`
	When      syntax.Text `yaml:"when" doc:"CEL; the rule is checked only on rows for which it is true."`
	Dimension syntax.Text `yaml:"dimension" oneof:"normativity completeness accuracy consistency timeliness accessibility" doc:"Quality dimension of GB/T 36344; default by kind of check."`
	Indicator syntax.Text `yaml:"indicator" doc:"Indicator of GB/T 36344, 0101 to 0602; default by kind of check."`
	OnFail    *OnFail     `yaml:"on_fail" doc:"What happens to a row that breaks the rule; default quarantine."`
	Allow     *Allow      `yaml:"allow" doc:"Share or count of failures that is allowed."`
	Basis     syntax.Text `yaml:"basis" doc:"The regulation that the rule rests on."`
	Fix       syntax.Text `yaml:"fix" doc:"What the department is told to do."`
	Weight    `yaml:",inline"`
	Over      syntax.Text  `yaml:"over" oneof:"delivered published" doc:"Rows of a measure: delivered (default) or published."`
	Blame     *syntax.Text `yaml:"field" doc:"The field whose cell is blamed, which on_fail null or replace changes, and on which the conditions are."`
	Repair    *Repair      `yaml:"repair" doc:"Where the cell of the field gets its value from where the rule fails, before on_fail; as in a check."`
}

// Doc implements syntax.Documented.
func (*Rule) Doc() string { return "A check over several fields of a row or over the dataset." }

// MisplacedKey implements syntax.Misplaced.
func (*Rule) MisplacedKey(key string) *wording.Text {
	if isKeyOf[RowConditions](key) {
		return wording.Textf("it is a condition; write check: {%s: ...}", key)
	}
	return nil
}

// Dedupe says which rows are the same thing.
type Dedupe struct {
	Pos  syntax.Pos    `yaml:"-"`
	Key  []syntax.Text `yaml:"key" need:"yes" single:"yes" doc:"Fields that are equal on copies of the same thing; a row with a null among them is never a copy."`
	Keep *Keep         `yaml:"keep" doc:"Which copy stays, such as {latest: update_time, then: most_complete}: latest, earliest, largest or smallest with a field, or most_complete; then the next preference. The last tie goes to the row that stands first in the source."`
}

// Doc implements syntax.Documented.
func (*Dedupe) Doc() string { return "Which rows are copies, and which of them stays." }

// LaterKeys implements syntax.Later.
func (*Dedupe) LaterKeys() []string { return []string{"fuzzy", "by_field", "sources"} }

// Publish says how clean data is written.
type Publish struct {
	Pos        syntax.Pos    `yaml:"-"`
	Audience   syntax.Text   `yaml:"audience" oneof:"open shared restricted internal" doc:"Who reads it; default open, which asks for the strongest treatment."`
	SortBy     []syntax.Text `yaml:"sort_by" single:"yes" doc:"Published fields to sort by, ascending; default: source order."`
	License    syntax.Text   `yaml:"license" doc:"Licence of the publication, an SPDX id such as CC-BY-4.0."`
	AllowEmpty syntax.Flag   `yaml:"allow_empty" doc:"true: a version without rows may be published; by default a run that leaves no row is refused."`
}

// Doc implements syntax.Documented.
func (*Publish) Doc() string { return "How clean data is published." }

// LaterKeys implements syntax.Later.
func (*Publish) LaterKeys() []string {
	return []string{"partition_by", "bloom", "formats", "keep_versions"}
}
