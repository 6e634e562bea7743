package quality

import (
	"fmt"
	"strings"
	"time"
)

// Point is what one run adds to the trend of its dataset: kept beside the run, no evidence.
type Point struct {
	Run        string           `json:"run"`
	Dataset    string           `json:"dataset"`
	At         time.Time        `json:"at"`                // start of the run
	Status     string           `json:"status"`            // published or refused
	Version    int              `json:"version,omitempty"` // published; 0: none
	Index      uint64           `json:"index"`             // of the run's last entry in the ledger
	Read       int64            `json:"rows_read"`
	Rows       int64            `json:"rows_published"`
	Delivered  Percent          `json:"delivered"`
	Published  Percent          `json:"published"`
	Coverage   Percent          `json:"coverage"`
	Dimensions []PointDimension `json:"dimensions"`
	Defects    DefectCounts     `json:"defects"`
}

// PointDimension is a dimension's two scores in a Point.
type PointDimension struct {
	Dimension string  `json:"dimension"`
	Delivered Percent `json:"delivered"`
	Published Percent `json:"published"`
}

// DefectCounts are the defects of the dataset: open after the run, and what the run did.
type DefectCounts struct {
	Open     int64 `json:"open"`
	Opened   int64 `json:"opened"`
	Reopened int64 `json:"reopened"`
	Closed   int64 `json:"closed"`
}

// blocks are the eight heights of a sparkline of text.
var blocks = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws percentages, oldest first, as one character each. The lowest
// and the highest take the lowest and the highest block, but a span below one
// point is drawn flat: noise is no trend. A percentage not evaluated is a space.
func Sparkline(values []Percent) string {
	low, high := Full, Percent(0)
	for _, v := range values {
		if v.Evaluated() {
			low, high = min(low, v), max(high, v)
		}
	}
	var b strings.Builder
	for _, v := range values {
		switch {
		case !v.Evaluated():
			b.WriteByte(' ')
		case high-low < 100:
			b.WriteRune(blocks[len(blocks)/2])
		default:
			b.WriteRune(blocks[int64(v-low)*int64(len(blocks)-1)/int64(high-low)])
		}
	}
	return b.String()
}

// Measures of the picture of a trend, in SVG user units.
const (
	trendWidth  = 640
	trendHeight = 120
	trendLeast  = 2000 // hundredths: the least span that the height stands for, so that noise stays small
)

// curve is the picture of one score over the runs.
type curve struct {
	Class  string
	Points string // of a polyline
	Dots   []dot
}

type dot struct {
	X, Y  int64
	Label string
}

// trendView is the picture of the trend: the delivered and the published score by run.
type trendView struct {
	Width, Height int64
	Low, High     Percent
	Curves        []curve
	First, Last   string
	Runs          int
}

// newTrend draws points, oldest first; nil if there are fewer than two.
func newTrend(points []Point) *trendView {
	if len(points) < 2 {
		return nil
	}
	low, high := Full, Percent(0)
	for _, p := range points {
		for _, v := range []Percent{p.Delivered, p.Published} {
			if v.Evaluated() {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if low > high {
		return nil
	}
	low = max(0, min(low, high-trendLeast))
	high = min(Full, max(high, low+trendLeast))
	day := func(p Point) string { return p.At.UTC().Format("2006-01-02") }
	t := &trendView{Width: trendWidth, Height: trendHeight, Low: low, High: high, First: day(points[0]), Last: day(points[len(points)-1]), Runs: len(points)}
	for _, c := range []struct {
		class string
		of    func(Point) Percent
	}{{"delivered", func(p Point) Percent { return p.Delivered }}, {"published", func(p Point) Percent { return p.Published }}} {
		x := curve{Class: c.class}
		var line []string
		for i, p := range points {
			v := c.of(p)
			if !v.Evaluated() {
				continue
			}
			d := dot{X: int64(i) * trendWidth / int64(len(points)-1), Y: trendHeight - int64(v-low)*trendHeight/int64(high-low)}
			d.Label = fmt.Sprintf("%s: %s", day(p), v)
			x.Dots = append(x.Dots, d)
			line = append(line, fmt.Sprintf("%d,%d", d.X, d.Y))
		}
		x.Points = strings.Join(line, " ")
		t.Curves = append(t.Curves, x)
	}
	return t
}
