package parquet

import (
	"encoding/binary"

	"github.com/klauspost/compress/huff0"
)

// A zstd frame may hold literals only: text that is Huffman-coded, without a
// search for repetitions. Two kinds of pages are written so, since the search
// finds nothing in them and costs most of their time:
//
//   - pseudonyms, which are random hexadecimal digits. A Huffman code of sixteen
//     equally frequent symbols has four bits each, and with the codes in the
//     order of the digits a stream is the decoded bytes back to front: packing
//     64 digits takes 25 ns, the general way 200;
//   - short text with a random part, such as masked phone numbers, where a trial
//     shows that the search gains less than a fifth for four times the work.
//
// The frames are plain zstd for every reader. Format: RFC 8878, sections 3.1.1
// and 4.2.
const (
	zstdMagic     = 0xfd2fb528
	zstdBlock     = 128 << 10 // Block_Maximum_Size
	blockRaw      = 0
	blockCoded    = 2
	literalsCoded = 2 // a Huffman tree, then the streams
	literalsAgain = 3 // the tree of the block before
	minCoded      = 1024
)

// packing is how the body of a page is compressed.
type packing uint8

const (
	packGeneral packing = iota // zstd with its search for repetitions
	packHuffman
	packHex
)

// appendFrame begins a frame of size bytes.
func appendFrame(dst []byte, size int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, zstdMagic)
	dst = append(dst, 2<<6|1<<5) // content size in 4 bytes, one segment, no checksum, no dictionary
	return binary.LittleEndian.AppendUint32(dst, uint32(size))
}

func appendBlockHeader(dst []byte, kind, size int, last bool) []byte {
	h := uint32(size)<<3 | uint32(kind)<<1
	if last {
		h |= 1
	}
	return append(dst, byte(h), byte(h>>8), byte(h>>16))
}

// appendRaw appends data in raw blocks; at least one.
func appendRaw(dst, data []byte, last bool) []byte {
	for {
		n := min(len(data), zstdBlock)
		dst = appendBlockHeader(dst, blockRaw, n, last && n == len(data))
		dst = append(dst, data[:n]...)
		if data = data[n:]; len(data) == 0 {
			return dst
		}
	}
}

// appendLiterals appends a block of literals and no sequences. payload is the
// tree, if kind is literalsCoded, and four streams that give size bytes.
func appendLiterals(dst, payload []byte, kind, size int, last bool) []byte {
	dst = appendBlockHeader(dst, blockCoded, 5+len(payload)+1, last)
	dst = appendLiteralsHeader(dst, kind, size, len(payload))
	dst = append(dst, payload...)
	return append(dst, 0) // number of sequences
}

// appendLiteralsHeader appends the header with 18-bit sizes and four streams.
func appendLiteralsHeader(dst []byte, kind, size, coded int) []byte {
	h := uint64(kind) | 3<<2 | uint64(size)<<4 | uint64(coded)<<22
	return append(dst, byte(h), byte(h>>8), byte(h>>16), byte(h>>24), byte(h>>32))
}

// appendHuffmanFrame appends body as a frame: its first bytes up to prefix as they are,
// the rest Huffman-coded.
func appendHuffmanFrame(dst, body []byte, prefix int, scratch *huff0.Scratch) []byte {
	dst = appendFrame(dst, len(body))
	text := body[prefix:]
	dst = appendRaw(dst, body[:prefix], len(text) == 0)
	for len(text) > 0 {
		n := min(len(text), zstdBlock)
		last := n == len(text)
		scratch.Reuse = huff0.ReusePolicyNone
		if coded, _, err := huff0.Compress4X(text[:n], scratch); n >= minCoded && err == nil && len(coded) < n-n/32 {
			dst = appendLiterals(dst, coded, literalsCoded, n, last)
		} else {
			dst = appendRaw(dst, text[:n], last)
		}
		text = text[n:]
	}
	return dst
}

// hexTree describes the Huffman tree of the digits 0-9 and a-f: the weights of
// the symbols 0 to 'e', four bits each, weight 1 for a digit; that of 'f' follows.
var hexTree = func() []byte {
	weights := make([]byte, 'f') // an even number, 102
	for _, c := range "0123456789abcde" {
		weights[c] = 1
	}
	tree := []byte{127 + 'f'}
	for i := 0; i < len(weights); i += 2 {
		tree = append(tree, weights[i]<<4|weights[i+1])
	}
	return tree
}()

