package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sync/errgroup"
)

const (
	// blockSize is what is read, hashed and written at a time.
	blockSize = 1 << 20
	// blocks is how many are in flight: enough that reading, hashing and writing
	// do not wait for each other, and 6 MiB.
	blocks = 6
)

// Put takes content in and returns its name. Hashing and storing run beside reading.
// When it returns without error the content is on disk under its final name; with an error nothing of it
// is left. Content that is there already is not stored twice; if what is there
// is not even whole in size, it is replaced.
//
// Content is stored as it is: compressing it would cost a run more than reading,
// hashing and writing together. Compact does it when the machine has nothing better to do.
//
// A source that is an *os.File read from its beginning is cloned where the file
// system can (Linux: FICLONE on Btrfs, XFS, bcachefs), which takes no space; the clone
// is hashed, so that a source which changes meanwhile cannot make name and content
// differ.
//
// progress, if not nil, is told the bytes read so far, from one goroutine at a time.
func (s *Store) Put(ctx context.Context, r io.Reader, progress func(bytesRead int64)) (Object, error) {
	in := s.Intake()
	defer in.Discard()
	o, err := in.Put(ctx, r, progress)
	if err != nil {
		return Object{}, err
	}
	return o, in.Commit()
}

// put stores content. A small one is synced and named at once, a larger one is left to Commit.
func (in *Intake) put(ctx context.Context, r io.Reader, progress func(int64)) (o Object, err error) {
	s := in.store
	tmp, err := os.CreateTemp(s.dir, ".tmp-*")
	if err != nil {
		return o, err
	}
	p := &pending{name: tmp.Name(), out: tmp}
	kept := false
	defer func() {
		if !kept {
			p.discard()
		}
	}()
	if s.wrap != nil {
		p.out = s.wrap(p.out)
	}
	cloned := false
	if src, ok := r.(*os.File); ok && s.wrap == nil && cloneFile(tmp, src) {
		cloned, r = true, tmp
	}
	o, sum, err := s.take(ctx, r, p.out, cloned, progress)
	if err != nil {
		return o, err
	}
	p.Object = o
	if have, err := s.named(o.SHA256); err == nil && have == o {
		in.dirs.changed(filepath.Dir(s.path(o.SHA256, true))) // its writer may have been killed before it synced the folder
		return o, nil
	}
	if err := tmp.Chmod(0o444); err != nil {
		return o, err
	}
	if o.Size > blockSize {
		kept = true
		if err := in.keep(p); err != nil {
			return o, err
		}
	} else if err := in.settle(p); err != nil {
		return o, err
	}
	s.fresh.Store(o.SHA256, sum)
	return o, nil
}

// take reads r to its end, hashes it, and stores it in out unless it is there already as a clone. sum is the XXH64 of the content.
// What is within one block needs neither goroutines nor buffers for many: that is nearly all of the
// cost of a small file.
func (s *Store) take(ctx context.Context, r io.Reader, out io.Writer, cloned bool, progress func(int64)) (o Object, sum uint64, err error) {
	if err := ctx.Err(); err != nil {
		return o, 0, err
	}
	if cloned {
		out = io.Discard
	}
	first := firstBlocks.Get().(*[blockSize]byte)
	defer firstBlocks.Put(first)
	n, err := fill(r, first[:])
	if err != nil && err != io.EOF {
		return o, 0, fmt.Errorf("read the source after %d bytes: %w", n, err)
	}
	digest, cheap := sha256.New(), xxhash.New()
	if small := err == io.EOF; small {
		o.Size = int64(n)
		digest.Write(first[:n])
		cheap.Write(first[:n])
		if progress != nil && n > 0 {
			progress(o.Size)
		}
		_, err = whole{out}.Write(first[:n])
	} else {
		o.Size, err = copyHashed(ctx, io.MultiReader(bytes.NewReader(first[:n]), r), io.MultiWriter(digest, cheap), whole{out}, progress)
	}
	if err != nil {
		return o, 0, err
	}
	o.SHA256 = hex.EncodeToString(digest.Sum(nil))
	return o, cheap.Sum64(), nil
}

// firstBlocks are buffers for the beginnings of contents; see take.
var firstBlocks = sync.Pool{New: func() any { return new([blockSize]byte) }}

// whole is a writer that takes everything or says how much it took.
type whole struct{ io.Writer }

func (w whole) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err == nil && n < len(p) {
		err = fmt.Errorf("the disk took %d of %d bytes: %w", n, len(p), io.ErrShortWrite)
	}
	return n, err
}

// A block is a piece of the stream on its way through digest and writer.
type block struct {
	data  []byte
	users *atomic.Int32 // who still reads it; the last one puts it back
}

// copyHashed reads r to its end into digest and w, each in a goroutine of its own, and
// returns the bytes read.
func copyHashed(ctx context.Context, r io.Reader, digest, w io.Writer, progress func(int64)) (total int64, err error) {
	g, ctx := errgroup.WithContext(ctx)
	// The channels have room for all blocks there are: only taking from them waits.
	free := make(chan []byte, blocks)
	for range blocks {
		free <- make([]byte, blockSize)
	}
	sinks := []io.Writer{digest, w}
	queues := make([]chan block, len(sinks))
	for i, sink := range sinks {
		queue := make(chan block, blocks)
		queues[i] = queue
		g.Go(func() error {
			for b := range queue {
				n, err := sink.Write(b.data)
				if err == nil && n < len(b.data) {
					err = io.ErrShortWrite
				}
				if err != nil {
					return err // ends the reader, which waits on free or looks at ctx
				}
				if b.users.Add(-1) == 0 {
					free <- b.data[:blockSize]
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		defer func() {
			for _, queue := range queues {
				close(queue)
			}
		}()
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			var buf []byte
			select {
			case buf = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			n, err := fill(r, buf)
			if n > 0 {
				b := block{buf[:n], new(atomic.Int32)}
				b.users.Store(int32(len(queues)))
				for _, queue := range queues {
					queue <- b
				}
				total += int64(n)
				if progress != nil {
					progress(total)
				}
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read the source after %d bytes: %w", total, err)
			}
		}
	})
	err = g.Wait()
	return total, err
}

// fill reads until buf is full or r ends. Unlike io.ReadFull it keeps an
// io.ErrUnexpectedEOF that r itself reports (a truncated stream) apart from the end.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var k int
		k, err = r.Read(buf[n:])
		n += k
	}
	return n, err
}
