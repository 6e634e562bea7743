package generator

import (
	"fmt"
	"strconv"
	"strings"
)

// record writes a person down as one record of the file, with the habits and
// mistakes of whoever typed it. A redelivered person has a later update time
// and often another telephone or remark.
func (p person) record(s source, number int, redelivered bool) []string {
	if redelivered && s.below(2) == 0 {
		p.phone = fmt.Sprintf("1%d%d%08d", s.between(3, 9), s.below(10), s.below(100_000_000))
	}
	typed := func(cell string) string { return surround(s, cell) }
	code := func(cell string) string {
		if cell != "" && s.chance(fullWidth) {
			cell = widen(cell)
		}
		return surround(s, cell)
	}
	return []string{
		fmt.Sprintf("DJ%08d", number+1),
		typed(pick(s, departments)),
		code(p.typeID(s)),
		typed(p.typeName(s)),
		code(p.typeGender(s)),
		code(p.typeBirth(s)),
		code(p.typePhone(s)),
		typed(p.home.province + p.home.city + p.home.county + p.street),
		code(p.typeRegion(s)),
		code(p.typeUSCC(s)),
		code(p.typeAmount(s)),
		code(p.typeRegistered(s)),
		code(typeUpdate(s, p.registered, redelivered)),
		code(p.typeEmail(s)),
		typed(typeRemark(s)),
	}
}

func (p person) typeID(s source) string {
	switch {
	case s.chance(idMissing):
		return ""
	case p.birth.year < 2000 && s.chance(idOldForm):
		return p.id[:6] + p.id[8:17]
	case s.below(4) == 0:
		return strings.ToLower(p.id)
	}
	return p.id
}

func (p person) typeName(s source) string {
	switch {
	case s.chance(nameMissing):
		return ""
	case s.chance(nameBlank):
		first, size := firstCharacter(p.name)
		return first + pick(s, []string{" ", "\u3000", "  "}) + p.name[size:]
	}
	return p.name
}

func (p person) typeGender(s source) string {
	switch {
	case s.chance(genderUnknown):
		return pick(s, []string{"男性别", "X", "3", "不详", "N/A"})
	case s.chance(200):
		return pick(s, []string{"", "未知", "0", "9"})
	case p.female:
		return pick(s, []string{"女", "女", "女", "女性", "2", "F", "f"})
	}
	return pick(s, []string{"男", "男", "男", "男性", "1", "M", "m"})
}

func (p person) typeBirth(s source) string {
	switch {
	case s.chance(birthMissing):
		return ""
	case s.chance(birthNoDate):
		return pick(s, []string{"1990-02-30", "1985-13-01", "0000-00-00", "1979/02/29", "20010431", "1992年4月31日", "不详", "85-3-9", "1800-01-01"})
	case s.chance(birthOther):
		return writeDate(s, date{s.between(1935, 2015), p.birth.month, s.between(1, 28)})
	}
	return writeDate(s, p.birth)
}

func (p person) typeRegistered(s source) string {
	switch {
	case s.chance(registeredLate):
		return writeDate(s, date{s.between(2026, 2029), s.between(1, 12), s.between(1, 28)})
	case s.chance(registeredNoDate):
		return pick(s, []string{"不详", "2011-02-29", "20121301"})
	}
	return writeDate(s, p.registered)
}

