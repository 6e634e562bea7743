package standard

import (
	"math/rand/v2"
	"strconv"
)

// Samples and reasons of the Chinese standards.

// inventRegion is a county that stands in the newest revision.
func inventRegion(r *rand.Rand) []byte {
	t := regions()
	for {
		code := t.codes[r.IntN(len(t.codes))]
		if t.current.has(code) && code%100 != 0 {
			return strconv.AppendUint(nil, uint64(code), 10)
		}
	}
}

// inventDay is a day from 1950 to 2009 as yyyymmdd.
func inventDay(r *rand.Rand) []byte {
	y, m, d := CivilFromDays(DaysFromCivil(1950, 1, 1) + int32(r.IntN(60*365)))
	return strconv.AppendInt(nil, int64(y*10000+m*100+d), 10)
}

func inventID(_ options, r *rand.Rand) []byte {
	b := append(inventRegion(r), inventDay(r)...)
	b = append(b, fill(r, "###")...)
	return append(b, idCheck(b))
}

// withCheck puts the check character right behind a change, so that the change
// alone is what is wrong.
func withCheck(b []byte) []byte {
	b[17] = idCheck(b[:17])
	return b
}

var idShape = shape{
	lengths: []int{18, 15},
	check:   checkPlace{from: -1, width: 1, chars: "0123456789X"},
	make:    inventID,
	spoil: []spoiler{
		func(r *rand.Rand, b []byte) []byte {
			copy(b[10:], pick(r, "0230", "1301", "0431"))
			return withCheck(b)
		},
		func(r *rand.Rand, b []byte) []byte {
			copy(b, pick(r, "990105", "110199", "000000"))
			return withCheck(b)
		},
	},
	why: whyID,
}

func whyID(o options, b []byte) *Reason {
	if len(b) != idLength && len(b) != oldIDLength {
		return nil // the length says it
	}
	digits := b[:len(b)-1]
	if len(b) == oldIDLength {
		digits = b
	}
	for i, c := range digits {
		if c-'0' > 9 {
			return because(ReasonCharacter, "the character %q in place %d is no digit", "第 %[2]d 位 %[1]q 不是数字", []rune(string(b[i:]))[0], i+1)
		}
	}
	y, m, d := 0, 0, 0
	if len(b) == oldIDLength {
		y, m, d = 1900+two(b[6:]), two(b[8:]), two(b[10:])
	} else {
		y, m, d = four(b[6:]), two(b[10:]), two(b[12:])
	}
	least, _ := o.year("min_year")
	most, _ := o.year("max_year")
	region, _ := sixDigits(b[:6])
	switch {
	case !ValidDate(y, m, d):
		return because(ReasonDate, "there is no day %04d-%02d-%02d", "出生日期 %04d-%02d-%02d 不存在", y, m, d)
	case y < least || y > most:
		return because(ReasonDate, "the year of birth %d is not from %d to %d", "出生年份 %d 不在 %d 至 %d 之间", y, least, most)
	case o.is("region") && !idRegion(region):
		return because(ReasonRegion, "GB/T 2260 never had the region %06d", "行政区划代码 %06d 从未存在", region)
	}
	return nil
}

var usccShape = shape{
	lengths: []int{18},
	check:   checkPlace{from: -1, width: 1, chars: usccAlphabet},
	make: func(_ options, r *rand.Rand) []byte {
		b := append([]byte("91"), inventRegion(r)...)
		for len(b) < 17 {
			b = append(b, usccAlphabet[r.IntN(31)])
		}
		var sum uint32
		for i, w := range usccWeights {
			sum += uint32(usccValues[b[i]]) * w
		}
		return append(b, usccAlphabet[(31-sum%31)%31])
	},
	spoil: []spoiler{swapFor(8, "O", "I", "S", "V", "Z")},
	why:   func(_ options, b []byte) *Reason { return foreign(b, usccAlphabet) },
}

