package kernel

import (
	"errors"
	"strings"
	"testing"

	"clearwell/rules"
)

// checkOne runs one rule over the values of one field of a type.
func checkOne(t *testing.T, typ rules.Type, r rules.Rule, values ...string) (*Checked, *Worker) {
	t.Helper()
	plan := oneField()
	plan.Fields[0].Type = typ
	r.ID, r.Field = "rule", "v"
	if r.OnFail == "" {
		r.OnFail = rules.Keep
	}
	plan.Rules = []rules.Rule{r}
	w := mustCompile(t, plan, []string{"v"}).NewWorker()
	return mustCheck(t, w, textBatch([]string{"v"}, column1(values...))), w
}

// verdicts is one letter per row: . unknown, + true, - false.
func verdicts(c *Checked, rule int) string {
	var b strings.Builder
	for i := range c.Rows {
		switch o := c.Outcomes[rule]; {
		case o.Failed.Get(i):
			b.WriteByte('-')
		case o.Checked.Get(i):
			b.WriteByte('+')
		default:
			b.WriteByte('.')
		}
	}
	return b.String()
}

func TestConditionsAreTrueFalseOrUnknown(t *testing.T) {
	text := rules.Type{Kind: rules.String}
	integer := rules.Type{Kind: rules.Integer}
	number := rules.Type{Kind: rules.Number}
	money := rules.Type{Kind: rules.Decimal, Precision: 10, Scale: 2}
	date := rules.Type{Kind: rules.Date, Formats: []string{"yyyy/M/d"}}
	moment := rules.Type{Kind: rules.Timestamp}
	for _, c := range []struct {
		name   string
		typ    rules.Type
		conds  []rules.Condition
		values string // separated by |
		want   string
	}{
		{"required", text, []rules.Condition{{Op: rules.Required}}, "a||b", "+-+"},
		{"required alone sees what did not parse as null", integer, []rules.Condition{{Op: rules.Required}}, "1||x", "+--"},
		{"required and type in one rule", integer, []rules.Condition{{Op: rules.Required}, {Op: rules.Parsed}}, "1||x", "+--"},
		{"type alone is unknown on null", integer, []rules.Condition{{Op: rules.Parsed}}, "1||x", "+.-"},
		{"length counts characters", text, []rules.Condition{{Op: rules.Length, Min: "2", Max: "3"}}, "a|ab|甲乙丙|甲乙丙丁|||abcd", "-++-..-"},
		{"length open", text, []rules.Condition{{Op: rules.Length, Min: "1", MinOpen: true}}, "a|ab|甲", "-+-"},
		{"range of integers", integer, []rules.Condition{{Op: rules.Range, Min: "0", Max: "10", MaxOpen: true}}, "0|9|10|-1||x", "++--.."},
		{"range beyond 64 bits is empty", integer, []rules.Condition{{Op: rules.Range, Min: "9223372036854775807", MinOpen: true}}, "9223372036854775807|0", "--"},
		{"range of numbers", number, []rules.Condition{{Op: rules.Range, Min: "0.5", MinOpen: true, Max: "1e3"}}, "0.5|0.6|1000|1000.1", "-++-"},
		{"range of decimals", money, []rules.Condition{{Op: rules.Range, Min: "-1.50", Max: "100.00"}}, "-1.50|-1.51|100|100.01|x", "+-+-."},
		{"range of dates", date, []rules.Condition{{Op: rules.Range, Min: "2000-01-01", Max: "2024-12-31", MinOpen: true}}, "2000/1/1|2000/1/2|2024/12/31|2025/1/1", "-++-"},
		{"range of timestamps", moment, []rules.Condition{{Op: rules.Range, Max: "2024-12-31 00:00:00"}}, "2024-12-31 00:00:00|2024-12-31 00:00:01", "+-"},
		{"range of text", text, []rules.Condition{{Op: rules.Range, Min: "b", Max: "d"}}, "a|b|cc|d|da", "-+++-"},
		{"set of text", text, []rules.Condition{{Op: rules.Set, Values: []string{"a", "甲", "longer than seven"}}}, "a|b|甲|longer than seven||longer than eight", "+-++.-"},
		{"set of integers", integer, []rules.Condition{{Op: rules.Set, Values: []string{"1", "20"}}}, "01|20|2|x", "++-."},
		{"set of numbers", number, []rules.Condition{{Op: rules.Set, Values: []string{"0", "1.5"}}}, "-0|1.50|1.6", "++-"},
		{"set of decimals", money, []rules.Condition{{Op: rules.Set, Values: []string{"1.50"}}}, "1.5|1.51", "+-"},
		{"set of dates", date, []rules.Condition{{Op: rules.Set, Values: []string{"2024-01-31"}}}, "2024/1/31|2024/2/1", "+-"},
		{"set of booleans", rules.Type{Kind: rules.Boolean}, []rules.Condition{{Op: rules.Set, Values: []string{"true"}}}, "true|false|x", "+-."},
		{"pattern matches the whole value", text, []rules.Condition{{Op: rules.Pattern, Pattern: "a|bc"}}, "a|bc|abc|", "++-."},
		{"standard", text, []rules.Condition{{Op: rules.Standard, Standard: "cn.mobile"}}, "13812345678|23812345678|", "+-."},
		{"any condition known and false fails", integer, []rules.Condition{{Op: rules.Parsed}, {Op: rules.Range, Min: "0"}}, "1|-1|x|", "+--."},
	} {
		got, w := checkOne(t, c.typ, rules.Rule{Conditions: c.conds}, strings.Split(c.values, "|")...)
		if v := verdicts(got, 0); v != c.want {
			t.Errorf("%s: %s gives %s, want %s", c.name, c.values, v, c.want)
		}
		n := w.Counts().Rules[0]
		if n.InScope != n.SkippedByWhen+n.SkippedNull+n.Checked || n.Failed != int64(strings.Count(c.want, "-")) || n.SkippedNull != int64(strings.Count(c.want, ".")) {
			t.Errorf("%s: counts %+v", c.name, n)
		}
	}
}

