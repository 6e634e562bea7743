package interchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"clearwell/rules"
)

// ExportFormats are the formats that a contract can be exported to.
var ExportFormats = []Format{ODCS, Frictionless}

// Exported is the outcome of an export.
type Exported struct {
	Text []byte // YAML for ODCS, JSON for Frictionless
	Lost []Loss // rules that the format cannot say; their place is that in the contract
}

// Export describes what a contract promises of its published data: the published
// fields with their types and those rules that the format can say. A field that is
// treated before publication is described as text without rules on its value.
func Export(ds *rules.Dataset, format Format) (*Exported, error) {
	e := &exporter{ds: ds, plan: ds.Plan, out: &Exported{Lost: []Loss{}}}
	e.gather()
	switch format {
	case ODCS:
		return e.odcs()
	case Frictionless:
		return e.frictionless()
	}
	return nil, fmt.Errorf("contracts are not exported to %q; there are odcs and frictionless", format)
}

// promise is what the contract promises of one published field.
type promise struct {
	field    *rules.Field
	name     string
	treated  bool
	required bool
	unique   bool
	length   *rules.Condition
	bounds   *rules.Condition
	set      []string
	pattern  string
}

// exporter gathers promises of a plan.
type exporter struct {
	ds       *rules.Dataset
	plan     *rules.Plan
	out      *Exported
	promises []*promise
	keys     [][]string // names of fields that are unique together
	rows     *rules.Limits
	rowsID   string      // of the measure
	left     []remaining // rules that only words can say
}

// remaining is a rule in words.
type remaining struct{ id, field, words string }

// lose lists a rule, with its place in the contract.
func (e *exporter) lose(id, reason string) {
	e.out.Lost = append(e.out.Lost, Loss{Place: Place{File: e.ds.File, Line: e.ds.Lines[id], Column: 1}, What: id, Reason: reason})
}

func (e *exporter) promise(field string) *promise {
	for _, p := range e.promises {
		if p.field.Name == field {
			return p
		}
	}
	return nil
}

func (e *exporter) gather() {
	for i := range e.plan.Fields {
		f := &e.plan.Fields[i]
		if f.PublishAs == "" {
			e.lose(f.Name, "the field is not published")
			continue
		}
		e.promises = append(e.promises, &promise{field: f, name: f.PublishAs, treated: f.Treatment.Method != rules.Plain})
	}
	for i := range e.plan.Rules {
		e.rule(&e.plan.Rules[i])
	}
	for i := range e.plan.Measures {
		m := &e.plan.Measures[i]
		if m.Kind == rules.RowCount && m.Against == nil && m.When == nil && e.rows == nil && m.Severity != rules.SeverityWarn {
			e.rows, e.rowsID = &m.Bounds, m.ID
			continue
		}
		e.inWords(m.ID, m.Field, m.String())
	}
	if e.plan.Where != nil {
		e.lose("where", "which rows are left out has no counterpart")
	}
	if d := e.plan.Dedupe; d != nil {
		if names, ok := e.names(d.Key); ok {
			e.keys = append(e.keys, names)
		} else {
			e.lose("dedupe", "a field of the key is treated or not published")
		}
	}
}

// names are published names of fields that are published as they are.
func (e *exporter) names(fields []string) ([]string, bool) {
	var names []string
	for _, f := range fields {
		p := e.promise(f)
		if p == nil || p.treated {
			return nil, false
		}
		names = append(names, p.name)
	}
	return names, true
}

// inWords notes a rule for formats that can hold words.
func (e *exporter) inWords(id, field, words string) {
	if field != "" && e.promise(field) == nil {
		e.lose(id, "its field is not published")
		return
	}
	e.left = append(e.left, remaining{id, field, words})
}

// rule takes from a rule what can be promised of published data: one without conditions on the row or failures that it allows.
func (e *exporter) rule(r *rules.Rule) {
	words := ruleWords(r)
	switch {
	case r.When != nil || len(r.If) > 0:
		e.inWords(r.ID, r.Field, words)
		return
	case r.Allow.Fail != nil && (r.Allow.Fail.Share != nil && *r.Allow.Fail.Share > 0 || r.Allow.Fail.Count != nil && *r.Allow.Fail.Count > 0), r.Severity == rules.SeverityWarn:
		e.inWords(r.ID, r.Field, words)
		return
	}
	p := e.promise(r.Field)
	var left bool
	for i := range r.Conditions {
		c := &r.Conditions[i]
		if c.Op == rules.Unique {
			switch names, ok := e.names(c.Fields); {
			case !ok:
				left = true
			case len(names) == 1:
				e.promise(c.Fields[0]).unique = true
			default:
				e.keys = append(e.keys, names)
			}
			continue
		}
		if p == nil || c.Op != rules.Required && c.Op != rules.Parsed && p.treated {
			left = true
			continue
		}
		left = !p.take(c) || left
	}
	if left {
		e.inWords(r.ID, r.Field, words)
	}
}

