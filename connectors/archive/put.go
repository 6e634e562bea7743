package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/s2"
	"golang.org/x/sync/errgroup"
)

const (
	// blockSize is what is read, hashed and compressed at a time: the block size of
	// S2 at which it reaches its full ratio.
	blockSize = 1 << 20
	// blocks is how many are in flight: enough that reading, hashing and compressing
	// do not wait for each other, and 6 MiB.
	blocks = 6
	// compressors bounds the cores that compression takes.
	compressors = 2
)

// Put takes content in and returns its name. Hashing and storing run beside reading.
// When it returns without error the content is on disk under its final name; with an error nothing of it
// is left. Content that is there already is not stored twice; if what is there
// is not even whole in size, it is replaced.
//
// A source that is an *os.File read from its beginning is cloned where the file
// system can (Linux: FICLONE on Btrfs, XFS, bcachefs), which takes no space; the clone
// is hashed, so that a source which changes meanwhile cannot make name and content
// differ.
//
// progress, if not nil, is told the bytes read so far, from one goroutine at a time.
func (s *Store) Put(ctx context.Context, r io.Reader, progress func(bytesRead int64)) (Object, error) {
	in := s.Intake()
	o, err := in.Put(ctx, r, progress)
	if err != nil {
		return Object{}, err
	}
	return o, in.Commit()
}

// put stores content under its final name; the entries of the folders that it names in dirs are not durable yet.
func (s *Store) put(ctx context.Context, r io.Reader, progress func(int64), dirs *folders) (o Object, err error) {
	tmp, err := os.CreateTemp(s.dir, ".tmp-*")
	if err != nil {
		return o, err
	}
	defer func() {
		tmp.Close() // again after success: harmless
		os.Remove(tmp.Name())
	}()
	var out file = tmp
	if s.wrap != nil {
		out = s.wrap(tmp)
	}
	cloned := false
	if src, ok := r.(*os.File); ok && s.wrap == nil && cloneFile(tmp, src) {
		cloned, r = true, tmp
	}
	o, err = s.take(ctx, r, out, cloned, progress)
	if err != nil {
		return o, err
	}
	if have, err := s.Stat(o.SHA256); err == nil && have == o {
		dirs.changed(filepath.Dir(s.path(o.SHA256, true))) // its writer may have been killed before it synced the folder
		return o, nil
	}
	if err := out.Sync(); err != nil {
		return o, fmt.Errorf("fsync: %w", err)
	}
	if err := tmp.Chmod(0o444); err != nil {
		return o, err
	}
	if err := out.Close(); err != nil {
		return o, err
	}
	return o, s.commit(tmp.Name(), o, !cloned, dirs)
}

// take reads r to its end, hashes it, and stores it in out unless it is there already as a clone.
// What is within one block needs neither goroutines nor buffers for many: that is nearly all of the
// cost of a small file.
func (s *Store) take(ctx context.Context, r io.Reader, out io.Writer, cloned bool, progress func(int64)) (o Object, err error) {
	if err := ctx.Err(); err != nil {
		return o, err
	}
	first := firstBlocks.Get().(*[blockSize]byte)
	defer firstBlocks.Put(first)
	n, err := fill(r, first[:])
	if err != nil && err != io.EOF {
		return o, fmt.Errorf("read the source after %d bytes: %w", n, err)
	}
	small := err == io.EOF
	seal := newSealer(whole{out})
	digest := sha256.New()
	switch {
	case small:
		o.Size = int64(n)
		digest.Write(first[:n])
		if progress != nil && n > 0 {
			progress(o.Size)
		}
		err = nil
		if !cloned {
			w := smallWriters.Get().(*s2.Writer)
			w.Reset(seal)
			_, err = w.Write(first[:n])
			err = errors.Join(err, w.Close())
			smallWriters.Put(w)
		}
	case cloned:
		o.Size, err = copyHashed(ctx, io.MultiReader(bytes.NewReader(first[:n]), r), digest, io.Discard, progress)
	default:
		w := s2.NewWriter(seal, s2.WriterBlockSize(blockSize), s2.WriterConcurrency(compressors), s2.WriterAddIndex())
		o.Size, err = copyHashed(ctx, io.MultiReader(bytes.NewReader(first[:n]), r), digest, w, progress)
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}
	if err == nil && !cloned {
		err = seal.close()
	}
	if err != nil {
		return o, err
	}
	o.SHA256 = hex.EncodeToString(digest.Sum(nil))
	return o, nil
}

// Buffers for contents of one block at most; see take.
var (
	firstBlocks  = sync.Pool{New: func() any { return new([blockSize]byte) }}
	smallWriters = sync.Pool{New: func() any {
		return s2.NewWriter(nil, s2.WriterBlockSize(blockSize), s2.WriterConcurrency(1), s2.WriterAddIndex())
	}}
)

// whole is a writer that takes everything or says how much it took.
type whole struct{ io.Writer }

func (w whole) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err == nil && n < len(p) {
		err = fmt.Errorf("the disk took %d of %d bytes: %w", n, len(p), io.ErrShortWrite)
	}
	return n, err
}

// commit gives a synced file its final name. A crash before the rename leaves a
// temporary file, after it the whole content.
func (s *Store) commit(tmp string, o Object, compressed bool, dirs *folders) error {
	path := s.path(o.SHA256, compressed)
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	dirs.changed(dir)
	// A damaged file of the other form would be found first, or take space for nothing.
	if err := os.Remove(s.path(o.SHA256, !compressed)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
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
