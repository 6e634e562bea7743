package dedupe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"sync/atomic"

	"clearwell/pipeline/spill"
)

const (
	// partBits: a contest is settled in 256 parts, each small enough for the
	// processor's cache up to some million rows, and for its share of memory up
	// to some hundred million; larger parts are divided again.
	partBits = 8
	parts    = 1 << partBits
	// maxShift bounds the divisions of parts. Rows that 32 bits of hash do not
	// part have the same key, or so few others beside it that it does not matter.
	maxShift = 32 - partBits
	// adderBytes is what an Adder gathers before it hands over: 2 KiB to a part.
	adderBytes = 512 << 10
	// minShare is what a worker of a Settlement has for its table at least,
	// if the limit allows one so much; there are fewer of them rather than smaller ones.
	minShare = 16 << 20
	// maxShare keeps the bytes of a table's preferences within 32 bits.
	maxShare = 4 << 30
)

// A Contest finds, among the rows added, those that share a key, and the one of
// them that wins. Rows are only written down as they come, parted by the hash of
// their key: in memory up to the limit, beyond it in a file. A Settlement decides part
// by part. What it decides does not depend on the limit.
//
// Keys are kept as 128 bits of two keyed hashes with seeds drawn at random for
// this process: nobody can construct colliding keys beforehand, and by chance
// two of n keys collide with probability below n^2/2^129. The seeds have no
// influence on results.
//
// A row wins over another if its preference compares greater (bytes.Compare);
// equal preferences go to the row that stands first in the source.
type Contest struct {
	seedA, seedB maphash.Seed
	dir          string
	limit        int64
	shift        int // bits of the hash that all rows of this contest have in common
	rows         *spill.Partitions
}

// NewContest returns a contest without rows. It keeps within limitBytes, some
// MiB at least, and puts what goes beyond into a file in dir.
func NewContest(dir string, limitBytes int64) *Contest {
	return &Contest{seedA: maphash.MakeSeed(), seedB: maphash.MakeSeed(), dir: dir, limit: limitBytes, rows: spill.NewPartitions(dir, parts, limitBytes)}
}

// Adder adds rows to a Contest. It is for one goroutine.
type Adder struct {
	contest *Contest
	batch   [][]byte // records by part
	held    int      // bytes in batch
}

// NewAdder makes an adder; several may be used at the same time.
func (c *Contest) NewAdder() *Adder { return &Adder{contest: c, batch: make([][]byte, parts)} }

// Add enters a row. The bytes of key and preference are not kept by reference.
func (a *Adder) Add(key, pref []byte, loc Loc) error {
	c := a.contest
	return a.add(record{maphash.Bytes(c.seedA, key), maphash.Bytes(c.seedB, key), loc, pref})
}

func (a *Adder) add(r record) error {
	part := r.a << a.contest.shift >> (64 - partBits)
	before := len(a.batch[part])
	a.batch[part] = r.append(a.batch[part])
	a.held += len(a.batch[part]) - before
	if a.held >= adderBytes {
		return a.Close()
	}
	return nil
}

// Close hands over what the adder still holds.
func (a *Adder) Close() error {
	err := a.contest.rows.Append(a.batch)
	for i := range a.batch {
		a.batch[i] = a.batch[i][:0]
	}
	a.held = 0
	return err
}

// Settlement decides a contest part by part.
type Settlement struct {
	contest *Contest
	workers int
	share   int64 // bytes that a worker has
	next    atomic.Int64
}

// Settle ends the adding of rows and prepares the decision for up to so many
// workers. Every adder must be closed.
func (c *Contest) Settle(workers int) (*Settlement, error) {
	if err := c.rows.Settle(); err != nil {
		return nil, err
	}
	workers = max(1, min(workers, int(c.limit/minShare)))
	return &Settlement{contest: c, workers: workers, share: min(c.limit/int64(workers), maxShare)}, nil
}

// Workers is how many goroutines may Work at once.
func (s *Settlement) Workers() int { return s.workers }

// Work decides keys until all are decided, beside other workers, and calls lost for
// each row that did not win, with the row that won, in no particular order. The
// contest is decided when all workers have returned.
func (s *Settlement) Work(ctx context.Context, lost func(loser, winner Loc) error) error {
	t := &table{}
	for part := int(s.next.Add(1)) - 1; part < parts; part = int(s.next.Add(1)) - 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.contest.settlePart(ctx, part, t, s.share, lost); err != nil {
			return err
		}
	}
	return nil
}

// settlePart reads a part twice: who wins each key, then who lost to whom.
func (c *Contest) settlePart(ctx context.Context, part int, t *table, share int64, lost func(loser, winner Loc) error) error {
	// A table takes up to twice what its records take.
	if c.rows.Spilled() && c.shift < maxShift && 2*c.rows.Bytes(part) > share {
		return c.divide(ctx, part, t, share, lost)
	}
	t.reset()
	rows := 0
	if err := c.each(part, t, func(r record) error { rows++; t.enter(r); return nil }); err != nil {
		return err
	}
	if rows == len(t.entries) {
		return nil
	}
	return c.each(part, t, func(r record) error {
		if winner := t.find(r.a, r.b).loc; winner != r.loc {
			return lost(r.loc, winner)
		}
		return nil
	})
}

// divide settles a part that is too large for memory as a contest of its own.
func (c *Contest) divide(ctx context.Context, part int, t *table, share int64, lost func(loser, winner Loc) error) (err error) {
	inner := &Contest{dir: c.dir, limit: share, shift: c.shift + partBits, rows: spill.NewPartitions(c.dir, parts, share)}
	defer func() { err = errors.Join(err, inner.Close()) }()
	*t = table{} // the inner contest has the memory
	adder := inner.NewAdder()
	if err := c.each(part, t, adder.add); err != nil {
		return err
	}
	if err := adder.Close(); err != nil {
		return err
	}
	alone, err := inner.Settle(1)
	if err != nil {
		return err
	}
	return alone.Work(ctx, lost)
}

func (c *Contest) each(part int, t *table, f func(record) error) (err error) {
	t.scratch, err = c.rows.Each(part, t.scratch, func(records []byte) error {
		for len(records) > 0 {
			var r record
			if r, records, err = parseRecord(records); err != nil {
				return err
			}
			if err := f(r); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// Close forgets the rows and removes the file. It may be called at any time and more than once.
func (c *Contest) Close() error { return c.rows.Close() }

// record is one row of a contest: its hashes and location in 8 bytes each,
// little-endian, then the length (uvarint) and the bytes of its preference.
type record struct {
	a, b uint64 // key hashes
	loc  Loc
	pref []byte
}

func (r record) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, r.a)
	dst = binary.LittleEndian.AppendUint64(dst, r.b)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.loc))
	dst = binary.AppendUvarint(dst, uint64(len(r.pref)))
	return append(dst, r.pref...)
}

func parseRecord(from []byte) (r record, rest []byte, err error) {
	if len(from) > 24 {
		n, size := binary.Uvarint(from[24:])
		if size > 0 && n <= uint64(len(from)-24-size) {
			end := 24 + size + int(n)
			return record{
				binary.LittleEndian.Uint64(from), binary.LittleEndian.Uint64(from[8:]),
				Loc(binary.LittleEndian.Uint64(from[16:])), from[24+size : end : end],
			}, from[end:], nil
		}
	}
	return r, nil, fmt.Errorf("a spilled row of %d bytes is damaged", len(from))
}

// better says whether the row beats the one at loc with preference pref.
func (r record) better(pref []byte, loc Loc) bool {
	c := bytes.Compare(r.pref, pref)
	return c > 0 || c == 0 && r.loc < loc
}
