package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"clearwell/durable"
	"clearwell/lineage"
	"clearwell/lineage/entry"
)

// recordDeliveries writes down what was received, before anything is done with it.
func (j *job) recordDeliveries(ctx context.Context, objects []sourceObject) error {
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
	receipt, err := j.Ledger.Append(ctx, deliveryDrafts(j, objects))
	if err != nil {
		return fmt.Errorf("write the delivery into the ledger: %w", err)
	}
	j.outcome.Entries += len(receipt.Entries)
	earlier, err := j.State.Inputs(j.data.ID, approvalRuns)
	if err != nil {
		return err
	}
	if j.stale = StaleApproval(j.data, earlier); j.stale != "" {
		j.outcome.Notices = append(j.outcome.Notices, j.stale)
	}
	if err := j.State.RecordInputs(j.inputs(objects)); err != nil {
		return err
	}
	return j.Runner.rememberHead(receipt.Head)
}

// reached is told each point of a run behind which something is durable. Tests
// end the process there; otherwise nobody listens.
var reached = func(point string) {}

// recordRun appends the run's entries, the publication last. An append that
// reports an error may have happened all the same: then the ledger is asked.
func (j *job) recordRun(ctx context.Context, drafts []lineage.Draft) (lineage.Head, error) {
	receipt, err := j.Ledger.Append(ctx, drafts)
	if err == nil {
		j.logged = true
		j.outcome.Entries += len(receipt.Entries)
		return receipt.Head, nil
	}
	err = fmt.Errorf("write the run into the ledger: %w", err)
	if _, askErr := j.Ledger.Append(ctx, nil); askErr != nil { // brings the ledger up to its folder
		j.logged = true
		return lineage.Head{}, fmt.Errorf("%w; and whether it is there all the same cannot be seen: %w", err, askErr)
	}
	logged, askErr := j.Ledger.FindRun(ctx, j.record.ID, j.journal.From)
	if askErr != nil {
		j.logged = true
		return lineage.Head{}, fmt.Errorf("%w; and whether it is there all the same cannot be seen: %w", err, askErr)
	}
	for _, l := range logged {
		if l.Entry.Kind == entry.Publication {
			j.logged = true
			j.outcome.Entries += len(drafts)
			return j.Ledger.Head(), nil
		}
	}
	return lineage.Head{}, err
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
	if err := r.remember(record, head); err != nil {
		return err
	}
	reached("state")
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
	reached("rejects")
	if err := r.recordPoint(j, record, publication); err != nil {
		return err
	}
	beside := map[string][]byte{proofName: proof.JSON, tlogProofName: proof.TLogProof, dsseName: proof.DSSE}
	if err := r.Site.Finish(j.Run, j.Dataset, j.Version, beside); err != nil {
		return err
	}
	reached("promote")
	return os.RemoveAll(r.workDir(j.Run))
}

// remember puts the end of a run and the ledger's head into the state. A run
// whose end is there already, because a process was killed after it, keeps it.
func (r *Runner) remember(record RunRecord, head lineage.Head) error {
	known, ok, err := r.State.Run(record.ID)
	if err != nil {
		return err
	}
	if ok && known.Status == record.Status {
		return r.rememberHead(head)
	}
	data, err := json.Marshal(head)
	if err != nil {
		return err
	}
	return r.State.FinishRun(record, data)
}

// internalFiles are kept of a run beside what it publishes.
var internalFiles = []string{quarantineName, duplicatesName, repairsName, defectsName}

