package main

import (
	"fmt"
	"io"

	"clearwell/pipeline/quality"
)

// listedUnmatched is how many values of a rule are listed; the page has more.
const listedUnmatched = 5

// printUnmatched lists the most frequent values that are in no code table, with the nearest word.
func printUnmatched(w io.Writer, all []quality.RuleResult) {
	t := newTable("IN NO CODE TABLE", "VALUE", "CELLS", "PERHAPS").alignRight(2)
	any := false
	for _, r := range all {
		if r.Unmatched == nil {
			continue
		}
		for _, v := range r.Unmatched.Values[:min(len(r.Unmatched.Values), listedUnmatched)] {
			perhaps := "–"
			if v.Suggestion != "" {
				perhaps = fmt.Sprintf("%s (%s)", v.Suggestion, v.Code)
			}
			t.add(r.ID, shortened(v.Value, shownObserved), v.Cells, perhaps)
			any = true
		}
	}
	if any {
		fmt.Fprintln(w)
		t.print(w)
	}
}
