package measure

import (
	"math"
	"math/big"
	"slices"

	"clearwell/rules"
)

// A statistic looks at the different values of a tally in ascending order, each
// with its count.
type statistic interface {
	see(v *value, n int64)
}

// stream are the statistics that are taken from one tally in one pass.
type stream struct {
	tally      *tally
	statistics []statistic
	rows, n    int64 // rows, rows with a value
	distinct   int64
	least, top *value // copies of the first and the last value
	moments    *moments
}

// run passes all values by the statistics.
func (s *stream) run() error {
	s.rows, s.n = s.tally.rows, s.tally.present()
	if t := s.tally; t.summed && !t.values {
		if s.moments != nil {
			t.sums.fill(s.moments)
		}
		s.least, s.top = t.sums.ends(t.kinds[0])
		return nil
	}
	if !s.tally.values || len(s.tally.kinds) != 1 {
		return nil
	}
	c, err := s.tally.cursor()
	if err != nil {
		return err
	}
	var last []byte
	var v value // one for all: statistics do not keep it
	for {
		key, n, err := c.value()
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		v = decode(key, s.tally.kinds[0])
		if s.distinct == 0 {
			first := decode(slices.Clone(key), s.tally.kinds[0])
			s.least = &first
		}
		s.distinct++
		last = append(last[:0], key...)
		if s.moments != nil {
			s.moments.see(&v, n)
		}
		for _, x := range s.statistics {
			x.see(&v, n)
		}
	}
	if s.distinct > 0 {
		v := decode(last, s.tally.kinds[0])
		s.top = &v
	}
	return nil
}

// moments are the exact sums of a column of numbers: of floats, of everything else in whole units.
type moments struct {
	n            int64
	floats       *floatSums // nil: no floats
	scale        int
	sum, squares big.Int
	x, k         big.Int // scratch
}

func newMoments(t rules.Type) *moments {
	m := &moments{}
	if t.Kind == rules.Number {
		m.floats = &floatSums{}
	}
	if t.Kind == rules.Decimal {
		m.scale = t.Scale
	}
	return m
}

func (m *moments) see(v *value, n int64) {
	m.n += n
	if m.floats != nil {
		m.floats.add(v.float, n)
		return
	}
	if v.kind == rules.Decimal {
		m.x.Set(v.decimal.BigInt())
	} else {
		m.x.SetInt64(v.int)
	}
	m.k.SetInt64(n)
	m.k.Mul(&m.k, &m.x)
	m.sum.Add(&m.sum, &m.k)
	m.k.Mul(&m.k, &m.x)
	m.squares.Add(&m.squares, &m.k)
}

// total is the sum.
func (m *moments) total() *big.Rat {
	if m.floats != nil {
		return m.floats.sum.Rat()
	}
	return new(big.Rat).SetFrac(&m.sum, power10(m.scale))
}

func (m *moments) mean() *big.Rat {
	t := m.total()
	return t.Quo(t, new(big.Rat).SetInt64(m.n))
}

// deviation is the standard deviation of a sample; ok false for fewer than two
// values. The variance is exact, the root is rounded.
func (m *moments) deviation() (s float64, ok bool) {
	if m.n < 2 {
		return 0, false
	}
	squares := new(big.Rat).SetFrac(&m.squares, power10(2*m.scale))
	if m.floats != nil {
		squares = m.floats.squares.Rat()
	}
	total := m.total()
	n := new(big.Rat).SetInt64(m.n)
	total.Mul(total, total).Quo(total, n) // (sum)^2 / n
	squares.Sub(squares, total).Quo(squares, new(big.Rat).SetInt64(m.n-1))
	v := new(big.Float).SetPrec(128).SetRat(squares)
	s, _ = v.Sqrt(v).Float64()
	return s, true
}

// quantile is the value at a share of the order. Of numbers it is linear between
// the neighbours, type 7 of Hyndman and Fan, Sample Quantiles in Statistical
// Packages, The American Statistician 50 (1996), as numpy's and DuckDB's
// quantile_cont; of dates and times it is the lower neighbour.
type quantile struct {
	low, high int64 // ranks of the neighbours, from 0
	part      *big.Rat
	passed    int64
	a, b      *big.Rat
	lower     value // for dates and times
}

