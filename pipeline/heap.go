package pipeline

import (
	"runtime/debug"
	"sync"
)

// A heapBound keeps the heap of the process within what its runs may use. The limit
// of the collector is one for the process, and several datasets may run in it at a time:
// while any runs, the limit is the sum of what the active runs may use. What was
// set before comes back when the last one ends, in whatever order they do.
type heapBound struct {
	mu      sync.Mutex // guards what follows
	active  int
	total   int64 // bytes, of the active runs
	limit   int64 // before the first of them
	percent int
}

// processHeap is that of this process.
var processHeap heapBound

// enter adds a run with its budget; the function it gives takes the run away again.
func (h *heapBound) enter(b budget) (leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.active == 0 {
		h.limit, h.percent = debug.SetMemoryLimit(-1), debug.SetGCPercent(gcPercent)
	}
	share := b.collectFrom()
	h.active++
	h.total += share
	debug.SetMemoryLimit(h.total)
	return sync.OnceFunc(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.active--
		h.total -= share
		if h.active > 0 {
			debug.SetMemoryLimit(h.total)
			return
		}
		debug.SetMemoryLimit(h.limit)
		debug.SetGCPercent(h.percent)
	})
}
