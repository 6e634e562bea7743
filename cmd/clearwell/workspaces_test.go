package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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
	dir, err := os.MkdirTemp("", "clearwell-test-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "clearwell")
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
	var got report
	if err := json.Unmarshal(clearwell(t, workspace, "run", "--json"), &got); err != nil {
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
	return got, want
}

func TestTheChicagoSitesComeOutAsWorkedOut(t *testing.T) {
	data := shared(t)
	ws := workspace(t, "testdata/real/chicago")
	deliver(t, ws, filepath.Join(data, "data/real/chicago-early-childhood/sites.csv"))
	compare(t, ws, "testdata/real/chicago/expect.json")
}

func TestTheItalianDailyFilesComeOutAsWorkedOut(t *testing.T) {
	data := shared(t)
	ws := workspace(t, "testdata/real/italy")
	days, err := filepath.Glob(filepath.Join(data, "data/real/italy-civil-protection/province/*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, ws, days...)
	compare(t, ws, "testdata/real/italy/expect.json")
}

func TestTheWildlifeStrikesComeOutAsWorkedOut(t *testing.T) {
	ws := workspace(t, "../../examples/wildlife-strikes")
	clearwell(t, ws, "keys", "create", "wildlife-places")
	clearwell(t, ws, "keys", "create", "wildlife-operators")
	compare(t, ws, "testdata/examples/wildlife.json")
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
	compare(t, ws, "testdata/examples/residents.json")
}
