package kernel

import (
	"fmt"
	"strings"
	"testing"

	"clearwell/rules"
)

// rowPlan has two or three fields of each kind, for conditions over several fields.
func rowPlan(rs ...rules.Rule) *rules.Plan {
	money := rules.Type{Kind: rules.Decimal, Precision: 20, Scale: 2}
	fine := rules.Type{Kind: rules.Decimal, Precision: 38, Scale: 6}
	p := &rules.Plan{Dataset: "rows", Fields: []rules.Field{
		{Name: "s", Type: rules.Type{Kind: rules.String}}, {Name: "t", Type: rules.Type{Kind: rules.String}}, {Name: "u", Type: rules.Type{Kind: rules.String}},
		{Name: "i", Type: rules.Type{Kind: rules.Integer}}, {Name: "j", Type: rules.Type{Kind: rules.Integer}},
		{Name: "x", Type: rules.Type{Kind: rules.Number}}, {Name: "y", Type: rules.Type{Kind: rules.Number}},
		{Name: "m", Type: money}, {Name: "n", Type: money}, {Name: "f", Type: fine},
		{Name: "d", Type: rules.Type{Kind: rules.Date}}, {Name: "e", Type: rules.Type{Kind: rules.Date}},
		{Name: "w", Type: rules.Type{Kind: rules.Timestamp}},
		{Name: "b", Type: rules.Type{Kind: rules.Boolean, True: []string{"true"}, False: []string{"false"}}},
		{Name: "c", Type: rules.Type{Kind: rules.Boolean, True: []string{"true"}, False: []string{"false"}}},
	}, Rules: rs}
	for k := range p.Fields {
		p.Fields[k].From = []string{p.Fields[k].Name}
	}
	for k := range p.Rules {
		if p.Rules[k].ID == "" {
			p.Rules[k].ID = fmt.Sprint("rule", k)
		}
		if p.Rules[k].OnFail == "" {
			p.Rules[k].OnFail = rules.Keep
		}
	}
	return p
}

// checkRows checks rows written as "s=a i=3": fields that are not named are null.
func checkRows(t *testing.T, p *rules.Plan, rows ...string) (*Checked, *Worker) {
	t.Helper()
	var header []string
	for _, f := range p.Fields {
		header = append(header, f.Name)
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		cells[i] = make([]string, len(header))
		for pair := range strings.SplitSeq(row, ";") {
			name, v, _ := strings.Cut(strings.TrimSpace(pair), "=")
			for k := range header {
				if header[k] == name {
					cells[i][k] = v
				}
			}
		}
	}
	w := mustCompile(t, p, header).NewWorker()
	return mustCheck(t, w, textBatch(header, cells)), w
}

func words2(list ...string) [][]*string {
	var out [][]*string
	for _, row := range list {
		var tuple []*string
		for v := range strings.SplitSeq(row, ",") {
			if v == "~" {
				tuple = append(tuple, nil)
			} else {
				tuple = append(tuple, &v)
			}
		}
		out = append(out, tuple)
	}
	return out
}

