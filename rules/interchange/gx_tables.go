package interchange

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"clearwell/rules/syntax"
)

// pair is the two columns of an expectation on pairs.
func (g *gx) pair() (a, b string, err error) {
	if a, err = g.columnName("column_A"); err == nil {
		b, err = g.columnName("column_B")
	}
	if err == nil && a == b {
		err = errors.New("its two columns are the same")
	}
	return a, b, err
}

// pairNulls is what nulls mean by ignore_row_if: a comparison with null is false.
func (g *gx) pairNulls() (string, error) {
	switch how := g.kwargs.get("ignore_row_if").text(); how {
	case "", "both_values_are_missing":
		return "skip_all", nil
	case "either_value_is_missing":
		return "", nil
	case "neither", "never":
		return "fail", nil
	default:
		return "", fmt.Errorf("ignore_row_if: %q is not known", how)
	}
}

func (g *gx) greater() error {
	a, b, err := g.pair()
	if err != nil {
		return err
	}
	nulls, err := g.pairNulls()
	if err != nil {
		return err
	}
	sign := ">"
	if g.kwargs.get("or_equal").isTrue() {
		sign = ">="
	}
	left, right := g.ordered(a), g.ordered(b)
	g.compared(left, right)
	g.rule(rule{conditions: block{{"compare", list{left, sign, right}}}, nulls: nulls})
	return nil
}

// ordered refers to a column whose values are compared by order.
func (g *gx) ordered(name string) *ref {
	if g.kwargs.get("parse_strings_as_datetimes").isTrue() {
		return g.dateRef(name, typed{kind: date, years: true})
	}
	return g.ref(name, ordered)
}

func (g *gx) equal() error {
	a, b, err := g.pair()
	if err != nil {
		return err
	}
	nulls, err := g.pairNulls()
	if err != nil {
		return err
	}
	g.kwargs.get("parse_strings_as_datetimes").finish()
	left, right := g.ref(a, anyKind), g.ref(b, anyKind)
	g.compared(left, right)
	g.rule(rule{conditions: block{{"compare", list{left, "==", right}}}, nulls: nulls})
	return nil
}

func (g *gx) pairs() error {
	a, b, err := g.pair()
	if err != nil {
		return err
	}
	nulls, err := g.pairNulls()
	if err != nil {
		return err
	}
	g.kwargs.get("parse_strings_as_datetimes").finish()
	set := g.kwargs.get("value_pairs_set")
	kinds := [2]need{}
	var rows list
	for _, n := range set.items() {
		two := n.items()
		if len(two) != 2 {
			return errors.New("value_pairs_set has something else than pairs in it")
		}
		row := list{}
		for i, cell := range two {
			if !cell.there() {
				row = append(row, nil)
				continue
			}
			v, err := valueOf(cell)
			if err != nil {
				return err
			}
			if v.kind == boolean {
				return errors.New("booleans in value_pairs_set have no counterpart")
			}
			switch {
			case kinds[i] == anyKind || kinds[i] == v.kind:
				kinds[i] = v.kind
			case kinds[i] == text || v.kind == text:
				kinds[i] = text
			default:
				kinds[i] = fraction
			}
			row = append(row, v.text)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return errors.New("value_pairs_set is empty")
	}
	g.rule(rule{conditions: block{{"pair", block{{"fields", list{g.ref(a, kinds[0]), g.ref(b, kinds[1])}}, {"in", rows}}}}, nulls: nulls})
	return nil
}

// columnNames are the columns of column_list.
func (g *gx) columnNames() ([]string, error) {
	var names []string
	for _, n := range g.kwargs.get("column_list").items() {
		if n.text() == "" || slices.Contains(names, n.text()) {
			return nil, errors.New("column_list has something else than different column names in it")
		}
		names = append(names, n.text())
	}
	if len(names) < 2 {
		return nil, errors.New("column_list names fewer than two columns")
	}
	return names, nil
}

func refList(refs []*ref) list {
	out := make(list, len(refs))
	for i, r := range refs {
		out[i] = r
	}
	return out
}

// missing takes ignore_row_if of several columns into the scope; always says that
// rows with a null must then be looked at.
func (g *gx) missing(names []string) (nulls bool, err error) {
	var guard celText
	switch how := g.kwargs.get("ignore_row_if").text(); how {
	case "", "all_values_are_missing":
		for i, r := range g.refs(names, anyKind) {
			if i > 0 {
				guard = append(guard, " || ")
			}
			guard = append(guard, r, " != null")
		}
	case "any_value_is_missing":
		return false, nil
	case "never", "neither":
		return true, nil
	default:
		return false, fmt.Errorf("ignore_row_if: %q is not known", how)
	}
	if g.when == nil {
		g.when = guard
	} else {
		g.when = cel("(", g.when, ") && (", guard, ")")
	}
	return true, nil
}

func (g *gx) compound() error {
	names, err := g.columnNames()
	if err != nil {
		return err
	}
	nulls, err := g.missing(names)
	if err != nil {
		return err
	}
	refs := g.refs(names, anyKind)
	if nulls {
		for _, r := range refs {
			r.filled = true
		}
	}
	g.rule(rule{conditions: block{{"unique", refList(refs)}}})
	return nil
}

func (g *gx) differ() error {
	names, err := g.columnNames()
	if err != nil {
		return err
	}
	nulls, err := g.missing(names)
	if err != nil {
		return err
	}
	refs := g.refs(names, anyKind)
	g.compared(refs...)
	if !nulls {
		g.rule(rule{conditions: block{{"differ", refList(refs)}}})
		return nil
	}
	// null is a value like others, equal to another null
	var expr celText
	for i, a := range refs {
		for _, b := range refs[i+1:] {
			if expr != nil {
				expr = append(expr, " && ")
			}
			expr = append(expr, cel("(", a, " == null ? ", b, " != null : ", b, " == null || ", a, " != ", b, ")"))
		}
	}
	g.rule(rule{expr: expr})
	return nil
}

func (g *gx) allEqual() error {
	names, err := g.columnNames()
	if err != nil {
		return err
	}
	nulls, err := g.missing(names)
	if err != nil {
		return err
	}
	refs := g.refs(names, anyKind)
	g.compared(refs...)
	if !nulls {
		g.rule(rule{conditions: block{{"same", refList(refs)}}})
		return nil
	}
	var expr celText
	for _, b := range refs[1:] {
		if expr != nil {
			expr = append(expr, " && ")
		}
		a := refs[0]
		expr = append(expr, cel("(", a, " == null ? ", b, " == null : ", b, " != null && ", a, " == ", b, ")"))
	}
	g.rule(rule{expr: expr})
	return nil
}

func (g *gx) sum() error {
	names, err := g.columnNames()
	if err != nil {
		return err
	}
	total, err := valueOf(g.kwargs.get("sum_total"))
	if err == nil && total.kind != number && total.kind != fraction {
		err = errors.New("sum_total is no number")
	}
	if err != nil {
		return err
	}
	nulls, err := g.missing(names)
	if err != nil {
		return err
	}
	r := rule{conditions: block{{"sum_of", refList(g.refs(names, number))}, {"equals", total.text}}}
	if nulls {
		r.nulls = "fail"
	}
	g.rule(r)
	return nil
}

// measure puts a measure of the table into rules.
func (g *gx) measure(conditions block) {
	g.rule(rule{conditions: conditions, measure: true})
}

func (g *gx) exists() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	if at := g.kwargs.get("column_index"); at.there() {
		g.partly(at, "expect_"+g.name, "the place of the column is not checked; write columns: {ordered: [...]} with all columns")
	}
	c := g.column(name)
	c.optional = true
	g.rule(rule{conditions: block{{"columns", block{{"contains", list{name}}}}}, measure: true})
	return nil
}

