package kernel

import (
	"clearwell/rules"
)

// negated is true where its condition is false, and the other way round.
type negated struct{ of condition }

func (c negated) eval(s *state, scope, known, failed Bits) int {
	k, f := s.borrow(), s.borrow()
	mistakes := c.of.eval(s, scope, k, f)
	for i := range k {
		known[i] |= k[i]
		failed[i] |= k[i] &^ f[i]
	}
	s.giveBack(k)
	s.giveBack(f)
	return mistakes
}

// negate wraps what a constructor of conditions gives.
func negate(c condition, err error) (condition, error) {
	if err != nil {
		return nil, err
	}
	return negated{c}, nil
}

// conjunction is conditions that must all hold, three-valued after Kleene: false
// where one is false, else unknown where one is unknown.
type conjunction []condition

func newConjunction(p *Program, r *rules.Rule, list []rules.Condition) (conjunction, error) {
	out := make(conjunction, len(list))
	for k := range list {
		var err error
		if out[k], err = newCondition(p, r, &list[k]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c conjunction) eval(s *state, scope, known, failed Bits) (mistakes int) {
	open, unsure, k, f := s.borrow(), s.borrow(), s.borrow(), s.borrow()
	copy(open, scope) // rows on which none is false so far
	for _, one := range c {
		clear(k)
		clear(f)
		mistakes += one.eval(s, open, k, f)
		for i, o := range open {
			bad := o & k[i] & f[i]
			failed[i] |= bad
			known[i] |= bad
			unsure[i] |= o &^ k[i]
			open[i] = o &^ bad
		}
	}
	for i, o := range open {
		known[i] |= o &^ unsure[i]
	}
	for _, b := range []Bits{open, unsure, k, f} {
		s.giveBack(b)
	}
	return mistakes
}

// disjunction is conditions of which one must hold, three-valued after Kleene: true
// where one is true, else unknown where one is unknown.
type disjunction []condition

func (c disjunction) eval(s *state, scope, known, failed Bits) (mistakes int) {
	open, unsure, k, f := s.borrow(), s.borrow(), s.borrow(), s.borrow()
	copy(open, scope) // rows on which none is true so far
	for _, one := range c {
		clear(k)
		clear(f)
		mistakes += one.eval(s, open, k, f)
		for i, o := range open {
			good := o & k[i] &^ f[i]
			known[i] |= good
			unsure[i] |= o &^ k[i]
			open[i] = o &^ good
		}
	}
	for i, o := range open {
		bad := o &^ unsure[i]
		known[i] |= bad
		failed[i] |= bad
	}
	for _, b := range []Bits{open, unsure, k, f} {
		s.giveBack(b)
	}
	return mistakes
}

// newBlocks binds any_of, all_of and not.
func newBlocks(p *Program, r *rules.Rule, c *rules.Condition) (condition, error) {
	blocks := make([]condition, len(c.Blocks))
	for b := range c.Blocks {
		one, err := newConjunction(p, r, c.Blocks[b])
		if err != nil {
			return nil, err
		}
		blocks[b] = one
	}
	switch c.Op {
	case rules.AnyOf:
		return disjunction(blocks), nil
	case rules.AllOf:
		return conjunction(blocks), nil
	}
	return negated{conjunction(blocks)}, nil
}
