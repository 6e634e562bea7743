package pipeline

import (
	"context"
	"strings"
	"testing"
	"time"
)

// panicking is a state that panics where a run enters a stage.
type panicking struct {
	State
	stage string
	did   chan struct{}
}

func (p *panicking) UpdateRun(r RunRecord) error {
	if r.Stage == p.stage {
		close(p.did)
		panic("an invariant is broken")
	}
	return p.State.UpdateRun(r)
}

// The entry of a failed run is its last: a panic of the passes waits for the delivery beside them.
func TestAPanicWhileTheDeliveryArrivesWaitsForIt(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	runOnce(t, root, "people", Options{})
	r := runner(t, root)
	defer r.Close()
	state := &panicking{State: r.State, stage: "check", did: make(chan struct{})}
	r.State = state
	failed := make(chan struct{})
	before := reached
	t.Cleanup(func() { reached = before })
	reached = func(point string) {
		switch point {
		case "archive":
			<-state.did
			select { // a run that does not wait has all the time to end
			case <-failed:
			case <-time.After(200 * time.Millisecond):
			}
		case "run-failed":
			close(failed)
		}
	}
	_, err := r.Run(context.Background(), "people", Options{})
	if err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("%v", err)
	}
	checkFailed(t, r, root)
}
