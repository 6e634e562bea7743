package kernel

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"clearwell/batch"
	"clearwell/rules"
	"clearwell/rules/expr"
)

// jobHeader are the source columns of the reference job.
var jobHeader = []string{"record_id", "source_dept", "id_card", "name", "gender", "birth_date", "phone", "address",
	"admin_code", "uscc", "amount", "register_date", "update_time", "email", "remark"}

var (
	jobDates = rules.Type{Kind: rules.Date, Formats: []string{"yyyy-M-d", "yyyy/M/d", "yyyy年M月d日", "yyyyMMdd"}}
	jobTimes = rules.Type{Kind: rules.Timestamp, Formats: []string{"yyyy-MM-dd HH:mm:ss", "yyyy/MM/dd HH:mm:ss"}}
	jobMoney = rules.Type{Kind: rules.Decimal, Precision: 18, Scale: 2}
	jobText  = rules.Type{Kind: rules.String}
)

// jobPlan is the reference job as a plan, written by hand.
func jobPlan(tb testing.TB) *rules.Plan {
	trimText := []rules.Step{{ID: "trim", Op: rules.Trim}}
	code := func(more ...rules.Step) []rules.Step {
		return append([]rules.Step{{ID: "halfwidth", Op: rules.HalfWidth}, {ID: "trim", Op: rules.Trim, Chars: " \t\r\n"}}, more...)
	}
	masked := "***"
	p := &rules.Plan{
		Dataset: "reference-job",
		Fields: []rules.Field{
			{Name: "record_id", Type: jobText, Level: rules.L1, Clean: trimText, PublishAs: "record_id"},
			{Name: "source_dept", Type: jobText, Level: rules.L1, Clean: trimText, PublishAs: "source_dept"},
			{Name: "id_card", Type: jobText, Level: rules.L4, PublishAs: "id_token",
				Clean:     code(rules.Step{ID: "upper", Op: rules.Upper}, rules.Step{ID: "id15_upgraded", Op: rules.ByStandard, Standard: "cn.id_card", Options: jobID}),
				Treatment: rules.Treatment{Method: rules.Pseudonym, Key: "bench"}},
			{Name: "name", Type: jobText, Level: rules.L3, Clean: trimText, PublishAs: "name",
				Treatment: rules.Treatment{Method: rules.Mask, KeepFirst: 1, FillOnce: true}},
			{Name: "gender", Type: jobText, Level: rules.L2, PublishAs: "gender",
				Clean: code(rules.Step{ID: "map", Op: rules.Map, Table: map[string]string{"男": "1", "男性": "1", "M": "1", "m": "1", "女": "2", "女性": "2", "F": "2", "f": "2", "未知": "0"}},
					rules.Step{ID: "default", Op: rules.Default, Value: "9"})},
			{Name: "birth_date", Type: jobDates, Level: rules.L3, Clean: code(), PublishAs: "birth_band", Title: map[string]string{"en": "Born", "zh": "出生"},
				Treatment: rules.Treatment{Method: rules.Band, Width: 5}},
			{Name: "phone", Type: jobText, Level: rules.L3, PublishAs: "phone",
				Clean:     code(rules.Step{ID: "remove", Op: rules.Remove, Chars: " -"}, rules.Step{ID: "prefix", Op: rules.StripPrefix, Words: []string{"+86"}}),
				Treatment: rules.Treatment{Method: rules.Mask, KeepFirst: 3, KeepLast: 4, Fill: "****", FillOnce: true}},
			{Name: "address", Type: jobText, Level: rules.L3, Clean: trimText, PublishAs: "address",
				Treatment: rules.Treatment{Method: rules.Truncate, To: "city", Else: &masked}},
			{Name: "admin_code", Type: jobText, Level: rules.L1, Clean: code(), PublishAs: "admin_code"},
			{Name: "uscc", Type: jobText, Level: rules.L1, Clean: code(rules.Step{ID: "upper", Op: rules.Upper}), PublishAs: "uscc"},
			{Name: "amount", Type: jobMoney, Level: rules.L2, PublishAs: "amount",
				Clean: code(rules.Step{ID: "number", Op: rules.NumberForm, Grouping: ",*", Units: map[string]int{"万": 4}, Digits: 12, Decimals: 2})},
			{Name: "register_date", Type: jobDates, Level: rules.L1, Clean: code(), PublishAs: "register_date"},
			{Name: "update_time", Type: jobTimes, Level: rules.L1, Clean: code(), PublishAs: "update_time"},
			{Name: "email", Type: jobText, Level: rules.L3, Clean: code(rules.Step{ID: "lower", Op: rules.Lower}), PublishAs: "email_domain",
				Treatment: rules.Treatment{Method: rules.Truncate, To: "domain"}},
			{Name: "remark", Type: jobText, Level: rules.L2, Clean: trimText, PublishAs: "remark"},
		},
		Dedupe: &rules.Dedupe{Key: []string{"id_card"}, Keep: []rules.Order{{By: rules.Latest, Field: "update_time"}, {By: rules.Smallest, Field: "record_id"}}},
	}
	for i := range p.Fields {
		p.Fields[i].From = []string{p.Fields[i].Name}
	}
	one := func(id, field string, onFail rules.FailAction, c ...rules.Condition) rules.Rule {
		return rules.Rule{ID: id, Field: field, Conditions: c, OnFail: onFail}
	}
	p.Rules = []rules.Rule{
		one("E1", "id_card", rules.Quarantine, rules.Condition{Op: rules.Required}),
		one("E2", "id_card", rules.Quarantine, rules.Condition{Op: rules.Standard, Standard: "cn.id_card", Options: jobID}),
		one("E3", "name", rules.Quarantine, rules.Condition{Op: rules.Required}),
		one("E4", "update_time", rules.Quarantine, rules.Condition{Op: rules.Required}, rules.Condition{Op: rules.Parsed}),
		one("E5", "birth_date", rules.Quarantine, rules.Condition{Op: rules.Holds, Expr: mustExpr(tb, p, "birth_date == cn.id_birth(id_card)")}),
		one("E6", "admin_code", rules.Quarantine, rules.Condition{Op: rules.Standard, Standard: "cn.admin_division", Options: map[string]string{"current": "true"}}),
		one("E7", "uscc", rules.Quarantine, rules.Condition{Op: rules.Standard, Standard: "cn.uscc"}),
		one("E8", "amount", rules.Quarantine, rules.Condition{Op: rules.Parsed}, rules.Condition{Op: rules.Range, Min: "0", Max: "100000000"}),
		one("W1", "phone", rules.SetNull, rules.Condition{Op: rules.Pattern, Pattern: "1[3-9][0-9]{9}"}),
		one("W2", "birth_date", rules.Keep, rules.Condition{Op: rules.Parsed}),
		{ID: "W3", Field: "gender", OnFail: rules.ReplaceBy, Replace: "9", Conditions: []rules.Condition{{Op: rules.Set, Values: []string{"0", "1", "2", "9"}}}},
		one("W4", "email", rules.SetNull, rules.Condition{Op: rules.Pattern, Pattern: `[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}`}),
		one("W5", "register_date", rules.Keep, rules.Condition{Op: rules.Parsed}, rules.Condition{Op: rules.Holds, Expr: mustExpr(tb, p, "register_date <= date(update_time)")}),
	}
	return p
}

