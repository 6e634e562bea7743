package defects

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func row(kind byte, n int) (r Row) {
	r[0], r[15] = kind, byte(n)
	return r
}

// seen is a list of sightings as Follow wants it.
func seen(list []Sighting) func() (*Sighting, error) {
	var keys [][]byte
	for _, s := range list {
		keys = append(keys, s.Key(nil))
	}
	slices.SortFunc(keys, bytes.Compare)
	return func() (*Sighting, error) {
		if len(keys) == 0 {
			return nil, io.EOF
		}
		s := ParseKey(keys[0])
		keys = keys[1:]
		return &s, nil
	}
}

func delivered(rows []Row) func() (Row, error) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b Row) int { return bytes.Compare(a[:], b[:]) })
	return func() (Row, error) {
		if len(rows) == 0 {
			return Row{}, io.EOF
		}
		r := rows[0]
		rows = rows[1:]
		return r, nil
	}
}

// state is the file after some runs.
type state struct {
	dir string
	n   int
}

func (s *state) path() string { return filepath.Join(s.dir, fmt.Sprintf("%d.parquet", s.n)) }

// follow carries the state over a run and reads it back.
func (s *state) follow(run Run) (Counts, []Defect, error) {
	before := func() (*Defect, error) { return nil, io.EOF }
	if r, err := Open(s.path()); err == nil {
		defer r.Close()
		before = r.Next
	} else if !errors.Is(err, os.ErrNotExist) {
		return Counts{}, nil, err
	}
	s.n++
	f, err := os.Create(s.path())
	if err != nil {
		return Counts{}, nil, err
	}
	w, err := NewWriter(f, "people")
	if err != nil {
		return Counts{}, nil, err
	}
	counts, err := Follow(run, before, w.Add)
	if err != nil {
		return counts, nil, errors.Join(err, f.Close())
	}
	if _, err := w.Close(); err != nil {
		return counts, nil, err
	}
	if err := f.Close(); err != nil {
		return counts, nil, err
	}
	r, err := Open(s.path())
	if err != nil {
		return counts, nil, err
	}
	defer r.Close()
	var all []Defect
	for {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			return counts, all, nil
		}
		if err != nil {
			return counts, all, err
		}
		all = append(all, *d)
	}
}

var begin = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

func newRun(n int, sightings []Sighting, rows []Row, judged map[string]bool) Run {
	return Run{
		ID: fmt.Sprintf("run-%04d", n), Started: begin.AddDate(0, 0, n),
		Judged: func(rule string) (bool, bool) { j, known := judged[rule]; return j, known },
		Source: func(object int) (string, string) {
			return fmt.Sprintf("file-%d.csv", object), fmt.Sprintf("%064d", object)
		},
		Seen:      seen(sightings),
		Delivered: delivered(rows),
	}
}