func TestRequiredLeavesToTypeWhatTypeReports(t *testing.T) {
	plan := oneField()
	plan.Fields[0].Type = rules.Type{Kind: rules.Integer}
	plan.Rules = []rules.Rule{
		{ID: "v.required", Field: "v", OnFail: rules.Quarantine, Conditions: []rules.Condition{{Op: rules.Required, Field: "v"}}},
		{ID: "v.type", Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: rules.Parsed, Field: "v"}}},
	}
	w := mustCompile(t, plan, []string{"v"}).NewWorker()
	c := mustCheck(t, w, textBatch([]string{"v"}, column1("1", "", "x")))
	if verdicts(c, 0) != "+-+" || verdicts(c, 1) != "+.-" {
		t.Errorf("required %s, type %s", verdicts(c, 0), verdicts(c, 1))
	}
	if n := w.Counts(); n.Unparsed[0] != 1 || n.Nulls[0] != 2 || n.DeliveredClean[0] != 1 {
		t.Errorf("unparsed %d nulls %d clean %d", n.Unparsed[0], n.Nulls[0], n.DeliveredClean[0])
	}
}

func TestFailuresAreActedOnAfterAllRulesWereEvaluated(t *testing.T) {
	plan := oneField()
	plan.Rules = []rules.Rule{
		{ID: "a", Field: "v", OnFail: rules.SetNull, Conditions: []rules.Condition{{Op: rules.Length, Max: "2"}}},
		{ID: "b", Field: "v", OnFail: rules.Quarantine, Conditions: []rules.Condition{{Op: rules.Pattern, Pattern: "[a-z]*"}}},
		{ID: "c", Field: "v", OnFail: rules.ReplaceBy, Replace: "none", Conditions: []rules.Condition{{Op: rules.Required}}},
		{ID: "d", Field: "v", OnFail: rules.Stop, Conditions: []rules.Condition{{Op: rules.Set, Values: []string{"ok", "long", "12", "123", "s"}}}},
		{ID: "e", Field: "v", OnFail: rules.Stop, Conditions: []rules.Condition{{Op: rules.Set, Values: []string{"ok", "long", "12", "123", "s"}}}},
	}
	c := mustCheck(t, mustCompile(t, plan, []string{"v"}).NewWorker(), textBatch([]string{"v"}, column1("ok", "long", "12", "123", "", "s", "x", "y")))
	want := []string{"ok", "", "12", "", "none", "s", "x", "y"}
	for i, v := range want {
		if got := printed(c.Columns[0], i); got != v {
			t.Errorf("row %d: %q, want %q", i, got, v)
		}
	}
	if got := c.Quarantined.AppendRows(nil); len(got) != 2 || got[0] != 2 || got[1] != 3 {
		t.Errorf("quarantined %v", got)
	}
	if c.Stopped == nil || c.Stopped.Row != 6 || c.Stopped.Rule != 3 {
		t.Errorf("stopped %+v", c.Stopped)
	}
}

