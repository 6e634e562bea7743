package tiles

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint is a signed tree head in the C2SP tlog-checkpoint format.
type Checkpoint struct {
	Origin string
	Tree   tlog.Tree
	Text   string // what is signed: the three lines
	Raw    []byte // the whole note with its signatures
}

// ErrSignature is wrapped where a checkpoint is not signed by the key that was given.
var ErrSignature = errors.New("is not signed by the log's key")

// ParseCheckpoint reads a checkpoint and checks that the log's key signed it.
// Lines after the root, unusual spellings of numbers and base64, and origins
// other than the key's name are errors. Signatures of other keys may follow;
// they are not checked here.
func ParseCheckpoint(raw []byte, key note.Verifier) (*Checkpoint, error) {
	n, err := note.Open(raw, note.VerifierList(key))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return nil, fmt.Errorf("the checkpoint %w %s+%08x", ErrSignature, key.Name(), key.KeyHash())
	case err != nil:
		return nil, errors.New("not a signed note")
	}
	for _, s := range append(n.Sigs, n.UnverifiedSigs...) {
		if _, err := strictBase64(s.Base64); err != nil {
			return nil, errors.New("a signature is not strict base64")
		}
	}
	cp, err := ParseTreeHead(n.Text)
	if err != nil {
		return nil, err
	}
	if cp.Origin != key.Name() {
		return nil, fmt.Errorf("the checkpoint is of log %q, the key of %q", cp.Origin, key.Name())
	}
	cp.Raw = raw
	return cp, nil
}

// ParseTreeHead reads the signed part of a checkpoint.
func ParseTreeHead(text string) (*Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" || lines[3] != "" {
		return nil, errors.New("a checkpoint has three lines: origin, size, root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return nil, errors.New("the size of the checkpoint is not a plain number")
	}
	root, err := strictBase64(lines[2])
	if err != nil || len(root) != HashSize {
		return nil, errors.New("the root of the checkpoint is not a SHA-256 in base64")
	}
	return &Checkpoint{Origin: lines[0], Tree: tlog.Tree{N: size, Hash: tlog.Hash(root)}, Text: text}, nil
}

// TreeHead writes the signed part of a checkpoint.
func TreeHead(origin string, tree tlog.Tree) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, tree.N, base64.StdEncoding.EncodeToString(tree.Hash[:]))
}

func strictBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err == nil && base64.StdEncoding.EncodeToString(b) != s {
		err = errors.New("not strict base64")
	}
	return b, err
}

// Checkpoint reads the newest published checkpoint.
func (d Dir) Checkpoint(key note.Verifier) (*Checkpoint, error) {
	raw, err := os.ReadFile(filepath.Join(string(d), CheckpointPath))
	if errors.Is(err, os.ErrNotExist) {
		return nil, broken(CheckpointPath, "the file is missing")
	}
	if err != nil {
		return nil, err
	}
	cp, err := ParseCheckpoint(raw, key)
	if err != nil {
		return nil, broken(CheckpointPath, "%v", err)
	}
	return cp, nil
}
