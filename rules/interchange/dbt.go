package interchange

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// dbtTest is how one test of dbt is carried over.
type dbtTest struct {
	becomes, note string
	carry         func(*dbt) error // nil: it is not
}

// dbt is one test being carried over.
type dbt struct {
	*draft
	n, args node
	column0 string // the column that it stands under; empty: the model
	found   found
	short   string
}

// dbtTests are the tests of dbt itself and the common ones of dbt_utils, without the package.
var dbtTests map[string]dbtTest

func init() {
	flag := func(key string) func(*dbt) error {
		return func(t *dbt) error { return t.onColumn(anyKind, block{{key, plain("true")}}) }
	}
	dbtTests = map[string]dbtTest{
		"not_null":                      {becomes: "`required: true`", carry: flag("required")},
		"unique":                        {becomes: "`unique: true`", carry: flag("unique")},
		"accepted_values":               {becomes: "`set`", carry: func(t *dbt) error { return t.values("set") }},
		"not_accepted_values":           {becomes: "`not_set`", carry: func(t *dbt) error { return t.values("not_set") }},
		"relationships":                 {becomes: "`exists_in`", note: "only where the workspace has a dataset of that name", carry: (*dbt).relationship},
		"accepted_range":                {becomes: "`range`", carry: (*dbt).acceptedRange},
		"not_empty_string":              {note: "an empty text is null here; not_null says it"},
		"not_constant":                  {becomes: "`distinct: {min: 2}`", carry: func(t *dbt) error { return t.measured(block{{"distinct", block{{"min", "2"}}}}) }},
		"at_least_one":                  {becomes: "`distinct: {min: 1}`", carry: func(t *dbt) error { return t.measured(block{{"distinct", block{{"min", "1"}}}}) }},
		"not_null_proportion":           {becomes: "`null_share`", carry: (*dbt).proportion},
		"unique_combination_of_columns": {becomes: "`unique` over the fields", carry: (*dbt).combination},
		"equal_rowcount":                {becomes: "`row_count: {equals: {dataset: ...}}`", note: "only where the workspace has a dataset of that name", carry: (*dbt).equalRows},
		"recency":                       {becomes: "`freshness`", carry: (*dbt).recency},
		"expression_is_true":            {note: "an expression in SQL has no counterpart; write it in CEL under rules"},
	}
}

// importDBT carries over the tests of one model, source table, seed or snapshot of a properties file.
func importDBT(d *draft) error {
	var all []node
	root := d.tree.root
	root.get("version").finish()
	for _, key := range []string{"models", "seeds", "snapshots"} {
		all = append(all, root.get(key).items()...)
	}
	for _, source := range root.get("sources").items() {
		source.get("name").finish()
		source.get("description").finish()
		all = append(all, source.get("tables").items()...)
	}
	model, err := d.object("model or table", all, func(n node) string { return n.get("name").text() })
	if err != nil {
		return err
	}
	d.out.Dataset = model.get("name").text()
	d.title = d.out.Dataset
	if text := strings.TrimSpace(model.get("description").text()); text != "" {
		d.notes = append(d.notes, text)
	}
	for _, n := range model.get("columns").items() {
		name := n.get("name").text()
		if name == "" {
			d.lose(n, "column", "it has no name")
			continue
		}
		c := d.column(name)
		c.described("", n.get("description").text())
		if t := n.get("data_type"); t.there() {
			if known, ok := sqlType(t.text()); ok {
				c.explicit = known
			} else {
				d.lose(t, "data_type", "the type %q is not known; the field is text", t.text())
			}
		}
		d.dbtTests(n, name)
	}
	d.dbtTests(model, "")
	return nil
}

// dbtTests carries over the tests under a column or the model.
func (d *draft) dbtTests(n node, column string) {
	for _, key := range []string{"tests", "data_tests"} {
		for _, item := range n.get(key).items() {
			name, args := item.text(), node{}
			if item.isMap() {
				if entries := item.entries(); len(entries) == 1 || item.has("test_name") {
					if item.has("test_name") {
						name, args = item.get("test_name").text(), item
					} else {
						name, args = entries[0].key, entries[0].value
					}
				} else if len(entries) > 0 { // the test with its keys beside it
					name, args = entries[0].key, item
				}
			}
			if name == "" {
				d.lose(item, "test", "it has no name")
				continue
			}
			d.attempt(args.orItem(item), name, func() error { return d.dbtTest(item, args, name, column) })
		}
	}
}

