package rules_test

import (
	"encoding/json"
	"strings"
	"testing"

	"clearwell/rules"
)

// loadRows is the plan of a contract with the given rules, beside a code table, a
// file with pairs and a schema.
func loadRows(t *testing.T, rulesText string) *rules.Plan {
	t.Helper()
	w, err := rules.Load(write(t, map[string]string{
		"standards/regions.yaml": "table: regions\ncodes: {110000: 北京市, 120000: 天津市}\n",
		"pairs.csv":              "code,no,region\n1,x,a\n2,y,b\n",
		"schema.json":            "{\n  \"type\": \"object\"\n}\n",
		"datasets/d.yaml": `dataset: d
owner: traffic
source: {path: a.csv}
fields:
  name: {level: L1}
  code: {level: L1}
  n: {type: integer, level: L1}
  amount: {type: "decimal(12,2)", level: L1}
  total: {type: "decimal(12,2)", level: L1}
  x: {type: number, level: L1}
  start: {type: date, level: L1}
  end: {type: timestamp, level: L1}
` + rulesText,
	}))
	if err != nil {
		t.Fatal(err)
	}
	return w.Dataset("d").Plan
}

// TestConditionsInWordsBecomeThePlan has one rule a line: what is written, and the
// conditions and consequences that the plan has for it.
func TestConditionsInWordsBecomeThePlan(t *testing.T) {
	for _, c := range []struct{ check, want, says string }{
		{`check: {compare: start <= end}`,
			`[{"op":"compare","field":"start","operator":"\u003c=","other":"end"}]`, "start <= end"},
		{`check: {compare: [start, "=", end], tolerance: 48 h}`,
			`[{"op":"compare","field":"start","operator":"==","other":"end","tolerance":"2d"}]`, "start == end, give or take 2d"},
		{`check: {compare: amount>=1e2, tolerance: 1e-2}`,
			`[{"op":"compare","field":"amount","operator":"\u003e=","value":"100.00","tolerance":"0.01"}]`, "amount >= 100.00, give or take 0.01"},
		{`check: {compare: "name != '待定'"}`,
			`[{"op":"compare","field":"name","operator":"!=","value":"待定"}]`, "name != 待定"},
		{`{field: end, check: {compare: "> start"}}`,
			`[{"op":"compare","field":"end","operator":"\u003e","other":"start"}]`, "end > start"},
		{`check: {sum_of: [amount, n], equals: total, tolerance: 0.010}`,
			`[{"op":"sum_of","fields":["amount","n"],"other":"total","tolerance":"0.01"}]`, "amount + n is total, give or take 0.01"},
		{`check: {sum_of: [x, n], equals: 100}`, `[{"op":"sum_of","fields":["x","n"],"value":"100"}]`, "x + n is 100"},
		{`check: {same: [name, code]}`, `[{"op":"same","fields":["name","code"]}]`, "name, code have one value"},
		{`check: {differ: [name, code]}`, `[{"op":"differ","fields":["name","code"]}]`, "name, code all have other values"},
		{`check: {pair: {fields: [name, n], in: [[b, 02], [a, 1], [b, 2], [c, ~]]}}`,
			`[{"op":"pair","fields":["name","n"],"tuples":[["a","1"],["b","2"],["c",null]]}]`, "name, n together are one of 3 combinations"},
		{`check: {pair: {fields: [code, name], in: {table: regions}}}`,
			`[{"op":"pair","fields":["code","name"],"tuples":[["110000","北京市"],["120000","天津市"]]}]`, "code, name together are one of 2 combinations"},
		{`check: {pair: {fields: [code, name], in: {file: pairs.csv, columns: [code, region]}}}`,
			`[{"op":"pair","fields":["code","name"],"tuples":[["1","a"],["2","b"]]}]`, "code, name together are one of 2 combinations"},
		{`check: {order: [start, end]}`, `[{"op":"order","fields":["start","end"]}]`, "start <= end"},
		{`check: {order: {fields: [name, code], values: [低, 中], strictly: true}}`,
			`[{"op":"order","values":["低","中"],"fields":["name","code"],"strictly":true}]`, `name < code in the order "低", "中"`},
		{`check: {order: {field: name, values: [低, 中, 高], at_least: 中}}`,
			`[{"op":"order","min":"中","values":["低","中","高"],"fields":["name"]}]`, `name is at least 中 in the order "低", "中", "高"`},
		{`check: {at_least_one: [name, n], all_or_none: [code, x]}`,
			`[{"op":"at_least_one","fields":["name","n"]},{"op":"all_or_none","fields":["code","x"]}]`, "one or more of name, n has a value and all of code, x have a value or none has"},
		{`check: {if: {name: {set: [死亡]}}, then: {end: {required: true}}}`,
			`[{"op":"required","field":"end"}]`, `if name one of "死亡" then end has a value`},
		{`check: {if: n > 3, then: "name != ''"}`,
			`[{"op":"expr","expr":"name != ''"}]`, "if n > 3 then name != ''"},
		{`{field: name, check: {any_of: [{like: a%}, {not: {length: [1, 2]}}]}}`,
			`[{"op":"any_of","field":"name","blocks":[[{"op":"like","field":"name","values":["a%"]}],[{"op":"not","field":"name","blocks":[[{"op":"length","field":"name","min":"1","max":"2"}]]}]]}]`,
			`one of: (like "a%") or (not: (length from 1 to 2))`},
		{`{field: name, check: {not_set: [b, a], not_pattern: "x+", not_like: [c_, d%]}}`,
			`[{"op":"not_set","field":"name","values":["a","b"]},{"op":"not_pattern","field":"name","pattern":"x+"},{"op":"not_like","field":"name","values":["c_","d%"]}]`,
			`none of "a", "b" and does not match x+ and not like "c_" or "d%"`},
		{`{field: n, check: {validate: "gte=1,lte=9"}}`, `[{"op":"validate","field":"n","tags":"gte=1,lte=9"}]`, "passes gte=1,lte=9"},
		{`{field: name, check: {json: {schema: schema.json}}}`, `[{"op":"json","field":"name","schema":"{\"type\":\"object\"}"}]`, "is JSON, valid by its schema"},
		{`{field: name, check: {json: true}}`, `[{"op":"json","field":"name"}]`, "is JSON"},
	} {
		entry := strings.TrimSuffix(strings.TrimPrefix(c.check, "{"), "}")
		if !strings.HasPrefix(c.check, "{") {
			entry = c.check
		}
		p := loadRows(t, "rules:\n  - {id: r, "+entry+"}\n")
		r := p.Rules[len(p.Rules)-1]
		got, err := json.Marshal(r.Conditions)
		if err != nil || string(got) != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s %v", c.check, got, c.want, err)
		}
		if r.Demands() != c.says {
			t.Errorf("%s: says %q, want %q", c.check, r.Demands(), c.says)
		}
	}
}

