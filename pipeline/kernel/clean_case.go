package kernel

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// caseStep changes the case of letters. It passes over eight bytes at a time in
// which there is neither an ASCII letter of the other case nor a byte of a
// character outside ASCII.
type caseStep struct {
	from, to byte // the ASCII letters that change
	cell     rewriter
}

func (s *caseStep) apply(e *editor) {
	data := e.in.data[:e.in.end()]
	for pos := s.next(data, int(e.in.offsets[0])); pos >= 0; {
		i := e.rowAt(pos)
		e.rewrite(i, s.cell)
		pos = s.next(data, int(e.in.offsets[i+1]))
	}
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// next is the first position at or behind from with a byte from..to or above 0x7F, -1 if there is none.
func (s *caseStep) next(data []byte, from int) int {
	i := from
	atLeast := eachByte * (0x80 - uint64(s.from))
	above := eachByte * (0x7F - uint64(s.to))
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		low := w &^ highBits
		// high bit of a byte: low+atLeast has it if the byte is >= from, low+above if it is > to
		hit := (low+atLeast)&^(low+above)&highBits | w&highBits
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c >= 0x80 || c >= s.from && c <= s.to {
			return i
		}
	}
	return -1
}

func upperCase(dst, v []byte) ([]byte, bool) { return mapCase(dst, v, unicode.ToUpper) }
func lowerCase(dst, v []byte) ([]byte, bool) { return mapCase(dst, v, unicode.ToLower) }

// mapCase applies a simple case mapping; bytes that are not UTF-8 stay as they are.
func mapCase(dst, v []byte, f func(rune) rune) ([]byte, bool) {
	changed := false
	for i := 0; i < len(v); {
		r, n := rune(v[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(v[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, v[i])
				i++
				continue
			}
		}
		m := f(r)
		changed = changed || m != r
		dst = utf8.AppendRune(dst, m)
		i += n
	}
	return dst, changed
}
