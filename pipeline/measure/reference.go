package measure

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"clearwell/pipeline/kernel"
	"clearwell/rules"
	"clearwell/rules/standard"
)

// errNoVersion says that there is nothing to compare with yet.
var errNoVersion = errors.New("no version is published yet")

// referenceRows is how many rows of a reference are looked at at once.
const referenceRows = 8192

// reading gathers the tally of other data.
type reading struct {
	tally *tally
	plan  *rules.Plan // of the columns alone, under the names they have here
	adder *Adder
}

// open reads other data: it gives the tally of the columns that ref names, as
// values of the given fields, and where they came from. Without fields only rows are
// counted. The caller closes the tally. errNoVersion: there is none.
func (j *judge) open(ctx context.Context, ref *rules.Reference, fields []string) (t *tally, from Source, err error) {
	r := &reading{plan: &rules.Plan{}}
	for _, name := range fields {
		r.plan.Fields = append(r.plan.Fields, *j.plan.Field(name))
	}
	r.tally = newTally(r.plan, fields)
	if r.tally.values = len(fields) > 0; r.tally.values {
		r.tally.open(j.dir, max(j.limit/4, 4*minTable), 1)
	}
	p, err := r.tally.newPart()
	if err != nil {
		return nil, from, err
	}
	r.adder = &Adder{parts: []part{p}}
	if ref.File != "" {
		from, err = r.file(ctx, filepath.Join(j.facts.Root, filepath.FromSlash(ref.File)), ref)
	} else {
		from, err = r.version(ctx, j, ref)
	}
	if err = errors.Join(err, r.adder.Close()); err != nil {
		return nil, from, errors.Join(err, r.tally.close())
	}
	return r.tally, from, nil
}

func (r *reading) version(ctx context.Context, j *judge, ref *rules.Reference) (Source, error) {
	dataset := ref.Dataset
	if ref.Last {
		dataset = j.plan.Dataset
	}
	if j.facts.Current == nil {
		return Source{}, errNoVersion
	}
	v, ok, err := j.facts.Current(dataset)
	if err != nil {
		return Source{}, err
	}
	if !ok {
		return Source{}, fmt.Errorf("%s: %w", dataset, errNoVersion)
	}
	for _, path := range v.Files {
		if err := r.parquet(ctx, path, v.Name, ref); err != nil {
			return Source{}, fmt.Errorf("%s: %w", v.Name, err)
		}
	}
	return Source{Name: v.Name, SHA256: v.SHA256}, nil
}

// file reads a file of the workspace.
func (r *reading) file(ctx context.Context, path string, ref *rules.Reference) (Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return Source{}, fmt.Errorf("%s cannot be read: %w", ref.File, withoutPath(err))
	}
	defer f.Close()
	hash := sha256.New()
	if strings.EqualFold(filepath.Ext(path), ".parquet") {
		if _, err := io.Copy(hash, f); err != nil {
			return Source{}, err
		}
		if err := r.parquet(ctx, path, ref.File, ref); err != nil {
			return Source{}, fmt.Errorf("%s: %w", ref.File, err)
		}
	} else if err := r.text(ctx, io.TeeReader(f, hash), ref); err != nil {
		return Source{}, fmt.Errorf("%s: %w", ref.File, err)
	}
	return Source{Name: ref.File, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}

