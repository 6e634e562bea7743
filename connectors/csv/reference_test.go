package csv

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"clearwell/batch"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"
)

// result is what reading an object gives, in a form that can be compared.
type result struct {
	rows [][]string
	span []batch.Span
	raw  []string
	bad  []batch.BadRecord
	err  string
}

// reference reads the body of an object, which begins at offset and line, one byte at a time,
// by the grammar of the package comment. It shares no code with the reader.
func reference(body []byte, offset, line int64, delim byte, columns, maxRecord int, gb bool) result {
	var res result
	row := int64(1)
	for p := 0; p < len(body); {
		n, lines, cells, code := referenceRecord(body[p:], delim, maxRecord, gb)
		if n < 0 {
			res.err = "too long"
			return res
		}
		rec := body[p : p+n]
		raw := bytes.TrimSuffix(rec, []byte("\n"))
		raw = bytes.TrimSuffix(raw, []byte("\r"))
		if len(raw) == 0 && columns != 1 {
			p += n
			line++
			continue
		}
		sp := batch.Span{Row: row, Line: line, Offset: offset + int64(p), Length: int32(len(raw))}
		if code == "" {
			switch {
			case bytes.IndexByte(raw, 0) >= 0:
				code = "nul"
			case !gb && !utf8.Valid(raw), gb && !validGB(raw):
				code = "encoding"
			case len(cells) != columns:
				code = "ragged"
			}
		}
		if code != "" {
			res.bad = append(res.bad, batch.BadRecord{Span: sp, Code: code, Raw: raw})
		} else {
			if gb {
				for i := range cells {
					cells[i], _ = simplifiedchinese.GB18030.NewDecoder().String(cells[i])
				}
			}
			res.rows = append(res.rows, cells)
			res.span = append(res.span, sp)
			res.raw = append(res.raw, string(raw))
		}
		row++
		line += int64(lines)
		p += n
	}
	return res
}

func validGB(b []byte) bool {
	for p := 0; p < len(b); {
		n := referenceGBLength(b[p:])
		s, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b[p : p+n])
		if err != nil || bytes.ContainsRune(s, utf8.RuneError) && string(b[p:p+n]) != "\x84\x31\xA4\x37" {
			return false
		}
		p += n
	}
	return true
}

func referenceGBLength(b []byte) int {
	in := func(i int, lo, hi byte) bool { return i < len(b) && b[i] >= lo && b[i] <= hi }
	if in(0, 0x81, 0xFE) {
		if in(1, 0x40, 0x7E) || in(1, 0x80, 0xFE) {
			return 2
		}
		if in(1, '0', '9') && in(2, 0x81, 0xFE) && in(3, '0', '9') {
			return 4
		}
	}
	return 1
}

