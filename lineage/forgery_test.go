package lineage

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"clearwell/lineage/entry"
	"clearwell/lineage/keys"
	"clearwell/lineage/log"
	"clearwell/lineage/proof"
	"clearwell/lineage/verify"
)

// TestEntriesThatDoNotBelongAreFound appends, with the log's own key, leaves
// that the ledger would never write: what somebody with the machine could do.
func TestEntriesThatDoNotBelongAreFound(t *testing.T) {
	for want, forge := range map[string]func(e *entry.Entry, other entry.Signer) (leaf []byte, signer entry.Signer){
		"2 missing between": func(e *entry.Entry, _ entry.Signer) ([]byte, entry.Signer) { e.Seq += 2; return nil, nil },
		"is due":            func(e *entry.Entry, _ entry.Signer) ([]byte, entry.Signer) { e.Seq--; return nil, nil },
		"predecessor":       func(e *entry.Entry, _ entry.Signer) ([]byte, entry.Signer) { e.Prev = digest("x"); return nil, nil },
		"not known":         func(_ *entry.Entry, other entry.Signer) ([]byte, entry.Signer) { return nil, other },
		"not a JSON object": func(*entry.Entry, entry.Signer) ([]byte, entry.Signer) { return []byte(`"hello"`), nil },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			create(t, &cfg)
			l := open(t, cfg)
			_, r := wholeRun(t, l, "run-1")
			closeLedger(t, l)
			engine, err := cfg.Keys.Signer(keys.RoleEngine)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cfg.Keys.CreateSigningKey("stranger"); err != nil {
				t.Fatal(err)
			}
			stranger, err := cfg.Keys.Signer("stranger")
			if err != nil {
				t.Fatal(err)
			}
			e := *r.Entries[6].Entry
			e.Kind, e.Step = entry.Decision, "forged"
			e.ID = entry.ID(e.Run, e.Attempt, e.Step, e.Kind)
			e.Seq, e.Prev = r.Head.Next(e.Dataset)
			leaf, signer := forge(&e, stranger)
			if leaf == nil {
				if signer == nil {
					signer = engine
				}
				if leaf, err = entry.Seal(&e, signer); err != nil {
					t.Fatal(err)
				}
			}
			appendRaw(t, cfg, leaf)
			rep := verifyLog(t, cfg, &r.Head)
			if len(rep.Findings) != 1 || rep.Findings[0].What != "entry 10" || !strings.Contains(rep.Findings[0].Why, want) {
				t.Errorf("verification found %v", rep.Findings)
			}
			cfg.Remembered = &r.Head
			if _, err := Open(t.Context(), cfg); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "entry 10") {
				t.Errorf("opening: %v", err)
			}
		})
	}
}

// appendRaw appends a leaf past the ledger.
func appendRaw(t *testing.T, cfg Config, leaf []byte) {
	t.Helper()
	signer, err := cfg.Keys.Signer(keys.RoleLog)
	if err != nil {
		t.Fatal(err)
	}
	key, err := note.NewVerifier(keys.VKey(signer.Name(), signer.Public().Key))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := log.Open(t.Context(), log.Config{Dir: filepath.Join(cfg.Dir, LogDir), Archive: filepath.Join(cfg.Dir, CheckpointDir), Signer: signer, Key: key}, func(tlog.Tree) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := raw.Append(t.Context(), [][]byte{leaf}); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestProofOfAnotherLedgerIsNotTrusted(t *testing.T) {
	var policies []*verify.Policy
	var proofs []Proof
	for range 2 {
		cfg := testConfig(t)
		create(t, &cfg)
		l := open(t, cfg)
		first, r := wholeRun(t, l, "run-1")
		p, err := l.BuildProof(t.Context(), first, r.Entries[6].Index)
		if err != nil {
			t.Fatal(err)
		}
		policy, err := verify.ParsePolicy([]byte("log " + l.VKey() + "\nquorum none\n"))
		if err != nil {
			t.Fatal(err)
		}
		closeLedger(t, l)
		policies, proofs = append(policies, policy), append(proofs, p)
	}
	files := map[string]string{"f": digest("run-1file")}
	if rep := verify.Proof(proofs[0].JSON, proof.File, files, policies[0]); rep.Verdict != verify.Verified {
		t.Fatalf("%+v", rep)
	}
	if rep := verify.Proof(proofs[0].JSON, proof.File, files, policies[1]); rep.OK {
		t.Fatalf("trusted under another log's policy: %+v", rep)
	}
	if rep := verify.Proof(proofs[0].JSON, proof.File, files, nil); rep.Verdict != verify.Consistent {
		t.Fatalf("%+v", rep)
	}
}

// FuzzProof looks for a proof that is not the real one and passes.
func FuzzProof(f *testing.F) {
	cfg := testConfig(f)
	create(f, &cfg)
	l := open(f, cfg)
	first, r := wholeRun(f, l, "run-1")
	p, err := l.BuildProof(f.Context(), first, r.Entries[6].Index)
	if err != nil {
		f.Fatal(err)
	}
	closeLedger(f, l)
	f.Add(p.JSON)
	f.Fuzz(func(t *testing.T, data []byte) {
		rep := verify.Proof(data, proof.File, map[string]string{"f": digest("run-1file")}, nil)
		if rep.OK && string(data) != string(p.JSON) {
			if b, err := proof.Parse(data); err == nil && b.LogKey == l.VKey() {
				t.Fatal("a changed proof passed under the same key")
			}
		}
	})
}
