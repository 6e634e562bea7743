package units

import (
	"math/big"
	"math/bits"
	"strconv"
)

// maxDigits is the longest number, in bytes, that is converted.
const maxDigits = 64

// maxScale is the most decimals of a number that goes the quick way.
const maxScale = 15

// conversion is value*ratio + offset, written with some decimals. The quick way
// works on the digits of the value as one integer m with s decimals:
//
//	result * 10^d = (m*num + shift[s]) * mul[s] / div[s]
//
// where num/den is the ratio, shift[s] = offset*den*10^s, and mul[s]/div[s] =
// 10^(d-s)/den. What does not fit 64 bits on the way is done with big numbers.
type conversion struct {
	ratio, offset *big.Rat
	decimals      int // -1: exact, or defaultDecimals where the ratio has no end
	extra         int // exact: decimals that the ratio adds; -1: it has no end
	num           uint64
	quick         [maxScale + 1]quickScale
}

// quickScale is what the quick way needs for a number of s decimals.
type quickScale struct {
	ok       bool
	shift    int64
	mul, div uint64
	decimals int
}

func newConversion(from, to *unit, decimals int) *conversion {
	c := &conversion{decimals: decimals}
	into := rat(to.ratio)
	c.ratio = new(big.Rat).Quo(rat(from.ratio), into)
	c.offset = new(big.Rat).Sub(rat(from.zero), rat(to.zero))
	c.offset.Quo(c.offset, into)
	c.extra = max(decimalsOf(c.ratio), decimalsOf(c.offset))
	if decimalsOf(c.ratio) < 0 || decimalsOf(c.offset) < 0 {
		c.extra = -1
	}
	// One denominator for both, so that the shift is whole.
	den := new(big.Int).Mul(c.ratio.Denom(), c.offset.Denom())
	num := new(big.Rat).Mul(c.ratio, new(big.Rat).SetInt(den)).Num()
	shift := new(big.Rat).Mul(c.offset, new(big.Rat).SetInt(den)).Num()
	if !num.IsUint64() || !den.IsUint64() {
		return c
	}
	c.num = num.Uint64()
	for s := range c.quick {
		q := quickScale{ok: true, mul: 1, decimals: c.decimalsFor(s)}
		shifted := new(big.Int).Mul(shift, ten(s))
		mul, div := big.NewInt(1), new(big.Int).Set(den)
		if q.decimals >= s {
			mul = ten(q.decimals - s)
		} else {
			div.Mul(div, ten(s-q.decimals))
		}
		if !shifted.IsInt64() || !mul.IsUint64() || !div.IsUint64() {
			continue
		}
		q.shift, q.mul, q.div = shifted.Int64(), mul.Uint64(), div.Uint64()
		c.quick[s] = q
	}
	return c
}

// decimalsOf is the number of decimals that r has, -1 if they have no end.
func decimalsOf(r *big.Rat) int {
	n, exact := r.FloatPrec()
	if !exact {
		return -1
	}
	return n
}

func ten(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// decimalsFor is how many decimals the result of a number of s decimals is written with.
func (c *conversion) decimalsFor(s int) int {
	switch {
	case c.decimals >= 0:
		return c.decimals
	case c.extra < 0:
		return defaultDecimals
	}
	return s + c.extra
}

// append writes the result for number, which is [-]digits[.digits].
func (c *conversion) append(dst, number []byte) []byte {
	digits, negative := number, false
	if number[0] == '-' {
		digits, negative = number[1:], true
	}
	var m uint64
	scale, point := 0, false
	for _, d := range digits {
		if d == '.' {
			point = true
			continue
		}
		if m >= 1e18 {
			return c.appendBig(dst, number)
		}
		m = m*10 + uint64(d-'0')
		if point {
			scale++
		}
	}
	if scale > maxScale || !c.quick[scale].ok {
		return c.appendBig(dst, number)
	}
	q := &c.quick[scale]
	hi, product := bits.Mul64(m, c.num)
	if hi != 0 || product > 1<<63-1 {
		return c.appendBig(dst, number)
	}
	t := int64(product)
	if negative {
		t = -t
	}
	sum := t + q.shift
	if (t > 0) == (q.shift > 0) && (sum > 0) != (t > 0) && t != 0 && q.shift != 0 {
		return c.appendBig(dst, number)
	}
	negative = sum < 0
	hi, lo := bits.Mul64(magnitude(sum), q.mul)
	if hi >= q.div {
		return c.appendBig(dst, number)
	}
	result, rest := bits.Div64(hi, lo, q.div)
	if rest >= q.div-rest {
		result++
	}
	return appendScaled(dst, result, q.decimals, negative)
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// appendScaled writes n / 10^decimals without zeros behind the last digit.
func appendScaled(dst []byte, n uint64, decimals int, negative bool) []byte {
	for decimals > 0 && n%10 == 0 {
		n /= 10
		decimals--
	}
	if negative && n != 0 {
		dst = append(dst, '-')
	}
	if decimals == 0 {
		return strconv.AppendUint(dst, n, 10)
	}
	var buf [24]byte
	digits := strconv.AppendUint(buf[:0], n, 10)
	if len(digits) <= decimals {
		dst = append(dst, '0', '.')
		for range decimals - len(digits) {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[:len(digits)-decimals]...)
	dst = append(dst, '.')
	return append(dst, digits[len(digits)-decimals:]...)
}

// appendBig is append for any length.
func (c *conversion) appendBig(dst, number []byte) []byte {
	value, ok := new(big.Rat).SetString(string(number))
	if !ok {
		return append(dst, number...)
	}
	scale := 0
	for i, d := range number {
		if d == '.' {
			scale = len(number) - i - 1
		}
	}
	value.Mul(value, c.ratio)
	value.Add(value, c.offset)
	text := value.FloatString(c.decimalsFor(scale)) // rounds half away from zero
	return append(dst, trimZeros(text)...)
}

func trimZeros(text string) string {
	for i := range text {
		if text[i] == '.' {
			end := len(text)
			for text[end-1] == '0' {
				end--
			}
			if text[end-1] == '.' {
				end--
			}
			text = text[:end]
			break
		}
	}
	if text == "-0" {
		return "0"
	}
	return text
}
