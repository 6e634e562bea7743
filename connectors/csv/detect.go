package csv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

type encoding int

const (
	undecided encoding = iota // only ASCII so far
	utf8Encoding
	gb18030
)

func (e encoding) String() string {
	if e == gb18030 {
		return "gb18030"
	}
	return "utf-8"
}

// ErrEncoding is in the chain of the error for a file whose encoding cannot be found.
var ErrEncoding = errors.New("the encoding is not recognised")

const (
	// sampleSize is how many bytes, from the first that is not ASCII, decide the encoding: some thousand
	// characters of Chinese text, of which a few dozen would do.
	sampleSize = 64 << 10
	// tolerated: one invalid byte in so many characters still speaks for the encoding; it
	// becomes a bad record. Text of the other encoding is wrong in every other character.
	tolerated = 20
)

// decideEncoding chooses by a sample that begins with the first byte that is not
// ASCII, at offset base of the object. whole says that the file ends with it.
//
// Valid UTF-8 is UTF-8: other text does not pass for it by chance. Else it is
// GB18030 if its bytes make characters and most of them lie in the plane of GB 2312
// (both bytes A1..FE), which holds over 99 % of everyday Chinese; the lower half
// of the second byte alone also fits Western single-byte text, such as é followed by a letter.
func decideEncoding(sample []byte, whole bool, base int64) (encoding, string, error) {
	u := countUTF8(sample, whole)
	if u.invalid == 0 {
		return utf8Encoding, fmt.Sprintf("utf-8: valid from the first byte that is not ASCII, at byte %d", base), nil
	}
	if u.invalid*tolerated <= u.chars {
		return utf8Encoding, fmt.Sprintf("utf-8 with invalid bytes, the first at byte %d", base+int64(u.first)), nil
	}
	g := countGB(sample, whole)
	if g.invalid*tolerated <= g.chars && g.common*2 > g.chars {
		how := "gb18030: not UTF-8"
		if g.invalid > 0 {
			how = fmt.Sprintf("gb18030 with invalid bytes, the first at byte %d: not UTF-8", base+int64(g.first))
		}
		return gb18030, fmt.Sprintf("%s (byte 0x%02X at %d)", how, sample[u.first], base+int64(u.first)), nil
	}
	what := fmt.Sprintf("it is not UTF-8 (byte 0x%02X at byte %d)", sample[u.first], base+int64(u.first))
	if g.invalid > 0 {
		what += fmt.Sprintf(" and not GB18030 (byte 0x%02X at byte %d)", sample[g.first], base+int64(g.first))
	} else {
		what += " and as GB18030 it would be no plausible text"
	}
	return undecided, "", fmt.Errorf("%w: %s; name the encoding in the contract, or have the file saved as UTF-8", ErrEncoding, what)
}

type census struct {
	chars   int // characters beyond ASCII
	common  int // GB18030: of them in the plane of GB 2312
	invalid int // bytes
	first   int // offset of the first invalid byte
}

func (c *census) bad(at int) {
	if c.invalid == 0 {
		c.first = at
	}
	c.invalid++
}

func countUTF8(b []byte, whole bool) (c census) {
	for p := 0; p < len(b); {
		if b[p] < utf8.RuneSelf {
			p++
			continue
		}
		if !whole && !utf8.FullRune(b[p:]) {
			return c
		}
		r, n := utf8.DecodeRune(b[p:])
		if r == utf8.RuneError && n == 1 {
			c.bad(p)
		} else {
			c.chars++
		}
		p += n
	}
	return c
}

func countGB(b []byte, whole bool) (c census) {
	t := gbTables()
	for p := 0; p < len(b); {
		if b[p] < utf8.RuneSelf {
			p++
			continue
		}
		if !whole && len(b)-p < 4 {
			return c
		}
		r, n := t.rune(b[p:])
		switch {
		case r < 0:
			c.bad(p)
		case n == 2 && b[p] >= 0xA1 && b[p+1] >= 0xA1:
			c.common++
			fallthrough
		default:
			c.chars++
		}
		p += n
	}
	return c
}

// firstHigh is the offset of the first byte beyond ASCII, -1 if there is none.
func firstHigh(b []byte) int {
	p := 0
	for ; p+8 <= len(b); p += 8 {
		if m := binary.LittleEndian.Uint64(b[p:]) & high; m != 0 {
			return p + bits.TrailingZeros64(m)/8
		}
	}
	for ; p < len(b); p++ {
		if b[p] >= utf8.RuneSelf {
			return p
		}
	}
	return -1
}
