package kernel

import (
	"bytes"
	"fmt"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"clearwell/rules"
	"clearwell/rules/han"
	"clearwell/rules/standard"
	"clearwell/rules/units"
)

// newFurtherStep binds the steps of rules/plan_clean.go that look at one value at a time.
func newFurtherStep(s *rules.Step) (step, error) {
	switch s.Op {
	case rules.NFC:
		return newNormalForm(norm.NFC), nil
	case rules.NFKC:
		return newNormalForm(norm.NFKC), nil
	case rules.Simplified:
		return newHan(han.Simplify()), nil
	case rules.Traditional:
		return newHan(han.Traditionalize()), nil
	case rules.Invisible:
		return newInvisible(), nil
	case rules.Unit:
		return newUnit(s)
	case rules.Serial:
		if s.System != 1900 && s.System != 1904 {
			return nil, fmt.Errorf("excel_serial: there is no date system %d", s.System)
		}
		return everyCell(func(dst, v []byte) ([]byte, bool) { return standard.AppendSerial(dst, v, s.System) }), nil
	case rules.TimeZone:
		z, err := standard.NewZoneShift(s.From, s.To, s.Formats)
		if err != nil {
			return nil, fmt.Errorf("time_zone: %w", err)
		}
		return ifDifferent(z.Append), nil
	case rules.ShortYear:
		return everyCell(func(dst, v []byte) ([]byte, bool) { return standard.AppendFullYear(dst, v, s.Pivot, s.Order) }), nil
	case rules.Republic:
		return everyCell(func(dst, v []byte) ([]byte, bool) { return standard.AppendRepublicDate(dst, v, s.Bare) }), nil
	case rules.AddressPart:
		return newAddressPart(s.Part)
	case rules.CodeOf:
		return newMap(s.Table, nil), nil
	case rules.Successor:
		return everyCell(func(dst, v []byte) ([]byte, bool) {
			now, ok := standard.RegionSuccessor(v, s.AsOf)
			return append(dst, now[:]...), ok
		}), nil
	case rules.DerivedValue:
		return laterStep{}, nil
	case rules.Fill:
		return newFill(s)
	}
	return nil, fmt.Errorf("unknown cleaning step %q", s.Op)
}

// laterStep is a step that is carried out when all fields have been read.
type laterStep struct{}

func (laterStep) apply(*editor) {}

// ifDifferent is everyCell for a function that may give the value that was there.
func ifDifferent(f rewriter) everyCell {
	return func(dst, v []byte) ([]byte, bool) {
		start := len(dst)
		dst, ok := f(dst, v)
		return dst, ok && string(dst[start:]) != string(v)
	}
}

// newNormalForm brings text into a Unicode normalization form. What is in the form
// already, nearly everything, is seen by a table and left alone. ASCII always is.
func newNormalForm(form norm.Form) step {
	var beyond []byte // lead bytes of what is not ASCII
	for c := 0xC2; c <= 0xF4; c++ {
		if form == norm.NFC && c == 0xC2 { // U+0080..U+00BF compose nothing
			continue
		}
		beyond = append(beyond, byte(c))
	}
	return &rewrite{candidates: newFinder(beyond...), cell: func(dst, v []byte) ([]byte, bool) {
		if plainHan(v) || form.QuickSpan(v) == len(v) {
			return dst, false
		}
		start := len(dst)
		it := iterators.Get().(*norm.Iter) // Form.Append would allocate one for each value
		for it.Init(form, v); !it.Done(); {
			dst = append(dst, it.Next()...)
		}
		iterators.Put(it)
		return dst, !bytes.Equal(dst[start:], v)
	}}
}

// plainHan reports whether v is ASCII and characters of U+4000 to U+9FFF alone, which no
// form changes. It is ten times as fast as the tables for Chinese text.
func plainHan(v []byte) bool {
	for i := 0; i < len(v); {
		switch c := v[i]; {
		case c < utf8.RuneSelf:
			i++
		case c >= 0xE4 && c <= 0xE9 && i+2 < len(v) && v[i+1]&0xC0 == 0x80 && v[i+2]&0xC0 == 0x80:
			i += 3
		default:
			return false
		}
	}
	return true
}

// iterators are the memory of normalization.
var iterators = sync.Pool{New: func() any { return new(norm.Iter) }}

// newHan converts between traditional and simplified characters.
func newHan(convert han.Converter) step {
	var lead []byte // of U+3000 and beyond
	for c := 0xE3; c <= 0xF4; c++ {
		lead = append(lead, byte(c))
	}
	return &rewrite{candidates: newFinder(lead...), cell: rewriter(convert)}
}

// newInvisible removes what has no form of its own: control characters, and
// characters without width. The characters that join emoji and Indic letters
// (U+200C, U+200D) go too: in records they come from copied web pages.
func newInvisible() step {
	lead := []byte{0x7F, 0xC2, 0xE2, 0xEF}
	for c := range byte(' ') {
		lead = append(lead, c)
	}
	return &rewrite{candidates: newFinder(lead...), cell: func(dst, v []byte) ([]byte, bool) {
		n := len(dst)
		for i := 0; i < len(v); {
			r, width := utf8.DecodeRune(v[i:])
			if !invisible(r) || r == utf8.RuneError && width == 1 {
				dst = append(dst, v[i:i+width]...)
			}
			i += width
		}
		return dst, len(dst)-n != len(v)
	}}
}

func invisible(r rune) bool {
	switch {
	case r < ' ', r >= 0x7F && r <= 0x9F, r == 0xAD: // C0, C1, soft hyphen
		return true
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F: // width none, direction, invisible operators
		return true
	case r == 0xFEFF, r >= 0xFE00 && r <= 0xFE0F, r >= 0xFFF9 && r <= 0xFFFB: // byte order mark, variation selectors, annotation
		return true
	}
	return false
}

// newUnit converts measures.
func newUnit(s *rules.Step) (step, error) {
	decimals := -1
	if s.Round != nil {
		decimals = *s.Round
	}
	c, err := units.New(s.From, s.To, decimals)
	if err != nil {
		return nil, fmt.Errorf("unit: %w", err)
	}
	return everyCell(c.Convert), nil
}

// newAddressPart keeps one part of an address; null if it has none.
func newAddressPart(word string) (step, error) {
	part, ok := standard.AddressPartNamed(word)
	if !ok {
		return nil, fmt.Errorf("address: there is no part %q", word)
	}
	return everyCell(func(dst, v []byte) ([]byte, bool) {
		a := standard.ParseAddress(v)
		found := a.Part(v, part)
		return append(dst, found...), len(found) != len(v)
	}), nil
}
