package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"clearwell/lineage/entry"
)

// noteEd25519 is the signature type of C2SP signed-note for Ed25519.
const noteEd25519 = 1

// Public is the public half of one generation of a signing key.
type Public struct {
	Role       string
	Generation int
	ID         string // entry.KeyID
	Key        ed25519.PublicKey
	Origin     string // log key: the log's origin, which is also the key's name in notes
	Text       string // for handing out: vkey line of the log, PEM of the rest
}

// A Signer signs with one generation of a role. It prints as its public
// identity. It is safe for concurrent use.
type Signer struct {
	public Public
	secret ed25519.PrivateKey
}

// Public is the key to verify with.
func (s *Signer) Public() Public { return s.public }

// KeyID is the id that envelopes name.
func (s *Signer) KeyID() string { return s.public.ID }

// Sign is Ed25519 over message (RFC 8032): the same message gives the same 64 bytes.
func (s *Signer) Sign(message []byte) ([]byte, error) { return ed25519.Sign(s.secret, message), nil }

// Name is the origin of a log key: with KeyHash and Sign it makes a note.Signer.
func (s *Signer) Name() string { return s.public.Origin }

// KeyHash is the key's short hash in notes.
func (s *Signer) KeyHash() uint32 { return noteKeyHash(s.public.Origin, s.public.Key) }

// String names the key without its secret; Format and GoString cover every verb.
func (s *Signer) String() string {
	return fmt.Sprintf("%s key %d (%s)", s.public.Role, s.public.Generation, s.public.ID[:16])
}

// Format prints String whatever the verb, so that no %+v reveals the secret.
func (s *Signer) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// CreateLogKey makes the next generation of the key that signs checkpoints.
// origin names the log for the world, as a URL without scheme, e.g.
// "data.example.gov/clearwell"; it never changes in the life of a log.
func (s *Store) CreateLogKey(origin string) (Public, error) {
	if err := checkOrigin(origin); err != nil {
		return Public{}, err
	}
	if existing, err := s.PublicKeys(RoleLog); err == nil && existing[0].Origin != origin {
		return Public{}, fmt.Errorf("the log's origin is %q and cannot become %q", existing[0].Origin, origin)
	}
	return s.createSigning(RoleLog, origin)
}

// CreateSigningKey makes the next generation of a role's key for envelopes.
func (s *Store) CreateSigningKey(role string) (Public, error) {
	if role == RoleLog {
		return Public{}, errors.New("the log's key needs an origin: use CreateLogKey")
	}
	return s.createSigning(role, "")
}

func checkOrigin(origin string) error {
	// C2SP signed-note: a key name is not empty and has neither spaces nor plus.
	if origin == "" || strings.ContainsAny(origin, "+ \t\r\n\u00a0\u3000") {
		return fmt.Errorf("origin %q of the log: it needs at least one character, no spaces and no plus sign", origin)
	}
	return nil
}

func (s *Store) createSigning(role, origin string) (Public, error) {
	if !nameForm.MatchString(role) {
		return Public{}, fmt.Errorf("role %q: use up to 64 letters, digits, - and _", role)
	}
	f := signingFile{role: role, generation: 1}
	if old, err := s.generations(role); err == nil {
		f.generation = old[len(old)-1].generation + 1
	}
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Public{}, err
	}
	p := newPublic(f, origin, public)
	private, err := marshalPrivate(p, secret)
	if err != nil {
		return Public{}, err
	}
	// The private file is what makes a generation exist. The public one is written
	// first; one that a crash left alone belongs to no generation and goes.
	pub := f.base() + ".pub"
	if err := os.Remove(filepath.Join(s.dir, "signing", pub)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Public{}, err
	}
	if err := s.put("signing", pub, []byte(p.Text)); err != nil {
		return Public{}, err
	}
	if err := s.put("signing", f.base()+".key", private); err != nil {
		return Public{}, err
	}
	return p, nil
}

// Signer loads the newest generation of a role.
func (s *Store) Signer(role string) (*Signer, error) {
	all, err := s.Signers(role)
	if err != nil {
		return nil, err
	}
	return all[len(all)-1], nil
}

// Signers loads all generations of a role, oldest first: a new key is
// introduced to the ledger under the signature of the one before.
func (s *Store) Signers(role string) ([]*Signer, error) {
	files, err := s.generations(role)
	if err != nil {
		return nil, err
	}
	signers := make([]*Signer, len(files))
	for i, f := range files {
		if signers[i], err = s.signer(f); err != nil {
			return nil, err
		}
	}
	return signers, nil
}

