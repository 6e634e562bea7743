// Package batch holds the one thing that every stage of a run passes to the
// next: consecutive records of one source object as Arrow columns, together
// with the identity of each record.
//
// The identity of a record is the SHA-256 of the source object and the number
// of the record in it. A batch knows the object by its ordinal in the run; the
// run keeps the list of objects. Quarantine, defect returns, survivorship and
// row lineage all speak of records by this identity.
//
// The package knows nothing of formats, rules or runs. Start at Batch.
package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// RowID orders the records of a run and names one of them: the ordinal of the
// source object in the upper 24 bits, the number of the record in the lower 40.
// Its numeric order is the source order.
type RowID uint64

// MaxRow is the largest record number a RowID can carry: 2^40 - 1.
const MaxRow = 1<<40 - 1

// NewRowID packs an object ordinal (0..2^24-1) and a record number (1..MaxRow).
func NewRowID(object int, row int64) RowID { return RowID(uint64(object)<<40 | uint64(row)&MaxRow) }

// Object is the ordinal of the source object in the run, from 0.
func (id RowID) Object() int { return int(id >> 40) }

// Row is the number of the record in its object, from 1, the header not counted.
func (id RowID) Row() int64 { return int64(id & MaxRow) }

// A Span says where the raw bytes of a record stand in its source object.
type Span struct {
	Row    int64 // record number, from 1; the header is not a record
	Line   int64 // physical line on which the record begins, from 1
	Offset int64 // byte offset in the object, as archived (before transcoding)
	Length int32 // bytes, the line terminator not included
}

// A BadRecord is a record that could not be decoded. It never reaches the
// columns; it goes to the quarantine with its raw bytes.
type BadRecord struct {
	Span
	Code    string // stable word: ragged, stray_quote, unclosed_quote, nul, encoding
	Message string // for a person: what is wrong, without any value of the record
	Raw     []byte // the record's bytes as archived; owned by the BadRecord
}

// A Batch is a run of consecutive records of one source object.
//
// Record has one string column per source column, in source order; an absent
// trailing cell or an empty one is the empty string, never null (only cleaning
// makes nulls). Spans has one element per row of Record. Rows read from the
// source for this batch are len(Spans) + len(Bad).
//
// A Batch has one owner at a time. The owner calls Release when neither
// the columns nor Raw are needed any more; the buffers then go back to the pool
// of the decoder that made them.
type Batch struct {
	Seq    int // position among the batches of the run, from 0, without gaps
	Object int // ordinal of the source object in the run, from 0
	Record arrow.RecordBatch
	Spans  []Span
	Bad    []BadRecord

	Raw       []byte // the archived bytes that the batch was decoded from
	RawOffset int64  // offset of Raw[0] in the source object

	OnRelease func() // set by the decoder; may be nil
}

// Rows is the number of decoded records.
func (b *Batch) Rows() int { return len(b.Spans) }

// ID is the identity of decoded record i.
func (b *Batch) ID(i int) RowID { return NewRowID(b.Object, b.Spans[i].Row) }

// RawRecord returns the archived bytes of decoded record i. They are valid until Release.
func (b *Batch) RawRecord(i int) []byte {
	s := b.Spans[i]
	from := s.Offset - b.RawOffset
	return b.Raw[from : from+int64(s.Length)]
}

// Release hands the buffers back. The batch must not be used afterwards.
func (b *Batch) Release() {
	if b.OnRelease != nil {
		f := b.OnRelease
		b.OnRelease = nil
		f()
	}
}
