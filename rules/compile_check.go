package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clearwell/rules/contract"
	"clearwell/rules/standard"
	"clearwell/rules/syntax"
)

// Dimension and indicator (GB/T 36344-2018) of a rule by its first condition.
var indicatorOf = map[ConditionOp]string{
	Required:   "0201", // completeness: data element
	Parsed:     "0302", // accuracy: format
	Length:     "0302",
	Pattern:    "0302",
	Range:      "0301", // accuracy: content
	Holds:      "0301", // of one field; of several 0402
	Set:        "0105", // normativity: reference data
	Unique:     "0304", // accuracy: uniqueness
	Increasing: "0301",
	Decreasing: "0301",
	Outlier:    "0301",
	Standard:   "0101", // normativity: data standard; the standard itself may say another

	NotSet: "0301", NotPattern: "0302", Like: "0302", NotLike: "0302", Validate: "0302", JSON: "0302", AnyOf: "0301", AllOf: "0301", Not: "0301",
	Compare: relatedData, SumOf: relatedData, Same: relatedData, Differ: relatedData, Pair: relatedData, Ascending: relatedData,
	AtLeastOne: "0201", ExactlyOne: "0201", AllOrNone: "0201",
}

// relatedData is the indicator of an expression over several fields: consistency of related data.
const relatedData = "0402"

// dimensions are the six dimensions by the first two digits of their indicators, with their number of indicators.
var dimensions = map[string]struct {
	name  string
	count int
}{
	"01": {"normativity", 6}, "02": {"completeness", 2}, "03": {"accuracy", 5},
	"04": {"consistency", 2}, "05": {"timeliness", 3}, "06": {"accessibility", 2},
}

// firstIndicator is what a rule counts under whose contract names only the dimension.
var firstIndicator = map[string]string{
	"normativity": "0101", "completeness": "0201", "accuracy": "0301", "consistency": "0402", "timeliness": "0501", "accessibility": "0601",
}

// fieldRules compiles the rules of a field: required, type and standard where no
// check claims them under a name of its own, then the checks in file order.
func (p *compiler) fieldRules(f *contract.Field, out *Field) {
	var checks []contract.Check
	if f.Check != nil {
		checks = f.Check.List
	}
	claimed := map[ConditionOp]bool{}
	claiming := checks
	for i := range p.contract.Rules {
		if r := &p.contract.Rules[i]; r.Blame != nil && r.Blame.Value == out.Name {
			if c, ok := r.FieldCheck(); ok {
				claiming = append(slices.Clip(claiming), c)
			}
		}
	}
	for _, c := range claiming {
		claimed[Required] = claimed[Required] || c.Required != nil
		claimed[Parsed] = claimed[Parsed] || c.Type != nil
		claimed[Standard] = claimed[Standard] || c.Standard != nil && c.Standard.Own()
	}
	implicit := func(op ConditionOp, at syntax.Pos, indicator string, conditions ...Condition) {
		if claimed[op] {
			return
		}
		r := Rule{ID: out.Name + "." + string(op), Field: out.Name, Reads: []string{out.Name}, Conditions: conditions}
		p.indicator(&r, syntax.Text{}, syntax.Text{}, indicator)
		p.onFail(&r, f.OnFail, out)
		p.add(r, at)
	}
	if f.Validate != nil {
		checks = append([]contract.Check{{Pos: f.Validate.Pos, ValueConditions: contract.ValueConditions{Validate: f.Validate}}}, checks...)
	}
	if f.Required != nil && f.Required.Value {
		implicit(Required, f.Required.Pos, indicatorOf[Required], Condition{Op: Required, Field: out.Name})
	}
	if out.Type.Kind != String {
		implicit(Parsed, f.Pos, indicatorOf[Parsed], Condition{Op: Parsed, Field: out.Name})
	}
	if out.Standard != "" {
		if indicator, conditions, _ := p.standardConditions(f.Standard, out); len(conditions) > 0 {
			implicit(Standard, f.Pos, or(indicator, indicatorOf[Standard]), conditions...)
		}
	}
	p.codeRule(f, out)
	for i := range checks {
		p.check(&checks[i], f, out)
	}
}

