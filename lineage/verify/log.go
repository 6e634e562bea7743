package verify

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"clearwell/lineage/chain"
	"clearwell/lineage/entry"
	"clearwell/lineage/tiles"
)

// Names below the ledger's folder.
const (
	logDir        = "log"
	checkpointDir = "checkpoints"
	vkeyFile      = "log.vkey"
)

// LogOptions says which ledger is checked and what is known from outside.
type LogOptions struct {
	Dir        string      // the ledger's folder
	VKey       string      // the log's key, if it is known from elsewhere than the folder (key store); then the verdict can be Verified
	Policy     *Policy     // trust policy; nil: none
	Remembered *chain.Head // from the state database; nil: none

	// Visit is called for every entry that could be read, in log order. What it
	// returns is added to the findings: the place for checks of artifacts that
	// entries name (published files, archived sources). It may be nil.
	Visit func(index uint64, e *entry.Entry) []Finding
}

// Log checks a whole ledger: every entry's form, signature and place in its
// chain, every tile against the entries, the roots against the checkpoint,
// every archived checkpoint, the writer's state and the remembered head. An
// error means that the folder could not be read.
func Log(ctx context.Context, o LogOptions) (*Report, error) {
	r := &Report{}
	c := &logCheck{ctx: ctx, o: o, report: r, dir: tiles.Dir(filepath.Join(o.Dir, logDir)), roots: map[uint64]tlog.Hash{}, checked: map[string]bool{}, relink: map[string]bool{}, seen: map[uint64]uint64{}}
	if _, err := os.Stat(o.Dir); err != nil {
		return nil, err
	}
	if !c.loadKey() || !c.loadHead() {
		return r, nil
	}
	if err := c.scan(); err != nil {
		return nil, err
	}
	c.compareRoots()
	if err := c.looseFiles(); err != nil {
		return nil, err
	}
	if o.Policy != nil {
		if err := o.Policy.Check(c.cp, c.vkey); err != nil {
			r.addf(logDir+"/"+tiles.CheckpointPath, "%v", err)
		}
	}
	r.conclude(o.Policy != nil || o.VKey != "", fmt.Sprintf("The ledger with %d entries", c.tree.N))
	return r, nil
}

// logCheck carries what one pass over the log collects.
type logCheck struct {
	ctx    context.Context
	o      LogOptions
	report *Report
	dir    tiles.Dir
	vkey   string
	key    note.Verifier

	cp      *tiles.Checkpoint
	tree    tlog.Tree         // scanned: the writer's state where that is sound, else the checkpoint's
	archive map[uint64]string // size → path below the ledger's folder
	wanted  []uint64          // sizes whose root is needed, ascending
	roots   map[uint64]tlog.Hash

	head       chain.Head
	frontier   tiles.Frontier
	levels     []*levelCheck   // tiles above the leaves
	checked    map[string]bool // files below log/ that were compared
	lost       bool            // a leaf could not be read: later gaps in chains are its fault
	relink     map[string]bool // datasets whose chain was taken up again after a lost leaf
	keyMissing bool            // unknown keys were reported once
	ids        map[string]uint64
	seen       map[uint64]uint64 // sizes of checkpoints that entries were written after → first such entry, since the last adoption
}

func (c *logCheck) loadKey() bool {
	raw, err := os.ReadFile(filepath.Join(c.o.Dir, vkeyFile))
	line := strings.TrimSuffix(string(raw), "\n")
	_, _, bad := parseVKey(line, typeEd25519)
	switch {
	case err != nil:
		c.report.addf(vkeyFile, "cannot be read: %v", errors.Unwrap(err))
	case bad != nil || line+"\n" != string(raw):
		c.report.addf(vkeyFile, "is not the public key of a log")
	case c.o.VKey != "" && line != c.o.VKey:
		c.report.addf(vkeyFile, "is another key than that of the key store")
	}
	c.vkey = c.o.VKey
	if c.vkey == "" {
		c.vkey = line
	}
	if c.key, err = note.NewVerifier(c.vkey); err != nil {
		return false
	}
	return true
}

