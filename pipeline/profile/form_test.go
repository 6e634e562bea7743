package profile

import (
	"testing"

	"clearwell/pipeline/kernel"
)

func TestNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want numeric
	}{
		{"12", numeric{ok: true, value: 12, whole: 2}},
		{"-0.50", numeric{ok: true, value: -0.5, whole: 1, decimals: 2}},
		{"007", numeric{ok: true, value: 7, whole: 3, zero: true}},
		{"1e3", numeric{ok: true, value: 1000, whole: 1, exponent: true}},
		{"1,234.5", numeric{ok: true, value: 1234.5, whole: 4, decimals: 1, grouped: true, written: true, text: "1234.5"}},
		{"3.2万", numeric{ok: true, value: 32000, whole: 5, written: true, unit: "万", text: "32000"}},
		{"0.00015亿元", numeric{ok: true, value: 15000, whole: 5, written: true, unit: "亿", symbol: "元", text: "15000"}},
		{"-¥12", numeric{ok: true, value: -12, whole: 2, written: true, symbol: "¥", text: "-12"}},
		{"$ 7.25", numeric{ok: true, value: 7.25, whole: 1, decimals: 2, written: true, symbol: "$", text: "7.25"}},
		{"12,34", numeric{}}, {"1,23,456", numeric{}}, {".5", numeric{}}, {"5.", numeric{}}, {"1e", numeric{}}, {"", numeric{}}, {"-", numeric{}},
		{"１２", numeric{}}, {"12a", numeric{}}, {"万", numeric{}}, {"1.2.3", numeric{}}, {"2024-01-01", numeric{}},
	} {
		if got := readNumber([]byte(tt.in)); got != tt.want {
			t.Errorf("%q: got %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

func TestPatternsNameTheClassesOfCharacters(t *testing.T) {
	for _, tt := range []struct{ in, whole, collapsed string }{
		{"2024-01-05", "9999-99-99", "9+-9+-9+"},
		{"A001", "A999", "A9+"},
		{"张伟", "汉汉", "汉+"},
		{"浙A·12345", "汉A·99999", "汉A·9+"},
		{"Ab c", "Aa a", "Aa a"},
		{"１２Ａ", "９９Ａ", "９+Ａ"},
		{"é\x00", "a?", "a?"},
		{"---", "---", "-"},
		{"", "", ""},
	} {
		if got := string(appendPattern(nil, []byte(tt.in), false)); got != tt.whole {
			t.Errorf("%q: pattern %q, want %q", tt.in, got, tt.whole)
		}
		if got := string(appendPattern(nil, []byte(tt.in), true)); got != tt.collapsed {
			t.Errorf("%q: collapsed %q, want %q", tt.in, got, tt.collapsed)
		}
	}
}

func TestDirtIsCountedByKind(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Dirt
	}{
		{"clean", Dirt{}}, {"王伟", Dirt{}}, {"a b", Dirt{}},
		{" a", Dirt{Blanks: 1}}, {"a　", Dirt{Blanks: 1}}, {"a  b", Dirt{Spaces: 1}}, {"a  ", Dirt{Blanks: 1}},
		{"１2", Dirt{FullWidth: 1}}, {"a\nb", Dirt{Control: 1}}, {"cafÃ©", Dirt{Garbled: 1}}, {"锟斤拷", Dirt{Garbled: 1}}, {"\uFFFD", Dirt{Garbled: 1}},
	} {
		if got := dirtOf([]byte(tt.in)); got != tt.want {
			t.Errorf("%q: got %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

func TestNullWordsAreStrongOrWeak(t *testing.T) {
	for in, want := range map[string]nullKind{
		"": strongNull, "NULL": strongNull, "n/a": strongNull, "N/A": strongNull, "-": strongNull, "空": strongNull, `\N`: strongNull,
		"无": weakNull, "None": weakNull, "未知": weakNull, "NA": weakNull, "0000-00-00": weakNull,
		"0": noNull, "男": noNull, "Nullarbor": noNull, "a very long text that is no null": noNull,
	} {
		if got := nullWord([]byte(in)); got != want {
			t.Errorf("%q: got %d, want %d", in, got, want)
		}
	}
}

// What is shared with the memory of a table must never be written to: a value with a blank in
// front followed by one in full-width once changed the first.
func TestLookingAtValuesDoesNotChangeThem(t *testing.T) {
	tab := newTable(minDistinct)
	values := []string{" a1", "１２３４５６７８", " 王伟", "ＡＢＣＤ", "x"}
	for _, v := range values {
		add(tab, v)
	}
	tab.settle()
	see(tab)
	d := &decision{typ: Type{Name: "integer"}}
	d.reader = newReader(d.typ)
	if _, err := tallyTable(d, tab); err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if tab.find([]byte(v)) < 0 {
			t.Errorf("%q is not in the table any more", v)
		}
	}
	if got := string(kernel.Plain(newScratch(), []byte("　１ "))); got != "1" {
		t.Errorf("plain form is %q", got)
	}
}
