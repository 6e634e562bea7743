package pipeline

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"time"

	"clearwell/connectors/archive"
	"clearwell/pipeline/publish"
	"clearwell/pipeline/quality"
	"clearwell/rules"
)

// AgainstRun says what a contract would make of the delivery of an earlier run,
// beside what the contract of that run makes of it. Nothing was written for it.
type AgainstRun struct {
	Dataset   string          `json:"dataset"`
	Run       string          `json:"run"`
	Started   time.Time       `json:"started"`
	Sources   []RunSource     `json:"sources"`
	Unchanged bool            `json:"unchanged"`       // both contracts make the same plan
	Notes     []string        `json:"notes,omitempty"` // what could not be compared, and why
	Before    *Figures        `json:"before"`          // nil: the contract of the run cannot be used any more; see Notes
	After     Figures         `json:"after"`
	Rules     []RuleChange    `json:"rules"`              // of both contracts: those of the new one in its order, then those that are gone
	Measures  []MeasureChange `json:"measures,omitempty"` // likewise
	Fields    []FieldChange   `json:"fields"`             // steps of both contracts likewise
	Rejected  RowChange       `json:"quarantined"`
}

// Figures are the totals of one contract.
type Figures struct {
	Rows      quality.Rows    `json:"rows"`
	Delivered quality.Percent `json:"score_delivered"`
	Published quality.Percent `json:"score_published"`
	Refusals  []string        `json:"refusals,omitempty"` // a sentence each: why the version would not be published
}

// RuleChange is one rule before and after.
type RuleChange struct {
	ID     string       `json:"id"`
	Field  string       `json:"field,omitempty"`
	Before *RuleFigures `json:"before"` // nil: the contract did not have the rule
	After  *RuleFigures `json:"after"`  // nil: it has it no more
	Rows   RowChange    `json:"rows"`
}

// MeasureChange is the verdict on one measure before and after; empty: the contract does not have it.
// What was observed is not told: it may be a value of a protected field.
type MeasureChange struct {
	ID     string          `json:"id"`
	Before quality.Verdict `json:"before,omitempty"`
	After  quality.Verdict `json:"after,omitempty"`
}

// RuleFigures is what a rule found in the delivered rows.
type RuleFigures struct {
	Checked int64           `json:"checked"`
	Failed  int64           `json:"failed"`
	Outcome quality.Outcome `json:"outcome"`
}

// FieldChange is what a cleaning step did to the cells of a field.
type FieldChange struct {
	Field  string `json:"field"`
	Step   string `json:"step"`   // empty: cells without a value after cleaning
	Before *int64 `json:"before"` // cells; nil: there was no such step
	After  *int64 `json:"after"`
}

// Changed reports whether the numbers differ.
func (f FieldChange) Changed() bool {
	return (f.Before == nil) != (f.After == nil) || f.Before != nil && *f.Before != *f.After
}

// RowChange counts the rows that fail now and did not, and the other way round.
type RowChange struct {
	Newly    int64       `json:"newly"`
	NoLonger int64       `json:"no_longer"`
	Samples  []RowSample `json:"samples,omitempty"` // the first few of each kind, in source order
}

// RowSample is a row by its place; values of fields at level L3 and above are withheld.
type RowSample struct {
	Source string             `json:"source"`
	Row    int64              `json:"row"`
	Newly  bool               `json:"newly"`
	Values map[string]*string `json:"values,omitempty"` // by field, after cleaning; nil is null
	Hidden []string           `json:"withheld,omitempty"`
}

// samplesEach is how many rows of each kind are shown.
const samplesEach = 3

// Against carries the archived deliveries of earlier runs through the contract of
// now and through the one that they were run with. The results are in the order of runs.
func Against(ctx context.Context, ws *rules.Workspace, ds *rules.Dataset, runs []RunInputs, opts Options) ([]AgainstRun, error) {
	opts.fill()
	opts.Memory /= 2 // two trials at a time
	store, err := openArchive(ws.Root)
	if err != nil {
		return nil, err
	}
	dir, done, err := trialDir(ws.Root)
	if err != nil {
		return nil, err
	}
	defer done()
	out := []AgainstRun{}
	for _, in := range runs {
		a := &against{workspace: ws, dataset: ds, store: store, dir: dir, opts: opts, out: AgainstRun{Dataset: ds.ID, Run: in.Run, Started: in.Started, Sources: in.Sources}}
		if err := a.compare(ctx, in); err != nil {
			return nil, fmt.Errorf("%s against the delivery of run %s: %w", ds.ID, in.Run, err)
		}
		out = append(out, a.out)
	}
	return out, nil
}

// against compares two contracts on one delivery.
type against struct {
	workspace *rules.Workspace
	dataset   *rules.Dataset
	store     *archive.Store
	dir       string
	opts      Options
	before    *trial // nil: there is none
	after     *trial
	out       AgainstRun
}

