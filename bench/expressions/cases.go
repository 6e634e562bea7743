package main

import (
	"fmt"
	"strings"

	"clearwell/rules"
)

// Kind is the kind of thing that is measured.
type Kind string

// The kinds.
const (
	CleaningStep Kind = "step"      // one cleaning step of one column
	RowCondition Kind = "condition" // one condition, decided row by row
	AllRows      Kind = "all rows"  // one condition that is decided when all rows were seen
	Measured     Kind = "measure"   // one measure of a column, of the table or of two
)

// Case is one thing that is measured: a word of the language with parameters, on some columns.
type Case struct {
	Kind    Kind
	Op      string   // the word
	Variant string   // what is special about it, where a word has several cases
	Fields  []string // columns that it reads; the first is the one cleaned or blamed

	Step    rules.Step
	As      rules.Type // type: what the text is read as
	Rule    rules.Rule
	CEL     string // instead of Rule.Conditions, or of Step.Derive
	When    string // CEL condition of the rule
	Measure rules.Measure

	// SQL is DuckDB's expression: of a step the new value, of a condition what is true where it holds,
	// of the others a whole statement that gives the figure. Empty: DuckDB has none.
	SQL     string
	Differs string // why results are not compared: where the SQL means a little less
}

// Title names the case.
func (c *Case) Title() string {
	if c.Variant == "" {
		return c.Op
	}
	return c.Op + ", " + c.Variant
}

// queries are the statement that is measured and the one whose cost is taken off.
func (c *Case) queries() (query, base string) {
	if c.SQL == "" {
		return "", ""
	}
	f := c.Fields
	switch c.Kind {
	case CleaningStep:
		if c.Op == string(rules.DerivedValue) {
			return fmt.Sprintf("SELECT sum(%s) FROM t", c.SQL), fmt.Sprintf("SELECT sum(%s) FROM t", f[0])
		}
		return fmt.Sprintf("SELECT sum(strlen(x)) FROM (SELECT %s x FROM t)", c.SQL), fmt.Sprintf("SELECT sum(strlen(%s)) FROM t", f[0])
	case RowCondition:
		return fmt.Sprintf("SELECT count(*) FILTER (WHERE NOT (%s)) FROM t", c.SQL), fmt.Sprintf("SELECT count(*) FILTER (WHERE %s IS NULL) FROM t", f[0])
	}
	return c.SQL, ""
}

// counts is the statement that gives what is compared; empty: the one that is measured does.
func (c *Case) counts() string {
	if c.Kind != CleaningStep || c.SQL == "" {
		return ""
	}
	if c.Op == string(rules.DerivedValue) {
		return fmt.Sprintf("SELECT count(*) FROM (SELECT %s x FROM t) WHERE x IS NOT NULL", c.SQL)
	}
	return fmt.Sprintf("SELECT count(*) FROM (SELECT %s x, %s y FROM t) WHERE x IS DISTINCT FROM y", c.SQL, c.Fields[0])
}

// Cases are all of them, in the order of the page.
func Cases() []Case {
	all := cleaningSteps()
	all = append(all, typeConditions()...)
	all = append(all, rowConditions()...)
	all = append(all, celConditions()...)
	all = append(all, allRowsRules()...)
	return append(all, measures()...)
}

// setup are tables and macros of DuckDB that the cases use.
var setup = []string{
	`CREATE MACRO id_check(v) AS substr('10X98765432', 1 + (` + weighted() + `) % 11, 1)`,
	`CREATE TABLE pairs AS SELECT * FROM (VALUES ('浙江省杭州市', '330106'), ('四川省凉山彝族自治州', '513423'), ('北京市', '110101')) p(region, code)`,
	`CREATE TABLE places AS SELECT DISTINCT county FROM t WHERE county < '112900'`,
	`CREATE TABLE earlier AS SELECT i, x, region, code FROM t LIMIT 10000`,
}

// weighted is the sum of the first 17 digits of an identity card's number, each with its weight.
func weighted() string {
	parts := make([]string, 17)
	for k, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		parts[k] = fmt.Sprintf("(ascii(substr(v, %d, 1)) - 48) * %d", k+1, w)
	}
	return strings.Join(parts, " + ")
}

func step(field, sql string, s rules.Step) Case {
	return Case{Kind: CleaningStep, Op: string(s.Op), Fields: []string{field}, Step: s, SQL: sql}
}