func TestConditionsOverSeveralFields(t *testing.T) {
	compare := func(a, sign, b string) rules.Condition {
		return rules.Condition{Op: rules.Compare, Field: a, Operator: sign, Other: b}
	}
	value := func(a, sign, v string) rules.Condition {
		return rules.Condition{Op: rules.Compare, Field: a, Operator: sign, Value: v}
	}
	within := func(c rules.Condition, tolerance string) rules.Condition { c.Tolerance = tolerance; return c }
	sum := func(equals string, fields ...string) rules.Condition {
		return rules.Condition{Op: rules.SumOf, Fields: fields, Other: equals}
	}
	over := func(op rules.ConditionOp, fields ...string) rules.Condition {
		return rules.Condition{Op: op, Fields: fields}
	}
	for _, c := range []struct {
		name  string
		cond  rules.Condition
		nulls rules.NullPolicy
		rows  string // separated by |
		want  string
	}{
		{"dates ascend", compare("d", "<=", "e"), "", "d=2020-01-02;e=2020-01-02|d=2020-01-03;e=2020-01-02|d=2020-01-01|e=2020-01-01|", "+-..."},
		{"dates, nulls skip_all", compare("d", "<=", "e"), rules.SkipAll, "d=2020-01-02;e=2020-01-02|d=2020-01-03;e=2020-01-02|d=2020-01-01|e=2020-01-01|", "+---."},
		{"dates, nulls fail", compare("d", "<=", "e"), rules.FailNulls, "d=2020-01-02;e=2020-01-02|d=2020-01-03;e=2020-01-02|d=2020-01-01|e=2020-01-01|", "+----"},
		{"a date and a time", compare("d", "<", "w"), "", "d=2020-01-02;w=2020-01-02 00:00:01|d=2020-01-02;w=2020-01-02 00:00:00", "+-"},
		{"dates give or take three days", within(compare("d", "==", "e"), "3d"), "", "d=2020-01-02;e=2020-01-05|d=2020-01-05;e=2020-01-02|d=2020-01-02;e=2020-01-06", "++-"},
		{"not before, give or take a day", within(compare("d", ">=", "e"), "24h"), "", "d=2020-01-02;e=2020-01-03|d=2020-01-02;e=2020-01-04", "+-"},
		{"whole numbers", compare("i", ">", "j"), "", "i=2;j=1|i=1;j=1|i=-9223372036854775808;j=9223372036854775807|i=9223372036854775807;j=-9223372036854775808", "+--+"},
		{"whole numbers differ", compare("i", "!=", "j"), "", "i=2;j=1|i=1;j=1", "+-"},
		{"a whole number and a decimal", compare("i", "==", "f"), "", "i=2;f=2.00|i=2;f=2.01|i=9223372036854775807;f=9223372036854775807.00|i=9223372036854775807;f=9223372036854775807.01", "+-+-"},
		{"decimals of two scales beyond 64 bits", compare("m", "<", "f"), "", "m=123456789012345678.12;f=123456789012345678.120001|m=123456789012345678.12;f=123456789012345678.120000|m=1;f=-99999999999999999999999999999999.000001", "+--"},
		{"decimals give or take a cent", within(compare("m", "==", "n"), "0.01"), "", "m=1.10;n=1.11|m=1.10;n=1.12|m=1.11;n=1.10", "+-+"},
		{"decimals, a tolerance beyond 64 bits", within(compare("m", "==", "n"), "99999999999999999999"), "", "m=1.10;n=-999999999999999999.99", "+"},
		{"numbers", compare("x", "<=", "y"), "", "x=0.1;y=0.2|x=0.2;y=0.1", "+-"},
		{"a number and a decimal", compare("x", "==", "m"), "", "x=0.1;m=0.10|x=0.2;m=0.10", "+-"},
		{"numbers give or take, without the noise of floats", within(compare("x", "==", "y"), "0.1"), "", "x=1.1;y=1.0|x=1.11;y=1.0", "+-"},
		{"texts by code points", compare("s", "<", "t"), "", "s=a;t=b|s=b;t=a|s=甲;t=乙", "+--"},
		{"booleans", compare("b", "==", "c"), "", "b=true;c=true|b=true;c=false|b=true", "+-."},
		{"a value", value("i", ">=", "18"), "", "i=18|i=17|", "+-."},
		{"a decimal value", value("m", ">", "0.00"), "", "m=0.01|m=0|m=-0.01", "+--"},
		{"a number as value", value("x", "!=", "0.5"), "", "x=0.5|x=0.25", "-+"},
		{"a date as value", value("d", ">=", "2020-01-01"), "", "d=2020-01-01|d=2019-12-31", "+-"},
		{"a time as value", value("w", "<", "2020-01-01 12:00:00"), "", "w=2020-01-01 11:59:59|w=2020-01-01 12:00:00", "+-"},
		{"a text as value", value("s", "!=", "待定"), "", "s=待定|s=甲|", "-+."},

		{"a sum of decimals", sum("n", "m", "f"), "", "m=0.10;f=0.2;n=0.30|m=0.10;f=0.2;n=0.31|m=0.10;n=0.10|m=0.1;f=0.2", "+-.."},
		{"a sum, nulls add nothing", sum("n", "m", "f"), rules.SkipAll, "m=0.10;f=0.2;n=0.30|m=0.10;n=0.10|m=0.10;n=0.20|m=0.1;f=0.2||n=0", "++--.+"},
		{"a sum, nulls fail", sum("n", "m", "f"), rules.FailNulls, "m=0.10;f=0.2;n=0.30|m=0.10;n=0.10|", "+--"},
		{"a sum beyond 64 bits", sum("f", "i", "j"), "", "i=9223372036854775807;j=9223372036854775807;f=18446744073709551614|i=9223372036854775807;j=9223372036854775807;f=18446744073709551613", "+-"},
		{"a sum of floats", sum("y", "x", "m"), "", "x=0.1;m=0.2;y=0.3|x=0.1;m=0.2;y=0.30001", "+-"},
		{"a sum of floats give or take", within(sum("y", "x", "m"), "0.01"), "", "x=0.1;m=0.2;y=0.31|x=0.1;m=0.2;y=0.32", "+-"},
		{"a sum is a value", rules.Condition{Op: rules.SumOf, Fields: []string{"i", "m"}, Value: "100"}, "", "i=99;m=1|i=99;m=1.01", "+-"},

		{"same", over(rules.Same, "s", "t", "u"), "", "s=a;t=a;u=a|s=a;t=a;u=b|s=a;t=a", "+-."},
		{"same, skip_all", over(rules.Same, "s", "t", "u"), rules.SkipAll, "s=a;t=a;u=a|s=a;t=a|", "+-."},
		{"differ", over(rules.Differ, "s", "t", "u"), "", "s=a;t=b;u=c|s=a;t=b;u=a|s=a;t=a", "+-."},
		{"differ, skip_all: null differs from everything", over(rules.Differ, "s", "t", "u"), rules.SkipAll, "s=a;t=b|s=a;t=a|s=a|", "+-+."},
		{"differ, fail", over(rules.Differ, "s", "t"), rules.FailNulls, "s=a;t=b|s=a|", "+--"},
		{"same numbers of two kinds", over(rules.Same, "i", "m"), "", "i=1;m=1.00|i=1;m=1.01", "+-"},

		{"pair", rules.Condition{Op: rules.Pair, Fields: []string{"s", "i"}, Tuples: words2("a,1", "甲,2")}, "", "s=a;i=01|s=a;i=2|s=甲;i=2|s=a|", "+-+.."},
		{"pair, skip_all", rules.Condition{Op: rules.Pair, Fields: []string{"s", "i"}, Tuples: words2("a,1")}, rules.SkipAll, "s=a;i=1|s=a|", "+-."},
		{"pair with a null in the list", rules.Condition{Op: rules.Pair, Fields: []string{"s", "i"}, Tuples: words2("a,1", "b,~")}, "", "s=a;i=1|s=b|s=a|i=1|", "++--."},
		{"pair of dates and decimals", rules.Condition{Op: rules.Pair, Fields: []string{"d", "m", "b"}, Tuples: words2("2020-01-01,1.50,true")}, "", "d=2020-01-01;m=1.5;b=true|d=2020-01-01;m=1.5;b=false", "+-"},

		{"order of fields", over(rules.Ascending, "d", "e", "w"), "", "d=2020-01-01;e=2020-01-01;w=2020-01-02 00:00:00|d=2020-01-02;e=2020-01-01;w=2020-01-02 00:00:00|d=2020-01-02;e=2020-01-01", "+-."},
		{"order, strictly", rules.Condition{Op: rules.Ascending, Fields: []string{"d", "e"}, Strictly: true}, "", "d=2020-01-01;e=2020-01-01|d=2020-01-01;e=2020-01-02", "-+"},
		{"a named order", rules.Condition{Op: rules.Ascending, Fields: []string{"s", "t"}, Values: []string{"小学", "初中", "高级中等教育"}}, "", "s=小学;t=初中|s=高级中等教育;t=初中|s=初中;t=初中|s=初中;t=大学|s=初中", "+-+-."},
		{"a named order, strictly", rules.Condition{Op: rules.Ascending, Fields: []string{"s", "t"}, Values: []string{"小学", "初中"}, Strictly: true}, "", "s=小学;t=初中|s=初中;t=初中", "+-"},
		{"a named order of numbers", rules.Condition{Op: rules.Ascending, Fields: []string{"i", "j"}, Values: []string{"3", "1", "2"}}, "", "i=3;j=1|i=1;j=3|i=1;j=4", "+--"},
		{"at least in a named order", rules.Condition{Op: rules.Ascending, Fields: []string{"s"}, Values: []string{"低", "中", "高"}, Min: "中"}, "", "s=低|s=中|s=高|s=无|", "-++-."},
		{"at most in a named order", rules.Condition{Op: rules.Ascending, Fields: []string{"s"}, Values: []string{"低", "中", "高"}, Max: "中"}, "", "s=低|s=中|s=高|s=无|", "++--."},

		{"at least one", over(rules.AtLeastOne, "s", "i", "d"), "", "s=a|i=1;d=2020-01-01||i=x", "++--"},
		{"exactly one", over(rules.ExactlyOne, "s", "i", "d"), "", "s=a|i=1;d=2020-01-01||s=a;i=1;d=2020-01-01", "+---"},
		{"all or none", over(rules.AllOrNone, "s", "i", "d"), "", "s=a|s=a;i=1;d=2020-01-01||i=1;d=2020-01-01", "-++-"},
	} {
		got, w := checkRows(t, rowPlan(rules.Rule{Conditions: []rules.Condition{c.cond}, Nulls: c.nulls}), strings.Split(c.rows, "|")...)
		if v := verdicts(got, 0); v != c.want {
			t.Errorf("%s: %s gives %s, want %s", c.name, c.rows, v, c.want)
		}
		n := w.Counts().Rules[0]
		if n.InScope != n.SkippedByWhen+n.SkippedNull+n.Checked || n.Failed != int64(strings.Count(c.want, "-")) || n.SkippedNull != int64(strings.Count(c.want, ".")) {
			t.Errorf("%s: counts %+v", c.name, n)
		}
	}
}

