package jobs

import (
	"path/filepath"
	"testing"
	"time"

	"clearwell/pipeline/quality"
)

func TestTheTrendOfADatasetIsKeptNewestFirst(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	begin := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	for i, id := range []string{"r1", "r2", "r3"} {
		run := record(id)
		check(t, s.StartRun(run))
		check(t, s.RecordQuality(quality.Point{Run: id, Dataset: "people", At: begin.AddDate(0, 0, i), Status: StatusPublished, Version: i + 1, Delivered: quality.NotEvaluated, Published: quality.Percent(9000 + i), Defects: quality.DefectCounts{Open: int64(i)}}))
	}
	again := quality.Point{Run: "r2", Dataset: "people", At: begin.AddDate(0, 0, 1), Status: StatusRefused, Index: 7, Delivered: 1, Published: quality.NotEvaluated}
	check(t, s.RecordQuality(again)) // a restart records it again
	list, err := s.Quality("people", 2)
	check(t, err)
	if len(list) != 2 || list[0].Run != "r3" || list[0].Published != 9002 || list[0].Delivered != quality.NotEvaluated || list[1].Status != StatusRefused || list[1].Index != 7 {
		t.Errorf("%+v", list)
	}
	if list, err := s.Quality("other", 2); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	if err := s.RecordQuality(quality.Point{Run: "nobody", Dataset: "people"}); err == nil {
		t.Error("a point of no run was recorded")
	}
}
