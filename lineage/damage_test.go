package lineage

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearwell/lineage/entry"
	"clearwell/lineage/proof"
	"clearwell/lineage/verify"
)

// everyByteUpTo is the size in bytes up to which a file is flipped at every
// byte; larger ones are sampled at so many places.
const (
	everyByteUpTo = 320
	sampledBytes  = 80
)

// flips calls check with every (or a sample of every) one-byte change of data.
func flips(data []byte, check func(at int, changed []byte)) {
	random := rand.New(rand.NewPCG(1, 2))
	n := len(data)
	if n > everyByteUpTo {
		n = sampledBytes
	}
	for i := range n {
		at := i
		if len(data) > everyByteUpTo {
			at = random.IntN(len(data))
		}
		changed := append([]byte(nil), data...)
		changed[at] ^= 1 << random.IntN(8)
		check(at, changed)
	}
}

func ledgerFiles(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lock" && !strings.HasSuffix(path, ".lock") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEveryFlippedByteOfTheLedgerIsFoundAndNamed(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	_, r := wholeRun(t, l, "run-1")
	closeLedger(t, l)
	if rep := verifyLog(t, cfg, &r.Head); !rep.OK {
		t.Fatalf("before any damage: %+v", rep)
	}
	for _, path := range ledgerFiles(t, cfg.Dir) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := filepath.Rel(cfg.Dir, path)
		rel = filepath.ToSlash(rel)
		flips(data, func(at int, changed []byte) {
			if err := os.WriteFile(path, changed, 0o644); err != nil {
				t.Fatal(err)
			}
			rep := verifyLog(t, cfg, &r.Head)
			named := false
			for _, f := range rep.Findings {
				named = named || f.What == rel
			}
			if rep.OK || !named {
				t.Errorf("%s byte %d (%q -> %q): ok=%v, findings %v", rel, at, data[at], changed[at], rep.OK, rep.Findings)
			}
		})
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if rep := verifyLog(t, cfg, &r.Head); !rep.OK {
		t.Fatalf("after all was put back: %+v", rep)
	}
}

