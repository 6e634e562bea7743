package profile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func tableOf(values ...string) *table {
	t := newTable(maxDistinct)
	addAll(t, values)
	t.settle()
	return t
}

func repeat(n int, values ...string) []string {
	var out []string
	for range n {
		out = append(out, values...)
	}
	return out
}

func TestTypesFollowFromValuesAndName(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []string
		want   string
	}{
		{"count", []string{"1", "20", "-3"}, "integer"},
		{"count", []string{"１", " 20 ", "3"}, "integer"},
		{"count", append(repeat(5, "1", "2", "3", "4"), "many"), "integer"},
		{"count", append(repeat(1, "1", "2", "3"), "many", "few"), "string"},
		{"count", append(repeat(5, "未知"), "1", "2", "3", "4", "5", "6"), "integer"},
		{"price", []string{"1.5", "20.25", "3"}, "decimal(10,2)"},
		{"price", []string{"1,234.50", "¥3", "2万"}, "decimal(10,2)"},
		{"reading", []string{"1.5e-7", "2"}, "number"},
		{"reading", []string{"0.12345678901234"}, "number"},
		{"zip", []string{"01234", "90210"}, "string"},
		{"value", []string{"01234", "90210"}, "string"},
		{"邮政编码", []string{"310000", "310001"}, "string"},
		{"account", []string{"6222021000012345673123", "6222021000012345673124"}, "string"},
		{"day", []string{"2024-01-05", "2024/1/6", "20240107", "2024年1月8日"}, "date"},
		{"day", []string{"20240105", "20240231"}, "integer"},
		{"number", []string{"20240105", "99999999", "12"}, "integer"},
		{"day", []string{"3/25/2024", "12/1/2024"}, "date"},
		{"at", []string{"2024-01-05 10:00:00", "2024/1/6 9:30"}, "timestamp"},
		{"paid", []string{"Y", "N", "y"}, "boolean"},
		{"在职", []string{"是", "否"}, "boolean"},
		{"has_car", []string{"1", "0"}, "boolean"},
		{"flags", []string{"1", "0"}, "integer"},
		{"remark", []string{"", " "}, "string"},
		{"remark", nil, "string"},
		{"mixed", []string{"a", "1"}, "string"},
	} {
		typ := see(tableOf(tt.values...)).typeOf(tt.name)
		if got := typeText(typ); got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.name, tt.values, got, tt.want)
		}
	}
}

func TestDayAndMonthAreToldApartByTheValues(t *testing.T) {
	for _, tt := range []struct {
		values  []string
		formats string
		note    string
	}{
		{[]string{"3/25/2024", "1/2/2024"}, "M/d/yyyy", ""},
		{[]string{"25/3/2024", "1/2/2024"}, "d/M/yyyy", ""},
		{[]string{"1/2/2024", "3/4/2024"}, "M/d/yyyy", "no value tells M/d/yyyy from d/M/yyyy; ask the department"},
		{[]string{"25/3/2024", "26/3/2024", "3/25/2024"}, "d/M/yyyy", "some values are only M/d/yyyy, some only d/M/yyyy; ask the department"},
		{[]string{"2024-1-2", "2024-01-03", "20240104"}, "yyyy-M-d yyyyMMdd", ""},
	} {
		typ := see(tableOf(tt.values...)).typeOf("day")
		var formats []string
		for _, f := range typ.Formats {
			formats = append(formats, f.Text)
		}
		if got := strings.Join(formats, " "); got != tt.formats || typ.Note != tt.note {
			t.Errorf("%q: formats %q, note %q; want %q, %q", tt.values, got, typ.Note, tt.formats, tt.note)
		}
	}
}

