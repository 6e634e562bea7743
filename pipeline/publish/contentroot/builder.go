package contentroot

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"golang.org/x/sync/errgroup"
)

// adderRows is the number of row hashes that an Adder hands over at a time: 128 KiB.
const adderRows = 4096

// minMemoryBytes is what a Builder uses at least: so that a spill of one bucket
// is worth a read.
const minMemoryBytes = 8 << 20

// Builder collects row hashes and makes the root of them. Its memory is
// bounded: hashes beyond it go to a spill file, sorted into buckets.
//
// Adders may work in parallel; their hashes meet under mu.
type Builder struct {
	schema  *arrow.Schema
	hash    Hash // of the schema
	dir     string
	maxRows int // hashes kept in memory

	mu     sync.Mutex
	blocks [][]Hash // hashes in memory, in any order
	free   [][]Hash // blocks to be used again
	held   int      // hashes in blocks
	rows   int64
	spill  *os.File
	size   int64      // bytes in spill
	runs   []spillRun // what each spill wrote
	sorted []Hash     // scratch of a spill
	open   int        // adders not closed
}

// spillRun is one spill: the hashes of bucket b stand at offset +
// 32*starts[b] up to starts[b+1].
type spillRun struct {
	offset int64
	starts [Buckets + 1]uint32
}

// NewBuilder makes a builder for rows of schema. It keeps within memoryBytes
// (8 MiB at least) and spills beyond into a file in dir, which has no name any more where the
// system allows that, and is gone after Close.
func NewBuilder(schema *arrow.Schema, dir string, memoryBytes int64) (*Builder, error) {
	hash, err := SchemaHash(schema)
	if err != nil {
		return nil, err
	}
	// Half for the hashes, half for sorting them into buckets.
	perHash := int64(2 * len(Hash{}))
	return &Builder{schema: schema, hash: hash, dir: dir, maxRows: int(max(memoryBytes, minMemoryBytes) / perHash)}, nil
}

// Adder adds rows to a Builder. It is for one goroutine.
type Adder struct {
	builder *Builder
	hasher  rowHasher
	hashes  []Hash
	columns []arrow.Array
}

// NewAdder makes an adder; several may be used at the same time.
func (b *Builder) NewAdder() *Adder {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open++
	return &Adder{builder: b}
}

// Add hashes the rows of rec, whose columns must be those of the schema. rec may
// be used again after it returns.
func (a *Adder) Add(rec arrow.RecordBatch) error {
	fields := a.builder.schema.Fields()
	if int(rec.NumCols()) != len(fields) {
		return fmt.Errorf("content root: record has %d columns, the schema %d", rec.NumCols(), len(fields))
	}
	a.columns = a.columns[:0]
	for i, f := range fields {
		if !arrow.TypeEqual(rec.Column(i).DataType(), f.Type) {
			return fmt.Errorf("content root: column %s is %s, the schema says %s", f.Name, rec.Column(i).DataType(), f.Type)
		}
		a.columns = append(a.columns, rec.Column(i))
	}
	rows := int(rec.NumRows())
	for from := 0; from < rows; from += hashRows {
		to := min(from+hashRows, rows)
		if len(a.hashes)+to-from > cap(a.hashes) {
			var err error
			if a.hashes, err = a.builder.take(a.hashes); err != nil {
				return err
			}
		}
		if err := a.hasher.hash(a.columns, from, to, func(h Hash) { a.hashes = append(a.hashes, h) }); err != nil {
			return err
		}
	}
	return nil
}

// Close hands over what the adder still holds. The adder is not used afterwards.
func (a *Adder) Close() error {
	b := a.builder
	_, err := b.take(a.hashes)
	a.hashes = nil
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	return err
}

// take adds a block of hashes and returns an empty one; it spills if memory is full.
func (b *Builder) take(block []Hash) ([]Hash, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(block) > 0 {
		b.blocks = append(b.blocks, block)
		b.held += len(block)
		b.rows += int64(len(block))
	}
	if b.held+adderRows > b.maxRows {
		if err := b.spillBlocks(); err != nil {
			return nil, err
		}
	}
	if n := len(b.free); n > 0 {
		block = b.free[n-1]
		b.free = b.free[:n-1]
		return block[:0], nil
	}
	return make([]Hash, 0, adderRows), nil
}