// keptSubjects names the internal files that are kept of a run that publishes nothing: those of one that
// was refused, of which the next run takes the defects over.
func (r *Runner) keptSubjects(j journal) (subjects []entry.Subject, err error) {
	for _, name := range internalFiles {
		f, err := os.Open(filepath.Join(r.QuarantineDir(j.Dataset, j.Run), name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		subjects = append(subjects, entry.Subject{Name: path.Join("quarantine", j.Dataset, j.Run, name), SHA256: hex.EncodeToString(h.Sum(nil))})
	}
	return subjects, nil
}

// keepRejects moves the run's quarantine and removed duplicates to where they are kept.
func (r *Runner) keepRejects(j journal) error {
	to := r.QuarantineDir(j.Dataset, j.Run)
	if err := durable.MakeDir(to, 0o700); err != nil {
		return err
	}
	for _, name := range internalFiles {
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
	if j.logged {
		return fmt.Errorf("the run is recorded, or may be, but is not in its place; the next run finishes it once the cause is gone: %w", cause)
	}
	ctx := context.Background()
	if errors.Is(cause, context.Canceled) {
		cause = fmt.Errorf("run %s was called off in stage %q; it published nothing: %w", j.record.ID, j.record.Stage, cause)
	}
	var refused *RefusedError
	status := StatusFailed
	if errors.As(cause, &refused) {
		status = StatusRefused
		if err := errors.Join(durable.SyncTree(j.dir), j.keepRejects(j.journal)); err != nil {
			cause = errors.Join(cause, err)
		}
	}
	j.record.Status, j.record.Error, j.record.Finished = status, cause.Error(), j.Clock().UTC()
	j.outcome.Run = j.record
	if err := j.Site.Discard(j.record.ID); err != nil { // first: on a full disk the ledger needs the room
		cause = errors.Join(cause, err)
	}
	return errors.Join(cause, j.Runner.abandon(ctx, j.journal, j.record))
}

// abandon records that a run published nothing, with what is kept of it, and removes what it staged.
func (r *Runner) abandon(ctx context.Context, j journal, record RunRecord) error {
	subjects, err := r.keptSubjects(j)
	if err != nil {
		return fmt.Errorf("hash what is kept of the failed run: %w", err)
	}
	receipt, err := r.Ledger.Append(ctx, []lineage.Draft{{
		Kind: entry.RunFailed, Dataset: j.Dataset, Run: j.Run, Attempt: int64(j.Attempt), Step: stepRunFailed,
		Subjects: subjects, Body: runFailedBody{record.Stage, record.Status},
	}})
	if err != nil {
		return fmt.Errorf("write the failed run into the ledger: %w", err)
	}
	reached("run-failed")
	if err := r.remember(record, receipt.Head); err != nil {
		return err
	}
	reached("failed-state")
	if err := r.recordPoint(j, record, receipt.Entries[0].Index); err != nil {
		return err
	}
	if err := r.Site.Discard(j.Run); err != nil {
		return err
	}
	reached("discard")
	return os.RemoveAll(r.workDir(j.Run))
}

// Recover ends the runs that a killed process left behind: those whose
// publication is in the ledger are finished, the others are written down as
// failed. Call it once, before the first Run.
func (r *Runner) Recover(ctx context.Context) (finished, abandoned []string, err error) {
	if finished, abandoned, err = r.endLeftRuns(ctx, func(journal) bool { return true }); err != nil {
		return finished, abandoned, err
	}
	if _, err := r.Site.Sweep(func(run string) bool { return false }); err != nil {
		return finished, abandoned, err
	}
	if err := r.Archive.Sweep(); err != nil {
		return finished, abandoned, err
	}
	// Every journal is dealt with; what is left are folders of processes killed before they had one.
	if err := os.RemoveAll(filepath.Dir(r.workDir("x"))); err != nil {
		return finished, abandoned, err
	}
	return finished, abandoned, r.rememberHead(r.Ledger.Head())
}

// endLeftRuns ends the runs with a journal that this Runner is not running.
func (r *Runner) endLeftRuns(ctx context.Context, which func(journal) bool) (finished, abandoned []string, err error) {
	dir := filepath.Dir(r.workDir("x"))
	left, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	for _, d := range left {
		j, err := readJournal(filepath.Join(dir, d.Name()))
		if err != nil {
			return finished, abandoned, err
		}
		if j == nil || !which(*j) {
			continue
		}
		done, err := r.recoverRun(ctx, *j)
		if err != nil {
			return finished, abandoned, fmt.Errorf("end run %s, which was interrupted: %w", j.Run, err)
		}
		if done {
			finished = append(finished, j.Run)
		} else {
			abandoned = append(abandoned, j.Run)
		}
	}
	return finished, abandoned, nil
}

func (r *Runner) recoverRun(ctx context.Context, j journal) (finished bool, err error) {
	record, ok, err := r.State.Run(j.Run)
	if err != nil {
		return false, err
	}
	if !ok {
		record = RunRecord{ID: j.Run, Dataset: j.Dataset, Attempt: j.Attempt, Started: r.Clock().UTC(), Score: -1, Program: r.Program}
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
			var body publicationBody
			if err := l.Entry.DecodeBody(&body); err != nil {
				return false, err
			}
			record.Status, record.Stage, record.Version, record.Error = StatusPublished, "done", body.Version, ""
			record.Rows = body.rows()
			return true, r.finish(ctx, j, record, r.Ledger.Head())
		case entry.RunFailed:
			var body runFailedBody
			if err := l.Entry.DecodeBody(&body); err != nil {
				return false, err
			}
			record.Stage, record.Status = body.Stage, body.Status
			if record.Error == "" {
				record.Error = "the process ended before it could say why; nothing was published"
			}
		}
	}
	if record.Status == StatusRunning || record.Status == "" {
		record.Status, record.Error = StatusInterrupted, "the process ended before the run did; nothing was published"
	}
	return false, r.abandon(ctx, j, record)
}

// readJournal reads the journal in a run's working folder; nil if it is not there
// yet: nothing was recorded then.
func readJournal(dir string) (*journal, error) {
	path := filepath.Join(dir, journalName)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var j journal
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; a run was interrupted there: see clearwell verify, then remove the folder", path, err)
	}
	return &j, nil
}
