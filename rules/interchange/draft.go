package interchange

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"clearwell/rules/expr"
)

// need is what kind of value a check compares with, and so what type its field must have.
type need string

const (
	anyKind   need = ""          // says nothing about the type
	ordered   need = "ordered"   // numbers or dates; numbers where nothing says which
	text      need = "string"    //
	number    need = "number"    // a whole number, a decimal or a float
	fraction  need = "fraction"  // a number with a fraction: no whole-number field
	integer   need = "integer"   //
	boolean   need = "boolean"   //
	date      need = "date"      //
	timestamp need = "timestamp" //
)

// draft is a contract on the way: what was imported, by column of the source.
type draft struct {
	opts    Options
	tree    *tree
	columns []*column
	checks  []check
	rules   []rule
	ids     map[string]int
	names   map[string]bool // of fields
	out     *Imported

	severity string // of imported checks
	notes    []string
	keys     [][]*ref // groups of refs that must have types that compare
	files    map[string][]byte
	title    string
	license  string
	version  string   // of the contract
	nullable []string // words that mean null everywhere
}

// column is a column of the source.
type column struct {
	source   string // its name there
	name     string // of its first field
	title    string
	comments []string
	optional bool

	explicit typed  // as the foreign file says it; zero if it says nothing
	dated    *typed // formats by which a check reads dates
	needs    []need // of checks, in order
	level    string

	fields []*field // the first one is that of the plain name
	refs   []*ref
	nulls  []string
}

// typed is a type with what belongs to it, as a contract writes them.
type typed struct {
	kind    need
	name    string // decimal(12,2), where it is more than the kind
	formats []string
	years   bool // any year
	words   block
}

// field is one field of the contract that is written.
type field struct {
	name   string
	typ    typed
	filled bool // nulls are a value
	checks []check
}

// ref is a field that a check refers to; which one is known when all checks are.
type ref struct {
	column *column
	need   need
	typ    *typed // of dates: with formats
	filled bool
	field  *field // by settle
}

// check is one check on a field.
type check struct {
	on         *ref
	id         string
	title      string
	conditions block
	when       celText
	mostly     string // as a contract writes it: 95%
	allow      any    // plain or block; nil: not said
	severity   string
	measure    bool // blames no row
	nulls      string
	from       []string // comments: where it comes from
}

// rule is an entry of rules.
type rule struct {
	id, title  string
	conditions block
	expr       celText
	when       celText
	mostly     string
	allow      any
	severity   string
	measure    bool
	nulls      string
	from       []string
}

// ids are the ids of the rules that a check becomes: several quantiles are a measure each.
func (c *check) ids() []string {
	if len(c.conditions) > 0 && c.conditions[0].key == "quantile" {
		if quantiles := c.conditions[0].value.(block); len(quantiles) > 1 {
			var ids []string
			for _, q := range quantiles {
				ids = append(ids, c.id+".quantile-"+q.key)
			}
			return ids
		}
	}
	return []string{c.id}
}

// celText is CEL in parts: text and fields.
type celText []any

func cel(parts ...any) celText { return parts }

func newDraft(t *tree, opts Options) *draft {
	return &draft{opts: opts, tree: t, ids: map[string]int{}, names: map[string]bool{}, out: &Imported{}, severity: or(opts.Severity, "gate"), files: map[string][]byte{}}
}

// column is the column of a name, made if there is none.
func (d *draft) column(name string) *column {
	for _, c := range d.columns {
		if c.source == name {
			return c
		}
	}
	c := &column{source: name, name: d.fieldName(name)}
	d.columns = append(d.columns, c)
	return c
}

