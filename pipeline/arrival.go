package pipeline

import (
	"context"
	"slices"

	"clearwell/connectors/archive"
)

// arrival makes a delivery durable and writes it into the ledger while the first pass goes on:
// the disk writes what the pass reads. Nothing of the run is recorded before it has ended.
type arrival struct {
	done chan struct{}
	err  error // valid once done is closed
}

// arrive begins it; stop is called if it fails.
func (j *job) arrive(ctx context.Context, intake *archive.Intake, objects []sourceObject, stop context.CancelCauseFunc) {
	objects = slices.Clone(objects) // the first pass fills in what it finds
	a := &arrival{done: make(chan struct{})}
	j.arrival = a
	go func() {
		defer close(a.done)
		a.err = guarded(func() error {
			if err := intake.Commit(); err != nil {
				return err
			}
			reached("archive")
			if err := j.recordDeliveries(ctx, objects); err != nil {
				return err
			}
			reached("delivery")
			return nil
		})()
		if a.err != nil {
			stop(a.err)
		}
	}()
}

// wait gives the error of the arrival once it has ended.
func (a *arrival) wait() error {
	<-a.done
	return a.err
}
