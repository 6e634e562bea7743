package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clearwell/durable"
	"clearwell/lineage"
	"clearwell/lineage/entry"
)

// recordDeliveries writes down what was received, before anything is done with it.
func (j *job) recordDeliveries(ctx context.Context, objects []sourceObject) error {
	drafts := make([]lineage.Draft, len(objects))
	for i, o := range objects {
		drafts[i] = deliveryDraft(j, i, o)
	}
	if _, err := j.Archive.Put(ctx, newReader(j.data.Text), nil); err != nil {
		return fmt.Errorf("archive the contract: %w", err)
	}
	plan, err := json.Marshal(j.plan)
	if err != nil {
		return err
	}
	if _, err := j.Archive.Put(ctx, newReader(plan), nil); err != nil {
		return fmt.Errorf("archive the plan: %w", err)
	}
	receipt, err := j.Ledger.Append(ctx, drafts)
	if err != nil {
		return fmt.Errorf("write the delivery into the ledger: %w", err)
	}
	j.outcome.Entries += len(receipt.Entries)
	return j.Runner.rememberHead(receipt.Head)
}

func (r *Runner) rememberHead(h lineage.Head) error {
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return r.State.RememberHead(head)
}

// finish carries a run whose publication entry is in the ledger to its end. Every
// step may have been done before by a process that was killed; doing it again changes nothing.
func (r *Runner) finish(ctx context.Context, j journal, record RunRecord, head lineage.Head) error {
	data, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if err := r.State.FinishRun(record, data); err != nil {
		return err
	}
	logged, err := r.Ledger.FindRun(ctx, j.Run, j.From)
	if err != nil {
		return err
	}
	first, publication := logged[0].Index, uint64(0)
	for _, l := range logged {
		if l.Entry.Kind == entry.Publication {
			publication = l.Index
		}
	}
	proof, err := r.Ledger.BuildProof(ctx, first, publication)
	if err != nil {
		return fmt.Errorf("build the proof of %s version %d: %w", j.Dataset, j.Version, err)
	}
	if err := r.keepRejects(j); err != nil {
		return err
	}
	beside := map[string][]byte{proofName: proof.JSON, tlogProofName: proof.TLogProof, dsseName: proof.DSSE}
	if err := r.Site.Finish(j.Run, j.Dataset, j.Version, beside); err != nil {
		return err
	}
	return os.RemoveAll(r.workDir(j.Run))
}

