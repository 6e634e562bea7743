package interchange

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"clearwell/rules/syntax"
)

// expectations are all core expectations of Great Expectations, 0.18 and 1.x.
var expectations map[string]expectation

func init() {
	between := func(word string, dates bool) func(*gx) error {
		return func(g *gx) error { return g.statistic(word, dates) }
	}
	expectations = map[string]expectation{
		// one column, row by row
		"expect_column_values_to_not_be_null":                 {becomes: "`required: true`", carry: func(g *gx) error { return g.plainCheck(anyKind, block{{"required", plain("true")}}) }},
		"expect_column_values_to_be_null":                     {becomes: "`expr: field == null`", carry: (*gx).null},
		"expect_column_values_to_be_unique":                   {becomes: "`unique: true`", carry: func(g *gx) error { return g.plainCheck(anyKind, block{{"unique", plain("true")}}) }},
		"expect_column_values_to_be_of_type":                  {becomes: "`type` of the field, and `type: true`", note: "types of texts check nothing: every cell of a CSV file is text", carry: (*gx).ofType},
		"expect_column_values_to_be_in_type_list":             {becomes: "`type` of the field, and `type: true`", note: "the widest type of the list; a list with texts checks nothing", carry: (*gx).ofType},
		"expect_column_type_to_be":                            {becomes: "`type` of the field, and `type: true`", carry: (*gx).ofType},
		"expect_column_values_to_be_in_set":                   {becomes: "`set`", carry: func(g *gx) error { return g.set("set") }},
		"expect_column_values_to_not_be_in_set":               {becomes: "`not_set`", carry: func(g *gx) error { return g.set("not_set") }},
		"expect_column_values_to_be_between":                  {becomes: "`range`; of texts `compare`", carry: (*gx).between},
		"expect_column_values_to_be_increasing":               {becomes: "`increasing`", carry: func(g *gx) error { return g.trend("increasing") }},
		"expect_column_values_to_be_decreasing":               {becomes: "`decreasing`", carry: func(g *gx) error { return g.trend("decreasing") }},
		"expect_column_value_lengths_to_be_between":           {becomes: "`length`", carry: (*gx).lengths},
		"expect_column_value_lengths_to_equal":                {becomes: "`length`", carry: (*gx).length},
		"expect_column_values_to_match_regex":                 {becomes: "`pattern`", note: "looked for anywhere in the value; `\\d`, `\\w` and `\\s` as Python means them; no look-around", carry: func(g *gx) error { return g.regex("pattern", "regex") }},
		"expect_column_values_to_not_match_regex":             {becomes: "`not_pattern`", carry: func(g *gx) error { return g.regex("not_pattern", "regex") }},
		"expect_column_values_to_match_regex_list":            {becomes: "`any_of` or `all_of` with `pattern`", carry: (*gx).regexList},
		"expect_column_values_to_not_match_regex_list":        {becomes: "`not_pattern`", carry: func(g *gx) error { return g.regex("not_pattern", "regex_list") }},
		"expect_column_values_to_match_like_pattern":          {becomes: "`like`", carry: func(g *gx) error { return g.like("like", "like_pattern") }},
		"expect_column_values_to_not_match_like_pattern":      {becomes: "`not_like`", carry: func(g *gx) error { return g.like("not_like", "like_pattern") }},
		"expect_column_values_to_match_like_pattern_list":     {becomes: "`like`, or `all_of` with `like`", carry: func(g *gx) error { return g.like("like", "like_pattern_list") }},
		"expect_column_values_to_not_match_like_pattern_list": {becomes: "`not_like`", carry: func(g *gx) error { return g.like("not_like", "like_pattern_list") }},
		"expect_column_values_to_match_strftime_format":       {becomes: "`type: date` or `timestamp` with `formats`, and `type: true`", carry: (*gx).strftime},
		"expect_column_values_to_be_dateutil_parseable":       {note: "dateutil guesses what a date may be; write the formats that are meant: expect_column_values_to_match_strftime_format, or a field of type date"},
		"expect_column_values_to_be_json_parseable":           {becomes: "`json: true`", carry: func(g *gx) error { return g.plainCheck(text, block{{"json", plain("true")}}) }},
		"expect_column_values_to_match_json_schema":           {becomes: "`json: {schema: file}`", note: "the schema is written to a file of the workspace", carry: (*gx).jsonSchema},
		"expect_column_value_z_scores_to_be_less_than":        {becomes: "`outlier: {z: ...}`", carry: (*gx).zScore},
		"expect_column_values_to_not_be_outliers":             {becomes: "`outlier: {iqr: ...}`", carry: (*gx).outliers},

		// one column as a whole
		"expect_column_distinct_values_to_be_in_set":                                  {becomes: "`values: {within: ...}`", carry: func(g *gx) error { return g.distinct("within") }},
		"expect_column_distinct_values_to_contain_set":                                {becomes: "`values: {contain: ...}`", carry: func(g *gx) error { return g.distinct("contain") }},
		"expect_column_distinct_values_to_equal_set":                                  {becomes: "`values: {equal: ...}`", carry: func(g *gx) error { return g.distinct("equal") }},
		"expect_column_most_common_value_to_be_in_set":                                {becomes: "`most_common`; `alone: true` without ties_okay", carry: (*gx).mostCommon},
		"expect_column_unique_value_count_to_be_between":                              {becomes: "`distinct`", carry: between("distinct", false)},
		"expect_column_proportion_of_unique_values_to_be_between":                     {becomes: "`distinct_share`", carry: between("distinct_share", false)},
		"expect_column_proportion_of_non_null_values_to_be_between":                   {becomes: "`null_share`", carry: (*gx).nonNull},
		"expect_column_max_to_be_between":                                             {becomes: "`max`", carry: between("max", true)},
		"expect_column_min_to_be_between":                                             {becomes: "`min`", carry: between("min", true)},
		"expect_column_mean_to_be_between":                                            {becomes: "`mean`", carry: between("mean", false)},
		"expect_column_median_to_be_between":                                          {becomes: "`median`", carry: between("median", true)},
		"expect_column_stdev_to_be_between":                                           {becomes: "`stddev`", carry: between("stddev", false)},
		"expect_column_sum_to_be_between":                                             {becomes: "`sum`", carry: between("sum", false)},
		"expect_column_quantile_values_to_be_between":                                 {becomes: "`quantile` with `nearest: true`", carry: (*gx).quantiles},
		"expect_column_kl_divergence_to_be_less_than":                                 {note: "the divergence from a distribution written into the suite has no counterpart; drift: {psi: ..., against: last} compares with the last version"},
		"expect_column_chisquare_test_p_value_to_be_greater_than":                     {note: "a test against a distribution written into the suite has no counterpart; drift: {chi_square_p: ..., against: ...} compares with other data"},
		"expect_column_bootstrapped_ks_test_p_value_to_be_greater_than":               {note: "a test against a distribution written into the suite has no counterpart; drift: {ks_p: ..., against: ...} compares with other data"},
		"expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than": {note: "a test against a distribution with parameters has no counterpart; drift: {ks_p: ..., against: ...} compares with other data"},
		"expect_column_pair_cramers_phi_value_to_be_less_than":                        {note: "the association of two columns by Cramér's phi has no counterpart; correlation is of numbers"},

		// several columns of a row
		"expect_column_pair_values_a_to_be_greater_than_b":       {becomes: "`compare`", carry: (*gx).greater},
		"expect_column_pair_values_to_be_equal":                  {becomes: "`compare` with ==", carry: (*gx).equal},
		"expect_column_pair_values_to_be_in_set":                 {becomes: "`pair`", carry: (*gx).pairs},
		"expect_compound_columns_to_be_unique":                   {becomes: "`unique` over the fields", carry: (*gx).compound},
		"expect_select_column_values_to_be_unique_within_record": {becomes: "`differ`; CEL where nulls count as equal", carry: (*gx).differ},
		"expect_multicolumn_values_to_be_unique":                 {becomes: "`differ`; CEL where nulls count as equal", carry: (*gx).differ},
		"expect_multicolumn_values_to_be_equal":                  {becomes: "CEL", carry: (*gx).allEqual},
		"expect_multicolumn_sum_to_equal":                        {becomes: "`sum_of` with `equals`", carry: (*gx).sum},

		// the table
		"expect_column_to_exist":                      {becomes: "`columns: {contains: ...}`", note: "column_index only where it is known which columns stand before", carry: (*gx).exists},
		"expect_table_columns_to_match_ordered_list":  {becomes: "`columns: {ordered: ...}`", carry: (*gx).columnList},
		"expect_table_columns_to_match_set":           {becomes: "`columns: {exactly: ...}` or `contains`", carry: (*gx).columnSet},
		"expect_table_column_count_to_equal":          {becomes: "`columns: {count: ...}`", carry: func(g *gx) error { return g.count("columns", "value") }},
		"expect_table_column_count_to_be_between":     {becomes: "`columns: {count: ...}`", carry: func(g *gx) error { return g.count("columns", "") }},
		"expect_table_row_count_to_equal":             {becomes: "`row_count`", carry: func(g *gx) error { return g.count("rows", "value") }},
		"expect_table_row_count_to_be_between":        {becomes: "`row_count`", carry: func(g *gx) error { return g.count("rows", "") }},
		"expect_table_row_count_to_equal_other_table": {becomes: "`row_count: {equals: {dataset: ...}}`", note: "only where the workspace has a dataset of that name", carry: (*gx).otherTable},
		"unexpected_rows_expectation":                 {note: "a query in SQL has no counterpart; write the condition in CEL under rules"},
		"expect_query_results_to_match_comparison":    {note: "queries in SQL have no counterpart"},
	}
}