// referenceRecord returns the bytes (terminator included) and lines of the record that b begins with, and its
// cells or the code of broken quoting; -1 if it is too long.
func referenceRecord(b []byte, delim byte, maxRecord int, gb bool) (n, lines int, cells []string, code string) {
	firstLine := bytes.IndexByte(b, '\n') + 1
	if firstLine == 0 {
		firstLine = len(b)
	}
	limited := len(b) > maxRecord+1
	if limited {
		b = b[:maxRecord+1]
	}
	if len(b) == maxRecord+1 && b[maxRecord] != '\n' {
		limited = true
	}
	broken := func(code string) (int, int, []string, string) {
		if content := firstLine; content > maxRecord+1 || content == maxRecord+1 && b[maxRecord] != '\n' {
			return -1, 0, nil, ""
		}
		return firstLine, 1, nil, code
	}
	const (
		start = iota
		plain
		quoted
		closed
	)
	state := start
	var cell []byte
	lines = 1
	for p := 0; p < len(b); p++ {
		c := b[p]
		last := p+1 == len(b) && !limited
		switch state {
		case start, plain:
			switch {
			case c == '"' && state == start:
				state = quoted
			case c == '"':
				return broken("stray_quote")
			case c == delim:
				cells = append(cells, string(cell))
				cell, state = nil, start
			case c == '\n':
				return p + 1, lines, append(cells, strings.TrimSuffix(string(cell), "\r")), ""
			default:
				w := 1
				if gb {
					w = referenceGBLength(b[p:])
				}
				cell = append(cell, b[p:p+w]...)
				p += w - 1
				state = plain
			}
		case quoted:
			switch {
			case c == '"':
				state = closed
			default:
				if c == '\n' {
					lines++
				}
				cell = append(cell, c)
			}
		case closed:
			switch {
			case c == '"':
				cell = append(cell, '"')
				state = quoted
			case c == delim:
				cells = append(cells, string(cell))
				cell, state = nil, start
			case c == '\n':
				return p + 1, lines, append(cells, string(cell)), ""
			case c == '\r' && last:
				return p + 1, lines, append(cells, string(cell)), ""
			case c == '\r' && p+1 < len(b) && b[p+1] == '\n':
			case c == '\r' && p+1 == len(b):
			default:
				return broken("stray_quote")
			}
		}
	}
	if limited || state == quoted {
		return broken("unclosed_quote")
	}
	text := string(cell)
	if state == plain {
		text = strings.TrimSuffix(text, "\r")
	}
	return len(b), lines, append(cells, text), ""
}

// collect reads with a reader and copies everything out.
func collect(t testing.TB, rd *Reader, workers int) result {
	t.Helper()
	var res result
	seq := rd.opts.FirstSeq
	err := rd.Each(context.Background(), workers, func(b *batch.Batch) error {
		if b.Seq != seq {
			t.Fatalf("batch %d comes as number %d", b.Seq, seq)
		}
		seq++
		for i := range b.Spans {
			row := make([]string, len(rd.header))
			for c := range row {
				row[c] = strings.Clone(b.Record.Column(c).(*array.String).Value(i))
			}
			res.rows = append(res.rows, row)
			res.raw = append(res.raw, string(b.RawRecord(i)))
		}
		res.span = append(res.span, b.Spans...)
		res.bad = append(res.bad, b.Bad...)
		b.Release()
		return nil
	})
	if err != nil {
		res.err = err.Error()
	}
	return res
}

// compare checks a result against the reference's. Messages of bad records are not part of the reference.
func compare(t testing.TB, got, want result, input []byte) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("%s\ninput %q", fmt.Sprintf(format, args...), input)
	}
	if want.err != "" {
		if !strings.Contains(got.err, ErrRecordTooLong.Error()) {
			fail("error %q, want too long", got.err)
		}
		return // how much comes before the error depends on the chunk size
	}
	if got.err != "" {
		fail("error %q", got.err)
	}
	if len(got.rows) != len(want.rows) || len(got.bad) != len(want.bad) {
		fail("%d rows and %d bad, want %d and %d\ngot %+v\nwant %+v", len(got.rows), len(got.bad), len(want.rows), len(want.bad), got, want)
	}
	for i := range want.rows {
		if fmt.Sprintf("%q", got.rows[i]) != fmt.Sprintf("%q", want.rows[i]) || got.span[i] != want.span[i] || got.raw[i] != want.raw[i] {
			fail("row %d is %q at %+v, want %q at %+v", i, got.rows[i], got.span[i], want.rows[i], want.span[i])
		}
	}
	for i := range want.bad {
		g, w := got.bad[i], want.bad[i]
		if g.Code != w.Code || g.Span != w.Span || !bytes.Equal(g.Raw, w.Raw) {
			fail("bad record %d is %s %+v %q, want %s %+v %q", i, g.Code, g.Span, g.Raw, w.Code, w.Span, w.Raw)
		}
		if g.Message == "" {
			fail("bad record %d has no message", i)
		}
	}
}

