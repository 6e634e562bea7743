package kernel

import (
	"math/rand/v2"
	"testing"

	"clearwell/rules"
)

// furtherSteps are the steps of rules/plan_clean.go with values that they leave alone and values that they change.
func furtherSteps() []struct {
	step         rules.Step
	clean, dirty func(*rand.Rand) string
} {
	two := 2
	text := oneOf("四川省凉山州盐源县", "王伟", "abc 12")
	fillWith := func(s rules.FillSource, value string, table map[string]string) rules.Step {
		return rules.Step{Op: rules.Fill, Value: value, Table: table, CleanParams: rules.CleanParams{Source: s, Other: map[bool]string{true: "v"}[s == rules.FillLookup || s == rules.FillFrom], IsColumn: s == rules.FillFrom}}
	}
	return []struct {
		step         rules.Step
		clean, dirty func(*rand.Rand) string
	}{
		{stepOf(rules.NFC, rules.CleanParams{}), text, always("e\u0301tudes")},
		{stepOf(rules.NFKC, rules.CleanParams{}), text, always("①Ａ㎡")},
		{stepOf(rules.Simplified, rules.CleanParams{}), text, always("臺灣省臺北市")},
		{stepOf(rules.Traditional, rules.CleanParams{}), oneOf("王伟", "人山"), always("头发发展")},
		{stepOf(rules.Invisible, rules.CleanParams{}), text, always("王\u200b伟")},
		{stepOf(rules.Unit, rules.CleanParams{From: "亩", To: "m2", Round: &two}), format("%d.%d", 900, 98), always("3公顷")},
		{stepOf(rules.Serial, rules.CleanParams{System: 1900}), oneOf("2024-01-01"), format("4%04d.%02d", 8999, 98)},
		{stepOf(rules.TimeZone, rules.CleanParams{To: "Asia/Shanghai"}), oneOf("2024-01-01 10:00:00"), format("2024-%02d-01T00:%02d:00Z", 9, 50)},
		{stepOf(rules.ShortYear, rules.CleanParams{Pivot: 30, Order: "ymd"}), oneOf("2024-01-01"), always("99/3/1")},
		{stepOf(rules.Republic, rules.CleanParams{Bare: true}), oneOf("2024-01-01"), always("民國113年5月6日")},
		{stepOf(rules.AddressPart, rules.CleanParams{Part: "town"}), oneOf("四川省凉山彝族自治州盐源县盐井街道环城南路30号", "人民路5号3栋1单元302室"), always("无")},
		{rules.Step{Op: rules.CodeOf, Table: map[string]string{"男": "1", "女": "2", "男性": "1"}}, oneOf("1", "2"), oneOf("男", "男性", "x")},
		{stepOf(rules.Successor, rules.CleanParams{AsOf: 202306}), oneOf("110101", "510100"), oneOf("110228", "110103")},
		{rules.Step{Op: rules.NumberForm, Grouping: ",", CleanParams: rules.CleanParams{Accounting: true, Chinese: true}}, format("%d.%02d", 90000, 98), oneOf("(5)", "壹万贰仟元整", "5 CR")},
		{fillWith(rules.FillPrevious, "", nil), text, always("")},
		{fillWith(rules.FillValue, "x", nil), text, always("")},
		{fillWith(rules.FillFrom, "", nil), text, always("")},
	}
}

// BenchmarkFurtherStep is every further step alone, as BenchmarkStep: one cell in twenty is dirty.
func BenchmarkFurtherStep(b *testing.B) {
	for _, c := range furtherSteps() {
		name := string(c.step.Op)
		if c.step.Op == rules.Fill {
			name += "_" + string(c.step.Source)
		}
		b.Run(name, func(b *testing.B) {
			in, size := oneColumn(c.clean, c.dirty)
			w := mustCompile(b, oneField(c.step), []string{"v"}).NewWorker()
			mustCheck(b, w, in)
			b.SetBytes(size)
			perCell(b, benchRows, "cell", func() {
				w.turn()
				if err := w.clean(0, in); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkDerive is an expression that goes by column, and one that goes by row.
func BenchmarkDerive(b *testing.B) {
	for name, text := range map[string]string{"column": "i + j * 2", "row": "s.matches('a+') ? i : j"} {
		b.Run(name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			rows := make([][]string, 4096)
			for i := range rows {
				rows[i] = exprRow(r)
			}
			w := mustCompile(b, deriving(b, "r", rules.Type{Kind: rules.Integer}, text, false), exprHeader).NewWorker()
			mustCheck(b, w, textBatch(exprHeader, rows))
			perCell(b, len(rows), "cell", func() {
				if err := w.derive(); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// No step allocates memory cell by cell.
func TestFurtherStepsDoNotAllocatePerCell(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes pools forget, and normalization takes its buffers from one")
	}
	for _, c := range furtherSteps() {
		perBatch := func(n int) float64 {
			r := rand.New(rand.NewPCG(1, 2))
			values := make([]string, n)
			for i := range values {
				if values[i] = c.clean(r); i%5 == 0 {
					values[i] = c.dirty(r)
				}
			}
			in := textBatch([]string{"v"}, column1(values...))
			w := mustCompile(t, oneField(c.step), []string{"v"}).NewWorker()
			mustCheck(t, w, in)
			mustCheck(t, w, in)
			return testing.AllocsPerRun(5, func() { mustCheck(t, w, in) })
		}
		if small, large := perBatch(64), perBatch(4096); large > small+8 {
			t.Errorf("%s: 64 cells allocate %.0f times, 4096 cells %.0f times", c.step.Op, small, large)
		}
	}
}

// FuzzFurtherSteps runs every further step over arbitrary bytes: nothing breaks, and a
// cell is told as changed if and only if it is.
func FuzzFurtherSteps(f *testing.F) {
	type bound struct {
		op   rules.StepOp
		prog *Program
	}
	var all []bound
	for _, c := range furtherSteps() {
		prog, err := Compile(oneField(c.step), []string{"v"})
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, bound{c.step.Op, prog})
	}
	for _, s := range []string{"", "45292.5\n民國113年5月6日\n(5)\n壹万元", "2024-01-01T00:00:00Z\n99/3/1\n\xff\n臺\xE7\x81", "3公顷\n110228\n市市路1弄2号", "e\u0301\n\u200b\n5 CR\n-\n+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := cells(s, '\n')
		for _, b := range all {
			c, err := b.prog.NewWorker().Check(textBatch([]string{"v"}, column1(in...)))
			if err != nil {
				t.Fatal(err)
			}
			for i := range in {
				if got := printed(c.Columns[0], i); c.Changed[0].Get(i) != (got != in[i]) {
					t.Errorf("%s: %q became %q, changed %v", b.op, in[i], got, c.Changed[0].Get(i))
				}
			}
		}
	})
}
