package contentroot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"clearwell/pipeline/publish/parquet"
)

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "编号", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "int", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "float", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "amount", Type: &arrow.Decimal128Type{Precision: 18, Scale: 2}, Nullable: true},
	{Name: "date", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
	{Name: "flag", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "remark", Type: arrow.BinaryTypes.String, Nullable: true},
}, nil)

// row is a row for the plain model below: nil, string, int64, float64,
// decimal128.Num, arrow.Date32, arrow.Timestamp or bool.
type row []any

func randomRows(n int) []row {
	r := rand.New(rand.NewPCG(3, 4))
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{
			fmt.Sprintf("R%06d", i/3*2), int64(r.Uint64()), []float64{0, math.Copysign(0, -1), math.NaN(), 1.5, math.Inf(1)}[i%5],
			decimal128.FromI64(int64(i) - 50), arrow.Date32(i - 100), arrow.Timestamp(int64(i)*1e6 - 7), i%2 == 0,
			strings.Repeat("备注", i%50),
		}
		for c := range rows[i] {
			if r.IntN(5) == 0 {
				rows[i][c] = nil
			}
		}
		if i > 0 && i%7 == 0 {
			rows[i] = rows[i-1] // equal rows count twice
		}
	}
	return rows
}

func record(rows []row) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for _, r := range rows {
		for c, v := range r {
			switch v := v.(type) {
			case nil:
				b.Field(c).AppendNull()
			case string:
				b.Field(c).(*array.StringBuilder).Append(v)
			case int64:
				b.Field(c).(*array.Int64Builder).Append(v)
			case float64:
				b.Field(c).(*array.Float64Builder).Append(v)
			case decimal128.Num:
				b.Field(c).(*array.Decimal128Builder).Append(v)
			case arrow.Date32:
				b.Field(c).(*array.Date32Builder).Append(v)
			case arrow.Timestamp:
				b.Field(c).(*array.TimestampBuilder).Append(v)
			case bool:
				b.Field(c).(*array.BooleanBuilder).Append(v)
			}
		}
	}
	return b.NewRecordBatch()
}

// modelRoot is the format of the package comment, written a second time and
// without any regard for speed.
func modelRoot(rows []row) [32]byte {
	be := binary.BigEndian
	buckets := make([][][]byte, 4096)
	for _, r := range rows {
		text := []byte{0}
		for _, v := range r {
			switch v := v.(type) {
			case nil:
				text = append(text, 0)
			case string:
				text = append(binary.AppendUvarint(text, uint64(len(v)+1)), v...)
			case int64:
				text = be.AppendUint64(append(text, 1), uint64(v))
			case float64:
				bits := math.Float64bits(v)
				if math.IsNaN(v) {
					bits = 0x7ff8 << 48
				}
				text = be.AppendUint64(append(text, 1), bits)
			case decimal128.Num:
				b := make([]byte, 16)
				n := v.BigInt()
				if n.Sign() < 0 {
					n.Add(n, decimal128.New(1, 0).BigInt().Lsh(decimal128.New(0, 1).BigInt(), 128))
				}
				n.FillBytes(b)
				text = append(append(text, 1), b...)
			case arrow.Date32:
				text = be.AppendUint32(append(text, 1), uint32(v))
			case arrow.Timestamp:
				text = be.AppendUint64(append(text, 1), uint64(v))
			case bool:
				text = append(text, 1, map[bool]byte{true: 1}[v])
			}
		}
		h := sha256.Sum256(text)
		b := be.Uint16(h[:]) >> 4
		buckets[b] = append(buckets[b], h[:])
	}
	var reduce func(list [][]byte) []byte
	reduce = func(list [][]byte) []byte {
		if len(list) == 1 {
			return list[0]
		}
		var up [][]byte
		for run := range slices.Chunk(list, 16) {
			h := sha256.Sum256(append([]byte{1}, bytes.Join(run, nil)...))
			up = append(up, h[:])
		}
		return reduce(up)
	}
	var values [][]byte
	for _, b := range buckets {
		slices.SortFunc(b, bytes.Compare)
		if len(b) == 0 {
			values = append(values, make([]byte, 32))
		} else {
			values = append(values, reduce(b))
		}
	}
	header := []byte("clearwell content 1\n")
	for _, f := range [][2]string{{"编号", "string"}, {"int", "int64"}, {"float", "float64"}, {"amount", "decimal(18,2)"},
		{"date", "date"}, {"time", "timestamp"}, {"flag", "bool"}, {"remark", "string"}} {
		for _, s := range f {
			header = append(binary.AppendUvarint(header, uint64(len(s))), s...)
		}
	}
	schemaHash := sha256.Sum256(header)
	final := append([]byte{2}, schemaHash[:]...)
	final = be.AppendUint64(final, uint64(len(rows)))
	return sha256.Sum256(append(final, reduce(values)...))
}

// root computes the root with several adders, each of which gets slices of rows.
func root(t testing.TB, rec arrow.RecordBatch, adders, slice int, memoryBytes int64) Root {
	t.Helper()
	dir := t.TempDir()
	b, err := NewBuilder(rec.Schema(), dir, memoryBytes)
	if err != nil {
		t.Fatal(err)
	}
	errs := make([]error, adders)
	var wg sync.WaitGroup
	for n := range adders {
		a := b.NewAdder()
		wg.Go(func() {
			for from := n * slice; from < int(rec.NumRows()); from += adders * slice {
				errs[n] = errors.Join(errs[n], a.Add(rec.NewSlice(int64(from), min(int64(from+slice), rec.NumRows()))))
			}
			errs[n] = errors.Join(errs[n], a.Close())
		})
	}
	wg.Wait()
	r, err := b.Root(context.Background())
	if err = errors.Join(append(errs, err, b.Close())...); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("spill files are left: %v", left)
	}
	return r
}