// gather sorts the hashes in memory into buckets; starts tells where each begins.
func (b *Builder) gather(starts *[Buckets + 1]uint32) []Hash {
	for _, block := range b.blocks {
		for i := range block {
			starts[bucketOf(&block[i])+1]++
		}
	}
	for i := range Buckets {
		starts[i+1] += starts[i]
	}
	next := *starts
	b.sorted = slices.Grow(b.sorted[:0], b.held)[:b.held]
	for _, block := range b.blocks {
		for i := range block {
			at := &next[bucketOf(&block[i])]
			b.sorted[*at] = block[i]
			*at++
		}
		b.free = append(b.free, block)
	}
	b.blocks, b.held = b.blocks[:0], 0
	return b.sorted
}

func (b *Builder) spillBlocks() error {
	if b.held == 0 {
		return nil
	}
	if b.spill == nil {
		f, err := os.CreateTemp(b.dir, ".tmp-contentroot-*")
		if err != nil {
			return fmt.Errorf("content root: spill file: %w", err)
		}
		b.spill = f
		_ = os.Remove(f.Name()) // where an open file cannot be removed, Close does it
	}
	run := spillRun{offset: b.size}
	hashes := b.gather(&run.starts)
	buf := make([]byte, 0, 256<<10)
	at := b.size
	flush := func() error {
		n, err := b.spill.WriteAt(buf, at)
		at += int64(n)
		buf = buf[:0]
		if err != nil {
			return fmt.Errorf("content root: write the spill file in %s: %w", b.dir, err)
		}
		return nil
	}
	for i := range hashes {
		buf = append(buf, hashes[i][:]...)
		if len(buf) == cap(buf) {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	b.size = at
	b.runs = append(b.runs, run)
	return nil
}

// Root makes the root of all rows added. Every adder must be closed. The
// builder takes no more rows afterwards.
func (b *Builder) Root(ctx context.Context) (Root, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open != 0 {
		return Root{}, fmt.Errorf("content root: %d adders are still open", b.open)
	}
	var starts [Buckets + 1]uint32
	inMemory := b.gather(&starts)
	values := make([]Hash, Buckets)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	const step = 64 // buckets a goroutine takes at a time
	for from := 0; from < Buckets; from += step {
		group.Go(func() error {
			var list, sorted []Hash
			for k := from; k < from+step; k++ {
				if err := ctx.Err(); err != nil {
					return err
				}
				var err error
				if list, err = b.readBucket(k, append(list[:0], inMemory[starts[k]:starts[k+1]]...)); err != nil {
					return err
				}
				if len(list) > 0 {
					sorted = sortBucket(sorted, list)
					values[k] = node(sorted)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Root{}, err
	}
	return seal(b.hash, b.rows, values), nil
}

// sortBucket sorts the hashes of one bucket into dst. They are evenly spread by
// the eight bits behind those of the bucket, so that counting these leaves runs
// of a few to compare: three times as fast as comparing all.
func sortBucket(dst, list []Hash) []Hash {
	digit := func(h *Hash) int { return int(h[1]&0xf)<<4 | int(h[2])>>4 }
	var starts [257]int
	for i := range list {
		starts[digit(&list[i])+1]++
	}
	for i := range 256 {
		starts[i+1] += starts[i]
	}
	next := starts
	dst = slices.Grow(dst[:0], len(list))[:len(list)]
	for i := range list {
		at := &next[digit(&list[i])]
		dst[*at] = list[i]
		*at++
	}
	for i := range 256 {
		if starts[i+1]-starts[i] > 1 {
			slices.SortFunc(dst[starts[i]:starts[i+1]], compareHashes)
		}
	}
	return dst
}

func compareHashes(a, b Hash) int {
	x, y := binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:])
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return bytes.Compare(a[8:], b[8:])
}

// readBucket appends the spilled hashes of a bucket to list.
func (b *Builder) readBucket(bucket int, list []Hash) ([]Hash, error) {
	for i := range b.runs {
		run := &b.runs[i]
		n := int(run.starts[bucket+1] - run.starts[bucket])
		raw := make([]byte, n*len(Hash{}))
		if _, err := b.spill.ReadAt(raw, run.offset+int64(run.starts[bucket])*int64(len(Hash{}))); err != nil && n > 0 {
			return nil, fmt.Errorf("content root: read the spill file in %s: %w", b.dir, err)
		}
		for ; len(raw) > 0; raw = raw[len(Hash{}):] {
			list = append(list, Hash(raw))
		}
	}
	return list, nil
}

// Close removes the spill file. It may be called at any time, also after an error.
func (b *Builder) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spill == nil {
		return nil
	}
	name := b.spill.Name()
	err := b.spill.Close()
	b.spill = nil
	if e := os.Remove(name); e != nil && !errors.Is(e, os.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return err
}