// plainCheck carries over what has no argument but the column.
func (g *gx) plainCheck(n need, conditions block) error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	g.kwargs.get("parse_strings_as_datetimes").finish()
	g.check(g.ref(name, n), conditions)
	return nil
}

func (g *gx) null() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	on := g.ref(name, anyKind)
	g.check(on, block{{"expr", cel(on, " == null")}})
	return nil
}

// gxTypes are types of pandas, numpy, Python, Spark and SQL.
var gxTypes = map[string]need{}

func init() {
	for kind, names := range map[need]string{
		integer:   "int int8 int16 int32 int64 uint8 uint16 uint32 uint64 int_ long integer bigint smallint tinyint integertype longtype shorttype bytetype",
		number:    "float float16 float32 float64 float_ double numeric number decimal real floattype doubletype decimaltype",
		boolean:   "bool bool_ boolean booleantype",
		timestamp: "datetime datetime64 datetime64[ns] timestamp timestamptype datetime.datetime timestamp_ntz timestamptz",
		date:      "date datetype datetime.date",
		text:      "str string object object_ o unicode text varchar char nvarchar stringtype str_ category",
	} {
		for name := range strings.FieldsSeq(names) {
			gxTypes[name] = kind
		}
	}
}

func (g *gx) ofType() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	var kinds []need
	for _, n := range g.kwargs.get("type_", "type_list").items() {
		t := strings.ToLower(n.text())
		t, _, _ = strings.Cut(t, "(")
		kind, known := gxTypes[t]
		if !known {
			return fmt.Errorf("the type %q is not known", n.text())
		}
		kinds = append(kinds, kind)
	}
	if len(kinds) == 0 {
		return errors.New("it names no type")
	}
	kind := kinds[0]
	for _, k := range kinds[1:] {
		switch {
		case k == kind:
		case (k == number || k == integer) && (kind == number || kind == integer):
			kind = number
		case (k == date || k == timestamp) && (kind == date || kind == timestamp):
			kind = timestamp
		default:
			kind = text
		}
	}
	if kind == text {
		g.ref(name, anyKind)
		g.partly(g.n, "expect_"+g.name, "every cell of a CSV file is a text: nothing is checked")
		return nil
	}
	on := g.typedRef(name, kind)
	g.check(on, block{{"type", plain("true")}})
	return nil
}

