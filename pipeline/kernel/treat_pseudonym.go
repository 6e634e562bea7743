package kernel

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
)

// pseudonym puts the lower-case hex of HMAC-SHA256(key, value) in place of a value:
// the same key and value give the same pseudonym in every dataset, and without the
// key nobody can try values out.
//
// HMAC hashes two blocks that depend on the key alone (RFC 2104). Their digest states
// are computed once and restored for each value, which halves the work.
type pseudonym struct {
	inner, outer hash.Hash
	innerState   []byte // after the block key ^ ipad
	outerState   []byte // after the block key ^ opad
	sum          [sha256.Size]byte
}

func newPseudonym(key []byte) (*pseudonym, error) {
	if len(key) == 0 {
		return nil, errors.New("the key is empty")
	}
	if len(key) > sha256.BlockSize {
		short := sha256.Sum256(key)
		key = short[:]
	}
	p := &pseudonym{inner: sha256.New(), outer: sha256.New()}
	var err error
	if p.innerState, err = keyedState(p.inner, key, 0x36); err != nil {
		return nil, err
	}
	p.outerState, err = keyedState(p.outer, key, 0x5C)
	return p, err
}

// keyedState is the state of h after one block of key xor pad.
func keyedState(h hash.Hash, key []byte, pad byte) ([]byte, error) {
	var block [sha256.BlockSize]byte
	copy(block[:], key)
	for i := range block {
		block[i] ^= pad
	}
	h.Write(block[:])
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return nil, fmt.Errorf("the SHA-256 of this Go version does not give its state")
	}
	return m.MarshalBinary()
}

func (p *pseudonym) appendTreated(dst []byte, from *textSource, row int) ([]byte, bool) {
	p.restore(p.inner, p.innerState)
	p.inner.Write(from.value(row))
	sum := p.inner.Sum(p.sum[:0])
	p.restore(p.outer, p.outerState)
	p.outer.Write(sum)
	return hex.AppendEncode(dst, p.outer.Sum(p.sum[:0])), true
}

func (p *pseudonym) restore(h hash.Hash, state []byte) {
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		panic("SHA-256 does not take back its own state: " + err.Error()) // cannot happen
	}
}
