package rules

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"clearwell/rules/contract"
	"clearwell/rules/expr"
	"clearwell/rules/syntax"
)

// forms compiles the conditions over several fields of a row into r.
func (p *compiler) forms(r *Rule, c *contract.Check) {
	n := &c.Forms
	add := func(cond Condition, ok bool) {
		if ok {
			r.Conditions = append(r.Conditions, cond)
		}
	}
	if c.Tolerance.Given() && c.Compare == nil && n.SumOf == nil {
		p.Addf(c.Tolerance.Pos, "%q stands beside compare or sum_of", "tolerance")
	}
	switch {
	case n.SumOf != nil:
		add(p.sumOf(n, c.Tolerance, c.Pos))
	case n.Equals != nil:
		p.Addf(n.Equals.Pos, "%q stands beside sum_of; for one field use compare", "equals")
	}
	for _, g := range []struct {
		op    ConditionOp
		names []syntax.Text
	}{{Same, n.Same}, {Differ, n.Differ}, {AtLeastOne, n.AtLeastOne}, {ExactlyOne, n.ExactlyOne}, {AllOrNone, n.AllOrNone}} {
		if g.names == nil {
			continue
		}
		fields, ok := p.several(string(g.op), g.names, c.Pos)
		if g.op == Same || g.op == Differ {
			for k := 1; ok && k < len(fields); k++ {
				ok = p.comparable(g.names[k].Pos, fields[0], fields[k])
			}
		}
		add(Condition{Op: g.op, Fields: namesOf(fields)}, ok)
	}
	if n.Pair != nil {
		add(p.pair(n.Pair))
	}
	if n.Order != nil {
		add(p.order(n.Order))
	}
	switch {
	case n.If != nil && n.Then != nil:
		r.If = p.clause(n.If)
		r.Conditions = append(r.Conditions, p.clause(n.Then)...)
	case n.If != nil:
		p.Addf(n.If.Pos, "%q needs %q: what must hold there", "if", "then")
	case n.Then != nil:
		p.Addf(n.Then.Pos, "%q needs %q: where it must hold", "then", "if")
	}
}

// several finds the fields of a list of two or more, each once.
func (p *compiler) several(label string, names []syntax.Text, at syntax.Pos) ([]*Field, bool) {
	var fields []*Field
	ok := true
	for _, name := range names {
		f := p.existing(name)
		switch {
		case f == nil:
			ok = false
		case slices.Contains(fields, f):
			p.Addf(name.Pos, "the field %q stands twice in %s", name.Value, label)
			ok = false
		default:
			fields = append(fields, f)
		}
	}
	if len(names) == 1 {
		at = names[0].Pos
	}
	if len(names) < 2 {
		p.Addf(at, "%s takes two fields or more: [a, b]", label)
		ok = false
	}
	return fields, ok
}

