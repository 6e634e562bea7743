package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"clearwell/pipeline"
)

// TestEveryCleaningStepOnAMessyFile runs testdata/cleaning.txtar: a workspace, the
// table that is published (want) and what goes to the quarantine.
func TestEveryCleaningStepOnAMessyFile(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "cleaning.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	ws, golden := t.TempDir(), map[string]string{}
	for _, f := range archive.Files {
		if golden[f.Name] = string(f.Data); f.Name == "want" || f.Name == "quarantine" {
			continue
		}
		name := filepath.Join(ws, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got struct {
		Parquet    []string
		Quarantine string
	}
	if err := json.Unmarshal(clearwell(t, ws, "run", "--json"), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Parquet) != 1 {
		t.Fatalf("published %v", got.Parquet)
	}
	table := readByParquetGo(t, filepath.Join(ws, got.Parquet[0]))
	lines := strings.Split(strings.TrimSpace(golden["want"]), "\n")
	for c, name := range strings.Split(lines[0], "\t") {
		cells := table.column(t, name)
		if len(cells) != len(lines)-1 {
			t.Fatalf("%d rows are published, want %d", len(cells), len(lines)-1)
		}
		for i, line := range lines[1:] {
			want, have := strings.Split(line, "\t")[c], "~"
			if cells[i] != nil {
				have = *cells[i]
			}
			if have != want {
				t.Errorf("%s in row %d is %q, want %q", name, i+1, have, want)
			}
		}
	}
	var rejected strings.Builder
	err = pipeline.ReadQuarantine(filepath.Join(ws, got.Quarantine), func(r *pipeline.Reject) error {
		rejected.WriteString(r.Cells[0] + ": " + r.Reasons)
		if _, suggestion, ok := strings.Cut(r.Messages, "; "); ok {
			rejected.WriteString(": " + suggestion)
		}
		rejected.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if rejected.String() != golden["quarantine"] {
		t.Errorf("the quarantine has\n%swant\n%s", rejected.String(), golden["quarantine"])
	}
}
