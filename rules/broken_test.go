package rules_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"

	"clearwell/rules"
	"clearwell/rules/wording"
)

var update = flag.Bool("update", false, "write what is said now into the golden files")

// rightWorkspace is used by archives that have no clearwell.yaml of their own.
const rightWorkspace = "workspace: test\ndepartments:\n  civil-affairs: {title: Civil affairs}\n  traffic: {title: Traffic}\n"

// TestBrokenContractsAreToldWhatIsWrong reads testdata/broken/*.txtar: the files of a
// workspace and what Load says, under the name want in English, want.zh in Chinese.
func TestBrokenContractsAreToldWhatIsWrong(t *testing.T) {
	archives, err := filepath.Glob("testdata/broken/*.txtar")
	if err != nil || len(archives) < 80 {
		t.Fatalf("%d archives, %v", len(archives), err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := unpack(t, archive)
			_, err = rules.Load(dir)
			var found rules.Diagnostics
			if !errors.As(err, &found) {
				t.Fatalf("got %v, want diagnostics", err)
			}
			for golden, lang := range map[string]string{"want": wording.English, "want.zh": wording.Chinese} {
				got, want := found.In(lang).Error()+"\n", textOf(archive, golden)
				if *update {
					setText(archive, golden, got)
				} else if got != want {
					t.Errorf("got:\n%swant:\n%s", got, want)
				}
			}
			if *update {
				slices.SortStableFunc(archive.Files, func(a, b txtar.File) int { return strings.Compare(goldens[a.Name], goldens[b.Name]) })
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, d := range found.In(wording.Chinese) {
				if !strings.ContainsFunc(d.Message, func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
					t.Errorf("no Chinese in %q", d)
				}
			}
			for _, d := range found {
				if d.Line == 0 && !strings.HasSuffix(d.File, ".yml") {
					t.Errorf("no place in %q", d)
				}
			}
		})
	}
}

// TestMostMessagesAreInTheCorpus: nine of ten texts of the catalog are said by some broken
// contract, so that somebody has read them in their place. The others need huge files,
// odd file systems or another version of the program, or belong to the command line.
func TestMostMessagesAreInTheCorpus(t *testing.T) {
	catalog, err := os.ReadFile(filepath.Join("wording", "zh.txt"))
	if err != nil {
		t.Fatal(err)
	}
	archives, err := filepath.Glob("testdata/broken/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		said.WriteString(textOf(archive, "want"))
	}
	if n := strings.Count(said.String(), "\n"); n < 600 {
		t.Errorf("the corpus has %d mistakes", n)
	}
	verb := regexp.MustCompile(`%[a-z]`)
	all, english := 0, true
	var never []string
	for line := range strings.Lines(string(catalog)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			english = true
			continue
		}
		if english {
			all++
			form := verb.ReplaceAllString(strings.ReplaceAll(regexp.QuoteMeta(line), "%%", "%"), ".*")
			if !regexp.MustCompile(form).MatchString(said.String()) {
				never = append(never, line)
			}
		}
		english = false
	}
	if len(never)*10 > all {
		t.Errorf("%d of %d messages are said by no broken contract; add one to testdata/broken for:\n%s", len(never), all, strings.Join(never, "\n"))
	}
}

// goldens are the names of what is said; they stand behind the files.
var goldens = map[string]string{"want": "1", "want.zh": "2"}

func unpack(t *testing.T, archive *txtar.Archive) (dir string) {
	t.Helper()
	dir = t.TempDir()
	files := map[string]string{rules.WorkspaceFile: rightWorkspace}
	for _, f := range archive.Files {
		if goldens[f.Name] == "" {
			files[f.Name] = string(f.Data)
		}
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
	return dir
}

func textOf(archive *txtar.Archive, name string) string {
	for _, f := range archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func setText(archive *txtar.Archive, name, text string) {
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			archive.Files[i].Data = []byte(text)
			return
		}
	}
	archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(text)})
}
