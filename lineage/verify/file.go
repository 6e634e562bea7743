package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"clearwell/lineage/chain"
	"clearwell/lineage/entry"
	"clearwell/lineage/proof"
	"clearwell/lineage/tiles"
)

// maxProofFile bounds what is read of a proof.json, in bytes; a run's entries
// fill at most a few hundred kilobytes.
const maxProofFile = 64 << 20

// FileOptions says what a file is checked against.
type FileOptions struct {
	ProofPath string  // empty: proof.json beside the file
	Policy    *Policy // nil: the verdict cannot be better than Consistent
}

// File checks one published file with nothing but its proof: its hash among the
// subjects of the publication, the signatures, the chain of the run's entries,
// their inclusion in the log, and the checkpoint. An error means that a file
// could not be read; what does not hold is in the report.
func File(ctx context.Context, path string, o FileOptions) (*Report, error) {
	if o.ProofPath == "" {
		o.ProofPath = filepath.Join(filepath.Dir(path), proof.File)
	}
	digest, err := hashFile(ctx, path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(o.ProofPath)
	if err != nil {
		return nil, fmt.Errorf("the proof that belongs to %s: %w; name it with --proof FILE", filepath.Base(path), err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxProofFile))
	if err != nil {
		return nil, err
	}
	return Proof(raw, filepath.Base(o.ProofPath), map[string]string{filepath.Base(path): digest}, o.Policy), nil
}

// Proof checks a proof.json (called name in findings) and that files, given as
// name → SHA-256 in hex, are among what its publication published.
func Proof(raw []byte, name string, files map[string]string, policy *Policy) *Report {
	r := &Report{}
	c := &proofCheck{report: r, name: name}
	b, err := proof.Parse(raw)
	if err != nil {
		r.addf(name, "%v", err)
		return r
	}
	c.bundle = b
	if c.checkpoint(policy) {
		c.inclusion("keys", b.Keys)
		c.inclusion("entries", b.Entries)
		c.signatures()
		c.chain()
	}
	c.files(files)
	r.conclude(policy != nil, strings.Join(names(files), ", "))
	return r
}

type proofCheck struct {
	report *Report
	name   string
	bundle *proof.Bundle
	head   *tiles.Checkpoint
}

func (c *proofCheck) checkpoint(policy *Policy) bool {
	key, err := note.NewVerifier(c.bundle.LogKey)
	if err != nil {
		c.report.addf(c.name+": log", "is not a vkey: %v", err)
		return false
	}
	if _, _, err := parseVKey(c.bundle.LogKey, typeEd25519); err != nil {
		c.report.addf(c.name+": log", "%v", err)
		return false
	}
	cp, err := tiles.ParseCheckpoint([]byte(c.bundle.Checkpoint), key)
	if err != nil {
		c.report.addf(c.name+": checkpoint", "%v", err)
		return false
	}
	c.head = cp
	c.report.Origin, c.report.Size, c.report.Root = cp.Origin, uint64(cp.Tree.N), hex.EncodeToString(cp.Tree.Hash[:])
	if policy != nil {
		if err := policy.Check(cp, c.bundle.LogKey); err != nil {
			c.report.addf(c.name+": checkpoint", "%v", err)
		}
	}
	return true
}

func (c *proofCheck) inclusion(part string, entries []proof.Entry) {
	for i, e := range entries {
		what := fmt.Sprintf("%s: %s[%d] (entry %d)", c.name, part, i, e.Proof.Index)
		if e.Proof.Checkpoint != c.bundle.Checkpoint {
			c.report.addf(what, "its tlog-proof ends in another checkpoint than the proof file")
			continue
		}
		if err := e.Proof.Check(e.Leaf, c.head.Tree); err != nil {
			c.report.addf(what, "not in the log: %v", err)
		}
		if i > 0 && e.Proof.Index <= entries[i-1].Proof.Index {
			c.report.addf(what, "stands before an earlier entry of the log")
		}
	}
}

// signatures follows the key entries and then checks every entry with the keys they introduce.
func (c *proofCheck) signatures() {
	ring := chain.Keyring{}
	for i, e := range c.bundle.Keys {
		what := fmt.Sprintf("%s: keys[%d] (entry %d)", c.name, i, e.Proof.Index)
		introduced, err := ring.Check(e.Proof.Index, e.Envelope, e.Statement)
		switch {
		case err != nil:
			c.report.addf(what, "%v", err)
		case introduced == nil:
			c.report.addf(what, "introduces no key")
		default:
			ring.Learn(e.Proof.Index, introduced)
		}
	}
	for i, e := range c.bundle.Entries {
		if _, err := ring.Check(e.Proof.Index, e.Envelope, e.Statement); err != nil {
			c.report.addf(fmt.Sprintf("%s: entries[%d] (entry %d)", c.name, i, e.Proof.Index), "%v", err)
		}
	}
}

func (c *proofCheck) chain() {
	for i, e := range c.bundle.Entries {
		what := fmt.Sprintf("%s: entries[%d] (entry %d)", c.name, i, e.Proof.Index)
		c.report.Statements = append(c.report.Statements, newStatement(e.Proof.Index, e.Statement))
		if i == 0 {
			continue
		}
		before := c.bundle.Entries[i-1]
		switch {
		case e.Statement.Dataset != before.Statement.Dataset:
			c.report.addf(what, "is of dataset %s, the entries before it of %s", e.Statement.Dataset, before.Statement.Dataset)
		case e.Statement.Seq != before.Statement.Seq+1:
			c.report.addf(what, "has seq %d, the entry before it %d: something is missing", e.Statement.Seq, before.Statement.Seq)
		case e.Statement.Prev != entry.LeafHex(before.Leaf):
			c.report.addf(what, "does not continue the entry before it (prev)")
		}
	}
	last := c.bundle.Publication().Statement
	if last.Kind != entry.Publication {
		c.report.addf(c.name, "its last entry is a %s entry, not a publication", last.Kind)
	}
	held := int64(0)
	for _, e := range c.bundle.Entries {
		if e.Statement.Run == last.Run {
			held++
		}
	}
	if want, said := last.Body["entries"].(int64); said && held != want {
		c.report.addf(c.name, "has %d entries of run %s, the publication speaks of %d: something is missing", held, last.Run, want)
	}
}

func (c *proofCheck) files(files map[string]string) {
	published := c.bundle.Publication().Statement.Subjects
	for name, digest := range files {
		match, named := false, ""
		for _, s := range published {
			match = match || s.SHA256 == digest
			if filepath.Base(s.Name) == name {
				named = s.SHA256
			}
		}
		switch {
		case match:
		case named != "":
			c.report.addf(name, "was changed: its SHA-256 is %s, published was %s", digest, named)
		default:
			c.report.addf(name, "is not among the files of this publication (SHA-256 %s)", digest)
		}
	}
}

func names(files map[string]string) []string {
	var list []string
	for n := range files {
		list = append(list, n)
	}
	return list
}

func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return "", fmt.Errorf("%s is a folder; name a file in it", path)
	}
	h := sha256.New()
	if _, err := io.Copy(h, contextReader{ctx, f}); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
