package rules

import (
	"fmt"
	"math/big"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"clearwell/rules/expr"
	"clearwell/rules/standard"
)

// A Mutation is a contract with one thing broken. A test that passes with the
// contract and fails with the mutation notices that thing.
type Mutation struct {
	Part  MutatedPart `json:"part"`
	Of    string      `json:"of"`             // id of the rule; field.step; name of the field; where, dedupe
	What  string      `json:"what"`           // what was done to it, in words
	Whole bool        `json:"whole"`          // the rule, step or treatment as a whole was taken out
	Line  int         `json:"line,omitempty"` // of the rule or field in the contract; 0: not known
	Plan  *Plan       `json:"-"`
}

// MutatedPart is the part of a contract that a mutation breaks.
type MutatedPart string

// The parts.
const (
	MutatedRule      MutatedPart = "rule"
	MutatedStep      MutatedPart = "step"
	MutatedReading   MutatedPart = "reading" // type, formats, words for null
	MutatedMeasure   MutatedPart = "measure"
	MutatedTreatment MutatedPart = "treatment"
	MutatedWhere     MutatedPart = "where"
	MutatedDedupe    MutatedPart = "dedupe"
)

// shortList is how many values of a set, or entries of a table, are worth a test
// each; of a longer one it is enough that one value passes and one does not.
const shortList = 5

// Mutations breaks each rule, step and treatment of the dataset's contract in
// turn: in contract order, the same each time. Steps and treatments that a standard
// brings, or that every field has, are left alone: the contract does not say them.
func Mutations(d *Dataset) []Mutation {
	m := &mutator{plan: d.Plan, lines: d.Lines, implied: d.implied}
	m.env = planEnvironment(d.Plan)
	for i := range d.Plan.Fields {
		m.field(i)
	}
	if d.Plan.Where != nil {
		m.where()
	}
	for i := range d.Plan.Rules {
		m.rule(i)
	}
	for i := range d.Plan.Measures {
		m.measure(i)
	}
	if d.Plan.Dedupe != nil {
		m.dedupe()
	}
	return m.out
}

// planEnvironment declares the fields of a finished plan to expressions; nil if that fails.
func planEnvironment(p *Plan) *expr.Env {
	c := &compiler{plan: p}
	var vars []expr.Var
	for _, f := range p.Fields {
		vars = append(vars, expr.Var{Name: f.Name, Kind: c.exprKind(f)})
	}
	env, err := expr.NewEnv(vars)
	if err != nil {
		return nil
	}
	return env
}

type mutator struct {
	plan    *Plan
	lines   map[string]int
	implied map[string]implied
	env     *expr.Env
	out     []Mutation
}

func (m *mutator) add(part MutatedPart, of, what string, whole bool, p *Plan) {
	line := m.lines[of]
	if line == 0 {
		name, _, _ := strings.Cut(of, ".")
		line = m.lines[name]
	}
	m.out = append(m.out, Mutation{Part: part, Of: of, What: what, Whole: whole, Line: line, Plan: p})
}

// field breaks what is done to field i before it is checked and after.
func (m *mutator) field(i int) {
	f := &m.plan.Fields[i]
	with := func(part MutatedPart, of, what string, whole bool, change func(*Field)) {
		p := *m.plan
		p.Fields = slices.Clone(p.Fields)
		change(&p.Fields[i])
		m.add(part, of, what, whole, &p)
	}
	for k, s := range f.Clean {
		if k < m.implied[f.Name].steps {
			continue
		}
		of := f.Name + "." + s.ID
		with(MutatedStep, of, "taken out", true, func(f *Field) { f.Clean = slices.Delete(slices.Clone(f.Clean), k, k+1) })
		step := func(what string, change func(*Step)) {
			with(MutatedStep, of, what, false, func(f *Field) {
				f.Clean = slices.Clone(f.Clean)
				change(&f.Clean[k])
			})
		}
		if len(s.Table) <= shortList && len(s.Table) > 1 {
			for _, key := range sortedKeys(s.Table) {
				step("without the entry "+strconv.Quote(key), func(s *Step) { s.Table = without(s.Table, key) })
			}
		}
		if s.Else != nil {
			step("without else", func(s *Step) { s.Else = nil })
		}
		if len(s.Units) > 1 {
			for _, key := range sortedKeys(s.Units) {
				step("without the unit "+key, func(s *Step) { s.Units = without(s.Units, key) })
			}
		}
	}
	for k, w := range f.Nulls {
		if w != "" {
			with(MutatedReading, f.Name, strconv.Quote(w)+" no longer means null", false, func(f *Field) { f.Nulls = slices.Delete(slices.Clone(f.Nulls), k, k+1) })
		}
	}
	if n := len(f.Type.Formats); n > 1 && n <= shortList {
		for k, format := range f.Type.Formats {
			with(MutatedReading, f.Name, "without the format "+format, false, func(f *Field) { f.Type.Formats = slices.Delete(slices.Clone(f.Type.Formats), k, k+1) })
		}
	}
	if !m.implied[f.Name].treatment && f.Treatment.Method != Plain && f.PublishAs != "" {
		with(MutatedTreatment, f.Name, string(f.Treatment.Method)+" taken out", true, func(f *Field) { f.Treatment = Treatment{Method: Plain} })
	}
}

