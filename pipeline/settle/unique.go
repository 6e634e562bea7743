package settle

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/rules"
)

// unique fails every row whose values another row has too.
type unique struct {
	contest *dedupe.Contest
	key     *kernel.KeyEncoder
}

func newUnique(p *rules.Plan, c *rules.Condition, share Share) *unique {
	key := kernel.NewKeyEncoder(p, c.Fields)
	if c.NullsMatch {
		key = key.NullsMatch()
	}
	return &unique{contest: dedupe.NewContest(share.Dir, share.Bytes), key: key}
}

func (u *unique) Close() error { return u.contest.Close() }

func (u *unique) Observer() Observer { return &uniqueObserver{Adder: u.contest.NewAdder(), key: u.key} }

type uniqueObserver struct {
	*dedupe.Adder
	key *kernel.KeyEncoder
	buf []byte
}

func (o *uniqueObserver) Observe(b *Batch) error {
	return eachRow(b.Scope, func(i int) error {
		key, ok := o.key.Append(o.buf[:0], b.Columns, i)
		if o.buf = key; !ok {
			return nil
		}
		b.Checked.Set(i)
		return o.Add(key, nil, dedupe.NewLoc(b.Frame, i))
	})
}

// Settle: every copy fails, the one that a contest would leave as well.
func (u *unique) Settle(ctx context.Context, run *Run) error {
	s, err := u.contest.Settle(run.Workers)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for range s.Workers() {
		g.Go(func() error {
			return s.Work(ctx, func(loser, winner dedupe.Loc) error {
				run.Fail(loser)
				run.Fail(winner)
				return nil
			})
		})
	}
	return errors.Join(g.Wait(), u.contest.Close())
}
