package rules

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"clearwell/rules/contract"
	"clearwell/rules/expr"
	"clearwell/rules/standard"
	yaml "clearwell/rules/syntax"
	"clearwell/rules/units"
	"clearwell/rules/wording"
)

// furtherStep fills in the parameters of the steps of plan_clean.go. field is the
// name of the field that is cleaned.
func (p *compiler) furtherStep(s contract.Step, field string, out *Step) {
	switch a := s.Args.(type) {
	case *contract.UnitArgs:
		p.unit(a, out)
	case *contract.SerialArgs:
		out.System = 1900
		if a.System.Value != "" && yaml.OneOf(a.System, "system", []string{"1900", "1904"}, p.Report) && a.System.Value == "1904" {
			out.System = 1904
		}
	case *contract.ZoneArgs:
		p.zone(a, out)
	case *contract.ShortYearArgs:
		out.Pivot, out.Order = a.Pivot.Value, or(a.Order.Value, "ymd")
		if a.Pivot.Given() && (a.Pivot.Value < 0 || a.Pivot.Value > 98) {
			p.Addf(a.Pivot.Pos, "%q is the last year of the 2000s, from 0 to 98", "pivot")
		}
	case *contract.RepublicArgs:
		out.Bare = a.Bare.Value
	case *contract.CodesArgs:
		p.codes(a, out)
	case *contract.SuccessorArgs:
		out.AsOf = standard.NewestRevision
		if a.AsOf.Given() {
			asOf, err := standard.RegionRevision(a.AsOf.Value)
			if err != nil {
				p.Addf(a.AsOf.Pos, "as_of: %v", err)
			}
			out.AsOf = asOf
		}
	case *contract.FillArgs:
		p.fill(a, field, out)
	case *contract.ExtractArgs:
		p.extract(a, field, out)
	case nil:
		switch out.Op {
		case Serial:
			out.System = 1900
		case Successor:
			out.AsOf = standard.NewestRevision
		}
	}
}

func (p *compiler) unit(a *contract.UnitArgs, out *Step) {
	out.From, out.To = a.From.Value, a.To.Value
	decimals := -1
	if a.Decimals != nil {
		if decimals = a.Decimals.Value; decimals < 0 {
			p.Addf(a.Decimals.Pos, "%q is from 0 to 18", "decimals")
			return
		}
		out.Round = &a.Decimals.Value
	}
	known := true
	for _, t := range []yaml.Text{a.From, a.To} {
		if t.Given() && !slices.Contains(units.Names(), t.Value) {
			near := units.Names()
			if utf8.RuneCountInString(t.Value) < 2 { // any other character is near to one
				near = nil
			}
			p.AddHint(t.Pos, t.Value, near, "unknown unit %q; docs/contract.md lists them", t.Value)
			known = false
		}
	}
	if !known || !a.To.Given() {
		return
	}
	if _, err := units.New(out.From, out.To, decimals); err != nil {
		at := a.From.Pos
		if !a.From.Given() {
			at = a.To.Pos
		}
		p.Addf(at, "unit: %v", err)
	}
}

func (p *compiler) zone(a *contract.ZoneArgs, out *Step) {
	out.From, out.To = a.From.Value, a.To.Value
	for _, f := range a.Formats {
		if err := checkFormat(Timestamp, f.Value); err != nil {
			p.Addf(f.Pos, "%v", err)
			return
		}
		out.Formats = append(out.Formats, f.Value)
	}
	for _, t := range []yaml.Text{a.To, a.From} {
		if !t.Given() {
			continue
		}
		if _, err := standard.NewZoneShift("", t.Value, nil); err != nil {
			p.Addf(t.Pos, "%v", err)
		}
	}
}

// codes finds the table whose words become codes.
func (p *compiler) codes(a *contract.CodesArgs, out *Step) {
	if !a.Table.Given() {
		return
	}
	t, ok := p.around.codeTables[a.Table.Value]
	if !ok {
		p.AddHint(a.Table.Pos, a.Table.Value, p.around.tableNames, "no code table %q in standards/", a.Table.Value)
		return
	}
	out.CodeTable, out.Table = a.Table.Value, t.words
}

