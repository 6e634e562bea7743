package tiles

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// Files that the writer (tessera's POSIX driver) keeps beside the tiles.
const (
	StatePath   = ".state/treeState"
	VersionPath = ".state/version"
	// Version is all that the version file holds.
	Version = "1"
)

// treeState mirrors the writer's file; it is read strictly because the writer itself checks nothing.
type treeState struct {
	Size uint64 `json:"size"`
	Root []byte `json:"root"`
}

// State is the tree that the writer will append to. It may be ahead of the
// checkpoint after a crash.
func (d Dir) State() (tlog.Tree, error) {
	raw, err := os.ReadFile(filepath.Join(string(d), filepath.FromSlash(VersionPath)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return tlog.Tree{}, broken(VersionPath, "the file is missing")
	case err != nil:
		return tlog.Tree{}, err
	case string(raw) != Version:
		return tlog.Tree{}, broken(VersionPath, "does not hold %q", Version)
	}
	raw, err = os.ReadFile(filepath.Join(string(d), filepath.FromSlash(StatePath)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return tlog.Tree{}, broken(StatePath, "the file is missing; the writer would start a second history over this one")
	case err != nil:
		return tlog.Tree{}, err
	}
	var s treeState
	if err := json.Unmarshal(raw, &s); err != nil || len(s.Root) != HashSize || s.Size > 1<<62 || string(FormatState(tlog.Tree{N: int64(s.Size), Hash: tlog.Hash(s.Root)})) != string(raw) {
		return tlog.Tree{}, broken(StatePath, "is not a size and a root as the writer puts them")
	}
	return tlog.Tree{N: int64(s.Size), Hash: tlog.Hash(s.Root)}, nil
}

// FormatState writes the state file's contents.
func FormatState(tree tlog.Tree) []byte {
	return fmt.Appendf(nil, `{"size":%d,"root":"%s"}`, uint64(tree.N), base64.StdEncoding.EncodeToString(tree.Hash[:]))
}
