package main

import (
	"fmt"

	"clearwell/rules"
)

// column is one generated column: value gives the text of a row, empty for null.
type column struct {
	name  string
	typ   rules.Type
	value func(row uint64) string
}

var (
	text    = rules.Type{Kind: rules.String}
	integer = rules.Type{Kind: rules.Integer}
	number  = rules.Type{Kind: rules.Number}
	money   = rules.Type{Kind: rules.Decimal, Precision: 18, Scale: 2}
	boolean = rules.Type{Kind: rules.Boolean, True: []string{"true"}, False: []string{"false"}}
	date    = rules.Type{Kind: rules.Date, Formats: []string{"yyyy-MM-dd"}, MinYear: 1900, MaxYear: 2100}
	moment  = rules.Type{Kind: rules.Timestamp, Formats: []string{"yyyy-MM-dd HH:mm:ss"}, MinYear: 1900, MaxYear: 2100}
)

// mix is a number that looks random, from a row and a salt (splitmix64: Steele, Lea and Flood, 2014).
func mix(row, salt uint64) uint64 {
	z := (row+1)*0x9E3779B97F4A7C15 + salt*0xD1B54A32D192ED03
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func below(row, salt, n uint64) int { return int(mix(row, salt) % n) }

// dirty is values as deliveries have them: one cell in fifty is empty, one in twenty of a form that has to be cleaned or fails.
func dirty(salt uint64, clean, other func(row uint64) string) func(row uint64) string {
	return func(row uint64) string {
		switch k := below(row, salt+1000, 100); {
		case k < 2:
			return ""
		case k < 7:
			return other(row)
		}
		return clean(row)
	}
}

// gaps is clean values, one in fifty empty.
func gaps(salt uint64, clean func(row uint64) string) func(row uint64) string {
	return func(row uint64) string {
		if below(row, salt+1000, 100) < 2 {
			return ""
		}
		return clean(row)
	}
}

func oneOf(salt uint64, words ...string) func(row uint64) string {
	return func(row uint64) string { return words[below(row, salt, uint64(len(words)))] }
}

func always(s string) func(row uint64) string { return func(uint64) string { return s } }

// format writes as many numbers as there are limits, each from 1 to its limit.
func format(salt uint64, pattern string, limits ...uint64) func(row uint64) string {
	return func(row uint64) string {
		args := make([]any, len(limits))
		for k, n := range limits {
			args[k] = 1 + below(row, salt+uint64(k)*17, n)
		}
		return fmt.Sprintf(pattern, args...)
	}
}

// person is a number of an identity card with a check digit that is right (GB 11643-1999).
func person(row uint64) string {
	n := fmt.Sprintf("%s19%02d%02d%02d%03d", []string{"110101", "330106", "513423"}[below(row, 61, 3)], 40+below(row, 62, 60), 1+below(row, 63, 12), 1+below(row, 64, 28), below(row, 65, 1000))
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(n[i]-'0') * w
	}
	return n + "10X98765432"[sum%11:sum%11+1]
}

func day(row, salt uint64, from int) string {
	return fmt.Sprintf("%d-%02d-%02d", from+below(row, salt, 20), 1+below(row, salt+1, 12), 1+below(row, salt+2, 28))
}

func amount(row uint64) int { return below(row, 31, 900000) }

// rare is true on one row in fifty, of those that rules find wrong.
func rare(row, salt uint64) bool { return below(row, salt, 50) == 0 }

