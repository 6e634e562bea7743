package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// A Chunk is a run of whole records, not yet decoded. It has one owner; Decode
// takes it over. Dropping it undecoded is allowed.
type Chunk struct {
	seq     int
	offset  int64  // of data[0] in the object
	row     int64  // number of its first record
	line    int64  // number of its first physical line
	data    []byte // archived bytes
	records int
	lines   int
	faults  []fault
	gb      bool // GB18030, else UTF-8
}

// Seq is the position of the chunk in the run.
func (c *Chunk) Seq() int { return c.seq }

// Size is the number of bytes of the object in the chunk.
func (c *Chunk) Size() int { return len(c.data) }

// Records is the number of records in the chunk, good and bad, as counted by the splitter.
func (c *Chunk) Records() int { return c.records }

// ErrRecordTooLong is in the chain of the error for a line longer than MaxRecord.
var ErrRecordTooLong = errors.New("the record is too long")

// Next cuts the next chunk off the stream. It returns io.EOF after the last one;
// any error stays. Calls from several goroutines are served one after the other.
func (r *Reader) Next(ctx context.Context) (*Chunk, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return nil, r.err
	}
	c, err := r.next()
	if err != nil {
		if err != io.EOF {
			err = fmt.Errorf("read %s: line %d, byte %d: %w", r.opts.Name, r.line, r.offset, err)
		}
		r.err = err
		return nil, err
	}
	return c, nil
}

func (r *Reader) next() (*Chunk, error) {
	limit := r.opts.MaxRecord + 1 // a whole record and its LF
	for need := r.opts.ChunkSize; ; need = min(need*2, limit) {
		if r.encoding == undecided {
			if err := r.decideLate(need); err != nil {
				return nil, err
			}
		}
		buf := r.pool.bytes(need)
		n, eof, err := r.in.window(buf)
		if err != nil {
			r.pool.give(buf)
			return nil, err
		}
		if n == 0 {
			return nil, io.EOF
		}
		w := buf[:n]
		c := r.split.cut(w, eof)
		if c.end == 0 && n == limit {
			k := bytes.IndexByte(w, '\n')
			if k < 0 {
				return nil, fmt.Errorf("%w: no line break within %d bytes; if this is right raise max_record in the contract, else the file is not line-oriented text or was cut", ErrRecordTooLong, r.opts.MaxRecord)
			}
			c = cut{end: k + 1, records: 1, lines: 1, faults: []fault{{code: codeUnclosed, at: bytes.IndexByte(w, '"')}}}
		}
		if c.end == 0 {
			r.in.unread(buf[:n], 0)
			r.pool.give(buf)
			continue
		}
		r.in.unread(w, c.end)
		chunk := &Chunk{
			seq: r.seq, offset: r.offset, row: r.row, line: r.line, data: buf[:c.end],
			records: c.records, lines: c.lines, faults: c.faults, gb: r.encoding == gb18030,
		}
		r.seq++
		r.offset += int64(c.end)
		r.row += int64(c.records)
		r.line += int64(c.lines)
		return chunk, nil
	}
}

// decideLate looks for the first byte that is not ASCII in the coming window
// and decides the encoding by the bytes from there on. What it looks at does
// not depend on the chunk size.
func (r *Reader) decideLate(window int) error {
	if err := r.in.ensure(window); err != nil {
		return err
	}
	at := firstHigh(r.in.ahead(window))
	if at < 0 {
		return nil
	}
	if err := r.in.ensure(at + sampleSize); err != nil {
		return err
	}
	d, how, err := decideEncoding(r.in.ahead(at + sampleSize)[at:], r.in.drained(at+sampleSize), r.offset+int64(at))
	if err != nil {
		return err
	}
	r.setEncoding(d, how)
	return nil
}

func (r *Reader) setEncoding(e encoding, how string) {
	r.encoding = e
	r.how[0] = how
	r.split.ambiguous = e == gb18030 && r.split.delim >= 0x30
}

// input is a stream with unbounded pushback. Bytes pushed back are copied once.
type input struct {
	r    io.Reader
	buf  []byte // read or pushed back, not yet taken: buf[from:]
	from int
	took int   // bytes of the last window that came from buf
	err  error // from r: io.EOF, or what went wrong
}

// window fills w and returns how much it got; eof says that nothing follows.
func (in *input) window(w []byte) (n int, eof bool, err error) {
	in.took = copy(w, in.buf[in.from:])
	n = in.took
	for n < len(w) && in.err == nil {
		n += in.read(w[n:])
	}
	if in.err != nil && in.err != io.EOF {
		return 0, false, in.err
	}
	// A full window is not the end: asking the reader would need a place for the answer.
	return n, n < len(w), nil
}

// unread takes back the end of the last window, w[used:].
func (in *input) unread(w []byte, used int) {
	if in.took == len(w) {
		in.from += used
		return
	}
	in.buf = append(in.buf[:0], w[used:]...)
	in.from = 0
}

// ensure reads ahead so that n bytes are at hand, or all there are. The buffer
// grows with what comes: most of ten thousand small files do not fill their heads.
func (in *input) ensure(n int) error {
	if len(in.buf)-in.from < n && in.err == nil {
		in.buf = append(in.buf[:0], in.buf[in.from:]...)
		in.from = 0
		for have := len(in.buf); have < n && in.err == nil; have = len(in.buf) {
			to := min(n, max(2*have, firstRead))
			in.buf = slices.Grow(in.buf, to-have)[:to]
			for have < to && in.err == nil {
				have += in.read(in.buf[have:to])
			}
			in.buf = in.buf[:have]
		}
	}
	if in.err != nil && in.err != io.EOF {
		return in.err
	}
	return nil
}

// firstRead is how much of a stream is read ahead before it is known to be longer.
const firstRead = 32 << 10

// ahead is at most the next n bytes of what is at hand.
func (in *input) ahead(n int) []byte {
	b := in.buf[in.from:]
	return b[:min(n, len(b))]
}

// drained says whether the stream ends within the next n bytes.
func (in *input) drained(n int) bool { return in.err == io.EOF && len(in.buf)-in.from <= n }

// read reads once, and again if a reader returns nothing and no error.
func (in *input) read(p []byte) int {
	for range 100 {
		n, err := in.r.Read(p)
		in.err = err
		if n > 0 || err != nil {
			return n
		}
	}
	in.err = io.ErrNoProgress
	return 0
}
