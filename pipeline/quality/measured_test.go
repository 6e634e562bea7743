package quality

import (
	"slices"
	"testing"
	"time"

	"clearwell/rules"
)

func day(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

// measuredPlan has three fields: the second has no title and is masked, the third is not published.
func measuredPlan() *rules.Plan {
	return &rules.Plan{
		Dataset: "people", Title: map[string]string{"en": "People"}, Update: "daily",
		Fields: []rules.Field{
			{Name: "id", Title: map[string]string{"en": "Id"}, From: []string{"id", "ID"}, Type: rules.Type{Kind: rules.String}, Level: rules.L1, PublishAs: "id", Treatment: rules.Treatment{Method: rules.Plain}},
			{Name: "name", From: []string{"name"}, Type: rules.Type{Kind: rules.String}, Level: rules.L3, PublishAs: "name", Treatment: rules.Treatment{Method: rules.Mask}},
			{Name: "card", Title: map[string]string{"en": "Card"}, From: []string{"card"}, Type: rules.Type{Kind: rules.String}, Level: rules.L4, Treatment: rules.Treatment{Method: rules.Plain}},
		},
		Publish: rules.Publish{Audience: "open"},
	}
}

func TestTheRunItselfShowsTheseIndicators(t *testing.T) {
	f := Facts{
		Plan: measuredPlan(), Owner: true, Files: Counts{Checked: 1},
		Rows:    Rows{Read: 100, BadRecords: 3, Published: 80, Quarantined: 10, Duplicates: 5, Suppressed: 1, Excluded: 4},
		Headers: [][]string{{"ID", "name", "card"}, {"id", "card", "more"}},
	}
	want := []Measured{
		{"0102", Counts{6, 1}, Counts{}},         // the second object lacks name
		{"0103", Counts{9, 1}, Counts{9, 1}},     // name has no title
		{"0106", Counts{}, Counts{3, 0}},         // card is not published
		{"0202", Counts{100, 3}, Counts{91, 11}}, // 100 - 4 excluded - 5 duplicates; 10 quarantined + 1 suppressed
		{"0601", Counts{}, Counts{1, 0}},
		{"0602", Counts{}, Counts{5, 2}}, // id, name, dataset, licence, owner: name and licence lack
	}
	if got := Measure(f); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	f.Plan.Fields[1].Treatment.Method = rules.Plain // too little for L3 and an open audience
	if got := Measure(f)[2]; got != (Measured{"0106", Counts{}, Counts{3, 1}}) {
		t.Errorf("under-treated: %v", got)
	}
}

func TestTimelinessFollowsTheCycleOfTheContract(t *testing.T) {
	for name, c := range map[string]struct {
		update    string
		last, now string
		fresh     bool
		period    Counts
	}{
		"on the day":                     {"daily", "2026-03-01 02:00", "2026-03-02 02:10", true, Counts{1, 0}},
		"early":                          {"daily", "2026-03-01 02:00", "2026-03-01 09:00", true, Counts{1, 0}},
		"the same again within the day":  {"daily", "2026-03-01 02:00", "2026-03-01 09:00", false, Counts{}},
		"the same again next day":        {"daily", "2026-03-01 02:00", "2026-03-02 02:00", false, Counts{1, 1}},
		"three days late":                {"daily", "2026-03-01 02:00", "2026-03-04 03:00", true, Counts{3, 2}},
		"monthly, 28 days of February":   {"monthly", "2026-02-01 00:00", "2026-03-01 00:00", true, Counts{1, 0}},
		"monthly, two months":            {"monthly", "2026-01-15 00:00", "2026-03-20 00:00", true, Counts{2, 1}},
		"quarterly, not yet":             {"quarterly", "2026-01-15 00:00", "2026-03-20 00:00", false, Counts{}},
		"yearly over a leap day":         {"yearly", "2024-02-29 00:00", "2025-03-02 00:00", true, Counts{1, 0}},
		"hourly":                         {"hourly", "2026-03-01 02:00", "2026-03-01 06:30", true, Counts{4, 3}},
		"weekly":                         {"weekly", "2026-03-01 02:00", "2026-03-15 02:00", false, Counts{2, 2}},
		"irregular is never late":        {"irregular", "2026-03-01 02:00", "2027-03-15 02:00", false, Counts{}},
		"a clock that went back":         {"daily", "2026-03-02 02:00", "2026-03-01 02:00", true, Counts{1, 0}},
		"no cycle said":                  {"", "2026-03-01 02:00", "2026-03-15 02:00", true, Counts{}},
		"a delivery of another contract": {"never", "2026-03-01 02:00", "2026-03-15 02:00", true, Counts{}},
	} {
		p := measuredPlan()
		p.Update = c.update
		d := &Delivery{Last: day(c.last), Now: day(c.now), Fresh: c.fresh, Scheduled: true}
		f := Facts{Plan: p, Delivery: d}
		if got := f.period(); got != c.period {
			t.Errorf("%s: period %v, want %v", name, got, c.period)
		}
		want := Counts{Checked: 1}
		if !c.fresh {
			want.Failed = 1
		}
		if got := f.due(); got != want {
			t.Errorf("%s: due %v, want %v", name, got, want)
		}
		d.Scheduled = false
		if got := f.due(); got != (Counts{}) {
			t.Errorf("%s: a run by hand has no due time: %v", name, got)
		}
	}
	if f := (Facts{Plan: measuredPlan()}); f.period() != (Counts{}) || f.due() != (Counts{}) {
		t.Error("the first version has nothing to be late after")
	}
}

func TestMeasuredIndicatorsEnterBothScoresWithTheirWeights(t *testing.T) {
	in := Input{
		Dataset: "people", Rows: Rows{Read: 4, Published: 4},
		Measured: []Measured{
			{"0101", Counts{4, 1}, Counts{4, 0}},  // normativity 75, 100
			{"0103", Counts{4, 2}, Counts{4, 2}},  // 50: mean 62.5, 75
			{"0202", Counts{10, 1}, Counts{4, 0}}, // completeness 90, 100
		},
	}
	total := func() (delivered, published Percent) {
		t.Helper()
		r, err := Assess(in)
		if err != nil {
			t.Fatal(err)
		}
		return r.Delivered.Total, r.Published.Total
	}
	if d, p := total(); d != 7625 || p != 8750 { // (62.5+90)/2, (75+100)/2
		t.Errorf("equal weights: %s %s", d, p)
	}
	in.Weights = map[string]int64{"normativity": 3, "completeness": 1}
	if d, p := total(); d != 6938 || p != 8125 { // (3*62.5+90)/4 = 69.375, (3*75+100)/4
		t.Errorf("weights 3 and 1: %s %s", d, p)
	}
	in.Weights = map[string]int64{"completeness": 1}
	if d, p := total(); d != 9000 || p != Full {
		t.Errorf("normativity weighs nothing: %s %s", d, p)
	}
	in.Measured[0].Delivered = Counts{1, 2}
	if _, err := Assess(in); err == nil {
		t.Error("more failed than checked, and it was taken")
	}
}
