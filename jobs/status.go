package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// DatasetStatus is what is known of a dataset now.
type DatasetStatus struct {
	Dataset   string       `json:"dataset"`
	Last      *RunRecord   `json:"last,omitempty"`      // newest run; nil: never run
	Published *RunRecord   `json:"published,omitempty"` // newest run that published; nil: never published
	NextDue   time.Time    `json:"next_due,omitzero"`   // zero: on no schedule
	NextJob   string       `json:"next_job,omitempty"`
	Open      []Occurrence `json:"open,omitempty"`    // waiting or running, oldest first
	Skipped   *Occurrence  `json:"skipped,omitempty"` // newest due time that was not run, if it is newer than the last run
}

// Status says for each dataset, in the order given, how it last went and when it
// is due next after now. Datasets that only stand in jobs come after those given.
func (s *Store) Status(ctx context.Context, jobs []Job, datasets []string, now time.Time) ([]DatasetStatus, error) {
	names := slices.Clone(datasets)
	for _, j := range jobs {
		if !slices.Contains(names, j.Dataset) {
			names = append(names, j.Dataset)
		}
	}
	list := make([]DatasetStatus, 0, len(names))
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		st, err := s.datasetStatus(name)
		if err != nil {
			return nil, fmt.Errorf("state %s: status of %s: %w", s.path, name, err)
		}
		for _, j := range jobs {
			if j.Dataset != name || j.Paused {
				continue
			}
			schedule, err := ParseSchedule(j.Cron, j.Timezone)
			if err != nil {
				return nil, fmt.Errorf("job %s: %w", j.ID, err)
			}
			if next := schedule.Next(now); !next.IsZero() && (st.NextDue.IsZero() || next.Before(st.NextDue)) {
				st.NextDue, st.NextJob = next, j.ID
			}
		}
		list = append(list, st)
	}
	return list, nil
}

func (s *Store) datasetStatus(name string) (DatasetStatus, error) {
	st := DatasetStatus{Dataset: name}
	last, err := queryRuns(s.db, "SELECT "+runColumns+" FROM runs WHERE dataset = ? ORDER BY started DESC, id DESC LIMIT 1", name)
	if err == nil && len(last) > 0 {
		st.Last = &last[0]
	}
	published, err2 := queryRuns(s.db, "SELECT "+runColumns+" FROM runs WHERE dataset = ? AND status = 'published' ORDER BY started DESC, id DESC LIMIT 1", name)
	if err2 == nil && len(published) > 0 {
		st.Published = &published[0]
	}
	open, err3 := openOccurrences(s.db)
	for _, o := range open {
		if o.Dataset == name {
			st.Open = append(st.Open, o)
		}
	}
	skipped, err4 := queryOccurrences(s.db, "SELECT "+occurrenceColumns+" FROM occurrences WHERE dataset = ? AND state = 'skipped' ORDER BY scheduled_for DESC LIMIT 1", name)
	if len(skipped) > 0 && (st.Last == nil || skipped[0].ScheduledFor.After(st.Last.Started)) {
		st.Skipped = &skipped[0]
	}
	return st, errors.Join(err, err2, err3, err4)
}
