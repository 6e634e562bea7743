package log

import (
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"clearwell/lineage/tiles"
)

// Guarded is a log that was found consistent with itself.
type Guarded struct {
	Checkpoint *tiles.Checkpoint // newest published
	State      tlog.Tree         // what the writer builds upon; ahead of the checkpoint after a crash
	Frontier   *tiles.Frontier   // right edge of State, recomputed from the tiles
}

// Guard checks what an append builds upon, in about a millisecond whatever the
// size of the log: the checkpoint's signature; the writer's state against the
// right edge recomputed from the tiles; that the state continues the checkpoint;
// and the last entry bundle against the leaf hashes. Errors that name a damaged
// file are *tiles.BrokenError.
func Guard(dir tiles.Dir, key note.Verifier) (*Guarded, error) {
	cp, err := dir.Checkpoint(key)
	if err != nil {
		return nil, err
	}
	state, err := dir.State()
	if err != nil {
		return nil, err
	}
	if state.N < cp.Tree.N {
		return nil, &tiles.BrokenError{What: tiles.StatePath, Why: fmt.Sprintf("knows %d entries, the signed checkpoint %d: the file was rolled back", state.N, cp.Tree.N)}
	}
	if state.N == cp.Tree.N && state.Hash != cp.Tree.Hash {
		return nil, &tiles.BrokenError{What: tiles.StatePath, Why: "has another root than the signed checkpoint of the same size"}
	}
	f, err := dir.Frontier(uint64(state.N))
	if err != nil {
		return nil, err
	}
	if f.Root() != state.Hash {
		return nil, edgeError(dir, state, cp)
	}
	if state.N > cp.Tree.N {
		if root, err := dir.RootAt(uint64(cp.Tree.N), state); err != nil || root != cp.Tree.Hash {
			return nil, &tiles.BrokenError{What: tiles.StatePath, Why: "names a tree that does not continue the signed checkpoint"}
		}
	}
	if err := checkLastBundle(dir, state); err != nil {
		return nil, err
	}
	return &Guarded{Checkpoint: cp, State: state, Frontier: f}, nil
}

// edgeError says which of the right-edge tiles does not lead to the root: the
// lowest one differs from the leaves, a higher one from the tile below it.
func edgeError(dir tiles.Dir, state tlog.Tree, cp *tiles.Checkpoint) error {
	size := uint64(state.N)
	if err := checkLastBundle(dir, state); err != nil {
		return err
	}
	for level := 1; size>>(tiles.Height*level) > 0; level++ {
		n := size >> (tiles.Height * (level + 1))
		width := tiles.WidthAt(level, n, size)
		if width == 0 {
			continue
		}
		hashes, file, err := dir.Tile(level, n, width)
		if err != nil {
			return err
		}
		for i, h := range hashes {
			below, _, err := dir.Tile(level-1, n*tiles.Width+uint64(i), tiles.Width)
			if err != nil {
				return err
			}
			if tiles.Subtree(below) != h {
				return &tiles.BrokenError{What: file, Why: fmt.Sprintf("hash %d is not that of the tile below it", i)}
			}
		}
	}
	if state.N > cp.Tree.N {
		return &tiles.BrokenError{What: tiles.StatePath, Why: "names a root that the tiles do not give"}
	}
	return &tiles.BrokenError{What: "tile/", Why: "the tiles of the right edge do not give the root that the checkpoint signs; run a full verification"}
}

func checkLastBundle(dir tiles.Dir, state tlog.Tree) error {
	if state.N == 0 {
		return nil
	}
	size := uint64(state.N)
	n := (size - 1) / tiles.Width
	width := tiles.WidthAt(0, n, size)
	leaves, file, err := dir.Bundle(n, width)
	if err != nil {
		return err
	}
	hashes, tileFile, err := dir.Tile(0, n, width)
	if err != nil {
		return err
	}
	for i, leaf := range leaves {
		if tlog.RecordHash(leaf) != hashes[i] {
			return &tiles.BrokenError{What: file, Why: fmt.Sprintf("entry %d does not have the hash that %s holds", n*tiles.Width+uint64(i), tileFile)}
		}
	}
	return nil
}

// guardUnchanged is Guard before an append: the folder must still be as this
// process left it. l.mu is held.
func (l *Log) guardUnchanged() error {
	g, err := Guard(l.dir, l.cfg.Key)
	if err != nil {
		return err
	}
	if g.Checkpoint.Tree != l.latest.Tree || uint64(g.State.N) != l.frontier.Size() || g.State.Hash != l.frontier.Root() {
		return &tiles.BrokenError{What: tiles.StatePath, Why: "the log was changed from outside while this process had it open"}
	}
	return nil
}
