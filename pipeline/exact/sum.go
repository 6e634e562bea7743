// Package exact adds numbers without any rounding, so that a sum does not depend on the order of what is added,
// on workers or on batches. Start at Sum.
package exact

import (
	"math"
	"math/big"
	"math/bits"
)

// A Sum is a sum of floats, or of products of two, without any rounding, so that it does not depend on the
// order of what is added: the small superaccumulator of R. M. Neal, Fast exact summation using small and large
// superaccumulators, 2015, arXiv:1505.05571, widened for products.
//
// The sum is limbs[i] * 2^(32 i - places), added up. A limb holds 32 bits and what has not yet been carried.
type Sum struct {
	limbs [limbCount]int64
	added int // since the last carry, each at most 2^32 to a limb
}

// places are the binary places that the product of two floats may have behind the point: those are
// multiples of 2^-2148 and less than 2^2048. Sums of 2^63 of them have 63 bits more before the point.
const (
	places    = 2148
	limbCount = (places+2048+64)/32 + 2
	mostAdded = 1 << 30
)

// Parts gives a finite float as ±m * 2^e.
func Parts(v float64) (m uint64, e int, negative bool) {
	b := math.Float64bits(v)
	m, e = b&(1<<52-1), int(b>>52&0x7FF)
	if e == 0 {
		e = 1
	} else {
		m |= 1 << 52
	}
	return m, e - 1075, b>>63 != 0
}

// Word adds ±m * 2^e.
func (s *Sum) Word(m uint64, e int, negative bool) {
	if s.added++; s.added == mostAdded {
		s.carry()
	}
	e += places
	at, shift := e>>5, uint(e&31)
	limbs := s.limbs[at : at+3 : at+3]
	low, middle := m<<shift, m>>(64-shift) // a shift by 64 gives 0
	if negative {
		limbs[0] -= int64(low & math.MaxUint32)
		limbs[1] -= int64(low >> 32)
		limbs[2] -= int64(middle)
		return
	}
	limbs[0] += int64(low & math.MaxUint32)
	limbs[1] += int64(low >> 32)
	limbs[2] += int64(middle)
}

// Add adds ±(hi * 2^64 + lo) * 2^e, which has no place below 2^-places.
func (s *Sum) Add(hi, lo uint64, e int, negative bool) {
	if s.added++; s.added == mostAdded {
		s.carry()
	}
	e += places
	at, shift := e>>5, uint(e&31)
	sign := int64(1)
	if negative {
		sign = -1
	}
	limbs := s.limbs[at : at+5 : at+5]
	low, middle := lo<<shift, lo>>(64-shift) // a shift by 64 gives 0
	limbs[0] += sign * int64(low&math.MaxUint32)
	limbs[1] += sign * int64(low>>32)
	if hi != 0 {
		middle |= hi << shift
		limbs[3] += sign * int64(middle>>32)
		limbs[4] += sign * int64(hi>>(64-shift))
	}
	limbs[2] += sign * int64(middle&math.MaxUint32)
}

// Product adds ±a b n * 2^e.
func (s *Sum) Product(a, b uint64, n int64, e int, negative bool) {
	hi, lo := bits.Mul64(a, b)
	if n == 1 {
		s.Add(hi, lo, e, negative)
		return
	}
	if hi>>42 != 0 { // of whole numbers, not of floats
		s.Product(hi, 1, n, e+64, negative)
		hi = 0
	}
	for ; n > 0; n, e = n>>22, e+22 { // 106 bits, as the product of two floats has, and 22 more
		k := uint64(n & (1<<22 - 1))
		over, first := bits.Mul64(lo, k)
		s.Add(hi*k+over, first, e, negative)
	}
}

// carry brings all limbs but the last down to 32 bits.
func (s *Sum) carry() {
	s.added = 0
	var over int64
	for i := range s.limbs[:limbCount-1] {
		v := s.limbs[i] + over
		over = v >> 32
		s.limbs[i] = v & math.MaxUint32
	}
	s.limbs[limbCount-1] += over
}

// Merge adds another sum.
func (s *Sum) Merge(o *Sum) {
	s.carry()
	o.carry()
	for i, v := range o.limbs {
		s.limbs[i] += v
	}
	s.added = 2
}

// Rat is the sum.
func (s *Sum) Rat() *big.Rat {
	s.carry()
	n, limb := new(big.Int), new(big.Int)
	for i := limbCount - 1; i >= 0; i-- {
		n.Lsh(n, 32)
		n.Add(n, limb.SetInt64(s.limbs[i]))
	}
	return new(big.Rat).SetFrac(n, limb.Lsh(big.NewInt(1), places))
}