// header lists the columns that the suite expects of the source. They are fields too, which the source may lack.
func (g *gx) header(key string) (list, error) {
	var out list
	for _, n := range g.kwargs.get(key).items() {
		if n.text() == "" || slices.Contains(out, any(n.text())) {
			return nil, fmt.Errorf("%s has something else than different column names in it", key)
		}
		out = append(out, n.text())
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s names no column", key)
	}
	for _, name := range out {
		g.column(name.(string)).optional = true
	}
	return out, nil
}

func (g *gx) columnList() error {
	names, err := g.header("column_list")
	if err != nil {
		return err
	}
	g.measure(block{{"columns", block{{"ordered", names}}}})
	return nil
}

func (g *gx) columnSet() error {
	names, err := g.header("column_set")
	if err != nil {
		return err
	}
	word := "exactly"
	if exact := g.kwargs.get("exact_match"); exact.there() && !exact.isTrue() {
		word = "contains"
	}
	g.measure(block{{"columns", block{{word, names}}}})
	return nil
}

// count bounds the number of rows or columns; key names the one number, if there is one.
func (g *gx) count(of, key string) error {
	var limits any
	if key != "" {
		v, err := valueOf(g.kwargs.get(key))
		if err != nil || v.kind != number {
			return errors.New("it has no whole number")
		}
		limits = list{v.text, v.text}
	} else {
		ends, found, err := g.bounds("min_value", "max_value")
		if err != nil {
			return err
		}
		if numeric(ends) != number {
			return errors.New("its bounds are no whole numbers")
		}
		limits = found
	}
	if of == "columns" {
		g.measure(block{{"columns", block{{"count", limits}}}})
		return nil
	}
	g.measure(block{{"row_count", limits}})
	return nil
}

func (g *gx) otherTable() error {
	name := g.kwargs.get("other_table_name").text()
	id := datasetID(name, "")
	if name == "" || !slices.Contains(g.opts.Datasets, id) {
		return fmt.Errorf("the workspace has no dataset %q; make it first, then import again", id)
	}
	g.measure(block{{"row_count", block{{"equals", block{{"dataset", id}}}}}})
	return nil
}

// isMap reports whether a value is a block of keys.
func (n node) isMap() bool { return n.Node != nil && n.Shape == syntax.Map }

// isList reports whether a value is a list.
func (n node) isList() bool { return n.Node != nil && n.Shape == syntax.List }

// words are the texts of a list, without empty ones.
func words(n node) (out []string) {
	for _, item := range n.items() {
		if t := strings.TrimSpace(item.text()); t != "" {
			out = append(out, t)
		}
	}
	return out
}
