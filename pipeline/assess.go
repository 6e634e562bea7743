package pipeline

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	parquetgo "github.com/parquet-go/parquet-go"

	"clearwell/pipeline/publish"
	"clearwell/pipeline/publish/parquet"
	"clearwell/pipeline/quality"
	"clearwell/rules"
)

// previous is the version that is current while a run goes.
type previous struct {
	manifest *publish.Manifest
	result   *quality.Result // nil: it cannot be read; the run goes on without
	record   RunRecord
}

// previous reads the current version of the job's dataset; nil if there is none.
func (j *job) previous() (*previous, error) {
	latest, err := j.Site.Current(j.data.ID)
	if errors.Is(err, publish.ErrNoVersion) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := j.Site.Manifest(j.data.ID, latest.Version)
	if err != nil {
		return nil, err
	}
	p := &previous{manifest: m}
	if p.record, _, err = j.State.Run(m.Run); err != nil {
		return nil, err
	}
	if p.result, err = ReadQuality(j.Workspace.Root, j.data.ID, latest.Version); err != nil {
		slog.Warn("the quality result of the last version cannot be read", "dataset", j.data.ID, "version", latest.Version, "error", err)
	}
	return p, nil
}

// ReadQuality reads the quality result of a published version.
func ReadQuality(root, dataset string, version int) (*quality.Result, error) {
	name := filepath.Join(publish.VersionFolder(dataset, version), qualityJSON)
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	r, err := quality.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// measure adds what the run itself shows and the bounds of the contract.
func (j *job) measure(in *quality.Input, data parquet.Stats) error {
	last, err := j.previous()
	if err != nil {
		return err
	}
	f := quality.Facts{Plan: j.plan, Rows: in.Rows, Files: j.readBack(data)}
	for _, o := range j.scan.objects {
		f.Headers = append(f.Headers, o.Header)
	}
	if d := j.Workspace.Department(j.plan.Owner); d != nil {
		f.Owner = len(d.Title) > 0
	}
	if last != nil {
		f.Delivery = &quality.Delivery{Last: last.record.Started, Now: j.record.Started, Scheduled: !j.record.ScheduledFor.IsZero(), Fresh: j.fresh(last.manifest)}
	}
	in.Measured = quality.Measure(f)
	q := j.plan.Quality
	if q == nil {
		return nil
	}
	ownBounds(in, q)
	in.Compare = q.Compare
	if q.Compare != nil && last != nil {
		if last.result == nil {
			return fmt.Errorf("%s is compared with its last version, whose quality.json cannot be read; restore it from a backup, see clearwell verify", j.data.ID)
		}
		in.Last = &quality.Last{Version: last.manifest.Version, Result: last.result}
	}
	return nil
}

// ownBounds adds how scores are weighed and what they must reach.
func ownBounds(in *quality.Input, q *rules.QualityBounds) {
	if q.Weights != nil {
		in.Weights = map[string]int64{}
		for _, d := range quality.Dimensions {
			in.Weights[d.Name] = 1
			if w, given := q.Weights[d.Name]; given {
				in.Weights[d.Name] = w
			}
		}
	}
	for _, t := range q.PublishIf {
		in.PublishIf = append(in.PublishIf, quality.Threshold{Of: t.Of, AtLeast: quality.Percent(t.AtLeast)})
	}
}

// fresh says whether a source object is there that the last version was not made of.
func (j *job) fresh(last *publish.Manifest) bool {
	known := map[string]bool{}
	for _, s := range last.Sources {
		known[s.SHA256] = true
	}
	for _, o := range j.scan.objects {
		if !known[o.Archive.SHA256] {
			return true
		}
	}
	return false
}

// readBack opens the staged data with another reader than wrote it: a file that
// does not open, or has other rows or columns, is not accessible.
func (j *job) readBack(data parquet.Stats) quality.Counts {
	c := quality.Counts{Checked: 1}
	if err := j.opensAgain(data); err != nil {
		slog.Error("the staged data cannot be read back", "dataset", j.data.ID, "run", j.record.ID, "error", err)
		c.Failed = 1
	}
	return c
}

func (j *job) opensAgain(data parquet.Stats) (err error) {
	f, err := os.Open(j.staging.Path(publish.PartName(0, 1)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	pf, err := parquetgo.OpenFile(f, data.Bytes)
	if err != nil {
		return err
	}
	if pf.NumRows() != data.Rows || len(pf.Schema().Fields()) != j.schema.NumFields() {
		return fmt.Errorf("%d rows and %d columns were written, %d and %d are read", data.Rows, j.schema.NumFields(), pf.NumRows(), len(pf.Schema().Fields()))
	}
	return nil
}
