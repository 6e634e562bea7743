package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"clearwell/connectors/archive"
	"clearwell/pipeline/quality"
	"clearwell/rules"
)

// tried is what a trial of the dataset of a workspace comes to over the objects of its last run.
func tried(t *testing.T, r *Runner, in RunInputs, opts Options) *quality.Result {
	t.Helper()
	list, err := Against(t.Context(), r.Workspace, r.Workspace.Dataset(in.Dataset), []RunInputs{in}, opts)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Before == nil || !list[0].Unchanged || len(list[0].Notes) > 0 {
		t.Fatalf("%+v", list)
	}
	for _, rule := range list[0].Rules {
		if rule.Before == nil || rule.After == nil || *rule.Before != *rule.After || rule.Rows.Newly+rule.Rows.NoLonger > 0 {
			t.Errorf("rule %s of the same contract differs: %+v", rule.ID, rule)
		}
	}
	for _, f := range list[0].Fields {
		if f.Changed() {
			t.Errorf("%+v", f)
		}
	}
	return &quality.Result{Rows: list[0].After.Rows}
}

func TestATrialComesToWhatTheRunComesTo(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	r := runner(t, root)
	defer r.Close()
	out, err := r.Run(t.Context(), "people", Options{})
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := r.State.Inputs("people", 5)
	if err != nil || len(inputs) != 1 || inputs[0].Run != out.Run.ID {
		t.Fatal(inputs, err)
	}
	for _, opts := range []Options{{}, {CPUs: 1}, {CPUs: 3, chunkSize: 20}, {Memory: 1 << 20}} {
		if got := tried(t, r, inputs[0], opts); got.Rows != out.Quality.Rows {
			t.Errorf("the trial has %+v, the run %+v", got.Rows, out.Quality.Rows)
		}
	}
	draft, err := r.RunDraft(t.Context(), "people", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(draft.Quality.Rules, out.Quality.Rules) || !reflect.DeepEqual(draft.Quality.Fields, out.Quality.Fields) || !reflect.DeepEqual(draft.Quality.Cells, out.Quality.Cells) {
		t.Errorf("the draft has %+v, the run %+v", draft.Quality, out.Quality)
	}
	if again, err := r.State.Inputs("people", 5); err != nil || len(again) != 1 {
		t.Errorf("a draft is remembered as a run: %+v, %v", again, err)
	}
}

func TestRowsThatAChangedContractTreatsOtherwiseAreFoundOneByOne(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	r := runner(t, root)
	defer r.Close()
	if _, err := r.Run(t.Context(), "people", Options{}); err != nil {
		t.Fatal(err)
	}
	inputs, err := r.State.Inputs("people", 1)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer("range: [0, 150]", "range: [32, 1000]", "  person: {level: L2}", "  person: {level: L2, check: {id: person-short, length: 4, on_fail: keep}}").Replace(people)
	ds, err := r.Workspace.Compile("people", "datasets/people.yaml", []byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	for _, opts := range []Options{{}, {CPUs: 2, chunkSize: 20}} {
		list, err := Against(t.Context(), r.Workspace, ds, inputs, opts)
		if err != nil {
			t.Fatal(err)
		}
		a := list[0]
		rule := map[string]RuleChange{}
		for _, c := range a.Rules {
			rule[c.ID] = c
		}
		// anna's 31 fails now, bert's 900 no longer does.
		if c := rule["age-range"]; c.Rows.Newly != 1 || c.Rows.NoLonger != 1 || c.Rows.Samples[0].Row != 1 || *c.Rows.Samples[0].Values["age"] != "31" || c.Rows.Samples[1].Row != 3 {
			t.Errorf("%+v", c)
		}
		if c := rule["person-short"]; c.Before != nil || c.After == nil || c.After.Failed != 0 || c.After.Checked != 6 {
			t.Errorf("%+v", c)
		}
		if a.Unchanged || a.Rejected.Newly != 1 || a.Rejected.NoLonger != 1 || a.After.Rows.Quarantined != a.Before.Rows.Quarantined {
			t.Errorf("%+v", a)
		}
	}
}

func TestADeliveryThatIsNotInTheArchiveIsToldAndLeavesNothing(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	r := runner(t, root)
	defer r.Close()
	in := RunInputs{Run: "x", Dataset: "people", Sources: []RunSource{{Name: "inbox/rows.csv", SHA256: strings.Repeat("0", 64)}}, Contract: strings.Repeat("0", 64)}
	_, err := Against(t.Context(), r.Workspace, r.Workspace.Dataset("people"), []RunInputs{in}, Options{})
	if !errors.Is(err, archive.ErrNotFound) || !strings.Contains(err.Error(), "inbox/rows.csv") {
		t.Error(err)
	}
	left, err := os.ReadDir(filepath.Join(root, StateDir, "trials"))
	if err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// testsOf runs the tests of a contract.
func testsOf(t *testing.T, contract string) []TestResult {
	t.Helper()
	ws, err := rules.Load(newWorkspace(t, contract, ""))
	if err != nil {
		t.Fatal(err)
	}
	results, err := RunTests(t.Context(), ws.Dataset("people"))
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func TestTestsSeeRulesOverAllRowsCopiesAndGates(t *testing.T) {
	results := testsOf(t, people+`tests:
  - title: copies
    rows:
      - {given: {id: "1", code: a, person: x, changed: 2024-01-01}, duplicate: true, fails: []}
      - {given: {id: "2", code: b, person: x, changed: 2024-01-02}, published: {person: x, age: ~}}
  - title: wrong on purpose
    rows:
      - {given: {id: "1", code: a, person: x}, fails: code-unique, quarantined: true}
      - {given: {id: "2", code: a, person: y}, passes: true}
  - title: a stop is a quarantine here
    given: {id: one, code: a}
    fails: [id.required]
`)
	if !results[0].Passed {
		t.Errorf("%+v", results[0].Differences)
	}
	if d := results[1].Differences; len(d) != 1 || d[0].Row != 2 || d[0].What != "fails" || *d[0].Expected != "none" || *d[0].Got != "code-unique" {
		t.Errorf("%+v", d)
	}
	if d := results[2].Differences; len(d) != 1 || *d[0].Got != "id.type" {
		t.Errorf("%+v", d)
	}
}

func TestARuleThatStopsTheRunIsSeenByTests(t *testing.T) {
	contract := strings.Replace(people, "range: [0, 150]}", "range: [0, 150], on_fail: stop}", 1)
	results := testsOf(t, contract+`tests:
  - given: {id: "1", age: "151"}
    fails: age-range
    quarantined: true
`)
	if !results[0].Passed {
		t.Errorf("%+v", results[0].Differences)
	}
}

func TestMutationsAreTheSameEachTimeAndNoPlanIsChanged(t *testing.T) {
	ws, err := rules.Load(newWorkspace(t, people, ""))
	if err != nil {
		t.Fatal(err)
	}
	ds := ws.Dataset("people")
	before := ds.Plan.Hash()
	first, second := rules.Mutations(ds), rules.Mutations(ds)
	if len(first) == 0 || len(first) != len(second) {
		t.Fatal(len(first), len(second))
	}
	seen := map[[32]byte]string{}
	for i, m := range first {
		hash := m.Plan.Hash()
		if hash != second[i].Plan.Hash() || m.Of != second[i].Of || m.What != second[i].What {
			t.Errorf("mutation %d differs: %s %s", i, m.Of, m.What)
		}
		if hash == before {
			t.Errorf("%s: %s changes nothing", m.Of, m.What)
		}
		if other, twice := seen[hash]; twice {
			t.Errorf("%s: %s is the same as %s", m.Of, m.What, other)
		}
		seen[hash] = m.Of + ": " + m.What
	}
	if ds.Plan.Hash() != before {
		t.Error("the plan of the contract was changed")
	}
}

// rich is a contract whose rules look at all rows, at another dataset and at the whole.
const rich = `dataset: people
owner: registry
source: {path: "inbox/*.csv"}
fields:
  id: {level: L1}
  city: {level: L1, check: {id: city-known, exists_in: {dataset: places, field: name}, on_fail: keep}}
  county: {level: L1}
rules:
  - {id: county-of-city, field: county, check: {depends: {city: county}}, repair: majority, on_fail: keep}
  - {id: many, check: {row_count: [3, ~]}, severity: gate}
publish: {audience: internal}
tests:
  - title: repaired by the majority
    datasets: {places: [{name: a}]}
    rows:
      - {given: {id: "1", city: a, county: x}, passes: true}
      - {given: {id: "2", city: a, county: x}, expect: {county: x}}
      - {given: {id: "3", city: a, county: y}, expect: {county: x}, published: {county: x}}
      - {given: {id: "4", city: b, county: x}, fails: city-known}
    refuses: []
  - title: nothing is known of places, and the rows are few
    given: {id: "1", city: b}
    passes: true
    refuses: many
`

func TestTestsSeeRepairsOtherDatasetsAndMeasures(t *testing.T) {
	root := newWorkspace(t, rich, "")
	places := "dataset: places\nowner: registry\nsource: {path: none.csv}\nfields:\n  name: {level: L1}\n"
	if err := os.WriteFile(filepath.Join(root, "datasets", "places.yaml"), []byte(places), 0o644); err != nil {
		t.Fatal(err)
	}
	ws, err := rules.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	results, err := RunTests(t.Context(), ws.Dataset("people"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		for _, d := range r.Differences {
			t.Errorf("%s: row %d, %s %s: expected %v, got %v", r.Title["en"], d.Row, d.What, d.Field, show(d.Expected), show(d.Got))
		}
	}
	m, err := Mutate(t.Context(), ws.Dataset("people"))
	if err != nil || m.Noticed == 0 {
		t.Fatal(m, err)
	}
	for _, u := range m.Unnoticed {
		t.Logf("not noticed: %s: %s", u.Of, u.What)
	}
}

func show(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}
