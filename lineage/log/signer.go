package log

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"clearwell/durable"
	"clearwell/lineage/tiles"
)

// guardedSigner is the log's key as tessera sees it: it signs only tree heads
// that were computed from the leaves, whatever tessera's state file says, and
// files the finished checkpoint durably before it gives the signature away. So
// every checkpoint that was ever signed is in the archive.
type guardedSigner struct {
	inner   note.Signer
	archive string

	mu      sync.Mutex // guards the rest; tessera signs on its own goroutine
	allowed map[int64]tlog.Hash
	refusal error
}

func (s *guardedSigner) Name() string    { return s.inner.Name() }
func (s *guardedSigner) KeyHash() uint32 { return s.inner.KeyHash() }

// Sign refuses what was not allowed; the refusal is kept for the appender.
func (s *guardedSigner) Sign(message []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sig, err := s.sign(message)
	if err != nil {
		s.refusal = err
	}
	return sig, err
}

func (s *guardedSigner) sign(message []byte) ([]byte, error) {
	head, err := tiles.ParseTreeHead(string(message))
	if err != nil {
		return nil, fmt.Errorf("the log's key was asked to sign something else than a tree head: %w", err)
	}
	root, ok := s.allowed[head.Tree.N]
	if !ok || root != head.Tree.Hash || head.Origin != s.inner.Name() {
		return nil, fmt.Errorf("the log's key was asked to sign a tree of %d entries that was not computed from the entries; .state or tile/ was changed from outside", head.Tree.N)
	}
	sig, err := s.inner.Sign(message)
	if err != nil {
		return nil, err
	}
	raw := binary.BigEndian.AppendUint32(nil, s.inner.KeyHash())
	raw = append(raw, sig...)
	whole := fmt.Appendf(nil, "%s\n— %s %s\n", message, s.inner.Name(), base64.StdEncoding.EncodeToString(raw))
	return sig, s.file(head.Tree.N, whole)
}

// file keeps a checkpoint under its size. One that is there already must be the same.
func (s *guardedSigner) file(size int64, raw []byte) error {
	path := filepath.Join(s.archive, filepath.FromSlash(tiles.PathNumber(uint64(size))))
	old, err := os.ReadFile(path)
	switch {
	case err == nil && string(old) == string(raw):
		return nil
	case err == nil:
		return &tiles.BrokenError{What: "checkpoints/" + tiles.PathNumber(uint64(size)), Why: "the archive holds another checkpoint of this size"}
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return durable.WriteFile(path, raw, 0o644)
}

func (s *guardedSigner) allow(size int64, root tlog.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allowed[size] = root
	s.refusal = nil
}

// forget drops permissions below size: no smaller tree may be signed any more.
func (s *guardedSigner) forget(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.allowed {
		if n < size {
			delete(s.allowed, n)
		}
	}
}

func (s *guardedSigner) refused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal
}
