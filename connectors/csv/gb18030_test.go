package csv

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// oracle decodes one code with x/text; ok is false if it is no character.
func oracle(t testing.TB, code []byte) (string, bool) {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(code)
	if err != nil {
		t.Fatal(err)
	}
	ok := utf8.RuneCount(out) == 1 && (!bytes.ContainsRune(out, utf8.RuneError) || string(code) == "\x84\x31\xA4\x37")
	return string(out), ok
}

func sameAsOracle(t *testing.T, code []byte) {
	t.Helper()
	want, ok := oracle(t, code)
	padded := append(bytes.Clone(code), "-ASCII-ASCII-"...) // the hot loops need company
	for _, raw := range [][]byte{code, padded} {
		got, bad := appendUTF8(nil, raw, nil)
		if ok != (len(bad) == 0) || ok && string(got) != want+string(raw[len(code):]) {
			t.Fatalf("% X gives %q (%d bad), want %q %v", code, got, len(bad), want, ok)
		}
	}
}

func TestEveryCodeDecodesAsInXText(t *testing.T) {
	for b := 0; b < 256; b++ {
		sameAsOracle(t, []byte{byte(b)})
	}
	for lead := 0x81; lead <= 0xFE; lead++ {
		for tail := 0x40; tail <= 0xFF; tail++ {
			if gbLength([]byte{byte(lead), byte(tail)}) == 2 {
				sameAsOracle(t, []byte{byte(lead), byte(tail)})
			} else if _, ok := oracle(t, []byte{byte(lead), byte(tail)}); ok {
				t.Fatalf("%X %X is a character", lead, tail)
			}
		}
	}
	// The 1,587,600 codes of four bytes go through x/text in one piece where valid, and one by one where either finds a fault.
	dec := simplifiedchinese.GB18030.NewDecoder()
	var out [64]byte
	tab := gbTables()
	for i := range 126 * 10 * 126 * 10 {
		code := []byte{byte(0x81 + i/12600), byte(0x30 + i/1260%10), byte(0x81 + i/10%126), byte(0x30 + i%10)}
		dec.Reset()
		n, _, _ := dec.Transform(out[:], code, true)
		r, size := utf8.DecodeRune(out[:n])
		ok := size == n && (r != utf8.RuneError || string(code) == "\x84\x31\xA4\x37")
		got, length := tab.rune(code)
		if length != 4 || ok && got != r || !ok && got != -1 {
			t.Fatalf("% X gives %U, want %U %v", code, got, r, ok)
		}
	}
}

func FuzzGB18030(f *testing.F) {
	f.Add([]byte("abc\xD6\xD0\xB9\xFAdefghijk\x81\x30\x81\x30"))
	f.Add([]byte("\x80\xFF\x81\x7C\x84\x31\xA4\x37"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, bad := appendUTF8(nil, raw, nil)
		if !utf8.Valid(got) {
			t.Fatalf("% X gives invalid text % X", raw, got)
		}
		if valid := validGB(raw); valid != (len(bad) == 0) {
			t.Fatalf("% X: %d bad, valid %v", raw, len(bad), valid)
		}
		if len(bad) == 0 {
			want, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("% X gives %q, want %q, %v", raw, got, want, err)
			}
		}
	})
}

func FuzzFirstInvalid(f *testing.F) {
	f.Add([]byte("中文abc\xE0\x9F\x80"))
	f.Add([]byte("\xED\xA0\x80é𠀀12345678中"))
	f.Fuzz(func(t *testing.T, b []byte) {
		at := firstInvalid(b)
		if !utf8.Valid(b[:at]) && at > 0 || (at == len(b)) != utf8.Valid(b) {
			t.Fatalf("% X: first invalid at %d of %d", b, at, len(b))
		}
		if at < len(b) {
			if r, n := utf8.DecodeRune(b[at:]); r != utf8.RuneError || n != 1 {
				t.Fatalf("% X: %d is valid", b, at)
			}
		}
	})
}

func FuzzEncodingDetection(f *testing.F) {
	f.Add([]byte("姓名,b\n"), uint8(0))
	f.Add([]byte("\xD0\xD5\xC3\xFB,b\n1,2\n"), uint8(3))
	f.Add([]byte("\xFF\xFEa\x00"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, ascii uint8) {
		input := append(bytes.Repeat([]byte("x,y\n"), int(ascii)), b...)
		var first string
		for _, chunk := range []int{3, 1 << 16} {
			rd, err := Open(bytes.NewReader(input), Options{Name: "x", ChunkSize: chunk})
			if err != nil {
				return
			}
			res := collect(t, rd, 1)
			d := rd.Detected()
			if utf8.Valid(input) && d.Encoding != "utf-8" && !d.BOM {
				t.Fatalf("valid UTF-8 read as %+v", d)
			}
			if first == "" {
				first = d.How + res.err
			}
			if d.How+res.err != first {
				t.Fatalf("chunk size %d: %s, else %s", chunk, d.How+res.err, first)
			}
		}
	})
}