func TestALifeOfADefect(t *testing.T) {
	keyed, content, bad := row(ByKey, 1), row(ByContent, 2), row(ByBytes, 3)
	at := func(r Row, rule string, line int64) Sighting {
		return Sighting{Row: r, Rule: rule, Object: 1, Number: line - 1, Line: line, Offset: line * 10, Length: 9}
	}
	both := map[string]bool{"a": true, "b": true}
	s := &state{dir: t.TempDir()}
	for n, step := range []struct {
		name   string
		seen   []Sighting
		rows   []Row
		judged map[string]bool
		want   Counts
		states string // of all defects in order: rule, o or why, times
	}{
		{"three rows break rules", []Sighting{at(keyed, "a", 2), at(keyed, "b", 2), at(content, "a", 3), at(bad, "short", 4)}, []Row{keyed}, both, Counts{Open: 4, Opened: 4}, "a o 1, b o 1, a o 1, short o 1"},
		{"nothing is judged", nil, nil, map[string]bool{"a": false, "b": false}, Counts{Open: 3, Closed: 1}, "a o 1, b o 1, a o 1, short changed 1"},
		{"seen again, once fixed", []Sighting{at(keyed, "a", 2), at(content, "a", 3)}, []Row{keyed}, both, Counts{Open: 2, Closed: 1}, "a o 2, b fixed 1, a o 2, short changed 1"},
		{"the row is gone, the other corrected", nil, nil, both, Counts{Closed: 2}, "a gone 2, b fixed 1, a changed 2, short changed 1"},
		{"it comes back twice in a file", []Sighting{at(keyed, "a", 7), at(keyed, "a", 5)}, []Row{keyed}, both, Counts{Open: 1, Reopened: 1}, "a o 3, b fixed 1, a changed 2, short changed 1"},
		{"the rule is taken out", nil, []Row{keyed}, map[string]bool{"b": true}, Counts{Closed: 1}, "a rule_gone 3, b fixed 1, a changed 2, short changed 1"},
	} {
		counts, all, err := s.follow(newRun(n, step.seen, step.rows, step.judged))
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		got := ""
		for i, d := range all {
			why := "o"
			if !d.Open() {
				why = d.Why
			}
			if i > 0 {
				got += ", "
			}
			got += fmt.Sprintf("%s %s %d", d.Rule, why, d.Times)
		}
		if counts != step.want || got != step.states {
			t.Errorf("%s:\ngot  %+v %s\nwant %+v %s", step.name, counts, got, step.want, step.states)
		}
		if n == 4 {
			d := all[0]
			want := Defect{Row: keyed, Rule: "a", Opened: "run-0004", FirstRun: "run-0000", FirstSeen: begin, LastRun: "run-0004", Times: 3, Rows: 2, Reopened: 1,
				Place: Place{"file-1.csv", fmt.Sprintf("%064d", 1), 4, 5, 50, 9}}
			if d != want {
				t.Errorf("reopened:\ngot  %+v\nwant %+v", d, want)
			}
		}
	}
	if _, all, err := s.follow(newRun(500, nil, nil, both)); err != nil || len(all) != 0 {
		t.Errorf("after a year: %v %+v", err, all)
	}
}

// model is the same by hand, over a map.
type model map[string]*Defect

func (m model) follow(run Run, sightings []Sighting, rows []Row) (c Counts) {
	now := map[string][]Sighting{}
	for _, s := range sightings {
		k := string(s.Row[:]) + s.Rule
		now[k] = append(now[k], s)
	}
	for k, d := range m {
		if _, again := now[k]; again {
			continue
		}
		judged, known := run.Judged(d.Rule)
		switch {
		case !d.Open():
			if run.Started.Sub(d.ClosedAt) > closedKept {
				delete(m, k)
			}
			continue
		case run.Refused:
			continue
		case d.Row[0] == ByBytes:
			d.Why = Changed
		case !known:
			d.Why = RuleGone
		case !judged:
			continue
		case d.Row[0] == ByContent:
			d.Why = Changed
		case slices.Contains(rows, d.Row):
			d.Why = Fixed
		default:
			d.Why = Gone
		}
		c.Closed++
		d.Closed, d.ClosedAt = run.ID, run.Started
	}
	for k, list := range now {
		slices.SortFunc(list, func(a, b Sighting) int { return bytes.Compare(a.Key(nil), b.Key(nil)) })
		d := m[k]
		switch {
		case d == nil:
			c.Opened++
			d = &Defect{Row: list[0].Row, Rule: list[0].Rule, Opened: run.ID, FirstRun: run.ID, FirstSeen: run.Started}
			m[k] = d
		case !d.Open():
			c.Reopened++
			d.Reopened++
			d.Opened, d.Closed, d.ClosedAt, d.Why = run.ID, "", time.Time{}, ""
		}
		d.Times++
		d.LastRun, d.Rows = run.ID, int64(len(list))
		name, sha := run.Source(list[0].Object)
		d.Place = Place{name, sha, list[0].Number, list[0].Line, list[0].Offset, list[0].Length}
	}
	for _, d := range m {
		if d.Open() {
			c.Open++
		}
	}
	return c
}