func (p *compiler) fill(a *contract.FillArgs, field string, out *Step) {
	given := 0
	for _, one := range []bool{a.Previous.Given(), a.From.Given(), a.Column.Given(), a.Value.Given(), a.Lookup != nil} {
		if one {
			given++
		}
	}
	if given == 0 && a.Pos.Line == 0 {
		return // reported
	}
	if given != 1 {
		p.Addf(a.Pos, "%q takes one of previous, from, column, value and lookup", "fill")
		return
	}
	switch {
	case a.Previous.Given():
		out.Source = FillPrevious
		if !a.Previous.Value {
			p.Addf(a.Previous.Pos, "%q can only be true; leave the step out otherwise", "previous")
		}
	case a.Value.Given():
		out.Source, out.Value = FillValue, a.Value.Value
		p.notEmpty(a.Value, "value")
	case a.Column.Given():
		out.Source, out.Other, out.IsColumn = FillFrom, a.Column.Value, true
		p.notEmpty(a.Column, "column")
	case a.From.Given():
		out.Source, out.Other = FillFrom, a.From.Value
		p.refer(a.From, field)
	default:
		out.Source, out.Other = FillLookup, a.Lookup.By.Value
		p.refer(a.Lookup.By, field)
		p.lookup(a.Lookup, out)
	}
}

// refer notes that cleaning a field needs another one, to be judged when all fields are known.
func (p *compiler) refer(to yaml.Text, field string) {
	if to.Given() {
		p.references = append(p.references, reference{field, to})
	}
}

// reference is a field that another one needs.
type reference struct {
	field string
	to    yaml.Text
}

func (p *compiler) lookup(l *contract.FillLookup, out *Step) {
	switch {
	case l.Table.Given() == l.File.Given():
		p.Addf(l.Pos, "%q takes either a table or a file", "lookup")
	case l.Table.Given() && (l.Key.Given() || l.Value.Given()):
		p.Addf(l.Pos, "%q and %q are columns of a file; a table gives the name of a code", "key", "value")
	case l.Table.Given():
		t, ok := p.around.codeTables[l.Table.Value]
		if !ok {
			p.AddHint(l.Table.Pos, l.Table.Value, p.around.tableNames, "no code table %q in standards/", l.Table.Value)
			return
		}
		out.Table = t.names
		if len(out.Table) == 0 {
			p.Addf(l.Table.Pos, "the code table %q has no names to look up", l.Table.Value)
		}
	default:
		rows, err := readColumns(p.around.root, l.File.Value, []string{or(l.Key.Value, "1"), or(l.Value.Value, "2")})
		if err != nil {
			p.Addf(l.File.Pos, "%v", err)
			return
		}
		out.Table = make(map[string]string, len(rows))
		for _, r := range rows {
			if before, twice := out.Table[r[0]]; twice && before != r[1] {
				p.Addf(l.File.Pos, "the table %s has %q twice, with %q and with %q; which one is meant?", l.File.Value, r[0], before, r[1])
				return
			}
			out.Table[r[0]] = r[1]
		}
	}
}

// extract takes a group of a pattern, or a part of an address.
func (p *compiler) extract(a *contract.ExtractArgs, field string, out *Step) {
	switch {
	case a.Address.Given() && (a.Pattern.Given() || a.Group.Given()):
		p.Addf(a.Address.Pos, "%q stands without pattern and group", "address")
		return
	case a.Address.Given():
		out.Op, out.Part = AddressPart, a.Address.Value
		return
	case !a.Pattern.Given():
		p.Addf(a.Pos, "%q needs a pattern, or address with a part", "extract")
		return
	}
	out.Pattern = a.Pattern.Value
	re := p.pattern(a.Pattern)
	if re == nil {
		return
	}
	groups, names := re.MaxCap(), re.CapNames()
	if !a.Group.Given() {
		if out.Group = slices.Index(names, field); out.Group < 0 {
			out.Group = min(1, groups)
		}
		return
	}
	n, err := strconv.Atoi(a.Group.Value)
	switch {
	case err == nil && n >= 0 && n <= groups:
		out.Group = n
	case err == nil:
		p.Addf(a.Group.Pos, "the pattern has no group %d (groups: %d)", n, groups)
	default:
		if out.Group = slices.Index(names, a.Group.Value); out.Group < 1 {
			p.AddHint(a.Group.Pos, a.Group.Value, groupNames(re), "the pattern has no group %q", a.Group.Value)
		}
	}
}

