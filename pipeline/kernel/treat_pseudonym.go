package kernel

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
)

// pseudonym puts the lower-case hex of HMAC-SHA256(key, value) in place of a value:
// the same key and value give the same pseudonym in every dataset, and without the
// key nobody can try values out.
//
// crypto/hmac keeps the digest states behind the two blocks that depend on the key
// alone and restores them on Reset: a value of up to 55 bytes costs two blocks of
// SHA-256, not four.
type pseudonym struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

func newPseudonym(key []byte) (*pseudonym, error) {
	if len(key) == 0 {
		return nil, errors.New("the key is empty")
	}
	return &pseudonym{mac: hmac.New(sha256.New, key)}, nil
}

func (p *pseudonym) appendTreated(dst []byte, from *textSource, row int) ([]byte, bool) {
	p.mac.Reset()
	p.mac.Write(from.value(row))
	return appendHex(dst, p.mac.Sum(p.sum[:0])), true
}

// hexPairs are the two lower-case digits of every byte, the first one in the low byte.
var hexPairs = func() (pairs [256]uint16) {
	const digits = "0123456789abcdef"
	for i := range pairs {
		pairs[i] = uint16(digits[i>>4]) | uint16(digits[i&15])<<8
	}
	return pairs
}()

// appendHex writes two digits at a time; encoding/hex takes two and a half times as long.
func appendHex(dst, src []byte) []byte {
	for _, c := range src {
		dst = binary.LittleEndian.AppendUint16(dst, hexPairs[c])
	}
	return dst
}