// fieldName makes a name for a field of a column: letters, digits and _.
func (d *draft) fieldName(column string) string {
	var b strings.Builder
	for _, r := range column {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	name := strings.TrimSuffix(b.String(), "_")
	if d.opts.FieldName != nil && strings.ContainsFunc(column, func(r rune) bool { return r >= 0x80 }) {
		name = d.opts.FieldName(column)
	}
	if name == "" {
		name = "column_" + strconv.Itoa(len(d.columns)+1)
	}
	if name[0] >= '0' && name[0] <= '9' || expr.ReservedWord(name) {
		name = "c_" + name
	}
	if len(name) > 50 {
		name = name[:50]
	}
	return d.freeName(name)
}

func (d *draft) freeName(name string) string {
	free := name
	for n := 2; d.names[free]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	d.names[free] = true
	return free
}

// ref refers to a column by what its field must be.
func (d *draft) ref(name string, n need) *ref {
	c := d.column(name)
	r := &ref{column: c, need: n}
	c.refs = append(c.refs, r)
	if n != anyKind && n != ordered {
		c.needs = append(c.needs, n)
	}
	return r
}

// dateRef refers to a column that is read as dates.
func (d *draft) dateRef(name string, t typed) *ref {
	r := d.ref(name, t.kind)
	r.typ = &t
	if r.column.dated == nil {
		r.column.dated = &t
	}
	return r
}

// compared says that values of these are compared with each other.
func (d *draft) compared(refs ...*ref) { d.keys = append(d.keys, refs) }

// id makes a rule id that nobody has.
func (d *draft) id(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = cleanID(p); p != "" {
			kept = append(kept, p)
		}
	}
	id := strings.Join(kept, ".")
	if len(id) > 110 {
		id = id[:110]
	}
	if id == "" || id[0] == '-' || id[0] == '.' {
		id = "r" + id
	}
	d.ids[id]++
	if n := d.ids[id]; n > 1 {
		return d.id(fmt.Sprintf("%s-%d", id, n))
	}
	return id
}

func cleanID(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)), r == '_', r == '.', r == '-':
			return r
		}
		return '-'
	}, s), "-.")
}

// lose lists what is not carried over.
func (d *draft) lose(n node, what, format string, args ...any) {
	n.finish()
	d.out.Lost = append(d.out.Lost, Loss{Place: n.place(), What: what, Reason: fmt.Sprintf(format, args...)})
}

// partly lists what is carried over but means less or something else here.
func (d *draft) partly(n node, what, format string, args ...any) {
	d.out.Lost = append(d.out.Lost, Loss{Place: n.place(), What: what, Partly: true, Reason: fmt.Sprintf(format, args...)})
}

// carried notes which rules something became.
func (d *draft) carried(n node, what string, rules ...string) {
	d.out.Carried = append(d.out.Carried, Carried{Place: n.place(), What: what, Rules: rules})
}

// leftover lists keys of n that nobody read, as lost in part.
func (d *draft) leftover(n node, what string) {
	for _, e := range n.Entries {
		if !d.tree.read[e.Value] {
			at := n.under(e.Key, e.Value)
			at.finish()
			d.out.Lost = append(d.out.Lost, Loss{Place: at.place(), What: what, Partly: true, Reason: fmt.Sprintf("the key %q has no counterpart", e.Key)})
		}
	}
}

// attempt carries something over that may turn out to have no counterpart: then
// nothing of it stays but the entry in the list of losses.
func (d *draft) attempt(n node, what string, carry func() error) {
	columns, checks, rules, keys, lost := len(d.columns), len(d.checks), len(d.rules), len(d.keys), len(d.out.Lost)
	type state struct {
		refs, needs, nulls int
		dated              *typed
		explicit           typed
	}
	states := make([]state, columns)
	for i, c := range d.columns {
		states[i] = state{len(c.refs), len(c.needs), len(c.nulls), c.dated, c.explicit}
	}
	err := carry()
	if err == nil {
		var ids []string
		for _, c := range d.checks[checks:] {
			ids = append(ids, c.ids()...)
		}
		for _, r := range d.rules[rules:] {
			ids = append(ids, r.id)
		}
		d.leftover(n, what)
		d.carried(n, what, ids...)
		return
	}
	for _, c := range d.columns[columns:] {
		delete(d.names, c.name)
	}
	d.columns, d.checks, d.rules, d.keys, d.out.Lost = d.columns[:columns], d.checks[:checks], d.rules[:rules], d.keys[:keys], d.out.Lost[:lost]
	for i, c := range d.columns {
		was := states[i]
		c.refs, c.needs, c.nulls, c.dated, c.explicit = c.refs[:was.refs], c.needs[:was.needs], c.nulls[:was.nulls], was.dated, was.explicit
	}
	d.lose(n, what, "%s", err)
}

