package kernel

import "math/bits"

// Bits is a set of rows: bit i of word i/64 is row i. It is the validity bitmap
// of Arrow on little-endian machines. A nil Bits reads as the empty set. Bits
// past the last row are never set.
type Bits []uint64

// words is the number of words that n rows take.
func words(n int) int { return (n + 63) >> 6 }

// NewBits is the empty set over n rows.
func NewBits(n int) Bits { return make(Bits, words(n)) }

// Set adds row i.
func (b Bits) Set(i int) { b[i>>6] |= 1 << (i & 63) }

// Unset removes row i.
func (b Bits) Unset(i int) { b[i>>6] &^= 1 << (i & 63) }

// Get says whether row i is in the set.
func (b Bits) Get(i int) bool { return len(b) > i>>6 && b[i>>6]>>(i&63)&1 != 0 }

// Count is the number of rows in the set.
func (b Bits) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Any says whether the set has a row.
func (b Bits) Any() bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}

// First is the smallest row of the set, -1 if it is empty.
func (b Bits) First() int {
	for k, w := range b {
		if w != 0 {
			return k<<6 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// Or adds the rows of o, a set over the same rows.
func (b Bits) Or(o Bits) {
	for k, w := range o {
		b[k] |= w
	}
}

// And keeps the rows that are in o as well; a nil o empties the set.
func (b Bits) And(o Bits) {
	if o == nil {
		clear(b)
		return
	}
	for k := range b {
		b[k] &= o[k]
	}
}

// AndNot removes the rows of o.
func (b Bits) AndNot(o Bits) {
	for k, w := range o {
		b[k] &^= w
	}
}

// CountAndNot is the number of rows of b that are not in o.
func (b Bits) CountAndNot(o Bits) int {
	if len(o) == 0 {
		return b.Count()
	}
	n := 0
	for k, w := range b {
		n += bits.OnesCount64(w &^ o[k])
	}
	return n
}

// Fill makes b the set of all n rows.
func (b Bits) Fill(n int) {
	clear(b)
	full := n >> 6
	for k := range full {
		b[k] = ^uint64(0)
	}
	if n&63 != 0 {
		b[full] = 1<<(n&63) - 1
	}
}

// Each calls f for every row of the set, in ascending order.
func (b Bits) Each(f func(row int)) {
	for k, w := range b {
		for ; w != 0; w &= w - 1 {
			f(k<<6 + bits.TrailingZeros64(w))
		}
	}
}

// AppendRows appends the rows of the set to dst, in ascending order.
func (b Bits) AppendRows(dst []int32) []int32 {
	for k, w := range b {
		for ; w != 0; w &= w - 1 {
			dst = append(dst, int32(k<<6+bits.TrailingZeros64(w)))
		}
	}
	return dst
}

// resize gives an empty set over n rows, in the memory of b where it suffices.
func (b Bits) resize(n int) Bits {
	k := words(n)
	if cap(b) < k {
		return make(Bits, k, k+k/4)
	}
	b = b[:k]
	clear(b)
	return b
}
