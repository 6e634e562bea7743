package measure

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"clearwell/rules"
	"clearwell/rules/expr"
	"clearwell/rules/standard"
)

// figureText writes a number as people read it: whole numbers and finite decimals
// of up to ten places exactly, everything else with six decimals, or six digits if it is small.
func figureText(x *big.Rat) string {
	if x.IsInt() {
		return x.Num().String()
	}
	if n, exact := x.FloatPrec(); exact && n <= 10 {
		return x.FloatString(n)
	}
	f, _ := x.Float64()
	if math.Abs(f) < 1e-3 {
		return strconv.FormatFloat(f, 'g', 6, 64)
	}
	return trimZeros(x.FloatString(6))
}

func percentText(x *big.Rat) string {
	return trimZeros(new(big.Rat).Mul(x, big.NewRat(100, 1)).FloatString(4)) + "%"
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// endOf is an end of bounds as a number: of a date its days, of a time its microseconds since 1970.
func endOf(text string) *big.Rat {
	if x, ok := new(big.Rat).SetString(text); ok {
		return x
	}
	if p, err := standard.NewDateParser([]string{"yyyy-MM-dd"}, 1, 9999); err == nil {
		if days, ok := p.Parse([]byte(text)); ok {
			return new(big.Rat).SetInt64(int64(days))
		}
	}
	seconds, fraction, _ := strings.Cut(text, ".")
	if p, err := standard.NewTimestampParser([]string{"yyyy-MM-dd HH:mm:ss"}, 1, 9999); err == nil {
		if micros, ok := p.Parse([]byte(seconds)); ok {
			part, _ := strconv.ParseInt((fraction + "000000")[:6], 10, 64)
			return new(big.Rat).SetInt64(micros + part)
		}
	}
	return new(big.Rat) // the compiler wrote no other text
}

// lookup gives the values of terms.
func lookup(values map[string]float64) func(expr.AggregateTerm) (float64, bool) {
	return func(t expr.AggregateTerm) (float64, bool) {
		x, ok := values[t.Function+" "+t.Field]
		return x, ok
	}
}

// near says whether two numbers are as close as a tolerance allows; none: equal.
func near(x, to *big.Rat, t *rules.Tolerance) bool {
	allowed := new(big.Rat)
	if t != nil {
		allowed, _ = new(big.Rat).SetString(t.By)
		if t.Share {
			allowed.Mul(allowed, new(big.Rat).Abs(to))
		}
	}
	d := new(big.Rat).Sub(x, to)
	return d.Abs(d).Cmp(allowed) <= 0
}
