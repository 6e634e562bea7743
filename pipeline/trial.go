package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"clearwell/connectors/archive"
	"clearwell/connectors/csv"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/quality"
	"clearwell/pipeline/settle"
	"clearwell/rules"
)

// A trial carries source objects through a plan with the very code of a run, and
// publishes nothing: it cleans, checks, settles and counts what would be published.
// A rule with on_fail: stop sends its rows to the quarantine here, so that all of them are seen.
type trial struct {
	*job
	settled *settled
	result  *quality.Result
	passed  [][]uint64 // per frame: rows that no rule of a single row rejected and where did not leave out
}

// trialOf is what a trial is made of.
type trialOf struct {
	dataset *rules.Dataset
	plan    *rules.Plan // of the dataset, or changed; see withoutStops
	from    sourceBytes
	objects []sourceObject
	dir     string                     // for what outgrows the memory
	bound   map[string]*kernel.Program // programs of the plan by header, which the trial fills; nil: of its own
	known   settle.Known               // what other datasets publish; nil: conditions on them are not evaluated
	runner  *Runner                    // for measures against what is published; nil: those are not evaluated
	opts    Options
}

// run makes the trial. What it holds is given back by release.
func (o trialOf) run(ctx context.Context) (t *trial, err error) {
	s, err := newScan(o.plan, o.from, slices.Clone(o.objects), o.dir, budget(o.opts.Memory), &meter{}, o.opts.chunkSize, true)
	if err != nil {
		return nil, err
	}
	s.bound, s.known = o.bound, o.known
	made := &trial{job: &job{Runner: o.runner, data: o.dataset, plan: o.plan, scan: s, opts: o.opts, record: RunRecord{Started: time.Now()}}}
	t = made
	defer func() {
		if err != nil { // t is nil then
			made.release()
		}
	}()
	if err := s.openMeasures(o.opts.CPUs); err != nil {
		return nil, err
	}
	if err := s.run(ctx, o.opts.CPUs); err != nil {
		return nil, err
	}
	if err := t.evaluate(ctx, rules.OverDelivered); err != nil {
		return nil, err
	}
	for number := range s.frames {
		t.passed = append(t.passed, s.rows.frame(number).aliveBits(nil))
	}
	if t.settled, err = s.settle(ctx, o.opts.CPUs); err != nil {
		return nil, err
	}
	e, err := t.countPublished(ctx)
	if err != nil {
		return nil, err
	}
	in := t.qualityInput(e, t.settled, t.balance())
	if q := o.plan.Quality; q != nil {
		ownBounds(&in, q)
	}
	if t.result, err = quality.Assess(in); err != nil {
		return nil, err
	}
	return t, nil
}

// balance says where the rows went.
func (t *trial) balance() RunRows {
	s := t.scan
	rows := RunRows{Published: t.settled.kept, Quarantined: s.totals.bad + s.totals.quarantined + t.settled.late.rows,
		Duplicates: t.settled.removed, Excluded: s.totals.excluded}
	for _, o := range s.objects {
		rows.Read += o.Records
	}
	return rows
}

// withoutStops is p with rules that quarantine where they would stop the run.
func withoutStops(p *rules.Plan) *rules.Plan {
	if !slices.ContainsFunc(p.Rules, func(r rules.Rule) bool { return r.OnFail == rules.Stop }) {
		return p
	}
	out := *p
	out.Rules = slices.Clone(p.Rules)
	for i := range out.Rules {
		if out.Rules[i].OnFail == rules.Stop {
			out.Rules[i].OnFail = rules.Quarantine
		}
	}
	return &out
}

// countPublished counts over the rows that would be published, as the second pass of a run does.
func (t *trial) countPublished(ctx context.Context) (*emission, error) {
	e := &emission{scan: t.scan}
	e.prepare()
	n := len(t.plan.Rules)
	measured, err := e.measures.NewAdder(rules.OverPublished)
	if err != nil {
		return nil, err
	}
	p := &publisher{e: e, measured: measured, cells: e.cells, checked: e.checked[:n], failed: e.failed[:n]}
	for number := range t.scan.frames {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := t.scan.rows.frame(number)
		if p.sel = f.aliveRows(p.sel[:0], 0, f.rows); len(p.sel) == 0 {
			continue
		}
		l, err := t.scan.rows.load(f)
		if err != nil {
			return nil, err
		}
		err = p.count(f, l)
		l.done()
		if err != nil {
			return nil, err
		}
	}
	if measured != nil {
		if err := measured.Close(); err != nil {
			return nil, err
		}
	}
	return e, t.evaluate(ctx, rules.OverPublished)
}

