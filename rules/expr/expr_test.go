package expr_test

import (
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"clearwell/rules/expr"
)

func env(t testing.TB) *expr.Env {
	t.Helper()
	e, err := expr.NewEnv([]expr.Var{
		{Name: "id_card", Kind: expr.String}, {Name: "name", Kind: expr.String},
		{Name: "birth_date", Kind: expr.Timestamp}, {Name: "updated", Kind: expr.Timestamp},
		{Name: "age", Kind: expr.Integer}, {Name: "amount", Kind: expr.Number}, {Name: "active", Kind: expr.Boolean},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

type values map[string]ref.Val

func evaluate(t testing.TB, text string, v values) (expr.Result, error) {
	t.Helper()
	x, err := env(t).Check(text, expr.Boolean)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := expr.NewProgram(x)
	if err != nil {
		t.Fatal(err)
	}
	return p.Eval(func(i int) ref.Val {
		if got, ok := v[x.Fields[i]]; ok {
			return got
		}
		return types.NullValue
	})
}

func TestExpressionsAreThreeValued(t *testing.T) {
	valid, day := types.String("11010519491231002X"), expr.Day(-7306) // 1949-12-31
	for _, c := range []struct {
		text string
		v    values
		want expr.Result
	}{
		{"birth_date == cn.id_birth(id_card)", values{"id_card": valid, "birth_date": day}, expr.True},
		{"birth_date == cn.id_birth(id_card)", values{"id_card": valid, "birth_date": expr.Day(-7305)}, expr.False},
		{"birth_date == cn.id_birth(id_card)", values{"id_card": types.String("x"), "birth_date": day}, expr.Unknown},
		{"birth_date == cn.id_birth(id_card)", values{"id_card": valid}, expr.Unknown},
		{"cn.id_gender(id_card) == '2'", values{"id_card": valid}, expr.True},
		{"birth_date <= date(updated)", values{"birth_date": expr.Day(1), "updated": expr.Micros(86400e6 + 5)}, expr.True},
		{"year(birth_date) == 1949", values{"birth_date": day}, expr.True},
		{"amount > 5", values{"amount": types.Double(5.5)}, expr.True},
		{"amount > 5", values{}, expr.Unknown},
		{"amount == null || amount > 5", values{}, expr.True},
		{"amount > 5 || amount == null", values{}, expr.True},
		{"amount != null || age > 3", values{"age": types.Int(2)}, expr.False},
		{"amount != null || age > 3", values{}, expr.Unknown},
		{"amount + 1.0 > 3.0 || amount != null", values{}, expr.Unknown},
		{"active", values{"active": types.False}, expr.False},
		{"size(name) == 2 && name.startsWith('张')", values{"name": types.String("张三")}, expr.True},
		{"age in [1, 2, 3]", values{"age": types.Int(2)}, expr.True},
		{"false && birth_date == cn.id_birth(id_card)", values{"birth_date": day, "id_card": types.String("")}, expr.False},
	} {
		got, err := evaluate(t, c.text, c.v)
		if got != c.want || err != nil {
			t.Errorf("%s on %v: got %v %v, want %v", c.text, c.v, got, err, c.want)
		}
	}
}

func TestErrorsOfEvaluationAreTold(t *testing.T) {
	got, err := evaluate(t, "10 / age > 1", values{"age": types.Int(0)})
	if got != expr.Unknown || err == nil {
		t.Fatalf("got %v %v", got, err)
	}
}

func TestFieldsAndNullTestsAreRead(t *testing.T) {
	x, err := env(t).Check("age > 3 && (null == amount || amount > 1.0) && name != null && age < 9", expr.Boolean)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(x.Fields, []string{"age", "amount", "name"}) || !slices.Equal(x.TestsNull, []string{"amount", "name"}) {
		t.Fatalf("fields %v, tested for null %v", x.Fields, x.TestsNull)
	}
}

func TestProblemsSayWhatAndWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "1:1: the expression is empty",
		"agee > 3":                `1:1: no field or function is called "agee"`,
		"age > 3 &&\n  nam == ''": `2:3: no field or function is called "nam"`,
		"name > 3":                "1:6: the operator > does not take (string, int)",
		"amount + 1 > 2.0":        "1:8: the operator + does not take (double, int); write whole numbers with a point (2.0)",
		"age + 1":                 "1:1: the expression gives int, expected true or false (bool)",
		"age >":                   "1:6: the expression ends where something is missing",
		"year(name) > 3":          "1:5: the function year does not take (string)",
		"updated > 'x'":           "1:9: the operator > does not take (timestamp, string)",
	} {
		_, err := env(t).Check(text, expr.Boolean)
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestDeepExpressionsAreRefused(t *testing.T) {
	for _, text := range []string{strings.Repeat("(", 5000) + "age" + strings.Repeat(")", 5000) + ">1", strings.Repeat("[", 4000)} {
		if _, err := env(t).Check(text, expr.Boolean); err == nil {
			t.Errorf("a deep expression (%.5s) was taken", text)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"age > 3", "birth_date == cn.id_birth(id_card)", "[1].all(x, x == age)", "name.matches('[')", "{'a': 1}.a == age", "“age”"} {
		f.Add(s)
	}
	e := env(f)
	f.Fuzz(func(t *testing.T, text string) {
		x, err := e.Check(text, expr.Boolean)
		if err != nil {
			return
		}
		p, err := expr.NewProgram(x)
		if err != nil {
			return
		}
		p.Eval(func(int) ref.Val { return types.NullValue })
	})
}

func BenchmarkEvalTwoDates(b *testing.B) {
	x, err := env(b).Check("birth_date <= date(updated)", expr.Boolean)
	if err != nil {
		b.Fatal(err)
	}
	p, err := expr.NewProgram(x)
	if err != nil {
		b.Fatal(err)
	}
	v := []ref.Val{expr.Day(4), expr.Micros(5)}
	b.ReportAllocs()
	for b.Loop() {
		p.Eval(func(i int) ref.Val { return v[i] })
	}
}