func TestDefectsOverManyRunsAreThoseOfAMap(t *testing.T) {
	dir := t.TempDir()
	times := 0
	rapid.Check(t, func(t *rapid.T) {
		times++
		s := &state{dir: filepath.Join(dir, fmt.Sprint(times))}
		if err := os.Mkdir(s.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		m := model{}
		for n := range rapid.IntRange(1, 8).Draw(t, "runs") {
			var list []Sighting
			var rows []Row
			for range rapid.IntRange(0, 12).Draw(t, "sightings") {
				sight := Sighting{Row: row(byte(rapid.IntRange(1, 3).Draw(t, "kind")), rapid.IntRange(0, 3).Draw(t, "row")), Rule: rapid.SampledFrom([]string{"a", "a.b", "b"}).Draw(t, "rule"),
					Object: rapid.IntRange(0, 2).Draw(t, "object"), Line: int64(rapid.IntRange(2, 99).Draw(t, "line"))}
				list = append(list, sight)
				if sight.Row[0] == ByKey {
					rows = append(rows, sight.Row)
				}
			}
			for range rapid.IntRange(0, 4).Draw(t, "others") {
				rows = append(rows, row(ByKey, rapid.IntRange(0, 3).Draw(t, "other")))
			}
			judged := map[string]bool{}
			for _, rule := range []string{"a", "a.b", "b"} {
				switch rapid.IntRange(0, 5).Draw(t, "judged") {
				case 0: // not in the plan
				case 1:
					judged[rule] = false
				default:
					judged[rule] = true
				}
			}
			day := n * rapid.SampledFrom([]int{1, 150}).Draw(t, "days")
			run := newRun(day, list, rows, judged)
			run.ID = fmt.Sprintf("run-%d", n)
			run.Refused = rapid.IntRange(0, 4).Draw(t, "refused") == 0
			got, all, err := s.follow(run)
			if err != nil {
				t.Fatal(err)
			}
			if want := m.follow(run, list, rows); got != want {
				t.Fatalf("run %d: counts %+v, want %+v", n, got, want)
			}
			want := slices.SortedFunc(maps.Values(m), func(a, b *Defect) int { return a.compare(b.Row, b.Rule) })
			if len(all) != len(want) {
				t.Fatalf("run %d: %d defects, want %d", n, len(all), len(want))
			}
			for i := range all {
				if all[i] != *want[i] {
					t.Fatalf("run %d:\ngot  %+v\nwant %+v", n, all[i], *want[i])
				}
			}
		}
	})
}

func TestADamagedFileSaysWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "defects.parquet")
	if err := os.WriteFile(path, []byte("PAR1 not really"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !bytes.Contains([]byte(err.Error()), []byte("move it away")) {
		t.Errorf("got %v", err)
	}
}

func TestSightingsSortByRowRuleAndPlaceAndAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func() Sighting {
			return Sighting{Row: row(byte(rapid.IntRange(1, 3).Draw(t, "kind")), rapid.IntRange(0, 255).Draw(t, "n")), Rule: rapid.StringMatching(`[A-Za-z0-9_.-]{1,9}`).Draw(t, "rule"),
				Object: rapid.IntRange(0, 1<<20).Draw(t, "object"), Number: rapid.Int64Range(0, 1<<40).Draw(t, "number"), Line: 3, Offset: rapid.Int64Range(0, 1<<40).Draw(t, "offset"), Length: 5}
		}
		a, b := draw(), draw()
		if back := ParseKey(a.Key(nil)); back != a {
			t.Fatalf("%+v became %+v", a, back)
		}
		d := Defect{Row: a.Row, Rule: a.Rule}
		if c := d.compare(b.Row, b.Rule); c != 0 && c != bytes.Compare(a.Key(nil), b.Key(nil)) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}
