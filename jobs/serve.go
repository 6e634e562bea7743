package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// RunFunc runs a dataset for one due time. It returns nil when a version was
// published or there was nothing to do. When the context is cancelled it
// comes to a safe end as soon as it can and returns an error that wraps the
// context's; the run is then due again.
type RunFunc func(ctx context.Context, dataset string, scheduledFor time.Time) error

// Config is what Serve needs.
type Config struct {
	Store    *Store
	Jobs     []Job
	Run      RunFunc
	LockPath string           // file that keeps a second daemon away; its folder must be there
	Listen   string           // loopback address for /healthz, /readyz and /metrics; empty: none
	Parallel int              // runs at the same time, of different datasets; 0 means 1
	Clock    func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: slog.Default()

	// Idle is called when the last run has ended, and once at the start, to do what can wait until nothing
	// runs. Its context is cancelled when a run starts; it is then called again later. May be nil.
	Idle func(ctx context.Context) error

	// Ready is called once the daemon plans, with the address that it listens on
	// ("" for none). May be nil.
	Ready func(address string)
}

// longestSleep bounds how late the daemon sees that the wall clock was set or
// the machine was asleep: timers follow neither.
const longestSleep = time.Minute

// ErrReplaced is the cause of the cancelled context of a run whose job has
// overlap: replace.
var ErrReplaced = errors.New("replaced by a later occurrence of its job")

// Serve runs jobs when they are due until the context is cancelled; it then
// cancels what is running, waits for it, and returns nil. Other errors: a
// schedule that is wrong, another daemon (ErrAlreadyServing), or a state that
// cannot be written, which ends the daemon rather than let it run unrecorded.
func Serve(ctx context.Context, c Config) (err error) {
	d, err := newDaemon(c)
	if err != nil {
		return err
	}
	unlock, err := lockFile(c.LockPath)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	address, stopHealth, err := d.listen(c.Listen)
	if err != nil {
		return err
	}
	defer stopHealth()
	if err := d.recover(ctx); err != nil {
		return err
	}
	if c.Ready != nil {
		c.Ready(address)
	}
	return d.loop(ctx)
}

// daemon is a serving process. Its loop goroutine owns jobs and stale, and is the
// only one that writes what mu guards; the health endpoint reads it.
type daemon struct {
	Config
	jobs    []*plannedJob
	results chan result // runs that ended; has room for all that can run
	stale   bool        // something may have become startable since the last dispatch
	idle    idleWork

	mu      sync.Mutex
	running map[jobKey]*activeRun
	next    []nextDue
	ended   map[OccurrenceState]int64 // since the start of the daemon
	planned bool                      // the first plan is made
}

// activeRun is a run that was started and has not ended.
type activeRun struct {
	Occurrence
	cancel context.CancelCauseFunc
}

type nextDue struct {
	Job, Dataset string
	At           time.Time
}

type result struct {
	Occurrence
	err error
	ctx context.Context
}

func newDaemon(c Config) (*daemon, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Parallel = max(1, c.Parallel)
	d := &daemon{Config: c, idle: idleWork{wanted: c.Idle != nil}, results: make(chan result, c.Parallel), stale: true, running: map[jobKey]*activeRun{}, ended: map[OccurrenceState]int64{}}
	var errs []error
	seen := map[jobKey]bool{}
	for i, j := range c.Jobs {
		p, err := j.plan(i)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if seen[p.key()] {
			errs = append(errs, fmt.Errorf("job %s: dataset %s is there twice", j.ID, j.Dataset))
		}
		seen[p.key()] = true
		d.jobs = append(d.jobs, p)
	}
	return d, errors.Join(errs...)
}

