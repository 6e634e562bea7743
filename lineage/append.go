package lineage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clearwell/lineage/chain"
	"clearwell/lineage/entry"
	"clearwell/lineage/keys"
	"clearwell/lineage/log"
	"clearwell/lineage/proof"
	"clearwell/lineage/tiles"
)

// A Draft is what the caller says; the ledger adds place, time and signature.
//
// Run, Attempt, Step and Kind together are the identity of the entry: an entry
// with the same identity is not appended a second time. Entries of one kind in
// one attempt therefore differ in Step, and acts outside runs (Run empty) name
// themselves in Step.
type Draft struct {
	Kind     entry.Kind
	Dataset  string
	Run      string
	Attempt  int64
	Step     string
	Subjects []entry.Subject // none: the entry is about itself (see docs/ledger/format.md)
	Body     any             // struct or map, see entry.Body; nil: empty
	Signers  []entry.Signer  // who signs beside the engine; their keys were introduced before
}

// Logged is an entry that is in the log for good.
type Logged struct {
	Index    uint64 // in the log, from 0
	Leaf     string // leaf hash, hex
	Entry    *entry.Entry
	Existing bool // it was there before this append: a retry
}

// A Receipt says that entries are in the log and a signed checkpoint covers them.
type Receipt struct {
	Entries    []Logged // one per draft, in their order
	Checkpoint []byte   // signed note
	Head       Head     // to be remembered
}

// ErrConflict is wrapped when an entry of the same identity is there already but speaks of other artifacts.
var ErrConflict = errors.New("the ledger has an entry of the same run, attempt, step and kind about other artifacts")

// Append appends the drafts in order, as one batch, and returns when a signed
// checkpoint covers them: what the receipt names survives any crash. Drafts
// whose entry is there already are skipped and reported as existing.
//
// When it fails the entries may be in the log or not; calling it again with the
// same drafts is right in both cases.
func (l *Ledger) Append(ctx context.Context, drafts []Draft) (Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, err := l.append(ctx, drafts)
	if errors.Is(err, log.ErrStale) {
		if err := l.log.Resync(ctx, l.advance); err != nil {
			return Receipt{}, l.explain(err)
		}
		r, err = l.append(ctx, drafts)
	}
	return r, l.explain(err)
}

// append is one try. l.mu is held.
func (l *Ledger) append(ctx context.Context, drafts []Draft) (Receipt, error) {
	next := l.head.Clone()
	b := batch{ledger: l, head: &next, ids: map[string]uint64{}}
	if l.cfg.Program != nil {
		var err error
		if b.program, err = l.cfg.Program(); err != nil {
			return Receipt{}, fmt.Errorf("name this program: %w", err)
		}
	}
	if len(drafts) > 0 {
		if err := b.introduceKeys(); err != nil {
			return Receipt{}, err
		}
	}
	r := Receipt{}
	for i, d := range drafts {
		logged, err := b.add(d)
		if err != nil {
			return Receipt{}, fmt.Errorf("draft %d (%s of %s): %w", i+1, d.Kind, d.Dataset, err)
		}
		r.Entries = append(r.Entries, logged)
	}
	_, cp, err := l.log.Append(ctx, b.leaves)
	if err != nil {
		return Receipt{}, err
	}
	next.Root = hexRoot(cp.Tree.Hash)
	l.head = next
	for id, index := range b.ids {
		l.ids[id] = index
	}
	r.Checkpoint, r.Head = cp.Raw, next.Clone()
	return r, nil
}

// batch collects the leaves of one append; head runs ahead over them, so that
// what could not be read back is never written.
type batch struct {
	ledger  *Ledger
	program Program
	head    *Head
	leaves  [][]byte
	ids     map[string]uint64
}

func (b *batch) add(d Draft) (Logged, error) {
	body, err := entry.Body(d.Body)
	if err != nil {
		return Logged{}, err
	}
	if d.Run == "" && d.Step == "" {
		return Logged{}, errors.New("an entry outside a run needs a step that tells it from others")
	}
	e := &entry.Entry{
		Kind: d.Kind, Subjects: d.Subjects, Dataset: d.Dataset,
		Run: d.Run, Attempt: d.Attempt, Step: d.Step,
		ID: entry.ID(d.Run, d.Attempt, d.Step, d.Kind),
		At: b.ledger.cfg.Clock(), Program: b.program, Body: body,
	}
	if len(e.Subjects) == 0 {
		e.Subjects = []entry.Subject{{Name: "entry:" + string(d.Kind), SHA256: e.ID}}
	}
	if index, ok := b.ledger.ids[e.ID]; ok {
		return b.ledger.existing(index, e)
	}
	if _, twice := b.ids[e.ID]; twice {
		return Logged{}, errors.New("another draft of this batch has the same run, attempt, step and kind")
	}
	return b.seal(e, d.Signers)
}

