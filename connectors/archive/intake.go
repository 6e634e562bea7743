package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"clearwell/durable"
)

// An Intake takes in many contents as one delivery. Small ones are each synced by themselves, their folders
// together at the end: for thousands of small files that is a third of the
// waiting for the disk, and Puts that run at once share the rest, because a
// file system commits what waits together. Larger ones are synced at the end, so that the disk writes them
// while they are read again: the Store finds them from Put on. Its methods may be called from several goroutines.
type Intake struct {
	store *Store
	dirs  folders

	mu      sync.Mutex // guards waiting
	waiting []*pending // in the order of Put
}

// pending is content that is written, but neither synced nor named.
type pending struct {
	Object
	name string // of the temporary file
	out  file
}

// unnamed are the temporary files of contents, by hash. Two deliveries may bring the same content at once, and
// either may fail.
type unnamed struct {
	mu    sync.Mutex
	names map[string][]string
}

func (u *unnamed) add(p *pending) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.names == nil {
		u.names = map[string][]string{}
	}
	u.names[p.SHA256] = append(u.names[p.SHA256], p.name)
}

func (u *unnamed) remove(p *pending) {
	u.mu.Lock()
	defer u.mu.Unlock()
	left := slices.DeleteFunc(u.names[p.SHA256], func(name string) bool { return name == p.name })
	if len(left) == 0 {
		delete(u.names, p.SHA256)
		return
	}
	u.names[p.SHA256] = left
}

func (u *unnamed) files(hash string) []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.names[hash])
}

// openAtOnce bounds the files that wait for Commit: each holds a descriptor.
const openAtOnce = 64

// Intake begins a delivery. Nothing of it counts as stored before Commit. The caller ends it with Discard.
func (s *Store) Intake() *Intake { return &Intake{store: s} }

// Put is Store.Put, but for the promise: the content is durable under its name only after Commit.
func (in *Intake) Put(ctx context.Context, r io.Reader, progress func(bytesRead int64)) (Object, error) {
	o, err := in.put(ctx, r, progress)
	if err != nil {
		return Object{}, fmt.Errorf("archive: %w", explainSpace(in.store.dir, err))
	}
	return o, nil
}

// keep leaves content to Commit, and makes the oldest durable if too many wait.
func (in *Intake) keep(p *pending) error {
	in.store.pending.add(p)
	in.mu.Lock()
	in.waiting = append(in.waiting, p)
	var oldest *pending
	if len(in.waiting) > openAtOnce {
		oldest, in.waiting = in.waiting[0], in.waiting[1:]
	}
	in.mu.Unlock()
	if oldest == nil {
		return nil
	}
	return in.settle(oldest)
}

// settle syncs content and gives it its final name. A crash before the rename leaves a
// temporary file, after it the whole content.
func (in *Intake) settle(p *pending) error {
	s := in.store
	defer s.pending.remove(p)
	defer p.discard() // nothing is left of it where this fails
	if err := p.out.Sync(); err != nil {
		return fmt.Errorf("fsync: %w", err)
	}
	if err := p.out.Close(); err != nil {
		return err
	}
	path := s.path(p.SHA256, false)
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := os.Rename(p.name, path); err != nil {
		return err
	}
	in.dirs.changed(dir)
	// A compressed file that is damaged would be found first.
	if err := os.Remove(s.path(p.SHA256, true)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// discard removes the temporary file, if it still is one.
func (p *pending) discard() {
	p.out.Close()
	os.Remove(p.name)
}

// Commit makes all that was put durable under its name. A crash before it may lose
// names, never leave a name with other content: files are synced before they are named.
func (in *Intake) Commit() error {
	for p := in.next(); p != nil; p = in.next() {
		if err := in.settle(p); err != nil {
			return fmt.Errorf("archive: %w", explainSpace(in.store.dir, err))
		}
	}
	dirs := in.dirs.take()
	if len(dirs) == 0 {
		return nil // all was there already
	}
	for _, dir := range append(dirs, in.store.dir) {
		if err := durable.SyncDir(dir); err != nil {
			return fmt.Errorf("archive: fsync %s: %w", dir, err)
		}
	}
	return nil
}

// Discard ends the delivery: what was put and not committed is gone.
func (in *Intake) Discard() {
	for p := in.next(); p != nil; p = in.next() {
		in.store.pending.remove(p)
		p.discard()
	}
}

func (in *Intake) next() *pending {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.waiting) == 0 {
		return nil
	}
	p := in.waiting[0]
	in.waiting = in.waiting[1:]
	return p
}

// folders are those with entries that are not durable yet.
type folders struct {
	mu    sync.Mutex
	names map[string]bool
}

func (f *folders) changed(dir string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names == nil {
		f.names = map[string]bool{}
	}
	f.names[dir] = true
}

func (f *folders) take() (names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.names {
		names = append(names, name)
	}
	f.names = nil
	return names
}
