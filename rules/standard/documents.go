package standard

import (
	"strings"
	"unicode/utf8"
)

// validPassport: ordinary (E, earlier G), diplomatic (D), service (S), public
// affairs (P) and Hong Kong (H) passports with eight digits, and E, a letter
// other than I and O, and seven digits since E and eight digits ran out.
func validPassport(b []byte) bool {
	if len(b) != 9 || strings.IndexByte("EGDSPH", b[0]) < 0 {
		return false
	}
	if b[0] == 'E' && plateLetter(b[1]) {
		return allDigits(b[2:])
	}
	return allDigits(b[1:])
}

// plateProvinces are the one-character names of provinces on plates.
const plateProvinces = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"

// plateEndings stand for the last character of special vehicles' plates:
// police, trailer, driving school, Hong Kong, Macau, trial, oversize, consulate, emergency.
const plateEndings = "警挂学港澳试超领急"

// plateLetter: capital letters without I and O, which look like digits.
func plateLetter(c byte) bool { return c-'A' < 26 && c != 'I' && c != 'O' }

func plateChar(c byte) bool { return c-'0' <= 9 || plateLetter(c) }

// validPlate follows GA 36-2018: province, letter of the issuing office, then
// five of letters and digits, the last one of plateEndings on special vehicles; or
// six on new-energy vehicles: small ones with a letter A..K (no I) in the first
// place and digits in the last four, large ones with five digits and such a letter.
func validPlate(b []byte) bool {
	if len(b) < 9 || !oneOf(b[:3], plateProvinces) || !plateLetter(b[3]) {
		return false
	}
	serial := b[4:]
	switch len(serial) {
	case 5:
		for _, c := range serial {
			if !plateChar(c) {
				return false
			}
		}
		return true
	case 6:
		small := energyLetter(serial[0]) && plateChar(serial[1]) && allDigits(serial[2:])
		large := allDigits(serial[:5]) && energyLetter(serial[5])
		return small || large
	case 7: // four characters and a Chinese one
		return plateChar(serial[0]) && plateChar(serial[1]) && plateChar(serial[2]) && plateChar(serial[3]) && oneOf(serial[4:], plateEndings)
	}
	return false
}

// energyLetter: A to E purely electric, F to K (no I) others.
func energyLetter(c byte) bool { return c >= 'A' && c <= 'K' && c != 'I' }

// oneOf reports whether the three bytes of char are one of the three-byte characters of set.
func oneOf(char []byte, set string) bool {
	for i := 0; i < len(set); i += 3 {
		if string(char) == set[i:i+3] {
			return true
		}
	}
	return false
}

// cleanPlate takes blanks, hyphens and the dot after the second character away.
func cleanPlate(dst, src []byte) (out []byte, changed bool) {
	return removeRunes(dst, src, " \t-·•‧.")
}

// removeRunes appends src without the characters of set; changed false if there is none.
func removeRunes(dst, src []byte, set string) (out []byte, changed bool) {
	start := len(dst)
	for i := 0; i < len(src); {
		_, n := utf8.DecodeRune(src[i:])
		if !strings.Contains(set, string(src[i:i+n])) {
			dst = append(dst, src[i:i+n]...)
		}
		i += n
	}
	if len(dst)-start == len(src) {
		return dst[:start], false
	}
	return dst, true
}

// compileBankCard: option issuer.
func compileBankCard(o options) (*Compiled, error) {
	unionPay := o.text("issuer") == "unionpay"
	return &Compiled{
		Clean: cleanBankCard,
		Valid: func(b []byte) bool { return validBankCard(b, unionPay) },
	}, nil
}

// validBankCard: 16 to 19 digits, Luhn, first digit of an industry that issues
// payment cards (ISO/IEC 7812-1: 3 to 6; 9 for national assignment), 62 for UnionPay.
func validBankCard(b []byte, unionPay bool) bool {
	if len(b) < 16 || len(b) > 19 {
		return false
	}
	if unionPay {
		return b[0] == '6' && b[1] == '2' && Luhn(b)
	}
	return (b[0] >= '3' && b[0] <= '6' || b[0] == '9') && Luhn(b)
}

// cleanBankCard takes the blanks and hyphens between groups away if digits remain.
func cleanBankCard(dst, src []byte) (out []byte, changed bool) {
	start := len(dst)
	for _, c := range src {
		switch {
		case c-'0' <= 9:
			dst = append(dst, c)
		case c != ' ' && c != '-':
			return dst[:start], false
		}
	}
	if len(dst)-start == len(src) {
		return dst[:start], false
	}
	return dst, true
}

// postalProvinces has bit n set if a postcode may begin with the two digits n:
// the ranges that China Post gave to the provinces, 99 for Hong Kong, Macau and Taiwan.
var postalProvinces = func() (set [2]uint64) {
	for _, r := range [][2]int{{1, 7}, {10, 13}, {15, 16}, {20, 27}, {30, 36}, {40, 47}, {51, 57}, {61, 67}, {71, 75}, {81, 81}, {83, 86}, {99, 99}} {
		for n := r[0]; n <= r[1]; n++ {
			set[n>>6] |= 1 << (n & 63)
		}
	}
	return set
}()

func validPostcode(b []byte) bool {
	if len(b) != 6 || !allDigits(b) {
		return false
	}
	n := two(b)
	return postalProvinces[n>>6]&(1<<(n&63)) != 0
}
