package interchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clearwell/rules/syntax"
)

// expectation is how one kind of expectation of Great Expectations is carried over.
type expectation struct {
	becomes string // for the documentation: what it is in a contract
	note    string // where it means something else; empty: it means the same
	carry   func(*gx) error
}

// gx is one expectation being carried over.
type gx struct {
	*draft
	n, kwargs node
	name      string // without expect_
	column0   string // the column that it stands under, where kwargs name none
	title     string
	from      []string
	mostly    string
	when      celText
	severity  string
	sql       bool // its condition is SQL
}

// gxIgnored are keys of kwargs that say how results are shown or where the data is, not what is expected.
var gxIgnored = []string{"batch_id", "result_format", "catch_exceptions", "include_config", "meta", "condition_parser", "auto", "profiler_config", "parse_strings_as_datetimes", "output_strftime_format", "id", "windows", "allow_cross_type_comparisons"}

// gxSeverities are severities of 1.x and ours.
var gxSeverities = map[string]string{"critical": "gate", "warning": "warn", "info": "warn"}

// importGX carries over a suite: an object with expectations, or a list of expectations.
func importGX(d *draft) error {
	root := d.tree.root
	list := root
	if root.Shape == syntax.Map {
		list = root.get("expectations")
		if root.has("expectation_type") || root.has("type") && !root.has("expectations") {
			list = root
		}
		name := root.get("expectation_suite_name", "name").text()
		d.out.Dataset, d.title = name, name
		for _, key := range []string{"id", "ge_cloud_id", "data_asset_type", "evaluation_parameters", "suite_parameters"} {
			if v := root.get(key); !v.there() || v.Shape != syntax.Scalar && len(v.Entries)+len(v.Items) == 0 || v.Shape == syntax.Scalar {
				v.finish()
			} else {
				d.lose(v, key, "parameters of a run have no counterpart; write the values into the suite")
			}
		}
		meta := root.get("meta")
		d.notes = append(d.notes, notesOf(meta)...)
		meta.finish()
		root.get("notes").finish()
	}
	if list.Node == nil || list.Shape == syntax.Null {
		return fmt.Errorf("%s: the suite has no key %q", d.tree.file, "expectations")
	}
	for _, n := range list.items() {
		what := n.get("expectation_type", "type").text()
		if what == "" {
			d.lose(n, "expectation", "it has neither type nor expectation_type")
			continue
		}
		d.attempt(n, what, func() error {
			return d.expectation(&gx{draft: d, n: n, kwargs: n.get("kwargs"), severity: d.severity}, what)
		})
	}
	return nil
}

// notesOf are the notes of a meta block.
func notesOf(meta node) []string {
	notes := meta.get("notes")
	if notes.Node == nil {
		return nil
	}
	content := notes
	if notes.Shape == syntax.Map {
		notes.get("format").finish()
		content = notes.get("content")
	}
	var out []string
	for _, n := range content.items() {
		if t := strings.TrimSpace(n.text()); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// expectation carries over one expectation, of which n and kwargs are set.
func (d *draft) expectation(g *gx, what string) error {
	how, known := expectations[strings.ToLower(what)]
	g.name = strings.TrimPrefix(strings.ToLower(what), "expect_")
	n, kwargs := g.n, g.kwargs
	if !known {
		return errors.New("this is no core expectation, and what it checks is not known here")
	}
	if how.carry == nil {
		return errors.New(how.note)
	}
	if kwargs.Node != nil && kwargs.Shape != syntax.Map && kwargs.there() {
		return fmt.Errorf("kwargs is %s, not a block of keys", kwargs.Shape)
	}
	for _, e := range kwargs.Entries {
		if e.Value.Shape == syntax.Map && slices.ContainsFunc(e.Value.Entries, func(p syntax.Entry) bool { return strings.HasPrefix(p.Key, "$PARAMETER") }) {
			return fmt.Errorf("%q is a parameter of the run ($PARAMETER); write its value into the suite", e.Key)
		}
	}
	for _, key := range gxIgnored {
		if key != "parse_strings_as_datetimes" {
			kwargs.get(key).finish()
		}
	}
	meta := n.get("meta")
	g.from = append(g.from, fmt.Sprintf("%s %s", what, n.pointer))
	g.from = append(g.from, slices.Concat(notesOf(meta), notesOf(n))...)
	g.title = strings.TrimSpace(n.get("description").text())
	meta.finish()
	for _, key := range []string{"id", "ge_cloud_id", "expectation_context", "rendered_content", "catch_exceptions", "result_format", "notes"} {
		n.get(key).finish()
	}
	if s := n.get("severity").text(); s != "" && !g.sql {
		if g.severity = gxSeverities[s]; g.severity == "" {
			return fmt.Errorf("the severity %q is not known", s)
		}
	}
	if n.get("success_on_last_run").Node != nil {
		n.get("success_on_last_run").finish()
	}
	if m := kwargs.get("mostly"); m.there() {
		share, err := percent(m.text())
		if err != nil {
			return err
		}
		if share != "100%" {
			g.mostly = share
		}
	}
	if c := kwargs.get("row_condition"); c.there() && (c.Shape != syntax.Scalar || strings.TrimSpace(c.text()) != "") {
		when, err := d.condition(c, g.sql)
		c.finish()
		if err != nil {
			return err
		}
		g.when = when
	}
	return how.carry(g)
}

// columnName is the column that the expectation is about.
func (g *gx) columnName(key string) (string, error) {
	name := g.kwargs.get(key).text()
	if name == "" && key == "column" {
		name = g.column0
	}
	if name == "" {
		return "", fmt.Errorf("it names no column (%s)", key)
	}
	return name, nil
}

// short is the name of the expectation in rule ids.
func (g *gx) short() string {
	s := g.name
	for _, prefix := range []string{"column_values_to_be_", "column_values_to_", "column_value_", "column_pair_values_to_be_", "column_pair_values_", "column_pair_", "table_", "column_"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			s = rest
			break
		}
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "_to_be_", "_"), "_to_", "_")
	return strings.ReplaceAll(s, "_", "-")
}

