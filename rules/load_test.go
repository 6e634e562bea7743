package rules_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearwell/rules"
)

// write makes a workspace of the given files, with a right clearwell.yaml unless one is given.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{rules.WorkspaceFile: rightWorkspace}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
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

// plan compiles one contract of the dataset people.
func plan(t testing.TB, contract string) *rules.Plan {
	t.Helper()
	ws, err := rules.Load(write(t, map[string]string{"datasets/people.yaml": contract,
		"standards/kinds.yaml": "table: kinds\ncodes: {b: B, a: A}\n", "standards/codes.tsv": "1\tone\n2\ttwo\n1\tagain\n"}))
	if err != nil {
		t.Fatal(err)
	}
	return ws.Dataset("people").Plan
}

const people = `dataset: people
title: {en: People, zh: 人员}
owner: civil-affairs
source: {path: inbox/people.csv}
fields:
  id_card: {from: 身份证号, standard: cn.id_card, required: true, desensitize: {pseudonym: {key: people}}}
  born: {type: date, level: L3, desensitize: {band: 5y}, check: {id: born-matches, expr: born == cn.id_birth(id_card), allow: 2%}}
  amount: {type: "decimal(14,2)", level: L1, clean: [number: {units: {万: 10000}}], check: {range: [0, 1e9]}}
  kind: {level: L1, map: {x: a, y: b}, check: {set: {table: kinds}}}
dedupe: {key: [id_card], keep: {latest: born, then: most_complete}}
publish: {audience: open, sort_by: [amount]}
`

func TestTheSameContractInOtherWordsHasTheSameHash(t *testing.T) {
	want := plan(t, people).Hash()
	for name, text := range map[string]string{
		"comments":      "# a comment\n" + strings.ReplaceAll(people, "\nfields:", "\n\n# about fields\nfields:  # here"),
		"key order":     "publish: {sort_by: [amount], audience: open}\n" + strings.Replace(people, "publish: {audience: open, sort_by: [amount]}\n", "", 1),
		"inner order":   strings.Replace(people, "{from: 身份证号, standard: cn.id_card, required: true,", "{required: true, standard: cn.id_card, from: 身份证号,", 1),
		"block style":   strings.Replace(people, "source: {path: inbox/people.csv}", "source:\n  path: 'inbox/people.csv'\n  format: csv", 1),
		"said defaults": strings.Replace(people, "born: {type: date,", "born: {type: date, formats: [yyyy-MM-dd], years: [1900, 2100], on_fail: quarantine,", 1),
		"bound form":    strings.Replace(people, "range: [0, 1e9]", "range: {min: 0.00, max: 1000000000}", 1),
		"table order":   strings.Replace(people, "map: {x: a, y: b}", "map: {y: b, x: a}", 1),
		"tests":         people + "tests:\n  - {given: {身份证号: x}, expect: {kind: a}}\n",
	} {
		if plan(t, text).Hash() != want {
			t.Errorf("%s changed the hash", name)
		}
	}
}

func TestEveryChangeOfMeaningHasAnotherHash(t *testing.T) {
	seen := map[[32]byte]string{plan(t, people).Hash(): "the first"}
	for _, change := range [][2]string{
		{"zh: 人员", "zh: 居民"}, {"civil-affairs", "traffic"}, {"inbox/people.csv", "inbox/*.csv"}, {"from: 身份证号", "from: [身份证号, 证件号]"},
		{"required: true", "required: true, on_fail: stop"}, {"key: people", "key: others"}, {"band: 5y", "band: 10y"}, {"type: date", "type: timestamp"},
		{"allow: 2%", "allow: 3%"}, {"allow: 2%", "allow: 2"}, {"allow: 2%", "allow: {warn: 2%}"}, {"born == cn.id_birth", "born >= cn.id_birth"},
		{"decimal(14,2)", "decimal(15,2)"}, {"万: 10000", "亿: 100000000"}, {"[0, 1e9]", "[0, 1e8]"}, {"[0, 1e9]", "{above: 0, max: 1e9}"},
		{"x: a, y: b", "x: b, y: b"}, {"set: {table: kinds}", "set: [a]"}, {"latest: born", "earliest: born"}, {", then: most_complete", ""},
		{"audience: open", "audience: shared"}, {", sort_by: [amount]", ""}, {"kind: {level: L1", "kind: {level: L2"}, {"kind: {level: L1", "kind: {optional: true, level: L1"},
		{"kind: {level: L1", "kind: {clean: [], level: L1"}, {"kind: {level: L1", "kind: {nulls: [无], level: L1"}, {"kind: {level: L1", "kind: {publish: sort, level: L1"},
		{"dedupe:", "where: kind == 'a'\ndedupe:"}, {"dedupe:", "rules: [{id: r, check: amount > 5.0}]\ndedupe:"},
	} {
		if !strings.Contains(people, change[0]) {
			t.Fatalf("the contract has no %q", change[0])
		}
		hash := plan(t, strings.Replace(people, change[0], change[1], 1)).Hash()
		if other, twice := seen[hash]; twice {
			t.Errorf("%q has the hash of %s", change[1], other)
		}
		seen[hash] = change[1]
	}
}