// check compiles one check of a field to one rule.
func (p *compiler) check(c *contract.Check, f *contract.Field, out *Field) {
	before := len(p.All)
	r := Rule{ID: c.ID.Value, Title: c.Title.ByLanguage, Field: out.Name, Basis: c.Basis.Value, Fix: c.Fix.Value}
	r.Conditions = p.conditions(c, f, out)
	p.forms(&r, c)
	if measured := p.columnMeasures(c, out); measured && len(r.Conditions) == 0 {
		p.refuseRowKeys(c)
		return
	}
	if len(r.Conditions) == 0 {
		if len(p.All) == before && !c.Wrong && !p.broken[out.Name] && !p.hushed {
			p.Addf(c.Pos, "the check has no condition; give it required, type, standard, length, range, set, pattern, unique or expr")
		}
		return
	}
	p.when(&r, c.When)
	p.reads(&r)
	indicator := p.usualIndicator(&r)
	if first := r.Conditions[0]; first.Op == Standard {
		if std, ok := standard.Lookup(first.Standard); ok {
			indicator = or(std.Indicator, indicator)
		}
	}
	p.indicator(&r, c.Dimension, c.Indicator, indicator)
	action := c.OnFail
	if action == nil {
		action = f.OnFail
	}
	p.onFail(&r, action, out)
	p.repair(&r, c.Repair, out)
	r.Allow = allowOf(c.Allow)
	p.weigh(&r, &c.Weight, c.OnFail, c.Allow)
	at := c.ID.Pos
	if !c.ID.Given() {
		at = c.Pos
		ops := make([]string, len(r.Conditions))
		for i := range r.Conditions {
			ops[i] = string(r.Conditions[i].Op)
		}
		r.ID = out.Name + "." + strings.Join(ops, "-")
	}
	p.add(r, at)
}

// conditions compiles the conditions of a check, in the order in which a person would try them.
func (p *compiler) conditions(c *contract.Check, f *contract.Field, out *Field) []Condition {
	var list []Condition
	add := func(cond Condition) {
		cond.Field = out.Name
		list = append(list, cond)
	}
	flag := func(given *contract.Flagged, op ConditionOp) {
		switch {
		case given == nil || given.Pos == (syntax.Pos{}): // not given, or reported
		case !given.Value:
			p.Addf(given.Pos, "%q can only be true; leave it out otherwise", op)
		case op == Parsed && out.Type.Kind == String && !p.broken[out.Name]:
			p.Addf(given.Pos, "%q checks that the text can be read as the field's type, and %s is a string; give the field a type", op, out.Name)
		case op == Unique:
			add(Condition{Op: op, Fields: []string{out.Name}})
		default:
			add(Condition{Op: op})
		}
	}
	flag(c.Required, Required)
	flag(c.Type, Parsed)
	if c.Standard != nil {
		for _, cond := range p.checkedStandard(c.Standard, f, out) {
			add(cond)
		}
	}
	if c.Length != nil {
		if cond, ok := p.length(c.Length, out); ok {
			add(cond)
		}
	}
	if c.Range != nil {
		if cond, ok := p.rangeOf(c.Range, out); ok {
			add(cond)
		}
	}
	if c.Set != nil {
		if cond, ok := p.set(c.Set, out); ok {
			add(cond)
		}
	}
	if c.Pattern != nil {
		p.onlyText("pattern", c.Pattern.Pos, out)
		if p.pattern(*c.Pattern) != nil {
			add(Condition{Op: Pattern, Pattern: c.Pattern.Value})
		}
	}
	list = append(list, p.valueConditions(&c.ValueConditions, f, out)...)
	list = append(list, p.settledConditions(&c.SettledChecks, out)...)
	flag(c.Unique, Unique)
	if c.Expr != nil && c.Expr.Given() {
		if x := p.expression(*c.Expr); x != nil {
			add(Condition{Op: Holds, Expr: x})
		}
	}
	return list
}

