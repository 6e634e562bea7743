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
	dataset                                  string
	stage                                    atomic.Pointer[string]
	bytes, total, rows, published, toPublish atomic.Int64
	started                                  time.Time
}

func (m *meter) enter(stage string) {
	m.stage.Store(&stage)
	m.bytes.Store(0)
}

func (m *meter) progress() Progress {
	p := Progress{Dataset: m.dataset, Bytes: m.bytes.Load(), Total: m.total.Load(), Rows: m.rows.Load(),
		Published: m.published.Load(), ToPublish: m.toPublish.Load(), Elapsed: time.Since(m.started)}
	if s := m.stage.Load(); s != nil {
		p.Stage = *s
	}
	return p
}