// jobID makes cn.id_card what the reference job says: no look at the region, years 1900 to 2100.
var jobID = map[string]string{"region": "false", "min_year": "1900", "max_year": "2100"}

// mustExpr checks an expression over the fields of a plan.
func mustExpr(tb testing.TB, p *rules.Plan, text string) *expr.Expr {
	tb.Helper()
	x, err := exprEnv(tb, p).Check(text, expr.Boolean)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return x
}

func exprEnv(tb testing.TB, p *rules.Plan) *expr.Env {
	tb.Helper()
	env, err := expr.NewEnv(exprVars(p))
	if err != nil {
		tb.Fatal(err)
	}
	return env
}

func exprVars(p *rules.Plan) []expr.Var {
	var vars []expr.Var
	for i := range p.Fields {
		kind := expr.Kind(p.Fields[i].Type.Kind)
		switch p.Fields[i].Type.Kind {
		case rules.Decimal:
			kind = expr.Number
		case rules.Date:
			kind = expr.Timestamp
		}
		vars = append(vars, expr.Var{Name: p.Fields[i].Name, Kind: kind})
	}
	return vars
}

// textBatch makes a batch of the given rows; every row has as many cells as the header.
func textBatch(header []string, rows [][]string) *batch.Batch {
	fields := make([]arrow.Field, len(header))
	cols := make([]arrow.Array, len(header))
	for c, name := range header {
		fields[c] = arrow.Field{Name: name, Type: arrow.BinaryTypes.String}
		b := array.NewStringBuilder(memory.DefaultAllocator)
		for _, r := range rows {
			b.Append(r[c])
		}
		cols[c] = b.NewStringArray()
	}
	out := &batch.Batch{Record: array.NewRecordBatch(arrow.NewSchema(fields, nil), cols, int64(len(rows)))}
	for i := range rows {
		out.Spans = append(out.Spans, batch.Span{Row: int64(i + 1)})
	}
	return out
}

func mustCompile(tb testing.TB, p *rules.Plan, header []string) *Program {
	tb.Helper()
	prog, err := Compile(p, header)
	if err != nil {
		tb.Fatal(err)
	}
	return prog
}

func mustCheck(tb testing.TB, w *Worker, b *batch.Batch) *Checked {
	tb.Helper()
	c, err := w.Check(b)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}
