package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"clearwell/examples/residents/generator"
)

// balance is where the rows of a run went.
type balance struct{ Read, Published, Quarantined, Duplicates, Excluded int64 }

// expectation is what a run must give, worked out by the Python program beside it.
type expectation struct {
	Rows  balance `json:"rows"`
	Rules map[string]struct {
		Checked int64 `json:"checked"`
		Failed  int64 `json:"failed"`
	} `json:"rules"`
	Nulls     map[string]int64           `json:"nulls"`
	Measures  map[string]string          `json:"measures"` // verdicts
	Published map[string]json.RawMessage `json:"published"`
}

// report is the part of `run --json` that is looked at.
type report struct {
	Status string  `json:"status"`
	Error  string  `json:"error"`
	Rows   balance `json:"rows"`
	Rules  []struct {
		ID      string `json:"id"`
		Checked int64  `json:"checked"`
		Failed  int64  `json:"failed"`
	} `json:"rules"`
	Fields []struct {
		Name  string `json:"name"`
		Nulls int64  `json:"nulls"`
	} `json:"fields"`
	Parquet []string `json:"parquet"`
}

// built is the program under test, built once.
var built = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(os.Getenv("CLEARWELL_TEST_DIR"), "clearwell") // TestMain makes and removes it
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

func clearwell(t *testing.T, workspace string, args ...string) []byte {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, append([]string{"-C", workspace}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("clearwell %v: %v\n%s%s", args, err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.Bytes()
}

// shared is the folder with the data for tests; the test passes over without it.
func shared(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CLEARWELL_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "real", "README.md")); err != nil {
		t.Skipf("reason: shared data folder not found at %s; set CLEARWELL_SHARED to where it is", dir)
	}
	return dir
}

// workspace copies a workspace without what runs have left in it.
func workspace(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".clearwell" || d.Name() == "published" {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(to, "inbox"), 0o755); err != nil {
		t.Fatal(err)
	}
	return to
}

// deliver copies files into the workspace's inbox.
func deliver(t *testing.T, workspace string, files ...string) {
	t.Helper()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(workspace, "inbox", filepath.Base(file)), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// compare runs the only dataset of the workspace and holds the result against the expectation.
func compare(t *testing.T, workspace, expected string) (report, expectation) {
	t.Helper()
	data, err := os.ReadFile(expected)
	if err != nil {
		t.Fatal(err)
	}
	var want expectation
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatalf("%s: %v", expected, err)
	}
	return compareDataset(t, workspace, "", want), want
}

// compareDataset runs a dataset of the workspace, the only one if dataset is empty, and holds the
// result against the expectation.
func compareDataset(t *testing.T, workspace, dataset string, want expectation) report {
	t.Helper()
	args := []string{"run", "--json"}
	if dataset != "" {
		args = append(args, dataset)
	}
	var got report
	if err := json.Unmarshal(clearwell(t, workspace, args...), &got); err != nil {
		t.Fatal(err)
	}
	if got.Rows != want.Rows {
		t.Errorf("rows %+v, want %+v", got.Rows, want.Rows)
	}
	rules := map[string]bool{}
	for _, r := range got.Rules {
		rules[r.ID] = true
		w, ok := want.Rules[r.ID]
		switch {
		case !ok && r.Failed != 0:
			t.Errorf("rule %s: %d of %d fail, and nobody expects the rule", r.ID, r.Failed, r.Checked)
		case ok && (r.Checked != w.Checked || r.Failed != w.Failed):
			t.Errorf("rule %s: %d of %d fail, want %d of %d", r.ID, r.Failed, r.Checked, w.Failed, w.Checked)
		}
	}
	for id := range want.Rules {
		if !rules[id] {
			t.Errorf("rule %s was not run", id)
		}
	}
	for _, f := range got.Fields {
		if n, ok := want.Nulls[f.Name]; ok && f.Nulls != n {
			t.Errorf("field %s: %d nulls, want %d", f.Name, f.Nulls, n)
		}
	}
	if len(want.Measures) == 0 {
		return got
	}
	var measured struct {
		Measures []struct{ ID, Verdict, Observed string }
	}
	if err := json.Unmarshal(clearwell(t, workspace, append([]string{"quality"}, args[1:]...)...), &measured); err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]string{}
	for _, m := range measured.Measures {
		verdicts[m.ID] = m.Verdict
	}
	if !maps.Equal(verdicts, want.Measures) {
		t.Errorf("measures %v, want %v", verdicts, want.Measures)
	}
	return got
}

