// Package units converts measures as they are written in records: lengths, areas,
// volumes, masses and temperatures, in decimal arithmetic without any rounding but
// the one that is asked for. The ratios are the definitions of GB 3100-1993 and of
// the Chinese market units (State Council, 1959), of the international yard and pound
// (1959) and, for the 坪, 400/121 m².
//
// Start at New.
package units

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"clearwell/rules/wording"
)

// unit is one unit: its words, the first of which is its name, and what one of it
// is in the base unit of its quantity: ratio, and for temperatures zero, the
// reading of its zero point in the base unit. Numbers are exact: "2000/3", "0.3048".
type unit struct {
	quantity string
	words    []string
	ratio    string
	zero     string
}

var table = []unit{
	{"length", []string{"m", "米", "公尺"}, "1", ""},
	{"length", []string{"km", "公里", "千米"}, "1000", ""},
	{"length", []string{"dm", "分米"}, "0.1", ""},
	{"length", []string{"cm", "厘米", "公分"}, "0.01", ""},
	{"length", []string{"mm", "毫米"}, "0.001", ""},
	{"length", []string{"里", "市里", "华里"}, "500", ""},
	{"length", []string{"丈", "市丈"}, "10/3", ""},
	{"length", []string{"尺", "市尺"}, "1/3", ""},
	{"length", []string{"寸", "市寸"}, "1/30", ""},
	{"length", []string{"in", "英寸"}, "0.0254", ""},
	{"length", []string{"ft", "英尺"}, "0.3048", ""},
	{"length", []string{"yd", "码"}, "0.9144", ""},
	{"length", []string{"mi", "英里"}, "1609.344", ""},
	{"length", []string{"nmi", "海里"}, "1852", ""},

	{"area", []string{"m2", "m²", "㎡", "平方米", "平米", "平方公尺"}, "1", ""},
	{"area", []string{"km2", "km²", "㎢", "平方公里", "平方千米"}, "1000000", ""},
	{"area", []string{"dm2", "dm²", "平方分米"}, "0.01", ""},
	{"area", []string{"cm2", "cm²", "㎠", "平方厘米"}, "0.0001", ""},
	{"area", []string{"mm2", "mm²", "㎟", "平方毫米"}, "0.000001", ""},
	{"area", []string{"ha", "公顷", "hm2", "hm²"}, "10000", ""},
	{"area", []string{"亩", "市亩", "mu"}, "2000/3", ""},
	{"area", []string{"顷", "市顷"}, "200000/3", ""},
	{"area", []string{"万亩"}, "20000000/3", ""},
	{"area", []string{"万平方米"}, "10000", ""},
	{"area", []string{"坪"}, "400/121", ""},
	{"area", []string{"acre", "英亩"}, "4046.8564224", ""},
	{"area", []string{"ft2", "ft²", "平方英尺"}, "0.09290304", ""},

	{"volume", []string{"m3", "m³", "立方米", "方"}, "1", ""},
	{"volume", []string{"L", "l", "升", "公升", "立方分米", "dm3", "dm³"}, "0.001", ""},
	{"volume", []string{"mL", "ml", "毫升", "立方厘米", "cm3", "cm³"}, "0.000001", ""},
	{"volume", []string{"万立方米"}, "10000", ""},
	{"volume", []string{"gal", "加仑"}, "0.003785411784", ""},
	{"volume", []string{"bbl", "桶"}, "0.158987294928", ""},
	{"volume", []string{"ft3", "ft³", "立方英尺"}, "0.028316846592", ""},

	{"mass", []string{"kg", "千克", "公斤"}, "1", ""},
	{"mass", []string{"g", "克"}, "0.001", ""},
	{"mass", []string{"mg", "毫克"}, "0.000001", ""},
	{"mass", []string{"t", "吨"}, "1000", ""},
	{"mass", []string{"万吨"}, "10000000", ""},
	{"mass", []string{"斤", "市斤"}, "0.5", ""},
	{"mass", []string{"两", "市两"}, "0.05", ""},
	{"mass", []string{"钱", "市钱"}, "0.005", ""},
	{"mass", []string{"担", "市担"}, "50", ""},
	{"mass", []string{"lb", "磅"}, "0.45359237", ""},
	{"mass", []string{"oz", "盎司"}, "0.028349523125", ""},

	{"temperature", []string{"K", "开尔文"}, "1", "0"},
	{"temperature", []string{"C", "℃", "°C", "摄氏度", "度"}, "1", "273.15"},
	{"temperature", []string{"F", "℉", "°F", "华氏度"}, "5/9", "45967/180"},
}

