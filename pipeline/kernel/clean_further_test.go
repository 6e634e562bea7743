package kernel

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/rules"
)

func stepOf(op rules.StepOp, p rules.CleanParams) rules.Step {
	return rules.Step{Op: op, CleanParams: p}
}

func TestFurtherSteps(t *testing.T) {
	two := 2
	for _, c := range []struct {
		name    string
		step    rules.Step
		in, out []string
	}{
		{"nfc", stepOf(rules.NFC, rules.CleanParams{}), []string{"e\u0301a", "é", "abc", "ㅎㅏ", "①", "", "\xFF"}, []string{"éa", "é", "abc", "ㅎㅏ", "①", "", "\xFF"}},
		{"nfkc", stepOf(rules.NFKC, rules.CleanParams{}), []string{"①Ａﬁ", "㎡", "x²", "中文", "ab"}, []string{"1Afi", "m2", "x2", "中文", "ab"}},
		{"simplified", stepOf(rules.Simplified, rules.CleanParams{}), []string{"臺灣省", "乾隆", "台湾", "abc", ""}, []string{"台湾省", "乾隆", "台湾", "abc", ""}},
		{"traditional", stepOf(rules.Traditional, rules.CleanParams{}), []string{"头发", "发展", "臺灣"}, []string{"頭髮", "發展", "臺灣"}},
		{"invisible", stepOf(rules.Invisible, rules.CleanParams{}), []string{"\ufeffa\u200bb", "a\x00\tb", "a b", "中\u00ad文", "\u200d", "\xEF\xBC", "，"}, []string{"ab", "ab", "a b", "中文", "", "\xEF\xBC", "，"}},
		{"unit", stepOf(rules.Unit, rules.CleanParams{From: "亩", To: "m2", Round: &two}), []string{"3", "1亩", "2 公顷", "三", "1斤", "-1"}, []string{"2000", "666.67", "20000", "三", "1斤", "-666.67"}},
		{"excel serial", stepOf(rules.Serial, rules.CleanParams{System: 1900}),
			[]string{"45292", "45292.75", "1", "59", "60", "61", "0", "2958465", "2958466", "2024", "45292.999999999", "45292.", "x", "-1", "20240131", "45292.0"},
			[]string{"2024-01-01", "2024-01-01 18:00:00", "1900-01-01", "1900-02-28", "60", "1900-03-01", "0", "9999-12-31", "2958466", "2024", "2024-01-02", "45292.", "x", "-1", "20240131", "2024-01-01"}},
		{"excel serial of 1904", stepOf(rules.Serial, rules.CleanParams{System: 1904}), []string{"0", "43830", "60"}, []string{"1904-01-01", "2024-01-01", "1904-03-01"}},
		{"time zone", stepOf(rules.TimeZone, rules.CleanParams{To: "Asia/Shanghai"}),
			[]string{"2024-01-01T00:00:00Z", "2024-01-01T08:00:00+08:00", "2023-12-31 19:00:00.5 -0500", "2024-01-01 08:00:00", "2024-01-01 12:00 UTC+3", "2024-01-01 00:00:00 UTC", "2024-01-05", "x", "2024-01-01T00:00:00+99:00"},
			[]string{"2024-01-01 08:00:00", "2024-01-01 08:00:00", "2023-12-31 19:00:00.5 -0500", "2024-01-01 08:00:00", "2024-01-01 17:00:00", "2024-01-01 08:00:00", "2024-01-05", "x", "2024-01-01T00:00:00+99:00"}},
		{"time zone of clocks without offset", stepOf(rules.TimeZone, rules.CleanParams{From: "America/New_York", To: "UTC"}),
			[]string{"2024-01-01 08:00:00", "2024-07-01 08:00", "2024-03-10 02:30:00", "2024-11-03 01:30:00", "2024-03-10 03:30:00"},
			[]string{"2024-01-01 13:00:00", "2024-07-01 12:00:00", "2024-03-10 07:30:00", "2024-11-03 05:30:00", "2024-03-10 07:30:00"}},
		{"time zone before 1991, with summer time in China", stepOf(rules.TimeZone, rules.CleanParams{From: "Asia/Shanghai", To: "UTC"}), []string{"1988-07-01 12:00:00", "1988-12-01 12:00:00"}, []string{"1988-07-01 03:00:00", "1988-12-01 04:00:00"}},
		{"short year", stepOf(rules.ShortYear, rules.CleanParams{Pivot: 30, Order: "ymd"}),
			[]string{"99/3/1", "30-03-01", "31.3.1", "24年3月1日", "24-3-1 10:00", "990301", "991301", "1999-3-1", "3/1", "99-3/1", "24年3-1", "9-3-1", "x", "99/3/1x"},
			[]string{"1999/3/1", "2030-03-01", "1931.3.1", "2024年3月1日", "2024-3-1 10:00", "19990301", "991301", "1999-3-1", "3/1", "99-3/1", "24年3-1", "9-3-1", "x", "99/3/1x"}},
		{"short year behind", stepOf(rules.ShortYear, rules.CleanParams{Pivot: 0, Order: "dmy"}), []string{"1/3/99", "01-03-00", "01-03-01", "010399"}, []string{"1/3/1999", "01-03-2000", "01-03-1901", "010399"}},
		{"minguo", stepOf(rules.Republic, rules.CleanParams{}), []string{"民國113年5月6日", "民国元年1月1日", "民國 99/12/31", "113/5/6", "民國113年2月30日", "民國113年", "民國前1年1月1日", "民國0年1月1日"},
			[]string{"2024-05-06", "1912-01-01", "2010-12-31", "113/5/6", "民國113年2月30日", "民國113年", "民國前1年1月1日", "民國0年1月1日"}},
		{"minguo bare", stepOf(rules.Republic, rules.CleanParams{Bare: true}), []string{"113/5/6", "1130506", "990506", "2024/5/6", "113-5-6-7", "20240506", "中華民國113.5.6"}, []string{"2024-05-06", "2024-05-06", "2010-05-06", "2024/5/6", "113-5-6-7", "20240506", "2024-05-06"}},
		{"address", stepOf(rules.AddressPart, rules.CleanParams{Part: "district"}), []string{"北京市朝阳区建国路88号", "人民路1号", "朝阳区"}, []string{"朝阳区", "", "朝阳区"}},
		{"codes", rules.Step{Op: rules.CodeOf, Table: map[string]string{"男": "1", "男性": "1", "女": "2"}}, []string{"男", "男性", "女", "1", "男生", ""}, []string{"1", "1", "2", "1", "男生", ""}},
		{"successor", stepOf(rules.Successor, rules.CleanParams{AsOf: 202306}), []string{"110228", "110103", "110101", "999999", "x", "110100"}, []string{"110118", "110101", "110101", "999999", "x", "110100"}},
		{"successor as of a date", stepOf(rules.Successor, rules.CleanParams{AsOf: 201009}), []string{"110228", "120107", "110103"}, []string{"110228", "120116", "110103"}},
		{"number as accountants write it", rules.Step{Op: rules.NumberForm, Grouping: ",", Symbols: []string{"¥"}, Units: map[string]int{"%": -2}, CleanParams: rules.CleanParams{Accounting: true}},
			[]string{"(1,234.50)", "（5）", "5-", "5 CR", "5Dr", "5贷", "+5", "−5", "-5", "(¥5)", "(-5)", "(5)-", "-5-", "(¥-5)", "()", "CR", "-", "5", "12.5%", "(5%)", "+-5"},
			[]string{"-1234.50", "-5", "-5", "-5", "5", "-5", "5", "-5", "-5", "-5", "(-5)", "(5)-", "-5-", "(¥-5)", "()", "CR", "-", "5", "0.125", "-0.05", "+-5"}},
		{"number with credit positive", rules.Step{Op: rules.NumberForm, CleanParams: rules.CleanParams{Accounting: true, CreditPlus: true}}, []string{"5 CR", "5 DR"}, []string{"5", "-5"}},
		{"number in Chinese", rules.Step{Op: rules.NumberForm, Grouping: ",", Units: map[string]int{"万": 4}, CleanParams: rules.CleanParams{Chinese: true}},
			[]string{"壹万贰仟元整", "三万", "3万", "二〇二四", "百分之五", "二百五", "1,234", "无"}, []string{"12000", "30000", "30000", "2024", "0.05", "二百五", "1234", "无"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := mustCompile(t, oneField(c.step), []string{"v"}).NewWorker()
			checked := mustCheck(t, w, textBatch([]string{"v"}, column1(c.in...)))
			for i := range c.in {
				got := checked.Columns[0].(*array.String)
				if got.IsNull(i) != (c.out[i] == "") || got.IsValid(i) && got.Value(i) != c.out[i] {
					t.Errorf("%q became %q (null %v), want %q", c.in[i], got.Value(i), got.IsNull(i), c.out[i])
				}
				if checked.Changed[0].Get(i) != (c.in[i] != c.out[i]) {
					t.Errorf("%q -> %q: changed %v", c.in[i], c.out[i], checked.Changed[0].Get(i))
				}
			}
		})
	}
}

