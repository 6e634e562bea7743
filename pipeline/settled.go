package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"golang.org/x/sync/errgroup"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/settle"
	"clearwell/rules"
)

// settledRule is a condition that is known only when all rows were seen. Rows that
// break it are marked in frame.broken, under the place of the condition in scan.settled.
type settledRule struct {
	rule      int // in plan.Rules
	condition *rules.Condition
	settle    settle.Rule       // nil before the scan runs
	proposals *settle.Proposals // what rows that fail could have instead; nil: nobody asks
	scoped    atomic.Int64      // rows for which the rule's when is true
}

// settledRules lists the conditions over all rows, in plan order.
func settledRules(p *rules.Plan) []*settledRule {
	var out []*settledRule
	for i := range p.Rules {
		for k := range p.Rules[i].Conditions {
			if c := &p.Rules[i].Conditions[k]; c.Op.Settled() {
				out = append(out, &settledRule{rule: i, condition: c})
			}
		}
	}
	return out
}

// changesLate says whether a rule changes cells when it is settled.
func changesLate(r *rules.Rule) bool {
	return r.Settled() && (r.Repair != nil || r.OnFail == rules.SetNull || r.OnFail == rules.ReplaceBy)
}

// lateDedupe says whether duplicates can be looked for only after the rules over
// all rows are settled, because a row that breaks one of them must not win, or has other values then.
func lateDedupe(p *rules.Plan) bool {
	return p.Dedupe != nil && slices.ContainsFunc(p.Rules, func(r rules.Rule) bool {
		return r.Settled() && r.OnFail == rules.Quarantine || changesLate(&r)
	})
}

// lateReads adds the fields that are read again when rules are settled.
func lateReads(p *rules.Plan, need map[string]bool) {
	for i := range p.Rules {
		r := &p.Rules[i]
		for k := range r.Conditions {
			for _, name := range settle.Reads(&r.Conditions[k]) {
				need[name] = true
			}
		}
		if !changesLate(r) {
			continue
		}
		need[r.Field] = true
		if r.Repair == nil {
			continue
		}
		need[r.Repair.Field] = true
		for k := range p.Rules { // what a repaired row is held against
			if reader := &p.Rules[k]; slices.Contains(reader.Reads, r.Field) {
				for _, name := range reader.Reads {
					need[name] = true
				}
			}
		}
	}
}

// repairs says whether any rule of the plan repairs cells.
func repairs(p *rules.Plan) bool {
	return slices.ContainsFunc(p.Rules, func(r rules.Rule) bool { return r.Repair != nil })
}

// openSettled opens the rules over all rows, and reads what other datasets have for them and for repairs.
func (s *scan) openSettled(ctx context.Context) error {
	for _, r := range s.settled {
		plan := &s.plan.Rules[r.rule]
		propose := r.condition.Op == rules.Depends && plan.Repair != nil && plan.Repair.By == rules.ByMajority
		share := settle.Share{Dir: s.dir, Bytes: s.contestShare()}
		rule, err := settle.New(ctx, s.plan, r.condition, share, s.known, propose)
		if err != nil {
			return fmt.Errorf("rule %s: %w", plan.ID, err)
		}
		r.settle = rule
	}
	for i := range s.plan.Rules {
		r := &s.plan.Rules[i]
		if r.Repair == nil || r.Repair.Reference == nil || s.known == nil {
			continue
		}
		table, err := s.lookup(ctx, r)
		if err != nil {
			return fmt.Errorf("repair of rule %s: %w", r.ID, err)
		}
		if s.lookups == nil {
			s.lookups = kernel.Lookups{}
		}
		s.lookups[i] = table
	}
	return nil
}

// lookup reads the table of a repair from another dataset.
func (s *scan) lookup(ctx context.Context, r *rules.Rule) (map[string][]byte, error) {
	table := map[string][]byte{}
	room := s.budget.lookups()
	types := []rules.Type{s.plan.Field(r.Repair.Field).Type, s.plan.Field(r.Field).Type}
	const entryBytes = 128 // of a map with two small strings, about
	err := s.known.EachRow(ctx, r.Repair.Reference, types, func(values [][]byte) error {
		key := string(values[0])
		if other, twice := table[key]; twice {
			if other != nil && string(other) != string(values[1]) {
				table[key] = nil // two answers are none
			}
			return nil
		}
		if room -= entryBytes + int64(len(values[0])+len(values[1])); room < 0 {
			return fmt.Errorf("the values of %s take more than the part of the memory (1/32) that a lookup may use; give the run more with --memory", r.Repair.Reference.Dataset)
		}
		table[key] = slices.Clone(values[1])
		return nil
	})
	return table, err
}

