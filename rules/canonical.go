package rules

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"clearwell/rules/standard"
	"clearwell/rules/wording"
)

// maxNumber is the longest number read from a contract, so that an exponent such
// as 1e999999999 does not fill the memory.
const maxNumber = 40

// canonical brings a value written in a contract into the one form that the plan
// has for values of type t:
//
//	string     as typed
//	integer    decimal digits with - : 100000000
//	number     shortest decimal that reads back as the same float64
//	decimal    exactly Scale digits after the point: 12.50
//	boolean    true or false
//	date       2006-01-02
//	timestamp  2006-01-02 15:04:05, with microseconds only if there are any
//
// Numbers may be written with an exponent (1e9); dates in the field's formats or as above.
func canonical(t Type, text string) (string, error) {
	switch t.Kind {
	case Integer:
		x, err := rational(text)
		if err != nil {
			return "", err
		}
		if !x.IsInt() || !x.Num().IsInt64() {
			return "", wording.Errorf("%q is not a whole number of 64 bits", text)
		}
		return x.Num().String(), nil
	case Number:
		if _, err := rational(text); err != nil {
			return "", err
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) {
			return "", wording.Errorf("%q is out of the range of a number", text)
		}
		return strconv.FormatFloat(f+0, 'g', -1, 64), nil
	case Decimal:
		return canonicalDecimal(t, text)
	case Boolean:
		for _, w := range t.True {
			if w == text {
				return "true", nil
			}
		}
		for _, w := range t.False {
			if w == text {
				return "false", nil
			}
		}
		return "", wording.Errorf("%q is neither a word for true nor one for false", text)
	case Date:
		return canonicalDate(t, text)
	case Timestamp:
		return canonicalTimestamp(t, text)
	}
	return text, nil
}

// rational reads a decimal number, an exponent of up to two digits allowed.
func rational(text string) (*big.Rat, error) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	ok := text != "" && len(text) <= maxNumber && len(strings.TrimLeft(exponent, "+-")) <= 2 &&
		strings.Trim(mantissa, "+-0123456789.") == "" && strings.Trim(exponent, "+-0123456789") == ""
	if ok {
		if x, read := new(big.Rat).SetString(text); read {
			return x, nil
		}
	}
	return nil, wording.Errorf("%q is not a number", text)
}

func canonicalDecimal(t Type, text string) (string, error) {
	x, err := rational(text)
	if err != nil {
		return "", err
	}
	scaled := new(big.Rat).Mul(x, new(big.Rat).SetInt(power10(t.Scale)))
	if !scaled.IsInt() {
		return "", wording.Errorf("%q has more than the field's %d decimals", text, t.Scale)
	}
	if new(big.Int).Abs(scaled.Num()).Cmp(power10(t.Precision)) >= 0 {
		return "", wording.Errorf("%q has more than the field's %d digits", text, t.Precision)
	}
	return x.FloatString(t.Scale), nil
}

func power10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func canonicalDate(t Type, text string) (string, error) {
	formats := append([]string{"yyyy-MM-dd"}, t.Formats...)
	parser, err := standard.NewDateParser(formats, t.MinYear, t.MaxYear)
	if err != nil {
		return "", err
	}
	days, ok := parser.Parse([]byte(text))
	if !ok {
		return "", wording.Errorf("%q is not a date from %d to %d; write it as 2024-01-31", text, t.MinYear, t.MaxYear)
	}
	return string(standard.AppendDate(nil, days)), nil
}

func canonicalTimestamp(t Type, text string) (string, error) {
	formats := append([]string{"yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd"}, t.Formats...)
	parser, err := standard.NewTimestampParser(formats, t.MinYear, t.MaxYear)
	if err != nil {
		return "", err
	}
	micros, ok := parser.Parse([]byte(text))
	if !ok {
		return "", wording.Errorf("%q is not a time from %d to %d; write it as 2024-01-31 08:00:00", text, t.MinYear, t.MaxYear)
	}
	return string(standard.AppendTimestamp(nil, micros)), nil
}

// compareCanonical orders two canonical values of an ordered type. Dates and
// timestamps order as their text does; numbers by value.
func compareCanonical(t Type, a, b string) int {
	switch t.Kind {
	case Integer, Number, Decimal:
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		if okX && okY {
			return x.Cmp(y)
		}
	}
	return strings.Compare(a, b)
}