// appendHexFrame appends body as a frame: its first bytes up to prefix as they
// are, the rest, lower-case hexadecimal digits, in four bits each. It returns
// false if there is another character.
func appendHexFrame(dst, body []byte, prefix int) ([]byte, bool) {
	dst = appendFrame(dst, len(body))
	text := body[prefix:]
	dst = appendRaw(dst, body[:prefix], len(text) == 0)
	kind := literalsCoded
	for len(text) > 0 {
		n := min(len(text), zstdBlock)
		last := n == len(text)
		if n < minCoded {
			dst = appendRaw(dst, text[:n], last)
			text = text[n:]
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0) // headers of block and literals
		if kind == literalsCoded {
			dst = append(dst, hexTree...)
		}
		var ok bool
		if dst, ok = appendHexStreams(dst, text[:n]); !ok {
			return dst, false
		}
		coded := len(dst) - at - 8
		dst = append(dst, 0) // number of sequences
		appendLiteralsHeader(appendBlockHeader(dst[:at], blockCoded, len(dst)-at-3, last), kind, n, coded)
		kind = literalsAgain
		text = text[n:]
	}
	return dst, true
}

// appendHexStreams appends the sizes of three streams and four streams, a
// quarter of the text each.
func appendHexStreams(dst, text []byte) ([]byte, bool) {
	sizes := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0)
	quarter := (len(text) + 3) / 4
	for i := range 4 {
		part := text[min(i*quarter, len(text)):min((i+1)*quarter, len(text))]
		from := len(dst)
		var ok bool
		if dst, ok = appendHexStream(dst, part); !ok {
			return dst, false
		}
		if i < 3 {
			binary.LittleEndian.PutUint16(dst[sizes+2*i:], uint16(len(dst)-from))
		}
	}
	return dst, true
}

// appendHexStream appends one stream. It is read from its end: a set bit marks
// it, then come the digits in order, so that the bytes are those that the
// digits spell, back to front.
func appendHexStream(dst, text []byte) ([]byte, bool) {
	bad := byte(0)
	for len(text) >= 16 && len(text)%2 == 0 {
		hi, ok1 := decodeHex8(binary.BigEndian.Uint64(text[len(text)-16:]))
		lo, ok2 := decodeHex8(binary.BigEndian.Uint64(text[len(text)-8:]))
		if !ok1 || !ok2 {
			return dst, false
		}
		dst = binary.LittleEndian.AppendUint64(dst, uint64(hi)<<32|uint64(lo))
		text = text[:len(text)-16]
	}
	for len(text) >= 2 {
		hi, lo := hexValue[text[len(text)-2]], hexValue[text[len(text)-1]]
		bad |= hi | lo
		dst = append(dst, hi<<4|lo&0xf)
		text = text[:len(text)-2]
	}
	if len(text) == 1 {
		v := hexValue[text[0]]
		bad |= v
		return append(dst, 0x10|v&0xf), bad < 0x80
	}
	return append(dst, 1), bad < 0x80
}

// hexValue is the value of a digit, 0x80 for other characters.
var hexValue = func() (t [256]byte) {
	for i := range t {
		t[i] = 0x80
	}
	for i, c := range "0123456789abcdef" {
		t[c] = byte(i)
	}
	return t
}()

// decodeHex8 turns eight digits, the first in the highest byte, into the 32-bit
// number that they spell; ok is false if one is no digit. Eight at a time,
// without branches: a digit is 0x30..0x39 or 0x61..0x66.
func decodeHex8(x uint64) (v uint32, ok bool) {
	const (
		ones = 0x0101010101010101
		high = 0x80 * ones
	)
	if x&high != 0 {
		return 0, false
	}
	// Bit 7 of each byte: set if the byte is at least the bound (bytes are below 0x80).
	letter := (x + (0x80-0x61)*ones) & high
	over := (x + (0x80-0x67)*ones) & high
	digit := (x + (0x80-0x30)*ones) & high
	past := (x + (0x80-0x3a)*ones) & high
	if (digit&^past)|(letter&^over) != high {
		return 0, false
	}
	n := x&(0x0f*ones) + letter>>7*9 // 'a' & 15 is 1
	n = (n | n>>4) & 0x00ff00ff00ff00ff
	n = (n | n>>8) & 0x0000ffff0000ffff
	return uint32(n | n>>16), true
}
