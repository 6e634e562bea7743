package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"clearwell/lineage/entry"
)

// The environment of the process that is going to end itself.
const (
	crashDir = "CLEARWELL_CRASH_DIR" // workspace
	crashAt  = "CLEARWELL_CRASH_AT"  // name of the point
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, runUntilKilled(dir, os.Getenv(crashAt)))
		os.Exit(3) // it only comes here when the point was not reached
	}
	os.Exit(m.Run())
}

// runUntilKilled opens the workspace, which ends what was interrupted, and runs
// the dataset. The process kills itself at the point: nothing gets to clean up.
func runUntilKilled(dir, at string) error {
	reached = func(point string) {
		if point == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	state := &fileState{path: filepath.Join(dir, StateFile)}
	if err := state.load(); err != nil {
		return err
	}
	ctx := context.Background()
	r, err := openRunner(ctx, dir, state)
	if err != nil {
		return err
	}
	_, err = r.Run(ctx, "people", Options{})
	return errors.Join(fmt.Errorf("the run never came to %q", at), err)
}

// killAt runs the dataset in a process of its own that dies at the point.
func killAt(t *testing.T, root, point string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+root, crashAt+"="+point)
	var said strings.Builder
	cmd.Stderr = &said
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("at %s: %v %s", point, err, said.String())
	}
}

// leftovers lists what a run has to clean up after itself or another one.
func leftovers(t *testing.T, root string) (left []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		dir := filepath.ToSlash(filepath.Dir(rel))
		if strings.Contains(d.Name(), ".tmp") || strings.HasSuffix(d.Name(), ".spill") || dir == StateDir+"/work" || dir == StateDir+"/staging" {
			left = append(left, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// refused is people with a gate that does not open.
var refused = strings.Replace(people, "range: [0, 150]", "range: [0, 150], allow: 0%", 1)

// At each point of a run: what is durable behind it, and so what becomes of the run.
var crashPoints = []struct {
	point, contract, becomes string
	again                    []string // points at which its ending can be interrupted too
}{
	{"journal", people, StatusInterrupted, nil},
	{"intake", people, StatusInterrupted, nil},
	{"archive", people, StatusInterrupted, nil},
	{"delivery", people, StatusInterrupted, []string{"run-failed", "failed-state", "discard"}},
	{"staging", people, StatusInterrupted, nil},
	{"entries", people, StatusPublished, []string{"state", "rejects", "promote"}},
	{"state", people, StatusPublished, []string{"state", "rejects", "promote"}},
	{"rejects", people, StatusPublished, nil},
	{"promote", people, StatusPublished, nil},
	{"run-failed", refused, StatusRefused, []string{"run-failed", "failed-state", "discard"}},
	{"failed-state", refused, StatusRefused, nil},
	{"discard", refused, StatusRefused, nil},
}

func TestARunKilledAtAnyCommitPointIsEndedByTheNextStart(t *testing.T) {
	for _, c := range crashPoints {
		for _, again := range append([]string{""}, c.again...) {
			if testing.Short() && again != "" {
				continue
			}
			t.Run(c.point+" "+again, func(t *testing.T) {
				t.Parallel()
				root := newWorkspace(t, people, peopleRows)
				runOnce(t, root, "people", Options{})
				if err := os.WriteFile(filepath.Join(root, "datasets/people.yaml"), []byte(c.contract), 0o644); err != nil {
					t.Fatal(err)
				}
				killAt(t, root, c.point)
				mustBeWhole(t, root)
				if again != "" {
					killAt(t, root, again)
					mustBeWhole(t, root)
				}
				checkEnded(t, root, c.becomes)
			})
		}
	}
}

// A delivery above a block is synced and named while it is read: whatever a kill leaves of it is swept,
// and the next run takes it in anew.
func TestALargeDeliveryKilledBeforeItIsDurableIsTakenInAnew(t *testing.T) {
	rows := peopleRows + strings.Repeat("\n", 3<<20) // blank lines are no records
	for _, point := range []string{"intake", "archive", "delivery", "staging"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			root := newWorkspace(t, people, peopleRows)
			runOnce(t, root, "people", Options{})
			if err := os.WriteFile(filepath.Join(root, "inbox/rows.csv"), []byte(rows), 0o644); err != nil {
				t.Fatal(err)
			}
			killAt(t, root, point)
			mustBeWhole(t, root)
			checkEnded(t, root, StatusInterrupted)
			if left, err := filepath.Glob(filepath.Join(root, StateDir, "archive", ".tmp-*")); err != nil || len(left) > 0 {
				t.Errorf("left over in the archive: %v, %v", left, err)
			}
		})
	}
}

func TestAVersionPlacedAndNotMadeCurrentIsMadeCurrentByTheNextStart(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	runOnce(t, root, "people", Options{})
	latest := filepath.Join(root, "published/people/latest.json")
	first := readFile(t, latest)
	killAt(t, root, "promote")
	overwrite(t, latest, first) // as it was between the two renames
	mustBeWhole(t, root)
	checkEnded(t, root, StatusPublished)
}

// checkEnded opens the workspace of a run that was killed as the second one, and
// looks at everything that must hold from then on.
func checkEnded(t *testing.T, root, becomes string) {
	t.Helper()
	r := runner(t, root)
	state := openState(t, root)
	killed := state.Runs[1]
	if killed.Status != becomes || killed.Finished.IsZero() || killed.Version != map[string]int64{StatusPublished: 2}[becomes] {
		t.Errorf("the history has %+v, it should have become %s", killed, becomes)
	}
	if (killed.Error == "") != (becomes == StatusPublished) {
		t.Errorf("error %q of a run that became %s", killed.Error, becomes)
	}
	if becomes == StatusPublished && (killed.Rows.sum() != killed.Rows.Read || killed.Rows.Read != 9) {
		t.Errorf("rows %+v", killed.Rows)
	}
	logged, err := r.Ledger.FindRun(context.Background(), killed.ID, 0)
	if err != nil || len(logged) == 0 {
		t.Fatalf("%d entries, %v", len(logged), err)
	}
	want := entry.RunFailed
	if becomes == StatusPublished {
		want = entry.Publication
	}
	if last := logged[len(logged)-1].Entry.Kind; last != want {
		t.Errorf("the last entry of the run is %s, not %s", last, want)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if left := leftovers(t, root); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	mustBeWhole(t, root)

	// The next run gives exactly one version more, and it is current.
	if err := os.WriteFile(filepath.Join(root, "datasets/people.yaml"), []byte(people), 0o644); err != nil {
		t.Fatal(err)
	}
	next := int64(2)
	if becomes == StatusPublished {
		next = 3
	}
	if out := runOnce(t, root, "people", Options{}); out.Run.Version != next {
		t.Errorf("the next version is %d, not %d", out.Run.Version, next)
	}
	r = runner(t, root)
	defer r.Close()
	if latest, err := r.Site.Current("people"); err != nil || int64(latest.Version) != next {
		t.Errorf("current is %+v, %v", latest, err)
	}
	if versions, err := r.Site.Versions("people"); err != nil || int64(len(versions)) != next {
		t.Errorf("versions %v, %v", versions, err)
	}
	if left := leftovers(t, root); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	_, notes := findings(t, root)
	mustBeWhole(t, root)
	for _, n := range notes {
		if !strings.Contains(n, "were compared with their hashes") {
			t.Errorf("note: %s", n)
		}
	}
}
