package standard

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDaysAgreeWithPackageTime(t *testing.T) {
	for d := int32(-800_000); d < 3_000_000; d += 17 {
		y, m, day := CivilFromDays(d)
		want := time.Unix(int64(d)*86400, 0).UTC()
		if y != want.Year() || m != int(want.Month()) || day != want.Day() {
			t.Fatalf("CivilFromDays(%d) = %d-%d-%d, want %v", d, y, m, day, want)
		}
		if !ValidDate(y, m, day) || DaysFromCivil(y, m, day) != d {
			t.Fatalf("DaysFromCivil(%d, %d, %d) = %d, want %d", y, m, day, DaysFromCivil(y, m, day), d)
		}
	}
}

func TestDatesThatDoNotExistAreRefused(t *testing.T) {
	for _, c := range []struct{ y, m, d int }{
		{2023, 2, 29}, {1900, 2, 29}, {2024, 2, 30}, {2024, 4, 31}, {2024, 0, 1}, {2024, 13, 1}, {2024, 1, 0}, {2024, 1, 32}, {2024, -1, 1}, {2024, 20, 1},
	} {
		if ValidDate(c.y, c.m, c.d) {
			t.Errorf("%v is valid", c)
		}
	}
	if !ValidDate(2000, 2, 29) || !ValidDate(2024, 2, 29) {
		t.Error("a leap day is refused")
	}
}

func TestCanonicalTextOfDatesAndTimestamps(t *testing.T) {
	for want, days := range map[string]int32{"0987-06-05": DaysFromCivil(987, 6, 5), "-0001-01-01": DaysFromCivil(-1, 1, 1), "+12024-02-29": DaysFromCivil(12024, 2, 29)} {
		if got := string(AppendDate(nil, days)); got != want {
			t.Errorf("AppendDate(%d) = %s, want %s", days, got, want)
		}
	}
	for _, c := range []struct {
		micros int64
		want   string
	}{
		{0, "1970-01-01 00:00:00"}, {-1, "1969-12-31 23:59:59.999999"}, {1_700_000_000_000_000, "2023-11-14 22:13:20"}, {1_000, "1970-01-01 00:00:00.001000"},
	} {
		if got := string(AppendTimestamp(nil, c.micros)); got != c.want {
			t.Errorf("AppendTimestamp(%d) = %s, want %s", c.micros, got, c.want)
		}
	}
}