// keepRejects moves the run's quarantine and removed duplicates to where they are kept.
func (r *Runner) keepRejects(j journal) error {
	to := r.QuarantineDir(j.Dataset, j.Run)
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, name := range []string{quarantineName, duplicatesName} {
		err := durable.Rename(filepath.Join(r.workDir(j.Run), name), filepath.Join(to, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// fail ends a run that published nothing: the ledger says so, the staging is
// gone, the rejects of a refused run are kept. The error is the run's own,
// joined with what went wrong while ending it.
func (j *job) fail(cause error) error {
	if j.logged { // the next start finishes it
		return fmt.Errorf("the run is recorded, but could not be put in place (the next start finishes it): %w", cause)
	}
	ctx := context.WithoutCancel(context.Background())
	var refused *RefusedError
	status := StatusFailed
	if errors.As(cause, &refused) {
		status = StatusRefused
		if err := j.keepRejects(j.journal); err != nil {
			cause = errors.Join(cause, err)
		}
	}
	j.record.Status, j.record.Error, j.record.Finished = status, cause.Error(), j.Clock().UTC()
	j.outcome.Run = j.record
	return errors.Join(cause, j.Runner.abandon(ctx, j.journal, j.record))
}

// abandon records that a run published nothing and removes what it staged.
func (r *Runner) abandon(ctx context.Context, j journal, record RunRecord) error {
	receipt, err := r.Ledger.Append(ctx, []lineage.Draft{{
		Kind: entry.RunFailed, Dataset: j.Dataset, Run: j.Run, Attempt: int64(j.Attempt), Step: stepRunFailed,
		Body: map[string]any{"stage": record.Stage, "status": record.Status},
	}})
	if err != nil {
		return fmt.Errorf("write the failed run into the ledger: %w", err)
	}
	head, err := json.Marshal(receipt.Head)
	if err != nil {
		return err
	}
	if err := r.State.FinishRun(record, head); err != nil {
		return err
	}
	if err := r.Site.Discard(j.Run); err != nil {
		return err
	}
	return os.RemoveAll(r.workDir(j.Run))
}

// Recover ends the runs that a killed process left behind: those whose
// publication is in the ledger are finished, the others are written down as
// failed. Call it once, before the first Run.
func (r *Runner) Recover(ctx context.Context) (finished, abandoned []string, err error) {
	dir := filepath.Dir(r.workDir("x"))
	left, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	known := map[string]bool{}
	for _, d := range left {
		j, err := readJournal(filepath.Join(dir, d.Name()))
		if err != nil { // killed before the journal was whole: nothing was recorded
			if err := os.RemoveAll(filepath.Join(dir, d.Name())); err != nil {
				return finished, abandoned, err
			}
			continue
		}
		known[j.Run] = true
		done, err := r.recoverRun(ctx, j)
		if err != nil {
			return finished, abandoned, fmt.Errorf("end run %s, which was interrupted: %w", j.Run, err)
		}
		if done {
			finished = append(finished, j.Run)
		} else {
			abandoned = append(abandoned, j.Run)
		}
	}
	if _, err := r.Site.Sweep(func(run string) bool { return false }); err != nil {
		return finished, abandoned, err
	}
	return finished, abandoned, r.rememberHead(r.Ledger.Head())
}

func (r *Runner) recoverRun(ctx context.Context, j journal) (finished bool, err error) {
	record, ok, err := r.State.Run(j.Run)
	if err != nil {
		return false, err
	}
	if !ok {
		record = RunRecord{ID: j.Run, Dataset: j.Dataset, Attempt: j.Attempt, Started: r.Clock().UTC(), Score: -1, Program: r.Program.Version}
		if err := r.State.StartRun(record); err != nil {
			return false, err
		}
	}
	logged, err := r.Ledger.FindRun(ctx, j.Run, j.From)
	if err != nil {
		return false, err
	}
	if record.Finished.IsZero() {
		record.Finished = r.Clock().UTC()
	}
	for _, l := range logged {
		switch l.Entry.Kind {
		case entry.Publication:
			record.Status, record.Stage, record.Version, record.Error = StatusPublished, "done", int64(j.Version), ""
			if err := readCounts(l.Entry, &record.Rows); err != nil {
				return false, err
			}
			return true, r.finish(ctx, j, record, r.Ledger.Head())
		case entry.RunFailed:
			record.Status = StatusFailed
		}
	}
	if record.Status == StatusRunning || record.Status == "" {
		record.Status, record.Error = StatusInterrupted, "the process ended before the run did; nothing was published"
	}
	return false, r.abandon(ctx, j, record)
}

// readCounts takes the balance of a run from its publication entry.
func readCounts(e *entry.Entry, rows *RunRows) error {
	var body struct {
		Read        int64 `json:"rows_read"`
		Published   int64 `json:"rows"`
		Quarantined int64 `json:"rows_quarantined"`
		Duplicates  int64 `json:"rows_duplicates"`
		Suppressed  int64 `json:"rows_suppressed"`
		Excluded    int64 `json:"rows_excluded"`
	}
	if err := e.DecodeBody(&body); err != nil {
		return err
	}
	*rows = RunRows{Read: body.Read, Published: body.Published, Quarantined: body.Quarantined, Duplicates: body.Duplicates, Suppressed: body.Suppressed, Excluded: body.Excluded}
	return nil
}

func readJournal(dir string) (journal, error) {
	var j journal
	data, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		return j, err
	}
	err = json.Unmarshal(data, &j)
	return j, err
}
