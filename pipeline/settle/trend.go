package settle

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/spill"
	"clearwell/rules"
)

// trend fails rows whose value is out of order beside that of the row before
// them. Each row is compared with the one before it that has a value, whether
// that one failed or not.
type trend struct {
	field    int
	down     bool
	strictly bool
	order    *kernel.OrderEncoder
	ranks    map[string]int // by the value as kernel.AppendRaw writes it; nil: the order of the type
	by       *kernel.KeyEncoder
	groups   *groups // nil: the whole run is one group

	mu    sync.Mutex // guards edges
	edges []edge     // by frame; without groups only
}

// edge is what a frame shows to its neighbours.
type edge struct {
	row         int    // the first with a value
	first, last []byte // nil: no row has one
}

func newTrend(p *rules.Plan, c *rules.Condition, share Share) (*trend, error) {
	t := &trend{field: fieldIndex(p, c.Field), down: c.Op == rules.Decreasing, strictly: c.Strictly, order: kernel.NewSortEncoder(p, []string{c.Field})}
	if len(c.Values) > 0 {
		t.ranks = map[string]int{}
		for rank, text := range c.Values {
			raw, ok := kernel.RawConstant(p.Fields[t.field].Type, text)
			if !ok {
				return nil, fmt.Errorf("%q is not a %s", text, p.Fields[t.field].Type.Kind)
			}
			t.ranks[string(raw)] = rank
		}
	}
	if len(c.By) > 0 {
		t.by, t.groups = kernel.NewKeyEncoder(p, c.By), newGroups(share)
	}
	return t, nil
}

func (t *trend) Close() error {
	if t.groups == nil {
		return nil
	}
	return t.groups.Close()
}

// place appends the place of a value in the order; ok is false if it has none.
func (t *trend) place(dst []byte, cols []arrow.Array, row int, raw *[]byte) (place []byte, ok bool) {
	if t.ranks == nil {
		return t.order.Append(dst, cols, row), true
	}
	*raw = kernel.AppendRaw((*raw)[:0], cols[t.field], row)
	rank, ok := t.ranks[string(*raw)]
	return binary.BigEndian.AppendUint32(dst, uint32(rank)), ok
}

// breaks says whether a value may not stand behind another one.
func (t *trend) breaks(before, after []byte) bool {
	c := bytes.Compare(before, after)
	if t.down {
		c = -c
	}
	return c > 0 || c == 0 && t.strictly
}

func (t *trend) Observer() Observer {
	o := &trendObserver{trend: t}
	if t.groups != nil {
		o.adder = t.groups.adder()
	}
	return o
}

type trendObserver struct {
	*trend
	adder               *groupAdder
	key, now, last, raw []byte
}

func (o *trendObserver) Close() error {
	if o.adder == nil {
		return nil
	}
	return o.adder.Close()
}

func (o *trendObserver) Observe(b *Batch) error {
	var e edge
	o.last = o.last[:0]
	col := b.Columns[o.field]
	err := eachRow(b.Scope, func(i int) error {
		if col.IsNull(i) {
			return nil
		}
		if o.by != nil {
			var ok bool
			if o.key, ok = o.by.Append(o.key[:0], b.Columns, i); !ok {
				return nil
			}
		}
		b.Checked.Set(i)
		o.now = o.now[:0]
		if o.groups != nil {
			o.now = binary.BigEndian.AppendUint64(o.now, uint64(dedupe.NewLoc(b.Frame, i)))
		}
		var ok bool
		if o.now, ok = o.place(o.now, b.Columns, i, &o.raw); !ok {
			b.Failed.Set(i)
			return nil
		}
		if o.groups != nil {
			return o.adder.add(o.key, o.now, dedupe.NewLoc(b.Frame, i))
		}
		if e.first == nil {
			e.row, e.first = i, bytes.Clone(o.now)
		} else if o.breaks(o.last, o.now) {
			b.Failed.Set(i)
		}
		o.last, o.now = o.now, o.last
		return nil
	})
	if e.first != nil {
		e.last = bytes.Clone(o.last)
		o.remember(b.Frame, e)
	}
	return err
}

func (t *trend) remember(frame int, e edge) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.edges) <= frame {
		t.edges = append(t.edges, edge{})
	}
	t.edges[frame] = e
}

func (t *trend) Settle(ctx context.Context, run *Run) error {
	if t.groups != nil {
		return t.groups.settle(ctx, run.Workers, func() (func(*spill.Sorter) error, func() error) {
			return func(part *spill.Sorter) error { return t.settlePart(part, run) }, func() error { return nil }
		})
	}
	var last []byte
	for frame, e := range t.edges {
		if e.first == nil {
			continue
		}
		if last != nil && t.breaks(last, e.first) {
			run.Fail(dedupe.NewLoc(frame, e.row))
		}
		last = e.last
	}
	return nil
}

// settlePart goes through a part in the order of groups, and of the source in each of them.
func (t *trend) settlePart(part *spill.Sorter, run *Run) error {
	sorted, err := part.Cursor()
	if err != nil {
		return err
	}
	const locBytes = 8
	var before []byte
	for {
		now, number, err := sorted.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(before) > 0 && bytes.Equal(before[:keyBytes], now[:keyBytes]) && t.breaks(before[keyBytes+locBytes:], now[keyBytes+locBytes:]) {
			run.Fail(dedupe.Loc(number))
		}
		before = append(before[:0], now...)
	}
}
