package pipeline

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/pipeline/kernel"
	"clearwell/pipeline/measure"
	"clearwell/pipeline/publish"
	"clearwell/pipeline/quality"
	"clearwell/rules"
)

// openMeasures prepares what the plan measures.
func (s *scan) openMeasures(workers int) (err error) {
	s.measures, err = measure.New(s.plan, s.dir, s.budget.measures(), workers)
	return err
}

// measureDelivered has the rows that k checks measured as delivered.
func (w *worker) measureDelivered(k *kernel.Worker) {
	if w.measured != nil {
		k.Observe(w.scan.measures.Reads(rules.OverDelivered), w.measured.Add)
	}
}

// measuredConditions are the measures over published rows that have a condition: it
// reads the values as rules do, and is kept with the row until the row is published.
func measuredConditions(p *rules.Plan) (out []int) {
	for i := range p.Measures {
		if p.Measures[i].Over == rules.OverPublished && p.Measures[i].When != nil {
			out = append(out, i)
		}
	}
	return out
}

// measuredFields are the fields that measures over published rows read.
func measuredFields(p *rules.Plan) (names []string) {
	for i := range p.Measures {
		if m := &p.Measures[i]; m.Over == rules.OverPublished {
			names = append(names, m.Fields...)
			if m.Aggregate != nil {
				names = append(names, m.Aggregate.Fields()...)
			}
		}
	}
	return names
}

// conditionColumns are the stored columns of the conditions of measures.
func (l layout) conditionColumns(c *kernel.Checked) []arrow.Array {
	var out []arrow.Array
	for _, m := range l.conditions {
		out = append(out, bitsColumn(c.Conditions[m], c.Rows))
	}
	return out
}

// measure counts the selected rows of a frame for the measures over what is published.
func (t *publisher) measure(l loaded) error {
	if t.measured == nil {
		return nil
	}
	layout := t.e.layout
	var conditions []kernel.Bits
	if len(layout.conditions) > 0 {
		conditions = make([]kernel.Bits, len(t.e.plan.Measures))
		for k, m := range layout.conditions {
			c := l.cols[layout.line+1+k].(*array.Boolean)
			rows := kernel.NewBits(c.Len())
			for i := range c.Len() {
				if c.Value(i) {
					rows.Set(i)
				}
			}
			conditions[m] = rows
		}
	}
	return t.measured.Add(layout.spread(t.e.plan, l.cols), t.bits, conditions)
}

// evaluate judges the measures over o, once all its rows were seen.
func (j *job) evaluate(ctx context.Context, o rules.Over) error {
	if j.scan.measures == nil {
		return nil
	}
	facts := measure.Facts{AsOf: j.asOf(), Current: j.currentVersion}
	if j.Runner != nil { // a test of a contract has no workspace around it
		facts.Root = j.Workspace.Root
	}
	for _, obj := range j.scan.objects {
		facts.Objects = append(facts.Objects, measure.Object{Name: obj.Name, Size: obj.Archive.Size, SHA256: obj.Archive.SHA256,
			Modified: obj.Modified, Records: obj.Records, Header: obj.Header})
	}
	for _, f := range j.plan.Fields {
		if f.PublishAs != "" {
			facts.Published = append(facts.Published, f.PublishAs)
		}
	}
	results, err := j.scan.measures.Evaluate(ctx, o, facts)
	for i := range results {
		j.measures = append(j.measures, measureResult(&results[i]))
	}
	return err
}

// asOf is the time from which ages are counted: when the run was due, else when it began, as the clock on the wall says.
func (j *job) asOf() time.Time {
	if due := j.record.ScheduledFor; !due.IsZero() {
		return due.In(time.Local)
	}
	return j.record.Started.In(time.Local)
}

// currentVersion finds what is published of a dataset now.
func (j *job) currentVersion(dataset string) (v measure.Version, ok bool, err error) {
	if j.Runner == nil {
		return v, false, nil
	}
	latest, err := j.Site.Current(dataset)
	if errors.Is(err, publish.ErrNoVersion) {
		return v, false, nil
	}
	if err != nil {
		return v, false, err
	}
	m, err := j.Site.Manifest(dataset, latest.Version)
	if err != nil {
		return v, false, err
	}
	folder := publish.VersionFolder(dataset, latest.Version)
	v = measure.Version{Name: strings.TrimPrefix(folder, "published/"), SHA256: latest.SHA256}
	for _, f := range m.Files {
		if strings.HasSuffix(f.Path, ".parquet") {
			v.Files = append(v.Files, filepath.Join(j.Workspace.Root, filepath.FromSlash(folder), f.Path))
		}
	}
	return v, true, nil
}

// measureResult is a result as the quality report has it.
func measureResult(r *measure.Result) quality.MeasureResult {
	m := r.Measure
	out := quality.MeasureResult{ID: m.ID, Title: m.Title, Field: m.Field, Reads: m.Reads, Kind: m.Kind, Over: m.Over,
		Dimension: m.Dimension, Indicator: m.Indicator, Severity: m.Severity.String(), Basis: m.Basis, Fix: m.Fix, Allow: m.Allow,
		Expected: m.Expected(), Observed: r.Observed, Reason: r.Reason, Broken: r.Broken, Rows: r.Rows, Approximate: r.Sketch, Verdict: quality.MeasurePassed}
	switch {
	case !r.Evaluated:
		out.Verdict = quality.MeasureUnchecked
	case !r.Held && m.Severity == rules.SeverityWarn:
		out.Verdict = quality.MeasureWarned
	case !r.Held:
		out.Verdict = quality.MeasureFailed
	}
	if m.When != nil {
		out.When = m.When.Text
	}
	for _, s := range r.Sources {
		out.References = append(out.References, quality.Reference{Name: s.Name, SHA256: s.SHA256})
	}
	if !r.AsOf.IsZero() {
		out.AsOf = r.AsOf.Format(time.RFC3339)
	}
	return out
}

// measureResults are all of them in the order of the plan.
func (j *job) measureResults() []quality.MeasureResult {
	place := map[string]int{}
	for i := range j.plan.Measures {
		place[j.plan.Measures[i].ID] = i
	}
	out := slices.Clone(j.measures)
	slices.SortFunc(out, func(a, b quality.MeasureResult) int { return place[a.ID] - place[b.ID] })
	return out
}

// measureVerdicts is what the ledger holds of the measures: the verdict of each,
// and the hashes of other data that they were compared with. No observed value stands in it.
func (s *statement) measureVerdicts() (verdicts, references map[string]any) {
	verdicts, references = map[string]any{}, map[string]any{}
	for _, m := range s.result.Measures {
		verdicts[m.ID] = string(m.Verdict)
		for _, r := range m.References {
			references[r.Name] = r.SHA256
		}
	}
	return verdicts, references
}
