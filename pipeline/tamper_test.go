package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clearwell/lineage/verify"
	"clearwell/pipeline/publish"
)

// evidence lists every file that verification answers for, relative to the
// workspace: what is published, archived, quarantined and in the ledger.
// Locks hold nothing, and keys and state are secrets of the engine.
func evidence(t *testing.T, root string) (files []string) {
	t.Helper()
	for _, dir := range []string{"published", LedgerDir, StateDir + "/archive", StateDir + "/quarantine"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() == "lock" || strings.HasSuffix(p, ".lock") {
				return err
			}
			rel, err := filepath.Rel(root, p)
			files = append(files, filepath.ToSlash(rel))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) < 20 {
		t.Fatalf("only %d files: %v", len(files), files)
	}
	return files
}

// positions are the bytes of a file that are flipped: all of a small one; of a
// larger one the first, the last, the middle and 200 at random.
func positions(random *rand.Rand, size int) (at []int) {
	everyByteUpTo, sampled := 256, 200
	if testing.Short() {
		everyByteUpTo, sampled = 0, 5
	}
	if size <= everyByteUpTo {
		for i := range size {
			at = append(at, i)
		}
		return at
	}
	at = []int{0, size - 1, size / 2}
	for range sampled {
		at = append(at, random.IntN(size))
	}
	return at
}

