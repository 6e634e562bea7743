package csv

import (
	"encoding/binary"
	"math/bits"
)

// appendIndex appends to pos the offset of every delimiter and LF in t[from:to],
// and to ends, for every LF, the length that pos has behind it. Offsets are in t.
//
// It looks at 64 bytes at a time: exact zero-byte tests on eight words (a
// variant of Mycroft's test without false positives) make one bit per byte, and
// the bits are written out in fixed groups, so that the branches do not depend on where
// cells end. One branch per cell, mispredicted every other time, costs twice as much.
func appendIndex(t []byte, from, to int, delim byte, pos, ends []uint32) ([]uint32, []uint32) {
	const lf = '\n' * ones
	d := uint64(delim) * ones
	p := from
	for ; p+64 <= to; p += 64 {
		if cap(pos)-len(pos) < 64 {
			pos = append(make([]uint32, 0, 2*cap(pos)+1024), pos...)
		}
		block := t[p : p+64 : p+64]
		var m, breaks uint64
		for k := 0; k < 64; k += 8 {
			w := binary.LittleEndian.Uint64(block[k:])
			a, b := w^d, w^lf
			a = (a&low7 + low7) | a
			b = (b&low7 + low7) | b
			breaks |= ^b & high
			z := ^(a & b) & high
			m |= (z >> 7 * 0x0102040810204080 >> 56) << k
		}
		if m == 0 {
			continue
		}
		n := len(pos)
		count := bits.OnesCount64(m)
		out := pos[n : n+64]
		for i := 0; i < count; i += 4 {
			g := out[i : i+4 : i+4]
			g[0] = uint32(p + bits.TrailingZeros64(m))
			m &= m - 1
			g[1] = uint32(p + bits.TrailingZeros64(m))
			m &= m - 1
			g[2] = uint32(p + bits.TrailingZeros64(m))
			m &= m - 1
			g[3] = uint32(p + bits.TrailingZeros64(m))
			m &= m - 1
		}
		pos = pos[:n+count]
		if breaks != 0 {
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