func (a *against) compare(ctx context.Context, in RunInputs) error {
	var objects []sourceObject
	for _, s := range in.Sources {
		objects = append(objects, sourceObject{Name: s.Name, Archive: archive.Object{SHA256: s.SHA256, Size: s.Bytes}})
	}
	earlier, err := a.earlier(in)
	if err != nil {
		return err
	}
	site := publish.Open(a.workspace.Root)
	try := func(ds *rules.Dataset) (*trial, error) {
		referred, err := openReferred(site, a.workspace.Root, ds.Plan)
		if err != nil {
			return nil, err
		}
		return trialOf{dataset: ds, plan: withoutStops(ds.Plan), from: a.store, objects: objects, dir: a.dir, known: referred,
			runner: &Runner{Workspace: a.workspace, Site: site}, opts: a.opts}.run(ctx)
	}
	if a.after, err = try(a.dataset); err != nil {
		return err
	}
	defer a.after.release()
	if earlier != nil {
		a.out.Unchanged = earlier.Plan.Hash() == a.dataset.Plan.Hash()
		if a.before, err = try(earlier); err != nil {
			a.note("the contract of the run no longer goes through: %v", err)
		} else {
			defer a.before.release()
			figures := figuresOf(a.before.result)
			a.out.Before = &figures
		}
	}
	a.out.After = figuresOf(a.after.result)
	a.rules()
	a.measures()
	a.fields()
	return a.rows(ctx)
}

func (a *against) note(format string, args ...any) {
	a.out.Notes = append(a.out.Notes, fmt.Sprintf(format, args...))
}

