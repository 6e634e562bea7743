package parquet

import (
	"bytes"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// Which library writes is a choice by measurement (docs/decisions/0020): these
// benchmarks and BenchmarkReferencePqarrow write the table of BenchmarkReference, 860,160 rows of 15 columns in seven row groups.

// BenchmarkReferenceParquetGo is parquet-go by its fastest way in for columns: values are laid over the Arrow buffers
// without copying their bytes and go to each column's ColumnWriter in batches of a page, with dictionaries where ours has
// them and zstd at its fastest level.
func BenchmarkReferenceParquetGo(b *testing.B) {
	const slice = 8192
	records := referenceRecords(DefaultRowGroupRows, slice)
	const groups = 7
	cells := int64(groups) * DefaultRowGroupRows * int64(len(referenceSchema.Fields()))
	codec := &zstd.Codec{Level: zstd.SpeedFastest}
	b.ReportAllocs()
	before := cpuSeconds()
	for b.Loop() {
		var out countingWriter
		w := pq.NewGenericWriter[any](&out, parquetGoSchema(), pq.Compression(codec), pq.DataPageStatistics(false))
		values := make([]pq.Value, 0, slice)
		for range groups {
			for c, column := range w.ColumnWriters() {
				for _, rec := range records {
					values = parquetGoValues(values[:0], rec.Column(c))
					if _, err := column.WriteRowValues(values); err != nil {
						b.Fatal(err)
					}
				}
			}
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out)/float64(groups)/DefaultRowGroupRows, "bytes/row")
	}
	b.ReportMetric((cpuSeconds()-before)/float64(b.N)*1e9/float64(cells), "cpu-ns/cell")
	b.ReportMetric((cpuSeconds()-before)/float64(b.N), "cpu-s/op")
}

// TestTheBenchmarkOfParquetGoWritesTheSameRows keeps the comparison honest.
func TestTheBenchmarkOfParquetGoWritesTheSameRows(t *testing.T) {
	const rows = 2000
	rec := referenceRecords(rows, rows)[0]
	var out bytes.Buffer
	w := pq.NewGenericWriter[any](&out, parquetGoSchema())
	for c, column := range w.ColumnWriters() {
		if _, err := column.WriteRowValues(parquetGoValues(nil, rec.Column(c))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := pq.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if f.NumRows() != rows {
		t.Fatalf("%d rows", f.NumRows())
	}
	for c, chunk := range f.RowGroups()[0].ColumnChunks() {
		want := parquetGoValues(nil, rec.Column(c))
		pages := chunk.Pages()
		at := 0
		for {
			page, err := pages.ReadPage()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got := make([]pq.Value, page.NumValues())
			if n, err := page.Values().ReadValues(got); n != len(got) || err != nil && err != io.EOF {
				t.Fatalf("column %d: %d of %d values, %v", c, n, len(got), err)
			}
			for _, v := range got {
				if !pq.DeepEqual(v, want[at].Level(v.RepetitionLevel(), v.DefinitionLevel(), v.Column())) {
					t.Fatalf("column %d, row %d: %v, want %v", c, at, v, want[at])
				}
				at++
			}
		}
		pages.Close()
		if at != rows {
			t.Fatalf("column %d has %d values", c, at)
		}
	}
}

// parquetGoSchema is referenceSchema in parquet-go's terms; dictionaries stand where ours come out.
func parquetGoSchema() *pq.Schema {
	text := func(name string) pq.Node {
		switch name {
		case "record_id", "id_token", "uscc":
			return pq.Optional(pq.Encoded(pq.String(), &pq.Plain))
		}
		return pq.Optional(pq.Encoded(pq.String(), &pq.RLEDictionary))
	}
	group := orderedGroup{Group: pq.Group{}}
	for _, f := range referenceSchema.Fields() {
		var node pq.Node
		switch f.Type.ID() {
		case arrow.DECIMAL128:
			node = pq.Optional(pq.Decimal(2, 18, pq.Int64Type))
		case arrow.DATE32:
			node = pq.Optional(pq.Encoded(pq.Date(), &pq.RLEDictionary))
		case arrow.TIMESTAMP:
			node = pq.Optional(pq.Timestamp(pq.Microsecond))
		default:
			node = text(f.Name)
		}
		group.Group[f.Name] = node
		group.names = append(group.names, f.Name)
	}
	return pq.NewSchema("reference", group)
}

// orderedGroup keeps the columns in the order of the table; a pq.Group sorts them by name.
type orderedGroup struct {
	pq.Group
	names []string
}

func (g orderedGroup) Fields() []pq.Field {
	by := map[string]pq.Field{}
	for _, f := range g.Group.Fields() {
		by[f.Name()] = f
	}
	fields := make([]pq.Field, len(g.names))
	for i, name := range g.names {
		fields[i] = by[name]
	}
	return fields
}

// parquetGoValues lays parquet-go's values over a column: text is not copied.
func parquetGoValues(dst []pq.Value, col arrow.Array) []pq.Value {
	for i := range col.Len() {
		if col.IsNull(i) {
			dst = append(dst, pq.NullValue())
			continue
		}
		var v pq.Value
		switch c := col.(type) {
		case *array.String:
			offsets := c.ValueOffsets()
			v = pq.ByteArrayValue(c.ValueBytes()[offsets[i]-offsets[0] : offsets[i+1]-offsets[0]])
		case *array.Decimal128:
			v = pq.Int64Value(unscaledOf(c.Value(i)))
		case *array.Date32:
			v = pq.Int32Value(int32(c.Value(i)))
		case *array.Timestamp:
			v = pq.Int64Value(int64(c.Value(i)))
		}
		dst = append(dst, v.Level(0, 1, 0))
	}
	return dst
}

func unscaledOf(n decimal128.Num) int64 { return int64(n.LowBits()) }

type countingWriter int64

func (w *countingWriter) Write(p []byte) (int, error) {
	*w += countingWriter(len(p))
	return len(p), nil
}