func TestConditionsInWords(t *testing.T) {
	text, integer := rules.Type{Kind: rules.String}, rules.Type{Kind: rules.Integer}
	set := func(values ...string) rules.Condition { return rules.Condition{Op: rules.Set, Values: values} }
	longer := func(n string) rules.Condition { return rules.Condition{Op: rules.Length, Min: n} }
	has := rules.Condition{Op: rules.Required}
	blocks := func(op rules.ConditionOp, b ...[]rules.Condition) rules.Condition {
		return rules.Condition{Op: op, Blocks: b}
	}
	schema := `{"type":"object","required":["编号"],"properties":{"编号":{"type":"integer"}}}`
	for _, c := range []struct {
		name   string
		typ    rules.Type
		cond   rules.Condition
		nulls  rules.NullPolicy
		values string
		want   string
	}{
		{"not_set", text, rules.Condition{Op: rules.NotSet, Values: []string{"无", "待定"}}, "", "无|甲||待定", "-+.-"},
		{"not_set of numbers", integer, rules.Condition{Op: rules.NotSet, Values: []string{"0", "999"}}, "", "0|1||00|x", "-+.-."},
		{"not_set, null fails", text, rules.Condition{Op: rules.NotSet, Values: []string{"无"}}, rules.FailNulls, "无|甲|", "-+-"},
		{"not_pattern", text, rules.Condition{Op: rules.NotPattern, Pattern: "test.*"}, "", "test1|a test|", "-+."},
		{"like a prefix", text, rules.Condition{Op: rules.Like, Values: []string{"浙江%"}}, "", "浙江省|浙江|江浙|", "++-."},
		{"like a suffix", text, rules.Condition{Op: rules.Like, Values: []string{"%局"}}, "", "民政局|局长|局", "+-+"},
		{"like parts in order", text, rules.Condition{Op: rules.Like, Values: []string{"a%b%c"}}, "", "abc|axxbxxc|acb|ac|abxc", "++--+"},
		{"like does not use a sign twice", text, rules.Condition{Op: rules.Like, Values: []string{"ab%ba"}}, "", "aba|abba|abxba", "-++"},
		{"like with one character", text, rules.Condition{Op: rules.Like, Values: []string{"张_", "李__"}}, "", "张三|张|李四光|李四|王五", "+-+--"},
		{"like takes a sign as it is", text, rules.Condition{Op: rules.Like, Values: []string{`100\%`, `a\_b`}}, "", "100%|1000|a_b|axb", "+-+-"},
		{"like without signs", text, rules.Condition{Op: rules.Like, Values: []string{"a.c"}}, "", "a.c|abc", "+-"},
		{"like over lines", text, rules.Condition{Op: rules.Like, Values: []string{"a%c", "x_z"}}, "", "a\nc|x\nz", "++"},
		{"not_like", text, rules.Condition{Op: rules.NotLike, Values: []string{"%测试%", "x_"}}, "", "是测试吗|正式|xy|", "-+-."},
		{"validate", text, rules.Condition{Op: rules.Validate, Tags: "email,max=12"}, "", "a@b.cn|a@example.org|x|a@b.cn|", "+--+."},
		{"validate with or", text, rules.Condition{Op: rules.Validate, Tags: "ipv4|ipv6"}, "", "10.0.0.1|::1|x", "++-"},
		{"validate numbers", integer, rules.Condition{Op: rules.Validate, Tags: "gte=1,lte=65535"}, "", "1|0|70000|x|", "+--.."},
		{"json", text, rules.Condition{Op: rules.JSON}, "", `{"a":1}|[1,2]|{a:1}||1 2|"x"`, "++-.-+"},
		{"json by schema", text, rules.Condition{Op: rules.JSON, Schema: schema}, "", `{"编号":1}|{"编号":"1"}|{}|{|`, "+---."},
		{"any_of", text, blocks(rules.AnyOf, []rules.Condition{set("a")}, []rules.Condition{longer("3")}), "", "a|bcd|b|", "++-."},
		{"any_of with required is known on null", text, blocks(rules.AnyOf, []rules.Condition{has, longer("3")}, []rules.Condition{has, set("a")}), "", "a|bcd|b|", "++--"},
		{"any_of, one block true on null", text, blocks(rules.AnyOf, []rules.Condition{blocks(rules.Not, []rules.Condition{has})}, []rules.Condition{set("a")}), "", "a|b|", "+-+"},
		{"all_of", text, blocks(rules.AllOf, []rules.Condition{longer("2")}, []rules.Condition{{Op: rules.Pattern, Pattern: "[a-z]+"}}), "", "ab|a|AB|", "+--."},
		{"not", text, blocks(rules.Not, []rules.Condition{longer("2"), set("ab", "c")}), "", "ab|c|de|", "-++."},
		{"blocks within blocks", text, blocks(rules.Not, []rules.Condition{blocks(rules.AnyOf, []rules.Condition{set("a")}, []rules.Condition{set("b")})}), "", "a|b|c|", "--+."},
		{"blocks, null fails", text, blocks(rules.AnyOf, []rules.Condition{set("a")}, []rules.Condition{set("b")}), rules.FailNulls, "a|c|", "+--"},
	} {
		got, w := checkOne(t, c.typ, rules.Rule{Conditions: []rules.Condition{c.cond}, Nulls: c.nulls}, strings.Split(c.values, "|")...)
		if v := verdicts(got, 0); v != c.want {
			t.Errorf("%s: %s gives %s, want %s", c.name, c.values, v, c.want)
		}
		n := w.Counts().Rules[0]
		if n.InScope != n.SkippedByWhen+n.SkippedNull+n.Checked || n.Mistakes != 0 {
			t.Errorf("%s: counts %+v", c.name, n)
		}
	}
}

