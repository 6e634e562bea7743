package rules

import (
	"maps"
	"slices"

	"clearwell/rules/contract"
	"clearwell/rules/syntax"
)

// resolve compiles what refers to the contracts of other datasets; find gives their
// plans, nil where there is none. It is called once all contracts are compiled.
func (p *compiler) resolve(find func(id string) *Plan) {
	for _, f := range p.pending {
		f(find)
	}
	p.pending = nil
}

// settledConditions compiles the conditions of a check that are known only when all rows were seen.
func (p *compiler) settledConditions(c *contract.SettledChecks, out *Field) []Condition {
	var list []Condition
	if c.ExistsIn != nil {
		if c.ExistsIn.Value.Given() {
			p.Addf(c.ExistsIn.Value.Pos, "%q names a field under rules; here the value is that of %s", "value", out.Name)
		} else if cond, ok := p.existsIn(c.ExistsIn, out); ok {
			list = append(list, cond)
		}
	}
	for _, t := range []struct {
		op    ConditionOp
		trend *contract.Trend
	}{{Increasing, c.Increasing}, {Decreasing, c.Decreasing}} {
		if t.trend != nil && !t.trend.Wrong {
			if cond, ok := p.trend(t.op, t.trend, out); ok {
				list = append(list, cond)
			}
		}
	}
	if c.Outlier != nil {
		if cond, ok := p.outlier(c.Outlier, out); ok {
			list = append(list, cond)
		}
	}
	return list
}

// existsIn compiles where a value must stand. Tables and files are sets: their values stand in the plan.
func (p *compiler) existsIn(e *contract.Exists, f *Field) (Condition, bool) {
	given := 0
	for _, t := range []syntax.Text{e.Dataset, e.Table, e.File} {
		if t.Given() {
			given++
		}
	}
	switch {
	case given != 1:
		p.Addf(e.Pos, "%q takes one of dataset, table and file", "exists_in")
		return Condition{}, false
	case !e.Dataset.Given() && e.Field.Given():
		p.Addf(e.Field.Pos, "%q is a field of a dataset; a file has columns", "field")
		return Condition{}, false
	case e.Column.Given() && !e.File.Given():
		p.Addf(e.Column.Pos, "%q is a column of a file; a dataset has fields", "column")
		return Condition{}, false
	case !e.Dataset.Given():
		c, ok := p.set(&contract.Set{Pos: e.Pos, Table: e.Table, File: e.File, Column: e.Column}, f)
		c.Field = f.Name
		return c, ok
	}
	field := e.Field
	if !field.Given() {
		field = syntax.Text{Value: f.Name, Pos: e.Dataset.Pos}
	}
	c := Condition{Op: ExistsIn, Fields: []string{f.Name}}
	c.Reference = p.elsewhere(e.Dataset, []syntax.Text{field}, []*Field{f})
	return c, c.Reference != nil
}

// elsewhere compiles fields of another dataset that are compared with fields of this one. They are
// judged when that contract is compiled too.
func (p *compiler) elsewhere(dataset syntax.Text, names []syntax.Text, with []*Field) *Referred {
	ref := &Referred{Dataset: dataset.Value, Columns: []string{}}
	for _, n := range names {
		ref.Fields = append(ref.Fields, n.Value)
	}
	if known := p.datasetIDs(); known != nil && !slices.Contains(known, dataset.Value) {
		p.AddHint(dataset.Pos, dataset.Value, known, "no dataset %q in datasets/", dataset.Value)
		return nil
	}
	own := dataset.Value == p.plan.Dataset
	p.pending = append(p.pending, func(find func(id string) *Plan) {
		other := find(dataset.Value)
		if own {
			other = p.plan
		}
		if other == nil {
			return // reported in its own file
		}
		for i, n := range names {
			f := other.Field(n.Value)
			switch {
			case f == nil:
				var fields []string
				for _, f := range other.Fields {
					fields = append(fields, f.Name)
				}
				p.AddHint(n.Pos, n.Value, fields, "the dataset %s has no field %q", dataset.Value, n.Value)
			case p.broken[with[i].Name] || f.Type.Kind == "":
			case f.Type.Kind != with[i].Type.Kind || f.Type.Scale != with[i].Type.Scale:
				p.Addf(n.Pos, "%s of %s is %s, %s is %s; values of different types are never equal", f.Name, dataset.Value, f.Type.String(), with[i].Name, with[i].Type.String())
			case own:
			case f.PublishAs == "":
				p.Addf(n.Pos, "%s of %s is not published; only what is published can be compared with", f.Name, dataset.Value)
			case f.Treatment.Method != Plain:
				p.Addf(n.Pos, "%s of %s is published after its treatment (%s); only values published as they are can be compared with", f.Name, dataset.Value, f.Treatment.Method)
			default:
				ref.Columns = append(ref.Columns, f.PublishAs)
			}
		}
	})
	return ref
}

