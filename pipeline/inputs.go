package pipeline

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"clearwell/connectors/archive"
	"clearwell/durable"
	"clearwell/rules"
)

// RunInputs is what a run was made of. All of it is in the archive: the sources
// and the contract under their hashes.
type RunInputs struct {
	Run       string          `json:"run"`
	Dataset   string          `json:"dataset"`
	Started   time.Time       `json:"started"`
	File      string          `json:"file"`     // of the contract, relative to the workspace
	Contract  string          `json:"contract"` // SHA-256 of its text
	Plan      string          `json:"plan"`     // SHA-256 of the plan's JSON
	Lifecycle rules.Lifecycle `json:"lifecycle"`
	Sources   []RunSource     `json:"sources"`
}

// RunSource is one source object of a run.
type RunSource struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// inputs is what the job is made of.
func (j *job) inputs(objects []sourceObject) RunInputs {
	hash := j.plan.Hash()
	in := RunInputs{Run: j.record.ID, Dataset: j.data.ID, Started: j.record.Started, File: j.data.File, Contract: sha256Hex(j.data.Text),
		Plan: hex.EncodeToString(hash[:]), Lifecycle: j.data.Lifecycle, Sources: []RunSource{}}
	for _, o := range objects {
		in.Sources = append(in.Sources, RunSource{o.Name, o.Archive.SHA256, o.Archive.Size})
	}
	return in
}

// NotInForceError says that a contract publishes nothing because of its status.
type NotInForceError struct {
	File   string
	Line   int
	Status rules.Status
}

func (e *NotInForceError) Error() string {
	if e.Status == rules.Draft {
		return fmt.Sprintf("%s: the contract is a draft, so nothing is published; look at it with preview, run --draft and check --against last, and write status: approved with who approved it and when", e.File)
	}
	return fmt.Sprintf("%s: the contract is retired, so nothing is published any more; what is published stays; take it out of jobs.yaml, or give it another status", e.File)
}

// StaleApproval says whether the text of an approved contract was changed since
// runs of the same version and approval; empty if it was not, or if it has no approval.
// inputs are those of earlier runs of the dataset.
func StaleApproval(ds *rules.Dataset, inputs []RunInputs) string {
	own := ds.Lifecycle
	if own.Approval == nil {
		return ""
	}
	hash := sha256Hex(ds.Text)
	for _, in := range inputs {
		l := in.Lifecycle
		if l.Approval == nil || l.Version != own.Version || *l.Approval != *own.Approval || in.Contract == hash {
			continue
		}
		return fmt.Sprintf("%s: the text was changed since version %s, approved by %s on %s, was run (%s); raise version and have it approved anew, or write status: draft while you work on it",
			ds.File, own.Version, own.Approval.By, own.Approval.On, in.Run)
	}
	return ""
}

// approvalRuns is how many earlier runs are asked for the text that was approved.
const approvalRuns = 100

// DraftsDir holds the assessments of drafts, a folder to a dataset. It is internal.
const DraftsDir = StateDir + "/drafts"

// RunDraft assesses a dataset as a run would: the source is archived, cleaned,
// checked and scored. Nothing is published, nothing goes into the ledger; quality.json and
// quality.html are written into a folder of DraftsDir, relative to the workspace.
func (r *Runner) RunDraft(ctx context.Context, dataset string, opts Options) (out *Outcome, err error) {
	ds := r.Workspace.Dataset(dataset)
	if ds == nil {
		return nil, fmt.Errorf("%w %q%s", ErrUnknownDataset, dataset, didYouMean(r.Workspace.Nearest(dataset)))
	}
	opts.fill()
	if !r.claim(ds.ID) {
		return nil, fmt.Errorf("dataset %s is running already; wait until that run ends", ds.ID)
	}
	defer r.giveBack(ds.ID)
	started := r.Clock().UTC()
	j := &job{Runner: r, opts: opts, data: ds, plan: ds.Plan, outcome: &Outcome{}, meter: &meter{dataset: ds.ID, started: time.Now()},
		record: RunRecord{Dataset: ds.ID, Started: started, Stage: "archive", Status: StatusDraft}}
	stopReports := j.report(opts.Progress)
	defer stopReports()
	intake := r.Archive.Intake()
	defer intake.Discard()
	objects, err := j.takeIn(ctx, intake)
	if err != nil {
		return nil, err
	}
	if err := intake.Commit(); err != nil {
		return nil, err
	}
	referred, err := openReferred(r.Site, r.Workspace.Root, ds.Plan)
	if err != nil {
		return nil, err
	}
	dir, done, err := trialDir(r.Workspace.Root)
	if err != nil {
		return nil, err
	}
	defer done()
	t, err := trialOf{dataset: ds, plan: withoutStops(ds.Plan), from: r.Archive, objects: objects, dir: dir, known: referred, runner: r, opts: opts}.run(ctx)
	if err != nil {
		return nil, err
	}
	defer t.release()
	j.record.Finished, j.record.Rows, j.record.Score = r.Clock().UTC(), t.balance(), int64(t.result.Published.Total)
	j.outcome.Run, j.outcome.Quality = j.record, t.result
	j.outcome.Folder = filepath.Join(DraftsDir, ds.ID)
	return j.outcome, writeDraft(filepath.Join(r.Workspace.Root, j.outcome.Folder), t)
}

func writeDraft(dir string, t *trial) error {
	if err := durable.MakeDir(dir, 0o700); err != nil {
		return err
	}
	text, err := t.result.JSON()
	if err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(dir, qualityJSON), text, 0o600); err != nil {
		return err
	}
	page, err := os.OpenFile(filepath.Join(dir, qualityHTML), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := t.result.WritePage(page, t.Workspace.Language); err != nil {
		page.Close()
		return err
	}
	return page.Close()
}

// trialDir makes a folder for what a trial spills, and takes away those that killed
// processes left there a day or longer ago.
func trialDir(root string) (dir string, done func(), err error) {
	parent := filepath.Join(root, StateDir, "trials")
	if err := durable.MakeDir(parent, 0o700); err != nil {
		return "", nil, err
	}
	left, err := os.ReadDir(parent)
	if err != nil {
		return "", nil, err
	}
	for _, d := range left {
		if info, err := d.Info(); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			os.RemoveAll(filepath.Join(parent, d.Name()))
		}
	}
	dir, err = os.MkdirTemp(parent, "")
	return dir, func() { os.RemoveAll(dir) }, err
}

// openArchive opens the archive of a workspace for reading.
func openArchive(root string) (*archive.Store, error) {
	return archive.Open(filepath.Join(root, StateDir, "archive"))
}
