package kernel

import (
	"bytes"
	"errors"
)

// newRemove drops every character of a set.
func newRemove(set string) (step, error) {
	if set == "" {
		return nil, errors.New("remove: no characters given")
	}
	chars := characters(set)
	var lead []byte
	ascii := true
	for _, c := range chars {
		lead = append(lead, c[0])
		ascii = ascii && len(c) == 1
	}
	candidates := newFinder(lead...)
	s := &rewrite{candidates: candidates}
	if ascii {
		s.cell = func(dst, v []byte) ([]byte, bool) {
			for _, c := range v {
				if !candidates.table[c] {
					dst = append(dst, c)
				}
			}
			return dst, len(dst) != len(v)
		}
		return s, nil
	}
	s.cell = func(dst, v []byte) ([]byte, bool) {
		for i := 0; i < len(v); {
			if candidates.table[v[i]] {
				if n := matchPrefix(v[i:], chars); n > 0 {
					i += n
					continue
				}
			}
			dst = append(dst, v[i])
			i++
		}
		return dst, len(dst) != len(v)
	}
	return s, nil
}

// strip removes one of a few words from the beginning or the end, once.
type strip struct {
	words [][]byte
	edge  [256]bool // first (or last) bytes of the words
	atEnd bool
}

func newStrip(list []string, atEnd bool) (step, error) {
	s := &strip{atEnd: atEnd}
	for _, w := range list {
		if w == "" {
			continue
		}
		s.words = append(s.words, []byte(w))
		if atEnd {
			s.edge[w[len(w)-1]] = true
		} else {
			s.edge[w[0]] = true
		}
	}
	if len(s.words) == 0 {
		return nil, errors.New("strip: no words given")
	}
	return s, nil
}

func (s *strip) apply(e *editor) {
	o, data := e.in.offsets, e.in.data
	lo := o[0]
	for i, hi := range o[1:] {
		switch {
		case lo == hi:
		case s.atEnd:
			if s.edge[data[hi-1]] {
				if n := matchSuffix(data[lo:hi], s.words); n > 0 {
					e.replace(i, data[lo:int(hi)-n])
				}
			}
		case s.edge[data[lo]]:
			if n := matchPrefix(data[lo:hi], s.words); n > 0 {
				e.replace(i, data[int(lo)+n:hi])
			}
		}
		lo = hi
	}
}

// replace puts one text in place of another wherever it occurs.
type replace struct{ old, new []byte }

func newReplace(old, with string) (step, error) {
	if old == "" {
		return nil, errors.New("replace: the text to look for is empty")
	}
	return &replace{[]byte(old), []byte(with)}, nil
}

func (s *replace) apply(e *editor) {
	if bytes.Equal(s.old, s.new) {
		return
	}
	data := e.in.data[:e.in.end()]
	for pos := int(e.in.offsets[0]); ; {
		k := bytes.Index(data[pos:], s.old)
		if k < 0 {
			return
		}
		pos += k
		i := e.rowAt(pos)
		hi := int(e.in.offsets[i+1])
		if pos+len(s.old) > hi { // only seems to occur, across two values
			pos++
			continue
		}
		v := e.cell[:0]
		rest := e.in.cell(i)
		for {
			k := bytes.Index(rest, s.old)
			if k < 0 {
				break
			}
			v = append(append(v, rest[:k]...), s.new...)
			rest = rest[k+len(s.old):]
		}
		v = append(v, rest...)
		e.cell = v[:0]
		e.replace(i, v)
		pos = hi
	}
}

// mapping puts words in place of whole values.
type mapping struct {
	from   *wordTable
	to     [][]byte
	others []byte // for values that are not in the table
	total  bool   // others applies
}

func newMap(table map[string]string, others *string) *mapping {
	s := &mapping{}
	list := make([]string, 0, len(table))
	for from, to := range table {
		list = append(list, from)
		s.to = append(s.to, []byte(to))
	}
	s.from = newWordTable(list)
	if others != nil {
		s.others, s.total = []byte(*others), true
	}
	return s
}

func (s *mapping) apply(e *editor) {
	o, data := e.in.offsets, e.in.data
	for i := range e.in.rows() {
		lo, hi := int(o[i]), int(o[i+1])
		if lo == hi {
			continue
		}
		var v []byte
		if k := s.from.find(data, lo, hi); k >= 0 {
			v = s.to[k]
		} else if s.total {
			v = s.others
		} else {
			continue
		}
		if !bytes.Equal(v, data[lo:hi]) {
			e.replace(i, v)
		}
	}
}
