package standard

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	cityPattern     = regexp.MustCompile(`^(?:.{2,10}?(?:省|自治区))?.{1,10}?(?:市|自治州|地区|盟)`)
	provincePattern = regexp.MustCompile(`^(?:(?:北京|天津|上海|重庆)市|.{2,10}?(?:省|自治区|特别行政区))`)
)

func TestCityPartOfRealAddresses(t *testing.T) {
	for _, c := range []struct{ addr, want string }{
		{"浙江省杭州市西湖区文三路1号", "浙江省杭州市"},
		{"北京市海淀区中关村大街1号", "北京市"},
		{"内蒙古自治区锡林郭勒盟二连浩特市", "内蒙古自治区锡林郭勒盟"},
		{"新疆维吾尔自治区伊犁哈萨克自治州伊宁市", "新疆维吾尔自治区伊犁哈萨克自治州"},
		{"黑龙江省大兴安岭地区加格达奇区", "黑龙江省大兴安岭地区"},
		{"杭州市西湖区", "杭州市"},
		{"城市之光小区", "城市"},
		{"浙江省市", "浙江省市"},
		{"甲乙省丙丙省丁丁丁丁丁丁丁丁丁市己", "甲乙省丙丙省丁丁丁丁丁丁丁丁丁市"},
		{"甲乙省丙自治区丁丁丁丁丁丁丁自治州", "甲乙省丙自治区丁丁丁丁丁丁丁自治州"},
		{"甲乙省丙丙自治区丁丁丁丁丁丁丁丁地区", "甲乙省丙丙自治区丁丁丁丁丁丁丁丁地区"},
		{"甲乙省丁丁丁丁丁丁丁丁丁丁丁丁丁盟", ""},
		{"甲市省丁丁丁丁丁丁丁丁丁丁丁丁丁盟", "甲市"},
		{"市", ""}, {"", ""}, {"某某路1号", ""}, {"浙江省杭州", ""},
	} {
		n, ok := CityPart([]byte(c.addr))
		if got := c.addr[:n]; got != c.want || ok != (c.want != "") {
			t.Errorf("CityPart(%q) = %q, %v, want %q", c.addr, got, ok, c.want)
		}
	}
}

func TestProvincePartOfRealAddresses(t *testing.T) {
	for _, c := range []struct{ addr, want string }{
		{"浙江省杭州市", "浙江省"}, {"上海市浦东新区", "上海市"}, {"广西壮族自治区南宁市", "广西壮族自治区"}, {"香港特别行政区中西区", "香港特别行政区"}, {"杭州市", ""}, {"", ""},
	} {
		n, ok := ProvincePart([]byte(c.addr))
		if got := c.addr[:n]; got != c.want || ok != (c.want != "") {
			t.Errorf("ProvincePart(%q) = %q, %v, want %q", c.addr, got, ok, c.want)
		}
	}
}

// addresses are random sequences of the words that matter, parts of them, and
// what may stand between, broken UTF-8 included.
func addresses() *rapid.Generator[string] {
	words := []string{"省", "自治区", "市", "自治州", "地区", "盟", "自", "治", "区", "地", "州", "甲", "乙乙乙", "丙丙丙丙丙丙", "a", "\n", "\xff", "\xe5\xb8", "𠮷", "北京市", "北京", "特别行政区", "特"}
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 24).Draw(t, "words"), "")
	})
}

func samePart(t interface{ Fatalf(string, ...any) }, name, addr string, part func([]byte) (int, bool), pattern *regexp.Regexp) {
	n, ok := part([]byte(addr))
	loc := pattern.FindStringIndex(addr)
	if ok != (loc != nil) || ok && n != loc[1] || !ok && n != 0 {
		t.Fatalf("%s(%q) = %d, %v; the pattern says %v", name, addr, n, ok, loc)
	}
}

func TestAddressPartsAreWhatThePatternsMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		addr := addresses().Draw(t, "address")
		samePart(t, "CityPart", addr, CityPart, cityPattern)
		samePart(t, "ProvincePart", addr, ProvincePart, provincePattern)
	})
}

func FuzzAddressParts(f *testing.F) {
	f.Add("浙江省杭州市西湖区")
	f.Add("甲乙省丙丙丙丙丙丙丙丙丙丙丙省市市")
	f.Add("甲乙自治区自治州\n地区")
	f.Fuzz(func(t *testing.T, addr string) {
		samePart(t, "CityPart", addr, CityPart, cityPattern)
		samePart(t, "ProvincePart", addr, ProvincePart, provincePattern)
	})
}

func BenchmarkCityPart(b *testing.B) {
	for name, addr := range map[string]string{"province": "浙江省杭州市西湖区文三路138号", "municipality": "北京市海淀区中关村大街27号院", "none": "某某路某某小区某某号楼某某单元"} {
		value := []byte(addr)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				CityPart(value)
			}
		})
	}
	b.Run("regexp", func(b *testing.B) {
		value := []byte("浙江省杭州市西湖区文三路138号")
		b.SetBytes(int64(len(value)))
		for b.Loop() {
			cityPattern.FindIndex(value)
		}
	})
}
