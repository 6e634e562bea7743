// Package log appends to the Merkle log. It stands between the ledger and
// tessera, which writes the tiles: tessera checks nothing when it opens and
// would sign whatever tree its state file names, so this package
//
//   - recomputes the tree from the tiles and compares it with checkpoint and
//     state before it lets tessera start, and again before every append (guard.go);
//   - hands tessera a signing key that signs only roots which this package has
//     computed itself from the leaves that it was given (signer.go), and that
//     files every checkpoint before its signature is released;
//   - removes partial tiles as soon as the full one is published, and what a
//     crash has left behind.
//
// Reading is package tiles; what stands in the leaves is package entry.
// Start at Open.
package log

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"clearwell/lineage/tiles"
)

const (
	// checkpointInterval is the least that tessera's POSIX driver permits between two checkpoints.
	checkpointInterval = 100 * time.Millisecond
	// batchAge is how long tessera waits for more leaves of a batch. We hand them
	// over within microseconds; the rest is latency.
	batchAge = 3 * time.Millisecond
	// BatchSize is the largest number of leaves in one append that stays one batch:
	// several times the entries of a run.
	BatchSize = 1024
	// publishTimeout bounds the wait for a checkpoint. It is reached only when
	// the disk is full or the folder was taken away; tessera then only logs.
	publishTimeout = 30 * time.Second
	// pollInterval is how often the published checkpoint is looked at while waiting.
	pollInterval = time.Millisecond
)

// Config says where the log is and who signs it.
type Config struct {
	Dir     string        // folder of the log: tile/, checkpoint, .state/
	Archive string        // folder that keeps every checkpoint
	Signer  note.Signer   // the log's key
	Key     note.Verifier // its public half
}

// A sequencer puts leaves at the end of the tree, in order and durably, and
// publishes a checkpoint that covers them within the checkpoint interval.
// tessera is the one implementation.
type sequencer interface {
	// Add returns the index of each leaf once all are durable.
	Add(ctx context.Context, leaves [][]byte) ([]uint64, error)
	// Trouble is the last thing that went wrong in the background, if anything.
	Trouble() error
	// Close publishes what is outstanding and stops.
	Close(ctx context.Context) error
}

// A Log is open for appending. One process may have it open; that is the
// caller's to ensure by a lock. Its methods may be called by several goroutines.
type Log struct {
	cfg    Config
	dir    tiles.Dir
	signer *guardedSigner

	mu       sync.Mutex // guards what follows; held through an append
	seq      sequencer
	frontier *tiles.Frontier   // tree that the next append builds upon
	latest   *tiles.Checkpoint // newest published checkpoint
	stale    bool              // an append ended without knowing its outcome; the folder decides
	closed   bool
}

// Open checks the log against itself (see Guard), removes what a crash has left
// and starts the writer. Entries that were durable but not yet covered by a
// checkpoint are covered when Open returns.
//
// known is called with the tree of the folder before anything is written or
// signed; its error stops the opening. The ledger compares with the remembered
// head there and reads the entries that it does not know.
func Open(ctx context.Context, cfg Config, known func(tree tlog.Tree) error) (*Log, error) {
	l := &Log{cfg: cfg, dir: tiles.Dir(cfg.Dir)}
	g, err := Guard(l.dir, cfg.Key)
	if err != nil {
		return nil, err
	}
	if err := known(g.State); err != nil {
		return nil, err
	}
	if err := sweep(cfg.Dir, uint64(g.State.N)); err != nil {
		return nil, fmt.Errorf("remove what a crash left in the log: %w", err)
	}
	l.signer = &guardedSigner{inner: cfg.Signer, archive: cfg.Archive, allowed: map[int64]tlog.Hash{}}
	if err := l.signer.file(g.Checkpoint.Tree.N, g.Checkpoint.Raw); err != nil {
		return nil, err
	}
	l.signer.allow(g.State.N, g.State.Hash)
	l.frontier, l.latest = g.Frontier, g.Checkpoint
	if l.seq, err = startSequencer(cfg.Dir, l.signer); err != nil {
		return nil, fmt.Errorf("start the log's writer: %w", err)
	}
	if g.State.N > g.Checkpoint.Tree.N {
		if err := l.awaitCheckpoint(ctx); err != nil {
			return nil, errors.Join(err, l.seq.Close(ctx))
		}
	}
	return l, nil
}

