package parquet

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"
)

// encodeSliced writes rec as row groups of groupRows with several encoders,
// each of which gets its rows in slices of sliceRows.
func encodeSliced(t testing.TB, schema *arrow.Schema, rec arrow.RecordBatch, groupRows, sliceRows, encoders int) []byte {
	t.Helper()
	var out bytes.Buffer
	fw, err := NewFileWriter(&out, schema, Options{})
	if err != nil {
		t.Fatal(err)
	}
	groups := (int(rec.NumRows()) + groupRows - 1) / groupRows
	done := make([]*RowGroup, groups)
	errs := make([]error, groups)
	var wg sync.WaitGroup
	for n := range encoders {
		wg.Go(func() {
			enc := fw.NewEncoder()
			for g := n; g < groups; g += encoders {
				end := min((g+1)*groupRows, int(rec.NumRows()))
				for from := g * groupRows; from < end; from += sliceRows {
					if errs[g] = enc.Add(rec.NewSlice(int64(from), int64(min(from+sliceRows, end)))); errs[g] != nil {
						return
					}
				}
				done[g], errs[g] = enc.Finish()
			}
		})
	}
	wg.Wait()
	for g, rg := range done {
		if errs[g] != nil {
			t.Fatal(errs[g])
		}
		if err := fw.Append(rg); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBytesDependOnNeitherEncodersNorSlices(t *testing.T) {
	schema, rec := everyType, everyRecord(50_000)
	want := encodeSliced(t, schema, rec, 12_000, 12_000, 1)
	for _, c := range []struct{ slice, encoders int }{{1000, 1}, {777, 2}, {12_000, 3}, {1, 4}} {
		got := encodeSliced(t, schema, rec, 12_000, c.slice, c.encoders)
		if !bytes.Equal(got, want) {
			t.Errorf("slices of %d rows and %d encoders give other bytes", c.slice, c.encoders)
		}
	}
}

func TestBytesOfTheReferenceShapeAreReproduced(t *testing.T) {
	if testing.Short() {
		t.Skip("reason: a full row group takes a second")
	}
	records := referenceRecords(DefaultRowGroupRows, 8192)
	var sums [2][sha256.Size]byte
	for i := range sums {
		var out bytes.Buffer
		fw, err := NewFileWriter(&out, referenceSchema, Options{})
		if err != nil {
			t.Fatal(err)
		}
		enc := fw.NewEncoder()
		if i == 1 { // an encoder that has been used
			if _, err := enc.Encode(records[3:7]...); err != nil {
				t.Fatal(err)
			}
		}
		rg, err := enc.Encode(records...)
		if err != nil {
			t.Fatal(err)
		}
		if err := fw.Append(rg); err != nil {
			t.Fatal(err)
		}
		stats, err := fw.Close()
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = stats.SHA256
		if i == 0 {
			got := readPqarrow(t, out.Bytes())
			at := int64(0)
			for _, rec := range records {
				sameCells(t, "arrow-go", referenceSchema, cells(got.NewSlice(at, at+rec.NumRows())), cells(rec))
				at += rec.NumRows()
			}
		}
		if stats.SHA256 != sha256.Sum256(out.Bytes()) {
			t.Error("SHA-256 in the stats is not that of the bytes")
		}
	}
	if sums[0] != sums[1] {
		t.Error("an encoder that was used before gives other bytes")
	}
}

// randomRecord draws a record of one column of each type with repeated and
// unique values, nulls and slices of larger arrays.
func randomRecord(t *rapid.T) arrow.RecordBatch {
	rows := rapid.IntRange(0, 300).Draw(t, "rows")
	b := array.NewRecordBuilder(memory.DefaultAllocator, everyType)
	b.Reserve(rows)
	kinds := []func(i int){
		func(i int) {
			b.Field(i).(*array.StringBuilder).Append(rapid.SampledFrom([]string{"", "甲", "乙丙", "x"}).Draw(t, "word"))
		},
		func(i int) { b.Field(i).(*array.StringBuilder).Append(rapid.String().Draw(t, "text")) },
		func(i int) { b.Field(i).AppendNull() },
		func(i int) { b.Field(i).(*array.Int64Builder).Append(rapid.Int64().Draw(t, "int")) },
		func(i int) { b.Field(i).(*array.Int64Builder).Append(rapid.Int64Range(-3, 3).Draw(t, "small")) },
		func(i int) { b.Field(i).(*array.Float64Builder).Append(rapid.Float64().Draw(t, "float")) },
	}
	share := rapid.IntRange(0, 10).Draw(t, "nulls of ten")
	for r := range rows {
		for i := range everyType.Fields() {
			switch {
			case i >= len(kinds):
				if r == 0 {
					b.Field(i).AppendNulls(rows)
				}
			case rapid.IntRange(0, 9).Draw(t, "null") < share:
				b.Field(i).AppendNull()
			default:
				kinds[i](i)
			}
		}
	}
	rec := b.NewRecordBatch()
	from := rapid.IntRange(0, rows).Draw(t, "from")
	return rec.NewSlice(int64(from), int64(rapid.IntRange(from, rows).Draw(t, "to")))
}

func TestRandomColumnsComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rec := randomRecord(rt)
		group, page := rapid.IntRange(1, 200).Draw(rt, "group"), rapid.IntRange(1, 100).Draw(rt, "page")
		data := write(t, everyType, rec, group, Options{PageRows: page})
		sameCells(t, "arrow-go", everyType, cells(readPqarrow(t, data)), cells(rec))
	})
}

