package kernel

import (
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"clearwell/rules"
)

// newBand puts the band in which a value lies in place of it. Bands begin at
// multiples of the width. Dates and timestamps: years, 1990-1994. Integers from 0:
// 20-29. Numbers, decimals and negative integers: from inclusive to exclusive, [20,30).
// A number too large to lie in a band of the width becomes null.
// Of width 1, years and integers are themselves.
func newBand(kind rules.Kind, width int) (cellTreatment, error) {
	if width < 1 {
		return nil, fmt.Errorf("width %d is not at least 1", width)
	}
	w := int64(width)
	switch kind {
	case rules.Date, rules.Timestamp:
		return newYearBand(w), nil
	case rules.Integer:
		return integerBand(w), nil
	case rules.Number:
		return numberBand(w), nil
	case rules.Decimal:
		return decimalBand(w), nil
	}
	return nil, fmt.Errorf("a %s has no bands", kind)
}

// yearBand keeps the text of the bands of the years that occur.
type yearBand struct {
	width int64
	texts [lastYear - firstYear + 1]string
}

// firstYear and lastYear bound the years whose band is made beforehand: those that
// dates are parsed in when the contract says nothing else.
const (
	firstYear = 1900
	lastYear  = 2100
)

func newYearBand(width int64) *yearBand {
	b := &yearBand{width: width}
	for y := firstYear; y <= lastYear; y++ {
		b.texts[y-firstYear] = string(b.append(nil, y))
	}
	return b
}

func (b *yearBand) append(dst []byte, year int) []byte {
	low := floorDiv(int64(year), b.width) * b.width
	return appendSpan(dst, low, low+b.width-1)
}

func (b *yearBand) appendTreated(dst []byte, from *textSource, row int) ([]byte, bool) {
	y, _ := from.civil(row)
	if y >= firstYear && y <= lastYear {
		return append(dst, b.texts[y-firstYear]...), true
	}
	return b.append(dst, y), true
}

// appendSpan appends low-high, or low if both are the same.
func appendSpan(dst []byte, low, high int64) []byte {
	dst = strconv.AppendInt(dst, low, 10)
	if low == high {
		return dst
	}
	return strconv.AppendInt(append(dst, '-'), high, 10)
}

type integerBand int64

func (w integerBand) appendTreated(dst []byte, from *textSource, row int) ([]byte, bool) {
	v := from.ints[row]
	if w == 1 {
		return strconv.AppendInt(dst, v, 10), true
	}
	q := floorDiv(v, int64(w))
	if v < 0 || v > math.MaxInt64-int64(w) { // the bounds may not fit 64 bits
		low := new(big.Int).Mul(big.NewInt(q), big.NewInt(int64(w)))
		return appendInterval(dst, low, int64(w)), true
	}
	return appendSpan(dst, q*int64(w), q*int64(w)+int64(w)-1), true
}

func appendInterval(dst []byte, low *big.Int, width int64) []byte {
	dst = low.Append(append(dst, '['), 10)
	high := new(big.Int).Add(low, big.NewInt(width))
	return append(high.Append(append(dst, ','), 10), ')')
}

// numberBand makes a number null that is so large that its neighbours are further
// away than the width: a band of it would be the number itself.
type numberBand int64

// exactIntegers is 2^53: float64 has every integer up to it, and not all beyond.
const exactIntegers = 1 << 53

func (w numberBand) appendTreated(dst []byte, from *textSource, row int) ([]byte, bool) {
	q := math.Floor(from.floats[row] / float64(w))
	low, high := q*float64(w), (q+1)*float64(w)
	if math.Abs(q) > exactIntegers || high-low != float64(w) {
		return dst, false
	}
	dst = strconv.AppendFloat(append(dst, '['), low, 'f', -1, 64)
	dst = strconv.AppendFloat(append(dst, ','), high, 'f', -1, 64)
	return append(dst, ')'), true
}

type decimalBand int64

func (w decimalBand) appendTreated(dst []byte, from *textSource, row int) ([]byte, bool) {
	v := from.decimals.Value(row).BigInt()
	step := new(big.Int).Mul(big.NewInt(int64(w)), decimal128.GetScaleMultiplier(int(from.scale)).BigInt())
	low := new(big.Int)
	low.Div(v, step) // Euclidean: floor, for a positive divisor
	return appendInterval(dst, low.Mul(low, big.NewInt(int64(w))), int64(w)), true
}
