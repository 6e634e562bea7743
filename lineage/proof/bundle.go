// Package proof is the file that travels with a published version: the run's
// entries, an inclusion proof for each, the checkpoint they lead to, and the
// entries that introduce the keys. Building and reading are here; whether it
// all holds is decided by package verify.
//
// Start at Bundle.
package proof

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"clearwell/lineage/chain"
	"clearwell/lineage/entry"
	"clearwell/lineage/tiles"
)

const (
	// Format names the version of proof.json.
	Format = "https://clearwell.dev/provenance/proof/v1"

	// File, TLogProofFile and DSSEFile are the names beside a version.
	File          = "proof.json"
	TLogProofFile = "publication.tlog-proof"
	DSSEFile      = "publication.dsse"
)

// A Bundle is the content of proof.json.
type Bundle struct {
	LogKey     string  // vkey of the log
	Checkpoint string  // signed note
	Entries    []Entry // of the dataset, in log order without gaps; the last is the publication
	Keys       []Entry // key entries, in log order
}

// An Entry is a leaf of the log with its proof.
type Entry struct {
	Envelope  *entry.Envelope
	Statement *entry.Entry
	Leaf      []byte // the envelope's bytes
	Proof     *TLogProof
}

// Build collects the proof of a publication from the log folder: the dataset's
// entries from index first up to index publication, and the key entries that
// their signatures need.
func Build(dir tiles.Dir, cp *tiles.Checkpoint, vkey string, keys chain.Keyring, first, publication uint64) (*Bundle, error) {
	b := &Bundle{LogKey: vkey, Checkpoint: string(cp.Raw)}
	if first > publication || publication >= uint64(cp.Tree.N) {
		return nil, fmt.Errorf("proof of entries %d to %d: the checkpoint covers %d", first, publication, cp.Tree.N)
	}
	last, err := readEntry(dir, cp, publication)
	if err != nil {
		return nil, err
	}
	if last.Statement.Kind != entry.Publication {
		return nil, fmt.Errorf("proof: entry %d is a %s entry, not a publication", publication, last.Statement.Kind)
	}
	needed := map[uint64]bool{}
	err = dir.Leaves(first, publication+1, uint64(cp.Tree.N), func(index uint64, leaf []byte) error {
		e, err := newEntry(dir, cp, index, leaf)
		if err != nil || e.Statement.Dataset != last.Statement.Dataset {
			return err
		}
		b.Entries = append(b.Entries, *e)
		return needKeys(e, keys, needed)
	})
	if err != nil {
		return nil, err
	}
	if err := b.addKeys(dir, cp, keys, needed); err != nil {
		return nil, err
	}
	return b, nil
}

// addKeys adds the key entries, and those that introduce the keys which sign them.
func (b *Bundle) addKeys(dir tiles.Dir, cp *tiles.Checkpoint, keys chain.Keyring, needed map[uint64]bool) error {
	done := map[uint64]bool{}
	for len(done) < len(needed) {
		for index := range needed {
			if done[index] {
				continue
			}
			done[index] = true
			e, err := readEntry(dir, cp, index)
			if err != nil {
				return err
			}
			b.Keys = append(b.Keys, *e)
			if err := needKeys(e, keys, needed); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(b.Keys, func(x, y Entry) int { return int(int64(x.Proof.Index) - int64(y.Proof.Index)) })
	return nil
}

func needKeys(e *Entry, keys chain.Keyring, needed map[uint64]bool) error {
	for _, s := range e.Envelope.Signatures {
		k, ok := keys[s.KeyID]
		if !ok {
			return fmt.Errorf("proof: entry %d is signed by key %s, which the log never introduced", e.Proof.Index, s.KeyID)
		}
		needed[k.Index] = true
	}
	return nil
}

func readEntry(dir tiles.Dir, cp *tiles.Checkpoint, index uint64) (*Entry, error) {
	var e *Entry
	err := dir.Leaves(index, index+1, uint64(cp.Tree.N), func(index uint64, leaf []byte) (err error) {
		e, err = newEntry(dir, cp, index, leaf)
		return err
	})
	return e, err
}

func newEntry(dir tiles.Dir, cp *tiles.Checkpoint, index uint64, leaf []byte) (*Entry, error) {
	env, statement, err := entry.Open(leaf)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", index, err)
	}
	hashes, err := tlog.ProveRecord(cp.Tree.N, int64(index), dir.Hashes(cp.Tree))
	if err != nil {
		return nil, fmt.Errorf("entry %d: inclusion proof: %w", index, err)
	}
	p := &TLogProof{Index: index, Hashes: hashes, Checkpoint: string(cp.Raw)}
	if err := p.Check(leaf, cp.Tree); err != nil {
		return nil, err
	}
	return &Entry{Envelope: env, Statement: statement, Leaf: leaf, Proof: p}, nil
}

// Publication is the last entry.
func (b *Bundle) Publication() *Entry { return &b.Entries[len(b.Entries)-1] }

// Marshal writes proof.json in canonical JSON.
func (b *Bundle) Marshal() ([]byte, error) {
	return entry.Canonical(map[string]any{
		"format":     Format,
		"log":        b.LogKey,
		"checkpoint": b.Checkpoint,
		"entries":    values(b.Entries),
		"keys":       values(b.Keys),
	})
}

func values(entries []Entry) []any {
	list := make([]any, len(entries))
	for i, e := range entries {
		list[i] = map[string]any{"envelope": e.Envelope.Value(), "proof": string(e.Proof.Marshal())}
	}
	return list
}

// Parse reads a proof.json that is exactly as Marshal writes it.
func Parse(data []byte) (*Bundle, error) {
	m, err := entry.ParseObject(data)
	if err != nil {
		return nil, err
	}
	b := &Bundle{}
	texts := map[string]*string{"log": &b.LogKey, "checkpoint": &b.Checkpoint}
	for name, into := range texts {
		v, ok := m[name].(string)
		if !ok {
			return nil, fmt.Errorf("%s: is missing or not a text", name)
		}
		*into = v
	}
	if m["format"] != Format {
		return nil, fmt.Errorf("format: is not %s", Format)
	}
	if b.Entries, err = parseEntries("entries", m["entries"]); err != nil {
		return nil, err
	}
	if b.Keys, err = parseEntries("keys", m["keys"]); err != nil {
		return nil, err
	}
	if len(m) != 5 {
		return nil, errors.New("has members that the format does not know")
	}
	return b, nil
}

func parseEntries(name string, v any) ([]Entry, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("%s: is missing or empty", name)
	}
	entries := make([]Entry, len(list))
	for i, item := range list {
		where := fmt.Sprintf("%s[%d]", name, i)
		m, _ := item.(map[string]any)
		envelope, ok := m["envelope"].(map[string]any)
		text, ok2 := m["proof"].(string)
		if !ok || !ok2 || len(m) != 2 {
			return nil, fmt.Errorf("%s: is not an envelope with its proof", where)
		}
		leaf, err := entry.Canonical(envelope)
		if err != nil {
			return nil, fmt.Errorf("%s.envelope: %w", where, err)
		}
		e := Entry{Leaf: leaf}
		if e.Envelope, e.Statement, err = entry.Open(leaf); err != nil {
			return nil, fmt.Errorf("%s.envelope: %w", where, err)
		}
		if e.Proof, err = ParseTLogProof([]byte(text)); err != nil {
			return nil, fmt.Errorf("%s.proof: %w", where, err)
		}
		entries[i] = e
	}
	return entries, nil
}
