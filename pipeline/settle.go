package pipeline

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"clearwell/pipeline/dedupe"
)

// settled is what is known once every row was seen.
type settled struct {
	late     lateRejects
	passed   Checksum            // of the rows that broke no quarantine rule
	removed  int64               // duplicates
	kept     int64               // rows to publish
	outcomes map[int]ruleOutcome // of rules over all rows, by their place in the plan
}

// ruleOutcome is the result of a rule over all rows.
type ruleOutcome struct {
	scoped, checked, failed int64
}

// settle decides what only the whole run can tell: which rows break a rule over
// all rows, and then which of the rest are duplicates.
func (s *scan) settle(ctx context.Context, workers int) (*settled, error) {
	out := &settled{passed: s.totals.checked, outcomes: map[int]ruleOutcome{}}
	changed := int64(0)
	if len(s.settled) > 0 {
		if err := s.settleRules(ctx, workers); err != nil {
			return nil, err
		}
		k, err := s.reckon(ctx, workers)
		if err != nil {
			return nil, err
		}
		changed = k.changed
		for _, r := range s.settled {
			o := k.counts[r.rule]
			o.scoped = r.scoped.Load()
			out.outcomes[r.rule] = o
		}
		if s.totals.cells != nil {
			s.totals.cells.Merge(k.cells)
		}
		for i, loc := range k.stops {
			if loc != noStop {
				f := s.rows.frame(loc.Frame())
				return nil, &RuleStopError{Rule: s.plan.Rules[i].ID, Object: s.objects[f.object].Name, Row: f.rowNumber(loc.Row())}
			}
		}
	}
	late, err := s.collectLate(ctx)
	if err != nil {
		return nil, err
	}
	out.late = late
	if late.rows > 0 || changed > 0 {
		if err := s.sumPassed(out); err != nil {
			return nil, err
		}
	}
	if s.plan.Dedupe != nil {
		if s.contest == nil {
			if err := s.competeLate(ctx, workers); err != nil {
				return nil, err
			}
		}
		removed, err := s.settleDuplicates(ctx, workers)
		if err != nil {
			return nil, err
		}
		out.removed = removed
	}
	for number := range s.frames {
		out.kept += int64(s.rows.frame(number).aliveCount())
	}
	return out, nil
}

// sumPassed makes the checksum of the rows that the rules over all rows left alive.
func (s *scan) sumPassed(out *settled) error {
	out.passed = Checksum{}
	var alive []int32
	for number := range s.frames {
		f := s.rows.frame(number)
		l, err := s.rows.load(f)
		if err != nil {
			return err
		}
		hashes := l.cols[s.layout.hash].(*array.Int64).Int64Values()
		alive = f.aliveRows(alive[:0], 0, f.rows)
		for _, i := range alive {
			out.passed.add(uint64(hashes[i]))
		}
		l.done()
	}
	return nil
}

// lostTo is told of rows that lost.
type lostTo = func(loser, winner dedupe.Loc) error

// decide settles a contest with some workers. each runs once in each of them: it calls work.
func decide(ctx context.Context, c *dedupe.Contest, workers int, each func(work func(lostTo) error) error) error {
	s, err := c.Settle(workers)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for range s.Workers() {
		g.Go(guarded(func() error {
			return each(func(lost lostTo) error { return s.Work(ctx, lost) })
		}))
	}
	return g.Wait()
}

// competeLate enters the rows that the rules over all rows left alive into the contest for their keys.
func (s *scan) competeLate(ctx context.Context, workers int) error {
	s.contest = dedupe.NewContest(s.dir, s.budget.contest())
	g, ctx := errgroup.WithContext(ctx)
	for n := range workers {
		g.Go(guarded(func() error {
			w := &worker{scan: s}
			w.join(s.contest)
			for number := n; number < s.frames; number += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				f := s.rows.frame(number)
				l, err := s.rows.load(f)
				if err != nil {
					return err
				}
				w.alive = f.aliveBits(w.alive[:0])
				err = w.compete(number, w.alive, s.layout.spread(s.plan, l.cols))
				l.done()
				if err != nil {
					return err
				}
			}
			return w.handOver()
		}))
	}
	return g.Wait()
}

// settleDuplicates takes the losers out, lists them with the rows they lost to,
// and says how many they are.
func (s *scan) settleDuplicates(ctx context.Context, workers int) (int64, error) {
	s.losers = dedupe.NewLosers(s.dir, s.budget.losers(), s.frames)
	var removed atomic.Int64
	err := decide(ctx, s.contest, workers, func(work func(lostTo) error) error {
		adder, n := s.losers.NewAdder(), int64(0)
		err := work(func(loser, winner dedupe.Loc) error {
			s.rows.remove(loser)
			n++
			return adder.Add(loser, winner)
		})
		removed.Add(n)
		return errors.Join(err, adder.Close())
	})
	return removed.Load(), errors.Join(err, s.contest.Close())
}
