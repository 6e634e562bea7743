package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	parquetgo "github.com/parquet-go/parquet-go"

	"clearwell/pipeline/kernel"
	"clearwell/pipeline/publish/parquet"
	"clearwell/rules"
)

const repairsName = "repairs.parquet"

// A repairStore holds repaired cells until they are written: in frames of the same
// numbers as those of the rows, by row and rule.
type repairStore struct{ rows *rowStore }

// The columns of a stored repair.
const (
	repPosition = iota // row in its frame
	repRule            // place of the rule in the plan
	repBefore          // text; null
	repAfter
)

var repairTypes = []arrow.DataType{arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String, arrow.BinaryTypes.String}

func newRepairStore(dir string, limit int64) *repairStore {
	return &repairStore{newRowStore(dir, limit)}
}

// keep stores the repairs of a frame. column gives a field as it is after them.
func (s *repairStore) keep(number, object int, list []kernel.Repaired, column func(field int) arrow.Array) error {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b kernel.Repaired) int { return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Rule, b.Rule)) })
	var position, rule []int32
	var before, after textBuilder
	there, nulls := make([]byte, (len(list)+7)/8), 0
	columns := map[int]arrow.Array{}
	for i, r := range list {
		position, rule = append(position, int32(r.Row)), append(rule, int32(r.Rule))
		before.add(r.Before)
		if r.Before != nil {
			there[i>>3] |= 1 << (i & 7)
		} else {
			nulls++
		}
		c := columns[r.Field]
		if c == nil {
			c = column(r.Field)
			columns[r.Field] = c
		}
		text := ""
		if now := cellText(c, r.Row); now != nil {
			text = *now
		}
		after.add([]byte(text))
	}
	f := &frame{types: repairTypes, object: object, rows: len(list)}
	s.rows.add(number, f, nil, 0)
	return s.rows.fill(f, []arrow.Array{int32Column(position), int32Column(rule), withValidity(before.column(), there, nulls), after.column()}, nil)
}

// repairColumns is the schema of the file of repaired cells.
var repairColumns = []arrow.Field{
	{Name: "_source", Type: arrow.BinaryTypes.String, Metadata: title("source object", "来源文件")},
	{Name: "_source_sha256", Type: arrow.BinaryTypes.String, Metadata: title("SHA-256 of the source object", "来源文件摘要")},
	{Name: "_row", Type: arrow.PrimitiveTypes.Int64, Metadata: title("record number, the header not counted", "记录号")},
	{Name: "_line", Type: arrow.PrimitiveTypes.Int64, Metadata: title("line in the file", "行号")},
	{Name: "field", Type: arrow.BinaryTypes.String, Metadata: title("field", "字段")},
	{Name: "rule", Type: arrow.BinaryTypes.String, Metadata: title("rule that was broken", "违反的规则")},
	{Name: "kind", Type: arrow.BinaryTypes.String, Metadata: title("where the new value comes from", "修复方式")},
	{Name: "before", Type: arrow.BinaryTypes.String, Nullable: true, Metadata: title("value before", "修复前")},
	{Name: "after", Type: arrow.BinaryTypes.String, Metadata: title("value after", "修复后")},
}

// writeRepairs writes the repaired cells of all rows that the rules let pass, in source
// order, duplicates included, and counts them by rule.
func (s *scan) writeRepairs(ctx context.Context, w io.Writer) (parquet.Stats, []int64, error) {
	counts := make([]int64, len(s.plan.Rules))
	schema := arrow.NewSchema(repairColumns, nil)
	fw, err := parquet.NewFileWriter(w, schema, parquet.Options{})
	if err != nil {
		return parquet.Stats{}, nil, err
	}
	fw.SetMetadata(parquet.KeyDataset, s.plan.Dataset)
	encoder := fw.NewEncoder()
	flush := func(atLeast int) error {
		if encoder.Rows() < max(atLeast, 1) {
			return nil
		}
		rg, err := encoder.Finish()
		if err != nil {
			return err
		}
		return fw.Append(rg)
	}
	for number := range s.frames {
		if err := ctx.Err(); err != nil {
			return parquet.Stats{}, nil, err
		}
		rec, err := s.repairRecord(number, schema, counts)
		if err != nil {
			return parquet.Stats{}, nil, err
		}
		for from := int64(0); rec != nil && from < rec.NumRows(); { // row groups are cut at fixed counts, so that the bytes do not depend on frames
			to := min(rec.NumRows(), from+int64(parquet.DefaultRowGroupRows-encoder.Rows()))
			if err := encoder.Add(rec.NewSlice(from, to)); err != nil {
				return parquet.Stats{}, nil, err
			}
			from = to
			if err := flush(parquet.DefaultRowGroupRows); err != nil {
				return parquet.Stats{}, nil, err
			}
		}
	}
	if err := flush(0); err != nil {
		return parquet.Stats{}, nil, err
	}
	stats, err := fw.Close()
	return stats, counts, err
}

// repairOf is one repaired cell of a frame.
type repairOf struct {
	position, rule int32
	before, after  *string
}

