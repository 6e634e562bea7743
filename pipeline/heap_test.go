package pipeline

import (
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"testing"
)

// TestTheHeapIsBoundedByAllRuns: the limit is the sum of the active runs, and what was
// set before comes back whatever the order in which they end.
func TestTheHeapIsBoundedByAllRuns(t *testing.T) {
	before, percent := debug.SetMemoryLimit(-1), debug.SetGCPercent(100)
	defer debug.SetGCPercent(percent)
	holds := func(want int64) {
		t.Helper()
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Fatalf("the limit is %d, not %d", got, want)
		}
	}
	var h heapBound
	first := h.enter(1 << 30)
	holds(1 << 30)
	second := h.enter(2 << 30)
	holds(3 << 30)
	third := h.enter(1) // a small budget counts as what two workers need
	holds(3<<30 + minCollected)
	first()
	first() // a second time does nothing
	holds(2<<30 + minCollected)
	third()
	holds(2 << 30)
	second()
	holds(before)
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("the percentage is %d afterwards", got)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { h.enter(budget(rand.Int64N(1 << 32)))() })
	}
	wg.Wait()
	holds(before)
}