func (b *batch) seal(e *entry.Entry, more []entry.Signer) (Logged, error) {
	l := b.ledger
	tree := l.log.Tree()
	e.Seq, e.Prev = b.head.Next(e.Dataset)
	e.Seen = entry.Seen{Size: uint64(tree.N), Root: hexRoot(tree.Hash)}
	signers := append([]entry.Signer{l.signers[len(l.signers)-1]}, more...)
	leaf, err := entry.Seal(e, signers...)
	if err != nil {
		return Logged{}, err
	}
	index := b.head.Size
	read, err := b.head.Advance(leaf)
	if err != nil {
		return Logged{}, err
	}
	b.leaves = append(b.leaves, leaf)
	b.ids[e.ID] = index
	return Logged{Index: index, Leaf: entry.LeafHex(leaf), Entry: read}, nil
}

// existing answers a retry with the entry that is there.
func (l *Ledger) existing(index uint64, e *entry.Entry) (Logged, error) {
	found, err := l.entries(index, index+1, nil)
	if err != nil {
		return Logged{}, err
	}
	if !slices.Equal(found[0].Entry.Subjects, e.Subjects) {
		return Logged{}, fmt.Errorf("%w (entry %d)", ErrConflict, index)
	}
	found[0].Existing = true
	return found[0], nil
}

// introduceKeys puts key entries in front of the batch for keys that the log
// does not know: the engine's (the first vouches for itself, later generations
// are signed by the one before too) and the log's own.
func (b *batch) introduceKeys() error {
	l := b.ledger
	for i, s := range l.signers {
		if _, known := b.head.Keys[s.KeyID()]; known {
			continue
		}
		var more []entry.Signer
		if i > 0 {
			more = append(more, l.signers[i-1])
		}
		if err := b.introduce(s.Public(), "", more); err != nil {
			return err
		}
	}
	logKeys, err := l.cfg.Keys.PublicKeys(keys.RoleLog)
	if err != nil {
		return err
	}
	for _, p := range logKeys {
		if _, known := b.head.Keys[p.ID]; !known {
			if err := b.introduce(p, keys.VKey(p.Origin, p.Key), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *batch) introduce(p keys.Public, vkey string, more []entry.Signer) error {
	body, err := entry.Body(chain.KeyBody{Action: chain.Introduce, Role: p.Role, KeyID: p.ID, Public: chain.EncodePublic(p.Key), VKey: vkey})
	if err != nil {
		return err
	}
	step := chain.Introduce + " " + p.ID
	_, err = b.seal(&entry.Entry{
		Kind: entry.Key, Dataset: entry.WorkspaceChain, Step: step, ID: entry.ID("", 0, step, entry.Key),
		Subjects: []entry.Subject{{Name: "key:" + p.Role, SHA256: p.ID}},
		At:       b.ledger.cfg.Clock(), Program: b.program, Body: body,
	}, more)
	return err
}

// Entries are the entries with from ≤ index < to, proven against the newest checkpoint.
func (l *Ledger) Entries(_ context.Context, from, to uint64) ([]Logged, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries(from, to, nil)
}

// FindRun returns the entries of a run, of all its attempts, from an index on.
// The size of the head when the run began is a good place to start; 0 always
// finds them and reads the whole log.
func (l *Ledger) FindRun(_ context.Context, run string, from uint64) ([]Logged, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries(from, l.head.Size, func(e *entry.Entry) bool { return e.Run == run })
}

// entries reads and filters; want nil keeps all. l.mu is held.
func (l *Ledger) entries(from, to uint64, want func(*entry.Entry) bool) ([]Logged, error) {
	var found []Logged
	tree := l.log.Tree()
	if to > uint64(tree.N) || from > to {
		return nil, fmt.Errorf("entries %d to %d are asked for, the ledger has %d", from, to, tree.N)
	}
	err := l.leaves(from, to, tree, func(index uint64, leaf []byte) error {
		_, e, err := entry.Open(leaf)
		if err != nil {
			return &tiles.BrokenError{What: fmt.Sprintf("entry %d", index), Why: err.Error()}
		}
		if want == nil || want(e) {
			found = append(found, Logged{Index: index, Leaf: entry.LeafHex(leaf), Entry: e})
		}
		return nil
	})
	return found, l.explain(err)
}

// Proof is what stands beside a published version.
type Proof struct {
	JSON      []byte // proof.json
	TLogProof []byte // publication.tlog-proof: C2SP, for other tools
	DSSE      []byte // publication.dsse: the leaf that it proves
}

// BuildProof makes the proof of the publication at an index: the dataset's
// entries from index first (the run's delivery) on, each with its inclusion in
// the newest checkpoint.
func (l *Ledger) BuildProof(_ context.Context, first, publication uint64) (Proof, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, err := proof.Build(l.dir, l.log.Checkpoint(), l.vkey, l.head.Keys, first, publication)
	if err != nil {
		return Proof{}, l.explain(err)
	}
	raw, err := b.Marshal()
	if err != nil {
		return Proof{}, err
	}
	last := b.Publication()
	return Proof{JSON: raw, TLogProof: last.Proof.Marshal(), DSSE: last.Leaf}, nil
}
