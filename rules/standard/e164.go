package standard

import (
	"bytes"
	_ "embed"
	"sync"

	"clearwell/rules/pattern"
	"clearwell/rules/wording"
)

// International telephone numbers, ITU-T E.164.

//go:embed tables/e164.tsv
var callingCodes []byte // calling_code, tab, pattern of the national number

// A numberPlan is the plan of one calling code. Its pattern becomes an automaton
// when the first number of the code comes.
type numberPlan struct {
	pattern string
	once    sync.Once
	matcher *pattern.Matcher
}

func (p *numberPlan) match(national []byte) bool {
	p.once.Do(func() { p.matcher = pattern.MustCompile(p.pattern) })
	return p.matcher.Match(national)
}

// numberPlans are by calling code, 1 to 999; nil: the code is not given.
var numberPlans = sync.OnceValue(func() *[1000]*numberPlan {
	plans := new([1000]*numberPlan)
	_, table, _ := bytes.Cut(callingCodes, []byte("\n"))
	for line := range bytes.Lines(table) {
		code, expr, _ := bytes.Cut(bytes.TrimSpace(line), []byte("\t"))
		if n, ok := decimal(code); ok && len(code) > 0 {
			plans[n] = &numberPlan{pattern: string(expr)}
		}
	}
	return plans
})

// E.164 allows 15 digits; the shortest in use have seven.
const maxPhoneDigits, minPhoneDigits = 15, 7

// ValidPhone reports whether b is an international number: a plus sign, a calling
// code that is given, and a number of that code's plan.
func ValidPhone(b []byte) bool {
	if len(b) < 1+minPhoneDigits || len(b) > 1+maxPhoneDigits || b[0] != '+' || !allDigits(b[1:]) {
		return false
	}
	plans, code := numberPlans(), 0
	for n := 1; n <= 3; n++ { // no calling code begins another
		code = code*10 + digit(b[n])
		if code == 0 {
			return false
		}
		if p := plans[code]; p != nil {
			return p.match(b[1+n:])
		}
	}
	return false
}

// compilePhone: option country, the calling code of numbers that are written
// without one; a leading 0 is the trunk prefix there, but not in Italy.
func compilePhone(o options) (*Compiled, error) {
	home := o.text("country")
	if home != "" {
		n, ok := decimal([]byte(home))
		if !ok || n < 1 || n > 999 || numberPlans()[n] == nil {
			return nil, &OptionError{Standard: o.standard.Name, Option: "country", Value: home, Want: wording.Phrase("a calling code such as 86, or empty")}
		}
	}
	return &Compiled{Clean: func(dst, src []byte) ([]byte, bool) { return cleanPhone(dst, src, home) }, Valid: ValidPhone}, nil
}

// cleanPhone takes blanks, hyphens, dots and brackets out, writes 00 before a
// calling code as +, and puts the home code before national numbers. Only what
// comes out as a valid number is written.
func cleanPhone(dst, src []byte, home string) (out []byte, changed bool) {
	var room [1 + maxPhoneDigits + 3]byte
	digits := room[:0]
	plus := false
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case plus && c == '(' && bytes.HasPrefix(src[i:], trunkInBrackets):
			i += len(trunkInBrackets) - 1
		case c-'0' <= 9:
			if len(digits) == cap(digits) {
				return dst, false
			}
			digits = append(digits, c)
		case c == '+' && i == 0:
			plus = true
		case c != ' ' && c != '-' && c != '.' && c != '(' && c != ')' && c != '/' && c != '\t':
			return dst, false
		}
	}
	start := len(dst)
	switch {
	case plus:
	case len(digits) > 2 && digits[0] == '0' && digits[1] == '0':
		digits = digits[2:]
	case home != "":
		dst = append(dst, '+')
		dst = append(dst, home...)
		if len(digits) > 0 && digits[0] == '0' && home != "39" {
			digits = digits[1:]
		}
		dst = append(dst, digits...)
		return phoneOrNothing(dst, src, start)
	default:
		return dst, false
	}
	dst = append(dst, '+')
	dst = append(dst, digits...)
	return phoneOrNothing(dst, src, start)
}

// trunkInBrackets is the prefix that is not dialled from abroad, as in +44 (0)20 7946 0958.
var trunkInBrackets = []byte("(0)")

func phoneOrNothing(dst, src []byte, start int) ([]byte, bool) {
	if !ValidPhone(dst[start:]) || string(dst[start:]) == string(src) {
		return dst[:start], false
	}
	return dst, true
}
