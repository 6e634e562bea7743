package profile

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

const (
	// maxDistinct is how many values of a column are held at most. The sketch that
	// takes over beyond has a standard error of 1/sqrt of at least half of them: 0.6 %.
	maxDistinct = 1 << 16
	minDistinct = 1 << 8
	// keptBytes is how much of a value is held: what is longer is text for people,
	// and its kind shows in its beginning. Its hash and length are of all of it.
	keptBytes = 512
	// entryBytes is what a value costs beside its bytes: its entry and two slots of the index.
	entryBytes = 48
)

// A table counts the values of one column.
//
// As long as they fit it holds all of them. Beyond, it is the adaptive distinct
// sample of Wegman (Flajolet 1990; Gibbons 2001): only values whose hash begins with level zero
// bits are held, and level rises by one whenever they do not fit. A value that is
// held was held since it came first, so its count is exact; which values are
// held follows from the set of values alone, not from their order. Any number
// of workers may therefore fill it, in any order, behind a lock.
type table struct {
	limit      int // entries
	limitBytes int // of kept values
	level      uint
	entries    []entry
	data       []byte
	index      []int32 // entry + 1 by the low bits of the hash; open addressing
	empty      int64   // cells without any byte
	cells      int64   // all cells
}

// entry is a value of a table.
type entry struct {
	hash  uint64
	count int64
	from  uint32 // in table.data
	size  uint32 // bytes kept
	bytes uint32 // bytes of the whole value
}

func newTable(limit int) *table {
	return &table{limit: limit, limitBytes: limit * 64, index: make([]int32, 1024)}
}

// addColumn counts the cells of a column: data between consecutive offsets.
func (t *table) addColumn(data []byte, offsets []int32) {
	var last []byte
	lastAt := int32(-1)
	t.cells += int64(len(offsets) - 1)
	for i := range len(offsets) - 1 {
		v := data[offsets[i]:offsets[i+1]]
		if len(v) == 0 {
			t.empty++
			continue
		}
		if lastAt >= 0 && bytes.Equal(v, last) {
			t.entries[lastAt].count++
			continue
		}
		h := xxhash.Sum64(v)
		if t.level > 0 && h>>(64-t.level) != 0 {
			continue
		}
		last, lastAt = v, t.add(h, v)
	}
}

// add counts one value with hash h and gives its entry; -1 if it is not held after all.
func (t *table) add(h uint64, v []byte) int32 {
	mask := uint64(len(t.index) - 1)
	kept := v[:min(len(v), keptBytes)]
	p := h & mask
	for ; t.index[p] != 0; p = (p + 1) & mask {
		e := &t.entries[t.index[p]-1]
		if e.hash == h && int(e.bytes) == len(v) && bytes.Equal(t.value(e), kept) {
			e.count++
			return t.index[p] - 1
		}
	}
	t.entries = append(t.entries, entry{hash: h, count: 1, from: uint32(len(t.data)), size: uint32(len(kept)), bytes: uint32(len(v))})
	t.data = append(t.data, kept...)
	t.index[p] = int32(len(t.entries))
	if len(t.entries) > t.limit || len(t.data) > t.limitBytes {
		t.shrink()
		return -1
	}
	if 2*len(t.entries) > len(t.index) {
		t.reindex(2 * len(t.index))
	}
	return int32(len(t.entries) - 1)
}

// shrink raises the level until the values fit.
func (t *table) shrink() {
	for len(t.entries) > t.limit || len(t.data) > t.limitBytes {
		t.level++
		kept, end := t.entries[:0], uint32(0)
		for _, e := range t.entries {
			if e.hash>>(64-t.level) != 0 {
				continue
			}
			copy(t.data[end:], t.data[e.from:e.from+e.size])
			e.from = end
			end += e.size
			kept = append(kept, e)
		}
		t.entries, t.data = kept, t.data[:end]
	}
	t.reindex(len(t.index))
}

func (t *table) reindex(size int) {
	if size == len(t.index) {
		clear(t.index)
	} else {
		t.index = make([]int32, size)
	}
	mask := uint64(size - 1)
	for i, e := range t.entries {
		p := e.hash & mask
		for t.index[p] != 0 {
			p = (p + 1) & mask
		}
		t.index[p] = int32(i + 1)
	}
}

// find gives the entry of a value, -1 if it is not held. Concurrent calls are safe once the table is complete.
func (t *table) find(v []byte) int32 {
	h := xxhash.Sum64(v)
	mask := uint64(len(t.index) - 1)
	kept := v[:min(len(v), keptBytes)]
	for p := h & mask; t.index[p] != 0; p = (p + 1) & mask {
		e := &t.entries[t.index[p]-1]
		if e.hash == h && int(e.bytes) == len(v) && bytes.Equal(t.value(e), kept) {
			return t.index[p] - 1
		}
	}
	return -1
}

func (t *table) value(e *entry) []byte { return t.data[e.from : e.from+e.size] }

// exact says that every value of the column is held.
func (t *table) exact() bool { return t.level == 0 }

// settle puts the entries into their order: most frequent first, then by their bytes.
func (t *table) settle() {
	slices.SortFunc(t.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.count, a.count), bytes.Compare(t.value(&a), t.value(&b)), cmp.Compare(a.bytes, b.bytes), cmp.Compare(a.hash, b.hash))
	})
	t.reindex(len(t.index))
}

// runes is the number of characters of a value: exact for what is kept, for longer ones scaled up.
func (t *table) runes(e *entry) int64 {
	n := int64(utf8.RuneCount(t.value(e)))
	if e.size < e.bytes {
		n = n * int64(e.bytes) / int64(e.size)
	}
	return n
}
