package pipeline

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearwell/pipeline/quality"
)

const measuredPeople = `dataset: people
owner: registry
source: {path: "inbox/*.csv"}
where: person != 'nobody'
fields:
  id: {type: integer, level: L1, check: {distinct: [1, ~], quantile: {0.9: [0, ~]}, stddev: [0, ~]}}
  person: {level: L2, check: {entropy: [0, ~], distinct_share: 1%, over: published}}
  age:
    type: integer
    level: L1
    check:
      - {id: age-range, range: [0, 150]}
      - {null_share: 50%, mean: [0, ~], max: 1000}
      - {id: published-max, max: 150, over: published}
      - {id: adults, mean: [18, ~], when: age >= 18, over: published}
      - {id: children, distinct: [1, ~], when: age < 18, over: published}
      - {id: all-adults, distinct: [1, ~], when: age >= 18}
dedupe: {key: [person]}
rules:
  - {id: both, check: {correlation: {fields: [id, age], range: [-1, 1]}}}
  - {id: rows, check: {row_count: [1, ~]}, when: age >= 18}
publish: {audience: internal, sort_by: [age]}
`

// TestMeasuresDoNotDependOnTheRun compares the quality result of runs of
// different workers, batches and memory, and holds some figures against the rows themselves.
func TestMeasuresDoNotDependOnTheRun(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var rows strings.Builder
	rows.WriteString("id,person,age\n")
	delivered, old := 0, 0
	seen, adults, children := map[string]bool{}, 0, map[int]bool{}
	for i := range 6000 {
		person, age := fmt.Sprint("p", rng.IntN(4000)), rng.IntN(170)
		if rng.IntN(50) == 0 {
			person = "nobody"
		}
		fmt.Fprintf(&rows, "%d,%s,%d\n", i, person, age)
		if person == "nobody" {
			continue
		}
		delivered++
		if age >= 18 {
			old++
		}
		if age <= 150 && !seen[person] {
			seen[person] = true
			if age >= 18 {
				adults++
			} else {
				children[age] = true
			}
		}
	}
	var want string
	for _, opts := range []Options{{CPUs: 1}, {CPUs: 3, chunkSize: 2000, Memory: 1 << 20}, {CPUs: 2, chunkSize: 70_000, Memory: 4 << 20}} {
		root := newWorkspace(t, measuredPeople, rows.String())
		out := runOnce(t, root, "people", opts)
		text, err := os.ReadFile(filepath.Join(root, out.Folder, qualityJSON))
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(text)
		}
		if string(text) != want {
			t.Fatalf("%+v: the quality result is another", opts)
		}
		mustBeWhole(t, root)
		found := map[string]quality.MeasureResult{}
		for _, m := range out.Quality.Measures {
			found[m.ID] = m
			if m.Verdict != quality.MeasurePassed {
				t.Errorf("%s: %+v", m.ID, m)
			}
		}
		for id, n := range map[string]int{"age.mean": delivered, "rows": old, "all-adults": old, "published-max": len(seen), "adults": adults} {
			if found[id].Rows != int64(n) {
				t.Errorf("%s looked at %d rows, want %d", id, found[id].Rows, n)
			}
		}
		if got := found["children"].Observed; got != fmt.Sprint(len(children)) {
			t.Errorf("%s ages of children, want %d", got, len(children))
		}
		if found["age.max"].Observed != "169" || found["published-max"].Observed != "150" {
			t.Errorf("greatest ages: %s delivered, %s published", found["age.max"].Observed, found["published-max"].Observed)
		}
	}
}
