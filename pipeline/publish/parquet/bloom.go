package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// The split-block Bloom filter of the Parquet format: blocks of eight 32-bit
// words, one bit per word and value, xxHash64 with seed 0.
// https://parquet.apache.org/docs/file-format/bloomfilter/
const (
	bloomBlockBytes = 32
	// bloomBitsPerValue gives about 1 false answer in 100.
	bloomBitsPerValue = 10
	maxBloomBytes     = 1 << 20
)

var bloomSalt = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

// bloomFilter returns header and bitset of the filter over an encoded column;
// nil if it has no values.
func bloomFilter(c column, out *chunk) []byte {
	values := out.rows - out.nulls
	if out.distinct > 0 {
		values = out.distinct
	}
	if values == 0 {
		return nil
	}
	size := 1 << bits.Len64(uint64(max(bloomBlockBytes, values*bloomBitsPerValue/8)-1))
	size = min(size, maxBloomBytes)
	blocks := uint64(size / bloomBlockBytes)

	var t thriftWriter
	t.reset(nil)
	t.i32(1, int32(size))
	for id := int16(2); id <= 4; id++ { // algorithm: block; hash: xxHash; compression: none
		t.open(id)
		t.empty(1)
		t.close()
	}
	t.stop()
	filter := append(t.buf, make([]byte, size)...)
	set := filter[len(t.buf):]
	c.hashes(func(v []byte) {
		h := xxhash.Sum64(v)
		block := set[(h>>32)*blocks>>32*bloomBlockBytes:]
		for i, salt := range bloomSalt {
			bit := uint32(h) * salt >> 27
			word := block[4*i : 4*i+4]
			binary.LittleEndian.PutUint32(word, binary.LittleEndian.Uint32(word)|1<<bit)
		}
	})
	return filter
}
