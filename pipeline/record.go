package pipeline

import (
	"errors"
	"fmt"
	"time"

	"clearwell/pipeline/quality"
)

// RunRecord is the history entry of one run, as State keeps it.
type RunRecord struct {
	ID           string    `json:"id"` // sorts by start
	Dataset      string    `json:"dataset"`
	Attempt      int       `json:"attempt"`                // of the same occurrence, from 1
	ScheduledFor time.Time `json:"scheduled_for,omitzero"` // zero: started by hand
	Started      time.Time `json:"started"`
	Finished     time.Time `json:"finished,omitzero"` // zero while it runs
	Status       string    `json:"status"`            // one of the Status constants
	Stage        string    `json:"stage"`             // where it is, or where it ended
	Rows         RunRows   `json:"rows"`
	Version      int64     `json:"version,omitempty"` // published; 0: none
	Score        int64     `json:"score_hundredths"`  // published score in hundredths of a percent; -1: not evaluated
	Error        string    `json:"error,omitempty"`   // for a person; holds no values of records
	Program      string    `json:"program"`           // version of the program
}

// StageTime is what one stage of a run took.
type StageTime struct {
	Stage string        `json:"stage"`
	Wall  time.Duration `json:"wall"`
	Wait  time.Duration `json:"wait"` // of workers for the source or for each other, summed over them
	Rows  int64         `json:"rows"`
	Bytes int64         `json:"bytes"` // of the source that were read
}

// RunRows is the balance of a run: Read is the sum of the others.
type RunRows struct {
	Read        int64 `json:"read"`
	Published   int64 `json:"published"`
	Quarantined int64 `json:"quarantined"`
	Duplicates  int64 `json:"duplicates"`
	Suppressed  int64 `json:"suppressed"`
	Excluded    int64 `json:"excluded"`
}

// What became of a run.
const (
	StatusRunning     = "running"
	StatusPublished   = "published"
	StatusRefused     = "refused" // by a gate: nothing published
	StatusFailed      = "failed"
	StatusInterrupted = "interrupted" // its process ended before it did
	StatusDraft       = "draft"       // assessed, not run: see RunDraft
)

// State is what a run needs remembered beyond its process. FinishRun is one
// transaction: either both the record and the head are on disk, or neither.
type State interface {
	LedgerHead() ([]byte, error) // nil: none remembered
	RememberHead(head []byte) error
	StartRun(RunRecord) error
	UpdateRun(RunRecord) error
	FinishRun(run RunRecord, head []byte) error
	NextAttempt(dataset string, scheduledFor time.Time) (int, error)
	Run(id string) (RunRecord, bool, error)
	RecordStages(run string, stages []StageTime) error
	RecordInputs(RunInputs) error
	Inputs(dataset string, n int) ([]RunInputs, error) // of the newest n runs, newest first
	RecordQuality(quality.Point) error
	Quality(dataset string, limit int) ([]quality.Point, error) // the newest, newest first
}

// RuleStopError ends a run: a rule with on_fail: stop met its first failure.
type RuleStopError struct {
	Rule   string
	Object string
	Row    int64
}

func (e *RuleStopError) Error() string {
	return fmt.Sprintf("%s: record %d breaks rule %s, which stops the run; correct the record at its source, or give the rule another on_fail", e.Object, e.Row, e.Rule)
}

// RefusedError says that a gate refused the publication.
type RefusedError struct {
	Dataset string
	Reasons []string // a sentence each
	Outcome *Outcome // what was assessed
}

func (e *RefusedError) Error() string {
	msg := e.Dataset + ": not published:"
	for _, r := range e.Reasons {
		msg += "\n  " + r
	}
	return msg
}

// ConservationError says that rows got lost or were doubled: a fault of the program. Nothing is published.
type ConservationError struct {
	Read int64 // counted where the source is cut into records
	Rows RunRows
}

func (e *ConservationError) Error() string {
	r := e.Rows
	return fmt.Sprintf("rows do not add up: %d read, but %d published + %d quarantined + %d duplicates + %d suppressed + %d excluded = %d; nothing is published, please report this",
		e.Read, r.Published, r.Quarantined, r.Duplicates, r.Suppressed, r.Excluded, r.sum())
}

func (r RunRows) sum() int64 {
	return r.Published + r.Quarantined + r.Duplicates + r.Suppressed + r.Excluded
}

// ErrUnknownDataset says that the workspace has no such contract.
var ErrUnknownDataset = errors.New("unknown dataset")