// take takes a condition over; false if the promise has no place for it.
func (p *promise) take(c *rules.Condition) bool {
	switch {
	case c.Op == rules.Parsed:
	case c.Op == rules.Required:
		p.required = true
	case c.Op == rules.Length:
		return joinEnds(&p.length, c)
	case c.Op == rules.Range:
		return joinEnds(&p.bounds, c)
	case c.Op == rules.Set && p.set == nil:
		p.set = c.Values
	case c.Op == rules.Pattern && p.pattern == "":
		p.pattern = c.Pattern
	default:
		return false
	}
	return true
}

// joinEnds takes bounds beside those that are there, if they are of the other end.
func joinEnds(into **rules.Condition, c *rules.Condition) bool {
	if *into == nil {
		*into = c
		return true
	}
	if joined := **into; joined.Min != "" && joined.Max == "" && c.Min == "" {
		joined.Max, joined.MaxOpen = c.Max, c.MaxOpen
		*into = &joined
		return true
	} else if joined.Max != "" && joined.Min == "" && c.Max == "" {
		joined.Min, joined.MinOpen = c.Min, c.MinOpen
		*into = &joined
		return true
	}
	return false
}

// ruleWords says in one line what a rule demands.
func ruleWords(r *rules.Rule) string {
	var parts []string
	for i := range r.Conditions {
		parts = append(parts, r.Conditions[i].String())
	}
	words := strings.Join(parts, " and ")
	if r.Field != "" {
		words = r.Field + ": " + words
	}
	if r.When != nil {
		words += ", where " + oneLine(r.When.Text)
	}
	return words
}

// titleOf is a text in the language in which it is there, Chinese first.
func titleOf(t map[string]string) string {
	for _, language := range []string{"zh", "en"} {
		if t[language] != "" {
			return t[language]
		}
	}
	for _, language := range slices.Sorted(maps.Keys(t)) {
		return t[language]
	}
	return ""
}

// limits gives the ends of a range with the words of a format; values are numbers unless quoted.
func (p *promise) limits(quoted bool) (b block) {
	for _, end := range []struct {
		value        string
		open         bool
		closed, wide string
	}{{p.bounds.Min, p.bounds.MinOpen, "minimum", "exclusiveMinimum"}, {p.bounds.Max, p.bounds.MaxOpen, "maximum", "exclusiveMaximum"}} {
		if end.value == "" {
			continue
		}
		key := end.closed
		if end.open {
			key = end.wide
		}
		if quoted {
			b = append(b, entry{key, end.value})
		} else {
			value := end.value
			if short, _, ok := plainDecimal(value); ok {
				value = short
			}
			b = append(b, entry{key, plain(value)})
		}
	}
	return b
}

// values are the allowed values as the format writes them.
func (p *promise) values() list {
	switch p.field.Type.Kind {
	case rules.Integer, rules.Number, rules.Decimal:
		out := make(list, len(p.set))
		for i, v := range p.set {
			out[i] = plain(v)
		}
		return out
	}
	return texts(p.set)
}

func (e *exporter) frictionless() (*Exported, error) {
	schema := block{}
	var fields list
	for _, p := range e.promises {
		fields = append(fields, p.frictionless())
		if p.field.Type.Kind == rules.Decimal && !p.treated {
			e.lose(p.field.Name, "Frictionless has no word for the digits of a number: "+p.field.Type.String()+" is number there")
		}
	}
	e.lose("level", "Frictionless has no word for the sensitivity of fields")
	schema = append(schema, entry{"$schema", "https://datapackage.org/profiles/2.0/tableschema.json"}, entry{"fields", fields})
	var keys list
	for _, k := range e.keys {
		keys = append(keys, texts(k))
	}
	if keys != nil {
		schema = append(schema, entry{"uniqueKeys", keys})
	}
	for _, r := range e.left {
		e.lose(r.id, "Frictionless has no word for it: "+r.words)
	}
	if e.rows != nil {
		e.lose(e.rowsID, "Frictionless has no word for the number of rows")
	}
	out := block{{"$schema", "https://datapackage.org/profiles/2.0/datapackage.json"}, {"name", e.plan.Dataset}}
	if t := titleOf(e.plan.Title); t != "" {
		out = append(out, entry{"title", t})
	}
	if e.plan.Publish.License != "" {
		out = append(out, entry{"licenses", list{block{{"name", e.plan.Publish.License}}}})
	}
	out = append(out, entry{"resources", list{block{{"name", e.plan.Dataset}, {"path", e.plan.Dataset + ".csv"}, {"format", "csv"}, {"encoding", "utf-8"}, {"schema", schema}}}})
	text, err := indented(out)
	e.out.Text = text
	return e.out, err
}

