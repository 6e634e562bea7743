package standard

import (
	"math/bits"
	"strings"

	"clearwell/rules/wording"
)

// Years that a parser accepts when the contract names none.
const (
	defaultMinYear = 1900
	defaultMaxYear = 2100
)

// maxFormats bounds the formats of one parser, optional parts multiplied out.
const maxFormats = 64

// A DateParser reads dates by a list of formats; the first that fits the whole
// text and gives a real date of the years allowed wins. It is safe for
// concurrent use and allocates nothing.
type DateParser struct{ formats formatSet }

// NewDateParser compiles formats. yyyy is a year of four digits, M and d a
// month and day of one or two, MM and dd of exactly two, [..] an optional part,
// '..' literal text, any other character but an ASCII letter itself: yyyy-M-d,
// yyyyMMdd, yyyy年M月d日. Years outside minYear..maxYear do not parse; 0 stands
// for 1900 and 2100. The error is a *FormatError.
func NewDateParser(formats []string, minYear, maxYear int) (*DateParser, error) {
	set, err := compileFormats(formats, minYear, maxYear, false)
	if err != nil {
		return nil, err
	}
	return &DateParser{set}, nil
}

// Parse reads b as days since 1970-01-01.
func (p *DateParser) Parse(b []byte) (days int32, ok bool) {
	var c clock
	for mask := p.formats.candidates(b); mask != 0; mask &= mask - 1 {
		if p.formats.layouts[bits.TrailingZeros64(mask)&(maxFormats-1)].read(b, &c) && p.formats.yearAllowed(c.y) {
			if days, ok = c.days(); ok {
				return days, true
			}
		}
	}
	return 0, false
}

// A TimestampParser reads wall clocks by a list of formats; as DateParser.
type TimestampParser struct{ formats formatSet }

// NewTimestampParser compiles formats: beside the letters of NewDateParser, H
// (one or two digits) and HH are hours 0..23, mm minutes, ss seconds, S to
// SSSSSS exactly as many digits of the second's fraction. What a format does not name is
// zero: yyyy-MM-dd HH:mm:ss[.SSS], yyyy-MM-dd'T'HH:mm:ss, yyyy/M/d H:mm.
func NewTimestampParser(formats []string, minYear, maxYear int) (*TimestampParser, error) {
	set, err := compileFormats(formats, minYear, maxYear, true)
	if err != nil {
		return nil, err
	}
	return &TimestampParser{set}, nil
}

// Parse reads b as microseconds from 1970-01-01 00:00:00 on the wall clock as
// written, without any zone. Second 60 is refused.
func (p *TimestampParser) Parse(b []byte) (micros int64, ok bool) {
	for mask := p.formats.candidates(b); mask != 0; mask &= mask - 1 {
		var c clock
		if !p.formats.layouts[bits.TrailingZeros64(mask)&(maxFormats-1)].read(b, &c) || !p.formats.yearAllowed(c.y) {
			continue
		}
		if c.h > 23 || c.min > 59 || c.s > 59 {
			continue
		}
		if days, ok := c.days(); ok {
			return int64(days)*microsPerDay + int64((c.h*60+c.min)*60+c.s)*microsPerSecond + int64(c.micros), true
		}
	}
	return 0, false
}

// A formatSet is a list of layouts with an index on the fifth byte, which tells
// the usual formats apart (2021-…, 2021/…, 20210…, 2021年…).
type formatSet struct {
	minYear, maxYear int
	layouts          [maxFormats]layout
	all              uint64
	byFifth          [256]uint64 // layouts that a text with this fifth byte may have
}

func (s *formatSet) yearAllowed(y int) bool { return y >= s.minYear && y <= s.maxYear }

// candidates are the layouts worth a trial, one bit each, in order of trial from the lowest.
func (s *formatSet) candidates(b []byte) uint64 {
	if len(b) < 5 {
		return s.all
	}
	return s.byFifth[b[4]]
}

func compileFormats(formats []string, minYear, maxYear int, time bool) (s formatSet, err error) {
	if s.minYear = minYear; minYear == 0 {
		s.minYear = defaultMinYear
	}
	if s.maxYear = maxYear; maxYear == 0 {
		s.maxYear = defaultMaxYear
	}
	if s.minYear > s.maxYear || s.minYear < 1 || s.maxYear > 9999 {
		return s, &FormatError{Problem: wording.Textf("years must be 1 to 9999, the first not after the last")}
	}
	if len(formats) == 0 {
		return s, &FormatError{Problem: wording.Textf("no format given; write for instance yyyy-MM-dd")}
	}
	n := 0
	for _, format := range formats {
		variants, err := optionalParts(format)
		if err != nil {
			return s, err
		}
		for _, v := range variants {
			l, err := compileLayout(v.text, format, v.offset, time)
			if err != nil {
				return s, err
			}
			if n == maxFormats {
				return s, &FormatError{Format: format, Problem: wording.Textf("more than 64 formats, optional parts multiplied out")}
			}
			s.layouts[n] = *l
			s.index(n)
			n++
		}
	}
	return s, nil
}

// index enters layout n.
func (s *formatSet) index(n int) {
	l, bit := &s.layouts[n], uint64(1)<<n
	s.all |= bit
	if l.prefix == "" && l.fields[0].kind == year4 {
		if after := l.fields[0].after; after != "" {
			s.byFifth[after[0]] |= bit
			return
		}
		for c := '0'; c <= '9'; c++ {
			s.byFifth[c] |= bit
		}
		return
	}
	for c := range s.byFifth {
		s.byFifth[c] |= bit
	}
}

// variant is a format with its optional parts taken in or left out. offset is
// added to a position in text for a position in the whole format; it is exact
// for formats without optional parts and up to the first of them.
type variant struct {
	text   string
	offset int
}

// optionalParts multiplies the parts in brackets out, the longer form first.
func optionalParts(format string) ([]variant, error) {
	open := indexOutsideQuotes(format, '[')
	if open < 0 {
		return []variant{{text: format}}, nil
	}
	end := indexOutsideQuotes(format[open:], ']')
	if end < 0 {
		return nil, &FormatError{Format: format, Pos: open, Problem: wording.Textf("bracket never closed")}
	}
	end += open
	if strings.Count(format, "[") > 4 {
		return nil, &FormatError{Format: format, Pos: open, Problem: wording.Textf("more than four optional parts")}
	}
	rest, err := optionalParts(format[end+1:])
	if err != nil {
		return nil, err
	}
	var all []variant
	for _, middle := range []string{format[open+1 : end], ""} {
		for _, r := range rest {
			all = append(all, variant{text: format[:open] + middle + r.text})
		}
	}
	return all, nil
}

func indexOutsideQuotes(s string, c byte) int {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case s[i] == c && !quoted:
			return i
		}
	}
	return -1
}
