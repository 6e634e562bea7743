package profile

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearwell/pipeline"
	"clearwell/rules"
)

// accepts holds a proposed contract of the files at pattern against check, and previews it: no row may go to
// the quarantine but those that cannot be read.
func accepts(t *testing.T, pattern string, r *Result) {
	t.Helper()
	id := DatasetID(pattern)
	acceptsText(t, pattern, id, string(r.Propose(Proposal{Dataset: id, Owner: "town", Path: filepath.ToSlash(pattern)})))
}

func acceptsText(t *testing.T, pattern, id, contract string) {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{"clearwell.yaml": "workspace: w\ndepartments:\n  town: {title: Town}\n", "datasets/" + id + ".yaml": contract} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ws, err := rules.Load(root)
	if err != nil {
		t.Errorf("%s: the proposed contract does not pass check: %v\n%s", pattern, err, contract)
		return
	}
	rows, err := pipeline.Preview(t.Context(), ws, id, 3000, func(string) ([]byte, error) { return make([]byte, 32), nil })
	if err != nil {
		t.Errorf("%s: preview: %v", pattern, err)
		return
	}
	for _, row := range rows {
		if row.Fate == "quarantine" {
			t.Errorf("%s: record %d goes to the quarantine: %+v", pattern, row.Row, row.Broken)
			return
		}
	}
}

func TestProposedContractsOfRealFilesPassCheckAndKeepTheRows(t *testing.T) {
	shared := os.Getenv("CLEARWELL_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	folders := []string{filepath.Join("..", "..", "examples"), filepath.Join("..", "..", "rules", "scaffold", "template")}
	if _, err := os.Stat(filepath.Join(shared, "data")); err == nil {
		folders = append(folders, filepath.Join(shared, "data"))
	} else {
		t.Logf("only the examples: %v", err)
	}
	files := 0
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".csv" || strings.Contains(path, "province") && !strings.Contains(path, "202101") {
				return err
			}
			if testing.Short() && files > 5 {
				return fs.SkipAll
			}
			files++
			full, err := filepath.Abs(path)
			if err != nil {
				return err
			}
			accepts(t, full, profiled(t, "/", full, Options{}))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 5 {
		t.Errorf("only %d files", files)
	}
}

// Values, headers and their mixtures that break careless YAML, comments and names.
func TestProposedContractsOfMessyFilesPassCheck(t *testing.T) {
	headers := []string{"id", "in", "true", "null", "1st", "=SUM(A1)", "#", "- a", "a: b", "姓名", "身份证号", "备注：说明", "“引号”", "a\"b", "'", "{x}", "[y]", "*", "&z", "!t", "%", "@", "`", "café", "Ⅳ", "列 一", "very long " + strings.Repeat("name ", 30), "ID", "Id", "手机,电话"}
	values := []string{"", " ", "1", "01", "-5", "1.5", "1,234", "3万", "¥9", "yes", "no", "是", "否", "无", "NULL", "-", "2024-01-05", "2024/1/5", "1/2/2024", "2024-01-05 10:00:00",
		"张伟", "11010519491231002X", "13800138000", "a@b.cn", "a: b # c", "“x”：，", "\"quoted\"", "line\nbreak", "tab\tbed", "�", "　全角１", "=1+1", "~", "{a: b}", "[1]", "'", "\\", "🙂", strings.Repeat("long ", 200), "\u2028"}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(7, seed))
		columns := 1 + r.IntN(len(headers))
		order := r.Perm(len(headers))[:columns]
		few := make([][]string, columns) // each column draws from some of the values
		for c := range few {
			for range 1 + r.IntN(6) {
				few[c] = append(few[c], values[r.IntN(len(values))])
			}
		}
		var b strings.Builder
		quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		for row := range 1 + r.IntN(80) {
			for c, h := range order {
				if c > 0 {
					b.WriteByte(',')
				}
				if row == 0 {
					b.WriteString(quote(headers[h]))
				} else {
					b.WriteString(quote(few[c][r.IntN(len(few[c]))]))
				}
			}
			b.WriteByte('\n')
		}
		path := filepath.Join(t.TempDir(), fmt.Sprintf("messy-%d.csv", seed))
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		accepts(t, path, profiled(t, "/", path, Options{}))
	}
}

func TestDependenciesAreTakenOverByTakingTheSignOut(t *testing.T) {
	for _, data := range []string{"city,province\n" + strings.Repeat("杭州,浙江\n宁波,浙江\n南京,江苏\n", 20), "day,place,name\n" + func() (s string) {
		for i := range 200 {
			s += fmt.Sprintf("2024-01-%02d,P%d,Name %d\n", i/10+1, i%10, i%10)
		}
		return s
	}()} {
		path := filepath.Join(t.TempDir(), "x.csv")
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		r := profiled(t, "/", path, Options{})
		text := string(r.Propose(Proposal{Dataset: "x", Owner: "town", Path: path}))
		if strings.Count(text, "\n#  - {id: ") != len(r.Dependencies) || len(r.Dependencies) == 0 {
			t.Errorf("%d dependencies in:\n%s", len(r.Dependencies), text)
		}
		acceptsText(t, path, "x", strings.NewReplacer("\n#  - {id: ", "\n  - {id: ", "\n#rules:", "\nrules:").Replace(text))
	}
}

func TestDatasetIDsAreMadeFromFileNames(t *testing.T) {
	for in, want := range map[string]string{
		"inbox/Residents 2024.csv": "residents-2024", "居民信息.csv": "ju-min-xin-xi", "a_b.csv": "a-b", "*.csv": "dataset", "datasets/x.yaml": "x",
		"inbox/residents-*.csv": "residents", strings.Repeat("ab", 50) + ".csv": strings.Repeat("ab", 32),
	} {
		if got := DatasetID(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
