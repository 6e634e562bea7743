package csv

import "bytes"

// The defects of a record. They are the codes of batch.BadRecord.
const (
	codeRagged   = "ragged"
	codeStray    = "stray_quote"
	codeUnclosed = "unclosed_quote"
	codeNUL      = "nul"
	codeEncoding = "encoding"
)

// A fault is a record whose quoting is broken. Only the splitter finds faults, so that
// there is one judge of where records begin and end.
type fault struct {
	line int // physical line in the chunk, from 0, on which the record begins
	code string
	at   int  // offset of the offending byte in the record; of the opening quote if unclosed
	text bool // stray: text after a closing quote (else a quote inside an unquoted cell)
}

// A cut is the part of a window that consists of whole records.
type cut struct {
	end     int // bytes; 0: the first record does not end in the window
	records int
	lines   int
	faults  []fault
}

// A splitter knows where records end. It works on raw bytes of any supported
// encoding: line breaks and quotes are never part of a multi-byte character,
// delimiters from 0x30 on may be in GB18030.
type splitter struct {
	delim     byte
	ambiguous bool // the delimiter's byte can be the tail of a character
	blanks    bool // blank lines are records (files of one column)
}

// cut finds the end of the last whole record of w, which begins with a record,
// and counts. eof says that nothing follows w.
//
// Its cost goes with the number of quotes and of lines, not with bytes: it
// leaps from quote to quote and from line break to line break.
func (s *splitter) cut(w []byte, eof bool) cut {
	var c cut
	start := 0 // of the current record
	inner := 0 // line breaks inside its quotes so far
	p := 0     // cursor, outside of quotes
	for {
		q := bytes.IndexByte(w[p:], '"')
		if q < 0 {
			q = len(w)
		} else {
			q += p
		}
		for p < q { // records that end before the quote
			k := bytes.IndexByte(w[p:q], '\n')
			if k < 0 {
				break
			}
			k += p
			c.lines += 1 + inner
			if s.blanks || !isBlank(w[start:k]) {
				c.records++
			}
			inner = 0
			start, p = k+1, k+1
		}
		if q == len(w) {
			break
		}
		f, next, breaks, whole := s.quoted(w, start, q, eof)
		if !whole {
			c.end = start
			return c
		}
		if f.code == "" {
			inner += breaks
			p = next
			continue
		}
		first := bytes.IndexByte(w[start:], '\n')
		switch {
		case first >= 0:
			first += start + 1
		case eof:
			first = len(w)
		default:
			c.end = start
			return c
		}
		f.line = c.lines
		c.faults = append(c.faults, f)
		c.records++
		c.lines++
		inner = 0
		start, p = first, first
	}
	if eof && start < len(w) {
		c.lines += 1 + inner
		if s.blanks || !isBlank(w[start:]) {
			c.records++
		}
		start = len(w)
	}
	c.end = start
	return c
}

// quoted follows one quoted cell, and those that directly adjoin it, from the quote at q in the
// record that begins at start. It returns the offset behind the closing quote
// and the line breaks passed, or the fault; whole is false if w ends before that is known.
func (s *splitter) quoted(w []byte, start, q int, eof bool) (f fault, next, breaks int, whole bool) {
	if q != start && !s.delimAt(w, start, q-1) {
		return fault{code: codeStray, at: q - start}, 0, 0, true
	}
	open, p := q, q+1
	for {
		k := bytes.IndexByte(w[p:], '"')
		if k < 0 {
			return fault{code: codeUnclosed, at: open - start}, 0, 0, eof
		}
		breaks += countBreaks(w[p : p+k])
		k += p
		if k+1 == len(w) {
			return fault{}, k + 1, breaks, eof
		}
		switch w[k+1] {
		case '"':
			p = k + 2
			continue
		case s.delim:
			if k+2 < len(w) && w[k+2] == '"' {
				open, p = k+2, k+3
				continue
			}
			return fault{}, k + 1, breaks, true
		case '\n':
			return fault{}, k + 1, breaks, true
		case '\r':
			if k+2 == len(w) {
				return fault{}, k + 1, breaks, eof
			}
			if w[k+2] == '\n' {
				return fault{}, k + 1, breaks, true
			}
		}
		return fault{code: codeStray, at: k + 1 - start, text: true}, 0, 0, true
	}
}

// delimAt says whether the byte at i of the record that begins at start is a
// delimiter and not the tail of a character.
func (s *splitter) delimAt(w []byte, start, i int) bool {
	if w[i] != s.delim {
		return false
	}
	if !s.ambiguous || i == start || w[i-1] < 0x30 {
		return true
	}
	// Bytes below 0x30 stand for themselves only: from behind the last of them characters can be told apart.
	p := i
	for p > start && w[p-1] >= 0x30 {
		p--
	}
	for p < i {
		p += gbLength(w[p:])
	}
	return p == i
}

// isBlank says whether a line, given without its LF, has no content.
func isBlank(line []byte) bool {
	return len(line) == 0 || len(line) == 1 && line[0] == '\r'
}

// countBreaks counts LF. Nearly all quoted cells are short and have none.
func countBreaks(b []byte) int {
	n := 0
	for {
		k := bytes.IndexByte(b, '\n')
		if k < 0 {
			return n
		}
		n++
		b = b[k+1:]
	}
}