func namesOf(fields []*Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

func (p *compiler) sumOf(n *contract.RowForms, tolerance syntax.Text, at syntax.Pos) (Condition, bool) {
	c := Condition{Op: SumOf}
	fields, ok := p.several("sum_of", n.SumOf, at)
	for k, f := range fields {
		if kindsAlike[f.Type.Kind] != "number" && !p.broken[f.Name] && k < len(n.SumOf) {
			p.Addf(n.SumOf[k].Pos, "sum_of adds numbers, %s is %s", f.Name, f.Type.String())
			ok = false
		}
		ok = ok && !p.broken[f.Name]
	}
	if n.Equals == nil {
		p.Addf(at, "sum_of lacks %q: the field or number that the sum is to be", "equals")
		return c, false
	}
	if !ok {
		return c, false
	}
	c.Fields = namesOf(fields)
	if total := p.plan.Field(n.Equals.Value); total != nil && !n.Equals.Quoted {
		if !p.comparable(n.Equals.Pos, fields[0], total) {
			return c, false
		}
		c.Other = total.Name
	} else {
		x, err := rational(n.Equals.Value)
		if err != nil {
			p.AddHint(n.Equals.Pos, n.Equals.Value, p.fieldNames(), "equals: %q is neither a field nor a number", n.Equals.Value)
			return c, false
		}
		c.Value = decimalText(x)
	}
	if tolerance.Given() {
		c.Tolerance, ok = p.slack(tolerance, fields[0])
	}
	return c, ok
}

// pair compiles the allowed combinations of values, sorted and each once.
func (p *compiler) pair(n *contract.Pair) (Condition, bool) {
	c := Condition{Op: Pair}
	fields, ok := p.several("pair", n.Fields, n.Pos)
	if !ok || n.In == nil {
		return c, false
	}
	c.Fields = namesOf(fields)
	rows, at, ok := p.tuples(n.In, len(fields))
	if !ok {
		return c, false
	}
	for i, row := range rows {
		tuple := make([]*string, len(fields))
		for k, text := range row {
			if text == nil {
				continue
			}
			if p.broken[fields[k].Name] {
				return c, false
			}
			value, err := canonical(fields[k].Type, *text)
			if err != nil {
				p.Addf(at(i, k), "pair: %s: %v", fields[k].Name, err)
				return c, false // one of a long table says enough
			}
			tuple[k] = &value
		}
		c.Tuples = append(c.Tuples, tuple)
	}
	slices.SortFunc(c.Tuples, compareTuples)
	c.Tuples = slices.CompactFunc(c.Tuples, func(a, b []*string) bool { return compareTuples(a, b) == 0 })
	return c, len(c.Tuples) > 0
}

// compareTuples orders by values, null first.
func compareTuples(a, b []*string) int {
	return slices.CompareFunc(a, b, func(x, y *string) int {
		switch {
		case x == nil && y == nil:
			return 0
		case x == nil:
			return -1
		case y == nil:
			return 1
		}
		return strings.Compare(*x, *y)
	})
}

// tuples reads the combinations of width values, with the place of each.
func (p *compiler) tuples(n *contract.Tuples, width int) (rows [][]*string, at func(row, column int) syntax.Pos, ok bool) {
	at = func(int, int) syntax.Pos { return n.Pos }
	switch {
	case n.Table.Given():
		table, there := p.around.codeTables[n.Table.Value]
		switch {
		case !there:
			p.AddHint(n.Table.Pos, n.Table.Value, p.around.tableNames, "no code table %q in standards/", n.Table.Value)
			return nil, at, false
		case width != 2:
			p.Addf(n.Table.Pos, "a code table gives pairs of code and name, and there are %d fields; use a file", width)
			return nil, at, false
		case len(table.names) == 0:
			p.Addf(n.Table.Pos, "the code table %q has no names; use {file: ..., columns: [a, b]}", n.Table.Value)
			return nil, at, false
		}
		var pairs [][]string
		for _, code := range sortedKeys(table.names) {
			pairs = append(pairs, []string{code, table.names[code]})
		}
		return texts(pairs), at, true
	case n.File.Given():
		if len(n.Columns) > 0 && len(n.Columns) != width {
			p.Addf(n.Columns[0].Pos, "there are %d columns for %d fields", len(n.Columns), width)
			return nil, at, false
		}
		columns := values(n.Columns)
		for k := len(columns); k < width; k++ {
			columns = append(columns, strconv.Itoa(k+1))
		}
		lines, err := readColumns(p.around.root, n.File.Value, columns)
		if err != nil {
			p.Addf(n.File.Pos, "%v", err)
			return nil, at, false
		}
		return texts(lines), at, true
	}
	for _, row := range n.Rows {
		tuple := make([]*string, len(row))
		for k := range row {
			if !row[k].Null {
				tuple[k] = &row[k].Value
			}
		}
		if len(row) != width {
			place := n.Pos
			if len(row) > 0 {
				place = row[0].Pos
			}
			p.Addf(place, "there are %d values here for %d fields", len(row), width)
			return nil, at, false
		}
		rows = append(rows, tuple)
	}
	return rows, func(row, column int) syntax.Pos { return n.Rows[row][column].Pos }, len(rows) > 0
}

func texts(rows [][]string) [][]*string {
	out := make([][]*string, len(rows))
	for i, row := range rows {
		out[i] = make([]*string, len(row))
		for k := range row {
			if row[k] != "" {
				out[i][k] = &row[k]
			}
		}
	}
	return out
}

// order compiles fields whose values ascend, or values of a named order.
func (p *compiler) order(n *contract.OrderForm) (Condition, bool) {
	c := Condition{Op: Ascending, Strictly: n.Strictly.Value}
	var fields []*Field
	ok := true
	switch {
	case n.Fields != nil && n.Field.Given():
		p.Addf(n.Field.Pos, "order takes either field or fields")
		return c, false
	case n.Field.Given():
		f := p.existing(n.Field)
		if f == nil {
			return c, false
		}
		fields = []*Field{f}
		if n.Values == nil || !n.AtLeast.Given() && !n.AtMost.Given() {
			if n.Wrong {
				return c, false
			}
			p.Addf(n.Pos, "order of one field needs values, and at_least, at_most or both; without an order of its own use range")
			return c, false
		}
	default:
		fields, ok = p.several("order", n.Fields, n.Pos)
	}
	for k := range fields {
		if k > 0 && ok {
			ok = p.comparable(n.Fields[k].Pos, fields[0], fields[k])
		}
		if fields[k].Type.Kind == Boolean {
			p.Addf(n.Pos, "true and false have no order")
			ok = false
		}
		ok = ok && !p.broken[fields[k].Name]
	}
	if !ok {
		return c, false
	}
	c.Fields = namesOf(fields)
	if n.Values == nil {
		if n.AtLeast.Given() || n.AtMost.Given() {
			p.Addf(n.Pos, "at_least and at_most go with values")
			return c, false
		}
		return c, true
	}
	return c, p.namedOrder(n, fields, &c)
}

// namedOrder fills in the values of an order and its ends.
func (p *compiler) namedOrder(n *contract.OrderForm, fields []*Field, c *Condition) bool {
	typ := fields[0].Type
	for _, f := range fields {
		if f.Type.Kind != typ.Kind {
			p.Addf(n.Pos, "%s is %s and %s is %s; a named order has one type", fields[0].Name, typ.String(), f.Name, f.Type.String())
			return false
		}
	}
	for _, t := range n.Values {
		value, err := canonical(typ, t.Value)
		switch {
		case err != nil:
			p.Addf(t.Pos, "order: %v", err)
			return false
		case slices.Contains(c.Values, value):
			p.Addf(t.Pos, "%q stands twice in the order", t.Value)
			return false
		}
		c.Values = append(c.Values, value)
	}
	if len(c.Values) < 2 {
		p.Addf(n.Pos, "an order has two values or more, from low to high")
		return false
	}
	for _, end := range []struct {
		text syntax.Text
		into *string
	}{{n.AtLeast, &c.Min}, {n.AtMost, &c.Max}} {
		if !end.text.Given() {
			continue
		}
		value, err := canonical(typ, end.text.Value)
		if err != nil || !slices.Contains(c.Values, value) {
			p.AddHint(end.text.Pos, end.text.Value, c.Values, "%q is not one of the values of the order", end.text.Value)
			return false
		}
		*end.into = value
	}
	if c.Min != "" && c.Max != "" && slices.Index(c.Values, c.Min) > slices.Index(c.Values, c.Max) {
		p.Addf(n.AtLeast.Pos, "nothing can pass: %s stands behind %s in the order", c.Min, c.Max)
		return false
	}
	return true
}

// clause compiles the if or the then of a rule.
func (p *compiler) clause(n *contract.Clause) []Condition {
	if n.Expr.Given() {
		if x := p.expression(n.Expr); x != nil {
			return []Condition{{Op: Holds, Expr: x}}
		}
		return nil
	}
	var list []Condition
	for i := range n.Fields {
		name := n.Fields[i].Name
		if p.existing(name) == nil {
			continue
		}
		for k := range p.contract.Fields {
			if f := &p.contract.Fields[k]; f.Name.Value == name.Value {
				list = append(list, p.block(&n.Fields[i].Value, &f.Value, &p.plan.Fields[k])...)
				break
			}
		}
	}
	return list
}

// formRule compiles an entry of rules whose conditions are over several fields of the row.
func (p *compiler) formRule(n *contract.Rule, c *contract.Check) {
	r := Rule{ID: n.ID.Value, Title: n.Title.ByLanguage, Basis: n.Basis.Value, Fix: n.Fix.Value}
	if c.Compare != nil {
		if cond, ok := p.compare(c.Compare, c.Tolerance, nil); ok {
			r.Conditions = append(r.Conditions, cond)
		}
	}
	p.forms(&r, c)
	if len(r.Conditions) == 0 {
		return // reported
	}
	p.when(&r, n.When)
	p.reads(&r)
	p.indicator(&r, n.Dimension, n.Indicator, p.usualIndicator(&r))
	p.onFail(&r, n.OnFail, nil)
	p.repair(&r, n.Repair, nil)
	r.Allow = allowOf(n.Allow)
	p.weigh(&r, &n.Weight, n.OnFail, n.Allow)
	p.add(r, n.ID.Pos)
}

// weigh fills in severity, mostly and nulls, after on_fail and allow.
func (p *compiler) weigh(r *Rule, w *contract.Weight, onFail *contract.OnFail, allow *contract.Allow) {
	if w.Mostly != nil && w.Mostly.MayFail.Share != nil {
		if r.Allow.Fail != nil {
			p.Addf(w.Mostly.Pos, "%q and %q say the same; take out one of the two", "mostly", "allow")
		}
		r.Allow.Fail = &Bound{Share: w.Mostly.MayFail.Share}
	}
	none := int64(0)
	switch w.Severity.Value {
	case "gate":
		r.Severity = SeverityGate
		if r.Allow.Fail == nil {
			r.Allow.Fail = &Bound{Count: &none}
		}
	case "warn":
		r.Severity = SeverityWarn
		switch {
		case r.Allow.Fail != nil && r.Allow.Warn != nil:
			p.Addf(allow.Pos, "a rule of severity warn never refuses a version; give allow one bound")
		case r.Allow.Fail != nil:
			r.Allow = Allow{Warn: r.Allow.Fail}
		case r.Allow.Warn == nil:
			r.Allow.Warn = &Bound{Count: &none}
		}
		if onFail == nil || !onFail.Action.Given() {
			r.OnFail, r.Replace = Keep, ""
		} else if r.OnFail == Stop {
			p.Addf(onFail.Action.Pos, "a rule of severity warn never stops a run; take out one of the two")
		}
	}
	p.nulls(r, w.Nulls)
}

// nulls fills in what nulls mean to the rule.
func (p *compiler) nulls(r *Rule, t syntax.Text) {
	if !t.Given() || t.Value == "" {
		return
	}
	if t.Value != "skip_any" {
		r.Nulls = NullPolicy(t.Value)
	}
	for i := range r.Conditions {
		switch c := &r.Conditions[i]; {
		case c.Op == Unique && len(r.Conditions) == 1 && r.Nulls != FailNulls:
			c.NullsMatch, r.Nulls = r.Nulls == SkipAll, SkipAny
		case c.Op.Settled():
			p.Addf(t.Pos, "%q is not for %s: it leaves out rows with a null in its fields; add a rule with required", "nulls", c.Op)
			return
		case c.Op == Required || c.Op == AtLeastOne || c.Op == ExactlyOne || c.Op == AllOrNone:
			p.Addf(t.Pos, "%q has no meaning beside %s, which is about nulls itself", "nulls", c.Op)
			return
		}
	}
}

// usualIndicator is the indicator that a rule counts under if the contract says nothing.
func (p *compiler) usualIndicator(r *Rule) string {
	if len(r.If) > 0 {
		return relatedData
	}
	first := &r.Conditions[0]
	switch {
	case first.Op == Compare && first.Other == "":
		return indicatorOf[Range]
	case first.Op == Holds && len(first.Expr.Fields) > 1:
		return relatedData
	}
	return or(indicatorOf[first.Op], relatedData)
}

// conditionReads are the fields that a condition reads, in order, perhaps more than once.
func conditionReads(c *Condition) []string {
	names := append([]string{c.Field}, c.Fields...)
	names = append(append(names, c.Other), c.By...)
	if c.Expr != nil {
		names = append(names, c.Expr.Fields...)
	}
	for _, block := range c.Blocks {
		for i := range block {
			names = append(names, conditionReads(&block[i])...)
		}
	}
	return names
}

// usesWrongName reports whether an expression uses a field whose name is wrong: that has
// been said at the field, and what CEL makes of it would only confuse.
func (p *compiler) usesWrongName(text string) bool {
	for _, f := range p.plan.Fields {
		if !sayable(f.Name) && containsWord(text, f.Name) {
			return true
		}
	}
	return false
}

// sayable reports whether expressions can use a field of this name.
func sayable(name string) bool { return fieldName.MatchString(name) && !expr.ReservedWord(name) }

// containsWord reports whether word stands in text with no letter, digit or _ beside it.
func containsWord(text, word string) bool {
	for at := 0; word != ""; {
		k := strings.Index(text[at:], word)
		if k < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at+k])
		after, _ := utf8.DecodeRuneInString(text[at+k+len(word):])
		if !isWordRune(before) && !isWordRune(after) {
			return true
		}
		at += k + len(word)
	}
	return false
}

func isWordRune(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
