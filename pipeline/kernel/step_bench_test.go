package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"clearwell/batch"
	"clearwell/rules"
)

// oneColumn is a batch of one column with benchRows cells of a kind; as in
// deliveries, one cell in fifty is empty and one in twenty is dirty.
func oneColumn(clean, dirty func(r *rand.Rand) string) (in *batch.Batch, size int64) {
	r := rand.New(rand.NewPCG(5, 6))
	values := make([]string, benchRows)
	for i := range values {
		switch k := r.IntN(100); {
		case k < 2:
		case k < 7:
			values[i] = dirty(r)
		default:
			values[i] = clean(r)
		}
		size += int64(len(values[i]))
	}
	return textBatch([]string{"v"}, column1(values...)), size
}

func always(s string) func(*rand.Rand) string { return func(*rand.Rand) string { return s } }

func oneOf(words ...string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return words[r.IntN(len(words))] }
}

func format(pattern string, below ...int) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		args := make([]any, len(below))
		for i, n := range below {
			args[i] = 1 + r.IntN(n)
		}
		return fmt.Sprintf(pattern, args...)
	}
}

// BenchmarkStep is every cleaning step alone: reading the column and the step.
func BenchmarkStep(b *testing.B) {
	other := "9"
	phone, name, amount := format("138%04d%04d", 9000, 9000), oneOf("欧阳娜娜", "王伟", "阿凡提"), format("%d.%02d", 900000, 98)
	for _, c := range []struct {
		step         rules.Step
		clean, dirty func(*rand.Rand) string
	}{
		{rules.Step{Op: rules.Trim}, name, always(" 王伟　")},
		{rules.Step{Op: rules.HalfWidth}, phone, always("１３８１２３４５６７８")},
		{rules.Step{Op: rules.Upper}, format("51342319900101%04d", 9000), always("5134231990010112x")},
		{rules.Step{Op: rules.Lower}, format("a%d@139.com", 90000), always("A.B@QQ.com")},
		{rules.Step{Op: rules.Collapse}, name, always("王  伟")},
		{rules.Step{Op: rules.Remove, Chars: " -"}, phone, always("138-1234 5678")},
		{rules.Step{Op: rules.StripPrefix, Words: []string{"+86", "0086"}}, phone, always("+8613812345678")},
		{rules.Step{Op: rules.StripSuffix, Words: []string{"市", "县"}}, oneOf("成都", "盐源"), always("成都市")},
		{rules.Step{Op: rules.Replace, Old: "（", New: "("}, name, always("王伟（大）")},
		{rules.Step{Op: rules.Map, Table: map[string]string{"男": "1", "女": "2", "M": "1", "F": "2"}, Else: &other}, oneOf("男", "女", "M"), always("不详")},
		{rules.Step{Op: rules.NumberForm, Grouping: ",", Units: map[string]int{"万": 4}}, amount, always("1,234.5万")},
		{rules.Step{Op: rules.Default, Value: "9"}, oneOf("1", "2"), always("")},
		{rules.Step{Op: rules.Split, Separator: "-", Index: 1}, format("0755-%07d", 9000000), always("7654321")},
		{rules.Step{Op: rules.Extract, Pattern: "([0-9]{6})", Group: 1}, format("区划%06d号", 900000), always("无")},
		{rules.Step{Op: rules.ByStandard, Standard: "cn.id_card"}, always("11010519491231002X"), always("110105491231002")},
	} {
		b.Run(string(c.step.Op), func(b *testing.B) {
			in, size := oneColumn(c.clean, c.dirty)
			w := mustCompile(b, oneField(c.step), []string{"v"}).NewWorker()
			mustCheck(b, w, in)
			b.SetBytes(size)
			perCell(b, benchRows, "cell", func() {
				if err := w.clean(0, in); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

var benchTypes = []struct {
	typ          rules.Type
	clean, dirty func(*rand.Rand) string
}{
	{rules.Type{Kind: rules.String}, oneOf("欧阳娜娜", "王伟"), always("-")},
	{rules.Type{Kind: rules.Integer}, format("%d", 900000), always("12a")},
	{rules.Type{Kind: rules.Number}, format("%d.%06d", 900, 900000), always("n/a")},
	{rules.Type{Kind: rules.Decimal, Precision: 18, Scale: 2}, format("%d.%02d", 900000, 98), always("1.234")},
	{rules.Type{Kind: rules.Boolean, True: []string{"是", "true"}, False: []string{"否", "false"}}, oneOf("是", "否"), always("?")},
	{rules.Type{Kind: rules.Date, Formats: []string{"yyyy-M-d", "yyyy/M/d", "yyyyMMdd"}}, format("19%02d-%02d-%02d", 98, 12, 28), always("2001-02-30")},
	{rules.Type{Kind: rules.Timestamp, Formats: []string{"yyyy-MM-dd HH:mm:ss"}}, format("2024-%02d-%02d 09:20:%02d", 12, 28, 59), always("2024")},
}

// BenchmarkParse is every type alone: reading the column and parsing it.
func BenchmarkParse(b *testing.B) {
	for _, c := range benchTypes {
		b.Run(string(c.typ.Kind), func(b *testing.B) {
			in, size := oneColumn(c.clean, c.dirty)
			plan := oneField()
			plan.Fields[0].Type = c.typ
			w := mustCompile(b, plan, []string{"v"}).NewWorker()
			mustCheck(b, w, in)
			b.SetBytes(size)
			perCell(b, benchRows, "cell", func() {
				if err := w.clean(0, in); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkCondition is every condition alone, on a column that is parsed already. Uniqueness is
// the index of pipeline/dedupe; expressions have BenchmarkJobRules and rules/expr.
func BenchmarkCondition(b *testing.B) {
	text, integer := rules.Type{Kind: rules.String}, rules.Type{Kind: rules.Integer}
	for _, c := range []struct {
		cond         rules.Condition
		typ          rules.Type
		clean, dirty func(*rand.Rand) string
	}{
		{rules.Condition{Op: rules.Required}, text, oneOf("王伟"), always("")},
		{rules.Condition{Op: rules.Parsed}, integer, format("%d", 900000), always("12a")},
		{rules.Condition{Op: rules.Length, Min: "2", Max: "4"}, text, oneOf("欧阳娜娜", "王伟"), always("王")},
		{rules.Condition{Op: rules.Range, Min: "0", Max: "500000"}, integer, format("%d", 400000), always("900000")},
		{rules.Condition{Op: rules.Set, Values: []string{"0", "1", "2", "9"}}, text, oneOf("1", "2"), always("3")},
		{rules.Condition{Op: rules.Pattern, Pattern: "1[3-9][0-9]{9}"}, text, format("138%04d%04d", 8999, 8999), always("12345")},
		{rules.Condition{Op: rules.Standard, Standard: "cn.id_card"}, text, always("11010519491231002X"), always("110105194912310021")},
	} {
		b.Run(string(c.cond.Op), func(b *testing.B) {
			in, _ := oneColumn(c.clean, c.dirty)
			plan := oneField()
			plan.Fields[0].Type = c.typ
			c.cond.Field = "v"
			plan.Rules = []rules.Rule{{ID: "R", Field: "v", Reads: []string{"v"}, Conditions: []rules.Condition{c.cond}, OnFail: rules.Keep}}
			w := mustCompile(b, plan, []string{"v"}).NewWorker()
			mustCheck(b, w, in)
			perCell(b, benchRows, "cell", func() { w.evaluate(0) })
		})
	}
}

// BenchmarkTreatment is every treatment alone.
func BenchmarkTreatment(b *testing.B) {
	text, date, integer := rules.Type{Kind: rules.String}, rules.Type{Kind: rules.Date, MinYear: 1, MaxYear: 9999}, rules.Type{Kind: rules.Integer}
	hidden := "***"
	dates := format("19%02d-%02d-%02d", 98, 12, 28)
	addresses := oneOf("四川省凉山彝族自治州盐源县环城南路30号", "广东省深圳市南山区科技园", "上海市浦东新区世纪大道1号")
	for _, c := range []struct {
		name  string
		how   rules.Treatment
		typ   rules.Type
		value func(*rand.Rand) string
	}{
		{"none", rules.Treatment{Method: rules.Plain}, text, addresses},
		{"band date", rules.Treatment{Method: rules.Band, Width: 5}, date, dates},
		{"band integer", rules.Treatment{Method: rules.Band, Width: 1000}, integer, format("%d", 90000)},
		{"truncate year", rules.Treatment{Method: rules.Truncate, To: "year"}, date, dates},
		{"truncate month", rules.Treatment{Method: rules.Truncate, To: "month"}, date, dates},
		{"truncate city", rules.Treatment{Method: rules.Truncate, To: "city", Else: &hidden}, text, addresses},
		{"truncate province", rules.Treatment{Method: rules.Truncate, To: "province", Else: &hidden}, text, addresses},
		{"truncate domain", rules.Treatment{Method: rules.Truncate, To: "domain"}, text, format("a%d@139.com", 90000)},
		{"mask", rules.Treatment{Method: rules.Mask, KeepFirst: 3, KeepLast: 4, Fill: "*"}, text, format("138%04d%04d", 8999, 8999)},
		{"mask once", rules.Treatment{Method: rules.Mask, KeepFirst: 1, Fill: "*", FillOnce: true}, text, oneOf("欧阳娜娜", "王伟")},
		{"replace", rules.Treatment{Method: rules.ReplaceIt, Value: "-"}, text, addresses},
		{"pseudonym", rules.Treatment{Method: rules.Pseudonym, Key: "bench"}, text, format("51342319900101%04d", 9000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			in, size := oneColumn(c.value, c.value)
			plan := oneField()
			plan.Fields[0].Type, plan.Fields[0].Treatment = c.typ, c.how
			checked := mustCheck(b, mustCompile(b, plan, []string{"v"}).NewWorker(), in)
			t, err := NewTreater(plan, benchKeys)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(size)
			perCell(b, benchRows, "cell", func() {
				if _, err := t.Treat(checked.Columns, nil); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