// typedRef refers to a column that somebody says is of a kind.
func (g *gx) typedRef(name string, kind need) *ref {
	switch kind {
	case date, timestamp:
		return g.dateRef(name, typed{kind: kind, years: true})
	case boolean:
		return g.boolRef(name)
	}
	c := g.column(name)
	if c.explicit.kind == anyKind && (kind != integer || !slices.Contains(c.needs, fraction)) {
		c.explicit = typed{kind: kind}
	}
	return g.ref(name, kind)
}

// boolRef refers to a column that is read as true and false.
func (d *draft) boolRef(name string) *ref {
	c := d.column(name)
	if c.explicit.kind == anyKind {
		c.explicit = typed{kind: boolean, words: block{{"true", texts(trueWords)}, {"false", texts(falseWords)}}}
	}
	return d.ref(name, boolean)
}

// never is a pattern that no value matches.
const never = `[^\x00-\x{10FFFF}]`

func (g *gx) set(word string) error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	g.kwargs.get("parse_strings_as_datetimes").finish()
	values, kind, err := valueSet(g.kwargs.get("value_set"))
	switch {
	case err != nil:
		return err
	case len(values) > 0:
		g.check(g.ref(name, kind), block{{word, setOf(values)}})
	case word == "set":
		g.check(g.ref(name, text), block{{"pattern", never}})
	default:
		return errors.New("an empty list forbids nothing")
	}
	return nil
}

