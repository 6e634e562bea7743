package dedupe

import "math/bits"

// table holds one entry per distinct key of a part: who wins so far. It belongs
// to one goroutine and is used for one part after the other.
type table struct {
	slots   []uint32 // open addressing, linear probing; 0 is free, else entry+1
	entries []entry
	prefs   []byte // arena of preferences; overwritten in place where the length allows
	dead    int    // bytes of prefs that no entry refers to
	scratch []byte // what the part is read into
}

type entry struct {
	a, b    uint64 // key hashes
	loc     Loc
	prefOff uint32
	prefLen uint32
}

func (t *table) reset() {
	clear(t.slots)
	t.entries, t.prefs, t.dead = t.entries[:0], t.prefs[:0], 0
}

// enter puts a row into the contest for its key.
func (t *table) enter(r record) {
	e := t.find(r.a, r.b)
	if e == nil {
		t.insert(entry{a: r.a, b: r.b, loc: r.loc, prefOff: t.keep(r.pref), prefLen: uint32(len(r.pref))})
		return
	}
	if !r.better(t.pref(e), e.loc) {
		return
	}
	e.loc = r.loc
	if len(r.pref) <= int(e.prefLen) {
		copy(t.prefs[e.prefOff:], r.pref)
		t.dead += int(e.prefLen) - len(r.pref)
	} else {
		t.dead += int(e.prefLen)
		e.prefLen = 0 // compaction need not carry it
		e.prefOff = t.keep(r.pref)
	}
	e.prefLen = uint32(len(r.pref))
}

func (t *table) find(a, b uint64) *entry {
	if len(t.slots) == 0 {
		return nil
	}
	mask := uint64(len(t.slots) - 1)
	for i := a & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if e := &t.entries[t.slots[i]-1]; e.a == a && e.b == b {
			return e
		}
	}
	return nil
}

func (t *table) insert(e entry) {
	if 4*(len(t.entries)+1) > 3*len(t.slots) { // at most three quarters full
		t.grow()
	}
	t.entries = append(t.entries, e)
	t.place(e.a, uint32(len(t.entries)))
}

func (t *table) place(a uint64, id uint32) {
	mask := uint64(len(t.slots) - 1)
	i := a & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = id
}

func (t *table) grow() {
	n := 64
	if len(t.slots) > 0 {
		n = 1 << bits.Len(uint(len(t.slots)))
	}
	t.slots = make([]uint32, n)
	for i := range t.entries {
		t.place(t.entries[i].a, uint32(i+1))
	}
}

func (t *table) keep(pref []byte) uint32 {
	if t.dead > 1<<16 && t.dead > len(t.prefs)/2 {
		t.compact()
	}
	off := len(t.prefs)
	t.prefs = append(t.prefs, pref...)
	return uint32(off)
}

func (t *table) compact() {
	live := make([]byte, 0, len(t.prefs)-t.dead)
	for i := range t.entries {
		e := &t.entries[i]
		off := len(live)
		live = append(live, t.pref(e)...)
		e.prefOff = uint32(off)
	}
	t.prefs, t.dead = live, 0
}

func (t *table) pref(e *entry) []byte { return t.prefs[e.prefOff : e.prefOff+e.prefLen] }
