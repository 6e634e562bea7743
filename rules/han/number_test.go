package han_test

import (
	"strconv"
	"strings"
	"testing"

	"clearwell/rules/han"
)

func TestNumerals(t *testing.T) {
	for in, want := range map[string]string{
		"零": "0", "〇": "0", "五": "5", "十": "10", "十五": "15", "二十": "20", "二十五": "25", "一百": "100", "一百零五": "105", "一百一十": "110",
		"两千": "2000", "一千零一": "1001", "一千零一十": "1010", "一万": "10000", "十万": "100000", "十二万三千": "123000", "一万零五": "10005", "三万零五百": "30500",
		"三万五千": "35000", "一亿": "100000000", "一亿零三": "100000003", "三万亿": "3000000000000", "一万二千三百四十五亿六千七百八十九万零一百二十三": "1234567890123",
		"二〇二四": "2024", "一二三": "123", "三点一四": "3.14", "零点五": "0.5", "十点零": "10", "负三": "-3", "负零": "0", "百分之十五": "0.15", "百分之百": "1", "百分之零点五": "0.005",
		"壹万贰仟叁佰元整": "12300", "壹佰元零伍分": "100.05", "壹佰圆伍角正": "100.5", "伍角": "0.5", "叁分": "0.03", "贰拾元伍角叁分": "20.53", "玖億捌仟萬圓整": "980000000", "陆拾柒元": "67",
		"二百五": "", "三万五": "", "一千五": "", "百五十": "", "一百二百": "", "一十百": "", "万": "", "亿": "", "一万二万": "", "点五": "", "三点": "", "元": "", "整": "", "": "",
		"三个": "", "五A": "", "壹佰元零": "", "一百零": "100", "一二百": "", "12": "", "负": "", "百分之": "", "五五角": "",
	} {
		got, ok := han.AppendNumber([]byte("x"), []byte(in))
		if ok != (want != "") || ok && string(got) != "x"+want || !ok && string(got) != "x" {
			t.Errorf("%s: got %s (%v), want %q", in, got, ok, want)
		}
	}
}

// Every number that is written out is read back.
func TestNumeralsReadBack(t *testing.T) {
	for _, n := range []uint64{0, 1, 9, 10, 11, 19, 20, 99, 100, 101, 110, 111, 1000, 1001, 1010, 1100, 9999, 10000, 10001, 10010, 10100, 11000, 100001, 101000, 1000100, 99999999, 100000000, 100010000, 120000304, 1234567890, 100000000001} {
		for _, words := range []string{"零一二三四五六七八九十百千万亿", "〇壹贰叁肆伍陆柒捌玖拾佰仟萬億"} {
			text := written(n, []rune(words))
			if got, ok := han.AppendNumber(nil, []byte(text)); !ok || string(got) != strconv.FormatUint(n, 10) {
				t.Errorf("%d as %s: got %s %v", n, text, got, ok)
			}
		}
	}
}

// written writes a number below 10^12 out.
func written(n uint64, w []rune) string {
	if n == 0 {
		return string(w[0])
	}
	var b strings.Builder
	zero := false // a place was left out
	for exp := 11; exp >= 0; exp-- {
		unit := uint64(1)
		for range exp {
			unit *= 10
		}
		if d := n / unit % 10; d > 0 {
			if zero && b.Len() > 0 {
				b.WriteRune(w[0])
			}
			zero = false
			b.WriteRune(w[d])
			if exp%4 > 0 {
				b.WriteRune(w[9+exp%4])
			}
		} else {
			zero = true
		}
		if exp > 0 && exp%4 == 0 && n/unit%10000 > 0 {
			b.WriteRune(w[12+exp/4])
		}
	}
	return b.String()
}

func FuzzNumerals(f *testing.F) {
	for _, s := range []string{"一万二千零五", "壹万贰仟元伍角整", "百分之三点五", "负零", "〇〇〇"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := han.AppendNumber(nil, []byte(s))
		if !ok {
			return
		}
		if _, err := strconv.ParseFloat(string(got), 64); err != nil || strings.HasSuffix(string(got), ".") || string(got) == "-0" {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func BenchmarkNumerals(b *testing.B) {
	in, out := []byte("壹万贰仟叁佰肆拾伍元陆角整"), make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		han.AppendNumber(out, in)
	}
}
