package kernel

import (
	"errors"

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
	head, enough := headOf(v, m.first)
	tail, enoughToo := tailOf(v, m.last)
	if !enough || !enoughToo || head > tail || head == tail && !(m.once && m.last == 0) {
		head, tail = 0, len(v)
	}
	dst = append(dst, v[:head]...)
	if m.once {
		dst = append(dst, m.fill...)
	} else {
		for _, c := range v[head:tail] {
			if !continues(c) {
				dst = append(dst, m.fill...)
			}
		}
	}
	return append(dst, v[tail:]...), true
}

// continues says whether a byte continues a character of UTF-8 instead of beginning one.
func continues(c byte) bool { return c&0xC0 == 0x80 }

// headOf is the position behind the first n characters of v; ok is false if v has fewer.
func headOf(v []byte, n int) (at int, ok bool) {
	for range n {
		if at == len(v) {
			return at, false
		}
		for at++; at < len(v) && continues(v[at]); at++ {
		}
	}
	return at, true
}

// tailOf is the position of the last n characters of v; ok is false if v has fewer.
func tailOf(v []byte, n int) (at int, ok bool) {
	at = len(v)
	for range n {
		if at == 0 {
			return at, false
		}
		for at--; at > 0 && continues(v[at]); at-- {
		}
	}
	return at, true
}

// constant puts one text in place of every value.
type constant string

func (c constant) appendTreated(dst []byte, _ *textSource, _ int) ([]byte, bool) {
	return append(dst, c...), true
}
