package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"clearwell/lineage/entry"
)

// onReaching calls f when a run comes to the point, for the length of the test.
func onReaching(t *testing.T, at string, f func()) {
	t.Helper()
	before := reached
	t.Cleanup(func() { reached = before })
	reached = func(point string) {
		if point == at {
			f()
		}
	}
}

// checkFailed looks at a workspace whose second run failed after the first had published.
func checkFailed(t *testing.T, r *Runner, root string) {
	t.Helper()
	run := openState(t, root).Runs[1]
	if run.Status != StatusFailed || run.Finished.IsZero() || run.Error == "" || run.Version != 0 {
		t.Errorf("the history has %+v", run)
	}
	logged, err := r.Ledger.FindRun(context.Background(), run.ID, 0)
	if err != nil || len(logged) == 0 || logged[len(logged)-1].Entry.Kind != entry.RunFailed {
		t.Errorf("%d entries, %v", len(logged), err)
	}
	if latest, err := r.Site.Current("people"); err != nil || latest.Version != 1 {
		t.Errorf("current is %+v, %v", latest, err)
	}
	// Nothing of the run is there any more, before anybody starts again.
	for _, dir := range []string{"work", "staging"} {
		if left, err := os.ReadDir(filepath.Join(root, StateDir, dir)); err == nil && len(left) > 0 {
			t.Errorf("left over in %s: %v", dir, left)
		}
	}
	mustBeWhole(t, root)
}

func TestAPanicIsAFailedRunAndTheNextRunGoesOn(t *testing.T) {
	for _, c := range []struct {
		name, at string
		do       func(*Runner)
	}{
		{"in a worker", "intake", func(r *Runner) { r.Archive = nil }}, // who reads it next is beside the run itself
		{"in the run itself", "staging", func(*Runner) { panic("an invariant is broken") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := newWorkspace(t, people, peopleRows)
			runOnce(t, root, "people", Options{})
			r := runner(t, root)
			defer r.Close()
			archive := r.Archive
			broken := true
			onReaching(t, c.at, func() {
				if broken {
					broken = false
					c.do(r)
				}
			})
			_, err := r.Run(context.Background(), "people", Options{})
			if err == nil || !strings.Contains(err.Error(), "internal error") || !strings.Contains(err.Error(), "nothing is published") {
				t.Errorf("%v", err)
			}
			checkFailed(t, r, root)
			r.Archive = archive
			if out, err := r.Run(context.Background(), "people", Options{}); err != nil || out.Run.Version != 2 {
				t.Errorf("the next run: %+v, %v", out, err)
			}
			mustBeWhole(t, root)
		})
	}
}

func TestARunIsCalledOffUntilItIsRecordedAndFinishedFromThenOn(t *testing.T) {
	for _, c := range []struct {
		at        string
		published bool
	}{
		{"journal", false}, {"intake", false}, {"archive", false}, {"delivery", false}, {"staging", false},
		{"entries", true}, {"state", true}, {"rejects", true}, {"promote", true},
	} {
		t.Run(c.at, func(t *testing.T) {
			root := newWorkspace(t, people, peopleRows)
			runOnce(t, root, "people", Options{})
			r := runner(t, root)
			defer r.Close()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			onReaching(t, c.at, cancel)
			out, err := r.Run(ctx, "people", Options{})
			if c.published {
				if err != nil || out.Run.Version != 2 {
					t.Errorf("%+v, %v", out, err)
				}
				mustBeWhole(t, root)
				return
			}
			if !errors.Is(err, context.Canceled) || !strings.Contains(fmt.Sprint(err), "called off") {
				t.Errorf("%v", err)
			}
			checkFailed(t, r, root)
		})
	}
}

