package parquet

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// When a column of a row group gets a dictionary is a function of its values
// alone, in row order: never of time, memory or how the rows arrive.
//
// Text and wide integers are looked up from the first value on. After
// dictionaryTrial values, and each time their number doubles, the dictionary is
// given up if it holds more than the share that its users need; so a column of unique
// tokens costs a trial of a few thousand values, not a table of all of them.
// At the end it is kept if values repeat at least twice on average. Integers
// within a narrow range (dates, codes) are counted without a table.
const (
	dictionaryTrial      = 8192    // values; the first point at which a dictionary can be given up
	maxDictionaryEntries = 1 << 16 // indexes of at most 16 bits
	maxDictionaryBytes   = 1 << 20 // of text; one page of what common readers keep in cache
)

// dictionaryHopeless tells at a trial point whether a column repeats too little.
// A column of D distinct values in random order shows about
// D*(1-exp(-n/D)) of them in n: three quarters at the first trial mean some
// 13,000 in all, of which a group of 122,880 rows repeats each nine times.
func dictionaryHopeless(distinct, values int) bool {
	if values <= dictionaryTrial {
		return distinct*4 > values*3
	}
	return distinct*2 > values
}

// dictionaryPays tells at the end whether indexes are worth it.
func dictionaryPays(distinct, values int) bool { return distinct > 0 && distinct*2 <= values }

// indexWidth is the number of bits of an index. Never 0: some readers stumble.
func indexWidth(entries int) int { return max(1, bits.Len(uint(entries-1))) }

// hashSeed differs from process to process so that nobody can prepare data that
// collides. Bytes written do not depend on it: entries are numbered by first use.
var hashSeed = maphash.Bytes(maphash.MakeSeed(), nil) | 1

const (
	hashMul1 = 0x9e3779b97f4a7c15
	hashMul2 = 0xd6e8feb86659fd93
)

// hashText is a multiply-fold hash in the manner of wyhash.
func hashText(b []byte) uint64 {
	h := hashSeed ^ uint64(len(b))*hashMul1
	for len(b) > 16 {
		h = fold(h^binary.LittleEndian.Uint64(b), hashMul2^binary.LittleEndian.Uint64(b[8:]))
		b = b[16:]
	}
	var lo, hi uint64
	switch n := len(b); {
	case n >= 8:
		lo, hi = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		lo, hi = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		lo = uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1])
	}
	return fold(h^lo, hashMul2^hi)
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

type textSlot struct {
	tag   uint32 // lower half of the hash
	entry uint32 // number of the entry + 1; 0: empty
}

// textDictionary numbers distinct texts in order of first use.
type textDictionary struct {
	slots []textSlot // open addressing, a power of two, at most half full
	ends  []uint32   // end of each entry in bytes
	bytes []byte
	high  []uint32 // upper half of each entry's hash, for growing
}

func (d *textDictionary) reset() {
	clear(d.slots)
	d.ends, d.bytes, d.high = d.ends[:0], d.bytes[:0], d.high[:0]
}

func (d *textDictionary) len() int { return len(d.ends) }

func (d *textDictionary) entry(i uint32) []byte {
	from := uint32(0)
	if i > 0 {
		from = d.ends[i-1]
	}
	return d.bytes[from:d.ends[i]]
}

// find returns the number of v; ok is false if v is not there yet, and then
// hash is to be passed to insert.
func (d *textDictionary) find(v []byte) (entry uint32, hash uint64, ok bool) {
	hash = hashText(v)
	if len(d.slots) == 0 {
		return 0, hash, false
	}
	mask := uint64(len(d.slots) - 1)
	for i := hash >> 32 & mask; ; i = (i + 1) & mask {
		s := d.slots[i]
		if s.entry == 0 {
			return 0, hash, false
		}
		if s.tag == uint32(hash) && string(d.entry(s.entry-1)) == string(v) {
			return s.entry - 1, hash, true
		}
	}
}

// fits tells whether v may be inserted.
func (d *textDictionary) fits(v []byte) bool {
	return len(d.ends) < maxDictionaryEntries && len(d.bytes)+len(v) <= maxDictionaryBytes
}

func (d *textDictionary) insert(v []byte, hash uint64) uint32 {
	if len(d.ends)*2 >= len(d.slots) {
		d.grow()
	}
	d.bytes = append(d.bytes, v...)
	d.ends = append(d.ends, uint32(len(d.bytes)))
	d.high = append(d.high, uint32(hash>>32))
	n := uint32(len(d.ends))
	d.place(textSlot{uint32(hash), n}, uint32(hash>>32))
	return n - 1
}

func (d *textDictionary) place(s textSlot, high uint32) {
	mask := uint32(len(d.slots) - 1)
	i := high & mask
	for d.slots[i].entry != 0 {
		i = (i + 1) & mask
	}
	d.slots[i] = s
}

func (d *textDictionary) grow() {
	old := d.slots
	d.slots = make([]textSlot, max(1024, 2*len(old)))
	for _, s := range old {
		if s.entry != 0 {
			d.place(s, d.high[s.entry-1])
		}
	}
}

// numberDictionary numbers distinct 64-bit patterns in order of first use.
type numberDictionary struct {
	slots  []uint32 // number of the entry + 1; 0: empty
	values []int64
}

func (d *numberDictionary) reset() {
	clear(d.slots)
	d.values = d.values[:0]
}

// index returns the number of v, inserting it if needed; ok is false when it is
// new and the dictionary is full.
func (d *numberDictionary) index(v int64) (entry uint32, ok bool) {
	if len(d.values)*2 >= len(d.slots) {
		d.grow()
	}
	i := d.slot(v)
	if e := d.slots[i]; e != 0 {
		return e - 1, true
	}
	if len(d.values) == maxDictionaryEntries {
		return 0, false
	}
	d.values = append(d.values, v)
	d.slots[i] = uint32(len(d.values))
	return uint32(len(d.values)) - 1, true
}

// slot finds the slot of v, or the empty one where it belongs.
func (d *numberDictionary) slot(v int64) uint64 {
	mask := uint64(len(d.slots) - 1)
	i := fold(uint64(v)^hashSeed, hashMul1) & mask
	for d.slots[i] != 0 && d.values[d.slots[i]-1] != v {
		i = (i + 1) & mask
	}
	return i
}

func (d *numberDictionary) grow() {
	d.slots = make([]uint32, max(1024, 2*len(d.slots)))
	for n, v := range d.values {
		d.slots[d.slot(v)] = uint32(n) + 1
	}
}
