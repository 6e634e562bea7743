package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"clearwell/connectors/archive"
	"clearwell/lineage"
	"clearwell/lineage/keys"
	"clearwell/pipeline/publish"
	"clearwell/rules"
)

// Places of a workspace's own files, below its root.
const (
	StateDir  = ".clearwell"
	StateFile = StateDir + "/state.db"
	LedgerDir = StateDir + "/ledger"
	KeysDir   = StateDir + "/keys"
)

// IsNew says whether a workspace was never run: it has neither ledger nor
// publications, and its state remembers none. Only then may a ledger be made for
// it: one that got lost is not replaced silently. Keys and a state without a head are what a
// process leaves that was killed while it made the ledger; then it is made now.
func IsNew(root string, state State) (bool, error) {
	for _, name := range []string{filepath.Join(LedgerDir, lineage.LogDir), "published"} {
		_, err := os.Lstat(filepath.Join(root, name))
		if err == nil {
			return false, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return false, err
		}
	}
	head, err := state.LedgerHead()
	return head == nil, err
}

// Named is the running program as runs and the ledger name it.
type Named struct {
	Version string
	// Hash gives the SHA-256 of the program's file, lower-case hex. It is asked when the ledger needs it, which leaves time to
	// read the file beside other work; it should remember what it found. Nil: not known.
	Hash func() (string, error)
}

// InFull is the program with its hash.
func (n Named) InFull() (p lineage.Program, err error) {
	p.Version = n.Version
	if n.Hash != nil {
		p.Hash, err = n.Hash()
	}
	return p, err
}

// Create makes the empty ledger of a new workspace, its signing keys, and a
// secret for every pseudonym that its contracts name and that has none yet. It
// returns the names of those secrets. Later a missing secret is an error: another
// one would give other pseudonyms, and what is published would no longer join.
func Create(ctx context.Context, ws *rules.Workspace, state State, program Named) (secrets []string, err error) {
	store, err := keys.Open(filepath.Join(ws.Root, KeysDir))
	if err != nil {
		return nil, err
	}
	for _, name := range pseudonymKeys(ws) {
		if _, err := store.Secret(name); !errors.Is(err, keys.ErrNotFound) {
			if err != nil {
				return secrets, err
			}
			continue
		}
		if _, err := store.CreateSecret(name); err != nil {
			return secrets, err
		}
		secrets = append(secrets, name)
	}
	head, err := lineage.Create(ctx, lineage.Config{
		Dir: filepath.Join(ws.Root, LedgerDir), Keys: store, Program: program.InFull,
	}, "clearwell/"+ws.Name)
	if err != nil {
		return secrets, err
	}
	data, err := json.Marshal(head)
	if err != nil {
		return secrets, err
	}
	return secrets, state.RememberHead(data)
}

// pseudonymKeys are the names of the secrets that the contracts of a workspace use, each once.
func pseudonymKeys(ws *rules.Workspace) []string {
	var names []string
	for _, d := range ws.Datasets {
		for _, f := range d.Plan.Fields {
			if k := f.Treatment.Key; k != "" && f.PublishAs != "" && !slices.Contains(names, k) {
				names = append(names, k)
			}
		}
	}
	return names
}

// Open opens a workspace for running. It takes the ledger's lock and checks the ledger; Close gives it back.
func Open(ctx context.Context, ws *rules.Workspace, state State, program Named) (*Runner, error) {
	r := &Runner{Workspace: ws, State: state, Program: program.Version, Clock: time.Now, Site: publish.Open(ws.Root)}
	var err error
	if r.Keys, err = keys.Open(filepath.Join(ws.Root, KeysDir)); err != nil {
		return nil, err
	}
	head, err := RememberedHead(state)
	if err != nil {
		return nil, err
	}
	if r.Ledger, err = lineage.Open(ctx, lineage.Config{Dir: filepath.Join(ws.Root, LedgerDir), Keys: r.Keys, Remembered: head, Program: program.InFull}); err != nil {
		return nil, err
	}
	if r.Archive, err = archive.Open(filepath.Join(ws.Root, StateDir, "archive")); err != nil {
		return nil, errors.Join(err, r.Ledger.Close())
	}
	return r, nil
}

// Compaction is what CompactArchive came to.
type Compaction struct {
	Objects int   `json:"objects"` // contents compressed
	Before  int64 `json:"before"`  // bytes that they took
	After   int64 `json:"after"`
}

// CompactArchive compresses the archived contents that runs took in as they came, oldest first. It takes one
// core, and may be cancelled and begun again at any time.
func (r *Runner) CompactArchive(ctx context.Context) (c Compaction, err error) {
	list, err := r.Archive.Uncompressed()
	if err != nil {
		return c, err
	}
	for _, o := range list {
		stored, err := r.Archive.Compact(ctx, o.SHA256)
		if err != nil {
			return c, err
		}
		c.Objects, c.Before, c.After = c.Objects+1, c.Before+o.Size, c.After+stored
	}
	return c, nil
}

// Close gives the workspace back.
func (r *Runner) Close() error { return r.Ledger.Close() }

// RememberedHead is the ledger's head as state has it; nil if none was ever remembered.
func RememberedHead(state State) (*lineage.Head, error) {
	data, err := state.LedgerHead()
	if err != nil || data == nil {
		return nil, err
	}
	var h lineage.Head
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("the remembered head of the ledger in %s does not parse: %w", StateFile, err)
	}
	return &h, nil
}

func newReader(b []byte) io.Reader { return bytes.NewReader(b) }
