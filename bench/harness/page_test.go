package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestThePageSaysWhichTargetsAreMetAndKeepsWhatPeopleWrote(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "reference-5m.runs.jsonl", `{"label":"clearwell","wall_s":20,"cpu_s":30,"peak_b":524288000}
{"label":"duckdb","wall_s":42,"cpu_s":70,"peak_b":1}
{"label":"polars-py","wall_s":40,"cpu_s":90,"peak_b":1}
{"label":"floor","wall_s":10,"cpu_s":5,"peak_b":1}
`)
	write(t, dir, "reference-5m.facts.json", `{"command":"bench/run.sh","machine":"machine: two cores","rows":5000000,"bytes":1270000000,"equal":"yes","seconds":{"archive":4,"check":6,"publish":10}}`)
	page := filepath.Join(dir, "page.md")
	write(t, dir, "page.md", "# Title\n"+beginMark+"\nold figures\n"+endMark+"\nby hand\n")
	r, err := loadResults(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := writePage(page, r.Page()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, want := range []string{
		"# Title\n", "\nby hand\n", "Measured on: two cores",
		"| 5M rows: wall, of the fastest peer's | ≤ 0.33 | 0.50 | **not met** | publish takes 50 % of the run |",
		"| 5M rows: peak memory | ≤ 600 MiB | 500 MiB | met |",
		"| 5M rows: wall, of the floor's | ≤ 1.50 | 2.00 | **not met** |",
		"| 1M rows: wall, of the fastest peer's | ≤ 0.33 | – | not measured |",
		"The fastest peer is polars-py: clearwell takes 0.50 of its wall time and 0.33 of its CPU time.",
		"archive 4.000 s, check 6.000 s, publish 10.000 s",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "old figures") {
		t.Error("the figures of before are still there")
	}
	write(t, dir, "page.md", "no marks")
	if err := writePage(page, r.Page()); err == nil {
		t.Error("a page without marks was overwritten")
	}
}

func TestTheLineBeforeTheLastIsTheRatioToTheFastestPeer(t *testing.T) {
	runs := []Run{
		{Label: "clearwell", WallSeconds: 2, CPUSeconds: 3, PeakBytes: 1 << 20},
		{Label: "clearwell-1core", WallSeconds: 1, CPUSeconds: 1},
		{Label: "floor", WallSeconds: 1, CPUSeconds: 1},
		{Label: "duckdb", WallSeconds: 8, CPUSeconds: 10},
		{Label: "polars-py", WallSeconds: 4, CPUSeconds: 4},
	}
	got := strings.Split(strings.TrimSpace(Report(runs, "clearwell", "duckdb", 1, 1)), "\n")
	if line := got[len(got)-2]; line != "fastest peer polars-py wall 0.50 cpu 0.75" {
		t.Errorf("got %q", line)
	}
	if line := got[len(got)-1]; line != "ratio wall 0.25 cpu 0.30 peak_mib 1" {
		t.Errorf("got %q", line)
	}
}

func TestSamplesGoToTheKindOfWorkThatAskedForThem(t *testing.T) {
	traces := `File: clearwell
Type: cpu
-----------+-------------------------------------------------------
     1.50s   crypto/internal/fips140/sha256.blockSHANI
             clearwell/pipeline/publish/contentroot.(*Adder).Add
             main.main
-----------+-------------------------------------------------------
     500ms   crypto/internal/fips140/sha256.blockSHANI
             clearwell/connectors/archive.copyHashed.func1
-----------+-------------------------------------------------------
      20ms   runtime.scanObject
             runtime.gcBgMarkWorker
-----------+-------------------------------------------------------
      30ms   runtime.memmove
             clearwell/connectors/csv.(*Decoder).copyColumn
-----------+-------------------------------------------------------
`
	got, err := stageSeconds(strings.NewReader(traces))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"content root": 1.5, "SHA-256 of the source": 0.5, "garbage collection": 0.02, "CSV": 0.03} {
		if got[name] != want {
			t.Errorf("%s: %v s, want %v", name, got[name], want)
		}
	}
	if _, err := stageSeconds(strings.NewReader("nothing")); err == nil {
		t.Error("an empty profile is taken")
	}
	table := rooflineTable(roof{Rates: map[string]float64{"decode": 1e9}, InputBytes: 2e9}, got)
	if !strings.Contains(table, "| CSV | 2000 MB | 1000 MB/s | 2.00 | 0.03 | 1 % |") {
		t.Errorf("got\n%s", table)
	}
}
