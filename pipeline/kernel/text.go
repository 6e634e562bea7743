package kernel

import (
	"fmt"
	"math"
	"sort"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// text is a column of text: value i is data[offsets[i]:offsets[i+1]]. It may
// share memory with the batch it was read from or with a buffer.
type text struct {
	offsets []int32 // one more than there are rows, ascending
	data    []byte
}

func (t text) rows() int { return len(t.offsets) - 1 }

func (t text) cell(i int) []byte { return t.data[t.offsets[i]:t.offsets[i+1]] }

// end is the position behind the last value.
func (t text) end() int { return int(t.offsets[len(t.offsets)-1]) }

// textOf views a string array without copying it. Nulls are not looked at.
func textOf(a *array.String) text {
	if a.Len() == 0 {
		return text{offsets: []int32{0}}
	}
	t := text{offsets: a.ValueOffsets()}
	if b := a.Data().Buffers()[2]; b != nil {
		t.data = b.Bytes()
	}
	return t
}

// buffer is the memory of a text column, kept from batch to batch.
type buffer struct {
	offsets []int32
	data    []byte
}

// An editor writes an edited copy of a text column, with the fewest moves: rows
// that are not edited are copied in runs, and a column that nothing was edited in
// is not copied at all. Rows are edited in ascending order, each once.
type editor struct {
	in      text
	out     *buffer
	changed Bits   // rows edited; may be nil
	cell    []byte // scratch in which a step builds a new value

	next int // rows below it are in out
	row  int // where rowAt last was
	any  bool
}

// begin starts a copy of in. changed, if not nil, gets the edited rows.
func (e *editor) begin(in text, out *buffer, changed Bits) {
	e.in, e.out, e.changed = in, out, changed
	e.next, e.row, e.any = 0, 0, false
}

// replace gives row i the value v, which must differ from the one it has.
func (e *editor) replace(i int, v []byte) {
	e.write(i, v)
	if e.changed != nil {
		e.changed.Set(i)
	}
}

// write is replace without counting the change.
func (e *editor) write(i int, v []byte) {
	if !e.any {
		e.any = true
		if n := len(e.in.offsets); cap(e.out.offsets) < n {
			e.out.offsets = make([]int32, n, n+n/4)
		} else {
			e.out.offsets = e.out.offsets[:n]
		}
		e.out.offsets[0] = 0
		e.out.data = e.out.data[:0]
	}
	e.copyTo(i)
	e.out.data = append(e.out.data, v...)
	e.out.offsets[i+1] = int32(len(e.out.data))
	e.next = i + 1
}

// copyTo copies the rows from next up to, not including, row i.
func (e *editor) copyTo(i int) {
	if i == e.next {
		return
	}
	from, to := e.in.offsets[e.next], e.in.offsets[i]
	shift := int32(len(e.out.data)) - from
	e.out.data = append(e.out.data, e.in.data[from:to]...)
	src := e.in.offsets[e.next+1 : i+1]
	dst := e.out.offsets[e.next+1 : i+1 : i+1]
	for k, o := range src {
		dst[k] = o + shift
	}
	e.next = i
}

// maxColumnBytes is what an Arrow string column holds.
const maxColumnBytes = math.MaxInt32

func errColumnTooLong(rows, size int) error {
	return fmt.Errorf("a column of %d rows grew to %d bytes, more than an Arrow string column holds (2^31-1); make batches smaller", rows, size)
}

// finish ends the copy and gives the edited column: in itself if nothing was edited.
func (e *editor) finish() (text, error) {
	if !e.any {
		return e.in, nil
	}
	e.copyTo(e.in.rows())
	if len(e.out.data) > maxColumnBytes {
		return text{}, errColumnTooLong(e.in.rows(), len(e.out.data))
	}
	return text{offsets: e.out.offsets, data: e.out.data}, nil
}

// rowAt is the row whose value covers byte position pos. Positions must not
// descend between two calls after begin.
func (e *editor) rowAt(pos int) int {
	o := e.in.offsets
	p := int32(pos)
	row, stride := e.row, 1
	for row+stride < len(o) && o[row+stride] <= p {
		row += stride
		stride <<= 1
	}
	// o[row] <= p, and the first offset above p is at most stride away
	limit := min(row+stride, len(o)-1)
	row += sort.Search(limit-row, func(k int) bool { return o[row+k+1] > p })
	e.row = row
	return row
}