func TestLongTextIsCutIntoPagesAndBoundsStayBounds(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{textField("page")}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range 30 {
		b.Field(0).(*array.StringBuilder).Append(strings.Repeat(fmt.Sprintf("第%d页 ", i), 60_000))
		b.Field(0).AppendNull()
	}
	rec := b.NewRecordBatch()
	data := write(t, schema, rec, 100, Options{})
	sameCells(t, "arrow-go", schema, cells(readPqarrow(t, data)), cells(rec))
	fw, _ := NewFileWriter(&bytes.Buffer{}, schema, Options{})
	sameCells(t, "parquet-go", schema, readParquetGo(t, data, fw.fields), cells(rec))
}

func TestCutBoundsAreBounds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := []byte(rapid.StringN(0, 60, 200).Draw(rt, "prefix") + strings.Repeat(string(utf8.MaxRune), rapid.IntRange(0, 30).Draw(rt, "last")))
		lower, upper := cutLower(v), cutUpper(v)
		if bytes.Compare(lower, v) > 0 || bytes.Compare(upper, v) < 0 {
			rt.Fatalf("%q .. %q does not hold %q", lower, upper, v)
		}
		if !utf8.Valid(lower) || !utf8.Valid(upper) {
			rt.Fatalf("%q or %q is not UTF-8", lower, upper)
		}
	})
	if got := cutUpper(bytes.Repeat([]byte("z"), 100)); len(got) != maxIndexBytes || got[63] != 'z'+1 {
		t.Errorf("upper bound of z…: %q", got)
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	for name, schema := range map[string]*arrow.Schema{
		"only timestamp[us] without": arrow.NewSchema([]arrow.Field{{Name: "t", Type: arrow.FixedWidthTypes.Timestamp_ns}}, nil),
		"cannot be written: string":  arrow.NewSchema([]arrow.Field{{Name: "t", Type: arrow.PrimitiveTypes.Int32}}, nil),
		"used twice":                 arrow.NewSchema([]arrow.Field{textField("a"), textField("a")}, nil),
		"at least one column":        arrow.NewSchema(nil, nil),
	} {
		if _, err := NewFileWriter(&bytes.Buffer{}, schema, Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
	fw, err := NewFileWriter(&bytes.Buffer{}, everyType, Options{})
	if err != nil {
		t.Fatal(err)
	}
	enc := fw.NewEncoder()
	for column, spoil := range map[string]func(*array.RecordBuilder){
		"word": func(b *array.RecordBuilder) { b.Field(0).(*array.StringBuilder).Append("a\xff") },
		"dec9": func(b *array.RecordBuilder) {
			b.Field(6).(*array.Decimal128Builder).Append(decimal128.FromI64(1_234_567_000))
		},
	} {
		b := array.NewRecordBuilder(memory.DefaultAllocator, everyType)
		spoil(b)
		for i := range everyType.Fields() {
			if b.Field(i).Len() == 0 {
				b.Field(i).AppendNull()
			}
		}
		if err := enc.Add(b.NewRecordBatch()); err == nil || !strings.Contains(err.Error(), column) {
			t.Errorf("want an error about %s, got %v", column, err)
		}
	}
}