// overwrite replaces a file, which may be read-only.
func overwrite(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// names says whether a finding is about the file.
func names(broken []string, file string) bool {
	return slices.ContainsFunc(broken, func(f string) bool { return strings.HasPrefix(f, file+": ") })
}

// provenWorkspace has two versions, so that old and new files can be confused.
func provenWorkspace(t *testing.T) string {
	t.Helper()
	root := newWorkspace(t, people, peopleRows)
	runOnce(t, root, "people", Options{})
	overwrite(t, filepath.Join(root, "inbox/rows.csv"), []byte(peopleRows+"10,c1,fred,47,2024-01-01\n"))
	runOnce(t, root, "people", Options{})
	mustBeWhole(t, root)
	return root
}

// damageable is a file with what its damage needs.
type damageable struct {
	file string
	good []byte
	at   []int
}

// flipTogether flips one byte of each file at a time and wants each of them
// named: the files are checked independently of each other.
func flipTogether(t *testing.T, root, dataset string, random *rand.Rand, files ...string) (flips int) {
	t.Helper()
	var all []damageable
	rounds := 0
	for _, f := range files {
		good := readFile(t, filepath.Join(root, f))
		all = append(all, damageable{f, good, positions(random, len(good))})
		rounds = max(rounds, len(all[len(all)-1].at))
	}
	failed := map[string]bool{}
	for round := range rounds {
		for _, d := range all {
			if len(d.at) == 0 {
				continue
			}
			changed := bytes.Clone(d.good)
			changed[d.at[round%len(d.at)]] ^= 1 << random.IntN(8)
			overwrite(t, filepath.Join(root, d.file), changed)
			flips++
		}
		report, err := VerifyWorkspace(context.Background(), root, VerifyOptions{State: openState(t, root), Dataset: dataset})
		if err != nil {
			t.Fatal(err)
		}
		var broken []string
		for _, f := range report.Findings {
			broken = append(broken, f.String())
		}
		for _, d := range all {
			if len(d.at) > 0 && !names(broken, d.file) && !failed[d.file] {
				failed[d.file] = true
				at := d.at[round%len(d.at)]
				t.Errorf("%s: byte %d of %d (%q) flipped and not named; findings: %v", d.file, at, len(d.good), d.good[at], broken)
			}
		}
	}
	for _, d := range all {
		overwrite(t, filepath.Join(root, d.file), d.good)
	}
	return flips
}

func TestAnyFlippedByteIsFoundAndTheFileNamed(t *testing.T) {
	root := provenWorkspace(t)
	random := rand.New(rand.NewPCG(11, 12))
	var artifacts, besides, ledger []string
	for _, f := range evidence(t, root) {
		switch base := path.Base(f); {
		case strings.HasPrefix(f, LedgerDir+"/"):
			ledger = append(ledger, f)
		case base == tlogProofName || base == dsseName || base == "latest.json": // looked at only where proof or manifest are whole
			besides = append(besides, f)
		default:
			artifacts = append(artifacts, f)
		}
	}
	flips := flipTogether(t, root, "", random, artifacts...)
	flips += flipTogether(t, root, "", random, besides...)
	for _, f := range ledger { // one after the other, and without the artifacts: damage here hides other damage
		flips += flipTogether(t, root, "none", random, f)
	}
	mustBeWhole(t, root)
	t.Logf("%d flips in %d files", flips, len(artifacts)+len(besides)+len(ledger))
}

func TestAFlippedByteOfAPublishedFileOrItsProofIsFoundWithoutTheWorkspace(t *testing.T) {
	root := provenWorkspace(t)
	random := rand.New(rand.NewPCG(13, 14))
	dir := filepath.Join(root, "published/people/v=000002")
	data := filepath.Join(dir, "part-00000-of-00001.parquet")
	policy, err := verify.ParsePolicy([]byte("log " + strings.TrimSpace(string(readFile(t, filepath.Join(root, LedgerDir, "log.vkey")))) + "\nquorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	check := func() *verify.Report {
		report, err := verify.File(context.Background(), data, verify.FileOptions{Policy: policy})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if r := check(); !r.OK || r.Verdict != verify.Verified {
		t.Fatalf("untouched: %+v", r.Findings)
	}
	for _, name := range []string{data, filepath.Join(dir, proofName)} {
		good := readFile(t, name)
		for _, at := range positions(random, len(good)) {
			changed := bytes.Clone(good)
			changed[at] ^= 1 << random.IntN(8)
			overwrite(t, name, changed)
			if r := check(); r.OK {
				t.Errorf("%s: byte %d, %q to %q: %s", filepath.Base(name), at, good[at], changed[at], r.Verdict)
			}
		}
		overwrite(t, name, good)
	}
}

func TestAMissingOrShortenedFileIsFoundAndNamed(t *testing.T) {
	root := provenWorkspace(t)
	all := evidence(t, root)
	for _, file := range all {
		name := filepath.Join(root, file)
		data := readFile(t, name)
		for _, keep := range []int{0, len(data) / 2, len(data) - 1} {
			if len(data) == 0 {
				continue
			}
			overwrite(t, name, data[:keep])
			if broken, _ := findings(t, root); !names(broken, file) {
				t.Errorf("%s cut to %d of %d bytes: %v", file, keep, len(data), broken)
			}
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if broken, _ := findings(t, root); !names(broken, file) && !superseded(file, all) {
			t.Errorf("%s deleted: %v", file, broken)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mustBeWhole(t, root)
}

func TestAPublishedFileThatNoEntryNamesIsFoundAndNamed(t *testing.T) {
	root := provenWorkspace(t)
	datasets, err := os.ReadDir(filepath.Join(root, "published"))
	if err != nil {
		t.Fatal(err)
	}
	dataset := datasets[0].Name()
	for _, file := range []string{
		publish.VersionFolder(dataset, 1) + "/part-00001-of-00002.parquet",
		publish.VersionFolder(dataset, 77) + "/part-00000-of-00001.parquet",
		"published/" + dataset + "/README.txt",
		"published/unknown/latest.json",
	} {
		name := filepath.Join(root, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		if broken, _ := findings(t, root); !names(broken, file) {
			t.Errorf("%s put there by hand: %v", file, broken)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	mustBeWhole(t, root)
}

// superseded says whether a file of the log may go: a partial tile of an earlier
// size, which a larger one contains (C2SP tlog-tiles).
func superseded(file string, all []string) bool {
	dir, width := path.Split(file)
	mine, err := strconv.Atoi(width)
	return err == nil && strings.HasSuffix(dir, ".p/") && slices.ContainsFunc(all, func(other string) bool {
		otherDir, width := path.Split(other)
		n, err := strconv.Atoi(width)
		return err == nil && otherDir == dir && n > mine
	})
}

func TestSwappedFilesAreFoundAndNamed(t *testing.T) {
	root := provenWorkspace(t)
	swap := func(a, b string) {
		t.Helper()
		x, y := readFile(t, filepath.Join(root, a)), readFile(t, filepath.Join(root, b))
		overwrite(t, filepath.Join(root, a), y)
		overwrite(t, filepath.Join(root, b), x)
	}
	var pairs [][2]string
	for _, name := range []string{"part-00000-of-00001.parquet", manifestName, qualityJSON, qualityHTML, packageName, proofName, tlogProofName, dsseName} {
		pairs = append(pairs, [2]string{"published/people/v=000001/" + name, "published/people/v=000002/" + name})
	}
	pairs = append(pairs, [2]string{"published/people/v=000001/" + manifestName, "published/people/v=000001/" + qualityJSON})
	var archived, kept []string
	for _, f := range evidence(t, root) {
		switch {
		case strings.HasPrefix(f, StateDir+"/archive/"):
			archived = append(archived, f)
		case path.Base(f) == quarantineName:
			kept = append(kept, f)
		}
	}
	pairs = append(pairs, [2]string{archived[0], archived[1]}, [2]string{kept[0], kept[1]})
	for _, p := range pairs {
		same := bytes.Equal(readFile(t, filepath.Join(root, p[0])), readFile(t, filepath.Join(root, p[1])))
		swap(p[0], p[1])
		if broken, _ := findings(t, root); !same && (!names(broken, p[0]) || !names(broken, p[1])) {
			t.Errorf("%s <-> %s: %v", p[0], p[1], broken)
		}
		swap(p[0], p[1])
	}
	mustBeWhole(t, root)
}

func TestAnOlderBundleInThePlaceOfANewerOneIsFound(t *testing.T) {
	root := provenWorkspace(t)
	partials := filepath.Join(LedgerDir, "log/tile/entries/000.p")
	list, err := os.ReadDir(filepath.Join(root, partials))
	if err != nil || len(list) < 2 {
		t.Fatalf("%d bundles, %v", len(list), err)
	}
	slices.SortFunc(list, func(a, b os.DirEntry) int {
		return len(readFile(t, filepath.Join(root, partials, a.Name()))) - len(readFile(t, filepath.Join(root, partials, b.Name())))
	})
	newest := filepath.ToSlash(filepath.Join(partials, list[len(list)-1].Name()))
	good := readFile(t, filepath.Join(root, newest))
	overwrite(t, filepath.Join(root, newest), readFile(t, filepath.Join(root, partials, list[0].Name())))
	if broken, _ := findings(t, root); !names(broken, newest) {
		t.Errorf("%v", broken)
	}
	overwrite(t, filepath.Join(root, newest), good)
	mustBeWhole(t, root)
}

func TestAnOlderLedgerInThePlaceOfTheLedgerIsFoundAndNotWrittenTo(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	runOnce(t, root, "people", Options{})
	ledger := filepath.Join(root, LedgerDir)
	snapshot := filepath.Join(t.TempDir(), "ledger")
	if err := os.CopyFS(snapshot, os.DirFS(ledger)); err != nil {
		t.Fatal(err)
	}
	runOnce(t, root, "people", Options{})
	if err := os.RemoveAll(ledger); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(ledger, os.DirFS(snapshot)); err != nil {
		t.Fatal(err)
	}
	broken, _ := findings(t, root)
	if !names(broken, "remembered head") || !names(broken, "published/people/latest.json") {
		t.Errorf("%v", broken)
	}
	if r, err := openRunner(context.Background(), root, openState(t, root)); err == nil {
		r.Close()
		t.Error("a rolled-back ledger was opened for writing")
	} else if !strings.Contains(err.Error(), "entries were removed") {
		t.Error(err)
	}
}

func TestChangedFilesOfARefusedRunAreNoticed(t *testing.T) {
	root := newWorkspace(t, strings.Replace(people, "range: [0, 150]}", "range: [0, 150], allow: 0%, repair: {from: id}}", 1), peopleRows+"10,c1,fred,901,2024-01-01\n")
	r := runner(t, root)
	_, err := r.Run(context.Background(), "people", Options{})
	var refusal *RefusedError
	if !errors.As(err, &refusal) {
		t.Fatalf("the run is not refused: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	mustBeWhole(t, root)
	kept, err := filepath.Glob(filepath.Join(r.QuarantineDir("people", refusal.Outcome.Run.ID), "*"))
	if err != nil || len(kept) != len(internalFiles) {
		t.Fatalf("kept are %v, %v", kept, err)
	}
	for _, name := range kept {
		good := readFile(t, name)
		bad := bytes.Clone(good)
		bad[len(bad)/2] ^= 1
		overwrite(t, name, bad)
		if broken, _ := findings(t, root); len(broken) != 1 {
			t.Errorf("%s was changed, found are %q", filepath.Base(name), broken)
		}
		overwrite(t, name, good)
	}
}
