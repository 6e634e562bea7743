package measure

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"clearwell/pipeline/kernel"
	"clearwell/rules"
)

// TestStatisticsAreThoseOfTheDefinitions compares with the definitions, carried
// out on all rows at once in fractions.
func TestStatisticsAreThoseOfTheDefinitions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]rules.Type{whole, cents, real}).Draw(rt, "type")
		n := rapid.IntRange(2, 60).Draw(rt, "rows")
		d := table{fields: []rules.Field{field("x", kind)}}
		var x []*big.Rat
		for range n {
			if rapid.IntRange(0, 5).Draw(rt, "null") == 0 {
				d.rows = append(d.rows, []string{"~"})
				continue
			}
			v := fmt.Sprint(rapid.Int64Range(-20, 20).Draw(rt, "value"))
			switch kind.Kind {
			case rules.Decimal:
				v += fmt.Sprintf(".%02d", rapid.IntRange(0, 99).Draw(rt, "cents"))
			case rules.Number:
				v = fmt.Sprint(math.Ldexp(float64(rapid.Int64Range(-1<<53, 1<<53).Draw(rt, "bits")), rapid.IntRange(-80, 80).Draw(rt, "power")))
			}
			d.rows = append(d.rows, []string{v})
			exact, ok := new(big.Rat).SetString(v)
			if !ok {
				rt.Fatalf("%q", v)
			}
			if kind.Kind == rules.Number { // what the text stands for is the nearest float
				f, _ := exact.Float64()
				exact.SetFloat64(f)
			}
			x = append(x, exact)
		}
		if len(x) < 2 {
			return
		}
		sort.Slice(x, func(i, j int) bool { return x[i].Cmp(x[j]) < 0 })
		at := rapid.SampledFrom([]string{"0", "0.1", "0.25", "0.5", "0.9", "1"}).Draw(rt, "at")
		want := bruteForce(x, at)
		var measures []rules.Measure
		for name, exact := range want {
			m := rules.Measure{Kind: rules.MeasureKind(name), Fields: []string{"x"}, At: at}
			m.Bounds.Min, m.Bounds.Max = exact.RatString(), exact.RatString()
			measures = append(measures, m)
		}
		hold := func(measures []rules.Measure) { // with the different values, and without where sums suffice
			for _, r := range d.take(t, measures, Facts{}, how{2, 7, 1 << 20}) {
				if name := string(r.Measure.Kind); !r.Held {
					rt.Fatalf("%s: observed %s, want %s over %v", name, r.Observed, want[name].FloatString(12), d.rows)
				}
			}
		}
		hold(slices.Clone(measures))
		hold(slices.DeleteFunc(measures, func(m rules.Measure) bool { return !needsSums(m.Kind) }))
	})
}

// bruteForce are the statistics of sorted numbers as they are defined.
func bruteForce(x []*big.Rat, at string) map[string]*big.Rat {
	n := big.NewRat(int64(len(x)), 1)
	sum, distinct := new(big.Rat), map[string]bool{}
	for _, v := range x {
		sum.Add(sum, v)
		distinct[v.RatString()] = true
	}
	mean := new(big.Rat).Quo(sum, n)
	squares := new(big.Rat)
	for _, v := range x {
		d := new(big.Rat).Sub(v, mean)
		squares.Add(squares, d.Mul(d, d))
	}
	squares.Quo(squares, new(big.Rat).Sub(n, big.NewRat(1, 1)))
	root := new(big.Float).SetPrec(300).SetRat(squares)
	deviation, _ := root.Sqrt(root).Float64()
	p, _ := new(big.Rat).SetString(at)
	h := p.Mul(p, big.NewRat(int64(len(x)-1), 1))
	low := new(big.Int).Quo(h.Num(), h.Denom()).Int64()
	part := new(big.Rat).Sub(h, big.NewRat(low, 1))
	q := new(big.Rat).Sub(x[min(int(low)+1, len(x)-1)], x[low])
	q.Add(x[low], q.Mul(q, part))
	return map[string]*big.Rat{
		"sum": sum, "mean": mean, "min": x[0], "max": x[len(x)-1], "distinct": big.NewRat(int64(len(distinct)), 1),
		"stddev": new(big.Rat).SetFloat64(deviation), "quantile": q, "distinct_share": big.NewRat(int64(len(distinct)), int64(len(x))),
	}
}

