package kernel

import (
	"errors"
	"fmt"
	"math/bits"

	"clearwell/rules"
)

// state is what conditions read: the columns of one batch.
type state struct {
	rows    int
	columns []column
	spare   []Bits // bitmaps over rows that no one uses just now
	frame   frame  // memory of expressions

	memories []any  // by slot: what conditions remember from batch to batch
	key      []byte // scratch in which a condition builds a key
}

// borrow gives an empty set over the rows; it is to be given back.
func (s *state) borrow() Bits {
	if n := len(s.spare); n > 0 {
		b := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return b.resize(s.rows)
	}
	return NewBits(s.rows)
}

func (s *state) giveBack(b Bits) { s.spare = append(s.spare, b) }

// A condition decides, for the rows of scope, where it is known and where it is
// false. It adds these rows to known and failed (failed within known), and may do
// so outside of scope too. It gives the number of rows on which evaluation went
// wrong; they are unknown.
type condition interface {
	eval(s *state, scope, known, failed Bits) (mistakes int)
}

// rule is one rule of the plan, bound to columns.
type rule struct {
	plan       *rules.Rule
	field      int // the field blamed; -1: the row
	conditions []condition
	when       predicate // nil: always
	only       condition // rows on which it is not true are out of scope, like when; nil: none
	nulls      *nullPolicy
	settled    bool    // some condition is resolved over the whole run, not here
	repair     *value  // OnFail replace: the value, of the field's type
	mend       *repair // Repair; nil: none
}

// newRule binds one rule of a plan.
func newRule(p *Program, r *rules.Rule) (*rule, error) {
	b := &rule{plan: r, field: -1}
	if r.Field != "" {
		if b.field = p.fieldIndex(r.Field); b.field < 0 {
			return nil, fmt.Errorf("unknown field %q", r.Field)
		}
	}
	for k := range r.Conditions {
		c := &r.Conditions[k]
		if c.Op.Settled() {
			b.settled = true
			continue
		}
		bound, err := newCondition(p, r, c)
		if err != nil {
			return nil, fmt.Errorf("condition %s: %w", c.Op, err)
		}
		b.conditions = append(b.conditions, bound)
	}
	if r.When != nil {
		w, err := newPredicate(p, r.When)
		if err != nil {
			return nil, fmt.Errorf("when: %w", err)
		}
		b.when = w
	}
	if len(r.If) > 0 {
		only, err := newConjunction(p, &rules.Rule{Field: r.Field}, r.If) // nulls is about what is checked, not about the scope
		if err != nil {
			return nil, fmt.Errorf("if: %w", err)
		}
		b.only = only
	}
	var err error
	if b.nulls, err = newNullPolicy(p, r); err != nil {
		return nil, err
	}
	switch r.OnFail {
	case rules.Quarantine, rules.Keep, rules.Stop:
	case rules.SetNull, rules.ReplaceBy:
		if b.field < 0 {
			return nil, fmt.Errorf("on_fail %s needs a field whose cell it changes", r.OnFail)
		}
	default:
		return nil, fmt.Errorf("unknown on_fail %q", r.OnFail)
	}
	if r.OnFail == rules.ReplaceBy {
		v, ok := p.fields[b.field].parser.constant(r.Replace)
		if !ok {
			return nil, fmt.Errorf("on_fail replace: %q is not a %s", r.Replace, p.plan.Fields[b.field].Type.Kind)
		}
		b.repair = &v
	}
	return b, nil
}

// judge decides the rule on the rows of within: scope are those that its when and if take
// in, and of these it sets known and failed. The three are given empty. It gives the
// number of rows on which evaluation went wrong.
func (r *rule) judge(s *state, within, scope, known, failed Bits) (mistakes int) {
	copy(scope, within)
	if r.when != nil {
		decided, truth := s.borrow(), s.borrow()
		mistakes += r.when.eval(s, within, decided, truth)
		truth.And(decided)
		scope.And(truth)
		s.giveBack(decided)
		s.giveBack(truth)
	}
	if r.only != nil {
		decided, untrue := s.borrow(), s.borrow()
		mistakes += r.only.eval(s, scope, decided, untrue)
		decided.AndNot(untrue)
		scope.And(decided)
		s.giveBack(decided)
		s.giveBack(untrue)
	}
	for _, c := range r.conditions {
		mistakes += c.eval(s, scope, known, failed)
	}
	known.And(scope)
	failed.And(known)
	if r.nulls != nil {
		r.nulls.apply(s, scope, known, failed)
	}
	return mistakes
}

