package measure

import (
	"math"
	"math/big"
	"math/bits"

	"clearwell/pipeline/kernel"
)

// An exactSum is a sum of floats, or of products of two, without any rounding, so that it does not depend on the
// order of what is added: the small superaccumulator of R. M. Neal, Fast exact summation using small and large
// superaccumulators, 2015, arXiv:1505.05571, widened for products.
//
// The sum is limbs[i] * 2^(32 i - exactPlaces), added up. A limb holds 32 bits and what has not yet been carried.
type exactSum struct {
	limbs [exactLimbs]int64
	added int // since the last carry, each at most 2^32 to a limb
}

// exactPlaces are the binary places that the product of two floats may have behind the point: those are
// multiples of 2^-2148 and less than 2^2048. Sums of 2^63 of them have 63 bits more before the point.
const (
	exactPlaces = 2148
	exactLimbs  = (exactPlaces+2048+64)/32 + 2
	mostAdded   = 1 << 30
)

// parts gives a finite float as ±m * 2^e.
func parts(v float64) (m uint64, e int, negative bool) {
	b := math.Float64bits(v)
	m, e = b&(1<<52-1), int(b>>52&0x7FF)
	if e == 0 {
		e = 1
	} else {
		m |= 1 << 52
	}
	return m, e - 1075, b>>63 != 0
}

// word adds ±m * 2^e.
func (s *exactSum) word(m uint64, e int, negative bool) {
	if s.added++; s.added == mostAdded {
		s.carry()
	}
	e += exactPlaces
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

// add adds ±(hi * 2^64 + lo) * 2^e, which has no place below 2^-exactPlaces.
func (s *exactSum) add(hi, lo uint64, e int, negative bool) {
	if s.added++; s.added == mostAdded {
		s.carry()
	}
	e += exactPlaces
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

// product adds ±a b n * 2^e.
func (s *exactSum) product(a, b uint64, n int64, e int, negative bool) {
	hi, lo := bits.Mul64(a, b)
	if n == 1 {
		s.add(hi, lo, e, negative)
		return
	}
	if hi>>42 != 0 { // of whole numbers, not of floats
		s.product(hi, 1, n, e+64, negative)
		hi = 0
	}
	for ; n > 0; n, e = n>>22, e+22 { // 106 bits, as the product of two floats has, and 22 more
		k := uint64(n & (1<<22 - 1))
		over, first := bits.Mul64(lo, k)
		s.add(hi*k+over, first, e, negative)
	}
}

// carry brings all limbs but the last down to 32 bits.
func (s *exactSum) carry() {
	s.added = 0
	var over int64
	for i := range s.limbs[:exactLimbs-1] {
		v := s.limbs[i] + over
		over = v >> 32
		s.limbs[i] = v & math.MaxUint32
	}
	s.limbs[exactLimbs-1] += over
}

func (s *exactSum) merge(o *exactSum) {
	s.carry()
	o.carry()
	for i, v := range o.limbs {
		s.limbs[i] += v
	}
	s.added = 2
}

// floatSums are the sums and the two ends of floats.
type floatSums struct {
	n            int64
	least, top   float64
	sum, squares exactSum
}

// column takes the rows of a column, none of which is null; the squares only if they are wanted.
func (s *floatSums) column(values []float64, rows kernel.Bits, squares bool) {
	for w, word := range rows {
		for ; word != 0; word &= word - 1 {
			v := values[w<<6+bits.TrailingZeros64(word)]
			m, e, negative := parts(v)
			s.end(v, 1)
			s.sum.word(m, e, negative)
			if squares {
				hi, lo := bits.Mul64(m, m)
				s.squares.add(hi, lo, 2*e, false)
			}
		}
	}
}

// add takes a value that stands n times.
func (s *floatSums) add(v float64, n int64) {
	m, e, negative := parts(v)
	s.end(v, n)
	s.sum.product(m, 1, n, e, negative)
	s.squares.product(m, m, n, 2*e, false)
}

// end moves the ends.
func (s *floatSums) end(v float64, n int64) {
	v += 0 // zero has no sign
	if s.n == 0 || v < s.least {
		s.least = v
	}
	if s.n == 0 || v > s.top {
		s.top = v
	}
	s.n += n
}

func (s *floatSums) merge(o *floatSums) {
	if o.n == 0 {
		return
	}
	if s.n == 0 || o.least < s.least {
		s.least = o.least
	}
	if s.n == 0 || o.top > s.top {
		s.top = o.top
	}
	s.n += o.n
	s.sum.merge(&o.sum)
	s.squares.merge(&o.squares)
}

// rat is the sum.
func (s *exactSum) rat() *big.Rat {
	s.carry()
	n, limb := new(big.Int), new(big.Int)
	for i := exactLimbs - 1; i >= 0; i-- {
		n.Lsh(n, 32)
		n.Add(n, limb.SetInt64(s.limbs[i]))
	}
	return new(big.Rat).SetFrac(n, limb.Lsh(big.NewInt(1), exactPlaces))
}
