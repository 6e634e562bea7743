package kernel

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"clearwell/rules"
	"clearwell/rules/standard"
)

// A parser reads the text of a column as the field's type. It adds to valid the
// rows whose text is of the type; the others of present have failed.
type parser interface {
	parse(c *column)
	// constant reads one text of the contract: a bound, a member of a set, a replacement.
	constant(s string) (value, bool)
}

// value is one typed value. Only the member of its kind counts.
type value struct {
	text    []byte
	int     int64 // integer, timestamp, date (days)
	float   float64
	decimal decimal128.Num
	bool    bool
}

// newParser gives the parser of a type.
func newParser(t rules.Type) (parser, error) {
	switch t.Kind {
	case rules.String:
		return stringParser{}, nil
	case rules.Integer:
		return integerParser{}, nil
	case rules.Number:
		return numberParser{}, nil
	case rules.Decimal:
		return newDecimalParser(t.Precision, t.Scale), nil
	case rules.Boolean:
		return newBooleanParser(t.True, t.False)
	case rules.Date:
		formats := t.Formats
		if len(formats) == 0 {
			formats = []string{"yyyy-MM-dd"}
		}
		p, err := standard.NewDateParser(formats, t.MinYear, t.MaxYear)
		if err != nil {
			return nil, err
		}
		return dateParser{p}, nil
	case rules.Timestamp:
		formats := t.Formats
		if len(formats) == 0 {
			formats = []string{"yyyy-MM-dd HH:mm:ss"}
		}
		p, err := standard.NewTimestampParser(formats, t.MinYear, t.MaxYear)
		if err != nil {
			return nil, err
		}
		return timestampParser{p}, nil
	}
	return nil, fmt.Errorf("unknown type %q", t.Kind)
}

// stringParser: every text is a string.
type stringParser struct{}

func (stringParser) parse(c *column)                 { copy(c.valid, c.present) }
func (stringParser) constant(s string) (value, bool) { return value{text: []byte(s)}, true }

// parseEach calls f for every row with text. f stores the value of the row and
// says whether there is one.
func parseEach(c *column, f func(row int, b []byte) bool) {
	o, data := c.text.offsets, c.text.data
	for k, w := range c.present {
		var ok uint64
		for ; w != 0; w &= w - 1 {
			bit := bits.TrailingZeros64(w)
			i := k<<6 + bit
			if f(i, data[o[i]:o[i+1]]) {
				ok |= 1 << bit
			}
		}
		c.valid[k] = ok
	}
}

// integerParser reads -?[0-9]+ that fits 64 bits.
type integerParser struct{}

func (integerParser) parse(c *column) {
	parseEach(c, func(i int, b []byte) (ok bool) {
		c.ints[i], ok = parseInteger(b)
		return ok
	})
}

func (integerParser) constant(s string) (value, bool) {
	v, ok := parseInteger([]byte(s))
	return value{int: v}, ok
}

