package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Job is one dataset on one schedule. A line of jobs.yaml that names several
// datasets is several Jobs of one ID.
type Job struct {
	ID       string
	Dataset  string
	Cron     string // see ParseSchedule
	Timezone string // IANA name; empty: UTC
	CatchUp  CatchUp
	Overlap  Overlap
	Paused   bool // due times are recorded as skipped
}

// CatchUp says what becomes of the due times that passed while no daemon ran.
type CatchUp string

// The ways to catch up.
const (
	CatchUpLast CatchUp = "last" // the default: the latest is run, the others are skipped
	CatchUpNone CatchUp = "none" // all are skipped
	CatchUpAll  CatchUp = "all"  // all are run, oldest first
)

// Overlap says what becomes of a due time while an earlier one is still waiting
// or running.
type Overlap string

// The ways to meet an overlap.
const (
	OverlapSkip    Overlap = "skip"    // the default: the new one is skipped
	OverlapQueue   Overlap = "queue"   // the new one waits
	OverlapReplace Overlap = "replace" // the earlier one is cancelled
)

// OccurrenceState is what became of one due time.
type OccurrenceState string

// The states of an occurrence. Due and running are open, the others final.
const (
	OccurrenceDue     OccurrenceState = "due"
	OccurrenceRunning OccurrenceState = "running"
	OccurrenceDone    OccurrenceState = "done"
	OccurrenceFailed  OccurrenceState = "failed"
	OccurrenceSkipped OccurrenceState = "skipped"
)

// Occurrence is one due time of a job. It is recorded before it is started, and
// is either run (once, but for the process being killed meanwhile) or skipped
// for a reason.
type Occurrence struct {
	Job          string          `json:"job"`
	Dataset      string          `json:"dataset"`
	ScheduledFor time.Time       `json:"scheduled_for"`
	State        OccurrenceState `json:"state"`
	Reason       string          `json:"reason,omitempty"` // why it was skipped or failed
	Starts       int             `json:"starts"`           // times it was started; above 1 only if a process was killed
	Decided      time.Time       `json:"decided,omitzero"`
}

func (o Occurrence) key() jobKey { return jobKey{o.Job, o.Dataset} }

type jobKey struct{ job, dataset string }

// lateness is how long after its time an occurrence still counts as met and not
// as missed: the longest sleep of the daemon and as much again.
const lateness = 2 * longestSleep

// mostStarts bounds how often an occurrence is started again after its process
// was killed: a run that kills its process each time must not do so for ever.
const mostStarts = 3

// plannedJob is a Job with its parsed schedule and what the daemon knows of it.
type plannedJob struct {
	Job
	schedule *Schedule
	until    time.Time // due times up to here are recorded
	next     time.Time // first due time after until; zero: none
	order    int       // place in jobs.yaml: due at the same time, started in this order
}

func (j *plannedJob) key() jobKey { return jobKey{j.ID, j.Dataset} }

