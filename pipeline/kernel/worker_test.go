package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"clearwell/batch"
	"clearwell/rules"
)

func TestCountsDoNotDependOnHowRowsAreCut(t *testing.T) {
	prog := mustCompile(t, jobPlan(t), jobHeader)
	r := rand.New(rand.NewPCG(1, 9))
	rows := make([][]string, 1000)
	for i := range rows {
		rows[i] = dirtyRow(r, i)
	}
	whole := prog.NewWorker()
	mustCheck(t, whole, textBatch(jobHeader, rows))
	a, b := prog.NewWorker(), prog.NewWorker()
	for from := 0; from < len(rows); {
		to := min(len(rows), from+r.IntN(90))
		w := a
		if r.IntN(2) == 0 {
			w = b
		}
		mustCheck(t, w, textBatch(jobHeader, rows[from:to]))
		from = to
	}
	a.Counts().Merge(b.Counts())
	if x, y := fmt.Sprint(*whole.Counts()), fmt.Sprint(*a.Counts()); x != y {
		t.Errorf("in one batch:\n%s\nin many, by two workers:\n%s", x, y)
	}
}

func TestCheckDoesNotAllocatePerRow(t *testing.T) {
	prog := mustCompile(t, jobPlan(t), jobHeader)
	perBatch := func(n int) float64 {
		w := prog.NewWorker()
		r := rand.New(rand.NewPCG(2, 2))
		rows := make([][]string, n)
		for i := range rows {
			rows[i] = dirtyRow(r, i)
		}
		in := textBatch(jobHeader, rows)
		mustCheck(t, w, in)
		mustCheck(t, w, in)
		return testing.AllocsPerRun(5, func() { mustCheck(t, w, in) })
	}
	if small, large := perBatch(64), perBatch(4096); large > small+8 {
		t.Errorf("64 rows allocate %.0f times, 4096 rows %.0f times", small, large)
	}
}

func TestBatchesOfAnotherShapeAreRefused(t *testing.T) {
	prog := mustCompile(t, oneField(), []string{"u", "v"})
	if _, err := prog.NewWorker().Check(textBatch([]string{"u"}, column1("a"))); err == nil {
		t.Error("a batch with too few columns was accepted")
	}
	b := textBatch([]string{"u", "v"}, [][]string{{"a", "b"}})
	b.Spans = append(b.Spans, batch.Span{Row: 2})
	if _, err := prog.NewWorker().Check(b); err == nil {
		t.Error("a batch with more spans than rows was accepted")
	}
}