// dirty draws a body made of pieces that trip CSV readers.
func dirty(rng *rand.Rand, delim byte, gb bool) []byte {
	pieces := []string{string(delim), string(delim), string(delim), "\n", "\n", "\r\n", `"`, `"`, `""`, `"` + string(delim) + `"`, "\"\n", "\n\"", "a", "bc", "some longer text than sixteen bytes", "", "\r", " "}
	pieces = append(pieces, string(delim)+`"x"`+string(delim)+`"y`+"\n"+`z"`+"\n")
	if gb {
		pieces = append(pieces, "\xD6\xD0\xB9\xFA", "\x81\x7C", "\x81\x7C\"", "\x81\x30\x81\x30", "\x80", "\x84\x31\xA4\x37")
	} else {
		pieces = append(pieces, "中文", "é", "𠀀", "省市区县")
	}
	rare := []string{"\x00", "\xFF", "\xC3", "\x81", "\xE4\xB8", "\x81\x30"}
	var b []byte
	for range rng.IntN(60) {
		if rng.IntN(25) == 0 {
			b = append(b, rare[rng.IntN(len(rare))]...)
		} else {
			b = append(b, pieces[rng.IntN(len(pieces))]...)
		}
	}
	return b
}

func checkAgainstReference(t testing.TB, body []byte, delim byte, columns, maxRecord, chunk, workers int, gb bool) {
	t.Helper()
	var h strings.Builder
	for i := range columns {
		if i > 0 {
			h.WriteByte(delim)
		}
		fmt.Fprintf(&h, "h%d", i)
	}
	header := h.String() + "\n"
	input := append([]byte(header), body...)
	enc := "utf-8"
	if gb {
		enc = "gb18030"
	}
	rd, err := Open(iotest.OneByteReader(bytes.NewReader(input)), Options{Name: "test", Encoding: enc, Delimiter: string(delim), MaxRecord: maxRecord, ChunkSize: chunk})
	if err != nil {
		t.Fatalf("%v\ninput %q", err, input)
	}
	want := reference(body, int64(len(header)), 2, delim, columns, maxRecord, gb)
	compare(t, collect(t, rd, workers), want, input)
	if want.err == "" {
		if n := rd.Totals(); n.Records != int64(len(want.rows)+len(want.bad)) || n.Bytes != int64(len(input)) {
			t.Fatalf("totals %+v for %d rows and %d bad in %d bytes", n, len(want.rows), len(want.bad), len(input))
		}
	}
}

func TestReadingGivesWhatTheReferenceGivesForAnyChunkSizeAndWorkers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		rng := rand.New(rand.NewPCG(seed, 1))
		gb := rng.IntN(2) == 0
		delim := []byte{',', ';', '\t', '|'}[rng.IntN(4)]
		body := dirty(rng, delim, gb)
		for range rng.IntN(3) {
			body = append(body, body...)
		}
		columns := 1 + rng.IntN(4)
		maxRecord := []int{20, 70, 1000, 100_000}[rng.IntN(4)]
		for _, chunk := range []int{1, 7, 64, 1000, 1 << 20} {
			checkAgainstReference(t, body, delim, columns, maxRecord, chunk, 1+rng.IntN(3), gb)
		}
	})
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"a,b\n", "\"a\nb\",c\r\n", "a\"b,c\n", "\"open,\nx,y\n", "\x00,\xff\n", "", "\n\n", "x,y", "\"\"\"\",\"\"", "\"a\"\r", "\"a\"b\nc,d\n"} {
		f.Add([]byte(s), uint16(5), uint8(1), false)
		f.Add([]byte(s), uint16(100), uint8(2), true)
	}
	f.Add([]byte("\x000\x000\x00"), uint16(5), uint8('Z'), false) // not UTF-16
	f.Fuzz(func(t *testing.T, body []byte, chunk uint16, columns uint8, gb bool) {
		delim := []byte{',', '|'}[chunk%2]
		checkAgainstReference(t, body, delim, 1+int(columns%5), 1+int(chunk)*3, 1+int(chunk%512), 1, gb)
	})
}
