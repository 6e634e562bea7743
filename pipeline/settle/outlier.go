package settle

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/exact"
	"clearwell/pipeline/kernel"
	"clearwell/rules"
)

// outlier fails rows whose value is too far from the others. Everything about the
// others is exact: sums without rounding, and quantiles of all values. They are
// not kept for that: the rows are looked at again, some times.
type outlier struct {
	field  int
	number numbering
	byZ    bool
	sample bool // z: of the standard deviation of a sample
	above  bool // nothing is too low
	factor *big.Rat

	mu     sync.Mutex // guards what follows while observers close
	count  int64
	sum    *exact.Sum // of the values; z only
	square *exact.Sum // of their squares
}

func newOutlier(p *rules.Plan, c *rules.Condition, _ Share) (*outlier, error) {
	o := &outlier{field: fieldIndex(p, c.Field), byZ: c.Outlier.By == "z", sample: c.Outlier.Sample, above: c.Outlier.Above}
	var ok bool
	if o.factor, ok = new(big.Rat).SetString(c.Outlier.Factor); !ok {
		return nil, fmt.Errorf("%q is not a number", c.Outlier.Factor)
	}
	if o.number, ok = numberingOf(p.Fields[o.field].Type); !ok {
		return nil, fmt.Errorf("a %s has no distance from another", p.Fields[o.field].Type)
	}
	if o.byZ {
		o.sum, o.square = newSums()
	}
	return o, nil
}

func (o *outlier) Close() error { return nil }

// numbering says how the values of a type are numbers: whole ones, counted in
// units of the last place of a decimal, days or microseconds; or floating ones. Decimals
// of more than 18 digits are taken as the nearest float64.
type numbering struct {
	floating bool
	scale    int32 // decimals as floating numbers
}

func numberingOf(t rules.Type) (n numbering, ok bool) {
	switch t.Kind {
	case rules.Integer, rules.Date, rules.Timestamp:
		return numbering{}, true
	case rules.Number:
		return numbering{floating: true}, true
	case rules.Decimal:
		return numbering{floating: t.Precision > 18, scale: int32(t.Scale)}, true
	}
	return n, false
}

// whole is the value of a cell that is not null as a whole number.
func (n numbering) whole(c arrow.Array, row int) int64 {
	switch c := c.(type) {
	case *array.Int64:
		return c.Value(row)
	case *array.Date32:
		return int64(c.Value(row))
	case *array.Timestamp:
		return int64(c.Value(row))
	}
	return int64(c.(*array.Decimal128).Value(row).LowBits())
}

// float is the value of a cell that is not null as a floating number.
func (n numbering) float(c arrow.Array, row int) float64 {
	if d, ok := c.(*array.Decimal128); ok {
		return d.Value(row).ToFloat64(n.scale)
	}
	return c.(*array.Float64).Value(row)
}

// ordinal is a number for the value of a cell that orders as the values do.
func (n numbering) ordinal(c arrow.Array, row int) uint64 {
	if !n.floating {
		return uint64(n.whole(c, row)) ^ 1<<63
	}
	return floatOrdinal(n.float(c, row))
}

func floatOrdinal(v float64) uint64 {
	w := math.Float64bits(v + 0) // zero without sign
	if w>>63 != 0 {
		return ^w
	}
	return w | 1<<63
}

// rational is the number of an ordinal.
func (n numbering) rational(ordinal uint64) *big.Rat {
	if !n.floating {
		return new(big.Rat).SetInt64(int64(ordinal ^ 1<<63))
	}
	w := ordinal &^ (1 << 63)
	if ordinal>>63 == 0 {
		w = ^ordinal
	}
	v := new(big.Rat)
	if v.SetFloat64(math.Float64frombits(w)) == nil {
		return new(big.Rat)
	}
	return v
}

// newSums are empty sums of values and of their squares.
func newSums() (sum, square *exact.Sum) {
	return new(exact.Sum), new(exact.Sum)
}

// parts takes a value apart.
func (n numbering) parts(c arrow.Array, row int) (mantissa uint64, exponent int, negative bool) {
	if !n.floating {
		v := n.whole(c, row)
		if v < 0 {
			return -uint64(v), 0, true
		}
		return uint64(v), 0, false
	}
	w := math.Float64bits(n.float(c, row))
	mantissa, exponent = w&(1<<52-1), int(w>>52&0x7ff)
	if exponent == 0 {
		exponent = 1
	} else {
		mantissa |= 1 << 52
	}
	return mantissa, exponent - 1075, w>>63 != 0
}

func (o *outlier) Observer() Observer {
	w := &outlierObserver{rule: o}
	if o.byZ {
		w.sum, w.square = newSums()
	}
	return w
}

type outlierObserver struct {
	rule        *outlier
	count       int64
	sum, square *exact.Sum
}

