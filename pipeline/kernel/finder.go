package kernel

import "bytes"

// maxIndexed is how many distinct bytes a finder looks for with bytes.IndexByte,
// which compares 32 bytes at a time; with more, a table per byte is faster.
const maxIndexed = 5

// A finder gives the positions of any of a few bytes in a column. It lets a step
// pass over the columns and cells that it cannot change at memory speed. It is
// immutable; the state of one pass is a search.
type finder struct {
	bytes []byte
	table [256]bool
}

// newFinder looks for the given bytes.
func newFinder(lead ...byte) *finder {
	f := &finder{}
	for _, c := range lead {
		if !f.table[c] {
			f.table[c] = true
			f.bytes = append(f.bytes, c)
		}
	}
	return f
}

// search is one pass of a finder over data, up to maxIndexed bytes at a time.
type search struct {
	f    *finder
	data []byte
	at   [maxIndexed]int // next position of bytes[k]; len(data) if there is none
}

// begin starts a pass at position from of data.
func (f *finder) begin(data []byte, from int) search {
	s := search{f: f, data: data}
	if len(f.bytes) <= maxIndexed {
		for k, c := range f.bytes {
			s.at[k] = indexFrom(data, from, c)
		}
	}
	return s
}

// next is the first position at or behind from with one of the bytes, -1 if there is none.
func (s *search) next(from int) int {
	if len(s.f.bytes) > maxIndexed {
		for i := from; i < len(s.data); i++ {
			if s.f.table[s.data[i]] {
				return i
			}
		}
		return -1
	}
	best := len(s.data)
	for k, c := range s.f.bytes {
		if s.at[k] < from {
			s.at[k] = indexFrom(s.data, from, c)
		}
		best = min(best, s.at[k])
	}
	if best == len(s.data) {
		return -1
	}
	return best
}

func indexFrom(data []byte, from int, c byte) int {
	if k := bytes.IndexByte(data[from:], c); k >= 0 {
		return from + k
	}
	return len(data)
}