// orItem is n, or another node where n is none.
func (n node) orItem(other node) node {
	if n.isMap() {
		return n
	}
	return other
}

var dbtBound = regexp.MustCompile(`^\s*(>=|>|!=)\s*([0-9]{1,12})\s*$`)

func (d *draft) dbtTest(item, args node, name, column string) error {
	pkg, short, packaged := strings.Cut(name, ".")
	if !packaged {
		pkg, short = "", name
	}
	t := &dbt{draft: d, n: item, args: args, column0: column, short: strings.ReplaceAll(short, "_", "-"), found: found{from: name + " " + item.pointer}}
	config := args.get("config")
	setting := func(key string) node {
		if v := config.get(key); v.there() {
			return v
		}
		return args.get(key)
	}
	for _, key := range []string{"name", "tags", "meta", "enabled", "limit", "store_failures", "store_failures_as", "test_name", "database", "schema", "alias"} {
		setting(key).finish()
	}
	t.found.title = strings.TrimSpace(args.get("description").text())
	switch s := strings.ToLower(setting("severity").text()); s {
	case "", "error":
	case "warn":
		t.found.severity = "warn"
	default:
		return fmt.Errorf("the severity %q is not known", s)
	}
	if e := setting("error_if"); e.there() {
		m := dbtBound.FindStringSubmatch(e.text())
		switch {
		case m == nil || m[1] == ">=" && m[2] == "0" || m[1] == "!=" && m[2] != "0":
			return fmt.Errorf("error_if: %q has no counterpart; allow takes a number of rows", e.text())
		case m[1] == ">=":
			t.found.allow = plain(lessOne(m[2]))
		case m[1] == ">":
			t.found.allow = plain(m[2])
		}
	}
	if w := setting("warn_if"); w.there() {
		d.partly(w, name, "the bound of warnings is not carried over; write allow: {warn: ..., fail: ...}")
	}
	if where := setting("where"); where.there() {
		when, err := d.condition(where, true)
		if err != nil {
			return err
		}
		t.found.when = when
	}
	if inner := args.get("arguments"); inner.isMap() {
		t.args = inner
	}
	if pkg == "dbt_expectations" {
		g := &gx{draft: d, n: item, kwargs: t.args, column0: column, severity: or(t.found.severity, d.severity), sql: true}
		if t.args.get("strictly").isTrue() && strings.HasSuffix(short, "between") {
			return errors.New("strictly has no counterpart of one word; write range: {above: ..., below: ...}")
		}
		if t.found.when != nil || t.found.allow != nil {
			return errors.New("where and error_if of this test are not carried over; write the rule by hand")
		}
		if column != "" && t.args.Node == nil {
			g.kwargs = node{}
		}
		return d.expectation(g, short)
	}
	how, known := dbtTests[short]
	switch {
	case !known || pkg != "" && pkg != "dbt_utils" && pkg != "dbt":
		return errors.New("this test is not known here; write the rule by hand")
	case how.carry == nil:
		return errors.New(how.note)
	}
	return how.carry(t)
}

// lessOne is a whole number of at most 12 digits less one.
func lessOne(s string) string {
	var n int64
	fmt.Sscan(s, &n)
	return fmt.Sprint(n - 1)
}

// columnName is the column that the test is about.
func (t *dbt) columnName() (string, error) {
	if t.column0 != "" {
		return t.column0, nil
	}
	if name := t.args.get("column_name").text(); name != "" {
		return name, nil
	}
	return "", errors.New("it stands under no column and names none")
}

func (t *dbt) onColumn(n need, conditions block) error {
	name, err := t.columnName()
	if err != nil {
		return err
	}
	t.put(t.ref(name, n), t.short, conditions, false, t.found)
	return nil
}

