package pipeline

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// guarded makes a panic of a worker the failure of its run: the stack goes to
// the log, and other runs of the process go on.
func guarded(work func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				slog.Error("a worker of the run broke an invariant", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				err = fmt.Errorf("internal error: %v; nothing is published, please report this with the log", p)
			}
		}()
		return work()
	}
}
