package rules

import (
	"fmt"
	"strings"
)

// words says in plain words what a condition demands that names its fields itself, or
// has conditions inside; empty for the others.
func (c Condition) words() string {
	switch c.Op {
	case NotSet:
		if len(c.Values) > 8 {
			return fmt.Sprintf("none of %d codes", len(c.Values))
		}
		return "none of " + quoted(c.Values)
	case NotPattern:
		return "does not match " + c.Pattern
	case Like:
		return "like " + strings.ReplaceAll(quoted(c.Values), ", ", " or ")
	case NotLike:
		return "not like " + strings.ReplaceAll(quoted(c.Values), ", ", " or ")
	case Validate:
		return "passes " + c.Tags
	case JSON:
		if c.Schema != "" {
			return "is JSON, valid by its schema"
		}
		return "is JSON"
	case AnyOf:
		return "one of: " + blockWords(c.Blocks, " or ")
	case AllOf:
		return "all of: " + blockWords(c.Blocks, " and ")
	case Not:
		return "not: " + blockWords(c.Blocks, "")
	case Compare:
		return strings.Join([]string{c.Field, c.Operator, c.Other + c.Value}, " ") + c.slackWords()
	case SumOf:
		return strings.Join(c.Fields, " + ") + " is " + c.Other + c.Value + c.slackWords()
	case Same:
		return strings.Join(c.Fields, ", ") + " have one value"
	case Differ:
		return strings.Join(c.Fields, ", ") + " all have other values"
	case Pair:
		return fmt.Sprintf("%s together are one of %d combinations", strings.Join(c.Fields, ", "), len(c.Tuples))
	case Ascending:
		return c.orderWords()
	case AtLeastOne:
		return "one or more of " + strings.Join(c.Fields, ", ") + " has a value"
	case ExactlyOne:
		return "exactly one of " + strings.Join(c.Fields, ", ") + " has a value"
	case AllOrNone:
		return "all of " + strings.Join(c.Fields, ", ") + " have a value or none has"
	}
	return ""
}

func (c Condition) orderWords() string {
	var parts []string
	if c.Min != "" {
		parts = append(parts, "at least "+c.Min)
	}
	if c.Max != "" {
		parts = append(parts, "at most "+c.Max)
	}
	if len(c.Fields) > 1 {
		word := " <= "
		if c.Strictly {
			word = " < "
		}
		parts = append(parts, strings.Join(c.Fields, word))
	}
	text := strings.Join(parts, ", ")
	if len(c.Fields) == 1 {
		text = strings.TrimSpace(c.Fields[0] + " is " + text)
	}
	if len(c.Values) > 0 {
		text += " in the order " + quoted(c.Values)
	}
	return text
}

// slackWords tells a tolerance.
func (c Condition) slackWords() string {
	if c.Tolerance == "" {
		return ""
	}
	return ", give or take " + c.Tolerance
}

func blockWords(blocks [][]Condition, between string) string {
	parts := make([]string, len(blocks))
	for i, block := range blocks {
		parts[i] = "(" + conditionWords(block) + ")"
	}
	return strings.Join(parts, between)
}

// conditionWords joins what conditions demand.
func conditionWords(list []Condition) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = c.String()
	}
	return strings.Join(parts, " and ")
}

// scopeWords tells the conditions of if: each with its field.
func scopeWords(list []Condition) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = c.String()
		if c.Field != "" && c.Op != Compare {
			parts[i] = c.Field + " " + parts[i]
		}
	}
	return strings.Join(parts, " and ")
}

// Demands says in plain words what the rule demands.
func (r *Rule) Demands() string {
	if len(r.If) == 0 {
		return conditionWords(r.Conditions)
	}
	return "if " + scopeWords(r.If) + " then " + scopeWords(r.Conditions)
}

// nullWords tells what nulls mean to a rule.
func nullWords(n NullPolicy) string {
	switch n {
	case SkipAll:
		return ", rows where all are null left out"
	case FailNulls:
		return ", null fails"
	}
	return ""
}
