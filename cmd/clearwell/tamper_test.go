//go:build unix

package main_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every byte is the business of the tests of pipeline; here it is what a person sees and a script gets.
func TestVerifyFailsAndNamesTheFileInWhichAByteWasFlipped(t *testing.T) {
	ws := residents(t, 500)
	clearwell(t, ws, "run")
	verify := func(args ...string) (string, int) {
		cmd, said := start(t, nil, ws, append([]string{"verify"}, args...)...)
		_ = cmd.Wait() // the exit code is what is looked at
		return said.String(), cmd.ProcessState.ExitCode()
	}
	files := 0
	for _, dir := range []string{"published", ".clearwell/archive", ".clearwell/quarantine", ".clearwell/ledger"} {
		err := filepath.WalkDir(filepath.Join(ws, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "lock") {
				return err
			}
			files++
			good, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			put := func(data []byte) {
				if err := os.Chmod(path, 0o644); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			changed := bytes.Clone(good)
			changed[len(changed)/2] ^= 4
			put(changed)
			defer put(good)
			rel, err := filepath.Rel(ws, path)
			if err != nil {
				return err
			}
			if said, code := verify(); code != 1 || !strings.Contains(said, "BROKEN "+filepath.ToSlash(rel)) {
				t.Errorf("%s: exit code %d\n%s", rel, code, said)
			}
			if base := filepath.Base(path); base == "proof.json" || strings.HasSuffix(base, ".parquet") && dir == "published" {
				said, code := verify(filepath.Join(filepath.Dir(path), "part-00000-of-00001.parquet"))
				if code != 1 || !strings.Contains(said, "BROKEN "+base) {
					t.Errorf("verify FILE with a flip in %s: exit code %d\n%s", base, code, said)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 20 {
		t.Errorf("only %d files were looked at", files)
	}
	if said, code := verify(); code != 0 {
		t.Errorf("all put back: exit code %d\n%s", code, said)
	}
}
