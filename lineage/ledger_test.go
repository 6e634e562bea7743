package lineage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clearwell/lineage/entry"
	"clearwell/lineage/keys"
	"clearwell/lineage/verify"
)

const testOrigin = "example.gov/clearwell/test"

// testConfig is a ledger in a fresh folder with a clock that moves a second per look.
func testConfig(t testing.TB) Config {
	t.Helper()
	dir := t.TempDir()
	store, err := keys.Open(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	return Config{
		Dir: filepath.Join(dir, "ledger"), Keys: store, Program: func() (Program, error) { return Program{Version: "test"}, nil },
		Clock: func() time.Time { at = at.Add(time.Second); return at },
	}
}

func create(t testing.TB, cfg *Config) {
	t.Helper()
	head, err := Create(t.Context(), *cfg, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Remembered = &head
}

func open(t testing.TB, cfg Config) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closeLedger(t testing.TB, l *Ledger) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func digest(s string) string { return entry.ID(s, 0, "", entry.Step) }

func deliveryDraft(run string) Draft {
	return Draft{Kind: entry.Delivery, Dataset: "residents", Run: run, Attempt: 1,
		Subjects: []entry.Subject{{Name: "inbox/residents.csv", SHA256: digest(run + "source")}},
		Body:     map[string]any{"owner": "civil-affairs", "bytes": 1234, "signature": "absent"}}
}

// runDrafts is the batch that ends a run; files are the published ones.
func runDrafts(run string, files ...entry.Subject) []Draft {
	drafts := []Draft{{Kind: entry.Contract, Dataset: "residents", Run: run, Attempt: 1,
		Subjects: []entry.Subject{{Name: "datasets/residents.yaml", SHA256: digest("contract")}}}}
	for _, step := range []string{"clean", "validate", "dedupe", "desensitize"} {
		drafts = append(drafts, Draft{Kind: entry.Step, Dataset: "residents", Run: run, Attempt: 1, Step: step,
			Subjects: []entry.Subject{{Name: "plan", SHA256: digest("plan")}},
			Body:     struct{ In, Out int }{1000, 990}})
	}
	return append(drafts,
		Draft{Kind: entry.Quality, Dataset: "residents", Run: run, Attempt: 1, Subjects: []entry.Subject{{Name: "quality.json", SHA256: digest(run + "quality")}}},
		Draft{Kind: entry.Publication, Dataset: "residents", Run: run, Attempt: 1, Subjects: files, Body: map[string]any{"version": 1, "title": "居民"}})
}

// wholeRun appends a run and returns the index of its delivery and its receipt.
func wholeRun(t testing.TB, l *Ledger, run string, files ...entry.Subject) (uint64, Receipt) {
	t.Helper()
	if len(files) == 0 {
		files = []entry.Subject{{Name: "part-00000-of-00001.parquet", SHA256: digest(run + "file")}}
	}
	first, err := l.Append(t.Context(), []Draft{deliveryDraft(run)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Append(t.Context(), runDrafts(run, files...))
	if err != nil {
		t.Fatal(err)
	}
	return first.Entries[0].Index, r
}

func verifyLog(t testing.TB, cfg Config, remembered *Head) *verify.Report {
	t.Helper()
	r, err := verify.Log(context.Background(), verify.LogOptions{Dir: cfg.Dir, Remembered: remembered})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRunIsRecordedAndProven(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	began := time.Now()
	first, r := wholeRun(t, l, "run-1")
	t.Logf("delivery and batch took %v", time.Since(began))
	if r.Head.Size != 2+1+7 { // two key entries, the delivery, the batch
		t.Fatalf("head has %d entries", r.Head.Size)
	}
	p, err := l.BuildProof(t.Context(), first, r.Entries[len(r.Entries)-1].Index)
	if err != nil {
		t.Fatal(err)
	}
	rep := verify.Proof(p.JSON, "proof.json", map[string]string{"part-00000-of-00001.parquet": digest("run-1file")}, nil)
	if !rep.OK || rep.Verdict != verify.Consistent {
		t.Fatalf("%+v", rep)
	}
	policy, err := verify.ParsePolicy([]byte("log " + l.VKey() + "\nquorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	rep = verify.Proof(p.JSON, "proof.json", map[string]string{"part-00000-of-00001.parquet": digest("run-1file")}, policy)
	if rep.Verdict != verify.Verified || len(rep.Statements) != 8 {
		t.Fatalf("%+v", rep)
	}
	closeLedger(t, l)
	if rep := verifyLog(t, cfg, &r.Head); !rep.OK || len(rep.Notes) > 0 {
		t.Fatalf("%+v", rep)
	}
}

func TestRetryNeverDoublesAnEntry(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	_, r := wholeRun(t, l, "run-1")
	again, err := l.Append(t.Context(), runDrafts("run-1", entry.Subject{Name: "part-00000-of-00001.parquet", SHA256: digest("run-1file")}))
	if err != nil {
		t.Fatal(err)
	}
	if again.Head.Size != r.Head.Size || !again.Entries[0].Existing || again.Entries[6].Index != r.Entries[6].Index {
		t.Fatalf("retry appended: %d then %d entries", r.Head.Size, again.Head.Size)
	}
	if _, err := l.Append(t.Context(), runDrafts("run-1", entry.Subject{Name: "other", SHA256: digest("other")})); !errors.Is(err, ErrConflict) {
		t.Fatalf("publication of other files under the same identity: %v", err)
	}
	closeLedger(t, l)

	// The same after a restart that remembers less, or a head that another run has moved on.
	for name, remembered := range map[string]*Head{"older head": cfg.Remembered, "newer head": &again.Head} {
		cfg := cfg
		cfg.Remembered = remembered
		l := open(t, cfg)
		once, err := l.Append(t.Context(), []Draft{deliveryDraft("run-1")})
		if err != nil || !once.Entries[0].Existing {
			t.Errorf("%s: %v %+v", name, err, once.Entries)
		}
		found, err := l.FindRun(t.Context(), "run-1", 0)
		if err != nil || len(found) != 8 || found[7].Entry.Kind != entry.Publication {
			t.Errorf("%s: found %d entries, %v", name, len(found), err)
		}
		closeLedger(t, l)
	}
}

func TestHeadSurvivesJSON(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	_, r := wholeRun(t, l, "run-1")
	closeLedger(t, l)
	raw, err := json.Marshal(r.Head)
	if err != nil {
		t.Fatal(err)
	}
	var head Head
	if err := json.Unmarshal(raw, &head); err != nil {
		t.Fatal(err)
	}
	cfg.Remembered = &head
	l = open(t, cfg)
	defer closeLedger(t, l)
	if _, err := l.Append(t.Context(), []Draft{deliveryDraft("run-2")}); err != nil {
		t.Fatal(err)
	}
}

func TestSecondWriterIsToldWhoHoldsTheLedger(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	defer closeLedger(t, l)
	_, err := Open(t.Context(), cfg)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder.PID != os.Getpid() || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Fatalf("got %v", err)
	}
}

func TestNewEngineKeyIsIntroducedUnderTheOldOne(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	_, r := wholeRun(t, l, "run-1")
	closeLedger(t, l)
	if _, err := cfg.Keys.CreateSigningKey(keys.RoleEngine); err != nil {
		t.Fatal(err)
	}
	cfg.Remembered = &r.Head
	l = open(t, cfg)
	first, r := wholeRun(t, l, "run-2")
	p, err := l.BuildProof(t.Context(), first, r.Entries[6].Index)
	if err != nil {
		t.Fatal(err)
	}
	closeLedger(t, l)
	if rep := verify.Proof(p.JSON, "proof.json", map[string]string{"f": digest("run-2file")}, nil); !rep.OK {
		t.Fatalf("%+v", rep)
	}
	if rep := verifyLog(t, cfg, &r.Head); !rep.OK {
		t.Fatalf("%+v", rep)
	}
}

func TestLogGrowsOverFullTiles(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	var head Head
	for i := range 5 {
		var drafts []Draft
		for j := range 150 {
			drafts = append(drafts, Draft{Kind: entry.Step, Dataset: fmt.Sprintf("d%d", j%3), Run: fmt.Sprintf("run-%d", i), Attempt: 1, Step: fmt.Sprint(j)})
		}
		r, err := l.Append(t.Context(), drafts)
		if err != nil {
			t.Fatal(err)
		}
		head = r.Head
	}
	closeLedger(t, l)
	if rep := verifyLog(t, cfg, &head); !rep.OK || rep.Size != 752 || len(rep.Notes) > 0 {
		t.Fatalf("%+v", rep)
	}
	left, err := filepath.Glob(filepath.Join(cfg.Dir, LogDir, "tile", "*", "00[01].p"))
	if err != nil || len(left) != 1 || !strings.HasSuffix(left[0], filepath.Join("1", "000.p")) {
		t.Fatalf("partial tiles that are full by now are still there: %v %v", left, err)
	}
	cfg.Remembered = &head
	closeLedger(t, open(t, cfg))
}

func TestOpeningSweepsWhatAKilledWriterLeftAmongTheCheckpoints(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	left := filepath.Join(cfg.Dir, CheckpointDir, ".tmp-123")
	if err := os.MkdirAll(filepath.Dir(left), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, []byte("half a check"), 0o600); err != nil {
		t.Fatal(err)
	}
	closeLedger(t, open(t, cfg))
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
	if rep := verifyLog(t, cfg, cfg.Remembered); !rep.OK {
		t.Errorf("%+v", rep)
	}
}
