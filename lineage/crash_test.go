package lineage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clearwell/durable"
	"clearwell/lineage/entry"
	"clearwell/lineage/keys"
	"clearwell/lineage/verify"
)

// crashDir is set in the environment of the process that is going to be killed.
const crashDir = "CLEARWELL_LINEAGE_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, appendUntilKilled(dir))
		os.Exit(3) // it only comes here when something failed
	}
	os.Exit(m.Run())
}

func crashConfig(dir string) (Config, error) {
	store, err := keys.Open(filepath.Join(dir, "keys"))
	if err != nil {
		return Config{}, err
	}
	raw, err := os.ReadFile(filepath.Join(dir, "head.json"))
	if err != nil {
		return Config{}, err
	}
	cfg := Config{Dir: filepath.Join(dir, "ledger"), Keys: store, Program: func() (Program, error) { return Program{Version: "test"}, nil }, Remembered: &Head{}}
	return cfg, json.Unmarshal(raw, cfg.Remembered)
}

// appendUntilKilled does run after run the way the engine does: delivery, batch,
// then remember. Each acknowledged entry is written to acknowledged.txt, and a
// run that was not remembered is begun again with the same drafts.
func appendUntilKilled(dir string) error {
	ctx := context.Background()
	cfg, err := crashConfig(dir)
	if err != nil {
		return err
	}
	l, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	acknowledged, err := os.OpenFile(filepath.Join(dir, "acknowledged.txt"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	done, err := os.ReadDir(filepath.Join(dir, "done"))
	if err != nil {
		return err
	}
	for n := len(done); ; n++ {
		run := fmt.Sprintf("run-%d", n)
		for _, drafts := range [][]Draft{{deliveryDraft(run)}, runDrafts(run, entry.Subject{Name: "part", SHA256: digest(run)})} {
			r, err := l.Append(ctx, drafts)
			if err != nil {
				return err
			}
			var ids strings.Builder
			for _, e := range r.Entries {
				fmt.Fprintf(&ids, "%s %d\n", e.Entry.ID, e.Index)
			}
			if _, err := acknowledged.WriteString(ids.String()); err != nil {
				return err
			}
		}
		raw, err := json.Marshal(l.Head())
		if err != nil {
			return err
		}
		if err := durable.WriteFile(filepath.Join(dir, "head.json"), raw, 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "done", run), nil, 0o644); err != nil {
			return err
		}
	}
}

func TestKilledWriterLosesNothingAcknowledgedAndDoublesNothing(t *testing.T) {
	dir := t.TempDir()
	store, err := keys.Open(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	head, err := Create(t.Context(), Config{Dir: filepath.Join(dir, "ledger"), Keys: store}, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(head)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "head.json"), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "done"), 0o755); err != nil {
		t.Fatal(err)
	}
	const kills = 12
	random := rand.New(rand.NewPCG(5, 6))
	for range kills {
		killLater(t, dir, time.Duration(30+random.IntN(600))*time.Millisecond)
	}

	cfg, err := crashConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := open(t, cfg)
	head = l.Head()
	closeLedger(t, l)
	at := map[string]uint64{}
	rep, err := verify.Log(t.Context(), verify.LogOptions{Dir: cfg.Dir, Remembered: &head, Visit: func(index uint64, e *entry.Entry) []verify.Finding {
		if _, twice := at[e.ID]; twice {
			t.Errorf("entry %d is there twice", index)
		}
		at[e.ID] = index
		return nil
	}})
	if err != nil || !rep.OK || len(rep.Notes) > 0 {
		t.Fatalf("%v %+v", err, rep)
	}
	acknowledged, err := os.ReadFile(filepath.Join(dir, "acknowledged.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(acknowledged)) {
		var id string
		var index uint64
		if _, err := fmt.Sscan(line, &id, &index); err != nil {
			t.Fatal(err)
		}
		if got, there := at[id]; !there || got != index {
			t.Errorf("acknowledged entry %d is at %d (%v)", index, got, there)
		}
	}
	t.Logf("%d kills, %d entries, %d acknowledgements", kills, len(at), strings.Count(string(acknowledged), "\n"))
}

// killLater starts the writer and kills it after a while.
func killLater(t *testing.T, dir string, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the writer ended by itself: %v %s", err, said.String())
	}
}
