package standard

// Limits of RFC 5321, section 4.5.3.1, and RFC 1035, section 2.3.4, in octets.
const (
	maxMailbox   = 254
	maxLocalPart = 64
	maxLabel     = 63
)

// atext marks the characters of an atom, RFC 5322 section 3.2.3.
var atext = func() (set [256]bool) {
	for c := range 128 {
		b := byte(c)
		set[c] = b-'0' <= 9 || b|0x20 >= 'a' && b|0x20 <= 'z'
	}
	for _, c := range []byte("!#$%&'*+-/=?^_`{|}~") {
		set[c] = true
	}
	return set
}()

// ValidEmail reports whether b is a mailbox local@domain: a dot-atom of at most
// 64 octets, a host name of at least two labels whose last is two letters or more or
// an IDNA label (xn--), 254 octets in all. Quoted local parts, address literals
// and comments are refused: in a register they are mistakes.
func ValidEmail(b []byte) bool {
	if len(b) > maxMailbox {
		return false
	}
	at, prev := 0, byte('.')
	for ; at < len(b) && b[at] != '@'; at++ {
		c := b[at]
		if c == '.' {
			if prev == '.' {
				return false
			}
		} else if !atext[c] {
			return false
		}
		prev = c
	}
	if at == 0 || at > maxLocalPart || at == len(b) || prev == '.' {
		return false
	}
	return validHost(b[at+1:])
}

// validHost: labels of letters, digits and inner hyphens.
func validHost(b []byte) bool {
	labels, start, letters := 0, 0, true
	for i := 0; ; i++ {
		if i == len(b) || b[i] == '.' {
			if n := i - start; n == 0 || n > maxLabel || b[start] == '-' || b[i-1] == '-' {
				return false
			}
			labels++
			if i == len(b) {
				last := b[start:]
				idna := len(last) > 4 && last[0]|0x20 == 'x' && last[1]|0x20 == 'n' && last[2] == '-' && last[3] == '-'
				return labels >= 2 && (letters && len(last) >= 2 || idna)
			}
			start, letters = i+1, true
			continue
		}
		c := b[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case c-'0' <= 9 || c == '-':
			letters = false
		default:
			return false
		}
	}
}

// validIPv4: four decimal numbers 0..255 without leading zeros (RFC 6943 section 3.1.1: other forms are ambiguous).
func validIPv4(b []byte) bool {
	for part := range 4 {
		if part > 0 {
			if len(b) == 0 || b[0] != '.' {
				return false
			}
			b = b[1:]
		}
		n, value := 0, 0
		for n < len(b) && n < 3 && b[n]-'0' <= 9 {
			value = value*10 + int(b[n]-'0')
			n++
		}
		if n == 0 || value > 255 || n > 1 && b[0] == '0' {
			return false
		}
		b = b[n:]
	}
	return len(b) == 0
}

// validIPv6 follows RFC 4291 section 2.2, without zone.
func validIPv6(b []byte) bool {
	groups, compressed := 0, false
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		compressed, b = true, b[2:]
		if len(b) == 0 {
			return true
		}
	}
	for {
		n := 0
		for n < len(b) && isHex(b[n]) {
			n++
		}
		if n < len(b) && b[n] == '.' {
			if groups += 2; !validIPv4(b) {
				return false
			}
			break
		}
		if n == 0 || n > 4 {
			return false
		}
		groups++
		b = b[n:]
		if len(b) == 0 {
			break
		}
		if b[0] != ':' || len(b) == 1 {
			return false
		}
		if b = b[1:]; b[0] == ':' {
			if compressed {
				return false
			}
			if compressed, b = true, b[1:]; len(b) == 0 {
				break
			}
		}
	}
	return groups == 8 && !compressed || groups < 8 && compressed
}

func isHex(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'f' }

// compileIP: option version.
func compileIP(o options) (*Compiled, error) {
	switch o.text("version") {
	case "4":
		return &Compiled{Valid: validIPv4}, nil
	case "6":
		return &Compiled{Valid: validIPv6}, nil
	}
	return &Compiled{Valid: func(b []byte) bool { return validIPv4(b) || validIPv6(b) }}, nil
}
