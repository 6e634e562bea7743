package units

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestConversions(t *testing.T) {
	for _, c := range []struct {
		from, to string
		decimals int
		in, want string
	}{
		{"亩", "m2", -1, "3", "2000"},
		{"亩", "m2", -1, "1", "666.666667"},
		{"亩", "m2", 2, "1", "666.67"},
		{"亩", "m2", 2, "-1", "-666.67"},
		{"亩", "m2", 0, "0.00075", "1"}, // 0.5, away from zero
		{"亩", "ha", -1, "15", "1"},
		{"", "m2", -1, "3亩", "2000"},
		{"", "m2", -1, "1.5 公顷", "15000"},
		{"亩", "m2", -1, "200 平方米", "200"},
		{"m2", "亩", -1, "2000", "3"},
		{"斤", "kg", -1, "3", "1.5"},
		{"斤", "kg", -1, "0.5", "0.25"},
		{"t", "kg", -1, "1.234", "1234"},
		{"里", "km", -1, "7", "3.5"},
		{"in", "cm", -1, "12", "30.48"},
		{"mi", "km", -1, "26.2", "42.1648128"},
		{"F", "C", -1, "212", "100"},
		{"F", "C", -1, "0", "-17.777778"},
		{"C", "F", -1, "-40", "-40"},
		{"C", "F", -1, "36.6", "97.88"},
		{"C", "K", -1, "-273.15", "0"},
		{"C", "K", -1, "20℃", "293.15"},
		{"F", "K", 2, "-459.67", "0"},
		{"坪", "m2", 4, "30.25", "100"},
		{"acre", "m2", -1, "1", "4046.8564224"},
		{"t", "mg", -1, "123456789012345678901234567890.5", "123456789012345678901234567890500000000"},
		{"km", "m", -1, "999999999999999999", "999999999999999999000"},
		// what is no measure stays
		{"亩", "m2", -1, "三亩", "三亩"},
		{"亩", "m2", -1, "3斤", "3斤"},
		{"亩", "m2", -1, "1,000", "1,000"},
		{"亩", "m2", -1, "-", "-"},
		{"亩", "m2", -1, "3.", "3."},
		{"亩", "m2", -1, "", ""},
		{"m2", "m2", -1, "5.50", "5.5"},
		{"kg", "kg", -1, "5", "5"},
	} {
		conv, err := New(c.from, c.to, c.decimals)
		if err != nil {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
			continue
		}
		got, changed := conv.Convert(nil, []byte(c.in))
		if !changed {
			got = []byte(c.in)
		}
		if string(got) != c.want || changed != (c.in != c.want) {
			t.Errorf("%s %s in %s: got %s (changed %v), want %s", c.in, c.from, c.to, got, changed, c.want)
		}
	}
}

func TestUnitsThatDoNotFit(t *testing.T) {
	var unknown *UnknownError
	if _, err := New("m", "furlong", -1); !errors.As(err, &unknown) || unknown.Unit != "furlong" {
		t.Errorf("got %v", err)
	}
	if _, err := New("尺", "kg", -1); err == nil {
		t.Error("a length was made a mass")
	}
	words := map[string]string{}
	for _, u := range table {
		for _, w := range u.words {
			if other, twice := words[w]; twice {
				t.Errorf("%s stands for %s and %s", w, other, u.words[0])
			}
			words[w] = u.words[0]
		}
	}
}

// The quick way and big numbers give the same, for every pair of units.
func TestQuickEqualsBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range table {
		for j := range table {
			if table[i].quantity != table[j].quantity {
				continue
			}
			for _, decimals := range []int{-1, 0, 3} {
				c := newConversion(&table[i], &table[j], decimals)
				for range 40 {
					number := strconv.FormatInt(r.Int64N(1<<r.IntN(60)), 10)
					if k := r.IntN(10); k > 0 {
						number += "." + strconv.Itoa(r.IntN(1<<(3*k)))
					}
					if r.IntN(3) == 0 {
						number = "-" + number
					}
					if got, want := string(c.append(nil, []byte(number))), string(c.appendBig(nil, []byte(number))); got != want {
						t.Fatalf("%s %s in %s with %d decimals: %s, with big numbers %s", number, table[i].words[0], table[j].words[0], decimals, got, want)
					}
				}
			}
		}
	}
}

func FuzzConvert(f *testing.F) {
	for _, s := range []string{"3", "-0.5亩", "1e5", "9999999999999999999", "0", "-0", "1.000 公顷"} {
		f.Add(s)
	}
	c, err := New("亩", "m2", -1)
	if err != nil {
		f.Fatal(err)
	}
	to, err := New("m2", "m2", -1)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, changed := c.Convert([]byte("x"), []byte(s))
		if !changed {
			return
		}
		if numberEnd(got[1:]) != len(got)-1 {
			t.Errorf("%q became %q, no number", s, got[1:])
		}
		if again, changed := to.Convert(nil, got[1:]); changed {
			t.Errorf("%q is not in its shortest form: %q", got[1:], again)
		}
	})
}

func BenchmarkConvert(b *testing.B) {
	c, err := New("亩", "m2", 2)
	if err != nil {
		b.Fatal(err)
	}
	in, out := []byte("1234.5"), make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		c.Convert(out, in)
	}
}