// Fate is what becomes of a row.
type Fate string

// The fates.
const (
	FatePublished   Fate = "published"
	FateQuarantined Fate = "quarantined"
	FateExcluded    Fate = "excluded"
	FateDuplicate   Fate = "duplicate"
)

// trialFrame is a frame of a trial with all its outcomes. It is valid until done is called.
type trialFrame struct {
	*frame
	loaded
	trial  *trial
	number int
}

func (t *trial) load(number int) (trialFrame, error) {
	f := t.scan.rows.frame(number)
	l, err := t.scan.rows.load(f)
	if err != nil {
		return trialFrame{}, err
	}
	n := len(t.plan.Rules)
	t.scan.addBroken(f, l.bitmaps[n:])
	return trialFrame{frame: f, loaded: l, trial: t, number: number}, nil
}

// fails reports whether row i breaks rule k.
func (f *trialFrame) fails(k, i int) bool {
	b := f.bitmaps[len(f.trial.plan.Rules)+k]
	return b != nil && b[i>>6]>>(i&63)&1 != 0
}

// rejected reports whether row i breaks a rule that quarantines.
func (f *trialFrame) rejected(i int) bool {
	for k := range f.trial.plan.Rules {
		if f.trial.plan.Rules[k].OnFail == rules.Quarantine && f.fails(k, i) {
			return true
		}
	}
	return false
}

// fate is what becomes of row i.
func (f *trialFrame) fate(i int) Fate {
	switch {
	case f.alive[i>>6].Load()>>(i&63)&1 != 0:
		return FatePublished
	case f.rejected(i):
		return FateQuarantined
	case f.trial.passed[f.number][i>>6]>>(i&63)&1 == 0:
		return FateExcluded
	}
	return FateDuplicate
}

// value is field k of row i after cleaning, in canonical text; nil is null.
func (f *trialFrame) value(k, i int) (*string, error) { return kernel.CanonicalText(f.cols[k], i) }

// memorySource is source objects in memory.
type memorySource map[string][]byte

// Get implements sourceBytes.
func (m memorySource) Get(hash string) (io.ReadCloser, int64, error) {
	b, ok := m[hash]
	if !ok {
		return nil, 0, fmt.Errorf("source object %s: %w", hash, archive.ErrNotFound)
	}
	return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil
}

// ReadRanges implements sourceBytes.
func (m memorySource) ReadRanges(_ context.Context, hash string, sorted []archive.Range, f func(i int, raw []byte) error) error {
	b := m[hash]
	for i, r := range sorted {
		end := r.Offset + int64(r.Length)
		if r.Offset < 0 || r.Length < 0 || end > int64(len(b)) {
			return fmt.Errorf("source object %s of %d bytes: range %d is out of bounds", hash, len(b), i)
		}
		if err := f(i, b[r.Offset:end]); err != nil {
			return err
		}
	}
	return nil
}

// cleaningTrace is what cleaning does to the cells of one batch, step by step.
type cleaningTrace struct {
	texts [][][]string // by field: the input, then what each step made of it, by row
}

// traceCleaning cleans one batch of a source in memory and notes every step.
func traceCleaning(ctx context.Context, p *rules.Plan, source []byte) (*cleaningTrace, error) {
	r, err := csv.Open(bytes.NewReader(source), csv.Options{Name: "test", Encoding: "utf-8", Delimiter: ",", Size: int64(len(source)), MaxRecord: p.Source.CSV.MaxRecord})
	if err != nil {
		return nil, err
	}
	prog, err := kernel.Compile(p, r.Header())
	if err != nil {
		return nil, err
	}
	chunk, err := r.Next(ctx)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return &cleaningTrace{texts: make([][][]string, len(p.Fields))}, nil
		}
		return nil, err
	}
	b, err := r.NewDecoder().Decode(chunk)
	if err != nil {
		return nil, err
	}
	defer b.Release()
	w := prog.NewWorker()
	t := watchCleaning(w, p)
	_, err = w.Check(b)
	return t, err
}

// watchCleaning notes what w does to the cells of its next batches, the last one replacing those before.
func watchCleaning(w *kernel.Worker, p *rules.Plan) *cleaningTrace {
	t := &cleaningTrace{texts: make([][][]string, len(p.Fields))}
	w.Watch(func(field, step int, cells kernel.Cells) {
		row := make([]string, cells.Rows())
		for i := range row {
			row[i] = string(cells.Cell(i))
		}
		if step < 0 {
			t.texts[field] = nil
		}
		t.texts[field] = append(t.texts[field], row)
	})
	return t
}
