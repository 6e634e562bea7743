package parquet

import "encoding/binary"

// The types of the Thrift compact protocol that Parquet metadata uses.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

// thriftWriter appends structs in the Thrift compact protocol. Fields must be
// written in the order of their ids.
type thriftWriter struct {
	buf  []byte
	last []int16 // id of the last field written, per open struct
}

func (t *thriftWriter) reset(buf []byte) {
	t.buf = buf
	t.last = append(t.last[:0], 0)
}

func (t *thriftWriter) header(id int16, kind byte) {
	top := len(t.last) - 1
	if delta := id - t.last[top]; delta > 0 && delta <= 15 {
		t.buf = append(t.buf, byte(delta)<<4|kind)
	} else {
		t.buf = append(t.buf, kind)
		t.varint(int64(id))
	}
	t.last[top] = id
}

func (t *thriftWriter) varint(v int64) { // zigzag
	t.buf = binary.AppendUvarint(t.buf, uint64(v<<1)^uint64(v>>63))
}

func (t *thriftWriter) i16(id int16, v int16) {
	t.header(id, thriftI16)
	t.varint(int64(v))
}

func (t *thriftWriter) i32(id int16, v int32) {
	t.header(id, thriftI32)
	t.varint(int64(v))
}

func (t *thriftWriter) i64(id int16, v int64) {
	t.header(id, thriftI64)
	t.varint(v)
}

func (t *thriftWriter) bool(id int16, v bool) {
	if v {
		t.header(id, thriftTrue)
	} else {
		t.header(id, thriftFalse)
	}
}

func (t *thriftWriter) bytes(id int16, v []byte) {
	t.header(id, thriftBinary)
	t.elemBytes(v)
}

func (t *thriftWriter) string(id int16, v string) {
	t.header(id, thriftBinary)
	t.buf = binary.AppendUvarint(t.buf, uint64(len(v)))
	t.buf = append(t.buf, v...)
}

// open begins a struct field; close ends it.
func (t *thriftWriter) open(id int16) {
	t.header(id, thriftStruct)
	t.last = append(t.last, 0)
}

// list begins a list of n elements, to be written with the elem methods or,
// for structs, between openElem and close.
func (t *thriftWriter) list(id int16, kind byte, n int) {
	t.header(id, thriftList)
	if n < 15 {
		t.buf = append(t.buf, byte(n)<<4|kind)
		return
	}
	t.buf = append(t.buf, 0xf0|kind)
	t.buf = binary.AppendUvarint(t.buf, uint64(n))
}

func (t *thriftWriter) openElem() { t.last = append(t.last, 0) }

func (t *thriftWriter) close() {
	t.buf = append(t.buf, 0)
	t.last = t.last[:len(t.last)-1]
}

func (t *thriftWriter) elemBytes(v []byte) {
	t.buf = binary.AppendUvarint(t.buf, uint64(len(v)))
	t.buf = append(t.buf, v...)
}

func (t *thriftWriter) elemBool(v bool) {
	if v {
		t.buf = append(t.buf, thriftTrue)
	} else {
		t.buf = append(t.buf, thriftFalse)
	}
}

// empty writes a struct field without content, the members of Parquet's unions.
func (t *thriftWriter) empty(id int16) {
	t.open(id)
	t.close()
}

// stop ends the outermost struct.
func (t *thriftWriter) stop() { t.buf = append(t.buf, 0) }
