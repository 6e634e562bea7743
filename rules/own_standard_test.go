package rules_test

import (
	"errors"
	"strings"
	"testing"

	"clearwell/rules"
	"clearwell/rules/standard"
)

// ownWorkspace is a workspace with standards of its own: one on another on one of
// the library, one on nothing, and one that overrides.
var ownWorkspace = map[string]string{
	"clearwell.yaml": rightWorkspace,
	"standards/permit.yaml": `standard: civil.permit
title: {en: Permit, zh: 许可证}
version: "2"
level: L2
desensitize: {mask: {keep_first: 2}}
clean: [halfwidth, trim, upper]
check: {pattern: "[A-Z]{2}[0-9]{6}", not_set: [AA000000]}
`,
	"standards/local-permit.yaml": `standard: civil.permit.local
base: civil.permit
clean: [{remove: {chars: "-"}}]
check: {set: {table: permits}}
`,
	"standards/permits.yaml": "table: permits\ncodes: {AB123456: 甲, CD123456: 乙}\n",
	"standards/gender.yaml": `standard: civil.gender
overrides: cn.gender
base: {name: cn.gender, form: name}
map: {未说明的性别: 未知的性别}
check: {set: [未知的性别, 男性, 女性]}
`,
	"standards/day.yaml": "standard: civil.day\nbase: iso.date\nformats: [d.M.yyyy]\ncheck: {range: [2000-01-01, ~]}\n",
	"datasets/people.yaml": `dataset: people
owner: civil-affairs
source: {path: inbox/people.csv}
fields:
  permit: {standard: civil.permit.local}
  gender: {standard: cn.gender}
  day: {standard: civil.day}
  other: {level: L1, check: {standard: civil.permit}}
`,
}

func changed(files map[string]string, name, old, with string) map[string]string {
	out := map[string]string{}
	for k, v := range files {
		out[k] = v
	}
	out[name] = strings.Replace(out[name], old, with, 1)
	return out
}

func TestFieldsTakeOverStandardsOfTheBureau(t *testing.T) {
	ws, err := rules.Load(write(t, ownWorkspace))
	if err != nil {
		t.Fatal(err)
	}
	p := ws.Dataset("people").Plan
	permit := p.Field("permit")
	var steps []string
	for _, s := range permit.Clean {
		steps = append(steps, string(s.Op))
	}
	if got := strings.Join(steps, " "); got != "halfwidth trim upper remove" || permit.Level != rules.L2 || permit.Standard != "civil.permit.local" || permit.Title["zh"] != "许可证" {
		t.Errorf("permit: steps %s, %+v", got, permit)
	}
	conditions := func(id string) string {
		for _, r := range p.Rules {
			if r.ID == id {
				var words []string
				for _, c := range r.Conditions {
					if c.Field != r.Field {
						t.Errorf("%s is on the field %q", id, c.Field)
					}
					words = append(words, string(c.Op))
				}
				return strings.Join(words, " ")
			}
		}
		return "none"
	}
	for id, want := range map[string]string{"permit.standard": "pattern not_set set", "gender.standard": "standard set", "day.standard": "range", "day.type": "type", "other.pattern-not_set": "pattern not_set"} {
		if got := conditions(id); got != want {
			t.Errorf("%s: conditions %q, want %q", id, got, want)
		}
	}
	if g := p.Field("gender"); g.Standard != "civil.gender" || g.Clean[len(g.Clean)-1].Op != rules.Map {
		t.Errorf("gender: %+v", g)
	}
	if d := p.Field("day"); d.Type.Kind != rules.Date || len(d.Type.Formats) != 1 {
		t.Errorf("day: %+v", d)
	}
}

func TestThePlansHashHoldsWhatABureausStandardSays(t *testing.T) {
	hash := func(files map[string]string) [32]byte {
		ws, err := rules.Load(write(t, files))
		if err != nil {
			t.Fatal(err)
		}
		return ws.Dataset("people").Plan.Hash()
	}
	was := hash(ownWorkspace)
	if hash(ownWorkspace) != was {
		t.Error("the same workspace has two hashes")
	}
	for _, c := range []struct{ file, old, with string }{
		{"standards/permit.yaml", "{6}", "{7}"},
		{"standards/permits.yaml", "CD123456", "CD123457"},
		{"standards/gender.yaml", "form: name", "form: code"},
		{"standards/local-permit.yaml", "base:", "version: \"3\"\nbase:"},
	} {
		if hash(changed(ownWorkspace, c.file, c.old, c.with)) == was {
			t.Errorf("%s: %s for %s changes no hash", c.file, c.with, c.old)
		}
	}
}

func TestPinnedVersionsAreHeld(t *testing.T) {
	pinned := func(version string) map[string]string {
		return changed(ownWorkspace, "clearwell.yaml", "workspace: test\n", "workspace: test\nstandards: {version: \""+version+"\", pin: {civil.permit: \"2\", cn.mobile: numbering plan of the public telephone network (工信部)}}\n")
	}
	if _, err := rules.Load(write(t, pinned(standard.Version))); err != nil {
		t.Error(err)
	}
	_, err := rules.Load(write(t, pinned("0+abc")))
	var found rules.Diagnostics
	want := `clearwell.yaml:2:22: the standards are pinned to version 0+abc, this program carries ` + standard.Version
	if !errors.As(err, &found) || len(found) != 1 || !strings.HasPrefix(found[0].String(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestStandardsAreSeenAsContractsSeeThem(t *testing.T) {
	ws, err := rules.Load(write(t, ownWorkspace))
	if err != nil {
		t.Fatal(err)
	}
	for name, own := range map[string]string{"cn.gender": "civil.gender", "civil.gender": "civil.gender", "civil.permit": "civil.permit", "cn.mobile": ""} {
		v, err := ws.Standard(name, nil)
		if err != nil || v.Own != own || len(v.Plan().Rules) == 0 {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	if v, err := rules.Library().Standard("cn.gender", map[string]string{"form": "name"}); err != nil || v.Own != "" {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := ws.Standard("civil.permti", nil); err == nil || err.Error() != `unknown standard "civil.permti"; did you mean "civil.permit"?` {
		t.Error(err)
	}
}
