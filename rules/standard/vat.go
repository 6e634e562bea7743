package standard

// Value-added-tax identification numbers of the European Union: the 27 member
// states and Northern Ireland (XI), with their prefix; Greece writes EL. Form and
// check digits follow the European Commission's "VIES VAT number algorithms" and
// what the member states publish; each function states its rule. A number that
// passes may still not be registered: only VIES knows that.

// A vatRule is the rule of one country, on the characters behind the prefix.
type vatRule struct {
	country string
	valid   func(b []byte) bool
	form    string   // what stands behind the prefix, for people
	samples []string // patterns of right numbers, see fill
}

var vatRules = [...]vatRule{
	{"AT", vatAT, "U and 8 digits", []string{"U########"}},
	{"BE", vatBE, "10 digits, the first 0 or 1", []string{"0#########", "1#########"}},
	{"BG", vatBG, "9 or 10 digits", []string{"#########"}},
	{"CY", vatCY, "8 digits and a letter", []string{"10######^"}},
	{"CZ", vatCZ, "8 to 10 digits", []string{"2#######"}},
	{"DE", vatDE, "9 digits", []string{"1########"}},
	{"DK", vatDK, "8 digits", []string{"########"}},
	{"EE", vatEE, "9 digits", []string{"10#######"}},
	{"EL", vatEL, "9 digits", []string{"#########"}},
	{"ES", vatES, "9 characters, with a letter at one end or at both", []string{"B########", "########^", "X#######^"}},
	{"FI", vatFI, "8 digits", []string{"########"}},
	{"FR", vatFR, "2 characters and 9 digits", []string{"###########"}},
	{"HR", vatHR, "11 digits", []string{"###########"}},
	{"HU", vatHU, "8 digits", []string{"########"}},
	{"IE", vatIE, "7 digits and 1 or 2 letters, or the old form with a sign in the second place", []string{"#######^"}},
	{"IT", vatIT, "11 digits", []string{"#######00##"}},
	{"LT", vatLT, "9 or 12 digits", []string{"#######1#", "##########1#"}},
	{"LU", vatLU, "8 digits", []string{"########"}},
	{"LV", vatLV, "11 digits", []string{"4##########"}},
	{"MT", vatMT, "8 digits", []string{"########"}},
	{"NL", vatNL, "9 digits, B and 2 digits", []string{"#########B##"}},
	{"PL", vatPL, "10 digits", []string{"##########"}},
	{"PT", vatPT, "9 digits", []string{"5########"}},
	{"RO", vatRO, "2 to 10 digits", []string{"########"}},
	{"SE", vatSE, "12 digits that end in 01", []string{"##########01"}},
	{"SI", vatSI, "8 digits", []string{"########"}},
	{"SK", vatSK, "10 digits", []string{"20########"}},
	{"XI", vatXI, "9 or 12 digits, or GD or HA and 3 digits", []string{"#########"}},
}

// vatIndex is the rule of each prefix, by its two letters.
var vatIndex = func() (index [26 * 26]*vatRule) {
	for i := range vatRules {
		c := vatRules[i].country
		index[int(c[0]-'A')*26+int(c[1]-'A')] = &vatRules[i]
	}
	return index
}()

func vatRuleOf(b []byte) *vatRule {
	if len(b) < 4 || b[0]-'A' > 25 || b[1]-'A' > 25 {
		return nil
	}
	return vatIndex[int(b[0]-'A')*26+int(b[1]-'A')]
}

// ValidVAT reports whether b is a VAT number of the European Union with its
// prefix, in capital letters and without separators.
func ValidVAT(b []byte) bool {
	rule := vatRuleOf(b)
	return rule != nil && rule.valid(b[2:])
}

// weighted is the sum of the digits of b, each with its weight. b are digits and
// no fewer than weights.
func weighted(b []byte, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(b[i]-'0')
	}
	return sum
}

func digit(c byte) int { return int(c - '0') }

func isDigits(b []byte, length int) bool { return len(b) == length && allDigits(b) }

// vatAT: U, 7 digits, and what makes their Luhn sum plus 4 a multiple of ten.
func vatAT(b []byte) bool {
	if len(b) != 9 || b[0] != 'U' || !allDigits(b[1:]) {
		return false
	}
	sum := 4
	for i, c := range b[1:8] {
		if i%2 == 1 {
			sum += int(luhnDoubled[c-'0'])
		} else {
			sum += digit(c)
		}
	}
	return digit(b[8]) == (10-sum%10)%10
}

