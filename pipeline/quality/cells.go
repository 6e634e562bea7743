package quality

import (
	"fmt"
	"math/bits"
	"slices"
)

// Cells are the counts of one indicator on one field. A cell is checked if any
// rule of the indicator was checked on it, and fails if any of them failed. For
// rules on whole rows (Field empty) the cell is the row.
type Cells struct {
	Indicator string `json:"indicator"`
	Field     string `json:"field,omitempty"`
	Delivered Counts `json:"delivered"`
	Published Counts `json:"published"`
}

// CellRule says which cells a rule judges.
type CellRule struct {
	Field     string
	Indicator string
}

// A CellCounter counts cells over the batches of a run. It belongs to one
// goroutine; counters of several are merged in the end.
type CellCounter struct {
	groups  []Cells
	members [][]int // rules of each group
	checked []uint64
	failed  []uint64
}

// NewCellCounter makes a counter for the rules of a plan. Bitmaps are later
// given in the same order.
func NewCellCounter(rules []CellRule) *CellCounter {
	c := &CellCounter{}
	at := map[CellRule]int{}
	for i, r := range rules {
		g, ok := at[r]
		if !ok {
			g = len(c.groups)
			at[r] = g
			c.groups = append(c.groups, Cells{Indicator: r.Indicator, Field: r.Field})
			c.members = append(c.members, nil)
		}
		c.members[g] = append(c.members[g], i)
	}
	return c
}

// AddDelivered counts one batch of rows. checked and failed hold one bitmap per
// rule, row i being bit i%64 of word i/64; nil means no row. Bits of rows that
// the contract excludes must not be set.
func (c *CellCounter) AddDelivered(rows int, checked, failed [][]uint64) {
	for g := range c.groups {
		c.groups[g].Delivered = c.groups[g].Delivered.plus(c.count(g, rows, checked, failed, nil))
	}
}

// AddPublished counts those rows of a batch that are published.
func (c *CellCounter) AddPublished(rows int, checked, failed [][]uint64, published []uint64) {
	if published == nil {
		return
	}
	for g := range c.groups {
		c.groups[g].Published = c.groups[g].Published.plus(c.count(g, rows, checked, failed, published))
	}
}

// count is the number of checked and failed cells of group g; within restricts
// the rows unless it is nil.
func (c *CellCounter) count(g, rows int, checked, failed [][]uint64, within []uint64) Counts {
	words := (rows + 63) / 64
	c.checked = slices.Grow(c.checked[:0], words)[:words]
	c.failed = slices.Grow(c.failed[:0], words)[:words]
	clear(c.checked)
	clear(c.failed)
	for _, r := range c.members[g] {
		orInto(c.checked, checked[r])
		orInto(c.failed, failed[r])
	}
	last := ^uint64(0)
	if tail := rows % 64; tail != 0 {
		last = 1<<tail - 1
	}
	var n Counts
	for w := range words {
		mask := ^uint64(0)
		if w == words-1 {
			mask = last
		}
		if within != nil {
			mask &= within[w]
		}
		n.Checked += int64(bits.OnesCount64((c.checked[w] | c.failed[w]) & mask))
		n.Failed += int64(bits.OnesCount64(c.failed[w] & mask))
	}
	return n
}

func orInto(dst, src []uint64) {
	if src == nil {
		return
	}
	src = src[:len(dst)]
	for i, w := range src {
		dst[i] |= w
	}
}

// Merge adds the counts of another counter made for the same rules.
func (c *CellCounter) Merge(o *CellCounter) {
	if len(c.groups) != len(o.groups) {
		panic(fmt.Sprintf("cell counters of different plans: %d and %d groups", len(c.groups), len(o.groups)))
	}
	for g := range c.groups {
		c.groups[g].Delivered = c.groups[g].Delivered.plus(o.groups[g].Delivered)
		c.groups[g].Published = c.groups[g].Published.plus(o.groups[g].Published)
	}
}

// Cells are the counts so far, ordered by the first rule of each.
func (c *CellCounter) Cells() []Cells { return slices.Clone(c.groups) }
