package pipeline

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"golang.org/x/sync/errgroup"

	"clearwell/connectors"
	"clearwell/connectors/archive"
	"clearwell/connectors/file"
	"clearwell/durable"
	"clearwell/lineage"
	"clearwell/lineage/keys"
	"clearwell/pipeline/defects"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/publish"
	"clearwell/pipeline/publish/contentroot"
	"clearwell/pipeline/publish/parquet"
	"clearwell/pipeline/quality"
	"clearwell/rules"
)

// A Runner runs the contracts of one workspace. It holds the ledger's lock, so
// that there is one Runner to a workspace at a time.
type Runner struct {
	Workspace *rules.Workspace
	State     State
	Keys      *keys.Store
	Ledger    *lineage.Ledger
	Archive   *archive.Store
	Site      *publish.Site
	Program   string // its version
	Clock     func() time.Time

	mu     sync.Mutex      // guards what follows
	active map[string]bool // datasets that this Runner is running
}

// Options of one run. The zero value is a run by hand with the defaults.
type Options struct {
	ScheduledFor time.Time      // zero: by hand
	CPUs         int            // workers; 0: as many as GOMAXPROCS
	Memory       int64          // budget in bytes; 0: DefaultMemory
	chunkSize    int            // bytes of source that a worker takes at a time; 0: the reader's default. The result does not depend on it
	Progress     func(Progress) // called a few times a second from its own goroutine; nil: not at all
}

// fill puts the defaults in.
func (o *Options) fill() {
	if o.CPUs <= 0 {
		o.CPUs = runtime.GOMAXPROCS(0)
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory()
	}
}

// gcPercent lets the heap grow by half before it is collected. What a run keeps
// is large and has few pointers, so that collections are cheap: 50 instead of 100
// saves a quarter of the peak at 1M rows and costs no measurable time.
const gcPercent = 50

// Outcome is what a run came to.
type Outcome struct {
	Run     RunRecord
	Quality *quality.Result
	Defects defects.Counts // of the dataset after the run
	Folder  string         // of the published version, relative to the workspace; empty: nothing published
	Files   []string       // Parquet files of the version, relative to the workspace
	Root    string         // content root, hex
	Entries int            // ledger entries written
	Stages  []StageTime    // in order
	Notices []string       // a sentence each: what somebody should look at, though the run went on
}

// Run carries one dataset from its source to a published version. The order of
// what becomes durable is fixed, and each point says what a crash leaves:
//
//	intake       nothing: source bytes are written        swept
//	archive      source bytes under their hash            nothing refers to them yet: harmless
//	delivery     ledger entries for what was received     the next start writes run-failed
//	staging      quarantine, Parquet, quality result      swept, run-failed written
//	entries      one batch, publication last              the next start finishes the run
//	state        run record and remembered head           the next start finishes the run
//	place        staging renamed into published/          the next start promotes it
//	promote      latest.json replaced                     done
//
// The first two happen while the rows are checked.
//
// The context calls the run off until the entries are written: from then on it
// is carried to its end, which takes milliseconds.
func (r *Runner) Run(ctx context.Context, dataset string, opts Options) (*Outcome, error) {
	ds := r.Workspace.Dataset(dataset)
	if ds == nil {
		return nil, fmt.Errorf("%w %q%s", ErrUnknownDataset, dataset, didYouMean(r.Workspace.Nearest(dataset)))
	}
	if !ds.Lifecycle.Status.Runs() {
		return nil, &NotInForceError{File: ds.File, Status: ds.Lifecycle.Status}
	}
	opts.fill()
	if !r.claim(ds.ID) {
		return nil, fmt.Errorf("dataset %s is running already; wait until that run ends", ds.ID)
	}
	defer r.giveBack(ds.ID)
	defer processHeap.enter(budget(opts.Memory))()
	// A run that was recorded and could not be put in place must be, before its dataset gets another version.
	if _, _, err := r.endLeftRuns(context.WithoutCancel(ctx), func(j journal) bool { return j.Dataset == ds.ID }); err != nil {
		return nil, err
	}

	j, err := r.begin(ds, opts)
	if err != nil {
		return nil, err
	}
	stopReports := j.report(opts.Progress)
	defer stopReports()
	err = guarded(func() error { return j.carryOut(ctx) })()
	j.release()
	j.enter(j.record.Stage) // ends the last stage
	if terr := r.State.RecordStages(j.record.ID, j.outcome.Stages); terr != nil {
		slog.Warn("what the stages took is not remembered", "run", j.record.ID, "error", terr)
	}
	if err != nil {
		return j.outcome, j.fail(err)
	}
	return j.outcome, nil
}

