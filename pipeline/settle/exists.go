package settle

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/spill"
	"clearwell/rules"
)

// Known reads what other datasets publish.
type Known interface {
	// EachRow calls each for the rows of the referred columns that have no null among them, with their values as
	// kernel.AppendRaw writes those of fields of these types. They are valid during the call.
	EachRow(ctx context.Context, ref *rules.Referred, types []rules.Type, each func(values [][]byte) error) error
}

// exists fails rows whose values do not stand among those referred to. Where
// these fit into the rule's share of the memory a row is decided when it is seen,
// else, and where they are rows of the same run, when all were.
type exists struct {
	fields []int
	own    []int   // the fields referred to in the same run; nil: another dataset
	groups *groups // nil: all values are in set
	set    *hashSet
}

// The tail of a record says what it is; values referred to come first.
const (
	referredValue = 0
	askedValue    = 1
)

func newExists(ctx context.Context, p *rules.Plan, c *rules.Condition, share Share, known Known) (*exists, error) {
	e := &exists{}
	var types []rules.Type
	for _, name := range c.Fields {
		i := fieldIndex(p, name)
		e.fields, types = append(e.fields, i), append(types, p.Fields[i].Type)
	}
	if c.Reference.Dataset == p.Dataset {
		for _, name := range c.Reference.Fields {
			e.own = append(e.own, fieldIndex(p, name))
		}
		e.groups = newGroups(share)
		return e, nil
	}
	e.groups, e.set = newGroups(share), newHashSet(share.Bytes)
	adder := e.groups.adder()
	var key, hashed []byte
	err := known.EachRow(ctx, c.Reference, types, func(values [][]byte) error {
		key = key[:0]
		for _, v := range values {
			key = append(binary.AppendUvarint(key, uint64(len(v))), v...)
		}
		hashed = e.groups.hash(hashed[:0], key)
		if e.set != nil {
			if e.set.add(hashed) {
				return nil
			}
			err := e.set.each(func(h []byte) error { return adder.addHashed(append(h, referredValue), 0) })
			if e.set = nil; err != nil {
				return err
			}
		}
		return adder.addHashed(append(hashed, referredValue), 0)
	})
	if err = errors.Join(err, adder.Close()); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *exists) Close() error {
	e.set = nil
	return e.groups.Close()
}

func (e *exists) Observer() Observer { return &existsObserver{rule: e, groupAdder: e.groups.adder()} }

type existsObserver struct {
	*groupAdder
	rule      *exists
	key, hash []byte
	value     []byte
}

// keyOf makes the key of a row: the length (uvarint) and the bytes of each value. ok is false if one is null.
func (o *existsObserver) keyOf(fields []int, cols []arrow.Array, row int) (ok bool) {
	o.key = o.key[:0]
	for _, f := range fields {
		if cols[f].IsNull(row) {
			return false
		}
		o.value = kernel.AppendRaw(o.value[:0], cols[f], row)
		o.key = append(binary.AppendUvarint(o.key, uint64(len(o.value))), o.value...)
	}
	return true
}

func (o *existsObserver) Observe(b *Batch) error {
	e := o.rule
	if e.own != nil {
		err := eachRow(b.Within, func(i int) (err error) {
			if o.keyOf(e.own, b.Columns, i) {
				err = o.add(o.key, []byte{referredValue}, 0)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return eachRow(b.Scope, func(i int) error {
		if !o.keyOf(e.fields, b.Columns, i) {
			return nil
		}
		b.Checked.Set(i)
		if e.set == nil {
			return o.add(o.key, []byte{askedValue}, dedupe.NewLoc(b.Frame, i))
		}
		if o.hash = o.groups.hash(o.hash[:0], o.key); !e.set.has(o.hash) {
			b.Failed.Set(i)
		}
		return nil
	})
}

func (e *exists) Settle(ctx context.Context, run *Run) error {
	if e.set != nil {
		return nil
	}
	return e.groups.settle(ctx, run.Workers, func() (func(*spill.Sorter) error, func() error) {
		return func(part *spill.Sorter) error { return e.settlePart(part, run) }, func() error { return nil }
	})
}

func (e *exists) settlePart(part *spill.Sorter, run *Run) error {
	sorted, err := part.Cursor()
	if err != nil {
		return err
	}
	var there [keyBytes]byte // the value referred to last
	found := false
	for {
		record, number, err := sorted.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		switch {
		case err != nil:
			return err
		case record[keyBytes] == referredValue:
			there, found = [keyBytes]byte(record), true
		case !found || there != [keyBytes]byte(record):
			run.Fail(dedupe.Loc(number))
		}
	}
}

// A hashSet is a set of hashes of keys, in a table with open addressing.
type hashSet struct {
	slots [][2]uint64
	count int
	zero  bool // the hash of zeros, which marks empty slots, is in it
	limit int  // slots
}

// slotBytes is the size of a slot; a table is at most half full, and exists twice while it grows.
const slotBytes = 16

func newHashSet(limitBytes int64) *hashSet {
	limit := 1 << 10
	for int64(limit)*2*slotBytes*3/2 <= limitBytes {
		limit *= 2
	}
	return &hashSet{slots: make([][2]uint64, 1<<10), limit: limit}
}

func hashOf(h []byte) [2]uint64 {
	return [2]uint64{binary.BigEndian.Uint64(h), binary.BigEndian.Uint64(h[8:])}
}

// find is the slot of v, or the empty one where it belongs.
func (s *hashSet) find(v [2]uint64) int {
	mask := len(s.slots) - 1
	at := int(v[1]) & mask
	for s.slots[at] != v && s.slots[at] != [2]uint64{} {
		at = (at + 1) & mask
	}
	return at
}

// add puts a hash into the set; false if it has no room for it.
func (s *hashSet) add(h []byte) bool {
	v := hashOf(h)
	if v == [2]uint64{} {
		s.zero = true
		return true
	}
	at := s.find(v)
	if s.slots[at] == v {
		return true
	}
	if 2*(s.count+1) > len(s.slots) {
		if len(s.slots) >= s.limit {
			return false
		}
		old := s.slots
		s.slots = make([][2]uint64, 2*len(old))
		for _, o := range old {
			if o != [2]uint64{} {
				s.slots[s.find(o)] = o
			}
		}
		at = s.find(v)
	}
	s.slots[at] = v
	s.count++
	return true
}

func (s *hashSet) has(h []byte) bool {
	v := hashOf(h)
	if v == [2]uint64{} {
		return s.zero
	}
	return s.slots[s.find(v)] == v
}

// each calls f for every hash; it may append to it.
func (s *hashSet) each(f func(h []byte) error) error {
	var buf [keyBytes + 1]byte
	give := func(v [2]uint64) error {
		binary.BigEndian.PutUint64(buf[:], v[0])
		binary.BigEndian.PutUint64(buf[8:], v[1])
		return f(buf[:keyBytes])
	}
	if s.zero {
		if err := give([2]uint64{}); err != nil {
			return err
		}
	}
	for _, v := range s.slots {
		if v != [2]uint64{} {
			if err := give(v); err != nil {
				return err
			}
		}
	}
	return nil
}
