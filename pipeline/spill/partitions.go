// Package spill holds what grows with the rows of a run and must not grow its
// memory: bytes stay in memory until a limit is reached, from then on they go to
// a file in the run's working folder.
//
// Partitions is for records that are looked at group by group, each group once
// all of it is there (duplicates of a key). The package knows nothing of what
// the bytes mean. Start at Partitions.Append.
package spill

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

const (
	// blockBytes is the unit of memory: small enough that a block begun in each
	// of some hundred partitions is no matter, large enough that reading one
	// back is mostly reading.
	blockBytes = 16 << 10
	// pieceBytes is how much of a partition is written, and read back, at once.
	pieceBytes = 256 << 10
)

// Partitions keeps records in numbered partitions. Append may be called from
// several goroutines; Each, too, once nobody appends any more.
type Partitions struct {
	dir       string
	maxBlocks int

	mu    sync.Mutex // guards what follows while records are appended
	parts []partition
	free  [][]byte // blocks to be used again
	held  int      // blocks in partitions
	file  *os.File // nil: everything is in memory
	end   int64    // of file
}

// partition is the records of one number, in no order. Blocks and pieces hold whole records.
type partition struct {
	bytes  int64
	blocks [][]byte
	pieces []piece
}

// piece is where some records of a partition stand in the file.
type piece struct {
	offset int64
	length int
}

// NewPartitions makes n empty partitions. They keep within limitBytes and write
// beyond that into a file in dir. A limit with room for several blocks of 16 KiB
// per partition makes few and large writes.
func NewPartitions(dir string, n int, limitBytes int64) *Partitions {
	return &Partitions{dir: dir, maxBlocks: int(limitBytes / blockBytes), parts: make([]partition, n)}
}

// Append puts batch[i] at the end of partition i, for every i. Each element is
// any number of whole records; it is copied.
func (p *Partitions) Append(batch [][]byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, records := range batch {
		if len(records) == 0 {
			continue
		}
		part := &p.parts[i]
		part.bytes += int64(len(records))
		last := len(part.blocks) - 1
		if last < 0 || cap(part.blocks[last])-len(part.blocks[last]) < len(records) {
			if p.held > 0 && p.held >= p.maxBlocks {
				if err := p.spill(); err != nil {
					return err
				}
			}
			part.blocks = append(part.blocks, p.block(len(records)))
			p.held += (len(records) + blockBytes - 1) / blockBytes
			last = len(part.blocks) - 1
		}
		part.blocks[last] = append(part.blocks[last], records...)
	}
	return nil
}

// block returns an empty block with room for n bytes.
func (p *Partitions) block(n int) []byte {
	if n > blockBytes {
		return make([]byte, 0, n)
	}
	if last := len(p.free) - 1; last >= 0 {
		b := p.free[last]
		p.free = p.free[:last]
		return b
	}
	return make([]byte, 0, blockBytes)
}

// spill writes all blocks to the file, partition by partition.
func (p *Partitions) spill() error {
	if p.file == nil {
		f, err := os.CreateTemp(p.dir, "partitions-*.spill")
		if err != nil {
			return fmt.Errorf("make a spill file: %w", err)
		}
		p.file = f
	}
	buf := make([]byte, 0, pieceBytes)
	for i := range p.parts {
		part := &p.parts[i]
		flush := func() error {
			if len(buf) == 0 {
				return nil
			}
			if _, err := p.file.WriteAt(buf, p.end); err != nil {
				return fmt.Errorf("spill to %s: %w", p.file.Name(), err)
			}
			part.pieces = append(part.pieces, piece{p.end, len(buf)})
			p.end += int64(len(buf))
			buf = buf[:0]
			return nil
		}
		for _, b := range part.blocks {
			if len(buf)+len(b) > pieceBytes {
				if err := flush(); err != nil {
					return err
				}
			}
			buf = append(buf, b...)
			if cap(b) == blockBytes {
				p.free = append(p.free, b[:0])
			}
		}
		if err := flush(); err != nil {
			return err
		}
		clear(part.blocks)
		part.blocks = part.blocks[:0]
	}
	p.held = 0
	return nil
}

// Len is the number of partitions.
func (p *Partitions) Len() int { return len(p.parts) }

// Bytes is the size of the records in partition i.
func (p *Partitions) Bytes(i int) int64 { return p.parts[i].bytes }

// Spilled says whether the limit was reached.
func (p *Partitions) Spilled() bool { return p.file != nil }

// Each calls f with the records of partition i, some whole records at a time, in
// no particular order. They are valid during the call. scratch is a buffer
// that is used for reading; the caller gets it back, perhaps grown, for the next call.
func (p *Partitions) Each(i int, scratch []byte, f func(records []byte) error) ([]byte, error) {
	part := &p.parts[i]
	for _, at := range part.pieces {
		if cap(scratch) < at.length {
			scratch = make([]byte, max(at.length, pieceBytes))
		}
		buf := scratch[:at.length]
		if _, err := p.file.ReadAt(buf, at.offset); err != nil {
			return scratch, fmt.Errorf("read back what was spilled to %s: %w", p.file.Name(), err)
		}
		if err := f(buf); err != nil {
			return scratch, err
		}
	}
	for _, b := range part.blocks {
		if err := f(b); err != nil {
			return scratch, err
		}
	}
	return scratch, nil
}

// Settle ends the appending: if the limit was reached once, everything goes to
// the file, so that the memory can be used for looking at the records.
func (p *Partitions) Settle() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return nil
	}
	err := p.spill()
	p.free = nil
	return err
}

// Close forgets everything and removes the file. It may be called more than once.
func (p *Partitions) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.parts)
	p.free, p.held = nil, 0
	if p.file == nil {
		return nil
	}
	f := p.file
	p.file = nil
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