func (p *compiler) trend(op ConditionOp, t *contract.Trend, f *Field) (Condition, bool) {
	c := Condition{Op: op, Field: f.Name, Strictly: t.Strictly}
	if f.Type.Kind == Boolean && len(t.Order) == 0 {
		p.Addf(t.Pos, "a boolean has no order; name one by order: [no, yes]")
		return c, false
	}
	for _, text := range t.Order {
		value, err := canonical(f.Type, text.Value)
		switch {
		case err != nil && !p.broken[f.Name]:
			p.Addf(text.Pos, "order: %v", err)
			return c, false
		case slices.Contains(c.Values, value):
			p.Addf(text.Pos, "%q stands twice in the order", text.Value)
			return c, false
		}
		c.Values = append(c.Values, value)
	}
	if len(t.Order) == 1 {
		p.Addf(t.Order[0].Pos, "an order has two values or more")
		return c, false
	}
	for _, by := range t.By {
		switch g := p.existing(by); {
		case g == nil:
			return c, false
		case g.Name == f.Name || slices.Contains(c.By, g.Name):
			p.Addf(by.Pos, "rows with the same %s cannot be compared by it; name other fields under by, each once", g.Name)
			return c, false
		default:
			c.By = append(c.By, g.Name)
		}
	}
	return c, true
}

func (p *compiler) outlier(d *contract.Distance, f *Field) (Condition, bool) {
	c := Condition{Op: Outlier, Field: f.Name, Outlier: &Distance{By: "z"}}
	factor := d.Z
	if d.IQR.Given() {
		c.Outlier.By, factor = "iqr", d.IQR
	}
	if d.Z.Given() == d.IQR.Given() {
		if slices.ContainsFunc(p.All, func(said syntax.Diagnostic) bool { return said.Line == d.Pos.Line && said.Column == d.Pos.Column }) {
			return c, false // it is no block at all
		}
		p.Addf(d.Pos, "%q takes either z or iqr, such as {z: 3} or {iqr: 1.5}", "outlier")
		return c, false
	}
	switch f.Type.Kind {
	case Integer, Number, Decimal, Date, Timestamp:
	default:
		if !p.broken[f.Name] {
			p.Addf(d.Pos, "%q is for numbers, dates and times, the field is %s; give it a type", "outlier", f.Type.String())
		}
		return c, false
	}
	x, err := rational(factor.Value)
	if err != nil || x.Sign() <= 0 {
		p.Addf(factor.Pos, "%q must be a number above 0, not %q", c.Outlier.By, factor.Value)
		return c, false
	}
	c.Outlier.Factor = decimalText(x)
	c.Outlier.Sample, c.Outlier.Above = d.Sample.Value && c.Outlier.By == "z", d.Side.Value == "above"
	return c, true
}

