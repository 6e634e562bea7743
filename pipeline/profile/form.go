package profile

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"clearwell/pipeline/kernel"
	"clearwell/rules/standard"
)

// A numeric is a value read as a number.
type numeric struct {
	ok       bool
	value    float64
	whole    int // digits before the point
	decimals int // digits behind it, zeros at the end included
	zero     bool
	grouped  bool
	exponent bool
	written  bool // needs the cleaning step number
	symbol   string
	unit     string
	text     string // plain decimal text; empty unless written
}

// moneySymbols are what stands on amounts; the longest first, so that 人民币 is not read as its parts.
var moneySymbols = []string{"人民币", "美元", "RMB", "CNY", "USD", "EUR", "￥", "¥", "$", "€", "£", "元"}

// numberUnits are units of ten thousand and a hundred million, with their power of ten.
var numberUnits = []struct {
	word  string
	power int
}{{"亿", 8}, {"万", 4}}

// readNumber reads v, which is plain.
func readNumber(v []byte) numeric {
	if len(v) == 0 || len(v) > 64 {
		return numeric{}
	}
	if n := readDigits(v); n.ok {
		return n
	}
	if c := v[0]; c != '-' && c-'0' > 9 && c < 0x80 && c != '$' && c != 'R' && c != 'C' && c != 'U' && c != 'E' {
		return numeric{}
	}
	n := numeric{written: true}
	rest := string(v)
	negative := false
	for again := true; again; {
		again = false
		if r, ok := strings.CutPrefix(rest, "-"); ok && !negative {
			rest, negative, again = r, true, true
		}
		for _, s := range moneySymbols {
			if r, ok := strings.CutPrefix(rest, s); ok {
				rest, n.symbol, again = strings.TrimLeft(r, " "), s, true
			}
		}
	}
	for _, s := range moneySymbols {
		if r, ok := strings.CutSuffix(rest, s); ok {
			rest, n.symbol = strings.TrimRight(r, " "), s
			break
		}
	}
	power := 0
	for _, u := range numberUnits {
		if r, ok := strings.CutSuffix(rest, u.word); ok {
			rest, n.unit, power = r, u.word, u.power
			break
		}
	}
	digits, ok := ungroup(rest)
	if !ok {
		return numeric{}
	}
	n.grouped = len(digits) != len(rest)
	if power > 0 {
		digits = shift(digits, power)
	}
	if negative {
		digits = "-" + digits
	}
	d := readDigits([]byte(digits))
	if !d.ok || d.exponent {
		return numeric{}
	}
	n.ok, n.value, n.whole, n.decimals, n.zero, n.text = true, d.value, d.whole, d.decimals, d.zero, digits
	return n
}

// readDigits reads -?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?, what fields of a number type read.
func readDigits(v []byte) (n numeric) {
	d := v
	if d[0] == '-' {
		d = d[1:]
	}
	i := 0
	for i < len(d) && d[i]-'0' <= 9 {
		i++
	}
	n.whole = i
	if i == 0 {
		return numeric{}
	}
	n.zero = i > 1 && d[0] == '0'
	if i < len(d) && d[i] == '.' {
		from := i + 1
		for i = from; i < len(d) && d[i]-'0' <= 9; i++ {
		}
		if n.decimals = i - from; n.decimals == 0 {
			return numeric{}
		}
	}
	if i < len(d) {
		if d[i] != 'e' && d[i] != 'E' {
			return numeric{}
		}
		n.exponent = true
		for j := i + 1; j < len(d); j++ {
			if d[j]-'0' > 9 && !(j == i+1 && (d[j] == '+' || d[j] == '-')) {
				return numeric{}
			}
		}
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return numeric{}
	}
	n.ok, n.value = true, f
	return n
}

// ungroup takes commas out that stand between groups of three digits.
func ungroup(s string) (string, bool) {
	whole, fraction, pointed := strings.Cut(s, ".")
	parts := strings.Split(whole, ",")
	for i, p := range parts {
		if i > 0 && len(p) != 3 || len(parts) > 1 && len(p) > 3 || p == "" {
			return "", false
		}
	}
	whole = strings.Join(parts, "")
	if pointed {
		whole += "." + fraction
	}
	if strings.Trim(whole, "0123456789.") != "" {
		return "", false
	}
	return whole, true
}

// shift multiplies plain digits by ten to the power.
func shift(digits string, power int) string {
	whole, fraction, _ := strings.Cut(digits, ".")
	if len(fraction) < power {
		fraction += strings.Repeat("0", power-len(fraction))
	}
	whole, fraction = strings.TrimLeft(whole+fraction[:power], "0"), fraction[power:]
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}

