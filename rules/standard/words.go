package standard

import "math/bits"

// wordTable maps a fixed set of short words to values without allocation: open
// addressing at a load of at most a quarter, so that nearly every search ends
// at the first slot.
type wordTable struct {
	words  []string // by slot; empty: free
	values []string
	shift  uint
	mask   uint64
}

// newWordTable makes the table. No word is empty.
func newWordTable(words map[string]string) *wordTable {
	size := 4 << bits.Len(uint(len(words)))
	t := &wordTable{
		words:  make([]string, size),
		values: make([]string, size),
		shift:  uint(64 - bits.TrailingZeros(uint(size))),
		mask:   uint64(size - 1),
	}
	for word, value := range words {
		slot := t.slot([]byte(word))
		for t.words[slot] != "" {
			slot = (slot + 1) & t.mask
		}
		t.words[slot], t.values[slot] = word, value
	}
	return t
}

// slot is where the search for a word begins: a multiplicative hash over the
// length and the first and last eight bytes.
func (t *wordTable) slot(b []byte) uint64 {
	head, tail := b, b
	if len(b) > 8 {
		head, tail = b[:8], b[len(b)-8:]
	}
	var first, last uint64
	for i, c := range head {
		first |= uint64(c) << (8 * i)
	}
	if len(b) > 8 {
		for i, c := range tail {
			last |= uint64(c) << (8 * i)
		}
	}
	h := first*0x9FB21C651E98DF25 ^ bits.RotateLeft64(last*0xA24BAED4963EE407, 29) ^ uint64(len(b))*0xD6E8FEB86659FD93
	return (h ^ h>>32) * 0x9E3779B97F4A7C15 >> t.shift
}

// find is the value of a word.
func (t *wordTable) find(b []byte) (value string, ok bool) {
	if len(b) == 0 {
		return "", false
	}
	for slot := t.slot(b); ; slot = (slot + 1) & t.mask {
		word := t.words[slot]
		if word == string(b) {
			return t.values[slot], true
		}
		if word == "" {
			return "", false
		}
	}
}

func (t *wordTable) has(b []byte) bool {
	_, ok := t.find(b)
	return ok
}
