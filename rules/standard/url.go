package standard

// Addresses of RFC 3986 and of IEEE 802.

// urlChars marks what may stand in path, query and fragment: unreserved,
// sub-delims, : @ / ? and the percent sign of an escape.
var urlChars = func() (set [256]bool) {
	for c := range 128 {
		b := byte(c)
		set[c] = b-'0' <= 9 || b|0x20 >= 'a' && b|0x20 <= 'z'
	}
	for _, c := range []byte("-._~!$&'()*+,;=:@/?%") {
		set[c] = true
	}
	return set
}()

// ValidURL reports whether b is an absolute http or https address with a host:
// a domain name of two labels or more, an IPv4 address or an IPv6 address in
// brackets, a port from 1 to 65535, and what RFC 3986 lets stand behind it.
// Characters outside of ASCII must be written as escapes; a user before the host
// is refused, since it is a password in the wrong place or a trick.
func ValidURL(b []byte) bool { return validURL(b, "http://", "https://") }

func validURL(b []byte, schemes ...string) bool {
	rest := []byte(nil)
	for _, s := range schemes {
		if len(b) > len(s) && equalFold(b[:len(s)], s) {
			rest = b[len(s):]
		}
	}
	end := 0
	for end < len(rest) && rest[end] != '/' && rest[end] != '?' && rest[end] != '#' {
		end++
	}
	if end == 0 || !validAuthority(rest[:end]) {
		return false
	}
	fragment := false
	for i := end; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '#' && !fragment:
			fragment = true
		case !urlChars[c]:
			return false
		case c == '%' && (i+2 >= len(rest) || !isHex(rest[i+1]) || !isHex(rest[i+2])):
			return false
		}
	}
	return true
}

// equalFold: s is in lower case.
func equalFold(b []byte, s string) bool {
	for i, c := range b {
		if c-'A' <= 25 {
			c |= 0x20
		}
		if c != s[i] {
			return false
		}
	}
	return true
}

// validAuthority: host and, after a colon, the port.
func validAuthority(b []byte) bool {
	host := b
	if b[0] == '[' {
		end := 1
		for end < len(b) && b[end] != ']' {
			end++
		}
		if end == len(b) || !validIPv6(b[1:end]) {
			return false
		}
		return end+1 == len(b) || validPort(b[end+1:])
	}
	for i, c := range b {
		if c == ':' {
			host = b[:i]
			if !validPort(b[i:]) {
				return false
			}
			break
		}
	}
	return len(host) > 0 && len(host) < 254 && (validHost(host) || validIPv4(host))
}

// validPort: a colon and 1 to 65535.
func validPort(b []byte) bool {
	if len(b) < 2 || len(b) > 6 || b[0] != ':' || b[1] == '0' {
		return false
	}
	n, ok := decimal(b[1:])
	return ok && n <= 65535
}

// validMAC: six pairs of lower-case hexadecimal digits with colons, EUI-48.
func validMAC(b []byte) bool {
	if len(b) != 17 {
		return false
	}
	for i, c := range b {
		if i%3 == 2 {
			if c != ':' {
				return false
			}
		} else if c-'0' > 9 && c-'a' > 5 {
			return false
		}
	}
	return true
}

// cleanMAC writes 00-1A-2B-3C-4D-5E, 001a.2b3c.4d5e and 001A2B3C4D5E with colons and in lower case.
func cleanMAC(dst, src []byte) (out []byte, changed bool) {
	start, digits := len(dst), 0
	for _, c := range src {
		switch {
		case isHex(c):
			if digits > 0 && digits%2 == 0 {
				dst = append(dst, ':')
			}
			if c-'A' <= 5 {
				c |= 0x20
			}
			dst = append(dst, c)
			digits++
		case c != ':' && c != '-' && c != '.' && c != ' ':
			return dst[:start], false
		}
	}
	if digits != 12 || string(dst[start:]) == string(src) {
		return dst[:start], false
	}
	return dst, true
}
