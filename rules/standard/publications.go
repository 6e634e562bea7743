package standard

// ISBN (ISO 2108), ISSN (ISO 3297) and ISIN (ISO 6166).

// ValidISBN reports whether b is an ISBN without hyphens: 13 digits that begin
// with 978 or 979 and end with the check digit of EAN-13 (weights 1 and 3), or
// the form of before 2007, nine digits and a check character, weights 10 to 1 mod 11.
func ValidISBN(b []byte) bool { return validISBN13(b) || validISBN10(b) }

func validISBN13(b []byte) bool {
	if !isDigits(b, 13) || b[0] != '9' || b[1] != '7' || b[2] < '8' {
		return false
	}
	return weighted(b, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

func validISBN10(b []byte) bool {
	return len(b) == 10 && allDigits(b[:9]) && b[9] == elevenMinus(weighted(b, 10, 9, 8, 7, 6, 5, 4, 3, 2))
}

// elevenMinus is the check character 11 - sum mod 11, with X for 10 and 0 for 11.
func elevenMinus(sum int) byte { return "0X987654321"[sum%11] }

// compileISBN: option form.
func compileISBN(o options) (*Compiled, error) {
	if o.text("form") == "any" {
		return &Compiled{Clean: cleanGroups, Valid: ValidISBN}, nil
	}
	return &Compiled{
		Clean: func(dst, src []byte) ([]byte, bool) {
			start := len(dst)
			out, changed := cleanGroups(dst, src)
			number := src
			if changed {
				number = out[start:]
			}
			if !validISBN10(number) {
				return out, changed
			}
			// The digits stand in src or behind start; move them behind the prefix.
			var nine [9]byte
			copy(nine[:], number)
			out = append(append(out[:start], "978"...), nine[:]...)
			sum := weighted(out[start:], 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3)
			return append(out, '0'+byte((10-sum%10)%10)), true
		},
		Valid: validISBN13,
	}, nil
}

// ValidISSN reports whether b is an ISSN, 0000-0000: seven digits and a check
// character, weights 8 to 2 mod 11.
func ValidISSN(b []byte) bool {
	if len(b) != 9 || b[4] != '-' || !allDigits(b[:4]) || !allDigits(b[5:8]) {
		return false
	}
	return b[8] == elevenMinus(weighted(b, 8, 7, 6, 5)+weighted(b[5:], 4, 3, 2))
}

// cleanISSN puts the hyphen where it belongs.
func cleanISSN(dst, src []byte) (out []byte, changed bool) {
	if len(src) != 8 || !allDigits(src[:7]) {
		return dst, false
	}
	dst = append(dst, src[:4]...)
	dst = append(dst, '-')
	return append(dst, src[4:]...), true
}

// isinPrefixes are prefixes of ISIN beside the countries of ISO 3166-1: the
// user-assigned ones of ISO 6166 for what belongs to no country.
var isinPrefixes = [...]string{"XS", "EU", "XA", "XB", "XC", "XD", "XF", "XK", "XT"}

// ValidISIN reports whether b is an ISIN: the country, nine digits or capital
// letters, and the check digit, which is Luhn over the characters written as numbers (A is 10).
func ValidISIN(b []byte) bool {
	if len(b) != 12 || b[11]-'0' > 9 || !isinCountry(b) {
		return false
	}
	sum, double := uint32(0), false
	for i := 11; i >= 0; i-- {
		v := letterValues[b[i]]
		switch {
		case v == noValue:
			return false
		case v < 10:
			sum += luhnDigit(v, double)
			double = !double
		default:
			sum += luhnDigit(v%10, double) + luhnDigit(v/10, !double)
		}
	}
	return sum%10 == 0
}

func luhnDigit(d uint8, double bool) uint32 {
	if double {
		d = luhnDoubled[d]
	}
	return uint32(d)
}

func isinCountry(b []byte) bool {
	if isCountry(b[:2]) {
		return true
	}
	for _, p := range isinPrefixes {
		if string(b[:2]) == p {
			return true
		}
	}
	return false
}