// checkedStandard are the conditions of a standard that a check names.
func (p *compiler) checkedStandard(s *contract.StandardCheck, f *contract.Field, out *Field) []Condition {
	ref := &s.Reference
	switch {
	case s.Own() && f.Standard == nil:
		p.Addf(ref.Pos, "the field %s has no standard; name the one to check", out.Name)
		return nil
	case s.Own():
		ref = f.Standard
		if out.Standard == "" {
			return nil // reported at the field
		}
	default:
		if p.standard(ref) == nil {
			return nil
		}
	}
	_, conditions, ok := p.standardConditions(ref, out)
	switch {
	case !ok: // reported in its file
	case len(conditions) == 0:
		p.Addf(s.Pos, "the standard %s has no check of its own", ref.Name.Value)
	case out.Type.Kind != String && !p.broken[out.Name] && slices.ContainsFunc(conditions, func(c Condition) bool { return c.Op == Standard }):
		p.Addf(s.Pos, "the standard %s checks strings, the field is %s", ref.Name.Value, out.Type.String())
	default:
		return conditions
	}
	return nil
}

func (p *compiler) onlyText(label string, at syntax.Pos, f *Field) bool {
	if f.Type.Kind == String || p.broken[f.Name] {
		return true
	}
	p.Addf(at, "%q is for strings, the field is %s", label, f.Type.String())
	return false
}

func (p *compiler) length(b *contract.Bounds, f *Field) (Condition, bool) {
	if !p.onlyText("length", b.Pos, f) {
		return Condition{}, false
	}
	return p.bounds(Length, "length", Type{Kind: Integer}, b)
}

func (p *compiler) rangeOf(b *contract.Bounds, f *Field) (Condition, bool) {
	switch f.Type.Kind {
	case Integer, Number, Decimal, Date, Timestamp:
		return p.bounds(Range, "range", f.Type, b)
	}
	if !p.broken[f.Name] {
		p.Addf(b.Pos, "%q is for numbers, dates and times, the field is %s; give it a type, or use length or set", "range", f.Type.String())
	}
	return Condition{}, false
}

func (p *compiler) bounds(op ConditionOp, label string, t Type, b *contract.Bounds) (Condition, bool) {
	c := Condition{Op: op, MinOpen: b.MinOpen, MaxOpen: b.MaxOpen}
	ok := true
	for _, end := range []struct {
		text syntax.Text
		into *string
	}{{b.Min, &c.Min}, {b.Max, &c.Max}} {
		if !end.text.Given() {
			continue
		}
		value, err := canonical(t, end.text.Value)
		if err != nil {
			p.Addf(end.text.Pos, "%s: %v", label, err)
			ok = false
		}
		*end.into = value
	}
	if ok && c.Min != "" && c.Max != "" {
		if order := compareCanonical(t, c.Min, c.Max); order > 0 || order == 0 && (c.MinOpen || c.MaxOpen) {
			p.Addf(b.Pos, "%s: nothing can pass, the least value %s is above the greatest %s", label, b.Min.Value, b.Max.Value)
			ok = false
		}
	}
	if op == Length && ok && strings.HasPrefix(c.Min+c.Max, "-") {
		p.Addf(b.Pos, "length: a length is 0 or more")
	}
	return c, ok && (b.Min.Given() || b.Max.Given())
}