func TestIfAndWhenTakeRowsOutOfScope(t *testing.T) {
	plan := rowPlan()
	when := mustExpr(t, plan, "i > 0")
	scope := []rules.Condition{{Op: rules.Set, Field: "s", Values: []string{"死亡"}}}
	has := []rules.Condition{{Op: rules.Required, Field: "d"}}
	for _, c := range []struct {
		name string
		rule rules.Rule
		want string
		when int64
	}{
		{"if then", rules.Rule{If: scope, Conditions: has}, "+-..+-", 2},
		{"if then, when", rules.Rule{If: scope, Conditions: has, When: when}, "+-....", 4},
		{"if of two fields", rules.Rule{If: append(scope, rules.Condition{Op: rules.Required, Field: "i"}), Conditions: has}, "+-....", 4},
	} {
		got, w := checkRows(t, rowPlan(c.rule), "s=死亡;d=2020-01-01;i=1", "s=死亡;i=1", "s=在世;i=1", "i=1", "s=死亡;d=2020-01-01", "s=死亡")
		if v := verdicts(got, 0); v != c.want {
			t.Errorf("%s: %s, want %s", c.name, v, c.want)
		}
		if n := w.Counts().Rules[0]; n.SkippedByWhen != c.when || n.InScope != 6 || n.Checked != 6-c.when {
			t.Errorf("%s: counts %+v", c.name, n)
		}
	}
}

