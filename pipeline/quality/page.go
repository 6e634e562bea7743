package quality

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math/bits"
	"slices"
	"strings"

	"clearwell/rules"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("quality").Funcs(template.FuncMap{
	"n":     grouped,
	"short": func(hash string) string { return hash[:min(12, len(hash))] },
}).Parse(pageText))

// WriteHTML writes the result as one page that needs nothing else: no script, no
// font, no picture from elsewhere. The same result gives the same bytes.
func (r *Result) WriteHTML(w io.Writer) error {
	if err := page.Execute(w, newView(r)); err != nil {
		return fmt.Errorf("quality page of %s: %w", r.Dataset, err)
	}
	return nil
}

// view is a Result as the page shows it: texts chosen, shapes measured, rules sorted.
type view struct {
	*Result
	TitleZH, TitleEN string
	Verdict          verdict
	Refusals         []Gate
	Warnings         []Gate
	Held             int
	Dials            []dial
	Dimensions       []dimensionView
	Flow             flow
	Failing          []ruleView // failed rules, worst first
	Passed           []ruleView
	Unchecked        []ruleView
	Measured         []measureView // failed ones first
	Fields           []fieldView
	ChangedCells     int64
}

type verdict struct{ Class, EN, ZH string }

type dial struct {
	EN, ZH, Note string
	Class        string
	Score        Percent
	Arc          int64 // of 10000
}

type dimensionView struct {
	Dimension
	Delivered, Published Percent
	DeliveredW           int64 // of 10000
	PublishedW           int64
	Coverage             DimensionCoverage
	Fields               int64
	Indicators           []indicatorView
}

type indicatorView struct {
	Indicator
	Delivered, Published *IndicatorScore
}

type ruleView struct {
	RuleResult
	ZH, EN      string
	Share       Percent // of failures among the delivered rows
	Width       int64   // of 10000, the widest being the worst rule
	StatusEN    string
	StatusZH    string
	StatusClass string
	PublishedAs string // what became of failing cells in published rows; empty: they stand as they are
	IndicatorEN string
	IndicatorZH string
	SeverityEN  string // empty: error, that of most rules
	SeverityZH  string
}

// severityWords are what the page says of a severity; nothing of an error.
func severityWords(severity string) (en, zh string) {
	if severity == "" || severity == rules.SeverityError.String() {
		return "", ""
	}
	return levelWords["en"][severity], levelWords["zh"][severity]
}

type fieldView struct {
	FieldResult
	ZH, EN   string
	CleanW   int64 // of 10000
	Steps    []StepChange
	Segments []segment
	Changes  int64
	NullPct  Percent
}

// segment is one step's part of a bar of 10000.
type segment struct {
	X, W  int64
	Class string
	Label string
}

func newView(r *Result) view {
	v := view{
		Result: r, TitleZH: r.Title["zh"], TitleEN: r.Title["en"],
		Verdict: verdictOf(r), Refusals: r.Refusals(), Warnings: r.Warnings(),
		Dials: []dial{
			{"Published", "发布质量", "what an analyst reads", "published", r.Published.Total, max(0, int64(r.Published.Total))},
			{"Delivered", "来源质量", "what the department handed over", "delivered", r.Delivered.Total, max(0, int64(r.Delivered.Total))},
		},
		Flow: newFlow(r.Rows),
	}
	if v.TitleZH == "" && v.TitleEN == "" {
		v.TitleEN = r.Dataset
	}
	for _, g := range r.Gates {
		if g.Held {
			v.Held++
		}
	}
	for i, d := range Dimensions {
		v.Dimensions = append(v.Dimensions, newDimensionView(r, i, d))
	}
	v.addRules(r.Rules)
	v.Measured = measureViews(r.Measures)
	v.addFields(r.Fields)
	return v
}

func verdictOf(r *Result) verdict {
	switch r.Decision {
	case Refuse:
		return verdict{"bad", "Refused: must not be published", "未达标，不予发布"}
	case PublishWarned:
		return verdict{"warn", "Fit to publish, with warnings", "可发布，有警告"}
	}
	return verdict{"good", "Fit to publish", "达标，可发布"}
}

