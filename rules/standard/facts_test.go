package standard

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/width"
)

// judged is whether one of the standards takes a value as it was delivered: base
// steps, cleaning, check.
func judged(t *testing.T, names []string, value string, opts map[string]string) bool {
	t.Helper()
	for _, name := range names {
		s, ok := Lookup(name)
		if !ok {
			t.Fatalf("no standard %s", name)
		}
		v := []byte(value)
		for _, step := range s.Steps {
			switch step.Op {
			case "halfwidth":
				v = bytes.ReplaceAll(width.Narrow.Bytes(v), []byte("¥"), []byte("¥"))
			case "trim":
				v = bytes.TrimSpace(v)
			case "upper":
				v = bytes.ToUpper(v)
			case "lower":
				v = bytes.ToLower(v)
			case "remove":
				v = bytes.Map(func(r rune) rune {
					if strings.ContainsRune(step.Chars, r) {
						return -1
					}
					return r
				}, v)
			default:
				t.Fatalf("unknown step %s", step.Op)
			}
		}
		c, err := s.Compile(opts)
		if err != nil {
			t.Fatal(err)
		}
		g := generator{standard: s, compiled: c}
		r, err := s.Why(opts, string(g.cleaned(v)))
		if err != nil {
			t.Fatal(err)
		}
		if r == nil {
			return true
		}
	}
	return false
}

// factNames are rows of the table of facts that name no standard.
var factNames = map[string][]string{
	"15-digit form": {"cn.id_card"}, "permits in ID form": {"cn.id_card"}, "dates": {"iso.date"}, "coordinates": {"geo.wgs84"},
}

var backticked = regexp.MustCompile("`([a-z0-9]+\\.[a-z0-9_]+)`")

// TestFactsOfTheStandardsHold reads every right and wrong value of the project's
// table of facts, where it is at hand.
func TestFactsOfTheStandardsHold(t *testing.T) {
	shared := os.Getenv("CLEARWELL_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	text, err := os.ReadFile(filepath.Join(shared, "standards", "STANDARDS.md"))
	if err != nil {
		t.Skip("the folder with the facts on standards is not at hand: ", err)
	}
	rows, values := 0, 0
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "| ") || len(cells) != 5 {
			continue
		}
		names := factNames[strings.TrimSpace(cells[0])]
		for _, m := range backticked.FindAllStringSubmatch(cells[0], -1) {
			names = append(names, m[1])
		}
		if names == nil {
			continue
		}
		rows++
		for _, v := range factValues(names[0], cells[3]) {
			values++
			if !judged(t, names, v, nil) {
				t.Errorf("%v: %q is right by the facts", names, v)
			}
		}
		for _, v := range factValues(names[0], cells[4]) {
			values++
			if judged(t, names, v, nil) {
				t.Errorf("%v: %q is wrong by the facts", names, v)
			}
		}
	}
	if rows < 38 || values < 100 {
		t.Errorf("%d rows with %d values were read", rows, values)
	}
}

// factValues takes the values out of a cell: separated by a comma and a blank or
// by a semicolon, each with perhaps a remark in parentheses.
func factValues(name, cell string) (values []string) {
	for _, part := range regexp.MustCompile(`, |; | → `).Split(strings.TrimSpace(cell), -1) {
		part = strings.TrimPrefix(strings.TrimSpace(part), "abolished: ")
		part, _, _ = strings.Cut(part, " (")
		if name == "cn.admin_division" {
			part, _, _ = strings.Cut(part, " ")
		}
		if strings.ContainsFunc(part, func(r rune) bool { return !unicode.IsSpace(r) }) {
			values = append(values, part)
		}
	}
	return values
}

