package quality

import (
	"fmt"
	"math/big"
	"strconv"
)

// Percent is a share in hundredths of a percent: 9876 is 98.76 %. It is derived
// from integers by RatioOf and never stored in their place.
type Percent int64

// Special values of a Percent.
const (
	NotEvaluated Percent = -1
	Full         Percent = 10000
)

// RatioOf is part/whole, rounded half up to hundredths of a percent, except that
// only an exact whole is 100.00 and only an exact nothing is 0.00: one failure
// in a billion still shows. A whole of 0 is NotEvaluated.
func RatioOf(part, whole int64) Percent {
	if whole == 0 {
		return NotEvaluated
	}
	return roundRatio(big.NewRat(part, whole))
}

// roundRatio is the one rounding of the package; see RatioOf.
func roundRatio(x *big.Rat) Percent {
	one := big.NewRat(1, 1)
	switch {
	case x.Sign() <= 0:
		return 0
	case x.Cmp(one) >= 0:
		return Full
	}
	// floor(x*10000 + 1/2) = floor((20000*num + den) / (2*den))
	num := new(big.Int).Mul(x.Num(), big.NewInt(2*int64(Full)))
	num.Add(num, x.Denom())
	den := new(big.Int).Lsh(x.Denom(), 1)
	p := Percent(num.Quo(num, den).Int64())
	return min(max(p, 1), Full-1)
}

// Evaluated reports whether there was anything to take a share of.
func (p Percent) Evaluated() bool { return p >= 0 }

// String is the number without its sign: "98.76", or "–" when not evaluated.
func (p Percent) String() string {
	if !p.Evaluated() {
		return "–"
	}
	return fmt.Sprintf("%d.%02d", int64(p)/100, int64(p)%100)
}

// MarshalJSON gives the number with exactly two decimals, null when not evaluated.
func (p Percent) MarshalJSON() ([]byte, error) {
	if !p.Evaluated() {
		return []byte("null"), nil
	}
	return []byte(p.String()), nil
}

// UnmarshalJSON reads what MarshalJSON wrote and any number of at most two decimals.
func (p *Percent) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*p = NotEvaluated
		return nil
	}
	x, ok := new(big.Rat).SetString(string(data))
	if !ok {
		return fmt.Errorf("%q is not a percentage", data)
	}
	x.Mul(x, big.NewRat(100, 1))
	if !x.IsInt() || x.Sign() < 0 || x.Cmp(big.NewRat(int64(Full), 1)) > 0 {
		return fmt.Errorf("%s is not a percentage between 0 and 100 of at most two decimals", data)
	}
	*p = Percent(x.Num().Int64())
	return nil
}

// exactShare is the decimal that a person wrote, which the float64 stands for:
// 0.02 is 2/100 and not the nearest binary fraction.
func exactShare(share float64) (*big.Rat, error) {
	text := strconv.FormatFloat(share, 'f', -1, 64)
	x, ok := new(big.Rat).SetString(text)
	if !ok || x.Sign() < 0 || x.Cmp(big.NewRat(1, 1)) > 0 {
		return nil, fmt.Errorf("share %s is not between 0 and 1", text)
	}
	return x, nil
}

// shareText writes an exact share as a percentage with the decimals it needs: "2%", "0.125%".
func shareText(x *big.Rat) string {
	pct := new(big.Rat).Mul(x, big.NewRat(100, 1))
	for decimals := 0; decimals <= 20; decimals++ {
		text := pct.FloatString(decimals)
		if back, ok := new(big.Rat).SetString(text); ok && back.Cmp(pct) == 0 {
			return text + "%"
		}
	}
	return pct.FloatString(20) + "%"
}