// A timeFormat is one way to write dates or timestamps.
type timeFormat struct {
	pattern string
	stamp   bool
	parse   func([]byte) (micros int64, ok bool)
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// timeFormats are those that are looked for, in order of preference: of day first and month first, month first,
// because where a value tells them apart it decides.
var timeFormats = newTimeFormats(
	[]string{"yyyy-M-d", "yyyyMMdd", "yyyy/M/d", "yyyy年M月d日", "yyyy.M.d", "M/d/yyyy", "d/M/yyyy", "M-d-yyyy", "d-M-yyyy", "d.M.yyyy"},
	[]string{"yyyy-M-d H:mm[:ss]", "yyyy-MM-dd'T'HH:mm[:ss]", "yyyy/M/d H:mm[:ss]", "yyyyMMddHHmmss", "yyyyMMdd'T'HHmmss", "yyyy年M月d日 H:mm[:ss]",
		"yyyy.M.d H:mm[:ss]", "M/d/yyyy H:mm[:ss]", "d/M/yyyy H:mm[:ss]",
		"yyyy-MM-dd HH:mm:ss.SSS", "yyyy-MM-dd HH:mm:ss.SSSSSS", "yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"},
)

func newTimeFormats(dates, stamps []string) (list []timeFormat) {
	for _, f := range dates {
		p, err := standard.NewDateParser([]string{f}, 0, 0)
		if err != nil {
			panic(err) // the list above is fixed; a test reads all of it
		}
		list = append(list, timeFormat{f, false, func(b []byte) (int64, bool) {
			days, ok := p.Parse(b)
			return int64(days) * microsPerDay, ok
		}})
	}
	for _, f := range stamps {
		p, err := standard.NewTimestampParser([]string{f}, 0, 0)
		if err != nil {
			panic(err)
		}
		list = append(list, timeFormat{f, true, p.Parse})
	}
	return list
}

// mayBeTime says whether it is worth trying the formats.
func mayBeTime(v []byte) bool {
	if len(v) < 8 || len(v) > 40 {
		return false
	}
	digits := 0
	for _, c := range v {
		if c-'0' <= 9 {
			digits++
		}
	}
	return digits >= 6
}

// dirtOf counts what cleaning would change in one value.
func dirtOf(v []byte) (d Dirt) {
	if clean(v) {
		return d
	}
	if len(bytes.Trim(v, kernel.Blanks)) != len(v) {
		d.Blanks = 1
	}
	spaces := 0
	for i := 0; i < len(v); {
		c := v[i]
		switch {
		case c == ' ':
			if spaces++; spaces == 2 {
				d.Spaces = 1
			}
			i++
			continue
		case c < ' ' || c == 0x7F:
			d.Control = 1
		case c >= utf8.RuneSelf:
			if kernel.IsFullWidth(v[i:]) {
				d.FullWidth = 1
			}
			r, n := utf8.DecodeRune(v[i:])
			if r == utf8.RuneError || garble(v[i:]) {
				d.Garbled = 1
			}
			spaces = 0
			i += n
			continue
		}
		spaces = 0
		i++
	}
	if d.Spaces == 1 && !bytes.Contains(bytes.Trim(v, kernel.Blanks), []byte("  ")) {
		d.Spaces = 0
	}
	return d
}

// clean says that v is printable ASCII without blanks: most cells are.
func clean(v []byte) bool {
	for _, c := range v {
		if c <= ' ' || c >= 0x7F {
			return false
		}
	}
	return true
}

// garbles are what text becomes that was read in a wrong encoding: UTF-8 read as Latin-1 or
// Windows-1252 (Ã©, â€™, ï»¿), and UTF-8 read as GBK where bytes were replaced (锟斤拷, 烫烫, 屯屯).
var garbles = [][]byte{[]byte("Ã©"), []byte("Ã¨"), []byte("Ã¤"), []byte("Ã¶"), []byte("Ã¼"), []byte("Ã±"), []byte("Ã§"), []byte("Ãƒ"), []byte("â€"), []byte("ï»¿"), []byte("锟斤拷"), []byte("烫烫烫"), []byte("屯屯屯")}

func garble(v []byte) bool {
	switch { // what garbles begin with, told from Chinese text at little cost
	case v[0] == 0xC3:
	case len(v) > 2 && (v[0] == 0xE9 && v[1] == 0x94 || v[0] == 0xE7 && v[1] == 0x83 || v[0] == 0xE5 && v[1] == 0xB1):
	default:
		return false
	}
	return slices.ContainsFunc(garbles, func(g []byte) bool { return bytes.HasPrefix(v, g) })
}

// appendPattern appends the classes of the characters of v: 9 a digit, A and a letters, 汉 a Han
// character, ９ a full-width digit, Ａ a full-width letter, ぁ any other letter, ? what cannot be shown;
// signs stand for themselves. collapsed writes a run of a class once, with a plus sign.
func appendPattern(dst, v []byte, collapsed bool) []byte {
	const most = 40 // characters; what is longer is no code, and its end says nothing
	var last rune
	runs, n := 0, 0
	for i := 0; i < len(v); {
		r, size := utf8.DecodeRune(v[i:])
		i += size
		c := class(r)
		if collapsed && c == last {
			if runs == 1 && strings.ContainsRune("9Aa汉９Ａぁ", c) {
				dst = append(dst, '+')
			}
			runs++
			continue
		}
		if n == most {
			return append(dst, "…"...)
		}
		dst = utf8.AppendRune(dst, c)
		last, runs = c, 1
		n++
	}
	return dst
}

func class(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return '9'
	case r >= 'A' && r <= 'Z':
		return 'A'
	case r >= 'a' && r <= 'z':
		return 'a'
	case r < 0x20 || r == 0x7F || r == utf8.RuneError:
		return '?'
	case r < 0x80:
		return r
	case unicode.Is(unicode.Han, r):
		return '汉'
	case r >= '０' && r <= '９':
		return '９'
	case r >= 'Ａ' && r <= 'Ｚ' || r >= 'ａ' && r <= 'ｚ':
		return 'Ａ'
	case unicode.IsUpper(r):
		return 'A'
	case unicode.IsLower(r):
		return 'a'
	case unicode.IsLetter(r):
		return 'ぁ'
	case unicode.IsPrint(r):
		return r
	}
	return '?'
}
