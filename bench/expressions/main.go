// Command expressions measures every cleaning step, condition of a row, rule over all rows and measure of the
// contract language in CPU time for a cell, beside the expression that DuckDB has for the same:
//
//	expressions -python bench/work/venv/bin/python -server bench/peers/duckdb-py/expressions.py -out expressions.json
//
// Both have the same generated values, dirty ones, nulls and Chinese text among them, and one thread. They run in
// turn (ours, DuckDB, ours, ...) and the best of several runs counts. What reading the columns costs alone is taken off
// on both sides. Where both mean the same, what they find must be the same: cells changed, rows failed, the figure.
//
// cases.go and its neighbours hold what is measured; a test holds that every word of the language is there.
// The command fails where results differ, or something is slower than DuckDB by more than mostRatio without a reason.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
)

// mostRatio is how many times as long as DuckDB something may take without a reason.
const mostRatio = 3

// Line is what was measured of one case; costs are nanoseconds of CPU time for a cell.
type Line struct {
	Kind   Kind    `json:"kind"`
	Name   string  `json:"name"`
	SQL    string  `json:"sql,omitempty"`
	Ours   float64 `json:"ours_ns"`
	DuckDB float64 `json:"duckdb_ns"` // -1: it has no expression for it
	Equal  string  `json:"equal"`     // yes | no: ours and theirs | not compared: why
	Reason string  `json:"reason,omitempty"`
}

// leastCost is what the clock tells apart, in nanoseconds for a cell: ratios of less mean nothing.
const leastCost = 0.1

// Ratio is ours to DuckDB's; 0 where there is none.
func (l *Line) Ratio() float64 {
	if l.DuckDB < 0 {
		return 0
	}
	return math.Max(l.Ours, leastCost) / math.Max(l.DuckDB, leastCost)
}

// Result is what is printed for the page.
type Result struct {
	Rows    int    `json:"rows"`
	Runs    int    `json:"runs"`
	Machine string `json:"machine"`
	DuckDB  string `json:"duckdb"` // version
	Command string `json:"command"`
	Lines   []Line `json:"lines"`
}

func main() {
	python := flag.String("python", "", "Python with the package duckdb")
	server := flag.String("server", "", "expressions.py, which runs the statements")
	rows := flag.Int("rows", 1_000_000, "rows of the table")
	runs := flag.Int("runs", 5, "runs of each, the best counts")
	only := flag.String("only", "", "only cases whose name has this in it")
	out := flag.String("out", "", "file for the result as JSON")
	machine := flag.String("machine", "", "what it is measured on, for the result")
	command := flag.String("command", "", "command that measures this again, for the result")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	result := &Result{Rows: *rows, Runs: *runs, Machine: *machine, Command: *command}
	if err := run(result, *python, *server, *only); err != nil {
		fmt.Fprintln(os.Stderr, "expressions:", err)
		os.Exit(1)
	}
	if *out != "" {
		data, err := json.MarshalIndent(result, "", " ")
		if err == nil {
			err = os.WriteFile(*out, append(data, '\n'), 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "expressions:", err)
			os.Exit(1)
		}
	}
	print(os.Stdout, result.Lines)
	if problems := problems(result.Lines); len(problems) > 0 {
		fmt.Fprintf(os.Stderr, "expressions: %s\n", strings.Join(problems, "\nexpressions: "))
		os.Exit(1)
	}
}

// run measures every case.
func run(result *Result, python, server, only string) error {
	dir, err := os.MkdirTemp("", "expressions-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := newTable(result.Rows)
	duck, err := startDuck(python, server)
	if err != nil {
		return err
	}
	defer duck.Close()
	if result.DuckDB, err = duck.version(); err != nil {
		return err
	}
	if err := t.load(duck, dir); err != nil {
		return err
	}
	for _, c := range Cases() {
		if !strings.Contains(c.Title(), only) {
			continue
		}
		line, err := t.compare(&c, duck, dir, result.Runs)
		if err != nil {
			return fmt.Errorf("%s %s: %w", c.Kind, c.Title(), err)
		}
		fmt.Fprintf(os.Stderr, "%-44s %8.1f %8.1f  %s\n", line.Name, line.Ours, line.DuckDB, line.Equal)
		result.Lines = append(result.Lines, *line)
	}
	return nil
}

// compare measures one case on both sides, in turn.
func (t *table) compare(c *Case, duck *duck, dir string, runs int) (*Line, error) {
	line := &Line{Kind: c.Kind, Name: c.Title(), SQL: c.SQL, DuckDB: -1, Reason: reasons[c.Title()]}
	ours, err := t.prepare(c, dir)
	if err != nil {
		return nil, err
	}
	query, base := c.queries()
	best := [4]float64{math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)}
	least := func(k int, nanoseconds float64) { best[k] = min(best[k], nanoseconds/float64(t.rows)) }
	var found, theirs string
	for range runs {
		runtime.GC()
		cost, figure, err := ours.with()
		if err != nil {
			return nil, err
		}
		least(0, cost)
		found = figure
		if cost, _, err = ours.without(); err != nil {
			return nil, err
		}
		least(1, cost)
		for k, sql := range []string{query, base} {
			if sql == "" {
				best[2+k] = 0
				continue
			}
			cost, figure, err := duck.ask(sql)
			if err != nil {
				return nil, err
			}
			least(2+k, cost)
			if k == 0 {
				theirs = figure
			}
		}
	}
	line.Ours = max(0, (best[0]-best[1])/float64(ours.copies))
	if query == "" {
		line.Equal = "DuckDB has none"
		return line, nil
	}
	line.DuckDB = max(0, best[2]-best[3])
	if count := c.counts(); count != "" {
		if _, theirs, err = duck.ask(count); err != nil {
			return nil, err
		}
	}
	switch {
	case c.Differs != "":
		line.Equal = "not compared: " + c.Differs
	case sameFigure(found, theirs):
		line.Equal = "yes"
	default:
		line.Equal = fmt.Sprintf("no: %s and %s", found, theirs)
	}
	return line, nil
}

// problems are what must not be.
func problems(lines []Line) []string {
	var out []string
	for _, l := range lines {
		if strings.HasPrefix(l.Equal, "no:") {
			out = append(out, fmt.Sprintf("%s %s: not the same result, %s", l.Kind, l.Name, strings.TrimPrefix(l.Equal, "no: ")))
		}
		if l.Ratio() > mostRatio && l.Reason == "" {
			out = append(out, fmt.Sprintf("%s %s: %.1f times as slow as DuckDB, and reasons.go says not why", l.Kind, l.Name, l.Ratio()))
		}
	}
	return out
}

func print(w io.Writer, lines []Line) {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "\tns a cell\tDuckDB\tratio\tequal\treason")
	for _, l := range lines {
		duck, ratio := "-", "-"
		if l.DuckDB >= 0 {
			duck, ratio = fmt.Sprintf("%.1f", l.DuckDB), fmt.Sprintf("%.2f", l.Ratio())
		}
		fmt.Fprintf(tab, "%s %s\t%.1f\t%s\t%s\t%s\t%s\n", l.Kind, l.Name, l.Ours, duck, ratio, l.Equal, l.Reason)
	}
	tab.Flush()
}
