package csv

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// copyColumns appends the cells of the portion's good records to the columns,
// column by column: one output stream at a time, from input that is in the cache.
func (d *Decoder) copyColumns() {
	for c := range d.out.cols {
		if d.r.want[c] {
			d.copyColumn(&d.out.cols[c], c)
		}
	}
}

func (d *Decoder) copyColumn(col *column, c int) {
	t := d.t[:len(d.t)+16]
	pos, quoted := d.pos, d.quoted
	last := c == len(d.r.header)-1
	offsets, o := col.offsets, col.size
	first := len(offsets)
	offsets = append(offsets, d.rows...) // makes room; every element is overwritten
	dst := col.data
	for k, at := range d.rows {
		var from, to int
		double := false
		if at >= 0 {
			from, to = int(pos[int(at)+c-1]+1), int(pos[int(at)+c])
			if last && to > from && t[to-1] == '\r' {
				to--
			}
		} else {
			q := quoted[int(^at)+2*c:]
			from, to = int(q[0]), int(q[1]&^doubled)
			double = q[1]&doubled != 0
		}
		n := to - from
		if len(dst)-o < n+32 {
			dst = append(make([]byte, 0, max(2*len(dst), o+n+portion)), dst[:o]...)
			dst = dst[:cap(dst)]
		}
		switch {
		case double:
			n = copyUndoubled(dst[o:], t[from:to])
		case n <= 16:
			*(*[16]byte)(dst[o:]) = *(*[16]byte)(t[from:])
		case n <= 32:
			*(*[16]byte)(dst[o:]) = *(*[16]byte)(t[from:])
			*(*[16]byte)(dst[o+16:]) = *(*[16]byte)(t[from+16:])
		default:
			copy(dst[o:o+n], t[from:to])
		}
		o += n
		offsets[first+k] = int32(o)
	}
	col.data, col.size, col.offsets = dst, o, offsets
}

// copyUndoubled copies the inside of a quoted cell with doubled quotes undone.
func copyUndoubled(dst, src []byte) int {
	n := 0
	for {
		k := bytes.IndexByte(src, '"')
		if k < 0 {
			return n + copy(dst[n:], src)
		}
		n += copy(dst[n:], src[:k+1])
		src = src[k+2:]
	}
}

// finish hangs the columns, uncopied, into the batch as Arrow arrays. The arrays
// live in pooled buffers: after Release of the batch they must not be read.
func (d *Decoder) finish() {
	out, b, r := d.out, d.batch, d.r
	rows := len(out.spans)
	b.Spans = out.spans
	arrays := make([]arrow.Array, len(out.cols))
	for c := range out.cols {
		col := &out.cols[c]
		offsets, data := arrow.Int32Traits.CastToBytes(col.offsets), col.data[:col.size]
		if !r.want[c] {
			offsets, data = r.pool.zeroOffsets(rows+1), nil
		}
		arr := array.NewData(arrow.BinaryTypes.String, rows,
			[]*memory.Buffer{nil, memory.NewBufferBytes(offsets), memory.NewBufferBytes(data)}, nil, 0, 0)
		arrays[c] = array.NewStringData(arr)
	}
	b.Record = array.NewRecordBatch(r.schema, arrays, int64(rows))
	raw, p := d.chunk.data, &r.pool
	b.OnRelease = func() {
		p.give(raw)
		p.giveSet(out)
	}
}