// What the steps made they leave alone, but for unit, which always reads a plain number in from.
func TestStepsTwiceAreStepsOnce(t *testing.T) {
	parts := []string{"臺", "乾", "發", "e\u0301", "①", "\u200b", "99/3/1", "民國113年5月6日", "45292", "壹万元", "(5)", "5 CR", "110228", " ", "a", "7", "2024-01-01T00:00:00Z"}
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range []rules.Step{
		stepOf(rules.NFC, rules.CleanParams{}), stepOf(rules.NFKC, rules.CleanParams{}), stepOf(rules.Invisible, rules.CleanParams{}), stepOf(rules.Serial, rules.CleanParams{System: 1900}),
		stepOf(rules.ShortYear, rules.CleanParams{Pivot: 30, Order: "ymd"}), stepOf(rules.Republic, rules.CleanParams{Bare: true}), stepOf(rules.Successor, rules.CleanParams{AsOf: 202306}),
		stepOf(rules.TimeZone, rules.CleanParams{To: "Asia/Shanghai"}), {Op: rules.NumberForm, Grouping: ",", CleanParams: rules.CleanParams{Accounting: true, Chinese: true}},
	} {
		values := make([]string, 400)
		for i := range values {
			for range 1 + r.IntN(2) {
				values[i] += parts[r.IntN(len(parts))]
			}
		}
		once, twice := oneField(s), oneField(s, s)
		a := mustCheck(t, mustCompile(t, once, []string{"v"}).NewWorker(), textBatch([]string{"v"}, column1(values...)))
		b := mustCheck(t, mustCompile(t, twice, []string{"v"}).NewWorker(), textBatch([]string{"v"}, column1(values...)))
		for i := range values {
			if x, y := printed(a.Columns[0], i), printed(b.Columns[0], i); x != y {
				t.Errorf("%s: %q becomes %q, then %q", s.Op, values[i], x, y)
			}
		}
	}
}

