package standard

import "unicode/utf8"

// CityPart is the province and city at the beginning of an address: n bytes of
// addr, exactly the match of
//
//	^(?:.{2,10}?(?:省|自治区))?.{1,10}?(?:市|自治州|地区|盟)
//
// with Perl's (and Go's) leftmost-first semantics, in characters, `.` not
// matching a newline. ok is false if there is no match.
func CityPart(addr []byte) (n int, ok bool) {
	fallback := -1 // end of the first city not behind a province
	after := -1    // index of the character behind the first province
	pos := 0
	for i := 0; ; i++ {
		if after < 0 && i > 10 {
			break // too far for a province, and for a city without one
		}
		if after >= 0 && i > after+10 {
			return laterCityPart(addr, fallback)
		}
		if pos >= len(addr) || addr[pos] == '\n' {
			break
		}
		r, width := decodeAt(addr, pos)
		city := 0
		switch r {
		case '市', '盟':
			city = width
		case '地':
			if hasAt(addr, pos, "地区") {
				city = len("地区")
			}
		case '自':
			if hasAt(addr, pos, "自治州") {
				city = len("自治州")
			} else if after < 0 && i >= 2 && hasAt(addr, pos, "自治区") {
				after = i + 3
			}
		case '省':
			if after < 0 && i >= 2 {
				after = i + 1
			}
		}
		if city > 0 {
			if after >= 0 && i > after {
				return pos + city, true
			}
			if fallback < 0 && i >= 1 && i <= 10 {
				fallback = pos + city
			}
		}
		pos += width
	}
	return max(fallback, 0), fallback >= 0
}

// laterCityPart goes on when no city stands within ten characters behind the
// first province: another word for a province may come that has one.
func laterCityPart(addr []byte, fallback int) (n int, ok bool) {
	// Characters 0..25 hold every match: ten, 自治区, ten, 自治州.
	const window = 26
	var offsets [window + 1]int
	var after, cities [window]int // length in characters of the word at this place; in bytes for cities
	chars := 0
	for pos := 0; chars < window && pos < len(addr) && addr[pos] != '\n'; chars++ {
		offsets[chars] = pos
		switch {
		case hasAt(addr, pos, "省"):
			after[chars] = 1
		case hasAt(addr, pos, "自治区"):
			after[chars] = 3
		case hasAt(addr, pos, "市"), hasAt(addr, pos, "盟"):
			cities[chars] = 3
		case hasAt(addr, pos, "地区"):
			cities[chars] = len("地区")
		case hasAt(addr, pos, "自治州"):
			cities[chars] = len("自治州")
		}
		_, width := decodeAt(addr, pos)
		pos += width
	}
	for province := 2; province <= 10 && province < chars; province++ {
		if after[province] == 0 {
			continue
		}
		start := province + after[province]
		for city := start + 1; city <= start+10 && city < chars; city++ {
			if cities[city] > 0 {
				return offsets[city] + cities[city], true
			}
		}
	}
	return max(fallback, 0), fallback >= 0
}

// ProvincePart is the province, autonomous region, municipality or special
// administrative region at the beginning of an address: n bytes of addr, exactly
// the match of
//
//	^(?:(?:北京|天津|上海|重庆)市|.{2,10}?(?:省|自治区|特别行政区))
//
// with the semantics of CityPart.
func ProvincePart(addr []byte) (n int, ok bool) {
	for _, m := range [...]string{"北京市", "天津市", "上海市", "重庆市"} {
		if hasAt(addr, 0, m) {
			return len(m), true
		}
	}
	pos := 0
	for i := 0; i <= 10 && pos < len(addr) && addr[pos] != '\n'; i++ {
		r, width := decodeAt(addr, pos)
		if i >= 2 {
			switch {
			case r == '省':
				return pos + width, true
			case r == '自' && hasAt(addr, pos, "自治区"):
				return pos + len("自治区"), true
			case r == '特' && hasAt(addr, pos, "特别行政区"):
				return pos + len("特别行政区"), true
			}
		}
		pos += width
	}
	return 0, false
}

// decodeAt is utf8.DecodeRune, quick for ASCII and for Chinese characters:
// the sequences E3..E9 + two continuation bytes, U+3000..U+9FFF, have no exceptions.
func decodeAt(b []byte, pos int) (r rune, width int) {
	c := b[pos]
	if c < utf8.RuneSelf {
		return rune(c), 1
	}
	if c-0xE3 <= 6 && pos+2 < len(b) {
		c1, c2 := b[pos+1]-0x80, b[pos+2]-0x80
		if c1 < 0x40 && c2 < 0x40 {
			return rune(c&0x0F)<<12 | rune(c1)<<6 | rune(c2), 3
		}
	}
	return utf8.DecodeRune(b[pos:])
}

// hasAt reports whether word stands at b[pos:].
func hasAt(b []byte, pos int, word string) bool {
	return len(b)-pos >= len(word) && string(b[pos:pos+len(word)]) == word
}
