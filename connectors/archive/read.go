package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/s2"
)

// Get streams the raw bytes of archived content and gives their number. The
// stream hashes what it delivers: where the end would be, a *CorruptError stands instead
// of io.EOF if the bytes are not those of the name. The caller closes it.
//
// What this Store itself put is held against the XXH64 that it took then, at a tenth of the cost: that finds what
// a disk does to bytes. Verify, and every later process, takes the SHA-256 again.
func (s *Store) Get(hash string) (io.ReadCloser, int64, error) {
	f, err := s.find(hash)
	if err != nil {
		return nil, 0, err
	}
	return s.verifying(f, s.expected(hash)), f.size, nil
}

// expectation is what the bytes of a content must come to.
type expectation struct {
	hash.Hash
	sum string
}

func (s *Store) expected(name string) expectation {
	if sum, ok := s.fresh.Load(name); ok {
		return expectation{xxhash.New(), fmt.Sprintf("%016x", sum)}
	}
	return bySHA256(name)
}

func bySHA256(name string) expectation { return expectation{sha256.New(), name} }

func (s *Store) verifying(f *stored, e expectation) *verifying {
	return &verifying{f: f, raw: f.raw(), digest: e}
}

// raw is the stream of raw bytes, unverified.
func (f *stored) raw() io.Reader {
	if !f.compressed {
		return f.File
	}
	if f.size == 0 {
		return strings.NewReader("") // a stream of nothing but an index, which s2 does not read
	}
	block := int(max(1<<10, min(f.size, 1<<20)))            // not a MiB for each of thousands of small files
	return s2.NewReader(f.File, s2.ReaderAllocBlock(block)) // it passes over index and seal
}

// verifying hashes in a goroutine beside its reader, so that hashing and what the reader does with
// the bytes share the time. One goroutine reads it.
type verifying struct {
	f      *stored
	raw    io.Reader
	digest expectation // owned by the goroutine between start and wait
	read   int64
	queue  chan []byte // nil before the first Read
	free   chan []byte
	idle   chan struct{} // closed when the goroutine is done
	buf    []byte        // collects small reads
	err    error         // sticky
}

const (
	hashBlock  = 256 << 10
	hashBlocks = 4
)

func (v *verifying) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	if v.queue == nil {
		v.start()
	}
	n, err := v.raw.Read(p)
	v.read += int64(n)
	for b := p[:n]; len(b) > 0; {
		k := copy(v.buf[len(v.buf):cap(v.buf)], b)
		v.buf = v.buf[:len(v.buf)+k]
		b = b[k:]
		if len(v.buf) == cap(v.buf) {
			v.queue <- v.buf
			v.buf = (<-v.free)[:0]
		}
	}
	if err != nil {
		v.err = v.end(err)
	}
	return n, v.err
}

func (v *verifying) start() {
	v.queue, v.free, v.idle = make(chan []byte, hashBlocks), make(chan []byte, hashBlocks+1), make(chan struct{})
	size := int(max(1, min(v.f.size, hashBlock)))
	for range hashBlocks {
		v.free <- make([]byte, 0, size)
	}
	v.buf = make([]byte, 0, size)
	go func() {
		defer close(v.idle)
		for b := range v.queue {
			v.digest.Write(b)
			v.free <- b
		}
	}()
}

// stop ends the goroutine and waits for it.
func (v *verifying) stop() {
	if v.queue != nil {
		close(v.queue)
		<-v.idle
		v.queue = nil
	}
}

func (v *verifying) end(err error) error {
	v.stop()
	if err != io.EOF {
		if v.f.compressed && !isIO(err) {
			return v.f.corrupt(fmt.Sprintf("after %d bytes: %v", v.read, err))
		}
		return fmt.Errorf("archive object %s, after %d bytes: %w", v.f.hash, v.read, err)
	}
	v.digest.Write(v.buf)
	if got := hex.EncodeToString(v.digest.Sum(nil)); got != v.digest.sum {
		return v.f.corrupt(fmt.Sprintf("its %d bytes have the hash %s", v.read, got))
	}
	return io.EOF
}

// Close may come before the end; nothing is verified then.
func (v *verifying) Close() error {
	v.stop()
	if v.err == nil {
		v.err = errors.New("archive object is closed")
	}
	return v.f.Close()
}