// claim makes this call the only one that runs the dataset.
func (r *Runner) claim(dataset string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active[dataset] {
		return false
	}
	if r.active == nil {
		r.active = map[string]bool{}
	}
	r.active[dataset] = true
	return true
}

func (r *Runner) giveBack(dataset string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.active, dataset)
}

func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", word)
}

// job is one run while it goes.
type job struct {
	*Runner
	opts     Options
	data     *rules.Dataset
	plan     *rules.Plan
	record   RunRecord
	dir      string // working folder of the run
	meter    *meter
	outcome  *Outcome
	scan     *scan
	defects  written   // of the dataset after the run
	referred *referred // versions of other datasets that the plan compares with
	repairs  written   // the file of repaired cells
	repaired []int64   // cells by rule of the plan; nil: the plan repairs none
	staging  *publish.Staging
	schema   *arrow.Schema // of the published rows
	journal  journal
	measures []quality.MeasureResult // as delivered, then as published
	arrival  *aside                  // of the delivery; nil before it is taken in
	syncing  *aside                  // of the published file, while the run is assessed; nil before it is written
	stale    string                  // says that the approval is of another text; empty if it is not
	// logged is set once the run's publication entry is in the ledger, or may be:
	// from then on the run can only be finished, not failed.
	logged bool
}

// journal is what a restart must know of a run that did not end: it is written before the first ledger entry.
type journal struct {
	Run     string `json:"run"`
	Dataset string `json:"dataset"`
	Attempt int    `json:"attempt"`
	Version int    `json:"version"`
	From    uint64 `json:"from"` // size of the ledger when the run began
}

const (
	journalName    = "journal.json"
	quarantineName = "quarantine.parquet"
	duplicatesName = "duplicates.parquet"
)

func (r *Runner) workDir(run string) string {
	return filepath.Join(r.Workspace.Root, ".clearwell", "work", run)
}

// QuarantineDir is where a run's rejects and removed duplicates are kept. It is internal: it holds raw records.
func (r *Runner) QuarantineDir(dataset, run string) string {
	return filepath.Join(r.Workspace.Root, ".clearwell", "quarantine", dataset, run)
}

func (r *Runner) begin(ds *rules.Dataset, opts Options) (*job, error) {
	now := r.Clock().UTC()
	attempt, err := r.State.NextAttempt(ds.ID, opts.ScheduledFor)
	if err != nil {
		return nil, err
	}
	version, err := r.Site.NextVersion(ds.ID)
	if err != nil {
		return nil, err
	}
	var salt [4]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return nil, err
	}
	id := now.Format("20060102T150405.000") + "-" + ds.ID + "-" + hex.EncodeToString(salt[:]) // to the millisecond: ids sort by start
	j := &job{Runner: r, opts: opts, data: ds, plan: ds.Plan, dir: r.workDir(id)}
	j.record = RunRecord{ID: id, Dataset: ds.ID, Attempt: attempt, ScheduledFor: opts.ScheduledFor, Started: now, Status: StatusRunning, Stage: "archive", Score: -1, Program: r.Program}
	j.outcome = &Outcome{}
	j.meter = &meter{dataset: ds.ID, started: time.Now()}
	j.journal = journal{Run: id, Dataset: ds.ID, Attempt: attempt, Version: version, From: r.Ledger.Head().Size}
	if err := durable.MakeDir(j.dir, 0o700); err != nil {
		return nil, err
	}
	data, err := json.Marshal(j.journal)
	if err != nil {
		return nil, err
	}
	if err := durable.WriteFile(filepath.Join(j.dir, journalName), data, 0o600); err != nil {
		os.RemoveAll(j.dir)
		return nil, err
	}
	reached("journal")
	if err := r.State.StartRun(j.record); err != nil {
		os.RemoveAll(j.dir)
		return nil, err
	}
	return j, nil
}

