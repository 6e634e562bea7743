package jobs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// listen answers /healthz (the process lives), /readyz (the daemon plans and its
// state can be read) and /metrics (Prometheus text) on a loopback address. The
// answers name jobs and datasets and hold no data.
func (d *daemon) listen(address string) (bound string, stop func(), err error) {
	if address == "" {
		return "", func() {}, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, fmt.Errorf("listen address %q: %w; write it as 127.0.0.1:8080", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", nil, fmt.Errorf("listen address %q is not a loopback address: the endpoint has no accounts; write 127.0.0.1 and put a proxy before it", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	server := &http.Server{Handler: d.handler(), ReadHeaderTimeout: headerTimeout}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			d.Log.Error("health endpoint ended", "error", err)
		}
	}()
	return listener.Addr().String(), func() {
		if err := server.Close(); err != nil {
			d.Log.Warn("health endpoint", "error", err)
		}
		<-done
	}, nil
}

// headerTimeout keeps a silent client from holding a connection for ever.
const headerTimeout = 5 * time.Second

func (d *daemon) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if !d.isPlanned() {
			answer(w, http.StatusServiceUnavailable, "the first plan is not made yet\n")
			return
		}
		if err := d.Store.ping(r.Context()); err != nil {
			d.Log.Error("state cannot be read", "error", err)
			answer(w, http.StatusServiceUnavailable, "the state cannot be read; see the log\n")
			return
		}
		answer(w, http.StatusOK, "ready\n")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		answer(w, http.StatusOK, d.metrics())
	})
	return mux
}

func answer(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the client has gone: nobody to tell
}

// metrics is the daemon in the Prometheus text format 0.0.4.
func (d *daemon) metrics() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	b.WriteString("# HELP clearwell_runs_running Runs in progress.\n# TYPE clearwell_runs_running gauge\n")
	fmt.Fprintf(&b, "clearwell_runs_running %d\n", len(d.running))
	b.WriteString("# HELP clearwell_occurrences_total Scheduled runs that ended since the daemon started, by how.\n# TYPE clearwell_occurrences_total counter\n")
	for _, state := range []OccurrenceState{OccurrenceDone, OccurrenceFailed, OccurrenceSkipped} {
		fmt.Fprintf(&b, "clearwell_occurrences_total{state=%q} %d\n", state, d.ended[state])
	}
	b.WriteString("# HELP clearwell_job_next_due_timestamp_seconds When a job is due next.\n# TYPE clearwell_job_next_due_timestamp_seconds gauge\n")
	next := slices.Clone(d.next)
	slices.SortFunc(next, func(a, b nextDue) int {
		return strings.Compare(a.Job+"\x00"+a.Dataset, b.Job+"\x00"+b.Dataset)
	})
	for _, n := range next {
		fmt.Fprintf(&b, "clearwell_job_next_due_timestamp_seconds{job=%s,dataset=%s} %d\n", label(n.Job), label(n.Dataset), n.At.Unix())
	}
	return b.String()
}

// label quotes a label value as the text format asks: only \, " and line feed are escaped.
func label(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}

// ping reads something from the state.
func (s *Store) ping(ctx context.Context) error {
	var one int
	return s.db.QueryRowContext(ctx, "SELECT 1 FROM sqlite_master LIMIT 1").Scan(&one)
}
