package spill

import (
	"bufio"
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// A Sorter orders numbers by keys: in memory until its limit is reached, beyond
// that in sorted runs in a file, which are merged at the end. It belongs to one goroutine.
type Sorter struct {
	dir   string
	limit int64

	keys  []byte
	items []item
	file  *os.File // nil: everything is in memory
	end   int64    // of file
	runs  []sortedRun
	count int64

	sorted bool // items are in order
}

// item is a number and where its key stands in keys.
type item struct {
	prefix   uint64 // eight bytes of the key, while items are sorted
	from, to uint32
	number   uint64
}

const itemBytes = 24

// sortedRun is a sorted run in the file: per item the length of the key (uvarint),
// the key, and the number in 8 bytes, little-endian.
type sortedRun struct{ offset, length int64 }

// maxSortBytes keeps keys within 32 bits.
const maxSortBytes = 2 << 30

// NewSorter makes an empty sorter. It keeps within limitBytes and puts what goes
// beyond into files in dir.
func NewSorter(dir string, limitBytes int64) *Sorter {
	return &Sorter{dir: dir, limit: min(limitBytes/2, maxSortBytes)} // slices that grow are twice as large for a while
}

// Add enters a number. Equal keys are ordered by number. The key is copied.
func (s *Sorter) Add(key []byte, number uint64) error {
	if len(s.items) > 0 && int64(len(s.keys)+len(key)+(len(s.items)+1)*itemBytes) > s.limit {
		if err := s.spill(); err != nil {
			return err
		}
	}
	from := len(s.keys)
	s.keys = append(s.keys, key...)
	s.items = append(s.items, item{from: uint32(from), to: uint32(len(s.keys)), number: number})
	s.count++
	return nil
}

// Grow makes room for so many more keys of so many bytes together, as far as the limit allows: what is known
// beforehand need not be copied each time that it outgrows its memory.
func (s *Sorter) Grow(keys int, keyBytes int64) {
	room := max(0, s.limit-int64(len(s.keys)+len(s.items)*itemBytes))
	if need := keyBytes + int64(keys)*itemBytes; need > room {
		keys, keyBytes = int(float64(keys)*float64(room)/float64(need)), int64(float64(keyBytes)*float64(room)/float64(need))
	}
	s.keys = slices.Grow(s.keys, int(keyBytes))
	s.items = slices.Grow(s.items, keys)
}

// Order sorts what was added. The sorter takes no more and has no file any more; the caller closes the order.
func (s *Sorter) Order(ctx context.Context) (*Order, error) {
	if s.file == nil {
		s.sort()
		numbers := make([]uint64, len(s.items))
		for i, it := range s.items {
			numbers[i] = it.number
		}
		s.keys, s.items = nil, nil
		return &Order{count: s.count, numbers: numbers}, nil
	}
	o, err := s.merge(ctx)
	return o, errors.Join(err, s.Close())
}

// spill writes what is in memory as a run.
func (s *Sorter) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "sort-*.spill")
		if err != nil {
			return fmt.Errorf("make a spill file: %w", err)
		}
		s.file = f
	}
	s.sort()
	run := sortedRun{offset: s.end}
	w := bufio.NewWriterSize(io.NewOffsetWriter(s.file, s.end), pieceBytes)
	var head []byte
	for _, it := range s.items {
		key := s.keys[it.from:it.to]
		head = binary.AppendUvarint(head[:0], uint64(len(key)))
		w.Write(head) // an error stays with the writer until Flush
		w.Write(key)
		w.Write(binary.LittleEndian.AppendUint64(head[:0], it.number))
		run.length += int64(len(binary.AppendUvarint(head[:0], uint64(len(key))))) + int64(len(key)) + 8
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("spill to %s: %w", s.file.Name(), err)
	}
	s.end += run.length
	s.runs = append(s.runs, run)
	s.keys, s.items = s.keys[:0], s.items[:0]
	return nil
}

// merge writes the numbers of all runs in order.
func (s *Sorter) merge(ctx context.Context) (*Order, error) {
	f, err := os.CreateTemp(s.dir, "order-*.spill")
	if err != nil {
		return nil, fmt.Errorf("make a spill file: %w", err)
	}
	o := &Order{count: s.count, file: f}
	sorted, err := s.Cursor()
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	w := bufio.NewWriterSize(f, pieceBytes)
	var bytes [8]byte
	for n := 0; ; n++ {
		if n&0xffff == 0 && ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), o.Close())
		}
		_, number, err := sorted.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(err, o.Close())
		}
		binary.LittleEndian.PutUint64(bytes[:], number)
		w.Write(bytes[:]) // an error stays with the writer until Flush
	}
	if err := w.Flush(); err != nil {
		return nil, errors.Join(fmt.Errorf("spill to %s: %w", f.Name(), err), o.Close())
	}
	return o, nil
}

