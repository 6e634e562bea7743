package kernel

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/rules"
)

// A Treater desensitizes checked columns and yields the record to publish. It owns
// the memory of what it returns until its next call. It is not for concurrent use.
//
// Every treatment keeps null null. Fields without treatment keep their type, the
// others are published as strings. The bytes of a value that was made null are
// never copied.
type Treater struct {
	schema *arrow.Schema
	fields []treatedField
	arrays []arrow.Array
	all    []int32
}

// treatedField is one published column.
type treatedField struct {
	field int
	treat cellTreatment // nil: the value as it is
	text  textSource
	out   column
	mem   buffer
}

// A cellTreatment appends the treated form of a row's value, which is not null.
// ok is false if it becomes null. scratch is memory that it may use.
type cellTreatment interface {
	appendTreated(dst []byte, from *textSource, row int) (out []byte, ok bool)
}

// NewTreater prepares the treatments of a plan. key gives the secret of a name in the
// key store; it is called once for each pseudonym field. Fields without a published
// name and with treatment drop are left out.
func NewTreater(p *rules.Plan, key func(name string) ([]byte, error)) (*Treater, error) {
	t := &Treater{}
	var columns []arrow.Field
	for i := range p.Fields {
		f := &p.Fields[i]
		if f.PublishAs == "" || f.Treatment.Method == rules.Drop {
			continue
		}
		typ, err := ArrowType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("plan of %s: field %s: %w", p.Dataset, f.Name, err)
		}
		tf := treatedField{field: i, out: column{kind: f.Type.Kind, typ: typ}}
		if tf.treat, err = newCellTreatment(f, key); err != nil {
			return nil, fmt.Errorf("plan of %s: field %s: treatment %s: %w", p.Dataset, f.Name, f.Treatment.Method, err)
		}
		if tf.treat != nil {
			tf.out = column{kind: rules.String, typ: arrow.BinaryTypes.String}
		}
		tf.text.scale = int32(f.Type.Scale)
		t.fields = append(t.fields, tf)
		columns = append(columns, arrow.Field{Name: f.PublishAs, Type: tf.out.typ, Nullable: true, Metadata: fieldMetadata(f)})
	}
	t.schema = arrow.NewSchema(columns, nil)
	t.arrays = make([]arrow.Array, len(t.fields))
	return t, nil
}

func newCellTreatment(f *rules.Field, key func(string) ([]byte, error)) (cellTreatment, error) {
	t := &f.Treatment
	switch t.Method {
	case rules.Plain, "":
		return nil, nil
	case rules.Mask:
		return newMask(t)
	case rules.ReplaceIt:
		return constant(t.Value), nil
	case rules.Pseudonym:
		secret, err := key(t.Key)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", t.Key, err)
		}
		return newPseudonym(secret)
	case rules.Band:
		return newBand(f.Type.Kind, t.Width)
	case rules.Truncate:
		return newTruncate(f.Type.Kind, t)
	}
	return nil, fmt.Errorf("unknown method")
}

// fieldMetadata says what a published column is: its sensitivity, its titles and
// descriptions by language and how it was treated.
func fieldMetadata(f *rules.Field) arrow.Metadata {
	keys := []string{"level"}
	values := []string{f.Level.String()}
	for _, of := range []struct {
		name  string
		texts map[string]string
	}{{"title.", f.Title}, {"description.", f.Description}} {
		for _, language := range slices.Sorted(maps.Keys(of.texts)) {
			keys = append(keys, of.name+language)
			values = append(values, of.texts[language])
		}
	}
	method := f.Treatment.Method
	if method == "" {
		method = rules.Plain
	}
	return arrow.NewMetadata(append(keys, "treatment"), append(values, string(method)))
}

// Schema is the schema of the published record: the published fields in contract
// order, all nullable. Metadata of each: level (L1..L4), title.<language>, description.<language>, treatment.
func (t *Treater) Schema() *arrow.Schema { return t.schema }

// Treat gives the published record of the selected rows, in the order of sel; nil
// selects all rows. cols are the columns of the plan, as in Checked.
func (t *Treater) Treat(cols []arrow.Array, sel []int32) (arrow.RecordBatch, error) {
	if sel == nil {
		sel = t.everyRow(cols)
	}
	for k := range t.fields {
		f := &t.fields[k]
		if f.field >= len(cols) {
			return nil, fmt.Errorf("treat %s: there are %d columns, the plan has a field %d", t.schema.Field(k).Name, len(cols), f.field+1)
		}
		var err error
		if f.treat != nil {
			err = f.applyTreatment(cols[f.field], sel)
		} else {
			err = f.gather(cols[f.field], sel)
		}
		if err != nil {
			return nil, fmt.Errorf("treat %s: %w", t.schema.Field(k).Name, err)
		}
		t.arrays[k] = f.out.array(len(sel))
	}
	return array.NewRecordBatch(t.schema, t.arrays, int64(len(sel))), nil
}

