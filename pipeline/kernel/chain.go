package kernel

import "sync"

// A Chain hands the last values of one batch on to the next, in the order of the
// source, so that a fill from above gives the same whichever worker takes which
// batch. Every batch of a run is one link: its number is one above the one before.
// A worker waits only for a batch that was handed out before its own; the first of those
// under way never waits, so that there is no deadlock as long as each of them ends or Break is called.
type Chain struct {
	mu     sync.Mutex
	given  sync.Cond
	values map[link]carry // not yet taken
	broken bool
}

// link is the end of a batch for one fill of the plan.
type link struct{ batch, slot int }

// carry is the last value of a batch. A value goes over from batch to batch of an object, not to the next object.
type carry struct {
	object int
	value  []byte // empty: there was none
}

// NewChain is for the batches of one run.
func NewChain() *Chain {
	c := &Chain{values: map[link]carry{}}
	c.given.L = &c.mu
	return c
}

// Break lets everybody who waits go on without a value: a batch will never come to its
// end, and what is made now is thrown away.
func (c *Chain) Break() {
	c.mu.Lock()
	c.broken = true
	c.mu.Unlock()
	c.given.Broadcast()
}

// give hands on the last value of a batch.
func (c *Chain) give(at link, object int, value []byte) {
	c.mu.Lock()
	c.values[at] = carry{object, append([]byte(nil), value...)}
	c.mu.Unlock()
	c.given.Broadcast()
}

// take waits for the last value of the batch before at and appends it to dst.
func (c *Chain) take(at link, object int, dst []byte) []byte {
	if at.batch == 0 {
		return dst
	}
	before := link{at.batch - 1, at.slot}
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		v, ok := c.values[before]
		switch {
		case ok:
			delete(c.values, before)
			if v.object != object {
				return dst
			}
			return append(dst, v.value...)
		case c.broken:
			return dst
		}
		c.given.Wait()
	}
}

// Follow says which batch of a chain, and of which source object, the next call of
// Check gets. Without it a worker takes its batches as one object, one after the other.
func (w *Worker) Follow(c *Chain, batch, object int) { w.chain, w.link, w.object = c, batch, object }

// carryOut hands the last value of this batch on.
func (w *Worker) carryOut(slot int, value []byte) {
	if w.chain != nil {
		w.chain.give(link{w.link, slot}, w.object, value)
		return
	}
	w.own[slot].next = append(w.own[slot].next[:0], value...)
}

// carryIn appends the last value of the batch before to dst.
func (w *Worker) carryIn(slot int, dst []byte) []byte {
	if w.chain != nil {
		return w.chain.take(link{w.link, slot}, w.object, dst)
	}
	own := &w.own[slot]
	dst = append(dst, own.last...)
	return dst
}

// ownCarry is what a worker without a chain hands to itself.
type ownCarry struct{ last, next []byte }

// turn makes what was handed out of this batch the input of the next.
func (w *Worker) turn() {
	for k := range w.own {
		o := &w.own[k]
		o.last, o.next = append(o.last[:0], o.next...), o.next[:0]
	}
}