func parseInteger(b []byte) (int64, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	var n uint64
	for k, c := range b {
		d := uint64(c - '0')
		if d > 9 {
			return 0, false
		}
		if k >= 18 { // 18 digits always fit
			hi, lo := bits.Mul64(n, 10)
			if hi != 0 || lo+d < lo {
				return 0, false
			}
			n = lo + d
			continue
		}
		n = n*10 + d
	}
	if negative {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n <= math.MaxInt64
}

// numberParser reads -?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)? as the nearest finite float64.
type numberParser struct{}

func (numberParser) parse(c *column) {
	parseEach(c, func(i int, b []byte) (ok bool) {
		c.floats[i], ok = parseNumber(b)
		return ok
	})
}

func (numberParser) constant(s string) (value, bool) {
	v, ok := parseNumber([]byte(s))
	return value{float: v}, ok
}

// exactPowers are the powers of ten that a float64 holds exactly.
var exactPowers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

func parseNumber(b []byte) (float64, bool) {
	digits := b
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		digits = b[1:]
	}
	var mantissa uint64
	whole, fraction := 0, 0
	i := 0
	for ; i < len(digits) && digits[i]-'0' <= 9; i++ {
		mantissa = mantissa*10 + uint64(digits[i]-'0')
		whole++
	}
	if i < len(digits) && digits[i] == '.' {
		for i++; i < len(digits) && digits[i]-'0' <= 9; i++ {
			mantissa = mantissa*10 + uint64(digits[i]-'0')
			fraction++
		}
		if fraction == 0 {
			return 0, false
		}
	}
	if whole == 0 {
		return 0, false
	}
	if i == len(digits) && whole+fraction <= 15 { // both exact: one division is correctly rounded
		f := float64(mantissa) / exactPowers[fraction]
		if negative && f != 0 { // zero has no sign
			f = -f
		}
		return f, true
	}
	if i < len(digits) && !isExponent(digits[i:]) {
		return 0, false
	}
	f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(b), len(b)), 64)
	if f == 0 {
		f = 0 // without the sign of -0
	}
	return f, err == nil && !math.IsInf(f, 0)
}

func isExponent(b []byte) bool {
	if b[0] != 'e' && b[0] != 'E' {
		return false
	}
	b = b[1:]
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		b = b[1:]
	}
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return len(b) > 0
}

// decimalParser reads -?[0-9]+(\.[0-9]+)? whose value fits precision and scale
// without rounding: zeros beyond the scale are no loss, other digits are refused.
type decimalParser struct {
	precision, scale int
	limit            decimal128.Num // 10^precision
}

func newDecimalParser(precision, scale int) *decimalParser {
	return &decimalParser{precision: precision, scale: scale, limit: decimal128.GetMaxValue(int32(precision)).Add(decimal128.FromU64(1))}
}

func (p *decimalParser) parse(c *column) {
	parseEach(c, func(i int, b []byte) (ok bool) {
		c.decimals[i], ok = p.read(b)
		return ok
	})
}

func (p *decimalParser) constant(s string) (value, bool) {
	v, ok := p.read([]byte(s))
	return value{decimal: v}, ok
}

func (p *decimalParser) read(b []byte) (decimal128.Num, bool) {
	if n, ok := p.readShort(b); ok {
		return decimal128.FromI64(n), true
	}
	return p.readLong(b)
}

// readShort reads the common case: no more digits on either side of the point than the
// type has, and so few that nothing overflows 64 bits. false decides nothing.
func (p *decimalParser) readShort(b []byte) (int64, bool) {
	if len(b) > 18 {
		return 0, false
	}
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	n, point := int64(0), -1
	for i, c := range digits {
		d := c - '0'
		if d > 9 {
			if c != '.' || point >= 0 || i == 0 {
				return 0, false
			}
			point = i
			continue
		}
		n = n*10 + int64(d)
	}
	fraction, whole := 0, len(digits)
	if point >= 0 {
		fraction, whole = len(digits)-point-1, point
		if fraction == 0 || fraction > p.scale {
			return 0, false
		}
	}
	if whole == 0 || whole > p.precision-p.scale || whole+p.scale > 18 {
		return 0, false
	}
	for ; fraction < p.scale; fraction++ {
		n *= 10
	}
	if len(digits) != len(b) {
		n = -n
	}
	return n, true
}

func (p *decimalParser) readLong(b []byte) (decimal128.Num, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	var hi, lo uint64
	whole, fraction := 0, -1
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 {
			if c != '.' || fraction >= 0 || whole == 0 {
				return decimal128.Num{}, false
			}
			fraction = 0
			continue
		}
		if fraction >= 0 {
			if fraction++; fraction > p.scale {
				if d != 0 {
					return decimal128.Num{}, false
				}
				continue
			}
		} else {
			whole++
		}
		if hi, lo = timesTenPlus(hi, lo, d); hi>>63 != 0 {
			return decimal128.Num{}, false
		}
	}
	if whole == 0 || fraction == 0 {
		return decimal128.Num{}, false
	}
	for k := max(fraction, 0); k < p.scale; k++ {
		if hi, lo = timesTenPlus(hi, lo, 0); hi>>63 != 0 {
			return decimal128.Num{}, false
		}
	}
	n := decimal128.New(int64(hi), lo)
	if !n.Less(p.limit) {
		return decimal128.Num{}, false
	}
	if negative {
		n = n.Negate()
	}
	return n, true
}

