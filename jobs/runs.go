package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clearwell/pipeline"
)

// What a run is and what can become of it is the pipeline's word; here it is kept.
type (
	RunRecord = pipeline.RunRecord
	RunRows   = pipeline.RunRows
)

// The states of a run.
const (
	StatusRunning     = pipeline.StatusRunning
	StatusPublished   = pipeline.StatusPublished
	StatusRefused     = pipeline.StatusRefused
	StatusFailed      = pipeline.StatusFailed
	StatusInterrupted = pipeline.StatusInterrupted
)

const runColumns = `id, dataset, attempt, scheduled_for, started, finished, status, stage,
	rows_read, published, quarantined, duplicates, suppressed, excluded, version, score, error, program`

// runValues are a run's columns in the order of runColumns.
func runValues(r RunRecord) []any {
	return []any{r.ID, r.Dataset, r.Attempt, nanos(r.ScheduledFor), nanos(r.Started), nanos(r.Finished), r.Status, r.Stage,
		r.Rows.Read, r.Rows.Published, r.Rows.Quarantined, r.Rows.Duplicates, r.Rows.Suppressed, r.Rows.Excluded,
		r.Version, r.Score, r.Error, r.Program}
}

func scanRun(row interface{ Scan(...any) error }) (RunRecord, error) {
	var r RunRecord
	var scheduled, started, finished int64
	err := row.Scan(&r.ID, &r.Dataset, &r.Attempt, &scheduled, &started, &finished, &r.Status, &r.Stage,
		&r.Rows.Read, &r.Rows.Published, &r.Rows.Quarantined, &r.Rows.Duplicates, &r.Rows.Suppressed, &r.Rows.Excluded,
		&r.Version, &r.Score, &r.Error, &r.Program)
	r.ScheduledFor, r.Started, r.Finished = instant(scheduled), instant(started), instant(finished)
	return r, err
}

// StartRun records a run that begins. Its status becomes running.
func (s *Store) StartRun(run RunRecord) error {
	run.Status = StatusRunning
	result, err := s.db.Exec("INSERT INTO runs ("+runColumns+") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING", runValues(run)...)
	if err == nil {
		err = exactlyOne(result, ErrRunExists)
	}
	if err != nil {
		return fmt.Errorf("state %s: start run %s: %w", s.path, run.ID, err)
	}
	return nil
}

// UpdateRun records where a running run is. Only a running run can be updated.
func (s *Store) UpdateRun(run RunRecord) error {
	run.Status = StatusRunning
	err := s.write(context.Background(), func(tx *sql.Tx) error { return replaceRun(tx, run) })
	if err != nil {
		return fmt.Errorf("state %s: update run %s: %w", s.path, run.ID, err)
	}
	return nil
}

// FinishRun records the end of a run and, unless head is nil, the ledger's new
// head, in one transaction: after a crash either both are there or neither.
func (s *Store) FinishRun(run RunRecord, head []byte) error {
	err := s.write(context.Background(), func(tx *sql.Tx) error {
		if run.Status == StatusRunning || run.Status == "" {
			return fmt.Errorf("a finished run cannot have the status %q", run.Status)
		}
		if head != nil {
			if err := rememberHead(tx, head); err != nil {
				return err
			}
		}
		return replaceRun(tx, run)
	})
	if err != nil {
		return fmt.Errorf("state %s: finish run %s: %w", s.path, run.ID, err)
	}
	return nil
}

// replaceRun writes all columns of a run that is running or was interrupted: the
// engine may find out after a crash that an interrupted run had been logged,
// and finish it.
func replaceRun(tx *sql.Tx, run RunRecord) error {
	args := append(runValues(run)[1:], run.ID)
	result, err := tx.Exec(`UPDATE runs SET dataset=?, attempt=?, scheduled_for=?, started=?, finished=?, status=?, stage=?,
		rows_read=?, published=?, quarantined=?, duplicates=?, suppressed=?, excluded=?, version=?, score=?, error=?, program=?
		WHERE id=? AND status IN ('running', 'interrupted')`, args...)
	if err != nil {
		return err
	}
	return exactlyOne(result, ErrNoRun)
}

