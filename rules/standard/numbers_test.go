package standard

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawID makes a valid number of a real region.
func drawID(t *rapid.T) []byte {
	codes := regions().codes
	code := codes[rapid.IntRange(0, len(codes)-1).Draw(t, "region")]
	days := int32(rapid.IntRange(int(DaysFromCivil(idMinYear, 1, 1)), int(DaysFromCivil(idMaxYear, 12, 31))).Draw(t, "birth"))
	seq := rapid.IntRange(0, 999).Draw(t, "sequence")
	b := appendDigits(nil, int(code), 6)
	for _, c := range AppendDate(nil, days) {
		if c != '-' {
			b = append(b, c)
		}
	}
	b = appendDigits(b, seq, 3)
	b = append(b, idCheck(b))
	birth, ok := IDBirth(b)
	if !ok || birth != days || !ValidID(b, true) {
		t.Fatalf("%s is not valid or has the wrong birth date", b)
	}
	if g, ok := IDGender(b); !ok || (g == '1') != (seq%2 == 1) {
		t.Fatalf("IDGender(%s) = %c", b, g)
	}
	return b
}

func appendDigits(dst []byte, n, width int) []byte {
	for unit := pow10(width - 1); unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(n/unit%10))
	}
	return dst
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

func TestOneCharacterChangedMakesAnIDWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawID(t)
		at := rapid.IntRange(0, 17).Draw(t, "at")
		other := rapid.SampledFrom([]byte("0123456789Xx ")).Draw(t, "other")
		if was := b[at]; was != other {
			b[at] = other
			if ValidID(b, false) {
				t.Fatalf("%s with %c at %d is valid", b, other, at)
			}
			b[at] = was
		}
		// MOD 11-2 also finds two neighbours exchanged.
		if i := rapid.IntRange(0, 15).Draw(t, "exchange"); b[i] != b[i+1] {
			b[i], b[i+1] = b[i+1], b[i]
			if ValidID(b, false) {
				t.Fatalf("%s with %d and %d exchanged is valid", b, i, i+1)
			}
		}
	})
}

func TestUpgradedNumbersAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		full := drawID(t)
		old := append(append([]byte{}, full[:6]...), full[8:17]...)
		got, ok := Upgrade15(nil, old)
		century := "19"
		if string(full[6:8]) == century && (!ok || string(got) != string(full)) {
			t.Fatalf("Upgrade15(%s) = %s, want %s", old, got, full)
		}
		if ok && !ValidID(got, true) {
			t.Fatalf("Upgrade15(%s) = %s is not valid", old, got)
		}
	})
}

func TestOneCharacterChangedMakesAUSCCWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chars := []byte(usccAlphabet)
		b := rapid.SliceOfN(rapid.SampledFrom(chars), 17, 17).Draw(t, "body")
		right := 0
		for _, c := range chars {
			if ValidUSCC(append(b[:17:17], c)) {
				b, right = append(b[:17:17], c), right+1
			}
		}
		if right != 1 {
			t.Fatalf("%d check characters are right for %s", right, b[:17])
		}
		at := rapid.IntRange(0, 17).Draw(t, "at")
		other := rapid.SampledFrom([]byte(usccAlphabet+"IOSVZa*")).Draw(t, "other")
		if b[at] != other {
			b[at] = other
			if ValidUSCC(b) {
				t.Fatalf("%s is valid", b)
			}
		}
	})
}

func TestOneDigitChangedBreaksLuhnAndOrgCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.SliceOfN(rapid.SampledFrom([]byte("0123456789")), 18, 18).Draw(t, "digits")
		right := 0
		for c := byte('0'); c <= '9'; c++ {
			if Luhn(append(digits[:18:18], c)) {
				right++
				b := append(digits[:18:18], c)
				at := rapid.IntRange(0, 18).Draw(t, "at")
				b[at] = '0' + (b[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
				if Luhn(b) {
					t.Fatalf("%s satisfies Luhn", b)
				}
			}
		}
		if right != 1 {
			t.Fatalf("%d check digits are right", right)
		}
		right = 0
		for _, c := range []byte("0123456789X") {
			if ValidOrgCode(append(digits[:8:8], c)) {
				right++
			}
		}
		if right != 1 {
			t.Fatalf("%d check characters are right for an organisation code", right)
		}
	})
	if Luhn(nil) || Luhn([]byte("4111a")) {
		t.Error("Luhn takes what is no number")
	}
}

func TestIPAgreesWithNetip(t *testing.T) {
	parts := []string{"1", "0", "255", "256", "01", "::", ":", ".", "ffff", "12345", "a", "1.2.3.4", "2001:db8", "g", "%eth0"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 12).Draw(t, "parts"), rapid.SampledFrom([]string{"", ":", "."}).Draw(t, "sep"))
		a, err := netip.ParseAddr(text)
		if want := err == nil && a.Is4(); validIPv4([]byte(text)) != want {
			t.Fatalf("IPv4 %q: netip says %v", text, want)
		}
		if want := err == nil && a.Is6() && a.Zone() == ""; validIPv6([]byte(text)) != want {
			t.Fatalf("IPv6 %q: netip says %v", text, want)
		}
	})
}

