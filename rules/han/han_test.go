package han_test

import (
	_ "embed"
	"strings"
	"testing"

	"clearwell/rules/han"
)

// vectors are the test cases of OpenCC 1.4.2 (Apache-2.0) for its configurations t2s and s2t,
// without three that use simplified forms outside the tables that are embedded.
//
//go:embed testdata/opencc.tsv
var vectors string

func TestOpenCCsOwnCases(t *testing.T) {
	to := map[string]han.Converter{"t2s": han.Simplify(), "s2t": han.Traditionalize()}
	n := 0
	for line := range strings.Lines(vectors) {
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(c) != 3 {
			t.Fatalf("%q", line)
		}
		got, changed := to[c[0]](nil, []byte(c[1]))
		if !changed {
			got = []byte(c[1])
		}
		if string(got) != c[2] {
			t.Errorf("%s %s: got %s, want %s", c[0], c[1], got, c[2])
		}
		if changed != (c[1] != c[2]) {
			t.Errorf("%s %s: changed %v", c[0], c[1], changed)
		}
		n++
	}
	if n < 20 {
		t.Fatalf("%d cases", n)
	}
}

func TestConversion(t *testing.T) {
	for _, c := range []struct {
		to       han.Converter
		in, want string
	}{
		{han.Simplify(), "臺灣省臺北市", "台湾省台北市"},
		{han.Simplify(), "乾隆年間的乾燥劑", "乾隆年间的干燥剂"},
		{han.Simplify(), "市場監督管理局(廣東)", "市场监督管理局(广东)"},
		{han.Simplify(), "四川省", "四川省"},
		{han.Simplify(), "abc 12", "abc 12"},
		{han.Simplify(), "", ""},
		{han.Simplify(), "\xE9\xA0國\xFF", "\xE9\xA0国\xFF"},
		{han.Traditionalize(), "头发发展", "頭髮發展"},
		{han.Traditionalize(), "皇后在后面", "皇后在後面"},
	} {
		got, changed := c.to([]byte("x"), []byte(c.in))
		if changed && string(got) != "x"+c.want || changed != (c.in != c.want) {
			t.Errorf("%q: got %q changed %v, want %q", c.in, got, changed, c.want)
		}
	}
}

// FuzzSimplify: nothing breaks on what is no UTF-8, ASCII passes untouched, and what is simplified stays so.
func FuzzSimplify(f *testing.F) {
	for _, s := range []string{"臺灣", "乾隆", "\xE4\xB8", "𠀾", "a國b"} {
		f.Add(s)
	}
	to := han.Simplify()
	f.Fuzz(func(t *testing.T, s string) {
		got, changed := to(nil, []byte(s))
		if !changed {
			return
		}
		if string(got) == s {
			t.Errorf("%q: told as changed", s)
		}
		if again, changed := to(nil, got); changed {
			if _, third := to(nil, again); third {
				t.Errorf("%q becomes %q, then %q, and goes on", s, got, again)
			}
		}
	})
}

func BenchmarkSimplify(b *testing.B) {
	for name, text := range map[string]string{"simplified": "四川省凉山彝族自治州盐源县环城南路30号", "traditional": "臺灣省臺北市中正區重慶南路一段122號", "ascii": "13812345678"} {
		b.Run(name, func(b *testing.B) {
			to, in, out := han.Simplify(), []byte(text), make([]byte, 0, 256)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				to(out, in)
			}
		})
	}
}
