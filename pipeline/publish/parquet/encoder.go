package parquet

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/klauspost/compress/zstd"
)

// Encoder turns the rows of one row group after the other into finished bytes.
// It is for one goroutine; make one per goroutine and use it again and again,
// since its tables and buffers stay with it.
type Encoder struct {
	file    *FileWriter
	columns []column
	chunks  chunkWriter
	rows    int
	expect  int // rows that the group under way will have, as far as is known
}

// NewEncoder makes an encoder for the file's row groups. It may be called, and
// the encoders used, from several goroutines.
func (fw *FileWriter) NewEncoder() *Encoder {
	z, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(fw.options.Level)),
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), // pages carry a CRC of their own
		zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(fmt.Sprintf("parquet: zstd refuses fixed options: %v", err)) // cannot happen
	}
	e := &Encoder{file: fw, chunks: chunkWriter{pageRows: fw.options.PageRows, zstd: z}}
	for i := range fw.fields {
		f := &fw.fields[i]
		e.columns = append(e.columns, newColumn(f, fw.plain[f.name], &e.expect))
	}
	e.reset()
	return e
}

func (e *Encoder) reset() {
	for _, c := range e.columns {
		c.reset()
	}
	e.rows = 0
}

// Expect says how many rows the groups to come will have. It is a hint: buffers are made large enough at once instead of
// growing by steps, each of which copies.
func (e *Encoder) Expect(rows int) { e.expect = rows }

// Rows is the number of rows added since the last Finish.
func (e *Encoder) Rows() int { return e.rows }

// Add appends the rows of rec to the row group under way. It copies what it
// needs, so that rec and its buffers may be used again at once. After an error
// the row group is lost: the encoder starts a new one.
func (e *Encoder) Add(rec arrow.RecordBatch) error {
	if int(rec.NumCols()) != len(e.columns) {
		return fmt.Errorf("record has %d columns, the file %d", rec.NumCols(), len(e.columns))
	}
	if e.rows+int(rec.NumRows()) > MaxRowGroupRows {
		return fmt.Errorf("row group of %d rows: at most %d are allowed; finish the group before adding more", e.rows+int(rec.NumRows()), MaxRowGroupRows)
	}
	for i, c := range e.columns {
		if !arrow.TypeEqual(rec.Column(i).DataType(), e.file.fields[i].arrow) {
			return wrongArray(&e.file.fields[i], rec.Column(i))
		}
		if err := c.add(rec.Column(i)); err != nil {
			e.reset()
			return err
		}
	}
	e.rows += int(rec.NumRows())
	return nil
}

// Encode makes one row group of recs.
func (e *Encoder) Encode(recs ...arrow.RecordBatch) (*RowGroup, error) {
	for _, rec := range recs {
		if err := e.Add(rec); err != nil {
			return nil, err
		}
	}
	return e.Finish()
}

// RowGroup is an encoded row group, ready to be appended to its file.
type RowGroup struct {
	rows   int
	bytes  []byte
	chunks []chunk
}

// Rows is the number of rows in the group.
func (rg *RowGroup) Rows() int { return rg.rows }

// Size is the number of bytes that the group takes in the file.
func (rg *RowGroup) Size() int { return len(rg.bytes) }

// Finish encodes and compresses the rows added and starts a new row group. The
// bytes do not depend on how the rows were sliced. A group without rows is
// allowed; Append passes over it.
func (e *Encoder) Finish() (*RowGroup, error) {
	defer e.reset()
	rg := &RowGroup{rows: e.rows}
	if e.rows == 0 {
		return rg, nil
	}
	w := &e.chunks
	w.out = e.file.buffer()
	rg.chunks = make([]chunk, len(e.columns))
	for i, c := range e.columns {
		if err := c.encode(w, &rg.chunks[i]); err != nil {
			return nil, err
		}
		if e.file.bloom[e.file.fields[i].name] {
			rg.chunks[i].bloom = bloomFilter(c, &rg.chunks[i])
		}
	}
	for i := range rg.chunks {
		if b := rg.chunks[i].bloom; b != nil {
			rg.chunks[i].bloomOffset = int64(len(w.out))
			w.out = append(w.out, b...)
		}
	}
	rg.bytes, w.out = w.out, nil
	return rg, nil
}
