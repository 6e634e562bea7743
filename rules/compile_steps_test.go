package rules_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clearwell/rules"
)

// loadPlan compiles one contract, people, in a workspace with a code table and a file.
func loadPlan(t *testing.T, fields string) *rules.Plan {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		rules.WorkspaceFile:    rightWorkspace,
		"standards/use.yaml":   "table: use\nfile: standards/use.csv\ncolumn: code\nnames: name\nsynonyms: also\nalso: {\"02\": [果园]}\n",
		"standards/use.csv":    "code,name,also\n01,耕地,水田|旱地\n02,园地,\n",
		"datasets/people.yaml": "dataset: people\nowner: civil-affairs\nsource: {path: x.csv}\nextract: [{column: 号, pattern: '(?P<lot>[A-Z]+)-(?P<serial>[0-9]+)'}]\nfields:\n" + fields,
	} {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ws, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return ws.Datasets[0].Plan
}

func TestLineageFollowsWhatFieldsAreMadeOf(t *testing.T) {
	p := loadPlan(t, `
  rate: {level: L1, type: number, derive: price / area}
  price: {from: 价, level: L1, type: number}
  area: {from: [面积, 地积], level: L1, type: number}
  lot: {level: L1}
  no: {from: serial, level: L1}
  full: {from: {join: {fields: [lot, no], with: /}}, level: L1}
  both: {from: {join: {columns: [甲, 乙]}}, level: L1}
  office: {from: 局, level: L1, clean: [fill: {column: 备}, fill: {lookup: {by: use, table: use}}]}
  use: {from: 用, level: L1, clean: [codes: use]}
  kind: {from: 类, level: L1, derive: {if_null: "rate > 1.0 ? 'A' : use"}}
`)
	want := map[string][2]string{
		"rate": {"价 面积 地积", "derive, read as number"}, "lot": {"号", "extract, trim"}, "no": {"号", "extract, trim"}, "full": {"号", "join, trim"}, "both": {"甲 乙", "join, trim"},
		"office": {"局 备 用", "fill, fill_2"}, "use": {"用", "codes"}, "kind": {"类 价 面积 地积 用", "trim, derive"},
	}
	for _, l := range rules.Lineage(p) {
		w, ok := want[l.Field]
		if !ok {
			continue
		}
		if got := strings.Join(l.Sources, " "); got != w[0] {
			t.Errorf("%s comes from %s, want %s", l.Field, got, w[0])
		}
		if got := strings.Join(l.Steps, ", "); got != w[1] {
			t.Errorf("%s has the steps %s, want %s", l.Field, got, w[1])
		}
	}
}

func TestCodeTablesBringTheirWordsAndTheirRule(t *testing.T) {
	p := loadPlan(t, "  use: {from: 用, level: L1, clean: [codes: use]}\n  name: {level: L1, clean: [fill: {lookup: {by: use, table: use}}]}\n")
	step := p.Fields[0].Clean[0]
	for word, code := range map[string]string{"耕地": "01", "水田": "01", "旱地": "01", "园地": "02", "果园": "02"} {
		if step.Table[word] != code {
			t.Errorf("%s means %q, want %s", word, step.Table[word], code)
		}
	}
	if len(step.Table) != 5 {
		t.Errorf("words %v", step.Table)
	}
	if got := p.Fields[1].Clean[0].Table["02"]; got != "园地" {
		t.Errorf("02 is called %q", got)
	}
	i := slices.IndexFunc(p.Rules, func(r rules.Rule) bool { return r.ID == p.Fields[0].CodeRule() })
	if i < 0 || !slices.Equal(p.Rules[i].Conditions[0].Values, []string{"01", "02"}) {
		t.Errorf("rules %+v", p.Rules)
	}
}

func TestFieldsAreOrderedByWhatTheyNeed(t *testing.T) {
	p := loadPlan(t, "  a: {level: L1, clean: [fill: {from: b}]}\n  b: {level: L1, from: {join: {fields: [c, d]}}}\n  c: {level: L1}\n  d: {level: L1}\n")
	order, cycle := rules.DependencyOrder(p.Fields, (*rules.Field).CleansAfter)
	if cycle != nil || !slices.Equal(order, []int{2, 3, 1, 0}) {
		t.Errorf("order %v, cycle %v", order, cycle)
	}
	p.Fields[2].Clean = p.Fields[0].Clean
	p.Fields[2].Clean[0].Other = "a"
	if _, cycle := rules.DependencyOrder(p.Fields, (*rules.Field).CleansAfter); len(cycle) == 0 {
		t.Error("a needs itself, and nobody says so")
	}
}
