package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"

	"github.com/cespare/xxhash/v2"
)

// The hash in a file's name covers the content. It does not cover bytes of the
// stored form that do not reach the content: a field of the index, the length of a
// skipped chunk. A seal covers those: the last 20 bytes of every .s2 file are
// one skippable chunk of the S2 framing format, which foreign readers pass over:
//
//	1 byte   chunk type 0xA5 (of the range 0x80..0xfd, which readers skip)
//	3 bytes  length of what follows, little-endian: 16
//	8 bytes  the letters "clearwel"
//	8 bytes  XXH64 with seed 0 of all bytes of the file before the chunk, little-endian
//
// It finds damage; against intent stands the hash of the content, which is in
// the ledger. A .raw file is its content and needs none.
const (
	sealHeader = "\xa5\x10\x00\x00clearwel"
	sealSize   = int64(len(sealHeader) + 8)
)

func seal(sum uint64) []byte { return binary.LittleEndian.AppendUint64([]byte(sealHeader), sum) }

// sealer sums up what is written through it.
type sealer struct {
	out io.Writer
	sum *xxhash.Digest
}

func newSealer(out io.Writer) *sealer { return &sealer{out, xxhash.New()} }

func (s *sealer) Write(p []byte) (int, error) {
	n, err := s.out.Write(p)
	s.sum.Write(p[:n]) // never fails
	return n, err
}

// close writes the seal; the file under it stays open.
func (s *sealer) close() error {
	_, err := s.out.Write(seal(s.sum.Sum64()))
	return err
}

// checkSeal compares the bytes of a stored file with their seal.
func (s *Store) checkSeal(ctx context.Context, hash string) error {
	f, err := s.find(hash)
	if err != nil {
		return err
	}
	defer f.Close()
	if !f.compressed {
		return nil
	}
	sum := xxhash.New()
	if _, err := io.Copy(sum, withContext{ctx, io.NewSectionReader(f.File, 0, f.stream)}); err != nil {
		return err
	}
	have := make([]byte, sealSize)
	if _, err := f.ReadAt(have, f.stream); err != nil {
		return err
	}
	if !bytes.Equal(have, seal(sum.Sum64())) {
		return f.corrupt("its bytes do not have the checksum at its end")
	}
	return nil
}
