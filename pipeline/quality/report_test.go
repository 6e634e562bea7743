package quality

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheReportHasALineForEveryRuleAndIndicator(t *testing.T) {
	in := residents()
	in.Measured = []Measured{{"0202", Counts{1000, 37}, Counts{}}, {"0601", Counts{}, Counts{1, 0}}}
	r := assess(t, in)
	lines := r.Report("zh")
	if want := len(in.Rules) + 2 + 2; len(lines) != want { // 0303 and 0305 follow from the balance
		t.Errorf("%d lines, want %d", len(lines), want)
	}
	find := func(name string) ReportRow {
		i := slices.IndexFunc(lines, func(r ReportRow) bool { return r.Name == name })
		if i < 0 {
			t.Fatalf("no line %s", name)
		}
		return lines[i]
	}
	if got, want := find("0202"), (ReportRow{"完整性", "0202 数据记录完整性", "0202", "记录可被读取", "", "", 1000, 37, 370, 9630}); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	got := find("id_card.standard")
	if got.Dimension != "规范性" || got.Description != "身份证号校验码" || got.Basis != "GB 11643-1999" || got.Level != "错误" || got.Failed != 28_310 {
		t.Errorf("%+v", got)
	}
	for _, l := range lines {
		if l.Failed > l.Checked || l.Score.Evaluated() != l.Share.Evaluated() {
			t.Errorf("%+v", l)
		}
	}
	if len(ReportHeader("zh")) != 10 || len(ReportHeader("en")) != 10 {
		t.Error("a report has ten columns")
	}
}

func TestTheReportIsAPageInOneLanguage(t *testing.T) {
	in := residents()
	in.PublishIf = []Threshold{{"score", Full}}
	r := assess(t, in)
	trend := []Point{{At: day("2026-03-01 00:00"), Delivered: 8000, Published: 9000}, {At: day("2026-03-02 00:00"), Delivered: NotEvaluated, Published: 9500}, {At: day("2026-03-03 00:00"), Delivered: 8500, Published: 9600}}
	for lang, word := range map[string]string{"zh": "数据质量报告", "en": "Data quality report"} {
		var page bytes.Buffer
		if err := r.WriteReport(&page, lang, trend); err != nil {
			t.Fatal(err)
		}
		text := page.String()
		if !strings.Contains(text, word) || strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "<no value>") || regexp.MustCompile(`(?i)<script|<link|<img|@import|url\(|https?://`).MatchString(text) {
			t.Errorf("%s: not whole or not alone", lang)
		}
		if lang == "en" && regexp.MustCompile(`[\p{Han}]`).MatchString(strings.ReplaceAll(regexp.MustCompile(`<td>[^<]*</td>`).ReplaceAllString(text, ""), "微软", "")) {
			t.Error("Chinese in the English page")
		}
		if lang == "zh" && !strings.Contains(text, "契约要求不低于 100.00") {
			t.Error("the exceeded bound is not told in Chinese")
		}
		if strings.Count(text, "<polyline") != 2 {
			t.Error("no trend")
		}
		if path := os.Getenv("CLEARWELL_QUALITY_REPORT"); path != "" {
			if err := os.WriteFile(path+"-"+lang+".html", page.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.WriteReport(&bytes.Buffer{}, "fr", nil); err == nil {
		t.Error("a report in French was promised")
	}
	for words := range reportWords["zh"] {
		if reportWords["en"][words] == "" {
			t.Errorf("%s is not in English", words)
		}
	}
}

func TestEveryGateHasASentenceInBothLanguages(t *testing.T) {
	score, least, n := Percent(8000), Percent(9000), int64(5)
	for _, g := range []Gate{
		{Kind: PublishIfGate, Of: "accuracy", Score: &score, AtLeast: &least},
		{Kind: CompareGate, Of: "rows", Last: &LastGate{3, "-5.00%", "-6.00%"}},
		{Kind: AllowGate, Of: "r", Counts: &Counts{10, 6}, Count: &n, Share: "2%"},
		{Kind: RowsGate, Of: "rows", Rows: &Rows{Read: 3}},
	} {
		zh := g.SentenceIn("zh")
		if !regexp.MustCompile(`\p{Han}`).MatchString(zh) || g.SentenceIn("en") != g.Sentence() {
			t.Errorf("%s: %q", g.Kind, zh)
		}
	}
}

func TestSparklinesAndMeans(t *testing.T) {
	for want, values := range map[string][]Percent{
		"▁█":   {0, Full},
		"▅▅▅":  {9000, 9050, 9010},
		"▁ ▄█": {8000, NotEvaluated, 8500, 9000},
		"":     nil,
	} {
		if got := Sparkline(values); got != want {
			t.Errorf("%v: %q, want %q", values, got, want)
		}
	}
	for _, c := range []struct {
		values []Percent
		want   Percent
	}{{nil, NotEvaluated}, {[]Percent{NotEvaluated}, NotEvaluated}, {[]Percent{9000, NotEvaluated, 8001}, 8501}, {[]Percent{Full, 9999, Full}, Full - 1}} {
		if got := Mean(c.values); got != c.want {
			t.Errorf("mean of %v is %s, want %s", c.values, got, c.want)
		}
	}
	if newTrend([]Point{{At: time.Now()}}) != nil {
		t.Error("one run is no trend")
	}
}
