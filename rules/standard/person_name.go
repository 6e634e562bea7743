package standard

import "unicode/utf8"

// A Chinese name has at most this many characters here; the longest on record,
// transliterated from minority languages, are shorter.
const maxNameChars = 50

const middleDot = '·' // U+00B7, the sign that GB/T 15834 prescribes between the parts of a name

// isHan reports whether r may stand in a Chinese name: the unified ideographs
// with extensions A to J, the compatibility ideographs, and 〇.
func isHan(r rune) bool {
	switch {
	case r < 0x3007:
		return false
	case r >= 0x4E00 && r <= 0x9FFF, r >= 0x3400 && r <= 0x4DBF, r == '〇':
		return true
	case r >= 0x20000 && r <= 0x3347F, r >= 0xF900 && r <= 0xFAFF:
		return true
	}
	return false
}

// isNameDot reports whether r is used for the dot between the parts of a name.
func isNameDot(r rune) bool {
	switch r {
	case middleDot, '•', '‧', '．', '・', '･', '∙', '⋅', '.':
		return true
	}
	return false
}

// validName: two or more characters; Han parts with single dots between them
// or, where latin is allowed, letters with blanks, hyphens, apostrophes and full stops.
func validName(b []byte, latin bool) bool {
	chars, prev := 0, rune(0)
	hans, letters := 0, 0
	for i := 0; i < len(b); chars++ {
		r, n := utf8.DecodeRune(b[i:])
		i += n
		switch {
		case isHan(r):
			hans++
		case r == middleDot:
			if prev == 0 || prev == middleDot || i == len(b) {
				return false
			}
		case latin && isLatin(r):
			letters++
		case latin && (r == ' ' || r == '-' || r == '\'' || r == '.') && prev != 0 && prev != ' ':
		default:
			return false
		}
		prev = r
	}
	return chars >= 2 && chars <= maxNameChars && prev != ' ' && (hans >= 2 || letters >= 2)
}

// isLatin: letters of Basic Latin, Latin-1 and Latin Extended-A and -B.
func isLatin(r rune) bool {
	return r|0x20 >= 'a' && r|0x20 <= 'z' || r >= 0xC0 && r <= 0x24F && r != 0xD7 && r != 0xF7
}

// cleanName writes every dot between two Han characters as U+00B7 and takes
// away the blanks between Han characters that align names of two with names of three.
func cleanName(dst, src []byte) (out []byte, changed bool) {
	start := len(dst)
	prev := rune(0) // last character written
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		next, _ := utf8.DecodeRune(src[i+n:])
		switch {
		case r == middleDot:
			dst = append(dst, src[i:i+n]...)
		case isNameDot(r) && isHan(prev) && isHan(next):
			dst, changed = utf8.AppendRune(dst, middleDot), true
			r = middleDot
		case isBlank(r) && (isHan(prev) || prev == middleDot) && hanFollows(src[i+n:]):
			changed = true
			r = prev
		default:
			dst = append(dst, src[i:i+n]...)
		}
		prev = r
		i += n
	}
	if !changed {
		return dst[:start], false
	}
	return dst, true
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == '\u3000' || r == '\u00A0' }

// hanFollows reports whether b is blanks and then a Han character or a middle dot.
func hanFollows(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if !isBlank(r) {
			return isHan(r) || r == middleDot
		}
		b = b[n:]
	}
	return false
}

// compileName: option latin.
func compileName(o options) (*Compiled, error) {
	latin := o.is("latin")
	return &Compiled{Clean: cleanName, Valid: func(b []byte) bool { return validName(b, latin) }}, nil
}
