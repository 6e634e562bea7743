// Package chain is what reading the entries of a log in order adds up to: the
// last entry of every dataset's chain and the keys that the log has introduced.
// Writer and verifier both feed it leaf after leaf, so a leaf that breaks a
// chain or carries a signature that does not count is refused in the same words.
//
// Start at Head.
package chain

import (
	"fmt"
	"maps"

	"clearwell/lineage/entry"
)

// A Head is how far a reader or writer of the log has come. It is what the
// caller remembers outside the ledger, in the transaction of the run; its JSON
// form is stable.
type Head struct {
	Size   uint64          `json:"size"`             // entries
	Root   string          `json:"root"`             // root of the tree at Size, hex
	Chains map[string]Link `json:"chains,omitempty"` // by dataset
	Keys   Keyring         `json:"keys,omitempty"`   // introduced keys
}

// A Link is the last entry of a dataset's chain.
type Link struct {
	Seq  int64  `json:"seq"`
	Prev string `json:"prev"` // leaf hash of that entry, hex: what the next entry's prev must be
}

// Clone is an independent copy.
func (h Head) Clone() Head {
	h.Chains, h.Keys = maps.Clone(h.Chains), maps.Clone(h.Keys)
	return h
}

// Next is the place of the next entry of a dataset: its seq and prev.
func (h *Head) Next(dataset string) (seq int64, prev string) {
	link := h.Chains[dataset]
	return link.Seq + 1, link.Prev
}

// Advance reads the leaf that follows: form, signatures by introduced keys,
// seq and prev. On success the head has moved past it (Root is the caller's to
// set); on failure it is unchanged. The entry is returned even with an error
// when its form could be read.
func (h *Head) Advance(leaf []byte) (*entry.Entry, error) {
	env, e, err := entry.Open(leaf)
	if err != nil {
		return nil, err
	}
	if h.Keys == nil {
		h.Keys = Keyring{}
	}
	introduced, err := h.Keys.Check(h.Size, env, e)
	if err != nil {
		return e, err
	}
	if seq, prev := h.Next(e.Dataset); e.Seq != seq || e.Prev != prev {
		return e, &LinkError{Entry: e, Seq: seq, Prev: prev}
	}
	if h.Chains == nil {
		h.Chains = map[string]Link{}
	}
	h.Chains[e.Dataset] = Link{Seq: e.Seq, Prev: entry.LeafHex(leaf)}
	if introduced != nil {
		h.Keys.Learn(h.Size, introduced)
	}
	h.Size++
	return e, nil
}

// A LinkError says that an entry does not continue its dataset's chain.
type LinkError struct {
	Entry *entry.Entry
	Seq   int64  // due
	Prev  string // due
}

func (l *LinkError) Error() string {
	e := l.Entry
	switch {
	case e.Seq > l.Seq:
		return fmt.Sprintf("chain of %s: entry %d follows entry %d, %d missing between them", e.Dataset, e.Seq, l.Seq-1, e.Seq-l.Seq)
	case e.Seq < l.Seq:
		return fmt.Sprintf("chain of %s: entry %d stands where entry %d is due", e.Dataset, e.Seq, l.Seq)
	default:
		return fmt.Sprintf("chain of %s: entry %d names another predecessor than the entry before it (prev %.16s…, due %.16s…)", e.Dataset, e.Seq, e.Prev, l.Prev)
	}
}
