package pipeline

import (
	"context"
	"slices"

	"clearwell/connectors/archive"
)

// aside is work that waits for the disk or the ledger, beside the run that began it.
type aside struct {
	done chan struct{}
	err  error // valid once done is closed
}

func beginAside(work func() error) *aside {
	a := &aside{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.err = guarded(work)()
	}()
	return a
}

// wait gives the error of the work once it has ended; nil for none that was begun.
func (a *aside) wait() error {
	if a == nil {
		return nil
	}
	<-a.done
	return a.err
}

// arrive makes a delivery durable and writes it into the ledger while the first pass goes on: the
// disk writes what the pass reads. stop is called if that fails. Nothing of the run is recorded before it has ended.
func (j *job) arrive(ctx context.Context, intake *archive.Intake, objects []sourceObject, stop context.CancelCauseFunc) {
	objects = slices.Clone(objects) // the first pass fills in what it finds
	j.arrival = beginAside(func() (err error) {
		defer func() {
			if err != nil {
				stop(err)
			}
		}()
		if err := intake.Commit(); err != nil {
			return err
		}
		reached("archive")
		if err := j.recordDeliveries(ctx, objects); err != nil {
			return err
		}
		reached("delivery")
		return nil
	})
}