func TestReplacementsAreTyped(t *testing.T) {
	for _, c := range []struct {
		typ     rules.Type
		replace string
		want    string
	}{
		{rules.Type{Kind: rules.Integer}, "-1", "-1"},
		{rules.Type{Kind: rules.Number}, "0.5", "0.5"},
		{rules.Type{Kind: rules.Decimal, Precision: 5, Scale: 2}, "1.50", "1.50"},
		{rules.Type{Kind: rules.Boolean}, "true", "true"},
		{rules.Type{Kind: rules.Boolean}, "false", "false"},
		{rules.Type{Kind: rules.Date}, "1900-01-01", "1900-01-01"},
		{rules.Type{Kind: rules.Timestamp}, "1900-01-01 00:00:00", "1900-01-01 00:00:00"},
		{rules.Type{Kind: rules.String}, "n/a", "n/a"},
	} {
		got, w := checkOne(t, c.typ, rules.Rule{OnFail: rules.ReplaceBy, Replace: c.replace, Conditions: []rules.Condition{{Op: rules.Required}, {Op: rules.Parsed}}}, "", "?")
		if v := printed(got.Columns[0], 0); v != c.want {
			t.Errorf("%s: null became %q, want %q", c.typ, v, c.want)
		}
		if v := printed(got.Columns[0], 1); c.typ.Kind != rules.String && v != c.want {
			t.Errorf("%s: ? became %q, want %q", c.typ, v, c.want)
		}
		if w.Counts().Repaired[0] == 0 {
			t.Errorf("%s: no repair counted", c.typ)
		}
	}
}

func TestWhereAndWhenNarrowWhatIsChecked(t *testing.T) {
	plan := &rules.Plan{Dataset: "scoped", Fields: []rules.Field{
		{Name: "kind", From: []string{"kind"}, Type: rules.Type{Kind: rules.String}, Clean: []rules.Step{{ID: "trim", Op: rules.Trim}}},
		{Name: "n", From: []string{"n"}, Type: rules.Type{Kind: rules.Integer}},
	}}
	plan.Where = mustExpr(t, plan, `kind != "skip"`)
	plan.Rules = []rules.Rule{
		{ID: "positive", Field: "n", OnFail: rules.Quarantine, When: mustExpr(t, plan, `kind == "a"`), Conditions: []rules.Condition{{Op: rules.Range, Min: "1"}}},
		{ID: "divides", OnFail: rules.Quarantine, Conditions: []rules.Condition{{Op: rules.Holds, Expr: mustExpr(t, plan, "10 / n > 3")}}},
		{ID: "once", Field: "n", OnFail: rules.Quarantine, When: mustExpr(t, plan, `kind == "a"`), Conditions: []rules.Condition{{Op: rules.Unique, Fields: []string{"n"}}}},
	}
	rows := [][]string{{"a", "1"}, {"a", "0"}, {"b", "-5"}, {" skip", "0"}, {"", "0"}, {"a", ""}, {"a", "x"}}
	w := mustCompile(t, plan, []string{"kind", "n"}).NewWorker()
	c := mustCheck(t, w, textBatch([]string{"kind", "n"}, rows))
	if got := c.Excluded.AppendRows(nil); len(got) != 2 || got[0] != 3 || got[1] != 4 {
		t.Errorf("excluded %v, want the row of skip and the one where it is not known", got)
	}
	if verdicts(c, 0) != "+-....." || verdicts(c, 1) != "+.-...." {
		t.Errorf("positive %s, divides %s", verdicts(c, 0), verdicts(c, 1))
	}
	if got := c.Outcomes[2]; got.Checked != nil || got.Failed != nil || got.Scope.Count() != 4 {
		t.Errorf("unique: %+v", got)
	}
	n := w.Counts()
	if r := n.Rules[0]; r != (RuleCounts{InScope: 5, SkippedByWhen: 1, SkippedNull: 2, Checked: 2, Failed: 1}) {
		t.Errorf("positive counts %+v", r)
	}
	if r := n.Rules[1]; r != (RuleCounts{InScope: 5, SkippedNull: 3, Checked: 2, Failed: 1, Mistakes: 1}) {
		t.Errorf("divides counts %+v", r)
	}
	if n.Rows != 7 || n.Excluded != 2 || n.Quarantined != 2 || n.Changed[0][0] != 0 {
		t.Errorf("rows %d excluded %d quarantined %d changed %v", n.Rows, n.Excluded, n.Quarantined, n.Changed)
	}
}

