package kernel

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/rules"
)

// A KeyEncoder writes the values of some fields of a row as one byte string that
// is equal for two rows if and only if all the values are. It is what duplicates
// and uniqueness are decided by. It is immutable.
//
// Per field: text as its length (uvarint) and bytes; integer, date and timestamp
// as 8 bytes, number as the 8 bytes of its float64 (zero without sign), decimal as
// 16 bytes, boolean as 1 byte, all big-endian.
//
// Where nulls are values too (NullsMatch), a byte before each value says whether it is there.
type KeyEncoder struct {
	fields []int
	nulls  bool
}

// NewKeyEncoder encodes the named fields of a plan, in this order. Unknown names panic: the plan was checked.
func NewKeyEncoder(p *rules.Plan, fields []string) *KeyEncoder {
	return &KeyEncoder{fields: mustFields(p, fields)}
}

// NullsMatch makes an encoder of the same fields for which nulls are equal; only a row where all are null has no key.
func (k *KeyEncoder) NullsMatch() *KeyEncoder { return &KeyEncoder{k.fields, true} }

func mustFields(p *rules.Plan, names []string) []int {
	list := make([]int, len(names))
	for k, name := range names {
		if list[k] = fieldIndex(p, name); list[k] < 0 {
			panic(fmt.Sprintf("plan of %s has no field %q", p.Dataset, name))
		}
	}
	return list
}

// Append appends the key of a row to dst. cols are the columns of the plan, as in
// Checked. ok is false, and dst as it was, if any of the values is null: such a row
// has no key.
func (k *KeyEncoder) Append(dst []byte, cols []arrow.Array, row int) (key []byte, ok bool) {
	start := len(dst)
	for _, f := range k.fields {
		switch null := cols[f].IsNull(row); {
		case null && !k.nulls:
			return dst[:start], false
		case null:
			dst = append(dst, 0)
			continue
		case k.nulls:
			dst, ok = append(dst, 1), true
		}
		if s, ok := cols[f].(*array.String); ok {
			v := s.Value(row)
			dst = append(binary.AppendUvarint(dst, uint64(len(v))), v...)
			continue
		}
		dst = appendOrdered(dst, cols[f], row)
	}
	if k.nulls && !ok {
		return dst[:start], false
	}
	return dst, true
}

// An OrderEncoder writes a row's place in an order as a byte string that
// bytes.Compare compares. It is immutable.
type OrderEncoder struct {
	terms []orderTerm
}

// orderTerm is one criterion.
type orderTerm struct {
	field      int // -1: completeness
	descending bool
	null       byte // stands before the value: null here, 1-null where there is a value
}

// NewOrderEncoder is the preference among duplicates: of two rows the one with the
// greater string survives. The last tie, by row identity, is not in it. Null loses
// against every value, whatever the direction. Unknown fields panic: the plan was checked.
func NewOrderEncoder(p *rules.Plan, keep []rules.Order) *OrderEncoder {
	o := &OrderEncoder{}
	for _, k := range keep {
		t := orderTerm{field: -1}
		if k.By != rules.MostComplete {
			t.field = mustFields(p, []string{k.Field})[0]
			t.descending = k.By == rules.Earliest || k.By == rules.Smallest
		}
		o.terms = append(o.terms, t)
	}
	return o
}

// NewSortEncoder is ascending order by the named fields, null after every value.
func NewSortEncoder(p *rules.Plan, fields []string) *OrderEncoder {
	o := &OrderEncoder{}
	for _, f := range mustFields(p, fields) {
		o.terms = append(o.terms, orderTerm{field: f, null: 1})
	}
	return o
}

// Append appends the string of a row to dst. cols are the columns of the plan, as in Checked.
func (o *OrderEncoder) Append(dst []byte, cols []arrow.Array, row int) []byte {
	for _, t := range o.terms {
		if t.field < 0 {
			there := 0
			for _, c := range cols {
				if c.IsValid(row) {
					there++
				}
			}
			dst = binary.BigEndian.AppendUint16(dst, uint16(there))
			continue
		}
		c := cols[t.field]
		if c.IsNull(row) {
			dst = append(dst, t.null)
			continue
		}
		dst = append(dst, 1-t.null)
		start := len(dst)
		dst = appendOrdered(dst, c, row)
		if t.descending {
			for k := start; k < len(dst); k++ {
				dst[k] = ^dst[k]
			}
		}
	}
	return dst
}

// appendOrdered appends a value that is not null so that bytes.Compare gives the
// order of values, whatever follows: text with 00 written as 00 FF and ended by 00 00,
// everything else in a fixed width, signs turned so that negative values come first.
func appendOrdered(dst []byte, c arrow.Array, row int) []byte {
	switch c := c.(type) {
	case *array.String:
		v := c.Value(row)
		for k := range len(v) {
			dst = append(dst, v[k])
			if v[k] == 0 {
				dst = append(dst, 0xFF)
			}
		}
		return append(dst, 0, 0)
	case *array.Int64:
		return appendOrderedInt(dst, c.Value(row))
	case *array.Date32:
		return appendOrderedInt(dst, int64(c.Value(row)))
	case *array.Timestamp:
		return appendOrderedInt(dst, int64(c.Value(row)))
	case *array.Float64:
		v := c.Value(row)
		if v == 0 {
			v = 0 // without the sign of -0
		}
		w := math.Float64bits(v)
		if w>>63 != 0 {
			w = ^w
		} else {
			w |= 1 << 63
		}
		return binary.BigEndian.AppendUint64(dst, w)
	case *array.Decimal128:
		v := c.Value(row)
		dst = binary.BigEndian.AppendUint64(dst, uint64(v.HighBits())^1<<63)
		return binary.BigEndian.AppendUint64(dst, v.LowBits())
	case *array.Boolean:
		if c.Value(row) {
			return append(dst, 1)
		}
		return append(dst, 0)
	}
	panic(fmt.Sprintf("no order for columns of %s", c.DataType())) // ArrowType gives no other
}

func appendOrderedInt(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(v)^1<<63)
}
