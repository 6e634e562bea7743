package quality

import (
	"bytes"
	"strings"
	"testing"

	"clearwell/rules"
)

func none() *rules.Bound { n := int64(0); return &rules.Bound{Count: &n} }

func measured(severity string, v Verdict, allow rules.Allow) Input {
	m := MeasureResult{ID: "amount.mean", Reads: []string{"amount"}, Kind: rules.Mean, Over: rules.OverDelivered, Dimension: "accuracy", Indicator: "0301",
		Severity: severity, Expected: "at most 20", Observed: "28.5", Verdict: v, Rows: 5, Allow: allow}
	if v == MeasureUnchecked {
		m.Observed, m.Reason = "", "there are no rows to measure"
	}
	return Input{Dataset: "d", Rows: Rows{Read: 5, Published: 5}, Measures: []MeasureResult{m}, Fields: []Field{{Name: "amount", Rows: 5, Clean: 5}}}
}

func TestWhatFollowsFromAMeasure(t *testing.T) {
	for _, c := range []struct {
		name     string
		in       Input
		decision Decision
		says     string
	}{
		{"passed", measured("gate", MeasurePassed, rules.Allow{}), Publish, ""},
		{"failed", measured("error", MeasureFailed, rules.Allow{}), PublishWarned, "measure amount.mean found 28.5; the contract expects at most 20"},
		{"failed, none allowed", measured("error", MeasureFailed, rules.Allow{Fail: none()}), Refuse, "measure amount.mean found 28.5"},
		{"gate", measured("gate", MeasureFailed, rules.Allow{}), Refuse, "measure amount.mean found 28.5"},
		{"warning", measured("warn", MeasureWarned, rules.Allow{}), PublishWarned, "measure amount.mean found 28.5"},
		{"nothing to measure", measured("gate", MeasureUnchecked, rules.Allow{}), Publish, ""},
	} {
		r, err := Assess(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var said []string
		for _, g := range append(r.Refusals(), r.Warnings()...) {
			said = append(said, g.Sentence())
		}
		if r.Decision != c.decision || !strings.Contains(strings.Join(said, "\n"), c.says) || c.says == "" && len(said) > 0 {
			t.Errorf("%s: %s %q, want %s %q", c.name, r.Decision, said, c.decision, c.says)
		}
		data, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Parse(data); err != nil || len(back.Measures) != 1 {
			t.Errorf("%s: read back: %v", c.name, err)
		}
		var page bytes.Buffer
		if err := r.WriteHTML(&page); err != nil || !strings.Contains(page.String(), "amount.mean") {
			t.Errorf("%s: page: %v", c.name, err)
		}
	}
}

func TestAGateThatCannotBeEvaluatedIsNoPass(t *testing.T) {
	in := measured("gate", MeasureUnchecked, rules.Allow{})
	in.Measures[0].Broken, in.Measures[0].Reason = true, "ref.csv cannot be read"
	r, err := Assess(in)
	if err != nil || r.Decision != Refuse || r.Refusals()[0].Sentence() != "measure amount.mean could not be evaluated: ref.csv cannot be read" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAMeasureIsOneCheckOfItsIndicator(t *testing.T) {
	score := func(in Input) (s IndicatorScore) {
		r, err := Assess(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range r.Delivered.Dimensions[2].Indicators {
			if i.Indicator == "0301" {
				s = i
			}
		}
		return s
	}
	if s := score(measured("error", MeasureFailed, rules.Allow{})); s.Checked != 1 || s.Passed != 0 {
		t.Errorf("failed: %+v", s)
	}
	if s := score(measured("error", MeasurePassed, rules.Allow{})); s.Checked != 1 || s.Passed != 1 {
		t.Errorf("passed: %+v", s)
	}
	if s := score(measured("warn", MeasureWarned, rules.Allow{})); s.Checked != 0 {
		t.Errorf("only a warning: %+v", s)
	}
	if s := score(measured("error", MeasureUnchecked, rules.Allow{})); s.Checked != 0 {
		t.Errorf("not evaluated: %+v", s)
	}
}
