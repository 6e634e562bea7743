package parquet

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// textColumn holds the values of a row group either as dictionary indexes or,
// once the dictionary is given up, as lengths and bytes.
type textColumn struct {
	field  *field
	never  bool // no dictionary, by option
	expect *int // rows of the group, if more than there are
	valid  bitmap

	plain   bool // the dictionary was given up: lengths and data hold all values
	indexes []uint32
	words   textDictionary
	trial   int // number of values at which the dictionary is judged next

	lengths []uint32
	data    []byte
	own     []uint32 // scratch of appendDeltaText
}

func (c *textColumn) reset() {
	c.valid.reset()
	c.words.reset()
	c.indexes, c.lengths, c.data = c.indexes[:0], c.lengths[:0], c.data[:0]
	c.plain = c.never
	c.trial = dictionaryTrial
}

func (c *textColumn) values() int {
	if c.plain {
		return len(c.lengths)
	}
	return len(c.indexes)
}

// variableArray is what array.String and array.Binary have in common.
type variableArray interface {
	arrow.Array
	ValueOffsets() []int32
}

func (c *textColumn) add(arr arrow.Array) error {
	var a variableArray
	switch v := arr.(type) {
	case *array.String:
		a = v
	case *array.Binary:
		a = v
	}
	if a == nil || a.DataType().ID() != c.field.arrow.ID() {
		return wrongArray(c.field, arr)
	}
	n := a.Len()
	missing := validity(a)
	c.valid.appendValidity(missing, n)
	if n == 0 || a.NullN() == n {
		return nil
	}
	offsets := a.ValueOffsets()
	var data []byte
	if b := a.Data().Buffers()[2]; b != nil {
		data = b.Bytes()
	}
	from := 0
	if !c.plain {
		var err error
		if from, err = c.addWords(data, offsets, missing); err != nil || from == n {
			return err
		}
	}
	return c.addPlain(data, offsets, missing, from)
}

// addWords adds cells to the dictionary until it is given up, and returns the
// first cell that is not added.
func (c *textColumn) addWords(data []byte, offsets []int32, missing nulls) (int, error) {
	n := len(offsets) - 1
	for i := range n {
		if missing.isNull(i) {
			continue
		}
		v := data[offsets[i]:offsets[i+1]]
		entry, hash, ok := c.words.find(v)
		if !ok {
			if !c.isText(v) {
				return i, c.notText(n - i)
			}
			if !c.words.fits(v) {
				c.giveUp()
				return i, nil
			}
			entry = c.words.insert(v, hash)
		}
		c.indexes = append(c.indexes, entry)
		if len(c.indexes) == c.trial {
			c.trial *= 2
			if dictionaryHopeless(c.words.len(), len(c.indexes)) {
				c.giveUp()
				return i + 1, nil
			}
		}
	}
	return n, nil
}

// isText says whether v may stand in the column.
func (c *textColumn) isText(v []byte) bool { return c.field.kind == kindBinary || utf8.Valid(v) }

// notText reports a cell that is not UTF-8; fromEnd counts from the end of the rows added.
func (c *textColumn) notText(fromEnd int) error {
	return fmt.Errorf("column %s: row %d of the row group is not valid UTF-8; text must be converted before it is published", c.field.name, c.valid.n-fromEnd)
}

// giveUp turns indexes back into values.
func (c *textColumn) giveUp() {
	for _, i := range c.indexes {
		v := c.words.entry(i)
		c.lengths = append(c.lengths, uint32(len(v)))
		c.data = append(c.data, v...)
	}
	c.plain = true
}

