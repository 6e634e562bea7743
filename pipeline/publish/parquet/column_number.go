package parquet

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// narrowRange is the distance between least and greatest integer up to which
// distinct values are counted in a table of flags: 179 years of dates.
const narrowRange = 1 << 16

// numberColumn holds what Parquet stores in 4 or 8 bytes: integers, decimals of
// up to 18 digits, dates, timestamps, and floats by their bits.
type numberColumn struct {
	field  *field
	never  bool // no dictionary, by option
	valid  bitmap
	values []int64
	table  numberDictionary
	kept   bool // the chunk was written with table
	rank   []uint32
}

func (c *numberColumn) reset() {
	c.valid.reset()
	c.table.reset()
	c.values = c.values[:0]
	c.kept = false
}

func (c *numberColumn) add(arr arrow.Array) error {
	missing := validity(arr)
	c.valid.appendValidity(missing, arr.Len())
	if arr.NullN() == arr.Len() {
		return nil
	}
	switch a := arr.(type) {
	case *array.Int64:
		c.values = appendValues(c.values, a.Int64Values(), missing)
	case *array.Timestamp:
		c.values = appendValues(c.values, a.TimestampValues(), missing)
	case *array.Date32:
		c.values = appendValues(c.values, a.Date32Values(), missing)
	case *array.Float64:
		for i, v := range a.Float64Values() {
			if !missing.isNull(i) {
				c.values = append(c.values, int64(math.Float64bits(v)))
			}
		}
	case *array.Decimal128:
		return c.addDecimals(a.Values(), missing)
	default:
		return wrongArray(c.field, arr)
	}
	return nil
}

func appendValues[T ~int64 | ~int32](dst []int64, values []T, missing nulls) []int64 {
	if missing.bits == nil {
		for _, v := range values {
			dst = append(dst, int64(v))
		}
		return dst
	}
	for i, v := range values {
		if !missing.isNull(i) {
			dst = append(dst, int64(v))
		}
	}
	return dst
}

func (c *numberColumn) addDecimals(values []decimal128.Num, missing nulls) error {
	limit := int64(1)
	for range c.field.precision {
		limit *= 10
	}
	for i, v := range values {
		if missing.isNull(i) {
			continue
		}
		low := int64(v.LowBits())
		if v.HighBits() != low>>63 || low >= limit || low <= -limit {
			return tooManyDigits(c.field, c.valid.n-len(values)+i)
		}
		c.values = append(c.values, low)
	}
	return nil
}

func tooManyDigits(f *field, row int) error {
	return fmt.Errorf("column %s: row %d of the row group has more digits than decimal(%d,%d) holds; raise the precision in the contract or bound the value by a check", f.name, row, f.precision, f.scale)
}

func (c *numberColumn) encode(w *chunkWriter, out *chunk) error {
	w.begin(c.field, out, &c.valid, len(c.values))
	if !c.never {
		indexes, ok := c.narrowDictionary(w)
		if !ok {
			indexes, ok = c.wideDictionary(w)
		}
		if ok {
			return c.encodeIndexes(w, indexes)
		}
	}
	encoding := int32(encodingPlain)
	if c.field.physical == physicalInt64 {
		encoding = encodingDelta
	}
	for _, s := range w.pages(&c.valid, nil) {
		body := w.startPage(&c.valid, s)
		values := c.values[s.value : s.value+s.values]
		switch {
		case len(values) == 0:
		case encoding == encodingDelta:
			body = appendDelta(body, values)
		default:
			body = c.appendPlain(body, values)
		}
		lower, upper := c.bounds(values)
		if err := w.endPage(body, s, encoding, lower, upper); err != nil {
			return err
		}
	}
	return nil
}

func (c *numberColumn) appendPlain(dst []byte, values []int64) []byte {
	if c.field.width == 4 {
		for _, v := range values {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
		}
		return dst
	}
	for _, v := range values {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
	}
	return dst
}

// narrowDictionary numbers integers of a narrow range in ascending order.
func (c *numberColumn) narrowDictionary(w *chunkWriter) ([]uint32, bool) {
	if c.field.kind == kindFloat64 || len(c.values) == 0 {
		return nil, false
	}
	least, greatest := c.values[0], c.values[0]
	for _, v := range c.values {
		least, greatest = min(least, v), max(greatest, v)
	}
	if uint64(greatest)-uint64(least) >= narrowRange {
		return nil, false
	}
	c.rank = append(c.rank[:0], make([]uint32, greatest-least+1)...)
	distinct := 0
	for _, v := range c.values {
		if c.rank[v-least] == 0 {
			c.rank[v-least] = 1
			distinct++
		}
	}
	if !dictionaryPays(distinct, len(c.values)) {
		return nil, false
	}
	for i, used := range c.rank {
		if used != 0 {
			c.rank[i] = uint32(len(c.table.values))
			c.table.values = append(c.table.values, least+int64(i))
		}
	}
	indexes := w.indexes[:0]
	for _, v := range c.values {
		indexes = append(indexes, c.rank[v-least])
	}
	w.indexes = indexes
	return indexes, true
}

