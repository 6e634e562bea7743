package kernel

import (
	"bytes"
	"unicode/utf8"
)

// Blanks is what trim strips when the contract says nothing else, and what
// collapse takes for blank: space, tab, CR, LF, ideographic space, and the three that
// text copied from web pages brings along: no-break, en and em space.
const Blanks = " \t\r\n\u3000\u00a0\u2002\u2003"

// trim strips characters from both ends. It decides by the first and the last
// byte of a value whether the value has to be looked at.
type trim struct {
	first, last [256]bool // bytes that a character to strip begins or ends with
	wide        [][]byte  // characters of several bytes
}

func newTrim(chars string) *trim {
	if chars == "" {
		chars = Blanks
	}
	s := &trim{}
	for _, c := range characters(chars) {
		s.first[c[0]] = true
		s.last[c[len(c)-1]] = true
		if len(c) > 1 {
			s.wide = append(s.wide, c)
		}
	}
	return s
}

// characters splits a set of characters into their encodings.
func characters(chars string) [][]byte {
	var list [][]byte
	for i := 0; i < len(chars); {
		_, n := utf8.DecodeRuneInString(chars[i:])
		list = append(list, []byte(chars[i:i+n]))
		i += n
	}
	return list
}

func (s *trim) apply(e *editor) {
	o, data := e.in.offsets, e.in.data
	lo := o[0]
	for i, hi := range o[1:] {
		if lo < hi && (s.first[data[lo]] || s.last[data[hi-1]]) {
			if v := s.strip(data[lo:hi]); len(v) != int(hi-lo) {
				e.replace(i, v)
			}
		}
		lo = hi
	}
}

func (s *trim) strip(v []byte) []byte {
	for len(v) > 0 && s.first[v[0]] {
		n := 1
		if v[0] >= utf8.RuneSelf {
			if n = matchPrefix(v, s.wide); n == 0 {
				break
			}
		}
		v = v[n:]
	}
	for len(v) > 0 && s.last[v[len(v)-1]] {
		n := 1
		if v[len(v)-1] >= utf8.RuneSelf { // the last byte of many another character, too
			if n = matchSuffix(v, s.wide); n == 0 {
				break
			}
		}
		v = v[:len(v)-n]
	}
	return v
}

// matchPrefix is the length of the first of the words that v begins with, 0 if there is none.
func matchPrefix(v []byte, words [][]byte) int {
	for _, w := range words {
		if bytes.HasPrefix(v, w) {
			return len(w)
		}
	}
	return 0
}

func matchSuffix(v []byte, words [][]byte) int {
	for _, w := range words {
		if bytes.HasSuffix(v, w) {
			return len(w)
		}
	}
	return 0
}