func exactlyOne(result sql.Result, otherwise error) error {
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return otherwise
	}
	return nil
}

// NextAttempt is the number that a new attempt at a dataset's due time has.
// Runs by hand (zero time) are counted by themselves.
func (s *Store) NextAttempt(dataset string, scheduledFor time.Time) (int, error) {
	var last int
	err := s.db.QueryRow("SELECT coalesce(max(attempt), 0) FROM runs WHERE dataset = ? AND scheduled_for = ?", dataset, nanos(scheduledFor)).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("state %s: attempts of %s: %w", s.path, dataset, err)
	}
	return last + 1, nil
}

// Interrupt finds the runs that a process left running when it was killed, marks
// them as interrupted and returns them, oldest first, with their attempt
// and stage. What becomes of them is the engine's decision: a run whose publication
// is in the ledger is finished, another is tried again. The caller holds the
// lock of the workspace, so that no run can be alive.
func (s *Store) Interrupt(ctx context.Context) ([]RunRecord, error) {
	var left []RunRecord
	err := s.write(ctx, func(tx *sql.Tx) error {
		var err error
		left, err = queryRuns(tx, "SELECT "+runColumns+" FROM runs WHERE status = 'running' ORDER BY started, id")
		if err != nil || len(left) == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE runs SET status = 'interrupted' WHERE status = 'running'")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("state %s: interrupted runs: %w", s.path, err)
	}
	for i := range left {
		left[i].Status = StatusInterrupted
	}
	return left, nil
}

// Run finds a run by its id.
func (s *Store) Run(id string) (run RunRecord, found bool, err error) {
	run, err = scanRun(s.db.QueryRow("SELECT "+runColumns+" FROM runs WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return RunRecord{}, false, nil
	}
	if err != nil {
		return RunRecord{}, false, fmt.Errorf("state %s: run %s: %w", s.path, id, err)
	}
	return run, true, nil
}

// Runs lists the runs of a dataset, or of all if it is empty, newest first, at
// most limit of them.
func (s *Store) Runs(dataset string, limit int) ([]RunRecord, error) {
	runs, err := queryRuns(s.db, "SELECT "+runColumns+" FROM runs WHERE dataset = ? OR ? = '' ORDER BY started DESC, id DESC LIMIT ?", dataset, dataset, limit)
	if err != nil {
		return nil, fmt.Errorf("state %s: runs: %w", s.path, err)
	}
	return runs, nil
}

// LastRun is the newest run of a dataset.
func (s *Store) LastRun(dataset string) (run RunRecord, found bool, err error) {
	runs, err := s.Runs(dataset, 1)
	if err != nil || len(runs) == 0 {
		return RunRecord{}, false, err
	}
	return runs[0], true, nil
}

func queryRuns(q querier, text string, args ...any) (runs []RunRecord, err error) {
	rows, err := q.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, rows.Err()
}

// RecordStages remembers what the stages of a run took.
func (s *Store) RecordStages(run string, stages []pipeline.StageTime) error {
	err := s.write(context.Background(), func(tx *sql.Tx) error {
		for i, t := range stages {
			_, err := tx.Exec("INSERT OR REPLACE INTO stages (run, position, stage, wall, wait, rows, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
				run, i, t.Stage, int64(t.Wall), int64(t.Wait), t.Rows, t.Bytes)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("state %s: remember the stages of run %s: %w", s.path, run, err)
	}
	return nil
}

// Stages is what the stages of a run took, in order; none if it is not remembered.
func (s *Store) Stages(run string) (list []pipeline.StageTime, err error) {
	rows, err := s.db.Query("SELECT stage, wall, wait, rows, bytes FROM stages WHERE run = ? ORDER BY position", run)
	if err != nil {
		return nil, fmt.Errorf("state %s: stages of run %s: %w", s.path, run, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var t pipeline.StageTime
		if err := rows.Scan(&t.Stage, &t.Wall, &t.Wait, &t.Rows, &t.Bytes); err != nil {
			return nil, fmt.Errorf("state %s: stages of run %s: %w", s.path, run, err)
		}
		list = append(list, t)
	}
	return list, rows.Err()
}
