package archive

import (
	"context"
	"fmt"
	"io"
	"sync"

	"clearwell/durable"
)

// An Intake takes in many contents as one delivery: each is synced by itself, their folders
// together at the end. For thousands of small files that is a third of the
// waiting for the disk, and Puts that run at once share the rest, because a
// file system commits what waits together. Its methods may be called from several goroutines.
type Intake struct {
	store *Store
	dirs  folders
}

// Intake begins a delivery. Nothing of it counts as stored before Commit.
func (s *Store) Intake() *Intake { return &Intake{store: s} }

// Put is Store.Put, but for the promise: the content is durable under its name only after Commit.
func (in *Intake) Put(ctx context.Context, r io.Reader, progress func(bytesRead int64)) (Object, error) {
	o, err := in.store.put(ctx, r, progress, &in.dirs)
	if err != nil {
		return Object{}, fmt.Errorf("archive: %w", explainSpace(in.store.dir, err))
	}
	return o, nil
}

// Commit makes the names of all that was put durable. A crash before it may lose
// names, never leave a name with other content: files are synced before they are named.
func (in *Intake) Commit() error {
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
