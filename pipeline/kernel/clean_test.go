package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"clearwell/rules"
)

// oneField is a plan of one text field with the given steps.
func oneField(steps ...rules.Step) *rules.Plan {
	for i := range steps {
		if steps[i].ID == "" {
			steps[i].ID = fmt.Sprint(steps[i].Op, i)
		}
	}
	return &rules.Plan{Dataset: "one", Fields: []rules.Field{{Name: "v", From: []string{"v"}, Type: rules.Type{Kind: rules.String}, Clean: steps, PublishAs: "v"}}}
}

// column1 makes a batch of one column.
func column1(values ...string) [][]string {
	rows := make([][]string, len(values))
	for i, v := range values {
		rows[i] = []string{v}
	}
	return rows
}

func TestStepsCleanAndCountWhatTheyChange(t *testing.T) {
	nine := "9"
	for _, c := range []struct {
		name string
		step rules.Step
		in   []string
		out  []string // "" is null
	}{
		{"trim strips blanks and ideographic spaces", rules.Step{Op: rules.Trim},
			[]string{"a", " a", "a\t", "\u3000a \u3000", "", "  ", "局", "\u3000", "a b", "\r\n甲\r\n", "、x、", "\u00a0a\u00a0", "\u2003甲 \u2002", "\u00a0", "£\u00a0a"},
			[]string{"a", "a", "a", "a", "", "", "局", "", "a b", "甲", "、x、", "a", "甲", "", "£\u00a0a"}},
		{"trim strips what it is told", rules.Step{Op: rules.Trim, Chars: "-、"}, []string{"--a-", "、a、", " a", "-", "一"}, []string{"a", "a", " a", "", "一"}},
		{"halfwidth", rules.Step{Op: rules.HalfWidth},
			[]string{"ＡＢ１２～", "！", "a\u3000b", "中文", "ｶﾅ", "｟", "、", "\u3001", "ab", "\xEF\xBC", "\xE3\x80"},
			[]string{"AB12~", "!", "a b", "中文", "ｶﾅ", "｟", "、", "\u3001", "ab", "\xEF\xBC", "\xE3\x80"}},
		{"upper", rules.Step{Op: rules.Upper}, []string{"11x", "ABC", "é中a", "ß", "\xFFa", "{z`"}, []string{"11X", "ABC", "É中A", "ß", "\xFFA", "{Z`"}},
		{"lower", rules.Step{Op: rules.Lower}, []string{"A@B.CN", "abc", "É中", "[Z@", "Ａ"}, []string{"a@b.cn", "abc", "é中", "[z@", "ａ"}},
		{"collapse", rules.Step{Op: rules.Collapse}, []string{"a b", "a  b", "a\tb", "a \u3000\n b", "\t", "ab", "a\u00a0\u2003b"}, []string{"a b", "a b", "a b", "a b", " ", "ab", "a b"}},
		{"remove", rules.Step{Op: rules.Remove, Chars: " -"}, []string{"138-1234 5678", "- -", "1"}, []string{"13812345678", "", "1"}},
		{"remove wide characters", rules.Step{Op: rules.Remove, Chars: "·•x"}, []string{"阿·凡x提", "丷·", "・"}, []string{"阿凡提", "丷", "・"}},
		{"strip_prefix takes the first word, once", rules.Step{Op: rules.StripPrefix, Words: []string{"+86", "86"}}, []string{"+86138", "8686", "138+86", "+86", "+8"}, []string{"138", "86", "138+86", "", "+8"}},
		{"strip_suffix", rules.Step{Op: rules.StripSuffix, Words: []string{"市", "县"}}, []string{"成都市", "市", "市县", "成都"}, []string{"成都", "", "市", "成都"}},
		{"replace everywhere, never across values", rules.Step{Op: rules.Replace, Old: "ab", New: "b"}, []string{"abab", "a", "b", "aab", "xa", "ba", "ab"}, []string{"bb", "a", "b", "ab", "xa", "ba", "b"}},
		{"replace with nothing", rules.Step{Op: rules.Replace, Old: "x", New: ""}, []string{"xx", "axb", "y"}, []string{"", "ab", "y"}},
		{"map", rules.Step{Op: rules.Map, Table: map[string]string{"男": "1", "unknown gender": "0", "1": "1", "-": ""}}, []string{"男", "unknown gender", "1", "x", "-", ""}, []string{"1", "0", "1", "x", "", ""}},
		{"map with else", rules.Step{Op: rules.Map, Table: map[string]string{"男": "1"}, Else: &nine}, []string{"男", "x", "9", ""}, []string{"1", "9", "9", ""}},
		{"default", rules.Step{Op: rules.Default, Value: "0"}, []string{"", "a", "0"}, []string{"0", "a", "0"}},
		{"split", rules.Step{Op: rules.Split, Separator: "/", Index: 1}, []string{"a/b/c", "a", "a/", "/b", "//"}, []string{"b", "", "", "b", ""}},
		{"split from the end", rules.Step{Op: rules.Split, Separator: "/", Index: -2}, []string{"a/b/c", "a", "a/b", "a//"}, []string{"b", "", "a", ""}},
		{"split whole", rules.Step{Op: rules.Split, Separator: "--", Index: -1}, []string{"a--b", "a-b", "a--"}, []string{"b", "a-b", ""}},
		{"extract", rules.Step{Op: rules.Extract, Pattern: `(\d+)(?:号|(栋))`, Group: 1}, []string{"人民路12号", "无", "3栋"}, []string{"12", "", "3"}},
		{"extract a group that is left out", rules.Step{Op: rules.Extract, Pattern: `(\d+)(?:号|(栋))`, Group: 2}, []string{"人民路12号", "3栋"}, []string{"", "栋"}},
		{"number in groups of three", rules.Step{Op: rules.NumberForm, Grouping: ",", Units: map[string]int{"万": 4, "亿": 8, "百万": 6, "分": -2}, Symbols: []string{"¥", "元", "$"}},
			[]string{"1,234.5", "1,23", "1234,567", "1,234,567", ",123", "1,", "3万", "1.5万", "1.23456万", "2百万", "0.5亿", "5分", "1234分", "-¥1,000元", "¥-5", "$ 12", "12 元", "-", "万", "0万", "1.", ".5", "1e5", "007", "--1", "1,234,56", "12,345.678,9", "-0.5万"},
			[]string{"1234.5", "1,23", "1234,567", "1234567", ",123", "1,", "30000", "15000", "12345.6", "2000000", "50000000", "0.05", "12.34", "-1000", "-5", "12", "12", "-", "万", "0", "1.", ".5", "1e5", "007", "--1", "1,234,56", "12,345.678,9", "-5000"}},
		{"number with grouping anywhere and limits", rules.Step{Op: rules.NumberForm, Grouping: ",*", Units: map[string]int{"万": 4}, Digits: 4, Decimals: 2},
			[]string{"1,2,34", "12345万", "1.234万", "1,2345", "1.23万", "0.01万"}, []string{"1234", "12345万", "1.234万", "1,2345", "12300", "100"}},
		{"the cleaning of a standard", rules.Step{Op: rules.ByStandard, Standard: "cn.id_card"}, []string{"440524800101001", "44052418800101001X", "x"}, []string{"440524198001010013", "44052418800101001X", "x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := mustCompile(t, oneField(c.step), []string{"v"}).NewWorker()
			checked := mustCheck(t, w, textBatch([]string{"v"}, column1(c.in...)))
			var changes int64
			for i := range c.in {
				got := checked.Columns[0].(*array.String)
				if got.IsNull(i) != (c.out[i] == "") || got.IsValid(i) && got.Value(i) != c.out[i] {
					t.Errorf("%q became %q (null %v), want %q", c.in[i], got.Value(i), got.IsNull(i), c.out[i])
				}
				if checked.Changed[0].Get(i) != (c.in[i] != c.out[i]) {
					t.Errorf("%q -> %q: changed %v", c.in[i], c.out[i], checked.Changed[0].Get(i))
				}
				if c.in[i] != c.out[i] {
					changes++
				}
			}
			if got := w.Counts().Changed[0][0]; got != changes {
				t.Errorf("counted %d changes, want %d", got, changes)
			}
		})
	}
}

