package kernel

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/rules"
)

// AppendRaw appends the value of a cell that is not null: text as it is, every
// other value in the bytes of its Arrow column, little-endian, a boolean in one byte.
// Values are equal if and only if their bytes are; zero has no sign.
func AppendRaw(dst []byte, c arrow.Array, row int) []byte {
	switch c := c.(type) {
	case *array.String:
		return append(dst, c.Value(row)...)
	case *array.Int64:
		return binary.LittleEndian.AppendUint64(dst, uint64(c.Value(row)))
	case *array.Timestamp:
		return binary.LittleEndian.AppendUint64(dst, uint64(c.Value(row)))
	case *array.Date32:
		return binary.LittleEndian.AppendUint32(dst, uint32(c.Value(row)))
	case *array.Float64:
		v := c.Value(row)
		if v == 0 {
			v = 0
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	case *array.Decimal128:
		v := c.Value(row)
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, v.LowBits()), uint64(v.HighBits()))
	case *array.Boolean:
		if c.Value(row) {
			return append(dst, 1)
		}
		return append(dst, 0)
	}
	panic(fmt.Sprintf("no bytes for cells of %s", c.DataType())) // ArrowType gives no other
}

// RawConstant reads a value of a contract in its canonical form, as AppendRaw writes
// those of columns; false if it is not of the type.
func RawConstant(t rules.Type, text string) ([]byte, bool) {
	p, err := newParser(t)
	if err != nil {
		return nil, false
	}
	v, ok := p.constant(text)
	if !ok {
		return nil, false
	}
	return v.raw(t.Kind), true
}

// raw is the value as AppendRaw writes it.
func (v *value) raw(kind rules.Kind) []byte {
	switch kind {
	case rules.Integer, rules.Timestamp:
		return binary.LittleEndian.AppendUint64(nil, uint64(v.int))
	case rules.Date:
		return binary.LittleEndian.AppendUint32(nil, uint32(v.int))
	case rules.Number:
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v.float+0))
	case rules.Decimal:
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, v.decimal.LowBits()), uint64(v.decimal.HighBits()))
	case rules.Boolean:
		if v.bool {
			return []byte{1}
		}
		return []byte{0}
	}
	return append([]byte{}, v.text...)
}