// The same facts, and more of each standard, where the folder is not at hand.
func TestValuesOfEachStandardAreJudged(t *testing.T) {
	for _, c := range []struct {
		name         string
		right, wrong string // separated by |
		opts         map[string]string
	}{
		{"cn.tax_id", "91350100M000100Y43|110105123456788|11010519491231002X|11010519491231002X01|11010549123100201", "91350100M000100Y44|110105123456789|1234|990105123456788", nil},
		{"cn.tax_id", "91350100M000100Y43", "110105123456788|11010519491231002X01", map[string]string{"old": "false"}},
		{"cn.admin_division", "110105|110105001|110105001001|110104", "999999|110199|999999001|1101050010|110105001A01", nil},
		{"cn.admin_division", "110101001|110101017|110101000|110101001003", "110101018|110101900001|110104001", map[string]string{"townships": "listed"}},
		{"cn.admin_division", "110105001", "110105|110105001001", map[string]string{"digits": "9"}},
		{"cn.admin_name", "北京市|宣武区|朝阳区|110105", "北京|广洲市|999999", nil},
		{"cn.admin_name", "朝阳区", "宣武区", map[string]string{"current": "true"}},
		{"cn.education", "12|28|大学普通班毕业", "24|50|99", nil},
		{"cn.amount", "1,234.50|3.2万|（500）|¥1,234|￥12.5元|-5|1.5亿元|壹万贰仟叁佰肆拾伍元陆角柒分|人民币伍佰元整|壹亿零贰拾万元整|0.32万|叁角|拾伍元", "12,34|1,2345|.5|5.|1.2.3|万|叁佰壹仟元|5元角|壹元伍|--5|(-5)|约500", nil},
		{"iso.datetime", "2024-02-29T08:00:00+08:00|2024-02-29 08:00|20240229080000|2024-02-29T08:00:00Z", "2023-02-29T08:00:00Z|2024-02-29T08:00:60|2024-02-29T24:30|2024-02-29T08:00:00+25:00", nil},
		{"iso.country", "CN|CHN|156|中国|cn|China|中国香港|4|004", "XX|ZZZ|999|火星", nil},
		{"iso.country", "CN|CHN", "XX", map[string]string{"form": "alpha3"}},
		{"iso.currency", "CNY|156|Euro|eur|008", "RMB|XYZ|DEM", nil},
		{"iso.language", "zh|zho|chi|中文|EN|English", "xx|zz|qqq", nil},
		{"iso.language", "ita|zh|it", "yue|xx", map[string]string{"form": "alpha3"}},
		{"iso.iban", "GB82WEST12345698765432|GB82 WEST 1234 5698 7654 32|DE89370400440532013000|NO9386011117947|MT84MALT011000012345MTLCAST001S", "GB82WEST12345698765433|GB82WEST1234569876543|DE8937040044053201300A|CN82WEST12345698765432|GB82", nil},
		{"iso.lei", "5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R13|5493001KJTIIGC8Y1R1|5493001KJTIIGC8Y1RAB", nil},
		{"iso.isin", "US0378331005|CNE1000003X6|AU0000XVGZA3|XS0000000009", "US0378331006|ZZ0378331005|US037833100", nil},
		{"iso.isbn", "9780306406157|978-0-306-40615-7|0-306-40615-2|080442957X", "9780306406158|0306406153|9770306406157|978030640615", nil},
		{"iso.isbn", "0306406152", "", map[string]string{"form": "13"}},
		{"iso.issn", "0378-5955|03785955|2434-561X", "0378-5956|0378-595|2434-5610", nil},
		{"e164.phone", "+8613800138000|+442079460958|+44 (0)20 7946 0958|0086 138 0013 8000|+1 212-555-0123", "+86123|+999123456789|13800138000|+", nil},
		{"e164.phone", "13800138000|010-62345678|+442079460958", "123", map[string]string{"country": "86"}},
		{"net.url", "https://www.example.cn/a?b=1#c|http://[2001:db8::1]:8080/|HTTP://10.0.0.1", "www.example.cn|ftp://example.cn/|http://|http://a b.cn|https://example.cn/%zz|http://u:p@example.cn/|http://example.cn:0/|http://localhost/", nil},
		{"net.mac", "00:1a:2b:3c:4d:5e|00-1A-2B-3C-4D-5E|001a.2b3c.4d5e|001A2B3C4D5E", "00:1a:2b:3c:4d|00:1g:2b:3c:4d:5e|001a2b3c4d5e6f", nil},
		{"uk.nhs", "9434765919|943 476 5919", "9434765918|1234567890|943476591", nil},
		{"uk.postcode", "SW1A 1AA|sw1a1aa|M1 1AE|EC1A 1BB|W1A 0AX|B33 8TH|CR2 6XH|DN55 1PT|GIR 0AA", "SW1A 1AC|QW1A 1AA|SWA 1AA|1A 1AA|SW1A", nil},
		{"uk.nino", "AB123456C|AB 12 34 56 C", "BG123456C|AO123456C|AB123456E|DA123456C|AB12345C", nil},
		{"us.ssn", "123-45-6789|123456789|123 45 6789", "000-12-3456|666-12-3456|900-12-3456|123-00-6789|123-45-0000|078-05-1120", nil},
		{"us.ein", "12-3456789|123456789", "07-3456789|12-345678", nil},
		{"us.zip", "10001|10001-1234|100011234|00501", "00001|1000|10001-12", nil},
		{"us.npi", "1234567893", "1234567890|3234567893|123456789", nil},
		{"eu.vat", "DE136695976|DE 136 695 976|ATU13585627|FR40303265045|NL004495445B01|XI980780684|EL094259216|ES54362315K|IE6433435F|IT00743110157", "DE136695977|US136695976|GR094259216|ATU13585626|DE13669597", nil},
		{"eu.vat", "136695976", "136695977", map[string]string{"country": "DE"}},
		{"geo.cgcs2000", "116.397,39.909|116.397, 39.909", "2.35,48.85|39.909,116.397", nil},
		{"geo.gcj02", "116.403,39.915", "39.915,116.403|0,0", nil},
		{"pay.card", "4111111111111111|5555 5555 5555 4444|378282246310005|3530111333300000|6011111111111117|2223003122003222", "4111111111111112|1111111111111117|411111111111111", nil},
		{"pay.card", "378282246310005", "4111111111111111", map[string]string{"network": "amex"}},
	} {
		for _, v := range strings.Split(c.right, "|") {
			if v != "" && !judged(t, []string{c.name}, v, c.opts) {
				t.Errorf("%s %v: %q should be right", c.name, c.opts, v)
			}
		}
		for _, v := range strings.Split(c.wrong, "|") {
			if v != "" && judged(t, []string{c.name}, v, c.opts) {
				t.Errorf("%s %v: %q should be wrong", c.name, c.opts, v)
			}
		}
	}
}

