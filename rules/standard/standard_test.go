package standard

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

//go:embed tables
var tableFiles embed.FS

func TestVersionCarriesTheDigestOfTheTables(t *testing.T) {
	h := sha256.New()
	err := fs.WalkDir(tableFiles, "tables", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".csv") && !strings.HasSuffix(path, ".tsv") {
			return err
		}
		b, err := fs.ReadFile(tableFiles, path)
		h.Write([]byte(path))
		h.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, digest, _ := strings.Cut(Version, "+")
	if want := hex.EncodeToString(h.Sum(nil))[:12]; digest != want {
		t.Errorf("the tables changed: Version must end in +%s, it is %q", want, Version)
	}
}

func TestTablesArePlainAndUnique(t *testing.T) {
	for _, table := range []struct {
		name  string
		data  []byte
		cells int
		key   string
	}{
		{"gb2260", regionCSV, 5, `^[1-8]\d{5}$`}, {"gb2260_before_2002", oldRegionCSV, 4, `^[1-8]\d{5}$`},
		{"gender", genderCSV, 3, `^\d$`}, {"marital", maritalCSV, 2, `^\d\d$`}, {"ethnic", ethnicCSV, 3, `^\d\d$`},
		{"education", educationCSV, 2, `^\d\d$`}, {"sections", sectionCSV, 2, `^[A-T]$`},
		{"townships", townshipCSV, 2, `^[1-8]\d{5}$`}, {"countries", countryCSV, 5, `^[A-Z]{2}$`}, {"currencies", currencyCSV, 4, `^[A-Z]{3}$`},
		{"languages", languageCSV, 5, `^[a-z]{3}$`}, {"iban", ibanCSV, 3, `^[A-Z]{2}$`},
	} {
		key := regexp.MustCompile(table.key)
		lines := 0
		eachRecord(table.data, func(c [][]byte) {
			lines++
			if len(c) != table.cells || !key.Match(c[0]) {
				t.Errorf("%s: line %d: %q", table.name, lines+1, c)
			}
		})
		if strings.ContainsAny(string(table.data), "\"\r") {
			t.Errorf("%s has quotes or carriage returns", table.name)
		}
	}
}

