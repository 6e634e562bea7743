package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
)

// cellCosts is what bench/expressions printed.
type cellCosts struct {
	Rows    int        `json:"rows"`
	Machine string     `json:"machine"`
	DuckDB  string     `json:"duckdb"`
	Command string     `json:"command"`
	Lines   []cellCost `json:"lines"`
}

// cellCost is one line; costs are nanoseconds of CPU time for a cell, below 0 where DuckDB has no expression.
type cellCost struct {
	Kind   string  `json:"kind"`
	Name   string  `json:"name"`
	Ours   float64 `json:"ours_ns"`
	DuckDB float64 `json:"duckdb_ns"`
	Equal  string  `json:"equal"`
	Reason string  `json:"reason"`
}

// leastCost is what the clock tells apart, in nanoseconds for a cell.
const leastCost = 0.1

func (r *results) loadCells(dir string) error {
	var c cellCosts
	err := readJSON(filepath.Join(dir, "expressions.json"), &c)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	r.cells = &c
	return err
}

// section is the part of the page on checks and cleaning steps.
func (c *cellCosts) section() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Checks and cleaning steps, a cell\n\n    %s\n\nDuckDB %s, %d rows, one thread each, on: %s\n\n", c.Command, c.DuckDB, c.Rows, strings.TrimPrefix(c.Machine, "machine: "))
	b.WriteString("Nanoseconds of CPU time for a cell (of conditions over several fields: for a row). *Equal* says that both changed as many cells, found as many rows, or gave the same figure.\n\n")
	b.WriteString("| kind | what | ns | DuckDB ns | ratio | equal | why it takes more than three times as long |\n| --- | --- | ---: | ---: | ---: | --- | --- |\n")
	for _, l := range c.Lines {
		duck, ratio, reason := "–", "–", ""
		if l.DuckDB >= 0 {
			x := math.Max(l.Ours, leastCost) / math.Max(l.DuckDB, leastCost)
			duck, ratio = fmt.Sprintf("%.1f", l.DuckDB), fmt.Sprintf("%.2f", x)
			if x > 3 {
				ratio, reason = "**"+ratio+"**", l.Reason
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %.1f | %s | %s | %s | %s |\n", l.Kind, strings.ReplaceAll(l.Name, "|", `\|`), l.Ours, duck, ratio, l.Equal, reason)
	}
	return b.String()
}
