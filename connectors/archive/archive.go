// Package archive keeps the raw bytes of every delivery, addressed by their
// SHA-256. It is what replay, verification and the quarantine go back to.
//
// A folder of two-digit folders holds one file per content: HASH.raw, the bytes as they came (cloned, not copied, where
// the file system can), or HASH.s2, which Compact makes of it: compressed with S2, a
// Snappy-compatible stream with an index and a seal at its end, readable by foreign tools. Both
// give the same bytes. Files are read-only and never change; a crash leaves
// temporary names that Sweep removes.
//
// Start at Store.Put, the way in; read.go is the way out, compact.go what happens to content at rest, seal.go
// the end of a compressed file.
package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"clearwell/durable"

	"github.com/klauspost/compress/s2"
)

// ErrNotFound is in the chain of errors about content that is not there.
var ErrNotFound = errors.New("not in the archive")

// An Object is archived content.
type Object struct {
	SHA256 string `json:"sha256"` // of the raw bytes, lower-case hex
	Size   int64  `json:"size"`   // of the raw bytes
}

// A CorruptError says that stored content is not what its name says.
type CorruptError struct {
	SHA256 string // the name
	Path   string // the file
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("archive object %s is damaged: %s (%s); restore the file from a backup, or deliver the source again", e.SHA256, e.Reason, e.Path)
}

// A Store is an archive in a folder. Its methods may be called from several
// goroutines and processes at once: files appear under their final names whole, and equal
// names mean equal content.
type Store struct {
	dir     string
	fresh   sync.Map        // XXH64 of the contents that this Store put, by name; see Get
	pending unnamed         // contents that no Intake has committed yet
	wrap    func(file) file // tests put a failing disk here; nil otherwise
}

// file is what Put needs of a file.
type file interface {
	Write(p []byte) (int, error)
	Sync() error
	Close() error
}

// Open opens the archive in dir, which is made if missing.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	return &Store{dir: dir}, nil
}

// Sweep removes what killed runs left. The caller makes sure, by the lock of the workspace, that
// no process is in Put: its unfinished file would go too, and Put would fail.
func (s *Store) Sweep() error {
	if err := durable.Sweep(s.dir); err != nil {
		return fmt.Errorf("sweep archive %s: %w", s.dir, err)
	}
	return nil
}

// Stat tells whether content is there, and its size. It opens the file but does not read through
// it; Verify does.
func (s *Store) Stat(hash string) (Object, error) {
	f, err := s.find(hash)
	if err != nil {
		return Object{}, err
	}
	defer f.Close()
	return Object{SHA256: hash, Size: f.size}, nil
}

// named is Stat for what has its final name.
func (s *Store) named(hash string) (Object, error) {
	return (&Store{dir: s.dir}).Stat(hash)
}

// stored is one open archive file.
type stored struct {
	*os.File
	hash       string
	size       int64 // raw bytes
	compressed bool
	stream     int64 // of a compressed file: bytes before the seal
}

// find opens the file of a content and learns its raw size.
func (s *Store) find(hash string) (*stored, error) {
	if !isHash(hash) {
		return nil, fmt.Errorf("archive object %q: not a SHA-256 in lower-case hex", hash)
	}
	// A pending file may be named just now, and a raw one compressed: who finds nothing looks once more.
	paths := []string{s.path(hash, true), s.path(hash, false)}
	for _, path := range slices.Concat(s.pending.files(hash), paths, paths) {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("archive object %s: %w", hash, err)
		}
		st := &stored{File: f, hash: hash, compressed: strings.HasSuffix(path, ".s2")}
		if st.size, err = st.rawSize(); err != nil {
			f.Close()
			return nil, err
		}
		return st, nil
	}
	return nil, fmt.Errorf("archive object %s: %w in %s", hash, ErrNotFound, s.dir)
}

func (f *stored) rawSize() (int64, error) {
	info, err := f.File.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, f.corrupt("it is not a regular file")
	}
	if !f.compressed {
		return info.Size(), nil
	}
	if info.Size() < sealSize {
		return 0, f.corrupt("it is cut off")
	}
	f.stream = info.Size() - sealSize
	var index s2.Index
	if err := index.LoadStream(io.NewSectionReader(f.File, 0, f.stream)); err != nil || index.TotalUncompressed < 0 {
		return 0, f.corrupt("the index at its end is missing or unreadable")
	}
	return index.TotalUncompressed, nil
}

func (f *stored) corrupt(reason string) error {
	return &CorruptError{SHA256: f.hash, Path: f.Name(), Reason: reason}
}

// Name is where the bytes of a content are, or would be put, relative to the
// folder of the archive: what a message about them names.
func (s *Store) Name(hash string) string {
	if !isHash(hash) {
		return hash
	}
	path := s.path(hash, false)
	if _, err := os.Lstat(s.path(hash, true)); err == nil {
		path = s.path(hash, true)
	}
	return filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
}

func (s *Store) path(hash string, compressed bool) string {
	ext := ".raw"
	if compressed {
		ext = ".s2"
	}
	return filepath.Join(s.dir, hash[:2], hash+ext)
}

func isHash(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 64
}
