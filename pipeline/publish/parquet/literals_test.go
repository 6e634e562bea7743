package parquet

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
)

func digits(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[r.IntN(16)]
	}
	return b
}

func TestLiteralFramesAreZstd(t *testing.T) {
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var scratch huff0.Scratch
	for _, prefix := range []int{0, 1, 5000, 200_000} {
		for _, n := range []int{0, 1, 1023, 1024, 1025, 1026, 1027, 4096, 131_071, 131_072, 131_073, 132_500, 300_001} {
			body := append(bytes.Repeat([]byte{7, 0, 200}, prefix/3+1)[:prefix], digits(n)...)
			frame, ok := appendHexFrame(nil, body, prefix)
			if !ok {
				t.Fatalf("prefix %d, %d digits: not taken for hexadecimal", prefix, n)
			}
			if got, err := z.DecodeAll(frame, nil); err != nil || !bytes.Equal(got, body) {
				t.Errorf("prefix %d, %d digits: %v", prefix, n, err)
			}
			if n > 10_000 && len(frame) > prefix+n/2+n/500+200 {
				t.Errorf("prefix %d, %d digits: %d bytes", prefix, n, len(frame))
			}
			frame = appendHuffmanFrame(nil, body, prefix, &scratch)
			if got, err := z.DecodeAll(frame, nil); err != nil || !bytes.Equal(got, body) {
				t.Errorf("Huffman: prefix %d, %d digits: %v", prefix, n, err)
			}
		}
	}
}

func FuzzLiteralFrames(f *testing.F) {
	f.Add([]byte("ab"), 0)
	f.Add(digits(5000), 3)
	f.Add(bytes.Repeat([]byte("13812345678"), 500), 100)
	z, err := zstd.NewReader(nil)
	if err != nil {
		f.Fatal(err)
	}
	var scratch huff0.Scratch
	f.Fuzz(func(t *testing.T, body []byte, prefix int) {
		if prefix < 0 || prefix > len(body) {
			return
		}
		if frame, ok := appendHexFrame(nil, body, prefix); ok {
			if got, err := z.DecodeAll(frame, nil); err != nil || !bytes.Equal(got, body) {
				t.Fatalf("hexadecimal frame: %v", err)
			}
		}
		if got, err := z.DecodeAll(appendHuffmanFrame(nil, body, prefix, &scratch), nil); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("Huffman frame: %v", err)
		}
	})
}

func TestEightDigitsAtATimeAgreeWithTheTable(t *testing.T) {
	text := []byte("0129abef")
	for at := range text {
		for c := range 256 {
			b := bytes.Clone(text)
			b[at] = byte(c)
			want, err := hex.DecodeString(string(b))
			ok := err == nil && strings.ToLower(string(b)) == string(b)
			var x uint64
			for _, d := range b {
				x = x<<8 | uint64(d)
			}
			got, valid := decodeHex8(x)
			if valid != ok {
				t.Fatalf("%q: valid %v, want %v", b, valid, ok)
			}
			if ok && fmt.Sprintf("%08x", got) != hex.EncodeToString(want) {
				t.Fatalf("%q: %08x", b, got)
			}
		}
	}
}

// Every way of storing text is read back by every reader.
func TestEveryEncodingOfTextIsRead(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{textField("digest"), textField("nearly"), textField("phone"), textField("sorted"), textField("sortednull"), textField("chinese")}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	r := rand.New(rand.NewPCG(8, 9))
	add := func(c int, s string) { b.Field(c).(*array.StringBuilder).Append(s) }
	const rows = 45_000
	for i := range rows {
		add(0, fmt.Sprintf("%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()))
		nearly := fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
		if i == 30_000 {
			nearly = strings.ToUpper(nearly)
		}
		add(1, nearly)
		add(2, fmt.Sprintf("1%02d****%04d", r.IntN(100), r.IntN(10_000)))
		add(3, fmt.Sprintf("R%010d", i+i/9))
		if i%3 == 0 {
			b.Field(4).AppendNull()
		} else {
			add(4, fmt.Sprintf("登记-%08d-%s", i, strings.Repeat("x", i%5)))
		}
		add(5, string([]rune{rune(0x4e00 + r.IntN(20_000)), rune(0x4e00 + r.IntN(20_000)), rune(0x4e00 + r.IntN(20_000))}))
	}
	rec := b.NewRecordBatch()
	data := write(t, schema, rec, DefaultRowGroupRows, Options{})
	want := cells(rec)
	sameCells(t, "arrow-go", schema, cells(readPqarrow(t, data)), want)
	fw, err := NewFileWriter(&bytes.Buffer{}, schema, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sameCells(t, "parquet-go", schema, readParquetGo(t, data, fw.fields), want)
	sameCells(t, "xitongsys", schema, readXitongsys(t, data, fw.fields), want)
	_, got := readDuckDB(t, data)
	sameCells(t, "DuckDB", schema, got, duckdbCells(rec))
}

func BenchmarkHexFrame(b *testing.B) {
	body := digits(20_480 * 64)
	var out []byte
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		out, _ = appendHexFrame(out[:0], body, 0)
	}
	b.ReportMetric(float64(len(out))/float64(len(body)), "ratio")
}
