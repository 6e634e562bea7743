package rules

import (
	"strings"
	"testing"

	"clearwell/rules/wording"
)

func TestRulesAreDescribedInChinese(t *testing.T) {
	for want, r := range map[string]Rule{
		"不得为空": {Conditions: []Condition{{Op: Required}}},
		"符合标准公民身份号码（cn.id_card）":     {Conditions: []Condition{{Op: Standard, Standard: "cn.id_card"}}},
		"取值不小于 0、小于 10":              {Conditions: []Condition{{Op: Range, Min: "0", Max: "10", MaxOpen: true}}},
		"取值应为“甲”“乙”":                 {Conditions: []Condition{{Op: Set, Values: []string{"甲", "乙"}}}},
		"a <= b（允许相差 3d）":            {Conditions: []Condition{{Op: Compare, Field: "a", Operator: "<=", Other: "b", Tolerance: "3d"}}},
		"county 相同的，city 应相同":        {Conditions: []Condition{{Op: Depends, Fields: []string{"county"}, Other: "city"}}},
		"如果state取值应为“结束”，则ended不得为空": {If: []Condition{{Op: Set, Field: "state", Values: []string{"结束"}}}, Conditions: []Condition{{Op: Required, Field: "ended"}}},
		"长度不大于 5，且符合格式 [0-9]+":       {Conditions: []Condition{{Op: Length, Max: "5"}, {Op: Pattern, Pattern: "[0-9]+"}}},
		"满足其一：取值应为“无”；符合格式 [0-9]{6}": {Conditions: []Condition{{Op: AnyOf, Blocks: [][]Condition{{{Op: Set, Values: []string{"无"}}}, {{Op: Pattern, Pattern: "[0-9]{6}"}}}}}},
		"不小于同一 place 的前一个值":          {Conditions: []Condition{{Op: Increasing, By: []string{"place"}}}},
	} {
		if got := r.DemandsIn(wording.Chinese); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := r.DemandsIn(wording.English); strings.ContainsAny(got, "，。；") || got != r.Demands() {
			t.Errorf("in English: %q", got)
		}
	}
}