// TestTheWayItIsMeasuredDoesNotMatter measures one table with several workers,
// batches and so little memory that nearly everything is spilled.
func TestTheWayItIsMeasuredDoesNotMatter(t *testing.T) {
	root := t.TempDir()
	rng := rand.New(rand.NewPCG(7, 7))
	d := table{fields: []rules.Field{field("x", cents), field("word", text), field("f", real)}}
	var ref strings.Builder
	ref.WriteString("x,word\n")
	for range 30_000 {
		x, word, f := fmt.Sprintf("%d.%02d", rng.IntN(3000), rng.IntN(100)), fmt.Sprintf("第%d号", rng.IntN(1<<rng.IntN(15))), fmt.Sprint(rng.NormFloat64()*math.Pow(10, float64(rng.IntN(30)-15)))
		if rng.IntN(10) == 0 {
			word = "~"
		}
		d.rows = append(d.rows, []string{x, word, f})
		fmt.Fprintf(&ref, "%d.50,第%d号\n", rng.IntN(3000), rng.IntN(5000))
	}
	write(t, root, "ref.csv", ref.String())
	var measures []rules.Measure
	for _, name := range []string{"x", "word", "f"} {
		column := &rules.Reference{File: "ref.csv", Columns: []string{name}}
		for _, kind := range []rules.MeasureKind{rules.NullShare, rules.Distinct, rules.DistinctShare, rules.Entropy, rules.MostCommon, rules.ValueSet} {
			measures = append(measures, rules.Measure{Kind: kind, Fields: []string{name}, Relation: "within"})
		}
		measures = append(measures, rules.Measure{Kind: rules.Distinct, Fields: []string{name}, Error: 0.01})
		if name != "word" {
			for _, kind := range []rules.MeasureKind{rules.Sum, rules.Mean, rules.StdDev, rules.Median, rules.MinOf, rules.MaxOf} {
				measures = append(measures, rules.Measure{Kind: kind, Fields: []string{name}, At: "0.5"})
			}
			measures = append(measures, rules.Measure{Kind: rules.Quantile, Fields: []string{name}, At: "0.99", Error: 0.01})
		}
		if name != "f" {
			for _, test := range []rules.DriftTest{rules.ChiSquare, rules.PSI} {
				measures = append(measures, rules.Measure{Kind: rules.Drift, Test: test, Fields: []string{name}, Against: column})
			}
		}
	}
	measures = append(measures, rules.Measure{Kind: rules.Drift, Test: rules.KS, Fields: []string{"x"}, Against: &rules.Reference{File: "ref.csv", Columns: []string{"x"}}},
		rules.Measure{Kind: rules.Correlation, Fields: []string{"x", "f"}})
	plain := func(results []Result) (out []Result) {
		for _, r := range results {
			r.Measure = nil
			out = append(out, r)
		}
		return out
	}
	want := plain(d.take(t, slices.Clone(measures), Facts{Root: root}, plainly))
	for _, r := range want {
		if !r.Evaluated {
			t.Fatalf("%+v", r)
		}
	}
	for _, h := range []how{{1, 500, 1}, {4, 300, 1}, {3, 4096, 300 << 10}, {2, 7001, 8 << 20}} {
		if got := plain(d.take(t, slices.Clone(measures), Facts{Root: root}, h)); !reflect.DeepEqual(got, want) {
			for i := range got {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("%+v: measure %d (%s): %+v, want %+v", h, i, measures[i].Kind, got[i], want[i])
				}
			}
		}
	}
}

func TestSketchesKeepTheirError(t *testing.T) {
	d := table{fields: []rules.Field{field("x", whole)}}
	rng := rand.New(rand.NewPCG(1, 2))
	const rows, relative = 40_000, 0.02
	for range rows {
		d.rows = append(d.rows, []string{fmt.Sprint(1 + rng.IntN(20_000))})
	}
	list := []rules.Measure{{Kind: rules.Distinct, Fields: []string{"x"}}, {Kind: rules.Median, At: "0.5", Fields: []string{"x"}}}
	exact := d.take(t, slices.Clone(list), Facts{}, plainly)
	for i := range list {
		list[i].Error = relative
	}
	for i, r := range d.take(t, list, Facts{}, plainly) {
		var got, want float64
		fmt.Sscan(r.Observed, &got)
		fmt.Sscan(exact[i].Observed, &want)
		if math.Abs(got-want) > 3*relative*want || r.Sketch == "" {
			t.Errorf("%s: %v, exactly %v (%s)", list[i].Kind, got, want, r.Sketch)
		}
	}
}

func BenchmarkTally(b *testing.B) {
	for _, c := range []struct {
		name     string
		distinct int
		kind     rules.Type
		measure  rules.Measure
	}{
		{"codes/distinct", 30, text, rules.Measure{Kind: rules.Distinct}},
		{"amounts/mean", 5000, cents, rules.Measure{Kind: rules.Mean}},
		{"unique/mean", 1 << 30, whole, rules.Measure{Kind: rules.Mean}},
		{"unique/quantile", 1 << 30, whole, rules.Measure{Kind: rules.Quantile, At: "0.9"}},
		{"unique/sketch", 1 << 30, whole, rules.Measure{Kind: rules.Quantile, At: "0.9", Error: 0.01}},
		{"unique/null share", 1 << 30, whole, rules.Measure{Kind: rules.NullShare}},
	} {
		b.Run(c.name, func(b *testing.B) {
			const rows = 100_000
			rng := rand.New(rand.NewPCG(3, 4))
			d := table{fields: []rules.Field{field("x", c.kind)}}
			for range rows {
				d.rows = append(d.rows, []string{fmt.Sprint(rng.IntN(c.distinct))})
			}
			cols := d.columns(b, 0, rows)
			c.measure.Fields = []string{"x"}
			c.measure.Over = rules.OverDelivered
			p := &rules.Plan{Dataset: "bench", Fields: d.fields, Measures: []rules.Measure{c.measure}}
			b.ReportAllocs()
			for b.Loop() {
				measureOnce(b, p, cols, rows)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}

func measureOnce(b *testing.B, p *rules.Plan, cols []arrow.Array, rows int) {
	s, err := New(p, b.TempDir(), 64<<20, 1)
	if err != nil {
		b.Fatal(err)
	}
	a, err := s.NewAdder(rules.OverDelivered)
	if err != nil {
		b.Fatal(err)
	}
	scope := kernel.NewBits(rows)
	scope.Fill(rows)
	if err := errors.Join(a.Add(cols, scope, nil), a.Close()); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Evaluate(context.Background(), rules.OverDelivered, Facts{}); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