// check puts conditions on a field.
func (g *gx) check(on *ref, conditions block) {
	g.checks = append(g.checks, check{on: on, id: g.id(on.column.name, g.short()), title: g.title, conditions: conditions, when: g.when, mostly: g.mostly, severity: g.severity, from: g.from})
}

// measured puts a measure on a field.
func (g *gx) measured(on *ref, conditions block) {
	g.check(on, conditions)
	g.checks[len(g.checks)-1].measure = true
}

// rule puts an entry into rules.
func (g *gx) rule(r rule) {
	parts := []string{g.short()}
	for _, key := range []string{"column_A", "column_B"} {
		if name := g.kwargs.get(key).text(); name != "" {
			parts = append(parts, g.column(name).name)
		}
	}
	if len(parts) > 1 {
		parts = append(parts[1:], parts[0])
	}
	r.id, r.title, r.when, r.mostly, r.severity, r.from = g.id(parts...), g.title, g.when, g.mostly, g.severity, g.from
	g.rules = append(g.rules, r)
}

// value is a scalar that values of a column are compared with.
type value struct {
	text string
	kind need
}

// valueOf reads a scalar of JSON.
func valueOf(n node) (value, error) {
	switch {
	case n.isNumber():
		out, whole, ok := plainDecimal(n.text())
		switch {
		case !ok:
			return value{}, fmt.Errorf("%s is a number too long for a contract", n.text())
		case whole:
			return value{out, number}, nil
		}
		return value{out, fraction}, nil
	case n.isBool():
		return value{n.text(), boolean}, nil
	case n.Node != nil && n.Shape == syntax.Scalar:
		return value{n.text(), text}, nil
	}
	return value{}, fmt.Errorf("%s stands where one value is needed", n.Shape)
}

// valueSet reads a list of values and what field they need; nulls are left out, as
// nulls are not looked at. Numbers beside texts are texts, booleans their words.
func valueSet(n node) ([]string, need, error) {
	if n.Node == nil || n.Shape != syntax.List {
		return nil, anyKind, errors.New("it has no list of values")
	}
	var values []value
	kind := anyKind
	for _, item := range n.items() {
		if !item.there() {
			continue
		}
		v, err := valueOf(item)
		if err != nil {
			return nil, anyKind, err
		}
		k := v.kind
		if k == boolean {
			k = text
		}
		switch {
		case kind == anyKind || kind == k:
			kind = k
		case kind != text && k != text:
			kind = fraction
		default:
			kind = text
		}
		values = append(values, v)
	}
	var out []string
	for _, v := range values {
		words := []string{v.text}
		if v.kind == boolean {
			words = falseWords
			if v.text == "true" {
				words = trueWords
			}
		}
		for _, w := range words {
			if !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	if kind == text && slices.Contains(out, "") {
		return nil, kind, errors.New("the empty text is one of its values, and empty cells are null")
	}
	if kind == anyKind {
		kind = text
	}
	return out, kind, nil
}

// setOf is the list of values as a condition.
func setOf(values []string) list {
	out := make(list, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// bounds reads two ends; nil if neither is given.
func (g *gx) bounds(least, most string) (ends [2]*value, limits block, err error) {
	for i, key := range []string{least, most} {
		n := g.kwargs.get(key)
		if !n.there() {
			continue
		}
		v, err := valueOf(n)
		if err != nil {
			return ends, nil, fmt.Errorf("%s: %w", key, err)
		}
		strict := g.kwargs.get("strict_" + strings.TrimSuffix(key, "_value")).isTrue()
		name := [2][2]string{{"min", "above"}, {"max", "below"}}[i][map[bool]int{false: 0, true: 1}[strict]]
		ends[i] = &v
		limits = append(limits, entry{name, v.text})
	}
	for _, key := range []string{"strict_min", "strict_max"} {
		g.kwargs.get(key).finish()
	}
	if limits == nil {
		return ends, nil, errors.New("it has neither a least nor a greatest value")
	}
	return ends, limits, nil
}

// numeric is what both ends need of a field: number or fraction; text where one is a text.
func numeric(ends [2]*value) need {
	kind := anyKind
	for _, v := range ends {
		switch {
		case v == nil:
		case v.kind == text || v.kind == boolean || kind == text:
			kind = text
		case kind == anyKind || v.kind == fraction:
			kind = v.kind
		}
	}
	return kind
}

// dated reads ends that are dates: date, or timestamp where one has a time of day. The
// formats are those that pandas and people write.
func dated(ends [2]*value) (typed, error) {
	kind := date
	for _, v := range ends {
		if v == nil {
			continue
		}
		switch {
		case len(v.text) == 10 && v.text[4] == '-' && v.text[7] == '-':
		case len(v.text) == 19 && v.text[4] == '-':
			kind = timestamp
		default:
			return typed{}, fmt.Errorf("%q is not of the form 2024-12-31 or 2024-12-31 23:59:59", v.text)
		}
	}
	return typed{kind: kind, years: true}, nil
}

// jsonText writes a value of the file as JSON.
func jsonText(n node) []byte {
	b, err := json.MarshalIndent(n.asJSON(), "", "  ")
	if err != nil {
		panic(err) // texts, numbers, lists and maps of them marshal
	}
	return append(b, '\n')
}
