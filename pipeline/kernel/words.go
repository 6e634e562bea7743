package kernel

import (
	"encoding/binary"
	"math/bits"
)

// shortWord is the longest word, in bytes, that is compared as one integer.
const shortWord = 7

// A wordTable finds whole values among a fixed list of words. Words of up to
// seven bytes (two Chinese characters, a six-digit code) are one 64-bit compare
// in a small open hash table, longer ones a map lookup. Most values are ruled out
// by their length. It is immutable.
type wordTable struct {
	lengths uint64 // bit n: there is a word of n bytes; bit 63: of 63 or more
	short   []wordSlot
	shift   uint8
	long    map[string]int32
}

type wordSlot struct {
	key   uint64 // 0: free, for no word but the empty one packs to 0
	index int32
}

// newWordTable indexes the words by their position; of equal words the first
// counts. The empty word is not a word.
func newWordTable(list []string) *wordTable {
	t := &wordTable{}
	short := 0
	for _, w := range list {
		if w == "" {
			continue
		}
		t.lengths |= 1 << min(len(w), 63)
		if len(w) <= shortWord {
			short++
		}
	}
	if short > 0 {
		size := 1 << bits.Len(uint(short)*2)
		t.short = make([]wordSlot, size)
		t.shift = uint8(64 - bits.TrailingZeros(uint(size)))
	}
	for k, w := range list {
		switch {
		case w == "":
		case len(w) <= shortWord:
			t.insert(packWord([]byte(w), 0, len(w)), int32(k))
		default:
			if t.long == nil {
				t.long = map[string]int32{}
			}
			if _, there := t.long[w]; !there {
				t.long[w] = int32(k)
			}
		}
	}
	return t
}

func (t *wordTable) insert(key uint64, index int32) {
	at := t.slot(key)
	for t.short[at].key != 0 && t.short[at].key != key {
		at = (at + 1) & (len(t.short) - 1)
	}
	if t.short[at].key == 0 {
		t.short[at] = wordSlot{key, index}
	}
}

// slot is where the search for key begins (Fibonacci hashing).
func (t *wordTable) slot(key uint64) int {
	return int(key * 0x9E3779B97F4A7C15 >> t.shift)
}

// find gives the index of the word data[lo:hi], -1 if it is none.
func (t *wordTable) find(data []byte, lo, hi int) int {
	n := hi - lo
	if t.lengths>>min(uint(n), 63)&1 == 0 || n == 0 {
		return -1
	}
	if n > shortWord {
		if k, ok := t.long[string(data[lo:hi])]; ok {
			return int(k)
		}
		return -1
	}
	key := packWord(data, lo, hi)
	for at := t.slot(key); ; at = (at + 1) & (len(t.short) - 1) {
		switch t.short[at].key {
		case key:
			return int(t.short[at].index)
		case 0:
			return -1
		}
	}
}

// packWord is the integer of data[lo:hi], at most seven bytes: its bytes below, its length on top.
func packWord(data []byte, lo, hi int) uint64 {
	n := uint(hi - lo)
	if lo+8 <= len(data) {
		return binary.LittleEndian.Uint64(data[lo:])&(1<<(8*n)-1) | uint64(n)<<56
	}
	var w uint64
	for k, c := range data[lo:hi] {
		w |= uint64(c) << (8 * k)
	}
	return w | uint64(n)<<56
}