func (t *dbt) measured(conditions block) error {
	name, err := t.columnName()
	if err != nil {
		return err
	}
	t.put(t.ref(name, anyKind), t.short, conditions, true, t.found)
	return nil
}

func (t *dbt) values(word string) error {
	t.args.get("quote").finish()
	values, kind, err := valueSet(t.args.get("values"))
	if err == nil && len(values) == 0 {
		err = errors.New("the list of values is empty")
	}
	if err != nil {
		return err
	}
	return t.onColumn(kind, block{{word, setOf(values)}})
}

var dbtRef = regexp.MustCompile(`(?:ref|source)\(.*?['"]([^'"]+)['"]\s*\)`)

func (t *dbt) other(key string) (string, error) {
	to := t.args.get(key).text()
	if m := dbtRef.FindStringSubmatch(to); m != nil {
		to = m[1]
	}
	if to == "" {
		return "", fmt.Errorf("it names no table (%s)", key)
	}
	return t.known(to)
}

func (t *dbt) relationship() error {
	id, err := t.other("to")
	if err != nil {
		return err
	}
	field := t.args.get("field").text()
	return t.onColumn(anyKind, block{{"exists_in", block{{"dataset", id}, {"field", field}}}})
}

func (t *dbt) acceptedRange() error {
	least, most := "min", "max"
	if inclusive := t.args.get("inclusive"); inclusive.there() && !inclusive.isTrue() {
		least, most = "above", "below"
	}
	b, a, err := limit(nil, least, t.args.get("min_value"))
	if err != nil {
		return err
	}
	b, z, err := limit(b, most, t.args.get("max_value"))
	if err != nil {
		return err
	}
	kind := widest(a, z)
	if kind != number && kind != fraction {
		return errors.New("its bounds are no numbers")
	}
	return t.onColumn(kind, block{{"range", b}})
}

func (t *dbt) proportion() error {
	var out block
	for _, end := range [][2]string{{"at_most", "min"}, {"at_least", "max"}} {
		n := t.args.get(end[0])
		if !n.there() {
			continue
		}
		share, err := percent(n.text())
		if err != nil {
			return err
		}
		rest, err := restOf(share)
		if err != nil {
			return err
		}
		out = append(out, entry{end[1], rest})
	}
	if out == nil {
		return errors.New("it has no bound")
	}
	return t.measured(block{{"null_share", out}})
}

func (t *dbt) combination() error {
	names := words(t.args.get("combination_of_columns"))
	t.args.get("quote_columns").finish()
	if len(names) < 2 || slices.Contains(names, "") {
		return errors.New("combination_of_columns names fewer than two columns")
	}
	refs := t.refs(names, anyKind)
	for _, r := range refs {
		r.filled = true
	}
	t.putRule(t.short, rule{conditions: block{{"unique", refList(refs)}}}, t.found)
	return nil
}

func (t *dbt) equalRows() error {
	id, err := t.other("compare_model")
	if err != nil {
		return err
	}
	t.putRule(t.short, rule{conditions: block{{"row_count", block{{"equals", block{{"dataset", id}}}}}}, measure: true}, t.found)
	return nil
}

func (t *dbt) recency() error {
	field, interval := t.args.get("field").text(), t.args.get("interval").text()
	unit := map[string]string{"minute": "min", "hour": "h", "day": "d", "week": "w"}[strings.ToLower(t.args.get("datepart").text())]
	if field == "" || unit == "" || !plainNumber(interval) {
		return errors.New("it needs field, datepart (minute, hour, day or week) and interval")
	}
	on := t.ref(field, timestamp)
	if on.column.explicit.kind == date {
		on.need = date
	}
	on.typ = &typed{kind: on.need, years: true}
	if on.column.dated == nil {
		on.column.dated = on.typ
	}
	t.put(on, t.short, block{{"freshness", plain(interval + unit)}}, true, t.found)
	return nil
}

// refs refers to several columns in the same way.
func (d *draft) refs(names []string, n need) (out []*ref) {
	for _, name := range names {
		out = append(out, d.ref(name, n))
	}
	return out
}