var taxShape = shape{
	lengths: []int{15, 17, 18, 20},
	check:   checkPlace{from: -1, width: 1, chars: "0123456789ABCDEFGHJKLMNPQRTUWXY"},
	make: func(o options, r *rand.Rand) []byte {
		switch kind := r.IntN(4); {
		case kind == 0 && o.is("old"):
			return append(inventRegion(r), fill(r, "#########")...)
		case kind == 1 && o.is("old"):
			return append(inventID(o, r), fill(r, "##")...)
		case kind == 2:
			return inventID(o, r)
		}
		return usccShape.make(o, r)
	},
}

var divisionShape = shape{
	make: func(o options, r *rand.Rand) []byte {
		b := inventRegion(r)
		switch o.text("digits") {
		case "9":
			return append(b, fill(r, "00#")...)
		case "12":
			return append(b, fill(r, "00#00#")...)
		}
		return b
	},
	spoil: []spoiler{
		swapFor(0, "99", "00", "90"),
		swapFor(4, "99"),
		func(_ *rand.Rand, b []byte) []byte { return b[:len(b)-1] },
	},
	why: func(o options, b []byte) *Reason {
		digits := o.text("digits")
		if n := len(b); digits != "any" && strconv.Itoa(n) != digits || n != 6 && n != 9 && n != 12 {
			want := digits
			if want == "any" {
				want = "6, 9, 12"
			}
			return because(ReasonLength, "it has %d characters, not %s", "共 %d 位，应为 %s 位", n, want)
		}
		code, ok := sixDigits(b[:6])
		switch {
		case !ok || !allDigits(b):
			return foreign(b, "0123456789")
		case !regions().ever.has(code):
			return because(ReasonRegion, "GB/T 2260 never had the code %06d", "GB/T 2260 从未有代码 %06d", code)
		case o.is("current") && !regions().current.has(code):
			name, _ := RegionName(b[:6])
			return because(ReasonRegion, "the code %06d (%s) is abolished", "代码 %06d（%s）已撤销", code, name)
		}
		return because(ReasonCode, "the list of 2023 has no such township in the county", "2023 年名录中该县无此乡镇代码")
	},
}

// Common family names and characters of given names, for invented names.
const (
	familyNames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
	givenNames  = "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚桂英华文清"
)

var nameShape = shape{
	make: func(_ options, r *rand.Rand) []byte {
		family, given := []rune(familyNames), []rune(givenNames)
		name := []rune{family[r.IntN(len(family))]}
		for range 1 + r.IntN(2) {
			name = append(name, given[r.IntN(len(given))])
		}
		if r.IntN(6) == 0 {
			name = append(append(name, middleDot), given[r.IntN(len(given))], given[r.IntN(len(given))])
		}
		return []byte(string(name))
	},
	spoil: []spoiler{
		func(r *rand.Rand, b []byte) []byte { return append(b, pick(r, "1", "*", "·", "先生?")...) },
		func(_ *rand.Rand, b []byte) []byte { return b[:3] },
	},
	why: func(o options, b []byte) *Reason {
		runes := []rune(string(b))
		if len(runes) < 2 || len(runes) > maxNameChars {
			return because(ReasonLength, "it has %d characters, not 2 to %d", "共 %d 个字符，应为 2 至 %d 个", len(runes), maxNameChars)
		}
		for i, c := range runes {
			if !isHan(c) && c != middleDot && !o.is("latin") {
				return because(ReasonCharacter, "the character %q in place %d cannot stand in a name", "第 %[2]d 个字符 %[1]q 不能用于姓名", c, i+1)
			}
		}
		return nil
	},
}

// compileAmount: the check is that of the type, which reads what cleaning wrote.
func compileAmount(options) (*Compiled, error) { return &Compiled{Clean: cleanAmount}, nil }

var amountShape = shape{
	patterns: []string{"1,###.##", "##,###", "#.#万", "¥#,###.00", "(###)", "####.##", "#.##亿元", "壹万贰仟叁佰元整"},
	spoil:    []spoiler{instead("12,34", "1,2345", "1.2.3", "约500", "12万3", "(-5)", "叁佰壹仟元", "5元角")},
	accepts:  func(options) func([]byte) bool { return plainDecimal },
}