func (g *gx) between() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	ends, limits, err := g.bounds("min_value", "max_value")
	if err != nil {
		return err
	}
	kind := numeric(ends)
	if kind != text {
		g.check(g.ref(name, kind), block{{"range", limits}})
		return nil
	}
	if g.kwargs.get("parse_strings_as_datetimes").isTrue() || g.opts.Types[name] == "date" || g.opts.Types[name] == "timestamp" {
		if t, err := dated(ends); err == nil {
			g.check(g.dateRef(name, t), block{{"range", limits}})
			return nil
		} else if g.kwargs.get("parse_strings_as_datetimes").isTrue() {
			return err
		}
	}
	g.check(g.ref(name, text), textRange(limits))
	return nil
}

// textRange compares texts with the ends of a range, by their characters.
func textRange(limits block) block {
	signs := map[string]string{"min": ">=", "above": ">", "max": "<=", "below": "<"}
	var parts list
	for _, e := range limits {
		parts = append(parts, block{{"compare", signs[e.key] + " '" + e.value.(string) + "'"}})
	}
	if len(parts) == 1 {
		return parts[0].(block)
	}
	return block{{"all_of", parts}}
}

func (g *gx) trend(word string) error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	how := any(plain("true"))
	if g.kwargs.get("strictly").isTrue() {
		how = block{{"strictly", plain("true")}}
	}
	on := g.ref(name, ordered)
	if g.kwargs.get("parse_strings_as_datetimes").isTrue() {
		on = g.dateRef(name, typed{kind: date, years: true})
	}
	g.check(on, block{{word, how}})
	return nil
}

func (g *gx) lengths() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	ends, limits, err := g.bounds("min_value", "max_value")
	if err == nil && numeric(ends) != number {
		err = errors.New("a length is a whole number")
	}
	if err != nil {
		return err
	}
	g.check(g.ref(name, text), block{{"length", limits}})
	return nil
}

func (g *gx) length() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	v, err := valueOf(g.kwargs.get("value"))
	if err == nil && v.kind != number {
		err = errors.New("a length is a whole number")
	}
	if err != nil {
		return err
	}
	g.check(g.ref(name, text), block{{"length", list{v.text, v.text}}})
	return nil
}

// patterns are the expressions of a key, each for the whole value.
func (g *gx) patterns(key string) ([]string, error) {
	var out []string
	for _, n := range g.kwargs.get(key).items() {
		p, err := searched(n.text())
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("it has no expression (%s)", key)
	}
	return out, nil
}

