package contentroot

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// hashRows is the number of rows encoded at a time: their encoding stays in the
// second-level cache.
const hashRows = 1024

// rowHasher encodes rows in the canonical form, a column at a time, and hashes
// them. It belongs to one goroutine.
type rowHasher struct {
	text   []byte // the encoded rows, one after the other
	starts [hashRows + 1]int
	at     [hashRows]int // where the next cell of each row goes
}

// hash calls yield with the hash of each row of columns [from, to); to-from is
// at most hashRows.
func (h *rowHasher) hash(columns []arrow.Array, from, to int, yield func(Hash)) error {
	rows := to - from
	size := h.at[:rows]
	for i := range size {
		size[i] = 1 // rowPrefix
	}
	for _, arr := range columns {
		if err := measure(arr, from, size); err != nil {
			return err
		}
	}
	total := 0
	for i, n := range size {
		h.starts[i] = total
		total += n
	}
	h.starts[rows] = total
	if cap(h.text) < total {
		h.text = make([]byte, total+total/4)
	}
	h.text = h.text[:total]
	for i := range size {
		h.text[h.starts[i]] = rowPrefix
		h.at[i] = h.starts[i] + 1
	}
	for _, arr := range columns {
		h.fill(arr, from, rows)
	}
	for i := range rows {
		yield(sha256.Sum256(h.text[h.starts[i]:h.starts[i+1]]))
	}
	return nil
}

func valid(arr arrow.Array) (bits []byte, from int) {
	if arr.NullN() == 0 {
		return nil, 0
	}
	return arr.NullBitmapBytes(), arr.Data().Offset()
}

func isNull(bits []byte, i int) bool { return bits != nil && bits[i/8]>>(i%8)&1 == 0 }

func uvarintLen(n int) int {
	l := 1
	for ; n >= 0x80; n >>= 7 {
		l++
	}
	return l
}

// measure adds the encoded size of each cell of arr[from:] to size.
func measure(arr arrow.Array, from int, size []int) error {
	width := 0
	switch a := arr.(type) {
	case *array.String:
		bits, off := valid(a)
		offsets := a.ValueOffsets()
		for i := range size {
			if isNull(bits, off+from+i) {
				size[i]++
				continue
			}
			n := int(offsets[from+i+1] - offsets[from+i])
			size[i] += n + 1
			if n+1 >= 0x80 {
				size[i] += uvarintLen(n+1) - 1
			}
		}
		return nil
	case *array.Int64, *array.Float64, *array.Timestamp:
		width = 8
	case *array.Date32:
		width = 4
	case *array.Decimal128:
		width = 16
	case *array.Boolean:
		width = 1
	default:
		return fmt.Errorf("content root: type %s has no canonical form", arr.DataType())
	}
	bits, off := valid(arr)
	for i := range size {
		size[i]++
		if !isNull(bits, off+from+i) {
			size[i] += width
		}
	}
	return nil
}

// shortCopy is the length of the copy made for any text of at most as many
// bytes, most cells of a register: two words instead of a call. What it spoils
// belongs to later cells of the same row, which are written afterwards.
const shortCopy = 16

// fill writes the cells of arr[from:from+rows] behind those already written.
func (h *rowHasher) fill(arr arrow.Array, from, rows int) {
	if a, ok := arr.(*array.String); ok {
		h.fillText(a, from, rows)
		return
	}
	bits, off := valid(arr)
	put := func(i int) []byte { // 00 or 01, and the room behind it
		t := h.text[h.at[i]:]
		if isNull(bits, off+from+i) {
			t[0] = 0
			h.at[i]++
			return nil
		}
		t[0] = 1
		return t[1:]
	}
	switch a := arr.(type) {
	case *array.Int64:
		for i, v := range a.Int64Values()[from : from+rows] {
			if t := put(i); t != nil {
				binary.BigEndian.PutUint64(t, uint64(v))
				h.at[i] += 9
			}
		}
	case *array.Timestamp:
		for i, v := range a.TimestampValues()[from : from+rows] {
			if t := put(i); t != nil {
				binary.BigEndian.PutUint64(t, uint64(v))
				h.at[i] += 9
			}
		}
	case *array.Float64:
		for i, v := range a.Float64Values()[from : from+rows] {
			if t := put(i); t != nil {
				binary.BigEndian.PutUint64(t, floatBits(v))
				h.at[i] += 9
			}
		}
	case *array.Date32:
		for i, v := range a.Date32Values()[from : from+rows] {
			if t := put(i); t != nil {
				binary.BigEndian.PutUint32(t, uint32(v))
				h.at[i] += 5
			}
		}
	case *array.Decimal128:
		for i, v := range a.Values()[from : from+rows] {
			if t := put(i); t != nil {
				binary.BigEndian.PutUint64(t, uint64(v.HighBits()))
				binary.BigEndian.PutUint64(t[8:], v.LowBits())
				h.at[i] += 17
			}
		}
	case *array.Boolean:
		for i := range rows {
			if t := put(i); t != nil {
				t[0] = 0
				if a.Value(from + i) {
					t[0] = 1
				}
				h.at[i] += 2
			}
		}
	}
}

func floatBits(v float64) uint64 {
	if v != v {
		return 0x7ff8000000000000
	}
	return math.Float64bits(v)
}

func (h *rowHasher) fillText(a *array.String, from, rows int) {
	bits, off := valid(a)
	offsets := a.ValueOffsets()
	var data []byte
	if b := a.Data().Buffers()[2]; b != nil {
		data = b.Bytes()
	}
	for i := range rows {
		at := h.at[i]
		if isNull(bits, off+from+i) {
			h.text[at] = 0
			h.at[i] = at + 1
			continue
		}
		start, end := int(offsets[from+i]), int(offsets[from+i+1])
		n := end - start
		if n+1 < 0x80 {
			h.text[at] = byte(n + 1)
			at++
		} else {
			at += binary.PutUvarint(h.text[at:], uint64(n+1))
		}
		if n <= shortCopy && start+shortCopy <= len(data) && at+shortCopy <= h.starts[i+1] {
			from, to := data[start:start+shortCopy], h.text[at:at+shortCopy]
			binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
			binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
		} else {
			copy(h.text[at:], data[start:end])
		}
		h.at[i] = at + n
	}
}
