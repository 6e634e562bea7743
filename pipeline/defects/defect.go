package defects

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Row names a row over deliveries: how it is known, then 15 bytes of a keyed hash.
type Row [16]byte

// How a row is known again: the first byte of a Row.
const (
	ByKey     byte = 1 // by the contract's key
	ByContent byte = 2 // by all its cells: a row that was corrected is another row
	ByBytes   byte = 3 // by its bytes: a record that could not be read
)

// String is the hash in hexadecimal.
func (r Row) String() string { return hex.EncodeToString(r[:]) }

func (r *Row) parse(text string) error {
	if len(text) != hex.EncodedLen(len(r)) {
		return fmt.Errorf("%q does not name a row", text)
	}
	if _, err := hex.Decode(r[:], []byte(text)); err != nil {
		return fmt.Errorf("%q does not name a row", text)
	}
	return nil
}

// Place is where a row stands in an archived source.
type Place struct {
	Source string // name of the source object
	SHA256 string // of its bytes, lower-case hex: its name in the archive
	Row    int64  // record number, the header not counted
	Line   int64
	Offset int64 // bytes
	Length int64 // bytes of the record
}

// Why a defect was closed.
const (
	Fixed    = "fixed"     // the row was delivered and keeps the rule
	Gone     = "gone"      // the row was not delivered any more
	Changed  = "changed"   // a row known by its content was corrected or not delivered: which of them cannot be told
	RuleGone = "rule_gone" // the contract has the rule no longer
)

// Defect is one row that breaks, or broke, one rule.
type Defect struct {
	Row       Row
	Rule      string    // id of the rule, or the code of a record that could not be read
	Opened    string    // run that opened it, or opened it again
	FirstRun  string    // run that saw it first
	FirstSeen time.Time // when that run began
	LastRun   string    // run that saw it last
	Times     int64     // runs that saw it
	Rows      int64     // rows of this Row that broke the rule in the last run that saw it
	Reopened  int64     // how often it came back after it was closed
	Closed    string    // run that closed it; empty: it is open
	ClosedAt  time.Time
	Why       string // it was closed: one of the words above
	Place     Place  // of the first such row, in the last run that saw it
}

// Open reports whether the defect is open.
func (d *Defect) Open() bool { return d.Closed == "" }

// compare orders defects as files have them.
func (d *Defect) compare(row Row, rule string) int {
	return cmp.Or(bytes.Compare(d.Row[:], row[:]), strings.Compare(d.Rule, rule))
}

// Sighting is a row that a run saw break a rule. Object is its source object's number.
type Sighting struct {
	Row    Row
	Rule   string
	Object int
	Number int64 // record number
	Line   int64
	Offset int64
	Length int64
}

// Key appends the sighting as bytes that sort by row, rule and place; ParseKey reads them back.
func (s *Sighting) Key(dst []byte) []byte {
	dst = append(dst, s.Row[:]...)
	dst = append(append(dst, s.Rule...), 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.Object))
	for _, n := range [...]int64{s.Number, s.Line, s.Offset, s.Length} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	return dst
}

// placeBytes is the length of what stands in a key behind the rule.
const placeBytes = 4 + 4*8

// ParseKey reads what Key wrote.
func ParseKey(key []byte) (s Sighting) {
	copy(s.Row[:], key)
	tail := len(key) - placeBytes
	s.Rule = string(key[len(s.Row) : tail-1])
	number := func(i int) int64 { return int64(binary.BigEndian.Uint64(key[tail+4+8*i:])) }
	s.Object = int(binary.BigEndian.Uint32(key[tail:]))
	s.Number, s.Line, s.Offset, s.Length = number(0), number(1), number(2), number(3)
	return s
}