func (c *textColumn) addPlain(data []byte, offsets []int32, missing nulls, from int) error {
	n := len(offsets) - 1
	first, last := offsets[from], offsets[n]
	c.reserve(n-from, int(last-first))
	sum := int32(0)
	for i := from; i < n; i++ {
		if missing.isNull(i) {
			continue
		}
		length := offsets[i+1] - offsets[i]
		sum += length
		c.lengths = append(c.lengths, uint32(length))
	}
	if !isASCII(data[first:last]) {
		for i := from; i < n; i++ {
			if !missing.isNull(i) && !c.isText(data[offsets[i]:offsets[i+1]]) {
				return c.notText(n - i)
			}
		}
	}
	if sum == last-first { // nulls hide no bytes: one copy for all
		c.data = append(c.data, data[first:last]...)
		return nil
	}
	for i := from; i < n; i++ {
		if !missing.isNull(i) {
			c.data = append(c.data, data[offsets[i]:offsets[i+1]]...)
		}
	}
	return nil
}

// maxReserve bounds what a guess by few rows may ask for: a long cell among the first rows says little of the rest.
const maxReserve = 4 << 20

// reserve makes room for values and bytes to be added: by the measure of what there is, for all rows that
// the group will have.
func (c *textColumn) reserve(values, size int) {
	if len(c.data)+size <= cap(c.data) && len(c.lengths)+values <= cap(c.lengths) {
		return
	}
	factor := max(1, float64(*c.expect)/float64(max(c.valid.n, 1)))
	grown := func(have, more int) int { return min(int(float64(have+more)*factor*1.02), maxReserve) - have }
	c.data = slices.Grow(c.data, max(size, grown(len(c.data), size)))
	c.lengths = slices.Grow(c.lengths, max(values, grown(len(c.lengths), values)))
}

