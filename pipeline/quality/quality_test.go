package quality

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"regexp"
	"strings"
	"testing"

	"clearwell/rules"

	"pgregory.net/rapid"
)

func share(x float64) *rules.Bound { return &rules.Bound{Share: &x} }
func count(n int64) *rules.Bound   { return &rules.Bound{Count: &n} }

// residents is a run as an officer would see it: some of everything.
func residents() Input {
	const read, bad, excluded = 1_000_000, 37, 1_200
	in := Input{
		Dataset: "resident-registry", Title: map[string]string{"zh": "居民登记信息", "en": "Resident registry"}, Owner: "civil-affairs",
		Plan: strings.Repeat("3f", 32), Contract: strings.Repeat("a1", 32), Standards: "2026.1",
		Sources: []Source{{"inbox/residents-01.csv", strings.Repeat("5c", 32), 151_200_000, 600_000}, {"inbox/residents-02.csv", strings.Repeat("77", 32), 99_800_400, 400_000}},
		Rows:    Rows{Read: read, BadRecords: bad, Quarantined: 61_437, Duplicates: 29_870, Excluded: excluded, Published: read - 61_437 - 29_870 - excluded},
		Dedupe:  true,
	}
	cells := int64(read - bad - excluded)
	field := func(name, zh, en, typ string, level rules.Level, treatment string, nulls, clean int64, steps ...StepChange) {
		as := name
		if treatment == "drop" {
			as = ""
		}
		in.Fields = append(in.Fields, Field{Name: name, Title: map[string]string{"zh": zh, "en": en}, Type: typ, Level: level, Treatment: treatment, PublishAs: as, Rows: cells, Nulls: nulls, Clean: clean, Changed: steps})
	}
	field("id_card", "身份证号", "ID card", "string", rules.L4, "pseudonym", 8_120, cells-52_000, StepChange{"halfwidth", 12_090}, StepChange{"trim", 8_004}, StepChange{"upper", 14_311}, StepChange{"standard", 9_880})
	field("name", "姓名", "Name", "string", rules.L3, "mask", 3_001, cells-9_000, StepChange{"trim", 6_002})
	field("gender", "性别", "Gender", "string", rules.L1, "none", 0, cells-220_412, StepChange{"trim", 0}, StepChange{"map", 218_900})
	field("birth_date", "出生日期", "Date of birth", "date", rules.L3, "band", 21_411, cells-30_500, StepChange{"halfwidth", 3_100}, StepChange{"trim", 5_800})
	field("phone", "联系电话", "Phone", "string", rules.L3, "mask", 40_088, cells-118_022, StepChange{"halfwidth", 2_100}, StepChange{"trim", 4_050}, StepChange{"remove", 61_200}, StepChange{"strip_prefix", 30_040})
	field("amount", "金额", "Amount", "decimal(18,2)", rules.L2, "none", 15_000, cells-71_000, StepChange{"number", 64_321})
	field("remark", "备注", "Remark", "string", rules.L2, "drop", 800_402, cells, StepChange{"trim", 0})
	rule := func(r Rule, checked, failed, pubFailed int64) {
		r.Reads = []string{r.Field}
		r.InScope, r.SkippedNull = checked, cells-checked
		r.Delivered = Counts{checked, failed}
		r.Published = Counts{min(checked, in.Rows.Published-4_000), pubFailed}
		in.Rules = append(in.Rules, r)
	}
	t := func(zh, en string) map[string]string { return map[string]string{"zh": zh, "en": en} }
	rule(Rule{ID: "id_card.required", Title: t("身份证号必填", "ID card is present"), Field: "id_card", Dimension: "completeness", Indicator: "0201", OnFail: rules.Quarantine, Allow: rules.Allow{Warn: share(0.005), Fail: share(0.02)}}, cells, 8_120, 0)
	rule(Rule{ID: "id_card.standard", Title: t("身份证号校验码", "ID card check character"), Field: "id_card", Dimension: "normativity", Indicator: "0101", OnFail: rules.Quarantine, Basis: "GB 11643-1999", Fix: "按身份证原件更正号码，校验码由前17位计算得出。", Allow: rules.Allow{Fail: share(0.02)}}, cells-8_120, 28_310, 0)
	rule(Rule{ID: "name.required", Title: t("姓名必填", "Name is present"), Field: "name", Dimension: "completeness", Indicator: "0201", OnFail: rules.Quarantine}, cells, 3_001, 0)
	rule(Rule{ID: "birth-matches-id", Title: t("出生日期与身份证一致", "Date of birth agrees with the ID card"), Field: "birth_date", Dimension: "consistency", Indicator: "0402", OnFail: rules.Quarantine}, cells-60_000, 9_912, 0)
	rule(Rule{ID: "birth_date.type", Title: t("出生日期可识别", "Date of birth is a date"), Field: "birth_date", Dimension: "accuracy", Indicator: "0302", OnFail: rules.Keep, Allow: rules.Allow{Warn: count(10_000)}}, cells-1_411, 20_000, 18_440)
	rule(Rule{ID: "phone.standard", Title: t("手机号码格式", "Phone is a mobile number"), Field: "phone", Dimension: "normativity", Indicator: "0101", OnFail: rules.SetNull}, cells-20_000, 20_088, 0)
	rule(Rule{ID: "amount.range", Title: t("金额范围", "Amount is between 0 and 100 million"), Field: "amount", Dimension: "accuracy", Indicator: "0301", OnFail: rules.Quarantine}, cells-15_000, 11_205, 0)
	rule(Rule{ID: "gender.set", Title: t("性别代码", "Gender is a code"), Field: "gender", Dimension: "normativity", Indicator: "0105", OnFail: rules.Keep, Basis: "GB/T 2261.1-2003"}, cells, 0, 0)
	rule(Rule{ID: "id_card.unique", Title: t("身份证号唯一", "ID card is unique"), Field: "id_card", Dimension: "accuracy", Indicator: "0304", OnFail: rules.Keep}, cells-8_120, 58_810, 0)
	rule(Rule{ID: "minor.guardian", Title: t("未成年人监护人", "A minor has a guardian"), Field: "remark", Dimension: "completeness", Indicator: "0201", OnFail: rules.Keep}, 0, 0, 0)
	in.Rules[len(in.Rules)-1].Published = Counts{}
	in.Rules[len(in.Rules)-1].SkippedByWhen, in.Rules[len(in.Rules)-1].SkippedNull = cells, 0
	return in
}