// everyStep is a plan with every cleaning step and every condition, over all types.
func everyStep(tb testing.TB) *rules.Plan {
	nine := "9"
	p := oneField(
		rules.Step{Op: rules.HalfWidth}, rules.Step{Op: rules.Trim}, rules.Step{Op: rules.Collapse}, rules.Step{Op: rules.Upper}, rules.Step{Op: rules.Lower},
		rules.Step{Op: rules.Remove, Chars: "·-"}, rules.Step{Op: rules.StripPrefix, Words: []string{"x", "é"}}, rules.Step{Op: rules.StripSuffix, Words: []string{"局"}},
		rules.Step{Op: rules.Replace, Old: "aa", New: "b"}, rules.Step{Op: rules.NumberForm, Grouping: ",", Units: map[string]int{"万": 4, "分": -2}, Symbols: []string{"¥"}},
		rules.Step{Op: rules.ByStandard, Standard: "cn.mobile"}, rules.Step{Op: rules.Split, Separator: "/", Index: -1}, rules.Step{Op: rules.Extract, Pattern: `(.+?);?$`, Group: 1},
		rules.Step{Op: rules.Map, Table: map[string]string{"q": "r", "a long key of the map": ""}}, rules.Step{Op: rules.Default, Value: "d"},
	)
	text := p.Fields[0]
	treatments := map[rules.Kind][]rules.Treatment{
		rules.String: {{Method: rules.Mask, KeepFirst: 1, KeepLast: 2}, {Method: rules.Mask, KeepFirst: 2, FillOnce: true}, {Method: rules.Pseudonym, Key: "k"}, {Method: rules.Truncate, To: "city"},
			{Method: rules.Truncate, To: "province", Else: &nine}, {Method: rules.Truncate, To: "domain"}, {Method: rules.ReplaceIt, Value: "z"}},
		rules.Integer:   {{Method: rules.Band, Width: 7}},
		rules.Number:    {{Method: rules.Band, Width: 7}},
		rules.Decimal:   {{Method: rules.Band, Width: 7}, {Method: rules.Mask}},
		rules.Boolean:   {{}},
		rules.Date:      {{Method: rules.Band, Width: 5}, {Method: rules.Truncate, To: "month"}},
		rules.Timestamp: {{Method: rules.Truncate, To: "year"}},
	}
	types := []rules.Type{{Kind: rules.String}, {Kind: rules.Integer}, {Kind: rules.Number}, {Kind: rules.Decimal, Precision: 20, Scale: 4}, {Kind: rules.Boolean}, jobDates, jobTimes}
	p.Fields = nil
	for _, typ := range types {
		for k, how := range treatments[typ.Kind] {
			f := text
			f.Name = fmt.Sprint(typ.Kind, k)
			f.PublishAs = f.Name
			f.Type, f.Treatment = typ, how
			f.Nulls = []string{"null", "无"}
			if typ.Kind != rules.String || k%2 == 1 {
				f.Clean = f.Clean[:2]
			}
			p.Fields = append(p.Fields, f)
			conditions := []rules.Condition{{Op: rules.Required}, {Op: rules.Parsed}, {Op: rules.Length, Min: "1", Max: "3"}, {Op: rules.Pattern, Pattern: `\w+|.{3}`}, {Op: rules.Standard, Standard: "net.email"}}
			if typ.Kind == rules.String {
				conditions = append(conditions, rules.Condition{Op: rules.Set, Values: []string{"a", "a longer word"}}, rules.Condition{Op: rules.Range, Min: "a"})
			}
			for n, c := range conditions {
				on := []rules.FailAction{rules.Keep, rules.SetNull, rules.Quarantine}[n%3]
				p.Rules = append(p.Rules, rules.Rule{ID: fmt.Sprint(f.Name, n), Field: f.Name, OnFail: on, Conditions: []rules.Condition{c}})
			}
		}
	}
	for n, text := range []string{"string0.startsWith(string1) || size(string2) > 2", "integer0 / integer0 > 0 || number0 < 1.0", "date0 == cn.id_birth(string1)", "string3 == cn.id_gender(string1)", "decimal0 * 2.0 > number0", "year(timestamp0) > 2000 && !boolean0", "string4 == null || string4.contains(\"a\")"} {
		p.Rules = append(p.Rules, rules.Rule{ID: fmt.Sprint("expr", n), OnFail: rules.Quarantine, Conditions: []rules.Condition{{Op: rules.Holds, Expr: mustExpr(tb, p, text)}}})
	}
	return p
}

// FuzzPlansNeverPanic runs every kernel over arbitrary bytes, cut into cells.
func FuzzPlansNeverPanic(f *testing.F) {
	plan := everyStep(f)
	prog, err := Compile(plan, []string{"v"})
	if err != nil {
		f.Fatal(err)
	}
	keys := NewKeyEncoder(plan, []string{"string0", "decimal0", "date0"})
	keep := NewOrderEncoder(plan, []rules.Order{{By: rules.Latest, Field: "timestamp0"}, {By: rules.MostComplete}, {By: rules.Smallest, Field: "number0"}})
	for _, s := range []string{"", "\n", "a\n １２ \n2024-01-01\n1,234.5万\n¥5分", "\xff\xfe\n\xEF\xBC\n\xE3\x80", "13812345678\n11010519491231002X\na@b.cn\n四川省成都市x", "true\nnull\n-1\n0\n" + "9999999999999999999999999"} {
		f.Add(s, uint8(10))
	}
	f.Fuzz(func(t *testing.T, s string, cut uint8) {
		w := prog.NewWorker()
		treater, err := NewTreater(plan, benchKeys)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			c, err := w.Check(textBatch([]string{"v"}, column1(cells(s, cut)...)))
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.Rows {
				keys.Append(nil, c.Columns, i)
				keep.Append(nil, c.Columns, i)
			}
			if _, err := treater.Treat(c.Columns, nil); err != nil {
				t.Fatal(err)
			}
		}
		for k, r := range w.Counts().Rules {
			if r.InScope != r.SkippedByWhen+r.SkippedNull+r.Checked || r.Failed > r.Checked {
				t.Errorf("rule %s: %+v", plan.Rules[k].ID, r)
			}
		}
	})
}

// cells cuts s at every byte equal to at.
func cells(s string, at uint8) []string {
	var list []string
	for from, i := 0, 0; i <= len(s); i++ {
		if i == len(s) || s[i] == at {
			list = append(list, s[from:i])
			from = i + 1
		}
	}
	return list
}