func without[V any](table map[string]V, key string) map[string]V {
	out := make(map[string]V, len(table))
	for k, v := range table {
		if k != key {
			out[k] = v
		}
	}
	return out
}

func (m *mutator) where() {
	p := *m.plan
	p.Where = nil
	m.add(MutatedWhere, string(MutatedWhere), "taken out", true, &p)
	m.expressions(m.plan.Where, func(x *expr.Expr, what string) {
		p := *m.plan
		p.Where = x
		m.add(MutatedWhere, string(MutatedWhere), what, false, &p)
	})
}

// rule breaks rule i.
func (m *mutator) rule(i int) {
	r := &m.plan.Rules[i]
	with := func(what string, change func(*Rule)) {
		p := *m.plan
		p.Rules = slices.Clone(p.Rules)
		change(&p.Rules[i])
		m.add(MutatedRule, r.ID, what, false, &p)
	}
	p := *m.plan
	p.Rules = slices.Delete(slices.Clone(p.Rules), i, i+1)
	m.add(MutatedRule, r.ID, "taken out", true, &p)
	if r.When != nil {
		with("without when", func(r *Rule) { r.When = nil })
		m.expressions(r.When, func(x *expr.Expr, what string) { with("when "+what, func(r *Rule) { r.When = x }) })
	}
	unread := slices.ContainsFunc(r.Conditions, func(c Condition) bool { return c.Op == Parsed }) // null whatever is said
	if r.OnFail != Keep && !(unread && r.OnFail == SetNull) {
		with("on_fail: keep instead of "+string(r.OnFail), func(r *Rule) { r.OnFail, r.Replace = Keep, "" })
	}
	if r.If != nil {
		with("without if", func(r *Rule) { r.If = nil })
	}
	if r.Severity != SeverityError {
		with("severity: error instead of "+string(r.Severity), func(r *Rule) { r.Severity = SeverityError })
	}
	if r.Nulls != SkipAny {
		with("nulls: skip_any instead of "+string(r.Nulls), func(r *Rule) { r.Nulls = SkipAny })
	}
	if r.Repair != nil {
		with("without repair", func(r *Rule) { r.Repair = nil })
	}
	if r.Allow.Warn != nil {
		with("allow: no bound for a warning", func(r *Rule) { r.Allow.Warn = nil })
	}
	if r.Allow.Fail != nil {
		with("allow: any share of failures", func(r *Rule) { r.Allow.Fail = nil })
	}
	for k := range r.Conditions {
		condition := func(what string, change func(*Condition)) {
			with(what, func(r *Rule) {
				r.Conditions = slices.Clone(r.Conditions)
				change(&r.Conditions[k])
			})
		}
		if len(r.Conditions) > 1 {
			with(string(r.Conditions[k].Op)+" taken out", func(r *Rule) { r.Conditions = slices.Delete(slices.Clone(r.Conditions), k, k+1) })
		}
		m.condition(&r.Conditions[k], condition)
	}
}

// measure breaks measure i. Tests see it by the rules that refuse or warn.
func (m *mutator) measure(i int) {
	own := &m.plan.Measures[i]
	p := *m.plan
	p.Measures = slices.Delete(slices.Clone(p.Measures), i, i+1)
	m.add(MutatedMeasure, own.ID, "taken out", true, &p)
	with := func(what string, change func(*Measure)) {
		p := *m.plan
		p.Measures = slices.Clone(p.Measures)
		change(&p.Measures[i])
		m.add(MutatedMeasure, own.ID, what, false, &p)
	}
	if own.When != nil {
		with("without when", func(x *Measure) { x.When = nil })
	}
	if own.Bounds.Min != "" && own.Bounds.Max != "" {
		with("no least value", func(x *Measure) { x.Bounds.Min, x.Bounds.MinOpen = "", false })
		with("no greatest value", func(x *Measure) { x.Bounds.Max, x.Bounds.MaxOpen = "", false })
	}
	if own.Severity != SeverityError {
		with("severity: error instead of "+string(own.Severity), func(x *Measure) { x.Severity = SeverityError })
	}
}

