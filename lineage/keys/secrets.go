package keys

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// secretSize is the length of a generated secret: the output size of
	// HMAC-SHA256, below which RFC 2104 section 3 advises against.
	secretSize = 32
	// weakSecret is the length in bytes under which a secret is called weak: 128 bits.
	weakSecret = 16
	// maxSecret keeps a wrong path given to import from being swallowed.
	maxSecret = 64 << 10
)

// secretRecord is what stands beside the bytes of a secret. The identity is
// HMAC(secret, salt): it tells one secret from another in a ledger entry, and
// who does not have the salt cannot try out guesses against it.
type secretRecord struct {
	ID      string `json:"id"`   // 32 hex digits
	Salt    string `json:"salt"` // 32 hex digits
	Origin  string `json:"origin"`
	Created string `json:"created"`
}

// CreateSecret makes a secret of 32 random bytes.
func (s *Store) CreateSecret(name string) (Info, error) {
	secret := make([]byte, secretSize)
	if _, err := rand.Read(secret); err != nil {
		return Info{}, err
	}
	return s.putSecret(name, secret, "generated")
}

// ImportSecret takes the exact bytes of a file, a final line break included.
func (s *Store) ImportSecret(name, file string) (Info, error) {
	f, err := os.Open(file)
	if err != nil {
		return Info{}, fmt.Errorf("import secret %q: %w", name, err)
	}
	defer f.Close()
	secret, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return Info{}, fmt.Errorf("import secret %q: %w", name, err)
	}
	if len(secret) == 0 || len(secret) > maxSecret {
		return Info{}, fmt.Errorf("import secret %q: %s must hold between 1 and %d bytes", name, file, maxSecret)
	}
	return s.putSecret(name, secret, "imported")
}

func (s *Store) putSecret(name string, secret []byte, origin string) (Info, error) {
	if !nameForm.MatchString(name) {
		return Info{}, fmt.Errorf("secret %q: use up to 64 letters, digits, - and _", name)
	}
	if _, err := os.Lstat(filepath.Join(s.dir, "secrets", name)); err == nil {
		return Info{}, fmt.Errorf("secret %q: %w", name, ErrExists)
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return Info{}, err
	}
	r := secretRecord{ID: secretID(secret, salt), Salt: hex.EncodeToString(salt), Origin: origin, Created: time.Now().UTC().Format(time.RFC3339)}
	raw, err := json.Marshal(r)
	if err != nil {
		return Info{}, err
	}
	// The bytes make the secret exist. A record that a crash left without them is replaced.
	record := name + ".json"
	if err := os.Remove(filepath.Join(s.dir, "secrets", record)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Info{}, err
	}
	if err := s.put("secrets", record, raw); err != nil {
		return Info{}, err
	}
	if err := s.put("secrets", name, secret); err != nil {
		return Info{}, err
	}
	return s.secretInfo(name)
}

// Secret returns the bytes of a secret. They must not be printed or kept longer than needed.
func (s *Store) Secret(name string) ([]byte, error) {
	secret, _, err := s.readSecret(name)
	return secret, err
}

// SecretID is the salted identity of a secret; it may stand in ledger entries.
func (s *Store) SecretID(name string) (string, error) {
	_, r, err := s.readSecret(name)
	return r.ID, err
}

func (s *Store) readSecret(name string) ([]byte, secretRecord, error) {
	var r secretRecord
	if !nameForm.MatchString(name) {
		return nil, r, fmt.Errorf("secret %q: use up to 64 letters, digits, - and _", name)
	}
	secret, err := s.get("secrets", name)
	if errors.Is(err, ErrNotFound) {
		return nil, r, fmt.Errorf("secret %q: %w; create it with: clearwell keys create %s, or import it from a file", name, ErrNotFound, name)
	}
	if err != nil {
		return nil, r, fmt.Errorf("secret %q: %w", name, err)
	}
	raw, err := s.get("secrets", name+".json")
	if err != nil {
		return nil, r, fmt.Errorf("secret %q: its record: %w", name, err)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, r, fmt.Errorf("secret %q: its record secrets/%s.json is damaged; restore both files from the same backup", name, name)
	}
	salt, err := hex.DecodeString(r.Salt)
	if err != nil || secretID(secret, salt) != r.ID {
		return nil, r, fmt.Errorf("secret %q: its bytes are not those that were stored; restore secrets/%s and its record from the same backup", name, name)
	}
	return secret, r, nil
}

func (s *Store) secretInfo(name string) (Info, error) {
	secret, r, err := s.readSecret(name)
	if err != nil {
		return Info{}, err
	}
	return Info{Kind: "secret", Name: name, ID: r.ID, Origin: r.Origin, Bytes: len(secret), Created: r.Created, Weak: len(secret) < weakSecret}, nil
}

func (s *Store) secretNames() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "secrets"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if nameForm.MatchString(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func secretID(secret, salt []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("clearwell.dev/keys/secret-id/v1"))
	h.Write(salt)
	return hex.EncodeToString(h.Sum(nil)[:16])
}
