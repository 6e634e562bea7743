package generator

import (
	"fmt"
	"strings"
)

// A date of the calendar; the generator needs no more of it.
type date struct{ year, month, day int }

// A person is one resident with the business that he or she may own: what is true, before anybody typed it.
type person struct {
	region     place // where the identity number was given
	home       place
	female     bool
	birth      date
	id         string // 18 characters; with a wrong check character in some
	name       string
	phone      string
	street     string
	uscc       string // empty: no business
	fen        int64  // the capital, in hundredths of a yuan
	registered date
	email      string
}

func newPerson(s source) person {
	p := person{region: pick(s, places), female: s.below(2) == 0}
	p.home = p.region
	if s.chance(3000) {
		p.home = pick(s, places)
	}
	p.birth = date{s.between(1935, 2015), s.between(1, 12), 0}
	p.birth.day = s.between(1, daysIn(p.birth.year, p.birth.month))
	p.id = identityNumber(s, p)
	p.name = pick(s, surnames) + pick(s, givenNames)
	p.phone = fmt.Sprintf("1%d%d%08d", s.between(3, 9), s.below(10), s.below(100_000_000))
	p.street = fmt.Sprintf("%s%d号%s%d幢%d单元%d室", pick(s, streets), s.between(1, 400), pick(s, estates), s.between(1, 40), s.between(1, 4), s.between(1, 30)*100+s.between(1, 4))
	if !s.chance(noBusiness) {
		p.uscc = creditCode(s, p.home)
		switch s.below(4) {
		case 0: // a capital in round units of ten thousand
			p.fen = int64(s.between(1, 9000)) * 10_000 * 100
		case 1:
			p.fen = int64(s.between(1, 500_000_000))
		default:
			p.fen = int64(s.between(1, 5_000_000)) * 100
		}
	}
	p.registered = date{s.between(max(2005, p.birth.year), 2024), s.between(1, 12), s.between(1, 28)}
	if !s.chance(emailMissing) {
		p.email = fmt.Sprintf("%s%s%d@%s", pick(s, syllables), pick(s, syllables), s.below(10_000), pick(s, mailHosts))
	}
	return p
}

// identityNumber is a number after GB 11643-1999: region, birth date, sequence (odd for men), check character.
func identityNumber(s source, p person) string {
	sequence := s.below(500) * 2
	if !p.female {
		sequence++
	}
	body := fmt.Sprintf("%s%04d%02d%02d%03d", p.region.code, p.birth.year, p.birth.month, p.birth.day, sequence)
	check := identityCheck(body)
	if s.chance(idWrongCheck) {
		check = otherThan(s, "0123456789X", check)
	}
	return body + string(check)
}

// identityCheck is ISO 7064 MOD 11-2 over 17 digits.
func identityCheck(body string) byte {
	remainder := 0
	for i := range len(body) {
		remainder = (remainder + int(body[i]-'0')) * 2 % 11
	}
	return "0123456789X"[(12-remainder)%11]
}

// creditAlphabet is that of GB 32100-2015: no I, O, S, V, Z.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// creditCode is a code after GB 32100-2015 for a business of the industry and commerce register.
func creditCode(s source, home place) string {
	var b strings.Builder
	b.WriteString(pick(s, []string{"91", "91", "92"}))
	b.WriteString(home.code)
	for range 9 {
		b.WriteByte(creditAlphabet[s.below(len(creditAlphabet))])
	}
	check := creditCheck(b.String())
	if s.chance(usccWrong) {
		check = otherThan(s, creditAlphabet, check)
	}
	return b.String() + string(check)
}

// creditCheck is the check character of GB 32100-2015 over 17 characters: weights are the powers of 3 modulo 31.
func creditCheck(body string) byte {
	sum, weight := 0, 1
	for i := range len(body) {
		sum += strings.IndexByte(creditAlphabet, body[i]) * weight
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-sum%31)%31]
}

func otherThan(s source, alphabet string, not byte) byte {
	at := strings.IndexByte(alphabet, not)
	return alphabet[(at+s.between(1, len(alphabet)-1))%len(alphabet)]
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
