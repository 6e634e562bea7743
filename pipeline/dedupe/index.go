// Package dedupe finds rows with the same key and decides which of them stays.
//
// Rows come in any order from any number of goroutines; the result depends only
// on the keys, the preferences and the locations of the rows. The package sees
// encoded keys and preferences, never values. Start at Index.
package dedupe

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"sync"
)

// A Loc is the place of a row in the run: frames in source order in the upper
// 40 bits, the row in its frame in the lower 24. Its numeric order is the source order.
type Loc uint64

// NewLoc packs a frame number and a row of it (0..2^24-1).
func NewLoc(frame, row int) Loc { return Loc(uint64(frame)<<24 | uint64(row)) }

// Frame is the frame number.
func (l Loc) Frame() int { return int(l >> 24) }

// Row is the row in the frame, from 0.
func (l Loc) Row() int { return int(l & (1<<24 - 1)) }

// shardBits: 64 shards keep two to some dozens of workers off each other's
// locks; more would only cost memory for small runs.
const shardBits = 6

// An Index holds one entry per distinct key: who wins so far.
//
// Keys are kept as 128 bits of two keyed hashes with seeds drawn at random for
// this process: nobody can construct colliding keys beforehand, and by chance
// two of n keys collide with probability below n^2/2^129. The seeds have no
// influence on results.
//
// A row wins over another if its preference compares greater (bytes.Compare);
// equal preferences go to the row that stands first in the source.
type Index struct {
	seedA, seedB maphash.Seed
	shards       [1 << shardBits]shard
}

type shard struct {
	mu    sync.Mutex
	slots []uint32 // open addressing, linear probing; 0 is free, else entry+1
	ents  []entry
	prefs []byte // arena of preferences; overwritten in place where the length allows
	dead  int    // bytes of prefs that no entry refers to
}

type entry struct {
	a, b    uint64 // key hashes
	loc     Loc
	prefOff uint32
	prefLen uint32
}

// NewIndex returns an empty index.
func NewIndex() *Index {
	return &Index{seedA: maphash.MakeSeed(), seedB: maphash.MakeSeed()}
}

// Add puts a row into the contest for its key. The key's bytes and the
// preference's are not kept by reference. When there was a row with the same key
// already, contested is true, winner is the one of the two that stays for now
// and loser the one that is out for good; otherwise the row leads alone.
func (x *Index) Add(key, pref []byte, loc Loc) (winner, loser Loc, contested bool) {
	a, b := maphash.Bytes(x.seedA, key), maphash.Bytes(x.seedB, key)
	s := &x.shards[a>>(64-shardBits)]
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(a, b)
	if e == nil {
		s.insert(entry{a: a, b: b, loc: loc, prefOff: s.keep(pref), prefLen: uint32(len(pref))})
		return loc, 0, false
	}
	c := bytes.Compare(pref, s.pref(e))
	if c < 0 || c == 0 && loc > e.loc {
		return e.loc, loc, true
	}
	loser = e.loc
	e.loc = loc
	switch {
	case c == 0:
	case len(pref) <= int(e.prefLen):
		copy(s.prefs[e.prefOff:], pref)
		s.dead += int(e.prefLen) - len(pref)
		e.prefLen = uint32(len(pref))
	default:
		s.dead += int(e.prefLen)
		e.prefOff, e.prefLen = s.keep(pref), uint32(len(pref))
	}
	return loc, loser, true
}

// Winner is the row that leads for a key.
func (x *Index) Winner(key []byte) (Loc, bool) {
	a, b := maphash.Bytes(x.seedA, key), maphash.Bytes(x.seedB, key)
	s := &x.shards[a>>(64-shardBits)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.find(a, b); e != nil {
		return e.loc, true
	}
	return 0, false
}

// Keys is the number of distinct keys.
func (x *Index) Keys() int {
	n := 0
	for i := range x.shards {
		x.shards[i].mu.Lock()
		n += len(x.shards[i].ents)
		x.shards[i].mu.Unlock()
	}
	return n
}

// Bytes is the memory that the index holds.
func (x *Index) Bytes() int64 {
	var n int64
	for i := range x.shards {
		s := &x.shards[i]
		s.mu.Lock()
		n += int64(cap(s.slots))*4 + int64(cap(s.ents))*32 + int64(cap(s.prefs))
		s.mu.Unlock()
	}
	return n
}

func (s *shard) find(a, b uint64) *entry {
	if len(s.slots) == 0 {
		return nil
	}
	mask := uint64(len(s.slots) - 1)
	for i := a & mask; s.slots[i] != 0; i = (i + 1) & mask {
		if e := &s.ents[s.slots[i]-1]; e.a == a && e.b == b {
			return e
		}
	}
	return nil
}

func (s *shard) insert(e entry) {
	if 4*(len(s.ents)+1) > 3*len(s.slots) { // at most three quarters full
		s.grow()
	}
	s.ents = append(s.ents, e)
	s.place(e.a, uint32(len(s.ents)))
}

func (s *shard) place(a uint64, id uint32) {
	mask := uint64(len(s.slots) - 1)
	i := a & mask
	for s.slots[i] != 0 {
		i = (i + 1) & mask
	}
	s.slots[i] = id
}

func (s *shard) grow() {
	n := 64
	if len(s.slots) > 0 {
		n = 1 << bits.Len(uint(len(s.slots)))
	}
	s.slots = make([]uint32, n)
	for i := range s.ents {
		s.place(s.ents[i].a, uint32(i+1))
	}
}

func (s *shard) keep(pref []byte) uint32 {
	if s.dead > 1<<16 && s.dead > len(s.prefs)/2 {
		s.compact()
	}
	off := len(s.prefs)
	s.prefs = append(s.prefs, pref...)
	return uint32(off)
}

func (s *shard) compact() {
	live := make([]byte, 0, len(s.prefs)-s.dead)
	for i := range s.ents {
		e := &s.ents[i]
		off := len(live)
		live = append(live, s.pref(e)...)
		e.prefOff = uint32(off)
	}
	s.prefs, s.dead = live, 0
}

func (s *shard) pref(e *entry) []byte { return s.prefs[e.prefOff : e.prefOff+e.prefLen] }
