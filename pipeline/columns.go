package pipeline

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
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
	t.data = append(t.data, v...)
	t.offsets = append(t.offsets, int32(len(t.data)))
}

func (t *textBuilder) column() arrow.Array { return stringColumn(t.offsets, t.data) }

// columnWithNulls is the column with null where isNull says so.
func (t *textBuilder) columnWithNulls(isNull func(i int) bool) arrow.Array {
	n := max(len(t.offsets)-1, 0)
	valid := make([]byte, (n+7)/8)
	nulls := n
	for i := range n {
		if !isNull(i) {
			valid[i>>3] |= 1 << (i & 7)
			nulls--
		}
	}
	if nulls == 0 {
		return t.column()
	}
	return array.NewStringData(array.NewData(arrow.BinaryTypes.String, n,
		[]*memory.Buffer{memory.NewBufferBytes(valid), memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(t.offsets)), memory.NewBufferBytes(t.data)}, nil, nulls, 0))
}

func stringColumn(offsets []int32, data []byte) arrow.Array {
	return array.NewStringData(textData(arrow.BinaryTypes.String, offsets, data))
}

func binaryColumn(offsets []int32, data []byte) arrow.Array {
	return array.NewBinaryData(textData(arrow.BinaryTypes.Binary, offsets, data))
}

func textData(t arrow.DataType, offsets []int32, data []byte) arrow.ArrayData {
	return array.NewData(t, max(len(offsets)-1, 0),
		[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(data)}, nil, 0, 0)
}
