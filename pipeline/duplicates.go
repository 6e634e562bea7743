package pipeline

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/pipeline/kernel"
	"clearwell/pipeline/publish/parquet"
)

var duplicateColumns = []arrow.Field{
	{Name: "source", Type: arrow.BinaryTypes.String, Metadata: title("source object of the removed row", "被移除记录的来源文件")},
	{Name: "source_sha256", Type: arrow.BinaryTypes.String, Metadata: title("SHA-256 of that object", "来源文件摘要")},
	{Name: "row", Type: arrow.PrimitiveTypes.Int64, Metadata: title("record number of the removed row", "被移除记录号")},
	{Name: "offset", Type: arrow.PrimitiveTypes.Int64, Metadata: title("its byte offset", "字节偏移")},
	{Name: "winner_source", Type: arrow.BinaryTypes.String, Metadata: title("source object of the row that stays", "保留记录的来源文件")},
	{Name: "winner_source_sha256", Type: arrow.BinaryTypes.String, Metadata: title("SHA-256 of that object", "来源文件摘要")},
	{Name: "winner_row", Type: arrow.PrimitiveTypes.Int64, Metadata: title("record number of the row that stays", "保留记录号")},
}

// writeDuplicates lists every removed row with the identity of the row that won.
func (s *scan) writeDuplicates(ctx context.Context, w io.Writer) (parquet.Stats, error) {
	schema := arrow.NewSchema(duplicateColumns, nil)
	fw, err := parquet.NewFileWriter(w, schema, parquet.Options{})
	if err != nil {
		return parquet.Stats{}, err
	}
	fw.SetMetadata(parquet.KeyDataset, s.plan.Dataset)
	enc := fw.NewEncoder()
	flush := func(atLeast int) error {
		if enc.Rows() < max(1, atLeast) {
			return nil
		}
		rg, err := enc.Finish()
		if err != nil {
			return err
		}
		return fw.Append(rg)
	}
	key := kernel.NewKeyEncoder(s.plan, s.plan.Dedupe.Key)
	var buf []byte
	var sel []int32
	for number := range s.frames {
		if err := ctx.Err(); err != nil {
			return parquet.Stats{}, err
		}
		f := s.rows.frame(number)
		sel = setBits(sel[:0], f.removed)
		if len(sel) == 0 {
			continue
		}
		l, err := s.rows.load(f)
		if err != nil {
			return parquet.Stats{}, err
		}
		cols := s.layout.spread(s.plan, l.cols)
		var source, sha, winSource, winSHA textBuilder
		var row, offset, winRow []int64
		for _, r := range sel {
			i := int(r)
			k, _ := key.Append(buf[:0], cols, i)
			buf = k
			loc, ok := s.winners.Winner(k)
			if !ok {
				return parquet.Stats{}, fmt.Errorf("row %d of %s was removed as a duplicate, but no row won", f.rowNumber(i), s.objects[f.object].Name)
			}
			o, wf := s.objects[f.object], s.rows.frame(loc.Frame())
			wo := s.objects[wf.object]
			source.add([]byte(o.Name))
			sha.add([]byte(o.Archive.SHA256))
			row, offset = append(row, f.rowNumber(i)), append(offset, l.cols[s.layout.offset].(*array.Int64).Value(i))
			winSource.add([]byte(wo.Name))
			winSHA.add([]byte(wo.Archive.SHA256))
			winRow = append(winRow, wf.rowNumber(loc.Row()))
		}
		l.done()
		for from := 0; from < len(row); {
			to := min(len(row), from+parquet.DefaultRowGroupRows-enc.Rows())
			rec := array.NewRecordBatch(schema, []arrow.Array{
				source.column(), sha.column(), int64Column(row), int64Column(offset), winSource.column(), winSHA.column(), int64Column(winRow)}, int64(len(row)))
			if err := enc.Add(rec.NewSlice(int64(from), int64(to))); err != nil {
				return parquet.Stats{}, err
			}
			from = to
			if err := flush(parquet.DefaultRowGroupRows); err != nil {
				return parquet.Stats{}, err
			}
		}
	}
	if err := flush(0); err != nil {
		return parquet.Stats{}, err
	}
	return fw.Close()
}
