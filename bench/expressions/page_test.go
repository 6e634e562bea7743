package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

// What the page says to be slower than DuckDB by more than mostRatio has a reason.
func TestThePageGivesReasons(t *testing.T) {
	f, err := os.Open("../../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, inside := 0, false
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "## ") {
			inside = strings.HasPrefix(s.Text(), "## Checks and cleaning steps")
		}
		cells := strings.Split(s.Text(), "|")
		if !inside || len(cells) != 9 {
			continue
		}
		ratio, err := strconv.ParseFloat(strings.Trim(cells[5], " *"), 64)
		if err != nil {
			continue
		}
		lines++
		if title := strings.TrimSpace(cells[2]); ratio > mostRatio && strings.TrimSpace(cells[7]) == "" {
			t.Errorf("%s: %v times as slow as DuckDB, and no reason", title, ratio)
		}
	}
	if lines == 0 {
		t.Error("docs/benchmarks.md has no table of checks and cleaning steps")
	}
}