// condition breaks what a condition says, parameter by parameter.
func (m *mutator) condition(c *Condition, with func(string, func(*Condition))) {
	if f := m.plan.Field(c.Field); f != nil && (c.Op == Range || c.Op == Length) {
		t := f.Type
		if c.Op == Length {
			t = Type{Kind: Integer}
		}
		m.bound("least", t, c.Min, c.MinOpen, c.Max == "", with, func(c *Condition, v string, open bool) { c.Min, c.MinOpen = v, open })
		m.bound("greatest", t, c.Max, c.MaxOpen, c.Min == "", with, func(c *Condition, v string, open bool) { c.Max, c.MaxOpen = v, open })
	}
	if c.Op == Set {
		if len(c.Values) <= shortList {
			for k, v := range c.Values {
				with("set without "+strconv.Quote(v), func(c *Condition) { c.Values = slices.Delete(slices.Clone(c.Values), k, k+1) })
			}
		} else {
			with("set of other values", func(c *Condition) { c.Values = []string{c.Values[0] + "\x00"} })
		}
	}
	if c.Op == Pattern {
		m.pattern(c.Pattern, with)
	}
	m.relation(c, with)
	if n := len(c.Fields); n > 1 {
		for k, name := range c.Fields {
			with("without the field "+name, func(c *Condition) { c.Fields = slices.Delete(slices.Clone(c.Fields), k, k+1) })
		}
	}
	m.expressions(c.Expr, func(x *expr.Expr, what string) { with(what, func(c *Condition) { c.Expr = x }) })
}

// relation breaks what a condition over several fields, or made of others, says.
func (m *mutator) relation(c *Condition, with func(string, func(*Condition))) {
	for _, s := range swaps {
		if c.Operator == s.old {
			with("with "+s.new+" for "+s.old, func(c *Condition) { c.Operator = s.new })
		}
	}
	if c.Tolerance != "" {
		with("without tolerance", func(c *Condition) { c.Tolerance = "" })
	}
	if c.Strictly {
		with("not strictly", func(c *Condition) { c.Strictly = false })
	}
	for k, name := range c.By {
		with("not by "+name, func(c *Condition) { c.By = slices.Delete(slices.Clone(c.By), k, k+1) })
	}
	if n := len(c.Tuples); n > 1 && n <= shortList {
		for k := range c.Tuples {
			with(fmt.Sprintf("without pair %d", k+1), func(c *Condition) { c.Tuples = slices.Delete(slices.Clone(c.Tuples), k, k+1) })
		}
	}
	if tags := strings.Split(c.Tags, ","); len(tags) > 1 {
		for k, tag := range tags {
			with("validate without "+tag, func(c *Condition) { c.Tags = strings.Join(slices.Delete(slices.Clone(tags), k, k+1), ",") })
		}
	}
	for b := range c.Blocks {
		if len(c.Blocks) > 1 {
			with(fmt.Sprintf("%s without block %d", c.Op, b+1), func(c *Condition) { c.Blocks = slices.Delete(slices.Clone(c.Blocks), b, b+1) })
		}
		for k := range c.Blocks[b] {
			inner := func(what string, change func(*Condition)) {
				with(fmt.Sprintf("%s, block %d: %s", c.Op, b+1, what), func(c *Condition) {
					c.Blocks = slices.Clone(c.Blocks)
					c.Blocks[b] = slices.Clone(c.Blocks[b])
					change(&c.Blocks[b][k])
				})
			}
			m.condition(&c.Blocks[b][k], inner)
		}
	}
}

// bound takes one end of a range away and moves it by one unit of the type both ways.
func (m *mutator) bound(end string, t Type, at string, open, only bool, with func(string, func(*Condition)), set func(c *Condition, v string, open bool)) {
	if at == "" {
		return
	}
	if !only {
		with("no "+end+" value", func(c *Condition) { set(c, "", false) })
	}
	with(fmt.Sprintf("%s value %s %s", end, at, map[bool]string{false: "itself outside", true: "itself inside"}[open]), func(c *Condition) { set(c, at, !open) })
	if open {
		return
	}
	outward := 1
	if end == "least" {
		outward = -1
	}
	if v, ok := moved(t, at, outward); ok {
		with(fmt.Sprintf("%s value %s instead of %s", end, v, at), func(c *Condition) { set(c, v, false) })
	}
}

