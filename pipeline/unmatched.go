package pipeline

import (
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"

	"clearwell/pipeline/kernel"
	"clearwell/pipeline/quality"
	"clearwell/rules"
)

// Bounds of what is remembered of values that are in no code table. A column with more
// different ones is no column of codes.
const (
	maxUnmatched      = 4096 // different values of a rule that are counted
	maxUnmatchedBytes = 256  // of a value; longer ones are text, not words of a table
	shownUnmatched    = 20   // of a rule in the quality result
)

// An unmatchedTally counts the different values that are in no code table. Beyond
// maxUnmatched it keeps those with the smallest hashes: their counts stay exact, for a
// hash that was let go is above all that are kept to the end. So what is
// left depends on the values alone, not on their order or on how workers shared them.
// It belongs to one goroutine.
type unmatchedTally struct {
	values  map[string]*unmatchedValue
	limit   uint64 // hashes above it are not counted
	partial bool   // some were let go
}

type unmatchedValue struct {
	text  string
	hash  uint64
	cells int64
}

func newUnmatchedTally() *unmatchedTally {
	return &unmatchedTally{values: map[string]*unmatchedValue{}, limit: ^uint64(0)}
}

// add counts a cell with the value.
func (t *unmatchedTally) add(text []byte) {
	if len(text) > maxUnmatchedBytes {
		return
	}
	if v := t.values[string(text)]; v != nil {
		v.cells++
		return
	}
	t.insert(unmatchedValue{hash: xxhash.Sum64(text), cells: 1}, text)
}

func (t *unmatchedTally) insert(v unmatchedValue, text []byte) {
	if v.hash > t.limit {
		t.partial = true
		return
	}
	v.text = string(text)
	t.values[v.text] = &v
	if len(t.values) >= 2*maxUnmatched {
		t.prune()
	}
}

// prune keeps the values with the smallest hashes.
func (t *unmatchedTally) prune() {
	if len(t.values) <= maxUnmatched {
		return
	}
	all := make([]*unmatchedValue, 0, len(t.values))
	for _, v := range t.values {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b *unmatchedValue) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.text, b.text))
	})
	for _, v := range all[maxUnmatched:] {
		delete(t.values, v.text)
	}
	t.limit, t.partial = all[maxUnmatched-1].hash, true
}

// merge adds what another worker counted.
func (t *unmatchedTally) merge(o *unmatchedTally) {
	t.limit, t.partial = min(t.limit, o.limit), t.partial || o.partial
	for text, v := range o.values {
		if have := t.values[text]; have != nil {
			have.cells += v.cells
			continue
		}
		t.insert(*v, []byte(text))
	}
}

// result is the most frequent values with what is suggested for them.
func (t *unmatchedTally) result(s *suggester) *quality.Unmatched {
	for text, v := range t.values {
		if v.hash > t.limit { // of before it was merged with one that keeps less
			delete(t.values, text)
		}
	}
	t.prune()
	if len(t.values) == 0 {
		return nil
	}
	all := make([]*unmatchedValue, 0, len(t.values))
	for _, v := range t.values {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b *unmatchedValue) int {
		return cmp.Or(cmp.Compare(b.cells, a.cells), cmp.Compare(a.text, b.text))
	})
	out := &quality.Unmatched{Different: int64(len(all)), Partial: t.partial}
	for _, v := range all[:min(len(all), shownUnmatched)] {
		word := s.nearest(v.text)
		out.Values = append(out.Values, quality.UnmatchedValue{Value: v.text, Cells: v.cells, Suggestion: word, Code: s.code[word]})
	}
	return out
}

// newUnmatched are tallies by rule: nil for rules that come with no code table, and for
// fields whose values must not stand beside the data: those at level L3 or above, and those that are
// not published as they are.
func newUnmatched(p *rules.Plan, hints []*suggester) []*unmatchedTally {
	out := make([]*unmatchedTally, len(p.Rules))
	for k, s := range hints {
		if s == nil {
			continue
		}
		if f := &p.Fields[s.field]; f.Level < rules.L3 && f.PublishAs != "" && f.Treatment.Method == rules.Plain {
			out[k] = newUnmatchedTally()
		}
	}
	return out
}

// watchUnmatched has the worker's tallies told by k of cells that are in no code table.
func (w *worker) watchUnmatched(k *kernel.Worker) {
	for rule, t := range w.unmatched {
		if t != nil {
			k.WatchFailures(rule, t.add)
		}
	}
}

// unmatchedOf is what the quality result says of a rule's values that are in no code table.
func (s *scan) unmatchedOf(rule int, hints []*suggester) *quality.Unmatched {
	if s.totals.unmatched == nil || s.totals.unmatched[rule] == nil {
		return nil
	}
	return s.totals.unmatched[rule].result(hints[rule])
}
