package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clearwell/durable"
	"clearwell/pipeline/quality"
)

// pointName is the file of a run's working folder that holds its QualityPoint
// until the run is over, so that a restart can record it too.
const pointName = "trend.json"

// keepPoint writes down what the run adds to the trend of its dataset.
func (j *job) keepPoint(r *quality.Result) error {
	d := j.outcome.Defects
	p := quality.Point{
		Run: j.record.ID, Dataset: j.data.ID, At: j.record.Started, Rows: r.Rows.Published, Read: r.Rows.Read,
		Delivered: r.Delivered.Total, Published: r.Published.Total, Coverage: r.Coverage.Share,
		Defects: quality.DefectCounts{Open: d.Open, Opened: d.Opened, Reopened: d.Reopened, Closed: d.Closed},
	}
	for _, dim := range quality.Dimensions {
		p.Dimensions = append(p.Dimensions, quality.PointDimension{Dimension: dim.Name, Delivered: r.Delivered.Dimension(dim.Name), Published: r.Published.Dimension(dim.Name)})
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(j.dir, pointName), data, 0o600)
}

// recordPoint adds an ended run to the trend of its dataset; a run that ended
// before it was assessed adds nothing. Doing it again changes nothing.
func (r *Runner) recordPoint(j journal, record RunRecord, index uint64) error {
	data, err := os.ReadFile(filepath.Join(r.workDir(j.Run), pointName))
	if errors.Is(err, os.ErrNotExist) || record.Status != StatusPublished && record.Status != StatusRefused {
		return nil
	}
	if err != nil {
		return err
	}
	var p quality.Point
	if err := json.Unmarshal(data, &p); err != nil {
		return fmt.Errorf("%s of run %s is damaged: %w", pointName, j.Run, err)
	}
	p.Status, p.Version, p.Index = record.Status, int(record.Version), index
	return r.State.RecordQuality(p)
}