func newCondition(p *Program, r *rules.Rule, c *rules.Condition) (condition, error) {
	if c.Op == rules.Holds {
		if c.Expr == nil {
			return nil, errors.New("it has no expression")
		}
		e, err := newPredicate(p, c.Expr)
		if err != nil {
			return nil, err
		}
		return holds{e}, nil
	}
	switch c.Op {
	case rules.AnyOf, rules.AllOf, rules.Not:
		return newBlocks(p, r, c)
	case rules.Compare:
		return newComparison(p, r, c)
	case rules.SumOf:
		return newSum(p, r, c)
	case rules.Same:
		return newSame(p, c)
	case rules.Differ:
		return newDiffer(p, r, c)
	case rules.Pair:
		return newPairs(p, c)
	case rules.Ascending:
		return newAscending(p, c)
	case rules.AtLeastOne, rules.ExactlyOne, rules.AllOrNone:
		return newPresence(p, c)
	}
	name := c.Field
	if name == "" {
		name = r.Field
	}
	f := p.fieldIndex(name)
	if f < 0 {
		return nil, fmt.Errorf("unknown field %q", name)
	}
	field := &p.fields[f]
	switch c.Op {
	case rules.Required:
		return required{field: f, typed: !p.parsedSomewhere(name)}, nil
	case rules.Parsed:
		return parsed{f}, nil
	case rules.Length:
		return newLength(f, c)
	case rules.Pattern:
		return newPattern(f, c)
	case rules.Standard:
		return newStandardCheck(f, c)
	case rules.Range:
		return newRange(f, field, c)
	case rules.Set:
		return newSet(f, field, c)
	case rules.NotSet:
		return negate(newSet(f, field, c))
	case rules.NotPattern:
		return negate(newPattern(f, c))
	case rules.Like:
		return newLike(f, c)
	case rules.NotLike:
		return negate(newLike(f, c))
	case rules.Validate:
		return newValidate(p, f, c)
	case rules.JSON:
		return newJSON(p, f, c)
	}
	return nil, fmt.Errorf("unknown condition %q", c.Op)
}

// parsedSomewhere says whether some rule reports the texts of a field that do not
// parse. If so, required need not report them a second time.
func (p *Program) parsedSomewhere(field string) bool {
	for i := range p.plan.Rules {
		r := &p.plan.Rules[i]
		for k := range r.Conditions {
			c := &r.Conditions[k]
			if c.Op == rules.Parsed && (c.Field == field || c.Field == "" && r.Field == field) {
				return true
			}
		}
	}
	return false
}

// required is false where the value is null, and never unknown. If the field's
// type is a condition of its own, a text that does not parse is there; if not
// (typed), it is null like any other.
type required struct {
	field int
	typed bool
}

func (c required) eval(s *state, scope, known, failed Bits) int {
	there := s.columns[c.field].present
	if c.typed {
		there = s.columns[c.field].valid
	}
	for k := range scope {
		known[k] |= scope[k]
		failed[k] |= scope[k] &^ there[k]
	}
	return 0
}

// parsed is false where there is text that is not of the field's type, unknown
// where there is none.
type parsed struct{ field int }

func (c parsed) eval(s *state, scope, known, failed Bits) int {
	col := &s.columns[c.field]
	known.Or(col.present)
	for k := range failed {
		failed[k] |= col.present[k] &^ col.valid[k]
	}
	return 0
}

// holds is true, false or unknown as its expression is.
type holds struct{ expr predicate }

func (c holds) eval(s *state, scope, known, failed Bits) int {
	k, t := s.borrow(), s.borrow()
	mistakes := c.expr.eval(s, scope, k, t)
	for i := range k {
		known[i] |= k[i]
		failed[i] |= k[i] &^ t[i]
	}
	s.giveBack(k)
	s.giveBack(t)
	return mistakes
}

// sweep adds the rows of in to known, and those that pass refuses to failed.
func sweep(in, scope, known, failed Bits, pass func(row int) bool) {
	for k, w := range in {
		known[k] |= w
		var bad uint64
		for w &= scope[k]; w != 0; w &= w - 1 {
			bit := bits.TrailingZeros64(w)
			if !pass(k<<6 + bit) {
				bad |= 1 << bit
			}
		}
		failed[k] |= bad
	}
}
