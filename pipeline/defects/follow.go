package defects

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// closedKept is how long a closed defect is remembered, so that one that comes
// back is known: a year, the longest cycle of deliveries, and a month for a late one.
const closedKept = (366 + 31) * 24 * time.Hour

// Run is what a run saw.
type Run struct {
	ID      string
	Started time.Time
	// Refused says that the delivery was not accepted. What it shows is counted, but it closes nothing:
	// a delivery cut in half would close the defects of the other half.
	Refused bool
	// Judged says of a rule of the plan whether it checked any row, and false for known
	// where the plan has no such rule. Codes of bad records are always judged.
	Judged func(rule string) (judged, known bool)
	// Source names an object by its number.
	Source func(object int) (name, sha256 string)
	// Seen gives the sightings in the order of their keys; io.EOF at the end.
	Seen func() (*Sighting, error)
	// Delivered gives, in order, rows by key that were delivered, at least all those of
	// open defects; io.EOF at the end. A row may come more than once.
	Delivered func() (Row, error)
}

// Counts are what became of the defects of a dataset in a run.
type Counts struct {
	Open     int64 `json:"open"`     // after the run
	Opened   int64 `json:"opened"`   // seen for the first time
	Reopened int64 `json:"reopened"` // closed before, seen again
	Closed   int64 `json:"closed"`   // by this run
}

// Follow carries the state of a dataset's defects over one run: before gives the
// state after the run before, in the order of the file (io.EOF at the end), keep
// takes the state after this one in the same order. The Defect that keep gets is valid during the call only.
func Follow(run Run, before func() (*Defect, error), keep func(*Defect) error) (Counts, error) {
	f := &follower{run: run, before: before, keep: keep}
	if err := errors.Join(f.nextOld(), f.nextSeen()); err != nil {
		return f.counts, err
	}
	for f.old != nil || f.seen != nil {
		if err := f.step(); err != nil {
			return f.counts, err
		}
	}
	return f.counts, nil
}

type follower struct {
	run    Run
	before func() (*Defect, error)
	keep   func(*Defect) error
	counts Counts

	old       *Defect // nil: there are no more
	current   Defect  // what old points to
	seen      *Sighting
	delivered Row
	asked     bool // delivered was read
	ended     bool // of the rows delivered
}

func (f *follower) nextOld() error {
	d, err := f.before()
	if errors.Is(err, io.EOF) {
		f.old = nil
		return nil
	}
	if err != nil {
		return err
	}
	if f.old != nil && d.compare(f.old.Row, f.old.Rule) <= 0 {
		return fmt.Errorf("the defects of the last run are not in order: %s %s", d.Row, d.Rule)
	}
	f.current = *d // the reader uses its own again
	f.old = &f.current
	return nil
}

func (f *follower) nextSeen() error {
	s, err := f.run.Seen()
	if errors.Is(err, io.EOF) {
		f.seen = nil
		return nil
	}
	f.seen = s
	return err
}

// step deals with the least row and rule of both sides.
func (f *follower) step() error {
	switch {
	case f.seen == nil || f.old != nil && f.old.compare(f.seen.Row, f.seen.Rule) < 0:
		d := *f.old
		if err := f.unseen(&d); err != nil {
			return err
		}
		return f.nextOld()
	case f.old == nil || f.old.compare(f.seen.Row, f.seen.Rule) > 0:
		f.counts.Opened++
		return f.sight(Defect{Row: f.seen.Row, Rule: f.seen.Rule, Opened: f.run.ID, FirstRun: f.run.ID, FirstSeen: f.run.Started})
	}
	d := *f.old
	if !d.Open() {
		f.counts.Reopened++
		d.Opened, d.Closed, d.ClosedAt, d.Why = f.run.ID, "", time.Time{}, ""
		d.Reopened++
	}
	if err := f.nextOld(); err != nil {
		return err
	}
	return f.sight(d)
}

// sight takes all sightings of d's row and rule; the first is its place.
func (f *follower) sight(d Defect) error {
	d.LastRun, d.Rows = f.run.ID, 0
	d.Times++
	s := f.seen
	d.Place = Place{Row: s.Number, Line: s.Line, Offset: s.Offset, Length: s.Length}
	d.Place.Source, d.Place.SHA256 = f.run.Source(s.Object)
	for f.seen != nil && f.seen.Row == d.Row && f.seen.Rule == d.Rule {
		d.Rows++
		if err := f.nextSeen(); err != nil {
			return err
		}
	}
	f.counts.Open++
	return f.keep(&d)
}

// unseen closes an open defect that this run judged and did not see, and forgets what was closed long ago.
func (f *follower) unseen(d *Defect) error {
	if !d.Open() {
		if f.run.Started.Sub(d.ClosedAt) > closedKept {
			return nil
		}
		return f.keep(d)
	}
	why, err := f.verdict(d)
	if err != nil {
		return err
	}
	if why == "" {
		f.counts.Open++
		return f.keep(d)
	}
	f.counts.Closed++
	d.Closed, d.ClosedAt, d.Why = f.run.ID, f.run.Started, why
	return f.keep(d)
}

// verdict is why an open defect that was not seen is closed; empty if it stays open.
func (f *follower) verdict(d *Defect) (string, error) {
	if f.run.Refused {
		return "", nil
	}
	if d.Row[0] == ByBytes {
		return Changed, nil
	}
	judged, known := f.run.Judged(d.Rule)
	switch {
	case !known:
		return RuleGone, nil
	case !judged:
		return "", nil
	case d.Row[0] != ByKey:
		return Changed, nil
	}
	there, err := f.wasDelivered(d.Row)
	if there {
		return Fixed, err
	}
	return Gone, err
}

// wasDelivered is asked of rows in ascending order.
func (f *follower) wasDelivered(row Row) (bool, error) {
	for !f.ended && (!f.asked || bytes.Compare(f.delivered[:], row[:]) < 0) {
		next, err := f.run.Delivered()
		if errors.Is(err, io.EOF) {
			f.ended = true
			return false, nil
		}
		if err != nil {
			return false, err
		}
		f.delivered, f.asked = next, true
	}
	return !f.ended && f.delivered == row, nil
}