func newQuantile(at string, n int64) *quantile {
	p, _ := new(big.Rat).SetString(at)
	h := p.Mul(p, new(big.Rat).SetInt64(max(n-1, 0)))
	low := new(big.Int).Quo(h.Num(), h.Denom())
	q := &quantile{low: low.Int64(), part: new(big.Rat).Sub(h, new(big.Rat).SetInt(low))}
	q.high = min(q.low+1, max(n-1, 0))
	return q
}

// nearest moves the quantile to the nearer of its neighbours; of two as near ones to that
// of even rank, as numpy's method of that name.
func (q *quantile) nearest() {
	far := q.part.Cmp(big.NewRat(1, 2))
	if far > 0 || far == 0 && q.low%2 == 1 {
		q.low = q.high
	}
	q.high, q.part = q.low, new(big.Rat)
}

func (q *quantile) see(v *value, n int64) {
	to := q.passed + n
	if q.low >= q.passed && q.low < to {
		q.a, q.lower = v.rat(), *v
	}
	if q.high >= q.passed && q.high < to {
		q.b = v.rat()
	}
	q.passed = to
}

func (q *quantile) value() *big.Rat {
	if q.lower.kind == rules.Date || q.lower.kind == rules.Timestamp {
		return q.a
	}
	d := new(big.Rat).Sub(q.b, q.a)
	return d.Add(q.a, d.Mul(d, q.part))
}

// mode is what stands most often.
type mode struct {
	wanted map[string]bool // canonical text
	top    int64
	ties   int64    // values that stand that often
	names  []string // the first of them
	held   bool     // one of them is wanted
}

func newMode(values []string) *mode {
	m := &mode{wanted: map[string]bool{}}
	for _, v := range values {
		m.wanted[v] = true
	}
	return m
}

// shownAtOnce is how many values a result names.
const shownAtOnce = 5

func (m *mode) see(v *value, n int64) {
	if n < m.top {
		return
	}
	if n > m.top {
		m.top, m.ties, m.names, m.held = n, 0, m.names[:0], false
	}
	m.ties++
	text := v.String()
	m.held = m.held || m.wanted[text]
	if len(m.names) < shownAtOnce {
		m.names = append(m.names, text)
	}
}

// membership relates the different values to a list.
type membership struct {
	listed       map[string]bool // canonical text -> met
	extra        int64           // different values that are not listed
	extraRows    int64
	extraExample []string
}

func newMembership(values []string) *membership {
	m := &membership{listed: make(map[string]bool, len(values))}
	for _, v := range values {
		m.listed[v] = false
	}
	return m
}

func (m *membership) see(v *value, n int64) {
	text := v.String()
	if _, ok := m.listed[text]; ok {
		m.listed[text] = true
		return
	}
	m.extra++
	m.extraRows += n
	if len(m.extraExample) < shownAtOnce {
		m.extraExample = append(m.extraExample, text)
	}
}

// missing are the listed values that were not met, sorted.
func (m *membership) missing() []string {
	var out []string
	for v, met := range m.listed {
		if !met {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

// entropy is Shannon's: H = log2 N - (1/N) sum c log2 c over the counts c of N values.
type entropy struct {
	n    int64
	sum  float64 // in the order of values, with what rounding loses (Neumaier)
	lost float64
}

func (e *entropy) see(_ *value, n int64) {
	e.n += n
	x := float64(n) * math.Log2(float64(n))
	t := e.sum + x
	if math.Abs(e.sum) >= math.Abs(x) {
		e.lost += (e.sum - t) + x
	} else {
		e.lost += (x - t) + e.sum
	}
	e.sum = t
}

func (e *entropy) bits() float64 {
	n := float64(e.n)
	return max(0, math.Log2(n)-(e.sum+e.lost)/n)
}
