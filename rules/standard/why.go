package standard

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Reason says why a value is wrong by a standard.
type Reason struct {
	Code string            `json:"code"` // one of the Reason constants
	Text map[string]string `json:"text"` // by language
}

// The codes of reasons.
const (
	ReasonEmpty     = "empty"
	ReasonLength    = "length"    // too few or too many characters
	ReasonCheck     = "check"     // the check characters do not fit the rest
	ReasonDate      = "date"      // there is no such day, or it is out of bounds
	ReasonRegion    = "region"    // no administrative division has the code
	ReasonCode      = "code"      // not in the list
	ReasonPrefix    = "prefix"    // a country, issuer or calling code that is not given
	ReasonRange     = "range"     // a number out of bounds
	ReasonForm      = "form"      // any other difference from the form
	ReasonCharacter = "character" // a character that cannot stand there
)

func because(code, en, zh string, args ...any) *Reason {
	return &Reason{Code: code, Text: title(fmt.Sprintf(en, args...), fmt.Sprintf(zh, args...))}
}

// A shape is what samples and reasons need to know of a standard.
type shape struct {
	lengths  []int       // of a right value, in characters; nil: not fixed
	check    checkPlace  // where check characters stand; width 0: nowhere that is fixed
	patterns []string    // of right values but for check characters and the like, see fill
	make     maker       // a value that is mostly right, where patterns do not do
	spoil    []spoiler   // wrong values beside those that shape implies
	why      whyFunc     // reasons of its own, tried first
	accepts  acceptsFunc // whether a cleaned value can be read, for kinds that have no Valid
}

type (
	whyFunc     func(o options, b []byte) *Reason
	acceptsFunc func(o options) func(b []byte) bool
)

// checkPlace is where check characters stand.
type checkPlace struct {
	from  int    // index of the first, from the end if negative
	width int    // 1 or 2
	chars string // of which they are; empty: digits
}

var lastDigit = checkPlace{from: -1, width: 1}

func (c checkPlace) at(b []byte) int {
	if c.from < 0 {
		return len(b) + c.from
	}
	return c.from
}

// judge is how a cleaned value is judged with the given options.
func (s *Standard) judge(o options, c *Compiled) func([]byte) bool {
	switch {
	case c.Valid != nil:
		return c.Valid
	case s.shape.accepts != nil:
		return s.shape.accepts(o)
	}
	return func(b []byte) bool { return len(b) > 0 }
}

// Why says why a cleaned value is wrong; nil if it is right. The error is that of
// Compile. It is for messages, not for the hot path: it allocates.
func (s *Standard) Why(opts map[string]string, value string) (*Reason, error) {
	o, err := s.bind(opts)
	if err != nil {
		return nil, err
	}
	c, err := s.Compile(opts)
	if err != nil {
		return nil, err
	}
	return s.why(o, c, []byte(value)), nil
}

func (s *Standard) why(o options, c *Compiled, b []byte) *Reason {
	valid := s.judge(o, c)
	switch {
	case valid(b):
		return nil
	case len(b) == 0:
		return because(ReasonEmpty, "the value is empty", "值为空")
	}
	if s.shape.why != nil {
		if r := s.shape.why(o, b); r != nil {
			return r
		}
	}
	if n := utf8.RuneCount(b); s.shape.lengths != nil && !slices.Contains(s.shape.lengths, n) {
		want := joinInts(s.shape.lengths)
		return because(ReasonLength, "it has %d characters, not %s", "共 %d 个字符，应为 %s 个", n, want)
	}
	if right := s.shape.check.fitting(b, valid); right != "" {
		at := s.shape.check.at(b)
		return because(ReasonCheck, "the check characters do not fit: %s stands where the rest asks for %s", "校验位不符：现为 %s，按其余各位应为 %s",
			b[at:at+s.shape.check.width], right)
	}
	if c.codes != nil {
		return because(ReasonCode, "it is none of the %d values of the list", "不在 %d 个代码值之内", len(c.codes))
	}
	return &Reason{Code: ReasonForm, Text: title("it is not of the form: "+s.Form["en"], "不符合格式："+s.Form["zh"])}
}

// fitting is what the check characters had to be for b to be valid; empty if
// nothing would make it so.
func (c checkPlace) fitting(b []byte, valid func([]byte) bool) string {
	at := c.at(b)
	if c.width == 0 || at < 0 || at+c.width > len(b) {
		return ""
	}
	chars := c.chars
	if chars == "" {
		chars = "0123456789"
	}
	trial := slices.Clone(b)
	for i := range len(chars) {
		trial[at] = chars[i]
		if c.width == 1 {
			if valid(trial) {
				return chars[i : i+1]
			}
			continue
		}
		for j := range len(chars) {
			if trial[at+1] = chars[j]; valid(trial) {
				return chars[i:i+1] + chars[j:j+1]
			}
		}
	}
	return ""
}

func joinInts(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = fmt.Sprint(n)
	}
	return strings.Join(words, "/")
}

// foreign is a reason for the first character that is not in the alphabet; nil if all are.
func foreign(b []byte, alphabet string) *Reason {
	for i, r := range []rune(string(b)) {
		if !strings.ContainsRune(alphabet, r) {
			return because(ReasonCharacter, "the character %q in place %d cannot stand there", "第 %[2]d 位的字符 %[1]q 不允许出现", r, i+1)
		}
	}
	return nil
}
