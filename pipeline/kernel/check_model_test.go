package kernel

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"clearwell/rules"
)

// A verdict of the model: -1 false, 0 unknown, 1 true.
type truth int

func holdsIf(ok bool) truth {
	if ok {
		return 1
	}
	return -1
}

// modelRow is a row of rowPlan by field name; a field that is not there is null.
type modelRow map[string]string

// modelValue is a value as a fraction (numbers, days, seconds), or nil.
func (r modelRow) number(name string) *big.Rat {
	text, ok := r[name]
	if !ok {
		return nil
	}
	if name == "d" || name == "e" { // 2020-01-DD
		text = text[8:]
	}
	x, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	return x
}

// compareModel orders two fields; both are there.
func (r modelRow) compare(a, b string) int {
	if strings.Contains("stu", a) {
		return strings.Compare(r[a], r[b])
	}
	return r.number(a).Cmp(r.number(b))
}

func signHolds(sign string, order int) bool {
	switch sign {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case "==":
		return order == 0
	case "!=":
		return order != 0
	case ">=":
		return order >= 0
	}
	return order > 0
}

var likeModels = map[string]*regexp.Regexp{}

// likeModel is LIKE as a regular expression, without escapes.
func likeModel(pattern, v string) bool {
	var b strings.Builder
	for _, c := range pattern {
		switch c {
		case '%':
			b.WriteString("(?s:.*)")
		case '_':
			b.WriteString("(?s:.)")
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	re := likeModels[pattern]
	if re == nil {
		re = regexp.MustCompile(`\A(?:` + b.String() + `)\z`)
		likeModels[pattern] = re
	}
	return re.MatchString(v)
}

// model decides a condition on a row by its definition, one row at a time.
func model(c *rules.Condition, r modelRow, nulls rules.NullPolicy) truth {
	there := 0
	names := slices.Clone(c.Fields)
	if c.Op == rules.Compare {
		names = []string{c.Field}
	}
	if c.Other != "" {
		names = append(names, c.Other)
	}
	if len(names) == 0 {
		names = []string{c.Field}
	}
	for _, n := range names {
		if _, ok := r[n]; ok {
			there++
		}
	}
	some, all := there > 0, there == len(names)
	switch c.Op {
	case rules.Required:
		return holdsIf(all)
	case rules.AtLeastOne:
		return holdsIf(some)
	case rules.ExactlyOne:
		return holdsIf(there == 1)
	case rules.AllOrNone:
		return holdsIf(all || !some)
	case rules.AnyOf, rules.AllOf, rules.Not:
		return blockModel(c, r, nulls)
	case rules.SumOf, rules.Differ:
		if nulls == rules.SkipAll && some {
			break
		}
		fallthrough
	default:
		if !all {
			return 0
		}
	}
	switch c.Op {
	case rules.Compare:
		return holdsIf(signHolds(c.Operator, r.compare(c.Field, c.Other)))
	case rules.SumOf:
		sum := new(big.Rat)
		for _, n := range c.Fields {
			if x := r.number(n); x != nil {
				sum.Add(sum, x)
			}
		}
		total := r.number(c.Other)
		if total == nil {
			return -1
		}
		within, _ := new(big.Rat).SetString(c.Tolerance)
		return holdsIf(sum.Sub(sum, total).Abs(sum).Cmp(within) <= 0)
	case rules.Same, rules.Differ:
		for i, a := range c.Fields {
			for _, b := range c.Fields[:i] {
				_, haveA := r[a]
				_, haveB := r[b]
				if haveA && haveB && (r.compare(a, b) == 0) != (c.Op == rules.Same) {
					return -1
				}
			}
		}
		return 1
	case rules.Ascending:
		for i := 1; i < len(c.Fields); i++ {
			if o := r.compare(c.Fields[i-1], c.Fields[i]); o > 0 || o == 0 && c.Strictly {
				return -1
			}
		}
		return 1
	case rules.Pair:
		return holdsIf(slices.ContainsFunc(c.Tuples, func(t []*string) bool {
			for k, v := range t {
				if *v != r[c.Fields[k]] {
					return false
				}
			}
			return true
		}))
	}
	v := r[c.Field]
	switch c.Op {
	case rules.Set:
		return holdsIf(slices.Contains(c.Values, v))
	case rules.NotSet:
		return holdsIf(!slices.Contains(c.Values, v))
	case rules.Like, rules.NotLike:
		like := slices.ContainsFunc(c.Values, func(p string) bool { return likeModel(p, v) })
		return holdsIf(like == (c.Op == rules.Like))
	case rules.Length:
		return holdsIf(fmt.Sprint(utf8.RuneCountInString(v)) >= c.Min) // one digit
	case rules.JSON:
		return holdsIf(json.Valid([]byte(v)))
	case rules.Validate:
		return holdsIf(v != "" && strings.Trim(v, "0123456789") == "") // number
	}
	panic(c.Op)
}

// blockModel is Kleene's logic.
func blockModel(c *rules.Condition, r modelRow, nulls rules.NullPolicy) truth {
	and := func(list []truth) truth { return slices.Min(append(list, 1)) }
	var blocks []truth
	for _, b := range c.Blocks {
		var list []truth
		for k := range b {
			list = append(list, model(&b[k], r, nulls))
		}
		blocks = append(blocks, and(list))
	}
	switch c.Op {
	case rules.AnyOf:
		return slices.Max(blocks)
	case rules.AllOf:
		return and(blocks)
	}
	return -blocks[0]
}

// operandsModel are the fields whose nulls the policy is about.
func operandsModel(c *rules.Condition) []string {
	switch c.Op {
	case rules.Required, rules.AtLeastOne, rules.ExactlyOne, rules.AllOrNone:
		return nil
	}
	var names []string
	for _, b := range c.Blocks {
		for k := range b {
			names = append(names, operandsModel(&b[k])...)
		}
	}
	if len(c.Blocks) > 0 {
		return names
	}
	names = append(slices.Clone(c.Fields), c.Other)
	if len(c.Fields) == 0 {
		names = append(names, c.Field)
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == "" })
}

// ruleModel decides a rule of several conditions: checked where one is known, failed
// where a known one is false; then nulls.
func ruleModel(list []rules.Condition, r modelRow, nulls rules.NullPolicy) truth {
	out := truth(0)
	there, missing := 0, 0
	for k := range list {
		switch v := model(&list[k], r, nulls); {
		case v < 0:
			out = -1
		case v > 0 && out == 0:
			out = 1
		}
		for _, n := range operandsModel(&list[k]) {
			if _, ok := r[n]; ok {
				there++
			} else {
				missing++
			}
		}
	}
	if missing > 0 && (nulls == rules.FailNulls || nulls == rules.SkipAll && there > 0 && out == 0) {
		return -1
	}
	return out
}

func randomCondition(r *rand.Rand, depth int) rules.Condition {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	texts, numbers, dates := []string{"s", "t", "u"}, []string{"i", "j", "m", "n", "f"}, []string{"d", "e"}
	some := func(from []string, least int) []string {
		list := slices.Clone(from)
		r.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
		return list[:least+r.IntN(len(list)-least+1)]
	}
	alike := func() []string { return [][]string{texts, numbers, dates}[r.IntN(3)] }
	if depth > 0 && r.IntN(3) == 0 {
		c := rules.Condition{Op: rules.ConditionOp(pick("any_of", "all_of", "not"))}
		n := 1 + r.IntN(3)
		if c.Op == rules.Not {
			n = 1
		}
		for range n {
			var block []rules.Condition
			for range 1 + r.IntN(2) {
				block = append(block, randomCondition(r, depth-1))
			}
			c.Blocks = append(c.Blocks, block)
		}
		return c
	}
	switch r.IntN(12) {
	case 0, 1, 2:
		f := some(alike(), 2)
		return rules.Condition{Op: rules.Compare, Field: f[0], Operator: pick("<", "<=", "==", "!=", ">=", ">"), Other: f[1]}
	case 3, 4:
		f := some(numbers, 3)
		return rules.Condition{Op: rules.SumOf, Fields: f[1:], Other: f[0], Tolerance: pick("0", "0.01", "1")}
	case 5:
		return rules.Condition{Op: rules.ConditionOp(pick("same", "differ")), Fields: some(alike(), 2)}
	case 6:
		return rules.Condition{Op: rules.Ascending, Fields: some(alike(), 2), Strictly: r.IntN(2) == 0}
	case 7:
		return rules.Condition{Op: rules.ConditionOp(pick("at_least_one", "exactly_one", "all_or_none")), Fields: some([]string{"s", "i", "d", "x"}, 2)}
	case 8:
		return rules.Condition{Op: rules.Pair, Fields: []string{"s", "t"}, Tuples: words2("a,a", "甲,a", "1,甲")}
	case 9:
		return rules.Condition{Op: rules.ConditionOp(pick("set", "not_set")), Field: pick(texts...), Values: []string{"a", "甲乙"}}
	case 10:
		return rules.Condition{Op: rules.ConditionOp(pick("like", "not_like")), Field: pick(texts...), Values: []string{pick("a%", "%乙", "%a%b%", "_"), pick("甲_", "%", "1", "a%a")}}
	}
	return []rules.Condition{{Op: rules.Required, Field: pick("s", "i", "d")}, {Op: rules.JSON, Field: "s"}, {Op: rules.Validate, Field: "t", Tags: "number"},
		{Op: rules.Length, Field: "u", Min: "2"}}[r.IntN(4)]
}

func TestConditionsDecideAsTheirDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	rows := make([]modelRow, 300)
	written := make([]string, len(rows))
	for i := range rows {
		rows[i] = modelRow{}
		for name, values := range map[string][]string{
			"s": {"a", "甲", "甲乙", "1", "ab", "aa"}, "t": {"a", "甲", "12", "{"}, "u": {"a", "甲乙", "aab"},
			"i": {"0", "1", "-1", "2", "9223372036854775807"}, "j": {"0", "1", "3", "-9223372036854775808"},
			"m": {"0.00", "1.00", "0.01", "2.00", "123456789012345678.12"}, "n": {"0.00", "1.01", "3.00"}, "f": {"0.000000", "1.000000", "3.010000", "99999999999999999999999999999999.000001"},
			"d": {"2020-01-01", "2020-01-02"}, "e": {"2020-01-01", "2020-01-03"}, "x": {"1"},
		} {
			if r.IntN(4) > 0 {
				rows[i][name] = pick(values...)
				written[i] += name + "=" + rows[i][name] + ";"
			}
		}
	}
	count := map[truth]int{}
	for range 20 { // plans of 25 rules each
		var list []rules.Rule
		for range 25 {
			one := rules.Rule{Nulls: []rules.NullPolicy{rules.SkipAny, rules.SkipAll, rules.FailNulls}[r.IntN(3)]}
			for range 1 + r.IntN(2) {
				one.Conditions = append(one.Conditions, randomCondition(r, 2))
			}
			if r.IntN(3) == 0 {
				one.If = []rules.Condition{randomCondition(r, 1)}
			}
			list = append(list, one)
		}
		got, w := checkRows(t, rowPlan(list...), written...)
		for k := range list {
			verdict := verdicts(got, k)
			counts := RuleCounts{InScope: int64(len(rows))}
			for i, row := range rows {
				want := ruleModel(list[k].Conditions, row, list[k].Nulls)
				if len(list[k].If) > 0 && model(&list[k].If[0], row, rules.SkipAny) != 1 {
					want = 0
					counts.SkippedByWhen++
				} else if want == 0 {
					counts.SkippedNull++
				}
				if want != 0 {
					counts.Checked++
				}
				if want < 0 {
					counts.Failed++
				}
				count[want]++
				if verdict[i] != "-.+"[want+1] {
					text, _ := json.Marshal(list[k])
					t.Fatalf("%s\non %v: %c, want %c", text, row, verdict[i], "-.+"[want+1])
				}
			}
			if w.Counts().Rules[k] != counts {
				t.Fatalf("counts %+v, want %+v", w.Counts().Rules[k], counts)
			}
		}
	}
	if count[-1] < 1000 || count[0] < 1000 || count[1] < 1000 {
		t.Errorf("verdicts %v: the conditions try too little", count)
	}
}
