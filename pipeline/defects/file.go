package defects

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	parquetgo "github.com/parquet-go/parquet-go"

	"clearwell/pipeline/publish/parquet"
)

func column(name string, t arrow.DataType, en, zh string) arrow.Field {
	return arrow.Field{Name: name, Type: t, Metadata: arrow.MetadataFrom(map[string]string{"title.en": en, "title.zh": zh})}
}

// instants are UTC; the writer takes no time zone.
var instants = &arrow.TimestampType{Unit: arrow.Microsecond}

// The columns of a file, in the order of Writer.append and Reader.Next.
var schema = arrow.NewSchema([]arrow.Field{
	column("row_id", arrow.BinaryTypes.String, "keyed hash that names the row", "行标识（带密钥摘要）"),
	column("rule", arrow.BinaryTypes.String, "rule broken", "违反的规则"),
	column("opened", arrow.BinaryTypes.String, "run that opened it", "发现运行"),
	column("first_run", arrow.BinaryTypes.String, "run that saw it first", "首次发现运行"),
	column("first_seen", instants, "first seen, UTC", "首次发现时间"),
	column("last_run", arrow.BinaryTypes.String, "run that saw it last", "最近发现运行"),
	column("times", arrow.PrimitiveTypes.Int64, "runs that saw it", "发现次数"),
	column("rows", arrow.PrimitiveTypes.Int64, "rows in the last such run", "涉及行数"),
	column("reopened", arrow.PrimitiveTypes.Int64, "times it came back", "重开次数"),
	column("closed", arrow.BinaryTypes.String, "run that closed it; empty: open", "关闭运行"),
	column("closed_at", instants, "closed, UTC", "关闭时间"),
	column("why", arrow.BinaryTypes.String, "why it was closed", "关闭原因"),
	column("source", arrow.BinaryTypes.String, "source object", "来源文件"),
	column("source_sha256", arrow.BinaryTypes.String, "SHA-256 of the source object", "来源文件摘要"),
	column("row", arrow.PrimitiveTypes.Int64, "record number, the header not counted", "记录号"),
	column("line", arrow.PrimitiveTypes.Int64, "line in the file", "行号"),
	column("offset", arrow.PrimitiveTypes.Int64, "byte offset in the file", "字节偏移"),
	column("length", arrow.PrimitiveTypes.Int64, "bytes of the record", "字节数"),
}, nil)

// batchRows is how many defects are encoded at once.
const batchRows = 4096

// Writer writes the state of a dataset's defects as Parquet.
type Writer struct {
	file    *parquet.FileWriter
	encoder *parquet.Encoder
	build   *array.RecordBuilder
	n       int
}

// NewWriter begins a file on w.
func NewWriter(w io.Writer, dataset string) (*Writer, error) {
	fw, err := parquet.NewFileWriter(w, schema, parquet.Options{})
	if err != nil {
		return nil, err
	}
	fw.SetMetadata(parquet.KeyDataset, dataset)
	return &Writer{file: fw, encoder: fw.NewEncoder(), build: array.NewRecordBuilder(memory.DefaultAllocator, schema)}, nil
}

// Add writes a defect. They come in the order that Follow gives them in.
func (w *Writer) Add(d *Defect) error {
	at := 0
	text := func(v string) { w.build.Field(at).(*array.StringBuilder).Append(v); at++ }
	number := func(v int64) { w.build.Field(at).(*array.Int64Builder).Append(v); at++ }
	instant := func(t time.Time) {
		b := w.build.Field(at).(*array.TimestampBuilder)
		if t.IsZero() {
			b.AppendNull()
		} else {
			b.Append(arrow.Timestamp(t.UnixMicro()))
		}
		at++
	}
	text(d.Row.String())
	text(d.Rule)
	text(d.Opened)
	text(d.FirstRun)
	instant(d.FirstSeen)
	text(d.LastRun)
	number(d.Times)
	number(d.Rows)
	number(d.Reopened)
	text(d.Closed)
	instant(d.ClosedAt)
	text(d.Why)
	text(d.Place.Source)
	text(d.Place.SHA256)
	number(d.Place.Row)
	number(d.Place.Line)
	number(d.Place.Offset)
	number(d.Place.Length)
	if w.n++; w.n == batchRows {
		return w.flush()
	}
	return nil
}

