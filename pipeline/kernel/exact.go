package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"clearwell/rules"
)

// exactTerm reads a whole number or decimal as an integer at a common scale: its
// value times ten to the power of that scale.
type exactTerm struct {
	field int
	kind  rules.Kind
	up    int64    // power of ten from the field's scale to the common one; 0: beyond 64 bits
	upBig *big.Int // the same
}

// newExactTerm reads field f at the given scale, which is no less than the field's own.
func newExactTerm(p *Program, f, scale int) exactTerm {
	typ := p.fields[f].typ
	t := exactTerm{field: f, kind: typ.Kind, upBig: new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale-typ.Scale)), nil)}
	if t.upBig.IsInt64() {
		t.up = t.upBig.Int64()
	}
	return t
}

// small is the value where it fits 64 bits.
func (t *exactTerm) small(s *state, i int) (int64, bool) {
	c := &s.columns[t.field]
	var v int64
	if t.kind == rules.Integer {
		v = c.ints[i]
	} else {
		d := c.decimals[i]
		if v = int64(d.LowBits()); d.HighBits() != v>>63 {
			return 0, false
		}
	}
	if t.up == 1 {
		return v, true
	}
	hi, lo := bits.Mul64(uint64(v), uint64(t.up))
	high := int64(hi) - (v>>63)&t.up
	return int64(lo), t.up != 0 && high == int64(lo)>>63
}

func (t *exactTerm) big(s *state, i int) *big.Int {
	c := &s.columns[t.field]
	v := new(big.Int)
	if t.kind == rules.Integer {
		v.SetInt64(c.ints[i])
	} else {
		v = c.decimals[i].BigInt()
	}
	return v.Mul(v, t.upBig)
}

// exactSum compares a sum with another value, exactly.
type exactSum struct {
	terms     []exactTerm
	valid     []int // the same fields, for nulls that add nothing
	right     *exactTerm
	fixed     *big.Int // the right side where there is no field
	fixed64   int64
	fits      bool // fixed and tolerance fit 64 bits
	tolerance *big.Int
	within    int64
	nulls     bool // terms may be null; they add nothing
}

// newExactSum binds left fields and a right field (right >= 0) or value, all whole
// numbers or decimals; tolerance may be empty.
func newExactSum(p *Program, left []int, right int, value, tolerance string, nulls bool) (*exactSum, error) {
	scale := 0
	rat := func(text string) (*big.Rat, error) {
		x, ok := new(big.Rat).SetString(text)
		if !ok {
			return nil, fmt.Errorf("%q is not a number", text)
		}
		digits, finite := x.FloatPrec()
		if !finite {
			return nil, fmt.Errorf("%q is no decimal number", text)
		}
		scale = max(scale, digits)
		return x, nil
	}
	fields := left
	e := &exactSum{valid: left, nulls: nulls}
	fixed, within := new(big.Rat), new(big.Rat)
	var err error
	if right >= 0 {
		fields = append(append([]int{}, left...), right)
	} else if fixed, err = rat(value); err != nil {
		return nil, err
	}
	if tolerance != "" {
		if within, err = rat(tolerance); err != nil {
			return nil, err
		}
	}
	for _, f := range fields {
		scale = max(scale, p.fields[f].typ.Scale)
	}
	for _, f := range left {
		e.terms = append(e.terms, newExactTerm(p, f, scale))
	}
	if right >= 0 {
		t := newExactTerm(p, right, scale)
		e.right = &t
	}
	at := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
	e.fixed = new(big.Int).Set(fixed.Mul(fixed, at).Num())
	e.tolerance = new(big.Int).Set(within.Mul(within, at).Num())
	if e.fits = e.fixed.IsInt64() && e.tolerance.IsInt64(); e.fits {
		e.fixed64, e.within = e.fixed.Int64(), e.tolerance.Int64()
	}
	return e, nil
}

// order is -1, 0 or 1 as the sum on row i is below, within tolerance of, or above the right side.
func (e *exactSum) order(s *state, i int) int {
	var sum int64
	for k := range e.terms {
		if e.nulls && !s.columns[e.valid[k]].valid.Get(i) {
			continue
		}
		v, ok := e.terms[k].small(s, i)
		next := sum + v
		if !ok || (next > sum) != (v > 0) && v != 0 {
			return e.wide(s, i)
		}
		sum = next
	}
	right := e.fixed64
	if e.right != nil {
		v, ok := e.right.small(s, i)
		if !ok {
			return e.wide(s, i)
		}
		right = v
	}
	d := sum - right
	if !e.fits || (d < sum) != (right > 0) && right != 0 || d == math.MinInt64 {
		return e.wide(s, i)
	}
	switch {
	case d > e.within:
		return 1
	case -d > e.within:
		return -1
	}
	return 0
}

// wide is order beyond 64 bits.
func (e *exactSum) wide(s *state, i int) int {
	d := new(big.Int)
	for k := range e.terms {
		if !e.nulls || s.columns[e.valid[k]].valid.Get(i) {
			d.Add(d, e.terms[k].big(s, i))
		}
	}
	if e.right != nil {
		d.Sub(d, e.right.big(s, i))
	} else {
		d.Sub(d, e.fixed)
	}
	if d.CmpAbs(e.tolerance) <= 0 {
		return 0
	}
	return d.Sign()
}

// floatNoise is how far two computed numbers may be from each other, as a part of
// the greatest number involved, and still count as equal: some thousand times what
// a float64 operation rounds by, so that 0.1 + 0.2 is 0.3.
const floatNoise = 1e-12

// floatSum compares a sum with another value where a number (float64) is involved.
type floatSum struct {
	terms     []int
	read      []func(s *state, i int) float64
	right     func(s *state, i int) float64
	tolerance float64
	computed  bool // a sum or a tolerance: noise of float64 does not count
	nulls     bool
}

func (e *floatSum) order(s *state, i int) int {
	var sum, greatest float64
	for k, read := range e.read {
		if e.nulls && !s.columns[e.terms[k]].valid.Get(i) {
			continue
		}
		v := read(s, i)
		sum += v
		greatest = max(greatest, math.Abs(v))
	}
	right := e.right(s, i)
	d := sum - right
	if sum == right {
		return 0
	}
	if e.computed && math.Abs(d) <= e.tolerance+floatNoise*max(greatest, math.Abs(right)) {
		return 0
	}
	if d > 0 {
		return 1
	}
	return -1
}

// floatOf reads a numeric field as a float64.
func floatOf(p *Program, f int) func(s *state, i int) float64 {
	typ := p.fields[f].typ
	switch typ.Kind {
	case rules.Integer:
		return func(s *state, i int) float64 { return float64(s.columns[f].ints[i]) }
	case rules.Number:
		return func(s *state, i int) float64 { return s.columns[f].floats[i] }
	}
	scale := int32(typ.Scale)
	return func(s *state, i int) float64 { return decimalFloat(s.columns[f].decimals[i], scale) }
}