// enter begins a stage and notes the time that the one before took.
func (j *job) enter(stage string) {
	if t, ok := j.meter.enter(stage); ok {
		j.outcome.Stages = append(j.outcome.Stages, t)
	}
	if stage == j.record.Stage {
		return
	}
	j.record.Stage = stage
	if err := j.State.UpdateRun(j.record); err != nil { // the run-failed entry of a killed run says it
		slog.Warn("the stage of the run is not remembered", "run", j.record.ID, "stage", stage, "error", err)
	}
}

func (j *job) report(f func(Progress)) (stop func()) {
	if f == nil {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				f(j.meter.progress())
				return
			case <-tick.C:
				f(j.meter.progress())
			}
		}
	}()
	return func() { close(done); <-ended }
}

func (j *job) carryOut(ctx context.Context) error {
	if _, err := kernel.NewTreater(j.plan, j.Keys.Secret); err != nil { // a missing key is told before anything is read
		return err
	}
	referred, err := openReferred(j.Site, j.Workspace.Root, j.plan) // so is a dataset to compare with that is not there
	if err != nil {
		return err
	}
	j.referred = referred
	intake := j.Archive.Intake()
	defer intake.Discard()
	objects, err := j.takeIn(ctx, intake)
	if err != nil {
		return err
	}
	reached("intake")
	pass, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	j.arrive(ctx, intake, objects, stop)
	err = guarded(func() error { return j.process(pass, objects) })() // a panic too must not leave what is beside it behind
	failed := j.arrival.wait()
	j.syncing.wait() // a run that failed goes on to remove the file
	return cmp.Or(failed, err)
}

// process carries what was taken in through both passes.
func (j *job) process(ctx context.Context, objects []sourceObject) error {
	if err := j.check(ctx, objects); err != nil {
		return err
	}
	settled, err := j.scan.settle(ctx, j.opts.CPUs)
	if err != nil {
		return err
	}
	return j.publish(ctx, settled)
}

