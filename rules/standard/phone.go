package standard

// ValidMobile reports whether b is a mobile number of the Chinese numbering
// plan in its bare form, 1[3-9] and nine digits more.
func ValidMobile(b []byte) bool {
	return len(b) == 11 && b[0] == '1' && b[1] >= '3' && allDigits(b[1:])
}

// cleanMobile takes blanks, hyphens and one prefix +86, 0086 or 86 away if what
// remains is eleven digits that begin with 1.
func cleanMobile(dst, src []byte) (out []byte, changed bool) {
	if len(src) == 11 && src[0] == '1' && allDigits(src) {
		return dst, false
	}
	start := len(dst)
	for _, c := range src {
		if c != ' ' && c != '\t' && c != '-' {
			dst = append(dst, c)
		}
	}
	number := trimCountry(dst[start:])
	if len(number) != 11 || number[0] != '1' || !allDigits(number) {
		return dst[:start], false
	}
	return append(dst[:start], number...), true
}

// trimCountry takes the country code of China away, as +86, 0086 or, when
// thirteen digits are there, 86.
func trimCountry(b []byte) []byte {
	for _, prefix := range [...]string{"+86", "0086"} {
		if len(b) > len(prefix) && string(b[:len(prefix)]) == prefix {
			return b[len(prefix):]
		}
	}
	if len(b) == 13 && b[0] == '8' && b[1] == '6' {
		return b[2:]
	}
	return b
}

// A landline is a fixed-line number taken apart; the parts are digits.
type landline struct{ area, number, extension []byte }

// splitLandline reads 010-62345678, (0755)2345678, 0571 87654321, +86-10-62345678,
// 02162345678, each with an extension after 转, x, ext, # or a hyphen.
func splitLandline(b []byte) (l landline, ok bool) {
	paren := len(b) > 0 && b[0] == '('
	if paren {
		b = b[1:]
	}
	international := false
	for _, prefix := range [...]string{"+86", "0086"} {
		if len(b) > len(prefix) && string(b[:len(prefix)]) == prefix {
			b, international = skipSeparator(b[len(prefix):]), true
			break
		}
	}
	if international && len(b) > 0 && b[0] != '0' {
		// The trunk prefix 0 is not dialled from abroad: the area is 10, 2x or three digits.
		n := areaLength(b) // without the 0
		if len(b) < n {
			return l, false
		}
		l.area, b = b[:n], b[n:]
	} else {
		if len(b) < 4 || b[0] != '0' {
			return l, false
		}
		n := 1 + areaLength(b[1:])
		l.area, b = b[1:n], b[n:]
	}
	if !validArea(l.area) {
		return l, false
	}
	if paren {
		if len(b) == 0 || b[0] != ')' {
			return l, false
		}
		b = b[1:]
	}
	b = skipSeparator(b)
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	if n < 7 || n > 8 || b[0] < '2' {
		return l, false // subscribers' numbers begin with 2..9
	}
	l.number, b = b[:n], b[n:]
	if len(b) == 0 {
		return l, true
	}
	l.extension, ok = splitExtension(b)
	return l, ok
}

func areaLength(b []byte) int {
	if b[0] == '1' || b[0] == '2' {
		return 2
	}
	return 3
}

// validArea: 10, 2x, 3xx..9xx, without the trunk prefix 0.
func validArea(a []byte) bool {
	switch {
	case !allDigits(a):
		return false
	case len(a) == 2:
		return a[0] == '1' && a[1] == '0' || a[0] == '2'
	}
	return len(a) == 3 && a[0] >= '3'
}

func skipSeparator(b []byte) []byte {
	for len(b) > 0 && (b[0] == '-' || b[0] == ' ') {
		b = b[1:]
	}
	return b
}

// splitExtension reads one to six digits behind a sign that announces them.
func splitExtension(b []byte) (digits []byte, ok bool) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for _, sign := range [...]string{"转", "轉", "ext.", "ext", "x", "#", "-"} {
		if len(b) > len(sign) && string(b[:len(sign)]) == sign {
			b = b[len(sign):]
			for len(b) > 0 && b[0] == ' ' {
				b = b[1:]
			}
			return b, len(b) >= 1 && len(b) <= 6 && allDigits(b)
		}
	}
	return nil, false
}

func validLandline(b []byte) bool {
	_, ok := splitLandline(b)
	return ok
}

// cleanLandline brings a number into the form 0755-2345678, with -801 for an extension.
func cleanLandline(dst, src []byte) (out []byte, changed bool) {
	l, ok := splitLandline(src)
	if !ok {
		return dst, false
	}
	start := len(dst)
	dst = append(dst, '0')
	dst = append(dst, l.area...)
	dst = append(dst, '-')
	dst = append(dst, l.number...)
	if len(l.extension) > 0 {
		dst = append(dst, '-')
		dst = append(dst, l.extension...)
	}
	if string(dst[start:]) == string(src) {
		return dst[:start], false
	}
	return dst, true
}
