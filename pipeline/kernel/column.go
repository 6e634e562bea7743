package kernel

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"clearwell/rules"
)

// ArrowType is the type of a field's column after parsing.
func ArrowType(t rules.Type) (arrow.DataType, error) {
	switch t.Kind {
	case rules.String:
		return arrow.BinaryTypes.String, nil
	case rules.Integer:
		return arrow.PrimitiveTypes.Int64, nil
	case rules.Number:
		return arrow.PrimitiveTypes.Float64, nil
	case rules.Decimal:
		if t.Precision < 1 || t.Precision > decimal128.MaxPrecision || t.Scale < 0 || t.Scale > t.Precision {
			return nil, fmt.Errorf("decimal(%d,%d): precision must be 1 to %d and scale 0 to the precision", t.Precision, t.Scale, decimal128.MaxPrecision)
		}
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}, nil
	case rules.Boolean:
		return arrow.FixedWidthTypes.Boolean, nil
	case rules.Date:
		return arrow.PrimitiveTypes.Date32, nil
	case rules.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}, nil
	}
	return nil, fmt.Errorf("unknown type %q", t.Kind)
}

// column is one field of one batch: its text after cleaning and its typed values.
// Its memory is kept from batch to batch. Values of rows that are not in valid
// mean nothing, but are there.
type column struct {
	kind rules.Kind
	typ  arrow.DataType

	text    text
	present Bits // the text is not null
	valid   Bits // there is a typed value; a part of present until repairs are made

	ints     []int64 // integer, timestamp (microseconds)
	floats   []float64
	decimals []decimal128.Num
	dates    []arrow.Date32
	bools    Bits

	// Birth dates in ID numbers, in microseconds, made when an expression first asks for them.
	births      []int64
	birthKnown  Bits
	birthsKnown bool // births and birthKnown are of this batch
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// grow makes room for n typed values.
func (c *column) grow(n int) {
	switch c.kind {
	case rules.Integer, rules.Timestamp:
		c.ints = resized(c.ints, n)
	case rules.Number:
		c.floats = resized(c.floats, n)
	case rules.Decimal:
		c.decimals = resized(c.decimals, n)
	case rules.Date:
		c.dates = resized(c.dates, n)
	case rules.Boolean:
		c.bools = c.bools.resize(n)
	}
}

// array wraps the typed values of n rows as an Arrow array that shares their memory.
func (c *column) array(n int) arrow.Array {
	nulls := n - c.valid.Count()
	var validity *memory.Buffer
	if nulls > 0 {
		validity = bitsBuffer(c.valid)
	}
	buffers := []*memory.Buffer{validity, nil}
	switch c.kind {
	case rules.Integer, rules.Timestamp:
		buffers[1] = memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(c.ints[:n]))
	case rules.Number:
		buffers[1] = memory.NewBufferBytes(arrow.Float64Traits.CastToBytes(c.floats[:n]))
	case rules.Decimal:
		buffers[1] = memory.NewBufferBytes(arrow.Decimal128Traits.CastToBytes(c.decimals[:n]))
	case rules.Date:
		buffers[1] = memory.NewBufferBytes(arrow.Date32Traits.CastToBytes(c.dates[:n]))
	case rules.Boolean:
		buffers[1] = bitsBuffer(c.bools)
	default:
		buffers[1] = memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(c.text.offsets))
		buffers = append(buffers, memory.NewBufferBytes(c.text.data))
	}
	return array.MakeFromData(array.NewData(c.typ, n, buffers, nil, nulls, 0))
}

func bitsBuffer(b Bits) *memory.Buffer {
	return memory.NewBufferBytes(arrow.Uint64Traits.CastToBytes(b))
}
