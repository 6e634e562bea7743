package csv

import (
	"sync"

	"clearwell/batch"
)

// slack is how many bytes behind the end of a buffer may be read and written by
// copies in steps of 16 bytes.
const slack = 64

// pool keeps the buffers of released batches for the next ones. It holds at
// most limit of each kind, so that memory follows the number of batches in flight.
type pool struct {
	mu    sync.Mutex // guards all below
	limit int
	raw   [][]byte
	sets  []*buffers
	zeros []byte // int32 zeros: the offsets of columns that are not wanted
}

// buffers are what the columns of one batch live in.
type buffers struct {
	cols  []column
	spans []batch.Span
}

// A column is an Arrow string column in the making.
type column struct {
	data    []byte // len is what may be written to
	size    int    // bytes used
	offsets []int32
}

// bytes gives a buffer of n bytes with slack behind it.
func (p *pool) bytes(n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.raw) - 1; i >= 0; i-- {
		if b := p.raw[i]; cap(b) >= n+slack {
			last := len(p.raw) - 1
			p.raw[i], p.raw = p.raw[last], p.raw[:last]
			return b[:n]
		}
	}
	return make([]byte, n, n+slack)
}

// give takes a buffer back.
func (p *pool) give(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.raw) < p.limit {
		p.raw = append(p.raw, b)
	}
}

func (p *pool) set(columns int) *buffers {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.sets) - 1; last >= 0 {
		s := p.sets[last]
		p.sets = p.sets[:last]
		return s
	}
	return &buffers{cols: make([]column, columns)}
}

func (p *pool) giveSet(s *buffers) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sets) < p.limit {
		p.sets = append(p.sets, s)
	}
}

// zeroOffsets is n offsets of an empty string column as bytes; shared, read-only.
func (p *pool) zeroOffsets(n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.zeros) < 4*n {
		p.zeros = make([]byte, 4*n+4*n/4)
	}
	return p.zeros[:4*n]
}
