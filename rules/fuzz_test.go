package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearwell/rules/contract"
	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// FuzzContract reads any bytes as each of the files of a workspace: problems or
// a plan, never a panic, no plan that cannot be told or hashed, and no problem that
// cannot be said in every language.
func FuzzContract(f *testing.F) {
	for _, s := range []string{
		"dataset: people\nowner: a\nsource: {path: x}\nfields:\n  id: {level: L1, type: decimal(9,2), check: {range: [0, 1e3], allow: 2% or 50}}\n",
		"jobs: [{id: a, dataset: people, cron: \"CRON_TZ=\"}]\n",
		"table: kinds\ncodes: {a: A}\n",
		"standard: civil.a\nbase: {name: cn.gender, form: name}\noverrides: cn.gender\nclean: [trim, {remove: {chars: x}}]\ncheck: {pattern: a+, any_of: [{length: 3}]}\nlevel: L2\n",
		"? [a]\n: b\n",
		"a: &x [*x]\n<<: *x\n!!str b: |2\n  c\n",
		"fields：{a，b: “c”}\n\t- x\n",
	} {
		f.Add([]byte(s))
	}
	archives, err := filepath.Glob("testdata/broken/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		if text, err := os.ReadFile(name); err == nil {
			f.Add(text)
		}
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		around := newSurroundings(root)
		around.departments, around.tables["kinds"], around.tableNames = []string{"a"}, []string{"a", "b"}, []string{"kinds"}
		r := &syntax.Report{File: "datasets/people.yaml"}
		var c contract.Contract
		if n := syntax.Parse(text, r); n != nil {
			syntax.Decode(n, "", &c, r)
			if p := compile(&c, "people", around, r); len(r.All) == 0 {
				p.Hash()
				Lineage(p)
				if err := Describe(discard{}, p); err != nil {
					t.Fatal(err)
				}
			}
			for i, d := range r.All.In(wording.Chinese) {
				if strings.Contains(d.Message, "%!") && !strings.Contains(r.All[i].Message, "%!") {
					t.Fatalf("%q is said in Chinese as %q", r.All[i].Message, d.Message)
				}
			}
			var table contract.Table
			syntax.Decode(n, "", &table, &syntax.Report{})
			around.addTable(&table, &syntax.Report{})
			own := new(contract.OwnStandard)
			report := &syntax.Report{File: "standards/own.yaml"}
			syntax.Decode(n, "", own, report)
			around.addStandard(own, report)
			around.ownStandards()
			if own.Standard.Given() && len(report.All) == 0 {
				if _, err := (&Workspace{around: around}).Standard(own.Standard.Value, nil); err != nil {
					t.Fatal(err)
				}
			}
			var jobs contract.Jobs
			syntax.Decode(n, "", &jobs, &syntax.Report{})
			for i := range jobs.Jobs {
				(&loader{}).job(&jobs.Jobs[i], &syntax.Report{})
			}
			syntax.Decode(n, "", new(contract.Workspace), &syntax.Report{})
		}
		if err := checkCron(string(text)); err == nil && len(text) == 0 {
			t.Fatal("an empty schedule was taken")
		}
	})
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