// moved is the canonical value n units from v: ones, the last decimal, days or
// seconds; false where a type has no unit or the value leaves it.
func moved(t Type, v string, n int) (string, bool) {
	switch t.Kind {
	case Integer, Decimal:
		x, ok := new(big.Rat).SetString(v)
		if !ok {
			return "", false
		}
		unit := new(big.Rat).SetFrac(big.NewInt(int64(n)), power10(t.Scale))
		out, err := canonical(t, x.Add(x, unit).FloatString(t.Scale))
		return out, err == nil
	case Date:
		day, err := time.Parse(time.DateOnly, v)
		return day.AddDate(0, 0, n).Format(time.DateOnly), err == nil
	case Timestamp:
		at, err := time.Parse(time.DateTime, v)
		if err != nil {
			return "", false
		}
		return string(standard.AppendTimestamp(nil, at.Add(time.Duration(n)*time.Second).UnixMicro())), true
	}
	return "", false
}

// pattern loosens a regular expression part by part.
func (m *mutator) pattern(text string, with func(string, func(*Condition))) {
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return
	}
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	write := func(k int, instead string) string {
		var b strings.Builder
		for i, part := range parts {
			if i == k {
				b.WriteString(instead)
			} else {
				b.WriteString("(?:" + part.String() + ")")
			}
		}
		return b.String()
	}
	for k, part := range parts {
		if k >= shortList {
			break
		}
		loosened := write(k, "(?s:.*)")
		with("pattern with anything for "+part.String(), func(c *Condition) { c.Pattern = loosened })
		if part.Op == syntax.OpRepeat {
			again := part.Sub[0].String()
			longer := write(k, fmt.Sprintf("(?:%s){%d,}", again, part.Min))
			with("pattern with more than "+part.String(), func(c *Condition) { c.Pattern = longer })
			if part.Min > 0 {
				shorter := write(k, fmt.Sprintf("(?:%s){%d,%d}", again, part.Min-1, max(part.Max, part.Min)))
				with("pattern with less than "+part.String(), func(c *Condition) { c.Pattern = shorter })
			}
		}
	}
}

// swaps are operators of expressions and what stands for them in a mutation.
var swaps = []struct{ old, new string }{
	{"<=", "<"}, {">=", ">"}, {"==", "!="}, {"!=", "=="}, {"&&", "||"}, {"||", "&&"}, {"<", "<="}, {">", ">="},
}

// expressions gives x with one operator changed at a time, as far as the result is an expression.
func (m *mutator) expressions(x *expr.Expr, give func(x *expr.Expr, what string)) {
	if x == nil || m.env == nil {
		return
	}
	changed := 0
	try := func(text, what string) {
		if y, err := m.env.Check(text, expr.Boolean); err == nil {
			give(y, what)
			changed++
		}
	}
	quote := byte(0)
	for i := 0; i < len(x.Text); i++ {
		c := x.Text[i]
		switch {
		case quote != 0 && c == '\\':
			i++
			continue
		case quote != 0:
			if c == quote {
				quote = 0
			}
			continue
		case c == '"' || c == '\'':
			quote = c
			continue
		}
		for _, s := range swaps {
			if strings.HasPrefix(x.Text[i:], s.old) {
				try(x.Text[:i]+s.new+x.Text[i+len(s.old):], fmt.Sprintf("with %s for %s", s.new, s.old))
				i += len(s.old) - 1
				break
			}
		}
	}
	if changed == 0 {
		try("!("+x.Text+")", "turned round")
	}
}

func (m *mutator) dedupe() {
	p := *m.plan
	p.Dedupe = nil
	m.add(MutatedDedupe, string(MutatedDedupe), "taken out", true, &p)
	d := m.plan.Dedupe
	with := func(what string, change func(*Dedupe)) {
		p, own := *m.plan, *d
		change(&own)
		p.Dedupe = &own
		m.add(MutatedDedupe, string(MutatedDedupe), what, false, &p)
	}
	if len(d.Key) > 1 {
		for k, name := range d.Key {
			with("key without "+name, func(d *Dedupe) { d.Key = slices.Delete(slices.Clone(d.Key), k, k+1) })
		}
	}
	for k, o := range d.Keep {
		with("keep without "+strings.TrimSpace(string(o.By)+" "+o.Field), func(d *Dedupe) { d.Keep = slices.Delete(slices.Clone(d.Keep), k, k+1) })
	}
}
