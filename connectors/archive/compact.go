package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clearwell/durable"

	"github.com/klauspost/compress/s2"
)

// Uncompressed lists the contents that are stored as they came, by name, oldest file first: those
// that Compact can make smaller.
func (s *Store) Uncompressed() ([]Object, error) {
	type aged struct {
		Object
		modified int64
	}
	var found []aged
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hash, raw := strings.CutSuffix(d.Name(), ".raw")
		if !raw || !isHash(hash) || !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // compacted meanwhile
		}
		if err != nil {
			return err
		}
		found = append(found, aged{Object{SHA256: hash, Size: info.Size()}, info.ModTime().UnixNano()})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list archive %s: %w", s.dir, err)
	}
	slices.SortStableFunc(found, func(a, b aged) int { return int(min(max(a.modified-b.modified, -1), 1)) })
	list := make([]Object, len(found))
	for i, f := range found {
		list[i] = f.Object
	}
	return list, nil
}

// Compact compresses content that is stored as it came and says how many bytes the file takes then; nothing
// happens to content that is compressed already. The bytes are hashed on
// the way: a *CorruptError if they are not those of the name, and the file stays as it is.
//
// The compressed file is durable before the other is removed. A crash between the two leaves both,
// and the next Compact ends the work. Readers go on: an open file stays open.
func (s *Store) Compact(ctx context.Context, hash string) (stored int64, err error) {
	f, err := s.find(hash)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if f.compressed {
		info, err := f.File.Stat()
		if err != nil {
			return 0, err
		}
		// What a crash left of the other form goes.
		if err := os.Remove(s.path(hash, false)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		return info.Size(), nil
	}
	tmp, err := os.CreateTemp(s.dir, ".tmp-*")
	if err != nil {
		return 0, err
	}
	defer func() {
		tmp.Close() // again after success: harmless
		os.Remove(tmp.Name())
	}()
	if err := compress(tmp, f, withContext{ctx, f.File}); err != nil {
		return 0, fmt.Errorf("compact archive object %s: %w", hash, explainSpace(s.dir, err))
	}
	info, err := tmp.Stat()
	if err != nil {
		return 0, err
	}
	if err := errors.Join(tmp.Sync(), tmp.Chmod(0o444), tmp.Close()); err != nil {
		return 0, fmt.Errorf("compact archive object %s: %w", hash, explainSpace(s.dir, err))
	}
	path := s.path(hash, true)
	if err := os.Rename(tmp.Name(), path); err != nil {
		return 0, err
	}
	if err := durable.SyncDir(filepath.Dir(path)); err != nil {
		return 0, err
	}
	return info.Size(), os.Remove(s.path(hash, false))
}

// compress writes the bytes of f, read from r, as a sealed S2 stream.
func compress(out io.Writer, f *stored, r io.Reader) error {
	seal := newSealer(whole{out})
	w := s2.NewWriter(seal, s2.WriterBlockSize(blockSize), s2.WriterBetterCompression(), s2.WriterConcurrency(1), s2.WriterAddIndex())
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, digest), r)
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	if got := hex.EncodeToString(digest.Sum(nil)); got != f.hash {
		return f.corrupt(fmt.Sprintf("its %d bytes have the hash %s", n, got))
	}
	return seal.close()
}