func TestStandardsAreRecognisedTheSpecificBeforeTheGeneral(t *testing.T) {
	ids := []string{"11010519491231002X", "440524188001010014", "11010519491231002x"}
	uscc := []string{"91350100M000100Y43"}
	mobiles := make([]string, 20)
	emails := make([]string, 20)
	for i := range mobiles {
		mobiles[i] = fmt.Sprintf("138%08d", i*7919)
		emails[i] = fmt.Sprintf("user%d@example.org", i)
	}
	regions := []string{"110105", "330102", "330106", "440103", "510104", "320102", "370102", "420102", "610102", "650102", "110101", "110102"}
	for _, tt := range []struct {
		name   string
		values []string
		want   string
	}{
		{"身份证号", ids, "cn.id_card"},
		{"x", ids, "cn.id_card"},
		{"统一社会信用代码", uscc, "cn.uscc"},
		{"x", mobiles, "cn.mobile"},
		{"联系电话", mobiles, "cn.mobile"},
		{"x", emails, "net.email"},
		{"行政区划代码", regions, "cn.admin_division"},
		{"x", regions, "cn.admin_division"},
		{"邮编", []string{"310000", "310001", "100020"}, "cn.postcode"},
		{"性别", []string{"1", "2"}, "cn.gender"},
		{"x", []string{"男", "女"}, "cn.gender"},
		{"x", []string{"1", "2"}, ""},
		{"姓名", []string{"张伟", "王芳", "阿卜杜拉·艾则孜"}, "cn.name"},
		{"部门", []string{"教育局", "民政局"}, ""},
		{"name", []string{"市医疗保障局", "市卫生健康委员会"}, ""},
		{"住址", []string{"浙江省杭州市西湖区文三路1号", "北京市朝阳区建国路88号2栋"}, "cn.address"},
		{"x", []string{"a", "b"}, ""},
		{"手机", []string{"a", "b"}, ""},
		{"手机", nil, ""},
	} {
		list, err := recognise(tt.name, tableOf(tt.values...))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if best := accepted(list); best != nil {
			got = best.Name
		}
		if got != tt.want {
			t.Errorf("%s %q: %q, want %q (%+v)", tt.name, tt.values[:min(3, len(tt.values))], got, tt.want, list)
		}
	}
}

func TestEveryStandardIsKnownByNameOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range specific {
		if seen[k.name] {
			t.Errorf("%s stands twice", k.name)
		}
		seen[k.name] = true
		for _, w := range k.words {
			if w != strings.ToLower(w) {
				t.Errorf("%s: the word %q is not in lower case and would never be found", k.name, w)
			}
		}
	}
	known, err := library()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range known {
		if k.rank == len(specific) {
			t.Logf("%s is known by its title only", k.std.Name)
		}
	}
}

func TestColumnNamesAreReadAsWords(t *testing.T) {
	for in, want := range map[string]string{
		"ContactPhone": "contact phone", "contact-phone": "contact phone", "Contact phone (home)": "contact phone home", "法人ID": "法人 id", "手机号码": "手机号码", "IP": "ip",
	} {
		if got := strings.Join(nameParts(in), " "); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if named("total_phonecalls", []string{"phone"}) > 0 {
		t.Error("phonecalls is not phone")
	}
	if named("法人手机号码", []string{"手机"}) == 0 || named("contact_phone", []string{"phone"}) == 0 {
		t.Error("part of a name is not found")
	}
}

func TestNearDuplicatesAndVariantsAreFound(t *testing.T) {
	weigh := func(counts map[string]int64) (out []weighted) {
		for v, n := range counts {
			out = append(out, weighted{raw: []byte(v), plain: []byte(v), cells: n, count: n, runes: int64(len([]rune(v)))})
		}
		slices.SortFunc(out, func(a, b weighted) int { return int(b.count - a.count) })
		return out
	}
	pairs := nearDuplicates(weigh(map[string]int64{"Dubuque": 50, "Dybuque": 2, "Dubuqu": 1, "Dubuqeu": 3, "Room 1a": 90, "Room 2a": 1, "Chicago": 40}))
	got := map[string]string{}
	for _, p := range pairs {
		got[string(p[0].raw)] = string(p[1].raw)
	}
	if len(got) != 3 || got["Dybuque"] != "Dubuque" || got["Dubuqu"] != "Dubuque" || got["Dubuqeu"] != "Dubuque" {
		t.Errorf("near duplicates: %v", got)
	}
	variants := caseVariants(weigh(map[string]int64{"El Valor": 22, "EL VALOR": 30, "El  valor": 1, "Other": 5}))
	if len(variants) != 2 || string(variants[0][1].raw) != "EL VALOR" {
		t.Errorf("variants: %v", variants)
	}
}
