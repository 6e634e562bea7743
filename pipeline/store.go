package pipeline

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"clearwell/pipeline/dedupe"
)

// A rowStore holds the checked rows of a run between its two passes: the
// winners of a key, the rows that break a uniqueness rule and the order of
// publication are known only when all rows were seen.
//
// Rows are kept in frames, one per decoded batch, numbered in source order. The
// columns of a frame are one block of bytes in the layout of Arrow buffers:
// in memory until the limit is reached, from then on in one spill file.
type rowStore struct {
	dir   string // of the spill file
	limit int64  // bytes of blocks kept in memory

	mu     sync.RWMutex // guards what follows
	frames []*frame     // by number; nil while a worker still fills it
	held   int64
	spill  *os.File
	end    int64 // of the spill file
}

// frame is what stays in memory of a frame, and where the rest is.
type frame struct {
	types    []arrow.DataType // of its columns
	object   int
	rows     int
	firstRow int64
	numbers  []int64           // record numbers where bad records leave gaps; nil: firstRow, firstRow+1, …
	alive    []atomic.Uint64   // rows still on their way to publication
	failing  bool              // some row breaks a rule of its own cells
	broken   [][]atomic.Uint64 // per condition over all rows: rows that break it

	block  []byte // nil when spilled
	offset int64
	size   int
}

func newRowStore(dir string, limit int64) *rowStore {
	return &rowStore{dir: dir, limit: limit}
}

// add registers a frame before its rows enter any index: from now on other
// workers may take rows out of it.
func (s *rowStore) add(number int, f *frame, alive []uint64, settledRules int) {
	f.broken = make([][]atomic.Uint64, settledRules)
	for i := range f.broken {
		f.broken[i] = make([]atomic.Uint64, len(alive))
	}
	f.alive = make([]atomic.Uint64, len(alive))
	for i, w := range alive {
		f.alive[i].Store(w)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.frames) <= number {
		s.frames = append(s.frames, nil)
	}
	s.frames[number] = f
}

func (s *rowStore) frame(number int) *frame {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.frames[number]
}

// fill gives a frame its columns and bitmaps (one bit a row; nil for none set). They are copied.
func (s *rowStore) fill(f *frame, cols []arrow.Array, bitmaps [][]uint64) error {
	size := blockSize(f.rows, cols, bitmaps)
	s.mu.Lock()
	inMemory := s.held+int64(size) <= s.limit
	if inMemory {
		s.held += int64(size)
	} else {
		if s.spill == nil {
			file, err := os.CreateTemp(s.dir, "rows-*.spill")
			if err != nil {
				s.mu.Unlock()
				return fmt.Errorf("make the spill file for rows: %w", err)
			}
			s.spill = file
		}
		f.offset = s.end
		s.end += int64(size)
	}
	s.mu.Unlock()

	f.size = size
	if inMemory {
		f.block = newBlock(size)
		appendBlock(f.block[:0], f.rows, cols, bitmaps)
		return nil
	}
	block := getBlock(size)
	appendBlock(block[:0], f.rows, cols, bitmaps)
	_, err := s.spill.WriteAt(block, f.offset)
	putBlock(block)
	if err != nil {
		return fmt.Errorf("spill rows to %s: %w", s.spill.Name(), err)
	}
	return nil
}

// refill gives a frame other columns and bitmaps. They may be views into what it had.
func (s *rowStore) refill(f *frame, cols []arrow.Array, bitmaps [][]uint64) error {
	if f.block != nil {
		s.mu.Lock()
		s.held -= int64(f.size)
		s.mu.Unlock()
		f.block = nil
	}
	return s.fill(f, cols, bitmaps)
}

// loaded is a frame's contents: views into a block, valid until done is called.
type loaded struct {
	cols    []arrow.Array
	bitmaps [][]uint64 // nil: none set
	done    func()
}

func (s *rowStore) load(f *frame) (loaded, error) {
	l := loaded{done: func() {}}
	block := f.block
	if block == nil {
		block = getBlock(f.size)
		if _, err := s.spill.ReadAt(block, f.offset); err != nil {
			putBlock(block)
			return l, fmt.Errorf("read spilled rows back from %s: %w", s.spill.Name(), err)
		}
		l.done = func() { putBlock(block) }
	}
	l.cols, l.bitmaps = parseBlock(block, f.types, f.rows)
	return l, nil
}