// isIO tells an error of the disk from one of the S2 format.
func isIO(err error) bool {
	return !errors.Is(err, s2.ErrCorrupt) && !errors.Is(err, s2.ErrCRC) && !errors.Is(err, s2.ErrUnsupported) && !errors.Is(err, s2.ErrTooLarge) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// Verify reads content through and compares its hash, and the stored bytes with
// their seal. A nil error means: there, and not one byte of the file changed.
func (s *Store) Verify(ctx context.Context, hash string) error {
	if err := s.checkSeal(ctx, hash); err != nil {
		return err
	}
	f, err := s.find(hash)
	if err != nil {
		return err
	}
	r := s.verifying(f, bySHA256(hash))
	defer r.Close()
	n, err := io.Copy(io.Discard, withContext{ctx, r})
	if err == nil && n != f.size {
		return f.corrupt(fmt.Sprintf("its index says %d bytes, it has %d", f.size, n))
	}
	return err
}

// withContext stops between reads when its context ends.
type withContext struct {
	ctx context.Context
	r   io.Reader
}

func (c withContext) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// A Range is a piece of raw content.
type Range struct {
	Offset int64
	Length int32
}

// ReadRanges fetches pieces of archived content in one pass. Ranges are sorted by Offset; they may touch,
// overlap or repeat. f is called for each in order, with its index; raw is valid during the call only. What lies between is
// skipped, compressed blocks without being decoded where the gap is large.
// The whole is not hashed: pieces are covered by the checksums of S2 only. An error of f ends the
// pass and is returned.
func (s *Store) ReadRanges(ctx context.Context, hash string, sorted []Range, f func(i int, raw []byte) error) error {
	st, err := s.find(hash)
	if err != nil {
		return err
	}
	defer st.Close()
	w := &sliding{src: st.raw(), f: st}
	for i, r := range sorted {
		if i%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		end := r.Offset + int64(r.Length)
		if r.Offset < 0 || r.Length < 0 || end > st.size || i > 0 && r.Offset < sorted[i-1].Offset {
			return fmt.Errorf("archive object %s of %d bytes: range %d (%d bytes at %d) is out of bounds or out of order", hash, st.size, i, r.Length, r.Offset)
		}
		raw, err := w.at(r.Offset, int(r.Length))
		if err != nil {
			return fmt.Errorf("archive object %s, %d bytes at %d: %w", hash, r.Length, r.Offset, err)
		}
		if err := f(i, raw); err != nil {
			return err
		}
	}
	return nil
}

// sliding reads forward and keeps what the next range may still need.
type sliding struct {
	src io.Reader
	f   *stored
	buf []byte // raw bytes from off on
	off int64
}

// slideStep is how much is read at once.
const slideStep = 256 << 10

func (w *sliding) at(offset int64, n int) ([]byte, error) {
	if have := w.off + int64(len(w.buf)); offset >= have {
		if err := w.skip(offset - have); err != nil {
			return nil, err
		}
		w.buf, w.off = w.buf[:0], offset
	}
	from := int(offset - w.off)
	if missing := from + n - len(w.buf); missing > 0 {
		kept := copy(w.buf, w.buf[from:])
		w.buf, w.off, from = w.buf[:kept], offset, 0
		want := max(n, min(slideStep, int(min(w.f.size-offset, slideStep))))
		if cap(w.buf) < want {
			w.buf = append(make([]byte, 0, want+want/4), w.buf...)
		}
		got, err := io.ReadFull(w.src, w.buf[kept:want])
		w.buf = w.buf[:kept+got]
		if err != nil {
			return nil, w.f.corrupt(fmt.Sprintf("it ends or breaks off at byte %d: %v", w.off+int64(len(w.buf)), err))
		}
	}
	return w.buf[from : from+n], nil
}

func (w *sliding) skip(n int64) error {
	switch src := w.src.(type) {
	case *s2.Reader:
		return src.Skip(n)
	case io.Seeker:
		_, err := src.Seek(n, io.SeekCurrent)
		return err
	}
	_, err := io.CopyN(io.Discard, w.src, n)
	return err
}
