// Package lineage is the provenance ledger: one append-only Merkle log of
// signed entries, in which every dataset has a chain of its own. It says what
// was received, what was done with it, and what was published, so that
// outsiders can check it without this program.
//
// The packages below it: entry (form of an entry), chain (what entries add up
// to), tiles (reading the log), log (writing it), keys, proof (proof.json) and
// verify (the verdict; it knows nothing of this package). How a run uses the
// ledger, in order:
//
//	l, err := lineage.Open(ctx, cfg)         // cfg.Remembered from the state database
//	r, err := l.Append(ctx, []Draft{delivery})
//	... the run, everything staged and synced ...
//	r, err = l.Append(ctx, []Draft{steps..., quality, privacy, publication})
//	p, err := l.BuildProof(ctx, first, publication)
//	... remember r.Head with the run's state in one transaction; rename into place ...
//
// After a crash: Open, then FindRun tells whether the publication is in the log
// (finish the rename) or not (append run-failed, begin a new attempt).
//
// Start at Ledger. The formats are in docs/ledger/format.md.
package lineage

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"clearwell/durable"
	"clearwell/lineage/chain"
	"clearwell/lineage/entry"
	"clearwell/lineage/keys"
	"clearwell/lineage/log"
	"clearwell/lineage/tiles"
)

// Head is how far the ledger is known. The caller persists it, in the same
// transaction as what depends on it, and hands it back as Config.Remembered.
type Head = chain.Head

// Program names the running program in entries.
type Program = entry.Program

// Files below Config.Dir.
const (
	LogDir        = "log"         // tlog-tiles
	CheckpointDir = "checkpoints" // every checkpoint that was ever signed, by size
	VKeyFile      = "log.vkey"    // the log's public key
)

// Config opens a ledger.
type Config struct {
	Dir        string                  // the ledger's folder, normally .clearwell/ledger
	Keys       *keys.Store             // holds the keys of roles log and engine
	Remembered *Head                   // nil: none was ever remembered
	Program    func() (Program, error) // stands in every entry; asked at each append, so it should remember; nil: none
	Clock      func() time.Time        // nil: time.Now
}

// Errors that the caller decides on. They are wrapped with what to do next.
var (
	ErrNoLog           = errors.New("there is no ledger")
	ErrLogExists       = errors.New("there is a ledger already")
	ErrHeadMissing     = errors.New("the ledger has entries, but no head of it is remembered")
	ErrHeadContradicts = errors.New("the ledger contradicts the remembered head")
	ErrDamaged         = errors.New("the ledger is damaged")
)

// A Ledger is open for writing by this process. Its methods may be called by
// several goroutines; appends happen one after the other.
type Ledger struct {
	cfg  Config
	dir  tiles.Dir
	key  note.Verifier // of the log
	vkey string
	lock io.Closer

	mu      sync.Mutex // guards what follows; held through an append
	log     *log.Log
	signers []*keys.Signer    // generations of the engine key, the newest last signs
	head    Head              // of the newest published checkpoint
	ids     map[string]uint64 // id → index, of the entries in the tail and of this process
}

// tailWindow is how many entries before the remembered head are looked through
// for ids at open: another run may have remembered a head that covers entries
// which their own run has not acknowledged yet.
const tailWindow = 2 * tiles.Width

