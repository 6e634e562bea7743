package standard

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"clearwell/rules/wording"
)

// A layout is one date or timestamp format made ready: fields with the literal
// text that follows each of them.
//
// No field needs backtracking: a field of variable width is always followed by
// something that is no digit (compileLayout refuses anything else).
type layout struct {
	prefix         string
	fields         []layoutField
	minLen, maxLen int // bytes of a text that can match

	// shape marks the formats that nearly all dates have; they are read by code of
	// their own in half the time.
	shape     layoutShape
	separator byte      // separated
	words     [3]uint32 // worded: the separators, see three
	literals  [2]uint64 // fullClock: a byte for each of the first 16, FF at separators
	toZero    [2]uint64 // fullClock: what turns the right separators into the digit 0 by exclusive or
}

type layoutShape uint8

const (
	anyShape  layoutShape = iota
	separated             // yyyy-M-d, with any one-byte separator
	worded                // yyyy年M月d日: separators of three bytes
	compact               // yyyyMMdd
	fullClock             // yyyy-MM-dd HH:mm:ss, with any one-byte separators
)

type layoutField struct {
	kind  fieldKind
	after string
}

type fieldKind uint8

const (
	year4    fieldKind = iota
	month1             // one or two digits
	month2             // two digits
	day1               // one or two digits
	day2               // two digits
	hour1              // one or two digits
	hour2              // two digits
	minute2            // two digits
	second2            // two digits
	fraction           // fraction + n: n digits of the second's fraction, 1..6
)

// fieldWidths are the digits that a field takes at least and at most.
var fieldWidths = [fraction][2]int{
	year4: {4, 4}, month1: {1, 2}, month2: {2, 2}, day1: {1, 2}, day2: {2, 2},
	hour1: {1, 2}, hour2: {2, 2}, minute2: {2, 2}, second2: {2, 2},
}

func (k fieldKind) widths() (least, most int) {
	if k > fraction {
		return int(k - fraction), int(k - fraction)
	}
	return fieldWidths[k][0], fieldWidths[k][1]
}

// A clock is a date and a time of day as read, not yet checked.
type clock struct{ y, m, d, h, min, s, micros int }

func (c *clock) days() (days int32, ok bool) {
	if i := uint(c.y - tabledYear); i < uint(len(yearTable)) && uint(c.m-1) < 12 {
		start, isLeap := yearTable[i]>>1, yearTable[i]&1
		months := &monthStarts[isLeap]
		first := months[c.m-1]
		return start + first + int32(c.d) - 1, c.d >= 1 && first+int32(c.d) <= months[c.m]
	}
	if !ValidDate(c.y, c.m, c.d) {
		return 0, false
	}
	return DaysFromCivil(c.y, c.m, c.d), true
}

// The years whose first days are tabled: those of registers. It saves the
// divisions of DaysFromCivil and ValidDate.
const tabledYear = 1850

// yearTable has twice the day of January 1st, plus one in leap years.
var yearTable = func() (t [256]int32) {
	for i := range t {
		t[i] = DaysFromCivil(tabledYear+i, 1, 1) << 1
		if leap(tabledYear + i) {
			t[i]++
		}
	}
	return t
}()

// monthStarts are the days of a year before each month, and at last all of them;
// for ordinary and for leap years.
var monthStarts = func() (t [2][13]int32) {
	for isLeap := range t {
		for m := 1; m <= 12; m++ {
			t[isLeap][m] = t[isLeap][m-1] + int32(monthDays[m])
			if m == 2 {
				t[isLeap][m] += int32(isLeap)
			}
		}
	}
	return t
}()