// columns are what cases read. Those of a type other than text have no values that are not of it.
var columns = []column{
	// text to be cleaned
	{"name", text, dirty(1, oneOf(2, "欧阳娜娜", "王伟", "阿凡提", "李秀英"), always(" 王伟　"))},
	{"name_blanks", text, dirty(3, oneOf(4, "欧阳 娜娜", "王伟", "阿卜杜拉 吐尔逊"), always("王  伟"))},
	{"wide", text, dirty(5, format(6, "138%04d%04d", 8999, 8999), always("１３８１２３４５６７８"))},
	{"small_x", text, dirty(7, format(8, "51342319900101%04d", 9000), always("5134231990010112x"))},
	{"capitals", text, dirty(9, format(10, "a%d@139.com", 90000), always("A.B@QQ.com"))},
	{"marks", text, dirty(11, format(12, "138%04d%04d", 8999, 8999), always("138-1234 5678"))},
	{"prefixed", text, dirty(13, format(14, "138%04d%04d", 8999, 8999), always("+8613812345678"))},
	{"suffixed", text, dirty(15, oneOf(16, "成都", "盐源", "呼和浩特"), always("成都市"))},
	{"brackets", text, dirty(17, oneOf(18, "欧阳娜娜", "王伟", "四川省盐源县环城南路30号"), always("王伟（大）"))},
	{"gender", text, dirty(19, oneOf(20, "男", "女", "M"), always("不详"))},
	{"money_text", text, dirty(21, format(22, "%d.%02d", 900000, 98), oneOf(23, "1,234.5", "12.5万"))},
	{"account", text, dirty(24, format(25, "%d.%02d", 90000, 98), oneOf(26, "(5)", "壹万贰仟元整", "5 CR"))},
	{"area_phone", text, dirty(27, format(28, "0755-%07d", 9000000), always("7654321"))},
	{"sentence", text, dirty(29, format(30, "区划%06d号", 900000), always("无"))},
	{"old_id", text, dirty(33, person, always("110105491231002"))},
	{"composed", text, dirty(34, oneOf(35, "四川省凉山州盐源县", "王伟", "abc 12"), always("e\u0301tudes"))},
	{"compat", text, dirty(36, oneOf(37, "四川省凉山州盐源县", "王伟", "abc 12"), always("①Ａ㎡"))},
	{"complex", text, dirty(38, oneOf(39, "四川省凉山州盐源县", "王伟", "abc 12"), always("臺灣省臺北市"))},
	{"simple", text, dirty(40, oneOf(41, "王伟", "人山", "中山北路"), always("头发发展"))},
	{"invisible", text, dirty(42, oneOf(43, "四川省凉山州盐源县", "王伟", "abc 12"), always("王\u200b伟"))},
	{"area", text, dirty(44, format(45, "%d.%d", 900, 98), always("3公顷"))},
	{"excel", text, dirty(46, oneOf(47, "2024-01-01", "2024-11-30"), format(48, "4%04d", 8999))},
	{"zoned", text, dirty(49, format(50, "2024-%02d-%02d 10:00:00", 9, 28), format(51, "2024-%02d-01T00:%02d:00Z", 9, 50))},
	{"short", text, dirty(52, format(53, "20%02d-%02d-%02d", 24, 12, 28), always("99/3/1"))},
	{"republic", text, dirty(54, format(55, "20%02d-%02d-%02d", 24, 12, 28), always("民國113年5月6日"))},
	{"address", text, dirty(56, oneOf(57, "四川省凉山彝族自治州盐源县盐井街道环城南路30号", "浙江省杭州市西湖区转塘街道象山路352号", "人民路5号3栋1单元302室"), always("无"))},
	{"sex", text, dirty(58, oneOf(59, "1", "2"), oneOf(60, "男", "男性", "x"))},
	{"region_old", text, dirty(70, oneOf(71, "110101", "510100", "330106"), oneOf(72, "110228", "110103"))},
	{"missing", text, dirty(73, oneOf(74, "四川省凉山州盐源县", "王伟"), always(""))},
	// text to be read as another type
	{"integer_text", text, dirty(75, format(76, "%d", 900000), always("12a"))},
	{"number_text", text, dirty(77, format(78, "%d.%06d", 900, 900000), always("n/a"))},
	{"decimal_text", text, dirty(79, format(80, "%d.%02d", 900000, 98), always("1.2.3"))},
	{"boolean_text", text, dirty(81, oneOf(82, "是", "否"), always("?"))},
	{"date_text", text, dirty(83, format(84, "19%02d-%02d-%02d", 98, 12, 28), oneOf(85, "2001-02-30", "20010203", "2001/3/4"))},
	{"moment_text", text, dirty(86, format(87, "2024-%02d-%02d 09:20:%02d", 12, 28, 59), always("2024"))},
	// text to be checked
	{"region", text, gaps(90, oneOf(91, "浙江省杭州市", "四川省凉山彝族自治州", "北京市", "上海市"))},
	{"code", text, dirty(92, oneOf(93, "110101", "330106", "513423", "310101"), oneOf(94, "000000", "无", "99"))},
	{"email", text, dirty(95, format(96, "user%d@example.org", 900000), oneOf(97, "user", "a@", "@b.com"))},
	{"phone", text, dirty(98, format(99, "138%04d%04d", 8999, 8999), always("12345"))},
	{"id", text, dirty(101, person, always("110105194912310021"))},
	{"id_twin", text, dirty(101, person, always("110105194912310022"))},
	{"json_text", text, dirty(103, format(104, `{"面积": %d, "层": [1, %d]}`, 900, 9), always(`{"面积": }`))},
	{"grade", text, gaps(105, oneOf(106, "低", "中", "高"))},
	{"grade_after", text, gaps(107, func(row uint64) string {
		if rare(row, 108) {
			return "低"
		}
		return "高"
	})},
	// values of other types
	{"i", integer, gaps(110, func(row uint64) string { return fmt.Sprint(amount(row)) })},
	{"j", integer, gaps(111, func(row uint64) string {
		if rare(row, 112) {
			return fmt.Sprint(amount(row))
		}
		return fmt.Sprint(amount(row) + 1)
	})},
	{"x", number, gaps(113, format(114, "%d.%03d", 900, 999))},
	{"y", number, gaps(115, func(row uint64) string {
		return fmt.Sprintf("%d.%03d", 2*(1+below(row, 114, 900)), below(row, 116, 999))
	})},
	{"m", money, gaps(117, func(row uint64) string { return fmt.Sprintf("%d.00", amount(row)) })},
	{"n", money, gaps(118, func(row uint64) string {
		if rare(row, 131) {
			return "0.50"
		}
		return fmt.Sprintf("%d.50", amount(row)+1)
	})},
	{"total", money, gaps(119, func(row uint64) string {
		if rare(row, 120) {
			return "1.00"
		}
		return fmt.Sprintf("%d.50", 2*amount(row)+1)
	})},
	{"b", boolean, gaps(121, oneOf(122, "true", "false"))},
	{"d", date, gaps(123, func(row uint64) string { return day(row, 124, 1990) })},
	{"e", date, gaps(127, func(row uint64) string {
		if rare(row, 128) {
			return "1980-01-01"
		}
		return day(row, 129, 2010)
	})},
	{"w", moment, gaps(132, func(row uint64) string {
		if rare(row, 138) {
			return "1980-01-01 00:00:00"
		}
		return day(row, 133, 2010) + fmt.Sprintf(" %02d:30:%02d", below(row, 136, 24), below(row, 137, 60))
	})},
	// keys and values of rules over all rows
	{"key", text, gaps(140, func(row uint64) string {
		if rare(row, 141) {
			row /= 2
		}
		return fmt.Sprintf("K%09d", mix(row, 142)%1_000_000_000)
	})},
	{"county", text, gaps(143, func(row uint64) string { return fmt.Sprintf("%06d", 110000+below(row, 144, 3000)) })},
	{"city", text, gaps(145, func(row uint64) string {
		if rare(row, 146) {
			return "无"
		}
		return fmt.Sprintf("市%04d", (110000+below(row, 144, 3000))/100)
	})},
	{"serial", integer, gaps(147, func(row uint64) string {
		if rare(row, 148) {
			row -= row / 10
		}
		return fmt.Sprint(10 * row)
	})},
}

func columnOf(name string) *column {
	for k := range columns {
		if columns[k].name == name {
			return &columns[k]
		}
	}
	return nil
}
