package settle

import "math/big"

// An exactSum is a sum of numbers mantissa * 2^exponent without any rounding, so
// that it does not depend on their order: a fixed-point number as wide as the range
// of the exponents, in digits to the base 2^32 that are carried late
// (U. Kulisch, Computer Arithmetic and Validity, 2008).
type exactSum struct {
	digits []int64
	least  int // exponent of digit 0
	added  int // since digits were carried
}

// lateCarry is how many additions a digit of 63 bits takes: each adds less than 2^32 to it, four times at most.
const lateCarry = 1 << 28

// newExactSum takes exponents from least to most, for mantissas of up to 128 bits.
func newExactSum(least, most int) *exactSum {
	return &exactSum{digits: make([]int64, (most-least+128)/32+4), least: least}
}

// add adds (hi * 2^64 + lo) * 2^exponent, or takes it away.
func (s *exactSum) add(hi, lo uint64, exponent int, negative bool) {
	at := exponent - s.least
	digit, shift := at/32, uint(at%32)
	words := [5]uint64{lo & 0xffffffff, lo >> 32, hi & 0xffffffff, hi >> 32, 0}
	var carry uint64
	for k, w := range words {
		w = w<<shift | carry
		carry = w >> 32
		d := int64(w & 0xffffffff)
		if negative {
			d = -d
		}
		s.digits[digit+k] += d
	}
	if s.added++; s.added == lateCarry {
		s.carry()
	}
}

func (s *exactSum) carry() {
	s.added = 0
	for k := range s.digits[:len(s.digits)-1] {
		over := s.digits[k] >> 32
		s.digits[k] -= over << 32
		s.digits[k+1] += over
	}
}

// merge adds another sum of the same range.
func (s *exactSum) merge(o *exactSum) {
	s.carry()
	o.carry()
	for k, d := range o.digits {
		s.digits[k] += d
	}
}

// value is the sum divided by 2^least.
func (s *exactSum) value() *big.Int {
	v := new(big.Int)
	for k := len(s.digits) - 1; k >= 0; k-- {
		v.Lsh(v, 32)
		v.Add(v, big.NewInt(s.digits[k]))
	}
	return v
}
