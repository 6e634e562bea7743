package parquet

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// textColumn holds the values of a row group either as dictionary indexes or,
// once the dictionary is given up, as lengths and bytes.
type textColumn struct {
	field *field
	never bool // no dictionary, by option
	valid bitmap

	plain   bool // the dictionary was given up: lengths and data hold all values
	indexes []uint32
	words   textDictionary
	trial   int // number of values at which the dictionary is judged next

	lengths []uint32
	data    []byte
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

// encodePlain writes DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. The
// bytes of tokens so are nothing but tokens, which compresses better and faster
// than with a length before each.
func (c *textColumn) encodePlain(w *chunkWriter) error {
	at := 0
	size := func(s span) int {
		n := 0
		for _, l := range c.lengths[s.value : s.value+s.values] {
			n += int(l)
		}
		return n
	}
	for _, s := range w.pages(&c.valid, size) {
		body := w.startPage(&c.valid, s)
		lengths := c.lengths[s.value : s.value+s.values]
		var lower, upper []byte
		if s.values > 0 {
			end := at + size(s)
			body = appendDelta(body, lengths)
			body = append(body, c.data[at:end]...)
			lower, upper = textBounds(c.data[at:end], lengths)
			lower, upper = notNil(lower), notNil(upper)
			at = end
		}
		if err := w.endPage(body, s, encodingDeltaLengthByte, lower, upper); err != nil {
			return err
		}
	}
	return nil
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
