package standard

// Payment cards, ISO/IEC 7812-1: issuer ranges, lengths and Luhn. The ranges are
// those that the networks publish, as collected in credit-card-type 10.3.0 (MIT);
// a card that its own network does not list is not known here.

// A cardRange is a range of first digits of one network.
type cardRange struct {
	network     string
	first, last uint32 // six digits
	lengths     uint32 // bit n: n digits are right
}

func lengths(from, to int) (set uint32) {
	for n := from; n <= to; n++ {
		set |= 1 << n
	}
	return set
}

// cardRanges are tried in turn; narrower ones stand before those that hold them.
var cardRanges = [...]cardRange{
	{"mir", 220000, 220499, lengths(16, 19)},
	{"mastercard", 222100, 272099, lengths(16, 16)},
	{"diners", 300000, 305999, lengths(14, 19)},
	{"diners", 309500, 309599, lengths(14, 19)},
	{"amex", 340000, 349999, lengths(15, 15)},
	{"jcb", 352800, 358999, lengths(16, 19)},
	{"diners", 360000, 369999, lengths(14, 19)},
	{"amex", 370000, 379999, lengths(15, 15)},
	{"diners", 380000, 399999, lengths(14, 19)},
	{"visa", 400000, 499999, lengths(13, 13) | lengths(16, 16) | lengths(18, 19)},
	{"maestro", 500000, 508999, lengths(12, 19)},
	{"mastercard", 510000, 559999, lengths(16, 16)},
	{"maestro", 560000, 589999, lengths(12, 19)},
	{"discover", 601100, 601199, lengths(16, 19)},
	{"unionpay", 620000, 629999, lengths(14, 19)},
	{"maestro", 630000, 643999, lengths(12, 19)},
	{"discover", 644000, 659999, lengths(16, 19)},
	{"maestro", 670000, 679999, lengths(12, 19)},
	{"unionpay", 810000, 817199, lengths(14, 19)},
}

// cardNetworks are the values of the option network.
var cardNetworks = []string{"any", "amex", "diners", "discover", "jcb", "maestro", "mastercard", "mir", "unionpay", "visa"}

// CardNetwork is the network whose range and length a card number has, whatever
// its check digit; empty if none is known.
func CardNetwork(b []byte) string {
	if len(b) < 12 || len(b) > 19 {
		return ""
	}
	prefix, ok := sixDigits(b[:6])
	if !ok {
		return ""
	}
	for i := range cardRanges {
		if r := &cardRanges[i]; prefix >= r.first && prefix <= r.last && r.lengths&(1<<len(b)) != 0 {
			return r.network
		}
	}
	return ""
}

// compileCard: option network.
func compileCard(o options) (*Compiled, error) {
	want := o.text("network")
	return &Compiled{
		Clean: cleanBankCard,
		Valid: func(b []byte) bool {
			network := CardNetwork(b)
			return network != "" && (want == "any" || network == want) && Luhn(b)
		},
	}, nil
}
