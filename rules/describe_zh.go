package rules

import (
	"fmt"
	"strings"

	"clearwell/rules/standard"
	"clearwell/rules/wording"
)

// DemandsIn is Demands in a language of package wording. Names of fields, patterns and
// expressions stay as the contract writes them.
func (r *Rule) DemandsIn(lang string) string {
	if lang != wording.Chinese {
		return r.Demands()
	}
	if len(r.If) == 0 {
		return chineseAll(r.Conditions, false)
	}
	return "如果" + chineseAll(r.If, true) + "，则" + chineseAll(r.Conditions, true)
}

// chineseAll joins what conditions demand; named puts the field in front where a condition does not name it.
func chineseAll(list []Condition, named bool) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = c.chinese()
		if named && c.Field != "" && c.Op != Compare {
			parts[i] = c.Field + parts[i]
		}
	}
	return strings.Join(parts, "，且")
}

// chinese says what a condition demands, as String does in English.
func (c Condition) chinese() string {
	fields := strings.Join(c.Fields, "、")
	switch c.Op {
	case Required:
		return "不得为空"
	case Parsed:
		return "类型和格式正确，可以读取"
	case Length:
		return "长度" + chineseBounds(c)
	case Range:
		return "取值" + chineseBounds(c)
	case Set, NotSet:
		word := map[ConditionOp]string{Set: "取值应为", NotSet: "不得为"}[c.Op]
		if len(c.Values) > 8 {
			return fmt.Sprintf("%s %d 个代码之一", word, len(c.Values))
		}
		return word + chineseQuoted(c.Values)
	case Pattern:
		return "符合格式 " + c.Pattern
	case NotPattern:
		return "不符合格式 " + c.Pattern
	case Like:
		return "形如" + chineseQuoted(c.Values)
	case NotLike:
		return "不形如" + chineseQuoted(c.Values)
	case Standard:
		name := c.Standard
		if s, ok := standard.Lookup(name); ok && s.Title["zh"] != "" {
			name = s.Title["zh"] + "（" + name + "）"
		}
		return "符合标准" + name
	case Validate:
		return "通过校验 " + c.Tags
	case JSON:
		if c.Schema != "" {
			return "是 JSON，且符合其模式"
		}
		return "是 JSON"
	case AnyOf:
		return "满足其一：" + chineseBlocks(c.Blocks, "；")
	case AllOf:
		return "全部满足：" + chineseBlocks(c.Blocks, "；")
	case Not:
		return "不得满足：" + chineseBlocks(c.Blocks, "；")
	case Compare:
		return strings.Join([]string{c.Field, c.Operator, c.Other + c.Value}, " ") + chineseSlack(c)
	case SumOf:
		return strings.Join(c.Fields, " + ") + " 等于 " + c.Other + c.Value + chineseSlack(c)
	case Same:
		return fields + " 一致"
	case Differ:
		return fields + " 互不相同"
	case Pair:
		return fmt.Sprintf("%s 的组合应为 %d 种之一", fields, len(c.Tuples))
	case Ascending:
		return fields + " 按规定的顺序"
	case AtLeastOne:
		return fields + " 至少填一项"
	case ExactlyOne:
		return fields + " 只填一项"
	case AllOrNone:
		return fields + " 同时填写或同时为空"
	case Unique:
		if c.NullsMatch {
			return fields + " 不重复（空值视为相等）"
		}
		return fields + " 不重复"
	case Depends:
		return fields + " 相同的，" + c.Other + " 应相同"
	case Increasing, Decreasing:
		word := map[bool]string{true: "不小于", false: "不大于"}[c.Op == Increasing]
		if c.Strictly {
			word = map[bool]string{true: "大于", false: "小于"}[c.Op == Increasing]
		}
		if len(c.By) > 0 {
			return word + "同一 " + strings.Join(c.By, "、") + " 的前一个值"
		}
		return word + "前一个值"
	case Outlier:
		return "不是离群值"
	case ExistsIn:
		if c.Reference != nil && c.Reference.Dataset != "" {
			return fields + " 在 " + c.Reference.Dataset + " 中存在"
		}
	}
	return c.String()
}

func chineseBounds(c Condition) string {
	var parts []string
	if c.Min != "" {
		parts = append(parts, map[bool]string{false: "不小于 ", true: "大于 "}[c.MinOpen]+c.Min)
	}
	if c.Max != "" {
		parts = append(parts, map[bool]string{false: "不大于 ", true: "小于 "}[c.MaxOpen]+c.Max)
	}
	return strings.Join(parts, "、")
}

func chineseQuoted(words []string) string { return "“" + strings.Join(words, "”“") + "”" }

func chineseSlack(c Condition) string {
	if c.Tolerance == "" {
		return ""
	}
	return "（允许相差 " + c.Tolerance + "）"
}

func chineseBlocks(blocks [][]Condition, between string) string {
	parts := make([]string, len(blocks))
	for i, block := range blocks {
		parts[i] = chineseAll(block, false)
	}
	return strings.Join(parts, between)
}
