package parquet

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// column collects the cells of one column of one row group and then writes
// them as a chunk.
type column interface {
	// add copies the cells of arr, whose type is the field's.
	add(arr arrow.Array) error
	// encode writes the chunk and leaves the column ready for reset.
	encode(w *chunkWriter, c *chunk) error
	// hashes calls yield with the PLAIN-encoded form of every distinct value,
	// or of every value where distinct ones are not known; for Bloom filters.
	// It is called after encode.
	hashes(yield func(value []byte))
	reset()
}

func newColumn(f *field, plain bool, expect *int) column {
	switch {
	case f.kind == kindString || f.kind == kindBinary:
		return &textColumn{field: f, never: plain, expect: expect}
	case f.kind == kindBool:
		return &boolColumn{field: f}
	case f.physical == physicalFixed:
		return &fixedColumn{field: f}
	default:
		return &numberColumn{field: f, never: plain}
	}
}

// nulls is the validity of an Arrow array: bit from+i of bits is set if cell i
// has a value. bits is nil if all have.
type nulls struct {
	bits []byte
	from int
}

func validity(arr arrow.Array) nulls {
	if arr.NullN() == 0 {
		return nulls{}
	}
	return nulls{arr.NullBitmapBytes(), arr.Data().Offset()}
}

func (n nulls) isNull(i int) bool { return n.bits != nil && !bitAt(n.bits, n.from+i) }

func (b *bitmap) appendValidity(n nulls, rows int) {
	if n.bits == nil {
		b.appendRun(true, rows)
		return
	}
	b.append(n.bits, n.from, rows)
}

func wrongArray(f *field, arr arrow.Array) error {
	return fmt.Errorf("column %s: got %s, the schema says %s", f.name, arr.DataType(), f.arrow)
}

// boolColumn stores bits PLAIN.
type boolColumn struct {
	field  *field
	valid  bitmap
	values bitmap
}

func (c *boolColumn) reset() {
	c.valid.reset()
	c.values.reset()
}

func (c *boolColumn) add(arr arrow.Array) error {
	a, ok := arr.(*array.Boolean)
	if !ok {
		return wrongArray(c.field, arr)
	}
	n := a.Len()
	missing := validity(a)
	c.valid.appendValidity(missing, n)
	if n == 0 || a.NullN() == n {
		return nil
	}
	bits, from := a.Data().Buffers()[1].Bytes(), a.Data().Offset()
	if missing.bits == nil {
		c.values.append(bits, from, n)
		return nil
	}
	for i := range n {
		if !missing.isNull(i) {
			c.values.appendBit(bitAt(bits, from+i))
		}
	}
	return nil
}

func (c *boolColumn) encode(w *chunkWriter, out *chunk) error {
	w.begin(c.field, out, &c.valid, c.values.n)
	for _, s := range w.pages(&c.valid, nil) {
		body := w.startPage(&c.valid, s)
		packed := bitmap{bits: body, n: len(body) * 8}
		packed.append(c.values.bits, s.value, s.values)
		var lower, upper []byte
		if s.values > 0 {
			ones := countOnes(c.values.bits, s.value, s.value+s.values)
			lower, upper = []byte{0}, []byte{0}
			if ones == s.values {
				lower[0] = 1
			}
			if ones > 0 {
				upper[0] = 1
			}
		}
		if err := w.endPage(packed.bits, s, encodingPlain, lower, upper); err != nil {
			return err
		}
	}
	return nil
}

func (c *boolColumn) hashes(func([]byte)) {}