// repairRecord makes the record of the repaired cells of a frame; nil: there are none.
func (s *scan) repairRecord(number int, schema *arrow.Schema, counts []int64) (arrow.RecordBatch, error) {
	var list []repairOf
	for _, store := range []*repairStore{s.repairs, s.lateRepairs} {
		stored, err := store.rows.loadIfAny(number)
		if err != nil {
			return nil, err
		}
		if stored.cols != nil {
			position, rule := stored.cols[repPosition].(*array.Int32), stored.cols[repRule].(*array.Int32)
			for i := range position.Len() {
				r := repairOf{position.Value(i), rule.Value(i), cellText(stored.cols[repBefore], i), cellText(stored.cols[repAfter], i)}
				for _, text := range []*string{r.before, r.after} {
					if text != nil {
						*text = strings.Clone(*text) // the frame is given back
					}
				}
				list = append(list, r)
			}
		}
		stored.done()
	}
	if len(list) == 0 {
		return nil, nil
	}
	rejected, err := s.lateRejected(number)
	if err != nil {
		return nil, err
	}
	f := s.rows.frame(number)
	l, err := s.rows.load(f)
	if err != nil {
		return nil, err
	}
	defer l.done()
	lines := l.cols[s.layout.line].(*array.Int64)
	slices.SortStableFunc(list, func(a, b repairOf) int { return cmp.Compare(a.position, b.position) })
	o := s.objects[f.object]
	var source, sha, field, rule, kind, before, after textBuilder
	var row, line []int64
	var there kernel.Bits
	nulls := 0
	for _, r := range list {
		if rejected[r.position] {
			continue
		}
		plan := &s.plan.Rules[r.rule]
		counts[r.rule]++
		source.add([]byte(o.Name))
		sha.add([]byte(o.Archive.SHA256))
		n := len(row)
		row, line = append(row, f.rowNumber(int(r.position))), append(line, lines.Value(int(r.position)))
		field.add([]byte(plan.Field))
		rule.add([]byte(plan.ID))
		kind.add([]byte(plan.Repair.By))
		level := s.plan.Field(plan.Field).Level
		if n&63 == 0 {
			there = append(there, 0)
		}
		if r.before == nil {
			nulls++
			before.add(nil)
		} else {
			there.Set(n)
			before.add([]byte(veiled(level, *r.before)))
		}
		after.add([]byte(veiled(level, *r.after)))
	}
	if len(row) == 0 {
		return nil, nil
	}
	valid := arrow.Uint64Traits.CastToBytes(there)
	cols := []arrow.Array{source.column(), sha.column(), int64Column(row), int64Column(line), field.column(), rule.column(), kind.column(),
		withValidity(before.column(), valid, nulls), after.column()}
	return array.NewRecordBatch(schema, cols, int64(len(row))), nil
}

// lateRejected are the rows of a frame that only a rule over all rows sent to the quarantine.
func (s *scan) lateRejected(number int) (map[int32]bool, error) {
	stored, err := s.late.loadIfAny(number)
	if err != nil || stored.cols == nil {
		return nil, err
	}
	defer stored.done()
	out := map[int32]bool{}
	for _, i := range stored.cols[rejPosition].(*array.Int32).Int32Values() {
		out[i] = true
	}
	return out, nil
}

// veiled is a value as the file of repairs shows it: whole up to level L2, its first and
// last character at L3, nothing at L4. The raw record stands in the archive, for those who may see it.
func veiled(level rules.Level, text string) string {
	if level < rules.L3 || text == "" {
		return text
	}
	n := utf8.RuneCountInString(text)
	if level >= rules.L4 || n < 4 {
		return "***"
	}
	first, a := utf8.DecodeRuneInString(text)
	last, b := utf8.DecodeLastRuneInString(text)
	return fmt.Sprintf("%c%s%c", first, strings.Repeat("*", utf8.RuneCountInString(text[a:len(text)-b])), last)
}

// RepairedCell is one row of a file of repaired cells.
type RepairedCell struct {
	Source string  `json:"source"`
	SHA256 string  `json:"source_sha256"`
	Row    int64   `json:"row"`
	Line   int64   `json:"line"`
	Field  string  `json:"field"`
	Rule   string  `json:"rule"`
	Kind   string  `json:"kind"`
	Before *string `json:"before"` // null: there was no value; values of fields from L3 on are not whole
	After  string  `json:"after"`
}

// ReadRepairs calls f for every cell of a file of repaired cells, in source order.
func ReadRepairs(path string, f func(RepairedCell) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	pf, err := parquetgo.OpenFile(file, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if columns := pf.Schema().Columns(); len(columns) != len(repairColumns) {
		return fmt.Errorf("%s is not a file of repaired cells", path)
	}
	buf := make([]parquetgo.Row, 256)
	for _, group := range pf.RowGroups() {
		rows := group.Rows()
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				cell := RepairedCell{Source: row[0].String(), SHA256: row[1].String(), Row: row[2].Int64(), Line: row[3].Int64(),
					Field: row[4].String(), Rule: row[5].String(), Kind: row[6].String(), After: row[8].String()}
				if !row[7].IsNull() {
					before := row[7].String()
					cell.Before = &before
				}
				if err := f(cell); err != nil {
					return errors.Join(err, rows.Close())
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return errors.Join(fmt.Errorf("%s: %w", path, err), rows.Close())
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}
