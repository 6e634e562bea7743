package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"clearwell/rules"
)

// BenchmarkRowCondition is every condition over several fields, or in words, alone: on
// columns that are parsed already, one row in fifty failing.
func BenchmarkRowCondition(b *testing.B) {
	plan := rowPlan()
	var header []string
	for _, f := range plan.Fields {
		header = append(header, f.Name)
	}
	random := rand.New(rand.NewPCG(3, 8))
	rows := make([][]string, benchRows)
	for i := range rows {
		n, day := random.IntN(900000), 1+random.IntN(27)
		total := 2*n + 1
		if i%50 == 0 {
			total, day = total+1, 28
		}
		rows[i] = []string{
			"浙江省杭州市", "110101", "user" + fmt.Sprint(n) + "@example.org", fmt.Sprint(n), fmt.Sprint(n + 1), fmt.Sprintf("%d.5", n), fmt.Sprint(n + 1),
			fmt.Sprintf("%d.00", n), fmt.Sprintf("%d.00", total), fmt.Sprintf("%d.000000", n+1),
			fmt.Sprintf("2020-01-%02d", day), "2020-01-28", "2020-02-01 08:00:00", "true", "false",
		}
	}
	in := textBatch(header, rows)
	cel := func(text string) rules.Condition {
		return rules.Condition{Op: rules.Holds, Expr: mustExpr(b, plan, text)}
	}
	set := func(f string, v ...string) rules.Condition {
		return rules.Condition{Op: rules.Set, Field: f, Values: v}
	}
	for _, c := range []struct {
		name string
		rule rules.Rule
	}{
		{"compare dates", rules.Rule{Conditions: []rules.Condition{{Op: rules.Compare, Field: "d", Operator: "<=", Other: "e"}}}},
		{"compare dates, CEL", rules.Rule{Conditions: []rules.Condition{cel("d <= e")}}},
		{"compare a date and a time, tolerance", rules.Rule{Conditions: []rules.Condition{{Op: rules.Compare, Field: "d", Operator: "<=", Other: "w", Tolerance: "3d"}}}},
		{"compare integers", rules.Rule{Conditions: []rules.Condition{{Op: rules.Compare, Field: "i", Operator: "<", Other: "j"}}}},
		{"compare decimals", rules.Rule{Conditions: []rules.Condition{{Op: rules.Compare, Field: "m", Operator: "<", Other: "f"}}}},
		{"compare text", rules.Rule{Conditions: []rules.Condition{{Op: rules.Compare, Field: "s", Operator: "!=", Other: "t"}}}},
		{"compare with a value", rules.Rule{Conditions: []rules.Condition{{Op: rules.Compare, Field: "i", Operator: ">=", Value: "18"}}}},
		{"sum of decimals", rules.Rule{Conditions: []rules.Condition{{Op: rules.SumOf, Fields: []string{"m", "f"}, Other: "n", Tolerance: "0.01"}}}},
		{"sum of decimals, nulls skip_all", rules.Rule{Nulls: rules.SkipAll, Conditions: []rules.Condition{{Op: rules.SumOf, Fields: []string{"m", "f"}, Other: "n"}}}},
		{"differ", rules.Rule{Conditions: []rules.Condition{{Op: rules.Differ, Fields: []string{"s", "t", "u"}}}}},
		{"pair", rules.Rule{Conditions: []rules.Condition{{Op: rules.Pair, Fields: []string{"s", "t"}, Tuples: words2("浙江省杭州市,110101", "北京市,110000")}}}},
		{"order of values", rules.Rule{Conditions: []rules.Condition{{Op: rules.Ascending, Fields: []string{"t", "s"}, Values: []string{"110101", "浙江省杭州市"}}}}},
		{"at_least_one", rules.Rule{Conditions: []rules.Condition{{Op: rules.AtLeastOne, Fields: []string{"s", "t", "u"}}}}},
		{"not_set", rules.Rule{Conditions: []rules.Condition{{Op: rules.NotSet, Field: "t", Values: []string{"无", "000000"}}}}},
		{"like", rules.Rule{Conditions: []rules.Condition{{Op: rules.Like, Field: "s", Values: []string{"浙江%"}}}}},
		{"like with _", rules.Rule{Conditions: []rules.Condition{{Op: rules.Like, Field: "s", Values: []string{"浙江_杭%"}}}}},
		{"any_of", rules.Rule{Conditions: []rules.Condition{{Op: rules.AnyOf, Blocks: [][]rules.Condition{{set("t", "110102")}, {set("t", "110101")}}}}}},
		{"if then", rules.Rule{If: []rules.Condition{set("t", "110101")}, Conditions: []rules.Condition{{Op: rules.Required, Field: "d"}}}},
		{"validate, few values", rules.Rule{Conditions: []rules.Condition{{Op: rules.Validate, Field: "t", Tags: "numeric,len=6"}}}},
		{"validate, all distinct", rules.Rule{Conditions: []rules.Condition{{Op: rules.Validate, Field: "u", Tags: "email,max=64"}}}},
		{"json", rules.Rule{Conditions: []rules.Condition{{Op: rules.JSON, Field: "t"}}}},
		{"CEL difference of dates", rules.Rule{Conditions: []rules.Condition{cel("days_between(d, e) <= 27")}}},
		{"CEL duration", rules.Rule{Conditions: []rules.Condition{cel(`e - d <= duration("648h")`)}}},
		{"CEL parts of dates", rules.Rule{Conditions: []rules.Condition{cel("month(d) == 1 && weekday(e) < 6")}}},
		{"CEL text", rules.Rule{Conditions: []rules.Condition{cel("u.startsWith('user') && s.contains('杭州')")}}},
		{"CEL upper case", rules.Rule{Conditions: []rules.Condition{cel("u.upperAscii() != u")}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := mustCompile(b, rowPlan(c.rule), header).NewWorker()
			mustCheck(b, w, in)
			perCell(b, benchRows, "row", func() { w.evaluate(0) })
		})
	}
}