func assess(t testing.TB, in Input) *Result {
	t.Helper()
	r, err := Assess(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestShareIsRoundedHalfUpButNeverToAFalseWholeOrNothing(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{
		{1, 1, "100.00"}, {0, 5, "0.00"}, {0, 0, "–"}, {1, 3, "33.33"}, {2, 3, "66.67"}, {1, 8, "12.50"},
		{12345, 1000000, "1.23"}, {12350, 1000000, "1.24"}, {1, 1_000_000_000, "0.01"}, {999_999_999, 1_000_000_000, "99.99"},
		{1<<62 - 1, 1 << 62, "99.99"},
	} {
		if got := RatioOf(c.part, c.whole).String(); got != c.want {
			t.Errorf("RatioOf(%d, %d) = %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}

func TestPercentSurvivesJSON(t *testing.T) {
	for p := NotEvaluated; p <= Full; p++ {
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back Percent
		if err := json.Unmarshal(data, &back); err != nil || back != p {
			t.Fatalf("%d -> %s -> %d, %v", p, data, back, err)
		}
	}
	for _, bad := range []string{"100.01", "-1", "12.345", `"x"`} {
		var p Percent
		if err := json.Unmarshal([]byte(bad), &p); err == nil {
			t.Errorf("%s was read as %s", bad, p)
		}
	}
}

func TestScoreIsMeanOfIndicatorsThenOfDimensions(t *testing.T) {
	in := Input{Dataset: "d", Rows: Rows{Read: 100, Published: 100}}
	rule := func(id, dim, ind string, checked, failed int64) {
		in.Rules = append(in.Rules, Rule{ID: id, Dimension: dim, Indicator: ind, Delivered: Counts{checked, failed}, Published: Counts{checked, failed}})
	}
	rule("a", "normativity", "0101", 100, 10) // 0101: 180 of 200 = 90 %
	rule("b", "normativity", "0101", 100, 10) //
	rule("c", "normativity", "0105", 50, 25)  // 0105: 50 %; dimension 70 %
	rule("d", "completeness", "0201", 100, 0) // 100 %
	rule("e", "timeliness", "0501", 0, 0)     // not evaluated
	s := assess(t, in).Delivered
	for dim, want := range map[string]string{"normativity": "70.00", "completeness": "100.00", "timeliness": "–", "accuracy": "–"} {
		if got := s.Dimension(dim).String(); got != want {
			t.Errorf("%s = %s, want %s", dim, got, want)
		}
	}
	if s.Total.String() != "85.00" {
		t.Errorf("total = %s, want 85.00", s.Total)
	}
	if i := s.Dimensions[0].Indicators[0]; i.Passed != 180 || i.Checked != 200 {
		t.Errorf("indicator 0101 = %d/%d, want 180/200", i.Passed, i.Checked)
	}
	in.Weights = map[string]int64{"normativity": 3, "completeness": 1}
	if got := assess(t, in).Delivered.Total.String(); got != "77.50" {
		t.Errorf("weighted total = %s, want 77.50", got)
	}
}

func TestBoundsAreExact(t *testing.T) {
	for _, c := range []struct {
		name            string
		allow           rules.Allow
		checked, failed int64
		want            Outcome
		decision        Decision
	}{
		{"exactly the share holds", rules.Allow{Fail: share(0.07)}, 100, 7, Failing, Publish},
		{"one more does not", rules.Allow{Fail: share(0.07)}, 100, 8, Refused, Refuse},
		{"0.29 of 100 is 29, not 28.999", rules.Allow{Fail: share(0.29)}, 100, 29, Failing, Publish},
		{"zero allows nothing", rules.Allow{Fail: share(0)}, 100, 1, Refused, Refuse},
		{"a count", rules.Allow{Warn: count(3)}, 100, 4, Warned, PublishWarned},
		{"warn and fail", rules.Allow{Warn: share(0.01), Fail: share(0.5)}, 100, 4, Warned, PublishWarned},
		{"nothing checked is not a pass", rules.Allow{Fail: share(0)}, 0, 0, Unchecked, Publish},
		{"no failure", rules.Allow{}, 9, 0, Passed, Publish},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := assess(t, Input{Dataset: "d", Rows: Rows{Read: 100, Published: 100}, Rules: []Rule{{
				ID: "r", Dimension: "accuracy", Indicator: "0301", Allow: c.allow, Delivered: Counts{c.checked, c.failed}}}})
			if r.Rules[0].Outcome != c.want || r.Decision != c.decision {
				t.Errorf("outcome %s, decision %s; want %s, %s", r.Rules[0].Outcome, r.Decision, c.want, c.decision)
			}
		})
	}
}

func TestThresholdOnAnUnevaluatedDimensionRefuses(t *testing.T) {
	r := assess(t, Input{Dataset: "d", PublishIf: []Threshold{{"completeness", 9800}}})
	if r.Decision != Refuse || !strings.Contains(r.Refusals()[0].Sentence(), "no rule of it checked anything") {
		t.Errorf("decision %s, gates %+v", r.Decision, r.Gates)
	}
}

func TestAVersionWithoutRowsIsRefusedUnlessTheContractAllowsIt(t *testing.T) {
	for _, c := range []struct {
		name  string
		rows  Rows
		allow bool
		want  Decision
		says  string
	}{
		{"only a header", Rows{}, false, Refuse, "the source has no record, only its header; a version without rows is not published unless the contract says publish: {allow_empty: true}"},
		{"nothing left", Rows{Read: 1200, Quarantined: 1100, BadRecords: 1000, Excluded: 100}, false, Refuse, "no row is left of 1,200 read: 1,100 quarantined (1,000 of them could not be read as records), 100 excluded by the contract, 0 suppressed; a"},
		{"allowed", Rows{}, true, Publish, ""},
		{"a row", Rows{Read: 1, Published: 1}, false, Publish, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := assess(t, Input{Dataset: "d", Rows: c.rows, AllowEmpty: c.allow})
			if r.Decision != c.want {
				t.Fatalf("decision %s, want %s", r.Decision, c.want)
			}
			if c.want == Refuse && (len(r.Refusals()) != 1 || !strings.HasPrefix(r.Refusals()[0].Sentence(), c.says)) {
				t.Errorf("refusals %+v, want %q", r.Refusals(), c.says)
			}
		})
	}
}

func TestContradictingCountsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Input){
		"not every row is accounted for": func(in *Input) { in.Rows.Published-- },
		"sources":                        func(in *Input) { in.Sources[0].Rows++ },
		"failed > checked":               func(in *Input) { in.Rules[0].Delivered.Failed = in.Rules[0].Delivered.Checked + 1 },
		"published > delivered":          func(in *Input) { in.Rules[0].Published.Failed = in.Rules[0].Delivered.Failed + 1 },
		"same rule twice":                func(in *Input) { in.Rules[1].ID = in.Rules[0].ID },
		"unknown indicator":              func(in *Input) { in.Rules[0].Indicator = "0999" },
		"indicator of another dimension": func(in *Input) { in.Rules[0].Indicator = "0101" },
		"more clean cells than cells":    func(in *Input) { in.Fields[0].Clean = in.Fields[0].Rows + 1 },
		"bad records":                    func(in *Input) { in.Rows.BadRecords = in.Rows.Quarantined + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			in := residents()
			change(&in)
			if _, err := Assess(in); err == nil || !strings.Contains(err.Error(), "nothing may be published") {
				t.Errorf("error = %v", err)
			}
		})
	}
}