func isASCII(b []byte) bool {
	const high = 0x8080808080808080
	for len(b) >= 32 {
		if (binary.LittleEndian.Uint64(b)|binary.LittleEndian.Uint64(b[8:])|
			binary.LittleEndian.Uint64(b[16:])|binary.LittleEndian.Uint64(b[24:]))&high != 0 {
			return false
		}
		b = b[32:]
	}
	for _, x := range b {
		if x >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (c *textColumn) encode(w *chunkWriter, out *chunk) error {
	w.begin(c.field, out, &c.valid, c.values())
	if !c.plain && !dictionaryPays(c.words.len(), len(c.indexes)) {
		c.giveUp()
	}
	if c.plain {
		return c.encodePlain(w)
	}
	body := w.body[:0]
	for i := range c.words.len() {
		v := c.words.entry(uint32(i))
		body = binary.LittleEndian.AppendUint32(body, uint32(len(v)))
		body = append(body, v...)
	}
	w.body = body
	if err := w.dictionary(c.words.len(), body); err != nil {
		return err
	}
	seen := make([]bool, c.words.len())
	return w.indexPages(&c.valid, c.indexes, c.words.len(), func(used []uint32) (lower, upper []byte) {
		return c.boundsOf(used, seen)
	})
}

// boundsOf compares each entry of a page once. seen is scratch.
func (c *textColumn) boundsOf(used []uint32, seen []bool) (lower, upper []byte) {
	clear(seen)
	for _, i := range used {
		seen[i] = true
	}
	for i, is := range seen {
		if !is {
			continue
		}
		v := c.words.entry(uint32(i))
		if lower == nil || string(v) < string(lower) {
			lower = v
		}
		if upper == nil || string(v) > string(upper) {
			upper = v
		}
	}
	return notNil(lower), notNil(upper)
}

// notNil keeps an empty text apart from no bound.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// encodePlain writes values that do not repeat. Text in ascending order whose
// neighbours share much is written as DELTA_BYTE_ARRAY: shared length, own
// length, own bytes. All other text is DELTA_LENGTH_BYTE_ARRAY: all lengths,
// then all bytes. The bytes of tokens so are nothing but tokens, which
// compresses better and faster than with a length before each.
func (c *textColumn) encodePlain(w *chunkWriter) error {
	at := 0
	size := func(s span) int {
		n := 0
		for _, l := range c.lengths[s.value : s.value+s.values] {
			n += int(l)
		}
		return n
	}
	encoding := int32(encodingDeltaLengthByte)
	shared := c.sharedPrefixes(w.indexes[:0])
	if w.indexes = shared; len(shared) > 0 {
		encoding = encodingDeltaByte
	}
	pages := w.pages(&c.valid, size)
	for i, s := range pages {
		body := w.startPage(&c.valid, s)
		if s.values == 0 {
			if err := w.endPage(body, s, encoding, nil, nil); err != nil {
				return err
			}
			continue
		}
		lengths := c.lengths[s.value : s.value+s.values]
		text := c.data[at : at+size(s)]
		at += len(text)
		if encoding == encodingDeltaByte {
			body = c.appendDeltaText(body, text, lengths, shared[s.value:s.value+s.values])
		} else {
			body = appendDelta(body, lengths)
			w.prefix = len(body)
			body = append(body, text...)
			if i == 0 {
				w.packing = c.choosePacking(w, body, len(pages))
			}
		}
		lower, upper := textBounds(text, lengths)
		if err := w.endPage(body, s, encoding, notNil(lower), notNil(upper)); err != nil {
			return err
		}
	}
	return nil
}

// sharedPrefixes appends how many bytes each value shares with the one before;
// nothing if the values do not ascend, or share less than half of their bytes.
func (c *textColumn) sharedPrefixes(dst []uint32) []uint32 {
	if len(c.lengths) < 2 {
		return dst[:0]
	}
	start, sum := 0, 0
	last := c.data[:c.lengths[0]]
	dst = append(dst, 0)
	for _, n := range c.lengths[1:] {
		start += len(last)
		v := c.data[start : start+int(n)]
		k := commonPrefix(last, v)
		if k < len(last) && (k == len(v) || v[k] < last[k]) {
			return dst[:0]
		}
		sum += k
		dst = append(dst, uint32(k))
		last = v
	}
	if sum*2 < len(c.data) {
		return dst[:0]
	}
	return dst
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// appendDeltaText appends the values of a page as DELTA_BYTE_ARRAY. The first
// value of a page stands alone.
func (c *textColumn) appendDeltaText(body, text []byte, lengths, shared []uint32) []byte {
	shared[0] = 0
	own := c.own[:0]
	for i, n := range lengths {
		own = append(own, n-shared[i])
	}
	c.own = own
	body = appendDelta(body, shared)
	body = appendDelta(body, own)
	at := 0
	for i, n := range lengths {
		body = append(body, text[at+int(shared[i]):at+int(n)]...)
		at += int(n)
	}
	return body
}

// choosePacking decides for all pages of a chunk by the body of the first.
func (c *textColumn) choosePacking(w *chunkWriter, body []byte, pages int) packing {
	text := body[w.prefix:]
	switch {
	case len(text) < minCoded:
		return packGeneral
	case c.isDigest(text):
		return packHex
	case pages == 1:
		return packGeneral
	}
	w.compress(body, packGeneral)
	general := len(w.stored)
	w.compress(body, packHuffman)
	if len(w.stored)*4 <= general*5 {
		return packHuffman
	}
	return packGeneral
}

// isDigest tells whether values look like digests in lower-case hexadecimal:
// all of one length of 32 or more, and each digit about as frequent as the
// others in the first kilobytes.
func (c *textColumn) isDigest(text []byte) bool {
	n := c.lengths[0]
	if n < 32 {
		return false
	}
	for _, l := range c.lengths {
		if l != n {
			return false
		}
	}
	sample := text[:min(len(text), 4096)]
	var count [16]int
	for _, b := range sample {
		v := hexValue[b]
		if v > 15 {
			return false
		}
		count[v]++
	}
	for _, k := range count {
		if k*32 < len(sample) || k*8 > len(sample) { // expected: one in 16
			return false
		}
	}
	return true
}

func (c *textColumn) hashes(yield func([]byte)) {
	if !c.plain {
		for i := range c.words.len() {
			yield(c.words.entry(uint32(i)))
		}
		return
	}
	at := 0
	for _, n := range c.lengths {
		yield(c.data[at : at+int(n)])
		at += int(n)
	}
}