// crossPlan has fields that need each other: d is filled from above, e from a, f by a table, g is joined.
func crossPlan() *rules.Plan {
	field := func(name string, from string, clean ...rules.Step) rules.Field {
		f := rules.Field{Name: name, Type: rules.Type{Kind: rules.String}, Nulls: []string{"", "-"}, Clean: clean}
		if from != "" {
			f.From = []string{from}
		}
		return f
	}
	fill := func(p rules.CleanParams) rules.Step { return rules.Step{ID: "fill", Op: rules.Fill, CleanParams: p} }
	lookup := fill(rules.CleanParams{Source: rules.FillLookup, Other: "e"})
	lookup.Table = map[string]string{"A": "one", "B": "two"}
	constant := fill(rules.CleanParams{Source: rules.FillValue})
	constant.Value = "none"
	joined := field("g", "")
	joined.Join = &rules.JoinedInput{Fields: []string{"e", "d"}, With: "/"}
	columns := field("h", "")
	columns.Join = &rules.JoinedInput{Columns: []string{"a", "d"}}
	return &rules.Plan{Fields: []rules.Field{
		joined, field("f", "f", lookup, constant),
		field("e", "e", fill(rules.CleanParams{Source: rules.FillFrom, Other: "a"}), rules.Step{ID: "upper", Op: rules.Upper}),
		field("a", "a"), field("d", "d", fill(rules.CleanParams{Source: rules.FillPrevious})), columns,
		field("c", "c", fill(rules.CleanParams{Source: rules.FillFrom, Other: "a", IsColumn: true})),
	}}
}

