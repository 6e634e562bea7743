package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"clearwell/pipeline/dedupe"
	"clearwell/rules"
)

// settled is what is known once every row was seen.
type settled struct {
	late     lateRejects
	passed   Checksum // of the rows that broke no quarantine rule
	removed  int64    // duplicates
	kept     int64    // rows to publish
	repeated []uniqueOutcome
}

// uniqueOutcome is the result of a uniqueness rule.
type uniqueOutcome struct {
	rule                    int
	scoped, checked, failed int64
}

// settle decides what only the whole run can tell: which rows break a
// uniqueness rule, and then which of the rest are duplicates.
func (s *scan) settle(ctx context.Context, workers int) (*settled, error) {
	out := &settled{passed: s.totals.checked}
	for u, rule := range s.unique {
		if err := s.settleUnique(ctx, u, workers); err != nil {
			return nil, err
		}
		o := uniqueOutcome{rule: rule.rule, scoped: rule.scoped.Load(), checked: rule.keyed.Load()}
		quarantine := s.plan.Rules[rule.rule].OnFail == rules.Quarantine
		for number := range s.frames {
			f := s.rows.frame(number)
			for i := range f.repeated[u] {
				w := f.repeated[u][i].Load()
				o.failed += int64(bits.OnesCount64(w))
				for ; quarantine && w != 0; w &= w - 1 {
					f.kill(i<<6 + bits.TrailingZeros64(w))
				}
			}
		}
		out.repeated = append(out.repeated, o)
		if o.failed > 0 && s.plan.Rules[rule.rule].OnFail == rules.Stop {
			return nil, s.stoppedByRepeats(u)
		}
	}
	if err := s.scoreRepeats(); err != nil {
		return nil, err
	}
	late, err := s.collectLate(ctx)
	if err != nil {
		return nil, err
	}
	out.late = late
	if late.rows > 0 {
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

// stoppedByRepeats names the first row that breaks uniqueness rule u.
func (s *scan) stoppedByRepeats(u int) error {
	for number := range s.frames {
		f := s.rows.frame(number)
		for i := range f.rows {
			if f.repeated[u][i>>6].Load()>>(i&63)&1 != 0 {
				return &RuleStopError{Rule: s.plan.Rules[s.unique[u].rule].ID, Object: s.objects[f.object].Name, Row: f.rowNumber(i)}
			}
		}
	}
	return fmt.Errorf("uniqueness rule %s failed on no row", s.plan.Rules[s.unique[u].rule].ID)
}

// scoreRepeats adds the uniqueness rules to the score as delivered.
func (s *scan) scoreRepeats() error {
	if len(s.unique) == 0 {
		return nil
	}
	n := len(s.plan.Rules)
	for number := range s.frames {
		f := s.rows.frame(number)
		l, err := s.rows.load(f)
		if err != nil {
			return err
		}
		checked, failed := make([][]uint64, n), make([][]uint64, n)
		for u, rule := range s.unique {
			checked[rule.rule], failed[rule.rule] = l.bitmaps[rule.rule], f.repeats(u)
		}
		s.totals.cells.AddDelivered(f.rows, checked, failed)
		l.done()
	}
	return nil
}

// sumPassed makes the checksum of the rows that uniqueness left alive.
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

// settleUnique marks the rows that share the values of uniqueness rule u: every
// copy fails, the one that a contest would leave as well.
func (s *scan) settleUnique(ctx context.Context, u, workers int) error {
	c := s.unique[u].contest
	mark := func(loser, winner dedupe.Loc) error {
		for _, loc := range [2]dedupe.Loc{loser, winner} {
			s.rows.frame(loc.Frame()).repeated[u][loc.Row()>>6].Or(1 << (loc.Row() & 63))
		}
		return nil
	}
	return errors.Join(decide(ctx, c, workers, func(work func(lost lostTo) error) error { return work(mark) }), c.Close())
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

// competeLate enters the rows that uniqueness left alive into the contest for their keys.
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
