package pipeline

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/batch"
	"clearwell/connectors/archive"
	"clearwell/connectors/csv"
	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/publish/parquet"
)

// The columns of a stored reject before the cells as read.
const (
	rejRow      = iota // record number in the object
	rejLine            // physical line
	rejOffset          // byte offset
	rejPosition        // row in its frame of checked rows; -1 for a bad record
	rejRules           // indexes of the broken rules, two bytes each, ascending
	rejCode            // bad record: its code
	rejMessage         // bad record: its message
	rejRaw             // the archived bytes
	rejFirstCell
)

var rejectTypes = []arrow.DataType{
	arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int32,
	arrow.BinaryTypes.String, arrow.BinaryTypes.String, arrow.BinaryTypes.String, arrow.BinaryTypes.String,
}

// rejectBuilder gathers rejected rows into columns.
type rejectBuilder struct {
	row, line, offset []int64
	position          []int32
	text              []textBuilder // rules, code, message, raw, then the cells
}

func newRejectBuilder(cells int) *rejectBuilder {
	return &rejectBuilder{text: make([]textBuilder, rejFirstCell-rejRules+cells)}
}

func (r *rejectBuilder) add(sp batch.Span, position int32, broken []byte, code, message string, raw []byte) {
	r.row, r.line, r.offset = append(r.row, sp.Row), append(r.line, sp.Line), append(r.offset, sp.Offset)
	r.position = append(r.position, position)
	r.text[0].add(broken)
	r.text[1].add([]byte(code))
	r.text[2].add([]byte(message))
	r.text[3].add(raw)
}

func (r *rejectBuilder) columns() []arrow.Array {
	cols := []arrow.Array{int64Column(r.row), int64Column(r.line), int64Column(r.offset), int32Column(r.position)}
	for i := range r.text {
		t := &r.text[i]
		cols = append(cols, stringColumn(t.offsets, t.data))
	}
	return cols
}

// reject keeps the bad records of a batch and the rows that broke a quarantine
// rule, with their raw bytes and their cells as read.
func (w *worker) reject(p piece, b *batch.Batch, c *kernel.Checked) error {
	n := len(b.Bad) + c.Quarantined.Count()
	if n == 0 {
		return nil
	}
	s := w.scan
	cells := int(b.Record.NumCols())
	r := newRejectBuilder(cells)
	bad := b.Bad
	var broken []byte
	addBad := func(before int64) {
		for len(bad) > 0 && bad[0].Row < before {
			r.add(bad[0].Span, -1, nil, bad[0].Code, bad[0].Message, bad[0].Raw)
			for i := range cells {
				r.text[rejFirstCell-rejRules+i].add(nil)
			}
			bad = bad[1:]
		}
	}
	for i, word := range c.Quarantined {
		for ; word != 0; word &= word - 1 {
			row := i<<6 + bits.TrailingZeros64(word)
			addBad(b.Spans[row].Row)
			broken = broken[:0]
			for k, o := range c.Outcomes {
				if o.Failed != nil && o.Failed.Get(row) {
					broken = binary.LittleEndian.AppendUint16(broken, uint16(k))
				}
			}
			r.add(b.Spans[row], int32(row), broken, "", "", b.RawRecord(row))
			for i := range cells {
				r.text[rejFirstCell-rejRules+i].add(stringCell(b.Record.Column(i), row))
			}
		}
	}
	addBad(batch.MaxRow + 1)
	types := slices.Clone(rejectTypes)
	for range cells {
		types = append(types, arrow.BinaryTypes.String)
	}
	f := &frame{types: types, object: p.object, rows: n}
	s.rejects.add(p.frame, f, nil, 0)
	return s.rejects.fill(f, r.columns(), nil)
}

func stringCell(a arrow.Array, i int) []byte {
	c := a.(*array.String)
	return []byte(c.Value(i))
}

// lateReject is a row that only a rule over all rows sends to the quarantine.
type lateReject struct {
	object int
	loc    dedupe.Loc
	row    int64
	line   int64
	rng    archive.Range
	raw    []byte
	cells  [][]byte
}

