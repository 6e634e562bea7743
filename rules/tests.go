package rules

import (
	"slices"

	"clearwell/rules/contract"
	"clearwell/rules/syntax"
)

// Test is one entry of the contract's tests: rows as they would be delivered,
// read together, and what is expected of them.
type Test struct {
	Title map[string]string
	Line  int
	Rows  []TestRow // at least one
	// Datasets is what other datasets publish: rows of values by field, in the canonical form of the
	// fields of this contract that are compared with them; null values are left out. Nil: nothing is known of them.
	Datasets map[string][]map[string]string
	Refuses  *[]string // ids of exactly the rules that would stop the publication, sorted; nil: nothing said
	Warns    *[]string // ids of exactly the rules that would warn, sorted; nil: nothing said
}

// TestRow is one row of a test.
type TestRow struct {
	Line        int
	Given       []TestCell // by column of the source
	Expect      []TestCell // by field, after cleaning; in the canonical form of the field's type
	Published   []TestCell // by field, after treatment
	IsPublished bool       // the row is expected to be published, whatever stands in Published
	Fails       *[]string  // ids of exactly the rules that the row breaks, sorted; nil: nothing said
	Excluded    *bool      // nil: nothing said
	Quarantined *bool
	Duplicate   *bool
}

// TestCell is a value of a test with its place.
type TestCell struct {
	Name         string
	Value        string
	Null         bool
	Line, Column int
}

// AnyPseudonym is what a test writes for the published value of a pseudonym, which depends on the workspace's key.
const AnyPseudonym = "pseudonym"

// tests compiles the contract's tests, when all else is.
func (p *compiler) tests() []Test {
	columns := p.sourceColumns()
	var ids []string
	for i := range p.plan.Rules {
		ids = append(ids, p.plan.Rules[i].ID)
	}
	judged := slices.Clone(ids) // what may refuse or warn
	for i := range p.plan.Measures {
		judged = append(judged, p.plan.Measures[i].ID)
	}
	var out []Test
	for i := range p.contract.Tests {
		n := &p.contract.Tests[i]
		t := Test{Title: n.Title.ByLanguage, Line: n.Pos.Line, Refuses: p.ruleIDs(n.Refuses, judged), Warns: p.ruleIDs(n.Warns, judged)}
		if n.Datasets != nil {
			t.Datasets = p.testDatasets(n.Datasets)
		}
		group := t.Refuses != nil || t.Warns != nil
		if n.Rows == nil {
			n.Row.Pos = n.Pos
			t.Rows = []TestRow{p.testRow(&n.Row, columns, ids, group)}
		} else {
			p.groupOnly(n)
			for k := range *n.Rows {
				t.Rows = append(t.Rows, p.testRow(&(*n.Rows)[k], columns, ids, true))
			}
			said := group || slices.ContainsFunc(t.Rows, TestRow.says)
			if len(t.Rows) == 0 {
				p.Addf(n.Pos, "%q is empty; a test has at least one row", "rows")
			} else if !said {
				p.nothingExpected(n.Pos)
			}
		}
		out = append(out, t)
	}
	return out
}

// testDatasets reads what other datasets publish in a test.
func (p *compiler) testDatasets(given syntax.Ordered[[]syntax.Ordered[contract.Value]]) map[string][]map[string]string {
	types, fields, datasets := map[string]Type{}, map[string][]string{}, []string{}
	note := func(r *Referred, own []string) {
		if r == nil {
			return
		}
		datasets = append(datasets, r.Dataset)
		for i, name := range r.Fields {
			fields[r.Dataset] = append(fields[r.Dataset], name)
			if i < len(own) && p.plan.Field(own[i]) != nil {
				types[r.Dataset+"."+name] = p.plan.Field(own[i]).Type
			}
		}
	}
	for i := range p.plan.Rules {
		r := &p.plan.Rules[i]
		for _, c := range r.Conditions {
			note(c.Reference, c.Fields)
		}
		if r.Repair != nil {
			note(r.Repair.Reference, []string{r.Repair.Field, r.Field})
		}
	}
	out := map[string][]map[string]string{}
	for _, d := range given {
		if !slices.Contains(datasets, d.Name.Value) {
			p.AddHint(d.Name.Pos, d.Name.Value, datasets, "no rule compares with a dataset %q", d.Name.Value)
			continue
		}
		out[d.Name.Value] = []map[string]string{}
		for _, cells := range d.Value {
			row := map[string]string{}
			for _, c := range cells {
				if !slices.Contains(fields[d.Name.Value], c.Name.Value) {
					p.AddHint(c.Name.Pos, c.Name.Value, fields[d.Name.Value], "no rule compares with the field %q of %s", c.Name.Value, d.Name.Value)
					continue
				}
				if c.Value.Null {
					continue
				}
				value, err := canonical(types[d.Name.Value+"."+c.Name.Value], c.Value.Value)
				if err != nil {
					p.Addf(c.Value.Pos, "%s: %v", c.Name.Value, err)
				}
				row[c.Name.Value] = value
			}
			out[d.Name.Value] = append(out[d.Name.Value], row)
		}
	}
	return out
}

// groupOnly reports keys of a row beside rows.
func (p *compiler) groupOnly(n *contract.Test) {
	r := &n.Row
	if r.Given != nil || r.Expect != nil || r.Published != nil || r.Fails != nil || r.Passes != nil || r.Excluded != nil || r.Quarantined != nil || r.Duplicate != nil {
		p.Addf(n.Pos, "a test has either one row (given, expect …) or several under %q; put what is expected of a row beside its given", "rows")
	}
}

func (p *compiler) nothingExpected(at syntax.Pos) {
	p.Addf(at, "the test expects nothing; add expect, published, fails, passes, excluded, quarantined or duplicate")
}