// set compiles the allowed values, sorted and each once.
func (p *compiler) set(s *contract.Set, f *Field) (Condition, bool) {
	var texts []string
	at := func(int) syntax.Pos { return s.Pos }
	switch {
	case s.Table.Given():
		codes, ok := p.around.tables[s.Table.Value]
		if !ok {
			p.AddHint(s.Table.Pos, s.Table.Value, p.around.tableNames, "no code table %q in standards/", s.Table.Value)
			return Condition{}, false
		}
		texts = codes
	case s.File.Given():
		codes, err := readCodes(p.around.root, s.File.Value, s.Column.Value)
		if err != nil {
			p.Addf(s.File.Pos, "%v", err)
			return Condition{}, false
		}
		texts = codes
	default:
		texts = values(s.Values)
		at = func(i int) syntax.Pos { return s.Values[i].Pos }
	}
	if f.Type.Kind == Boolean {
		p.Addf(s.Pos, "%q is not for booleans; use expr", "set")
		return Condition{}, false
	}
	c := Condition{Op: Set, Values: make([]string, 0, len(texts))}
	for i, text := range texts {
		value, err := canonical(f.Type, text)
		if err != nil && !p.broken[f.Name] {
			p.Addf(at(i), "set: %v", err)
			return Condition{}, false // one of a long table says enough
		}
		c.Values = append(c.Values, value)
	}
	slices.Sort(c.Values)
	c.Values = slices.Compact(c.Values)
	return c, len(c.Values) > 0
}

// rowRule compiles one entry of rules.
func (p *compiler) rowRule(n *contract.Rule) {
	if p.tableMeasures(n) {
		return
	}
	if p.settledRule(n) {
		return
	}
	if c, ok := n.FieldCheck(); ok {
		if n.Check.Rowly && n.Blame == nil {
			p.formRule(n, &c)
			return
		}
		p.fieldRowRule(n, &c)
		return
	}
	r := Rule{ID: n.ID.Value, Title: n.Title.ByLanguage, Basis: n.Basis.Value, Fix: n.Fix.Value}
	if n.Blame != nil && n.Blame.Given() {
		if p.existing(*n.Blame) != nil {
			r.Field = n.Blame.Value
		}
	}
	indicator := relatedData
	switch {
	case n.Check.Expr.Given():
		x := p.expression(n.Check.Expr)
		if x == nil {
			return
		}
		if len(x.Fields) == 1 {
			indicator = indicatorOf[Holds]
		}
		r.Conditions = []Condition{{Op: Holds, Expr: x}}
	case len(n.Check.Unique) > 0:
		c := Condition{Op: Unique}
		for _, name := range n.Check.Unique {
			if f := p.existing(name); f != nil {
				c.Fields = append(c.Fields, f.Name)
			}
		}
		indicator = indicatorOf[Unique]
		r.Conditions = []Condition{c}
	default:
		return // reported
	}
	p.when(&r, n.When)
	p.reads(&r)
	p.indicator(&r, n.Dimension, n.Indicator, indicator)
	p.onFail(&r, n.OnFail, p.plan.Field(r.Field))
	p.repair(&r, n.Repair, p.plan.Field(r.Field))
	r.Allow = allowOf(n.Allow)
	p.weigh(&r, &n.Weight, n.OnFail, n.Allow)
	p.add(r, n.ID.Pos)
}

// fieldRowRule compiles an entry of rules that is a check on one field.
func (p *compiler) fieldRowRule(n *contract.Rule, c *contract.Check) {
	if n.Blame == nil || !n.Blame.Given() {
		if n.Check.Wrong {
			return // a condition that could not be read may be one that needs no field
		}
		p.Addf(n.Check.Pos, "these conditions are on one field; add field: with its name, or write the check in CEL")
		return
	}
	for i := range p.contract.Fields {
		if f := &p.contract.Fields[i]; f.Name.Value == n.Blame.Value {
			p.check(c, &f.Value, &p.plan.Fields[i])
			return
		}
	}
	p.existing(*n.Blame)
}

func (p *compiler) when(r *Rule, t syntax.Text) {
	if t.Given() {
		r.When = p.expression(t)
	}
}

// reads lists all fields that the rule reads: its own, its expressions', its key's.
func (p *compiler) reads(r *Rule) {
	r.Reads = []string{}
	add := func(names ...string) {
		for _, n := range names {
			if n != "" && !slices.Contains(r.Reads, n) {
				r.Reads = append(r.Reads, n)
			}
		}
	}
	add(r.Field)
	for i := range r.Conditions {
		add(conditionReads(&r.Conditions[i])...)
	}
	for i := range r.If {
		add(conditionReads(&r.If[i])...)
	}
	if r.When != nil {
		add(r.When.Fields...)
	}
}

