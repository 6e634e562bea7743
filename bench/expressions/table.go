package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"clearwell/batch"
	"clearwell/rules"
)

// batchRows is the rows of a batch, as runs cut them.
const batchRows = 8192

// table is the generated values as delivered: text, in batches, an empty text for null.
type table struct {
	rows  int
	texts map[string][]arrow.Array // by column, one array a batch
}

// newTable generates every column. The same number of rows gives the same values.
func newTable(rows int) *table {
	t := &table{rows: rows, texts: map[string][]arrow.Array{}}
	for _, c := range columns {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		for i := range rows {
			b.Append(c.value(uint64(i)))
			if (i+1)%batchRows == 0 || i == rows-1 {
				t.texts[c.name] = append(t.texts[c.name], b.NewArray())
			}
		}
	}
	return t
}

// batches are the batches of a source with some columns.
func (t *table) batches(names []string) []*batch.Batch {
	fields := make([]arrow.Field, len(names))
	for k, name := range names {
		fields[k] = arrow.Field{Name: name, Type: arrow.BinaryTypes.String}
	}
	schema := arrow.NewSchema(fields, nil)
	var out []*batch.Batch
	for seq, row := 0, 0; row < t.rows; seq++ {
		n := min(batchRows, t.rows-row)
		cols := make([]arrow.Array, len(names))
		for k, name := range names {
			cols[k] = t.texts[name][seq]
		}
		b := &batch.Batch{Seq: seq, Record: array.NewRecordBatch(schema, cols, int64(n)), Spans: make([]batch.Span, n)}
		for i := range b.Spans {
			b.Spans[i].Row = int64(row + i + 1)
		}
		out = append(out, b)
		row += n
	}
	return out
}

// load makes the table t in DuckDB, with the types of the columns, and the tables that cases refer to.
func (t *table) load(d *duck, dir string) error {
	path := filepath.Join(dir, "t.parquet")
	if err := t.write(path); err != nil {
		return err
	}
	var list []string
	for _, c := range columns {
		list = append(list, fmt.Sprintf("CAST(nullif(%s, '') AS %s) %s", c.name, sqlType(c.typ), c.name))
	}
	for _, sql := range append([]string{
		fmt.Sprintf("CREATE TABLE t AS SELECT %s FROM read_parquet('%s')", strings.Join(list, ", "), path),
	}, setup...) {
		if _, _, err := d.ask(sql); err != nil {
			return err
		}
	}
	return os.Remove(path)
}

// write puts the text of all columns into a Parquet file.
func (t *table) write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	names := make([]string, len(columns))
	for k, c := range columns {
		names[k] = c.name
	}
	var w *pqarrow.FileWriter
	for _, b := range t.batches(names) {
		if w == nil {
			if w, err = pqarrow.NewFileWriter(b.Record.Schema(), f, parquet.NewWriterProperties(parquet.WithDictionaryDefault(false)), pqarrow.DefaultWriterProps()); err != nil {
				return err
			}
		}
		if err := w.WriteBuffered(b.Record); err != nil {
			return err
		}
	}
	return w.Close()
}

func sqlType(t rules.Type) string {
	switch t.Kind {
	case rules.Integer:
		return "BIGINT"
	case rules.Number:
		return "DOUBLE"
	case rules.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case rules.Boolean:
		return "BOOLEAN"
	case rules.Date:
		return "DATE"
	case rules.Timestamp:
		return "TIMESTAMP"
	}
	return "VARCHAR"
}
