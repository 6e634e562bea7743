// Package settle holds the checks that blame rows but are decided only when
// all rows of a run were seen: copies of a key, dependencies between fields,
// order, outliers, values that must stand in other rows.
//
// Each kind is a Rule. While the first pass runs, each of its workers has an
// Observer of the rule, which takes batches of typed columns; what grows with
// rows is parted by hash and goes to a file beyond its share of the memory.
// Afterwards Settle says which rows fail. Which rows these are depends neither on the
// number of workers nor on the size of batches nor on the memory.
//
// The package knows nothing of what becomes of rows that fail. Start at Rule;
// New makes the rule of a condition.
package settle

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/rules"
)

// A Rule is one condition over all rows.
type Rule interface {
	// Observer makes what one worker of the first pass shows rows to. Several may be used at the same time.
	Observer() Observer
	// Settle finds the rows that fail and tells them to run. Every observer must be closed.
	Settle(ctx context.Context, run *Run) error
	// Close gives back memory and files. It may be called at any time and more than once.
	Close() error
}

// An Observer takes the rows of a run, in batches. It is for one goroutine.
type Observer interface {
	Observe(b *Batch) error
	// Close hands over what the observer still holds.
	Close() error
}

// A Batch is some rows of a run. It is valid during the call that it is given to.
type Batch struct {
	Frame   int           // number, in the order of the source
	Columns []arrow.Array // of the plan, as in kernel.Checked
	Within  kernel.Bits   // rows that the contract does not exclude
	Scope   kernel.Bits   // of these, rows that the rule looks at
	Checked kernel.Bits   // the observer adds rows for which the condition is known
	Failed  kernel.Bits   // the observer adds rows of which it is known already that they fail
}

// A Run is what a rule is told of when it settles, and what it tells. Its
// functions may be called from several goroutines.
type Run struct {
	Workers int
	// Fail says that a row fails; saying so twice is no matter.
	Fail func(loc dedupe.Loc)
	// Frames calls f for every batch of rows with the columns of the plan (those that the rule's fields stand in are
	// there, others may be nil) and the rows that the rule looks at. Batches come in any order, in up to Workers goroutines at
	// once, each with a number from 0 that is its own. The columns are valid during the call.
	Frames func(ctx context.Context, f func(worker, frame int, cols []arrow.Array, checked kernel.Bits) error) error
	// Proposals takes what rows that fail could have instead; nil: nobody asks.
	Proposals *Proposals
}

// Share is what a rule may use.
type Share struct {
	Dir   string // for files of what goes beyond Bytes
	Bytes int64
}

// New makes the rule of a condition of a plan. known are the values of the
// datasets that the plan refers to; only exists_in asks for them, and reads them here. Where it is nil,
// such a condition is known of no row.
// propose: the rule is to say what rows that fail could have instead (of depends only).
func New(ctx context.Context, p *rules.Plan, c *rules.Condition, share Share, known Known, propose bool) (Rule, error) {
	switch c.Op {
	case rules.Unique:
		return newUnique(p, c, share), nil
	case rules.Depends:
		return newDepends(p, c, share, propose), nil
	case rules.Increasing, rules.Decreasing:
		return newTrend(p, c, share)
	case rules.Outlier:
		return newOutlier(p, c, share)
	case rules.ExistsIn:
		if known == nil && c.Reference.Dataset != p.Dataset {
			return notKnown{}, nil
		}
		return newExists(ctx, p, c, share, known)
	}
	return nil, fmt.Errorf("no check over all rows is called %q", c.Op)
}

// Reads lists the fields that a condition needs again when it settles.
func Reads(c *rules.Condition) []string {
	if c.Op == rules.Outlier {
		return []string{c.Field}
	}
	return nil
}

// notKnown is a rule that is known of no row.
type notKnown struct{}

func (notKnown) Observer() Observer                 { return notKnown{} }
func (notKnown) Observe(*Batch) error               { return nil }
func (notKnown) Settle(context.Context, *Run) error { return nil }
func (notKnown) Close() error                       { return nil }