// indicator fills in the rule's dimension and indicator: as said, else by what was said of the other, else the default.
func (p *compiler) indicator(r *Rule, dimension, indicator syntax.Text, otherwise string) {
	r.Indicator = otherwise
	if dimension.Given() && dimensions[otherwise[:2]].name != dimension.Value {
		r.Indicator = or(firstIndicator[dimension.Value], otherwise)
	}
	if indicator.Given() {
		if !knownIndicator(indicator.Value) {
			p.Addf(indicator.Pos, "GB/T 36344 has no indicator %q; they go from 0101 to 0602", indicator.Value)
			return
		}
		r.Indicator = indicator.Value
	}
	r.Dimension = dimensions[r.Indicator[:2]].name
	if dimension.Given() && firstIndicator[dimension.Value] != "" && r.Dimension != dimension.Value {
		p.Addf(indicator.Pos, "the indicator %s belongs to %s, not to %s", r.Indicator, r.Dimension, dimension.Value)
	}
}

func knownIndicator(code string) bool {
	if len(code) != 4 {
		return false
	}
	d, ok := dimensions[code[:2]]
	n, err := strconv.Atoi(code[2:])
	return ok && err == nil && n >= 1 && n <= d.count
}

// onFail fills in the action; f is the field whose cell is blamed, nil if it is the row.
func (p *compiler) onFail(r *Rule, o *contract.OnFail, f *Field) {
	r.OnFail = Quarantine
	if o == nil || !o.Action.Given() {
		return
	}
	r.OnFail = FailAction(o.Action.Value)
	if r.OnFail != SetNull && r.OnFail != ReplaceBy {
		return
	}
	switch {
	case f == nil:
		p.Addf(o.Action.Pos, "%s changes a cell, and this rule blames the whole row; add field: with the field to change", r.OnFail)
	case r.OnFail == ReplaceBy && !p.broken[f.Name]:
		value, err := canonical(f.Type, o.Replace.Value)
		if err != nil && o.Replace.Given() {
			p.Addf(o.Replace.Pos, "replace: %v", err)
		}
		if err == nil && o.Replace.Given() && (value == "" || slices.Contains(f.Nulls, value)) {
			p.Addf(o.Replace.Pos, "replace: %q is null in this field; write on_fail: null", o.Replace.Value)
		}
		r.Replace = value
	}
}

func allowOf(a *contract.Allow) Allow {
	if a == nil {
		return Allow{}
	}
	bound := func(b *contract.Bound) *Bound {
		if b == nil {
			return nil
		}
		return &Bound{Share: b.Share, Count: b.Count}
	}
	return Allow{Warn: bound(a.Warn), Fail: bound(a.Fail)}
}

// add gives the rule its place, if its id is free.
func (p *compiler) add(r Rule, at syntax.Pos) {
	if p.claim(r.ID, at) {
		p.plan.Rules = append(p.plan.Rules, r)
	}
}

// claim gives an id to a rule or a measure, if it is free and well formed.
func (p *compiler) claim(id string, at syntax.Pos) bool {
	first, twice := p.ruleAt[id]
	switch {
	case twice:
		p.Addf(at, "the rule id %q is taken by the rule on line %d; give this one another id", id, first.Line)
		return false
	case id != "" && !ruleID.MatchString(id):
		p.Addf(at, "a rule id has letters, digits, hyphens, dots and _, not %q", id)
		return false
	}
	p.ruleAt[id] = at
	return true
}

// boundWords tells a bound in words: 2%, 50 rows, 2% or 50 rows.
func boundWords(b *Bound) string {
	var parts []string
	if b.Share != nil {
		parts = append(parts, strconv.FormatFloat(*b.Share*100, 'g', 6, 64)+"%")
	}
	if b.Count != nil {
		parts = append(parts, fmt.Sprintf("%d rows", *b.Count))
	}
	return strings.Join(parts, " or ")
}