// loadIfAny loads the frame of that number; no columns if there is none.
func (s *rowStore) loadIfAny(number int) (loaded, error) {
	s.mu.RLock()
	var f *frame
	if number < len(s.frames) {
		f = s.frames[number]
	}
	s.mu.RUnlock()
	if f == nil {
		return loaded{done: func() {}}, nil
	}
	return s.load(f)
}

// close forgets everything and removes the spill file.
func (s *rowStore) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames = nil
	if s.spill != nil {
		s.spill.Close()
		os.Remove(s.spill.Name())
		s.spill = nil
	}
}

// rowNumber is the record number of row i in the source object.
func (f *frame) rowNumber(i int) int64 {
	if f.numbers != nil {
		return f.numbers[i]
	}
	return f.firstRow + int64(i)
}

// kill takes row i out of the way to publication and says whether it was still on it.
func (f *frame) kill(i int) bool {
	bit := uint64(1) << (i & 63)
	return f.alive[i>>6].And(^bit)&bit != 0
}

// remove takes the row at loc out as a duplicate.
func (s *rowStore) remove(loc dedupe.Loc) {
	s.frame(loc.Frame()).kill(loc.Row())
}

// breaks is the bitmap of the rows that break condition u over all rows; nil: none.
func (f *frame) breaks(u int) []uint64 {
	var out []uint64
	for i := range f.broken[u] {
		if w := f.broken[u][i].Load(); w != 0 {
			if out == nil {
				out = make([]uint64, len(f.broken[u]))
			}
			out[i] = w
		}
	}
	return out
}

func (f *frame) aliveCount() int {
	n := 0
	for i := range f.alive {
		n += bits.OnesCount64(f.alive[i].Load())
	}
	return n
}

// aliveBits appends the bitmap of the rows still alive.
func (f *frame) aliveBits(dst []uint64) []uint64 {
	for i := range f.alive {
		dst = append(dst, f.alive[i].Load())
	}
	return dst
}

// aliveRows appends the numbers of the rows still alive, without the first skip, at most limit of them.
func (f *frame) aliveRows(dst []int32, skip, limit int) []int32 {
	for i := range f.alive {
		w := f.alive[i].Load()
		if n := bits.OnesCount64(w); skip >= n {
			skip -= n
			continue
		}
		for ; w != 0 && limit > 0; w &= w - 1 {
			if skip > 0 {
				skip--
				continue
			}
			dst = append(dst, int32(i<<6+bits.TrailingZeros64(w)))
			limit--
		}
		if limit == 0 {
			break
		}
	}
	return dst
}

// A block is, for each column in turn, each of its Arrow buffers as a length of
// 8 bytes (all ones: no buffer) and the bytes, padded to 8; then the bitmaps in
// the same form, without bytes where all rows are set.

const (
	noBuffer = ^uint64(0)
	allSet   = ^uint64(0) - 1
)

func pad8(n int) int { return (n + 7) &^ 7 }

func blockSize(rows int, cols []arrow.Array, bitmaps [][]uint64) int {
	n := 0
	for _, c := range cols {
		for _, b := range columnBuffers(c) {
			n += 8 + pad8(len(b))
		}
	}
	for _, b := range bitmaps {
		n += 8
		if b != nil && !isFull(b, rows) {
			n += 8 * len(b)
		}
	}
	return n
}

func appendBlock(dst []byte, rows int, cols []arrow.Array, bitmaps [][]uint64) []byte {
	var zero [8]byte
	for _, c := range cols {
		for _, b := range columnBuffers(c) {
			if b == nil {
				dst = binary.LittleEndian.AppendUint64(dst, noBuffer)
				continue
			}
			dst = binary.LittleEndian.AppendUint64(dst, uint64(len(b)))
			dst = append(dst, b...)
			dst = append(dst, zero[:pad8(len(b))-len(b)]...)
		}
	}
	for _, b := range bitmaps {
		switch {
		case b == nil:
			dst = binary.LittleEndian.AppendUint64(dst, noBuffer)
		case isFull(b, rows):
			dst = binary.LittleEndian.AppendUint64(dst, allSet)
		default:
			dst = binary.LittleEndian.AppendUint64(dst, uint64(8*len(b)))
			dst = append(dst, unsafe.Slice((*byte)(unsafe.Pointer(&b[0])), 8*len(b))...)
		}
	}
	return dst
}