func (p *promise) frictionless() block {
	kind := p.field.Type.Kind
	name := map[rules.Kind]string{rules.String: "string", rules.Integer: "integer", rules.Number: "number", rules.Decimal: "number", rules.Boolean: "boolean", rules.Date: "date", rules.Timestamp: "datetime"}[kind]
	if p.treated {
		name = "string"
	}
	b := block{{"name", p.name}, {"type", name}}
	if t := titleOf(p.field.Title); t != "" {
		b = append(b, entry{"title", t})
	}
	var c block
	if p.required {
		c = append(c, entry{"required", plain("true")})
	}
	if p.unique {
		c = append(c, entry{"unique", plain("true")})
	}
	if p.length != nil {
		if p.length.Min != "" {
			c = append(c, entry{"minLength", plain(p.length.Min)})
		}
		if p.length.Max != "" {
			c = append(c, entry{"maxLength", plain(p.length.Max)})
		}
	}
	if p.bounds != nil {
		c = append(c, p.limits(kind == rules.Date || kind == rules.Timestamp)...)
	}
	if p.pattern != "" {
		c = append(c, entry{"pattern", p.pattern})
	}
	if p.set != nil {
		c = append(c, entry{"enum", p.values()})
	}
	if c != nil {
		b = append(b, entry{"constraints", c})
	}
	return b
}

func (e *exporter) odcs() (*Exported, error) {
	var properties list
	for _, p := range e.promises {
		properties = append(properties, e.odcsOf(p))
	}
	table := block{{"name", strings.ReplaceAll(e.plan.Dataset, "-", "_")}, {"physicalName", e.plan.Dataset}, {"physicalType", "table"}}
	if t := titleOf(e.plan.Title); t != "" {
		table = append(table, entry{"businessName", t})
	}
	table = append(table, entry{"properties", properties})
	var quality list
	for _, k := range e.keys {
		quality = append(quality, block{{"type", "library"}, {"metric", "duplicateValues"}, {"arguments", block{{"properties", texts(k)}}}, {"mustBe", plain("0")}, {"dimension", "uniqueness"}})
	}
	if e.rows != nil {
		if c := rowLimits(e.rows); c != nil {
			quality = append(quality, append(block{{"type", "library"}, {"metric", "rowCount"}}, c...))
		}
	}
	for _, r := range e.left {
		if r.field == "" {
			quality = append(quality, e.words(r))
		}
	}
	if quality != nil {
		table = append(table, entry{"quality", quality})
	}
	out := block{{"apiVersion", "v3.1.0"}, {"kind", "DataContract"}, {"id", e.plan.Dataset}, {"name", e.plan.Dataset}, {"version", or(e.ds.Lifecycle.Version, "1")}, {"status", odcsStatus(e.ds.Lifecycle.Status)}, {"schema", list{table}}}
	var text bytes.Buffer
	writeYAML(&text, out, "")
	e.out.Text = text.Bytes()
	return e.out, nil
}

func odcsStatus(s rules.Status) string {
	switch s {
	case "draft":
		return "draft"
	case "retired":
		return "retired"
	}
	return "active"
}

// words is a rule that only words can say, as a check of type text.
func (e *exporter) words(r remaining) block {
	e.out.Lost = append(e.out.Lost, Loss{Place: Place{File: e.ds.File, Line: e.ds.Lines[r.id], Column: 1}, What: r.id, Partly: true, Reason: "ODCS has no word for it; it stands there as text: " + r.words})
	return block{{"type", "text"}, {"name", r.id}, {"description", r.words}}
}

func rowLimits(l *rules.Limits) block {
	low, high := "mustBeGreaterOrEqualTo", "mustBeLessOrEqualTo"
	if l.MinOpen {
		low = "mustBeGreaterThan"
	}
	if l.MaxOpen {
		high = "mustBeLessThan"
	}
	switch {
	case l.Min != "" && l.Min == l.Max:
		return block{{"mustBe", plain(l.Min)}}
	case l.Min != "" && l.Max != "" && !l.MinOpen && !l.MaxOpen:
		return block{{"mustBeBetween", list{plain(l.Min), plain(l.Max)}}}
	case l.Min != "" && l.Max == "":
		return block{{low, plain(l.Min)}}
	case l.Max != "" && l.Min == "":
		return block{{high, plain(l.Max)}}
	}
	return nil
}

