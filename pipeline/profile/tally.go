package profile

import (
	"math"
	"unicode/utf8"

	"clearwell/pipeline/kernel"
)

// A decision is what the values that are held say of a column. The tally counts by it.
type decision struct {
	column int
	name   string
	typ    Type
	reader reader
	std    *Candidate // nil: no standard
	others []Candidate
	weak   bool // weak null words are null
	watch  map[string]int32
}

// null says whether a value means nothing; c is of the goroutine, nil without a standard.
func (d *decision) null(v, plain []byte, c *checker) bool {
	kind := nullWord(plain)
	if kind == noNull || kind == weakNull && !d.weak {
		return false
	}
	// A word that the standard knows (性别: 未知) is a value.
	return len(plain) == 0 || c == nil || !c.checks() && kind == strongNull || c.checks() && !c.ok(v)
}

// A tally counts what is true of the cells of a column. It is filled from the values
// that are held, with their counts, where all are; else from every cell in a second pass.
type tally struct {
	empty   int64
	words   map[string]int64
	nulls   int64
	fail    int64 // not of the type
	invalid int64 // by the standard
	formats []int64
	dirt    Dirt
	length  Lengths // Mean is the sum until it is settled
	text    span[string]
	place   span[float64]
	moments moments
	watched []int64
}

// span is the least and the greatest of what came, with how they are written.
type span[T int | float64 | string] struct {
	any        bool
	min, max   T
	first, end string
}

func (s *span[T]) add(v T, text []byte) {
	if !s.any || v < s.min || v == s.min && string(text) < s.first {
		s.min, s.first = v, string(text)
	}
	if !s.any || v > s.max || v == s.max && string(text) > s.end {
		s.max, s.end = v, string(text)
	}
	s.any = true
}

func (s *span[T]) merge(o span[T]) {
	if !o.any {
		return
	}
	s.add(o.min, []byte(o.first))
	s.add(o.max, []byte(o.end))
}

// moments are the count, mean and sum of squared distances from it (Welford; merged after Chan et al.).
type moments struct {
	n        int64
	mean, m2 float64
}

func (m *moments) add(x float64, n int64) { m.merge(moments{n, x, 0}) }

func (m *moments) merge(o moments) {
	if o.n == 0 {
		return
	}
	n := m.n + o.n
	d := o.mean - m.mean
	m.mean += d * float64(o.n) / float64(n)
	m.m2 += o.m2 + d*d*float64(m.n)*float64(o.n)/float64(n)
	m.n = n
}

func (m *moments) stddev() float64 {
	if m.n < 2 {
		return 0
	}
	return math.Sqrt(m.m2 / float64(m.n-1))
}

func newTally(d *decision) *tally {
	return &tally{words: map[string]int64{}, formats: make([]int64, len(d.reader.formats)), watched: make([]int64, len(d.watch))}
}

// newScratch is memory for kernel.Plain, enough for nearly every value.
func newScratch() []byte { return make([]byte, 0, 256) }

// A counter fills tallies. It is the scratch of one goroutine.
type counter struct {
	d       *decision
	checker *checker // nil: no standard
	scratch []byte
}

func newCounter(d *decision) (*counter, error) {
	c := &counter{d: d, scratch: newScratch()}
	if d.std != nil {
		known, err := library()
		if err != nil {
			return nil, err
		}
		for _, k := range known {
			if k.std.Name == d.std.Name {
				if c.checker, err = newChecker(k); err != nil {
					return nil, err
				}
			}
		}
	}
	return c, nil
}

// add counts n cells with the value v of so many characters.
func (c *counter) add(t *tally, v []byte, runes, n int64) {
	p := kernel.Plain(c.scratch, v)
	if len(p) == 0 {
		t.empty += n
		t.nulls += n
		if len(v) > 0 {
			t.dirt.Blanks += n
		}
		return
	}
	if c.d.null(v, p, c.checker) {
		t.nulls += n
		t.words[string(p)] += n
		return
	}
	t.dirt.addTimes(dirtOf(v), n)
	if t.length.Max == 0 || runes < t.length.Min {
		t.length.Min = runes
	}
	t.length.Max = max(t.length.Max, runes)
	t.length.Mean += float64(runes * n) // whole numbers far below 2^53: exact in any order
	if len(c.d.watch) > 0 {
		if i, ok := c.d.watch[string(v)]; ok {
			t.watched[i] += n
		}
	}
	place, format, ok := c.d.reader.read(p)
	switch {
	case !ok:
		t.fail += n
	case c.d.reader.ordered():
		t.place.add(place, p)
		if format >= 0 {
			t.formats[format] += n
		}
		if c.d.reader.numeric() {
			t.moments.add(place, n)
		}
	default:
		t.text.add(string(p), p)
	}
	if c.checker != nil && !c.checker.ok(v) {
		t.invalid += n
	}
}

func (d *Dirt) addTimes(o Dirt, n int64) {
	d.Blanks += o.Blanks * n
	d.Spaces += o.Spaces * n
	d.FullWidth += o.FullWidth * n
	d.Control += o.Control * n
	d.Garbled += o.Garbled * n
}

// merge adds what another tally counted, all but the moments: their order matters.
func (t *tally) merge(o *tally) {
	t.empty += o.empty
	t.nulls += o.nulls
	t.fail += o.fail
	t.invalid += o.invalid
	for w, n := range o.words {
		t.words[w] += n
	}
	for i, n := range o.formats {
		t.formats[i] += n
	}
	for i, n := range o.watched {
		t.watched[i] += n
	}
	t.dirt.addTimes(o.dirt, 1)
	if o.length.Max > 0 {
		if t.length.Max == 0 || o.length.Min < t.length.Min {
			t.length.Min = o.length.Min
		}
		t.length.Max = max(t.length.Max, o.length.Max)
		t.length.Mean += o.length.Mean
	}
	t.text.merge(o.text)
	t.place.merge(o.place)
}

// tallyTable counts a column all of whose values are held.
func tallyTable(d *decision, t *table) (*tally, error) {
	c, err := newCounter(d)
	if err != nil {
		return nil, err
	}
	out := newTally(d)
	out.empty, out.nulls = t.empty, t.empty
	for i := range t.entries {
		e := &t.entries[i]
		c.add(out, t.value(e), t.runes(e), e.count)
	}
	return out, nil
}

// addCells counts every cell of a batch's column.
func (c *counter) addCells(t *tally, data []byte, offsets []int32) {
	for i := range len(offsets) - 1 {
		v := data[offsets[i]:offsets[i+1]]
		c.add(t, v, int64(utf8.RuneCount(v)), 1)
	}
}