// contestShare is what each rule over all rows, and dedupe if it is in this pass, has of the memory for contests.
func (s *scan) contestShare() int64 {
	n := len(s.settled)
	if s.plan.Dedupe != nil && !lateDedupe(s.plan) {
		n++
	}
	return s.budget.contest() / int64(max(n, 1))
}

// observe shows the rows of a batch to the rules over all rows.
func (w *worker) observe(number int, f *frame, c *kernel.Checked) error {
	if len(w.observers) == 0 {
		return nil
	}
	within := make(kernel.Bits, len(c.Excluded))
	within.Fill(c.Rows)
	within.AndNot(c.Excluded)
	for u, r := range w.scan.settled {
		o := &c.Outcomes[r.rule]
		b := settle.Batch{Frame: number, Columns: c.Columns, Within: within, Scope: o.Scope,
			Checked: make(kernel.Bits, len(within)), Failed: make(kernel.Bits, len(within))}
		if err := w.observers[u].Observe(&b); err != nil {
			return err
		}
		r.scoped.Add(int64(o.Scope.Count()))
		for i, word := range b.Failed {
			f.broken[u][i].Or(word)
		}
		if o.Checked != nil {
			b.Checked.Or(o.Checked)
		}
		o.Checked = b.Checked
	}
	return nil
}

// settleRules decides the rules over all rows, one after the other.
func (s *scan) settleRules(ctx context.Context, workers int) error {
	for u, r := range s.settled {
		run := &settle.Run{Workers: workers,
			Fail: func(loc dedupe.Loc) {
				s.rows.frame(loc.Frame()).broken[u][loc.Row()>>6].Or(1 << (loc.Row() & 63))
			},
			Frames: func(ctx context.Context, f func(worker, frame int, cols []arrow.Array, checked kernel.Bits) error) error {
				return s.eachFrame(ctx, workers, func(worker, number int, fr *frame, l loaded) error {
					if checked := l.bitmaps[r.rule]; checked != nil {
						return f(worker, number, s.layout.spread(s.plan, l.cols), checked)
					}
					return nil
				})
			},
		}
		if repair := s.plan.Rules[r.rule].Repair; repair != nil && repair.By == rules.ByMajority {
			r.proposals = settle.NewProposals(settle.Share{Dir: s.dir, Bytes: s.budget.losers() / int64(len(s.settled))}, s.frames)
			run.Proposals = r.proposals
		}
		if err := errors.Join(r.settle.Settle(ctx, run), r.settle.Close()); err != nil {
			return fmt.Errorf("rule %s: %w", s.plan.Rules[r.rule].ID, err)
		}
	}
	return nil
}

// eachFrame calls f for every frame with what is stored of it, in several
// goroutines with numbers from 0. What is loaded is valid during the call.
func (s *scan) eachFrame(ctx context.Context, workers int, f func(worker, number int, fr *frame, l loaded) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for n := range workers {
		g.Go(guarded(func() error {
			for number := n; number < s.frames; number += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				fr := s.rows.frame(number)
				l, err := s.rows.load(fr)
				if err != nil {
					return err
				}
				err = f(n, number, fr, l)
				l.done()
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return g.Wait()
}

// closeSettled gives back what the rules over all rows hold.
func (s *scan) closeSettled() {
	for _, r := range s.settled {
		if r.settle != nil {
			r.settle.Close()
		}
		if r.proposals != nil {
			r.proposals.Close()
		}
	}
}

// addBroken adds the rows that break rules over all rows to the bitmaps of those that
// fail each rule of the plan; failed is the part of a frame's bitmaps from len(plan.Rules).
func (s *scan) addBroken(f *frame, failed [][]uint64) {
	for u, r := range s.settled {
		if bad := f.breaks(u); bad != nil {
			failed[r.rule] = union(failed[r.rule], bad)
		}
	}
}

// union is a new bitmap of the rows in a or b; nil is none.
func union(a, b []uint64) []uint64 {
	if a == nil {
		return slices.Clone(b)
	}
	out := slices.Clone(a)
	for i, w := range b {
		out[i] |= w
	}
	return out
}

// countBits is the number of rows in a bitmap; nil is none.
func countBits(b []uint64) (n int64) {
	for _, w := range b {
		n += int64(bits.OnesCount64(w))
	}
	return n
}

// scoredLate says for each rule of the plan whether its cells are counted when rules are
// settled: those of rules over all rows, and of rules that judge the same cells under the same indicator.
func scoredLate(p *rules.Plan) []bool {
	cells := cellRules(p)
	late := make([]bool, len(cells))
	for i := range p.Rules {
		if p.Rules[i].Settled() {
			for k := range cells {
				late[k] = late[k] || cells[k] == cells[i]
			}
		}
	}
	return late
}
