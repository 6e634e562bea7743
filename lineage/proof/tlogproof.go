package proof

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"clearwell/lineage/entry"
)

const tlogProofHeader = "c2sp.org/tlog-proof@v1"

// maxProofHashes is the depth of the largest tree that an int64 size can have.
const maxProofHashes = 63

// A TLogProof says that the leaf at Index is in the tree of a checkpoint, in
// the C2SP tlog-proof format, without extra data.
type TLogProof struct {
	Index      uint64
	Hashes     tlog.RecordProof // from the leaf's sibling up
	Checkpoint string           // the signed note, verbatim
}

// Marshal writes the proof.
func (p *TLogProof) Marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nindex %d\n", tlogProofHeader, p.Index)
	for _, h := range p.Hashes {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n" + p.Checkpoint)
	return b.Bytes()
}

// ParseTLogProof reads a proof that is exactly as Marshal writes it; a proof
// with extra data is refused, because nothing authenticates that.
func ParseTLogProof(data []byte) (*TLogProof, error) {
	head, checkpoint, ok := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(lines) < 2 || lines[0] != tlogProofHeader {
		return nil, fmt.Errorf("tlog-proof: does not begin with %s, an index and a blank line before the checkpoint", tlogProofHeader)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil || index < 0 {
		return nil, errors.New("tlog-proof: line 2 is not an index")
	}
	if len(lines)-2 > maxProofHashes {
		return nil, fmt.Errorf("tlog-proof: more than %d hashes", maxProofHashes)
	}
	p := &TLogProof{Index: uint64(index), Checkpoint: checkpoint}
	for i, line := range lines[2:] {
		h, err := entry.StrictBase64(line)
		if err != nil || len(h) != tlog.HashSize {
			return nil, fmt.Errorf("tlog-proof: line %d is not a SHA-256 in base64", i+3)
		}
		p.Hashes = append(p.Hashes, tlog.Hash(h))
	}
	if !bytes.Equal(p.Marshal(), data) {
		return nil, errors.New("tlog-proof: is written in another way than the format demands")
	}
	return p, nil
}

// Check proves that leaf is in tree at the proof's index.
func (p *TLogProof) Check(leaf []byte, tree tlog.Tree) error {
	if p.Index >= uint64(tree.N) {
		return fmt.Errorf("entry %d cannot be in a tree of %d entries", p.Index, tree.N)
	}
	if err := tlog.CheckRecord(p.Hashes, tree.N, tree.Hash, int64(p.Index), tlog.RecordHash(leaf)); err != nil {
		return fmt.Errorf("the hashes do not lead from entry %d to the root of the checkpoint", p.Index)
	}
	return nil
}
