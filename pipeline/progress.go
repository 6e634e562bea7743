package pipeline

import (
	"sync/atomic"
	"time"
)

// Progress is how far a run has come.
type Progress struct {
	Dataset   string
	Stage     string // archive, check, publish, record
	Bytes     int64  // of the source, read in this stage
	Total     int64  // bytes of the source; 0 while not known
	Rows      int64  // records decoded
	Published int64  // rows written in the publish stage
	ToPublish int64
	Elapsed   time.Duration
}

// meter holds the counters that workers move and a progress display reads.
type meter struct {
	dataset                                        string
	stage                                          atomic.Pointer[string]
	bytes, total, rows, published, toPublish, wait atomic.Int64
	entered                                        time.Time // the stage; only the run itself reads and writes it
	started                                        time.Time
}

// enter begins a stage and tells what the one before took.
func (m *meter) enter(stage string) (before StageTime, ok bool) {
	now := time.Now()
	if s := m.stage.Load(); s != nil {
		before = StageTime{Stage: *s, Wall: now.Sub(m.entered), Wait: time.Duration(m.wait.Swap(0)), Bytes: m.bytes.Load()}
		switch *s {
		case "check":
			before.Rows = m.rows.Load()
		case "publish":
			before.Rows = m.published.Load()
		}
		ok = true
	}
	m.stage.Store(&stage)
	m.bytes.Store(0)
	m.entered = now
	return before, ok
}

// waited adds the time since begin to what workers of this stage waited.
func (m *meter) waited(begin time.Time) { m.wait.Add(int64(time.Since(begin))) }

func (m *meter) progress() Progress {
	p := Progress{Dataset: m.dataset, Bytes: m.bytes.Load(), Total: m.total.Load(), Rows: m.rows.Load(),
		Published: m.published.Load(), ToPublish: m.toPublish.Load(), Elapsed: time.Since(m.started)}
	if s := m.stage.Load(); s != nil {
		p.Stage = *s
	}
	return p
}