// read fills c from b; ok is false if b is not of the layout as a whole.
func (l *layout) read(b []byte, c *clock) (ok bool) {
	if len(b) < l.minLen || len(b) > l.maxLen {
		return false
	}
	switch l.shape {
	case separated:
		return l.readSeparated(b, c)
	case worded:
		return l.readWorded(b, c)
	case compact:
		if !eightDigits(binary.LittleEndian.Uint64(b)) {
			return false
		}
		c.y, c.m, c.d = four(b), two(b[4:]), two(b[6:])
		return true
	case fullClock:
		return l.readFullClock(b, c)
	}
	if l.prefix != "" {
		if string(b[:len(l.prefix)]) != l.prefix {
			return false
		}
		b = b[len(l.prefix):]
	}
	for i := range l.fields {
		f := &l.fields[i]
		var n int
		switch f.kind {
		case year4:
			if len(b) < 4 {
				return false
			}
			d0, d1, d2, d3 := b[0]-'0', b[1]-'0', b[2]-'0', b[3]-'0'
			if d0 > 9 || d1 > 9 || d2 > 9 || d3 > 9 {
				return false
			}
			c.y = int(d0)*1000 + int(d1)*100 + int(d2)*10 + int(d3)
			b = b[4:]
		case month1, day1, hour1:
			if len(b) < 1 {
				return false
			}
			d := b[0] - '0'
			if d > 9 {
				return false
			}
			n = int(d)
			b = b[1:]
			if len(b) > 0 {
				if d = b[0] - '0'; d <= 9 {
					n = n*10 + int(d)
					b = b[1:]
				}
			}
			c.set(f.kind, n)
		case month2, day2, hour2, minute2, second2:
			if len(b) < 2 {
				return false
			}
			d0, d1 := b[0]-'0', b[1]-'0'
			if d0 > 9 || d1 > 9 {
				return false
			}
			c.set(f.kind, int(d0)*10+int(d1))
			b = b[2:]
		default:
			width := int(f.kind - fraction)
			if len(b) < width {
				return false
			}
			if n, ok = decimal(b[:width]); !ok {
				return false
			}
			for ; width < 6; width++ {
				n *= 10
			}
			c.micros = n
			b = b[int(f.kind-fraction):]
		}
		switch len(f.after) {
		case 0:
		case 1:
			if len(b) == 0 || b[0] != f.after[0] {
				return false
			}
			b = b[1:]
		default:
			if len(b) < len(f.after) || string(b[:len(f.after)]) != f.after {
				return false
			}
			b = b[len(f.after):]
		}
	}
	return len(b) == 0
}

// readSeparated reads yyyy-M-d; b has 8 to 10 bytes.
func (l *layout) readSeparated(b []byte, c *clock) bool {
	b0, b1, b2, b3, m := b[0]-'0', b[1]-'0', b[2]-'0', b[3]-'0', b[5]-'0'
	if b0 > 9 || b1 > 9 || b2 > 9 || b3 > 9 || m > 9 || b[4] != l.separator {
		return false
	}
	c.y = int(b0)*1000 + int(b1)*100 + int(b2)*10 + int(b3)
	c.m = int(m)
	b = b[6:]
	if b[0] != l.separator {
		if m = b[0] - '0'; m > 9 || b[1] != l.separator {
			return false
		}
		c.m = c.m*10 + int(m)
		b = b[1:]
	}
	b = b[1:] // what follows the second separator
	if len(b) == 0 || len(b) > 2 {
		return false
	}
	d := b[0] - '0'
	if d > 9 {
		return false
	}
	c.d = int(d)
	if len(b) == 2 {
		if d = b[1] - '0'; d > 9 {
			return false
		}
		c.d = c.d*10 + int(d)
	}
	return true
}

// readWorded reads yyyy年M月d日; b has 15 to 17 bytes.
func (l *layout) readWorded(b []byte, c *clock) bool {
	b0, b1, b2, b3, m := b[0]-'0', b[1]-'0', b[2]-'0', b[3]-'0', b[7]-'0'
	if b0 > 9 || b1 > 9 || b2 > 9 || b3 > 9 || m > 9 || three(b[4:]) != l.words[0] {
		return false
	}
	c.y = int(b0)*1000 + int(b1)*100 + int(b2)*10 + int(b3)
	c.m = int(m)
	b = b[8:]
	if m = b[0] - '0'; m <= 9 {
		c.m = c.m*10 + int(m)
		b = b[1:]
	}
	if three(b) != l.words[1] || b[3]-'0' > 9 {
		return false
	}
	c.d = int(b[3] - '0')
	b = b[4:]
	if len(b) == 4 && b[0]-'0' <= 9 {
		c.d = c.d*10 + int(b[0]-'0')
		b = b[1:]
	}
	return len(b) == 3 && three(b) == l.words[2]
}