func TestStepsThatCannotBeCarriedOutAreRefused(t *testing.T) {
	for _, s := range []rules.Step{
		{Op: "polish"}, {Op: rules.Remove}, {Op: rules.StripPrefix}, {Op: rules.StripSuffix, Words: []string{""}}, {Op: rules.Replace},
		{Op: rules.Split}, {Op: rules.Extract, Pattern: "("}, {Op: rules.Extract, Pattern: "a", Group: 1},
		{Op: rules.NumberForm, Units: map[string]int{"万": 99}}, {Op: rules.ByStandard, Standard: "cn.nothing"}, {Op: rules.ByStandard, Standard: "cn.uscc"},
	} {
		if _, err := Compile(oneField(s), []string{"v"}); err == nil {
			t.Errorf("step %+v was accepted", s)
		}
	}
}

// TestStepsByColumnEqualStepsByCell: what a step does to a value depends neither on
// its neighbours nor on how the batch is cut.
func TestStepsByColumnEqualStepsByCell(t *testing.T) {
	nine := "9"
	steps := []rules.Step{
		{Op: rules.HalfWidth}, {Op: rules.Trim}, {Op: rules.Collapse}, {Op: rules.Upper}, {Op: rules.Remove, Chars: "-·"}, {Op: rules.Replace, Old: "AA", New: "A"},
		{Op: rules.StripPrefix, Words: []string{"+86"}}, {Op: rules.NumberForm, Grouping: ",", Units: map[string]int{"万": 4}},
		{Op: rules.Map, Table: map[string]string{"A": "B", "longer than eight": "", "男": "1"}}, {Op: rules.Lower},
		{Op: rules.Map, Table: map[string]string{"1": "1", "12": "2"}, Else: &nine}, {Op: rules.Default, Value: "d"},
	}
	parts := []string{"a", "A", "Ａ", " ", "\u3000", "\t", "-", "·", "1", "1,234", "万", "+86", "男", "局", "longer than eight", "é", "\xFF", "\xEF\xBC", "，", ""}
	r := rand.New(rand.NewPCG(5, 6))
	header := []string{"v"}
	for n := 1; n <= len(steps); n++ {
		plan := oneField(append([]rules.Step{}, steps[:n]...)...)
		prog := mustCompile(t, plan, header)
		values := make([]string, 300)
		for i := range values {
			for range r.IntN(5) {
				values[i] += parts[r.IntN(len(parts))]
			}
		}
		whole, single := prog.NewWorker(), prog.NewWorker()
		for range 2 { // the second time in memory that was used before
			c := mustCheck(t, whole, textBatch(header, column1(values...)))
			for i, v := range values {
				one := mustCheck(t, single, textBatch(header, column1(v)))
				a, b := c.Columns[0].(*array.String), one.Columns[0].(*array.String)
				if a.IsNull(i) != b.IsNull(0) || a.IsValid(i) && a.Value(i) != b.Value(0) || c.Changed[0].Get(i) != one.Changed[0].Get(0) {
					t.Fatalf("%d steps: %q gives %q in a column, %q alone", n, v, a.Value(i), b.Value(0))
				}
			}
		}
		if a, b := fmt.Sprint(whole.Counts().Changed), fmt.Sprint(single.Counts().Changed); a != b {
			t.Fatalf("%d steps: %s changes in a column, %s cell by cell", n, a, b)
		}
	}
}

