package csv

import (
	"encoding/binary"
	"math/bits"
)

// appendIndex appends to pos the offset of every delimiter and LF in t[from:to],
// and to ends, for every LF, the length that pos has behind it. Offsets are in t.
//
// It looks at 64 bytes at a time: exact zero-byte tests on eight words (a variant of Mycroft's
// test without false positives) make one bit per byte. Written out by hand because
// the compiler does not unroll: the same as a loop over the words runs at half the speed.
func appendIndex(t []byte, from, to int, delim byte, pos, ends []uint32) ([]uint32, []uint32) {
	d := uint64(delim) * ones
	p := from
	for ; p+64 <= to; p += 64 {
		if cap(pos)-len(pos) < 64 {
			pos = append(make([]uint32, 0, 2*cap(pos)+1024), pos...)
		}
		block := (*[64]byte)(t[p:])
		m0, b0 := marks(block[0:8], d)
		m1, b1 := marks(block[8:16], d)
		m2, b2 := marks(block[16:24], d)
		m3, b3 := marks(block[24:32], d)
		m4, b4 := marks(block[32:40], d)
		m5, b5 := marks(block[40:48], d)
		m6, b6 := marks(block[48:56], d)
		m7, b7 := marks(block[56:64], d)
		m := m0 | m1<<8 | m2<<16 | m3<<24 | m4<<32 | m5<<40 | m6<<48 | m7<<56
		if m == 0 {
			continue
		}
		n := len(pos)
		count := bits.OnesCount64(m)
		out := pos[n : n+64]
		for i := range count {
			out[i] = uint32(p + bits.TrailingZeros64(m))
			m &= m - 1
		}
		pos = pos[:n+count]
		if b0|b1|b2|b3|b4|b5|b6|b7 != 0 {
			for i := n; i < len(pos); i++ {
				if t[pos[i]] == '\n' {
					ends = append(ends, uint32(i+1))
				}
			}
		}
	}
	for ; p < to; p++ {
		if c := t[p]; c == delim || c == '\n' {
			pos = append(pos, uint32(p))
			if c == '\n' {
				ends = append(ends, uint32(len(pos)))
			}
		}
	}
	return pos, ends
}

// marks has, in its low byte, a bit for each of the eight bytes of b that is the delimiter (repeated in d) or LF;
// breaks is not 0 if any is LF.
func marks(b []byte, d uint64) (m, breaks uint64) {
	w := binary.LittleEndian.Uint64(b)
	x, y := w^d, w^('\n'*ones)
	x = (x&low7 + low7) | x // top bit clear where the byte is 0
	y = (y&low7 + low7) | y
	return (^(x & y) & high) >> 7 * 0x0102040810204080 >> 56, ^y & high
}