// isFull says whether the first rows bits are all set.
func isFull(b []uint64, rows int) bool {
	for i := range rows / 64 {
		if b[i] != ^uint64(0) {
			return false
		}
	}
	tail := rows & 63
	return tail == 0 || b[rows/64]&(1<<tail-1) == 1<<tail-1
}

// fullBits is a bitmap with the first rows bits set.
func fullBits(rows int) []uint64 {
	b := make([]uint64, (rows+63)/64)
	for i := range b {
		b[i] = ^uint64(0)
	}
	if tail := rows & 63; tail != 0 {
		b[len(b)-1] = 1<<tail - 1
	}
	return b
}

// columnBuffers is the used part of each buffer of an array: validity and
// values, for strings validity, offsets and bytes. The array must not be sliced.
func columnBuffers(c arrow.Array) (out [3][]byte) {
	d := c.Data()
	if d.Offset() != 0 {
		panic("pipeline: a sliced column cannot be stored")
	}
	n := c.Len()
	bufs := d.Buffers()
	if c.NullN() > 0 && bufs[0] != nil {
		out[0] = bufs[0].Bytes()[:(n+7)/8]
	}
	switch t := c.(type) {
	case *array.String:
		out[1] = bytesOf(bufs[1])
		if n == 0 {
			out[1] = nil
		} else {
			out[1] = out[1][:4*(n+1)]
			out[2] = bytesOf(bufs[2])[:t.ValueOffsets()[n]]
		}
	case *array.Boolean:
		out[1] = bytesOf(bufs[1])[:(n+7)/8]
	default:
		width := c.DataType().(arrow.FixedWidthDataType).BitWidth() / 8
		out[1] = bytesOf(bufs[1])[:n*width]
	}
	return out
}

func bytesOf(b *memory.Buffer) []byte {
	if b == nil {
		return nil
	}
	return b.Bytes()
}

func parseBlock(block []byte, types []arrow.DataType, rows int) ([]arrow.Array, [][]uint64) {
	cols := make([]arrow.Array, len(types))
	next := func() *memory.Buffer {
		n := binary.LittleEndian.Uint64(block)
		block = block[8:]
		if n == noBuffer {
			return nil
		}
		b := block[:n:n]
		block = block[pad8(int(n)):]
		return memory.NewBufferBytes(b)
	}
	for i, t := range types {
		bufs := []*memory.Buffer{next(), next()}
		third := next()
		nulls := 0
		if bufs[0] != nil {
			nulls = array.UnknownNullCount
		}
		if t.ID() == arrow.STRING {
			bufs = append(bufs, third)
		}
		data := array.NewData(t, rows, bufs, nil, nulls, 0)
		cols[i] = array.MakeFromData(data)
	}
	var bitmaps [][]uint64
	for len(block) >= 8 {
		n := binary.LittleEndian.Uint64(block)
		block = block[8:]
		switch n {
		case noBuffer:
			bitmaps = append(bitmaps, nil)
		case allSet:
			bitmaps = append(bitmaps, fullBits(rows))
		default:
			bitmaps = append(bitmaps, unsafe.Slice((*uint64)(unsafe.Pointer(&block[0])), n/8))
			block = block[n:]
		}
	}
	return cols, bitmaps
}

// blockPool holds the blocks that spilled frames pass through; they are of about
// the same size. Blocks that stay in memory are never taken from it: one that is
// larger than its frame would hold on to the difference.
var blockPool sync.Pool

func getBlock(n int) []byte {
	if v := blockPool.Get(); v != nil {
		if b := *v.(*[]byte); cap(b) >= n {
			return b[:n]
		}
	}
	return newBlock(n)
}

// newBlock returns n bytes, aligned to 8 as Arrow's typed views need.
func newBlock(n int) []byte {
	words := make([]uint64, (n+7)/8+1)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)[:n]
}

func putBlock(b []byte) {
	b = b[:0]
	blockPool.Put(&b)
}
