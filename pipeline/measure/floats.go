package measure

import (
	"math/bits"

	"clearwell/pipeline/exact"
	"clearwell/pipeline/kernel"
)

// floatSums are the sums and the two ends of floats.
type floatSums struct {
	n            int64
	least, top   float64
	sum, squares exact.Sum
}

// column takes the rows of a column, none of which is null; the squares only if they are wanted.
func (s *floatSums) column(values []float64, rows kernel.Bits, squares bool) {
	for w, word := range rows {
		for ; word != 0; word &= word - 1 {
			v := values[w<<6+bits.TrailingZeros64(word)]
			m, e, negative := exact.Parts(v)
			s.end(v, 1)
			s.sum.Word(m, e, negative)
			if squares {
				hi, lo := bits.Mul64(m, m)
				s.squares.Add(hi, lo, 2*e, false)
			}
		}
	}
}

// add takes a value that stands n times.
func (s *floatSums) add(v float64, n int64) {
	m, e, negative := exact.Parts(v)
	s.end(v, n)
	s.sum.Product(m, 1, n, e, negative)
	s.squares.Product(m, m, n, 2*e, false)
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
	s.sum.Merge(&o.sum)
	s.squares.Merge(&o.squares)
}
