package generator

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func write(t testing.TB, rows int, seed uint64) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, rows, seed); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The hash guards the promise that everybody's example is the same file. It may
// change only with a line in the changelog: figures in the docs depend on it.
func TestTheSameRowsAndSeedGiveTheSameBytesEverywhere(t *testing.T) {
	const want = "dbad15e2833280bd3ed1ce65230d929cb1a8322fc331431637bee2e6992ca0de"
	for _, procs := range []int{1, 2} {
		before := runtime.GOMAXPROCS(procs)
		sum := sha256.Sum256(write(t, 2000, DefaultSeed))
		runtime.GOMAXPROCS(before)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("GOMAXPROCS %d: sha256 %s, want %s", procs, got, want)
		}
	}
	if bytes.Equal(write(t, 100, 1), write(t, 100, 2)) {
		t.Error("another seed gives the same file")
	}
}

func TestAFileOfFewerRowsIsThePrefixOfALongerOne(t *testing.T) {
	short, long := write(t, 300, 7), write(t, 900, 7)
	if !bytes.HasPrefix(long, short) {
		t.Error("the first records depend on the number of rows")
	}
}

func TestNegativeRowsAreRefusedAndNoRowsLeaveTheHeader(t *testing.T) {
	if err := Write(io.Discard, -1, 1); err == nil {
		t.Error("-1 rows are written")
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(write(t, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(Columns, ",") + "\r\n"; string(text) != want {
		t.Errorf("got %q", text)
	}
}

type failing struct{ after int }

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestAnErrorOfTheWriterIsHandedBack(t *testing.T) {
	if err := Write(&failing{after: 1 << 17}, 5000, 1); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
}

// records reads the file leniently, as a spreadsheet would.
func records(t *testing.T, rows int) [][]string {
	t.Helper()
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(write(t, rows, DefaultSeed))
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

// Each kind of dirt that the example is to show is there, in about the share that is promised.
func TestEveryKindOfDirtIsThere(t *testing.T) {
	const rows = 30_000
	all := records(t, rows)
	column := map[string]int{}
	for i, name := range Columns {
		column[name] = i
	}
	people := map[string]int{}
	for _, r := range all {
		if len(r) == len(Columns) && regexp.MustCompile(`^[0-9]{17}[0-9X]$`).MatchString(r[column["身份证号"]]) {
			people[r[column["身份证号"]]]++
		}
	}
	var again int
	for _, n := range people {
		again += n - 1
	}
	if again < rows*4/100 {
		t.Errorf("%d redelivered records, want more", again)
	}
	cases := []struct {
		name, column, pattern string
		least                 int // of 30,000
	}{
		{"15 digits", "身份证号", `^[0-9]{15}$`, 250},
		{"lower-case x", "身份证号", `^[0-9]{17}x$`, 300},
		{"full-width identity number", "身份证号", `^[０-９Ｘｘ]+$`, 600},
		{"no identity number", "身份证号", `^$`, 50},
		{"no name", "姓名", `^$`, 50},
		{"blank in a name", "姓名", `^\pL+[ \x{3000}]+\pL+$`, 200},
		{"four-byte character", "姓名", `[䶮㛃㭎]`, 500},
		{"word for a man", "性别", `^男性$`, 1000},
		{"letter for a woman", "性别", `^[Ff]$`, 1000},
		{"unknown gender", "性别", `^(男性别|X|3|不详|N/A)$`, 100},
		{"date with slashes", "出生日期", `^[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}$`, 4000},
		{"date of eight digits", "出生日期", `^[0-9]{8}$`, 2000},
		{"date with words", "出生日期", `^[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日$`, 2000},
		{"date with hyphens", "出生日期", `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, 10000},
		{"impossible date", "出生日期", `^(1990-02-30|1985-13-01|0000-00-00|1979/02/29|1992年4月31日|1800-01-01)$`, 100},
		{"telephone with +86", "手机号码", `^\+86`, 3000},
		{"telephone with blanks", "手机号码", `^1[0-9]{2} [0-9]{4} [0-9]{4}$`, 1500},
		{"telephone with hyphens", "手机号码", `^1[0-9]{2}-[0-9]{4}-[0-9]{4}$`, 1500},
		{"wrong telephone", "手机号码", `^([0-9]{10}|[0-9]{12}|0571-.*|12.*|无)$`, 500},
		{"wrong region", "行政区划代码", `^(999999|000000|33O102|3301|339999|3301020)$`, 150},
		{"lower-case credit code", "统一社会信用代码", `^9[12][0-9]{6}[0-9a-z]*[a-z][0-9a-z]*$`, 1000},
		{"amount in units of ten thousand", "出资额", `^[0-9]+(\.[0-9]{1,2})?万$`, 400},
		{"amount with separators", "出资额", `^[0-9]{1,3}(,[0-9]{3})+\.[0-9]{2}$`, 1000},
		{"amount out of range", "出资额", `^(-.*|100000000\.01|250000万)$`, 20},
		{"amount that is no number", "出资额", `^(面议|1\.2\.3|壹佰万元)$`, 20},
		{"registered too late", "登记日期", `^202[6-9]`, 60},
		{"no update time", "更新时间", `^(|昨天|2024-13-01 00:00:00)$`, 20},
		{"e-mail without @", "电子邮箱", `^[^@＠]+$`, 200},
		{"e-mail in capitals", "电子邮箱", `^[A-Z0-9]+@[A-Z.]+$`, 1500},
		{"ideographic space around", "住址", `^\x{3000}|\x{3000}$`, 200},
		{"tab at the end", "数据来源", `\t$`, 100},
		{"line break", "备注", `\n`, 200},
		{"quotation marks", "备注", `"`, 200},
	}
	for _, c := range cases {
		pattern, found := regexp.MustCompile(c.pattern), 0
		for _, r := range all {
			if k := column[c.column]; k < len(r) && pattern.MatchString(r[k]) {
				found++
			}
		}
		if found < c.least {
			t.Errorf("%s: %d cells of %s, want at least %d", c.name, found, c.column, c.least)
		}
	}
}

func TestSomeRecordsAreBroken(t *testing.T) {
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(write(t, 30_000, DefaultSeed))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte(`,张"三,`)); n == 0 {
		t.Error("no quotation mark inside an open cell")
	}
	if n := bytes.Count(text, []byte(`,"李四"又名李五,`)); n == 0 {
		t.Error("no text after a closing quotation mark")
	}
	few, many := 0, 0
	for _, r := range records(t, 30_000) {
		switch {
		case len(r) < len(Columns):
			few++
		case len(r) > len(Columns):
			many++
		}
	}
	if few == 0 || many == 0 {
		t.Errorf("%d records with too few cells, %d with too many", few, many)
	}
}

// The vectors are the examples of the two standards.
func TestTheCheckCharactersAreThoseOfTheStandards(t *testing.T) {
	if got := identityCheck("11010519491231002"); got != 'X' {
		t.Errorf("identity number 11010519491231002: %c, want X", got)
	}
	if got := identityCheck("44052418800101001"); got != '4' {
		t.Errorf("identity number 44052418800101001: %c, want 4", got)
	}
	if got := creditCheck("91350100M000100Y4"); got != '3' {
		t.Errorf("credit code 91350100M000100Y4: %c, want 3", got)
	}
}

func TestAPersonIsRealBeforeAnybodyTypesIt(t *testing.T) {
	for i := range uint64(3000) {
		p := newPerson(newSource(3, i))
		born := time.Date(p.birth.year, time.Month(p.birth.month), p.birth.day, 0, 0, 0, 0, time.UTC)
		if born.Format("20060102") != p.id[6:14] || int(born.Month()) != p.birth.month {
			t.Fatalf("person %d: born %v, identity number %s", i, p.birth, p.id)
		}
		if odd := (p.id[16]-'0')%2 == 1; odd == p.female {
			t.Fatalf("person %d: sequence %s of a woman: %v", i, p.id[14:17], p.female)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	b.SetBytes(int64(len(write(b, 10_000, 1))))
	for b.Loop() {
		if err := Write(io.Discard, 10_000, 1); err != nil {
			b.Fatal(err)
		}
	}
}
