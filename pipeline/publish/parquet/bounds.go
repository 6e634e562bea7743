package parquet

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

const (
	// maxStatisticsBytes bounds a minimum or maximum in the column chunk's
	// statistics: longer ones are left out, since many readers take them for exact.
	maxStatisticsBytes = 1024
	// maxIndexBytes bounds a page bound of the column index, which may be cut;
	// 64 is what parquet-java cuts at.
	maxIndexBytes = 64
)

// cutLower returns a lower bound of b of at most maxIndexBytes.
func cutLower(b []byte) []byte {
	if len(b) <= maxIndexBytes {
		return b
	}
	n := maxIndexBytes
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// cutUpper returns an upper bound of b of at most maxIndexBytes, or b itself if
// there is none (a prefix of nothing but U+10FFFF).
func cutUpper(b []byte) []byte {
	if len(b) <= maxIndexBytes {
		return b
	}
	cut := cutLower(b)
	for len(cut) > 0 {
		r, n := utf8.DecodeLastRune(cut)
		cut = cut[:len(cut)-n]
		switch {
		case r == 0xd7ff: // the surrogates are no characters
			r = 0xe000
		case r < utf8.MaxRune:
			r++
		default:
			continue
		}
		if utf8.RuneLen(r)+len(cut) <= maxIndexBytes {
			return utf8.AppendRune(bytes.Clone(cut), r)
		}
	}
	return b
}

// cutUpperBytes is cutUpper for bytes that are no text: the last byte kept is raised.
func cutUpperBytes(b []byte) []byte {
	if len(b) <= maxIndexBytes {
		return b
	}
	for n := maxIndexBytes; n > 0; n-- {
		if b[n-1] < 0xff {
			cut := bytes.Clone(b[:n])
			cut[n-1]++
			return cut
		}
	}
	return b
}

// textBounds finds the least and greatest of consecutive values. Most
// comparisons are of the first eight bytes as a number.
func textBounds(data []byte, lengths []uint32) (least, greatest []byte) {
	if len(lengths) == 0 {
		return nil, nil
	}
	at := 0
	least, greatest = data[:lengths[0]], data[:lengths[0]]
	low := textPrefix(data, 0, int(lengths[0]))
	high := low
	for _, n := range lengths {
		p := textPrefix(data, at, int(n))
		if p <= low {
			if v := data[at : at+int(n)]; p < low || bytes.Compare(v, least) < 0 {
				low, least = p, v
			}
		}
		if p >= high {
			if v := data[at : at+int(n)]; p > high || bytes.Compare(v, greatest) > 0 {
				high, greatest = p, v
			}
		}
		at += int(n)
	}
	return least, greatest
}

// textPrefix is the first eight bytes of data[at:at+n] as a big-endian number,
// filled up with zeros: its order agrees with the order of the values.
func textPrefix(data []byte, at, n int) uint64 {
	if at+8 <= len(data) {
		p := binary.BigEndian.Uint64(data[at:])
		if n < 8 {
			p &= ^uint64(0) << (64 - 8*n)
		}
		return p
	}
	var tail [8]byte
	copy(tail[:], data[at:at+min(n, 8)])
	return binary.BigEndian.Uint64(tail[:])
}