// A Cursor gives what was added to a Sorter, in order.
type Cursor struct {
	sorter *Sorter // its items, where nothing was spilled
	at     int
	heads  runHeap
	begun  bool // the first of heads was given and is to be moved on
}

// Cursor begins at the least item. The sorter takes no more. Several cursors may
// be used at the same time, by one goroutine, until the sorter is closed.
func (s *Sorter) Cursor() (*Cursor, error) {
	if s.file == nil {
		if !s.sorted {
			s.sort()
			s.sorted = true
		}
		return &Cursor{sorter: s}, nil
	}
	if len(s.items) > 0 {
		if err := s.spill(); err != nil {
			return nil, err
		}
		s.keys, s.items = nil, nil
	}
	c := &Cursor{}
	buffer := int(max(4<<10, min(pieceBytes, s.limit/int64(len(s.runs)))))
	for _, r := range s.runs {
		h := &runHead{r: bufio.NewReaderSize(io.NewSectionReader(s.file, r.offset, r.length), buffer)}
		if err := h.next(); err != nil {
			return nil, err
		}
		c.heads = append(c.heads, h)
	}
	heap.Init(&c.heads)
	return c, nil
}

// Next gives the next item; io.EOF at the end. The key is valid until the next call.
func (c *Cursor) Next() (key []byte, number uint64, err error) {
	if c.sorter != nil {
		if c.at == len(c.sorter.items) {
			return nil, 0, io.EOF
		}
		it := c.sorter.items[c.at]
		c.at++
		return c.sorter.keys[it.from:it.to], it.number, nil
	}
	if c.begun {
		switch err := c.heads[0].next(); {
		case err == nil:
			heap.Fix(&c.heads, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&c.heads)
		default:
			return nil, 0, err
		}
	}
	if c.begun = true; len(c.heads) == 0 {
		return nil, 0, io.EOF
	}
	return c.heads[0].key, c.heads[0].number, nil
}

// Close forgets everything and removes the file. It may be called more than once.
func (s *Sorter) Close() error {
	s.keys, s.items = nil, nil
	f := s.file
	s.file = nil
	return remove(f)
}

// runHead is the next item of a run.
type runHead struct {
	r      *bufio.Reader
	key    []byte
	number uint64
}

// next reads the next item; io.EOF at the end of the run.
func (h *runHead) next() error {
	n, err := binary.ReadUvarint(h.r)
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err == nil {
		h.key = slices.Grow(h.key[:0], int(n)+8)[:n+8]
		_, err = io.ReadFull(h.r, h.key)
	}
	if err != nil {
		return fmt.Errorf("read back sorted rows: %w", err)
	}
	h.number = binary.LittleEndian.Uint64(h.key[n:])
	h.key = h.key[:n]
	return nil
}

type runHeap []*runHead

func (h runHeap) Len() int { return len(h) }
func (h runHeap) Less(i, j int) bool {
	c := bytes.Compare(h[i].key, h[j].key)
	return c < 0 || c == 0 && h[i].number < h[j].number
}
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)   { *h = append(*h, x.(*runHead)) }
func (h *runHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// An Order is the result of a Sorter: its numbers, sorted, in memory or in a file.
// Read may be called from several goroutines.
type Order struct {
	count   int64
	numbers []uint64
	file    *os.File // nil: they are in numbers
}

// Len is how many numbers there are.
func (o *Order) Len() int64 { return o.count }

// Read returns the numbers at from..to-1 in order. They are not to be changed.
func (o *Order) Read(from, to int64) ([]uint64, error) {
	if o.file == nil {
		return o.numbers[from:to], nil
	}
	raw := make([]byte, 8*(to-from))
	if _, err := o.file.ReadAt(raw, 8*from); err != nil {
		return nil, fmt.Errorf("read back the order of rows from %s: %w", o.file.Name(), err)
	}
	numbers := make([]uint64, to-from)
	for i := range numbers {
		numbers[i] = binary.LittleEndian.Uint64(raw[8*i:])
	}
	return numbers, nil
}

// Close forgets everything and removes the file. It may be called more than once.
func (o *Order) Close() error {
	o.numbers = nil
	f := o.file
	o.file = nil
	return remove(f)
}

// remove closes and removes a spill file, if there is one.
func remove(f *os.File) error {
	if f == nil {
		return nil
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