func TestWeightOfARule(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{``, `quarantine {} error ""`},
		{`severity: error`, `quarantine {} error ""`},
		{`severity: warn`, `keep {"warn":{"count":0}} warn ""`},
		{`severity: warn, allow: 2%`, `keep {"warn":{"share":0.02}} warn ""`},
		{`severity: warn, mostly: 95%, on_fail: quarantine`, `quarantine {"warn":{"share":0.05}} warn ""`},
		{`severity: gate`, `quarantine {"fail":{"count":0}} gate ""`},
		{`severity: gate, allow: 5`, `quarantine {"fail":{"count":5}} gate ""`},
		{`severity: gate, mostly: 99.9%`, `quarantine {"fail":{"share":0.001}} gate ""`},
		{`mostly: 0.95`, `quarantine {"fail":{"share":0.05}} error ""`},
		{`mostly: 1, nulls: skip_any`, `quarantine {"fail":{"share":0}} error ""`},
		{`mostly: 100%, nulls: fail`, `quarantine {"fail":{"share":0}} error "fail"`},
		{`nulls: skip_any`, `quarantine {} error ""`},
		{`nulls: skip_all`, `quarantine {} error "skip_all"`},
	} {
		entry := "id: r, check: {compare: start <= end}"
		if c.keys != "" {
			entry += ", " + c.keys
		}
		p := loadRows(t, "rules:\n  - {"+entry+"}\n")
		r := p.Rules[len(p.Rules)-1]
		allow, _ := json.Marshal(r.Allow)
		if got := string(r.OnFail) + " " + string(allow) + " " + r.Severity.String() + ` "` + string(r.Nulls) + `"`; got != c.want {
			t.Errorf("%s: %s, want %s", c.keys, got, c.want)
		}
	}
}

func TestRulesSayWhatTheyReadAndCountUnder(t *testing.T) {
	for _, c := range []struct{ check, reads, indicator string }{
		{`{compare: start <= end}`, "start end", "0402"},
		{`{compare: n >= 3}`, "n", "0301"},
		{`{sum_of: [amount, n], equals: total}`, "amount n total", "0402"},
		{`{if: {name: {set: [a]}}, then: {end: {compare: ">= start"}}}`, "end start name", "0402"},
		{`{at_least_one: [name, code]}`, "name code", "0201"},
	} {
		p := loadRows(t, "rules:\n  - {id: r, check: "+c.check+"}\n")
		r := p.Rules[len(p.Rules)-1]
		if got := strings.Join(r.Reads, " "); got != c.reads || r.Indicator != c.indicator {
			t.Errorf("%s: reads %s, indicator %s", c.check, got, r.Indicator)
		}
	}
}