// writeDate uses one of the four forms that the departments use.
func writeDate(s source, d date) string {
	switch s.below(10) {
	case 0, 1:
		return fmt.Sprintf("%d/%d/%d", d.year, d.month, d.day)
	case 2:
		return fmt.Sprintf("%04d%02d%02d", d.year, d.month, d.day)
	case 3:
		return fmt.Sprintf("%d年%d月%d日", d.year, d.month, d.day)
	case 4:
		return fmt.Sprintf("%d-%d-%d", d.year, d.month, d.day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
}

func (p person) typePhone(s source) string {
	switch {
	case s.chance(phoneMissing):
		return ""
	case s.chance(phoneWrong):
		return pick(s, []string{p.phone[:10], p.phone + "0", "0571-8" + p.phone[4:], "12" + p.phone[2:], "无"})
	}
	switch s.below(12) {
	case 0:
		return "+86" + p.phone
	case 1:
		return "+86 " + p.phone
	case 2:
		return p.phone[:3] + " " + p.phone[3:7] + " " + p.phone[7:]
	case 3:
		return p.phone[:3] + "-" + p.phone[3:7] + "-" + p.phone[7:]
	}
	return p.phone
}

func (p person) typeRegion(s source) string {
	if s.chance(regionWrong) {
		return pick(s, []string{"999999", "000000", "33O102", "3301", "339999", "3301020", ""})
	}
	return p.home.code
}

func (p person) typeUSCC(s source) string {
	switch {
	case p.uscc == "":
		return ""
	case s.below(10) == 0:
		return strings.ToLower(p.uscc)
	}
	return p.uscc
}

func (p person) typeAmount(s source) string {
	if p.uscc == "" {
		return ""
	}
	if s.chance(amountWrong) {
		return pick(s, []string{"-" + yuan(p.fen), "100000000.01", "250000万", "面议", "1.2.3", "壹佰万元"})
	}
	whole := p.fen%100 == 0
	switch s.below(6) {
	case 0:
		return group(yuan(p.fen))
	case 1:
		if whole && p.fen/100%100 == 0 { // hundreds of yuan are two decimals of ten thousand
			return trimZeros(yuan(p.fen/10_000)) + "万"
		}
	case 2:
		if whole {
			return strconv.FormatInt(p.fen/100, 10)
		}
	}
	return yuan(p.fen)
}

// yuan writes hundredths with two decimals.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

// group puts a comma between groups of three integer digits.
func group(amount string) string {
	integer, decimals, _ := strings.Cut(amount, ".")
	for at := len(integer) - 3; at > 0; at -= 3 {
		integer = integer[:at] + "," + integer[at:]
	}
	return integer + "." + decimals
}

func trimZeros(amount string) string { return strings.TrimRight(strings.TrimRight(amount, "0"), ".") }

func typeUpdate(s source, registered date, redelivered bool) string {
	year, clock := s.between(registered.year+1, 2025), fmt.Sprintf("%02d:%02d:%02d", s.below(24), s.below(60), s.below(60))
	month, day := s.between(1, 12), s.between(1, 28)
	if redelivered && year < 2025 {
		year++
	}
	switch {
	case s.chance(updateMissing):
		return pick(s, []string{"", "2024-13-01 00:00:00", "昨天"})
	case s.below(5) == 0:
		return fmt.Sprintf("%04d/%02d/%02d %s", year, month, day, clock)
	}
	return fmt.Sprintf("%04d-%02d-%02d %s", year, month, day, clock)
}

func (p person) typeEmail(s source) string {
	switch {
	case p.email == "":
		return ""
	case s.chance(emailWrong):
		return strings.Replace(p.email, "@", pick(s, []string{"", " ", "#", "@@"}), 1)
	case s.below(8) == 0:
		return strings.ToUpper(p.email)
	}
	return p.email
}

func typeRemark(s source) string {
	switch {
	case s.chance(lineBreak):
		return pick(s, remarks) + "\n" + pick(s, remarks)
	case s.chance(200):
		return pick(s, remarks) + `，经办人称"` + pick(s, remarks) + `",待核`
	case s.below(3) == 0:
		return ""
	}
	return pick(s, remarks)
}

// surround puts blanks around some of the cells that are not empty.
func surround(s source, cell string) string {
	if cell == "" || !s.chance(surrounded) {
		return cell
	}
	switch s.below(5) {
	case 0:
		return cell + "\u3000"
	case 1:
		return " " + cell
	case 2:
		return cell + "\t"
	case 3:
		return "\u3000" + cell + " "
	}
	return cell + "  "
}

// widen writes the printable ASCII characters as their full-width forms, a space as the ideographic one.
func widen(cell string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '\u3000'
		case r > ' ' && r <= '~':
			return r - '!' + '！'
		}
		return r
	}, cell)
}

func firstCharacter(name string) (first string, size int) {
	for i := range name {
		if i > 0 {
			return name[:i], i
		}
	}
	return name, len(name)
}