func (g *gx) regex(word, key string) error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	found, err := g.patterns(key)
	if err != nil {
		return err
	}
	p := found[0]
	if len(found) > 1 {
		p = "(?:" + strings.Join(found, ")|(?:") + ")"
	}
	g.check(g.ref(name, text), block{{word, p}})
	return nil
}

func (g *gx) regexList() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	found, err := g.patterns("regex_list")
	if err != nil {
		return err
	}
	word, err := g.matchOn()
	if err != nil {
		return err
	}
	var blocks list
	for _, p := range found {
		blocks = append(blocks, block{{"pattern", p}})
	}
	g.check(g.ref(name, text), block{{word, blocks}})
	return nil
}

// matchOn is any_of or all_of.
func (g *gx) matchOn() (string, error) {
	switch on := g.kwargs.get("match_on").text(); on {
	case "", "any":
		return "any_of", nil
	case "all":
		return "all_of", nil
	default:
		return "", fmt.Errorf("match_on is any or all, not %q", on)
	}
}

func (g *gx) like(word, key string) error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	var patterns []string
	for _, n := range g.kwargs.get(key).items() {
		if n.text() != "" {
			patterns = append(patterns, n.text())
		}
	}
	if len(patterns) == 0 {
		return fmt.Errorf("it has no pattern (%s)", key)
	}
	on, err := g.matchOn()
	if err != nil {
		return err
	}
	conditions := block{{word, texts(patterns)}}
	if on == "all_of" && word == "like" && len(patterns) > 1 {
		var blocks list
		for _, p := range patterns {
			blocks = append(blocks, block{{"like", p}})
		}
		conditions = block{{"all_of", blocks}}
	}
	g.check(g.ref(name, text), conditions)
	return nil
}

func (g *gx) strftime() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	t, err := strftime(g.kwargs.get("strftime_format").text())
	if err != nil {
		return err
	}
	g.check(g.dateRef(name, t), block{{"type", plain("true")}})
	return nil
}

func (g *gx) jsonSchema() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	schema := g.kwargs.get("json_schema")
	if schema.Node == nil || schema.Shape != syntax.Map {
		return errors.New("json_schema is no schema")
	}
	schema.finish()
	on := g.ref(name, text)
	file := "schemas/" + strings.ToLower(on.column.name) + ".json"
	for n := 2; g.files[file] != nil; n++ {
		file = fmt.Sprintf("schemas/%s-%d.json", strings.ToLower(on.column.name), n)
	}
	g.files[file] = jsonText(schema)
	g.check(on, block{{"json", block{{"schema", file}}}})
	return nil
}

func (g *gx) zScore() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	v, err := valueOf(g.kwargs.get("threshold"))
	if err == nil && v.kind != number && v.kind != fraction {
		err = errors.New("the threshold is no number")
	}
	if err != nil {
		return err
	}
	how := block{{"z", strings.TrimPrefix(v.text, "-")}, {"sample", plain("true")}}
	if two := g.kwargs.get("double_sided"); two.there() && !two.isTrue() {
		if strings.HasPrefix(v.text, "-") {
			return errors.New("a threshold below the mean has no counterpart")
		}
		how = append(how, entry{"side", plain("above")})
	}
	g.check(g.ref(name, fraction), block{{"outlier", how}})
	return nil
}

func (g *gx) outliers() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	factor := "1.5"
	if m := g.kwargs.get("multiplier"); m.there() {
		v, err := valueOf(m)
		if err != nil || v.kind != number && v.kind != fraction {
			return errors.New("the multiplier is no number")
		}
		factor = v.text
	}
	switch method := g.kwargs.get("method").text(); method {
	case "", "iqr":
		g.check(g.ref(name, fraction), block{{"outlier", block{{"iqr", factor}}}})
	default:
		return fmt.Errorf("the method %q has no counterpart: outlier knows iqr and z", method)
	}
	return nil
}

