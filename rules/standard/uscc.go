package standard

// usccAlphabet are the characters of GB 32100-2015 in the order of their values 0..30: no I, O, S, V, Z.
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// noValue marks bytes that are not of an alphabet.
const noValue = 0xFF

var usccValues = alphabetValues(usccAlphabet)

// alphabetValues gives for every byte its index in alphabet, or noValue.
func alphabetValues(alphabet string) (values [256]uint8) {
	for i := range values {
		values[i] = noValue
	}
	for i := range len(alphabet) {
		values[alphabet[i]] = uint8(i)
	}
	return values
}

// usccWeights are 3^(i-1) mod 31 for the characters i = 1..17 (GB 32100-2015).
var usccWeights = [17]uint32{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}

// ValidUSCC reports whether b is a unified social credit identifier: 18
// characters of the alphabet of GB 32100-2015, the last of them the check
// character. Registering authority, administrative code and the inner check
// character of the organisation code are not looked at.
func ValidUSCC(b []byte) bool {
	if len(b) != 18 {
		return false
	}
	b = b[:18:18]
	var sum uint32
	var bad uint8
	for i, w := range usccWeights {
		v := usccValues[b[i]]
		bad |= v
		sum += uint32(v) * w
	}
	if bad >= 0x20 { // values are below 31, noValue sets the upper bits
		return false
	}
	return b[17] == usccAlphabet[(31-sum%31)%31]
}

// orgWeights are the weights of GB 11714-1997 for the characters 1..8.
var orgWeights = [8]uint32{3, 7, 9, 10, 5, 8, 4, 2}

var orgValues = alphabetValues("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")

// ValidOrgCode reports whether b is an organisation code of GB 11714-1997 in
// its nine-character form without hyphen: eight of 0-9 A-Z and the check
// character, which is 11 minus the weighted sum mod 11, 10 written X and 11
// written 0.
func ValidOrgCode(b []byte) bool {
	if len(b) != 9 {
		return false
	}
	var sum uint32
	var bad uint8
	for i, w := range orgWeights {
		v := orgValues[b[i]]
		bad |= v
		sum += uint32(v) * w
	}
	if bad >= 0x40 { // values are below 36, noValue sets the upper bits
		return false
	}
	return b[8] == "0X987654321"[sum%11]
}

// cleanOrgCode takes the hyphen before the check character away.
func cleanOrgCode(dst, src []byte) (out []byte, changed bool) {
	if len(src) != 10 || src[8] != '-' {
		return dst, false
	}
	dst = append(dst, src[:8]...)
	return append(dst, src[9]), true
}

// Luhn reports whether the digits of b satisfy the Luhn formula (ISO/IEC
// 7812-1 annex B): from the right every second digit doubled, digits of the
// products summed, the sum divisible by ten. False for the empty value and for
// anything that is no digit.
func Luhn(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	var sum uint32
	double := false
	for i := len(b) - 1; i >= 0; i-- {
		d := b[i] - '0'
		if d > 9 {
			return false
		}
		if double {
			d = luhnDoubled[d]
		}
		sum += uint32(d)
		double = !double
	}
	return sum%10 == 0
}

var luhnDoubled = [10]uint8{0, 2, 4, 6, 8, 1, 3, 5, 7, 9}
