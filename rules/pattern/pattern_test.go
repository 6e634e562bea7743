package pattern

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// email is the pattern of the reference job.
const email = `[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}`

// expressions cover every operator of the syntax, with and without an automaton.
var expressions = []string{
	``, `a`, `abc`, `a|ab|abc`, `(?:a|b)*c?`, `a{2,4}`, `(ab){3}`, `[^a]`, `[^a-c\n]+`, `.`, `.*`, `(?s).`, `(?s).{2}`, `\d{4}-\d{2}`, `\w+\s\w+`, `\pL+`, `\p{Han}{2,4}`, `[一-龥]+`, `[\x{10000}-\x{10FFFF}]`,
	`^a$`, `a^b`, `a$b`, `^^a$$`, `(^a|b)c`, `a($|b)`, `(a$)?b?`, `\Aa\z`, `(?m)^a$`, `(?m)a$\nb`, `\bab\b`, `a\Bb`, `(?i)straße`, `(?i)k`, `(?i)[a-f]+`, `a*?b+?`, `(a*)*`, `(a+)+b`, `\x{FFFD}`, `[\x{FFFC}-\x{FFFE}]`, `é|è`, `[^\x00-\x7F]+`,
	`1[3-9]\d{9}`, `京[A-Z][A-Z0-9]{5}`, email, `\Qa.b`, `a\Q*`, `(?U)a+b`, `[[:alpha:]]+`, `\PN*`, `(a|aa|aaa){3}`, `(?:.{3}|a)*`, `x{0}`, `[^\s\S]`, `(?i)ſ`,
}

var texts = []string{
	"", "a", "b", "ab", "abc", "abab", "ababab", "aa", "aaa", "aaaa", "aaaaa", "c", "\n", "a\nb", "2024-02", "ab cd", "王伟", "王伟王伟王", "é", "è", "É", "\xff", "a\xffb", "\xe7\x8e", "\xe7\x8e\x8b", "\xed\xa0\x80", "\uFFFD", "𠮷", "\xf4\x90\x80\x80",
	"K", "k", "\u212A", "STRASSE", "STRAßE", "straẞe", "s", "S", "ſ", "13800138000", "京A12345", "a@b.cn", "a@b", "some.body@example.com", "a.b", "a*", "x", " ", "\x00", "ĳ", "abcabcabc", "\xc0\x80",
}

func compileBoth(t testing.TB, expr string) (*Matcher, *regexp.Regexp) {
	t.Helper()
	m, err := Compile(expr)
	if err != nil {
		t.Fatal(err)
	}
	re, err := anchored(expr)
	if err != nil {
		t.Fatal(err)
	}
	return m, re
}

func TestMatchSaysWhatRegexpSays(t *testing.T) {
	for _, expr := range expressions {
		m, re := compileBoth(t, expr)
		if m.String() != expr {
			t.Errorf("String() = %q, want %q", m, expr)
		}
		for _, text := range texts {
			if got, want := m.Match([]byte(text)), re.MatchString(text); got != want {
				t.Errorf("%q on %q: %v, regexp says %v", expr, text, got, want)
			}
		}
	}
}

func TestWhichExpressionsHaveAnAutomaton(t *testing.T) {
	for expr, want := range map[string]bool{
		email: true, `\p{Han}{2,20}`: true, `(?i)select|update`: true, `^a$`: true, `\d{1,12}(\.\d{1,2})?万?`: true,
		`\bab`: false, `(?m)^a`: false, `.{0,1000}`: false, `(a|b)*a(a|b){12}`: false,
	} {
		if m := MustCompile(expr); (m.dfa != nil) != want {
			t.Errorf("%q: automaton %v, want %v", expr, m.dfa != nil, want)
		}
	}
}

func TestWrongExpressionsAreRefused(t *testing.T) {
	for _, expr := range []string{`(`, `a{2,1}`, `[b-a]`, `\8`, `a**`, `(?<n`, `\pX`} {
		if _, err := Compile(expr); err == nil {
			t.Errorf("%q compiles", expr)
		}
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	m, value := MustCompile(email), []byte("some.body@example.com")
	if n := testing.AllocsPerRun(100, func() { m.Match(value) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// drawExpr makes expressions from atoms by the operators of the syntax.
func drawExpr(t *rapid.T, depth int) string {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		return rapid.SampledFrom([]string{`a`, `b`, `王`, `.`, `[ab]`, `[^a]`, `[^王]`, `\d`, `\W`, `é`, `[一-龥b]`, `^`, `$`, `(?i:k)`, `(?s:.)`, `\x{FFFD}`, `[a\x{20000}-\x{2A6DF}]`, `\pL`}).Draw(t, "atom")
	}
	switch rapid.IntRange(0, 3).Draw(t, "operator") {
	case 0:
		return drawExpr(t, depth-1) + drawExpr(t, depth-1)
	case 1:
		return `(?:` + drawExpr(t, depth-1) + `|` + drawExpr(t, depth-1) + `)`
	case 2:
		return `(?:` + drawExpr(t, depth-1) + `)` + rapid.SampledFrom([]string{`*`, `+`, `?`, `{2}`, `{1,3}`, `*?`}).Draw(t, "repeat")
	}
	return `(` + drawExpr(t, depth-1) + `)`
}

func TestRandomExpressionsMatchAsRegexpDoes(t *testing.T) {
	parts := []string{"a", "b", "王", "é", "K", "\u212A", "𠮷", "\n", "1", "\xff", "\xe7\x8e", "\x8b", "\uFFFD", "-"}
	rapid.Check(t, func(t *rapid.T) {
		expr := drawExpr(t, 4)
		m, err := Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(`\A(?:` + expr + `)\z`)
		for range 20 {
			text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 8).Draw(t, "text"), "")
			if got, want := m.Match([]byte(text)), re.MatchString(text); got != want {
				t.Fatalf("%q on %q: %v, regexp says %v", expr, text, got, want)
			}
		}
	})
}

func FuzzMatch(f *testing.F) {
	for i, expr := range expressions {
		f.Add(expr, texts[i%len(texts)])
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 60 {
			return
		}
		m, err := Compile(expr)
		if err != nil {
			return
		}
		re, err := anchored(expr)
		if err != nil {
			return // too deep with one more group
		}
		if got, want := m.Match([]byte(text)), re.MatchString(text); got != want {
			t.Fatalf("%q on %q: %v, regexp says %v", expr, text, got, want)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for name, c := range map[string][2]string{
		"email": {email, "somebody1@example.cn"}, "mobile": {`1[3-9][0-9]{9}`, "13800138000"}, "han": {`\p{Han}{2,20}`, "阿卜杜拉艾则孜"}, "amount": {`-?[0-9]{1,12}(\.[0-9]{1,2})?万?`, "123456.78"},
	} {
		value := []byte(c[1])
		m, re := MustCompile(c[0]), regexp.MustCompile(`\A(?:`+c[0]+`)\z`)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				m.Match(value)
			}
		})
		b.Run(name+"/regexp", func(b *testing.B) {
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				re.Match(value)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		MustCompile(email)
	}
}
