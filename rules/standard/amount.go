package standard

import (
	"strconv"
	"unicode/utf8"
)

// Amounts of money as they are written in Chinese tables and vouchers.

// cleanAmount brings an amount into plain decimal text: 1,234.50, ¥1,234.50,
// 3.2万 (x 10^4), 1.5亿元 (x 10^8), accounting parentheses and signs before or behind
// for negatives, and the upper-case numerals of vouchers (壹万贰仟叁佰肆拾伍元陆角柒分).
// What is not an amount stays as it is: 12,34 has a group of two digits.
func cleanAmount(dst, src []byte) (out []byte, changed bool) {
	start := len(dst)
	b, negative := amountSign(src)
	b = amountCurrency(b)
	out, ok := appendAmountDigits(dst, b, negative)
	if !ok {
		out, ok = appendUpperAmount(dst, b, negative)
	}
	if !ok || string(out[start:]) == string(src) {
		return dst[:start], false
	}
	return out, true
}

// amountSign takes parentheses and signs off. Both together are not an amount;
// what remains then has a sign inside and is refused later.
func amountSign(b []byte) (rest []byte, negative bool) {
	b = trimBlanks(b)
	if n := len(b); n > 2 && b[0] == '(' && b[n-1] == ')' {
		return trimBlanks(b[1 : n-1]), true
	}
	if len(b) > 1 && (b[0] == '-' || b[0] == '+') {
		return trimBlanks(b[1:]), b[0] == '-'
	}
	if n := len(b); n > 1 && b[n-1] == '-' {
		return trimBlanks(b[:n-1]), true
	}
	return b, false
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// Signs and words of the currency, before and behind the number.
var (
	amountBefore = [...]string{"人民币", "RMB", "CNY", "¥", "￥"}
	amountBehind = [...]string{"人民币", "元整", "圆整", "元", "圆", "整"}
)

// amountCurrency takes one sign before and one word behind off; a minus between sign and number stays.
func amountCurrency(b []byte) []byte {
	for _, s := range amountBefore {
		if len(b) > len(s) && string(b[:len(s)]) == s {
			b = trimBlanks(b[len(s):])
			break
		}
	}
	return b
}

// amountUnits takes the units behind a number off and gives their power of ten.
func amountUnits(b []byte) (rest []byte, power int) {
	for len(b) > 3 {
		switch string(b[len(b)-3:]) {
		case "万", "萬":
			power += 4
		case "亿", "億":
			power += 8
		case "千":
			power += 3
		case "百":
			power += 2
		default:
			return b, power
		}
		b = trimBlanks(b[:len(b)-3])
	}
	return b, power
}

// appendAmountDigits reads digits, groups of three, a point and a unit.
func appendAmountDigits(dst, b []byte, negative bool) (out []byte, ok bool) {
	start := len(dst)
	for _, s := range amountBehind {
		if len(b) > len(s) && string(b[len(b)-len(s):]) == s {
			b = trimBlanks(b[:len(b)-len(s)])
			break
		}
	}
	b, power := amountUnits(b)
	if power > 12 {
		return dst, false
	}
	if len(b) > 1 && (b[0] == '-' || b[0] == '+') {
		if negative {
			return dst, false
		}
		negative, b = b[0] == '-', b[1:]
	}
	if negative {
		dst = append(dst, '-')
	}
	first := len(dst)
	group, groups, i := 0, 0, 0
	for ; i < len(b) && b[i] != '.'; i++ {
		switch c := b[i]; {
		case c-'0' <= 9:
			dst = append(dst, c)
			group++
		case c == ',' && (groups == 0 && group >= 1 && group <= 3 || groups > 0 && group == 3):
			groups++
			group = 0
		default:
			return dst[:start], false
		}
	}
	if len(dst) == first || groups > 0 && group != 3 {
		return dst[:start], false
	}
	var decimals []byte
	if i < len(b) {
		if decimals = b[i+1:]; len(decimals) == 0 || !allDigits(decimals) {
			return dst[:start], false
		}
	}
	for ; power > 0; power-- {
		d := byte('0')
		if len(decimals) > 0 {
			d, decimals = decimals[0], decimals[1:]
		}
		dst = append(dst, d)
	}
	for len(dst) > first+1 && dst[first] == '0' { // 0.32万 is 3200
		copy(dst[first:], dst[first+1:])
		dst = dst[:len(dst)-1]
	}
	if len(decimals) > 0 {
		dst = append(dst, '.')
		dst = append(dst, decimals...)
	}
	return dst, true
}

// upperDigit is the value of an upper-case or common numeral, -1 if r is none.
func upperDigit(r rune) int {
	switch r {
	case '零', '〇':
		return 0
	case '壹', '一', '弌':
		return 1
	case '贰', '二', '貳', '两':
		return 2
	case '叁', '三', '參', '叄':
		return 3
	case '肆', '四':
		return 4
	case '伍', '五':
		return 5
	case '陆', '六', '陸':
		return 6
	case '柒', '七':
		return 7
	case '捌', '八':
		return 8
	case '玖', '九':
		return 9
	}
	return -1
}

// upperUnit is the power of ten of a unit within a section of four digits, 0 if r is none.
func upperUnit(r rune) int64 {
	switch r {
	case '拾', '十':
		return 10
	case '佰', '百':
		return 100
	case '仟', '千':
		return 1000
	}
	return 0
}

// appendUpperAmount reads numerals such as 壹亿零贰万叁仟元伍角整, below 10^16.
func appendUpperAmount(dst, b []byte, negative bool) (out []byte, ok bool) {
	const limit = 1e16
	var total, section int64 // yuan; section: what stands before the next 万 or 亿
	fen, pending, seen, inFen := int64(0), int64(-1), false, false
	lastUnit, lastPart := int64(10_000), int64(3) // units must fall: 佰 after 拾 is a mistake; 角 before 分
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		i += n
		switch d, unit := upperDigit(r), upperUnit(r); {
		case d == 0:
			if pending > 0 {
				return dst, false
			}
			pending, seen = -1, true
		case d > 0:
			if pending >= 0 {
				return dst, false
			}
			pending, seen = int64(d), true
		case unit > 0:
			if inFen || unit >= lastUnit {
				return dst, false
			}
			if pending < 0 {
				if unit != 10 || section > 0 { // 拾伍 is 15
					return dst, false
				}
				pending = 1
			}
			section += pending * unit
			pending, lastUnit, seen = -1, unit, true
		case r == '万' || r == '萬' || r == '亿' || r == '億':
			if inFen {
				return dst, false
			}
			if pending > 0 {
				section += pending
			}
			scale := int64(10_000)
			if r == '亿' || r == '億' {
				scale = 100_000_000
				section += total
				total = 0
			}
			if section == 0 || section > limit/scale {
				return dst, false
			}
			total += section * scale
			section, pending, lastUnit = 0, -1, 10_000
		case r == '元' || r == '圆' || r == '圓':
			if inFen || !seen {
				return dst, false
			}
			if pending > 0 {
				section += pending
			}
			total, section, pending, inFen = total+section, 0, -1, true
		case (r == '角' || r == '分') && pending > 0:
			part := int64(2)
			if r == '分' {
				part = 1
			}
			if part >= lastPart || section > 0 || total > 0 && !inFen {
				return dst, false
			}
			fen += pending * (1 + 9*(part-1)) // 分 1, 角 10
			pending, lastPart, inFen = -1, part, true
		case (r == '整' || r == '正') && i == len(b) && inFen:
		default:
			return dst, false
		}
	}
	if !seen || pending > 0 && inFen {
		return dst, false
	}
	if pending > 0 {
		section += pending
	}
	total += section
	if negative {
		dst = append(dst, '-')
	}
	dst = strconv.AppendInt(dst, total, 10)
	if fen > 0 {
		dst = append(dst, '.', '0'+byte(fen/10), '0'+byte(fen%10))
	}
	return dst, true
}

// plainDecimal reports whether b is an optional minus, digits and perhaps a point and digits.
func plainDecimal(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	point := -1
	for i, c := range b {
		if c == '.' && point < 0 && i > 0 && i < len(b)-1 {
			point = i
		} else if c-'0' > 9 {
			return false
		}
	}
	return len(b) > 0
}
