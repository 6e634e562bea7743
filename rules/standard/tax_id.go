package standard

// Taxpayer identification numbers of China. Since 2015 an organisation's is its
// unified social credit identifier; the forms before it are 15, 17 and 20 characters.

// ValidTaxID reports whether b is one of
//
//	18 characters: a unified social credit identifier, or a citizen's number
//	15: region (GB/T 2260) and organisation code (GB 11714)
//	17: a 15-digit citizen's number and a sequence of two
//	20: an 18-character citizen's number and a sequence of two
//
// The three old forms, which old lets pass, are those of the registration rules of
// the tax administration before the one certificate of 2015.
func ValidTaxID(b []byte, old bool) bool {
	switch len(b) {
	case 18:
		return ValidUSCC(b) || ValidID(b, true)
	case 15:
		return old && ValidRegion(b[:6], false) && ValidOrgCode(b[6:])
	case 17:
		return old && allDigits(b) && ValidRegion(b[:6], false) && ValidDate(1900+two(b[6:]), two(b[8:]), two(b[10:]))
	case 20:
		return old && ValidID(b[:18], true) && allDigits(b[18:])
	}
	return false
}

// compileTaxID: option old.
func compileTaxID(o options) (*Compiled, error) {
	old := o.is("old")
	return &Compiled{Clean: cleanGroups, Valid: func(b []byte) bool { return ValidTaxID(b, old) }}, nil
}