// vatBE: the last two digits are 97 minus the first eight mod 97.
func vatBE(b []byte) bool {
	if !isDigits(b, 10) || b[0] > '1' {
		return false
	}
	n, _ := decimal(b[:8])
	return n > 0 && two(b[8:]) == 97-n%97
}

// vatBG: 9 digits of companies; 10 of persons (EGN), of foreigners (PNF) and of others.
func vatBG(b []byte) bool {
	if !allDigits(b) {
		return false
	}
	switch len(b) {
	case 9:
		sum := weighted(b, 1, 2, 3, 4, 5, 6, 7, 8) % 11
		if sum == 10 {
			sum = weighted(b, 3, 4, 5, 6, 7, 8, 9, 10) % 11
		}
		return digit(b[8]) == sum%10
	case 10:
		last := digit(b[9])
		return weighted(b, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == last && bulgarianBirth(b) ||
			weighted(b, 21, 19, 17, 13, 11, 9, 7, 3, 1)%10 == last ||
			(11-weighted(b, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11 == last
	}
	return false
}

// bulgarianBirth: yymmdd, with 20 added to the month for the 19th century and 40 for the 21st.
func bulgarianBirth(b []byte) bool {
	year, month := 1900+two(b), two(b[2:])
	switch {
	case month > 40:
		year, month = year+100, month-40
	case month > 20:
		year, month = year-100, month-20
	}
	return ValidDate(year, month, two(b[4:]))
}

// cyprusOdd are the values of the digits in odd places.
var cyprusOdd = [10]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21}

// vatCY: 8 digits, not beginning with 12, and a letter: the sum with odd places translated, mod 26.
func vatCY(b []byte) bool {
	if len(b) != 9 || !allDigits(b[:8]) || b[0] == '1' && b[1] == '2' {
		return false
	}
	sum := 0
	for i := 0; i < 8; i += 2 {
		sum += cyprusOdd[b[i]-'0'] + digit(b[i+1])
	}
	return b[8] == 'A'+byte(sum%26)
}

// vatCZ: 8 digits of companies, 9 beginning with 6 of special cases, 9 or 10 of persons (rodné číslo).
func vatCZ(b []byte) bool {
	if !allDigits(b) {
		return false
	}
	switch {
	case len(b) == 8:
		check := (11 - weighted(b, 8, 7, 6, 5, 4, 3, 2)%11) % 11
		if check == 0 {
			check = 1
		}
		return b[0] != '9' && digit(b[7]) == check%10
	case len(b) == 9 && b[0] == '6':
		sum := weighted(b[1:], 8, 7, 6, 5, 4, 3, 2) % 11
		return digit(b[8]) == ((8-(21-sum)%11)+10)%10
	case len(b) == 9 || len(b) == 10:
		return birthNumber(b)
	}
	return false
}

// birthNumber is the Czech and Slovak rodné číslo: yymmdd with 50 added to the
// month for women and 20 when a day's numbers ran out; of ten digits from
// 1954 on, the first nine mod 11 (mod 10) being the last.
func birthNumber(b []byte) bool {
	year, month := 1900+two(b), two(b[2:])%50%20
	if len(b) == 9 {
		if year >= 1980 {
			year -= 100
		}
		return year <= 1953 && ValidDate(year, month, two(b[4:]))
	}
	if year < 1954 {
		year += 100
	}
	n, _ := decimal(b[:9])
	return ValidDate(year, month, two(b[4:])) && n%11%10 == digit(b[9])
}

// mod1110 is ISO 7064 MOD 11,10 over digits, the last of them the check digit.
func mod1110(b []byte) bool {
	check := 5
	for _, c := range b {
		if check == 0 {
			check = 10
		}
		check = (check*2%11 + digit(c)) % 10
	}
	return check == 1
}

// vatDE: 9 digits, the first not 0, ISO 7064 MOD 11,10.
func vatDE(b []byte) bool { return isDigits(b, 9) && b[0] != '0' && mod1110(b) }

// vatHR: 11 digits (OIB), ISO 7064 MOD 11,10.
func vatHR(b []byte) bool { return isDigits(b, 11) && mod1110(b) }

// vatDK: 8 digits (CVR), the first not 0, weighted sum a multiple of 11.
func vatDK(b []byte) bool {
	return isDigits(b, 8) && b[0] != '0' && weighted(b, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// vatEE: 9 digits, weighted sum a multiple of 10.
func vatEE(b []byte) bool { return isDigits(b, 9) && weighted(b, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0 }

// vatEL: 9 digits (AFM), the sum by powers of two mod 11 mod 10 is the last.
func vatEL(b []byte) bool {
	return isDigits(b, 9) && weighted(b, 256, 128, 64, 32, 16, 8, 4, 2)%11%10 == digit(b[8])
}

const spanishLetters = "TRWAGMYFPDXBNJZSQVHLCKE"

// vatES: DNI of residents, NIE of foreigners (X, Y, Z), K, L and M of special
// persons, all with a letter of 23; CIF of organisations with a Luhn digit or its letter.
func vatES(b []byte) bool {
	if len(b) != 9 || !allDigits(b[1:8]) {
		return false
	}
	n, _ := decimal(b[1:8])
	first, last := b[0], b[8]
	switch {
	case first-'0' <= 9:
		return last == spanishLetters[(n+digit(first)*10_000_000)%23]
	case first >= 'X' && first <= 'Z':
		return last == spanishLetters[(n+int(first-'X')*10_000_000)%23]
	case first >= 'K' && first <= 'M':
		return last == spanishLetters[n%23]
	case first >= 'A' && first <= 'J' && first != 'I' || first == 'N' || first >= 'P' && first <= 'S' || first >= 'U' && first <= 'W':
		sum := 0
		for i, c := range b[1:8] {
			if i%2 == 0 {
				sum += int(luhnDoubled[c-'0'])
			} else {
				sum += digit(c)
			}
		}
		check := (10 - sum%10) % 10
		return digit(last) == check || last == "JABCDEFGHI"[check]
	}
	return false
}

// vatFI: 8 digits (Y-tunnus), weighted sum a multiple of 11.
func vatFI(b []byte) bool { return isDigits(b, 8) && weighted(b, 7, 9, 10, 5, 8, 4, 2, 1)%11 == 0 }

// frenchValues: the characters of French keys, without I and O.
var frenchValues = alphabetValues("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ")

// vatFR: a key of two characters and the SIREN of 9 digits (Luhn; Monaco's begin
// with 000 and have none). A key of digits is the SIREN followed by 12, mod 97.
func vatFR(b []byte) bool {
	if len(b) != 11 || !allDigits(b[2:]) {
		return false
	}
	siren, first, second := b[2:], int(frenchValues[b[0]]), int(frenchValues[b[1]])
	if first == noValue || second == noValue || string(siren[:3]) != "000" && !Luhn(siren) {
		return false
	}
	n, _ := decimal(siren)
	if first < 10 && second < 10 {
		return first*10+second == (n*100+12)%97
	}
	check := first*34 + second - 100
	if first < 10 {
		check = first*24 + second - 10
	}
	return check >= 0 && (n+1+check/11)%11 == check%11
}

// vatHU: 8 digits, weighted sum a multiple of 10.
func vatHU(b []byte) bool { return isDigits(b, 8) && weighted(b, 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0 }

const irishLetters = "WABCDEFGHIJKLMNOPQRSTUV"

var irishValues = alphabetValues(irishLetters)

// vatIE: 7 digits and a letter of 23, since 2013 perhaps one more letter that
// counts nine times; until 1991 a letter, + or * in the second place.
func vatIE(b []byte) bool {
	if len(b) < 8 || len(b) > 9 || b[0]-'0' > 9 || !allDigits(b[2:7]) {
		return false
	}
	extra := 0
	if len(b) == 9 {
		v := irishValues[b[8]]
		if v == noValue {
			return false
		}
		extra = int(v)
	}
	var sum int
	switch c := b[1]; {
	case c-'0' <= 9:
		sum = weighted(b, 8, 7, 6, 5, 4, 3, 2) + 9*extra
	case len(b) == 8 && (c-'A' < 26 || c == '+' || c == '*'):
		sum = weighted(b[2:], 7, 6, 5, 4, 3) + 2*digit(b[0])
	default:
		return false
	}
	return b[7] == irishLetters[sum%23]
}

// vatIT: 11 digits (partita IVA), Luhn; digits 8 to 10 are the office's province.
func vatIT(b []byte) bool {
	if !isDigits(b, 11) || string(b[:7]) == "0000000" {
		return false
	}
	office, _ := decimal(b[7:10])
	known := office >= 1 && office <= 100 || office == 120 || office == 121 || office == 888 || office == 999
	return known && Luhn(b)
}

// vatLT: 9 digits with 1 in the place before the last, or 12 for temporary
// payers; weights 1 to 9 in turn mod 11, from 3 on if that gives 10.
func vatLT(b []byte) bool {
	if !allDigits(b) || len(b) != 9 && len(b) != 12 || b[len(b)-2] != '1' {
		return false
	}
	first, second := 0, 0
	for i, c := range b[:len(b)-1] {
		first += (1 + i%9) * digit(c)
		second += (1 + (i+2)%9) * digit(c)
	}
	check := first % 11
	if check == 10 {
		check = second % 11 % 10
	}
	return digit(b[len(b)-1]) == check
}

// vatLU: the last two of 8 digits are the first six mod 89.
func vatLU(b []byte) bool {
	if !isDigits(b, 8) {
		return false
	}
	n, _ := decimal(b[:6])
	return n > 0 && n%89 == two(b[6:])
}

// vatLV: 11 digits; of organisations from 4 on, weighted sum mod 11 is 3; of
// persons ddmmyy and century, or 32 for codes without birth date since 2017.
func vatLV(b []byte) bool {
	if !isDigits(b, 11) {
		return false
	}
	if b[0] > '3' {
		return weighted(b, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1)%11 == 3
	}
	if (1+weighted(b, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9))%11%10 != digit(b[10]) {
		return false
	}
	return b[0] == '3' && b[1] == '2' || ValidDate(1800+digit(b[6])*100+two(b[4:]), two(b[2:]), two(b))
}

// vatMT: 8 digits, weighted sum a multiple of 37.
func vatMT(b []byte) bool {
	return isDigits(b, 8) && b[0] != '0' && weighted(b, 3, 4, 6, 7, 8, 9, 10, 1)%37 == 0
}

// vatNL: 9 digits, B, 2 digits: the old numbers pass the test of eleven of the
// citizen's number, those of sole traders since 2020 ISO 7064 MOD 97-10 with NL before them.
func vatNL(b []byte) bool {
	if len(b) != 12 || b[9] != 'B' || !allDigits(b[:9]) || !allDigits(b[10:]) || two(b[10:]) == 0 {
		return false
	}
	n, _ := decimal(b[:9])
	if n == 0 {
		return false
	}
	if (weighted(b, 9, 8, 7, 6, 5, 4, 3, 2)-digit(b[8]))%11 == 0 {
		return true
	}
	return mod97(2321%97, b) == 1 // N is 23, L is 21
}

// vatPL: 10 digits (NIP), weighted sum mod 11 is the last.
func vatPL(b []byte) bool {
	return isDigits(b, 10) && weighted(b, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == digit(b[9])
}

// vatPT: 9 digits (NIF), the first not 0, weights 9 to 2.
func vatPT(b []byte) bool {
	return isDigits(b, 9) && b[0] != '0' && (11-weighted(b, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11%10 == digit(b[8])
}

var romanianWeights = [9]int{7, 5, 3, 2, 1, 7, 5, 3, 2}

// vatRO: 2 to 10 digits (CUI), weighted from the right, ten times the sum mod 11 mod 10.
func vatRO(b []byte) bool {
	if len(b) < 2 || len(b) > 10 || !allDigits(b) || b[0] == '0' {
		return false
	}
	n := len(b) - 1
	return weighted(b, romanianWeights[9-n:]...)*10%11%10 == digit(b[n])
}

// vatSE: organisation number of 10 digits (Luhn) and 01.
func vatSE(b []byte) bool {
	return isDigits(b, 12) && b[10] == '0' && b[11] == '1' && Luhn(b[:10])
}

// vatSI: 8 digits, the first not 0, 11 minus the weighted sum mod 11; 11 is never given, 10 is 0.
func vatSI(b []byte) bool {
	if !isDigits(b, 8) || b[0] == '0' {
		return false
	}
	check := 11 - weighted(b, 8, 7, 6, 5, 4, 3, 2)%11
	return check != 11 && check%10 == digit(b[7])
}

// vatSK: 10 digits, the first not 0, the third 2, 3, 4 or 7 to 9, a multiple of 11.
func vatSK(b []byte) bool {
	if !isDigits(b, 10) || b[0] == '0' || b[2] < '2' || b[2] == '5' || b[2] == '6' {
		return false
	}
	n, _ := decimal(b)
	return n%11 == 0
}

// vatXI: 9 digits, 12 with a branch, weights 8 to 2 plus the last two a multiple
// of 97, or, from 100 on, of 97 after 42 or 55 more; GD and a number below 500 for
// government departments, HA and one above for health authorities.
func vatXI(b []byte) bool {
	if len(b) == 5 && allDigits(b[2:]) {
		n, _ := decimal(b[2:])
		return string(b[:2]) == "GD" && n < 500 || string(b[:2]) == "HA" && n >= 500
	}
	if !isDigits(b, 9) && !isDigits(b, 12) {
		return false
	}
	sum := weighted(b, 8, 7, 6, 5, 4, 3, 2, 10, 1) % 97
	return sum == 0 || b[0] != '0' && (sum == 42 || sum == 55)
}
