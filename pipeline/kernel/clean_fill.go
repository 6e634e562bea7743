package kernel

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/batch"
	"clearwell/rules"
)

// fill puts values of elsewhere in place of null. Null words of the field count as
// null here, too: a fill that left the dash of a form alone would be of no use.
type fill struct {
	source rules.FillSource
	slot   int // previous: which of the plan's fills it is
	field  int // the other field; -1: none
	column int // the other column of the source; -1: none, or the source lacks it
	value  []byte
	from   *wordTable // lookup
	to     [][]byte
	nulls  *wordTable // of the field
}

func newFill(s *rules.Step) (step, error) {
	f := &fill{source: s.Source, field: -1, column: -1, value: []byte(s.Value)}
	switch s.Source {
	case rules.FillPrevious, rules.FillFrom, rules.FillValue:
	case rules.FillLookup:
		m := newMap(s.Table, nil)
		f.from, f.to = m.from, m.to
	default:
		return nil, fmt.Errorf("fill: there is no source %q", s.Source)
	}
	return f, nil
}

// apply is not called: a fill needs more than its own column.
func (*fill) apply(*editor) {}

// bindFills finds what fills read in the plan and the header, and adds the
// columns that the header lacks to missing.
func (p *Program) bindFills(header []string, missing *MissingColumnsError) {
	slots := 0
	for i := range p.fields {
		f := &p.plan.Fields[i]
		for k, s := range p.fields[i].steps {
			x, ok := s.(*fill)
			if !ok {
				continue
			}
			x.nulls = p.fields[i].nulls
			switch step := &f.Clean[k]; {
			case step.IsColumn:
				x.column = p.sourceColumn(f, step.Other, header, missing)
			case step.Other != "":
				x.field = p.fieldIndex(step.Other)
			default:
				x.slot = slots
				slots++
			}
		}
	}
	p.previous = slots
}

// fill carries out step x, which is number k of field i.
func (w *Worker) fill(x *fill, b *batch.Batch) error {
	e := &w.editor
	switch x.source {
	case rules.FillPrevious:
		w.fillPrevious(x)
	case rules.FillValue:
		w.eachNull(x, func(int) []byte { return x.value })
	case rules.FillLookup:
		col := &w.state.columns[x.field]
		o, data := col.text.offsets, col.text.data
		w.eachNull(x, func(i int) []byte {
			if !col.present.Get(i) {
				return nil
			}
			if at := x.from.find(data, int(o[i]), int(o[i+1])); at >= 0 {
				return x.to[at]
			}
			return nil
		})
	case rules.FillFrom:
		if x.field >= 0 {
			col := &w.state.columns[x.field]
			w.eachNull(x, func(i int) []byte {
				if !col.present.Get(i) {
					return nil
				}
				return col.text.cell(i)
			})
			return nil
		}
		if x.column < 0 {
			return nil
		}
		a, err := sourceText(b, x.column, e.in.rows())
		if err != nil {
			return err
		}
		t := textOf(a)
		w.eachNull(x, func(i int) []byte {
			if a.IsNull(i) {
				return nil
			}
			return t.cell(i)
		})
	}
	return nil
}

// null reports whether value i of the column being edited is null for x.
func (x *fill) null(in text, i int) bool {
	lo, hi := int(in.offsets[i]), int(in.offsets[i+1])
	return lo == hi || x.nulls != nil && x.nulls.find(in.data, lo, hi) >= 0
}

// eachNull fills the nulls with what value gives, if that is not empty.
func (w *Worker) eachNull(x *fill, value func(row int) []byte) {
	e := &w.editor
	for i := range e.in.rows() {
		if x.null(e.in, i) {
			if v := value(i); len(v) > 0 {
				e.replace(i, v)
			}
		}
	}
}

// fillPrevious fills the nulls with the last value above. What it hands on to the
// next batch it hands on as early as it can, so that others need not wait.
func (w *Worker) fillPrevious(x *fill) {
	e := &w.editor
	n := e.in.rows()
	last := n - 1
	for last >= 0 && x.null(e.in, last) {
		last--
	}
	if last >= 0 {
		w.carryOut(x.slot, e.in.cell(last))
	}
	w.carried = w.carryIn(x.slot, w.carried[:0])
	if last < 0 {
		w.carryOut(x.slot, w.carried)
	}
	above := w.carried
	for i := range n {
		switch {
		case !x.null(e.in, i):
			above = e.in.cell(i)
		case len(above) > 0:
			e.replace(i, above)
		}
	}
}

// sourceText is a column of the source.
func sourceText(b *batch.Batch, column, rows int) (*array.String, error) {
	if column >= int(b.Record.NumCols()) {
		return nil, fmt.Errorf("the batch has %d columns, the header had column %d", b.Record.NumCols(), column+1)
	}
	a, ok := b.Record.Column(column).(*array.String)
	if !ok {
		return nil, fmt.Errorf("source column %d is %s, decoders give utf8", column+1, b.Record.Column(column).DataType())
	}
	if a.Len() != rows {
		return nil, fmt.Errorf("source column %d has %d rows, the batch %d", column+1, a.Len(), rows)
	}
	return a, nil
}

// joining is the input of a field that is put together out of several.
type joining struct {
	columns []int // of the source; -1: lacking
	fields  []int
	with    []byte
}

// newJoining binds a join to the header.
func (p *Program) newJoining(f *rules.Field, header []string, missing *MissingColumnsError) *joining {
	j := &joining{with: []byte(f.Join.With)}
	for _, name := range f.Join.Columns {
		j.columns = append(j.columns, p.sourceColumn(f, name, header, missing))
	}
	for _, name := range f.Join.Fields {
		j.fields = append(j.fields, p.fieldIndex(name))
	}
	return j
}

// join writes the joined text of a batch into the field's first buffer.
func (w *Worker) join(j *joining, mem *fieldScratch, b *batch.Batch) (text, error) {
	n := w.state.rows
	sources := make([]*array.String, 0, len(j.columns)) // per batch, not per cell
	for _, column := range j.columns {
		if column < 0 {
			continue
		}
		a, err := sourceText(b, column, n)
		if err != nil {
			return text{}, err
		}
		sources = append(sources, a)
	}
	out := &mem.buffers[0]
	out.offsets, out.data = append(out.offsets[:0], 0), out.data[:0]
	add := func(part []byte) {
		if len(part) == 0 {
			return
		}
		if len(out.data) > int(out.offsets[len(out.offsets)-1]) {
			out.data = append(out.data, j.with...)
		}
		out.data = append(out.data, part...)
	}
	for i := range n {
		for _, a := range sources {
			if !a.IsNull(i) {
				add(textOf(a).cell(i))
			}
		}
		for _, k := range j.fields {
			if col := &w.state.columns[k]; col.present.Get(i) {
				add(col.text.cell(i))
			}
		}
		if len(out.data) > maxColumnBytes {
			return text{}, errColumnTooLong(n, len(out.data))
		}
		out.offsets = append(out.offsets, int32(len(out.data)))
	}
	return text{offsets: out.offsets, data: out.data}, nil
}
