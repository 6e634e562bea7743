package profile

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"clearwell/pipeline/quality"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("profile").Funcs(template.FuncMap{
	"n":       quality.Grouped,
	"percent": percent,
	"why":     func(kind string) string { return suspicion[kind] },
	"join":    func(list []string) string { return strings.Join(list, " + ") },
}).Parse(pageText))

// WriteHTML writes the result as one page that needs nothing else: no script, no
// font, no picture from elsewhere. The same result gives the same bytes.
func (r *Result) WriteHTML(w io.Writer) error {
	if err := page.Execute(w, newView(r)); err != nil {
		return fmt.Errorf("profile page of %s: %w", r.Source, err)
	}
	return nil
}

// view is a Result as the page shows it.
type view struct {
	*Result
	Style   template.CSS
	Columns []columnView
	Looks   int // suspicious values
}

type columnView struct {
	Column
	ID         string
	TypeText   string
	Known      int64
	NullShare  string
	NullW      int64 // of 10000
	Bars       []barView
	BarsTitle  string
	Line       *lineView
	DirtKinds  []dirtView
	Personal   bool
	LevelClass string
}

// barView is a value or pattern with its bar.
type barView struct {
	Count
	W int64 // of 10000, the widest being the most frequent
}

type dirtView struct {
	What string
	N    int64
}

// lineView is where the values of an ordered column lie, on a line of 1000.
type lineView struct {
	Q1, Middle, Q3   int64
	Min, Median, Max string
}

func newView(r *Result) view {
	v := view{Result: r, Style: quality.Style()}
	for i, c := range r.Columns {
		cv := columnView{Column: c, ID: fmt.Sprintf("c%d", i+1), TypeText: typeText(c.Type), Known: c.Cells - c.Nulls,
			NullShare: percent(share(c.Nulls+c.Absent, c.Cells+c.Absent)), NullW: width(c.Nulls+c.Absent, c.Cells+c.Absent),
			Personal: c.facts != nil && c.facts.level >= 3, LevelClass: levelClass(c.Level.Name)}
		list := c.Top
		cv.BarsTitle = "Most frequent 高频值"
		if len(list) == 0 {
			list, cv.BarsTitle = c.Patterns, "Patterns 字符模式"
		}
		for _, b := range list[:min(6, len(list))] {
			cv.Bars = append(cv.Bars, barView{b, width(b.Count, list[0].Count)})
		}
		for _, d := range []dirtView{{"blanks at the ends", c.Dirt.Blanks}, {"more than one space in a row", c.Dirt.Spaces},
			{"full-width letters, digits or signs", c.Dirt.FullWidth}, {"line breaks or control characters", c.Dirt.Control}, {"traces of a wrong encoding", c.Dirt.Garbled}} {
			if d.N > 0 {
				cv.DirtKinds = append(cv.DirtKinds, d)
			}
		}
		cv.Line = newLine(c)
		v.Looks += len(c.Suspicious)
		v.Columns = append(v.Columns, cv)
	}
	return v
}

// Width is that of the box.
func (l *lineView) Width() int64 { return max(2, l.Q3-l.Q1) }

// newLine lays the quantiles of numbers on a line from the least to the greatest that is not
// among the outer hundredths; nil for columns without quantiles.
func newLine(c Column) *lineView {
	if len(c.Quantiles) != len(quantileShares) || c.facts == nil || c.Min == nil {
		return nil
	}
	at := make([]float64, len(c.Quantiles))
	for i, q := range c.Quantiles {
		place, ok := c.facts.placeOf(q.Text)
		if !ok {
			return nil
		}
		at[i] = place
	}
	low, high := at[0], at[len(at)-1]
	if low >= high {
		return nil
	}
	x := func(i int) int64 { return int64(1000 * (at[i] - low) / (high - low)) }
	return &lineView{Q1: x(2), Middle: x(3), Q3: x(4), Min: c.Quantiles[0].Text, Median: c.Quantiles[3].Text, Max: c.Quantiles[6].Text}
}

// placeOf reads a quantile back.
func (f *facts) placeOf(text string) (float64, bool) {
	if f.decision.reader.numeric() {
		n := readNumber([]byte(text))
		return n.value, n.ok
	}
	for _, t := range timeFormats {
		if micros, ok := t.parse([]byte(text)); ok {
			return float64(micros), true
		}
	}
	return 0, false
}

func levelClass(level string) string {
	switch level {
	case "L4":
		return "bad"
	case "L3":
		return "warn"
	}
	return "none"
}

func typeText(t Type) string {
	if t.Name == "decimal" {
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	return t.Name
}

// width maps part of whole to 10000.
func width(part, whole int64) int64 { return int64(10000 * share(part, whole)) }

// percent is a share as people read it; what is not all is never 100 %, what is not nothing never 0.
func percent(x float64) string {
	switch {
	case x >= 1:
		return "100 %"
	case x <= 0:
		return "0 %"
	case x >= 0.9995:
		return "> 99.9 %"
	case x < 0.0005:
		return "< 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", 100*x)
}
