package pipeline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"clearwell/pipeline/quality"
	"clearwell/rules"
)

const coded = `dataset: people
owner: registry
source: {path: "inbox/*.csv"}
fields:
  id: {level: L1}
  district: {level: L1, on_fail: %s, clean: [codes: districts]}
  origin: {level: L3, on_fail: keep, clean: [codes: districts], desensitize: drop}
  region: {level: L1, type: integer, on_fail: keep, clean: [codes: districts]}
publish: {audience: internal, allow_empty: true}
`

const districts = `table: districts
codes: {330102: 上城区, 330106: 西湖区, 330110: 余杭区}
`

func codedWorkspace(t *testing.T, onFail, rows string) string {
	t.Helper()
	root := newWorkspace(t, fmt.Sprintf(coded, onFail), rows)
	if err := os.MkdirAll(filepath.Join(root, "standards"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "standards", "districts.yaml"), []byte(districts), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func ruleOf(t *testing.T, r *quality.Result, id string) quality.RuleResult {
	t.Helper()
	for _, one := range r.Rules {
		if one.ID == id {
			return one
		}
	}
	t.Fatalf("no rule %s in the result", id)
	return quality.RuleResult{}
}

// TestValuesInNoCodeTableStandInTheResult: whatever becomes of the cell, the most
// frequent values are listed with the nearest word; not for a protected field, and
// for one of another type too.
func TestValuesInNoCodeTableStandInTheResult(t *testing.T) {
	rows := "id,district,origin,region\n1,上成区,上成区,上成区\n2,西湖区,西湖区,西湖区\n3,月球表面,x,330106\n4,上成区,,\n5,330110,,\n"
	for _, onFail := range []string{"quarantine", `"null"`, "keep"} {
		root := codedWorkspace(t, onFail, rows)
		out := runOnce(t, root, "people", Options{})
		want := &quality.Unmatched{Different: 2, Values: []quality.UnmatchedValue{
			{Value: "上成区", Cells: 2, Suggestion: "上城区", Code: "330102"}, {Value: "月球表面", Cells: 1}}}
		if got := ruleOf(t, out.Quality, "district.codes"); !reflect.DeepEqual(got.Unmatched, want) || got.Delivered.Failed != 3 {
			t.Errorf("%s: %+v, failed %d", onFail, got.Unmatched, got.Delivered.Failed)
		}
		if got := ruleOf(t, out.Quality, "origin.codes"); got.Unmatched != nil {
			t.Errorf("%s: values of a protected field: %+v", onFail, got.Unmatched)
		}
		if got := ruleOf(t, out.Quality, "region.codes").Unmatched; got == nil || got.Values[0].Suggestion != "上城区" {
			t.Errorf("%s: of an integer: %+v", onFail, got)
		}
		page, err := os.ReadFile(filepath.Join(root, out.Folder, qualityHTML))
		if err != nil || !strings.Contains(string(page), "月球表面") {
			t.Errorf("%s: the page does not show the values (%v)", onFail, err)
		}
		ws, err := rules.Load(root)
		if err != nil {
			t.Fatal(err)
		}
		preview, err := Preview(context.Background(), ws, "people", 1, nil)
		if err != nil || !strings.Contains(fmt.Sprint(preview), "did you mean 上城区 (330102)?") {
			t.Errorf("%s: the preview suggests nothing (%v)", onFail, err)
		}
	}
}

// TestUnmatchedValuesDoNotDependOnWorkers adds more different values than are
// counted, in any order and spread over any tallies.
func TestUnmatchedValuesDoNotDependOnWorkers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var values []string
	exact := map[string]int64{}
	for range 60_000 {
		v := fmt.Sprint("v", rng.IntN(3*maxUnmatched))
		values, exact[v] = append(values, v), exact[v]+1
	}
	none := &suggester{}
	var want *quality.Unmatched
	for _, workers := range []int{1, 2, 7} {
		rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		all, tallies := newUnmatchedTally(), make([]*unmatchedTally, workers)
		for i := range tallies {
			tallies[i] = newUnmatchedTally()
		}
		for i, v := range values {
			tallies[i%3%workers].add([]byte(v))
		}
		for _, o := range tallies {
			all.merge(o)
		}
		got := all.result(none)
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(got, want) || !got.Partial || got.Different != maxUnmatched {
			t.Fatalf("%d workers: %+v, want %+v", workers, got, want)
		}
		for _, v := range got.Values {
			if exact[v.Value] != v.Cells {
				t.Errorf("%s is counted %d times, it is there %d times", v.Value, v.Cells, exact[v.Value])
			}
		}
	}
}
