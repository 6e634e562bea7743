package kernel

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// An Observer gets each batch as it was delivered: cleaned and typed, before any
// rule takes something away. cols has the plan's columns that it asked for, nil
// for the others; scope are the rows not excluded; conditions are, by measure of the plan,
// the rows for which its when is true, nil where it has none. All of it is valid during the call.
type Observer func(cols []arrow.Array, scope Bits, conditions []Bits) error

// observing is what a worker needs to tell an observer.
type observing struct {
	tell  Observer // nil: nobody looks
	reads []int
	cols  []arrow.Array
}

// Observe has f told of every batch; reads are the fields it looks at.
func (w *Worker) Observe(reads []int, f Observer) {
	w.observing = observing{tell: f, reads: reads, cols: make([]arrow.Array, len(w.program.fields))}
}

// compileConditions compiles the conditions of the plan's measures.
func (p *Program) compileConditions() error {
	for i := range p.plan.Measures {
		m := &p.plan.Measures[i]
		if m.When == nil {
			continue
		}
		when, err := newPredicate(p, m.When)
		if err != nil {
			return fmt.Errorf("plan of %s: measure %s: when: %w", p.plan.Dataset, m.ID, err)
		}
		if p.conditions == nil {
			p.conditions = make([]predicate, len(p.plan.Measures))
		}
		p.conditions[i] = when
	}
	return nil
}

// observe evaluates the conditions of measures and tells the observer.
func (w *Worker) observe() error {
	c, s := &w.checked, &w.state
	if w.program.conditions != nil && c.Conditions == nil {
		c.Conditions = make([]Bits, len(w.program.conditions))
	}
	for i, when := range w.program.conditions {
		if when == nil {
			continue
		}
		known, truth := s.borrow(), s.borrow()
		when.eval(s, w.scope, known, truth)
		truth.And(known)
		truth.And(w.scope)
		c.Conditions[i] = append(c.Conditions[i][:0], truth...)
		s.giveBack(known)
		s.giveBack(truth)
	}
	o := &w.observing
	if o.tell == nil {
		return nil
	}
	for _, f := range o.reads {
		o.cols[f] = s.columns[f].array(s.rows)
	}
	return o.tell(o.cols, w.scope, c.Conditions)
}
