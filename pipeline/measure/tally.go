package measure

import (
	"errors"
	"io"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/axiomhq/hyperloglog"
	"github.com/cespare/xxhash/v2"

	"clearwell/pipeline/kernel"
	"clearwell/pipeline/spill"
	"clearwell/rules"
)

// A tally counts the different values of some columns over the rows of one Over
// for which one condition is true. A row with a null among them has no value.
type tally struct {
	names    []string
	fields   []int // in plan.Fields
	kinds    []rules.Type
	over     rules.Over
	when     int // a measure with its condition; -1: none
	whenText string
	values   bool // values are counted, not rows only
	summed   bool // ends and sums are wanted; of the values, where these are counted
	encoder  *kernel.OrderEncoder

	tableLimit int64 // bytes, of the hash table of one adder

	squared bool // and sums of squares
	paired  bool // sums of the two columns together are wanted

	sketchError float64 // 0: exact

	mu     sync.Mutex // guards what follows while adders are in use
	rows   int64
	nulls  int64 // rows with a null among the columns
	sorter *spill.Sorter
	hll    *hyperloglog.Sketch
	dd     *ddsketch.DDSketch
	sums   sums
	pairs  pairSums
	texts  []textCount // by measure
}

func newTally(p *rules.Plan, fields []string) *tally {
	t := &tally{names: fields, when: -1}
	for _, name := range fields {
		for i := range p.Fields {
			if p.Fields[i].Name == name {
				t.fields, t.kinds = append(t.fields, i), append(t.kinds, p.Fields[i].Type)
			}
		}
	}
	if len(t.fields) > 0 {
		t.encoder = kernel.NewSortEncoder(p, fields)
	}
	return t
}

// open gives the tally its share of memory: half for the tables of the adders, half for the sorter.
func (t *tally) open(dir string, limitBytes int64, workers int) {
	t.sorter = spill.NewSorter(dir, max(limitBytes/2, minTable))
	t.tableLimit = min(max(limitBytes/2/int64(workers), minTable), maxTable)
}

// minTable is the least that a table gets, in bytes: below it spilling would be all that happens.
const minTable = 32 << 10

// maxTable keeps offsets within 32 bits.
const maxTable = 1 << 30

// sketch makes the tally an approximate one.
func (t *tally) sketch(relative float64) (err error) {
	t.sketchError = relative
	// The standard error of 2^p registers is 1.04/sqrt(2^p): Flajolet and others, HyperLogLog, 2007.
	p := math.Ceil(2 * math.Log2(1.04/relative))
	if t.hll, err = hyperloglog.NewSketch(uint8(min(18, max(4, p))), false); err != nil {
		return err
	}
	t.dd, err = ddsketch.NewDefaultDDSketch(relative)
	return err
}

// present is how many rows have a value.
func (t *tally) present() int64 { return t.rows - t.nulls }

func (t *tally) close() error {
	if t.sorter == nil {
		return nil
	}
	s := t.sorter
	t.sorter = nil
	return s.Close()
}

// cursor begins at the least value.
func (t *tally) cursor() (*cursor, error) {
	c, err := t.sorter.Cursor()
	if err != nil {
		return nil, err
	}
	out := &cursor{from: c}
	return out, out.read()
}

// cursor gives each different value once, with its count.
type cursor struct {
	from *spill.Cursor
	next []byte // the item behind the current one
	more uint64 // its count; 0: there is none
	key  []byte
}

// read takes the next item of the sorter.
func (c *cursor) read() error {
	key, n, err := c.from.Next()
	if errors.Is(err, io.EOF) {
		c.more = 0
		return nil
	}
	if err != nil {
		return err
	}
	c.next, c.more = append(c.next[:0], key...), n
	return nil
}

// value is the next value and its count; a count of 0 is the end. The key is valid until the next call.
func (c *cursor) value() (key []byte, n int64, err error) {
	if c.more == 0 {
		return nil, 0, nil
	}
	c.key = append(c.key[:0], c.next...)
	for c.more > 0 && string(c.next) == string(c.key) {
		n += int64(c.more)
		if err := c.read(); err != nil {
			return nil, 0, err
		}
	}
	return c.key, n, nil
}

// An Adder counts rows for the measures over one Over. It belongs to one goroutine.
type Adder struct {
	parts []part
	key   []byte
	scope kernel.Bits
}

// part is what one adder has for one tally.
type part struct {
	*tally
	table       *counter
	sums        *sums
	pairs       *pairSums
	texts       []textCount
	hll         *hyperloglog.Sketch
	dd          *ddsketch.DDSketch
	seen, empty int64 // rows, rows with nulls
}

// NewAdder makes an adder with memory of its own; nil if no measure looks at rows of o.
func (s *Set) NewAdder(o rules.Over) (*Adder, error) {
	if !s.Any(o) {
		return nil, nil
	}
	a := &Adder{}
	for _, t := range s.tallies {
		if t.over != o {
			continue
		}
		p, err := t.newPart()
		if err != nil {
			return nil, err
		}
		a.parts = append(a.parts, p)
	}
	return a, nil
}

func (t *tally) newPart() (part, error) {
	p := part{tally: t}
	if t.values {
		p.table = &counter{}
	}
	if t.summed && !t.values {
		p.sums = &sums{squared: t.squared}
	}
	for i := range t.texts {
		p.texts = append(p.texts, textCount{measure: t.texts[i].measure, match: t.texts[i].match})
	}
	if t.paired {
		p.pairs = &pairSums{}
	}
	if t.sketchError > 0 {
		var own tally
		if err := own.sketch(t.sketchError); err != nil {
			return p, err
		}
		p.hll, p.dd = own.hll, own.dd
	}
	return p, nil
}