// Create makes an empty ledger, and the keys of the log (with the given origin)
// and of the engine where they are missing. It refuses where a ledger is or was:
// a folder that is gone must come back from a backup, not anew. The caller
// remembers the returned head at once.
func Create(ctx context.Context, cfg Config, origin string) (Head, error) {
	if cfg.Remembered != nil {
		return Head{}, fmt.Errorf("create %s: %w: a head of %d entries is remembered; restore the folder from a backup", cfg.Dir, ErrLogExists, cfg.Remembered.Size)
	}
	if _, err := os.Lstat(filepath.Join(cfg.Dir, LogDir)); err == nil {
		return Head{}, fmt.Errorf("create %s: %w", cfg.Dir, ErrLogExists)
	}
	if _, err := cfg.Keys.PublicKeys(keys.RoleLog); errors.Is(err, keys.ErrNotFound) {
		if _, err := cfg.Keys.CreateLogKey(origin); err != nil {
			return Head{}, err
		}
	} else if err != nil {
		return Head{}, err
	}
	if _, err := cfg.Keys.PublicKeys(keys.RoleEngine); errors.Is(err, keys.ErrNotFound) {
		if _, err := cfg.Keys.CreateSigningKey(keys.RoleEngine); err != nil {
			return Head{}, err
		}
	} else if err != nil {
		return Head{}, err
	}
	signer, err := cfg.Keys.Signer(keys.RoleLog)
	if err != nil {
		return Head{}, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return Head{}, err
	}
	lock, err := takeLock(cfg.Dir)
	if err != nil {
		return Head{}, err
	}
	defer lock.Close()
	if err := durable.WriteFile(filepath.Join(cfg.Dir, VKeyFile), []byte(signer.Public().Text), 0o644); err != nil {
		return Head{}, err
	}
	if err := log.Create(ctx, log.Config{Dir: filepath.Join(cfg.Dir, LogDir), Signer: signer}); err != nil {
		return Head{}, err
	}
	return Head{Root: hexRoot(tiles.EmptyRoot)}, nil
}

// Open opens the ledger for writing, after it has been found consistent with
// itself and with the remembered head, and reads the entries that a crash left
// unacknowledged: Head is past them when Open returns. Where anything does not
// fit it stops with ErrNoLog, ErrHeadMissing, ErrHeadContradicts, ErrDamaged or
// a *LockedError, and changes nothing.
func Open(ctx context.Context, cfg Config) (*Ledger, error) {
	l, err := prepare(cfg)
	if err != nil {
		return nil, err
	}
	if err := l.start(ctx, cfg.Remembered); err != nil {
		return nil, errors.Join(err, l.lock.Close())
	}
	return l, nil
}

// prepare loads the keys and takes the lock.
func prepare(cfg Config) (*Ledger, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	l := &Ledger{cfg: cfg, dir: tiles.Dir(filepath.Join(cfg.Dir, LogDir)), ids: map[string]uint64{}}
	if _, err := os.Stat(string(l.dir)); errors.Is(err, os.ErrNotExist) {
		if cfg.Remembered != nil {
			return nil, fmt.Errorf("%s: %w, but one of %d entries is remembered; restore the folder from a backup", l.dir, ErrNoLog, cfg.Remembered.Size)
		}
		return nil, fmt.Errorf("%s: %w; clearwell init makes one", l.dir, ErrNoLog)
	}
	logSigner, err := cfg.Keys.Signer(keys.RoleLog)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	l.vkey = keys.VKey(logSigner.Name(), logSigner.Public().Key)
	if l.key, err = note.NewVerifier(l.vkey); err != nil {
		return nil, err
	}
	if l.signers, err = cfg.Keys.Signers(keys.RoleEngine); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	if l.lock, err = takeLock(cfg.Dir); err != nil {
		return nil, err
	}
	if err := durable.Sweep(filepath.Join(cfg.Dir, CheckpointDir)); err != nil { // of a process killed while it archived one
		return nil, errors.Join(fmt.Errorf("open the ledger: %w", err), l.lock.Close())
	}
	return l, nil
}

func (l *Ledger) start(ctx context.Context, remembered *Head) error {
	logSigner, err := l.cfg.Keys.Signer(keys.RoleLog)
	if err != nil {
		return err
	}
	if remembered != nil {
		l.head = remembered.Clone()
	}
	l.log, err = log.Open(ctx, log.Config{
		Dir:     string(l.dir),
		Archive: filepath.Join(l.cfg.Dir, CheckpointDir),
		Signer:  logSigner,
		Key:     l.key,
	}, func(tree tlog.Tree) error {
		if remembered == nil && tree.N > 0 {
			return fmt.Errorf("%s: %w (%d entries); if the state database was lost and nothing else, a person may take the ledger as it stands: clearwell ledger adopt --reason TEXT", l.cfg.Dir, ErrHeadMissing, tree.N)
		}
		if err := l.advance(tree); err != nil {
			return err
		}
		return l.indexTail(tree)
	})
	return l.explain(err)
}

