package pipeline

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/cespare/xxhash/v2"
)

// A Checksum is the sum modulo 2^128 of a hash per row: it does not depend on
// the order of rows, and removing a row is a subtraction. It is bookkeeping
// between the stages of a run and claims no security; replay proves them.
type Checksum struct{ Hi, Lo uint64 }

// add adds a row by its hash.
func (c *Checksum) add(h uint64) {
	var carry uint64
	c.Lo, carry = bits.Add64(c.Lo, h, 0)
	c.Hi, _ = bits.Add64(c.Hi, mix(h), carry)
}

func (c *Checksum) merge(o Checksum) {
	var carry uint64
	c.Lo, carry = bits.Add64(c.Lo, o.Lo, 0)
	c.Hi, _ = bits.Add64(c.Hi, o.Hi, carry)
}

// mix is the finalizer of splitmix64 (Steele, Lea, Flood: Fast splittable
// pseudorandom number generators, 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// rowHashes sets dst[i] to a hash of row i over all columns: xxHash64 of
// strings, mix of fixed-width values, chained in column order.
func rowHashes(dst []uint64, cols []arrow.Array) {
	clear(dst)
	const null, prime = 0x9e3779b97f4a7c15, 0x9e3779b185ebca87
	step := func(i int, h uint64) { dst[i] = bits.RotateLeft64(dst[i], 27)*prime ^ h }
	for _, c := range cols {
		hasNulls := c.NullN() > 0
		each := func(hash func(i int) uint64) {
			for i := range dst {
				if hasNulls && c.IsNull(i) {
					step(i, null)
				} else {
					step(i, hash(i))
				}
			}
		}
		switch c := c.(type) {
		case *array.String:
			offsets, data := c.ValueOffsets(), c.ValueBytes()
			base := int32(0)
			if len(offsets) > 0 {
				base = offsets[0]
			}
			for i := range dst {
				if hasNulls && c.IsNull(i) {
					step(i, null)
				} else {
					step(i, xxhash.Sum64(data[offsets[i]-base:offsets[i+1]-base]))
				}
			}
		case *array.Int64:
			each(func(i int) uint64 { return mix(uint64(c.Value(i))) })
		case *array.Float64:
			v := arrow.Uint64Traits.CastFromBytes(arrow.Float64Traits.CastToBytes(c.Float64Values()))
			each(func(i int) uint64 { return mix(v[i]) })
		case *array.Date32:
			each(func(i int) uint64 { return mix(uint64(int64(c.Value(i)))) })
		case *array.Timestamp:
			each(func(i int) uint64 { return mix(uint64(c.Value(i))) })
		case *array.Decimal128:
			each(func(i int) uint64 { v := c.Value(i); return mix(uint64(v.HighBits())) ^ mix(v.LowBits()+1) })
		case *array.Boolean:
			each(func(i int) uint64 {
				if c.Value(i) {
					return 1
				}
				return 2
			})
		default:
			panic("pipeline: no row hash for columns of type " + c.DataType().String())
		}
	}
}
