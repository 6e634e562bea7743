package expr_test

import (
	"strings"
	"testing"

	"clearwell/rules/expr"
)

var columns = []expr.Var{{Name: "amount", Kind: expr.Number}, {Name: "paid", Kind: expr.Integer}, {Name: "town", Kind: expr.String}}

func TestAnAggregateIsComputedFromItsTerms(t *testing.T) {
	values := map[expr.AggregateTerm]float64{
		{Function: "sum", Field: "amount"}: 12, {Function: "sum", Field: "paid"}: 9, {Function: "count"}: 4, {Function: "distinct", Field: "town"}: 3,
	}
	get := func(t expr.AggregateTerm) (float64, bool) { x, ok := values[t]; return x, ok }
	for text, want := range map[string]float64{
		"sum(amount) / count()":                     3,
		"sum(amount) - sum(paid)":                   3,
		"distinct(town) > 2.0 ? 1.0 : 0.0":          1,
		"(sum(amount) + sum(amount)) / sum(amount)": 2,
	} {
		a, err := expr.NewAggregate(text, columns)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, ok, err := a.Eval(get); err != nil || !ok || got != want {
			t.Errorf("%s is %v, %v, %v; want %v", text, got, ok, err, want)
		}
	}
	a, err := expr.NewAggregate("mean(amount) * 2.0", columns)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := a.Eval(get); ok || err != nil {
		t.Errorf("a term without value: %v, %v", ok, err)
	}
}

func TestAWrongAggregateIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"amount / count()":       "stands for a whole column",
		"sum(town)":              "sum is for numbers, the field town is string",
		"sum(amont)":             `no field or function is called "amont"`,
		"1.0 + 2.0":              "asks for no statistic",
		"sum(amount) > 2.0":      "expected a number",
		"sum(amount) / ":         "1:15",
		"sum(amount) / count(1)": "count",
	} {
		_, err := expr.NewAggregate(text, columns)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