func TestNullPolicyIsNotAboutTheScope(t *testing.T) {
	r := rules.Rule{
		If:         []rules.Condition{{Op: rules.Set, Field: "s", Values: []string{"a"}}},
		Conditions: []rules.Condition{{Op: rules.Compare, Field: "i", Operator: "<=", Other: "j"}},
		Nulls:      rules.FailNulls,
	}
	got, _ := checkRows(t, rowPlan(r), "s=a;i=1;j=2", "s=a;i=1", "i=1", "s=b;i=1", "s=a;i=2;j=1")
	if v := verdicts(got, 0); v != "+-..-" {
		t.Errorf("got %s", v)
	}
}

func TestExpressionsUnderNullPolicies(t *testing.T) {
	plan := rowPlan()
	for _, c := range []struct {
		text  string
		nulls rules.NullPolicy
		want  string
	}{
		{"i < j", rules.SkipAny, "+-..."},
		{"i < j", rules.SkipAll, "+---."},
		{"i < j", rules.FailNulls, "+----"},
		{"i == null || i < j", rules.FailNulls, "+--+-"},
	} {
		r := rules.Rule{Conditions: []rules.Condition{{Op: rules.Holds, Expr: mustExpr(t, plan, c.text)}}, Nulls: c.nulls}
		got, _ := checkRows(t, rowPlan(r), "i=1;j=2", "i=2;j=1", "i=1", "j=2", "")
		if v := verdicts(got, 0); v != c.want {
			t.Errorf("%s, nulls %q: %s, want %s", c.text, c.nulls, v, c.want)
		}
	}
}

// TestOneRuleThatGoesWrongLeavesTheOthers has a rule whose evaluation fails on a row.
func TestOneRuleThatGoesWrongLeavesTheOthers(t *testing.T) {
	plan := rowPlan()
	bad := rules.Rule{Conditions: []rules.Condition{{Op: rules.Holds, Expr: mustExpr(t, plan, "10 / i > 1")}}}
	good := rules.Rule{Conditions: []rules.Condition{{Op: rules.Compare, Field: "i", Operator: "<", Value: "5"}}}
	got, w := checkRows(t, rowPlan(bad, good), "i=0", "i=1", "i=20")
	if a, b := verdicts(got, 0), verdicts(got, 1); a != ".+-" || b != "++-" {
		t.Errorf("got %s and %s", a, b)
	}
	if n := w.Counts().Rules; n[0].Mistakes != 1 || n[1].Mistakes != 0 {
		t.Errorf("counts %+v", n)
	}
}