func TestEveryFlippedByteOfFullTilesIsFoundAndNamed(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	var head Head
	for i := range 3 {
		drafts := make([]Draft, 200)
		for j := range drafts {
			drafts[j] = Draft{Kind: entry.Step, Dataset: "d", Run: string(rune('a' + i)), Attempt: 1, Step: string(rune('A' + j))}
		}
		r, err := l.Append(t.Context(), drafts)
		if err != nil {
			t.Fatal(err)
		}
		head = r.Head
	}
	closeLedger(t, l)
	random := rand.New(rand.NewPCG(3, 4))
	for _, path := range ledgerFiles(t, filepath.Join(cfg.Dir, LogDir, "tile")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := filepath.Rel(cfg.Dir, path)
		for range 4 {
			changed := append([]byte(nil), data...)
			changed[random.IntN(len(data))] ^= 1 << random.IntN(8)
			if err := os.WriteFile(path, changed, 0o644); err != nil {
				t.Fatal(err)
			}
			rep := verifyLog(t, cfg, &head)
			if len(rep.Findings) == 0 || rep.Findings[0].What != filepath.ToSlash(rel) {
				t.Errorf("%s: findings %v", rel, rep.Findings)
			}
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryFlippedByteOfAProofIsFound(t *testing.T) {
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
	files := map[string]string{"part-00000-of-00001.parquet": digest("run-1file")}
	if rep := verify.Proof(p.JSON, proof.File, files, policy); !rep.OK {
		t.Fatalf("%+v", rep)
	}
	for range 8 { // eight samples
		flips(p.JSON, func(at int, changed []byte) {
			rep := verify.Proof(changed, proof.File, files, nil)
			if rep.OK || !strings.HasPrefix(rep.Findings[0].What, proof.File) {
				t.Errorf("byte %d: %+v", at, rep.Findings)
			}
		})
	}
	parsed, err := proof.ParseTLogProof(p.TLogProof)
	if err != nil || string(parsed.Marshal()) != string(p.TLogProof) {
		t.Fatalf("publication.tlog-proof does not read back: %v", err)
	}
}

func TestChangedFileIsNamedWithBothHashes(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	dir := t.TempDir()
	path := filepath.Join(dir, "part-00000-of-00001.parquet")
	if err := os.WriteFile(path, []byte("clean water"), 0o644); err != nil {
		t.Fatal(err)
	}
	const sum = "6b6aed0a34bd2e3bee0f47cdfa3f2a2bf2a7f0f6ce1aca1b0d0ac7c0e1ed3f6a"
	first, r := wholeRun(t, l, "run-1", entry.Subject{Name: "part-00000-of-00001.parquet", SHA256: sum})
	p, err := l.BuildProof(t.Context(), first, r.Entries[6].Index)
	if err != nil {
		t.Fatal(err)
	}
	closeLedger(t, l)
	if err := os.WriteFile(filepath.Join(dir, proof.File), p.JSON, 0o644); err != nil {
		t.Fatal(err)
	}
	rep, err := verify.File(t.Context(), path, verify.FileOptions{})
	if err != nil || rep.OK || rep.Findings[0].What != "part-00000-of-00001.parquet" || !strings.Contains(rep.Findings[0].Why, sum) {
		t.Fatalf("%v %+v", err, rep)
	}
}

// copyTree copies a folder, for rolling a ledger back.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedLedgerIsNotOpened is the table of what was seen to go wrong: every
// one of these makes the bare writer sign a second history or a root that
// nobody can reproduce.
func TestDamagedLedgerIsNotOpened(t *testing.T) {
	remove := func(path string) func(*testing.T, string, string) {
		return func(t *testing.T, dir, _ string) {
			if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(path, text string) func(*testing.T, string, string) {
		return func(t *testing.T, dir, _ string) {
			if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(path)), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	restore := func(path string) func(*testing.T, string, string) {
		return func(t *testing.T, dir, old string) {
			copyOne(t, filepath.Join(old, filepath.FromSlash(path)), filepath.Join(dir, filepath.FromSlash(path)))
		}
	}
	flip := func(path string) func(*testing.T, string, string) {
		return func(t *testing.T, dir, _ string) {
			file := filepath.Join(dir, filepath.FromSlash(path))
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)/2] ^= 4
			if err := os.WriteFile(file, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	const empty = `{"size":0,"root":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir, old string)
		want   error
		names  string
	}{
		"treeState missing":        {remove("log/.state/treeState"), ErrDamaged, ".state/treeState"},
		"treeState empty":          {write("log/.state/treeState", ""), ErrDamaged, ".state/treeState"},
		"treeState of no entries":  {write("log/.state/treeState", empty), ErrDamaged, ".state/treeState"},
		"treeState rolled back":    {restore("log/.state/treeState"), ErrDamaged, ".state/treeState"},
		"state folder missing":     {remove("log/.state"), ErrDamaged, ".state/version"},
		"version of another day":   {write("log/.state/version", "2"), ErrDamaged, ".state/version"},
		"checkpoint missing":       {remove("log/checkpoint"), ErrDamaged, "checkpoint"},
		"checkpoint empty":         {write("log/checkpoint", ""), ErrDamaged, "checkpoint"},
		"checkpoint flipped":       {flip("log/checkpoint"), ErrDamaged, "checkpoint"},
		"edge tile flipped":        {flip("log/tile/0/000.p/18"), ErrDamaged, "tile/"},
		"edge tile missing":        {remove("log/tile/0/000.p/18"), ErrDamaged, "tile/0/000.p/18"},
		"last bundle flipped":      {flip("log/tile/entries/000.p/18"), ErrDamaged, "tile/entries/000.p/18"},
		"last bundle missing":      {remove("log/tile/entries/000.p/18"), ErrDamaged, "tile/entries/000.p/18"},
		"all rolled back together": {restore("log"), ErrHeadContradicts, "removed"},
		"log folder missing":       {remove("log"), ErrNoLog, "backup"},
		"everything missing":       {remove("."), ErrNoLog, "backup"},
		"archive contradicts":      {flip("checkpoints/018"), ErrDamaged, "checkpoints/018"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			create(t, &cfg)
			l := open(t, cfg)
			wholeRun(t, l, "run-1")
			old := filepath.Join(t.TempDir(), "old")
			copyTree(t, cfg.Dir, old)
			_, r := wholeRun(t, l, "run-2")
			closeLedger(t, l)
			cfg.Remembered = &r.Head
			c.damage(t, cfg.Dir, old)
			before := snapshot(t, cfg.Dir)
			l, err := Open(t.Context(), cfg)
			if err == nil {
				closeLedger(t, l)
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.names) {
				t.Fatalf("got %v, want %v naming %s", err, c.want, c.names)
			}
			if after := snapshot(t, cfg.Dir); after != before {
				t.Fatal("the refused opening changed the folder")
			}
		})
	}
}

func copyOne(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		copyTree(t, from, to)
		return
	}
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// snapshot is the names and contents of a folder in one text.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lock" {
			data, _ := os.ReadFile(path)
			b.WriteString(path + "\x00" + string(data) + "\x00")
		}
		return nil
	})
	return b.String()
}

func TestDamageWhileOpenStopsTheNextAppend(t *testing.T) {
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	_, r := wholeRun(t, l, "run-1")
	state := filepath.Join(cfg.Dir, LogDir, ".state", "treeState")
	data, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state, []byte(`{"size":0,"root":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), []Draft{deliveryDraft("run-2")}); !errors.Is(err, ErrDamaged) {
		t.Fatalf("got %v", err)
	}
	if err := os.WriteFile(state, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), []Draft{deliveryDraft("run-2")}); err != nil {
		t.Fatalf("after it was put back: %v", err)
	}
	closeLedger(t, l)
	if rep := verifyLog(t, cfg, &r.Head); !rep.OK {
		t.Fatalf("%+v", rep)
	}
}

func TestAdoptionIsAskedForAndRecorded(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, cfg *Config, old string){
		"head lost": func(_ *testing.T, cfg *Config, _ string) { cfg.Remembered = nil },
		"head and archived checkpoints lost": func(t *testing.T, cfg *Config, _ string) {
			cfg.Remembered = nil
			if err := os.RemoveAll(filepath.Join(cfg.Dir, CheckpointDir)); err != nil {
				t.Fatal(err)
			}
		},
		"ledger rolled back": func(t *testing.T, cfg *Config, old string) {
			copyTree(t, filepath.Join(old, LogDir), filepath.Join(cfg.Dir, LogDir))
		},
		"writer's state lost": func(t *testing.T, cfg *Config, _ string) {
			if err := os.RemoveAll(filepath.Join(cfg.Dir, LogDir, ".state")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			create(t, &cfg)
			l := open(t, cfg)
			wholeRun(t, l, "run-1")
			old := filepath.Join(t.TempDir(), "old")
			copyTree(t, cfg.Dir, old)
			_, r := wholeRun(t, l, "run-2")
			closeLedger(t, l)
			cfg.Remembered = &r.Head
			damage(t, &cfg, old)
			if _, err := Open(t.Context(), cfg); err == nil {
				t.Fatal("opened without asking")
			}
			if _, err := Adopt(t.Context(), cfg, " "); err == nil {
				t.Fatal("adopted without a reason")
			}
			head, err := Adopt(t.Context(), cfg, "the disk was replaced")
			if err != nil {
				t.Fatal(err)
			}
			cfg.Remembered = &head
			l = open(t, cfg)
			last, err := l.Entries(t.Context(), head.Size-1, head.Size)
			if err != nil || last[0].Entry.Kind != entry.Restore || last[0].Entry.Body["reason"] != "the disk was replaced" {
				t.Fatalf("%v %+v", err, last)
			}
			_, r = wholeRun(t, l, "run-3")
			closeLedger(t, l)
			if rep := verifyLog(t, cfg, &r.Head); !rep.OK {
				t.Fatalf("%+v", rep)
			}
		})
	}
}
