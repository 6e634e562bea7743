package interchange

import (
	"fmt"
	"math/big"
	"regexp"
	"regexp/syntax"
	"strings"

	"clearwell/rules/standard"
)

// searched makes of a regular expression of Python, which is looked for anywhere in a
// value, one of RE2 that the whole value matches. \d, \w, \s and \b mean Unicode's classes in Python;
// look-around and references to groups have no counterpart.
func searched(expr string) (string, error) {
	body, err := fromPython(expr)
	if err != nil {
		return "", err
	}
	begin, end := `(?s:.*)`, `(?s:.*)`
	if !strings.Contains(body, "|") && !strings.HasPrefix(body, "(?") {
		if rest, ok := strings.CutPrefix(body, "^"); ok {
			body, begin = rest, ""
		} else if rest, ok := strings.CutPrefix(body, `\A`); ok {
			body, begin = rest, ""
		}
		if rest, ok := strings.CutSuffix(body, "$"); ok && !endsEscaped(rest) {
			body, end = rest, ""
		} else if rest, ok := strings.CutSuffix(body, `\z`); ok && !endsEscaped(rest) {
			body, end = rest, ""
		}
	}
	if inner, ok := strings.CutPrefix(body, "(?:"); ok && begin+end == "" && strings.HasSuffix(inner, ")") && !strings.ContainsAny(inner[:len(inner)-1], `()\`) {
		body = inner[:len(inner)-1]
	}
	if begin+end != "" {
		if _, err := syntax.Parse(body, syntax.Perl); err != nil {
			return "", fmt.Errorf("the expression %q cannot be read: %v", expr, err)
		}
		body = begin + "(?:" + body + ")" + end
	}
	if _, err := regexp.Compile(`\A(?:` + body + `)\z`); err != nil {
		return "", fmt.Errorf("the expression %q cannot be read: %v", expr, err)
	}
	return body, nil
}

// matched is searched for an expression that must match from the beginning of the value to its end.
func matched(expr string) (string, error) {
	body, err := fromPython(expr)
	if err != nil {
		return "", err
	}
	if _, err := regexp.Compile(`\A(?:` + body + `)\z`); err != nil {
		return "", fmt.Errorf("the expression %q cannot be read: %v", expr, err)
	}
	return body, nil
}

// endsEscaped reports whether the sign behind s would be escaped by a backslash at its end.
func endsEscaped(s string) bool {
	return (len(s)-len(strings.TrimRight(s, `\`)))%2 == 1
}

// pythonClasses are the classes of Python's re for text, outside and inside of brackets.
var pythonClasses = map[byte][2]string{
	'd': {`\p{Nd}`, `\p{Nd}`}, 'D': {`\P{Nd}`, `\P{Nd}`},
	'w': {`[\p{L}\p{N}_]`, `\p{L}\p{N}_`}, 'W': {`[^\p{L}\p{N}_]`, ``},
	's': {`[\s\x{0b}\x{1c}-\x{1f}\x{85}\p{Z}]`, `\s\x{0b}\x{1c}-\x{1f}\x{85}\p{Z}`}, 'S': {`[^\s\x{0b}\x{1c}-\x{1f}\x{85}\p{Z}]`, ``},
}

// fromPython rewrites an expression of Python's re in RE2.
func fromPython(expr string) (string, error) {
	if len(expr) > 10000 {
		return "", fmt.Errorf("the expression has %d characters, the most is 10000", len(expr))
	}
	var b strings.Builder
	bracket := false
	no := func(what string) (string, error) {
		return "", fmt.Errorf("the expression %q uses %s, which a pattern (RE2) does not have", expr, what)
	}
	for i := 0; i < len(expr); i++ {
		c, rest := expr[i], expr[i+1:]
		switch {
		case c == '\\' && rest == "":
			return no("a backslash at its end")
		case c == '\\':
			i++
			e := rest[0]
			classes, isClass := pythonClasses[e]
			switch {
			case isClass && !bracket:
				b.WriteString(classes[0])
			case isClass && classes[1] != "":
				b.WriteString(classes[1])
			case isClass:
				return no(`\` + string(e) + " inside of brackets")
			case e == 'Z':
				b.WriteString(`\z`)
			case e == 'b' && bracket:
				b.WriteString(`\x08`)
			case e == 'u' || e == 'U':
				n := map[byte]int{'u': 4, 'U': 8}[e]
				if len(rest) < n+1 {
					return no("a broken escape")
				}
				fmt.Fprintf(&b, `\x{%s}`, rest[1:n+1])
				i += n
			case e >= '1' && e <= '9' && !bracket:
				return no("a reference to a group")
			case e >= 0x80 || strings.IndexByte(`/ "'#%&,:;<=>@_~`+"`", e) >= 0:
				b.WriteByte(e)
			default:
				b.WriteByte('\\')
				b.WriteByte(e)
			}
		case bracket:
			if c == ']' {
				bracket = false
			}
			if c == '[' {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		case c == '[':
			bracket = true
			b.WriteByte(c)
			if strings.HasPrefix(rest, "^") {
				b.WriteByte('^')
				i, rest = i+1, rest[1:]
			}
			if strings.HasPrefix(rest, "]") {
				b.WriteString(`\]`)
				i++
			}
		case c == '(' && strings.HasPrefix(rest, "?"):
			for _, bad := range []struct{ sign, what string }{{"?=", "look-ahead"}, {"?!", "look-ahead"}, {"?<=", "look-behind"}, {"?<!", "look-behind"},
				{"?P=", "a reference to a group"}, {"?(", "a condition on a group"}, {"?>", "an atomic group"}, {"?#", "a comment"}} {
				if strings.HasPrefix(rest, bad.sign) {
					return no(bad.what)
				}
			}
			b.WriteByte(c)
		case c == '{' && strings.HasPrefix(rest, ","):
			b.WriteString("{0")
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// strftimeParts are the directives of Python's time formats with what a contract writes: alone, and beside another digit.
var strftimeParts = map[byte][2]string{'Y': {"yyyy", "yyyy"}, 'm': {"M", "MM"}, 'd': {"d", "dd"}, 'H': {"H", "HH"}, 'M': {"mm", "mm"}, 'S': {"ss", "ss"},
	'f': {"SSSSSS", "SSSSSS"}, 'F': {"yyyy-M-d", "yyyy-M-dd"}, 'T': {"H:mm:ss", "HH:mm:ss"}}

// strftime makes of a time format of Python the type that reads it.
func strftime(format string) (typed, error) {
	var b strings.Builder
	out := typed{kind: date, years: true}
	joined := false // the directive before has no text behind it
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' {
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
				b.WriteString("'" + string(c) + "'")
			} else {
				b.WriteByte(c)
			}
			joined = c >= '0' && c <= '9'
			continue
		}
		if i++; i == len(format) {
			return out, fmt.Errorf("the time format %q ends in %%", format)
		}
		part, known := strftimeParts[format[i]]
		if !known {
			return out, fmt.Errorf("the time format %q has %%%c, which the formats of a contract do not have", format, format[i])
		}
		if strings.IndexByte("HMSTf", format[i]) >= 0 {
			out.kind = timestamp
		}
		follows := i+1 < len(format) && (format[i+1] == '%' || format[i+1] >= '0' && format[i+1] <= '9')
		if joined || follows {
			b.WriteString(part[1])
		} else {
			b.WriteString(part[0])
		}
		joined = follows
	}
	out.formats = []string{b.String()}
	if err := formatKnown(out.kind, out.formats[0]); err != nil {
		return out, fmt.Errorf("the time format %q has no counterpart: %v", format, err)
	}
	return out, nil
}

// plainDecimal writes a number without an exponent and says whether it is whole; ok is
// false for what would be too long.
func plainDecimal(s string) (out string, whole, ok bool) {
	if len(s) > 60 {
		return "", false, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(s)-i > 4 {
		return "", false, false
	}
	x, ok := new(big.Rat).SetString(s)
	if !ok {
		return "", false, false
	}
	if x.IsInt() {
		return x.Num().String(), true, len(x.Num().String()) <= 60
	}
	digits, exact := x.FloatPrec()
	if !exact || digits > 60 {
		return "", false, false
	}
	return x.FloatString(digits), false, true
}

// percent writes a share from 0 to 1 as a contract does: 0.95 is 95%.
func percent(share string) (string, error) {
	x, ok := new(big.Rat).SetString(share)
	if _, _, plain := plainDecimal(share); !ok || !plain || x.Sign() < 0 || x.Cmp(big.NewRat(1, 1)) > 0 {
		return "", fmt.Errorf("%q is no share from 0 to 1", share)
	}
	out, _, _ := plainDecimal(x.Mul(x, big.NewRat(100, 1)).FloatString(16))
	if len(out) > 20 {
		return "", fmt.Errorf("%q is no share from 0 to 1 of at most 16 decimals", share)
	}
	return out + "%", nil
}

// restOf is what a percentage leaves of the whole.
func restOf(share string) (string, error) {
	x, ok := new(big.Rat).SetString(strings.TrimSuffix(share, "%"))
	if !ok {
		return "", fmt.Errorf("%q is no share", share)
	}
	out, _, ok := plainDecimal(x.Sub(big.NewRat(100, 1), x).FloatString(14))
	if !ok {
		return "", fmt.Errorf("%q is no share", share)
	}
	return out + "%", nil
}

// formatKnown reports a time format that a contract cannot have.
func formatKnown(kind need, format string) (err error) {
	if kind == date {
		_, err = standard.NewDateParser([]string{format}, 0, 0)
	} else {
		_, err = standard.NewTimestampParser([]string{format}, 0, 0)
	}
	return err
}