// fetchLate reads the raw bytes of late rejects out of the archive, in one
// sequential pass per object, and decodes their cells again.
func (s *scan) fetchLate(ctx context.Context, late []lateReject) error {
	for len(late) > 0 {
		object := late[0].object
		n := slices.IndexFunc(late, func(l lateReject) bool { return l.object != object })
		if n < 0 {
			n = len(late)
		}
		group := late[:n]
		late = late[n:]
		ranges := make([]archive.Range, n)
		for i, l := range group {
			ranges[i] = l.rng
		}
		o := s.objects[object]
		err := s.archive.ReadRanges(ctx, o.Archive.SHA256, ranges, func(i int, raw []byte) error {
			group[i].raw = slices.Clone(raw)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the raw records of %s back from the archive: %w", o.Name, err)
		}
		if err := decodeAgain(ctx, o, group); err != nil {
			return err
		}
	}
	return nil
}

// decodeAgain splits raw records into cells, with the dialect that the scan found.
func decodeAgain(ctx context.Context, o sourceObject, group []lateReject) error {
	readers := []io.Reader{strings.NewReader(placeholderHeader(len(o.Header), o.Dialect.Delimiter))}
	for _, l := range group {
		readers = append(readers, strings.NewReader(string(l.raw)), strings.NewReader("\n"))
	}
	r, err := csv.Open(io.MultiReader(readers...), csv.Options{Name: o.Name, Encoding: o.Dialect.Encoding, Delimiter: o.Dialect.Delimiter})
	if err != nil {
		return err
	}
	at := 0
	return r.Each(ctx, 1, func(b *batch.Batch) error {
		for i := range b.Rows() {
			l := &group[at]
			at++
			for c := range int(b.Record.NumCols()) {
				l.cells = append(l.cells, slices.Clone(stringCell(b.Record.Column(c), i)))
			}
		}
		return nil
	})
}

// placeholderHeader is a header line of n distinct ASCII names.
func placeholderHeader(n int, delimiter string) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	return strings.Join(names, delimiter) + "\n"
}

// quarantineColumns is the identity part of the quarantine file; the source
// columns as read and the raw record follow.
var quarantineColumns = []arrow.Field{
	{Name: "_source", Type: arrow.BinaryTypes.String, Metadata: title("source object", "来源文件")},
	{Name: "_source_sha256", Type: arrow.BinaryTypes.String, Metadata: title("SHA-256 of the source object", "来源文件摘要")},
	{Name: "_row", Type: arrow.PrimitiveTypes.Int64, Metadata: title("record number, the header not counted", "记录号")},
	{Name: "_line", Type: arrow.PrimitiveTypes.Int64, Metadata: title("line in the file", "行号")},
	{Name: "_offset", Type: arrow.PrimitiveTypes.Int64, Metadata: title("byte offset in the file", "字节偏移")},
	{Name: "_reasons", Type: arrow.BinaryTypes.String, Metadata: title("rules broken", "违反的规则")},
	{Name: "_messages", Type: arrow.BinaryTypes.String, Metadata: title("what is wrong", "问题说明")},
}

func title(en, zh string) arrow.Metadata {
	return arrow.MetadataFrom(map[string]string{"title.en": en, "title.zh": zh})
}

const rawColumn = "_raw"

// writeQuarantine writes all rejects in source order and returns how many rows it wrote.
func (s *scan) writeQuarantine(ctx context.Context, w io.Writer, late []lateReject) (parquet.Stats, error) {
	var names []string
	at := map[string]int{}
	for _, o := range s.objects {
		for _, h := range o.Header {
			if _, ok := at[h]; !ok {
				at[h] = len(names)
				names = append(names, h)
			}
		}
	}
	fields := slices.Clone(quarantineColumns)
	for _, n := range names {
		fields = append(fields, arrow.Field{Name: columnName(n), Type: arrow.BinaryTypes.String, Nullable: true})
	}
	fields = append(fields, arrow.Field{Name: rawColumn, Type: arrow.BinaryTypes.Binary, Metadata: title("the record's bytes as delivered", "原始字节")})
	schema := arrow.NewSchema(fields, nil)
	fw, err := parquet.NewFileWriter(w, schema, parquet.Options{})
	if err != nil {
		return parquet.Stats{}, err
	}
	fw.SetMetadata(parquet.KeyDataset, s.plan.Dataset)
	q := &quarantineWriter{scan: s, schema: schema, file: fw, encoder: fw.NewEncoder(), at: at, names: len(names)}
	for number := range s.frames {
		if err := ctx.Err(); err != nil {
			return parquet.Stats{}, err
		}
		var mine []lateReject
		for len(late) > 0 && late[0].loc.Frame() == number {
			mine, late = append(mine, late[0]), late[1:]
		}
		if err := q.frame(number, mine); err != nil {
			return parquet.Stats{}, err
		}
	}
	if err := q.flush(0); err != nil {
		return parquet.Stats{}, err
	}
	return fw.Close()
}

// columnName keeps a source column's name apart from the identity columns.
func columnName(source string) string {
	if strings.HasPrefix(source, "_") {
		return "_" + source
	}
	return source
}

type quarantineWriter struct {
	scan    *scan
	schema  *arrow.Schema
	file    *parquet.FileWriter
	encoder *parquet.Encoder
	at      map[string]int // place of a header among the source columns
	names   int
}

// rejected is one row of the quarantine on its way to the file.
type rejected struct {
	row, line, offset int64
	position          int32
	broken            []byte
	code, message     string
	raw               []byte
	cells             [][]byte // nil: none could be read
}