// plan checks a job and fills in its defaults.
func (j Job) plan(order int) (*plannedJob, error) {
	schedule, err := ParseSchedule(j.Cron, j.Timezone)
	if err != nil {
		return nil, fmt.Errorf("job %s: %w", j.ID, err)
	}
	j.CatchUp, j.Overlap = cmp.Or(j.CatchUp, CatchUpLast), cmp.Or(j.Overlap, OverlapSkip)
	if !slices.Contains([]CatchUp{CatchUpLast, CatchUpNone, CatchUpAll}, j.CatchUp) {
		return nil, fmt.Errorf("job %s: catch_up %q is not one of last, none, all", j.ID, j.CatchUp)
	}
	if !slices.Contains([]Overlap{OverlapSkip, OverlapQueue, OverlapReplace}, j.Overlap) {
		return nil, fmt.Errorf("job %s: overlap %q is not one of skip, queue, replace", j.ID, j.Overlap)
	}
	return &plannedJob{Job: j, schedule: schedule, order: order}, nil
}

// recover takes up what the last daemon left.
func (d *daemon) recover(ctx context.Context) error {
	now := d.Clock()
	reopened, err := d.Store.reopen(ctx, now)
	if err != nil {
		return fmt.Errorf("occurrences left running: %w", err)
	}
	for _, o := range reopened {
		d.Log.Warn("a run was cut off", "job", o.Job, "dataset", o.Dataset, "scheduled_for", o.ScheduledFor, "starts", o.Starts, "now", o.State)
	}
	if err := d.Store.loadPlans(ctx, d.jobs, now); err != nil {
		return fmt.Errorf("plans of jobs: %w", err)
	}
	return nil
}

// loop plans, dispatches and waits.
func (d *daemon) loop(ctx context.Context) error {
	defer d.cancelAll(context.Canceled)
	defer d.idle.stop()
	for {
		if err := d.tick(ctx); err != nil {
			if ctx.Err() != nil {
				return d.stop()
			}
			return errors.Join(err, d.stop())
		}
		if len(d.running) == 0 {
			d.idle.begin(ctx, d.Idle, d.Log)
		}
		timer := time.NewTimer(d.sleep())
		select {
		case <-ctx.Done():
			timer.Stop()
			return d.stop()
		case r := <-d.results:
			timer.Stop()
			if err := d.finish(r); err != nil {
				return errors.Join(err, d.stop())
			}
		case <-timer.C:
		}
	}
}

// tick records what has become due and starts what can start.
func (d *daemon) tick(ctx context.Context) error {
	now := d.Clock()
	if slices.ContainsFunc(d.jobs, func(j *plannedJob) bool { return !j.next.IsZero() && !j.next.After(now) }) {
		replace, err := d.Store.plan(ctx, d.jobs, now)
		if err != nil {
			return fmt.Errorf("record what is due: %w", err)
		}
		for _, key := range replace {
			if run := d.running[key]; run != nil {
				run.cancel(ErrReplaced)
			}
		}
		d.stale = true
	}
	if !d.stale {
		return nil
	}
	d.stale = false
	if err := d.dispatch(ctx, now); err != nil {
		return err
	}
	d.publishNext()
	return nil
}

// dispatch starts waiting occurrences, oldest first, one per dataset, as many as
// may run at a time.
func (d *daemon) dispatch(ctx context.Context, now time.Time) error {
	if len(d.running) >= d.Parallel {
		return nil
	}
	open, err := openOccurrences(d.Store.db)
	if err != nil {
		return fmt.Errorf("read what is due: %w", err)
	}
	order := map[jobKey]int{}
	for _, j := range d.jobs {
		order[j.key()] = j.order
	}
	slices.SortStableFunc(open, func(a, b Occurrence) int {
		return cmp.Or(a.ScheduledFor.Compare(b.ScheduledFor), order[a.key()]-order[b.key()])
	})
	busy := map[string]bool{}
	for key := range d.running {
		busy[key.dataset] = true
	}
	for _, o := range open {
		if o.State != OccurrenceDue || busy[o.Dataset] || len(d.running) >= d.Parallel {
			continue
		}
		busy[o.Dataset] = true
		if err := d.Store.begin(ctx, o, now); err != nil {
			return fmt.Errorf("start job %s, dataset %s: %w", o.Job, o.Dataset, err)
		}
		o.State, o.Starts = OccurrenceRunning, o.Starts+1
		d.start(ctx, o)
	}
	return nil
}

