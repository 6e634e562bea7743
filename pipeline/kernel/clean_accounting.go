package kernel

import "bytes"

// accountingLeads are bytes that the forms of accounting have and plain numbers have not, or at one end only.
var accountingLeads = []byte{'(', '+', '-', 'C', 'D', 'c', 'd', 0xE2, 0xE5, 0xE8, 0xEF}

// signWords are the words behind an amount and whether they mean credit.
var signWords = []struct {
	word   string
	credit bool
}{{"CR", true}, {"Cr", true}, {"cr", true}, {"贷", true}, {"貸", true}, {"DR", false}, {"Dr", false}, {"dr", false}, {"借", false}}

// cutAccounting takes off what accounting puts around a number for its sign:
// brackets, a minus behind it (also U+2212), a plus, CR and DR. ok is false where two of
// them stand together: such a value stays as it is. At most one sign of these is read.
func (f *numberForm) cutAccounting(v []byte) (rest []byte, negative, ok bool) {
	signs := 0
	rest = v
	for _, b := range [...][2]string{{"(", ")"}, {"（", "）"}} {
		if inner, open := bytes.CutPrefix(rest, []byte(b[0])); open {
			if inner, closed := bytes.CutSuffix(inner, []byte(b[1])); closed {
				rest, negative = bytes.Trim(inner, " "), true
				signs++
			}
		}
	}
	for _, s := range signWords {
		if cut, found := bytes.CutSuffix(rest, []byte(s.word)); found {
			rest, negative = bytes.TrimRight(cut, " "), s.credit != f.creditPlus
			signs++
			break
		}
	}
	for _, minus := range [...]string{"-", "−"} {
		if cut, found := bytes.CutSuffix(rest, []byte(minus)); found {
			rest, negative = bytes.TrimRight(cut, " "), true
			signs++
		}
	}
	if cut, found := bytes.CutPrefix(rest, []byte("−")); found {
		rest, negative = cut, true
		signs++
	}
	if cut, found := bytes.CutPrefix(rest, []byte("+")); found {
		rest = cut
		signs++
	}
	if signs > 1 || signs == 1 && len(rest) > 0 && rest[0] == '-' {
		return v, false, false
	}
	return rest, negative, len(rest) > 0
}
