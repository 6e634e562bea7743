package kernel

import (
	"errors"
	"unicode/utf8"

	"clearwell/rules"
)

// mask keeps the first and the last characters of a value and puts fill in place of
// those between, once for each or once for all of them.
//
// A mask never shows a value whole: one that has no more characters than are kept is
// hidden from end to end. The one exception is a mask of the first characters with
// fill once (name -> first character and *): there a value of exactly so many
// characters looks like any longer one.
type mask struct {
	first, last int
	fill        []byte
	once        bool
}

func newMask(t *rules.Treatment) (*mask, error) {
	if t.KeepFirst < 0 || t.KeepLast < 0 {
		return nil, errors.New("keep_first and keep_last must not be negative")
	}
	fill := t.Fill
	if fill == "" {
		fill = "*"
	}
	return &mask{first: t.KeepFirst, last: t.KeepLast, fill: []byte(fill), once: t.FillOnce}, nil
}

func (m *mask) appendTreated(dst []byte, from *textSource, row int) ([]byte, bool) {
	v := from.value(row)
	n := utf8.RuneCount(v)
	first, last := m.first, m.last
	if n < first+last || n == first+last && !(m.once && last == 0) {
		first, last = 0, 0
	}
	dst = append(dst, v[:prefixBytes(v, first)]...)
	if m.once {
		dst = append(dst, m.fill...)
	} else {
		for range n - first - last {
			dst = append(dst, m.fill...)
		}
	}
	return append(dst, v[len(v)-suffixBytes(v, last):]...), true
}

// prefixBytes is the length of the first n characters of v, which has as many.
func prefixBytes(v []byte, n int) int {
	at := 0
	for range n {
		if v[at] < utf8.RuneSelf {
			at++
			continue
		}
		_, size := utf8.DecodeRune(v[at:])
		at += size
	}
	return at
}

// suffixBytes is the length of the last n characters of v, which has as many.
// Characters are counted from the front, as RuneCount does: bytes that are not
// UTF-8 count alike in both directions only so.
func suffixBytes(v []byte, n int) int {
	if n == 0 {
		return 0
	}
	return len(v) - prefixBytes(v, utf8.RuneCount(v)-n)
}

// constant puts one text in place of every value.
type constant string

func (c constant) appendTreated(dst []byte, _ *textSource, _ int) ([]byte, bool) {
	return append(dst, c...), true
}
