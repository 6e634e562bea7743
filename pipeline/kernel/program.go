package kernel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/rules"
)

// A Program is a plan bound to the header of one source: which column feeds which
// field, and the kernels that clean, parse and check it. It is immutable and safe
// for concurrent use by many workers.
type Program struct {
	plan     *rules.Plan
	fields   []field
	order    []int      // in which fields are cleaned
	previous int        // fills from above
	derived  []*deriver // in the order in which they are made
	rules    []*rule
	repairs  []int     // rules that repair
	where    predicate // nil: every row

	conditions []predicate // by measure of the plan, nil where it has no when; nil: none has
	slots      int         // memories that conditions have in each worker
	verdicts   int64       // bytes of these memories together; 0: not bounded but each by itself
}

// field is one field of the plan, compiled.
type field struct {
	source int      // column of the source; -1: the source lacks it, all null
	join   *joining // instead of source; nil: not joined
	steps  []step
	nulls  *wordTable // nil: only the empty string is null
	typ    rules.Type
	arrow  arrow.DataType
	parser parser
}

// Compile binds a plan to the header of a source. Of a field's names the first
// that the header has is used. It fails with *MissingColumnsError if fields
// that are not optional have no column, and with an error naming field or rule if
// the plan asks for what no kernel can do.
func Compile(p *rules.Plan, header []string) (*Program, error) {
	return CompileWith(p, header, nil)
}

// CompileWith is Compile for a plan with repairs from other datasets; without their
// values these repair nothing.
func CompileWith(p *rules.Plan, header []string, lookups Lookups) (*Program, error) {
	prog := &Program{plan: p, fields: make([]field, len(p.Fields))}
	missing := &MissingColumnsError{Header: header}
	for i := range p.Fields {
		f := &p.Fields[i]
		source, name := -1, ""
		for _, name = range f.From {
			if source = slices.Index(header, name); source >= 0 {
				break
			}
		}
		if source < 0 && !f.Optional && len(f.From) > 0 {
			missing.Columns = append(missing.Columns, MissingColumn{Field: f.Name, Names: f.From, Nearest: nearestName(f.From, header)})
			continue
		}
		c, err := newField(f, source)
		if err != nil {
			return nil, fmt.Errorf("plan of %s: field %s: %w", p.Dataset, f.Name, err)
		}
		if f.Join != nil {
			c.join = prog.newJoining(f, header, missing)
		}
		prog.fields[i] = c
	}
	prog.bindFills(header, missing)
	if len(missing.Columns) > 0 {
		return nil, missing
	}
	var cycle []string
	if prog.order, cycle = rules.DependencyOrder(p.Fields, (*rules.Field).CleansAfter); cycle != nil {
		return nil, fmt.Errorf("plan of %s: fields cleaned after each other: %v", p.Dataset, cycle)
	}
	if err := prog.bindDerived(); err != nil {
		return nil, err
	}
	if err := prog.bindRules(lookups); err != nil {
		return nil, err
	}
	if p.Where != nil {
		w, err := newPredicate(prog, p.Where)
		if err != nil {
			return nil, fmt.Errorf("plan of %s: where: %w", p.Dataset, err)
		}
		prog.where = w
	}
	return prog, prog.compileConditions()
}

// bindRules compiles the rules, once all fields are bound.
func (p *Program) bindRules(lookups Lookups) error {
	for i := range p.plan.Rules {
		r, err := newRule(p, &p.plan.Rules[i])
		if err != nil {
			return fmt.Errorf("plan of %s: rule %s: %w", p.plan.Dataset, p.plan.Rules[i].ID, err)
		}
		p.rules = append(p.rules, r)
	}
	p.bindRepairs(lookups)
	return nil
}

