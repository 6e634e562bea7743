package jobs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var quiet = slog.New(slog.DiscardHandler)

// serving starts a daemon in the bubble of the test and returns what stops it.
func serving(t *testing.T, c Config) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	c.Log = quiet
	go func() { done <- Serve(ctx, c) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("daemon: %v", err)
		}
	}
}

func fates(t *testing.T, s *Store, job string) map[int64]Occurrence {
	t.Helper()
	list, err := s.Occurrences(job, 1_000_000)
	check(t, err)
	out := map[int64]Occurrence{}
	for _, o := range list {
		out[o.ScheduledFor.Unix()] = o
	}
	return out
}

// A virtual year with outages, against a model that walks through every minute.
func TestAYearWithOutagesRunsEachOccurrenceOnceOrSaysWhyNot(t *testing.T) {
	var jobs []Job
	policies := []CatchUp{CatchUpLast, CatchUpNone, CatchUpAll}
	for z, zone := range threeZones {
		for i, spec := range []string{"30 2 * * *", "15 1,3 * * 1-5", "0 */6 1,15 * *"} {
			policy := policies[(z+i)%len(policies)]
			name := fmt.Sprintf("%s-%d-%s", strings.ReplaceAll(zone, "/", "-"), i, policy)
			jobs = append(jobs, Job{ID: name, Dataset: "of-" + name, Cron: spec, Timezone: zone, CatchUp: policy})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		store, err := OpenStore(context.Background(), filepath.Join(dir, "state.db"))
		check(t, err)
		defer store.Close()
		begin := time.Now()
		runs := map[string]int{}
		var mu sync.Mutex
		config := Config{Store: store, Jobs: jobs, LockPath: filepath.Join(dir, "lock"), Parallel: 3,
			Run: func(_ context.Context, dataset string, at time.Time) error {
				mu.Lock()
				defer mu.Unlock()
				runs[fmt.Sprint(dataset, at.Unix())]++
				return nil
			}}
		var outages [][2]time.Time // from the stop of one daemon to the start of the next
		random := rand.New(rand.NewPCG(1, 2))
		end := begin.AddDate(1, 0, 0)
		if testing.Short() { // to the first change of the clocks in every zone that has one
			end = begin.AddDate(0, 4, 0)
		}
		for time.Now().Before(end) {
			stop := serving(t, config)
			time.Sleep(time.Duration(random.IntN(60*24*60)+1)*time.Minute + 7*time.Second)
			stop()
			from := time.Now()
			time.Sleep(time.Duration(random.IntN(9*24*60))*time.Minute + 11*time.Second)
			outages = append(outages, [2]time.Time{from, time.Now()})
		}
		stop := serving(t, config)
		time.Sleep(5 * time.Minute)
		stop()
		until := time.Now()
		total := map[OccurrenceState]int{}
		for _, j := range jobs {
			loc, err := time.LoadLocation(j.Timezone)
			check(t, err)
			want := model(j.CatchUp, bruteForce(j.Cron, loc, begin, until), outages)
			got := fates(t, store, j.ID)
			for at, state := range want {
				total[state]++
				o, ok := got[at]
				if !ok || o.State != state || (state == OccurrenceSkipped) != (o.Reason != "") {
					t.Errorf("%s at %s: %+v, want %s", j.ID, time.Unix(at, 0).In(loc), o, state)
				}
				n := 0
				if state == OccurrenceDone {
					n = 1
				}
				if runs[fmt.Sprint(j.Dataset, at)] != n {
					t.Errorf("%s at %s ran %d times, want %d", j.ID, time.Unix(at, 0).In(loc), runs[fmt.Sprint(j.Dataset, at)], n)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s: %d occurrences, want %d", j.ID, len(got), len(want))
			}
		}
		if total[OccurrenceDone] < 300 || total[OccurrenceSkipped] < 30 {
			t.Errorf("the year tests too little: %v", total)
		}
	})
}

// model says what must become of each due time when runs take no time.
func model(policy CatchUp, due []time.Time, outages [][2]time.Time) map[int64]OccurrenceState {
	want := map[int64]OccurrenceState{}
	for i, t := range due {
		want[t.Unix()] = OccurrenceDone
		for _, out := range outages {
			if !t.After(out[0]) || t.After(out[1]) {
				continue
			}
			late := out[1].Sub(t) > 2*time.Minute
			last := i == len(due)-1 || due[i+1].After(out[1])
			if late && (policy == CatchUpNone || policy == CatchUpLast && !last) {
				want[t.Unix()] = OccurrenceSkipped
			}
		}
	}
	return want
}

func TestAnOverlapIsSkippedQueuedOrReplaced(t *testing.T) {
	for overlap, want := range map[Overlap]string{
		OverlapSkip:    "done skipped skipped done",
		OverlapQueue:   "done done done done",
		OverlapReplace: "skipped skipped skipped skipped", // each by the next, for ever
	} {
		t.Run(string(overlap), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				store, err := OpenStore(context.Background(), filepath.Join(dir, "state.db"))
				check(t, err)
				defer store.Close()
				begin := time.Now()
				stop := serving(t, Config{Store: store, LockPath: filepath.Join(dir, "lock"), Jobs: []Job{{ID: "j", Dataset: "d", Cron: "@every 10m", Overlap: overlap}},
					Run: func(ctx context.Context, _ string, at time.Time) error {
						select {
						case <-time.After(25 * time.Minute):
							return nil
						case <-ctx.Done():
							return context.Cause(ctx)
						}
					}})
				time.Sleep(45 * time.Minute) // due at 10, 20, 30, 40
				time.Sleep(4 * time.Hour)
				stop()
				got := fates(t, store, "j")
				var states []string
				for i := range 4 {
					states = append(states, string(got[begin.Add(time.Duration(i+1)*10*time.Minute).Unix()].State))
				}
				if strings.Join(states, " ") != want {
					t.Errorf("%v, want %s", states, want)
				}
			})
		})
	}
}

func TestAGracefulStopMakesTheRunDueAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		store, err := OpenStore(context.Background(), filepath.Join(dir, "state.db"))
		check(t, err)
		defer store.Close()
		var started []time.Time
		slow := true
		config := Config{Store: store, LockPath: filepath.Join(dir, "lock"), Jobs: []Job{{ID: "j", Dataset: "d", Cron: "0 1 * * *"}},
			Run: func(ctx context.Context, _ string, at time.Time) error {
				started = append(started, at)
				if !slow {
					return nil
				}
				<-ctx.Done()
				return fmt.Errorf("stopped after archive: %w", ctx.Err())
			}}
		stop := serving(t, config)
		time.Sleep(90 * time.Minute)
		stop()
		slow = false
		stop = serving(t, config)
		time.Sleep(time.Minute)
		stop()
		if len(started) != 2 || !started[0].Equal(started[1]) {
			t.Errorf("started for %v", started)
		}
		for _, o := range fates(t, store, "j") {
			if o.State != OccurrenceDone || o.Starts != 2 {
				t.Errorf("%+v", o)
			}
		}
	})
}

func TestFailuresPanicsPausesAndChangedSchedulesAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		store, err := OpenStore(context.Background(), filepath.Join(dir, "state.db"))
		check(t, err)
		defer store.Close()
		config := Config{Store: store, LockPath: filepath.Join(dir, "lock"), Jobs: []Job{
			{ID: "fails", Dataset: "a", Cron: "0 1 * * *"}, {ID: "panics", Dataset: "b", Cron: "0 1 * * *"}, {ID: "paused", Dataset: "c", Cron: "0 1 * * *", Paused: true}},
			Run: func(_ context.Context, dataset string, _ time.Time) error {
				if dataset == "b" {
					panic("broken invariant")
				}
				return errors.New("inbox is empty")
			}}
		stop := serving(t, config)
		time.Sleep(2 * time.Hour)
		stop()
		list, err := store.Occurrences("", 10)
		check(t, err)
		for i, want := range []string{"failed inbox is empty", "failed fault of the program: broken invariant", "skipped the job is paused"} {
			if got := string(list[i].State) + " " + list[i].Reason; !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s, want %s", list[i].Job, got, want)
			}
		}
		config.Jobs = []Job{{ID: "fails", Dataset: "a", Cron: "0 3 * * *"}} // 03:00 passes while nothing runs
		time.Sleep(3 * time.Hour)
		stop = serving(t, config)
		time.Sleep(time.Hour)
		stop()
		if list, _ := store.Occurrences("", 10); len(list) != 3 {
			t.Errorf("a schedule that did not exist then has a past: %+v", list)
		}
	})
}

