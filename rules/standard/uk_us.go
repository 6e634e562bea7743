package standard

import "strings"

// Numbers of the United Kingdom and of the United States.

// ValidNHS reports whether b is an NHS number of England, Wales and the Isle of
// Man: ten digits, the last of them 11 minus the sum with weights 10 to 2 mod 11;
// 11 is written 0, and a number that would need 10 is never given.
func ValidNHS(b []byte) bool {
	if !isDigits(b, 10) {
		return false
	}
	check := 11 - weighted(b, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11
	return check != 10 && check%11 == digit(b[9])
}

// validUKPostcode follows BS 7666: A9, A99, AA9, AA99, A9A or AA9A, a blank, 9AA,
// with the letters that each place may have; and GIR 0AA.
func validUKPostcode(b []byte) bool {
	if len(b) < 6 || len(b) > 8 || b[len(b)-4] != ' ' {
		return false
	}
	out, in := b[:len(b)-4], b[len(b)-3:]
	if in[0]-'0' > 9 || !inwardLetter(in[1]) || !inwardLetter(in[2]) {
		return false
	}
	if string(b) == "GIR 0AA" {
		return true
	}
	if !upper(out[0]) || strings.IndexByte("QVX", out[0]) >= 0 {
		return false
	}
	rest, area := out[1:], 1
	if upper(rest[0]) {
		if strings.IndexByte("IJZ", rest[0]) >= 0 {
			return false
		}
		rest, area = rest[1:], 2
	}
	if len(rest) == 0 || len(rest) > 2 || rest[0]-'0' > 9 {
		return false
	}
	if len(rest) == 1 || rest[1]-'0' <= 9 {
		return true
	}
	if area == 1 {
		return strings.IndexByte("ABCDEFGHJKPSTUW", rest[1]) >= 0
	}
	return strings.IndexByte("ABEHMNPRVWXY", rest[1]) >= 0
}

func upper(c byte) bool { return c-'A' <= 25 }

// inwardLetter: no C I K M O V behind the blank.
func inwardLetter(c byte) bool { return upper(c) && strings.IndexByte("CIKMOV", c) < 0 }

// cleanUKPostcode puts one blank before the last three characters.
func cleanUKPostcode(dst, src []byte) (out []byte, changed bool) {
	start := len(dst)
	for _, c := range src {
		if c != ' ' && c != '\t' && c != '-' {
			dst = append(dst, c)
		}
	}
	n := len(dst) - start
	if n < 5 || n > 7 {
		return dst[:start], false
	}
	dst = append(dst, 0)
	copy(dst[len(dst)-3:], dst[len(dst)-4:len(dst)-1])
	dst[len(dst)-4] = ' '
	if string(dst[start:]) == string(src) {
		return dst[:start], false
	}
	return dst, true
}

// validNINO: two prefix letters, six digits, and a letter A to D. D F I Q U V
// stand in neither place of the prefix, O not in the second; BG GB KN NK NT TN
// ZZ are not given (HM Revenue & Customs, NIM39110).
func validNINO(b []byte) bool {
	if len(b) != 9 || !upper(b[0]) || !upper(b[1]) || !allDigits(b[2:8]) || b[8] < 'A' || b[8] > 'D' {
		return false
	}
	if strings.IndexByte("DFIQUV", b[0]) >= 0 || strings.IndexByte("DFIQUVO", b[1]) >= 0 {
		return false
	}
	switch string(b[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return true
}

// validSSN: 000-00-0000; the area is not 000, 666 or 900 to 999, group and serial
// are not all zeros. Two numbers that stood in advertisements are void (SSA).
func validSSN(b []byte) bool {
	if len(b) != 11 || b[3] != '-' || b[6] != '-' || !allDigits(b[:3]) || !allDigits(b[4:6]) || !allDigits(b[7:]) {
		return false
	}
	area := string(b[:3])
	if area == "000" || area == "666" || b[0] == '9' || string(b[4:6]) == "00" || string(b[7:]) == "0000" {
		return false
	}
	return string(b) != "078-05-1120" && string(b) != "219-09-9999"
}

// cleanSSN writes nine digits as 000-00-0000.
func cleanSSN(dst, src []byte) (out []byte, changed bool) { return hyphenate(dst, src, 9, 3, 5) }

// cleanEIN writes nine digits as 00-0000000.
func cleanEIN(dst, src []byte) (out []byte, changed bool) { return hyphenate(dst, src, 9, 2) }

// cleanZIP writes nine digits as 00000-0000.
func cleanZIP(dst, src []byte) (out []byte, changed bool) { return hyphenate(dst, src, 9, 5) }

// hyphenate writes src, if it is that many digits once blanks and hyphens are
// out, with hyphens before the digits at the places.
func hyphenate(dst, src []byte, digits int, places ...int) (out []byte, changed bool) {
	start, n := len(dst), 0
	for _, c := range src {
		if c == ' ' || c == '-' {
			continue
		}
		if c-'0' > 9 {
			return dst[:start], false
		}
		for _, p := range places {
			if n == p {
				dst = append(dst, '-')
			}
		}
		dst = append(dst, c)
		n++
	}
	if n != digits || string(dst[start:]) == string(src) {
		return dst[:start], false
	}
	return dst, true
}

// einPrefixes has bit n set if a number may begin with the two digits n: the
// prefixes of the campuses and of the internet, as the IRS lists them.
var einPrefixes = func() (set [2]uint64) {
	for _, r := range [][2]int{{1, 6}, {10, 16}, {20, 27}, {30, 48}, {50, 68}, {71, 77}, {80, 88}, {90, 95}, {98, 99}} {
		for n := r[0]; n <= r[1]; n++ {
			set[n>>6] |= 1 << (n & 63)
		}
	}
	return set
}()

// validEIN: 00-0000000 with a prefix that the IRS gives.
func validEIN(b []byte) bool {
	if len(b) != 10 || b[2] != '-' || !allDigits(b[:2]) || !allDigits(b[3:]) {
		return false
	}
	n := two(b)
	return einPrefixes[n>>6]&(1<<(n&63)) != 0
}

// validZIP: five digits, or ZIP+4; 000 to 004 begin no code.
func validZIP(b []byte) bool {
	if len(b) != 5 && (len(b) != 10 || b[5] != '-' || !allDigits(b[6:])) || !allDigits(b[:5]) {
		return false
	}
	return string(b[:2]) != "00" || b[2] >= '5'
}

// ValidNPI reports whether b is a national provider identifier: ten digits, the
// first 1 or 2, Luhn with 80840 before them (45 CFR 162, CMS). 80840 adds 24 to the sum.
func ValidNPI(b []byte) bool {
	if !isDigits(b, 10) || b[0] != '1' && b[0] != '2' {
		return false
	}
	sum := uint32(24)
	for i, c := range b {
		sum += luhnDigit(c-'0', i%2 == 0)
	}
	return sum%10 == 0
}
