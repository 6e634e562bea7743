package parquet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	pgo "github.com/parquet-go/parquet-go"
	"github.com/xitongsys/parquet-go-source/local"
	"github.com/xitongsys/parquet-go/reader"
)

// everyType has a column of each type, and of each way a type is stored.
var everyType = arrow.NewSchema([]arrow.Field{
	textField("word"), textField("token"), textField("nothing"),
	{Name: "int", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "small", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "float", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "dec9", Type: &arrow.Decimal128Type{Precision: 9, Scale: 3}, Nullable: true},
	{Name: "dec18", Type: &arrow.Decimal128Type{Precision: 18, Scale: 2}, Nullable: true},
	{Name: "dec38", Type: &arrow.Decimal128Type{Precision: 38, Scale: 10}, Nullable: true},
	{Name: "date", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
	{Name: "bool", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
}, nil)

// everyRecord makes rows with values at the edges of each type among ordinary
// ones: dates before 1970, empty and long text, the greatest decimals, zeros of both signs.
func everyRecord(rows int) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, everyType)
	greatest38, _ := decimal128.FromBigInt(new(big.Int).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil), big.NewInt(1))), 0
	words := []string{"", "a", "汉字", "𠮷野家", "é", strings.Repeat("长", 50), "naïve\n\"quoted\",\x00"}
	for i := range rows {
		null := func(column int) bool {
			if (i+column)%7 == 3 || i/100%5 == column%5 && i >= 100 {
				b.Field(column).AppendNull()
				return true
			}
			return false
		}
		if !null(0) {
			b.Field(0).(*array.StringBuilder).Append(words[i%len(words)])
		}
		if !null(1) {
			b.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("%x令牌%d", i*7919, i))
		}
		b.Field(2).AppendNull()
		if !null(3) {
			b.Field(3).(*array.Int64Builder).Append([]int64{math.MinInt64, math.MaxInt64, 0, -1, int64(i) * 1_000_003}[i%5])
		}
		if !null(4) {
			b.Field(4).(*array.Int64Builder).Append(int64(i%9) - 4)
		}
		if !null(5) {
			b.Field(5).(*array.Float64Builder).Append([]float64{math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64, float64(i) / 3, math.SmallestNonzeroFloat64}[i%6])
		}
		if !null(6) {
			b.Field(6).(*array.Decimal128Builder).Append(decimal128.FromI64([]int64{999_999_999, -999_999_999, 0, int64(i)}[i%4]))
		}
		if !null(7) {
			b.Field(7).(*array.Decimal128Builder).Append(decimal128.FromI64([]int64{999_999_999_999_999_999, -999_999_999_999_999_999, -1, int64(i) * 12345}[i%4]))
		}
		if !null(8) {
			b.Field(8).(*array.Decimal128Builder).Append([]decimal128.Num{greatest38, greatest38.Negate(), decimal128.FromI64(-1), decimal128.FromI64(int64(i))}[i%4])
		}
		if !null(9) {
			b.Field(9).(*array.Date32Builder).Append(arrow.Date32([]int32{-25567, 0, -1, 47846, int32(i)}[i%5]))
		}
		if !null(10) {
			b.Field(10).(*array.TimestampBuilder).Append(arrow.Timestamp([]int64{-1, 0, -2208988800_000000, 253402300799_999999, int64(i) * 1e6}[i%5]))
		}
		if !null(11) {
			b.Field(11).(*array.BooleanBuilder).Append(i%3 == 0)
		}
	}
	return b.NewRecordBatch()
}

// cells gives every cell as text, the form in which readers are compared.
func cells(rec arrow.RecordBatch) [][]string {
	out := make([][]string, rec.NumCols())
	for c := range out {
		arr := rec.Column(c)
		for i := range arr.Len() {
			out[c] = append(out[c], cell(arr, i))
		}
	}
	return out
}

func cell(arr arrow.Array, i int) string {
	if arr.IsNull(i) {
		return "NULL"
	}
	switch a := arr.(type) {
	case *array.String:
		return "=" + a.Value(i)
	case *array.Float64:
		return fmt.Sprintf("%x", math.Float64bits(a.Value(i)))
	case *array.Decimal128:
		return a.Value(i).BigInt().String()
	case *array.Date32:
		return fmt.Sprint(int32(a.Value(i)))
	case *array.Timestamp:
		return fmt.Sprint(int64(a.Value(i)))
	case *array.Boolean:
		return fmt.Sprint(a.Value(i))
	case *array.Int64:
		return fmt.Sprint(a.Value(i))
	}
	panic(fmt.Sprintf("no text for %T", arr))
}