// settle decides which field every ref is, and which fields there are.
func (d *draft) settle() {
	for _, c := range d.columns {
		c.fields = []*field{{name: c.name, typ: c.primary(d.opts.Types[c.source])}}
	}
	for _, group := range d.keys {
		d.agree(group)
	}
	for _, c := range d.columns {
		for _, r := range c.refs {
			r.field = d.fieldOf(r)
		}
	}
	for _, c := range d.checks {
		c.on.field.checks = append(c.on.field.checks, c)
	}
}

// primary is the type of a column's first field: as the foreign file says it, else as the
// first check needs it that needs one, else as the data look to those that compare order.
func (c *column) primary(seen string) typed {
	if c.explicit.kind != anyKind {
		return c.explicit
	}
	if len(c.needs) > 0 {
		n := c.needs[0]
		switch n {
		case date, timestamp:
			return *c.dated
		case fraction:
			return typed{kind: number}
		case number:
			if seen == "integer" && !slices.Contains(c.needs, fraction) {
				return typed{kind: integer}
			}
		}
		return typed{kind: n}
	}
	orders := slices.ContainsFunc(c.refs, func(r *ref) bool { return r.need == ordered })
	if !orders {
		return typed{kind: text}
	}
	switch seen {
	case "integer":
		return typed{kind: integer}
	case "string", "boolean", "date", "timestamp": // text compares as those who wrote the rule see it in a CSV file
		return typed{kind: text}
	}
	return typed{kind: number}
}

// agree gives refs of one comparison types that compare: numbers with numbers, else text with text.
func (d *draft) agree(group []*ref) {
	family := func(r *ref) need {
		switch k := r.column.fields[0].typ.kind; k {
		case integer, number:
			return number
		case date, timestamp:
			return date
		default:
			return text
		}
	}
	same := true
	numeric := false
	for _, r := range group {
		if r.need != anyKind && r.need != ordered {
			return
		}
		same = same && family(r) == family(group[0])
		numeric = numeric || family(r) == number
	}
	if same {
		return
	}
	want := text
	if numeric && group[0].need == ordered {
		want = number
	}
	for _, r := range group {
		r.need = want
	}
}

// fieldOf finds or makes the field of a column that a ref needs.
func (d *draft) fieldOf(r *ref) *field {
	c := r.column
	for _, f := range c.fields {
		if f.filled == r.filled && f.typ.serves(r) {
			return f
		}
	}
	t := typed{kind: r.need}
	if r.need == fraction {
		t.kind = number
	}
	if r.typ != nil {
		t = *r.typ
	}
	suffix := string(t.kind)
	if suffix == "string" {
		suffix = "text"
	}
	if r.filled {
		t, suffix = typed{kind: text}, "or_null"
	}
	f := &field{name: d.freeName(c.name + "_" + suffix), typ: t, filled: r.filled}
	c.fields = append(c.fields, f)
	return f
}

// serves reports whether a field of the type does for a ref.
func (t typed) serves(r *ref) bool {
	switch r.need {
	case anyKind, ordered:
		return true
	case number:
		return t.kind == number || t.kind == integer
	case fraction:
		return t.kind == number
	case date, timestamp:
		return t.kind == r.need && (r.typ == nil || slices.Equal(t.formats, r.typ.formats))
	}
	return t.kind == r.need
}