func TestCleaningBringsValuesIntoTheForm(t *testing.T) {
	for _, c := range []struct {
		name, value, want string
		opts              map[string]string
	}{
		{"cn.amount", "1,234.50", "1234.50", nil},
		{"cn.amount", "3.2万", "32000", nil},
		{"cn.amount", "0.32万", "3200", nil},
		{"cn.amount", "1.23456万", "12345.6", nil},
		{"cn.amount", "(500)", "-500", nil},
		{"cn.amount", "¥-1,234.50元", "-1234.50", nil},
		{"cn.amount", "500-", "-500", nil},
		{"cn.amount", "1.5亿元", "150000000", nil},
		{"cn.amount", "壹万贰仟叁佰肆拾伍元陆角柒分", "12345.67", nil},
		{"cn.amount", "壹亿零贰拾万零伍元整", "100200005", nil},
		{"cn.amount", "叁角", "0.30", nil},
		{"cn.amount", "伍分", "0.05", nil},
		{"cn.amount", "12,34", "12,34", nil},
		{"iso.country", "中国", "CN", nil},
		{"iso.country", "156", "CHN", map[string]string{"form": "alpha3"}},
		{"iso.country", "usa", "美国", map[string]string{"form": "name_zh"}},
		{"iso.isbn", "0-306-40615-2", "9780306406157", map[string]string{"form": "13"}},
		{"iso.isbn", "978-0-306-40615-7", "9780306406157", nil},
		{"iso.issn", "03785955", "0378-5955", nil},
		{"iso.datetime", "2024-02-29T08:00:00Z", "2024-02-29 16:00:00", nil},
		{"iso.datetime", "2024-02-29T20:00:00-05:00", "2024-03-01 09:00:00", nil},
		{"iso.datetime", "2024-02-29T08:00:00Z", "2024-02-29 08:00:00", map[string]string{"offset": "written"}},
		{"iso.datetime", "2024-02-29 08:00", "2024-02-29 08:00", nil},
		{"e164.phone", "+44 (0)20 7946 0958", "+442079460958", nil},
		{"e164.phone", "13800138000", "+8613800138000", map[string]string{"country": "86"}},
		{"net.mac", "00-1A-2B-3C-4D-5E", "00:1a:2b:3c:4d:5e", nil},
		{"uk.postcode", "SW1A1AA", "SW1A 1AA", nil},
		{"us.ssn", "123456789", "123-45-6789", nil},
		{"us.ein", "123456789", "12-3456789", nil},
		{"eu.vat", "136 695 976", "DE136695976", map[string]string{"country": "DE"}},
		{"cn.admin_name", "110104", "宣武区", nil},
		{"geo.wgs84", "121.5272106,31.1774276", "121.531542,31.175304", map[string]string{"to": "gcj02"}}, // the vectors of eviltransform
		{"geo.wgs84", "113.912316,22.543847", "113.917176,22.540796", map[string]string{"to": "gcj02"}},
		{"geo.cgcs2000", "116.377817,39.911954", "116.384047,39.913345", map[string]string{"to": "gcj02"}},
		{"geo.gcj02", "39.913345,116.384047", "39.911954,116.377817", map[string]string{"to": "wgs84", "order": "lat_lon"}},
		{"geo.wgs84", "2.35,48.85", "2.35,48.85", map[string]string{"to": "gcj02"}},
	} {
		s, _ := Lookup(c.name)
		compiled, err := s.Compile(c.opts)
		if err != nil {
			t.Fatal(err)
		}
		g := generator{standard: s, compiled: compiled}
		if got := string(g.cleaned([]byte(c.value))); got != c.want {
			t.Errorf("%s %v %q: got %q, want %q", c.name, c.opts, c.value, got, c.want)
		}
	}
}

func TestTheShiftOfGCJ02IsUndone(t *testing.T) {
	for lon := 74.0; lon < 135; lon += 3.7 {
		for lat := 4.0; lat < 54; lat += 3.3 {
			x, y := FromGCJ02(ToGCJ02(lon, lat))
			if dx, dy := x-lon, y-lat; dx > 1e-8 || dx < -1e-8 || dy > 1e-8 || dy < -1e-8 {
				t.Fatalf("%v,%v comes back as %v,%v", lon, lat, x, y)
			}
		}
	}
}

// Every plan of the table must become an automaton when its first number comes: an
// expression that cannot be read would stop a run.
func TestEveryNumberPlanCanBeRead(t *testing.T) {
	plans := 0
	for code, p := range numberPlans() {
		if p == nil {
			continue
		}
		plans++
		if p.match([]byte("0")) || p.match(bytes.Repeat([]byte("9"), 20)) {
			t.Errorf("the plan of %d takes one digit or twenty", code)
		}
	}
	if plans < 210 {
		t.Errorf("%d plans", plans)
	}
}