// write encodes rec as a file with row groups of the given size.
func write(t testing.TB, schema *arrow.Schema, rec arrow.RecordBatch, groupRows int, options Options) []byte {
	t.Helper()
	var out bytes.Buffer
	fw, err := NewFileWriter(&out, schema, options)
	if err != nil {
		t.Fatal(err)
	}
	enc := fw.NewEncoder()
	for from := int64(0); from < rec.NumRows(); from += int64(groupRows) {
		rg, err := enc.Encode(rec.NewSlice(from, min(from+int64(groupRows), rec.NumRows())))
		if err != nil {
			t.Fatal(err)
		}
		if err := fw.Append(rg); err != nil {
			t.Fatal(err)
		}
	}
	fw.SetMetadata(KeyDataset, "test")
	stats, err := fw.Close()
	if err != nil {
		t.Fatal(err)
	}
	if stats.Bytes != int64(out.Len()) || stats.Rows != rec.NumRows() {
		t.Fatalf("stats %+v, file has %d bytes, record %d rows", stats, out.Len(), rec.NumRows())
	}
	return out.Bytes()
}

func readPqarrow(t testing.TB, data []byte) arrow.RecordBatch {
	t.Helper()
	f, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := r.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var columns []arrow.Array
	for i := range int(table.NumCols()) {
		chunks := table.Column(i).Data().Chunks()
		if len(chunks) == 0 {
			columns = append(columns, array.MakeArrayOfNull(memory.DefaultAllocator, table.Schema().Field(i).Type, 0))
			continue
		}
		arr, err := array.Concatenate(chunks, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, arr)
	}
	return array.NewRecordBatch(table.Schema(), columns, table.NumRows())
}

func sameCells(t testing.TB, reader string, schema *arrow.Schema, got, want [][]string) {
	t.Helper()
	for c := range want {
		if len(got[c]) != len(want[c]) {
			t.Fatalf("%s: column %s has %d rows, want %d", reader, schema.Field(c).Name, len(got[c]), len(want[c]))
		}
		for i := range want[c] {
			if got[c][i] != want[c][i] {
				t.Fatalf("%s: column %s row %d is %.80q, want %.80q", reader, schema.Field(c).Name, i, got[c][i], want[c][i])
			}
		}
	}
}

// readParquetGo reads with parquet-go/parquet-go, physical values only.
func readParquetGo(t testing.TB, data []byte, fields []field) [][]string {
	t.Helper()
	f, err := pgo.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]string, len(fields))
	for _, rg := range f.RowGroups() {
		rows := rg.Rows()
		buf := make([]pgo.Row, 1000)
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				for c, v := range row {
					out[c] = append(out[c], physicalCell(&fields[c], v))
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		rows.Close()
	}
	return out
}

func physicalCell(f *field, v pgo.Value) string {
	switch {
	case v.IsNull():
		return "NULL"
	case f.kind == kindString || f.kind == kindBinary:
		return "=" + string(v.ByteArray())
	case f.kind == kindFloat64:
		return fmt.Sprintf("%x", math.Float64bits(v.Double()))
	case f.kind == kindBool:
		return fmt.Sprint(v.Boolean())
	case f.physical == physicalInt32:
		return fmt.Sprint(v.Int32())
	case f.physical == physicalFixed:
		return signedBig(v.Bytes()).String()
	}
	return fmt.Sprint(v.Int64())
}

func signedBig(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// readXitongsys reads with xitongsys/parquet-go, an old and independent implementation.
func readXitongsys(t testing.TB, data []byte, fields []field) [][]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := local.NewLocalFileReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	r, err := reader.NewParquetColumnReader(source, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.ReadStop()
	out := make([][]string, len(fields))
	for c := range fields {
		values, _, _, err := r.ReadColumnByIndex(int64(c), r.GetNumRows())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			out[c] = append(out[c], xitongsysCell(&fields[c], v))
		}
	}
	return out
}

func xitongsysCell(f *field, v any) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case string:
		if f.physical == physicalFixed {
			return signedBig([]byte(x)).String()
		}
		return "=" + x
	case float64:
		return fmt.Sprintf("%x", math.Float64bits(x))
	}
	return fmt.Sprint(v)
}

func TestEveryReaderSeesEqualValues(t *testing.T) {
	for _, c := range []struct{ rows, group, page int }{
		{0, 100, 0}, {1, 100, 0}, {5, 100, 0}, {333, 333, 100}, {1000, 250, 64}, {30_000, 30_000, 0}, {30_001, 13_000, 0},
	} {
		t.Run(fmt.Sprintf("%d rows, %d a group, %d a page", c.rows, c.group, c.page), func(t *testing.T) {
			rec := everyRecord(c.rows)
			data := write(t, everyType, rec, c.group, Options{PageRows: c.page, Bloom: []string{"word", "token", "int", "dec38"}})
			want := cells(rec)
			got := readPqarrow(t, data)
			for i, f := range everyType.Fields() {
				if !arrow.TypeEqual(got.Column(i).DataType(), f.Type) {
					t.Errorf("column %s reads as %s, want %s", f.Name, got.Column(i).DataType(), f.Type)
				}
			}
			sameCells(t, "arrow-go", everyType, cells(got), want)
			fw, err := NewFileWriter(io.Discard, everyType, Options{})
			if err != nil {
				t.Fatal(err)
			}
			sameCells(t, "parquet-go", everyType, readParquetGo(t, data, fw.fields), want)
			sameCells(t, "xitongsys", everyType, readXitongsys(t, data, fw.fields), want)
		})
	}
}

