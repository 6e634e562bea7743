package chain

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"

	"clearwell/lineage/entry"
)

// A Key was introduced by a key entry of the log.
type Key struct {
	Index  uint64 `json:"index"`  // of the key entry; the key signs entries from there on
	Role   string `json:"role"`   // "engine", "log", or a department or person
	Public string `json:"public"` // SubjectPublicKeyInfo in base64
}

// A Keyring holds the keys that a log has introduced so far, by key id. Whether
// a key counts is decided by log index, not by a clock.
type Keyring map[string]Key

// KeyBody is the body of a key entry. Its subject is "key:<role>" with the key
// id as digest: the key id is the SHA-256 of the key.
type KeyBody struct {
	Action string `json:"action"` // "introduce"
	Role   string `json:"role"`
	KeyID  string `json:"keyid"`
	Public string `json:"public"`         // SubjectPublicKeyInfo in base64
	VKey   string `json:"vkey,omitempty"` // the log's key as C2SP vkey
}

// Introduce is the action of a KeyBody that makes a key known.
const Introduce = "introduce"

// Check verifies the signatures of the entry at index. A key entry may also
// carry the signature of the key that it introduces: the very first one vouches
// for itself, later ones need a signature by a key that was known before. What
// it introduces is returned for Learn.
func (r Keyring) Check(index uint64, env *entry.Envelope, e *entry.Entry) (*KeyBody, error) {
	introduced, err := r.introduction(index, env, e)
	if err != nil {
		return nil, err
	}
	err = env.Verify(func(id string) (ed25519.PublicKey, bool) {
		if introduced != nil && id == introduced.KeyID {
			return publicOf(introduced.Public)
		}
		return r.public(id, index)
	})
	return introduced, err
}

// Learn takes in the key that the entry at index introduces.
func (r Keyring) Learn(index uint64, b *KeyBody) {
	if _, known := r[b.KeyID]; !known {
		r[b.KeyID] = Key{Index: index, Role: b.Role, Public: b.Public}
	}
}

func (r Keyring) public(id string, index uint64) (ed25519.PublicKey, bool) {
	k, known := r[id]
	if !known || k.Index >= index {
		return nil, false
	}
	return publicOf(k.Public)
}

func (r Keyring) introduction(index uint64, env *entry.Envelope, e *entry.Entry) (*KeyBody, error) {
	if e.Kind != entry.Key {
		return nil, nil
	}
	var b KeyBody
	if err := e.DecodeBody(&b); err != nil {
		return nil, err
	}
	if b.Action != Introduce {
		return nil, fmt.Errorf("key entry: action %q is not known", b.Action)
	}
	public, ok := publicOf(b.Public)
	if !ok || entry.KeyID(public) != b.KeyID {
		return nil, errors.New("key entry: key and key id do not belong together")
	}
	if len(e.Subjects) != 1 || e.Subjects[0].SHA256 != b.KeyID || e.Subjects[0].Name != "key:"+b.Role {
		return nil, errors.New("key entry: its subject is not the key that it introduces")
	}
	if len(r) == 0 {
		return &b, nil
	}
	for _, s := range env.Signatures {
		if _, known := r.public(s.KeyID, index); known {
			return &b, nil
		}
	}
	return nil, errors.New("key entry: not signed by any key that the log knew before")
}

func publicOf(b64 string) (ed25519.PublicKey, bool) {
	if b64 == "" {
		return nil, false
	}
	der, err := entry.StrictBase64(b64)
	if err != nil {
		return nil, false
	}
	key, err := entry.ParsePublic(der)
	return key, err == nil
}

// EncodePublic writes a public key as KeyBody and Key hold it.
func EncodePublic(key ed25519.PublicKey) string {
	return base64.StdEncoding.EncodeToString(entry.MarshalPublic(key))
}
