// Package pattern answers one question fast: is the whole of a value of a
// regular expression? The expression has RE2 syntax, as in package regexp; it is
// compiled to a deterministic automaton over bytes, which reads every byte once,
// allocates nothing and keeps no state, so that one Matcher serves all cores.
//
// Expressions that the automaton cannot hold (word boundaries, anchors of
// lines, more states than maxStates) are matched by package regexp; the answer
// is the same, only slower. Submatches are not for here.
//
// Start at Compile. An expression becomes steps over bytes in nfa.go and the
// table of the automaton in dfa.go.
package pattern

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// A Matcher matches whole values against one expression. It is safe for
// concurrent use.
type Matcher struct {
	expr string
	dfa  *dfa // nil: slow decides alone

	// slow decides where the automaton does not: if there is none, and, when
	// not nil beside it, on values that are not UTF-8. Package regexp
	// reads a broken byte as U+FFFD, so that `.` matches it; the automaton knows
	// well-formed sequences only and rejects.
	slow *regexp.Regexp
}

// Compile makes a matcher for the whole value: Match(b) is what
// regexp.MustCompile(`\A(?:expr)\z`).Match(b) says. The error is a
// *syntax.Error of package regexp/syntax.
func Compile(expr string) (*Matcher, error) {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	m := &Matcher{expr: expr}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	matchesBroken := true
	if n, ok := newNFA(prog); ok {
		m.dfa, matchesBroken = n.determinize(), n.matchesBroken
	}
	if m.dfa == nil || matchesBroken {
		if m.slow, err = anchored(expr); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// anchored compiles the expression for the whole value. An expression that ends
// within \Q would take the closing anchor as text; its tree, printed, does not.
func anchored(expr string) (*regexp.Regexp, error) {
	if re, err := regexp.Compile(`\A(?:` + expr + `)\z`); err == nil {
		return re, nil
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + parsed.String() + `)\z`)
}

// MustCompile is Compile for expressions that stand in the program; it panics on an error.
func MustCompile(expr string) *Matcher {
	m, err := Compile(expr)
	if err != nil {
		panic(err)
	}
	return m
}

// String is the expression as given.
func (m *Matcher) String() string { return m.expr }

// Match reports whether the expression matches the whole of b.
func (m *Matcher) Match(b []byte) bool {
	if m.dfa == nil {
		return m.slow.Match(b)
	}
	if m.dfa.match(b) {
		return true
	}
	return m.slow != nil && !utf8.Valid(b) && m.slow.Match(b)
}
