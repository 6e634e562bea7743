package pipeline

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/pipeline/dedupe"
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
	err = s.losers.EachFrame(func(number int, losers []dedupe.Pair) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		cols, err := s.duplicatesOf(number, losers)
		if err != nil {
			return err
		}
		for from := 0; from < len(losers); {
			to := min(len(losers), from+parquet.DefaultRowGroupRows-enc.Rows())
			rec := array.NewRecordBatch(schema, cols, int64(len(losers)))
			if err := enc.Add(rec.NewSlice(int64(from), int64(to))); err != nil {
				return err
			}
			from = to
			if err := flush(parquet.DefaultRowGroupRows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return parquet.Stats{}, err
	}
	if err := flush(0); err != nil {
		return parquet.Stats{}, err
	}
	return fw.Close()
}

// duplicatesOf makes the columns of the losers in one frame.
func (s *scan) duplicatesOf(number int, losers []dedupe.Pair) ([]arrow.Array, error) {
	f := s.rows.frame(number)
	l, err := s.rows.load(f)
	if err != nil {
		return nil, err
	}
	defer l.done()
	offsets := l.cols[s.layout.offset].(*array.Int64)
	var source, sha, winSource, winSHA textBuilder
	var row, offset, winRow []int64
	for _, p := range losers {
		i, wf := p.Loser.Row(), s.rows.frame(p.Winner.Frame())
		o, wo := s.objects[f.object], s.objects[wf.object]
		source.add([]byte(o.Name))
		sha.add([]byte(o.Archive.SHA256))
		row, offset = append(row, f.rowNumber(i)), append(offset, offsets.Value(i))
		winSource.add([]byte(wo.Name))
		winSHA.add([]byte(wo.Archive.SHA256))
		winRow = append(winRow, wf.rowNumber(p.Winner.Row()))
	}
	return []arrow.Array{source.column(), sha.column(), int64Column(row), int64Column(offset), winSource.column(), winSHA.column(), int64Column(winRow)}, nil
}
