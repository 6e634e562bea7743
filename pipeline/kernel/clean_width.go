package kernel

import "bytes"

// halfWidth turns the full-width forms U+FF01..U+FF5E (EF BC 81 .. EF BD 9E) into
// U+0021..U+007E and the ideographic space U+3000 (E3 80 80) into a space.
func halfWidth(dst, v []byte) ([]byte, bool) {
	changed := false
	for i := 0; i < len(v); {
		if i+2 < len(v) {
			if c := halfWidthOf(v[i], v[i+1], v[i+2]); c != 0 {
				dst = append(dst, c)
				i += 3
				changed = true
				continue
			}
		}
		dst = append(dst, v[i])
		i++
	}
	return dst, changed
}

// halfWidthOf is the ASCII form of a character of three bytes, 0 if it has none.
func halfWidthOf(a, b, c byte) byte {
	switch {
	case a == 0xEF && b == 0xBC && c >= 0x81 && c <= 0xBF:
		return c - 0x60
	case a == 0xEF && b == 0xBD && c >= 0x80 && c <= 0x9E:
		return c - 0x20
	case a == 0xE3 && b == 0x80 && c == 0x80:
		return ' '
	}
	return 0
}

// newCollapse makes every run of blanks one space.
func newCollapse() step {
	chars := characters(Blanks)
	var lead []byte
	for _, c := range chars {
		lead = append(lead, c[0])
	}
	candidates := newFinder(lead...)
	return &rewrite{candidates: candidates, cell: func(dst, v []byte) ([]byte, bool) {
		for i := 0; i < len(v); {
			n := 0
			if candidates.table[v[i]] {
				n = matchPrefix(v[i:], chars)
			}
			if n == 0 {
				dst = append(dst, v[i])
				i++
				continue
			}
			for n > 0 {
				i += n
				n = matchPrefix(v[i:], chars)
			}
			dst = append(dst, ' ')
		}
		return dst, !bytes.Equal(dst, v)
	}}
}