func newField(f *rules.Field, source int) (field, error) {
	c := field{source: source, typ: f.Type}
	for k := range f.Clean {
		s, err := newStep(&f.Clean[k])
		if err != nil {
			return c, fmt.Errorf("cleaning step %s: %w", f.Clean[k].ID, err)
		}
		c.steps = append(c.steps, s)
	}
	if t := newWordTable(f.Nulls); t.lengths != 0 {
		c.nulls = t
	}
	var err error
	if c.arrow, err = ArrowType(f.Type); err != nil {
		return c, err
	}
	c.parser, err = newParser(f.Type)
	return c, err
}

// sourceColumn finds a column that f reads beside its own; -1 and an entry in
// missing if the source lacks it.
func (p *Program) sourceColumn(f *rules.Field, name string, header []string, missing *MissingColumnsError) int {
	at := slices.Index(header, name)
	if at < 0 && !f.Optional {
		missing.Columns = append(missing.Columns, MissingColumn{Field: f.Name, Names: []string{name}, Nearest: nearestName([]string{name}, header)})
	}
	return at
}

// SourceColumn is the column of the source that feeds field i; -1 if the source lacks it.
func (p *Program) SourceColumn(i int) int { return p.fields[i].source }

// JoinedColumns are the columns of the source that field i is joined from, those that the source has.
func (p *Program) JoinedColumns(i int) []int {
	if p.fields[i].join == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.fields[i].join.columns), func(c int) bool { return c < 0 })
}

// Plan is the plan that the program carries out.
func (p *Program) Plan() *rules.Plan { return p.plan }

// Schema is the Arrow schema of Checked.Columns: one nullable column per field of
// the plan, under the field's name.
func (p *Program) Schema() *arrow.Schema {
	fields := make([]arrow.Field, len(p.fields))
	for i := range p.fields {
		fields[i] = arrow.Field{Name: p.plan.Fields[i].Name, Type: p.fields[i].arrow, Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

func (p *Program) fieldIndex(name string) int { return fieldIndex(p.plan, name) }

func fieldIndex(p *rules.Plan, name string) int {
	return slices.IndexFunc(p.Fields, func(f rules.Field) bool { return f.Name == name })
}

// MissingColumnsError says that a source lacks columns that the contract needs.
type MissingColumnsError struct {
	Columns []MissingColumn
	Header  []string // what the source has
}

// MissingColumn is one field without a column.
type MissingColumn struct {
	Field   string
	Names   []string // the names tried
	Nearest string   // the column of the header that is most like one of them; empty if none is
}

func (e *MissingColumnsError) Error() string {
	var b strings.Builder
	for k, c := range e.Columns {
		if k > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "field %s: the source has no column %s", c.Field, quotedList(c.Names, " or "))
		if c.Nearest != "" {
			fmt.Fprintf(&b, ", did you mean %q?", c.Nearest)
		}
	}
	fmt.Fprintf(&b, " (the header is %s; name the column under from:, or set optional: true)", quotedList(e.Header, ", "))
	return b.String()
}

func quotedList(names []string, between string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	if len(quoted) == 0 {
		return "(none)"
	}
	return strings.Join(quoted, between)
}

// nearestName is the column that takes the fewest edits to be one of the names,
// if these are at most a third of its characters or two, or if one contains the
// other: departments write 金额 one month and 金额（元） the next.
func nearestName(names, header []string) string {
	best, nearest := -1, ""
	for _, want := range names {
		w := []rune(strings.ToLower(strings.TrimSpace(want)))
		for _, have := range header {
			h := []rune(strings.ToLower(strings.TrimSpace(have)))
			d := editDistance(w, h)
			inside := min(len(w), len(h)) >= 2 && (strings.Contains(string(h), string(w)) || strings.Contains(string(w), string(h)))
			if !inside && (d > max(2, len(w)/3) || d >= len(w)) || best >= 0 && d >= best {
				continue
			}
			best, nearest = d, have
		}
	}
	return nearest
}

// editDistance is the Levenshtein distance.
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := 1
			if x == y {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