func (d *daemon) start(ctx context.Context, o Occurrence) {
	d.idle.stop()
	d.idle.wanted = d.Idle != nil
	runCtx, cancel := context.WithCancelCause(ctx)
	d.mu.Lock()
	d.running[o.key()] = &activeRun{o, cancel}
	d.mu.Unlock()
	d.Log.Info("run starts", "job", o.Job, "dataset", o.Dataset, "scheduled_for", o.ScheduledFor)
	go func() {
		err := d.runSafely(runCtx, o)
		d.results <- result{o, err, runCtx}
	}()
}

// runSafely turns a panic of a run into its failure: the daemon has other jobs.
func (d *daemon) runSafely(ctx context.Context, o Occurrence) (err error) {
	defer func() {
		if p := recover(); p != nil {
			d.Log.Error("run panicked", "job", o.Job, "dataset", o.Dataset, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("fault of the program: %v; the log has the stack", p)
		}
	}()
	return d.Run(ctx, o.Dataset, o.ScheduledFor)
}

// finish records how a run ended. It must be recorded even while the daemon
// stops, hence no context.
func (d *daemon) finish(r result) error {
	d.mu.Lock()
	if run := d.running[r.key()]; run != nil {
		run.cancel(nil)
	}
	delete(d.running, r.key())
	d.mu.Unlock()
	d.stale = true

	state, reason := outcome(r)
	switch state {
	case OccurrenceDone:
		d.Log.Info("run ended", "job", r.Job, "dataset", r.Dataset, "scheduled_for", r.ScheduledFor)
	case OccurrenceFailed:
		d.Log.Error("run failed", "job", r.Job, "dataset", r.Dataset, "scheduled_for", r.ScheduledFor, "error", r.err)
	default:
		d.Log.Warn("run stopped", "job", r.Job, "dataset", r.Dataset, "scheduled_for", r.ScheduledFor, "reason", reason)
	}
	d.mu.Lock()
	d.ended[state]++
	d.mu.Unlock()
	if err := d.Store.settle(context.Background(), r.Occurrence, state, reason, d.Clock()); err != nil {
		return fmt.Errorf("record the end of job %s, dataset %s: %w", r.Job, r.Dataset, err)
	}
	return nil
}

// outcome is what a run's end means for its occurrence. The cause is that of
// the run's own context before finish cancels it.
func outcome(r result) (OccurrenceState, string) {
	switch {
	case r.err == nil:
		return OccurrenceDone, ""
	case errors.Is(context.Cause(r.ctx), ErrReplaced):
		return OccurrenceSkipped, ErrReplaced.Error()
	case errors.Is(r.err, context.Canceled):
		return OccurrenceDue, "the daemon was stopped"
	}
	return OccurrenceFailed, r.err.Error()
}

// stop cancels what is running and waits until it has ended.
func (d *daemon) stop() error {
	d.cancelAll(context.Canceled)
	var errs []error
	for len(d.running) > 0 {
		errs = append(errs, d.finish(<-d.results))
	}
	return errors.Join(errs...)
}

func (d *daemon) cancelAll(cause error) {
	for _, run := range d.running {
		run.cancel(cause)
	}
}

// sleep is how long nothing can become due.
func (d *daemon) sleep() time.Duration {
	now := d.Clock()
	wait := longestSleep
	for _, j := range d.jobs {
		if !j.next.IsZero() {
			wait = min(wait, j.next.Sub(now))
		}
	}
	return max(wait, 0)
}

func (d *daemon) isPlanned() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.planned
}

// publishNext shows the health endpoint what is next.
func (d *daemon) publishNext() {
	next := make([]nextDue, 0, len(d.jobs))
	for _, j := range d.jobs {
		if !j.next.IsZero() && !j.Paused {
			next = append(next, nextDue{j.ID, j.Dataset, j.next})
		}
	}
	d.mu.Lock()
	d.next, d.planned = next, true
	d.mu.Unlock()
}
