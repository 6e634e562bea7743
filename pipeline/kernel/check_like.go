package kernel

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"clearwell/rules"
	"clearwell/rules/pattern"
)

// newLike is true where the text is like one of a list of SQL patterns: % is any
// text, _ is one character, a backslash takes the character behind it as it is.
func newLike(field int, c *rules.Condition) (condition, error) {
	var tests []func(b []byte) bool
	var others []string // regular expressions of patterns with _, tried as one
	for _, v := range c.Values {
		parts, ok := likeParts(v)
		if !ok {
			return nil, fmt.Errorf("like pattern %q ends with a backslash", v)
		}
		if test := likeTest(parts); test != nil {
			tests = append(tests, test)
			continue
		}
		var expr strings.Builder
		for _, p := range parts {
			switch {
			case p.any:
				expr.WriteString(`(?s:.*)`)
			case p.one:
				expr.WriteString(`(?s:.)`)
			default:
				expr.WriteString(regexp.QuoteMeta(p.text))
			}
		}
		others = append(others, expr.String())
	}
	if len(others) > 0 {
		m, err := pattern.Compile(strings.Join(others, "|"))
		if err != nil {
			return nil, fmt.Errorf("like %q: %w", c.Values, err)
		}
		tests = append(tests, m.Match)
	}
	if len(tests) == 1 {
		return &textCheck{field, tests[0]}, nil
	}
	return &textCheck{field, func(b []byte) bool {
		for _, test := range tests {
			if test(b) {
				return true
			}
		}
		return false
	}}, nil
}

// likePart is one part of a pattern: any text, one character, or a literal.
type likePart struct {
	any, one bool
	text     string
}

// likeParts reads a pattern; % beside % is one.
func likeParts(s string) (parts []likePart, ok bool) {
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			parts = append(parts, likePart{text: literal.String()})
			literal.Reset()
		}
	}
	escaped := false
	for _, c := range s {
		switch {
		case escaped:
			literal.WriteRune(c)
			escaped = false
		case c == '\\':
			escaped = true
		case c == '%':
			flush()
			if n := len(parts); n == 0 || !parts[n-1].any {
				parts = append(parts, likePart{any: true})
			}
		case c == '_':
			flush()
			parts = append(parts, likePart{one: true})
		default:
			literal.WriteRune(c)
		}
	}
	flush()
	return parts, !escaped
}

// likeTest matches a pattern without _: what stands before the first % is a prefix,
// what stands behind the last a suffix, and the literals between follow each other.
// nil for other patterns.
func likeTest(parts []likePart) func(b []byte) bool {
	var literals [][]byte
	for _, p := range parts {
		if p.one {
			return nil
		}
		if !p.any {
			literals = append(literals, []byte(p.text))
		}
	}
	if len(literals) == len(parts) { // no %
		whole := bytes.Join(literals, nil)
		return func(b []byte) bool { return bytes.Equal(b, whole) }
	}
	var prefix, suffix []byte
	if !parts[0].any {
		prefix, literals = literals[0], literals[1:]
	}
	if !parts[len(parts)-1].any {
		last := len(literals) - 1
		suffix, literals = literals[last], literals[:last]
	}
	return func(b []byte) bool {
		if len(b) < len(prefix)+len(suffix) || !bytes.HasPrefix(b, prefix) || !bytes.HasSuffix(b, suffix) {
			return false
		}
		b = b[len(prefix) : len(b)-len(suffix)]
		for _, l := range literals {
			k := bytes.Index(b, l)
			if k < 0 {
				return false
			}
			b = b[k+len(l):]
		}
		return true
	}
}
