package kernel

import (
	"fmt"

	"clearwell/rules"
)

// A Cleaner carries out cleaning steps on single values, as a run does on columns:
// for those who look at a value at a time, such as a profile. It belongs to one goroutine.
type Cleaner struct {
	steps   []step
	editor  editor
	buffers [2]buffer
	offsets [2]int32
}

// NewCleaner binds the steps.
func NewCleaner(steps []rules.Step) (*Cleaner, error) {
	c := &Cleaner{}
	for i := range steps {
		s, err := newStep(&steps[i])
		if err != nil {
			return nil, err
		}
		c.steps = append(c.steps, s)
	}
	return c, nil
}

// Clean is v after the steps. The result is v or memory of the Cleaner, valid until the next call.
func (c *Cleaner) Clean(v []byte) ([]byte, error) {
	c.offsets[1] = int32(len(v))
	t := text{offsets: c.offsets[:], data: v}
	for i, s := range c.steps {
		c.editor.begin(t, &c.buffers[i%2], nil)
		s.apply(&c.editor)
		var err error
		if t, err = c.editor.finish(); err != nil {
			return nil, fmt.Errorf("cleaning step %d: %w", i+1, err)
		}
	}
	return t.cell(0), nil
}

var blankTrim = newTrim("")

// Plain is v after halfwidth and trim, what a typed field without cleaning steps reads.
// The result is a part of v or of dst, which is written over.
func Plain(dst, v []byte) []byte {
	for _, b := range v {
		if b == 0xEF || b == 0xE3 {
			out, _ := halfWidth(dst[:0], v)
			return blankTrim.strip(out)
		}
	}
	return blankTrim.strip(v)
}

// IsFullWidth reports whether v begins with a full-width form that halfwidth changes, the ideographic space not counted.
func IsFullWidth(v []byte) bool {
	return len(v) > 2 && v[0] == 0xEF && halfWidthOf(v[0], v[1], v[2]) != 0
}
