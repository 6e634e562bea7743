package settle

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math/bits"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/spill"
)

const (
	// parts: records are parted by eight bits of their key's hash; each part is sorted alone.
	partBits = 8
	parts    = 1 << partBits
	// handOverBytes is what an adder gathers before it hands over: 2 KiB to a part.
	handOverBytes = 512 << 10
	// leastShare is what a worker sorts in at least, if the limit allows one so
	// much; there are fewer workers rather than smaller shares.
	leastShare = 4 << 20
	// keyBytes is the hash of a key.
	keyBytes = 16
)

// groups keeps records under keys and gives them back sorted: records of one key
// one behind the other, among these by what stands behind the key, then by location.
// In memory up to the limit, beyond it in files; a part that is too large for
// memory, even if it is all of one key, is sorted in runs.
//
// Of keys 128 bits of two keyed hashes are kept, as in dedupe.Contest.
type groups struct {
	seedA, seedB maphash.Seed
	share        Share
	records      *spill.Partitions // uvarint length, hash of the key, tail; then the location in 8 bytes
}

func newGroups(share Share) *groups {
	return &groups{seedA: maphash.MakeSeed(), seedB: maphash.MakeSeed(), share: share, records: spill.NewPartitions(share.Dir, parts, share.Bytes)}
}

func (g *groups) Close() error { return g.records.Close() }

// hash appends the hash of a key.
func (g *groups) hash(dst, key []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, maphash.Bytes(g.seedA, key))
	return binary.BigEndian.AppendUint64(dst, maphash.Bytes(g.seedB, key))
}

// groupAdder adds records. It is for one goroutine.
type groupAdder struct {
	groups *groups
	batch  [][]byte
	held   int
	hashed []byte
}

func (g *groups) adder() *groupAdder { return &groupAdder{groups: g, batch: make([][]byte, parts)} }

// add enters a record under a key; records of a key are ordered by tail, then by location.
func (a *groupAdder) add(key, tail []byte, loc dedupe.Loc) error {
	a.hashed = append(a.groups.hash(a.hashed[:0], key), tail...)
	return a.addHashed(a.hashed, loc)
}

// addHashed enters a record whose key is hashed already.
func (a *groupAdder) addHashed(hashed []byte, loc dedupe.Loc) error {
	b := a.batch[hashed[0]]
	before := len(b)
	b = binary.AppendUvarint(b, uint64(len(hashed)))
	b = append(b, hashed...)
	b = binary.LittleEndian.AppendUint64(b, uint64(loc))
	a.batch[hashed[0]] = b
	if a.held += len(b) - before; a.held >= handOverBytes {
		return a.Close()
	}
	return nil
}

// Close hands over what the adder still holds.
func (a *groupAdder) Close() error {
	err := a.groups.records.Append(a.batch)
	for i := range a.batch {
		a.batch[i] = a.batch[i][:0]
	}
	a.held = 0
	return err
}

// settle sorts part by part, with some workers; each makes the function that is
// called for every part that its worker sorted. Every adder must be closed.
func (g *groups) settle(ctx context.Context, workers int, each func() (part func(*spill.Sorter) error, done func() error)) error {
	if err := g.records.Settle(); err != nil {
		return err
	}
	workers = max(1, min(workers, int(g.share.Bytes/leastShare)))
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			var scratch []byte
			part, done := each()
			for n := int(next.Add(1)) - 1; n < parts; n = int(next.Add(1)) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if g.records.Bytes(n) == 0 {
					continue
				}
				var err error
				if scratch, err = g.sortPart(n, scratch, g.share.Bytes/int64(workers), part); err != nil {
					return err
				}
			}
			return done()
		})
	}
	return group.Wait()
}

func (g *groups) sortPart(n int, scratch []byte, limit int64, part func(*spill.Sorter) error) (_ []byte, err error) {
	sorter := spill.NewSorter(g.share.Dir, max(limit, handOverBytes)) // shorter runs would be many
	defer func() { err = errors.Join(err, sorter.Close()) }()
	scratch, err = g.records.Each(n, scratch, func(records []byte) error {
		for len(records) > 0 {
			length, size := binary.Uvarint(records)
			if size <= 0 || uint64(len(records)-size) < length+8 {
				return fmt.Errorf("a spilled record of %d bytes is damaged", len(records))
			}
			end := size + int(length)
			if err := sorter.Add(records[size:end], binary.LittleEndian.Uint64(records[end:])); err != nil {
				return err
			}
			records = records[end+8:]
		}
		return nil
	})
	if err != nil {
		return scratch, err
	}
	return scratch, part(sorter)
}

// eachRow calls f for the rows of a set, in order, until it fails.
func eachRow(set kernel.Bits, f func(row int) error) error {
	for k, w := range set {
		for ; w != 0; w &= w - 1 {
			if err := f(k<<6 + bits.TrailingZeros64(w)); err != nil {
				return err
			}
		}
	}
	return nil
}
