package csv

import (
	"bytes"
	"fmt"
	"sort"

	"clearwell/batch"
)

// A watch knows the next byte in a portion that makes a line special. A line that ends before
// stop needs no look at its bytes beyond the index.
type watch struct {
	d                   *Decoder
	to                  int // end of the portion: where a cursor stands that found nothing
	quote, nul, invalid int
	stop                int // the least of them
	quoteSet, restIsSet bool
}

// renew moves those cursors that are behind from.
func (w *watch) renew(from int) {
	t := w.d.t
	if !w.quoteSet || w.quote < from {
		w.quote = indexFrom(t, from, w.to, '"')
		w.quoteSet = true
	}
	if !w.restIsSet || w.nul < from {
		w.nul = indexFrom(t, from, w.to, 0)
	}
	if !w.restIsSet || w.invalid < from {
		w.invalid = w.d.invalidFrom(from, w.to)
	}
	w.restIsSet = true
	w.stop = min(w.quote, w.nul, w.invalid)
}

// indexFrom is the offset of the first b in t[from:to], to if there is none.
func indexFrom(t []byte, from, to int, b byte) int {
	if k := bytes.IndexByte(t[from:to], b); k >= 0 {
		return from + k
	}
	return to
}

// invalidFrom is the offset of the first byte of d.t[from:to] that is no valid
// character of the object's encoding, to if there is none. Calls go forward.
func (d *Decoder) invalidFrom(from, to int) int {
	if !d.chunk.gb {
		return from + firstInvalid(d.t[from:to])
	}
	for d.badNext < len(d.bad) && int(d.bad[d.badNext].text) < from {
		d.badNext++
	}
	if d.badNext < len(d.bad) {
		return min(int(d.bad[d.badNext].text), to)
	}
	return to
}

// good notes a record that goes into the columns.
func (d *Decoder) good(s, end, lines int) {
	d.out.spans = append(d.out.spans, d.span(s, end, lines))
	d.row++
}

// spoiled notes a bad record.
func (d *Decoder) spoiled(s, end, lines int, code, message string) {
	sp := d.span(s, end, lines)
	d.row++
	from := sp.Offset - d.chunk.offset
	d.batch.Bad = append(d.batch.Bad, batch.BadRecord{
		Span: sp, Code: code, Message: message,
		Raw: bytes.Clone(d.chunk.data[from : from+int64(sp.Length)]),
	})
}

// span is the place of the record d.t[s:end], which begins on line d.line, in the archived bytes.
func (d *Decoder) span(s, end, lines int) batch.Span {
	if d.chunk.gb {
		s, end = d.rawStart(), int(d.breaks[d.line+lines-1])
	}
	if end > s && d.chunk.data[end-1] == '\r' {
		end--
	}
	return batch.Span{Row: d.row, Line: d.chunk.line + int64(d.line), Offset: d.chunk.offset + int64(s), Length: int32(end - s)}
}

// rawStart is where line d.line begins in the raw bytes of a GB18030 chunk.
func (d *Decoder) rawStart() int {
	if d.line == 0 {
		return 0
	}
	return int(d.breaks[d.line-1]) + 1
}

// rawNUL is the offset in the raw record of the NUL at text offset at.
func (d *Decoder) rawNUL(s, at int) int {
	if d.chunk.gb {
		return bytes.IndexByte(d.chunk.data[d.rawStart():], 0)
	}
	return at - s
}

// rawInvalid is the offset in the raw record of the invalid byte at text offset at.
func (d *Decoder) rawInvalid(s, at int) int {
	if d.chunk.gb {
		k := sort.Search(len(d.bad), func(k int) bool { return int(d.bad[k].text) >= at })
		return int(d.bad[k].raw) - d.rawStart()
	}
	return at - s
}

func (d *Decoder) raggedMessage(cells int) string {
	return fmt.Sprintf("%d cells, the header has %d", cells, len(d.r.header))
}

// message says what is wrong with the quoting, without any value.
func (f fault) message() string {
	switch {
	case f.code == codeUnclosed:
		return fmt.Sprintf("the quote at byte %d of the record is never closed; only its first line is taken", f.at)
	case f.text:
		return fmt.Sprintf("text after a closing quote, at byte %d of the record; a quote inside quotes must be doubled", f.at)
	default:
		return fmt.Sprintf("a quote inside a cell that does not begin with one, at byte %d of the record", f.at)
	}
}
