package entry

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

// A Signer signs envelopes. KeyID and Public belong to one Ed25519 key.
type Signer interface {
	KeyID() string
	Sign(message []byte) ([]byte, error)
}

// A Signature of an envelope.
type Signature struct {
	KeyID string // KeyID of the public key
	Sig   []byte // Ed25519 over PAE(payloadType, payload), 64 bytes
}

// An Envelope is a DSSE envelope around a statement, as the leaf of the log holds it.
type Envelope struct {
	Payload    []byte
	Signatures []Signature // one or more, in the order in which they were made
}

// ErrUnknownKey is what Verify returns for signatures of keys that the caller does not have.
var ErrUnknownKey = errors.New("signed by a key that is not known")

// KeyID is the identity of an Ed25519 public key: the SHA-256 of its
// SubjectPublicKeyInfo in DER, in hex (what `openssl pkey -pubin -outform der |
// sha256sum` prints).
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(MarshalPublic(public))
	return hex.EncodeToString(sum[:])
}

// MarshalPublic is the SubjectPublicKeyInfo of an Ed25519 key in DER, 44 bytes.
func MarshalPublic(public ed25519.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic("entry: Ed25519 public keys can always be marshalled: " + err.Error())
	}
	return der
}

// ParsePublic reads what MarshalPublic writes.
func ParsePublic(der []byte) (ed25519.PublicKey, error) {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("public key is %T, not Ed25519", key)
	}
	return public, nil
}

// PAE is DSSE's pre-authentication encoding: what is signed.
func PAE(payloadType string, payload []byte) []byte {
	b := []byte("DSSEv1 ")
	b = strconv.AppendInt(b, int64(len(payloadType)), 10)
	b = append(b, ' ')
	b = append(b, payloadType...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(payload)), 10)
	b = append(b, ' ')
	return append(b, payload...)
}

// Seal signs the entry with each signer and returns the envelope's bytes: the
// leaf of the log. Leaves over MaxSize are refused.
func Seal(e *Entry, signers ...Signer) ([]byte, error) {
	payload, err := e.Payload()
	if err != nil {
		return nil, err
	}
	if len(signers) == 0 {
		return nil, errors.New("an entry needs a signature")
	}
	env := Envelope{Payload: payload}
	for _, s := range signers {
		sig, err := s.Sign(PAE(payloadType, payload))
		if err != nil {
			return nil, fmt.Errorf("sign entry %s/%d: %w", e.Dataset, e.Seq, err)
		}
		env.Signatures = append(env.Signatures, Signature{KeyID: s.KeyID(), Sig: sig})
	}
	leaf, err := env.Marshal()
	if err != nil {
		return nil, err
	}
	if len(leaf) > MaxSize {
		return nil, fmt.Errorf("entry %s/%d (%s) has %d bytes, the log takes %d: put the detail into a file beside it and name the file as a subject",
			e.Dataset, e.Seq, e.Kind, len(leaf), MaxSize)
	}
	return leaf, nil
}

// Open reads a leaf: envelope and statement. It checks the form, not the
// signatures; Envelope.Verify does that.
func Open(leaf []byte) (*Envelope, *Entry, error) {
	env, err := ParseEnvelope(leaf)
	if err != nil {
		return nil, nil, err
	}
	e, err := ParsePayload(env.Payload)
	if err != nil {
		return nil, nil, err
	}
	return env, e, nil
}

// Value is the envelope as a canonical JSON value, for documents that enclose it.
func (env *Envelope) Value() map[string]any {
	sigs := make([]any, len(env.Signatures))
	for i, s := range env.Signatures {
		sigs[i] = map[string]any{"keyid": s.KeyID, "sig": base64.StdEncoding.EncodeToString(s.Sig)}
	}
	return map[string]any{
		"payload":     base64.StdEncoding.EncodeToString(env.Payload),
		"payloadType": payloadType,
		"signatures":  sigs,
	}
}

// Marshal writes the envelope in canonical JSON.
func (env *Envelope) Marshal() ([]byte, error) { return Canonical(env.Value()) }

// ParseEnvelope reads an envelope that is exactly as Marshal writes it.
func ParseEnvelope(data []byte) (*Envelope, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("envelope has %d bytes, the limit is %d", len(data), MaxSize)
	}
	m, err := ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	return EnvelopeFrom(m)
}

// EnvelopeFrom reads an envelope out of an enclosing canonical document.
func EnvelopeFrom(m map[string]any) (*Envelope, error) {
	f := fields{path: "envelope", m: m}
	env := &Envelope{}
	var err error
	if t := f.text("payloadType"); t != payloadType {
		f.fail("payloadType", "is %q, not %q", t, payloadType)
	}
	if env.Payload, err = StrictBase64(f.text("payload")); err != nil {
		f.fail("payload", "%v", err)
	}
	list := f.list("signatures")
	if f.err == nil && len(list) == 0 {
		f.fail("signatures", "is empty")
	}
	for i, item := range list {
		sf := fields{path: fmt.Sprintf("envelope.signatures[%d]", i)}
		sf.m, _ = item.(map[string]any)
		s := Signature{KeyID: sf.text("keyid")}
		if s.Sig, err = StrictBase64(sf.text("sig")); err != nil {
			sf.fail("sig", "%v", err)
		}
		if sf.err == nil && !isDigest(s.KeyID) {
			sf.fail("keyid", "is not a SHA-256 in hex")
		}
		env.Signatures = append(env.Signatures, s)
		f.take(sf.done())
	}
	if err := f.done(); err != nil {
		return nil, err
	}
	return env, nil
}

// Verify checks every signature with the key that lookup gives for its id. All
// must be valid: a signature that cannot be checked is ErrUnknownKey.
func (env *Envelope) Verify(lookup func(keyID string) (ed25519.PublicKey, bool)) error {
	message := PAE(payloadType, env.Payload)
	for _, s := range env.Signatures {
		public, ok := lookup(s.KeyID)
		if !ok {
			return fmt.Errorf("%w (key id %s)", ErrUnknownKey, s.KeyID)
		}
		if !ed25519.Verify(public, message, s.Sig) {
			return fmt.Errorf("the signature of key %s does not fit the content", s.KeyID)
		}
	}
	return nil
}

// StrictBase64 decodes standard base64 with padding, in the one spelling that the encoder writes.
func StrictBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, errors.New("is not strict base64")
	}
	if base64.StdEncoding.EncodeToString(b) != s {
		return nil, errors.New("is not strict base64")
	}
	return b, nil
}

// LeafHash is the RFC 6962 hash of a leaf, SHA-256(0x00 || leaf).
func LeafHash(leaf []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(leaf)
	return [32]byte(h.Sum(nil))
}

// LeafHex is LeafHash in hex: the prev of the next entry.
func LeafHex(leaf []byte) string {
	h := LeafHash(leaf)
	return hex.EncodeToString(h[:])
}
