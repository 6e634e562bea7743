package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clearwell/durable"
	"clearwell/pipeline/quality"
	"clearwell/rules"
)

// fileState is a State in one JSON file, as strict about the order of calls as the real one.
type fileState struct {
	path string

	mu   sync.Mutex // guards what follows
	Head []byte
	Runs []RunRecord

	Points []quality.Point
	Made   []RunInputs
}

func openState(t testing.TB, root string) *fileState {
	t.Helper()
	s := &fileState{path: filepath.Join(root, StateFile)}
	if err := s.load(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *fileState) load() error {
	raw, err := os.ReadFile(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(filepath.Dir(s.path), 0o700)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, s)
}

// change applies f and makes the result durable.
func (s *fileState) change(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := f(); err != nil {
		return err
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return durable.WriteFile(s.path, raw, 0o600)
}

func (s *fileState) LedgerHead() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Head, nil
}

func (s *fileState) RememberHead(head []byte) error {
	return s.change(func() error { s.Head = head; return nil })
}

func (s *fileState) find(id string) *RunRecord {
	for i := range s.Runs {
		if s.Runs[i].ID == id {
			return &s.Runs[i]
		}
	}
	return nil
}

func (s *fileState) StartRun(run RunRecord) error {
	return s.change(func() error {
		if s.find(run.ID) != nil {
			return fmt.Errorf("run %s exists", run.ID)
		}
		run.Status = StatusRunning
		s.Runs = append(s.Runs, run)
		return nil
	})
}

func (s *fileState) replace(run RunRecord) error {
	r := s.find(run.ID)
	if r == nil || r.Status != StatusRunning && r.Status != StatusInterrupted {
		return fmt.Errorf("run %s is not running", run.ID)
	}
	*r = run
	return nil
}

func (s *fileState) UpdateRun(run RunRecord) error {
	return s.change(func() error { return s.replace(run) })
}

func (s *fileState) FinishRun(run RunRecord, head []byte) error {
	return s.change(func() error {
		if run.Status == StatusRunning || run.Status == "" {
			return fmt.Errorf("run %s cannot end as %q", run.ID, run.Status)
		}
		if head != nil {
			s.Head = head
		}
		return s.replace(run)
	})
}

func (s *fileState) RecordInputs(in RunInputs) error {
	return s.change(func() error { s.Made = append(s.Made, in); return nil })
}

func (s *fileState) Inputs(dataset string, n int) (list []RunInputs, err error) {
	for _, in := range slices.Backward(s.Made) {
		if in.Dataset == dataset && len(list) < n {
			list = append(list, in)
		}
	}
	return list, nil
}

func (s *fileState) NextAttempt(dataset string, due time.Time) (int, error) {
	n := 1
	for _, r := range s.Runs {
		if r.Dataset == dataset && r.ScheduledFor.Equal(due) {
			n++
		}
	}
	return n, nil
}

func (s *fileState) Run(id string) (RunRecord, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.find(id); r != nil {
		return *r, true, nil
	}
	return RunRecord{}, false, nil
}

// people is a contract with everything that decides over rows: a rule on the
// row, one over all rows, duplicates, an order.
const people = `dataset: people
owner: registry
source: {path: "inbox/*.csv"}
fields:
  id: {type: integer, level: L1, required: true}
  code:
    level: L1
    check: {id: code-unique, unique: true}
  person: {level: L2}
  age:
    type: integer
    level: L1
    check: {id: age-range, range: [0, 150]}
  changed: {type: date, level: L1}
dedupe:
  key: [person]
  keep: {latest: changed}
publish:
  audience: internal
  sort_by: [code]
`

const peopleRows = `id,code,person,age,changed
1,c9,anna,31,2024-01-01
2,c8,anna,32,2024-02-01
3,c7,bert,900,2024-01-01
4,c6,carl,41,2024-01-01
5,c6,dora,42,2024-01-01
6,c5,carl,43,2023-01-01
7,"c4,emil,44,2024-01-01
8,c3,,45,2024-01-01
9,c2,,46,2024-01-01
`

// newWorkspace writes a workspace with one contract and one delivery.
func newWorkspace(t testing.TB, contract, rows string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"clearwell.yaml":       "workspace: test\ndepartments:\n  registry: {title: {en: Registry}}\n",
		"datasets/people.yaml": contract,
		"inbox/rows.csv":       rows,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// openRunner opens a workspace for running, makes its ledger where there is
// none, and ends what was interrupted. It does not close.
func openRunner(ctx context.Context, root string, state *fileState) (*Runner, error) {
	ws, err := rules.Load(root)
	if err != nil {
		return nil, err
	}
	if err := durable.Sweep(filepath.Join(root, StateDir)); err != nil { // what a kill left of the state, which in earnest is a database
		return nil, err
	}
	program := Named{Version: "test"}
	if _, err := os.Stat(filepath.Join(root, LedgerDir)); errors.Is(err, os.ErrNotExist) {
		if _, err := Create(ctx, ws, state, program); err != nil {
			return nil, err
		}
	}
	r, err := Open(ctx, ws, state, program)
	if err != nil {
		return nil, err
	}
	if _, _, err := r.Recover(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func runner(t testing.TB, root string) *Runner {
	t.Helper()
	r, err := openRunner(context.Background(), root, openState(t, root))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// runOnce runs the dataset in a workspace that is opened for it.
func runOnce(t testing.TB, root, dataset string, opts Options) *Outcome {
	t.Helper()
	r := runner(t, root)
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	out, err := r.Run(context.Background(), dataset, opts)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// findings verifies the workspace and returns what is broken, and the notes.
func findings(t testing.TB, root string) (broken, notes []string) {
	t.Helper()
	report, err := VerifyWorkspace(context.Background(), root, VerifyOptions{State: openState(t, root)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		broken = append(broken, f.String())
	}
	if report.OK != (len(broken) == 0) {
		t.Errorf("OK is %v with %d findings", report.OK, len(broken))
	}
	return broken, report.Notes
}

func mustBeWhole(t testing.TB, root string) {
	t.Helper()
	if broken, _ := findings(t, root); len(broken) > 0 {
		t.Errorf("broken:\n  %s", strings.Join(broken, "\n  "))
	}
}

func (*fileState) RecordStages(string, []StageTime) error { return nil }

func (s *fileState) RecordQuality(p quality.Point) error {
	return s.change(func() error {
		s.Points = slices.DeleteFunc(s.Points, func(o quality.Point) bool { return o.Run == p.Run })
		s.Points = append(s.Points, p)
		return nil
	})
}

func (s *fileState) Quality(dataset string, limit int) (list []quality.Point, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range slices.Backward(s.Points) {
		if p.Dataset == dataset && len(list) < limit {
			list = append(list, p)
		}
	}
	return list, nil
}