func groupNames(re *syntax.Regexp) []string {
	return slices.DeleteFunc(slices.Clone(re.CapNames()), func(s string) bool { return s == "" })
}

// extractions reads the columns that patterns make out of others.
func (p *compiler) extractions() {
	p.groups = map[string]Step{}
	for _, x := range p.contract.Extract {
		re := p.pattern(x.Pattern)
		if re == nil {
			continue
		}
		names := groupNames(re)
		if len(names) == 0 {
			p.Addf(x.Pattern.Pos, "the pattern has no named group; write (?P<name>…) around what a field is to have")
		}
		for _, name := range names {
			if _, twice := p.groups[name]; twice {
				p.Addf(x.Pattern.Pos, "another group is called %q; give each its own name", name)
				continue
			}
			p.groups[name] = Step{ID: "extract", Op: Extract, Pattern: x.Pattern.Value, Group: slices.Index(re.CapNames(), name), CleanParams: CleanParams{Other: x.Column.Value}}
		}
	}
}

// input says where a field's text comes from: columns, a group of an extraction, or several joined.
func (p *compiler) input(f *contract.Field, out *Field) (first []Step) {
	if j := f.From.Join; j != nil {
		p.join(j, out)
		return nil
	}
	for _, from := range f.From.Names {
		if slices.Contains(out.From, from.Value) {
			p.Addf(from.Pos, "the column %q stands twice", from.Value)
			continue
		}
		out.From = append(out.From, from.Value)
	}
	if len(out.From) == 0 && (f.Derive == nil || f.Derive.IfNull) {
		out.From = []string{out.Name}
	}
	if len(out.From) != 1 {
		return nil
	}
	if x, ok := p.groups[out.From[0]]; ok {
		out.From = []string{x.Other}
		x.Other = ""
		return []Step{x}
	}
	return nil
}

func (p *compiler) join(j *contract.JoinArgs, out *Field) {
	out.Join = &JoinedInput{Columns: values(j.Columns), Fields: values(j.Fields), With: j.With.Value}
	if j.Pos.Line == 0 {
		return // reported
	}
	if len(j.Columns) > 0 == (len(j.Fields) > 0) {
		p.Addf(j.Pos, "%q takes either columns or fields", "join")
	}
	if len(j.Columns)+len(j.Fields) == 1 {
		p.Addf(j.Pos, "%q puts two or more together", "join")
	}
	for _, f := range j.Fields {
		p.refer(f, out.Name)
	}
}

// judgeReferences holds what fields need of each other against the fields there are.
func (p *compiler) judgeReferences() {
	for _, r := range p.references {
		f := p.existing(r.to)
		if f != nil && f.Derived() != nil && !f.Derived().IfNull {
			p.Addf(r.to.Pos, "%s is derived when all fields are cleaned; cleaning cannot use it, derive can", f.Name)
		}
	}
	if _, cycle := DependencyOrder(p.plan.Fields, (*Field).CleansAfter); cycle != nil {
		p.cycle(cycle, wording.Phrase("cleaned"))
	}
}

// cycle reports a circle of fields at the first reference in it.
func (p *compiler) cycle(names []string, what wording.Phrase) {
	at := p.contract.Pos
	for _, r := range p.references {
		if slices.Contains(names, r.field) && slices.Contains(names, r.to.Value) {
			at = r.to.Pos
			break
		}
	}
	p.Addf(at, "these fields need each other to be %s: %s", what, strings.Join(append(names, names[0]), " -> "))
}