func (w *outlierObserver) Observe(b *Batch) error {
	col := b.Columns[w.rule.field]
	n := w.rule.number
	return eachRow(b.Scope, func(i int) error {
		if col.IsNull(i) {
			return nil
		}
		b.Checked.Set(i)
		w.count++
		if w.rule.byZ {
			m, e, negative := n.parts(col, i)
			w.sum.Word(m, e, negative)
			hi, lo := bits.Mul64(m, m)
			w.square.Add(hi, lo, 2*e, false)
		}
		return nil
	})
}

func (w *outlierObserver) Close() error {
	o := w.rule
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count += w.count
	if o.byZ {
		o.sum.Merge(w.sum)
		o.square.Merge(w.square)
	}
	return nil
}

func (o *outlier) Settle(ctx context.Context, run *Run) error {
	if o.count == 0 {
		return nil
	}
	var least, most uint64 // ordinals of the values that are not outliers
	if o.byZ {
		least, most = o.withinDeviations()
	} else {
		quartiles, err := o.quartiles(ctx, run)
		if err != nil {
			return err
		}
		far := new(big.Rat).Sub(quartiles[1], quartiles[0])
		far.Mul(far, o.factor)
		least = o.number.atLeast(new(big.Rat).Sub(quartiles[0], far))
		most = o.number.atMost(far.Add(quartiles[1], far))
	}
	if o.above {
		least = 0
	}
	return run.Frames(ctx, func(_, frame int, cols []arrow.Array, checked kernel.Bits) error {
		col := cols[o.field]
		return eachRow(checked, func(i int) error {
			if col.IsNull(i) {
				return nil
			}
			if v := o.number.ordinal(col, i); v < least || v > most {
				run.Fail(dedupe.NewLoc(frame, i))
			}
			return nil
		})
	})
}

// deviationBits is the precision to which the standard deviation, the one number here that is not rational, is computed.
const deviationBits = 512

// withinDeviations gives the least and the greatest value that is no more than
// factor standard deviations from the mean.
func (o *outlier) withinDeviations() (least, most uint64) {
	n := big.NewInt(o.count)
	sum, d := o.sum.Rat(), o.square.Rat()
	d.Mul(d, new(big.Rat).SetInt(n))
	d.Sub(d, new(big.Rat).Mul(sum, sum)) // n^2 times the variance
	float := func() *big.Float { return new(big.Float).SetPrec(deviationBits) }
	far := float().SetRat(d)
	if o.sample {
		if o.count == 1 {
			return 0, math.MaxUint64 // one value has no deviation from itself
		}
		far.Mul(far, float().SetInt(n)).Quo(far, float().SetInt64(o.count-1))
	}
	far.Sqrt(far)
	far.Mul(far, float().SetRat(o.factor))
	end := func(add func(z, x, y *big.Float) *big.Float) *big.Rat {
		x := add(float(), float().SetRat(sum), far)
		x.Quo(x, float().SetInt(n))
		v, _ := x.Rat(nil)
		return v
	}
	least = o.number.atLeast(end((*big.Float).Sub))
	return least, o.number.atMost(end((*big.Float).Add))
}

// atLeast is the ordinal of the least value that is not below x.
func (n numbering) atLeast(x *big.Rat) uint64 {
	if !n.floating {
		floor := new(big.Int).Div(new(big.Int).Neg(x.Num()), x.Denom()) // of -x: Div rounds down, the denominator is positive
		return wholeOrdinal(floor.Neg(floor))
	}
	f, _ := x.Float64()
	if !math.IsInf(f, 0) && new(big.Rat).SetFloat64(f).Cmp(x) < 0 {
		f = math.Nextafter(f, math.Inf(1))
	}
	return floatOrdinal(f)
}

// atMost is the ordinal of the greatest value that is not above x.
func (n numbering) atMost(x *big.Rat) uint64 {
	if !n.floating {
		return wholeOrdinal(new(big.Int).Div(x.Num(), x.Denom()))
	}
	f, _ := x.Float64()
	if !math.IsInf(f, 0) && new(big.Rat).SetFloat64(f).Cmp(x) > 0 {
		f = math.Nextafter(f, math.Inf(-1))
	}
	return floatOrdinal(f)
}

// wholeOrdinal is the ordinal of x, or of the whole number of 64 bits nearest to it.
func wholeOrdinal(x *big.Int) uint64 {
	switch {
	case x.IsInt64():
		return uint64(x.Int64()) ^ 1<<63
	case x.Sign() > 0:
		return math.MaxUint64
	}
	return 0
}

// quartiles are the first and the third quartile of the values, of type 7: at place
// (n-1)p of the sorted values counted from 0, between two of them in proportion.
func (o *outlier) quartiles(ctx context.Context, run *Run) ([2]*big.Rat, error) {
	var out [2]*big.Rat
	var ranks []int64
	for _, p := range []int64{1, 3} {
		at := (o.count - 1) * p / 4
		ranks = append(ranks, at, min(at+1, o.count-1))
	}
	values, err := o.ofRank(ctx, run, ranks)
	if err != nil {
		return out, err
	}
	for k, p := range []int64{1, 3} {
		low, high := o.number.rational(values[2*k]), o.number.rational(values[2*k+1])
		part := big.NewRat((o.count-1)*p%4, 4)
		out[k] = high.Sub(high, low).Mul(high, part)
		out[k].Add(out[k], low)
	}
	return out, nil
}