// explain turns a damaged artifact into ErrDamaged with what to do.
func (l *Ledger) explain(err error) error {
	var b *tiles.BrokenError
	if errors.As(err, &b) {
		return fmt.Errorf("%s: %w: %w; nothing was written; run: clearwell verify, and restore the folder from a backup", l.cfg.Dir, ErrDamaged, err)
	}
	return err
}

// advance compares tree with the head and reads the entries in between.
func (l *Ledger) advance(tree tlog.Tree) error {
	if l.head.Size > uint64(tree.N) {
		return fmt.Errorf("%s: %w: it has %d entries, %d are remembered: entries were removed; restore it from a backup, or let a person decide: clearwell ledger adopt --reason TEXT", l.cfg.Dir, ErrHeadContradicts, tree.N, l.head.Size)
	}
	if l.head.Size > 0 {
		root, err := l.dir.RootAt(l.head.Size, tree)
		if err != nil {
			return fmt.Errorf("%s: %w: %w", l.cfg.Dir, ErrDamaged, err)
		}
		if hexRoot(root) != l.head.Root {
			return fmt.Errorf("%s: %w: its first %d entries are not those that are remembered: history was rewritten; restore it from a backup, or let a person decide: clearwell ledger adopt --reason TEXT", l.cfg.Dir, ErrHeadContradicts, l.head.Size)
		}
	}
	next := l.head.Clone()
	err := l.leaves(next.Size, uint64(tree.N), tree, func(index uint64, leaf []byte) error {
		e, err := next.Advance(leaf)
		if err != nil {
			return &tiles.BrokenError{What: fmt.Sprintf("entry %d", index), Why: err.Error()}
		}
		l.ids[e.ID] = index
		return nil
	})
	if err != nil {
		return err
	}
	next.Root = hexRoot(tree.Hash)
	l.head = next
	return nil
}

// indexTail remembers the ids of entries shortly before the remembered head.
func (l *Ledger) indexTail(tree tlog.Tree) error {
	size := uint64(tree.N)
	return l.leaves(size-min(size, tailWindow), size, tree, func(index uint64, leaf []byte) error {
		_, e, err := entry.Open(leaf)
		if err != nil {
			return &tiles.BrokenError{What: fmt.Sprintf("entry %d", index), Why: err.Error()}
		}
		l.ids[e.ID] = index
		return nil
	})
}

// leaves is tiles.Dir.Leaves with every leaf proven against tree.
func (l *Ledger) leaves(from, to uint64, tree tlog.Tree, yield func(index uint64, leaf []byte) error) error {
	reader := l.dir.Hashes(tree)
	var hashes []tlog.Hash
	return l.dir.Leaves(from, to, uint64(tree.N), func(index uint64, leaf []byte) error {
		if index == from || index%tiles.Width == 0 {
			end := min(to, (index/tiles.Width+1)*tiles.Width)
			stored := make([]int64, 0, tiles.Width)
			for i := index; i < end; i++ {
				stored = append(stored, tlog.StoredHashIndex(0, int64(i)))
			}
			var err error
			if hashes, err = reader.ReadHashes(stored); err != nil {
				return fmt.Errorf("entries %d to %d: %w: %w", index, end, ErrDamaged, err)
			}
		}
		if tlog.RecordHash(leaf) != hashes[0] {
			n := index / tiles.Width
			return &tiles.BrokenError{What: tiles.BundlePath(n, tiles.WidthAt(0, n, uint64(tree.N))), Why: fmt.Sprintf("entry %d is not the one that the log's hashes cover", index)}
		}
		hashes = hashes[1:]
		return yield(index, leaf)
	})
}

// Head is the newest durable state: what the caller remembers.
func (l *Ledger) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head.Clone()
}

// VKey is the log's public key as a C2SP vkey line, for policies.
func (l *Ledger) VKey() string { return l.vkey }

// Close publishes what is outstanding, stops the writer and releases the lock.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.log.Close(context.Background()), l.lock.Close())
}

func hexRoot(h tlog.Hash) string { return hex.EncodeToString(h[:]) }
