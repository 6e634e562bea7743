package verify

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"clearwell/lineage/chain"
	"clearwell/lineage/entry"
	"clearwell/lineage/tiles"
)

// levelCheck collects the hashes of one level of tiles while the entries go by
// and compares each tile's file when it is complete.
type levelCheck struct {
	hashes []tlog.Hash // of the current tile
	n      uint64      // number of the current tile
}

// scan reads every bundle in order. Memory is one tile per level.
func (c *logCheck) scan() error {
	c.ids = map[string]uint64{}
	size := uint64(c.tree.N)
	c.note(0)
	for n := uint64(0); n*tiles.Width < size; n++ {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if err := c.bundle(n, tiles.WidthAt(0, n, size)); err != nil {
			return err
		}
	}
	for level := range c.levels {
		c.compareTile(level)
	}
	if c.frontier.Root() != c.tree.Hash && len(c.report.Findings) == 0 {
		c.report.addf(logDir+"/"+tiles.CheckpointPath, "the entries do not give the root of %d entries that is signed", size)
	}
	return nil
}

// bundle checks one bundle against its level-0 tile and takes in its leaves.
func (c *logCheck) bundle(n uint64, width int) error {
	leaves, file, err := c.dir.Bundle(n, width)
	c.checked[file] = true
	broken := err != nil
	if err != nil && !c.isBroken(err) {
		return err
	}
	computed := make([]tlog.Hash, len(leaves))
	for i, leaf := range leaves {
		computed[i] = tlog.RecordHash(leaf)
	}
	tile, tileFile, tileErr := c.dir.Tile(0, n, width)
	c.checked[tileFile] = true
	if tileErr != nil && !c.isBroken(tileErr) {
		return tileErr
	}
	// Where bundle and tile differ, the root decides which of them is right.
	authentic := computed
	if broken || tileErr != nil || !slices.Equal(computed, tile) {
		proven, provenErr := c.dir.Hashes(c.tree).ReadHashes(leafIndexes(n, width))
		if provenErr == nil {
			authentic = proven
		}
		switch {
		case tileErr != nil:
			c.report.addErr(logDir+"/", tileErr)
		case provenErr != nil && !broken:
			c.report.addf(logDir+"/"+tileFile, "hash %d is not that of the entry in %s", firstDifferent(computed, tile), file)
		case !broken || len(computed) > 0 && !slices.Equal(computed, authentic[:min(len(computed), len(authentic))]):
			i := firstDifferent(computed, authentic)
			c.report.addf(logDir+"/"+file, "entry %d was changed: it does not have the hash that the checkpoint covers", n*tiles.Width+uint64(i))
		}
		if broken {
			c.report.addErr(logDir+"/", err)
		}
	}
	for i := range width {
		var leaf []byte
		if i < len(leaves) && i < len(authentic) && computed[i] == authentic[i] {
			leaf = leaves[i]
		}
		hash := tlog.Hash{}
		if i < len(authentic) {
			hash = authentic[i]
		}
		c.leaf(n*tiles.Width+uint64(i), leaf, hash)
	}
	if width == tiles.Width {
		c.push(0, tiles.Subtree(authenticTile(authentic)))
	}
	return nil
}

func authenticTile(hashes []tlog.Hash) []tlog.Hash {
	full := make([]tlog.Hash, tiles.Width)
	copy(full, hashes)
	return full
}

func (c *logCheck) isBroken(err error) bool {
	var b *tiles.BrokenError
	return errors.As(err, &b)
}

func leafIndexes(n uint64, width int) []int64 {
	indexes := make([]int64, width)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, int64(n)*tiles.Width+int64(i))
	}
	return indexes
}

func firstDifferent(a, b []tlog.Hash) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// push gives the hash of a full tile to the level above it.
func (c *logCheck) push(level int, hash tlog.Hash) {
	if len(c.levels) == level {
		c.levels = append(c.levels, &levelCheck{})
	}
	l := c.levels[level]
	l.hashes = append(l.hashes, hash)
	if len(l.hashes) == tiles.Width {
		c.compareTile(level)
		c.push(level+1, tiles.Subtree(l.hashes))
		l.hashes, l.n = l.hashes[:0], l.n+1
	}
}

// compareTile compares the file of the tile that levels[level] has collected, which is on tile level level+1.
func (c *logCheck) compareTile(level int) {
	l := c.levels[level]
	if len(l.hashes) == 0 {
		return
	}
	hashes, file, err := c.dir.Tile(level+1, l.n, len(l.hashes))
	c.checked[file] = true
	if err != nil {
		c.report.addErr(logDir+"/", err)
	} else if !slices.Equal(hashes, l.hashes) {
		c.report.addf(logDir+"/"+file, "hash %d is not that of the tile below it", firstDifferent(hashes, l.hashes))
	}
}