func TestEveryStandardIsWhole(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) || len(names) != len(library) {
		t.Fatalf("names %v", names)
	}
	dotted := regexp.MustCompile(`^[a-z][a-z0-9]*\.[a-z][a-z0-9_]*$`)
	for _, name := range names {
		s, ok := Lookup(name)
		if !ok || s.Name != name {
			t.Fatalf("Lookup(%q) = %v, %v", name, s, ok)
		}
		if !dotted.MatchString(name) || s.Title["en"] == "" || s.Title["zh"] == "" || s.Source == "" || s.Level < 1 || s.Level > 4 || s.Kind == "" {
			t.Errorf("%s lacks a part: %+v", name, s)
		}
		if s.Checks != (s.Dimension != "") || s.Checks != (s.Indicator != "") {
			t.Errorf("%s: check without dimension and indicator, or the other way round", name)
		}
		if s.Level == 4 && s.Treatment == nil {
			t.Errorf("%s is of level 4 and has no default treatment", name)
		}
		c, err := s.Compile(nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Cleans != (c.Clean != nil) || s.Checks != (c.Valid != nil) {
			t.Errorf("%s: Cleans and Checks do not say what Compile gives", name)
		}
		for _, o := range s.Options {
			if o.Title["en"] == "" || o.Title["zh"] == "" || o.Values != nil && !slices.Contains(o.Values, o.Default) {
				t.Errorf("%s: option %+v", name, o)
			}
			for _, v := range o.Values {
				if _, err := s.Compile(map[string]string{o.Name: v}); err != nil {
					t.Error(err)
				}
			}
		}
		if s.Form["en"] == "" || s.Form["zh"] == "" || len(s.Note) != 0 && (s.Note["en"] == "" || s.Note["zh"] == "") {
			t.Errorf("%s does not say its form in both languages", name)
		}
		if s.Formats != nil {
			if s.Kind == "date" {
				_, err = NewDateParser(s.Formats, 0, 0)
			} else {
				_, err = NewTimestampParser(s.Formats, 0, 0)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	if _, ok := Lookup("cn.id"); ok {
		t.Error("cn.id is found")
	}
}

func TestOptionErrorsSayWhatIsAllowed(t *testing.T) {
	for _, c := range []struct {
		standard string
		opts     map[string]string
		want     string
	}{
		{"cn.id_card", map[string]string{"regoin": "false"}, `standard cn.id_card has no option "regoin"; it has region, min_year, max_year`},
		{"cn.id_card", map[string]string{"region": "no"}, `standard cn.id_card, option region: "no" is not one of true, false`},
		{"cn.id_card", map[string]string{"min_year": "x"}, `standard cn.id_card, option min_year: "x" is not a year from 1 to 9999`},
		{"cn.uscc", map[string]string{"a": "b"}, `standard cn.uscc has no option "a"; it has none at all`},
	} {
		s, _ := Lookup(c.standard)
		_, err := s.Compile(c.opts)
		var e *OptionError
		if !errors.As(err, &e) || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// cleanAndCheck is what a field of the standard sees: the base steps that matter
// for the value are left out, since they belong to the kernels.
func cleanAndCheck(t *testing.T, name, value string, opts map[string]string) (cleaned string, valid bool) {
	t.Helper()
	s, ok := Lookup(name)
	if !ok {
		t.Fatalf("no standard %s", name)
	}
	c, err := s.Compile(opts)
	if err != nil {
		t.Fatal(err)
	}
	b := []byte(value)
	if c.Clean != nil {
		dst := []byte("prefix")
		out, changed := c.Clean(dst, b)
		if !strings.HasPrefix(string(out), "prefix") {
			t.Fatalf("%s: Clean(%q) lost what was before: %q", name, value, out)
		}
		if changed {
			b = out[len(dst):]
			if again, twice := c.Clean(nil, b); twice && string(again) != string(b) {
				t.Errorf("%s: cleaning %q twice gives %q then %q", name, value, b, again)
			}
		} else if len(out) != len(dst) {
			t.Errorf("%s: Clean(%q) says unchanged and appended %q", name, value, out[len(dst):])
		}
		if changed && string(b) == value {
			t.Errorf("%s: Clean(%q) says changed and is the same", name, value)
		}
	}
	return string(b), c.Valid == nil || c.Valid(b)
}

func TestStandardsByTheirVectors(t *testing.T) {
	no := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	for _, c := range []struct {
		name, value, cleaned string
		valid                bool
		opts                 map[string]string
	}{
		{"cn.id_card", "11010519491231002X", "11010519491231002X", true, nil},
		{"cn.id_card", "440524188001010014", "440524188001010014", true, nil}, // the example of GB 11643 itself
		{"cn.id_card", "440524188001010014", "440524188001010014", false, no("min_year", "1900")},
		{"cn.id_card", "110105199003072311", "110105199003072311", true, nil},
		{"cn.id_card", "320581198512034519", "320581198512034519", true, nil},
		{"cn.id_card", "650102197511208825", "650102197511208825", true, nil},
		{"cn.id_card", "810000198001010014", "810000198001010014", true, nil},
		{"cn.id_card", "911124198108030024", "911124198108030024", true, nil}, // the public specimen of the foreigners' card of 2023
		{"cn.id_card", "11010519491231002x", "11010519491231002X", true, nil},
		{"cn.id_card", "110105491231002", "11010519491231002X", true, nil},
		{"cn.id_card", "110105491331002", "110105491331002", false, nil},
		{"cn.id_card", "110105194912310021", "110105194912310021", false, nil},
		{"cn.id_card", "990105199003072311", "990105199003072311", false, nil},
		{"cn.id_card", "1101051990030723", "1101051990030723", false, nil},
		{"cn.id_card", "", "", false, nil},
		{"cn.id_card", "110105199003072３１", "110105199003072３１", false, nil},
		{"cn.uscc", "91350100M000100Y43", "91350100M000100Y43", true, nil},
		{"cn.uscc", "91110105MA01ABCD5F", "91110105MA01ABCD5F", true, nil},
		{"cn.uscc", "12110105400000012M", "12110105400000012M", true, nil},
		{"cn.uscc", "91350100M000100Y44", "91350100M000100Y44", false, nil},
		{"cn.uscc", "9135010OM000100Y43", "9135010OM000100Y43", false, nil},
		{"cn.org_code", "123456788", "123456788", true, nil},
		{"cn.org_code", "12345678-8", "123456788", true, nil},
		{"cn.org_code", "MA01ABCD5", "MA01ABCD5", true, nil},
		{"cn.org_code", "123456789", "123456789", false, nil},
		{"cn.mobile", "13800138000", "13800138000", true, nil},
		{"cn.mobile", "19912345678", "19912345678", true, nil},
		{"cn.mobile", "+86 138-0013-8000", "13800138000", true, nil},
		{"cn.mobile", "008613800138000", "13800138000", true, nil},
		{"cn.mobile", "8613800138000", "13800138000", true, nil},
		{"cn.mobile", "12800138000", "12800138000", false, nil},
		{"cn.mobile", "1380013800", "1380013800", false, nil},
		{"cn.mobile", "+8613800138", "+8613800138", false, nil},
		{"cn.landline", "010-62345678", "010-62345678", true, nil},
		{"cn.landline", "0755-2345678 转 801", "0755-2345678-801", true, nil},
		{"cn.landline", "(0571) 87654321", "0571-87654321", true, nil},
		{"cn.landline", "02162345678", "021-62345678", true, nil},
		{"cn.landline", "+86-10-62345678", "010-62345678", true, nil},
		{"cn.landline", "+86 (0)10", "+86 (0)10", false, nil},
		{"cn.landline", "00-1234567", "00-1234567", false, nil},
		{"cn.landline", "0", "0", false, nil},
		{"cn.landline", "+86", "+86", false, nil},
		{"cn.admin_division", "110105", "110105", true, nil},
		{"cn.admin_division", "440305", "440305", true, no("current", "true")},
		{"cn.admin_division", "110104", "110104", true, nil},
		{"cn.admin_division", "110104", "110104", false, no("current", "true")},
		{"cn.admin_division", "320503", "320503", true, nil},
		{"cn.admin_division", "510202", "510202", true, nil}, // Chongqing before 1997
		{"cn.admin_division", "999999", "999999", false, nil},
		{"cn.admin_division", "110199", "110199", false, nil},
		{"cn.admin_division", "11010", "11010", false, nil},
		{"cn.gender", "1", "1", true, nil},
		{"cn.gender", "男", "1", true, nil},
		{"cn.gender", "女性", "2", true, nil},
		{"cn.gender", "m", "1", true, nil},
		{"cn.gender", "FEMALE", "2", true, nil},
		{"cn.gender", "女", "女性", true, no("form", "name")},
		{"cn.gender", "3", "3", false, nil},
		{"cn.marital", "10", "10", true, nil},
		{"cn.marital", "已婚", "20", true, nil},
		{"cn.marital", "15", "15", false, nil},
		{"cn.ethnic", "01", "01", true, nil},
		{"cn.ethnic", "汉族", "01", true, nil},
		{"cn.ethnic", "汉", "01", true, nil},
		{"cn.ethnic", "1", "01", true, nil},
		{"cn.ethnic", "HA", "01", true, nil},
		{"cn.ethnic", "05", "05", true, nil},
		{"cn.ethnic", "维吾尔族", "05", true, nil},
		{"cn.ethnic", "UG", "维吾尔族", true, no("form", "name")},
		{"cn.ethnic", "京族", "GI", true, no("form", "letters")},
		{"cn.ethnic", "97", "97", true, nil},
		{"cn.ethnic", "57", "57", false, nil},
		{"cn.education", "21", "21", true, nil},
		{"cn.education", "大学本科毕业", "21", true, nil},
		{"cn.education", "99", "99", false, nil},
		{"cn.industry", "A", "A", true, nil},
		{"cn.industry", "01", "01", true, nil},
		{"cn.industry", "0111", "0111", true, nil},
		{"cn.industry", "C1311", "C1311", true, nil},
		{"cn.industry", "A1311", "A1311", false, nil},
		{"cn.industry", "制造业", "C", true, nil},
		{"cn.industry", "00", "00", false, nil},
		{"cn.industry", "98", "98", false, nil},
		{"cn.industry", "U", "U", false, nil},
		{"cn.postcode", "100020", "100020", true, nil},
		{"cn.postcode", "000000", "000000", false, nil},
		{"cn.plate", "京A12345", "京A12345", true, nil},
		{"cn.plate", "京A·12345", "京A12345", true, nil},
		{"cn.plate", "粤BD12345", "粤BD12345", true, nil},
		{"cn.plate", "沪A12345D", "沪A12345D", true, nil},
		{"cn.plate", "京A1234警", "京A1234警", true, nil},
		{"cn.plate", "京I12345", "京I12345", false, nil},
		{"cn.plate", "东A12345", "东A12345", false, nil},
		{"cn.plate", "京A1234港", "京A1234港", true, nil},
		{"cn.plate", "京A1O345", "京A1O345", false, nil},
		{"cn.plate", "粤BI12345", "粤BI12345", false, nil},
		{"cn.plate", "京A123456789", "京A123456789", false, nil},
		{"cn.bank_card", "6222021000012345673", "6222021000012345673", true, nil},
		{"cn.bank_card", "6222 0210 0001 2345 673", "6222021000012345673", true, no("issuer", "unionpay")},
		{"cn.bank_card", "4111111111111111", "4111111111111111", true, nil},
		{"cn.bank_card", "4111111111111111", "4111111111111111", false, no("issuer", "unionpay")},
		{"cn.bank_card", "6222021000012345674", "6222021000012345674", false, nil},
		{"cn.passport", "E12345678", "E12345678", true, nil},
		{"cn.passport", "EA1234567", "EA1234567", true, nil},
		{"cn.passport", "12345678", "12345678", false, nil},
		{"cn.name", "王伟", "王伟", true, nil},
		{"cn.name", "王　伟", "王伟", true, nil},
		{"cn.name", "阿卜杜拉·艾则孜", "阿卜杜拉·艾则孜", true, nil},
		{"cn.name", "阿卜杜拉•艾则孜", "阿卜杜拉·艾则孜", true, nil},
		{"cn.name", "阿卜杜拉．艾则孜", "阿卜杜拉·艾则孜", true, nil},
		{"cn.name", "𠮷田", "𠮷田", true, nil},
		{"cn.name", "王 ", "王 ", false, nil},
		{"cn.name", "买买提 · 吐尔逊", "买买提·吐尔逊", true, nil},
		{"cn.name", "王", "王", false, nil},
		{"cn.name", "王1", "王1", false, nil},
		{"cn.name", "·王", "·王", false, nil},
		{"cn.name", "John Smith", "John Smith", false, nil},
		{"cn.name", "John Smith", "John Smith", true, no("latin", "true")},
		{"cn.name", "\xff王", "\xff王", false, nil},
		{"net.email", "a@b.cn", "a@b.cn", true, nil},
		{"net.email", "a@b", "a@b", false, nil},
		{"net.email", "a..b@c.cn", "a..b@c.cn", false, nil},
		{"net.email", ".a@c.cn", ".a@c.cn", false, nil},
		{"net.email", "a@-c.cn", "a@-c.cn", false, nil},
		{"net.email", "a@c.c1", "a@c.c1", false, nil},
		{"net.email", "a@c.xn--fiqs8s", "a@c.xn--fiqs8s", true, nil},
		{"net.email", "a@c@d.cn", "a@c@d.cn", false, nil},
		{"net.email", "@d.cn", "@d.cn", false, nil},
		{"net.email", "a@", "a@", false, nil},
		{"net.ip", "192.168.1.1", "192.168.1.1", true, nil},
		{"net.ip", "2001:db8::1", "2001:db8::1", true, nil},
		{"net.ip", "256.1.1.1", "256.1.1.1", false, nil},
		{"net.ip", "2001:db8::1", "2001:db8::1", false, no("version", "4")},
		{"geo.wgs84", "116.397,39.909", "116.397,39.909", true, nil},
		{"geo.wgs84", "39.909,116.397", "39.909,116.397", true, no("order", "lat_lon")},
		{"geo.wgs84", "116.397", "116.397", false, nil},
		{"geo.wgs84", "116.,39", "116.,39", false, nil},
		{"geo.wgs84", "a,39", "a,39", false, nil},
		{"geo.wgs84", "39.909,116.397", "39.909,116.397", false, nil},
		{"geo.wgs84", "2.35,48.85", "2.35,48.85", false, no("within", "china")},
		{"geo.wgs84", "-180,90.0000000000", "-180,90.0000000000", true, nil},
		{"geo.wgs84", "180.0000001,0", "180.0000001,0", false, nil},
		{"cn.address", "随便", "随便", true, nil},
	} {
		cleaned, valid := cleanAndCheck(t, c.name, c.value, c.opts)
		if cleaned != c.cleaned || valid != c.valid {
			t.Errorf("%s %v %q: got %q valid %v, want %q valid %v", c.name, c.opts, c.value, cleaned, valid, c.cleaned, c.valid)
		}
	}
}