func (e *exporter) odcsOf(p *promise) block {
	kind := p.field.Type.Kind
	logical := map[rules.Kind]string{rules.String: "string", rules.Integer: "integer", rules.Number: "number", rules.Decimal: "number", rules.Boolean: "boolean", rules.Date: "date", rules.Timestamp: "timestamp"}[kind]
	physical := p.field.Type.String()
	if p.treated {
		logical, physical, kind = "string", "string", rules.String
	}
	b := block{{"name", p.name}, {"logicalType", logical}, {"physicalType", physical}}
	if t := titleOf(p.field.Title); t != "" {
		b = append(b, entry{"businessName", t})
	}
	b = append(b, entry{"classification", p.field.Level.String()})
	if p.required {
		b = append(b, entry{"required", plain("true")})
	}
	if p.unique {
		b = append(b, entry{"unique", plain("true")})
	}
	var options block
	if p.length != nil && kind == rules.String {
		if p.length.Min != "" {
			options = append(options, entry{"minLength", plain(p.length.Min)})
		}
		if p.length.Max != "" {
			options = append(options, entry{"maxLength", plain(p.length.Max)})
		}
	}
	if p.pattern != "" {
		options = append(options, entry{"pattern", "^(?:" + p.pattern + ")$"})
	}
	if p.bounds != nil {
		options = append(options, p.limits(kind == rules.Date || kind == rules.Timestamp)...)
	}
	if options != nil {
		b = append(b, entry{"logicalTypeOptions", options})
	}
	var quality list
	if p.set != nil {
		quality = append(quality, block{{"type", "library"}, {"metric", "invalidValues"}, {"arguments", block{{"validValues", p.values()}}}, {"mustBe", plain("0")}, {"dimension", "conformity"}})
	}
	for _, r := range e.left {
		if r.field == p.field.Name {
			quality = append(quality, e.words(r))
		}
	}
	if quality != nil {
		b = append(b, entry{"quality", quality})
	}
	return b
}

// indented writes a block as JSON, keys in order.
func indented(b block) ([]byte, error) {
	var raw, out bytes.Buffer
	if err := writeJSON(&raw, b); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, raw.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// writeYAML writes a value in block style, keys in order.
func writeYAML(w *bytes.Buffer, v block, indent string) {
	for _, e := range v {
		fmt.Fprintf(w, "%s%s:", indent, yamlText(e.key))
		writeYAMLValue(w, e.value, indent)
	}
}

// writeYAMLValue writes what stands behind a key, with its line ends.
func writeYAMLValue(w *bytes.Buffer, v any, indent string) {
	switch v := v.(type) {
	case block:
		w.WriteByte('\n')
		writeYAML(w, v, indent+"  ")
	case list:
		if len(v) > 0 {
			if _, nested := v[0].(block); nested {
				w.WriteByte('\n')
				for _, item := range v {
					var one bytes.Buffer
					writeYAML(&one, item.(block), indent+"    ")
					fmt.Fprintf(w, "%s  - %s", indent, bytes.TrimPrefix(one.Bytes(), []byte(indent+"    ")))
				}
				return
			}
		}
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = yamlScalar(item)
		}
		fmt.Fprintf(w, " [%s]\n", strings.Join(parts, ", "))
	default:
		fmt.Fprintf(w, " %s\n", yamlScalar(v))
	}
}

// yamlScalar writes a text so that every reader of YAML takes it for one.
func yamlScalar(v any) string {
	if p, ok := v.(plain); ok {
		return string(p)
	}
	return yamlText(v.(string))
}

func writeJSON(w *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case plain:
		w.WriteString(string(v))
	case string:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	case list:
		w.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				w.WriteByte(',')
			}
			if err := writeJSON(w, item); err != nil {
				return err
			}
		}
		w.WriteByte(']')
	case block:
		w.WriteByte('{')
		for i, e := range v {
			if i > 0 {
				w.WriteByte(',')
			}
			if err := writeJSON(w, e.key); err != nil {
				return err
			}
			w.WriteByte(':')
			if err := writeJSON(w, e.value); err != nil {
				return err
			}
		}
		w.WriteByte('}')
	default:
		return fmt.Errorf("no JSON for %T", v)
	}
	return nil
}
