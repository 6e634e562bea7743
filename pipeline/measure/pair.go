package measure

import (
	"bytes"
	"math"
	"math/big"

	"clearwell/rules"
)

// correlation is Pearson's r of the two columns of a tally; ok false where one of
// them does not vary or there are fewer than two rows. The sums are exact.
func correlation(t *tally) (r float64, ok bool, err error) {
	c, err := t.cursor()
	if err != nil {
		return 0, false, err
	}
	var sx, sy, sxx, syy, sxy, x, y, k big.Float
	for _, f := range []*big.Float{&sx, &sy, &sxx, &syy, &sxy, &x, &y, &k} {
		f.SetPrec(exactBits)
	}
	var total int64
	for {
		key, n, err := c.value()
		if err != nil {
			return 0, false, err
		}
		if n == 0 {
			break
		}
		a, rest := decodeNext(key, t.kinds[0])
		b, _ := decodeNext(rest, t.kinds[1])
		inUnits(&x, &a)
		inUnits(&y, &b)
		total += n
		for _, term := range []struct{ sum, a, b *big.Float }{{&sxx, &x, &x}, {&syy, &y, &y}, {&sxy, &x, &y}} {
			k.SetInt64(n)
			term.sum.Add(term.sum, k.Mul(k.Mul(&k, term.a), term.b))
		}
		k.SetInt64(n)
		sx.Add(&sx, k.Mul(&k, &x))
		k.SetInt64(n)
		sy.Add(&sy, k.Mul(&k, &y))
	}
	if total < 2 {
		return 0, false, nil
	}
	// r = (n Sxy - Sx Sy) / sqrt((n Sxx - Sx^2) (n Syy - Sy^2))
	n := new(big.Rat).SetInt64(total)
	part := func(square, a, b *big.Float) *big.Rat {
		s, _ := square.Rat(nil)
		p, _ := a.Rat(nil)
		q, _ := b.Rat(nil)
		return s.Sub(s.Mul(s, n), p.Mul(p, q))
	}
	above, dx, dy := part(&sxy, &sx, &sy), part(&sxx, &sx, &sx), part(&syy, &sy, &sy)
	if dx.Sign() <= 0 || dy.Sign() <= 0 {
		return 0, false, nil
	}
	below := new(big.Float).SetPrec(256).SetRat(dx.Mul(dx, dy))
	below.Sqrt(below)
	r, _ = below.Quo(new(big.Float).SetPrec(256).SetRat(above), below).Float64()
	return math.Max(-1, math.Min(1, r)), true, nil
}

// inUnits sets the number in units of its type: a correlation does not depend on them.
func inUnits(into *big.Float, v *value) {
	switch v.kind {
	case rules.Number:
		into.SetFloat64(v.float)
	case rules.Decimal:
		into.SetInt(v.decimal.BigInt())
	default:
		into.SetInt64(v.int)
	}
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
