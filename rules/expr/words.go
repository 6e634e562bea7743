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
	{regexp.MustCompile(`^(?:mismatched|extraneous) input '((?i:and|or|not))'`), func(m []string) *wording.Text {
		return wording.Textf("%q is no operator; write && for and, || for or, ! for not", m[1])
	}},
	{regexp.MustCompile(`^(?:mismatched|extraneous) input ('.*') expecting <EOF>$`), func(m []string) *wording.Text {
		return wording.Textf("%s does not belong here: the expression is complete before it; an operator may be missing", m[1])
	}},
	{regexp.MustCompile(`^mismatched input ('.*')$`), func(m []string) *wording.Text {
		return wording.Textf("%s does not belong here", m[1])
	}},
	{regexp.MustCompile(`^extraneous input ('.*')$`), func(m []string) *wording.Text {
		return wording.Textf("%s is too much here; take it out", m[1])
	}},
	{regexp.MustCompile(`^no viable alternative at input ('.*')$`), func(m []string) *wording.Text {
		return wording.Textf("%s cannot be read; look at operators, quotes and brackets", m[1])
	}},
	{regexp.MustCompile(`^token recognition error at: '= ?'$`), func([]string) *wording.Text {
		return wording.Textf("= does not compare; write ==")
	}},
	{regexp.MustCompile(`^token recognition error at: ('["'].*)$`), func(m []string) *wording.Text {
		return wording.Textf("the quote is never closed: %s", strings.TrimSuffix(m[1][1:], "'"))
	}},
	{regexp.MustCompile(`^token recognition error at: ('.*)$`), func(m []string) *wording.Text {
		return wording.Textf("%s is not known here; signs must be half-width, texts stand in quotes", m[1])
	}},
	{regexp.MustCompile(`^missing ('.*') at '<EOF>'$`), func(m []string) *wording.Text {
		return wording.Textf("missing %s at the end", m[1])
	}},
	{regexp.MustCompile(`^missing ('.*') at ('.*')$`), func(m []string) *wording.Text {
		return wording.Textf("missing %s at %s", m[1], m[2])
	}},
	{regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`), func(m []string) *wording.Text {
		return wording.Textf("expected type %s but found %s", m[1], m[2])
	}},
	{regexp.MustCompile(`^type '(.*)' does not support field selection$`), func(m []string) *wording.Text {
		return wording.Textf("a value of type %s has nothing behind a point", m[1])
	}},
	{regexp.MustCompile(`^undefined field '(.*)'$`), func(m []string) *wording.Text {
		return wording.Textf("there is no field %q in it", m[1])
	}},
	{regexp.MustCompile(`^expression of type '(.*)' cannot be range of a comprehension`), func(m []string) *wording.Text {
		return wording.Textf("a value of type %s is no list; all, exists, filter and map go over lists", m[1])
	}},
	{regexp.MustCompile(`^reserved identifier: (.*)$`), func(m []string) *wording.Text {
		return wording.Textf("%q is a word of expressions and cannot be a name", m[1])
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
	s = strings.ReplaceAll(s, "google.protobuf.Duration", "duration")
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
