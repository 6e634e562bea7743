package jobs

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"clearwell/pipeline"
)

func openStore(t testing.TB, path string) *Store {
	t.Helper()
	s, err := OpenStore(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func record(id string) RunRecord {
	return RunRecord{ID: id, Dataset: "residents", Attempt: 1, ScheduledFor: noon.Add(-time.Minute), Started: noon, Status: StatusRunning, Stage: "archive", Score: -1, Program: "1.0"}
}

func TestARunIsRememberedFromStartToEndTogetherWithTheHead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a %20 #b?.db")
	s := openStore(t, path)
	run := record("r1")
	check(t, s.StartRun(run))
	if err := s.StartRun(run); !errors.Is(err, ErrRunExists) {
		t.Errorf("second start: %v", err)
	}
	run.Stage, run.Rows.Read = "publish", 100
	check(t, s.UpdateRun(run))
	run.Finished, run.Status, run.Version, run.Score = noon.Add(time.Second), StatusPublished, 12, 9876
	run.Rows = RunRows{Read: 100, Published: 90, Quarantined: 5, Duplicates: 3, Suppressed: 1, Excluded: 1}
	check(t, s.FinishRun(run, []byte("head 1")))
	check(t, s.Close())

	s = openStore(t, path)
	got, found, err := s.Run("r1")
	if err != nil || !found || !reflect.DeepEqual(got, run) {
		t.Errorf("got %+v, %v, %v; want %+v", got, found, err, run)
	}
	if head, err := s.LedgerHead(); err != nil || string(head) != "head 1" {
		t.Errorf("head %q, %v", head, err)
	}
	if n, err := s.NextAttempt("residents", run.ScheduledFor); err != nil || n != 2 {
		t.Errorf("next attempt %d, %v", n, err)
	}
	if n, err := s.NextAttempt("residents", time.Time{}); err != nil || n != 1 {
		t.Errorf("next attempt by hand %d, %v", n, err)
	}
}

func TestWhenTheRunCannotBeFinishedTheHeadDoesNotMove(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	if head, err := s.LedgerHead(); head != nil || err != nil {
		t.Errorf("head of a new state: %q, %v", head, err)
	}
	check(t, s.RememberHead([]byte("old")))
	run := record("unknown")
	run.Status = StatusPublished
	if err := s.FinishRun(run, []byte("new")); !errors.Is(err, ErrNoRun) {
		t.Errorf("finish of an unknown run: %v", err)
	}
	run.Status = StatusRunning
	if err := s.FinishRun(run, []byte("new")); err == nil {
		t.Error("a running run was finished")
	}
	if head, _ := s.LedgerHead(); string(head) != "old" {
		t.Errorf("head moved to %q", head)
	}
	check(t, s.StartRun(record("r1")))
	run = record("r1")
	run.Status = StatusFailed
	check(t, s.FinishRun(run, nil))
	if err := s.FinishRun(run, []byte("again")); !errors.Is(err, ErrNoRun) {
		t.Errorf("finished twice: %v", err)
	}
	if head, _ := s.LedgerHead(); string(head) != "old" {
		t.Errorf("head moved to %q", head)
	}
}

func TestRunsLeftRunningAreFoundOnceAndCanStillBeFinished(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	run := record("r1")
	run.Attempt = 3
	check(t, s.StartRun(run))
	left, err := s.Interrupt(t.Context())
	if err != nil || len(left) != 1 || left[0].Attempt != 3 || left[0].Status != StatusInterrupted {
		t.Fatalf("%+v, %v", left, err)
	}
	if again, err := s.Interrupt(t.Context()); err != nil || len(again) != 0 {
		t.Errorf("found again: %+v, %v", again, err)
	}
	run.Status = StatusPublished
	check(t, s.FinishRun(run, []byte("head")))
	if last, _, err := s.LastRun("residents"); err != nil || last.Status != StatusPublished {
		t.Errorf("%+v, %v", last, err)
	}
}

func TestValuesSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	check(t, s.Set("k", []byte{0, 1}))
	check(t, s.Set("k", []byte{2}))
	check(t, s.Set("empty", nil))
	check(t, s.Close())
	s = openStore(t, path)
	if v, ok, err := s.Get("k"); err != nil || !ok || !bytes.Equal(v, []byte{2}) {
		t.Errorf("%v %v %v", v, ok, err)
	}
	if v, ok, err := s.Get("empty"); err != nil || !ok || len(v) != 0 {
		t.Errorf("%v %v %v", v, ok, err)
	}
	if _, ok, err := s.Get("other"); ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
}

func TestTheStateIsKeptAsItShouldBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "15000", "user_version": fmt.Sprint(len(migrations))} {
		var got string
		check(t, s.db.QueryRow("PRAGMA "+pragma).Scan(&got))
		if got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
	other := openStore(t, path) // a second process would do the same
	check(t, other.Set("a", []byte("b")))
	if v, _, _ := s.Get("a"); string(v) != "b" {
		t.Errorf("the other connection's value is %q", v)
	}
}

func TestAStateOfANewerProgramIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	_, err := s.db.Exec("PRAGMA user_version = 99")
	check(t, err)
	check(t, s.Close())
	if _, err := OpenStore(t.Context(), path); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("error %v", err)
	}
	db, err := sql.Open("sqlite", path)
	check(t, err)
	defer db.Close()
	var version int
	check(t, db.QueryRow("PRAGMA user_version").Scan(&version))
	if version != 99 {
		t.Errorf("version is now %d", version)
	}
}

func TestAMissingFolderIsNotMade(t *testing.T) {
	if _, err := OpenStore(t.Context(), filepath.Join(t.TempDir(), "none", "state.db")); err == nil {
		t.Error("opened")
	}
}

func TestStatusTellsLastRunNextDueAndWhatWasSkipped(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	run := record("r1")
	check(t, s.StartRun(run))
	run.Status, run.Score, run.Version = StatusPublished, 9000, 1
	check(t, s.FinishRun(run, nil))
	run = record("r2")
	run.Started = noon.Add(time.Hour)
	check(t, s.StartRun(run))
	run.Status, run.Error = StatusFailed, "no such file"
	check(t, s.FinishRun(run, nil))
	jobs := []Job{
		{ID: "yearly", Dataset: "residents", Cron: "@yearly"}, {ID: "daily", Dataset: "residents", Cron: "0 6 * * *", Timezone: "Asia/Shanghai"},
		{ID: "off", Dataset: "weather", Cron: "@hourly", Paused: true},
	}
	list, err := s.Status(t.Context(), jobs, []string{"strikes", "residents"}, noon)
	check(t, err)
	if len(list) != 3 || list[0].Dataset != "strikes" || list[0].Last != nil || !list[0].NextDue.IsZero() {
		t.Fatalf("%+v", list)
	}
	r := list[1]
	if r.Last.ID != "r2" || r.Published.ID != "r1" || r.NextJob != "daily" || r.NextDue.Format(time.RFC3339) != "2026-03-02T06:00:00+08:00" {
		t.Errorf("%+v", r)
	}
	if list[2].Dataset != "weather" || !list[2].NextDue.IsZero() {
		t.Errorf("%+v", list[2])
	}
}

func TestStagesOfARunAreKeptInOrder(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	check(t, s.StartRun(RunRecord{ID: "r1", Dataset: "d", Attempt: 1, Started: time.Now(), Status: StatusRunning}))
	want := []pipeline.StageTime{{Stage: "archive", Wall: time.Second, Bytes: 7}, {Stage: "check", Wall: 2 * time.Second, Wait: time.Millisecond, Rows: 5, Bytes: 7}}
	check(t, s.RecordStages("r1", want))
	check(t, s.RecordStages("r1", want)) // a run ended twice remembers them once
	got, err := s.Stages("r1")
	check(t, err)
	if !slices.Equal(got, want) {
		t.Errorf("stages %v, want %v", got, want)
	}
	if err := s.RecordStages("nobody", want); err == nil {
		t.Error("stages of a run that never began were taken")
	}
}