func (t *Treater) everyRow(cols []arrow.Array) []int32 {
	n := 0
	if len(cols) > 0 {
		n = cols[0].Len()
	}
	t.all = resized(t.all, n)
	for i := range t.all {
		t.all[i] = int32(i)
	}
	return t.all
}

// applyTreatment writes the treated text of the selected rows.
func (f *treatedField) applyTreatment(c arrow.Array, sel []int32) error {
	if err := f.text.bind(c); err != nil {
		return err
	}
	f.begin(len(sel))
	data, offsets := f.mem.data, f.mem.offsets
	nulls := c.NullN() > 0
	for k, row := range sel {
		if !nulls || c.IsValid(int(row)) {
			out, ok := f.treat.appendTreated(data, &f.text, int(row))
			if ok {
				data = out
				f.out.valid.Set(k)
			} else {
				data = out[:len(data)]
			}
		}
		offsets[k+1] = int32(len(data))
	}
	return f.end(data)
}

// begin makes room for n rows of text.
func (f *treatedField) begin(n int) {
	f.mem.offsets = resized(f.mem.offsets, n+1)
	f.mem.offsets[0] = 0
	f.mem.data = f.mem.data[:0]
	f.out.valid = f.out.valid.resize(n)
}

func (f *treatedField) end(data []byte) error {
	f.mem.data = data
	if len(data) > math.MaxInt32 {
		return fmt.Errorf("%d bytes are more than an Arrow string column holds (2^31-1); make batches smaller", len(data))
	}
	f.out.text = text{offsets: f.mem.offsets, data: data}
	return nil
}

// gather copies the values of the selected rows as they are.
func (f *treatedField) gather(c arrow.Array, sel []int32) error {
	if !arrow.TypeEqual(c.DataType(), f.out.typ) {
		return fmt.Errorf("the column is %s, the plan says %s", c.DataType(), f.out.typ)
	}
	if s, ok := c.(*array.String); ok {
		return f.gatherText(s, sel)
	}
	out := &f.out
	out.valid = out.valid.resize(len(sel))
	out.grow(len(sel))
	if c.NullN() == 0 {
		out.valid.Fill(len(sel))
	} else {
		for k, row := range sel {
			if c.IsValid(int(row)) {
				out.valid.Set(k)
			}
		}
	}
	switch c := c.(type) {
	case *array.Int64:
		take(out.ints, c.Int64Values(), sel)
	case *array.Timestamp:
		for k, row := range sel {
			out.ints[k] = int64(c.Value(int(row)))
		}
	case *array.Float64:
		take(out.floats, c.Float64Values(), sel)
	case *array.Decimal128:
		take(out.decimals, c.Values(), sel)
	case *array.Date32:
		take(out.dates, c.Date32Values(), sel)
	case *array.Boolean:
		for k, row := range sel {
			if c.Value(int(row)) {
				out.bools.Set(k)
			}
		}
	}
	out.blankNulls(len(sel))
	return nil
}

func take[T any](dst, src []T, sel []int32) {
	for k, row := range sel {
		dst[k] = src[row]
	}
}

// blankNulls writes zero where there is no value, so that what was made null is gone.
func (c *column) blankNulls(n int) {
	for k := range n {
		if c.valid.Get(k) {
			continue
		}
		switch c.kind {
		case rules.Integer, rules.Timestamp:
			c.ints[k] = 0
		case rules.Number:
			c.floats[k] = 0
		case rules.Decimal:
			c.decimals[k] = c.decimals[k].Sub(c.decimals[k])
		case rules.Date:
			c.dates[k] = 0
		case rules.Boolean:
			c.bools.Unset(k)
		}
	}
}

// gatherText copies runs of consecutive rows at once.
func (f *treatedField) gatherText(c *array.String, sel []int32) error {
	f.begin(len(sel))
	t := textOf(c)
	data, offsets := f.mem.data, f.mem.offsets
	nulls := c.NullN() > 0
	for k := 0; k < len(sel); {
		if nulls && c.IsNull(int(sel[k])) {
			offsets[k+1] = int32(len(data))
			k++
			continue
		}
		first, row := k, sel[k]
		for k < len(sel) && sel[k] == row && !(nulls && c.IsNull(int(row))) {
			f.out.valid.Set(k)
			row++
			k++
		}
		from, to := t.offsets[sel[first]], t.offsets[row]
		shift := int32(len(data)) - from
		data = append(data, t.data[from:to]...)
		for j := first; j < k; j++ {
			offsets[j+1] = t.offsets[sel[j]+1] + shift
		}
	}
	return f.end(data)
}