func TestParquetGoAgreesOnIndexesAndBloomFilters(t *testing.T) {
	rec := everyRecord(5000)
	data := write(t, everyType, rec, 2000, Options{PageRows: 512, Bloom: []string{"word", "token", "int", "small", "dec38", "date"},
		Sorting: []SortingColumn{{Name: "int"}, {Name: "word", Descending: true, NullsFirst: true}}})
	f, err := pgo.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := f.Lookup(KeyDataset); !ok || v != "test" {
		t.Errorf("metadata %s is %q", KeyDataset, v)
	}
	if got := f.Metadata().CreatedBy; got != CreatedBy {
		t.Errorf("created by %q", got)
	}
	if len(f.ColumnIndexes()) != 3*len(everyType.Fields()) || len(f.OffsetIndexes()) != 3*len(everyType.Fields()) {
		t.Fatalf("%d column indexes and %d offset indexes", len(f.ColumnIndexes()), len(f.OffsetIndexes()))
	}
	for _, g := range f.Metadata().RowGroups {
		if len(g.SortingColumns) != 2 || g.SortingColumns[0].ColumnIdx != 3 || !g.SortingColumns[1].Descending || !g.SortingColumns[1].NullsFirst {
			t.Errorf("sorting columns %+v", g.SortingColumns)
		}
	}
	for _, rg := range f.RowGroups() {
		for c, cc := range rg.ColumnChunks() {
			bloom := cc.BloomFilter()
			checkPages(t, everyType.Field(c).Name, cc, bloom)
		}
	}
}

// checkPages compares the page index and the Bloom filter with the values of each page.
func checkPages(t *testing.T, name string, cc pgo.ColumnChunk, bloom pgo.BloomFilter) {
	t.Helper()
	index, err := cc.ColumnIndex()
	if err != nil {
		t.Fatal(err)
	}
	pages := cc.Pages()
	defer pages.Close()
	for i := 0; ; i++ {
		p, err := pages.ReadPage()
		if err == io.EOF {
			if i != index.NumPages() {
				t.Errorf("%s: index of %d pages, %d read", name, index.NumPages(), i)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.NumNulls() != index.NullCount(i) || (p.NumNulls() == p.NumRows()) != index.NullPage(i) {
			t.Errorf("%s page %d: %d nulls of %d, the index says %d", name, i, p.NumNulls(), p.NumRows(), index.NullCount(i))
		}
		values := make([]pgo.Value, p.NumValues())
		n, _ := p.Values().ReadValues(values)
		for _, v := range values[:n] {
			if v.IsNull() {
				continue
			}
			compare := cc.Type().Compare
			if name == "dec38" { // parquet-go compares fixed-length decimals without their sign; the format has it signed
				compare = func(a, b pgo.Value) int { return compareSigned(a.ByteArray(), b.ByteArray()) }
			}
			if compare(v, index.MinValue(i)) < 0 || compare(v, index.MaxValue(i)) > 0 {
				t.Fatalf("%s page %d: value %v outside of %v .. %v", name, i, v, index.MinValue(i), index.MaxValue(i))
			}
			if bloom != nil {
				if ok, err := bloom.Check(v); err != nil || !ok {
					t.Fatalf("%s page %d: Bloom filter denies %v (%v)", name, i, v, err)
				}
			}
		}
	}
}

func TestFieldMetadataReachesArrowReaders(t *testing.T) {
	f := textField("name")
	f.Metadata = arrow.NewMetadata([]string{"title.zh", "level", "title.en"}, []string{"姓名", "L3", "Name"})
	schema := arrow.NewSchema([]arrow.Field{f}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.StringBuilder).Append("张*")
	data := write(t, schema, b.NewRecordBatch(), 10, Options{})
	got := readPqarrow(t, data).Schema().Field(0).Metadata
	if i := got.FindKey("title.zh"); i < 0 || got.Values()[i] != "姓名" {
		t.Errorf("field metadata %v", got)
	}
	file, err := pgo.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := file.Lookup(KeyColumns); v != `{"name":{"level":"L3","title.en":"Name","title.zh":"姓名"}}` {
		t.Errorf("%s is %s", KeyColumns, v)
	}
}

func TestTimestampsAreNotAdjustedToUTC(t *testing.T) {
	data := write(t, everyType, everyRecord(1), 10, Options{})
	f, err := pgo.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range f.Metadata().Schema[1:] {
		if e.Name == "time" && fmt.Sprint(&e.LogicalType) != "TIMESTAMP(isAdjustedToUTC=false,unit=MICROS)" {
			t.Errorf("time is %v", &e.LogicalType)
		}
		if e.FieldID == 0 {
			t.Errorf("%s has no field id", e.Name)
		}
	}
}