// withoutPath takes the path of this machine out of an error.
func withoutPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (r *reading) parquet(ctx context.Context, path, name string, ref *rules.Reference) (err error) {
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, withoutPath(err))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if len(r.plan.Fields) == 0 {
		r.adder.parts[0].seen += f.NumRows()
		return nil
	}
	pr, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: referenceRows}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	schema, err := pr.Schema()
	if err != nil {
		return err
	}
	var wanted []int
	for _, column := range ref.Columns {
		at := schema.FieldIndices(column)
		if len(at) != 1 {
			return fmt.Errorf("it has no column %q; it has %s", column, strings.Join(columnNames(schema), ", "))
		}
		wanted = append(wanted, at[0])
	}
	unique := slices.Compact(slices.Sorted(slices.Values(wanted)))
	records, err := pr.GetRecordReader(ctx, unique, nil)
	if err != nil {
		return err
	}
	defer records.Release()
	for records.Next() {
		batch := records.RecordBatch()
		cols := make([]arrow.Array, len(wanted))
		for i, at := range wanted {
			column := batch.Column(slices.Index(unique, at))
			if cols[i], err = asField(column, r.plan.Fields[i].Type); err != nil {
				return fmt.Errorf("column %s: %w", ref.Columns[i], err)
			}
		}
		if err := r.add(cols, int(batch.NumRows())); err != nil {
			return err
		}
	}
	if err := records.Err(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func columnNames(s *arrow.Schema) []string {
	var out []string
	for _, f := range s.Fields() {
		out = append(out, f.Name)
	}
	return out
}

func (r *reading) add(cols []arrow.Array, rows int) error {
	scope := kernel.NewBits(rows)
	scope.Fill(rows)
	return r.adder.Add(cols, scope, nil)
}

// asField is a column as one of type t, by its text where it has another type.
func asField(c arrow.Array, t rules.Type) (arrow.Array, error) {
	want, err := kernel.ArrowType(t)
	if err != nil || arrow.TypeEqual(c.DataType(), want) {
		return c, err
	}
	b, err := newTextReader(t)
	if err != nil {
		return nil, err
	}
	for i := range c.Len() {
		if c.IsNull(i) {
			b.builder.AppendNull()
		} else if text := c.ValueStr(i); !b.read(text) {
			return nil, fmt.Errorf("its values are %s and not all of them are %s", c.DataType(), t.String())
		}
	}
	return b.builder.NewArray(), nil
}

// text reads a CSV or tab-separated file with a header.
func (r *reading) text(ctx context.Context, in io.Reader, ref *rules.Reference) error {
	next := tableRows(in, ref.File)
	header, err := next()
	if err != nil {
		return fmt.Errorf("its header: %w", err)
	}
	var at []int
	var columns []*textReader
	for i, name := range ref.Columns {
		k := slices.Index(header, name)
		if k < 0 {
			return fmt.Errorf("its header has no column %q; it has %s", name, strings.Join(header, ", "))
		}
		b, err := newTextReader(r.plan.Fields[i].Type)
		if err != nil {
			return err
		}
		at, columns = append(at, k), append(columns, b)
	}
	rows := 0
	flush := func() error {
		if len(columns) == 0 {
			r.adder.parts[0].seen += int64(rows)
			rows = 0
			return nil
		}
		cols := make([]arrow.Array, len(columns))
		for i, b := range columns {
			cols[i] = b.builder.NewArray()
		}
		n := rows
		rows = 0
		return r.add(cols, n)
	}
	for line := 2; ; line++ {
		row, err := next()
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return err
		}
		for i, k := range at {
			if k >= len(row) {
				return fmt.Errorf("line %d has %d columns, the header has %d", line, len(row), len(header))
			}
			if !columns[i].read(row[k]) {
				return fmt.Errorf("line %d: column %s is not %s", line, ref.Columns[i], r.plan.Fields[i].Type.String())
			}
		}
		if rows++; rows == referenceRows {
			if err := errors.Join(flush(), ctx.Err()); err != nil {
				return err
			}
		}
	}
}

// tableRows reads rows of a CSV file, or of a tab-separated one by its name; UTF-8, a byte order mark is passed over.
func tableRows(in io.Reader, name string) func() ([]string, error) {
	b := bufio.NewReader(in)
	if mark, err := b.Peek(3); err == nil && bytes.Equal(mark, []byte{0xEF, 0xBB, 0xBF}) {
		b.Discard(3) // what was peeked at is there
	}
	c := csv.NewReader(b)
	c.FieldsPerRecord = -1
	if ext := strings.ToLower(filepath.Ext(name)); ext == ".tsv" || ext == ".txt" {
		c.Comma, c.LazyQuotes = '\t', true
	}
	return c.Read
}

// textReader reads texts as values of one type.
type textReader struct {
	kind    rules.Type
	builder array.Builder
	date    *standard.DateParser
	stamp   *standard.TimestampParser
}

func newTextReader(t rules.Type) (*textReader, error) {
	a, err := kernel.ArrowType(t)
	if err != nil {
		return nil, err
	}
	r := &textReader{kind: t, builder: array.NewBuilder(memory.DefaultAllocator, a)}
	switch t.Kind {
	case rules.Date:
		r.date, err = standard.NewDateParser(append([]string{"yyyy-MM-dd"}, t.Formats...), t.MinYear, t.MaxYear)
	case rules.Timestamp:
		r.stamp, err = standard.NewTimestampParser(append([]string{"yyyy-MM-dd HH:mm:ss"}, t.Formats...), t.MinYear, t.MaxYear)
	}
	return r, err
}

// read appends a text; the empty one is null. It is false for a text that is no value of the type.
func (r *textReader) read(text string) bool {
	if text = strings.TrimSpace(text); text == "" {
		r.builder.AppendNull()
		return true
	}
	switch b := r.builder.(type) {
	case *array.StringBuilder:
		b.Append(text)
	case *array.Int64Builder:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return false
		}
		b.Append(n)
	case *array.Float64Builder:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f-f != 0 {
			return false
		}
		b.Append(f)
	case *array.Decimal128Builder:
		d, err := decimal128.FromString(text, int32(r.kind.Precision), int32(r.kind.Scale))
		if err != nil {
			return false
		}
		b.Append(d)
	case *array.BooleanBuilder:
		switch {
		case slices.Contains(r.kind.True, text) || text == "true":
			b.Append(true)
		case slices.Contains(r.kind.False, text) || text == "false":
			b.Append(false)
		default:
			return false
		}
	case *array.Date32Builder:
		days, ok := r.date.Parse([]byte(text))
		if !ok {
			return false
		}
		b.Append(arrow.Date32(days))
	case *array.TimestampBuilder:
		micros, ok := r.stamp.Parse([]byte(text))
		if !ok {
			return false
		}
		b.Append(arrow.Timestamp(micros))
	}
	return true
}
