package jobs

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Idle work is begun when nothing runs, gives way to a run at once, and is begun again after it.
func TestIdleWorkGivesWayToRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		store, err := OpenStore(context.Background(), filepath.Join(dir, "state.db"))
		check(t, err)
		defer store.Close()
		var begun, gaveWay atomic.Int64
		var idle atomic.Bool
		stop := serving(t, Config{Store: store, LockPath: filepath.Join(dir, "lock"), Jobs: []Job{{ID: "j", Dataset: "d", Cron: "@every 10m"}},
			Idle: func(ctx context.Context) error {
				idle.Store(true)
				defer idle.Store(false)
				switch begun.Add(1) {
				case 1: // at the start: at work until a run begins
					<-ctx.Done()
					gaveWay.Add(1)
					return ctx.Err()
				case 2:
					return errors.New("disk full")
				}
				panic("a fault")
			},
			Run: func(context.Context, string, time.Time) error {
				if idle.Load() {
					t.Error("a run began while idle work went on")
				}
				time.Sleep(time.Minute)
				return nil
			}})
		if n := begun.Load(); n != 1 {
			t.Errorf("begun %d times at the start", n)
		}
		time.Sleep(45 * time.Minute) // runs at 10, 20, 30 and 40 minutes
		synctest.Wait()
		if begun.Load() != 5 || gaveWay.Load() != 1 {
			t.Errorf("begun %d times, gave way %d times", begun.Load(), gaveWay.Load())
		}
		stop()
	})
}