// Add counts the rows of scope. cols are the columns of the plan; those that no
// measure reads may be nil. conditions are by measure.
func (a *Adder) Add(cols []arrow.Array, scope kernel.Bits, conditions []kernel.Bits) error {
	for i := range a.parts {
		p := &a.parts[i]
		rows := append(a.scope[:0], scope...)
		a.scope = rows
		if p.when >= 0 {
			rows.And(conditions[p.when])
		}
		if err := a.count(p, cols, rows); err != nil {
			return err
		}
	}
	return nil
}

func (a *Adder) count(p *part, cols []arrow.Array, rows kernel.Bits) error {
	all := int64(rows.Count())
	p.seen += all
	for _, f := range p.fields {
		if cols[f].NullN() > 0 {
			keepValid(rows, cols[f])
		}
	}
	p.empty += all - int64(rows.Count())
	for i := range p.texts {
		p.texts[i].add(cols[p.fields[0]], rows)
	}
	if p.pairs != nil {
		p.pairs.add(cols[p.fields[0]], cols[p.fields[1]], rows)
	}
	if p.sums != nil {
		p.sums.add(cols[p.fields[0]], rows)
		return nil
	}
	if p.table == nil && p.hll == nil {
		return nil
	}
	for w, word := range rows {
		for ; word != 0; word &= word - 1 {
			row := w<<6 + bits.TrailingZeros64(word)
			a.key = p.encoder.Append(a.key[:0], cols, row)
			if p.table == nil {
				p.sketchValue(a.key)
				continue
			}
			p.table.add(a.key, 1)
			if p.table.bytes() > p.tableLimit {
				if err := p.flush(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// keepValid removes the rows that are null.
func keepValid(rows kernel.Bits, c arrow.Array) {
	for w, word := range rows {
		for ; word != 0; word &= word - 1 {
			if row := w<<6 + bits.TrailingZeros64(word); c.IsNull(row) {
				rows.Unset(row)
			}
		}
	}
}

func (p *part) sketchValue(key []byte) {
	p.hll.InsertHash(xxhash.Sum64(key))
	if len(p.kinds) == 1 {
		if v := decode(key, p.kinds[0]); v.numeric() {
			_ = p.dd.Add(v.float64()) // fails on NaN only, which no column has
		}
	}
}

// flush empties the table into the sorter.
func (p *part) flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sorter.Grow(len(p.table.entries), int64(len(p.table.arena)))
	for i := range p.table.entries {
		e := &p.table.entries[i]
		if err := p.sorter.Add(p.table.key(e), e.count); err != nil {
			return err
		}
	}
	p.table.reset()
	return nil
}

// Close hands over what was counted.
func (a *Adder) Close() error {
	for i := range a.parts {
		p := &a.parts[i]
		if p.table != nil {
			if err := p.flush(); err != nil {
				return err
			}
		}
		p.mu.Lock()
		p.rows += p.seen
		p.nulls += p.empty
		if p.sums != nil {
			p.tally.sums.merge(p.sums)
		}
		for i := range p.texts {
			p.tally.texts[i].merge(&p.texts[i])
		}
		if p.pairs != nil {
			p.tally.pairs.merge(p.pairs)
		}
		var err error
		if p.hll != nil {
			err = errors.Join(p.tally.hll.Merge(p.hll), p.tally.dd.MergeWith(p.dd))
		}
		p.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// A counter is a hash table from keys to counts. It belongs to one goroutine.
type counter struct {
	slots   []uint32 // 1 + index in entries; 0: free
	entries []entry
	arena   []byte // keys one after the other
}

type entry struct {
	hash     uint64
	count    uint64
	from, to uint32 // in arena
}

const entryBytes = 24

func (c *counter) bytes() int64 {
	return int64(len(c.arena) + len(c.entries)*entryBytes + len(c.slots)*4)
}

func (c *counter) key(e *entry) []byte { return c.arena[e.from:e.to] }

func (c *counter) reset() {
	clear(c.slots)
	c.entries, c.arena = c.entries[:0], c.arena[:0]
}

func (c *counter) add(key []byte, n uint64) {
	if len(c.entries)*2 >= len(c.slots) {
		c.grow()
	}
	h := xxhash.Sum64(key)
	mask := uint64(len(c.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		i := c.slots[at]
		if i == 0 {
			from := len(c.arena)
			if cap(c.arena)-from < len(key) {
				c.arena = slices.Grow(c.arena, max(from, len(key), 4<<10)) // twice the room: append gives a quarter more
			}
			if len(c.entries) == cap(c.entries) {
				c.entries = slices.Grow(c.entries, max(len(c.entries), 128))
			}
			c.arena = append(c.arena, key...)
			c.entries = append(c.entries, entry{h, n, uint32(from), uint32(len(c.arena))})
			c.slots[at] = uint32(len(c.entries))
			return
		}
		if e := &c.entries[i-1]; e.hash == h && string(c.key(e)) == string(key) {
			e.count += n
			return
		}
	}
}

func (c *counter) grow() {
	c.slots = make([]uint32, max(256, 2*len(c.slots)))
	mask := uint64(len(c.slots) - 1)
	for i := range c.entries {
		at := c.entries[i].hash & mask
		for c.slots[at] != 0 {
			at = (at + 1) & mask
		}
		c.slots[at] = uint32(i + 1)
	}
}
