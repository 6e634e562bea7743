package csv

import (
	"fmt"
)

// candidates are the delimiters that are looked for, in order of preference.
var candidates = [...]byte{',', ';', '\t', '|'}

const (
	delimiterRecords = 100      // records that are looked at
	delimiterBytes   = 64 << 10 // of the head that are looked at
)

// chooseDelimiter settles the delimiter by what the officer said or by the head.
func (r *Reader) chooseDelimiter(head []byte, eof bool) error {
	if said := r.opts.Delimiter; said != "" && said != "auto" {
		if said == `\t` || said == "tab" {
			said = "\t"
		}
		if len(said) != 1 || !validDelimiter(said[0]) {
			return fmt.Errorf("delimiter %q is not possible; write one ASCII character such as , ; | or tab", r.opts.Delimiter)
		}
		r.split.delim = said[0]
		r.detected.Delimiter, r.how[1] = said, "delimiter "+delimiterName(said[0])+" as the contract says"
		return nil
	}
	if len(head) > delimiterBytes {
		head, eof = head[:delimiterBytes], false
	}
	best, bestScore := shape{}, 0
	for _, d := range candidates {
		sh := measure(head, eof, d, r.encoding == gb18030)
		if s := sh.score(); s > bestScore {
			best, bestScore = sh, s
		}
	}
	if bestScore == 0 {
		best = shape{delim: ','}
		r.how[1] = "no delimiter found, one column"
	} else {
		r.how[1] = fmt.Sprintf("delimiter %s: %d columns in %d of the first %d records", delimiterName(best.delim), best.columns, best.agree, best.records)
	}
	r.split.delim = best.delim
	r.detected.Delimiter = string(rune(best.delim))
	return nil
}

// validDelimiter: letters and digits would cut values, quotes and line breaks have a meaning of their own.
func validDelimiter(b byte) bool {
	switch {
	case b == '"' || b == '\r' || b == '\n' || b == 0 || b >= 0x7F:
		return false
	case b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z':
		return false
	}
	return true
}

func delimiterName(b byte) string {
	switch b {
	case ',':
		return "comma"
	case ';':
		return "semicolon"
	case '\t':
		return "tab"
	case '|':
		return "vertical bar"
	}
	return fmt.Sprintf("%q", b)
}

// A shape is what the head looks like if cut by one delimiter.
type shape struct {
	delim   byte
	columns int // of the header
	agree   int // records with as many, the header among them
	records int
}

// score ranks shapes: first by the share of records that agree, in steps of 10 % so that a
// few ragged records do not decide, then by the number of columns. 0: not a delimiter here.
func (s shape) score() int {
	if s.columns < 2 {
		return 0
	}
	return s.agree*10/s.records*10_000 + min(s.columns, 9_999)
}

// measure cuts the head by one delimiter, quotes respected.
func measure(head []byte, eof bool, delim byte, gb bool) shape {
	sh := shape{delim: delim}
	s := splitter{delim: delim, ambiguous: gb && delim >= 0x30}
	for len(head) > 0 && sh.records < delimiterRecords {
		end, _, f, whole := s.first(head, eof)
		if !whole {
			break
		}
		if f.code != "" { // resume at the next line, as the reader does
			for end = 0; end < len(head) && head[end] != '\n'; end++ {
			}
			end = min(end+1, len(head))
		}
		n := s.count(head[:end])
		blank := isBlank(head[:end]) || isBlank(head[:end-1])
		head = head[end:]
		if blank || f.code != "" && sh.records > 0 {
			continue
		}
		if sh.records == 0 {
			sh.columns = n
		}
		sh.records++
		if n == sh.columns {
			sh.agree++
		}
	}
	return sh
}

// count is the number of cells of one record.
func (s *splitter) count(rec []byte) int {
	n, quoted := 1, false
	for p := 0; p < len(rec); {
		switch {
		case rec[p] == '"':
			quoted = !quoted
			p++
		case rec[p] == s.delim:
			if !quoted {
				n++
			}
			p++
		case s.ambiguous:
			p += gbLength(rec[p:])
		default:
			p++
		}
	}
	return n
}
