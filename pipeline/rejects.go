package pipeline

import (
	"context"
	"encoding/binary"
	"io"
	"math/bits"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/batch"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/publish/parquet"
	"clearwell/rules"
)

// The columns of a stored reject before the cells as read.
const (
	rejRow      = iota // record number in the object
	rejLine            // physical line
	rejOffset          // byte offset
	rejPosition        // row in its frame of checked rows; -1 for a bad record
	rejRules           // indexes of the broken rules, two bytes each, ascending
	rejCode            // bad record: its code
	rejMessage         // bad record: its message; else what is suggested for its values
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

// copy adds row i of stored rejects.
func (r *rejectBuilder) copy(stored []arrow.Array, i int) {
	r.row = append(r.row, stored[rejRow].(*array.Int64).Value(i))
	r.line = append(r.line, stored[rejLine].(*array.Int64).Value(i))
	r.offset = append(r.offset, stored[rejOffset].(*array.Int64).Value(i))
	r.position = append(r.position, stored[rejPosition].(*array.Int32).Value(i))
	for k := range r.text {
		r.text[k].add(stringCell(stored[rejRules+k], i))
	}
}

// reset empties the builder for rejects of so many cells.
func (r *rejectBuilder) reset(cells int) {
	r.row, r.line, r.offset, r.position = r.row[:0], r.line[:0], r.offset[:0], r.position[:0]
	r.text = slices.Grow(r.text[:0], rejFirstCell-rejRules+cells)[:rejFirstCell-rejRules+cells]
	for i := range r.text {
		r.text[i].offsets, r.text[i].data = r.text[i].offsets[:0], r.text[i].data[:0]
	}
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
	r := &w.rejects
	r.reset(cells)
	bad := b.Bad
	var broken []byte
	addBad := func(before int64) {
		for len(bad) > 0 && bad[0].Row < before {
			r.add(bad[0].Span, -1, nil, bad[0].Code, bad[0].Message, bad[0].Raw)
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
			r.add(b.Spans[row], int32(row), broken, "", suggestions(w.hints, w.kernels[p.program], c, row), b.RawRecord(row))
		}
	}
	addBad(batch.MaxRow + 1)
	for i := range cells {
		r.text[rejFirstCell-rejRules+i].addRows(b.Record.Column(i).(*array.String), r.position)
	}
	return r.store(s.rejects, p.frame, p.object)
}

// store puts the rows added into the frame of that number.
func (r *rejectBuilder) store(to *rowStore, number, object int) error {
	types := slices.Clone(rejectTypes)
	for range r.text[rejFirstCell-rejRules:] {
		types = append(types, arrow.BinaryTypes.String)
	}
	f := &frame{types: types, object: object, rows: len(r.row)}
	to.add(number, f, nil, 0)
	return to.fill(f, r.columns(), nil)
}

func stringCell(a arrow.Array, i int) []byte {
	c := a.(*array.String)
	return []byte(c.Value(i))
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
func (s *scan) writeQuarantine(ctx context.Context, w io.Writer, late lateRejects) (parquet.Stats, error) {
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
	q := &quarantineWriter{scan: s, schema: schema, file: fw, encoder: fw.NewEncoder(), at: at, names: len(names), explained: map[string][2]string{}}
	q.encoder.Expect(int(min(s.totals.bad+s.totals.quarantined+late.rows, parquet.DefaultRowGroupRows)))
	for number := range s.frames {
		if err := ctx.Err(); err != nil {
			return parquet.Stats{}, err
		}
		if err := q.frame(number, late); err != nil {
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

	explained map[string][2]string // by the broken rules
}

// frame writes the rejects of one frame: those of the scan as they are stored, or
// merged with the late ones in the order of the source.
func (q *quarantineWriter) frame(number int, late lateRejects) error {
	stored, err := q.scan.rejects.loadIfAny(number)
	if err != nil {
		return err
	}
	defer stored.done()
	added, err := late.loadIfAny(number)
	if err != nil {
		return err
	}
	defer added.done()
	cols := stored.cols
	if added.cols != nil {
		cols = mergeRejects(stored.cols, added.cols)
	}
	if cols == nil {
		return nil
	}
	rec := q.record(number, q.scan.rows.frame(number).object, cols)
	for from := int64(0); from < rec.NumRows(); { // row groups are cut at fixed counts, so that the bytes do not depend on frames
		to := min(rec.NumRows(), from+int64(parquet.DefaultRowGroupRows-q.encoder.Rows()))
		if err := q.encoder.Add(rec.NewSlice(from, to)); err != nil {
			return err
		}
		from = to
		if err := q.flush(parquet.DefaultRowGroupRows); err != nil {
			return err
		}
	}
	return nil
}

// mergeRejects puts late rejects among stored ones, if there are any, by record number.
func mergeRejects(stored, late []arrow.Array) []arrow.Array {
	if stored == nil {
		return late
	}
	r := newRejectBuilder(len(late) - rejFirstCell)
	row := func(cols []arrow.Array, i int) int64 { return cols[rejRow].(*array.Int64).Value(i) }
	at := 0
	for i := range stored[rejRow].Len() {
		for ; at < late[rejRow].Len() && row(late, at) < row(stored, i); at++ {
			r.copy(late, at)
		}
		r.copy(stored, i)
	}
	for ; at < late[rejRow].Len(); at++ {
		r.copy(late, at)
	}
	return r.columns()
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

// broken is the list of rules that a row breaks: those of its own cells as they
// were stored, and those over all rows, which were settled later.
func (q *quarantineWriter) broken(f *frame, stored string, position int32) []uint16 {
	var all []uint16
	for i := 0; i < len(stored); i += 2 {
		all = append(all, uint16(stored[i])|uint16(stored[i+1])<<8)
	}
	if position < 0 || len(q.scan.settled) == 0 {
		return all
	}
	for u, rule := range q.scan.settled {
		if f.broken[u][position>>6].Load()>>(position&63)&1 != 0 {
			all = append(all, uint16(rule.rule))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// record puts identity, reasons and cells of stored rejects into the columns of the file.
func (q *quarantineWriter) record(number, object int, stored []arrow.Array) arrow.RecordBatch {
	o := q.scan.objects[object]
	n := stored[0].Len()
	position := stored[rejPosition].(*array.Int32)
	rules, codes, texts := stored[rejRules].(*array.String), stored[rejCode].(*array.String), stored[rejMessage].(*array.String)
	f := q.scan.rows.frame(number)
	var source, sha, reasons, messages textBuilder
	unread := make([]byte, (n+7)/8) // validity of cells: a bad record has none
	bad := 0
	for i := range n {
		source.add([]byte(o.Name))
		sha.add([]byte(o.Archive.SHA256))
		why, text := codes.Value(i), texts.Value(i)
		if position.Value(i) < 0 {
			bad++
		} else {
			unread[i>>3] |= 1 << (i & 7)
			hint := text
			if why, text = q.explain(q.broken(f, rules.Value(i), position.Value(i))); hint != "" {
				text += "; " + hint
			}
		}
		reasons.add([]byte(why))
		messages.add([]byte(text))
	}
	cols := []arrow.Array{source.column(), sha.column(), stored[rejRow], stored[rejLine], stored[rejOffset], reasons.column(), messages.column()}
	cells := make([]arrow.Array, q.names)
	for c, h := range o.Header {
		cells[q.at[h]] = withValidity(stored[rejFirstCell+c], unread, bad)
	}
	for _, c := range cells {
		if c == nil { // another object's column
			c = withValidity(stored[rejCode], make([]byte, (n+7)/8), n)
		}
		cols = append(cols, c)
	}
	raw := stored[rejRaw].Data()
	cols = append(cols, array.NewBinaryData(array.NewData(arrow.BinaryTypes.Binary, n, raw.Buffers(), nil, 0, 0)))
	return array.NewRecordBatch(q.schema, cols, int64(n))
}

// explain gives the ids of the broken quarantine rules joined by commas, and a
// sentence for each. Most rows break the same few combinations.
func (q *quarantineWriter) explain(broken []uint16) (reasons, messages string) {
	var key [64]byte
	k := key[:0]
	for _, b := range broken {
		k = binary.LittleEndian.AppendUint16(k, b)
	}
	if e, ok := q.explained[string(k)]; ok {
		return e[0], e[1]
	}
	var ids, texts []string
	for _, b := range broken {
		rule := &q.scan.plan.Rules[b]
		if rule.OnFail != rules.Quarantine {
			continue
		}
		ids = append(ids, rule.ID)
		texts = append(texts, describeFailure(rule))
	}
	e := [2]string{strings.Join(ids, ","), strings.Join(texts, "; ")}
	q.explained[string(k)] = e
	return e[0], e[1]
}