// settledRule compiles an entry of rules that is a condition over several fields known only when all
// rows were seen, or names its field inside exists_in; false if it is neither.
func (p *compiler) settledRule(n *contract.Rule) bool {
	b := n.Check.Block
	if b == nil {
		return false
	}
	named := n.Blame == nil && b.ExistsIn != nil && b.ExistsIn.Value.Given()
	if !b.SettledForms.Any() && !named {
		return false
	}
	if n.Check.Keys > 1 {
		p.Addf(n.Check.Pos, "depends, pair_in and exists_in with value are each a rule of their own; move the other conditions to another rule")
		return true
	}
	r := Rule{ID: n.ID.Value, Title: n.Title.ByLanguage, Basis: n.Basis.Value, Fix: n.Fix.Value}
	when := n.When
	var c Condition
	var blamed *Field
	ok := false
	switch {
	case named:
		if blamed = p.existing(b.ExistsIn.Value); blamed != nil {
			c, ok = p.existsIn(b.ExistsIn, blamed)
		}
	case b.Depends != nil:
		if c, ok = p.depends(b.Depends); ok {
			blamed = p.plan.Field(c.Other)
		}
		if b.Depends.When.Given() {
			if when.Given() {
				p.Addf(b.Depends.When.Pos, "the rule says when already; put both conditions into one, joined by &&")
			}
			when = b.Depends.When
		}
	default:
		c, ok = p.pairIn(b.PairIn)
	}
	if !ok {
		return true
	}
	if n.Blame != nil && n.Blame.Given() {
		f := p.existing(*n.Blame)
		if f == nil {
			return true
		}
		if names := append([]string{c.Other}, c.Fields...); !slices.Contains(names, f.Name) {
			p.Addf(n.Blame.Pos, "the rule does not look at the field %q; blame one of those that it compares", f.Name)
		}
		blamed = f
	}
	r.Conditions = []Condition{c}
	if blamed != nil {
		r.Field = blamed.Name
	}
	p.when(&r, when)
	p.reads(&r)
	p.indicator(&r, n.Dimension, n.Indicator, p.usualIndicator(&r))
	p.onFail(&r, n.OnFail, blamed)
	p.repair(&r, n.Repair, blamed)
	r.Allow = allowOf(n.Allow)
	p.weigh(&r, &n.Weight, n.OnFail, n.Allow)
	p.add(r, n.ID.Pos)
	return true
}

func (p *compiler) depends(d *contract.Dependency) (Condition, bool) {
	c := Condition{Op: Depends}
	ok := len(d.From) > 0 && d.To.Given()
	for _, from := range d.From {
		switch f := p.existing(from); {
		case f == nil:
			ok = false
		case slices.Contains(c.Fields, f.Name):
			p.Addf(from.Pos, "the field %q stands twice in depends", f.Name)
			ok = false
		default:
			c.Fields = append(c.Fields, f.Name)
		}
	}
	if d.To.Given() {
		if f := p.existing(d.To); f == nil {
			ok = false
		} else if c.Other = f.Name; slices.Contains(c.Fields, c.Other) {
			p.Addf(d.To.Pos, "%s depends on itself; name another field", c.Other)
			ok = false
		}
	}
	return c, ok
}

func (p *compiler) pairIn(n *contract.PairIn) (Condition, bool) {
	if !n.Dataset.Given() || n.Fields == nil {
		return Condition{}, false // reported
	}
	fields, ok := p.several("pair_in", n.Fields, n.Pos)
	if !ok {
		return Condition{}, false
	}
	as := n.As
	if len(as) == 0 {
		for _, f := range n.Fields {
			as = append(as, syntax.Text{Value: f.Value, Pos: n.Dataset.Pos})
		}
	}
	if len(as) != len(fields) {
		p.Addf(n.As[0].Pos, "%q names %d fields, %q %d; they are compared one by one", "as", len(as), "fields", len(fields))
		return Condition{}, false
	}
	c := Condition{Op: ExistsIn, Fields: namesOf(fields)}
	c.Reference = p.elsewhere(n.Dataset, as, fields)
	return c, c.Reference != nil
}

// maxNearestCodes bounds the codes of which the nearest is looked for: each is compared with each wrong value.
const maxNearestCodes = 1 << 16

// maxEdits bounds how far a value may be from the code that it is taken for.
const maxEdits = 3

