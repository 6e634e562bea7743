package parquet

import (
	"encoding/binary"
	"math/bits"
)

// appendLevels appends definition levels 0 and 1, given as bits [from, to) of a
// validity bitmap, as Parquet's RLE/bit-packing hybrid of width 1. Arrow and
// Parquet order bits alike, so that the bitmap itself is the packed run.
func appendLevels(dst []byte, valid *bitmap, from, to, nonNull int) []byte {
	n := to - from
	switch nonNull {
	case n:
		return append(binary.AppendUvarint(dst, uint64(n)<<1), 1)
	case 0:
		return append(binary.AppendUvarint(dst, uint64(n)<<1), 0)
	}
	groups := (n + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	run := bitmap{bits: dst, n: len(dst) * 8}
	run.append(valid.bits, from, n)
	return run.bits
}

// appendHybrid appends values of at most width bits as Parquet's
// RLE/bit-packing hybrid: a run of eight or more equal values, aligned to a group of eight,
// becomes an RLE run, everything between runs one bit-packed run.
func appendHybrid(dst []byte, values []uint32, width int) []byte {
	literals, i, n := 0, 0, len(values)
	for i+8 <= n {
		v := values[i]
		g := values[i : i+8 : i+8]
		if g[1] != v || g[2] != v || g[3] != v || g[4] != v || g[5] != v || g[6] != v || g[7] != v {
			i += 8
			continue
		}
		end := i + 8
		for end < n && values[end] == v {
			end++
		}
		dst = appendPacked(dst, values[literals:i], width)
		dst = binary.AppendUvarint(dst, uint64(end-i)<<1)
		for b := 0; b < width; b += 8 {
			dst = append(dst, byte(v>>b))
		}
		i, literals = end, end
	}
	return appendPacked(dst, values[literals:], width)
}

// appendPacked appends one bit-packed run, the last group filled up with zeros.
func appendPacked(dst []byte, values []uint32, width int) []byte {
	if len(values) == 0 {
		return dst
	}
	groups := (len(values) + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	var acc uint64
	filled := 0
	for _, v := range values {
		acc |= uint64(v) << filled
		filled += width
		if filled >= 32 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(acc))
			acc >>= 32
			filled -= 32
		}
	}
	filled += (groups*8 - len(values)) * width
	for ; filled > 0; filled -= 8 {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

const (
	deltaBlock     = 128 // values per block of DELTA_BINARY_PACKED: the size every writer uses
	deltaMiniBlock = 32
)

// integer is what DELTA_BINARY_PACKED carries here: column values, or lengths.
type integer interface{ ~int64 | ~uint32 }

// appendDelta appends values in DELTA_BINARY_PACKED. Differences wrap around as
// the format demands. For 32-bit readers values must lie in 0..2^31-1.
func appendDelta[T integer](dst []byte, values []T) []byte {
	dst = binary.AppendUvarint(dst, deltaBlock)
	dst = binary.AppendUvarint(dst, deltaBlock/deltaMiniBlock)
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	if len(values) == 0 {
		return append(dst, 0)
	}
	prev := int64(values[0])
	dst = appendZigzag(dst, prev)
	values = values[1:]
	var deltas [deltaBlock]uint64
	for len(values) > 0 {
		n := min(deltaBlock, len(values))
		least := int64(1<<63 - 1)
		for i, v := range values[:n] {
			d := int64(v) - prev
			prev = int64(v)
			deltas[i] = uint64(d)
			least = min(least, d)
		}
		values = values[n:]
		dst = appendZigzag(dst, least)
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		for m := 0; m < deltaBlock/deltaMiniBlock && m*deltaMiniBlock < n; m++ {
			mini := deltas[m*deltaMiniBlock : (m+1)*deltaMiniBlock]
			used := min(deltaMiniBlock, n-m*deltaMiniBlock)
			var or uint64
			for i := range mini[:used] {
				mini[i] -= uint64(least)
				or |= mini[i]
			}
			clear(mini[used:]) // a mini block is always written whole
			width := bits.Len64(or)
			dst[at+m] = byte(width)
			dst = appendBits(dst, mini, width)
		}
	}
	return dst
}

func appendZigzag(dst []byte, v int64) []byte {
	return binary.AppendUvarint(dst, uint64(v<<1)^uint64(v>>63))
}

// appendBits packs 32 values of width 0..64 bits: 4*width bytes.
func appendBits(dst []byte, values []uint64, width int) []byte {
	if width == 0 {
		return dst
	}
	var acc uint64
	filled := 0
	for _, v := range values {
		acc |= v << filled
		if filled += width; filled >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			filled -= 64
			acc = v >> (width - filled) // a shift by 64 gives zero
		}
	}
	if filled > 0 { // 32*width bits: a whole number of 32-bit words
		dst = binary.LittleEndian.AppendUint32(dst, uint32(acc))
	}
	return dst
}
