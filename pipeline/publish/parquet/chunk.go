package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
)

// maxPageBytes is the size of values at which a page is halved. Pages of the
// usual number of rows stay well below; it is for columns of long text.
const maxPageBytes = 4 << 20

// chunkWriter appends the pages of column chunks to the bytes of a row group.
// It belongs to one encoder and so to one goroutine.
type chunkWriter struct {
	pageRows int
	zstd     *zstd.Encoder
	thrift   thriftWriter

	out   []byte // the row group so far
	chunk *chunk // the chunk under way
	field *field

	packing packing // how the next pages of the chunk are compressed
	prefix  int     // bytes of the page before its text; for the packings of literals.go
	huffman huff0.Scratch

	body    []byte // page under way, not compressed
	stored  []byte // page under way, compressed
	indexes []uint32
	spans   []span
}

// span is a run of rows with the run of their values; nulls have no value.
type span struct{ row, rows, value, values int }

// begin starts the chunk of one column.
func (w *chunkWriter) begin(f *field, c *chunk, valid *bitmap, values int) {
	w.field, w.chunk, w.packing = f, c, packGeneral
	*c = chunk{offset: int64(len(w.out)), dataOffset: -1, rows: int64(valid.n), nulls: int64(valid.n - values)}
}

// pages cuts the rows of a column into pages: every pageRows rows, and then in
// halves while size says that the values of a page are too long. size may be nil.
func (w *chunkWriter) pages(valid *bitmap, size func(span) int) []span {
	w.spans = w.spans[:0]
	value := 0
	for row := 0; row < valid.n; row += w.pageRows {
		rows := min(w.pageRows, valid.n-row)
		values := countOnes(valid.bits, row, row+rows)
		w.halve(valid, size, span{row, rows, value, values})
		value += values
	}
	return w.spans
}

func (w *chunkWriter) halve(valid *bitmap, size func(span) int, s span) {
	if size == nil || s.rows == 1 || size(s) <= maxPageBytes {
		w.spans = append(w.spans, s)
		return
	}
	rows := s.rows / 2
	values := countOnes(valid.bits, s.row, s.row+rows)
	w.halve(valid, size, span{s.row, rows, s.value, values})
	w.halve(valid, size, span{s.row + rows, s.rows - rows, s.value + values, s.values - values})
}

// dictionary writes the dictionary page of a chunk: entries PLAIN-encoded.
func (w *chunkWriter) dictionary(entries int, body []byte) error {
	w.chunk.dictionary = true
	w.chunk.distinct = int64(entries)
	_, err := w.write(true, entries, encodingPlain, body)
	return err
}

// startPage returns the body of a new data page with its definition levels.
func (w *chunkWriter) startPage(valid *bitmap, s span) []byte {
	body := append(w.body[:0], 0, 0, 0, 0)
	body = appendLevels(body, valid, s.row, s.row+s.rows, s.values)
	binary.LittleEndian.PutUint32(body, uint32(len(body)-4))
	return body
}

// endPage writes a data page. body is what startPage returned with the values
// appended; lower and upper are PLAIN-encoded bounds, which are copied, nil if
// there are none.
func (w *chunkWriter) endPage(body []byte, s span, encoding int32, lower, upper []byte) error {
	w.body = body
	if s.values == 0 { // an empty DELTA or dictionary page is legal, but some readers fail on it
		encoding = encodingPlain
		w.chunk.plainPages++
	} else {
		w.chunk.encoding = encoding
	}
	if w.chunk.dataOffset < 0 {
		w.chunk.dataOffset = int64(len(w.out))
	}
	p := page{offset: int64(len(w.out)), firstRow: int64(s.row), rows: s.rows, nulls: s.rows - s.values}
	if lower != nil {
		p.min, p.max = bytes.Clone(lower), bytes.Clone(upper)
		w.widen(p.min, p.max)
	} else if s.values > 0 {
		w.chunk.noIndex = true
	}
	n, err := w.write(false, s.rows, encoding, body)
	p.bytes = int32(n)
	w.chunk.pages = append(w.chunk.pages, p)
	return err
}

func (w *chunkWriter) widen(lower, upper []byte) {
	if w.chunk.min == nil || w.field.compare(lower, w.chunk.min) < 0 {
		w.chunk.min = lower
	}
	if w.chunk.max == nil || w.field.compare(upper, w.chunk.max) > 0 {
		w.chunk.max = upper
	}
}

// write compresses a page body and appends header and body; it returns the
// bytes appended.
func (w *chunkWriter) write(dictionary bool, values int, encoding int32, body []byte) (int, error) {
	if len(body) > math.MaxInt32 {
		return 0, fmt.Errorf("column %s: a page of %d bytes is more than Parquet can hold (2 GiB); its cells are too long to publish", w.field.name, len(body))
	}
	w.compress(body, w.packing)
	if spare := len(w.stored) + 1024; cap(w.out)-len(w.out) < spare { // by half: append alone grows by a quarter and copies twice as often
		w.out = slices.Grow(w.out, max(spare, cap(w.out)/2))
	}
	from := len(w.out)
	w.thrift.reset(w.out)
	writePageHeader(&w.thrift, dictionary, values, encoding, len(body), len(w.stored), crc32.ChecksumIEEE(w.stored))
	header := len(w.thrift.buf) - from
	w.out = append(w.thrift.buf, w.stored...)
	w.chunk.uncompressed += int64(header + len(body))
	w.chunk.compressed += int64(header + len(w.stored))
	return header + len(w.stored), nil
}

// compress fills stored with body as a zstd frame.
func (w *chunkWriter) compress(body []byte, how packing) {
	if how == packHex {
		var ok bool
		if w.stored, ok = appendHexFrame(w.stored[:0], body, w.prefix); ok {
			return
		}
	}
	if how == packHuffman {
		w.stored = appendHuffmanFrame(w.stored[:0], body, w.prefix, &w.huffman)
		return
	}
	w.stored = w.zstd.EncodeAll(body, w.stored[:0])
}

// indexPages writes the data pages of a dictionary-encoded column. bounds gives
// the bounds of the entries used on a page.
func (w *chunkWriter) indexPages(valid *bitmap, indexes []uint32, entries int, bounds func(used []uint32) (lower, upper []byte)) error {
	width := indexWidth(entries)
	for _, s := range w.pages(valid, nil) {
		body := w.startPage(valid, s)
		var lower, upper []byte
		if s.values > 0 {
			body = append(body, byte(width))
			body = appendHybrid(body, indexes[s.value:s.value+s.values], width)
			lower, upper = bounds(indexes[s.value : s.value+s.values])
		}
		if err := w.endPage(body, s, encodingRLEDictionary, lower, upper); err != nil {
			return err
		}
	}
	return nil
}
