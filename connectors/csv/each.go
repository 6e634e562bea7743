package csv

import (
	"context"
	"io"

	"clearwell/batch"

	"golang.org/x/sync/errgroup"
)

// Each reads the object to its end: workers goroutines decode, f is called with one batch at a time, in
// order of Seq. f owns the batch and releases it. Each returns the first error,
// of reading or of f, or that of the context. At most 2 x workers batches wait for f.
func (r *Reader) Each(ctx context.Context, workers int, f func(*batch.Batch) error) error {
	workers = max(workers, 1)
	g, ctx := errgroup.WithContext(ctx)
	type job struct {
		chunk *Chunk
		done  chan *batch.Batch // buffered: a decoder never waits for f
	}
	jobs := make(chan job)
	order := make(chan job, 2*workers) // bounds what is in flight
	g.Go(func() error {
		defer close(jobs)
		defer close(order)
		for {
			c, err := r.Next(ctx)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			j := job{c, make(chan *batch.Batch, 1)}
			for _, ch := range []chan job{order, jobs} {
				select {
				case ch <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
	})
	for range workers {
		g.Go(func() error {
			d := r.NewDecoder()
			for j := range jobs {
				b, err := d.Decode(j.chunk)
				if err != nil {
					return err
				}
				j.done <- b
			}
			return nil
		})
	}
	g.Go(func() error {
		for j := range order {
			select {
			case b := <-j.done:
				if err := f(b); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return ctx.Err()
	})
	return g.Wait()
}