// takeIn copies the source objects into the archive: from here on only archived bytes are read. They are durable once the
// intake is committed.
func (j *job) takeIn(ctx context.Context, intake *archive.Intake) ([]sourceObject, error) {
	j.enter("archive")
	src, err := file.New(j.Workspace.Root, j.plan.Source.Path)
	if err != nil {
		return nil, err
	}
	listed, err := src.List(ctx)
	if err != nil {
		return nil, err
	}
	var total int64
	for _, o := range listed {
		total += o.Size
	}
	j.meter.total.Store(total)
	objects := make([]sourceObject, len(listed))
	g, small := errgroup.WithContext(ctx)
	g.SetLimit(smallAtOnce)
	for i, o := range listed {
		put := guarded(func() error {
			stored, err := j.archiveObject(small, src, o, intake)
			objects[i] = sourceObject{Name: o.Name, Archive: stored, Modified: o.ModTime}
			return err
		})
		if o.Size >= 0 && o.Size <= smallObject {
			g.Go(put)
		} else if err := put(); err != nil {
			return nil, errors.Join(err, g.Wait())
		}
		if small.Err() != nil {
			break
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return objects, nil
}

// Small objects are taken in side by side, because nearly all of their time is waiting
// for fsync, which a file system serves together; 10,000 files of 20 KB took 159 s one
// after the other on a busy disk. Large ones keep the cores busy one at a time.
const (
	smallObject = 1 << 20 // bytes
	smallAtOnce = 16      // with their buffers some 32 MiB
)

func (j *job) archiveObject(ctx context.Context, src connectors.Source, o connectors.Object, intake *archive.Intake) (archive.Object, error) {
	in, err := src.Open(ctx, o)
	if err != nil {
		return archive.Object{}, err
	}
	defer in.Close()
	var seen int64
	stored, err := intake.Put(ctx, in, func(n int64) {
		j.meter.bytes.Add(n - seen)
		seen = n
	})
	if err != nil {
		return stored, fmt.Errorf("archive %s: %w", o.Name, err)
	}
	if o.Size >= 0 && stored.Size != o.Size { // a delivery still being copied, or cut short meanwhile
		return stored, fmt.Errorf("read %s: %w: it had %d bytes when it was listed, %d were read; wait until the delivery is complete and run again", o.Name, connectors.ErrChanged, o.Size, stored.Size)
	}
	return stored, nil
}

// check is the first pass over the rows.
func (j *job) check(ctx context.Context, objects []sourceObject) error {
	j.enter("check")
	s, err := newScan(j.plan, j.Archive, objects, j.dir, budget(j.opts.Memory), j.meter, j.opts.chunkSize, false)
	if err != nil {
		return err
	}
	j.scan = s
	s.known = j.referred
	if err := s.openMeasures(j.opts.CPUs); err != nil {
		return err
	}
	if err := s.run(ctx, j.opts.CPUs); err != nil {
		return err
	}
	return j.evaluate(ctx, rules.OverDelivered)
}

// release gives the rows back.
func (j *job) release() {
	if j.scan != nil {
		j.scan.close()
	}
}

// publish writes everything into staging, has it recorded, and makes it current.
func (j *job) publish(ctx context.Context, settled *settled) error {
	j.enter("publish")
	j.meter.toPublish.Store(settled.kept)
	staging, err := j.Site.Stage(j.record.ID, j.data.ID, j.journal.Version)
	if err != nil {
		return err
	}
	j.staging = staging
	var rejects, duplicates written
	beside := []task{func(ctx context.Context) (err error) {
		rejects, err = j.writeInternal(quarantineName, func(w io.Writer) (parquet.Stats, error) { return j.scan.writeQuarantine(ctx, w, settled.late) })
		return err
	}}
	if j.plan.Dedupe != nil {
		beside = append(beside, func(ctx context.Context) (err error) {
			duplicates, err = j.writeInternal(duplicatesName, func(w io.Writer) (parquet.Stats, error) { return j.scan.writeDuplicates(ctx, w) })
			return err
		})
	}
	if j.scan.repairs != nil {
		beside = append(beside, func(ctx context.Context) (err error) {
			j.repairs, err = j.writeInternal(repairsName, func(w io.Writer) (stats parquet.Stats, err error) {
				stats, j.repaired, err = j.scan.writeRepairs(ctx, w)
				return stats, err
			})
			return err
		})
	}
	e, data, root, err := j.writeData(ctx, beside...)
	if err != nil {
		return err
	}
	rows, err := j.balance(data, rejects, duplicates)
	if err != nil {
		return err
	}
	j.record.Rows = rows
	if err := j.evaluate(ctx, rules.OverPublished); err != nil {
		return err
	}
	in := j.qualityInput(e, settled, rows)
	if err := j.measure(&in, data); err != nil {
		return err
	}
	result, err := quality.Assess(in)
	if err != nil {
		return err
	}
	j.outcome.Quality = result
	if j.outcome.Defects, err = j.followDefects(ctx, in.Rules, result.Decision == quality.Refuse); err != nil {
		return err
	}
	if err := j.keepPoint(result); err != nil {
		return err
	}
	j.record.Score = int64(result.Published.Total)
	j.outcome.Run = j.record
	if result.Decision == quality.Refuse {
		return j.refused(result)
	}
	st := &statement{job: j, emission: e, settled: settled, data: data, root: root, rejects: rejects, duplicates: duplicates, result: result}
	if err := st.writeFiles(); err != nil {
		return err
	}
	if err := durable.SyncTree(j.dir); err != nil {
		return err
	}
	if err := j.syncing.wait(); err != nil {
		return fmt.Errorf("write %s: %w", publish.PartName(0, 1), err)
	}
	if err := staging.Seal(); err != nil {
		return err
	}
	if err := j.arrival.wait(); err != nil {
		return err
	}
	reached("staging")
	j.enter("record")
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	head, err := j.recordRun(ctx, st.drafts())
	if err != nil {
		return err
	}
	reached("entries")
	j.record.Version, j.record.Status, j.record.Finished = int64(j.journal.Version), StatusPublished, j.Clock().UTC()
	if err := j.Runner.finish(ctx, j.journal, j.record, head); err != nil {
		return err
	}
	j.record.Stage = "done"
	j.outcome.Run = j.record
	j.outcome.Root = hex.EncodeToString(root.Hash[:])
	j.outcome.Folder = publish.VersionFolder(j.data.ID, j.journal.Version)
	j.outcome.Files = []string{filepath.Join(j.outcome.Folder, publish.PartName(0, 1))}
	return nil
}

// written is an internal file of the run.
type written struct {
	parquet.Stats
	exists bool
}

func (j *job) writeInternal(name string, fill func(io.Writer) (parquet.Stats, error)) (written, error) {
	f, err := os.OpenFile(filepath.Join(j.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return written{}, err
	}
	stats, err := fill(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return written{}, fmt.Errorf("write %s: %w", name, err)
	}
	return written{stats, true}, nil
}

// writeData is the second pass: it writes the published Parquet into staging.
// beside are tasks that its workers do first, so that no core is idle meanwhile.
func (j *job) writeData(ctx context.Context, beside ...task) (*emission, parquet.Stats, contentroot.Root, error) {
	fail := func(err error) (*emission, parquet.Stats, contentroot.Root, error) {
		return nil, parquet.Stats{}, contentroot.Root{}, err
	}
	treater, err := kernel.NewTreater(j.plan, j.Keys.Secret)
	if err != nil {
		return fail(err)
	}
	schema := treater.Schema()
	j.schema = schema
	e := &emission{scan: j.scan, secret: j.Keys.Secret, beside: beside}
	defer e.close()
	if err := e.sort(ctx); err != nil {
		return fail(err)
	}
	builder, err := contentroot.NewBuilder(schema, j.dir, budget(j.opts.Memory).root())
	if err != nil {
		return fail(err)
	}
	defer builder.Close()
	name := publish.PartName(0, 1)
	f, err := j.staging.Create(name)
	if err != nil {
		return fail(err)
	}
	var root contentroot.Root
	stats, err := e.publishRows(ctx, f, builder, schema, func(fw *parquet.FileWriter) error {
		if root, err = builder.Root(ctx); err != nil {
			return err
		}
		contract := sha256Hex(j.data.Text)
		for k, v := range map[string]string{
			parquet.KeyDataset: j.data.ID, parquet.KeyContract: contract,
			parquet.KeyLicense: j.plan.Publish.License, parquet.KeyContentRoot: hex.EncodeToString(root.Hash[:]),
		} {
			fw.SetMetadata(k, v)
		}
		return nil
	}, j.opts.CPUs)
	if err != nil {
		return fail(fmt.Errorf("write %s: %w", name, errors.Join(err, f.Close())))
	}
	j.syncing = beginAside(func() error { return errors.Join(f.Sync(), f.Close()) })
	return e, stats, root, nil
}

// balance holds what was read against what was written. The two ends are counted
// apart: records where the source is cut, rows where the files are encoded.
func (j *job) balance(data parquet.Stats, rejects, duplicates written) (RunRows, error) {
	rows := RunRows{Published: data.Rows, Quarantined: rejects.Rows, Duplicates: duplicates.Rows, Excluded: j.scan.totals.excluded}
	for _, o := range j.scan.objects {
		rows.Read += o.Records
	}
	if rows.sum() != rows.Read {
		return rows, &ConservationError{Read: rows.Read, Rows: rows}
	}
	return rows, nil
}

// refused keeps the rejects of a run that a gate stopped, so that the officer can look at them.
func (j *job) refused(result *quality.Result) error {
	err := &RefusedError{Dataset: j.data.ID, Outcome: j.outcome}
	for _, g := range result.Refusals() {
		err.Reasons = append(err.Reasons, g.Sentence())
	}
	return err
}