func TestRootIsThatOfTheDocumentedFormat(t *testing.T) {
	for _, n := range []int{0, 1, 2, 17, 5000, 30_000} {
		rows := randomRows(n)
		got := root(t, record(rows), 1, 3000, 1<<30)
		if want := modelRoot(rows); got.Hash != want || got.Rows != int64(n) {
			t.Errorf("%d rows: root %x of %d rows, want %x", n, got.Hash, got.Rows, want)
		}
	}
}

func TestRootOfNothingIsPinned(t *testing.T) {
	got := root(t, record(nil), 1, 1, 0)
	const want = "sha256:"
	if !strings.HasPrefix(got.String(), want) || len(got.String()) != len(want)+64 {
		t.Errorf("root %s", got)
	}
	if h := modelRoot(nil); hex.EncodeToString(h[:]) != got.String()[len(want):] {
		t.Errorf("root %s, want %x", got, h)
	}
}

func TestRootDependsOnNeitherOrderNorAddersNorMemory(t *testing.T) {
	rows := randomRows(200_000)
	want := root(t, record(rows), 1, 1<<20, 1<<30)
	rand.New(rand.NewPCG(5, 6)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	rec := record(rows)
	for _, c := range []struct {
		adders, slice int
		memory        int64
	}{{1, 1 << 20, 1 << 30}, {3, 997, 1 << 30}, {2, 5000, 0}, {4, 1, 1 << 30}} {
		if got := root(t, rec, c.adders, c.slice, c.memory); got != want {
			t.Errorf("%d adders, slices of %d, %d bytes of memory: %s, want %s", c.adders, c.slice, c.memory, got, want)
		}
	}
}

func TestRootChangesWithEveryCell(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := randomRows(rapid.IntRange(1, 40).Draw(rt, "rows"))
		before := root(t, record(rows), 1, 100, 0)
		i, c := rapid.IntRange(0, len(rows)-1).Draw(rt, "row"), rapid.IntRange(0, len(rows[0])-1).Draw(rt, "column")
		changed := slices.Clone(rows)
		changed[i] = slices.Clone(rows[i])
		switch v := changed[i][c].(type) {
		case nil:
			changed[i][c] = []any{"", int64(0), 0.0, decimal128.FromI64(0), arrow.Date32(0), arrow.Timestamp(0), false, ""}[c]
		case string:
			changed[i][c] = v + "\x00"
		case bool:
			changed[i][c] = !v
		default:
			changed[i][c] = nil
		}
		if after := root(t, record(changed), 1, 100, 0); after.Hash == before.Hash {
			rt.Fatalf("row %d column %d changed, the root did not", i, c)
		}
		if after := root(t, record(changed[1:]), 1, 100, 0); after.Hash == before.Hash {
			rt.Fatal("a row was taken away, the root did not change")
		}
	})
}

func TestRootIsFoundAgainInThePublishedFiles(t *testing.T) {
	rows := randomRows(40_000)
	rec := record(rows)
	want := root(t, rec, 2, 1000, 1<<30)
	dir := t.TempDir()
	var paths []string
	for part := range 2 {
		path := filepath.Join(dir, fmt.Sprintf("part-%d.parquet", part))
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		fw, err := parquet.NewFileWriter(f, schema, parquet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		enc := fw.NewEncoder()
		for from := part * 20_000; from < (part+1)*20_000; from += 7000 {
			rg, err := enc.Encode(rec.NewSlice(int64(from), int64(min(from+7000, (part+1)*20_000))))
			if err != nil {
				t.Fatal(err)
			}
			if err := fw.Append(rg); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := fw.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	got, err := OfParquet(context.Background(), dir, 0, paths...)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("root of the files %s, of the rows %s", got, want)
	}
}

func TestSchemaCountsByNameAndType(t *testing.T) {
	a := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String}}, nil)
	same := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true, Metadata: arrow.NewMetadata([]string{"k"}, []string{"v"})}}, nil)
	other := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64}}, nil)
	hash := func(s *arrow.Schema) Hash {
		h, err := SchemaHash(s)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if hash(a) != hash(same) || hash(a) == hash(other) {
		t.Error("schema hash must depend on names and types, and on nothing else")
	}
	if _, err := SchemaHash(arrow.NewSchema([]arrow.Field{{Name: "t", Type: arrow.FixedWidthTypes.Timestamp_ns}}, nil)); err == nil {
		t.Error("a type without canonical form has a hash")
	}
}

func BenchmarkAdd(b *testing.B) {
	rec := record(randomRows(100_000))
	builder, err := NewBuilder(schema, b.TempDir(), 1<<30)
	if err != nil {
		b.Fatal(err)
	}
	defer builder.Close()
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		a := builder.NewAdder()
		for from := int64(0); from < rec.NumRows(); from += 8192 {
			if err := a.Add(rec.NewSlice(from, min(from+8192, rec.NumRows()))); err != nil {
				b.Fatal(err)
			}
		}
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
		rows += int(rec.NumRows())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
}

func BenchmarkRoot(b *testing.B) {
	const rows = 860_000
	hashes := make([]Hash, rows)
	for i := range hashes {
		hashes[i] = sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	for b.Loop() {
		builder, err := NewBuilder(schema, b.TempDir(), 1<<30)
		if err != nil {
			b.Fatal(err)
		}
		for block := range slices.Chunk(hashes, adderRows) {
			if _, err := builder.take(block); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := builder.Root(context.Background()); err != nil {
			b.Fatal(err)
		}
		if err := builder.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