// quantities are what units measure, as it is said to a person.
var quantities = map[string]wording.Phrase{"length": "length", "area": "area", "volume": "volume", "mass": "mass", "temperature": "temperature"}

// Names are all words of all units, sorted.
func Names() []string {
	var all []string
	for _, u := range table {
		all = append(all, u.words...)
	}
	slices.Sort(all)
	return all
}

// Families are the quantities in the order of the table, each with the names of
// its units and their other words: m (米, 公尺).
func Families() []Family {
	var all []Family
	for _, u := range table {
		if len(all) == 0 || all[len(all)-1].Quantity != u.quantity {
			all = append(all, Family{Quantity: u.quantity})
		}
		text := u.words[0]
		if len(u.words) > 1 {
			text += " (" + strings.Join(u.words[1:], ", ") + ")"
		}
		f := &all[len(all)-1]
		f.Units = append(f.Units, text)
	}
	return all
}

// Family is one quantity with its units.
type Family struct {
	Quantity string
	Units    []string
}

func find(word string) *unit {
	for i := range table {
		if slices.Contains(table[i].words, word) {
			return &table[i]
		}
	}
	return nil
}

// An UnknownError says that there is no such unit.
type UnknownError struct{ Unit string }

func (e *UnknownError) Error() string { return fmt.Sprintf("unknown unit %q", e.Unit) }

// defaultDecimals is what a result is rounded to that has no end in decimals, such as 亩 in m².
const defaultDecimals = 6

// maxDecimals bounds the decimals that can be asked for.
const maxDecimals = 18

// A Converter brings measures into one unit. It is immutable and allocates
// nothing for numbers of up to 15 digits.
type Converter struct {
	plain  *conversion            // of a number without unit
	byUnit map[string]*conversion // of a number with its unit behind it
	suffix int                    // bytes of the longest word
}

// New makes a converter to the unit to. A number that carries no unit of its own
// is in from (empty: to). decimals are those of the result, rounded half away from
// zero; negative: as many as the exact result has, or 6 where it has no end. It
// fails with *UnknownError, or because the two measure different things.
func New(from, to string, decimals int) (*Converter, error) {
	target := find(to)
	if target == nil {
		return nil, &UnknownError{to}
	}
	source := target
	if from != "" {
		if source = find(from); source == nil {
			return nil, &UnknownError{from}
		}
	}
	if source.quantity != target.quantity {
		return nil, wording.Errorf("%s is a unit of %s, %s one of %s", from, quantities[source.quantity], to, quantities[target.quantity])
	}
	if decimals > maxDecimals {
		return nil, wording.Errorf("%d decimals, at most %d", decimals, maxDecimals)
	}
	c := &Converter{plain: newConversion(source, target, decimals), byUnit: map[string]*conversion{}}
	for i := range table {
		if table[i].quantity != target.quantity {
			continue
		}
		conv := newConversion(&table[i], target, decimals)
		for _, w := range table[i].words {
			c.byUnit[w] = conv
			c.suffix = max(c.suffix, len(w))
		}
	}
	return c, nil
}

// Convert appends the number that src is in the unit of the converter to dst, and
// says whether it differs from src; with false, what was appended is to be
// ignored. src is [-]digits[.digits], and maybe blanks and a unit. What is not of
// the form stays as it is.
func (c *Converter) Convert(dst, src []byte) ([]byte, bool) {
	end := numberEnd(src)
	if end == 0 || end > maxDigits {
		return dst, false
	}
	conv := c.plain
	if rest := bytes.TrimLeft(src[end:], " "); len(rest) > 0 {
		if len(rest) > c.suffix {
			return dst, false
		}
		if conv = c.byUnit[string(rest)]; conv == nil {
			return dst, false
		}
	}
	start := len(dst)
	dst = conv.append(dst, src[:end])
	return dst, !bytes.Equal(dst[start:], src)
}

// numberEnd is the length of the plain decimal number that b begins with, 0 if there is none.
func numberEnd(b []byte) int {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		i++
	}
	whole := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	if i == whole {
		return 0
	}
	if i+1 < len(b) && b[i] == '.' && b[i+1]-'0' <= 9 {
		for i++; i < len(b) && b[i]-'0' <= 9; i++ {
		}
	}
	return i
}

func rat(text string) *big.Rat {
	if text == "" {
		return new(big.Rat)
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("units: ratio " + text) // the table is constant
	}
	return r
}
