package measure

import (
	"bytes"
	"math"
	"math/big"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/pipeline/exact"
	"clearwell/pipeline/kernel"
)

// pairSums are the exact sums of two columns of numbers together, each in units of its type.
type pairSums struct {
	n                int64
	x, y, xx, yy, xy exact.Sum
}

// term is a number ±(hi * 2^64 + lo) * 2^e.
type term struct {
	hi, lo   uint64
	e        int
	negative bool
}

// reader gives the numbers of a column.
func reader(c arrow.Array) func(row int) term {
	whole := func(v int64) term {
		sign := uint64(v >> 63)
		return term{lo: (uint64(v) ^ sign) - sign, negative: v < 0}
	}
	switch c := c.(type) {
	case *array.Float64:
		return func(row int) term {
			m, e, negative := exact.Parts(c.Value(row))
			return term{lo: m, e: e, negative: negative}
		}
	case *array.Int64:
		return func(row int) term { return whole(c.Value(row)) }
	case *array.Date32:
		return func(row int) term { return whole(int64(c.Value(row))) }
	case *array.Timestamp:
		return func(row int) term { return whole(int64(c.Value(row))) }
	case *array.Decimal128:
		return func(row int) term {
			v := c.Value(row)
			negative := v.Sign() < 0
			if negative {
				v = v.Negate()
			}
			return term{uint64(v.HighBits()), v.LowBits(), 0, negative}
		}
	}
	return func(int) term { return term{} } // the compiler lets no other type through
}

// narrow adds a product of numbers without hi.
func narrow(s *exact.Sum, a, b term) {
	hi, lo := bits.Mul64(a.lo, b.lo)
	s.Add(hi, lo, a.e+b.e, a.negative != b.negative)
}

// times adds a product.
func times(s *exact.Sum, a, b term) {
	negative, e := a.negative != b.negative, a.e+b.e
	s.Product(a.lo, b.lo, 1, e, negative)
	s.Product(a.hi, b.lo, 1, e+64, negative)
	s.Product(a.lo, b.hi, 1, e+64, negative)
	s.Product(a.hi, b.hi, 1, e+128, negative)
}

// add takes the rows of two columns, none of which is null.
func (s *pairSums) add(a, b arrow.Array, rows kernel.Bits) {
	x, y := reader(a), reader(b)
	each(rows, func(row int) {
		p, q := x(row), y(row)
		s.n++
		if p.hi|q.hi == 0 {
			s.x.Word(p.lo, p.e, p.negative)
			s.y.Word(q.lo, q.e, q.negative)
			narrow(&s.xx, p, p)
			narrow(&s.yy, q, q)
			narrow(&s.xy, p, q)
			return
		}
		s.x.Add(p.hi, p.lo, p.e, p.negative)
		s.y.Add(q.hi, q.lo, q.e, q.negative)
		times(&s.xx, p, p)
		times(&s.yy, q, q)
		times(&s.xy, p, q)
	})
}

func (s *pairSums) merge(o *pairSums) {
	s.n += o.n
	s.x.Merge(&o.x)
	s.y.Merge(&o.y)
	s.xx.Merge(&o.xx)
	s.yy.Merge(&o.yy)
	s.xy.Merge(&o.xy)
}

// correlation is Pearson's r; ok false where one of the columns does not vary or there
// are fewer than two rows.
func (s *pairSums) correlation() (r float64, ok bool) {
	if s.n < 2 {
		return 0, false
	}
	// r = (n Sxy - Sx Sy) / sqrt((n Sxx - Sx^2) (n Syy - Sy^2))
	n, x, y := new(big.Rat).SetInt64(s.n), s.x.Rat(), s.y.Rat()
	part := func(square, a, b *big.Rat) *big.Rat {
		return square.Sub(square.Mul(square, n), new(big.Rat).Mul(a, b))
	}
	above, dx, dy := part(s.xy.Rat(), x, y), part(s.xx.Rat(), x, x), part(s.yy.Rat(), y, y)
	if dx.Sign() <= 0 || dy.Sign() <= 0 {
		return 0, false
	}
	below := new(big.Float).SetPrec(256).SetRat(dx.Mul(dx, dy))
	below.Sqrt(below)
	r, _ = below.Quo(new(big.Float).SetPrec(256).SetRat(above), below).Float64()
	return math.Max(-1, math.Min(1, r)), true
}

// together walks two tallies in the order of values: f gets each value of either
// with its count in both.
func together(a, b *tally, f func(key []byte, inA, inB int64)) error {
	ca, err := a.cursor()
	if err != nil {
		return err
	}
	cb, err := b.cursor()
	if err != nil {
		return err
	}
	ka, na, err := ca.value()
	if err != nil {
		return err
	}
	kb, nb, err := cb.value()
	if err != nil {
		return err
	}
	for na > 0 || nb > 0 {
		order := bytes.Compare(ka, kb)
		switch {
		case na == 0:
			order = 1
		case nb == 0:
			order = -1
		}
		switch {
		case order < 0:
			f(ka, na, 0)
		case order > 0:
			f(kb, 0, nb)
		default:
			f(ka, na, nb)
		}
		if order <= 0 {
			if ka, na, err = ca.value(); err != nil {
				return err
			}
		}
		if order >= 0 {
			if kb, nb, err = cb.value(); err != nil {
				return err
			}
		}
	}
	return nil
}

// setDifference counts the values that only one of two tallies has.
func setDifference(a, b *tally) (onlyA, onlyB int64, err error) {
	err = together(a, b, func(_ []byte, inA, inB int64) {
		if inB == 0 {
			onlyA++
		}
		if inA == 0 {
			onlyB++
		}
	})
	return onlyA, onlyB, err
}