// Tree is the tree of the newest published checkpoint.
func (l *Log) Tree() tlog.Tree {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest.Tree
}

// Checkpoint is the newest published checkpoint.
func (l *Log) Checkpoint() *tiles.Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest
}

// ErrStale is returned by Append after an append whose outcome is not known.
// Resync tells what became of it.
var ErrStale = errors.New("the outcome of the previous append is not known yet")

// Append guards, appends the leaves in order, and returns the index of the
// first once a published checkpoint covers the last. After an error the leaves
// may be in the log or not: Append then refuses until Resync has looked.
func (l *Log) Append(ctx context.Context, leaves [][]byte) (first uint64, cp *tiles.Checkpoint, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return 0, nil, errors.New("the ledger is closed")
	case l.stale:
		return 0, nil, ErrStale
	case len(leaves) == 0:
		return l.frontier.Size(), l.latest, nil
	}
	if err := l.guardUnchanged(); err != nil {
		return 0, nil, err
	}
	first = l.frontier.Size()
	next := l.frontier.Clone()
	for _, leaf := range leaves {
		next.Add(tlog.RecordHash(leaf))
		l.signer.allow(int64(next.Size()), next.Root())
	}
	l.stale = true
	indices, err := l.seq.Add(ctx, leaves)
	if err != nil {
		return 0, nil, fmt.Errorf("append %d entries to the log: %w", len(leaves), err)
	}
	for i, got := range indices {
		if got != first+uint64(i) {
			return 0, nil, fmt.Errorf("append to the log: entry %d was put at %d; another process is writing to %s", first+uint64(i), got, l.cfg.Dir)
		}
	}
	l.frontier = next
	if err := l.awaitCheckpoint(ctx); err != nil {
		return 0, nil, err
	}
	l.stale = false
	l.signer.forget(l.latest.Tree.N)
	// The append is done and durable; partials that cannot be removed now go at the next opening.
	_ = removePartials(l.cfg.Dir, first, next.Size())
	return first, l.latest, nil
}

// Resync reads from the folder what became of an append that ended in an error.
// known is as in Open.
func (l *Log) Resync(ctx context.Context, known func(tree tlog.Tree) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	g, err := Guard(l.dir, l.cfg.Key)
	if err != nil {
		return err
	}
	if err := known(g.State); err != nil {
		return err
	}
	l.signer.allow(g.State.N, g.State.Hash)
	l.frontier, l.latest = g.Frontier, g.Checkpoint
	if err := l.awaitCheckpoint(ctx); err != nil {
		return err
	}
	l.stale = false
	return nil
}

// awaitCheckpoint waits until the published checkpoint is that of the frontier. l.mu is held.
func (l *Log) awaitCheckpoint(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	want := tlog.Tree{N: int64(l.frontier.Size()), Hash: l.frontier.Root()}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		cp, err := l.dir.Checkpoint(l.cfg.Key)
		switch {
		case err != nil:
			return err
		case cp.Tree == want:
			l.latest = cp
			return nil
		case cp.Tree.N >= want.N:
			return &tiles.BrokenError{What: tiles.CheckpointPath, Why: fmt.Sprintf("covers %d entries with another root than this process computed", cp.Tree.N)}
		}
		if err := l.signer.refused(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("no checkpoint over %d entries appeared in %s: %w", want.N, filepath.Join(l.cfg.Dir, tiles.CheckpointPath), context.Cause(ctx)), l.seq.Trouble())
		case <-tick.C:
		}
	}
}

// Close publishes what is outstanding and stops the writer.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	return l.seq.Close(ctx)
}
