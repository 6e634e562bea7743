package settle

import (
	"bytes"
	"context"
	"errors"
	"io"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/spill"
	"clearwell/rules"
)

// depends fails the rows of a group, of equal values on the left, that do not
// have its most frequent value on the right; all rows where there is not one such value.
type depends struct {
	groups  *groups
	left    *kernel.KeyEncoder
	right   int
	propose bool // the values themselves are kept, to say what the most frequent one is
}

func newDepends(p *rules.Plan, c *rules.Condition, share Share, propose bool) *depends {
	return &depends{groups: newGroups(share), left: kernel.NewKeyEncoder(p, c.Fields), right: fieldIndex(p, c.Other), propose: propose}
}

// fieldIndex is the place of a field in the plan, which was checked.
func fieldIndex(p *rules.Plan, name string) int {
	for i := range p.Fields {
		if p.Fields[i].Name == name {
			return i
		}
	}
	panic("plan of " + p.Dataset + " has no field " + name)
}

func (d *depends) Close() error { return d.groups.Close() }

func (d *depends) Observer() Observer { return &dependsObserver{rule: d, groupAdder: d.groups.adder()} }

type dependsObserver struct {
	*groupAdder
	rule      *depends
	key, tail []byte
	hash      []byte
}

// Tails begin with what follows: the value, or the hash of a long one.
const (
	wholeValue  = 0
	hashedValue = 1
)

func (o *dependsObserver) Observe(b *Batch) error {
	right := b.Columns[o.rule.right]
	return eachRow(b.Scope, func(i int) error {
		if right.IsNull(i) {
			return nil
		}
		key, ok := o.rule.left.Append(o.key[:0], b.Columns, i)
		if o.key = key; !ok {
			return nil
		}
		b.Checked.Set(i)
		o.tail = kernel.AppendRaw(append(o.tail[:0], wholeValue), right, i)
		if !o.rule.propose && len(o.tail) > 1+keyBytes {
			o.hash = append(o.hash[:0], hashedValue)
			o.hash = o.groups.hash(o.hash, o.tail[1:])
			o.tail, o.hash = o.hash, o.tail
		}
		return o.add(key, o.tail, dedupe.NewLoc(b.Frame, i))
	})
}

func (d *depends) Settle(ctx context.Context, run *Run) error {
	return d.groups.settle(ctx, run.Workers, func() (func(*spill.Sorter) error, func() error) {
		done := func() error { return nil }
		var adder *ProposalAdder
		if run.Proposals != nil {
			adder = run.Proposals.NewAdder()
			done = adder.Close
		}
		return func(part *spill.Sorter) error { return d.settlePart(part, run, adder) }, done
	})
}

// settlePart reads a part twice, group by group: what is most frequent, then who does not have it.
func (d *depends) settlePart(part *spill.Sorter, run *Run, adder *ProposalAdder) error {
	lead, err := part.Cursor()
	if err != nil {
		return err
	}
	follow, err := part.Cursor()
	if err != nil {
		return err
	}
	var m majority
	key, _, err := lead.Next()
	for ; err == nil; key, err = m.key, m.err {
		m.count(key, lead)
		for range m.rows {
			record, number, err := follow.Next()
			if err != nil {
				return err
			}
			if !m.tie && bytes.Equal(record[keyBytes:], m.tail) {
				continue
			}
			loc := dedupe.Loc(number)
			run.Fail(loc)
			if adder != nil && !m.tie {
				if err := adder.Add(loc, m.tail[1:]); err != nil {
					return err
				}
			}
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// majority is what is most frequent in a group.
type majority struct {
	rows int
	tail []byte // the most frequent one, the least of them if there are several
	tie  bool   // there are several

	group, run []byte // the hash of the key; the tail being counted
	key        []byte // the first record behind the group
	err        error  // instead of it
}

// count reads a group that begins with record key.
func (m *majority) count(key []byte, from *spill.Cursor) {
	m.group = append(m.group[:0], key[:keyBytes]...)
	m.rows, m.tie = 0, false
	most := 0
	for m.key, m.err = key, nil; m.err == nil && bytes.Equal(m.key[:keyBytes], m.group); {
		m.run = append(m.run[:0], m.key[keyBytes:]...)
		n := 0
		for m.err == nil && bytes.Equal(m.key[:keyBytes], m.group) && bytes.Equal(m.key[keyBytes:], m.run) {
			n++
			m.key, _, m.err = from.Next()
		}
		m.rows += n
		switch {
		case n > most:
			most, m.tie = n, false
			m.tail = append(m.tail[:0], m.run...)
		case n == most:
			m.tie = true
		}
	}
}