func newDimensionView(r *Result, at int, d Dimension) dimensionView {
	dv := dimensionView{Dimension: d, Fields: r.Coverage.Fields}
	if at < len(r.Coverage.Dimensions) {
		dv.Coverage = r.Coverage.Dimensions[at]
	}
	dv.Delivered, dv.Published = r.Delivered.Dimension(d.Name), r.Published.Dimension(d.Name)
	dv.DeliveredW, dv.PublishedW = max(0, int64(dv.Delivered)), max(0, int64(dv.Published))
	for _, i := range Indicators {
		iv := indicatorView{i, r.Delivered.indicator(i.Code), r.Published.indicator(i.Code)}
		if i.Dimension == d.Name && (iv.Delivered != nil || iv.Published != nil) {
			dv.Indicators = append(dv.Indicators, iv)
		}
	}
	return dv
}

func (s Score) indicator(code string) *IndicatorScore {
	for _, d := range s.Dimensions {
		for i := range d.Indicators {
			if d.Indicators[i].Indicator == code {
				return &d.Indicators[i]
			}
		}
	}
	return nil
}

func (v *view) addRules(all []RuleResult) {
	for _, r := range all {
		rv := ruleView{RuleResult: r, ZH: r.Title["zh"], EN: r.Title["en"], Share: RatioOf(r.Delivered.Failed, r.Delivered.Checked)}
		if i, ok := IndicatorByCode(r.Indicator); ok {
			rv.IndicatorEN, rv.IndicatorZH = i.EN, i.ZH
		}
		rv.SeverityEN, rv.SeverityZH = severityWords(r.Severity.String())
		switch r.OnFail {
		case rules.SetNull:
			rv.PublishedAs = "as null"
		case rules.ReplaceBy:
			rv.PublishedAs = "replaced"
		}
		switch r.Outcome {
		case Unchecked:
			rv.StatusClass, rv.StatusEN, rv.StatusZH = "none", "not evaluated", "未评价"
			v.Unchecked = append(v.Unchecked, rv)
			continue
		case Passed:
			rv.StatusClass, rv.StatusEN, rv.StatusZH = "good", "passed", "通过"
			v.Passed = append(v.Passed, rv)
			continue
		case Refused:
			rv.StatusClass, rv.StatusEN, rv.StatusZH = "bad", "above the limit", "超限"
		case Warned:
			rv.StatusClass, rv.StatusEN, rv.StatusZH = "warn", "above the warning", "警告"
		default:
			rv.StatusClass, rv.StatusEN, rv.StatusZH = "some", "failures", "有问题"
		}
		v.Failing = append(v.Failing, rv)
	}
	severity := map[Outcome]int{Refused: 0, Warned: 1, Failing: 2}
	slices.SortStableFunc(v.Failing, func(a, b ruleView) int {
		if d := severity[a.Outcome] - severity[b.Outcome]; d != 0 {
			return d
		}
		return int(min(1, max(-1, b.Delivered.Failed-a.Delivered.Failed)))
	})
	var most Percent
	for _, r := range v.Failing {
		most = max(most, r.Share)
	}
	for i := range v.Failing {
		v.Failing[i].Width = scaled(int64(v.Failing[i].Share), int64(most), 10000, 40)
	}
}

func (v *view) addFields(all []FieldResult) {
	var most int64
	for _, f := range all {
		most = max(most, changes(f))
	}
	for _, f := range all {
		fv := fieldView{FieldResult: f, ZH: f.Title["zh"], EN: f.Title["en"], Changes: changes(f), CleanW: max(0, int64(f.CleanShare)), NullPct: RatioOf(f.Nulls, f.Rows)}
		v.ChangedCells += fv.Changes
		var x int64
		for i, s := range f.Changed {
			if s.Cells == 0 {
				continue
			}
			w := scaled(s.Cells, most, 10000, 40)
			fv.Segments = append(fv.Segments, segment{x, w, fmt.Sprintf("s%d", i%5), s.Step})
			fv.Steps = append(fv.Steps, s)
			x += w
		}
		v.Fields = append(v.Fields, fv)
	}
}

func changes(f FieldResult) int64 {
	var n int64
	for _, s := range f.Changed {
		n += s.Cells
	}
	return n
}

// scaled maps n (at most most) to a length of whole, at least least if n is not 0.
func scaled(n, most, whole, least int64) int64 {
	if n <= 0 || most <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(n), uint64(whole))
	part, _ := bits.Div64(hi, lo, uint64(most))
	return max(least, int64(part))
}

// grouped writes an integer with a thin mark every three digits: 1,234,567.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
