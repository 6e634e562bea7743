// Package keys keeps the secrets of a workspace: Ed25519 signing keys of the
// log and of whoever signs entries, and the secrets that pseudonyms are made
// with. Files are 0600 in folders of 0700, written durably, and nothing here
// ever prints a secret: the types say only names and public identities.
//
// Layout below the folder of the store (normally .clearwell/keys):
//
//	signing/<role>.<generation>.key   private key: note format for the log, PKCS #8 PEM for the rest
//	signing/<role>.<generation>.pub   public key: vkey for the log, PEM for the rest
//	secrets/<name>                    the bytes of a secret
//	secrets/<name>.json               its salted identity, when and how it came here
//
// A role has generations, so that a key can be replaced while entries signed
// with the older one stay verifiable. Which generation was valid when is said
// by key entries of the ledger, by log index, not by a clock in this store.
//
// Start at Store.
package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"clearwell/durable"
)

// RoleLog signs checkpoints; RoleEngine signs entries. Other roles are the ids
// of departments and persons.
const (
	RoleLog    = "log"
	RoleEngine = "engine"
)

// ErrNotFound is wrapped by errors about keys and secrets that are not in the store.
var ErrNotFound = errors.New("not in the key store")

// ErrExists is wrapped where something would be overwritten.
var ErrExists = errors.New("is in the key store already")

// names are file names on every system: what else could be in a path stays out.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// A Store is a folder of keys. Its methods read the files anew, so a Store may
// be used by several goroutines and sees what another process has added.
type Store struct{ dir string }

// Open names the folder of a store. A missing folder is an empty store; the
// first key makes it. A folder that others may read is refused.
func Open(dir string) (*Store, error) {
	if err := checkPrivate(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &Store{dir: dir}, nil
}

// Info describes a key or secret without revealing it.
type Info struct {
	Kind       string `json:"kind"` // "signing" or "secret"
	Name       string `json:"name"` // role or name of the secret
	Generation int    `json:"generation,omitempty"`
	ID         string `json:"id"`               // key id, or salted identity of a secret
	Public     string `json:"public,omitempty"` // vkey or PEM
	Origin     string `json:"origin,omitempty"` // secrets: "generated" or "imported"
	Bytes      int    `json:"bytes,omitempty"`  // secrets: length
	Created    string `json:"created,omitempty"`
	Weak       bool   `json:"weak,omitempty"` // secrets: shorter than 16 bytes, can be guessed
}

// List tells everything that is in the store, signing keys first, in order of name and generation.
func (s *Store) List() ([]Info, error) {
	var all []Info
	files, err := s.signingFiles()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		p, err := s.readPublic(f)
		if err != nil {
			return nil, err
		}
		all = append(all, Info{Kind: "signing", Name: f.role, Generation: f.generation, ID: p.ID, Public: p.Text})
	}
	secrets, err := s.secretNames()
	if err != nil {
		return nil, err
	}
	for _, name := range secrets {
		info, err := s.secretInfo(name)
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	return all, nil
}

// signingFile names one generation of one role.
type signingFile struct {
	role       string
	generation int
}

func (f signingFile) base() string { return f.role + "." + strconv.Itoa(f.generation) }

func (s *Store) signingFiles() ([]signingFile, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "signing"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []signingFile
	for _, e := range entries {
		base, ok := strings.CutSuffix(e.Name(), ".key")
		role, gen, ok2 := strings.Cut(base, ".")
		n, err := strconv.Atoi(gen)
		if ok && ok2 && err == nil && n > 0 && nameForm.MatchString(role) {
			files = append(files, signingFile{role, n})
		}
	}
	slices.SortFunc(files, func(a, b signingFile) int {
		if c := strings.Compare(a.role, b.role); c != 0 {
			return c
		}
		return a.generation - b.generation
	})
	return files, nil
}

func (s *Store) generations(role string) ([]signingFile, error) {
	all, err := s.signingFiles()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(f signingFile) bool { return f.role != role })
	if len(all) == 0 {
		return nil, fmt.Errorf("signing key %q: %w (%s)", role, ErrNotFound, filepath.Join(s.dir, "signing"))
	}
	return all, nil
}

// put writes a new file of the store. It never overwrites.
func (s *Store) put(folder, name string, data []byte) error {
	dir := filepath.Join(s.dir, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, d := range []string{s.dir, dir} {
		if err := durable.SyncDir(filepath.Dir(d)); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, name)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	return durable.WriteFile(path, data, 0o600)
}

// get reads a private file of the store and refuses one that others may read.
func (s *Store) get(folder, name string) ([]byte, error) {
	path := filepath.Join(s.dir, folder, name)
	if err := checkPrivate(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", path, ErrNotFound)
		}
		return nil, err
	}
	return os.ReadFile(path)
}

// checkPrivate refuses files and folders that group or others can reach. Where
// the system has no such permissions there is nothing to check.
func checkPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		want := "600"
		if info.IsDir() {
			want = "700"
		}
		return fmt.Errorf("%s: others can read it (mode %04o); if nobody else has seen it, run: chmod %s %s", path, mode, want, path)
	}
	return nil
}
