package scaffold_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"clearwell/rules"
	"clearwell/rules/scaffold"
)

func TestANewWorkspaceIsRight(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	names, err := scaffold.Init(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"clearwell.yaml", "datasets/shops.yaml", "inbox/shops-sample.csv", "jobs.yaml"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s was not written", want)
		}
	}
	ws, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(ws.Datasets) != 1 || len(ws.Jobs) != 1 || len(ws.Departments) != 1 {
		t.Fatalf("got %d datasets, %d jobs, %d departments", len(ws.Datasets), len(ws.Jobs), len(ws.Departments))
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "jobs.yaml")
	if err := os.WriteFile(own, []byte("jobs: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := scaffold.Init(dir); err == nil {
		t.Fatal("a folder with a jobs.yaml was taken")
	}
	if text, _ := os.ReadFile(own); string(text) != "jobs: []\n" {
		t.Fatal("jobs.yaml was changed")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Fatal("files were written beside it")
	}
}

func TestTheContractOfANewWorkspaceHasTests(t *testing.T) {
	dir := t.TempDir()
	if _, err := scaffold.Init(dir); err != nil {
		t.Fatal(err)
	}
	ws, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(ws.Datasets[0].Tests); n < 2 {
		t.Errorf("%d tests", n)
	}
}