// says reports whether the row expects anything.
func (r TestRow) says() bool {
	return len(r.Expect) > 0 || r.IsPublished || r.Fails != nil || r.Excluded != nil || r.Quarantined != nil || r.Duplicate != nil
}

// sourceColumns are the columns that some field reads.
func (p *compiler) sourceColumns() []string {
	var names []string
	for i := range p.plan.Fields {
		names = append(names, p.plan.Fields[i].Columns()...)
	}
	return names
}

// testRow compiles one row; inGroup: it may expect nothing of itself.
func (p *compiler) testRow(n *contract.TestRow, columns, ids []string, inGroup bool) TestRow {
	out := TestRow{Line: n.Pos.Line, Fails: p.ruleIDs(n.Fails, ids), IsPublished: n.Published != nil}
	if n.Given == nil {
		if !slices.ContainsFunc(p.All, func(d syntax.Diagnostic) bool { return d.Line == n.Pos.Line }) { // a misspelt key is told
			p.Addf(n.Pos, "the test lacks the key %q: the raw cells by column name; {} is a row of empty cells", "given")
		}
		n.Given = &syntax.Ordered[contract.Value]{}
	}
	for _, g := range *n.Given {
		if !slices.Contains(columns, g.Name.Value) {
			p.AddHint(g.Name.Pos, g.Name.Value, columns, "no field reads a column %q", g.Name.Value)
			continue
		}
		out.Given = append(out.Given, testCell(g))
	}
	for _, e := range n.Expect {
		if f := p.existing(e.Name); f != nil {
			out.Expect = append(out.Expect, p.typedCell(e, f))
		}
	}
	if n.Published != nil {
		for _, e := range *n.Published {
			out.Published = append(out.Published, p.publishedCell(e)...)
		}
	}
	if n.Passes != nil {
		switch {
		case !n.Passes.Value:
			p.Addf(n.Passes.Pos, "%q can only be true; say with %q which rules the row breaks", "passes", "fails")
		case n.Fails != nil:
			p.Addf(n.Passes.Pos, "%q and %q exclude each other", "passes", "fails")
		}
		out.Fails = &[]string{}
	}
	p.fate(n, &out)
	if !inGroup && !out.says() && len(n.Expect) == 0 {
		p.nothingExpected(n.Pos)
	}
	return out
}

// fate reads what becomes of the row as a whole.
func (p *compiler) fate(n *contract.TestRow, out *TestRow) {
	var first *contract.Flagged
	var label string
	for _, f := range []struct {
		given *contract.Flagged
		label string
		into  **bool
	}{{n.Excluded, "excluded", &out.Excluded}, {n.Quarantined, "quarantined", &out.Quarantined}, {n.Duplicate, "duplicate", &out.Duplicate}} {
		if f.given == nil {
			continue
		}
		*f.into = &f.given.Value
		switch {
		case f.given == n.Excluded && f.given.Value && p.plan.Where == nil && !p.contract.Where.Given():
			p.Addf(f.given.Pos, "no row is excluded: the contract has no %q", "where")
		case f.given == n.Duplicate && f.given.Value && p.plan.Dedupe == nil:
			p.Addf(f.given.Pos, "no row is removed as a copy: the contract has no %q", "dedupe")
		case f.given.Value && first != nil:
			p.Addf(f.given.Pos, "a row is either %s or %s", label, f.label)
		case f.given.Value && n.Published != nil:
			p.Addf(f.given.Pos, "a row is either published or %s", f.label)
		}
		if f.given.Value {
			first, label = f.given, f.label
		}
	}
}

// ruleIDs reads names of rules, sorted, each once; nil if none are given.
func (p *compiler) ruleIDs(names *[]syntax.Text, ids []string) *[]string {
	if names == nil {
		return nil
	}
	out := []string{}
	for _, n := range *names {
		if !slices.Contains(ids, n.Value) {
			p.AddHint(n.Pos, n.Value, ids, "no rule %q", n.Value)
			continue
		}
		out = append(out, n.Value)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return &out
}

func testCell(e syntax.Named[contract.Value]) TestCell {
	c := TestCell{Name: e.Name.Value, Value: e.Value.Value, Null: e.Value.Null || e.Value.Value == "", Line: e.Name.Pos.Line, Column: e.Name.Pos.Column}
	if e.Value.Pos.Line > 0 {
		c.Line, c.Column = e.Value.Pos.Line, e.Value.Pos.Column
	}
	return c
}

// typedCell brings an expected value into the canonical form of the field's type.
func (p *compiler) typedCell(e syntax.Named[contract.Value], f *Field) TestCell {
	c := testCell(e)
	if c.Null || p.broken[f.Name] {
		return c
	}
	value, err := canonical(f.Type, c.Value)
	if err != nil {
		p.Addf(e.Value.Pos, "%s: %v", f.Name, err)
		return c
	}
	c.Value = value
	return c
}

// publishedCell reads what readers are expected to see; nothing if it is wrong.
func (p *compiler) publishedCell(e syntax.Named[contract.Value]) []TestCell {
	f := p.existing(e.Name)
	switch {
	case f == nil:
		return nil
	case f.PublishAs == "":
		p.Addf(e.Name.Pos, "the field %s is not published", f.Name)
		return nil
	case f.Treatment.Method == Plain:
		return []TestCell{p.typedCell(e, f)}
	}
	c := testCell(e)
	if f.Treatment.Method == Pseudonym && !c.Null && c.Value != AnyPseudonym {
		p.Addf(e.Value.Pos, "%s is published as a pseudonym, which differs with the key; write %s, or ~ for none", f.Name, AnyPseudonym)
	}
	return []TestCell{c}
}