func TestADatasetRunsOnceAtATime(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	r := runner(t, root)
	defer r.Close()
	var second error
	onReaching(t, "delivery", func() {
		if second == nil {
			second = errors.New("not tried")
			_, second = r.Run(context.Background(), "people", Options{})
		}
	})
	if _, err := r.Run(context.Background(), "people", Options{}); err != nil {
		t.Fatal(err)
	}
	if second == nil || !strings.Contains(second.Error(), "running already") {
		t.Errorf("the second run: %v", second)
	}
	mustBeWhole(t, root)
}

// A run that is recorded and cannot be put in its place (a full disk, a lost
// mount) is put there before the same process gives its dataset another version.
func TestARecordedRunThatFailedToBePlacedIsPlacedBeforeTheNext(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	runOnce(t, root, "people", Options{})
	r := runner(t, root)
	defer r.Close()
	latest := filepath.Join(root, "published/people/latest.json")
	good := readFile(t, latest)
	onReaching(t, "rejects", func() { overwrite(t, latest, []byte("{")) })
	if _, err := r.Run(context.Background(), "people", Options{}); err == nil || !strings.Contains(err.Error(), "the next run finishes it") {
		t.Fatalf("%v", err)
	}
	reached = func(string) {}
	overwrite(t, latest, good)
	mustBeWhole(t, root)
	out, err := r.Run(context.Background(), "people", Options{})
	if err != nil || out.Run.Version != 3 {
		t.Fatalf("%+v, %v", out, err)
	}
	if runs := openState(t, root).Runs; len(runs) != 3 || runs[1].Status != StatusPublished || runs[1].Version != 2 {
		t.Errorf("%+v", runs)
	}
	mustBeWhole(t, root)
	if left := leftovers(t, root); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// The result does not depend on how the source is cut into batches.
func TestTheBytesDoNotDependOnTheSizeOfBatches(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("id,code,person,age,changed\n")
	for i := range 3000 {
		fmt.Fprintf(&rows, "%d,c%d,p%d,%d,2024-01-%02d\n", i, i*7919%2900, i*31%2000, i%160, i%28+1)
		if i%97 == 0 {
			rows.WriteString("too,few\n")
		}
	}
	var first map[string]string
	for _, o := range []Options{{}, {chunkSize: 100, CPUs: 3}, {chunkSize: 1000, CPUs: 2, Memory: 16 << 20}, {chunkSize: 7777, CPUs: 1, Memory: 1 << 20}} {
		root := newWorkspace(t, people, rows.String())
		out := runOnce(t, root, "people", o)
		got := map[string]string{}
		for name, dir := range map[string]string{
			"part-00000-of-00001.parquet": out.Folder, qualityJSON: out.Folder, qualityHTML: out.Folder, packageName: out.Folder,
			quarantineName: filepath.Join(StateDir, "quarantine/people", out.Run.ID), duplicatesName: filepath.Join(StateDir, "quarantine/people", out.Run.ID),
		} {
			got[name] = sha256Hex(readFile(t, filepath.Join(root, dir, name)))
		}
		if first == nil {
			first = got
			if out.Run.Rows.Duplicates == 0 || out.Run.Rows.Quarantined == 0 || out.Run.Rows.Published == 0 {
				t.Fatalf("rows %+v show nothing", out.Run.Rows)
			}
		}
		for name, sum := range got {
			if sum != first[name] {
				t.Errorf("%+v: %s has other bytes", o, name)
			}
		}
	}
}

func TestTheStateKnowsTheStageThatARunIsIn(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	var mu sync.Mutex // the delivery arrives beside the passes
	stages := map[string]string{}
	reached = func(point string) {
		mu.Lock()
		defer mu.Unlock()
		if runs := openState(t, root).Runs; len(runs) > 0 {
			stages[point] = runs[0].Stage
		}
	}
	t.Cleanup(func() { reached = func(string) {} })
	runOnce(t, root, "people", Options{})
	for point, want := range map[string]string{"intake": "archive", "staging": "publish", "entries": "record"} {
		if stages[point] != want {
			t.Errorf("at the point %s the state has the stage %q, not %q", point, stages[point], want)
		}
	}
}
