package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"testing"
	"testing/iotest"

	"clearwell/batch"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func read(t testing.TB, input string, o Options) (*Reader, result) {
	t.Helper()
	o.Name = "in.csv"
	rd, err := Open(strings.NewReader(input), o)
	if err != nil {
		t.Fatal(err)
	}
	return rd, collect(t, rd, 2)
}

func gbk(t testing.TB, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBadRecordsAreKeptWithWhatIsWrongAndReadingGoesOn(t *testing.T) {
	for _, c := range []struct{ name, body, bad string }{
		{"too few", "1,2\n", "ragged line 2 offset 6: 2 cells, the header has 3"},
		{"too many", "1,2,3,4\r\n", "ragged line 2 offset 6: 4 cells, the header has 3"},
		{"quote in a bare cell", "1,2\"x,3\n", "stray_quote line 2 offset 6: a quote inside a cell that does not begin with one, at byte 3 of the record"},
		{"text behind a quote", "\"1\"x,2,3\n", "stray_quote line 2 offset 6: text after a closing quote, at byte 3 of the record; a quote inside quotes must be doubled"},
		{"text behind a quote on the second line", "\"1\n\"x,2,3\n", "stray_quote line 2 offset 6: text after a closing quote, at byte 4 of the record; a quote inside quotes must be doubled | unclosed_quote line 3 offset 9: the quote at byte 0 of the record is never closed; only its first line is taken"},
		{"never closed", "1,\"2,3\n", "unclosed_quote line 2 offset 6: the quote at byte 2 of the record is never closed; only its first line is taken"},
		{"NUL", "1,2\x00,3\n", "nul line 2 offset 6: a NUL at byte 3 of the record"},
		{"bytes", "1,2\xff,3\n", "encoding line 2 offset 6: bytes that are not valid UTF-8 at byte 3 of the record"},
		{"NUL in quotes over lines", "1,\"2\n\x00\",3\n", "nul line 2 offset 6: a NUL at byte 5 of the record"},
	} {
		_, res := read(t, "a,b,c\n"+c.body+"x,y,z", Options{Encoding: "utf-8", Delimiter: ","})
		var got []string
		for _, b := range res.bad {
			got = append(got, fmt.Sprintf("%s line %d offset %d: %s", b.Code, b.Line, b.Offset, b.Message))
		}
		if s := strings.Join(got, " | "); s != c.bad {
			t.Errorf("%s:\n got %s\nwant %s", c.name, s, c.bad)
		}
		if len(res.rows) != 1 || res.rows[0][2] != "z" || res.span[0].Row != int64(len(res.bad)+1) {
			t.Errorf("%s: the good record is %q %+v", c.name, res.rows, res.span)
		}
	}
}

func TestCellsAreWhatRFC4180Says(t *testing.T) {
	_, res := read(t, "\xEF\xBB\xBF 姓名 ,\"b,\"\"c\"\"\"\r\n\r\n"+
		"a, b \r\n\"x\r\ny\",\"\"\"q\"\"\"\r\n\n\"\",\n,\"a,b\"\r", Options{})
	want := [][]string{{"a", " b "}, {"x\r\ny", `"q"`}, {"", ""}, {"", "a,b"}}
	if fmt.Sprintf("%q", res.rows) != fmt.Sprintf("%q", want) || len(res.bad) > 0 {
		t.Errorf("rows %q, bad %+v", res.rows, res.bad)
	}
	var lines []int64
	for _, s := range res.span {
		lines = append(lines, s.Line)
	}
	if fmt.Sprint(lines) != "[3 4 7 8]" || res.raw[1] != "\"x\r\ny\",\"\"\"q\"\"\"" {
		t.Errorf("lines %v, raw %q", lines, res.raw)
	}
}

func TestHeadersAndFilesThatCannotBeReadSayWhy(t *testing.T) {
	long := strings.Repeat("x", 3000)
	for _, c := range []struct {
		name, input string
		o           Options
		says        string
		is          error
	}{
		{"empty", "", Options{}, "the file is empty", ErrEmpty},
		{"blank lines", "\n\r\n\n", Options{}, "only blank lines", ErrEmpty},
		{"BOM only", "\xEF\xBB\xBF", Options{}, "only blank lines", ErrEmpty},
		{"duplicate", "a,b, a\n", Options{}, `line 1: columns 1 and 3 are both named "a"`, nil},
		{"no name", "a,,c\n", Options{}, "line 1: column 2 of 3 has no name", nil},
		{"broken header", "\na,b\"c\n", Options{Delimiter: ","}, "header on line 2: a quote inside", nil},
		{"UTF-16", "\xFF\xFEa\x00,\x00", Options{}, "UTF-16LE (byte order mark FF FE)", nil},
		{"UTF-16 bare", "\x00a\x00,\x00b\x00\n\x00c\x00,", Options{}, "UTF-16BE (NUL in every other byte)", nil},
		{"Latin-1", "name,Stra\xDFe\nJos\xE9 M\xE1rquez,Caf\xE9 d\xE9j\xE0\n", Options{}, "not UTF-8 (byte 0xDF at byte 9)", ErrEncoding},
		{"unknown encoding", "a\n", Options{Encoding: "klingon"}, `encoding "klingon" is not known`, nil},
		{"unknown delimiter", "a\n", Options{Delimiter: "ab"}, `delimiter "ab" is not possible`, nil},
		{"letter", "a\n", Options{Delimiter: "x"}, `delimiter "x" is not possible`, nil},
		{"unknown column", "a,b\n", Options{Want: []string{"c"}}, `no column "c"`, nil},
		{"GBK as UTF-8", "\xD0\xD5\xC3\xFB,b\n", Options{Encoding: "utf-8"}, "byte 0 is not valid UTF-8", nil},
		{"binary with a quote", "\x01\xFEab\"c\n", Options{Encoding: "utf-8"}, "header on line 1: byte 1 is not valid UTF-8", nil},
		{"workbook", "PK\x03\x04\x14\x00", Options{}, "no delimited text: it is an Excel workbook (.xlsx)", ErrNotText},
		{"parquet", "PAR1\x15\x04\x15", Options{}, "it is a Parquet file", ErrNotText},
		{"gzip", "\x1F\x8B\x08\x00", Options{Encoding: "gb18030"}, "compressed with gzip; unpack it", ErrNotText},
		{"NUL in header", "a,b\x00\n", Options{}, "NUL at byte 3", nil},
		{"long line", "a,b\n1,2\n3," + long + "\n", Options{MaxRecord: 2000}, "in.csv: line 3, byte 8: the record is too long: no line break within 2000 bytes", ErrRecordTooLong},
		{"long quoted line", "a,b\n1,2\n3,\"" + long + "\"\n", Options{MaxRecord: 2000}, "line 3, byte 8: the record is too long", ErrRecordTooLong},
	} {
		c.o.Name = "in.csv"
		rd, err := Open(strings.NewReader(c.input), c.o)
		if err == nil {
			err = rd.Each(context.Background(), 2, func(b *batch.Batch) error { b.Release(); return nil })
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "read in.csv: ") || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

func TestAHeaderMayBeginLikeAParquetFile(t *testing.T) {
	rd, _ := read(t, "PAR1,PAR2\n1,2\n", Options{})
	if got := rd.Header(); len(got) != 2 || got[0] != "PAR1" {
		t.Errorf("header is %q", got)
	}
}

func TestAHeaderWithoutRecordsGivesNone(t *testing.T) {
	for _, input := range []string{"a,b", "a,b\n", "a,b\r\n\r\n\n"} {
		if _, res := read(t, input, Options{}); len(res.rows)+len(res.bad) > 0 || res.err != "" {
			t.Errorf("%q: %+v", input, res)
		}
	}
}

func TestEncodingAndDelimiterAreFound(t *testing.T) {
	zh := "姓名,地址\n罗雨桐,四川省凉山彝族自治州\n毛桂英,河南省开封市杞县幸福路\n"
	ascii := "id,name\n" + strings.Repeat("1,plain ascii text\n", 150_000) // over the head
	for _, c := range []struct {
		name, input, encoding, delim, how string
		bom                               bool
	}{
		{"utf-8", zh, "utf-8", ",", "utf-8: valid from the first byte that is not ASCII, at byte 0; delimiter comma: 2 columns in 3 of the first 3 records", false},
		{"utf-8 BOM", "\xEF\xBB\xBF" + zh, "utf-8", ",", "byte order mark", true},
		{"gbk", gbk(t, zh), "gb18030", ",", "gb18030: not UTF-8 (byte 0xD0 at 0)", false},
		{"gb18030 BOM", gbk(t, "\uFEFF"+zh), "gb18030", ",", "byte order mark", true},
		{"ascii", "a;b\n1;2\n", "utf-8", ";", "only ASCII", false},
		{"tab", "a\tb,c\n1\t2\n", "utf-8", "\t", "tab: 2 columns in 2", false},
		{"bar", "a|b\n1|2\n", "utf-8", "|", "vertical bar", false},
		{"tie", "a,b;c\n1,2;3\n", "utf-8", ",", "comma", false},
		{"quoted", "a;b\n\"1,2,3\";2\n\"1,2\n,3\";2\n", "utf-8", ";", "3 of the first 3", false},
		{"single", "name\nx y\n", "utf-8", ",", "no delimiter found, one column", false},
		{"decimal commas", "a;b;c\n1,5;2,5;3,5\n1,5;2,5;3,5\n", "utf-8", ";", "3 columns", false},
		{"late utf-8", ascii + "2,中文\n", "utf-8", ",", "at byte 2850010", false},
		{"late gbk", ascii + gbk(t, "2,中文\n"), "gb18030", ",", "not UTF-8", false},
		{"one bad byte in utf-8", strings.Repeat(zh, 20) + "\xFF,x\n", "utf-8", ",", "utf-8 with invalid bytes", false},
	} {
		for _, chunk := range []int{1000, 1 << 20} {
			rd, res := read(t, c.input, Options{ChunkSize: chunk})
			d := rd.Detected()
			if d.Encoding != c.encoding || d.Delimiter != c.delim || d.BOM != c.bom || !strings.Contains(d.How, c.how) {
				t.Errorf("%s: %+v", c.name, d)
			}
			if res.err != "" || len(res.bad) != strings.Count(c.input, "\xFF") {
				t.Errorf("%s: %d bad, error %s", c.name, len(res.bad), res.err)
			}
			if n := len(res.rows); strings.HasPrefix(c.name, "late") && res.rows[n-1][1] != "中文" {
				t.Errorf("%s: last row %q", c.name, res.rows[n-1])
			}
		}
	}
}

func TestColumnsThatAreNotWantedReadAsEmptyButAreChecked(t *testing.T) {
	rd, res := read(t, "a,b,c\n1,2,3\n4,\xFF,6\n7,\"8\"\"\",9\n", Options{Encoding: "utf-8", Want: []string{"c"}})
	if fmt.Sprint(rd.Header()) != "[a b c]" || fmt.Sprintf("%q", res.rows) != `[["" "" "3"] ["" "" "9"]]` || len(res.bad) != 1 {
		t.Errorf("%q %+v", res.rows, res.bad)
	}
}

func TestOneColumnFilesKeepBlankLines(t *testing.T) {
	_, res := read(t, "name\nx\n\n\r\ny", Options{})
	if fmt.Sprintf("%q", res.rows) != `[["x"] [""] [""] ["y"]]` {
		t.Errorf("%q", res.rows)
	}
}

// endless gives one line that never ends, and counts.
type endless struct{ read, most int }

func (e *endless) Read(p []byte) (int, error) {
	if e.read >= e.most {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'x'
	}
	e.read += len(p)
	return len(p), nil
}

func TestAGigabyteInOneLineTakesBoundedMemory(t *testing.T) {
	src := &endless{most: 1 << 30}
	rd, err := Open(io.MultiReader(strings.NewReader("a,b\n1,2\n"), src), Options{Name: "in.csv"})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = rd.Each(context.Background(), 2, func(b *batch.Batch) error { b.Release(); return nil })
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrRecordTooLong) || !strings.Contains(err.Error(), "line 3, byte 8") {
		t.Errorf("error %v", err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 10*DefaultMaxRecord || src.read > 2*DefaultMaxRecord {
		t.Errorf("allocated %d bytes, read %d", got, src.read)
	}
}

func TestAFailingSourceIsNamed(t *testing.T) {
	broken := errors.New("hash differs")
	rd, err := Open(io.MultiReader(strings.NewReader("a,b\n"+strings.Repeat("1,2\n", 500_000)), iotest.ErrReader(broken)), Options{Name: "in.csv"})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	err = rd.Each(context.Background(), 2, func(b *batch.Batch) error { rows += b.Rows(); b.Release(); return nil })
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "read in.csv: line ") {
		t.Errorf("%d rows, error %v", rows, err)
	}
	if _, err := rd.Next(context.Background()); !errors.Is(err, broken) {
		t.Errorf("the error does not stay: %v", err)
	}
}

func TestEachStopsWithItsCallerAndItsContext(t *testing.T) {
	input := "a,b\n" + strings.Repeat("1,2\n", 100_000)
	stop := errors.New("enough")
	rd, err := Open(strings.NewReader(input), Options{ChunkSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if err := rd.Each(context.Background(), 3, func(b *batch.Batch) error { b.Release(); return stop }); err != stop {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	rd, err = Open(strings.NewReader(input), Options{ChunkSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if err := rd.Each(ctx, 3, func(b *batch.Batch) error { b.Release(); cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestArrowTakesTheColumnsAsValid(t *testing.T) {
	rd, err := Open(bytes.NewReader(residents(3000)), Options{FirstSeq: 4, Object: 2})
	if err != nil {
		t.Fatal(err)
	}
	err = rd.Each(context.Background(), 2, func(b *batch.Batch) error {
		defer b.Release()
		for _, col := range b.Record.Columns() {
			if err := col.(*array.String).ValidateFull(); err != nil {
				return err
			}
		}
		if b.Object != 2 || b.ID(0).Object() != 2 || b.Seq < 4 {
			return fmt.Errorf("batch %d of object %d", b.Seq, b.Object)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shared finds the folder with real data.
func shared(t *testing.T) string {
	dir := os.Getenv("CLEARWELL_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "data", "real")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("reason: shared data folder not found: ", err)
	}
	return dir
}

func TestRealFilesAreReadAsTheyAre(t *testing.T) {
	dir := shared(t)
	for _, c := range []struct {
		path          string
		columns, rows int
	}{
		{"chicago-early-childhood/sites.csv", 32, 3337},
		{"italy-civil-protection/province/dpc-covid19-ita-province-20200224.csv", 11, 128},
	} {
		b, err := os.ReadFile(filepath.Join(dir, c.path))
		if err != nil {
			t.Fatal(err)
		}
		for _, chunk := range []int{100, 5000, 1 << 20} {
			rd, res := read(t, string(b), Options{ChunkSize: chunk})
			if len(rd.Header()) != c.columns || len(res.rows) != c.rows || len(res.bad) != 0 || res.err != "" {
				t.Errorf("%s: %d columns, %d rows, %d bad, %s", c.path, len(rd.Header()), len(res.rows), len(res.bad), res.err)
			}
		}
	}
	days, err := filepath.Glob(filepath.Join(dir, "italy-civil-protection", "province", "*.csv"))
	if err != nil || len(days) == 0 {
		t.Fatal(err, len(days))
	}
	others, _ := filepath.Glob(filepath.Join(dir, "italy-civil-protection", "contracts", "*.csv"))
	sort.Strings(days)
	widths := map[int]int{}
	for _, path := range append(days, others...) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rd, res := read(t, string(b), Options{})
		if len(res.rows) == 0 || len(res.bad) > 0 || rd.Detected().Delimiter != "," {
			t.Errorf("%s: %d rows, bad %+v, %+v", filepath.Base(path), len(res.rows), res.bad, rd.Detected())
		}
		widths[len(rd.Header())]++
	}
	t.Log("columns: files", widths)
}
