// Package csv reads delimited text fast: archived bytes in, Arrow record
// batches with the identity of every record out.
//
// Reading is split in two so that it scales over cores and stays exact. Next
// cuts the stream, strictly in order, into chunks of whole records: that is
// cheap. Decode turns one chunk into a batch.Batch: that is where the time
// goes, and any number of goroutines do it at once. The result does not depend
// on the chunk size or on who decodes.
//
// # Grammar
//
// RFC 4180 with any ASCII delimiter. A record ends at LF or CRLF outside of
// quotes or at the end of the file; a lone CR is data (at the end of a line
// just before LF or at the very end of the file it belongs to the terminator). Blanks
// around cells are data. A quote opens a quoted cell only as its first byte;
// inside, a doubled quote is one quote. Blank lines are skipped and not counted,
// except in files of one column, where they are records with an empty cell.
// The first line that is not blank is the header.
//
// A record that does not follow the grammar is a bad record: counted, kept
// with its raw bytes, never the end of the run. Where quoting is broken
// (stray_quote, unclosed_quote) the extent of the record cannot be trusted,
// so that the bad record is its first physical line only and reading resumes at the
// next line. Of several defects the first of this list is reported: stray_quote
// or unclosed_quote, nul, encoding, ragged.
//
// # Encodings
//
// UTF-8, and GB18030 with its subsets GBK and GB2312. Spans and raw bytes
// always speak of the archived bytes; only columns are transcoded. Invalid
// bytes make the record a bad record.
//
// Start at Open, then split.go (where records end) and decode.go (cells to
// columns). index.go, utf8.go and gb18030.go are the hot loops.
package csv

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
)

const (
	// DefaultChunkSize is how many bytes a chunk aims at: a chunk and the columns made of it
	// stay within the second-level cache of a core, and the cost of handing it over vanishes.
	DefaultChunkSize = 1 << 20
	// DefaultMaxRecord is the longest record that is read. Longer ones are broken quoting or
	// no CSV at all; the limit is what bounds memory.
	DefaultMaxRecord = 8 << 20
	// maxMaxRecord keeps offsets inside a chunk, after transcoding, within int32.
	maxMaxRecord = 256 << 20
	// headSize is how much of the file is looked at to find the delimiter and the header.
	headSize = 1 << 20
)

// Options say how to read. The zero value detects everything.
type Options struct {
	Name      string   // of the object, for messages
	Encoding  string   // "" or auto | utf-8 | gb18030 | gbk (read as its superset gb18030)
	Delimiter string   // "" or auto (one of , ; tab |) | one ASCII character that is no letter, digit, quote or line break
	MaxRecord int      // bytes a record may have, the line feed not counted; 0: DefaultMaxRecord
	ChunkSize int      // bytes a chunk aims at; 0: DefaultChunkSize. The result does not depend on it
	Size      int64    // bytes of the object where they are known, else 0: buffers for a small file are then small
	Object    int      // ordinal of the object in the run, copied into batches
	FirstSeq  int      // sequence number of the first batch
	Want      []string // columns to materialise; nil: all. The others are checked, but every cell of them reads as empty
}

// Detection says what a file turned out to be, and how that was found.
type Detection struct {
	Encoding  string `json:"encoding"`      // utf-8 | gb18030
	Delimiter string `json:"delimiter"`     // one character
	BOM       bool   `json:"bom,omitempty"` // the file begins with a byte order mark
	How       string `json:"how"`           // for a person
}

// Totals are what Next has handed out so far, counted by the splitter,
// independently of the decoders.
type Totals struct {
	Records int64 // good and bad, the header not counted
	Lines   int64 // physical lines, the header's included
	Bytes   int64 // of the object, byte order mark and header included
}

// A Reader reads one object. Next and Detected may be called from several
// goroutines; each goroutine decodes with a Decoder of its own.
type Reader struct {
	opts   Options
	header []string
	want   []bool // by column
	schema *arrow.Schema
	pool   pool

	mu       sync.Mutex // guards all below: the stream has one position
	in       input
	split    splitter
	encoding encoding // undecided as long as only ASCII was seen
	detected Detection
	how      [2]string // how encoding and delimiter were found
	seq      int
	offset   int64 // of the next byte to be cut, in the object
	row      int64 // number of the next record
	line     int64 // number of the next physical line
	err      error // sticky
}

// Open reads the head of an object, finds encoding and delimiter where they are
// not given, and reads the header. r is read only by Next from then on; closing
// it is up to the caller. Errors name the object and say what to do.
func Open(r io.Reader, o Options) (*Reader, error) {
	if o.MaxRecord == 0 {
		o.MaxRecord = DefaultMaxRecord
	}
	if o.ChunkSize == 0 {
		o.ChunkSize = DefaultChunkSize
	}
	if o.MaxRecord < 0 || o.MaxRecord > maxMaxRecord {
		return nil, fmt.Errorf("read %s: max_record is %d bytes; give 1 to %d", o.Name, o.MaxRecord, maxMaxRecord)
	}
	// A window never exceeds the longest record, so that no record inside it needs measuring.
	o.ChunkSize = min(max(o.ChunkSize, 1), o.MaxRecord)
	if o.Size > 0 && o.Size < int64(o.ChunkSize) {
		o.ChunkSize = int(o.Size) + 1 // one more than there are, so that the first window sees the end
	}
	rd := &Reader{opts: o, in: input{r: r}, seq: o.FirstSeq, row: 1, line: 1}
	rd.pool.limit = 64
	if err := rd.readHead(); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Name, err)
	}
	if err := rd.choose(o.Want); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Name, err)
	}
	return rd, nil
}

// choose turns the wanted names into a mask and builds the schema.
func (r *Reader) choose(want []string) error {
	r.want = make([]bool, len(r.header))
	for i := range r.want {
		r.want[i] = want == nil
	}
	for _, name := range want {
		i := slices.Index(r.header, name)
		if i < 0 {
			return fmt.Errorf("there is no column %q; the header has %q", name, r.header)
		}
		r.want[i] = true
	}
	fields := make([]arrow.Field, len(r.header))
	for i, name := range r.header {
		fields[i] = arrow.Field{Name: name, Type: arrow.BinaryTypes.String}
	}
	r.schema = arrow.NewSchema(fields, nil)
	return nil
}

// Header is the names of the columns, in source order, trimmed, each once.
func (r *Reader) Header() []string { return slices.Clone(r.header) }

// Detected says what the file is. While only ASCII has been read the encoding
// is open and given as utf-8; it is decided at the first byte that is not ASCII.
func (r *Reader) Detected() Detection {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.detected
	d.Encoding = r.encoding.String()
	d.How = r.how[0] + "; " + r.how[1]
	return d
}

// Totals are the counts over all chunks handed out so far.
func (r *Reader) Totals() Totals {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Totals{Records: r.row - 1, Lines: r.line - 1, Bytes: r.offset}
}
