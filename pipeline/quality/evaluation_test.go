package quality

import (
	"encoding/json"
	"strings"
	"testing"

	"clearwell/rules"
)

// TestRuleThatCannotBeEvaluatedIsAWarningOfItsOwn has one rule that went wrong on
// two rows beside one that did not.
func TestRuleThatCannotBeEvaluatedIsAWarningOfItsOwn(t *testing.T) {
	in := Input{Dataset: "d", Rows: Rows{Read: 10, Published: 10}, Rules: []Rule{
		{ID: "ratio", Dimension: "accuracy", Indicator: "0301", InScope: 10, SkippedNull: 2, Mistakes: 2, Delivered: Counts{8, 0}, Published: Counts{8, 0}},
		{ID: "names", Dimension: "accuracy", Indicator: "0301", InScope: 10, Severity: rules.SeverityWarn, Delivered: Counts{10, 0}, Published: Counts{10, 0}},
	}}
	r := assess(t, in)
	if r.Decision != PublishWarned || len(r.Warnings()) != 1 || len(r.Refusals()) != 0 {
		t.Fatalf("decision %s, warnings %v", r.Decision, r.Warnings())
	}
	if s := r.Warnings()[0].Sentence(); !strings.HasPrefix(s, "rule ratio could not be evaluated everywhere and did not check these rows: 2;") {
		t.Error(s)
	}
	if r.Rules[0].Outcome != Passed || r.Rules[1].Outcome != Passed {
		t.Errorf("outcomes %s and %s", r.Rules[0].Outcome, r.Rules[1].Outcome)
	}
	text, err := json.Marshal(r.Rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"mistakes":2`, `"severity":"warn"`} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("%s stands not once in %s", want, text)
		}
	}
	var page strings.Builder
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 rows could not be evaluated", "severity: warning 警告"} {
		if strings.Count(page.String(), want) != 1 {
			t.Errorf("%q stands not once on the page", want)
		}
	}
}
