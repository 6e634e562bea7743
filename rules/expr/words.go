package expr

import (
	"regexp"
	"strings"

	"cel.dev/cel-go/common/operators"

	"clearwell/rules/wording"
)

// celForms are the messages of CEL's parser and type checker that officers meet,
// as plainWords leaves them, with what we say instead.
var celForms = []struct {
	form *regexp.Regexp
	say  func(m []string) *wording.Text
}{
	{regexp.MustCompile(`^undeclared reference to '([^']*)'`), func(m []string) *wording.Text {
		return wording.Textf("no field or function is called %q", m[1])
	}},
	{regexp.MustCompile(`^found no matching overload for '(.*?)' applied to '(.*?)'?$`), func(m []string) *wording.Text {
		if strings.Contains(m[2], "int") && strings.Contains(m[2], "double") {
			return wording.Textf("%s does not take %s; write whole numbers with a point (2.0)", operatorWords(m[1]), m[2])
		}
		return wording.Textf("%s does not take %s", operatorWords(m[1]), m[2])
	}},
	{regexp.MustCompile(`^mismatched input '<EOF>'$`), func([]string) *wording.Text {
		return wording.Textf("the expression ends where something is missing")
	}},
	{regexp.MustCompile(`^mismatched input ('.*')$`), func(m []string) *wording.Text {
		return wording.Textf("mismatched input %s", m[1])
	}},
	{regexp.MustCompile(`^extraneous input ('.*')$`), func(m []string) *wording.Text {
		return wording.Textf("extraneous input %s", m[1])
	}},
	{regexp.MustCompile(`^no viable alternative at input ('.*')$`), func(m []string) *wording.Text {
		return wording.Textf("no viable alternative at input %s", m[1])
	}},
	{regexp.MustCompile(`^token recognition error at: ('.*)$`), func(m []string) *wording.Text {
		return wording.Textf("token recognition error at: %s", m[1])
	}},
	{regexp.MustCompile(`^missing ('.*') at ('.*')$`), func(m []string) *wording.Text {
		return wording.Textf("missing %s at %s", m[1], m[2])
	}},
	{regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`), func(m []string) *wording.Text {
		return wording.Textf("expected type '%s' but found '%s'", m[1], m[2])
	}},
	{regexp.MustCompile(`^type '(.*)' does not support field selection$`), func(m []string) *wording.Text {
		return wording.Textf("type '%s' does not support field selection", m[1])
	}},
	{regexp.MustCompile(`^undefined field '(.*)'$`), func(m []string) *wording.Text {
		return wording.Textf("undefined field '%s'", m[1])
	}},
	{regexp.MustCompile(`^expression of type '(.*)' cannot be range of a comprehension`), func(m []string) *wording.Text {
		return wording.Textf("expression of type '%s' is no list; all, exists, filter and map go over lists", m[1])
	}},
	{regexp.MustCompile(`^reserved identifier: (.*)$`), func(m []string) *wording.Text {
		return wording.Textf("reserved identifier: %s", m[1])
	}},
}

// celWords says a message of CEL. What is not among celForms stays in CEL's words.
func celWords(message string) *wording.Text {
	message = plainWords(message)
	for _, c := range celForms {
		if m := c.form.FindStringSubmatch(message); m != nil {
			return c.say(m)
		}
	}
	return wording.Textf("CEL: %s", message)
}

// plainWords removes what only the CEL implementation cares for from a message.
func plainWords(s string) string {
	s = strings.ReplaceAll(s, "google.protobuf.Timestamp", "timestamp")
	s = strings.TrimPrefix(s, "Syntax error: ")
	for {
		before, rest, ok := strings.Cut(s, "wrapper(")
		if !ok {
			break
		}
		inner, after, closed := strings.Cut(rest, ")")
		if !closed {
			break
		}
		s = before + inner + after
	}
	s, _, _ = strings.Cut(s, " expecting {")
	return strings.ReplaceAll(s, " (in container '')", "")
}

func operatorWords(name string) *wording.Text {
	if symbol, ok := operators.FindReverse(name); ok && symbol != "" {
		return wording.Textf("the operator %s", symbol)
	}
	return wording.Textf("the function %s", name)
}