func (q *quarantineWriter) frame(number int, late []lateReject) error {
	var rows []rejected
	var object int
	if number < len(q.scan.rejects.frames) && q.scan.rejects.frame(number) != nil {
		f := q.scan.rejects.frame(number)
		object = f.object
		l, err := q.scan.rejects.load(f)
		if err != nil {
			return err
		}
		defer l.done()
		cell := func(c, i int) []byte { return stringCell(l.cols[c], i) }
		for i := range f.rows {
			r := rejected{
				row: l.cols[rejRow].(*array.Int64).Value(i), line: l.cols[rejLine].(*array.Int64).Value(i),
				offset: l.cols[rejOffset].(*array.Int64).Value(i), position: l.cols[rejPosition].(*array.Int32).Value(i),
				broken: cell(rejRules, i), code: string(cell(rejCode, i)), message: string(cell(rejMessage, i)), raw: cell(rejRaw, i),
			}
			if r.position >= 0 {
				for c := rejFirstCell; c < len(l.cols); c++ {
					r.cells = append(r.cells, cell(c, i))
				}
			}
			rows = append(rows, r)
		}
	}
	for _, l := range late {
		object = l.object
		rows = append(rows, rejected{row: l.row, line: l.line, offset: l.rng.Offset, position: int32(l.loc.Row()), raw: l.raw, cells: l.cells})
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(a, b rejected) int { return cmp.Compare(a.row, b.row) })
	for i := range rows {
		rows[i].broken = q.withRepeats(number, rows[i])
	}
	for len(rows) > 0 { // row groups are cut at fixed counts, so that the bytes do not depend on frames
		n := min(len(rows), parquet.DefaultRowGroupRows-q.encoder.Rows())
		rec := q.record(object, rows[:n])
		if err := q.encoder.Add(rec); err != nil {
			return err
		}
		rows = rows[n:]
		if err := q.flush(parquet.DefaultRowGroupRows); err != nil {
			return err
		}
	}
	return nil
}

func (q *quarantineWriter) flush(atLeast int) error {
	if q.encoder.Rows() < max(atLeast, 1) {
		return nil
	}
	rg, err := q.encoder.Finish()
	if err != nil {
		return err
	}
	return q.file.Append(rg)
}

// withRepeats adds the uniqueness rules that a row breaks to the rules that its own cells break.
func (q *quarantineWriter) withRepeats(number int, r rejected) []byte {
	if r.position < 0 || len(q.scan.unique) == 0 {
		return r.broken
	}
	var all []uint16
	for i := 0; i < len(r.broken); i += 2 {
		all = append(all, binary.LittleEndian.Uint16(r.broken[i:]))
	}
	f := q.scan.rows.frame(number)
	for u, rule := range q.scan.unique {
		if f.repeated[u][r.position>>6].Load()>>(r.position&63)&1 != 0 {
			all = append(all, uint16(rule.rule))
		}
	}
	slices.Sort(all)
	out := make([]byte, 0, 2*len(all))
	for _, k := range all {
		out = binary.LittleEndian.AppendUint16(out, k)
	}
	return out
}

func (q *quarantineWriter) record(object int, rows []rejected) arrow.RecordBatch {
	o := q.scan.objects[object]
	n := len(rows)
	row, line, offset := make([]int64, n), make([]int64, n), make([]int64, n)
	var source, sha, reasons, messages, raw textBuilder
	cells := make([]textBuilder, q.names)
	has := make([]bool, q.names)
	for _, h := range o.Header {
		has[q.at[h]] = true
	}
	missing := make([]bool, n)
	for i, r := range rows {
		row[i], line[i], offset[i] = r.row, r.line, r.offset
		source.add([]byte(o.Name))
		sha.add([]byte(o.Archive.SHA256))
		raw.add(r.raw)
		why, text := q.explain(r)
		reasons.add([]byte(why))
		messages.add([]byte(text))
		missing[i] = r.cells == nil
		for c := range q.names {
			if r.cells == nil || !has[c] {
				cells[c].add(nil)
			}
		}
		if r.cells != nil {
			for c, h := range o.Header {
				cells[q.at[h]].add(r.cells[c])
			}
		}
	}
	cols := []arrow.Array{source.column(), sha.column(), int64Column(row), int64Column(line), int64Column(offset), reasons.column(), messages.column()}
	for c := range cells {
		if !has[c] {
			cols = append(cols, cells[c].columnWithNulls(func(int) bool { return true }))
			continue
		}
		cols = append(cols, cells[c].columnWithNulls(func(i int) bool { return missing[i] }))
	}
	cols = append(cols, binaryColumn(raw.offsets, raw.data))
	return array.NewRecordBatch(q.schema, cols, int64(n))
}

// explain gives the rule ids joined by commas, and a sentence for each.
func (q *quarantineWriter) explain(r rejected) (reasons, messages string) {
	if r.position < 0 {
		return r.code, r.message
	}
	var ids, texts []string
	for i := 0; i < len(r.broken); i += 2 {
		rule := &q.scan.plan.Rules[binary.LittleEndian.Uint16(r.broken[i:])]
		if rule.OnFail != "quarantine" {
			continue
		}
		ids = append(ids, rule.ID)
		texts = append(texts, describeFailure(rule))
	}
	return strings.Join(ids, ","), strings.Join(texts, "; ")
}
