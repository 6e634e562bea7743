package parquet

import (
	"encoding/binary"
	"math/bits"
)

// bitmap is a growing sequence of bits, least significant bit first: the order
// of Arrow's validity bitmaps and of Parquet's bit-packed levels and booleans.
// Bits past n are zero.
type bitmap struct {
	bits []byte
	n    int
}

func (b *bitmap) reset() {
	b.bits = b.bits[:0]
	b.n = 0
}

// appendRun appends n bits of one value.
func (b *bitmap) appendRun(v bool, n int) {
	for ; n > 0 && b.n%8 != 0; n-- {
		b.appendBit(v)
	}
	var fill byte
	if v {
		fill = 0xff
	}
	for ; n >= 8; n -= 8 {
		b.bits = append(b.bits, fill)
		b.n += 8
	}
	for ; n > 0; n-- {
		b.appendBit(v)
	}
}

func (b *bitmap) appendBit(v bool) {
	if b.n%8 == 0 {
		b.bits = append(b.bits, 0)
	}
	if v {
		b.bits[b.n/8] |= 1 << (b.n % 8)
	}
	b.n++
}

// append copies bits [from, from+n) of src.
func (b *bitmap) append(src []byte, from, n int) {
	if n <= 0 {
		return
	}
	if b.n%8 == 0 && from%8 == 0 {
		b.bits = append(b.bits, src[from/8:(from+n+7)/8]...)
		b.n += n
	} else {
		for n >= 8 {
			b.appendByte(byteAt(src, from))
			from += 8
			n -= 8
		}
		for i := range n {
			b.appendBit(bitAt(src, from+i))
		}
		return
	}
	if r := b.n % 8; r != 0 { // bits past the end stay zero
		b.bits[len(b.bits)-1] &= 1<<r - 1
	}
}

func (b *bitmap) appendByte(v byte) {
	r := b.n % 8
	if r == 0 {
		b.bits = append(b.bits, v)
	} else {
		b.bits[len(b.bits)-1] |= v << r
		b.bits = append(b.bits, v>>(8-r))
	}
	b.n += 8
}

// byteAt returns the eight bits of src from bit i on, all of which must exist.
func byteAt(src []byte, i int) byte {
	r := i % 8
	if r == 0 {
		return src[i/8]
	}
	return src[i/8]>>r | src[i/8+1]<<(8-r)
}

func bitAt(src []byte, i int) bool { return src[i/8]>>(i%8)&1 != 0 }

// countOnes counts the set bits in [from, to).
func countOnes(src []byte, from, to int) int {
	n := 0
	for ; from < to && from%8 != 0; from++ {
		n += int(src[from/8] >> (from % 8) & 1)
	}
	for ; to-from >= 64; from += 64 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(src[from/8:]))
	}
	for ; to-from >= 8; from += 8 {
		n += bits.OnesCount8(src[from/8])
	}
	for ; from < to; from++ {
		n += int(src[from/8] >> (from % 8) & 1)
	}
	return n
}