// derive compiles the expressions of derived fields, when all fields are declared.
func (p *compiler) derive() {
	p.references = nil
	for i := range p.contract.Fields {
		f, out := &p.contract.Fields[i].Value, &p.plan.Fields[i]
		d := f.Derive
		if d == nil {
			continue
		}
		if !d.IfNull && (len(f.From.Names) > 0 || f.From.Join != nil) {
			p.Addf(d.Pos, "a derived field has no from; to derive only where the source has no value, write derive: {if_null: …}")
		}
		if !d.IfNull && (f.Clean != nil && len(f.Clean.List) > 0 || len(f.Map) > 0) {
			p.Addf(d.Pos, "a derived field has nothing to clean; put what is to be done into the expression")
		}
		if !d.Expr.Given() || p.broken[out.Name] {
			continue
		}
		x := p.typedExpression(d.Expr, out.Type)
		if x == nil {
			continue
		}
		if slices.Contains(x.Fields, out.Name) {
			p.Addf(d.Expr.Pos, "%s is derived from itself", out.Name)
			continue
		}
		for _, name := range x.Fields {
			p.references = append(p.references, reference{out.Name, yaml.Text{Value: name, Pos: d.Expr.Pos}})
		}
		last := &out.Clean[len(out.Clean)-1]
		last.Derive = x
	}
	if _, cycle := DependencyOrder(p.plan.Fields, (*Field).DerivesAfter); cycle != nil {
		p.cycle(cycle, wording.Phrase("derived"))
	}
}

// DerivesAfter lists the fields that a derived field reads.
func (f *Field) DerivesAfter() []string {
	if d := f.Derived(); d != nil && d.Derive != nil {
		return d.Derive.Fields
	}
	return nil
}

// codeRule is the rule that comes with the step codes: what is no code of the table fails.
func (p *compiler) codeRule(f *contract.Field, out *Field) {
	for _, s := range out.Clean {
		if s.Op != CodeOf || s.CodeTable == "" {
			continue
		}
		c := Condition{Op: Set, Field: out.Name}
		for _, code := range p.around.tables[s.CodeTable] {
			if value, err := canonical(out.Type, code); err == nil {
				c.Values = append(c.Values, value)
			}
		}
		slices.Sort(c.Values)
		c.Values = slices.Compact(c.Values)
		r := Rule{ID: out.CodeRule(), Field: out.Name, Reads: []string{out.Name}, Conditions: []Condition{c}}
		p.indicator(&r, yaml.Text{}, yaml.Text{}, indicatorOf[Set])
		p.onFail(&r, f.OnFail, out)
		p.add(r, f.Pos)
		return
	}
}

// typedExpression checks a CEL text that gives a value of a type; nil if it is wrong.
func (p *compiler) typedExpression(t yaml.Text, want Type) *expr.Expr {
	kind := p.exprKind(Field{Type: want})
	x, err := p.env.Check(t.Value, kind)
	if err != nil && kind == expr.Number { // a whole number is a number, too
		if whole, wholeErr := p.env.Check(t.Value, expr.Integer); wholeErr == nil {
			x, err = whole, nil
		}
	}
	if err != nil {
		p.expressionProblems(t, err)
		return nil
	}
	return x
}

// furtherWords says in plain words what a step of plan_clean.go does.
func furtherWords(s Step) string {
	switch s.Op {
	case Unit:
		if s.From == "" {
			return "measure in " + s.To
		}
		return s.From + " to " + s.To
	case Serial:
		return fmt.Sprintf("spreadsheet serial of %d", s.System)
	case TimeZone:
		return "clock of " + s.To
	case ShortYear:
		return fmt.Sprintf("years of two digits up to %02d are 20%02d", s.Pivot, s.Pivot)
	case AddressPart:
		return s.Part + " of the address"
	case CodeOf:
		return "code of table " + s.CodeTable
	case Successor:
		return fmt.Sprintf("abolished code to its successor as of %d-%02d", s.AsOf/100, s.AsOf%100)
	case Fill:
		switch s.Source {
		case FillPrevious:
			return "empty becomes the value above"
		case FillValue:
			return "empty becomes " + strconv.Quote(s.Value)
		case FillLookup:
			return fmt.Sprintf("empty becomes what a table of %d has for %s", len(s.Table), s.Other)
		}
		return "empty becomes " + s.Other
	case DerivedValue:
		if s.Derive == nil {
			return "derived"
		}
		if s.IfNull {
			return "empty becomes " + oneLine(s.Derive.Text)
		}
		return oneLine(s.Derive.Text)
	}
	return string(s.Op)
}