// wideDictionary numbers any values in order of first use.
func (c *numberColumn) wideDictionary(w *chunkWriter) ([]uint32, bool) {
	indexes, trial := w.indexes[:0], dictionaryTrial
	defer func() { w.indexes = indexes }()
	for _, v := range c.values {
		entry, ok := c.table.index(v)
		if !ok {
			return nil, false
		}
		indexes = append(indexes, entry)
		if len(indexes) == trial {
			trial *= 2
			if dictionaryHopeless(len(c.table.values), len(indexes)) {
				return nil, false
			}
		}
	}
	return indexes, dictionaryPays(len(c.table.values), len(c.values))
}

func (c *numberColumn) encodeIndexes(w *chunkWriter, indexes []uint32) error {
	c.kept = true
	w.body = c.appendPlain(w.body[:0], c.table.values)
	if err := w.dictionary(len(c.table.values), w.body); err != nil {
		return err
	}
	value := 0
	return w.indexPages(&c.valid, indexes, len(c.table.values), func(used []uint32) (lower, upper []byte) {
		lower, upper = c.bounds(c.values[value : value+len(used)])
		value += len(used)
		return lower, upper
	})
}

// bounds are the least and greatest of values, PLAIN-encoded.
func (c *numberColumn) bounds(values []int64) (lower, upper []byte) {
	if len(values) == 0 {
		return nil, nil
	}
	if c.field.kind == kindFloat64 {
		return floatBounds(values)
	}
	least, greatest := values[0], values[0]
	for _, v := range values {
		least, greatest = min(least, v), max(greatest, v)
	}
	return c.appendPlain(nil, []int64{least}), c.appendPlain(nil, []int64{greatest})
}

// floatBounds follows the rules of parquet.thrift: NaN is left out, a zero is
// -0 as a minimum and +0 as a maximum.
func floatBounds(values []int64) (lower, upper []byte) {
	least, greatest := math.Inf(1), math.Inf(-1)
	found := false
	for _, bits := range values {
		v := math.Float64frombits(uint64(bits))
		if v != v {
			continue
		}
		found = true
		least, greatest = min(least, v), max(greatest, v)
	}
	if !found {
		return nil, nil
	}
	if least == 0 {
		least = math.Copysign(0, -1)
	}
	if greatest == 0 {
		greatest = 0
	}
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(least)), binary.LittleEndian.AppendUint64(nil, math.Float64bits(greatest))
}

func (c *numberColumn) hashes(yield func([]byte)) {
	values := c.values
	if c.kept {
		values = c.table.values
	}
	var scratch [8]byte
	for i := range values {
		yield(c.appendPlain(scratch[:0], values[i:i+1]))
	}
}

// fixedColumn holds decimals of 19 to 38 digits as big-endian two's complement.
type fixedColumn struct {
	field *field
	valid bitmap
	data  []byte
}

func (c *fixedColumn) reset() {
	c.valid.reset()
	c.data = c.data[:0]
}

func (c *fixedColumn) add(arr arrow.Array) error {
	a, ok := arr.(*array.Decimal128)
	if !ok {
		return wrongArray(c.field, arr)
	}
	missing := validity(a)
	c.valid.appendValidity(missing, a.Len())
	for i, v := range a.Values() {
		if missing.isNull(i) {
			continue
		}
		if !v.FitsInPrecision(c.field.precision) {
			return tooManyDigits(c.field, c.valid.n-a.Len()+i)
		}
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], uint64(v.HighBits()))
		binary.BigEndian.PutUint64(b[8:], v.LowBits())
		c.data = append(c.data, b[16-c.field.width:]...)
	}
	return nil
}

func (c *fixedColumn) encode(w *chunkWriter, out *chunk) error {
	width := c.field.width
	w.begin(c.field, out, &c.valid, len(c.data)/width)
	for _, s := range w.pages(&c.valid, nil) {
		values := c.data[s.value*width : (s.value+s.values)*width]
		body := append(w.startPage(&c.valid, s), values...)
		var lower, upper []byte
		for i := 0; i < len(values); i += width {
			v := values[i : i+width]
			if lower == nil || compareSigned(v, lower) < 0 {
				lower = v
			}
			if upper == nil || compareSigned(v, upper) > 0 {
				upper = v
			}
		}
		if err := w.endPage(body, s, encodingPlain, lower, upper); err != nil {
			return err
		}
	}
	return nil
}

func (c *fixedColumn) hashes(yield func([]byte)) {
	for i := 0; i < len(c.data); i += c.field.width {
		yield(c.data[i : i+c.field.width])
	}
}