func TestScalarsStayWhatWasTyped(t *testing.T) {
	p := plan(t, "dataset: people\nowner: civil-affairs\nsource: {path: x}\nfields:\n  a: {level: L1, nulls: [01, no, 1e3, ~x, 0x1F, .inf, 2024-01-01], check: {set: [01, no, 1e3]}}\n")
	if got := strings.Join(p.Fields[0].Nulls, "|"); got != "|01|no|1e3|~x|0x1F|.inf|2024-01-01" {
		t.Errorf("nulls are %s", got)
	}
	if got := strings.Join(p.Rules[0].Conditions[0].Values, "|"); got != "01|1e3|no" {
		t.Errorf("values are %s", got)
	}
}

func TestImplicitRulesGiveWayToChecksThatNameThem(t *testing.T) {
	const head = "dataset: people\nowner: civil-affairs\nsource: {path: x}\nfields:\n"
	ids := func(text string) string {
		var list []string
		for _, r := range plan(t, head+text).Rules {
			list = append(list, r.ID)
		}
		return strings.Join(list, " ")
	}
	for text, want := range map[string]string{
		"  a: {level: L1}\n": "",
		"  a: {level: L1, type: integer, required: true}\n":                                                                   "a.required a.type",
		"  a: {standard: cn.uscc}\n":                                                                                          "a.standard",
		"  a: {standard: iso.date}\n":                                                                                         "a.type",
		"  a: {standard: cn.uscc, check: {id: E7, standard: true}}\n":                                                         "E7",
		"  a: {standard: cn.uscc, check: {id: x, standard: cn.org_code}}\n":                                                   "a.standard x",
		"  a: {level: L1, type: integer, check: {id: E8, type: true, range: [0, 1]}}\n":                                       "E8",
		"  a: {level: L1, type: integer, required: true}\nrules: [{id: E4, field: a, check: {required: true, type: true}}]\n": "E4",
		"  a: {level: L1, type: integer, check: [{range: [0, 9]}, {unique: true}]}\n":                                         "a.type a.range a.unique",
	} {
		if got := ids(text); got != want {
			t.Errorf("%sgives %q, want %q", text, got, want)
		}
	}
}

func TestRulesGetTheirIndicatorByKind(t *testing.T) {
	p := plan(t, `dataset: people
owner: civil-affairs
source: {path: x}
fields:
  a: {level: L1, type: integer, required: true, check: [{range: [0, 9]}, {id: one, expr: a > 1}, {id: two, expr: "a > size(b)"}, {id: said, expr: a > 2, dimension: timeliness}, {id: code, expr: a > 3, indicator: "0104"}]}
  b: {level: L1, check: [{length: 2}, {pattern: x}, {set: [x]}, {unique: true}]}
  c: {standard: cn.admin_division}
rules:
  - {id: keys, check: {unique: [a, b]}}
`)
	want := map[string]string{"a.required": "completeness 0201", "a.type": "accuracy 0302", "a.range": "accuracy 0301", "one": "accuracy 0301", "two": "consistency 0402",
		"said": "timeliness 0501", "code": "normativity 0104", "b.length": "accuracy 0302", "b.pattern": "accuracy 0302", "b.set": "normativity 0105",
		"b.unique": "accuracy 0304", "c.standard": "normativity 0105", "keys": "accuracy 0304"}
	for _, r := range p.Rules {
		if got := r.Dimension + " " + r.Indicator; got != want[r.ID] {
			t.Errorf("%s is %s, want %s", r.ID, got, want[r.ID])
		}
		delete(want, r.ID)
	}
	if len(want) > 0 {
		t.Errorf("not there: %v", want)
	}
}

func TestSetsComeFromTablesAndFiles(t *testing.T) {
	p := plan(t, "dataset: people\nowner: civil-affairs\nsource: {path: x}\nfields:\n"+
		"  a: {level: L1, type: integer, check: {set: {file: standards/codes.tsv}}}\n  b: {level: L1, check: {set: {file: standards/codes.tsv, column: 2}}}\n  c: {level: L1, check: {set: {table: kinds}}}\n")
	for id, want := range map[string]string{"a.set": "1 2", "b.set": "again one two", "c.set": "a b"} {
		for _, r := range p.Rules {
			if r.ID == id && strings.Join(r.Conditions[0].Values, " ") != want {
				t.Errorf("%s has %v", id, r.Conditions[0].Values)
			}
		}
	}
}

