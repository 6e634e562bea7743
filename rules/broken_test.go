package rules_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"clearwell/rules"
)

var update = flag.Bool("update", false, "write what is said now into the golden files")

// rightWorkspace is used by archives that have no clearwell.yaml of their own.
const rightWorkspace = "workspace: test\ndepartments:\n  civil-affairs: {title: Civil affairs}\n  traffic: {title: Traffic}\n"

// TestBrokenContractsAreToldWhatIsWrong reads testdata/broken/*.txtar: the files of a
// workspace and, under the name want, what Load says.
func TestBrokenContractsAreToldWhatIsWrong(t *testing.T) {
	archives, err := filepath.Glob("testdata/broken/*.txtar")
	if err != nil || len(archives) < 30 {
		t.Fatalf("%d archives, %v", len(archives), err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := unpack(t, archive)
			_, err = rules.Load(dir)
			var found rules.Diagnostics
			if !errors.As(err, &found) {
				t.Fatalf("got %v, want diagnostics", err)
			}
			got := found.Error() + "\n"
			if *update {
				setWant(archive, got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
			for _, d := range found {
				if d.Line == 0 && !strings.HasSuffix(d.File, ".yml") {
					t.Errorf("no place in %q", d)
				}
			}
		})
	}
}

func unpack(t *testing.T, archive *txtar.Archive) (dir, want string) {
	t.Helper()
	dir = t.TempDir()
	files := map[string]string{rules.WorkspaceFile: rightWorkspace}
	for _, f := range archive.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		files[f.Name] = string(f.Data)
	}
	for name, text := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, want
}

func setWant(archive *txtar.Archive, text string) {
	for i := range archive.Files {
		if archive.Files[i].Name == "want" {
			archive.Files[i].Data = []byte(text)
			return
		}
	}
	archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(text)})
}