// repair compiles where the cell of a rule gets its value from; f is the field whose cell is blamed, nil if it is the row.
func (p *compiler) repair(r *Rule, n *contract.Repair, f *Field) {
	if n == nil {
		return
	}
	if f == nil {
		p.Addf(n.Pos, "a repair changes a cell, and this rule blames the whole row; add field: with the field to repair")
		return
	}
	isDepends := len(r.Conditions) == 1 && r.Conditions[0].Op == Depends
	out := &Repair{}
	ok := false
	switch {
	case n.Majority && (!isDepends || r.Conditions[0].Other != f.Name):
		p.Addf(n.Pos, "majority is the most frequent value of depends; this rule has none on %s", f.Name)
	case n.Majority:
		out.By, ok = ByMajority, true
	case n.From.Given():
		other := p.existing(n.From)
		switch {
		case other == nil:
		case other.Name == f.Name:
			p.Addf(n.From.Pos, "%s cannot be repaired from itself; name another field", f.Name)
		case !p.broken[f.Name] && !p.broken[other.Name] && (other.Type.Kind != f.Type.Kind || other.Type.Scale != f.Type.Scale):
			p.Addf(n.From.Pos, "%s is %s, %s is %s; give both the same type", other.Name, other.Type.String(), f.Name, f.Type.String())
		default:
			out.By, out.Field, ok = FromField, other.Name, true
		}
	case n.Nearest != nil:
		ok = p.nearest(out, n.Nearest, r, f)
	case n.Lookup != nil:
		ok = p.lookedUp(out, n.Lookup, f)
	}
	if ok {
		r.Repair = out
	}
}

func (p *compiler) nearest(out *Repair, n *contract.Nearest, r *Rule, f *Field) bool {
	if !p.onlyText("nearest", n.Pos, f) {
		return false
	}
	out.By, out.Within = ByNearest, 1
	if n.Within.Given() {
		if out.Within = n.Within.Value; out.Within < 1 || out.Within > maxEdits {
			p.Addf(n.Within.Pos, "%q is from 1 to %d edits; further away everything is near", "within", maxEdits)
			return false
		}
	}
	if n.Set != nil {
		c, ok := p.set(n.Set, f)
		if !ok {
			return false
		}
		out.Values = c.Values
	} else {
		for _, c := range r.Conditions {
			if c.Op == Set {
				out.Values = c.Values
			}
		}
		if out.Values == nil {
			p.Addf(n.Pos, "nearest of what? The check has no set; name a code table: {nearest: {table: name}}")
			return false
		}
	}
	if len(out.Values) > maxNearestCodes {
		p.Addf(n.Pos, "nearest looks among %d codes at most, these are %d", maxNearestCodes, len(out.Values))
		return false
	}
	return true
}

func (p *compiler) lookedUp(out *Repair, n *contract.LookedUp, f *Field) bool {
	if !n.By.Given() {
		return false // reported
	}
	by := p.existing(n.By)
	if by == nil {
		return false
	}
	if by.Name == f.Name {
		p.Addf(n.By.Pos, "%s is looked up by itself; a value that breaks a rule says nothing about the right one", f.Name)
		return false
	}
	out.By, out.Field = ByLookup, by.Name
	if !n.Dataset.Given() {
		before := len(p.All)
		var step Step
		p.lookup(&n.FillLookup, &step)
		if len(p.All) > before {
			return false
		}
		for _, key := range slices.Sorted(maps.Keys(step.Table)) {
			from, err := canonical(by.Type, key)
			if err != nil {
				continue // such a value of by is never read
			}
			to, err := canonical(f.Type, step.Table[key])
			if err != nil && !p.broken[f.Name] {
				p.Addf(n.Pos, "lookup: %v", err)
				return false
			}
			out.Table = append(out.Table, [2]string{from, to})
		}
		return true
	}
	switch {
	case n.Table.Given() || n.File.Given():
		p.Addf(n.Dataset.Pos, "%q takes one of dataset, table and file", "lookup")
		return false
	case n.Dataset.Value == p.plan.Dataset:
		p.Addf(n.Dataset.Pos, "a repair looks values up in another dataset; for those of the same delivery use depends with majority")
		return false
	}
	key, value := n.Key, n.Value
	if !key.Given() {
		key = syntax.Text{Value: by.Name, Pos: n.Dataset.Pos}
	}
	if !value.Given() {
		value = syntax.Text{Value: f.Name, Pos: n.Dataset.Pos}
	}
	out.Reference = p.elsewhere(n.Dataset, []syntax.Text{key, value}, []*Field{by, f})
	return out.Reference != nil
}
