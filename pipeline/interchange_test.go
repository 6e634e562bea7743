package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clearwell/connectors/archive"
	"clearwell/pipeline/quality"
	"clearwell/rules"
	"clearwell/rules/interchange"
)

// gxData are suites, CSV files and what Great Expectations finds in them; generate.py there made them.
var gxData = filepath.Join("..", "rules", "interchange", "testdata", "gx")

// gxOutcome is what one expectation gives.
type gxOutcome struct {
	Success    bool  `json:"success"`
	Unexpected int64 `json:"unexpected_count"`
	Rows       []int `json:"rows"`
	Observed   any   `json:"observed_value"`
}

// Rows, counts, observed values and outcomes of imported suites are those of Great Expectations itself.
func TestSuitesGiveWhatGreatExpectationsGives(t *testing.T) {
	for _, name := range []string{"orders", "orders-018", "sparse", "sparse-018"} {
		t.Run(name, func(t *testing.T) {
			suite, err := os.ReadFile(filepath.Join(gxData, name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			base := name[:6]
			source, err := os.ReadFile(filepath.Join(gxData, base+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			var expected []gxOutcome
			readJSON(t, filepath.Join(gxData, base+".expected.json"), &expected)
			imported, err := interchange.Import(suite, interchange.Options{File: name + ".json", Dataset: "orders", Owner: "registry"})
			if err != nil {
				t.Fatal(err)
			}
			trial := tryContract(t, imported, source)
			compared := 0
			for i := range expected {
				place := fmt.Sprintf("/expectations/%d", i)
				k := slices.IndexFunc(imported.Carried, func(c interchange.Carried) bool { return c.Pointer == place })
				if k < 0 {
					t.Errorf("%s is not carried over", place)
					continue
				}
				compared++
				c := imported.Carried[k]
				if len(c.Rules) != 1 {
					compareAll(t, trial, place+" "+c.What, c.Rules, &expected[i])
					continue
				}
				compareWithGX(t, trial, place+" "+c.What, c.Rules[0], &expected[i])
			}
			if compared != len(expected) {
				t.Errorf("only %d of %d expectations were compared", compared, len(expected))
			}
		})
	}
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tryContract carries a source through an imported contract.
func tryContract(t *testing.T, imported *interchange.Imported, source []byte) *trial {
	t.Helper()
	dir := t.TempDir()
	files := map[string][]byte{"clearwell.yaml": []byte("workspace: test\ndepartments: {registry: {}}\n"), "datasets/" + imported.Dataset + ".yaml": imported.Contract}
	for file, text := range imported.Files {
		files[file] = text
	}
	for file, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ws, err := rules.Load(dir)
	if err != nil {
		t.Fatalf("%v\n%s", err, imported.Contract)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(source))
	ds := ws.Datasets[0]
	made, err := trialOf{dataset: ds, plan: ds.Plan, from: memorySource{sum: source},
		objects: []sourceObject{{Name: "test", Archive: archive.Object{SHA256: sum, Size: int64(len(source))}}}, opts: Options{CPUs: 1, Memory: testMemory}}.run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.release)
	return made
}

// compareWithGX holds one rule or measure against what Great Expectations found.
func compareWithGX(t *testing.T, tr *trial, what, id string, want *gxOutcome) {
	t.Helper()
	for k := range tr.plan.Rules {
		if tr.plan.Rules[k].ID != id {
			continue
		}
		r := tr.result.Rules[slices.IndexFunc(tr.result.Rules, func(r quality.RuleResult) bool { return r.ID == id })]
		if r.Delivered.Failed != want.Unexpected {
			t.Errorf("%s (%s): %d rows fail, %d there", what, id, r.Delivered.Failed, want.Unexpected)
		}
		if success := r.Outcome != quality.Refused; success != want.Success {
			t.Errorf("%s (%s): success is %t (%s), there it is %t", what, id, success, r.Outcome, want.Success)
		}
		rows := []int{}
		for number := range tr.scan.frames {
			f, err := tr.load(number)
			if err != nil {
				t.Fatal(err)
			}
			for i := range f.rows {
				if f.fails(k, i) {
					rows = append(rows, int(f.rowNumber(i)))
				}
			}
			f.done()
		}
		slices.Sort(rows)
		if !slices.Equal(rows, want.Rows) {
			t.Errorf("%s (%s): rows %v fail, there rows %v", what, id, rows, want.Rows)
		}
		return
	}
	for _, m := range tr.result.Measures {
		if m.ID != id {
			continue
		}
		if success := m.Verdict == quality.MeasurePassed; success != want.Success {
			t.Errorf("%s (%s): %s with %v, there success is %t with %v", what, id, m.Verdict, m.Observed, want.Success, want.Observed)
		}
		if number, ok := want.Observed.(float64); ok && m.Kind != rules.NullShare {
			text, share := strings.CutSuffix(strings.TrimSuffix(m.Observed, " columns"), "%")
			got, err := strconv.ParseFloat(text, 64)
			if share {
				got /= 100
			}
			if err != nil || math.Abs(got-number) > 1e-6*math.Max(1, math.Abs(number)) { // six decimals are shown
				t.Errorf("%s (%s): %s is observed, there %v", what, id, m.Observed, number)
			}
		}
		return
	}
	t.Errorf("%s: no rule or measure %s", what, id)
}

// compareAll holds the measures that became of one expectation against it: it succeeds if all of them pass.
func compareAll(t *testing.T, tr *trial, what string, ids []string, want *gxOutcome) {
	t.Helper()
	success, found := true, 0
	for _, m := range tr.result.Measures {
		if slices.Contains(ids, m.ID) {
			success = success && m.Verdict == quality.MeasurePassed
			found++
		}
	}
	if found != len(ids) || success != want.Success {
		t.Errorf("%s %v: %d measures, success is %t, there it is %t with %v", what, ids, found, success, want.Success, want.Observed)
	}
}
