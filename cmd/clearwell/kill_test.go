//go:build unix

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"clearwell/examples/residents/generator"
	"clearwell/jobs"
	"clearwell/lineage/entry"
	"clearwell/lineage/verify"
	"clearwell/pipeline"
)

// residents is the example workspace with rows generated records in its inbox.
func residents(t *testing.T, rows int) string {
	t.Helper()
	ws := workspace(t, "../../examples/residents")
	var source bytes.Buffer
	if err := generator.Write(&source, rows, generator.DefaultSeed); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(ws, "inbox", "residents.csv"), source.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return ws
}

// start starts the program; what it prints ends in the returned buffer when Wait returns.
func start(t *testing.T, env []string, workspace string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, append([]string{"-C", workspace}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &said
}

// leftovers lists what runs have to clean up after themselves or others.
func leftovers(t *testing.T, root string) (left []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		dir := filepath.ToSlash(filepath.Dir(rel))
		if strings.Contains(d.Name(), ".tmp") || strings.HasSuffix(d.Name(), ".spill") || dir == ".clearwell/work" || dir == ".clearwell/staging" {
			left = append(left, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// wholeWorkspace checks everything that must hold whenever no run is going on,
// and returns how many versions there are.
func wholeWorkspace(t *testing.T, ws string) int {
	t.Helper()
	if left := leftovers(t, ws); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	ctx := context.Background()
	store, err := jobs.OpenStore(ctx, filepath.Join(ws, pipeline.StateFile))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	report, err := pipeline.VerifyWorkspace(ctx, ws, pipeline.VerifyOptions{State: store})
	if err != nil || !report.OK || len(report.Notes) != 1 {
		t.Errorf("%v %+v %v", err, report.Findings, report.Notes)
	}

	// What the ledger says of each run is what the history says of it.
	versions, ends := 0, map[string]entry.Kind{}
	_, err = verify.Log(ctx, verify.LogOptions{Dir: filepath.Join(ws, pipeline.LedgerDir), Visit: func(_ uint64, e *entry.Entry) []verify.Finding {
		switch e.Kind {
		case entry.Publication:
			versions++
			n := func(key string) int64 { v, _ := e.Body[key].(int64); return v }
			if sum := n("rows") + n("rows_quarantined") + n("rows_duplicates") + n("rows_suppressed") + n("rows_excluded"); sum != n("rows_read") || n("version") != int64(versions) {
				t.Errorf("publication %d: %v", versions, e.Body)
			}
			fallthrough
		case entry.RunFailed:
			if before, twice := ends[e.Run]; twice {
				t.Errorf("run %s ended as %s and as %s", e.Run, before, e.Kind)
			}
			ends[e.Run] = e.Kind
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	runs, err := store.Runs("", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		want := entry.RunFailed
		if r.Status == pipeline.StatusPublished {
			want = entry.Publication
		}
		if ends[r.ID] != want || r.Status == pipeline.StatusRunning {
			t.Errorf("run %s is %s in the history and ends with %q in the ledger", r.ID, r.Status, ends[r.ID])
		}
		delete(ends, r.ID)
	}
	if len(ends) > 0 {
		t.Errorf("runs of the ledger that the history does not have: %v", ends)
	}

	var latest struct{ Version int }
	if raw, err := os.ReadFile(filepath.Join(ws, "published/residents/latest.json")); err == nil {
		if err := json.Unmarshal(raw, &latest); err != nil {
			t.Error(err)
		}
	}
	folders, err := filepath.Glob(filepath.Join(ws, "published/residents/v=*"))
	if err != nil || latest.Version != versions || len(folders) != versions {
		t.Errorf("%d versions in the ledger, %d folders, %d is current, %v", versions, len(folders), latest.Version, err)
	}
	return versions
}

func TestARunKilledAtAnyMomentLeavesOneValidVersionAfterTheNext(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 6
	}
	ws := residents(t, 12_000)
	clearwell(t, ws, "run") // makes keys and ledger, and tells how long a run takes
	began := time.Now()
	clearwell(t, ws, "run")
	took := time.Since(began)
	versions := wholeWorkspace(t, ws)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, a run takes %v", seed, took)
	random := rand.New(rand.NewPCG(seed, 0))
	ended, finished := 0, 0
	for i := range kills {
		after := time.Duration(random.Int64N(int64(took)))
		if i%3 == 0 { // a third of them near the end, where ledger and renames are
			after = took - time.Duration(random.Int64N(int64(took)/4))
		}
		cmd, said := start(t, nil, ws, "run")
		time.Sleep(after)
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		err := cmd.Wait()
		if err != nil && cmd.ProcessState.Exited() {
			t.Fatalf("kill %d: %v %s", i, err, said.String())
		}
		begun, globErr := filepath.Glob(filepath.Join(ws, ".clearwell/work/*"))
		if globErr != nil {
			t.Fatal(globErr)
		}
		_, placed := os.Stat(filepath.Join(ws, fmt.Sprintf("published/residents/v=%06d", versions+1)))
		if len(begun) == 0 && placed == nil { // it was faster, or was only closing the ledger
			ended++
			versions++
		}
		// Whatever the killed run left, the workspace verifies before anybody cleans up.
		clearwell(t, ws, "verify")
		began := time.Now()
		out := clearwellAll(t, ws, "run")
		took = (took + time.Since(began)) / 2 // the machine may have other work at times
		versions++
		if strings.Contains(out, "finished run") {
			finished++
			versions++
		}
		if got := wholeWorkspace(t, ws); got != versions {
			t.Fatalf("kill %d after %v: %d versions, not %d\n%s", i, after, got, versions, out)
		}
		if t.Failed() {
			t.Fatalf("kill %d after %v", i, after)
		}
	}
	t.Logf("%d kills: %d were too late, %d hit a run that was recorded and finished by the next", kills, ended, finished)
}

// clearwellAll is clearwell with both outputs.
func clearwellAll(t *testing.T, workspace string, args ...string) string {
	t.Helper()
	cmd, said := start(t, nil, workspace, args...)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("clearwell %v: %v\n%s", args, err, said.String())
	}
	return said.String()
}

func TestARunThatIsToldToStopPublishesNothingAndSaysSo(t *testing.T) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	stops := 16
	if testing.Short() {
		stops = 4
	}
	ws := residents(t, 12_000)
	clearwell(t, ws, "run")
	began := time.Now()
	clearwell(t, ws, "run")
	took := time.Since(began)
	versions := wholeWorkspace(t, ws)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, a run takes %v", seed, took)
	random := rand.New(rand.NewPCG(seed, 0))
	stopped := 0
	for i := range stops {
		// Not before the program can have set its signals: that would be the system's own end of it.
		after := took/8 + time.Duration(random.Int64N(int64(took)*7/8))
		cmd, said := start(t, nil, ws, "run")
		time.Sleep(after)
		if err := cmd.Process.Signal(signals[i%2]); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		err := cmd.Wait()
		switch {
		case err == nil: // recorded before the signal came: then it is published whole
			versions++
		case !cmd.ProcessState.Exited() || cmd.ProcessState.ExitCode() != 1:
			t.Errorf("stop %d after %v: %v\n%s", i, after, err, said.String())
		case !strings.Contains(said.String(), "stopped by a signal"):
			t.Errorf("stop %d after %v says: %s", i, after, said.String())
		default:
			stopped++
		}
		if got := wholeWorkspace(t, ws); got != versions || t.Failed() {
			t.Fatalf("stop %d after %v: %d versions, not %d\n%s", i, after, got, versions, said.String())
		}
	}
	t.Logf("%d stops, %d while the run could be called off", stops, stopped)
}
