package kernel

import (
	"fmt"
	"slices"

	"clearwell/rules"
)

// nullable is a field whose nulls a rule has an opinion on.
type nullable struct {
	field int
	typed bool // a text that does not parse is null too: no rule reports it as such
}

// there is where the field is not null.
func (n nullable) there(s *state) Bits {
	if n.typed {
		return s.columns[n.field].valid
	}
	return s.columns[n.field].present
}

// nullable finds a field by name.
func (p *Program) nullable(name string) (nullable, error) {
	f := p.fieldIndex(name)
	if f < 0 {
		return nullable{}, fmt.Errorf("unknown field %q", name)
	}
	return nullable{f, !p.parsedSomewhere(name)}, nil
}

func (p *Program) nullables(names []string) ([]nullable, error) {
	list := make([]nullable, len(names))
	for k, name := range names {
		var err error
		if list[k], err = p.nullable(name); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// operandFields are the names of the fields that a condition does not take null for:
// not those on whose nulls the condition itself decides.
func operandFields(r *rules.Rule, c *rules.Condition) []string {
	switch c.Op {
	case rules.Required, rules.AtLeastOne, rules.ExactlyOne, rules.AllOrNone:
		return nil
	case rules.Holds:
		return slices.DeleteFunc(slices.Clone(c.Expr.Fields), func(name string) bool { return slices.Contains(c.Expr.TestsNull, name) })
	case rules.AnyOf, rules.AllOf, rules.Not:
		var names []string
		for b := range c.Blocks {
			for k := range c.Blocks[b] {
				names = append(names, operandFields(r, &c.Blocks[b][k])...)
			}
		}
		return names
	case rules.Pair:
		if tuplesHaveNull(c.Tuples) {
			return nil
		}
	}
	if c.Op.Settled() {
		return nil
	}
	names := slices.Clone(c.Fields)
	if len(names) == 0 || c.Op == rules.Compare {
		name := c.Field
		if name == "" {
			name = r.Field
		}
		names = append(names, name)
	}
	if c.Other != "" {
		names = append(names, c.Other)
	}
	return names
}

// nullPolicy finishes what the conditions of a rule left unknown because of nulls.
type nullPolicy struct {
	policy rules.NullPolicy
	fields []nullable
}

// newNullPolicy gives nil for a rule that skips rows with any null.
func newNullPolicy(p *Program, r *rules.Rule) (*nullPolicy, error) {
	if r.Nulls == rules.SkipAny {
		return nil, nil
	}
	if r.Nulls != rules.SkipAll && r.Nulls != rules.FailNulls {
		return nil, fmt.Errorf("unknown nulls %q", r.Nulls)
	}
	var names []string
	for k := range r.Conditions {
		names = append(names, operandFields(r, &r.Conditions[k])...)
	}
	slices.Sort(names)
	fields, err := p.nullables(slices.Compact(names))
	if err != nil || len(fields) == 0 {
		return nil, err
	}
	return &nullPolicy{r.Nulls, fields}, nil
}

// apply lets rows of scope fail for their nulls.
func (n *nullPolicy) apply(s *state, scope, known, failed Bits) {
	for k := range scope {
		all, some := ^uint64(0), uint64(0) // rows on which all fields, and some field, have a value
		for _, f := range n.fields {
			there := f.there(s)[k]
			all &= there
			some |= there
		}
		bad := scope[k] &^ all
		if n.policy == rules.SkipAll {
			bad &= some &^ known[k]
		}
		known[k] |= bad
		failed[k] |= bad
	}
}

// presence is a condition on how many fields are null. It is never unknown.
type presence struct {
	op     rules.ConditionOp
	fields []nullable
}

func newPresence(p *Program, c *rules.Condition) (condition, error) {
	fields, err := p.nullables(c.Fields)
	return presence{c.Op, fields}, err
}

func (c presence) eval(s *state, scope, known, failed Bits) int {
	for k := range scope {
		var one, more uint64 // rows on which at least one, and at least two, have a value
		all := ^uint64(0)
		for _, f := range c.fields {
			there := f.there(s)[k]
			more |= one & there
			one |= there
			all &= there
		}
		var bad uint64
		switch c.op {
		case rules.AtLeastOne:
			bad = ^one
		case rules.ExactlyOne:
			bad = ^one | more
		default: // all or none
			bad = one &^ all
		}
		known[k] |= scope[k]
		failed[k] |= scope[k] & bad
	}
	return 0
}
