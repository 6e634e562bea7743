package standard

import (
	"strings"
	"testing"
)

func TestAddressParts(t *testing.T) {
	for addr, want := range map[string]string{
		"四川省凉山彝族自治州盐源县盐井街道环城南路30号":           "四川省|凉山彝族自治州|盐源县|盐井街道||环城南路|30号|||",
		"广东省深圳市南山区粤海街道科技园社区科苑路15号A栋3单元1502室": "广东省|深圳市|南山区|粤海街道|科技园社区|科苑路|15号|A栋|3单元|1502室",
		"北京市朝阳区建国路88号2号楼1单元302":              "北京市|北京市|朝阳区|||建国路|88号|2号楼|1单元|302",
		"上海市浦东新区延安东路12弄3号501室":               "上海市|上海市|浦东新区|||延安东路|12弄3号|||501室",
		"重庆市彭水苗族土家族自治县汉葭镇":                   "重庆市|重庆市|彭水苗族土家族自治县|汉葭镇||||||",
		"内蒙古自治区锡林郭勒盟二连浩特市团结路5号":              "内蒙古自治区|锡林郭勒盟|二连浩特市|||团结路|5号|||",
		"四川成都市武侯区人民南路四段11号附2号":               "四川|成都市|武侯区|||人民南路|11号附2号|||",
		"江西省景德镇市珠山区":                         "江西省|景德镇市|珠山区|||||||",
		"四川省成都市彭州市天彭镇":                       "四川省|成都市|彭州市|天彭镇||||||",
		"彭州市天彭镇金彭中路12号":                      "||彭州市|天彭镇||金彭中路|12号|||",
		"台州市路桥区路南街道西路桥大道8号":                  "|台州市|路桥区|路南街道||西路桥大道|8号|||",
		"济南市市中区经七路3号":                        "|济南市|市中区|||经七路|3号|||",
		"河北省石家庄市市辖区":                         "河北省|石家庄市||||||||",
		"人民路东二巷5号":                           "|||||人民路东二巷|5号|||",
		"阳光小区3栋2单元302号":                      "|||||||3栋|2单元|302号",
		"香港特别行政区":                            "香港特别行政区|||||||||",
		"":                                   "|||||||||",
		"无":                                  "|||||||||",
		"abc1":                               "|||||||||",
	} {
		a := ParseAddress([]byte(addr))
		var got []string
		for p := range addressParts {
			got = append(got, string(a.Part([]byte(addr), p)))
		}
		if text := strings.Join(got, "|"); text != want {
			t.Errorf("%s:\n got %s\nwant %s", addr, text, want)
		}
	}
}

func TestEveryEndingBegins(t *testing.T) {
	for _, e := range divisionEndings {
		if r, _ := decodeAt([]byte(e.word), 0); !beginsEnding(r) {
			t.Errorf("%s is never found", e.word)
		}
	}
}

// FuzzParseAddress: parts lie in the text, in order, at most the municipality twice.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"北京市朝阳区建国路88号2号楼1单元302", "四川成都市", "市市市", "1号1号1号", "\xE5\xB8", "路街巷弄1弄"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a := ParseAddress([]byte(s))
		last := 0
		for p := range addressParts {
			from, to := a.from[p], a.to[p]
			if from == to {
				continue
			}
			municipality := p == AddressCity && from == a.from[AddressProvince] && to == a.to[AddressProvince]
			if from > to || to > len(s) || from < last && !municipality {
				t.Fatalf("%q: %s is [%d:%d] behind %d", s, addressPartNames[p], from, to, last)
			}
			last = to
		}
	})
}

func BenchmarkParseAddress(b *testing.B) {
	addr := []byte("广东省深圳市南山区粤海街道科苑路15号A栋3单元1502室")
	b.ReportAllocs()
	for b.Loop() {
		ParseAddress(addr)
	}
}