func TestNullWordsAreNullAfterCleaningAndCountedApart(t *testing.T) {
	plan := oneField(rules.Step{Op: rules.Trim}, rules.Step{Op: rules.Upper})
	plan.Fields[0].Nulls = []string{"NULL", "无", "NOT AVAILABLE"}
	w := mustCompile(t, plan, []string{"v"}).NewWorker()
	c := mustCheck(t, w, textBatch([]string{"v"}, column1("null", " 无 ", "NULL", "", "NULLS", "not available", "x")))
	want := []bool{true, true, true, true, false, true, false}
	for i, null := range want {
		if c.Columns[0].IsNull(i) != null {
			t.Errorf("row %d: null %v", i, !null)
		}
	}
	n := w.Counts()
	if n.NullWords[0] != 4 || n.Nulls[0] != 5 || n.Changed[0][0] != 1 || n.Changed[0][1] != 3 {
		t.Errorf("null words %d nulls %d changed %v", n.NullWords[0], n.Nulls[0], n.Changed[0])
	}
	if n.DeliveredClean[0] != 2 { // the empty cell and NULLS
		t.Errorf("delivered clean %d", n.DeliveredClean[0])
	}
}

func TestColumnsThatNothingChangesAreNotCopied(t *testing.T) {
	plan := oneField(rules.Step{Op: rules.HalfWidth}, rules.Step{Op: rules.Trim}, rules.Step{Op: rules.Upper}, rules.Step{Op: rules.Remove, Chars: "-"})
	in := textBatch([]string{"v"}, column1("A", "B1", "中文"))
	c := mustCheck(t, mustCompile(t, plan, []string{"v"}).NewWorker(), in)
	from := in.Record.Column(0).Data().Buffers()[2].Bytes()
	to := c.Columns[0].Data().Buffers()[2].Bytes()
	if &from[0] != &to[0] {
		t.Error("the column was copied")
	}
}

func TestSlicedAndNullInputIsRead(t *testing.T) {
	b := textBatch([]string{"v"}, column1("x", " a ", "b", "c"))
	b.Record = b.Record.NewSlice(1, 3)
	b.Spans = b.Spans[1:3]
	w := mustCompile(t, oneField(rules.Step{Op: rules.Trim}), []string{"v"}).NewWorker()
	c := mustCheck(t, w, b)
	if got := c.Columns[0].(*array.String); got.Len() != 2 || got.Value(0) != "a" || got.Value(1) != "b" {
		t.Errorf("sliced input gives %v", got)
	}
	full := textBatch([]string{"v"}, column1("kept", "nulled", "kept too"))
	d := full.Record.Column(0).Data()
	masked := array.NewStringData(array.NewData(d.DataType(), 3, []*memory.Buffer{memory.NewBufferBytes([]byte{0b101}), d.Buffers()[1], d.Buffers()[2]}, nil, 1, 0))
	full.Record = array.NewRecordBatch(full.Record.Schema(), []arrow.Array{masked}, 3)
	w = mustCompile(t, oneField(rules.Step{Op: rules.Default, Value: "filled"}, rules.Step{Op: rules.Upper}), []string{"v"}).NewWorker()
	c = mustCheck(t, w, full)
	if got := c.Columns[0].(*array.String); got.Value(0) != "KEPT" || got.Value(1) != "FILLED" || got.Value(2) != "KEPT TOO" {
		t.Errorf("input with a null gives %v", got)
	}
	if n := w.Counts(); n.Changed[0][0] != 1 || n.Changed[0][1] != 3 {
		t.Errorf("changes %v", n.Changed)
	}
}