func TestDateParserReadsTheFormsInUse(t *testing.T) {
	p, err := NewDateParser([]string{"yyyy-M-d", "yyyy/M/d", "yyyy年M月d日", "yyyyMMdd", "yyyy.M.d", "M/d/yyyy", "d'th of' MM yyyy[' BC']", "['wk ']yyyy_MM_dd"}, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, want string }{
		{"2024-02-29", "2024-02-29"}, {"2021-3-5", "2021-03-05"}, {"2021/03/05", "2021-03-05"}, {"20210305", "2021-03-05"},
		{"2021年3月5日", "2021-03-05"}, {"2021年12月31日", "2021-12-31"}, {"2021.3.5", "2021-03-05"}, {"3/5/2021", "2021-03-05"}, {"5th of 03 2021", "2021-03-05"},
		{"5th of 03 2021 BC", "2021-03-05"}, {"wk 2021_03_05", "2021-03-05"}, {"2021_03_05", "2021-03-05"}, {"1900-01-01", "1900-01-01"}, {"2100-12-31", "2100-12-31"},
		{"2023-02-29", ""}, {"1899-12-31", ""}, {"2101-01-01", ""}, {"2021-3-5 ", ""}, {" 2021-3-5", ""}, {"2021-3", ""}, {"2021-003-5", ""}, {"21-3-5", ""},
		{"2021-3/5", ""}, {"2021年3月5", ""}, {"2021年3月5日日", ""}, {"", ""}, {"2021", ""}, {"20210", ""}, {"2021-", ""}, {"2021030", ""}, {"202103055", ""}, {"2021-+3-5", ""}, {"２０２１-3-5", ""},
	} {
		days, ok := p.Parse([]byte(c.in))
		got := ""
		if ok {
			got = string(AppendDate(nil, days))
		}
		if got != c.want {
			t.Errorf("Parse(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFirstFormatThatFitsWins(t *testing.T) {
	p, _ := NewDateParser([]string{"M/d/yyyy", "d/M/yyyy"}, 1800, 2200)
	for in, want := range map[string]string{"2/3/2021": "2021-02-03", "13/3/2021": "2021-03-13", "1/1/1800": "1800-01-01"} {
		days, ok := p.Parse([]byte(in))
		if got := string(AppendDate(nil, days)); !ok || got != want {
			t.Errorf("Parse(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTimestampParserReadsWallClocks(t *testing.T) {
	p, err := NewTimestampParser([]string{"yyyy-MM-dd HH:mm:ss[.SSS]", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS", "yyyy/M/d H:mm", "yyyyMMddHHmmss", "yyyy年M月d日 HH时mm分", "yyyy-MM-dd"}, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, want string }{
		{"2024-02-29 08:00:01", "2024-02-29 08:00:01"}, {"2024-02-29 08:00:01.5", ""}, {"2024-02-29 08:00:01.250", "2024-02-29 08:00:01.250000"},
		{"2024-02-29T08:00:01.000001", "2024-02-29 08:00:01.000001"}, {"2024/2/9 8:05", "2024-02-09 08:05:00"}, {"20240229080001", "2024-02-29 08:00:01"},
		{"2024年2月9日 23时59分", "2024-02-09 23:59:00"}, {"2024-02-29", "2024-02-29 00:00:00"},
		{"2024-02-29 24:00:00", ""}, {"2024-02-29 23:60:00", ""}, {"2024-02-29 23:59:60", ""}, {"2023-02-29 00:00:00", ""}, {"2024-2-29 00:00:00", ""}, {"", ""},
	} {
		micros, ok := p.Parse([]byte(c.in))
		got := ""
		if ok {
			got = string(AppendTimestamp(nil, micros))
		}
		if got != c.want {
			t.Errorf("Parse(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestWrongFormatsAreExplained(t *testing.T) {
	for _, c := range []struct {
		format, want string
	}{
		{"yy-M-d", `format "yy-M-d", character 1: a year has four digits, yyyy; two-digit years are refused because their century is a guess`},
		{"yyyy-M", `format "yyyy-M", character 1: no "d": a date needs year (yyyy), month (M or MM) and day (d or dd)`},
		{"yyyyMd", `format "yyyyMd", character 1: M, d and H stand for one or two digits, so no digit may follow them at once; write MM, dd, HH`},
		{"yyyy年M月d日HH", `format "yyyy年M月d日HH", character 10: "H" is a time of day; a field of type date has none, use type timestamp`},
		{"YYYY-MM-DD", `format "YYYY-MM-DD", character 1: "Y" is not known; write yyyy for the year, d or dd for the day`},
		{"yyyy-MM-ddT", `format "yyyy-MM-ddT", character 11: letter "T" is not known; fields are yyyy M MM d dd H HH mm ss S, other letters stand in quotes: 'T'`},
		{"yyyy-MM-dd'T", `format "yyyy-MM-dd'T", character 11: quote never closed`},
		{"yyyy-MM-dd[", `format "yyyy-MM-dd[", character 11: bracket never closed`},
		{"yyyy-MM-dd[[x]]", `format "yyyy-MM-dd[[x]]", character 11: brackets do not match; write [ and ] around an optional part, not one in the other`},
		{"yyyy-MM-dd hh", `format "yyyy-MM-dd hh", character 12: hours count 0 to 23, H or HH; a clock of twelve hours is not known`},
		{"yyyy-MMM-dd", `format "yyyy-MMM-dd", character 6: 3 times "M" is not known; fields are yyyy M MM d dd H HH mm ss and S to SSSSSS`},
		{"yyyy-MM-MM", `format "yyyy-MM-MM", character 9: "M" stands twice`},
		{"", `no "y": a date needs year`},
	} {
		_, err := NewDateParser([]string{c.format}, 0, 0)
		var e *FormatError
		if !errors.As(err, &e) || err.Error() != c.want && c.format != "" {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	if _, err := NewDateParser(nil, 0, 0); err == nil {
		t.Error("no formats are accepted")
	}
	if _, err := NewDateParser([]string{"yyyyMMdd"}, 2000, 1999); err == nil {
		t.Error("years in reverse are accepted")
	}
	if _, err := NewTimestampParser([]string{"yyyyMMdd ss"}, 0, 0); err == nil {
		t.Error("seconds without minutes are accepted")
	}
}

func TestDateParserAgreesWithPackageTime(t *testing.T) {
	pairs := map[string]string{
		"yyyy-M-d": "2006-1-2", "yyyy-MM-dd": "2006-01-02", "yyyy/M/d": "2006/1/2", "yyyyMMdd": "20060102", "yyyy年M月d日": "2006年1月2日", "M/d/yyyy": "1/2/2006", "dd.MM.yyyy": "02.01.2006",
	}
	for format, goFormat := range pairs {
		p, err := NewDateParser([]string{format}, 1, 9999)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			days := int32(rapid.IntRange(int(DaysFromCivil(1, 1, 1)), int(DaysFromCivil(9999, 12, 31))).Draw(t, "days"))
			text := time.Unix(int64(days)*86400, 0).UTC().Format(goFormat)
			if got, ok := p.Parse([]byte(text)); !ok || got != days {
				t.Fatalf("%s: Parse(%q) = %d, %v", format, text, got, ok)
			}
			// One byte changed: whatever is accepted is what package time reads, too.
			b := []byte(text)
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = byte(rapid.SampledFrom([]byte("0123456789-/. x")).Draw(t, "byte"))
			got, ok := p.Parse(b)
			want, err := time.Parse(goFormat, string(b))
			if ok != (err == nil && want.Year() >= 1) || ok && int64(got)*86400 != want.Unix() {
				t.Fatalf("%s: Parse(%q) = %d, %v; package time says %v, %v", format, b, got, ok, want, err)
			}
		})
	}
}

func TestTimestampParserAgreesWithPackageTime(t *testing.T) {
	pairs := map[string]string{"yyyy-MM-dd HH:mm:ss": time.DateTime, "yyyy/MM/dd'T'HH:mm:ss": "2006/01/02T15:04:05", "yyyy-MM-dd HH:mm:ss.SSS": "2006-01-02 15:04:05.000", "yyyyMMddHHmmss": "20060102150405"}
	for format, goFormat := range pairs {
		p, err := NewTimestampParser([]string{format}, 1, 9999)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			seconds := rapid.Int64Range(-30_000_000_000, 200_000_000_000).Draw(t, "seconds")
			b := []byte(time.Unix(seconds, 0).UTC().Format(goFormat))
			if got, ok := p.Parse(b); !ok || got != seconds*microsPerSecond {
				t.Fatalf("%s: Parse(%q) = %d, %v", format, b, got, ok)
			}
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.SampledFrom([]byte("0123456789-/:. T\xb0")).Draw(t, "byte")
			got, ok := p.Parse(b)
			want, err := time.Parse(goFormat, string(b))
			strict := err == nil && want.Year() >= 1 && want.Format(goFormat) == string(b) // package time takes a blank for a leading zero
			if ok != strict || ok && got != want.UnixMicro() {
				t.Fatalf("%s: Parse(%q) = %d, %v; package time says %v, %v", format, b, got, ok, want, err)
			}
		})
	}
}

func FuzzFormatsNeverPanic(f *testing.F) {
	f.Add("yyyy-M-d", "2021-3-5")
	f.Add("[yyyy]['T'HH:mm[:ss]]", "2021T10:00")
	f.Add("yyyyMMdd'[", "20210305[")
	f.Add("yyyy年M月d日", "2021年3月5日")
	f.Fuzz(func(t *testing.T, format, text string) {
		if p, err := NewDateParser([]string{format}, 0, 0); err == nil {
			p.Parse([]byte(text))
		}
		if p, err := NewTimestampParser([]string{format}, 0, 0); err == nil {
			p.Parse([]byte(text))
		}
	})
}

func BenchmarkDateParser(b *testing.B) {
	p, _ := NewDateParser([]string{"yyyy-M-d", "yyyy/M/d", "yyyy年M月d日", "yyyyMMdd"}, 0, 0)
	for _, text := range []string{"2021-03-05", "2021/3/5", "20210305", "2021年3月5日", "unknown"} {
		b.Run(text, func(b *testing.B) {
			value := []byte(text)
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				p.Parse(value)
			}
		})
	}
}

func BenchmarkTimestampParser(b *testing.B) {
	p, _ := NewTimestampParser([]string{"yyyy-MM-dd HH:mm:ss", "yyyy/MM/dd HH:mm:ss"}, 0, 0)
	value := []byte("2021/03/05 10:20:30")
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(value)
	}
}