// loadHead reads archive, checkpoint and state, and decides which tree is scanned.
func (c *logCheck) loadHead() bool {
	newest := c.loadArchive()
	cp, err := c.dir.Checkpoint(c.key)
	if err != nil {
		c.report.addErr(logDir+"/", err)
		if newest == nil {
			return false
		}
		c.report.Notes = append(c.report.Notes, fmt.Sprintf("The rest was checked against the archived checkpoint over %d entries.", newest.Tree.N))
		cp = newest
	}
	c.cp, c.tree = cp, cp.Tree
	c.report.Origin, c.report.Size, c.report.Root = cp.Origin, uint64(cp.Tree.N), hex.EncodeToString(cp.Tree.Hash[:])
	state, err := c.dir.State()
	switch {
	case err != nil:
		c.report.addErr(logDir+"/", err)
	case state.N < cp.Tree.N:
		c.report.addf(logDir+"/"+tiles.StatePath, "knows %d entries, the signed checkpoint %d: the file was rolled back", state.N, cp.Tree.N)
	case state.N == cp.Tree.N && state.Hash != cp.Tree.Hash:
		c.report.addf(logDir+"/"+tiles.StatePath, "has another root than the signed checkpoint of the same size")
	case state.N > cp.Tree.N:
		if f, err := c.dir.Frontier(uint64(state.N)); err != nil || f.Root() != state.Hash {
			c.report.addf(logDir+"/"+tiles.StatePath, "names a tree of %d entries that the tiles do not give", state.N)
		} else {
			c.tree = state
			c.report.Notes = append(c.report.Notes, fmt.Sprintf("%d entries are durable but not yet covered by a checkpoint; the next opening of the ledger covers them.", state.N-cp.Tree.N))
		}
	}
	c.wanted = append(slices.Collect(maps.Keys(c.archive)), uint64(cp.Tree.N), uint64(c.tree.N))
	if c.o.Remembered != nil {
		c.wanted = append(c.wanted, c.o.Remembered.Size)
	}
	slices.Sort(c.wanted)
	c.wanted = slices.Compact(c.wanted)
	return true
}

// compareRoots holds every tree head that was ever given out against the entries.
func (c *logCheck) compareRoots() {
	size := uint64(c.tree.N)
	if c.roots[uint64(c.cp.Tree.N)] != c.cp.Tree.Hash && len(c.report.Findings) == 0 {
		c.report.addf(logDir+"/"+tiles.CheckpointPath, "signs another root than the entries give: checkpoint and entries are not of the same log")
	}
	for at, path := range c.archive {
		cp, err := c.readArchived(path)
		if err != nil {
			continue // reported by loadArchive
		}
		switch root, ok := c.roots[at]; {
		case at > size:
			c.report.addf(path, "a checkpoint over %d entries was signed, the log has %d: entries were removed", at, size)
		case ok && !c.lost && root != cp.Tree.Hash:
			c.report.addf(path, "signs another root for the first %d entries than the log has: there are two histories", at)
		}
	}
	// Looked for now, because a writer may have filed them after the folder was listed.
	for _, at := range slices.Sorted(maps.Keys(c.seen)) {
		path := checkpointDir + "/" + tiles.PathNumber(at)
		if _, err := os.Stat(filepath.Join(c.o.Dir, filepath.FromSlash(path))); errors.Is(err, os.ErrNotExist) && at != uint64(c.cp.Tree.N) {
			c.report.addf(path, "is missing: entry %d was written after a checkpoint over %d entries, and every checkpoint is kept", c.seen[at], at)
		}
	}
	// Looked up now, because a writer may have archived it after the folder was listed.
	at := uint64(c.cp.Tree.N)
	current := checkpointDir + "/" + tiles.PathNumber(at)
	if _, err := os.Stat(filepath.Join(c.o.Dir, filepath.FromSlash(current))); err != nil && at > 0 {
		c.report.addf(current, "the archived copy of the current checkpoint is missing")
	}
	if m := c.o.Remembered; m != nil {
		switch root := c.roots[m.Size]; {
		case m.Size > size:
			c.report.addf("remembered head", "%d entries are remembered, the log has %d: entries were removed", m.Size, size)
		case !c.lost && hex.EncodeToString(root[:]) != m.Root:
			c.report.addf("remembered head", "another root for the first %d entries is remembered than the log has", m.Size)
		}
	}
}

// loadArchive lists the archived checkpoints and returns the newest valid one.
func (c *logCheck) loadArchive() *tiles.Checkpoint {
	c.archive = map[uint64]string{}
	var newest *tiles.Checkpoint
	root := filepath.Join(c.o.Dir, checkpointDir)
	_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // a missing archive is reported by compareRoots
		}
		rel, _ := filepath.Rel(c.o.Dir, path)
		rel = filepath.ToSlash(rel)
		if strings.HasPrefix(d.Name(), ".tmp-") {
			return nil
		}
		cp, err := c.readArchived(rel)
		if err != nil {
			c.report.addf(rel, "%v", err)
			if n, ok := tiles.ParsePathNumber(strings.TrimPrefix(rel, checkpointDir+"/")); ok {
				c.archive[n] = rel
			}
			return nil
		}
		c.archive[uint64(cp.Tree.N)] = rel
		if newest == nil || cp.Tree.N > newest.Tree.N {
			newest = cp
		}
		return nil
	})
	return newest
}

func (c *logCheck) readArchived(path string) (*tiles.Checkpoint, error) {
	raw, err := os.ReadFile(filepath.Join(c.o.Dir, filepath.FromSlash(path)))
	if err != nil {
		return nil, err
	}
	cp, err := tiles.ParseCheckpoint(raw, c.key)
	if err != nil {
		return nil, err
	}
	if want := checkpointDir + "/" + tiles.PathNumber(uint64(cp.Tree.N)); path != want {
		return nil, fmt.Errorf("holds the checkpoint that belongs to %s", want)
	}
	return cp, nil
}
