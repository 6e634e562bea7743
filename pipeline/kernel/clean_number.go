package kernel

import (
	"bytes"
	"fmt"
	"sort"
	"strings"

	"clearwell/rules"
	"clearwell/rules/han"
)

// maxUnitPower bounds the power of ten of a unit: no decimal128 has more digits.
const maxUnitPower = 38

// numberForm turns written numbers into plain decimal text: 1,234.5 -> 1234.5,
// 3万 -> 30000, ¥12 -> 12. A value is of the form
//
//	[-] [symbol] digits with grouping [. digits] [unit] [symbol]
//
// with the sign before or behind the symbol and spaces only beside symbols. What
// is not of the form stays as it is, to fail when it is parsed. The result is
// exact: units move the point, nothing is rounded.
type numberForm struct {
	grouping []byte
	anywhere bool // grouping may stand between any digits, not only every three
	units    []unit
	symbols  [][]byte
	digits   int
	decimals int

	accounting bool // (5), 5-, 5 CR, +5
	creditPlus bool // CR is positive, DR negative
	chinese    bool // numerals
}

type unit struct {
	suffix []byte
	power  int
}

func newNumberForm(s *rules.Step) (step, error) {
	f := &numberForm{digits: s.Digits, decimals: s.Decimals, accounting: s.Accounting, creditPlus: s.CreditPlus, chinese: s.Chinese}
	grouping, anywhere := strings.CutSuffix(s.Grouping, "*")
	f.grouping, f.anywhere = []byte(grouping), anywhere
	var lead []byte
	if grouping != "" {
		lead = append(lead, f.grouping[0])
	}
	for suffix, power := range s.Units {
		if suffix == "" || power > maxUnitPower || power < -maxUnitPower {
			return nil, fmt.Errorf("number: unit %q with power of ten %d: the unit must not be empty, the power within ±%d", suffix, power, maxUnitPower)
		}
		f.units = append(f.units, unit{[]byte(suffix), power})
		lead = append(lead, suffix[0])
	}
	sort.Slice(f.units, func(a, b int) bool { // the longest first, so that 百万 is not read as 万
		if len(f.units[a].suffix) != len(f.units[b].suffix) {
			return len(f.units[a].suffix) > len(f.units[b].suffix)
		}
		return bytes.Compare(f.units[a].suffix, f.units[b].suffix) < 0
	})
	for _, w := range s.Symbols {
		if w != "" {
			f.symbols = append(f.symbols, []byte(w))
			lead = append(lead, w[0])
		}
	}
	sort.SliceStable(f.symbols, func(a, b int) bool { return len(f.symbols[a]) > len(f.symbols[b]) })
	if f.accounting {
		lead = append(lead, accountingLeads...)
	}
	if !f.chinese {
		return &rewrite{candidates: newFinder(lead...), cell: f.cell}, nil
	}
	for c := 0xE3; c <= 0xE9; c++ { // of Han characters
		lead = append(lead, byte(c))
	}
	return &rewrite{candidates: newFinder(lead...), cell: func(dst, v []byte) ([]byte, bool) {
		if out, ok := f.cell(dst, v); ok {
			return out, true
		}
		return han.AppendNumber(dst, v)
	}}, nil
}

func (f *numberForm) cell(dst, v []byte) ([]byte, bool) {
	start := len(dst)
	rest, negative := v, false
	if f.accounting {
		var ok bool
		if rest, negative, ok = f.cutAccounting(v); !ok {
			return dst, false
		}
	}
	rest, minus := f.cutFront(rest)
	if negative && minus { // (¥-5): nobody knows
		return dst, false
	}
	negative = negative || minus
	rest = f.cutSymbols(rest)
	power := 0
	for _, u := range f.units {
		if r, ok := bytes.CutSuffix(rest, u.suffix); ok {
			rest, power = r, u.power
			break
		}
	}
	if negative {
		dst = append(dst, '-')
	}
	first := len(dst)
	dst, point, ok := f.plainDigits(dst, rest)
	if !ok {
		return dst, false
	}
	dst = shiftPoint(dst, first, point, power)
	return dst, !bytes.Equal(dst[start:], v)
}

// cutFront takes the sign and the symbols off the beginning.
func (f *numberForm) cutFront(v []byte) (rest []byte, negative bool) {
	rest = v
	for {
		if !negative && len(rest) > 0 && rest[0] == '-' {
			rest, negative = rest[1:], true
			continue
		}
		n := matchPrefix(rest, f.symbols)
		if n == 0 {
			return rest, negative
		}
		rest = bytes.TrimLeft(rest[n:], " ")
	}
}

// cutSymbols takes symbols off the end.
func (f *numberForm) cutSymbols(v []byte) []byte {
	for {
		n := matchSuffix(v, f.symbols)
		if n == 0 {
			return v
		}
		v = bytes.TrimRight(v[:len(v)-n], " ")
	}
}

// plainDigits appends the digits of v without grouping and point, and says how
// many stand behind the point.
func (f *numberForm) plainDigits(dst, v []byte) (out []byte, decimals int, ok bool) {
	first := len(dst)
	group := -1 // digits since the last grouping character; -1 before the first one
	point := -1
	for i := 0; i < len(v); {
		c := v[i]
		switch {
		case c >= '0' && c <= '9':
			dst = append(dst, c)
			if group >= 0 && point < 0 {
				group++
			}
			i++
		case c == '.' && point < 0:
			if len(dst) == first || !f.anywhere && group >= 0 && group != 3 {
				return dst, 0, false
			}
			point = len(dst)
			i++
		case len(f.grouping) > 0 && bytes.HasPrefix(v[i:], f.grouping):
			if !f.anywhere {
				whole := len(dst) - first
				if point >= 0 || whole == 0 || group < 0 && whole > 3 || group >= 0 && group != 3 {
					return dst, 0, false
				}
				group = 0
			}
			i += len(f.grouping)
		default:
			return dst, 0, false
		}
	}
	if point < 0 {
		point = len(dst)
		if !f.anywhere && group >= 0 && group != 3 {
			return dst, 0, false
		}
	} else if point == len(dst) { // a point with nothing behind it
		return dst, 0, false
	}
	whole, decimals := point-first, len(dst)-point
	if whole == 0 || f.digits > 0 && whole > f.digits || f.decimals > 0 && decimals > f.decimals {
		return dst, 0, false
	}
	return dst, decimals, true
}

// shiftPoint multiplies the digits dst[first:], the last decimals of which stand
// behind the point, by ten to the power, and sets the point.
func shiftPoint(dst []byte, first, decimals, power int) []byte {
	scale := decimals - power
	for ; scale < 0; scale++ {
		dst = append(dst, '0')
	}
	if missing := scale + 1 - (len(dst) - first); missing > 0 { // 5 with scale 2 is 005
		dst = append(dst, make([]byte, missing)...)
		copy(dst[first+missing:], dst[first:])
		for k := range missing {
			dst[first+k] = '0'
		}
	}
	if power != 0 { // 0.5万 is 05000: a zero that the shift brought to the front goes
		drop := 0
		for len(dst)-first-drop > scale+1 && dst[first+drop] == '0' {
			drop++
		}
		dst = append(dst[:first], dst[first+drop:]...)
	}
	if scale > 0 {
		dst = append(dst, 0)
		at := len(dst) - 1 - scale
		copy(dst[at+1:], dst[at:])
		dst[at] = '.'
	}
	return dst
}
