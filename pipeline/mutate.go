package pipeline

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"clearwell/rules"
)

// MutationReport says which broken parts of a contract its tests notice.
type MutationReport struct {
	Dataset string `json:"dataset"`
	File    string `json:"file"`
	Tests   int    `json:"tests"`
	Tried   int    `json:"tried"`
	Noticed int    `json:"noticed"`
	// Whole counts only rules, steps and treatments taken out as a whole.
	WholeTried   int              `json:"whole_tried"`
	WholeNoticed int              `json:"whole_noticed"`
	Unnoticed    []rules.Mutation `json:"unnoticed"` // in contract order
}

// Mutate breaks each part of a contract in turn and runs its tests. A mutation is
// noticed if a test fails, or if the plan can no longer be run. All tests must pass without one.
func Mutate(ctx context.Context, ds *rules.Dataset) (*MutationReport, error) {
	all := rules.Mutations(ds)
	noticed := make([]bool, len(all))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range all {
		g.Go(guarded(func() error {
			bench := newTestBench(ds, all[i].Plan)
			for k := range ds.Tests {
				differences, err := bench.run(ctx, &ds.Tests[k], false)
				if ctx.Err() != nil {
					return fmt.Errorf("mutations of %s: %w", ds.ID, ctx.Err())
				}
				if err != nil || len(differences) > 0 {
					noticed[i] = true
					return nil
				}
			}
			return nil
		}))
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	r := &MutationReport{Dataset: ds.ID, File: ds.File, Tests: len(ds.Tests), Tried: len(all), Unnoticed: []rules.Mutation{}}
	for i, m := range all {
		if m.Whole {
			r.WholeTried++
		}
		if !noticed[i] {
			r.Unnoticed = append(r.Unnoticed, m)
			continue
		}
		r.Noticed++
		if m.Whole {
			r.WholeNoticed++
		}
	}
	return r, nil
}