// timesTenPlus is 10*(hi,lo)+d; a result of 2^127 or more has the top bit of hi
// set. (hi,lo) must be below 2^127.
func timesTenPlus(hi, lo, d uint64) (uint64, uint64) {
	if hi == 0 && lo < 1<<60 {
		return 0, lo*10 + d
	}
	over, top := bits.Mul64(hi, 10)
	carry, low := bits.Mul64(lo, 10)
	low, c := bits.Add64(low, d, 0)
	top, c = bits.Add64(top, carry, c)
	if over != 0 || c != 0 {
		return 1 << 63, 0
	}
	return top, low
}

// booleanParser reads the words of a contract; without words, true and false.
type booleanParser struct {
	words *wordTable
	trues int // words below this index are true
}

func newBooleanParser(trues, falses []string) (parser, error) {
	if len(trues) == 0 && len(falses) == 0 {
		trues, falses = []string{"true"}, []string{"false"}
	}
	for _, t := range trues {
		for _, f := range falses {
			if t == f {
				return nil, fmt.Errorf("boolean: %q stands for both true and false", t)
			}
		}
	}
	all := append(append([]string{}, trues...), falses...)
	return &booleanParser{words: newWordTable(all), trues: len(trues)}, nil
}

func (p *booleanParser) parse(c *column) {
	o, data := c.text.offsets, c.text.data
	parseEach(c, func(i int, _ []byte) bool {
		k := p.words.find(data, int(o[i]), int(o[i+1]))
		if k >= 0 && k < p.trues {
			c.bools.Set(i)
		}
		return k >= 0
	})
}

// constant reads the canonical words true and false, and the contract's own.
func (p *booleanParser) constant(s string) (value, bool) {
	if s == "true" || s == "false" {
		return value{bool: s == "true"}, true
	}
	k := p.words.find([]byte(s), 0, len(s))
	return value{bool: k >= 0 && k < p.trues}, k >= 0
}

type dateParser struct{ p *standard.DateParser }

func (p dateParser) parse(c *column) {
	parseEach(c, func(i int, b []byte) bool {
		d, ok := p.p.Parse(b)
		c.dates[i] = arrow.Date32(d)
		return ok
	})
}

// canonicalDates and canonicalTimestamps read the constants of a contract, which
// are not in the formats of the source and may lie outside its years.
var (
	canonicalDates      = mustParser(standard.NewDateParser([]string{"yyyy-MM-dd"}, 1, 9999))
	canonicalTimestamps = mustParser(standard.NewTimestampParser([]string{"yyyy-MM-dd HH:mm:ss[.SSSSSS]", "yyyy-MM-dd"}, 1, 9999))
)

func mustParser[P any](p P, err error) P {
	if err != nil {
		panic(err) // constant formats: cannot happen
	}
	return p
}

func (p dateParser) constant(s string) (value, bool) {
	d, ok := canonicalDates.Parse([]byte(s))
	if !ok {
		d, ok = p.p.Parse([]byte(s))
	}
	return value{int: int64(d)}, ok
}

type timestampParser struct{ p *standard.TimestampParser }

func (p timestampParser) parse(c *column) {
	parseEach(c, func(i int, b []byte) (ok bool) {
		c.ints[i], ok = p.p.Parse(b)
		return ok
	})
}

func (p timestampParser) constant(s string) (value, bool) {
	t, ok := canonicalTimestamps.Parse([]byte(s))
	if !ok {
		t, ok = p.p.Parse([]byte(s))
	}
	return value{int: t}, ok
}
