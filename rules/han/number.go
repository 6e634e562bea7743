package han

import (
	"strconv"
	"unicode/utf8"
)

// maxSection keeps every value within 64 bits: the part before 亿 is below 10^10.
const maxSection = 10_000_000_000

// AppendNumber appends the plain decimal text of a number that is written in
// Chinese numerals, everyday (一万二千零五, 二〇二四, 三点一四) or financial (壹万贰仟元伍角整),
// and reports whether src is one; if not, dst is as it was. 负 in front is a minus,
// 百分之 a division by a hundred. Amounts end in 元 (or 圆) with 角, 分, 整 or 正 behind.
//
// What people read in two ways is refused: 二百五 (250 or 205), 三万五.
func AppendNumber(dst, src []byte) ([]byte, bool) {
	start := len(dst)
	s := scanner{rest: src}
	if s.take('负') || s.take('負') {
		dst = append(dst, '-')
	}
	hundredth := s.takeAll('百', '分', '之')
	if hundredth && string(s.rest) == "百" {
		return append(dst, '1'), true
	}
	whole, hasWhole, ok := s.integer()
	if !ok {
		return dst[:start], false
	}
	decimals := 0
	first := len(dst)
	switch {
	case hasWhole && (s.take('点') || s.take('點')):
		dst = strconv.AppendUint(dst, whole, 10)
		point := len(dst)
		for {
			d, ok := s.digit()
			if !ok {
				break
			}
			dst = append(dst, '0'+byte(d))
		}
		if decimals = len(dst) - point; decimals == 0 {
			return dst[:start], false
		}
	case !hundredth && s.yuan():
		jiao, fen := s.small('角', '毛'), s.small('分', '分')
		if s.small('整', '正'); s.bad || !hasWhole && jiao == 0 && fen == 0 {
			return dst[:start], false
		}
		dst = strconv.AppendUint(dst, whole, 10)
		if jiao != 0 || fen != 0 {
			dst, decimals = append(dst, '0'+byte(jiao), '0'+byte(fen)), 2
		}
	case hasWhole:
		dst = strconv.AppendUint(dst, whole, 10)
	default:
		return dst[:start], false
	}
	if len(s.rest) > 0 {
		return dst[:start], false
	}
	if hundredth {
		decimals += 2
	}
	return setPoint(dst, start, first, decimals), true
}

// setPoint puts a point before the last decimals of dst[first:] and takes off what it does not need.
func setPoint(dst []byte, start, first, decimals int) []byte {
	for missing := decimals + 1 - (len(dst) - first); missing > 0; missing-- {
		dst = append(dst, 0)
		copy(dst[first+1:], dst[first:])
		dst[first] = '0'
	}
	if decimals > 0 {
		dst = append(dst, 0)
		point := len(dst) - 1 - decimals
		copy(dst[point+1:], dst[point:])
		dst[point] = '.'
		end := len(dst)
		for dst[end-1] == '0' {
			end--
		}
		if dst[end-1] == '.' {
			end--
		}
		dst = dst[:end]
	}
	for len(dst)-first > 1 && dst[first] == '0' && dst[first+1] != '.' {
		copy(dst[first:], dst[first+1:])
		dst = dst[:len(dst)-1]
	}
	if len(dst) == first+1 && dst[first] == '0' {
		dst = append(dst[:start], '0') // zero has no sign
	}
	return dst
}

// scanner reads numerals from the front of a value.
type scanner struct {
	rest []byte
	bad  bool
}

func (s *scanner) peek() (rune, int) { return utf8.DecodeRune(s.rest) }

func (s *scanner) take(want rune) bool {
	r, n := s.peek()
	if r != want || n == 0 {
		return false
	}
	s.rest = s.rest[n:]
	return true
}

func (s *scanner) takeAll(want ...rune) bool {
	before := s.rest
	for _, r := range want {
		if !s.take(r) {
			s.rest = before
			return false
		}
	}
	return true
}

func (s *scanner) digit() (int, bool) {
	r, n := s.peek()
	d := digitOf(r)
	if d < 0 {
		return 0, false
	}
	s.rest = s.rest[n:]
	return d, true
}

