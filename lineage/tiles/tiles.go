// Package tiles reads a Merkle log in the C2SP tlog-tiles layout from a folder:
// checkpoints, hash tiles, entry bundles, and the trees that they make. It
// writes nothing and depends on golang.org/x/mod/sumdb only, so the verifier
// can stand on it alone.
//
// Start at Dir. Hashes are RFC 6962 with SHA-256.
package tiles

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// Height of a tile in tree levels and Width in hashes, fixed by C2SP tlog-tiles.
	Height = 8
	Width  = 1 << Height

	// HashSize is the size of a hash in bytes.
	HashSize = tlog.HashSize

	// CheckpointPath is where the newest checkpoint stands in the folder.
	CheckpointPath = "checkpoint"
)

// A Dir is the folder of a log.
type Dir string

// A BrokenError names an artifact of the log that is not what it must be.
type BrokenError struct {
	What string // file relative to the log's folder, or entry
	Why  string
}

func (e *BrokenError) Error() string { return e.What + ": " + e.Why }

func broken(what, format string, args ...any) error {
	return &BrokenError{What: what, Why: fmt.Sprintf(format, args...)}
}

// PathNumber writes n as tlog-tiles does: groups of three digits, all but the last with an x.
func PathNumber(n uint64) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	return s
}

// ParsePathNumber reads what PathNumber writes, and nothing else.
func ParsePathNumber(s string) (uint64, bool) {
	var n uint64
	for _, group := range strings.Split(s, "/") {
		v, err := strconv.ParseUint(strings.TrimPrefix(group, "x"), 10, 64)
		if err != nil || v > 999 || n > math.MaxUint64/1000-1 {
			return 0, false
		}
		n = n*1000 + v
	}
	return n, PathNumber(n) == s
}

// HashPath is the file of hash tile n on a level; width is 1 to Width.
func HashPath(level int, n uint64, width int) string {
	return partial(fmt.Sprintf("tile/%d/%s", level, PathNumber(n)), width)
}

// BundlePath is the file of entry bundle n; width is 1 to Width.
func BundlePath(n uint64, width int) string {
	return partial("tile/entries/"+PathNumber(n), width)
}

func partial(path string, width int) string {
	if width < Width {
		return fmt.Sprintf("%s.p/%d", path, width)
	}
	return path
}

// WidthAt is the number of hashes in tile n of a level in a tree of size
// entries: 0 where the tree has no such tile.
func WidthAt(level int, n, size uint64) int {
	have := size >> (Height * level)
	switch first := n * Width; {
	case have <= first:
		return 0
	case have-first >= Width:
		return Width
	default:
		return int(have - first)
	}
}

// read returns the first width parts of a resource: the partial file of that
// width, or else the full one, which may have taken its place.
func (d Dir) read(path func(width int) string, width int) (data []byte, file string, err error) {
	file = path(width)
	data, err = os.ReadFile(filepath.Join(string(d), filepath.FromSlash(file)))
	if errors.Is(err, fs.ErrNotExist) && width < Width {
		full := path(Width)
		data, err = os.ReadFile(filepath.Join(string(d), filepath.FromSlash(full)))
		if err == nil {
			return data, full, nil
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, file, broken(file, "the file is missing")
	case err != nil:
		return nil, file, err
	}
	return data, file, nil
}

// Tile reads the first width hashes of tile n of a level, and says from which file.
func (d Dir) Tile(level int, n uint64, width int) ([]tlog.Hash, string, error) {
	data, file, err := d.read(func(w int) string { return HashPath(level, n, w) }, width)
	if err != nil {
		return nil, file, err
	}
	hashes, err := ParseTile(data)
	if err != nil {
		return nil, file, broken(file, "%v", err)
	}
	if len(hashes) < width || len(hashes) > width && file != HashPath(level, n, Width) {
		return nil, file, broken(file, "holds %d hashes, %d are due", len(hashes), width)
	}
	return hashes[:width], file, nil
}

// ParseTile cuts a hash tile into its hashes.
func ParseTile(data []byte) ([]tlog.Hash, error) {
	if len(data) == 0 || len(data)%HashSize != 0 || len(data) > Width*HashSize {
		return nil, fmt.Errorf("has %d bytes; a tile holds 1 to %d hashes of %d bytes", len(data), Width, HashSize)
	}
	hashes := make([]tlog.Hash, len(data)/HashSize)
	for i := range hashes {
		copy(hashes[i][:], data[i*HashSize:])
	}
	return hashes, nil
}

// Bundle reads the first width leaves of bundle n, and says from which file.
func (d Dir) Bundle(n uint64, width int) ([][]byte, string, error) {
	data, file, err := d.read(func(w int) string { return BundlePath(n, w) }, width)
	if err != nil {
		return nil, file, err
	}
	leaves, err := ParseBundle(data)
	if err != nil {
		return leaves, file, broken(file, "%v", err)
	}
	if len(leaves) < width || len(leaves) > width && file != BundlePath(n, Width) {
		return leaves, file, broken(file, "holds %d entries, %d are due", len(leaves), width)
	}
	return leaves[:width], file, nil
}

// ParseBundle cuts a bundle into its leaves: each behind its length in two
// bytes, big-endian. On an error it returns the leaves before the broken place.
func ParseBundle(data []byte) ([][]byte, error) {
	var leaves [][]byte
	for rest := data; len(rest) > 0; {
		if len(rest) < 2 {
			return leaves, fmt.Errorf("ends inside the length of entry %d of the bundle", len(leaves))
		}
		n := int(binary.BigEndian.Uint16(rest))
		if len(rest) < 2+n {
			return leaves, fmt.Errorf("ends inside entry %d of the bundle", len(leaves))
		}
		if len(leaves) == Width {
			return leaves, fmt.Errorf("holds more than %d entries", Width)
		}
		leaves = append(leaves, rest[2:2+n:2+n])
		rest = rest[2+n:]
	}
	return leaves, nil
}

// Leaves calls yield for every leaf from ≤ index < to of a tree with size
// entries, in order. It does not check hashes.
func (d Dir) Leaves(from, to, size uint64, yield func(index uint64, leaf []byte) error) error {
	if to > size {
		return fmt.Errorf("entries %d to %d are asked for, the log has %d", from, to, size)
	}
	for index := from; index < to; {
		n := index / Width
		leaves, _, err := d.Bundle(n, WidthAt(0, n, size))
		if err != nil {
			return err
		}
		for ; index < to && index/Width == n; index++ {
			if err := yield(index, leaves[index%Width]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Hashes reads stored hashes of the tree and proves each tile that it reads
// against the tree's root; a tile that does not fit is an error.
func (d Dir) Hashes(tree tlog.Tree) tlog.HashReader {
	return tlog.TileHashReader(tree, tileReader{d})
}

type tileReader struct{ dir Dir }

func (r tileReader) Height() int { return Height }

func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func (r tileReader) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, t := range wanted {
		hashes, _, err := r.dir.Tile(t.L, uint64(t.N), t.W)
		if err != nil {
			return nil, err
		}
		for _, h := range hashes {
			data[i] = append(data[i], h[:]...)
		}
	}
	return data, nil
}

// RootAt is the root that the log had at an earlier size, proven against tree.
func (d Dir) RootAt(size uint64, tree tlog.Tree) (tlog.Hash, error) {
	if size == 0 {
		return EmptyRoot, nil
	}
	if int64(size) > tree.N {
		return tlog.Hash{}, fmt.Errorf("the log has %d entries, not %d", tree.N, size)
	}
	return tlog.TreeHash(int64(size), d.Hashes(tree))
}