func TestRowsAreConserved(t *testing.T) {
	c, _ := checkOne(t, rules.Type{Kind: rules.String}, rules.Rule{OnFail: rules.Quarantine, Conditions: []rules.Condition{{Op: rules.Required}}}, make([]string, 130)...)
	kept := NewBits(c.Rows)
	kept.Fill(c.Rows)
	kept.AndNot(c.Quarantined)
	kept.AndNot(c.Excluded)
	if kept.Count()+c.Quarantined.Count()+c.Excluded.Count() != c.Rows || kept.Any() {
		t.Error("rows were lost or doubled")
	}
}

func TestMissingColumnsAreAllNamed(t *testing.T) {
	plan := &rules.Plan{Dataset: "d", Fields: []rules.Field{
		{Name: "id", From: []string{"身份证号", "id_card"}, Type: rules.Type{Kind: rules.String}},
		{Name: "phone", From: []string{"phone"}, Type: rules.Type{Kind: rules.String}},
		{Name: "note", From: []string{"note"}, Type: rules.Type{Kind: rules.Integer}, Optional: true},
		{Name: "name", From: []string{"nom", "name"}, Type: rules.Type{Kind: rules.String}},
	}}
	header := []string{"身份证号码", "name", "Phones"}
	_, err := Compile(plan, header)
	var missing *MissingColumnsError
	if !errors.As(err, &missing) || len(missing.Columns) != 2 {
		t.Fatalf("error %v", err)
	}
	if m := missing.Columns[0]; m.Field != "id" || m.Nearest != "身份证号码" {
		t.Errorf("%+v", m)
	}
	if m := missing.Columns[1]; m.Field != "phone" || m.Nearest != "Phones" {
		t.Errorf("%+v", m)
	}
	want := `field id: the source has no column "身份证号" or "id_card", did you mean "身份证号码"?; field phone: the source has no column "phone", did you mean "Phones"? (the header is "身份证号码", "name", "Phones"; name the column under from:, or set optional: true)`
	if err.Error() != want {
		t.Errorf("message:\n%s\nwant:\n%s", err, want)
	}
	plan.Fields = plan.Fields[2:]
	c := mustCheck(t, mustCompile(t, plan, header).NewWorker(), textBatch(header, [][]string{{"1", "n", "2"}, {"1", "m", "2"}}))
	if c.Columns[0].NullN() != 2 || printed(c.Columns[1], 1) != "m" {
		t.Errorf("columns %v", c.Columns)
	}
}

func TestTheNearestColumnIsNamed(t *testing.T) {
	for _, c := range []struct{ want, have, nearest string }{
		{"身份证号", "身份证号码", "身份证号码"},
		{"金额", "金额（元）", "金额（元）"},
		{"联系手机号码", "手机号码", "手机号码"},
		{"phone", "PHONES", "PHONES"},
		{"id", "x", ""},
		{"a", "amount", ""},
		{"性别", "出生", ""},
	} {
		if got := nearestName([]string{c.want}, []string{c.have}); got != c.nearest {
			t.Errorf("%s among %s: %q, want %q", c.want, c.have, got, c.nearest)
		}
	}
	if got := nearestName([]string{"金额"}, []string{"金额（万元）", "金额2", "其他"}); got != "金额2" {
		t.Errorf("of several the one with the fewest edits, got %q", got)
	}
}

func TestPlansThatNoKernelCarriesOutAreRefused(t *testing.T) {
	for name, r := range map[string]rules.Rule{
		"unknown field":        {Field: "w", OnFail: rules.Keep},
		"unknown action":       {Field: "v", OnFail: "pray"},
		"null without a field": {OnFail: rules.SetNull},
		"bad replacement":      {Field: "v", OnFail: rules.ReplaceBy, Replace: "x"},
		"bad bound":            {Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: rules.Range, Min: "x"}}},
		"no bound":             {Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: rules.Range}}},
		"bad member":           {Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: rules.Set, Values: []string{"x"}}}},
		"bad pattern":          {Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: rules.Pattern, Pattern: "("}}},
		"bad length":           {Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: rules.Length, Min: "-1"}}},
		"unknown standard":     {Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: rules.Standard, Standard: "cn.x"}}},
		"no expression":        {Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: rules.Holds}}},
		"unknown condition":    {Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: "lucky"}}},
	} {
		plan := oneField()
		plan.Fields[0].Type = rules.Type{Kind: rules.Integer}
		r.ID = "the-rule"
		plan.Rules = []rules.Rule{r}
		if _, err := Compile(plan, []string{"v"}); err == nil || !strings.Contains(err.Error(), "the-rule") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
