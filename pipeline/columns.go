package pipeline

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"clearwell/pipeline/kernel"
)

// Columns over own buffers, without copying. The caller keeps the buffers
// unchanged while the column is in use.

func int64Column(v []int64) arrow.Array {
	return array.NewInt64Data(array.NewData(arrow.PrimitiveTypes.Int64, len(v),
		[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(v))}, nil, 0, 0))
}

func int32Column(v []int32) arrow.Array {
	return array.NewInt32Data(array.NewData(arrow.PrimitiveTypes.Int32, len(v),
		[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(v))}, nil, 0, 0))
}

// textBuilder gathers the cells of a string column.
type textBuilder struct {
	offsets []int32
	data    []byte
}

func (t *textBuilder) add(v []byte) {
	if len(t.offsets) == 0 {
		t.offsets = append(t.offsets, 0)
	}
	if cap(t.data)-len(t.data) < len(v) { // by doubling: append alone copies what there is four times as often
		t.data = slices.Grow(t.data, max(len(v), cap(t.data)))
	}
	t.data = append(t.data, v...)
	t.offsets = append(t.offsets, int32(len(t.data)))
}

// addRows adds the cells of the rows in order; a negative row adds an empty one.
func (t *textBuilder) addRows(from *array.String, rows []int32) {
	if len(t.offsets) == 0 {
		t.offsets = append(t.offsets, 0)
	}
	for _, row := range rows {
		if row >= 0 {
			t.data = append(t.data, from.Value(int(row))...)
		}
		t.offsets = append(t.offsets, int32(len(t.data)))
	}
}

func (t *textBuilder) column() arrow.Array { return stringColumn(t.offsets, t.data) }

// withValidity is a string column with null where valid has no bit, which is in nulls rows.
func withValidity(c arrow.Array, valid []byte, nulls int) arrow.Array {
	if nulls == 0 {
		return c
	}
	b := c.Data().Buffers()
	return array.NewStringData(array.NewData(arrow.BinaryTypes.String, c.Len(), []*memory.Buffer{memory.NewBufferBytes(valid), b[1], b[2]}, nil, nulls, 0))
}

func stringColumn(offsets []int32, data []byte) arrow.Array {
	return array.NewStringData(textData(arrow.BinaryTypes.String, offsets, data))
}

func textData(t arrow.DataType, offsets []int32, data []byte) arrow.ArrayData {
	return array.NewData(t, max(len(offsets)-1, 0),
		[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(data)}, nil, 0, 0)
}

// bitsColumn is a boolean column over a set of rows.
func bitsColumn(b kernel.Bits, rows int) arrow.Array {
	return array.NewBooleanData(array.NewData(arrow.FixedWidthTypes.Boolean, rows,
		[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Uint64Traits.CastToBytes(b))}, nil, 0, 0))
}
