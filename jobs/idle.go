package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// idleWork is what the daemon does while nothing runs. The loop goroutine owns it.
type idleWork struct {
	wanted bool // a run was started since it was last begun
	cancel context.CancelFunc
	ended  chan struct{}
}

// begin starts the work if it is wanted.
func (w *idleWork) begin(ctx context.Context, work func(context.Context) error, log *slog.Logger) {
	if !w.wanted {
		return
	}
	w.stop()
	w.wanted = false
	ctx, w.cancel = context.WithCancel(ctx)
	ended := make(chan struct{})
	w.ended = ended
	go func() {
		defer close(ended)
		if err := safely(ctx, work, log); err != nil && !errors.Is(err, context.Canceled) {
			log.Warn("work for idle times failed; it is tried again after the next run", "error", err)
		}
	}()
}

func safely(ctx context.Context, work func(context.Context) error, log *slog.Logger) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("work for idle times panicked", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("fault of the program: %v; the log has the stack", p)
		}
	}()
	return work(ctx)
}

// stop ends the work and waits for it.
func (w *idleWork) stop() {
	if w.cancel == nil {
		return
	}
	w.cancel()
	<-w.ended
	w.cancel = nil
}
