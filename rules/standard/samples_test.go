package standard

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSamplesAreRightAndWrongAsTheySay(t *testing.T) {
	for _, s := range library {
		valid, invalid, err := s.Samples(nil, 1, 20)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := s.Compile(nil)
		o, _ := s.bind(nil)
		judge := s.judge(o, c)
		clean := func(v string) []byte {
			g := generator{standard: s, compiled: c}
			return g.cleaned([]byte(v))
		}
		if len(valid) < 3 {
			t.Errorf("%s: %d right samples", s.Name, len(valid))
		}
		for _, v := range valid {
			if !judge(clean(v)) {
				t.Errorf("%s: the right sample %q is wrong", s.Name, v)
			}
		}
		if len(invalid) < 3 && s.Name != "cn.address" {
			t.Errorf("%s: %d wrong samples", s.Name, len(invalid))
		}
		codes := map[string]bool{}
		for _, v := range invalid {
			if judge(clean(v.Value)) || v.Reason == nil || v.Reason.Code == "" || v.Reason.Text["en"] == "" || v.Reason.Text["zh"] == "" {
				t.Errorf("%s: the wrong sample %q: %+v", s.Name, v.Value, v.Reason)
				continue
			}
			codes[v.Reason.Code] = true
		}
		if s.shape.check.width > 0 && !codes[ReasonCheck] {
			t.Errorf("%s: no sample has wrong check characters: %v", s.Name, invalid)
		}
	}
}

func TestSamplesOfASeedAreTheSame(t *testing.T) {
	for _, s := range library {
		v1, i1, _ := s.Samples(nil, 7, 10)
		v2, i2, _ := s.Samples(nil, 7, 10)
		v3, _, _ := s.Samples(nil, 8, 10)
		if !slices.Equal(v1, v2) || !reflect.DeepEqual(i1, i2) {
			t.Errorf("%s: seed 7 gives %v and %v", s.Name, v1, v2)
		}
		if s.shape.patterns != nil && slices.Equal(v1, v3) {
			t.Errorf("%s: seeds 7 and 8 give the same", s.Name)
		}
	}
}

func TestSamplesFollowTheOptions(t *testing.T) {
	for _, c := range []struct {
		name string
		opts map[string]string
		want func(string) bool
	}{
		{"iso.country", map[string]string{"form": "numeric"}, func(v string) bool { return len(v) == 3 && allDigits([]byte(v)) }},
		{"cn.ethnic", map[string]string{"form": "letters"}, func(v string) bool { return len(v) == 2 && upper(v[0]) }},
		{"cn.admin_division", map[string]string{"digits": "12"}, func(v string) bool { return len(v) == 12 }},
		{"net.ip", map[string]string{"version": "6"}, func(v string) bool { return validIPv6([]byte(v)) }},
		{"pay.card", map[string]string{"network": "amex"}, func(v string) bool { return len(v) == 15 }},
	} {
		s, _ := Lookup(c.name)
		valid, invalid, err := s.Samples(c.opts, 1, 5)
		if err != nil || len(valid) == 0 || len(invalid) == 0 {
			t.Fatalf("%s: %v, %v, %v", c.name, valid, invalid, err)
		}
		for _, v := range valid {
			if !c.want(v) {
				t.Errorf("%s %v: %q", c.name, c.opts, v)
			}
		}
	}
}

func TestReasonsNameWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, value, code, text string }{
		{"cn.id_card", "110105194912310021", ReasonCheck, "the check characters do not fit: 1 stands where the rest asks for X"},
		{"cn.id_card", "110105199002300000", ReasonDate, "there is no day 1990-02-30"},
		{"cn.id_card", "990105199003072311", ReasonRegion, "GB/T 2260 never had the region 990105"},
		{"cn.id_card", "1101051990030723", ReasonLength, "it has 16 characters, not 18/15"},
		{"cn.id_card", "11010519491231O021", ReasonCharacter, "the character 'O' in place 15 is no digit"},
		{"cn.id_card", "", ReasonEmpty, "the value is empty"},
		{"cn.uscc", "9135010OM000100Y43", ReasonCharacter, "the character 'O' in place 8 cannot stand there"},
		{"cn.uscc", "91350100M000100Y44", ReasonCheck, "the check characters do not fit: 4 stands where the rest asks for 3"},
		{"cn.gender", "3", ReasonCode, "it is none of the 4 values of the list"},
		{"cn.name", "王1", ReasonCharacter, "the character '1' in place 2 cannot stand in a name"},
		{"iso.iban", "GB82WEST12345698765433", ReasonCheck, "the check characters do not fit: 82 stands where the rest asks for 55"},
		{"iso.iban", "US82WEST12345698765432", ReasonPrefix, `no country "US" is in the registry of IBAN`},
		{"geo.wgs84", "39.909,116.397", ReasonRange, "longitude and latitude seem to be exchanged"},
		{"e164.phone", "+86123", ReasonForm, "the plan of the calling code 86 has no such number"},
		{"iso.date", "2023-02-29", ReasonDate, "there is no day 2023-02-29"},
		{"eu.vat", "DE136695977", ReasonCheck, "the check characters do not fit: 7 stands where the rest asks for 6"},
		{"eu.vat", "US136695976", ReasonPrefix, `no member state has the prefix "US"`},
	} {
		s, _ := Lookup(c.name)
		r, err := s.Why(nil, c.value)
		if err != nil || r == nil || r.Code != c.code || r.Text["en"] != c.text {
			t.Errorf("%s %q: %+v, %v; want %s %q", c.name, c.value, r, err, c.code, c.text)
		}
	}
}

// promised are the standards whose check finds every single digit changed and,
// where it says so, every two neighbours exchanged.
var promised = []struct {
	name      string
	exchanged bool
}{
	{"cn.id_card", true}, {"cn.uscc", true}, {"cn.org_code", false}, {"iso.iban", true}, {"iso.lei", true}, {"iso.isin", false},
	{"iso.isbn", false}, {"iso.issn", true}, {"uk.nhs", true}, {"us.npi", false}, {"pay.card", false}, {"cn.bank_card", false},
}

func TestOneDigitChangedIsFoundWhereTheCheckPromisesIt(t *testing.T) {
	for _, p := range promised {
		t.Run(p.name, func(t *testing.T) {
			s, _ := Lookup(p.name)
			c, err := s.Compile(nil)
			if err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				valid, _, err := s.Samples(nil, rapid.Uint64().Draw(t, "seed"), 1)
				if err != nil || len(valid) == 0 {
					t.Fatal(valid, err)
				}
				b := []byte(valid[0])
				at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
				if was := b[at]; was-'0' <= 9 {
					b[at] = '0' + (was-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
					if c.Valid(b) {
						t.Fatalf("%s is valid, and so is %s", valid[0], b)
					}
					b[at] = was
				}
				at = rapid.IntRange(0, len(b)-2).Draw(t, "exchange")
				if p.exchanged && b[at] != b[at+1] && b[at]-'0' <= 9 && b[at+1]-'0' <= 9 {
					b[at], b[at+1] = b[at+1], b[at]
					if c.Valid(b) {
						t.Fatalf("%s is valid, and so is %s", valid[0], b)
					}
				}
			})
		})
	}
}

func TestJudgingAndCleaningAllocateNothing(t *testing.T) {
	for _, s := range library {
		c, err := s.Compile(nil)
		if err != nil {
			t.Fatal(err)
		}
		valid, invalid, _ := s.Samples(nil, 3, 5)
		var values [][]byte
		for _, v := range valid {
			values = append(values, []byte(v))
		}
		for _, v := range invalid {
			values = append(values, []byte(v.Value))
		}
		dst := make([]byte, 0, 256)
		work := func() {
			for _, v := range values {
				if c.Clean != nil {
					c.Clean(dst, v)
				}
				if c.Valid != nil {
					c.Valid(v)
				}
			}
		}
		work() // automata and tables are made on first use
		if n := testing.AllocsPerRun(20, work); n > 0 {
			t.Errorf("%s allocates %v times", s.Name, n)
		}
	}
}
