package kernel

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"clearwell/rules"
	"clearwell/rules/pattern"
)

// textCheck is false where the text of a field is refused, unknown where there is none.
type textCheck struct {
	field int
	valid func(b []byte) bool
}

func (c *textCheck) eval(s *state, scope, known, failed Bits) int {
	col := &s.columns[c.field]
	o, data := col.text.offsets, col.text.data
	valid := c.valid
	sweep(col.present, scope, known, failed, func(i int) bool { return valid(data[o[i]:o[i+1]]) })
	return 0
}

// newPattern is true where the whole text matches an RE2 pattern.
func newPattern(field int, c *rules.Condition) (condition, error) {
	m, err := pattern.Compile(c.Pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", c.Pattern, err)
	}
	return &textCheck{field, m.Match}, nil
}

// newStandardCheck is true where the text is valid by a standard.
func newStandardCheck(field int, c *rules.Condition) (condition, error) {
	s, err := compileStandard(c.Standard, c.Options)
	if err != nil {
		return nil, err
	}
	if s.Valid == nil {
		return nil, fmt.Errorf("standard %q has no check of its own", c.Standard)
	}
	return &textCheck{field, s.Valid}, nil
}

// newLength is true where the number of characters is within bounds.
func newLength(field int, c *rules.Condition) (condition, error) {
	least, most := 0, math.MaxInt
	for _, b := range []struct {
		text string
		to   *int
	}{{c.Min, &least}, {c.Max, &most}} {
		if b.text == "" {
			continue
		}
		n, err := strconv.Atoi(b.text)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("length bound %q is not a whole number from 0", b.text)
		}
		*b.to = n
	}
	if c.MinOpen {
		least++
	}
	if c.MaxOpen {
		most--
	}
	return &textCheck{field, func(b []byte) bool {
		if len(b) < least { // a character takes one to four bytes
			return false
		}
		if len(b) <= most && len(b) >= least*utf8.UTFMax {
			return true
		}
		n := utf8.RuneCount(b)
		return n >= least && n <= most
	}}, nil
}