func TestWrongJobsAreAllNamedAtOnce(t *testing.T) {
	err := Serve(t.Context(), Config{Jobs: []Job{{ID: "a", Cron: "0 0 31 2 *"}, {ID: "b", Cron: "@daily", CatchUp: "some"}, {ID: "c", Cron: "@daily", Overlap: "wait"}, {ID: "d", Dataset: "x", Cron: "@daily"}, {ID: "d", Dataset: "x", Cron: "@daily"}}})
	for _, want := range []string{"job a: schedule", "job b: catch_up", "job c: overlap", "job d: dataset x is there twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

func TestHealthIsAnsweredOnLoopbackOnly(t *testing.T) {
	dir := t.TempDir()
	config := Config{Store: openStore(t, filepath.Join(dir, "state.db")), LockPath: filepath.Join(dir, "lock"), Log: quiet,
		Jobs: []Job{{ID: "j", Dataset: `d"1`, Cron: "@daily"}}, Run: func(context.Context, string, time.Time) error { return nil }}
	config.Listen = "0.0.0.0:0"
	if err := Serve(t.Context(), config); err == nil || !strings.Contains(err.Error(), "not a loopback address") {
		t.Fatalf("error %v", err)
	}
	config.Listen = "127.0.0.1:0"
	address := make(chan string, 1)
	config.Ready = func(a string) { address <- a }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, config) }()
	base := "http://" + <-address
	get := func(path string) (int, string) {
		r, err := http.Get(base + path)
		check(t, err)
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		check(t, err)
		return r.StatusCode, string(body)
	}
	if status, _ := get("/healthz"); status != 200 {
		t.Errorf("healthz %d", status)
	}
	for status := 0; status != 200; {
		status, _ = get("/readyz")
	}
	if _, text := get("/metrics"); !strings.Contains(text, `clearwell_job_next_due_timestamp_seconds{job="j",dataset="d\"1"} `) {
		t.Error(text)
	}
	second := config
	second.Listen = ""
	if err := Serve(t.Context(), second); !errors.Is(err, ErrAlreadyServing) {
		t.Errorf("second daemon: %v", err)
	}
	cancel()
	check(t, <-done)
}

// TestMain lets the test binary be the daemon that a test kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CLEARWELL_TEST_DAEMON"); dir != "" {
		daemonForTheKill(dir)
		return
	}
	os.Exit(m.Run())
}

func killConfig(dir string, store *Store, run RunFunc) Config {
	return Config{Store: store, LockPath: filepath.Join(dir, "lock"), Log: quiet, Jobs: []Job{{ID: "j", Dataset: "d", Cron: "@every 1m"}}, Run: run,
		// A clock that is a minute ahead at its second reading: the job is due at once.
		Clock: jumpingClock()}
}

func jumpingClock() func() time.Time {
	var mu sync.Mutex
	readings := 0
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		readings++
		return time.Now().Add(min(time.Duration(readings-1), 1) * time.Minute)
	}
}

func daemonForTheKill(dir string) {
	store, err := OpenStore(context.Background(), filepath.Join(dir, "state.db"))
	if err != nil {
		panic(err)
	}
	err = Serve(context.Background(), killConfig(dir, store, func(_ context.Context, dataset string, at time.Time) error {
		if err := store.StartRun(RunRecord{ID: fmt.Sprint("r", time.Now().UnixNano()), Dataset: dataset, Attempt: 1, ScheduledFor: at, Started: time.Now()}); err != nil {
			panic(err)
		}
		fmt.Println(at.Unix())
		select {}
	}))
	panic(err)
}

func TestAKilledDaemonLeavesItsRunDueAgainAndItsLockFree(t *testing.T) {
	dir := t.TempDir()
	var due string
	for range mostStarts {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CLEARWELL_TEST_DAEMON="+dir)
		out, err := cmd.StdoutPipe()
		check(t, err)
		check(t, cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		check(t, err)
		check(t, cmd.Process.Kill())
		_ = cmd.Wait() // killed: always an error
		if due != "" && line != due {
			t.Errorf("resumed for %s, was cut off at %s", line, due)
		}
		due = line
	}
	store := openStore(t, filepath.Join(dir, "state.db"))
	left, err := store.Interrupt(t.Context())
	if err != nil || len(left) != mostStarts {
		t.Errorf("%d runs were left running, %v", len(left), err)
	}
	reopened, err := store.reopen(t.Context(), time.Now())
	if err != nil || len(reopened) != 1 || reopened[0].State != OccurrenceFailed || fmt.Sprint(reopened[0].ScheduledFor.Unix(), "\n") != due {
		t.Errorf("after %d kills: %+v, %v; due %s", mostStarts, reopened, err, due)
	}
}
