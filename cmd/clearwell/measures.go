package main

import (
	"fmt"
	"io"

	"clearwell/pipeline/quality"
	"clearwell/rules"
)

// shownObserved is how many characters of a finding a line shows; the page has all of it.
const shownObserved = 60

// printMeasures lists what was measured of whole columns, tables and deliveries.
func printMeasures(w io.Writer, all []quality.MeasureResult) {
	if len(all) == 0 {
		return
	}
	t := newTable("MEASURE", "SEVERITY", "VERDICT", "OBSERVED", "EXPECTED")
	for _, m := range all {
		observed := m.Observed
		if m.Reason != "" {
			observed = m.Reason
		}
		if m.Approximate != "" {
			observed += " (" + m.Approximate + ")"
		}
		verdict := string(m.Verdict)
		if m.Verdict == quality.MeasureUnchecked {
			verdict = "not evaluated"
		}
		t.add(m.ID, shownSeverity(m.Severity), verdict, shortened(observed, shownObserved), shortened(m.Expected, shownObserved))
	}
	fmt.Fprintln(w)
	t.withoutBlank().print(w)
}

// shownSeverity is a severity as tables show it: nothing where it is that of most rules.
func shownSeverity(s string) string {
	if s == rules.SeverityError.String() {
		return ""
	}
	return s
}