func TestRegionsByRevision(t *testing.T) {
	for code, want := range map[string][2]bool{"110105": {true, true}, "110104": {true, false}, "510202": {true, false}, "110199": {}, "1101051": {}, "11010 ": {}} {
		if got := [2]bool{ValidRegion([]byte(code), false), ValidRegion([]byte(code), true)}; got != want {
			t.Errorf("ValidRegion(%s) ever, current = %v, want %v", code, got, want)
		}
	}
}

func TestNothingIsReadOffAWrongID(t *testing.T) {
	for _, id := range []string{"", "110105199003072312", "110105199002302311", "11010519900307231", "11010519900307231x"} {
		if _, ok := IDBirth([]byte(id)); ok {
			t.Errorf("%q has a birth date", id)
		}
		if _, ok := IDGender([]byte(id)); ok {
			t.Errorf("%q has a sex", id)
		}
	}
}

func TestRegionNamesAreTheLatest(t *testing.T) {
	for code, want := range map[string]string{"110105": "朝阳区", "110104": "宣武区", "110228": "密云县", "330000": "浙江省"} {
		if got, ok := RegionName([]byte(code)); !ok || got != want {
			t.Errorf("RegionName(%s) = %q, %v, want %q", code, got, ok, want)
		}
	}
	for _, code := range []string{"999999", "11010x", ""} {
		if _, ok := RegionName([]byte(code)); ok {
			t.Errorf("%q has a name", code)
		}
	}
}

// FuzzStandards holds every standard to its contract on any bytes: cleaning
// keeps what was in dst, is idempotent, and what is valid stays as it is.
func FuzzStandards(f *testing.F) {
	for _, seed := range []string{"", "11010519491231002x", "110105491231002", "+86 138-0013-8000", "0755-2345678 转 801", "汉族", "王 伟", "京A·12345", "2001:db8::1", "a@b.cn", "1,2", "\xff\xfe", "(", "+86", "+861"} {
		f.Add([]byte(seed))
	}
	compiled := map[string]*Compiled{}
	for _, name := range Names() {
		s, _ := Lookup(name)
		c, err := s.Compile(nil)
		if err != nil {
			f.Fatal(err)
		}
		compiled[name] = c
	}
	for _, s := range library {
		valid, invalid, _ := s.Samples(nil, 1, 2)
		for _, v := range valid {
			f.Add([]byte(v))
		}
		for _, v := range invalid {
			f.Add([]byte(v.Value))
		}
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		for name, c := range compiled {
			b := value
			if c.Clean != nil {
				if out, changed := c.Clean([]byte("x"), value); changed {
					b = out[1:]
					if again, twice := c.Clean(nil, b); twice {
						t.Fatalf("%s: %q cleaned to %q, and that to %q", name, value, b, again)
					}
				} else if len(out) != 1 {
					t.Fatalf("%s: unchanged, but appended to", name)
				}
			}
			if c.Valid != nil {
				c.Valid(value)
				c.Valid(b)
			}
			s, _ := Lookup(name)
			if _, err := s.Why(nil, string(b)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestCellsAreNotAllocatedFor(t *testing.T) {
	values := []string{"11010519491231002x", "110105491231002", "+86 138-0013-8000", "0755-2345678 转 801", "汉族", "王 伟", "京A·12345", "2001:db8::1", "a@b.cn", "1,2", "6222 0210 0001 2345 673", "110105"}
	dst := make([]byte, 0, 256)
	for _, name := range Names() {
		s, _ := Lookup(name)
		c, _ := s.Compile(nil)
		for _, v := range values {
			b := []byte(v)
			n := testing.AllocsPerRun(10, func() {
				if c.Clean != nil {
					c.Clean(dst, b)
				}
				if c.Valid != nil {
					c.Valid(b)
				}
			})
			if n > 0 {
				t.Errorf("%s: %q: %v allocations", name, v, n)
			}
		}
	}
}

func BenchmarkStandards(b *testing.B) {
	type one struct{ name, value string }
	list := []one{
		{"cn.id_card", "110105199003072311"}, {"cn.id_card", "110105491231002"}, {"cn.uscc", "91350100M000100Y43"}, {"cn.mobile", "13800138000"}, {"cn.mobile", "+86 138-0013-8000"},
		{"cn.admin_division", "440305"}, {"cn.gender", "男"}, {"cn.ethnic", "维吾尔族"}, {"cn.name", "王小明"}, {"net.email", "some.body@example.com"}, {"cn.bank_card", "6222021000012345673"},
	}
	for _, s := range library {
		if valid, _, _ := s.Samples(nil, 1, 1); len(valid) > 0 && s.Checks {
			list = append(list, one{s.Name, valid[0]})
		}
	}
	for _, c := range list {
		s, _ := Lookup(c.name)
		compiled, _ := s.Compile(nil)
		value, dst := []byte(c.value), make([]byte, 0, 64)
		b.Run(c.name+"/"+c.value, func(b *testing.B) {
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				v := value
				if compiled.Clean != nil {
					if out, changed := compiled.Clean(dst, v); changed {
						v = out
					}
				}
				compiled.Valid(v)
			}
		})
	}
}
