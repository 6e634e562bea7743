package profile

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/batch"
)

// sampledRows is how many rows are held to find keys and dependencies worth looking at: a
// dependency broken by 1 row in 100 is broken by some 40 to 80 of them.
const sampledRows = 1 << 13

// A rowSample holds rows chosen by a hash of their identity, all of them as long as
// there are few: the same rows whoever reads the file in whatever order.
type rowSample struct {
	level atomic.Uint32

	mu   sync.Mutex
	rows []sampledRow // guarded by mu
}

type sampledRow struct {
	id    batch.RowID
	hash  uint64
	cells []string // by column of the profile; of a column that the file lacks: empty
}

// spread is the finaliser of splitmix64: rows that follow each other get hashes that do not.
func spread(id batch.RowID) uint64 {
	z := uint64(id) + 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// add looks at the rows of a batch; columns are its columns by column of the profile, nil where it has none.
func (s *rowSample) add(b *batch.Batch, columns []*array.String) {
	for i := range b.Rows() {
		id := b.ID(i)
		h := spread(id)
		if level := s.level.Load(); level > 0 && h>>(64-level) != 0 {
			continue
		}
		cells := make([]string, len(columns))
		for c, col := range columns {
			if col != nil {
				v := col.Value(i)
				cells[c] = string([]byte(v[:min(len(v), keptBytes)])) // a copy: the batch's buffers are used again
			}
		}
		s.insert(sampledRow{id, h, cells})
	}
}

func (s *rowSample) insert(r sampledRow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	level := s.level.Load()
	if level > 0 && r.hash>>(64-level) != 0 {
		return
	}
	s.rows = append(s.rows, r)
	for len(s.rows) > sampledRows {
		level++
		s.rows = slices.DeleteFunc(s.rows, func(r sampledRow) bool { return r.hash>>(64-level) != 0 })
		s.level.Store(level)
	}
}

// settle gives the rows in source order.
func (s *rowSample) settle() []sampledRow {
	slices.SortFunc(s.rows, func(a, b sampledRow) int { return cmp.Compare(a.id, b.id) })
	return s.rows
}