// leaf takes in one entry; nil means that it could not be read and was reported.
func (c *logCheck) leaf(index uint64, leaf []byte, hash tlog.Hash) {
	c.frontier.Add(hash)
	if leaf == nil {
		c.lost = true
		clear(c.relink)
		c.head.Size++
	} else {
		c.entry(index, leaf)
	}
	c.note(index + 1)
}

func (c *logCheck) entry(index uint64, leaf []byte) {
	what := fmt.Sprintf("entry %d", index)
	e, err := c.head.Advance(leaf)
	if err != nil {
		c.entryError(what, e, err)
		if e == nil {
			c.head.Size++
			return
		}
		if c.head.Chains == nil {
			c.head.Chains = map[string]chain.Link{}
		}
		c.head.Chains[e.Dataset] = chain.Link{Seq: e.Seq, Prev: entry.LeafHex(leaf)}
		c.head.Size++
	}
	c.relink[e.Dataset] = true
	if first, twice := c.ids[e.ID]; twice {
		c.report.addf(what, "is recorded a second time (first as entry %d)", first)
	}
	c.ids[e.ID] = index
	if e.Seen.Size > index {
		c.report.addf(what, "claims to have seen %d entries", e.Seen.Size)
	} else if _, known := c.seen[e.Seen.Size]; !known {
		c.seen[e.Seen.Size] = index
	}
	if e.Kind == entry.Restore { // a person took the ledger as it stood
		clear(c.seen)
	}
	if c.o.Visit != nil {
		c.report.Add(c.o.Visit(index, e)...)
	}
}

// entryError reports an entry, but not what only follows from one that is lost.
func (c *logCheck) entryError(what string, e *entry.Entry, err error) {
	var link *chain.LinkError
	switch {
	case c.lost && e != nil && !c.relink[e.Dataset] && errors.As(err, &link):
		return
	case c.lost && errors.Is(err, entry.ErrUnknownKey):
		if c.keyMissing {
			return
		}
		c.keyMissing = true
	}
	c.report.addf(what, "%v", err)
}

// note keeps the root at sizes that somebody signed or remembers.
func (c *logCheck) note(size uint64) {
	if _, ok := slices.BinarySearch(c.wanted, size); !ok {
		return
	}
	c.roots[size] = c.frontier.Root()
	if m := c.o.Remembered; m != nil && m.Size == size && !c.lost && len(c.report.Findings) == 0 {
		if !maps.Equal(m.Chains, c.head.Chains) && len(m.Chains)+len(c.head.Chains) > 0 {
			c.report.addf("remembered head", "its chains are not those of the first %d entries", size)
		}
		if !maps.Equal(m.Keys, c.head.Keys) && len(m.Keys)+len(c.head.Keys) > 0 {
			c.report.addf("remembered head", "its keys are not those that the first %d entries introduce", size)
		}
	}
}

// looseFiles compares partial tiles of earlier sizes with what took their place,
// and tells of files that do not belong to the log.
func (c *logCheck) looseFiles() error {
	root := filepath.Join(string(c.dir), "tile")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(string(c.dir), path)
		if err != nil {
			return err
		}
		if rel = filepath.ToSlash(rel); !c.checked[rel] {
			return c.loose(rel)
		}
		return nil
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (c *logCheck) loose(rel string) error {
	base, widthText, isPartial := strings.Cut(rel, ".p/")
	width, err := strconv.Atoi(widthText)
	parts := strings.SplitN(base, "/", 3)
	number, ok := uint64(0), false
	if len(parts) == 3 {
		number, ok = tiles.ParsePathNumber(parts[2])
	}
	level, levelErr := 0, error(nil)
	if len(parts) == 3 && parts[1] != "entries" {
		level, levelErr = strconv.Atoi(parts[1])
	}
	if !isPartial || err != nil || !ok || levelErr != nil || level < 0 || width < 1 || width >= tiles.Width || c.due(level, number) < width {
		c.report.Notes = append(c.report.Notes, logDir+"/"+rel+" does not belong to the log; an interrupted write may have left it")
		return nil
	}
	have, err := os.ReadFile(filepath.Join(string(c.dir), filepath.FromSlash(rel)))
	if err != nil {
		return err
	}
	var want []byte
	if parts[1] == "entries" {
		leaves, _, err := c.dir.Bundle(number, c.due(0, number))
		if err != nil || len(leaves) < width {
			return nil // reported by scan
		}
		for _, leaf := range leaves[:width] {
			want = append(want, byte(len(leaf)>>8), byte(len(leaf)))
			want = append(want, leaf...)
		}
	} else {
		hashes, _, err := c.dir.Tile(level, number, c.due(level, number))
		if err != nil {
			return nil // reported by scan
		}
		for _, h := range hashes[:width] {
			want = append(want, h[:]...)
		}
	}
	if !bytes.Equal(have, want) {
		c.report.addf(logDir+"/"+rel, "is not the beginning of the larger file that followed it")
	}
	return nil
}

func (c *logCheck) due(level int, n uint64) int { return tiles.WidthAt(level, n, uint64(c.tree.N)) }