// loadPlans reads how far each job is planned. A job that is new, or whose
// schedule has changed, is planned from now on: a new schedule has no past.
// What was waiting for a job that is no longer there is skipped.
func (s *Store) loadPlans(ctx context.Context, jobs []*plannedJob, now time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		present := map[jobKey]bool{}
		for _, j := range jobs {
			present[j.key()] = true
			var line string
			var until int64
			err := tx.QueryRowContext(ctx, "SELECT schedule, planned_until FROM plans WHERE job = ? AND dataset = ?", j.ID, j.Dataset).Scan(&line, &until)
			switch {
			case errors.Is(err, sql.ErrNoRows), err == nil && line != j.schedule.String():
				until = nanos(now)
				_, err = tx.ExecContext(ctx, `INSERT INTO plans (job, dataset, schedule, planned_until) VALUES (?, ?, ?, ?)
					ON CONFLICT (job, dataset) DO UPDATE SET schedule = excluded.schedule, planned_until = excluded.planned_until`,
					j.ID, j.Dataset, j.schedule.String(), until)
			}
			if err != nil {
				return err
			}
			j.until = instant(until)
			j.next = j.schedule.Next(j.until)
		}
		open, err := openOccurrences(tx)
		if err != nil {
			return err
		}
		for _, o := range open {
			if !present[o.key()] {
				if err := decide(tx, o, OccurrenceSkipped, "the job is no longer in jobs.yaml", now); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// reopen makes the occurrences that a killed daemon left running due again, so
// that the engine can resume or repeat them.
func (s *Store) reopen(ctx context.Context, now time.Time) (reopened []Occurrence, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		open, err := openOccurrences(tx)
		if err != nil {
			return err
		}
		for _, o := range open {
			if o.State != OccurrenceRunning {
				continue
			}
			state, reason := OccurrenceDue, "its process ended before it did"
			if o.Starts >= mostStarts {
				state, reason = OccurrenceFailed, fmt.Sprintf("its process ended before it did, %d times; start it by hand and look at the log", o.Starts)
			}
			if err := decide(tx, o, state, reason, now); err != nil {
				return err
			}
			o.State, o.Reason = state, reason
			reopened = append(reopened, o)
		}
		return nil
	})
	return reopened, err
}

// plan records every due time up to now of the jobs that have one, in one
// transaction, before any of them is started. It returns the jobs whose running
// occurrence is to be cancelled in favour of a new one.
func (s *Store) plan(ctx context.Context, jobs []*plannedJob, now time.Time) (replace []jobKey, err error) {
	var moved []*plannedJob
	err = s.write(ctx, func(tx *sql.Tx) error {
		open, err := openOccurrences(tx)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			if j.next.IsZero() || j.next.After(now) {
				continue
			}
			moved = append(moved, j)
			replaced, err := planJob(tx, j, open, now)
			if err != nil {
				return fmt.Errorf("job %s, dataset %s: %w", j.ID, j.Dataset, err)
			}
			if replaced {
				replace = append(replace, j.key())
			}
			if _, err := tx.Exec("UPDATE plans SET planned_until = ? WHERE job = ? AND dataset = ?", nanos(now), j.ID, j.Dataset); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, j := range moved {
		j.until = now
		j.next = j.schedule.Next(now)
	}
	return replace, nil
}

// planJob decides on each due time of one job.
func planJob(tx *sql.Tx, j *plannedJob, open []Occurrence, now time.Time) (replaceRunning bool, err error) {
	insert, err := tx.Prepare("INSERT INTO occurrences (job, dataset, scheduled_for, state, reason, starts, decided) VALUES (?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	add := func(t time.Time, state OccurrenceState, reason string) error {
		_, err := insert.Exec(j.ID, j.Dataset, nanos(t), string(state), reason, nanos(now))
		return err
	}
	var earlier []Occurrence // of this job, still open
	for _, o := range open {
		if o.key() == j.key() {
			earlier = append(earlier, o)
		}
	}
	due := j.schedule.Between(j.until, now)
	for i, t := range due {
		last := i == len(due)-1
		missed := now.Sub(t) > lateness
		switch {
		case j.Paused:
			err = add(t, OccurrenceSkipped, "the job is paused")
		case missed && j.CatchUp == CatchUpNone:
			err = add(t, OccurrenceSkipped, "missed: nothing ran at this time (catch_up: none)")
		case missed && j.CatchUp == CatchUpAll:
			err = add(t, OccurrenceDue, "")
			earlier = append(earlier, Occurrence{Job: j.ID, Dataset: j.Dataset, ScheduledFor: t, State: OccurrenceDue})
		case missed && !last:
			err = add(t, OccurrenceSkipped, "missed: nothing ran at this time, and a later one makes up for it (catch_up: last)")
		case len(earlier) > 0 && j.Overlap == OverlapSkip:
			err = add(t, OccurrenceSkipped, "the one of "+earlier[0].ScheduledFor.Format(time.RFC3339)+" has not ended (overlap: skip)")
		default:
			if j.Overlap == OverlapReplace {
				for _, o := range earlier {
					if o.State == OccurrenceRunning {
						replaceRunning = true
					} else if err := decide(tx, o, OccurrenceSkipped, "replaced by the one of "+t.Format(time.RFC3339), now); err != nil {
						return false, err
					}
				}
				earlier = nil
			}
			err = add(t, OccurrenceDue, "")
			earlier = append(earlier, Occurrence{Job: j.ID, Dataset: j.Dataset, ScheduledFor: t, State: OccurrenceDue})
		}
		if err != nil {
			return false, err
		}
	}
	return replaceRunning, nil
}

// begin marks a due occurrence as running; the mark is durable before the run
// begins.
func (s *Store) begin(ctx context.Context, o Occurrence, now time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.Exec("UPDATE occurrences SET state = 'running', reason = '', starts = starts + 1, decided = ? WHERE job = ? AND dataset = ? AND scheduled_for = ? AND state = 'due'",
			nanos(now), o.Job, o.Dataset, nanos(o.ScheduledFor))
		if err != nil {
			return err
		}
		return exactlyOne(result, errors.New("the occurrence is not due"))
	})
}

// settle records what became of an open occurrence.
func (s *Store) settle(ctx context.Context, o Occurrence, state OccurrenceState, reason string, now time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error { return decide(tx, o, state, reason, now) })
}

func decide(tx *sql.Tx, o Occurrence, state OccurrenceState, reason string, now time.Time) error {
	_, err := tx.Exec("UPDATE occurrences SET state = ?, reason = ?, decided = ? WHERE job = ? AND dataset = ? AND scheduled_for = ? AND state IN ('due', 'running')",
		string(state), reason, nanos(now), o.Job, o.Dataset, nanos(o.ScheduledFor))
	return err
}

const occurrenceColumns = "job, dataset, scheduled_for, state, reason, starts, decided"

func openOccurrences(q querier) ([]Occurrence, error) {
	return queryOccurrences(q, "SELECT "+occurrenceColumns+" FROM occurrences WHERE state IN ('due', 'running') ORDER BY scheduled_for, job, dataset")
}

// Occurrences lists what became of the due times of a job, newest first, at most
// limit of them; an empty job means all jobs.
func (s *Store) Occurrences(job string, limit int) ([]Occurrence, error) {
	list, err := queryOccurrences(s.db, "SELECT "+occurrenceColumns+" FROM occurrences WHERE job = ? OR ? = '' ORDER BY scheduled_for DESC, job, dataset LIMIT ?", job, job, limit)
	if err != nil {
		return nil, fmt.Errorf("state %s: occurrences: %w", s.path, err)
	}
	return list, nil
}

type querier interface {
	Query(string, ...any) (*sql.Rows, error)
}

func queryOccurrences(q querier, text string, args ...any) (list []Occurrence, err error) {
	rows, err := q.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var o Occurrence
		var scheduled, decided int64
		if err := rows.Scan(&o.Job, &o.Dataset, &scheduled, &o.State, &o.Reason, &o.Starts, &decided); err != nil {
			return nil, err
		}
		o.ScheduledFor, o.Decided = instant(scheduled), instant(decided)
		list = append(list, o)
	}
	return list, rows.Err()
}
