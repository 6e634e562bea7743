package measure

import (
	"math/bits"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/pipeline/kernel"
	"clearwell/rules"
	"clearwell/rules/pattern"
)

// textCount is what a measure counts text by text, without the different values: how many are of a form, or how long they
// are. Looking at each row costs less than finding out which values repeat.
type textCount struct {
	measure  *rules.Measure
	match    func([]byte) bool // nil: lengths
	matching int64

	n, total    int64
	least, most int64
}

// newTextCount is for a measure of kind PatternShare or LengthOf.
func newTextCount(m *rules.Measure) (textCount, error) {
	c := textCount{measure: m}
	if m.Kind == rules.PatternShare {
		p, err := pattern.Compile(m.Pattern)
		if err != nil {
			return c, err
		}
		c.match = p.Match
	}
	return c, nil
}

// add takes the rows of a column, none of which is null.
func (c *textCount) add(column arrow.Array, rows kernel.Bits) {
	texts, ok := column.(*array.String)
	if !ok {
		return // the compiler lets no other type through
	}
	offsets, data := texts.ValueOffsets(), texts.ValueBytes()
	if len(offsets) == 0 {
		return
	}
	start := offsets[0] // the bytes begin with those of the first row
	for w, word := range rows {
		for ; word != 0; word &= word - 1 {
			row := w<<6 + bits.TrailingZeros64(word)
			v := data[offsets[row]-start : offsets[row+1]-start]
			if c.match == nil {
				c.length(int64(utf8.RuneCount(v)))
			} else if c.match(v) {
				c.matching++
			}
		}
	}
}

func (c *textCount) length(characters int64) {
	if c.n == 0 || characters < c.least {
		c.least = characters
	}
	c.most = max(c.most, characters)
	c.n++
	c.total += characters
}

// merge adds what another adder counted.
func (c *textCount) merge(o *textCount) {
	c.matching += o.matching
	if o.n == 0 {
		return
	}
	if c.n == 0 || o.least < c.least {
		c.least = o.least
	}
	c.most = max(c.most, o.most)
	c.n += o.n
	c.total += o.total
}

// text is what was counted for a measure.
func (t *tally) text(m *rules.Measure) *textCount {
	for i := range t.texts {
		if t.texts[i].measure == m {
			return &t.texts[i]
		}
	}
	return &textCount{n: 1} // New makes one for each
}
