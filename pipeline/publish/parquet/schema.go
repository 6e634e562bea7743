package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

type kind uint8

const (
	kindString kind = iota
	kindInt64
	kindFloat64
	kindDecimal
	kindDate
	kindTimestamp
	kindBool
	kindBinary // bytes that need not be text: no statistics are cut at characters, no logical type
)

// field is one column: its Arrow type and how Parquet stores it.
type field struct {
	name      string
	kind      kind
	id        int32 // field id, from 1
	physical  int32
	width     int // bytes of a stored value; 0 for text and booleans
	precision int32
	scale     int32
	arrow     arrow.DataType
}

func newField(i int, f arrow.Field) (field, error) {
	out := field{name: f.Name, id: int32(i + 1), arrow: f.Type}
	switch t := f.Type.(type) {
	case *arrow.StringType:
		out.kind, out.physical = kindString, physicalBytes
	case *arrow.BinaryType:
		out.kind, out.physical = kindBinary, physicalBytes
	case *arrow.Int64Type:
		out.kind, out.physical, out.width = kindInt64, physicalInt64, 8
	case *arrow.Float64Type:
		out.kind, out.physical, out.width = kindFloat64, physicalDouble, 8
	case *arrow.Date32Type:
		out.kind, out.physical, out.width = kindDate, physicalInt32, 4
	case *arrow.BooleanType:
		out.kind, out.physical = kindBool, physicalBoolean
	case *arrow.TimestampType:
		if t.Unit != arrow.Microsecond || t.TimeZone != "" {
			return out, fmt.Errorf("column %s: %s cannot be written: only timestamp[us] without a time zone can", f.Name, f.Type)
		}
		out.kind, out.physical, out.width = kindTimestamp, physicalInt64, 8
	case *arrow.Decimal128Type:
		if t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision {
			return out, fmt.Errorf("column %s: decimal(%d,%d) cannot be written: precision must be 1..38 and scale 0..precision", f.Name, t.Precision, t.Scale)
		}
		out.kind, out.precision, out.scale = kindDecimal, t.Precision, t.Scale
		switch {
		case t.Precision <= 9:
			out.physical, out.width = physicalInt32, 4
		case t.Precision <= 18:
			out.physical, out.width = physicalInt64, 8
		default:
			out.physical, out.width = physicalFixed, fixedBytes(t.Precision)
		}
	default:
		return out, fmt.Errorf("column %s: type %s cannot be written: string, binary, int64, float64, decimal128, date32, timestamp[us] and bool can", f.Name, f.Type)
	}
	return out, nil
}

// fixedBytes is the least number of bytes that holds every two's complement
// integer of the given decimal digits.
func fixedBytes(precision int32) int {
	return int(math.Ceil((float64(precision)*math.Log2(10) + 1) / 8))
}

// compare orders two PLAIN-encoded values as the column's statistics do.
func (f *field) compare(a, b []byte) int {
	switch f.physical {
	case physicalInt32:
		return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
	case physicalInt64:
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	case physicalDouble:
		return cmp.Compare(math.Float64frombits(binary.LittleEndian.Uint64(a)), math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case physicalFixed: // big-endian two's complement
		return compareSigned(a, b)
	}
	return bytes.Compare(a, b)
}

func compareSigned(a, b []byte) int {
	if c := cmp.Compare(int8(a[0]), int8(b[0])); c != 0 {
		return c
	}
	return bytes.Compare(a[1:], b[1:])
}