func TestDefaultTreatmentsComeWhereTheAudienceNeedsThem(t *testing.T) {
	contract := func(audience string) string {
		return "dataset: people\nowner: civil-affairs\nsource: {path: x}\nfields:\n  phone: {standard: cn.mobile}\n  id: {standard: cn.id_card}\npublish: {audience: " + audience + "}\n"
	}
	for audience, want := range map[string]string{"open": "mask pseudonym", "shared": "mask pseudonym", "restricted": "none pseudonym", "internal": "none none"} {
		p := plan(t, contract(audience))
		if got := string(p.Fields[0].Treatment.Method + " " + p.Fields[1].Treatment.Method); got != want {
			t.Errorf("%s: %s, want %s", audience, got, want)
		}
	}
}

func TestColumnLineageIsReadOffThePlan(t *testing.T) {
	byName := map[string]rules.ColumnLineage{}
	for _, l := range rules.Lineage(plan(t, people)) {
		byName[l.Published] = l
	}
	id := byName["id_card"]
	if strings.Join(id.Sources, ",") != "身份证号" || !id.Masking || id.Transformation != rules.Transformation ||
		strings.Join(id.Steps, "; ") != "halfwidth; trim; upper; cn.id_card; pseudonym with key people" {
		t.Errorf("id_card: %+v", id)
	}
	if kind := byName["kind"]; kind.Masking || strings.Join(kind.Steps, "; ") != "trim; map" {
		t.Errorf("kind: %+v", kind)
	}
	plain := rules.Lineage(plan(t, "dataset: people\nowner: civil-affairs\nsource: {path: x}\nfields:\n  a: {level: L1, clean: []}\n"))
	if len(plain) != 1 || plain[0].Transformation != rules.Identity {
		t.Errorf("an untouched column: %+v", plain)
	}
}

func TestThePlanIsToldInPlainWords(t *testing.T) {
	var out bytes.Buffer
	if err := rules.Describe(&out, plan(t, people)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"people (People / 人员)", "reads inbox/people.csv as CSV", "id_card (Citizen identification number / 公民身份号码), L4, string",
		"from     身份证号", "form of cn.id_card", "id_card.required (completeness): has a value; else quarantine",
		"born-matches (consistency): born == cn.id_birth(id_card); else quarantine; more than 2% stops publication",
		"amount.range (accuracy): value from 0.00 to 1000000000.00", "万 = 10^4", "publish  as id_card: pseudonym with key people",
		"one row per id_card; of copies stays: latest born, then most complete, then the earlier row", `audience "open", sorted by amount`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("not told: %s\n%s", want, out.String())
		}
	}
}

func TestAWorkspaceIsFoundFromBelow(t *testing.T) {
	dir := write(t, map[string]string{"datasets/people.yaml": people, "standards/kinds.yaml": "table: kinds\ncodes: {a: A}\n"})
	for _, from := range []string{dir, filepath.Join(dir, "datasets")} {
		ws, err := rules.Load(from)
		if err != nil {
			t.Fatal(err)
		}
		if ws.Nearest("poeple") != "people" || ws.Dataset("x") != nil || ws.Department("traffic") == nil {
			t.Error("the workspace does not know its parts")
		}
	}
	if _, err := rules.Find(t.TempDir()); !errors.Is(err, rules.ErrNoWorkspace) {
		t.Errorf("got %v", err)
	}
}

func TestThePolicyIsMonotone(t *testing.T) {
	order := []string{"open", "shared", "restricted", "internal"}
	for i, audience := range order {
		for l := rules.L1; l <= rules.L4; l++ {
			strength := rules.LeastTreatment(l, audience).Strength()
			if l > rules.L1 && strength < rules.LeastTreatment(l-1, audience).Strength() {
				t.Errorf("%s %s asks less than the level below", audience, l)
			}
			if i > 0 && strength > rules.LeastTreatment(l, order[i-1]).Strength() {
				t.Errorf("%s %s asks more than a wider audience", audience, l)
			}
		}
	}
	if rules.LeastTreatment(0, "open") != rules.Drop || rules.LeastTreatment(rules.L4, "nobody").Strength() != 3 {
		t.Error("what is not known is not treated as the worst")
	}
}

func TestTheReferenceJobIsAContract(t *testing.T) {
	text, err := os.ReadFile("../bench/workspace/datasets/reference.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ws, err := rules.Load(write(t, map[string]string{
		"clearwell.yaml":          "workspace: bench\ndepartments: {bench: {}}\n",
		"datasets/reference.yaml": string(text), "standards/admin_codes.tsv": "110101\t北京市\t\t东城区\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	p := ws.Dataset("reference").Plan
	var errorsOf, published []string
	for _, r := range p.Rules {
		if r.OnFail == rules.Quarantine {
			errorsOf = append(errorsOf, r.ID)
		}
	}
	for _, f := range p.Published() {
		published = append(published, f.PublishAs)
	}
	if got := strings.Join(errorsOf, " "); got != "E1 E2 E3 E4 E5 E6 E7 E8" {
		t.Errorf("errors are %s", got)
	}
	if got := strings.Join(published, " "); got != "record_id source_dept id_token name gender birth_band phone address admin_code uscc amount register_date update_time email_domain remark" {
		t.Errorf("published are %s", got)
	}
}
