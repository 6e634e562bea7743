package measure

import (
	"bytes"
	"math"
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// ks is the Kolmogorov-Smirnov distance of two tallies: the greatest difference
// of their distribution functions, compared exactly and rounded once.
func ks(a, b *tally) (float64, error) {
	na, nb := uint64(a.present()), uint64(b.present())
	var ca, cb, hi, lo uint64
	err := together(a, b, func(_ []byte, inA, inB int64) {
		ca, cb = ca+uint64(inA), cb+uint64(inB)
		h1, l1 := bits.Mul64(ca, nb)
		h2, l2 := bits.Mul64(cb, na)
		if h1 < h2 || h1 == h2 && l1 < l2 {
			h1, l1, h2, l2 = h2, l2, h1, l1
		}
		l, borrow := bits.Sub64(l1, l2, 0)
		h, _ := bits.Sub64(h1, h2, borrow)
		if h > hi || h == hi && l > lo {
			hi, lo = h, l
		}
	})
	d := math.Ldexp(float64(hi), 64) + float64(lo)
	return d / float64(na) / float64(nb), err
}

// ksProbability is the asymptotic p-value of a distance d of samples of na and nb:
// Q((sqrt(Ne) + 0.12 + 0.11/sqrt(Ne)) d), Ne = na nb / (na + nb), Q the
// distribution of Kolmogorov. Stephens, Journal of the Royal Statistical Society B 32 (1970);
// Press and others, Numerical Recipes, section 14.3.3.
func ksProbability(d float64, na, nb int64) float64 {
	ne := math.Sqrt(float64(na) / float64(na+nb) * float64(nb))
	x := (ne + 0.12 + 0.11/ne) * d
	if x < 0.2 {
		return 1 // less than 1e-12 away
	}
	sum, sign := 0.0, 1.0
	for j := 1.0; j <= 100; j++ {
		term := math.Exp(-2 * j * j * x * x)
		sum += sign * term
		if term < 1e-17 {
			break
		}
		sign = -sign
	}
	return math.Max(0, math.Min(1, 2*sum))
}

// chiSquare is the statistic of the two-sample test of homogeneity over the
// values of either tally, and its degrees of freedom: of the counts r and s of
// each value in samples of R and S, the sum of (sqrt(S/R) r - sqrt(R/S) s)^2 / (r + s).
// Press and others, Numerical Recipes, section 14.3.2.
func chiSquare(a, b *tally) (statistic float64, freedom int64, err error) {
	up := math.Sqrt(float64(b.present()) / float64(a.present()))
	down := 1 / up
	err = together(a, b, func(_ []byte, inA, inB int64) {
		d := up*float64(inA) - down*float64(inB)
		statistic += d * d / float64(inA+inB)
		freedom++
	})
	return statistic, freedom - 1, err
}

// chiSquareProbability is the share of the chi-square distribution above the statistic.
func chiSquareProbability(statistic float64, freedom int64) float64 {
	if freedom < 1 {
		return 1 // one value: there is nothing that could differ
	}
	return mathext.GammaIncRegComp(float64(freedom)/2, statistic/2)
}

// leastShare stands for a bin without rows, whose logarithm would be infinite.
const leastShare = 0.0001

// psiBins is the number of bins of ordered values, ten by custom.
const psiBins = 10

// psi is the population stability index of a against b: the sum of (p - q) ln(p/q)
// over bins with the share p in a and q in b. Ordered values are binned by the
// deciles of b, others are a bin each. Siddiqi, Credit Risk Scorecards, 2006.
func psi(a, b *tally, ordered bool) (float64, error) {
	na, nb := float64(a.present()), float64(b.present())
	index := 0.0
	add := func(inA, inB int64) {
		p, q := math.Max(float64(inA)/na, leastShare), math.Max(float64(inB)/nb, leastShare)
		index += (p - q) * math.Log(p/q)
	}
	if !ordered {
		return index, together(a, b, func(_ []byte, inA, inB int64) { add(inA, inB) })
	}
	edges, err := deciles(b)
	if err != nil {
		return 0, err
	}
	countsA, countsB := make([]int64, len(edges)+1), make([]int64, len(edges)+1)
	bin := 0
	err = together(a, b, func(key []byte, inA, inB int64) {
		for bin < len(edges) && bytes.Compare(key, edges[bin]) > 0 {
			bin++
		}
		countsA[bin] += inA
		countsB[bin] += inB
	})
	for i := range countsA {
		add(countsA[i], countsB[i])
	}
	return index, err
}

// deciles are the upper edges of the bins but the last, each once: the values at rank ceil(k n / 10).
func deciles(t *tally) ([][]byte, error) {
	c, err := t.cursor()
	if err != nil {
		return nil, err
	}
	var edges [][]byte
	n, passed, k := t.present(), int64(0), int64(1)
	for k < psiBins {
		key, count, err := c.value()
		if err != nil || count == 0 {
			return edges, err
		}
		passed += count
		reached := false
		for k < psiBins && passed >= (k*n+psiBins-1)/psiBins {
			reached = true
			k++
		}
		if reached && passed < n {
			edges = append(edges, slices.Clone(key))
		}
	}
	return edges, nil
}
