package measure

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"clearwell/pipeline/kernel"
	"clearwell/rules"
	"clearwell/rules/expr"
)

// anyFloat are finite floats of every size, the smallest and the greatest among them.
func anyFloat() *rapid.Generator[float64] {
	return rapid.Custom(func(t *rapid.T) float64 {
		if rapid.Bool().Draw(t, "edge") {
			return rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, math.MaxFloat64, -math.MaxFloat64, 1, -1, 0.1, 1 << 53, 0x1p-1022}).Draw(t, "v")
		}
		f := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return 1
		}
		return f
	})
}

func TestSumsOfFloatsAreExactHoweverTheyAreParted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var whole, left, right floatSums
		sum, squares, n := new(big.Rat), new(big.Rat), int64(0)
		for range rapid.IntRange(1, 20).Draw(rt, "values") {
			v := anyFloat().Draw(rt, "v")
			times := rapid.SampledFrom([]int64{1, 2, 3, 1<<22 - 1, 1 << 22, 1<<40 + 7, 1<<58 - 1}).Draw(rt, "times")
			part := &left
			if rapid.Bool().Draw(rt, "right") {
				part = &right
			}
			if times == 1 {
				whole.column([]float64{v}, kernel.Bits{1}, true)
			} else {
				whole.add(v, times)
			}
			part.add(v, times)
			n += times
			x, k := new(big.Rat).SetFloat64(v), new(big.Rat).SetInt64(times)
			k.Mul(k, x)
			sum.Add(sum, k)
			squares.Add(squares, k.Mul(k, x))
		}
		left.merge(&right)
		for name, s := range map[string]*floatSums{"whole": &whole, "merged": &left} {
			if s.n != n || s.sum.Rat().Cmp(sum) != 0 || s.squares.Rat().Cmp(squares) != 0 {
				rt.Fatalf("%s: %d values, sum %s, squares %s; want %d, %s, %s", name, s.n, s.sum.Rat(), s.squares.Rat(), n, sum, squares)
			}
			if s.least != whole.least || s.top != whole.top {
				rt.Fatalf("%s: ends %v and %v, want %v and %v", name, s.least, s.top, whole.least, whole.top)
			}
		}
	})
}

func TestCorrelationOfEveryKindOfNumber(t *testing.T) {
	big38 := rules.Type{Kind: rules.Decimal, Precision: 38}
	for _, kinds := range [][2]rules.Type{{whole, real}, {cents, whole}, {big38, real}, {day, moment}, {big38, big38}} {
		text := map[rules.Kind][]string{
			rules.Integer: {"1", "-2", "3"}, rules.Number: {"1.5", "-3.0", "4.5"}, rules.Date: {"2020-01-01", "2019-12-29", "2020-01-03"},
			rules.Timestamp: {"2020-01-01 00:00:00", "2019-12-29 00:00:00", "2020-01-03 00:00:00"},
			rules.Decimal:   {"100000000000000000000000000000000000", "-200000000000000000000000000000000000", "300000000000000000000000000000000000"},
		}
		if kinds[0].Scale > 0 {
			text[rules.Decimal] = []string{"1.00", "-2.00", "3.00"}
		}
		d := table{fields: []rules.Field{field("x", kinds[0]), field("y", kinds[1])}}
		for i := range 3 {
			d.rows = append(d.rows, []string{text[kinds[0].Kind][i], text[kinds[1].Kind][i]})
		}
		d.rows = append(d.rows, []string{"~", text[kinds[1].Kind][0]})
		if r := d.take(t, []rules.Measure{{Kind: rules.Correlation, Fields: []string{"x", "y"}}}, Facts{}, plainly)[0]; r.Observed != "1" {
			t.Errorf("%s and %s: r is %q (%s), want 1", kinds[0], kinds[1], r.Observed, r.Reason)
		}
	}
}

func TestAggregatesOfEndsNeedNoDifferentValues(t *testing.T) {
	for _, kind := range []rules.Type{whole, real} {
		a, err := expr.NewAggregate("max(x) - min(x)", []expr.Var{{Name: "x", Kind: expr.Number}})
		if err != nil {
			t.Fatal(err)
		}
		r := of(kind, "7", "-3", "~").take(t, []rules.Measure{{Kind: rules.AggregateOf, Aggregate: a}}, Facts{}, plainly)[0]
		if r.Observed != "10" {
			t.Errorf("%s: max - min is %q (%s), want 10", kind.Kind, r.Observed, r.Reason)
		}
	}
}