func (g *gx) distinct(relation string) error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	g.kwargs.get("parse_strings_as_datetimes").finish()
	values, kind, err := valueSet(g.kwargs.get("value_set"))
	if err == nil && len(values) == 0 {
		err = errors.New("the list of values is empty")
	}
	if err != nil {
		return err
	}
	g.measured(g.ref(name, kind), block{{"values", block{{relation, setOf(values)}}}})
	return nil
}

func (g *gx) mostCommon() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	values, kind, err := valueSet(g.kwargs.get("value_set"))
	if err == nil && len(values) == 0 {
		err = errors.New("the list of values is empty")
	}
	if err != nil {
		return err
	}
	conditions := block{{"most_common", setOf(values)}}
	if !g.kwargs.get("ties_okay").isTrue() {
		conditions = append(conditions, entry{"alone", plain("true")})
	}
	g.measured(g.ref(name, kind), conditions)
	return nil
}

// statistic carries over bounds of a number about a column.
func (g *gx) statistic(word string, dates bool) error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	ends, limits, err := g.bounds("min_value", "max_value")
	if err != nil {
		return err
	}
	kind := numeric(ends)
	var on *ref
	switch {
	case kind == text && dates:
		t, err := dated(ends)
		if err != nil {
			return fmt.Errorf("%s is of numbers and dates here: %w", word, err)
		}
		on = g.dateRef(name, t)
		g.kwargs.get("parse_strings_as_datetimes").finish()
	case kind == text:
		return errors.New("its bounds are no numbers")
	case word == "distinct" || word == "distinct_share":
		on = g.ref(name, anyKind)
	case word == "min" || word == "max" || word == "median":
		on = g.ref(name, kind)
	default:
		on = g.ref(name, number)
	}
	g.measured(on, block{{word, limits}})
	return nil
}

// nonNull turns bounds of the share of values into bounds of the share of nulls.
func (g *gx) nonNull() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	ends, limits, err := g.bounds("min_value", "max_value")
	if err == nil && numeric(ends) == text {
		err = errors.New("its bounds are no numbers")
	}
	if err != nil {
		return err
	}
	var turned block
	for i := len(limits) - 1; i >= 0; i-- {
		share, ok := new(big.Rat).SetString(limits[i].value.(string))
		if !ok {
			return errors.New("its bounds are no numbers")
		}
		out, _, ok := plainDecimal(share.Sub(big.NewRat(1, 1), share).FloatString(16))
		if !ok {
			return errors.New("its bounds are no shares")
		}
		turned = append(turned, entry{map[string]string{"min": "max", "max": "min", "above": "below", "below": "above"}[limits[i].key], out})
	}
	g.measured(g.ref(name, anyKind), block{{"null_share", turned}})
	return nil
}

func (g *gx) quantiles() error {
	name, err := g.columnName("column")
	if err != nil {
		return err
	}
	g.kwargs.get("allow_relative_error").finish()
	ranges := g.kwargs.get("quantile_ranges")
	at, within := ranges.get("quantiles").items(), ranges.get("value_ranges").items()
	if len(at) == 0 || len(at) != len(within) {
		return errors.New("quantile_ranges needs as many value_ranges as quantiles")
	}
	kind := number
	var out block
	for i, q := range at {
		place, err := valueOf(q)
		if err != nil {
			return err
		}
		ends := within[i].items()
		if len(ends) != 2 {
			return errors.New("a range of values has two ends")
		}
		var limits block
		for j, key := range []string{"min", "max"} {
			if !ends[j].there() {
				continue
			}
			v, err := valueOf(ends[j])
			if err != nil || v.kind == text || v.kind == boolean {
				return errors.New("quantiles are carried over with numbers as bounds")
			}
			if v.kind == fraction {
				kind = fraction
			}
			limits = append(limits, entry{key, v.text})
		}
		if limits != nil {
			out = append(out, entry{place.text, limits})
		}
	}
	if out == nil {
		return errors.New("it has no bounds")
	}
	g.measured(g.ref(name, kind), block{{"quantile", out}, {"nearest", plain("true")}})
	return nil
}
