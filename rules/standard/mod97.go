package standard

import _ "embed"

// ISO 7064 MOD 97-10, and what rests on it: IBAN (ISO 13616) and LEI (ISO 17442).

//go:embed tables/iban.csv
var ibanCSV []byte // country,length,bban: the registry of ISO 13616

// letterValues are 0..9 for digits and 10..35 for capital letters, else noValue.
var letterValues = alphabetValues("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")

// mod97 goes on with rest, the number read so far mod 97, over the characters of
// b: a digit is one digit, a letter two (A is 10). It is 97 or more if b has another character.
func mod97(rest uint32, b []byte) uint32 {
	bad := uint8(0)
	for _, c := range b {
		v := letterValues[c]
		bad |= v
		if v < 10 {
			rest = (rest*10 + uint32(v)) % 97
		} else {
			rest = (rest*100 + uint32(v)) % 97
		}
	}
	if bad >= 0x40 { // values are below 36, noValue sets the upper bits
		return 97
	}
	return rest
}

// ValidLEI reports whether b is a legal entity identifier: 18 digits or capital
// letters and two check digits, ISO 7064 MOD 97-10.
func ValidLEI(b []byte) bool {
	return len(b) == 20 && allDigits(b[18:]) && mod97(0, b) == 1
}

// Longest IBAN of ISO 13616: 34 characters, of which 30 are of the country.
const maxBBAN = 30

// ibanForm is the form of a country's account numbers: for each character behind
// country and check digits what may stand there, n a digit, a a capital letter,
// c either.
type ibanForm struct {
	length int
	kinds  [maxBBAN]byte
}

// ibanForms are by country, see pairIndex; length 0: the country has no IBAN.
var ibanForms = func() (forms [26 * 26]ibanForm) {
	eachRecord(ibanCSV, func(c [][]byte) {
		at, _ := pairIndex(c[0])
		f := &forms[at]
		for spec := c[2]; len(spec) > 0; { // 4!n16!c
			n := 0
			for spec[0] != '!' {
				n, spec = n*10+digit(spec[0]), spec[1:]
			}
			for range n {
				f.kinds[f.length] = spec[1]
				f.length++
			}
			spec = spec[2:]
		}
	})
	return forms
}()

// pairIndex numbers the pairs of capital letters.
func pairIndex(b []byte) (index int, ok bool) {
	if len(b) < 2 || b[0]-'A' > 25 || b[1]-'A' > 25 {
		return 0, false
	}
	return int(b[0]-'A')*26 + int(b[1]-'A'), true
}

func ibanFormOf(b []byte) *ibanForm {
	at, ok := pairIndex(b)
	if !ok || ibanForms[at].length == 0 {
		return nil
	}
	return &ibanForms[at]
}

// ValidIBAN reports whether b is an international bank account number without
// blanks: a country of the registry, its length and form, and the check digits.
// Check digits 00, 01 and 99 are never given, though 97 would divide them too.
func ValidIBAN(b []byte) bool {
	f := ibanFormOf(b)
	if f == nil || len(b) != 4+f.length || !allDigits(b[2:4]) {
		return false
	}
	for i, c := range b[4:] {
		number, letter := c-'0' <= 9, c-'A' <= 25
		if kind := f.kinds[i]; !(number && kind != 'a' || letter && kind != 'n') {
			return false
		}
	}
	check := two(b[2:4])
	return check >= 2 && check <= 98 && mod97(mod97(0, b[4:]), b[:4]) == 1
}

// cleanGroups takes the blanks, hyphens, dots and slashes out of a number that is
// written in groups.
func cleanGroups(dst, src []byte) (out []byte, changed bool) {
	start := len(dst)
	for _, c := range src {
		switch c {
		case ' ', '\t', '-', '.', '/':
			changed = true
		default:
			dst = append(dst, c)
		}
	}
	if !changed || len(dst) == start {
		return dst[:start], false
	}
	return dst, true
}