func (w *Writer) flush() error {
	rec := w.build.NewRecordBatch()
	defer rec.Release()
	w.n = 0
	if err := w.encoder.Add(rec); err != nil {
		return err
	}
	if w.encoder.Rows() >= parquet.DefaultRowGroupRows {
		return w.group()
	}
	return nil
}

func (w *Writer) group() error {
	rg, err := w.encoder.Finish()
	if err != nil {
		return err
	}
	return w.file.Append(rg)
}

// Close ends the file.
func (w *Writer) Close() (parquet.Stats, error) {
	defer w.build.Release()
	if w.n > 0 {
		if err := w.flush(); err != nil {
			return parquet.Stats{}, err
		}
	}
	if w.encoder.Rows() > 0 {
		if err := w.group(); err != nil {
			return parquet.Stats{}, err
		}
	}
	return w.file.Close()
}

// Reader reads a file of defects in its order.
type Reader struct {
	path   string
	file   *os.File
	groups []parquetgo.RowGroup
	rows   parquetgo.Rows
	buf    []parquetgo.Row
	at, n  int
	Rows   int64 // in the file
	d      Defect
}

// Open opens a file that a Writer wrote. A file that is not there is an error that os.ErrNotExist matches.
func Open(path string) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*Reader, error) {
		return nil, errors.Join(fmt.Errorf("%s is damaged: %w; restore it from a backup, or move it away: defects are then followed from the next run on", path, err), file.Close())
	}
	info, err := file.Stat()
	if err != nil {
		return fail(err)
	}
	pf, err := parquetgo.OpenFile(file, info.Size())
	if err != nil {
		return fail(err)
	}
	fields := pf.Schema().Fields()
	if len(fields) != schema.NumFields() {
		return fail(fmt.Errorf("it has %d columns, not %d", len(fields), schema.NumFields()))
	}
	for i, f := range fields {
		if f.Name() != schema.Field(i).Name {
			return fail(fmt.Errorf("its column %d is %q, not %q", i+1, f.Name(), schema.Field(i).Name))
		}
	}
	return &Reader{path: path, file: file, groups: pf.RowGroups(), buf: make([]parquetgo.Row, 256), Rows: pf.NumRows()}, nil
}

// Next gives the next defect, valid until the call after; io.EOF at the end.
func (r *Reader) Next() (*Defect, error) {
	for r.at == r.n {
		if r.rows == nil {
			if len(r.groups) == 0 {
				return nil, io.EOF
			}
			r.rows, r.groups = r.groups[0].Rows(), r.groups[1:]
		}
		n, err := r.rows.ReadRows(r.buf)
		r.at, r.n = 0, n
		if errors.Is(err, io.EOF) {
			err = r.rows.Close()
			r.rows = nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.path, err)
		}
	}
	row := r.buf[r.at]
	r.at++
	return &r.d, r.parse(row)
}

func (r *Reader) parse(row parquetgo.Row) error {
	at := 0
	text := func() string { at++; return row[at-1].String() }
	number := func() int64 { at++; return row[at-1].Int64() }
	instant := func() time.Time {
		at++
		if row[at-1].IsNull() {
			return time.Time{}
		}
		return time.UnixMicro(row[at-1].Int64()).UTC()
	}
	d := &r.d
	if err := d.Row.parse(text()); err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	d.Rule, d.Opened, d.FirstRun, d.FirstSeen, d.LastRun = text(), text(), text(), instant(), text()
	d.Times, d.Rows, d.Reopened = number(), number(), number()
	d.Closed, d.ClosedAt, d.Why = text(), instant(), text()
	d.Place.Source, d.Place.SHA256 = text(), text()
	d.Place.Row, d.Place.Line, d.Place.Offset, d.Place.Length = number(), number(), number(), number()
	return nil
}

// Close gives the file back.
func (r *Reader) Close() error {
	var err error
	if r.rows != nil {
		err = r.rows.Close()
	}
	return errors.Join(err, r.file.Close())
}
