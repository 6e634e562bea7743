package kernel

import "clearwell/rules"

// Counts are the totals of a worker over its batches. Totals of workers are
// added with Merge; the sum does not depend on how rows were spread over them.
// Excluded rows count only in Rows and Excluded.
type Counts struct {
	Rows        int64 // decoded rows seen
	Excluded    int64 // rows for which the plan's where is not true
	Quarantined int64 // rows that break a quarantine rule of one row; unique rules are not known here

	Changed        [][]int64 // by field and step: cells that the step changed, becoming null included
	NullWords      []int64   // by field: cells that were a null word after the last step
	Nulls          []int64   // by field: cells without a typed value when the rules were evaluated
	Unparsed       []int64   // by field: cells with text that is not of the type; a part of Nulls
	DeliveredClean []int64   // by field: cells that cleaning did not change, that are no null word and that no rule blames
	DeriveMistakes []int64   // by field: cells whose expression went wrong (overflow, division by zero): null
	Repaired       []int64   // by field: cells made null or replaced by on_fail

	Rules []RuleCounts // in plan order; zero for rules with a unique condition
}

// RuleCounts are the totals of one rule:
//
//	InScope = SkippedByWhen + SkippedNull + Checked, Failed <= Checked
type RuleCounts struct {
	InScope       int64 // rows not excluded
	SkippedByWhen int64 // when is not true there
	SkippedNull   int64 // every condition is unknown there
	Checked       int64
	Failed        int64
	Mistakes      int64 // evaluations that went wrong (overflow, division by zero): the condition is unknown there
}

func newCounts(p *rules.Plan) *Counts {
	n := len(p.Fields)
	c := &Counts{
		Changed: make([][]int64, n), NullWords: make([]int64, n), Nulls: make([]int64, n), Unparsed: make([]int64, n),
		DeliveredClean: make([]int64, n), Repaired: make([]int64, n), DeriveMistakes: make([]int64, n), Rules: make([]RuleCounts, len(p.Rules)),
	}
	for i := range p.Fields {
		c.Changed[i] = make([]int64, len(p.Fields[i].Clean))
	}
	return c
}

// Merge adds the counts of another worker of the same plan.
func (c *Counts) Merge(o *Counts) {
	c.Rows += o.Rows
	c.Excluded += o.Excluded
	c.Quarantined += o.Quarantined
	for i := range c.Changed {
		addTo(c.Changed[i], o.Changed[i])
	}
	addTo(c.NullWords, o.NullWords)
	addTo(c.Nulls, o.Nulls)
	addTo(c.Unparsed, o.Unparsed)
	addTo(c.DeliveredClean, o.DeliveredClean)
	addTo(c.Repaired, o.Repaired)
	addTo(c.DeriveMistakes, o.DeriveMistakes)
	for i := range c.Rules {
		a, b := &c.Rules[i], &o.Rules[i]
		a.InScope += b.InScope
		a.SkippedByWhen += b.SkippedByWhen
		a.SkippedNull += b.SkippedNull
		a.Checked += b.Checked
		a.Failed += b.Failed
		a.Mistakes += b.Mistakes
	}
}

func addTo(sum, add []int64) {
	for k, v := range add {
		sum[k] += v
	}
}