// three is a separator of three bytes as a number.
func three[text []byte | string](s text) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16
}

// readFullClock reads yyyy-MM-dd HH:mm:ss; b has 19 bytes. Sixteen of them are
// checked as two words.
func (l *layout) readFullClock(b []byte, c *clock) bool {
	const zeros = 0x3030303030303030
	b = b[:fullClockLength:fullClockLength]
	first, second := binary.LittleEndian.Uint64(b)^l.toZero[0], binary.LittleEndian.Uint64(b[8:])^l.toZero[1]
	if !eightDigits(first) || !eightDigits(second) || first&l.literals[0] != zeros&l.literals[0] || second&l.literals[1] != zeros&l.literals[1] {
		return false
	}
	if b[16] != l.separator || b[17]-'0' > 9 || b[18]-'0' > 9 {
		return false
	}
	c.y, c.m, c.d = four(b), two(b[5:]), two(b[8:])
	c.h, c.min, c.s = two(b[11:]), two(b[14:]), two(b[17:])
	return true
}

const fullClockLength = len("yyyy-MM-dd HH:mm:ss")

func (c *clock) set(k fieldKind, n int) {
	switch k {
	case month1, month2:
		c.m = n
	case day1, day2:
		c.d = n
	case hour1, hour2:
		c.h = n
	case minute2:
		c.min = n
	default:
		c.s = n
	}
}

// A FormatError says what is wrong with a date or timestamp format.
type FormatError struct {
	Format  string
	Pos     int // byte offset in Format
	Problem *wording.Text
}

func (e *FormatError) Error() string { return e.In(wording.English) }

// In implements wording.Speaker.
func (e *FormatError) In(lang string) string {
	if e.Format == "" {
		return e.Problem.In(lang)
	}
	return wording.Textf("format %q, character %d: %s", e.Format, utf8.RuneCountInString(e.Format[:e.Pos])+1, e.Problem).In(lang)
}

// compileLayout compiles a format without optional parts.
func compileLayout(format, whole string, offset int, time bool) (*layout, error) {
	l := new(layout)
	seen := map[byte]bool{}
	fail := func(pos int, problem *wording.Text) (*layout, error) {
		return nil, &FormatError{Format: whole, Pos: min(offset+pos, len(whole)), Problem: problem}
	}
	literal := func(text string) {
		if n := len(l.fields); n > 0 {
			l.fields[n-1].after += text
		} else {
			l.prefix += text
		}
	}
	for i := 0; i < len(format); {
		switch ch := format[i]; {
		case ch == '\'':
			end := strings.IndexByte(format[i+1:], '\'')
			if end < 0 {
				return fail(i, wording.Textf("quote never closed"))
			}
			if end == 0 {
				literal("'")
			} else {
				literal(format[i+1 : i+1+end])
			}
			i += end + 2
		case ch == ']' || ch == '[':
			return fail(i, wording.Textf("brackets do not match; write [ and ] around an optional part, not one in the other"))
		case ch >= 'A' && ch <= 'Z' || ch >= 'a' && ch <= 'z':
			n := len(format[i:]) - len(strings.TrimLeft(format[i:], string(ch)))
			kind, problem := fieldOf(ch, n, time)
			if problem != nil {
				return fail(i, problem)
			}
			if seen[ch] {
				return fail(i, wording.Textf("%q stands twice", string(ch)))
			}
			seen[ch] = true
			l.fields = append(l.fields, layoutField{kind: kind})
			i += n
		default:
			_, n := utf8.DecodeRuneInString(format[i:])
			literal(format[i : i+n])
			i += n
		}
	}
	for _, need := range "yMd" {
		if !seen[byte(need)] {
			return fail(0, wording.Textf("no %q: a date needs year (yyyy), month (M or MM) and day (d or dd)", string(need)))
		}
	}
	for _, pair := range []string{"mH", "sm", "Ss"} {
		if seen[pair[0]] && !seen[pair[1]] {
			return fail(0, wording.Textf("%q without %q", pair[:1], pair[1:]))
		}
	}
	return l.measure(fail)
}

