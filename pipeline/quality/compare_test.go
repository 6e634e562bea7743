package quality

import (
	"slices"
	"strings"
	"testing"

	"clearwell/rules"
)

func amount(n int64) *int64 { return &n }

// version makes a result of so many published rows with these null shares in percent.
func version(rows int64, nulls map[string]int64, failed int64) Input {
	in := Input{Dataset: "people", Rows: Rows{Read: rows, Published: rows}}
	for _, name := range []string{"id", "name"} {
		in.Fields = append(in.Fields, Field{Name: name, Type: "string", Level: rules.L1, PublishAs: name, Rows: rows, Nulls: rows * nulls[name] / 100, Clean: rows})
	}
	in.Rules = []Rule{{ID: "r", Dimension: "accuracy", Indicator: "0302", OnFail: rules.Keep,
		Delivered: Counts{rows, failed}, Published: Counts{rows, failed}}}
	return in
}

func TestBoundsOnTheChangeSinceTheLastVersion(t *testing.T) {
	last := assess(t, version(1000, map[string]int64{"name": 10}, 100)) // accuracy: 0302 is 90
	score := last.Published.Total
	if score != 9000 {
		t.Fatalf("the fixture scores %s", score)
	}
	for name, c := range map[string]struct {
		bounds rules.LastVersion
		now    Input
		broken []string // sentences of the gates that are not held
	}{
		"rows at the bound":      {rules.LastVersion{Rows: &rules.Change{Fall: amount(2000), Rise: amount(2000)}}, version(1200, nil, 0), nil},
		"one row over the bound": {rules.LastVersion{Rows: &rules.Change{Rise: amount(2000)}}, version(1201, nil, 0), []string{"rows changed since version 7: +20.10%, the contract allows +20.00%"}},
		"rows may only fall":     {rules.LastVersion{Rows: &rules.Change{Fall: amount(2000)}}, version(5000, nil, 0), nil},
		"rows fell too far":      {rules.LastVersion{Rows: &rules.Change{Fall: amount(2000), Rise: amount(5000)}}, version(799, nil, 0), []string{"rows changed since version 7: -20.10%, the contract allows -20.00% to +50.00%"}},
		"the score at the bound": {rules.LastVersion{Score: &rules.Change{Fall: amount(500)}}, version(1000, nil, 150), nil},
		"the score fell too far": {rules.LastVersion{Score: &rules.Change{Fall: amount(500)}}, version(1000, nil, 151), []string{"score changed since version 7: -5.10, the contract allows -5.00"}},
		"a dimension":            {rules.LastVersion{Dimensions: map[string]rules.Change{"accuracy": {Fall: amount(0)}}}, version(1000, nil, 101), []string{"accuracy changed since version 7: -0.10, the contract allows +0.00"}},
		"nulls at the bound":     {rules.LastVersion{NullShare: &rules.Change{Rise: amount(500)}}, version(1000, map[string]int64{"name": 15, "id": 5}, 0), nil},
		"nulls of two fields": {rules.LastVersion{NullShare: &rules.Change{Rise: amount(500)}}, version(1000, map[string]int64{"name": 16, "id": 6}, 0), []string{
			"null_share of id changed since version 7: +6.00%, the contract allows +5.00%", "null_share of name changed since version 7: +6.00%, the contract allows +5.00%"}},
		"fewer nulls": {rules.LastVersion{NullShare: &rules.Change{Rise: amount(500)}}, version(1000, nil, 0), nil},
	} {
		c.now.Last, c.now.Compare = &Last{7, last}, &c.bounds
		r := assess(t, c.now)
		var got []string
		for _, g := range r.Refusals() {
			got = append(got, g.Sentence())
		}
		if !slices.Equal(got, c.broken) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.broken)
		}
		if want := map[bool]Decision{true: Publish, false: Refuse}[c.broken == nil]; r.Decision != want {
			t.Errorf("%s: %s, want %s", name, r.Decision, want)
		}
		c.bounds.Warn = true
		if r := assess(t, c.now); len(r.Warnings()) != len(c.broken) || r.Decision == Refuse {
			t.Errorf("%s: as a warning: %s, %d warnings", name, r.Decision, len(r.Warnings()))
		}
	}
}

func TestColumnsThatCameWentOrChangedTheirType(t *testing.T) {
	last := assess(t, version(10, nil, 0))
	now := version(10, nil, 0)
	now.Fields[0].Type = "integer"
	now.Fields[1].PublishAs = "full_name"
	now.Last = &Last{3, last}
	for columns, want := range map[string]string{
		"same":    "columns changed since version 3: removed: name; id was string and is integer; added: full_name, the contract allows same",
		"may_add": "columns changed since version 3: removed: name; id was string and is integer; added: full_name, the contract allows may_add",
	} {
		now.Compare = &rules.LastVersion{Columns: columns}
		if r := assess(t, now); len(r.Refusals()) != 1 || r.Refusals()[0].Sentence() != want {
			t.Errorf("%s: %+v", columns, r.Gates)
		}
	}
	more := version(10, nil, 0)
	more.Fields = append(more.Fields, Field{Name: "age", Type: "integer", Level: rules.L1, PublishAs: "age", Rows: 10, Clean: 10})
	more.Last = now.Last
	for columns, refusals := range map[string]int{"same": 1, "may_add": 0} {
		more.Compare = &rules.LastVersion{Columns: columns}
		if r := assess(t, more); len(r.Refusals()) != refusals || !slices.Equal(r.Comparison.Added, []string{"age"}) {
			t.Errorf("%s: %+v", columns, r.Gates)
		}
	}
}

func TestAComparisonSurvivesItsText(t *testing.T) {
	now := version(900, map[string]int64{"id": 50}, 3)
	now.Last, now.Compare = &Last{4, assess(t, version(1000, nil, 0))}, &rules.LastVersion{Rows: &rules.Change{Fall: amount(500)}}
	now.Measured = []Measured{{"0601", Counts{}, Counts{1, 0}}}
	r := assess(t, now)
	text, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.JSON()
	if err != nil || string(again) != string(text) || !strings.Contains(string(text), `"comparison"`) {
		t.Errorf("%v\n%s", err, again)
	}
}

func TestADimensionThatIsNoLongerEvaluatedDoesNotHoldItsBound(t *testing.T) {
	last := assess(t, version(10, nil, 0))
	now := version(10, nil, 0)
	now.Rules = nil
	now.Fields = nil
	now.Last, now.Compare = &Last{1, last}, &rules.LastVersion{Dimensions: map[string]rules.Change{"accuracy": {Fall: amount(9999)}}}
	if r := assess(t, now); len(r.Refusals()) != 1 || !strings.Contains(r.Refusals()[0].Sentence(), "not evaluated any more") {
		t.Errorf("%+v", r.Gates)
	}
}