func TestFillsAndJoins(t *testing.T) {
	header := []string{"a", "c", "d", "e", "f"}
	w := mustCompile(t, crossPlan(), header).NewWorker()
	checked := mustCheck(t, w, textBatch(header, [][]string{
		{"a", "", "", "", ""}, {"b", "x", "1", "", "-"}, {"-", "-", "-", "a", ""}, {"", "", "", "", "q"}, {"z", "", "2", "", ""},
	}))
	for field, want := range [][]string{
		{"A", "B/1", "A/1", "1", "Z/2"}, {"one", "two", "one", "q", "none"}, {"A", "B", "A", "", "Z"}, {"a", "b", "", "", "z"}, {"", "1", "1", "1", "2"},
		{"a", "b1", "--", "", "z2"}, {"a", "x", "", "", "z"},
	} {
		for i := range want {
			if got := printed(checked.Columns[field], i); got != want[i] {
				t.Errorf("%s in row %d is %q, want %q", w.program.plan.Fields[field].Name, i, got, want[i])
			}
		}
	}
	if got := w.Counts().Changed[4][0]; got != 2 {
		t.Errorf("%d cells filled from above, want 2", got)
	}
}

// However the rows are cut into batches, and whoever is faster, fills from above are the same;
// they do not go over from one object to the next.
func TestFillFromAboveOverBatches(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	plan := crossPlan()
	header := []string{"a", "c", "d", "e", "f"}
	prog := mustCompile(t, plan, header)
	for range 30 {
		type part struct {
			object int
			rows   [][]string
		}
		var parts []part
		var want []string
		object, above := 0, ""
		for range 1 + r.IntN(12) {
			if r.IntN(4) == 0 {
				object, above = object+1, ""
			}
			p := part{object: object}
			for k := range r.IntN(70) {
				v := ""
				if r.IntN(20) == 0 {
					v = fmt.Sprint(object, k)
					above = v
				}
				want = append(want, above)
				p.rows = append(p.rows, []string{"", "", v, "", ""})
			}
			parts = append(parts, p)
		}
		chain, next := NewChain(), make(chan int)
		got := make([][]string, len(parts))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				w := prog.NewWorker()
				for n := range next {
					w.Follow(chain, n, parts[n].object)
					c, err := w.Check(textBatch(header, parts[n].rows))
					if err != nil {
						t.Error(err)
						return
					}
					for i := range parts[n].rows {
						got[n] = append(got[n], strings.Clone(printed(c.Columns[4], i)))
					}
				}
			})
		}
		for n := range parts {
			next <- n
		}
		close(next)
		wg.Wait()
		row := 0
		for n := range parts {
			for i, v := range got[n] {
				if v != want[row] {
					t.Fatalf("batch %d row %d: %q, want %q", n, i, v, want[row])
				}
				row++
			}
		}
	}
}

func TestAColumnThatAFillNeedsMustBeThere(t *testing.T) {
	_, err := Compile(crossPlan(), []string{"a", "c", "e", "f"})
	if err == nil {
		t.Fatal("the source lacks column d")
	}
}