func (s *Store) signer(f signingFile) (*Signer, error) {
	raw, err := s.get("signing", f.base()+".key")
	if err != nil {
		return nil, err
	}
	origin, secret, err := parsePrivate(raw)
	if err != nil {
		return nil, fmt.Errorf("key file signing/%s.key: %w", f.base(), err)
	}
	signer := &Signer{public: newPublic(f, origin, secret.Public().(ed25519.PublicKey)), secret: secret}
	published, err := s.readPublic(f)
	if err != nil {
		return nil, err
	}
	if published.ID != signer.public.ID || published.Origin != origin {
		return nil, fmt.Errorf("key files signing/%s.key and .pub do not belong together: restore both from the same backup", f.base())
	}
	return signer, nil
}

// PublicKeys are all generations of a role, oldest first.
func (s *Store) PublicKeys(role string) ([]Public, error) {
	files, err := s.generations(role)
	if err != nil {
		return nil, err
	}
	keys := make([]Public, len(files))
	for i, f := range files {
		if keys[i], err = s.readPublic(f); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (s *Store) readPublic(f signingFile) (Public, error) {
	raw, err := s.get("signing", f.base()+".pub")
	if err != nil {
		return Public{}, err
	}
	origin, key, err := ParsePublic(string(raw))
	if err != nil {
		return Public{}, fmt.Errorf("key file signing/%s.pub: %w", f.base(), err)
	}
	p := newPublic(f, origin, key)
	if p.Text != string(raw) {
		return Public{}, fmt.Errorf("key file signing/%s.pub: is not as it was written", f.base())
	}
	return p, nil
}

func newPublic(f signingFile, origin string, key ed25519.PublicKey) Public {
	p := Public{Role: f.role, Generation: f.generation, ID: entry.KeyID(key), Key: key, Origin: origin}
	if origin == "" {
		p.Text = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: entry.MarshalPublic(key)}))
	} else {
		p.Text = VKey(origin, key) + "\n"
	}
	return p
}

// VKey is the verifier key line of C2SP signed-note for a log key.
func VKey(origin string, key ed25519.PublicKey) string {
	line, err := note.NewEd25519VerifierKey(origin, key)
	if err != nil {
		panic("keys: an Ed25519 public key makes a vkey: " + err.Error())
	}
	return line
}

// ParsePublic reads a public key as the store hands it out: a vkey line (then
// origin is its name) or a PEM block.
func ParsePublic(text string) (origin string, key ed25519.PublicKey, err error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if block.Type != "PUBLIC KEY" {
			return "", nil, fmt.Errorf("PEM block %q is not a public key", block.Type)
		}
		key, err = entry.ParsePublic(block.Bytes)
		return "", key, err
	}
	line := strings.TrimSuffix(text, "\n")
	if _, err := note.NewVerifier(line); err != nil {
		return "", nil, errors.New("neither a PEM public key nor a vkey line")
	}
	name, rest, _ := strings.Cut(line, "+")
	_, b64, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(b64)
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != noteEd25519 {
		return "", nil, errors.New("vkey is not of an Ed25519 log key")
	}
	return name, ed25519.PublicKey(raw[1:]), nil
}

// noteKeyHash is the key id of C2SP signed-note: the first four bytes of
// SHA-256(name || 0x0A || type || key).
func noteKeyHash(name string, key ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{noteEd25519})
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// marshalPrivate writes a log key as C2SP notes do (PRIVATE+KEY+name+hash+seed),
// others as PKCS #8.
func marshalPrivate(p Public, secret ed25519.PrivateKey) ([]byte, error) {
	if p.Origin != "" {
		seed := append([]byte{noteEd25519}, secret.Seed()...)
		return fmt.Appendf(nil, "PRIVATE+KEY+%s+%08x+%s\n", p.Origin, noteKeyHash(p.Origin, p.Key), base64.StdEncoding.EncodeToString(seed)), nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func parsePrivate(raw []byte) (origin string, secret ed25519.PrivateKey, err error) {
	if block, _ := pem.Decode(raw); block != nil {
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return "", nil, errors.New("not a PKCS #8 private key")
		}
		secret, ok := key.(ed25519.PrivateKey)
		if !ok {
			return "", nil, errors.New("not an Ed25519 key")
		}
		return "", secret, nil
	}
	line := strings.TrimSuffix(string(raw), "\n")
	if _, err := note.NewSigner(line); err != nil {
		return "", nil, errors.New("neither a PEM private key nor a note signing key")
	}
	parts := strings.SplitN(line, "+", 5)
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return "", nil, errors.New("not an Ed25519 note signing key")
	}
	return parts[2], ed25519.NewKeyFromSeed(seed[1:]), nil
}
