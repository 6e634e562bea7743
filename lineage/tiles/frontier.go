package tiles

import (
	"crypto/sha256"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// EmptyRoot is the root of the tree without entries: the SHA-256 of nothing (RFC 6962 section 2.1).
var EmptyRoot = tlog.Hash(sha256.Sum256(nil))

// A Frontier is the right edge of a tree: the roots of its maximal perfect
// subtrees from left to right, one per bit set in the size. It is all that is
// needed to append and to know the root. The zero value is the empty tree.
type Frontier struct {
	size  uint64
	nodes []tlog.Hash
}

// Size is the number of entries.
func (f *Frontier) Size() uint64 { return f.size }

// Add appends the hash of the next leaf.
func (f *Frontier) Add(leaf tlog.Hash) {
	f.nodes = append(f.nodes, leaf)
	for s := f.size; s&1 == 1; s >>= 1 {
		k := len(f.nodes)
		f.nodes = append(f.nodes[:k-2], tlog.NodeHash(f.nodes[k-2], f.nodes[k-1]))
	}
	f.size++
}

// Root is the tree's root: the subtrees joined from the right.
func (f *Frontier) Root() tlog.Hash {
	if f.size == 0 {
		return EmptyRoot
	}
	root := f.nodes[len(f.nodes)-1]
	for i := len(f.nodes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(f.nodes[i], root)
	}
	return root
}

// Clone is an independent copy.
func (f *Frontier) Clone() *Frontier {
	return &Frontier{size: f.size, nodes: append([]tlog.Hash(nil), f.nodes...)}
}

// Frontier computes the right edge of the tree with size entries from the
// rightmost tile of every level. Every byte of those tiles takes part, and they
// are just the tiles that an append builds upon.
func (d Dir) Frontier(size uint64) (*Frontier, error) {
	f := &Frontier{size: size}
	if size == 0 {
		return f, nil
	}
	for level := (bits.Len64(size) - 1) / Height; level >= 0; level-- {
		n := size >> (Height * (level + 1))
		width := int(size>>(Height*level)) & (Width - 1)
		if width == 0 {
			continue
		}
		hashes, _, err := d.Tile(level, n, width)
		if err != nil {
			return nil, err
		}
		for b := Height - 1; b >= 0; b-- {
			if width&(1<<b) != 0 {
				f.nodes = append(f.nodes, Subtree(hashes[:1<<b]))
				hashes = hashes[1<<b:]
			}
		}
	}
	return f, nil
}

// Subtree is the root over a power of two of hashes.
func Subtree(hashes []tlog.Hash) tlog.Hash {
	row := append([]tlog.Hash(nil), hashes...)
	for len(row) > 1 {
		for i := range len(row) / 2 {
			row[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
		row = row[:len(row)/2]
	}
	return row[0]
}
