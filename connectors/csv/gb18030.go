package csv

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// GB18030 has characters of one byte (ASCII, and 0x80 for the euro sign as in code page 936),
// two bytes (lead 81..FE, tail 40..7E or 80..FE) and four bytes (lead,
// 30..39, 81..FE, 30..39). The mapping is that of golang.org/x/text, from which
// the tables are built; a test compares every code.

const (
	gbTails  = 192                     // 40..FF
	gbPairs  = (0xFE - 0x80) * gbTails // 2-byte codes
	gbQuads  = 39420                   // 4-byte codes of the basic plane
	gbAstral = 189000                  // the 4-byte code of U+10000
)

type gbTable struct {
	// pair is the UTF-8 of a 2-byte code, first byte lowest, its length in the top byte; 0: no character.
	pair [gbPairs]uint32
	// quad is the rune of a 4-byte code of the basic plane; 0: no character.
	quad [gbQuads]uint16
}

// gbTables builds the tables on first use: about 250 KiB, a few milliseconds.
var gbTables = sync.OnceValue(func() *gbTable {
	t := new(gbTable)
	dec := simplifiedchinese.GB18030.NewDecoder()
	var out [16]byte
	decode := func(code ...byte) (rune, []byte) {
		dec.Reset()
		n, _, err := dec.Transform(out[:], code, true)
		r, size := utf8.DecodeRune(out[:n])
		if err != nil || size != n || r == utf8.RuneError && string(code) != "\x84\x31\xA4\x37" {
			return -1, nil
		}
		return r, out[:n]
	}
	for lead := 0x81; lead <= 0xFE; lead++ {
		for tail := 0x40; tail <= 0xFE; tail++ {
			if _, u := decode(byte(lead), byte(tail)); u != nil {
				var w [4]byte
				copy(w[:], u)
				w[3] = byte(len(u))
				t.pair[(lead-0x81)*gbTails+tail-0x40] = binary.LittleEndian.Uint32(w[:])
			}
		}
	}
	for i := range t.quad {
		code := [4]byte{byte(0x81 + i/12600), byte(0x30 + i/1260%10), byte(0x81 + i/10%126), byte(0x30 + i%10)}
		if r, _ := decode(code[:]...); r > 0 {
			t.quad[i] = uint16(r)
		}
	}
	return t
})

// gbLength is the length of the character that b begins with; 1 for a byte that begins none.
func gbLength(b []byte) int {
	if b[0] < 0x81 || b[0] == 0xFF || len(b) < 2 {
		return 1
	}
	switch c := b[1]; {
	case c >= 0x40 && c != 0x7F && c != 0xFF:
		return 2
	case c >= 0x30 && c <= 0x39 && len(b) >= 4 && b[2] >= 0x81 && b[2] != 0xFF && b[3] >= 0x30 && b[3] <= 0x39:
		return 4
	}
	return 1
}

// rune decodes the character that b begins with; -1 with its length if it is none.
func (t *gbTable) rune(b []byte) (rune, int) {
	if b[0] < 0x80 {
		return rune(b[0]), 1
	}
	if b[0] == 0x80 {
		return '€', 1
	}
	switch gbLength(b) {
	case 2:
		if v := t.pair[(int(b[0])-0x81)*gbTails+int(b[1])-0x40]; v != 0 {
			var w [4]byte
			binary.LittleEndian.PutUint32(w[:], v)
			r, _ := utf8.DecodeRune(w[:v>>24])
			return r, 2
		}
		return -1, 2
	case 4:
		return t.quadRune(b), 4
	}
	return -1, 1
}

func (t *gbTable) quadRune(b []byte) rune {
	i := ((int(b[0])-0x81)*10+int(b[1])-0x30)*1260 + (int(b[2])-0x81)*10 + int(b[3]) - 0x30
	switch {
	case i < gbQuads:
		if r := t.quad[i]; r != 0 {
			return rune(r)
		}
	case i >= gbAstral && i <= gbAstral+0xFFFFF:
		return rune(i - gbAstral + 0x10000)
	}
	return -1
}

// A badByte is where invalid bytes were found: offset in the raw bytes and in the text made of them.
type badByte struct{ raw, text uint32 }

// gbStep is how many raw bytes are transcoded between two looks at the room left.
const gbStep = 16 << 10

// appendUTF8 appends raw, GB18030, to dst as UTF-8. What is no character becomes U+FFFD and
// is noted in bad. dst is given room to be written to in steps of 16 bytes.
func appendUTF8(dst, raw []byte, bad []badByte) ([]byte, []badByte) {
	t := gbTables()
	o := len(dst)
	for p := 0; p < len(raw); {
		stop := min(p+gbStep, len(raw))
		// The longest growth is 1 byte to 3 (0x80, or an invalid byte); a step may run over its end by 15 bytes.
		if room := o + 3*(stop-p) + 64; room > cap(dst) {
			dst = append(make([]byte, 0, room+room/4+len(raw)-p), dst[:o]...)
		}
		dst = dst[:cap(dst)]
		for p < stop {
			if p+8 <= len(raw) { // runs of ASCII, 8 bytes at a time
				w := binary.LittleEndian.Uint64(raw[p:])
				binary.LittleEndian.PutUint64(dst[o:], w)
				n := bits.TrailingZeros64(w&high) >> 3
				p += n
				o += n
				if n == 8 {
					continue
				}
			}
			for p+1 < len(raw) { // runs of 2-byte characters
				lead, tail := raw[p], raw[p+1]
				if lead < 0x81 || lead == 0xFF || tail < 0x40 {
					break
				}
				v := t.pair[(int(lead)-0x81)*gbTails+int(tail)-0x40]
				if v == 0 {
					break
				}
				binary.LittleEndian.PutUint32(dst[o:], v)
				o += int(v >> 24)
				p += 2
				if p >= stop {
					break
				}
			}
			if p >= stop || raw[p] < utf8.RuneSelf && p+8 <= len(raw) {
				continue
			}
			r, n := t.rune(raw[p:])
			if r < 0 {
				bad = append(bad, badByte{raw: uint32(p), text: uint32(o)})
				r = utf8.RuneError
			}
			o += utf8.EncodeRune(dst[o:], r)
			p += n
		}
	}
	return dst[:o], bad
}