func TestTheChicagoSitesComeOutAsWorkedOut(t *testing.T) {
	data := shared(t)
	ws := workspace(t, "testdata/real/chicago")
	deliver(t, ws, filepath.Join(data, "data/real/chicago-early-childhood/sites.csv"))
	got, want := compare(t, ws, "testdata/real/chicago/expect.json")
	p := readPublished(t, ws, got)
	sources := map[string]int{}
	for _, s := range p.given(t, "source") {
		sources[s]++
	}
	var first []json.Number
	for _, id := range p.given(t, "record_id")[:5] {
		first = append(first, json.Number(id))
	}
	figures(t, want, map[string]any{
		"first_ids": first, "sum_of_ids": json.Number(p.sum(t, "record_id").RatString()),
		"phones": len(p.given(t, "phone")), "zips": len(p.given(t, "zip")), "sources": sources,
	})
}

func TestTheItalianContractsAndPaymentsComeOutAsWorkedOut(t *testing.T) {
	data := shared(t)
	ws := workspace(t, "testdata/real/italy-contracts")
	folder := filepath.Join(data, "data/real/italy-civil-protection/contracts")
	deliver(t, ws, filepath.Join(folder, "contracts.csv"), filepath.Join(folder, "payments.csv"))
	text, err := os.ReadFile("testdata/real/italy-contracts/expect.json")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]expectation{}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, dataset := range []string{"contracts", "payments"} { // payments look into what contracts published
		compareDataset(t, ws, dataset, want[dataset])
	}
}

func TestTheItalianDailyFilesComeOutAsWorkedOut(t *testing.T) {
	data := shared(t)
	ws := workspace(t, "testdata/real/italy")
	days, err := filepath.Glob(filepath.Join(data, "data/real/italy-civil-protection/province/*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, ws, days...)
	got, want := compare(t, ws, "testdata/real/italy/expect.json")
	p := readPublished(t, ws, got)
	naples := 0
	for _, v := range p.given(t, "province_abbreviation") {
		if v == "NA" {
			naples++
		}
	}
	at := p.given(t, "measured_at")
	figures(t, want, map[string]any{
		"sum_of_cases": json.Number(p.sum(t, "total_cases").RatString()), "provinces": p.distinct(t, "province_code"),
		"days": p.distinct(t, "day"), "rows_of_naples": naples, "with_nuts": len(p.given(t, "nuts_3")),
		"first_day": strings.Replace(slices.Min(at), " ", "T", 1), "last_day": strings.Replace(slices.Max(at), " ", "T", 1),
	})
}

func TestTheWildlifeStrikesComeOutAsWorkedOut(t *testing.T) {
	ws := workspace(t, "../../examples/wildlife-strikes")
	clearwell(t, ws, "keys", "create", "wildlife-places")
	clearwell(t, ws, "keys", "create", "wildlife-operators")
	got, want := compare(t, ws, "testdata/examples/wildlife.json")
	p := readPublished(t, ws, got)
	figures(t, want, map[string]any{
		"cost_total": json.Number(p.sum(t, "cost_total").RatString()), "speeds": len(p.given(t, "speed_knots")),
		"months": p.distinct(t, "flight_date"), "airports": p.distinct(t, "airport"), "operators": p.distinct(t, "operator"),
	})
}

func TestTheResidentsComeOutAsWorkedOut(t *testing.T) {
	ws := workspace(t, "../../examples/residents")
	clearwell(t, ws, "keys", "create", "residents")
	var source bytes.Buffer
	if err := generator.Write(&source, generator.DefaultRows, generator.DefaultSeed); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(ws, "inbox", "residents.csv"), source.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	got, want := compare(t, ws, "testdata/examples/residents.json")
	p := readPublished(t, ws, got)
	figures(t, want, map[string]any{
		"capital": p.sum(t, "capital").FloatString(2), "phones": len(p.given(t, "phone")), "emails": len(p.given(t, "email")),
		"last_update": strings.Replace(slices.Max(p.given(t, "updated_at")), " ", "T", 1),
	})
}