// measure fills the lengths and refuses what could be read in two ways.
func (l *layout) measure(fail func(int, *wording.Text) (*layout, error)) (*layout, error) {
	l.minLen, l.maxLen = len(l.prefix), len(l.prefix)
	for i, f := range l.fields {
		least, most := f.kind.widths()
		l.minLen += least + len(f.after)
		l.maxLen += most + len(f.after)
		if least == most {
			continue
		}
		if f.after == "" && i+1 < len(l.fields) || f.after != "" && f.after[0]-'0' <= 9 {
			return fail(0, wording.Textf("M, d and H stand for one or two digits, so no digit may follow them at once; write MM, dd, HH"))
		}
	}
	l.findShape()
	return l, nil
}

// findShape chooses the reader.
func (l *layout) findShape() {
	if l.prefix != "" {
		return
	}
	if f := l.fields; len(f) == 3 && f[0].kind == year4 && f[1].kind == month1 && f[2].kind == day1 && len(f[0].after) == 3 && len(f[1].after) == 3 && len(f[2].after) == 3 {
		l.shape, l.words = worded, [3]uint32{three(f[0].after), three(f[1].after), three(f[2].after)}
		return
	}
	if l.fields[len(l.fields)-1].after != "" {
		return
	}
	var kinds []fieldKind
	var between []byte // of one-byte separators
	joined := true     // no separators at all
	for i, f := range l.fields {
		kinds = append(kinds, f.kind)
		if len(f.after) == 1 {
			between = append(between, f.after[0])
		}
		joined = joined && (f.after == "" || i == len(l.fields)-1)
	}
	switch {
	case slices.Equal(kinds, []fieldKind{year4, month1, day1}) && len(between) == 2 && between[0] == between[1]:
		l.shape, l.separator = separated, between[0]
	case slices.Equal(kinds, []fieldKind{year4, month2, day2}) && joined:
		l.shape = compact
	case slices.Equal(kinds, []fieldKind{year4, month2, day2, hour2, minute2, second2}) && len(between) == 5:
		l.shape, l.separator = fullClock, between[4]
		for i, at := range [...]int{4, 7, 10, 13} {
			l.literals[at/8] |= 0xFF << (at % 8 * 8)
			l.toZero[at/8] |= uint64(between[i]^'0') << (at % 8 * 8)
		}
	}
}

// fieldOf is the field for a run of n equal letters; problem is not nil if there is none.
func fieldOf(ch byte, n int, time bool) (k fieldKind, problem *wording.Text) {
	switch {
	case ch == 'y' && n == 4:
		return year4, nil
	case ch == 'y':
		return 0, wording.Textf("a year has four digits, yyyy; two-digit years are refused because their century is a guess")
	case ch == 'M' && n <= 2:
		return month1 + fieldKind(n-1), nil
	case ch == 'd' && n <= 2:
		return day1 + fieldKind(n-1), nil
	case !time && strings.IndexByte("HmsS", ch) >= 0:
		return 0, wording.Textf("%q is a time of day; a field of type date has none, use type timestamp", string(ch))
	case ch == 'H' && n <= 2:
		return hour1 + fieldKind(n-1), nil
	case ch == 'm' && n == 2:
		return minute2, nil
	case ch == 's' && n == 2:
		return second2, nil
	case ch == 'S' && n <= 6:
		return fraction + fieldKind(n), nil
	case ch == 'Y' || ch == 'D':
		return 0, wording.Textf("%q is not known; write yyyy for the year, d or dd for the day", string(ch))
	case ch == 'h' || ch == 'a':
		return 0, wording.Textf("hours count 0 to 23, H or HH; a clock of twelve hours is not known")
	case strings.IndexByte("yMdHmsS", ch) >= 0:
		return 0, wording.Textf("%d times %q is not known; fields are yyyy M MM d dd H HH mm ss and S to SSSSSS", n, string(ch))
	}
	return 0, wording.Textf("letter %q is not known; fields are yyyy M MM d dd H HH mm ss S, other letters stand in quotes: '%s'", string(ch), string(ch))
}