const (
	// digitBits of a value are looked at in a pass over the rows: 512 KiB of counters for each prefix and worker.
	digitBits = 16
	// fewValues are kept and sorted, as soon as those that still count are no more.
	fewValues = 1 << 16
)

// prefix is the first digits of values that are looked for.
type prefix struct {
	bits   uint64 // the digits, in the upper bits; the rest is zero
	ranks  []int  // what is looked for among the values that begin so: places in the list of ranks
	within []int64
	count  int64 // of values that begin so
}

// ofRank gives the ordinals of the values at ranks (ascending, from 0) of all values in
// ascending order: digit by digit, in as many passes over the rows.
func (o *outlier) ofRank(ctx context.Context, run *Run, ranks []int64) ([]uint64, error) {
	out := make([]uint64, len(ranks))
	open := []prefix{{within: ranks, count: o.count}}
	for k := range ranks {
		open[0].ranks = append(open[0].ranks, k)
	}
	for known := 0; known < 64; known += digitBits {
		var left int64
		for _, p := range open {
			left += p.count
		}
		if left <= fewValues {
			return out, o.collect(ctx, run, open, known, out)
		}
		counted, err := o.countDigits(ctx, run, open, known)
		if err != nil {
			return nil, err
		}
		var next []prefix
		for k, p := range open {
			digit, before := 0, int64(0)
			for i, rank := range p.within {
				for before+counted[k][digit] <= rank {
					before += counted[k][digit]
					digit++
				}
				begins := p.bits | uint64(digit)<<(64-digitBits-known)
				if last := len(next) - 1; last < 0 || next[last].bits != begins {
					next = append(next, prefix{bits: begins, count: counted[k][digit]})
				}
				last := &next[len(next)-1]
				last.ranks, last.within = append(last.ranks, p.ranks[i]), append(last.within, rank-before)
			}
		}
		open = next
	}
	for _, p := range open {
		for _, k := range p.ranks {
			out[k] = p.bits
		}
	}
	return out, nil
}

// begins says which of open a value with so many known bits begins as; -1: none.
func begins(open []prefix, known int, v uint64) int {
	if known == 0 {
		return 0
	}
	v = v >> (64 - known) << (64 - known)
	for k := range open {
		if open[k].bits == v {
			return k
		}
	}
	return -1
}

// countDigits counts the next digit of the values that begin as one of open.
func (o *outlier) countDigits(ctx context.Context, run *Run, open []prefix, known int) ([][]int64, error) {
	counts := make([][][]int64, run.Workers)
	err := o.each(ctx, run, func(worker int, v uint64) {
		k := begins(open, known, v)
		if k < 0 {
			return
		}
		if counts[worker] == nil {
			counts[worker] = make([][]int64, len(open))
			for i := range open {
				counts[worker][i] = make([]int64, 1<<digitBits)
			}
		}
		counts[worker][k][v<<known>>(64-digitBits)]++
	})
	var sum [][]int64
	for _, c := range counts {
		switch {
		case sum == nil:
			sum = c
		case c != nil:
			for k := range sum {
				for d, n := range c[k] {
					sum[k][d] += n
				}
			}
		}
	}
	return sum, err
}

// collect keeps the values that begin as one of open, which are few, and sorts them.
func (o *outlier) collect(ctx context.Context, run *Run, open []prefix, known int, out []uint64) error {
	kept := make([][][]uint64, run.Workers)
	err := o.each(ctx, run, func(worker int, v uint64) {
		if k := begins(open, known, v); k >= 0 {
			if kept[worker] == nil {
				kept[worker] = make([][]uint64, len(open))
			}
			kept[worker][k] = append(kept[worker][k], v)
		}
	})
	if err != nil {
		return err
	}
	for k, p := range open {
		var all []uint64
		for _, w := range kept {
			if w != nil {
				all = append(all, w[k]...)
			}
		}
		slices.SortFunc(all, cmp.Compare)
		for i, rank := range p.within {
			out[p.ranks[i]] = all[rank]
		}
	}
	return nil
}

// each calls f for every value that the rule looks at, in several goroutines.
func (o *outlier) each(ctx context.Context, run *Run, f func(worker int, v uint64)) error {
	return run.Frames(ctx, func(worker, _ int, cols []arrow.Array, checked kernel.Bits) error {
		col := cols[o.field]
		return eachRow(checked, func(i int) error {
			if col.IsValid(i) {
				f(worker, o.number.ordinal(col, i))
			}
			return nil
		})
	})
}