func TestDuplicatesAndDirtyCellsCountAgainstTheDepartment(t *testing.T) {
	r := assess(t, residents())
	in := residents()
	dup := r.Delivered.indicator(duplicateRate)
	if dup.Checked-dup.Passed != in.Rows.Duplicates || dup.Checked != in.Rows.Duplicates+in.Rows.Published {
		t.Errorf("0303 = %+v", dup)
	}
	dirty := r.Delivered.indicator(dirtyRate)
	var clean int64
	for _, f := range in.Fields {
		clean += f.Clean
	}
	if dirty.Passed != clean || dirty.Checked != int64(len(in.Fields))*(in.Rows.Read-in.Rows.Excluded) {
		t.Errorf("0305 = %+v, clean %d", dirty, clean)
	}
	if r.Published.indicator(dirtyRate) != nil {
		t.Error("0305 is about what was delivered")
	}
	if r.Published.Total <= r.Delivered.Total {
		t.Errorf("published %s, delivered %s", r.Published.Total, r.Delivered.Total)
	}
}

func TestJSONIsDeterministicAndReadsBack(t *testing.T) {
	r := assess(t, residents())
	a, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	b, _ := assess(t, residents()).JSON()
	if !bytes.Equal(a, b) {
		t.Error("two results of the same counts differ")
	}
	back, err := Parse(a)
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := back.JSON(); !bytes.Equal(a, c) {
		t.Error("read and written again it differs")
	}
	if _, err := Parse([]byte(`{"format":"clearwell.quality/9"}`)); err == nil {
		t.Error("an unknown format was read")
	}
}

func TestCellCounterAgreesWithCountingCellByCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields, codes := []string{"", "a", "b"}, []string{"0101", "0301"}
		ruleGen := rapid.Custom(func(t *rapid.T) CellRule {
			return CellRule{rapid.SampledFrom(fields).Draw(t, "field"), rapid.SampledFrom(codes).Draw(t, "indicator")}
		})
		ruleSet := rapid.SliceOfN(ruleGen, 1, 6).Draw(t, "rules")
		whole, parts := NewCellCounter(ruleSet), NewCellCounter(ruleSet)
		want := map[CellRule]*Cells{}
		for range rapid.IntRange(0, 3).Draw(t, "batches") {
			rows := rapid.IntRange(0, 140).Draw(t, "rows")
			bitmap := func(name string) []uint64 {
				if rapid.IntRange(0, 4).Draw(t, name+" nil") == 0 {
					return nil
				}
				return rapid.SliceOfN(rapid.Uint64(), (rows+63)/64, (rows+63)/64).Draw(t, name)
			}
			var checked, failed [][]uint64
			for range ruleSet {
				checked = append(checked, bitmap("checked"))
				failed = append(failed, bitmap("failed"))
			}
			published := bitmap("published")
			part := NewCellCounter(ruleSet)
			for _, c := range []*CellCounter{whole, part} {
				c.AddDelivered(rows, checked, failed)
				c.AddPublished(rows, checked, failed, published)
			}
			parts.Merge(part)
			has := func(b []uint64, i int) bool { return b != nil && b[i/64]>>(i%64)&1 == 1 }
			for i := range rows {
				type verdict struct{ checked, failed bool }
				cell := map[CellRule]verdict{}
				for r, key := range ruleSet {
					v := cell[key]
					v.failed = v.failed || has(failed[r], i)
					v.checked = v.checked || has(checked[r], i) || v.failed
					cell[key] = v
				}
				for key, v := range cell {
					if want[key] == nil {
						want[key] = &Cells{}
					}
					add := func(c *Counts) {
						if v.checked {
							c.Checked++
						}
						if v.failed {
							c.Failed++
						}
					}
					add(&want[key].Delivered)
					if has(published, i) {
						add(&want[key].Published)
					}
				}
			}
		}
		for n, c := range whole.Cells() {
			w := want[CellRule{c.Field, c.Indicator}]
			if w == nil {
				w = &Cells{}
			}
			if c.Delivered != w.Delivered || c.Published != w.Published {
				t.Fatalf("%+v, want %+v", c, w)
			}
			if parts.Cells()[n] != c {
				t.Fatalf("merged %+v, in one %+v", parts.Cells()[n], c)
			}
		}
	})
}

func TestRoundingNeverCrossesTheExactShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Int64Range(1, 1<<50).Draw(t, "whole")
		part := rapid.Int64Range(0, whole).Draw(t, "part")
		p := RatioOf(part, whole)
		diff := new(big.Rat).Sub(big.NewRat(int64(p), 10000), big.NewRat(part, whole))
		if diff.Abs(diff).Cmp(big.NewRat(1, 10000)) > 0 {
			t.Fatalf("%d/%d -> %s", part, whole, p)
		}
		if (p == Full) != (part == whole) || (p == 0) != (part == 0) {
			t.Fatalf("%d/%d -> %s", part, whole, p)
		}
	})
}

func TestPageIsSelfContainedEscapesTextAndPutsFailedRulesFirst(t *testing.T) {
	in := residents()
	in.Title["en"] = `<script>alert("x")</script>`
	var page bytes.Buffer
	r := assess(t, in)
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	if regexp.MustCompile(`(?i)<script|<link|<img|@import|url\(|https?://`).MatchString(text) {
		t.Error("the page has a script or reaches outside")
	}
	at := func(s string) int {
		i := strings.Index(text, "<code>"+s+"</code>")
		if i < 0 {
			t.Errorf("%s is missing", s)
		}
		return i
	}
	if !(at("id_card.standard") < at("birth_date.type") && at("birth_date.type") < at("id_card.unique") && at("id_card.unique") < at("minor.guardian") && at("minor.guardian") < at("gender.set")) {
		t.Error("rules do not stand worst first")
	}
	if strings.Contains(text, "ZgotmplZ") {
		t.Error("the template refused a value")
	}
	var again bytes.Buffer
	if err := r.WriteHTML(&again); err != nil || !bytes.Equal(page.Bytes(), again.Bytes()) {
		t.Error("two pages of one result differ")
	}
	if path := os.Getenv("CLEARWELL_QUALITY_PAGE"); path != "" {
		page.Reset()
		if err := assess(t, residents()).WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPageOfAnEmptyRunIsWhole(t *testing.T) {
	var page bytes.Buffer
	if err := assess(t, Input{Dataset: "empty"}).WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "No row was read") || !strings.HasSuffix(strings.TrimSpace(page.String()), "</html>") {
		t.Error("page of an empty run")
	}
}

func BenchmarkCellCounter(b *testing.B) {
	const rows, rulesN = 65536, 16
	var cellRules []CellRule
	var checked, failed [][]uint64
	for i := range rulesN {
		cellRules = append(cellRules, CellRule{string(rune('a' + i/2)), "0101"})
		checked = append(checked, make([]uint64, rows/64))
		failed = append(failed, make([]uint64, rows/64))
	}
	c := NewCellCounter(cellRules)
	b.SetBytes(rows * rulesN / 8 * 2)
	b.ReportAllocs()
	for b.Loop() {
		c.AddDelivered(rows, checked, failed)
	}
}