// earlier is the contract of the run, with the standards and code tables of now; nil if it cannot be used.
func (a *against) earlier(in RunInputs) (*rules.Dataset, error) {
	stream, _, err := a.store.Get(in.Contract)
	if errors.Is(err, archive.ErrNotFound) {
		a.note("the contract of the run is not in the archive")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(stream)
	if err = errors.Join(err, stream.Close()); err != nil {
		return nil, fmt.Errorf("read the contract of the run from the archive: %w", err)
	}
	ds, err := a.workspace.Compile(a.dataset.ID, in.File, text)
	var mistakes rules.Diagnostics
	if errors.As(err, &mistakes) {
		a.note("the contract of the run is not right any more: %s", mistakes[0])
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if hash := ds.Plan.Hash(); hex.EncodeToString(hash[:]) != in.Plan {
		a.note("standards, code tables or the program have changed since the run; its contract is taken with those of now")
	}
	return ds, nil
}

func figuresOf(r *quality.Result) Figures {
	f := Figures{Rows: r.Rows, Delivered: r.Delivered.Total, Published: r.Published.Total}
	for _, g := range r.Refusals() {
		f.Refusals = append(f.Refusals, g.Sentence())
	}
	return f
}

// rules puts the figures of both side by side.
func (a *against) rules() {
	place := map[string]int{}
	add := func(r quality.RuleResult, before bool) {
		at, ok := place[r.ID]
		if !ok {
			at = len(a.out.Rules)
			place[r.ID] = at
			a.out.Rules = append(a.out.Rules, RuleChange{ID: r.ID, Field: r.Field})
		}
		f := &RuleFigures{Checked: r.Delivered.Checked, Failed: r.Delivered.Failed, Outcome: r.Outcome}
		if before {
			a.out.Rules[at].Before = f
		} else {
			a.out.Rules[at].After = f
		}
	}
	a.out.Rules = []RuleChange{}
	for _, r := range a.after.result.Rules {
		add(r, false)
	}
	if a.before != nil {
		for _, r := range a.before.result.Rules {
			add(r, true)
		}
	}
}

// measures puts the verdicts of both side by side.
func (a *against) measures() {
	for _, m := range a.after.result.Measures {
		a.out.Measures = append(a.out.Measures, MeasureChange{ID: m.ID, After: m.Verdict})
	}
	if a.before == nil {
		return
	}
	for _, m := range a.before.result.Measures {
		i := slices.IndexFunc(a.out.Measures, func(c MeasureChange) bool { return c.ID == m.ID })
		if i < 0 {
			i = len(a.out.Measures)
			a.out.Measures = append(a.out.Measures, MeasureChange{ID: m.ID})
		}
		a.out.Measures[i].Before = m.Verdict
	}
}

// fields puts the changed cells of both side by side.
func (a *against) fields() {
	type step struct{ field, id string }
	place := map[step]int{}
	a.out.Fields = []FieldChange{}
	add := func(key step, cells int64, before bool) {
		at, ok := place[key]
		if !ok {
			at = len(a.out.Fields)
			place[key] = at
			a.out.Fields = append(a.out.Fields, FieldChange{Field: key.field, Step: key.id})
		}
		if before {
			a.out.Fields[at].Before = &cells
		} else {
			a.out.Fields[at].After = &cells
		}
	}
	all := func(r *quality.Result, before bool) {
		for _, f := range r.Fields {
			for _, s := range f.Changed {
				add(step{f.Name, s.Step}, s.Cells, before)
			}
			add(step{f.Name, ""}, f.Nulls, before)
		}
	}
	all(a.after.result, false)
	if a.before != nil {
		all(a.before.result, true)
	}
}

// rows finds the rows whose outcome changed, a frame after the other.
func (a *against) rows(ctx context.Context) error {
	if a.before == nil {
		return nil
	}
	if !a.aligned() {
		a.note("rows are not compared one by one: the two contracts cut the source differently (encoding, delimiter or max_record)")
		return nil
	}
	index := func(p *rules.Plan, id string) int {
		return slices.IndexFunc(p.Rules, func(r rules.Rule) bool { return r.ID == id })
	}
	for number := range a.after.scan.frames {
		if err := ctx.Err(); err != nil {
			return err
		}
		before, err := a.before.load(number)
		if err != nil {
			return err
		}
		after, err := a.after.load(number)
		if err != nil {
			before.done()
			return err
		}
		for i := range a.out.Rules {
			change := &a.out.Rules[i]
			b, n := before.failing(index(a.before.plan, change.ID)), after.failing(index(a.after.plan, change.ID))
			reads := []string{}
			if k := index(a.after.plan, change.ID); k >= 0 {
				reads = a.after.plan.Rules[k].Reads
			} else if k := index(a.before.plan, change.ID); k >= 0 {
				reads = a.before.plan.Rules[k].Reads
			}
			if err = errors.Join(err, a.changed(&change.Rows, &after, b, n, reads)); err != nil {
				break
			}
		}
		err = errors.Join(err, a.changed(&a.out.Rejected, &after, before.rejects(), after.rejects(), nil))
		before.done()
		after.done()
		if err != nil {
			return err
		}
	}
	return nil
}

// aligned reports whether both trials have the same rows in the same frames.
func (a *against) aligned() bool {
	if a.before.scan.frames != a.after.scan.frames {
		return false
	}
	for number := range a.after.scan.frames {
		b, n := a.before.scan.rows.frame(number), a.after.scan.rows.frame(number)
		if b.object != n.object || b.rows != n.rows || b.firstRow != n.firstRow || !slices.Equal(b.numbers, n.numbers) {
			return false
		}
	}
	return true
}

// changed adds the rows of frame f that are in one bitmap only.
func (a *against) changed(into *RowChange, f *trialFrame, before, after []uint64, reads []string) error {
	for i := range (f.rows + 63) / 64 {
		b, n := word(before, i), word(after, i)
		into.Newly += int64(bits.OnesCount64(n &^ b))
		into.NoLonger += int64(bits.OnesCount64(b &^ n))
		for w := b ^ n; w != 0; w &= w - 1 {
			bit := w & -w
			newly := n&bit != 0
			if into.count(newly) >= samplesEach {
				continue
			}
			s, err := a.sample(f, i<<6+bits.TrailingZeros64(w), reads)
			if err != nil {
				return err
			}
			s.Newly = newly
			into.Samples = append(into.Samples, s)
		}
	}
	return nil
}

func word(b []uint64, i int) uint64 {
	if b == nil {
		return 0
	}
	return b[i]
}

func (c *RowChange) count(newly bool) (n int) {
	for _, s := range c.Samples {
		if s.Newly == newly {
			n++
		}
	}
	return n
}

// sample shows row i of a frame of the new contract, as far as the levels of its fields allow.
func (a *against) sample(f *trialFrame, i int, reads []string) (RowSample, error) {
	s := RowSample{Source: a.after.scan.objects[f.object].Name, Row: f.rowNumber(i)}
	for _, name := range reads {
		k := slices.IndexFunc(a.after.plan.Fields, func(f rules.Field) bool { return f.Name == name })
		if k < 0 {
			continue
		}
		if a.after.plan.Fields[k].Level >= rules.L3 || a.before.plan.Field(name) != nil && a.before.plan.Field(name).Level >= rules.L3 {
			s.Hidden = append(s.Hidden, name)
			continue
		}
		v, err := f.value(k, i)
		if err != nil {
			return s, err
		}
		if s.Values == nil {
			s.Values = map[string]*string{}
		}
		s.Values[name] = v
	}
	return s, nil
}

// failing is the bitmap of the rows that break rule k; nil if k is negative or none does.
func (f *trialFrame) failing(k int) []uint64 {
	if k < 0 {
		return nil
	}
	return f.bitmaps[len(f.trial.plan.Rules)+k]
}

// rejects is the bitmap of the rows that break a rule that quarantines.
func (f *trialFrame) rejects() []uint64 {
	out := make([]uint64, (f.rows+63)/64)
	for k := range f.trial.plan.Rules {
		if f.trial.plan.Rules[k].OnFail != rules.Quarantine {
			continue
		}
		for i, w := range f.failing(k) {
			out[i] |= w
		}
	}
	return out
}