// digitOf is the value of a numeral, -1 if r is none.
func digitOf(r rune) int {
	switch r {
	case '零', '〇', '○', '０':
		return 0
	case '一', '壹', '壱', '弌':
		return 1
	case '二', '贰', '貳', '两', '兩', '弍':
		return 2
	case '三', '叁', '參', '叄', '参':
		return 3
	case '四', '肆':
		return 4
	case '五', '伍':
		return 5
	case '六', '陆', '陸':
		return 6
	case '七', '柒':
		return 7
	case '八', '捌':
		return 8
	case '九', '玖':
		return 9
	}
	return -1
}

// placeOf is the value of a place word, 0 if r is none.
func placeOf(r rune) uint64 {
	switch r {
	case '十', '拾':
		return 10
	case '百', '佰':
		return 100
	case '千', '仟':
		return 1000
	case '万', '萬':
		return 1e4
	case '亿', '億':
		return 1e8
	}
	return 0
}

// integer reads a whole number. given is false if there is none at this place.
func (s *scanner) integer() (value uint64, given, ok bool) {
	if value, ok := s.row(); ok {
		return value, true, true
	}
	if s.money() { // 伍角
		return 0, false, true
	}
	var total, high, section uint64 // before 亿, before 万, below
	last := uint64(1e9)             // place of the last word in the section
	digit, zero := -1, false
	close := func() bool { // the digit that stands without a place
		if digit < 0 {
			return true
		}
		if last != 10 && !zero && last != 1e9 {
			return false // 二百五
		}
		if last == 1e9 && (high > 0 || total > 0) && section == 0 && !zero {
			return false // 三万五
		}
		section += uint64(digit)
		digit, zero = -1, false
		return true
	}
	for {
		r, n := s.peek()
		if d := digitOf(r); d == 0 {
			if digit >= 0 {
				return 0, given, false
			}
			zero = true
		} else if d > 0 {
			if digit >= 0 {
				return 0, given, false
			}
			digit = d
		} else if place := placeOf(r); place == 0 {
			break
		} else if place < 1e4 {
			if digit < 0 {
				if place != 10 || section > 0 {
					return 0, given, false
				}
				digit = 1 // 十五
			}
			if place >= last {
				return 0, given, false
			}
			section += uint64(digit) * place
			last, digit, zero = place, -1, false
		} else {
			if digit >= 0 && section == 0 { // a single digit before 万
				section, digit = uint64(digit), -1
			} else if !close() {
				return 0, given, false
			}
			if place == 1e4 {
				if section == 0 || high > 0 {
					return 0, given, false
				}
				high = section * 1e4
			} else {
				if section+high == 0 || total > 0 {
					return 0, given, false
				}
				total, high = (section+high)*1e8, 0
			}
			section, last, zero = 0, 1e9, false
		}
		given = true
		s.rest = s.rest[n:]
	}
	if !given {
		return 0, false, true
	}
	if !close() {
		return 0, true, false
	}
	return total + high + section, true, total/1e8 < maxSection
}

// row reads a row of numerals without places: 二〇二四.
func (s *scanner) row() (value uint64, ok bool) {
	before, n := s.rest, 0
	for {
		d, ok := s.digit()
		if !ok {
			break
		}
		value = value*10 + uint64(d)
		n++
	}
	if r, _ := s.peek(); n == 0 || n > 18 || placeOf(r) > 0 || r == '角' || r == '毛' || r == '分' {
		s.rest = before
		return 0, false
	}
	return value, true
}

// yuan takes 元, or sees that there is only small money.
func (s *scanner) yuan() bool {
	return s.take('元') || s.take('圆') || s.take('圓') || s.money()
}

// money sees that 角 or 分 stands at the next place but one.
func (s *scanner) money() bool {
	_, n := s.peek()
	r, _ := utf8.DecodeRune(s.rest[n:])
	return r == '角' || r == '毛' || r == '分'
}

// small takes a digit with the word behind it, a zero before it, or just the word 整; 0 if there is none.
func (s *scanner) small(word, or rune) int {
	if word == '整' {
		if !s.take(word) {
			s.take(or)
		}
		return 0
	}
	before := s.rest
	d, ok := s.digit()
	if ok && d == 0 { // 壹佰元零伍分
		if d, ok = s.digit(); !ok {
			s.bad = true
			return 0
		}
	}
	if !ok || !s.take(word) && !s.take(or) {
		s.rest = before
		return 0
	}
	return d
}
