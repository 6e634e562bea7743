//go:build unix

package main_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// defining are the files whose bytes follow from source, contract and keys
// alone. Everything that names a run or a time stands elsewhere.
var defining = []string{
	"published/residents/v=000001/part-00000-of-00001.parquet", "published/residents/v=000001/quality.json", "published/residents/v=000001/quality.html",
	".clearwell/quarantine/residents/*/quarantine.parquet", ".clearwell/quarantine/residents/*/duplicates.parquet",
}

func digests(t *testing.T, ws string, patterns []string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, p := range patterns {
		files, err := filepath.Glob(filepath.Join(ws, p))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %v, %v", p, files, err)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		sums[filepath.Base(p)] = hex.EncodeToString(sum[:])
	}
	return sums
}

func TestTheSameInputGivesTheSameBytesWhateverTheMachine(t *testing.T) {
	const rows = 30_000
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, bytes.Repeat([]byte("pepper"), 6), 0o600); err != nil {
		t.Fatal(err)
	}
	var first map[string]string
	var where string
	for _, c := range []struct {
		name string
		env  []string
		args []string
	}{
		{"as it comes", nil, nil},
		{"again", nil, nil},
		{"one processor", []string{"GOMAXPROCS=1"}, nil},
		{"two processors", []string{"GOMAXPROCS=2"}, nil},
		{"one worker", nil, []string{"--cpus", "1"}},
		{"two workers", nil, []string{"--cpus", "2"}},
		{"four workers", nil, []string{"--cpus", "4"}},
		{"little memory", nil, []string{"--memory", "64MiB"}},
		{"next to no memory: most rows are spilled", nil, []string{"--memory", "16MiB", "--cpus", "3"}},
		{"much memory", []string{"GOMAXPROCS=4"}, []string{"--memory", "2GiB", "--cpus", "3"}},
	} {
		ws := residents(t, rows)
		clearwell(t, ws, "keys", "import", "residents", "--file", secret)
		cmd, said := start(t, c.env, ws, append([]string{"run"}, c.args...)...)
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%s: %v\n%s", c.name, err, said.String())
		}
		got := digests(t, ws, defining)
		if first == nil {
			first, where = got, ws
			continue
		}
		for name, sum := range got {
			if sum != first[name] {
				t.Errorf("%s: %s has other bytes", c.name, name)
			}
		}
	}

	// The next version of the same workspace differs in its number only, and that is not in the data.
	clearwell(t, where, "run")
	const part = "part-00000-of-00001.parquet"
	second := digests(t, where, []string{"published/residents/v=000002/" + part, "published/residents/v=000002/quality.json"})
	for name, sum := range second {
		if sum != first[name] {
			t.Errorf("version 2: %s has other bytes", name)
		}
	}
}
