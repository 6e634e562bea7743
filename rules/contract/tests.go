package contract

import "clearwell/rules/syntax"

// Test is one entry of tests: a row, or several that are read together, and what becomes of them.
type Test struct {
	Pos      syntax.Pos                              `yaml:"-"`
	Title    Titles                                  `yaml:"title" doc:"What the test shows: one text, or one per language."`
	Row      TestRow                                 `yaml:",inline"`
	Rows     *[]TestRow                              `yaml:"rows" doc:"Several rows that are read together, for copies, dependencies and dedupe; each with given and what is expected of it."`
	Datasets syntax.Ordered[[]syntax.Ordered[Value]] `yaml:"datasets" doc:"What other datasets publish in this test, as rows of fields: {departments: [{code: A1}]}. Without it, conditions on other datasets are not evaluated."`
	Refuses  *[]syntax.Text                          `yaml:"refuses" single:"yes" doc:"Exactly the rules that fail more often than allow, or a measure, permits: the version would not be published. [] is none."`
	Warns    *[]syntax.Text                          `yaml:"warns" single:"yes" doc:"Exactly the rules that exceed what allow: {warn: …} permits. [] is none."`
}

// Doc implements syntax.Documented.
func (*Test) Doc() string {
	return "A row as it is delivered, or several, and what the contract makes of it."
}

// TestRow is one row of a test.
type TestRow struct {
	Pos         syntax.Pos             `yaml:"-"`
	Given       *syntax.Ordered[Value] `yaml:"given" doc:"Raw cells by column name of the source; a column that is not named is empty."`
	Expect      syntax.Ordered[Value]  `yaml:"expect" doc:"Fields and their values after cleaning, repair and derivation; ~ is null."`
	Published   *syntax.Ordered[Value] `yaml:"published" doc:"Fields and what readers see of them, after treatment; {} says only that the row is published. Of a pseudonym one can say pseudonym or ~."`
	Fails       *[]syntax.Text         `yaml:"fails" single:"yes" doc:"Exactly the rules that the row breaks, by id."`
	Passes      *Flagged               `yaml:"passes" doc:"true: the row breaks no rule."`
	Excluded    *Flagged               `yaml:"excluded" doc:"true: where leaves the row out."`
	Quarantined *Flagged               `yaml:"quarantined" doc:"true: the row goes to the quarantine."`
	Duplicate   *Flagged               `yaml:"duplicate" doc:"true: the row is removed as a copy of another one."`
}

// Doc implements syntax.Documented.
func (*TestRow) Doc() string { return "One row of a test: what is given, and what is expected of it." }
