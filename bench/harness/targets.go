package main

import (
	"fmt"
	"strings"
)

// target is one line of the table of targets: at most (or at least) a bound.
type target struct {
	what    string
	bound   float64
	atLeast bool
	unit    string
	suite   string // whose stages say what limits it
	value   func(r *results) (float64, bool)
	limit   string // what limits it beside the stages
}

// relation is the ratio of two figures that may be missing.
func relation(a, b *cost, of func(*cost) spread) (float64, bool) {
	if a == nil || b == nil || of(b).median == 0 {
		return 0, false
	}
	return of(a).median / of(b).median, true
}

func ofFastest(suite string, of func(*cost) spread) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) {
		return relation(r.find(suite, "clearwell"), fastest(r.suites[suite].costs), of)
	}
}

func of(suite, a, b string, what func(*cost) spread) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) { return relation(r.find(suite, a), r.find(suite, b), what) }
}

func peak(suite string) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) {
		c := r.find(suite, "clearwell")
		if c == nil {
			return 0, false
		}
		return c.peak.median, true
	}
}

var targets = []target{
	{what: "1M rows: wall, of the fastest peer's", bound: 0.33, suite: "reference-1m", value: ofFastest("reference-1m", wallOf)},
	{what: "1M rows: CPU, of the fastest peer's", bound: 0.37, suite: "reference-1m", value: ofFastest("reference-1m", cpuOf)},
	{what: "5M rows: wall, of the fastest peer's", bound: 0.33, suite: "reference-5m", value: ofFastest("reference-5m", wallOf)},
	{what: "5M rows: CPU, of the fastest peer's", bound: 0.37, suite: "reference-5m", value: ofFastest("reference-5m", cpuOf)},
	{what: "5M rows: peak memory", bound: 600, unit: " MiB", suite: "reference-5m", value: peak("reference-5m")},
	{what: "5M rows: wall, of the floor's", bound: 1.5, suite: "reference-5m", value: of("reference-5m", "clearwell", "floor", wallOf),
		limit: "the floor neither hashes nor archives, cleans nor checks; see the roofline"},
	{what: "50M rows, --memory 1GiB: peak memory", bound: 1.2 * 1024, unit: " MiB", suite: "reference-50m", value: peak("reference-50m")},
	{what: "50M rows: time per row, of that at 5M", bound: 1.3, suite: "reference-50m", value: perRow},
	{what: "GB18030: wall, of UTF-8's", bound: 1.3, suite: "reference-1m", value: of("reference-1m", "clearwell-gb18030", "clearwell", wallOf), limit: "transcoding"},
	{what: "two cores, times as fast as one", bound: 1.8, atLeast: true, suite: "reference-1m", value: of("reference-1m", "clearwell-1core", "clearwell", wallOf),
		limit: "cutting records and SHA-256 of a stream are in one order"},
	{what: "1,000 rows to published and logged", bound: 300, unit: " ms", suite: "small", value: smallMillis, limit: "fsyncs, and starting the process"},
	{what: "200 columns: wall, of DuckDB's", bound: 1, suite: "wide", value: ofDuckDB("wide")},
	{what: "10,000 files: wall, of DuckDB's", bound: 1, suite: "files", value: ofDuckDB("files"), limit: "an fsync for each archived file"},
}

// ofDuckDB relates to the faster of the two DuckDBs.
func ofDuckDB(suite string) func(*results) (float64, bool) { return ofFastest(suite, wallOf) }

func perRow(r *results) (float64, bool) {
	many, few := r.find("reference-50m", "clearwell"), r.find("reference-5m", "clearwell")
	a, b := r.suites["reference-50m"].facts.Rows, r.suites["reference-5m"].facts.Rows
	if many == nil || few == nil || a == 0 || b == 0 {
		return 0, false
	}
	return (many.wall.median / float64(a)) / (few.wall.median / float64(b)), true
}

func smallMillis(r *results) (float64, bool) {
	c := r.find("small", "clearwell")
	if c == nil {
		return 0, false
	}
	return 1000 * c.wall.median, true
}

func (t target) met(v float64) bool {
	if t.atLeast {
		return v >= t.bound
	}
	return v <= t.bound
}

func (t target) text(v float64) string {
	if t.unit != "" {
		return fmt.Sprintf("%.0f%s", v, t.unit)
	}
	return fmt.Sprintf("%.2f", v)
}

// targets is the table: every target stands there, met or not, measured or not.
func (r *results) targets() string {
	var b strings.Builder
	b.WriteString("| target | wanted | measured | | what limits it |\n| --- | ---: | ---: | --- | --- |\n")
	for _, t := range targets {
		sign := "≤"
		if t.atLeast {
			sign = "≥"
		}
		measured, verdict := "–", "not measured"
		if v, ok := t.value(r); ok {
			measured, verdict = t.text(v), "**not met**"
			if t.met(v) {
				verdict = "met"
			}
		}
		var limits []string
		for _, l := range []string{r.suites[t.suite].limiting(), t.limit} {
			if l != "" {
				limits = append(limits, l)
			}
		}
		fmt.Fprintf(&b, "| %s | %s %s | %s | %s | %s |\n", t.what, sign, t.text(t.bound), measured, verdict, strings.Join(limits, "; "))
	}
	return b.String()
}