func (c Case) variant(v string) Case { c.Variant = v; return c }
func (c Case) differs(v string) Case { c.Differs = v; return c }
func (c Case) reads(fields ...string) Case {
	c.Fields = append(c.Fields, fields...)
	return c
}

// cleaningSteps are the steps of rules/plan.go and rules/plan_clean.go.
func cleaningSteps() []Case {
	nine, two := "9", 2
	with := func(op rules.StepOp, p rules.CleanParams) rules.Step { return rules.Step{Op: op, CleanParams: p} }
	fullWidth, ascii := "\u3000", " "
	for c := '!'; c <= '~'; c++ {
		fullWidth += string(c - '!' + '！')
		ascii += string(c)
	}
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	return []Case{
		step("name", `trim(name, E' \t\r\n\u3000')`, rules.Step{Op: rules.Trim}),
		step("wide", "translate(wide, "+quote(fullWidth)+", "+quote(ascii)+")", rules.Step{Op: rules.HalfWidth}),
		step("small_x", "upper(small_x)", rules.Step{Op: rules.Upper}),
		step("capitals", "lower(capitals)", rules.Step{Op: rules.Lower}),
		step("name_blanks", `regexp_replace(name_blanks, '[ \t\r\n\x{3000}]+', ' ', 'g')`, rules.Step{Op: rules.Collapse}),
		step("marks", "translate(marks, ' -', '')", rules.Step{Op: rules.Remove, Chars: " -"}),
		step("prefixed", "CASE WHEN starts_with(prefixed, '+86') THEN substr(prefixed, 4) WHEN starts_with(prefixed, '0086') THEN substr(prefixed, 5) ELSE prefixed END",
			rules.Step{Op: rules.StripPrefix, Words: []string{"+86", "0086"}}),
		step("suffixed", "CASE WHEN ends_with(suffixed, '市') OR ends_with(suffixed, '县') THEN left(suffixed, -1) ELSE suffixed END",
			rules.Step{Op: rules.StripSuffix, Words: []string{"市", "县"}}),
		step("brackets", "replace(brackets, '（', '(')", rules.Step{Op: rules.Replace, Old: "（", New: "("}),
		step("gender", "CASE gender WHEN '男' THEN '1' WHEN '女' THEN '2' WHEN 'M' THEN '1' WHEN 'F' THEN '2' WHEN NULL THEN NULL ELSE CASE WHEN gender IS NOT NULL THEN '9' END END",
			rules.Step{Op: rules.Map, Table: map[string]string{"男": "1", "女": "2", "M": "1", "F": "2"}, Else: &nine}),
		step("money_text", "CASE WHEN regexp_full_match(money_text, '[0-9,]+(\\.[0-9]+)?') THEN replace(money_text, ',', '') WHEN ends_with(money_text, '万') THEN CAST(TRY_CAST(replace(left(money_text, -1), ',', '') AS DECIMAL(18,4)) * 10000 AS VARCHAR) ELSE money_text END",
			rules.Step{Op: rules.NumberForm, Grouping: ",", Units: map[string]int{"万": 4}}),
		step("account", "", rules.Step{Op: rules.NumberForm, Grouping: ",", CleanParams: rules.CleanParams{Accounting: true, Chinese: true}}).variant("accounting and Chinese numerals"),
		step("missing", "coalesce(missing, '9')", rules.Step{Op: rules.Default, Value: "9"}),
		step("area_phone", "nullif(split_part(area_phone, '-', 2), '')", rules.Step{Op: rules.Split, Separator: "-", Index: 1}),
		step("sentence", "nullif(regexp_extract(sentence, '([0-9]{6})', 1), '')", rules.Step{Op: rules.Extract, Pattern: "([0-9]{6})", Group: 1}),
		step("old_id", "CASE WHEN regexp_full_match(old_id, '[0-9]{15}') THEN left(old_id, 6) || '19' || substr(old_id, 7) || id_check(left(old_id, 6) || '19' || substr(old_id, 7)) ELSE upper(old_id) END",
			rules.Step{Op: rules.ByStandard, Standard: "cn.id_card"}).variant("cleaning of cn.id_card"),
		step("composed", "nfc_normalize(composed)", with(rules.NFC, rules.CleanParams{})),
		step("compat", "", with(rules.NFKC, rules.CleanParams{})),
		step("complex", "", with(rules.Simplified, rules.CleanParams{})),
		step("simple", "", with(rules.Traditional, rules.CleanParams{})),
		step("invisible", `regexp_replace(invisible, '[\x00-\x1F\x7F-\x{9F}\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{FEFF}\x{FE00}-\x{FE0F}\x{FFF9}-\x{FFFB}]', '', 'g')`, with(rules.Invisible, rules.CleanParams{})),
		step("area", "CASE WHEN ends_with(area, '公顷') THEN CAST(TRY_CAST(left(area, -2) AS DECIMAL(18,2)) * 10000 AS VARCHAR) ELSE CAST(round(TRY_CAST(area AS DECIMAL(18,4)) * 2000 / 3, 2) AS VARCHAR) END",
			with(rules.Unit, rules.CleanParams{From: "亩", To: "m2", Round: &two})).differs("binary fractions in SQL, exact ones here"),
		step("excel", "CASE WHEN regexp_full_match(excel, '[0-9]{1,7}') THEN CAST(DATE '1899-12-30' + CAST(excel AS INTEGER) AS VARCHAR) ELSE excel END", with(rules.Serial, rules.CleanParams{System: 1900})),
		step("zoned", "CASE WHEN ends_with(zoned, 'Z') THEN CAST(strptime(zoned, '%Y-%m-%dT%H:%M:%SZ') + INTERVAL 8 HOUR AS VARCHAR) ELSE zoned END",
			with(rules.TimeZone, rules.CleanParams{To: "Asia/Shanghai"})).differs("the SQL knows one form of clocks"),
		step("short", "CASE WHEN regexp_full_match(short, '[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}') THEN CASE WHEN left(short, 2) <= '30' THEN '20' ELSE '19' END || short ELSE short END",
			with(rules.ShortYear, rules.CleanParams{Pivot: 30, Order: "ymd"})),
		step("republic", "CASE WHEN starts_with(republic, '民國') THEN (CAST(regexp_extract(republic, '([0-9]+)年', 1) AS INTEGER) + 1911) || '-' || lpad(regexp_extract(republic, '年([0-9]+)月', 1), 2, '0') || '-' || lpad(regexp_extract(republic, '月([0-9]+)日', 1), 2, '0') ELSE republic END",
			with(rules.Republic, rules.CleanParams{})).differs("the SQL knows one form of these dates"),
		step("address", "nullif(regexp_extract(address, '[市县区旗]([^市县区旗]+(街道|镇|乡))', 1), '')", with(rules.AddressPart, rules.CleanParams{Part: "town"})).differs("the SQL is one pattern and parses no address"),
		step("sex", "CASE sex WHEN '男' THEN '1' WHEN '女' THEN '2' WHEN '男性' THEN '1' ELSE sex END", rules.Step{Op: rules.CodeOf, Table: map[string]string{"男": "1", "女": "2", "男性": "1"}}),
		step("region_old", "CASE region_old WHEN '110103' THEN '110101' WHEN '110228' THEN '110118' ELSE region_old END", with(rules.Successor, rules.CleanParams{AsOf: 202306})).differs("the SQL knows two codes, the step all that were ever abolished"),
		step("missing", "last_value(missing IGNORE NULLS) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)", rules.Step{Op: rules.Fill, CleanParams: rules.CleanParams{Source: rules.FillPrevious}}).variant("previous"),
		step("missing", "coalesce(missing, 'x')", rules.Step{Op: rules.Fill, Value: "x", CleanParams: rules.CleanParams{Source: rules.FillValue}}).variant("value"),
		step("missing", "coalesce(missing, name)", rules.Step{Op: rules.Fill, CleanParams: rules.CleanParams{Source: rules.FillFrom, Other: "name"}}).reads("name").variant("from another field"),
		step("missing", "coalesce(missing, CASE code WHEN '110101' THEN '北京市' WHEN '330106' THEN '浙江省' END)",
			rules.Step{Op: rules.Fill, Table: map[string]string{"110101": "北京市", "330106": "浙江省"}, CleanParams: rules.CleanParams{Source: rules.FillLookup, Other: "code"}}).reads("code").variant("by a table"),
		Case{Kind: CleaningStep, Op: string(rules.DerivedValue), Fields: []string{"i", "j"}, CEL: "i + j * 2", SQL: "i + j * 2"},
	}
}
