package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Facts are what a suite says of itself beside its runs.
type Facts struct {
	Command string             `json:"command"`
	Machine string             `json:"machine"`
	Peers   string             `json:"peers"`
	Equal   string             `json:"equal"` // yes | no | not compared
	Rows    int64              `json:"rows"`
	Bytes   int64              `json:"bytes"`
	Seconds map[string]float64 `json:"seconds"` // stages of clearwell's last run
	Fsyncs  int64              `json:"fsyncs,omitempty"`
	Waited  float64            `json:"fsync_seconds,omitempty"`
}

// suite is one table of the page.
type suite struct {
	name, title string
	facts       Facts
	costs       []cost
}

// suites in the order of the page, by the name under which bench/all.sh keeps them.
var suites = []suite{
	{name: "reference-1m", title: "The reference job, 1 million rows"},
	{name: "reference-5m", title: "The reference job, 5 million rows"},
	{name: "reference-50m", title: "The reference job, 50 million rows, within 1 GiB"},
	{name: "small", title: "A small job: 1,000 rows"},
	{name: "wide", title: "Wide and short: 200 columns"},
	{name: "files", title: "Many small files"},
}

const (
	beginMark = "<!-- bench/all.sh writes what follows -->"
	endMark   = "<!-- end of what bench/all.sh writes -->"
)

// results is everything that was kept in a folder.
type results struct {
	suites map[string]suite
	order  []string
	roof   *roof
	used   map[string]float64
	cells  *cellCosts // nil: not measured
}

func loadResults(dir string) (*results, error) {
	r := &results{suites: map[string]suite{}}
	for _, s := range suites {
		runs, err := readRuns(filepath.Join(dir, s.name+".runs.jsonl"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := readJSON(filepath.Join(dir, s.name+".facts.json"), &s.facts); err != nil {
			return nil, err
		}
		s.costs = costs(runs)
		r.suites[s.name] = s
		r.order = append(r.order, s.name)
	}
	if err := r.loadCells(dir); err != nil {
		return nil, err
	}
	if len(r.order) == 0 && r.cells == nil {
		return nil, fmt.Errorf("%s holds no results; run bench/all.sh", dir)
	}
	var top roof
	err := readJSON(filepath.Join(dir, "roofline.json"), &top)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	traces, err := os.Open(filepath.Join(dir, "traces.txt"))
	if err != nil {
		return nil, err
	}
	defer traces.Close()
	r.roof = &top
	r.used, err = stageSeconds(traces)
	return r, err
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// find gives a program's line of a suite, nil if it was not measured.
func (r *results) find(suite, label string) *cost {
	s := r.suites[suite]
	for i := range s.costs {
		if s.costs[i].label == label {
			return &s.costs[i]
		}
	}
	return nil
}

// Page is the generated part of docs/benchmarks.md.
func (r *results) Page() string {
	var b strings.Builder
	if len(r.order) > 0 {
		first := r.suites[r.order[0]].facts
		fmt.Fprintf(&b, "Measured on: %s\n\nPeers: %s\n\n", strings.TrimPrefix(first.Machine, "machine: "), first.Peers)
	}
	b.WriteString("## Targets\n\n" + r.targets())
	for _, name := range r.order {
		s := r.suites[name]
		fmt.Fprintf(&b, "\n## %s\n\n    %s\n\n%d rows, %d bytes. Results equal: %s.\n\n%s", s.title, s.facts.Command, s.facts.Rows, s.facts.Bytes, s.facts.Equal, s.table())
		if p := fastest(s.costs); p != nil {
			if own := r.find(name, "clearwell"); own != nil {
				fmt.Fprintf(&b, "\nThe fastest peer is %s: clearwell takes %s of its wall time and %s of its CPU time.\n", p.label,
					ratio(own.wall, p, wallOf), ratio(own.cpu, p, cpuOf))
			}
		}
		if text := s.stages(); text != "" {
			fmt.Fprintf(&b, "\nStages of clearwell's last run: %s.\n", text)
		}
		if s.facts.Fsyncs > 0 {
			fmt.Fprintf(&b, "\nThe last run asked for %d fsyncs, which took %.0f ms together (under strace).\n", s.facts.Fsyncs, 1000*s.facts.Waited)
		}
	}
	if r.cells != nil {
		b.WriteString("\n" + r.cells.section())
	}
	if r.roof != nil {
		fmt.Fprintf(&b, "\n## Roofline of the reference job\n\n%s\nAn fsync of a small file takes %.1f ms here (median).\n", rooflineTable(*r.roof, r.used), 1000*r.roof.FsyncSeconds)
	}
	return b.String()
}

func (s suite) table() string {
	var b strings.Builder
	b.WriteString("| program | runs | wall s | CPU s | peak MiB | rows/s | MB/s |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	decimals := 2
	if s.name == "small" {
		decimals = 3
	}
	for _, c := range s.costs {
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %.0f | %.1f |\n", c.label, c.runs, c.wall.text(decimals), c.cpu.text(decimals), c.peak.text(0),
			float64(s.facts.Rows)/c.wall.median, float64(s.facts.Bytes)/1e6/c.wall.median)
	}
	return b.String()
}

func (s suite) stages() string {
	var parts []string
	for _, name := range []string{"archive", "check", "publish", "record"} {
		if t, ok := s.facts.Seconds[name]; ok {
			parts = append(parts, fmt.Sprintf("%s %.3f s", name, t))
		}
	}
	return strings.Join(parts, ", ")
}

// writePage puts the generated part between its marks and leaves what people wrote.
func writePage(path, generated string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(data)
	begin, end := strings.Index(text, beginMark), strings.Index(text, endMark)
	if begin < 0 || end < begin {
		return fmt.Errorf("%s: the marks %q and %q do not stand there in this order", path, beginMark, endMark)
	}
	return os.WriteFile(path, []byte(text[:begin+len(beginMark)]+"\n\n"+strings.TrimSpace(generated)+"\n\n"+text[end:]), 0o644)
}

// fastest is the peer with the least wall time: neither ourselves nor the floor, which does not do the job.
func fastest(all []cost) *cost {
	var best *cost
	for i, c := range all {
		if strings.HasPrefix(c.label, "clearwell") || c.label == "floor" {
			continue
		}
		if best == nil || c.wall.median < best.wall.median {
			best = &all[i]
		}
	}
	return best
}

func wallOf(c *cost) spread { return c.wall }
func cpuOf(c *cost) spread  { return c.cpu }

// limiting names the stage that takes most of a run.
func (s suite) limiting() string {
	var total float64
	names := []string{}
	for n, t := range s.facts.Seconds {
		total += t
		names = append(names, n)
	}
	if total == 0 {
		return ""
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.facts.Seconds[b], s.facts.Seconds[a]), cmp.Compare(a, b))
	})
	return fmt.Sprintf("%s takes %.0f %% of the run", names[0], 100*s.facts.Seconds[names[0]]/total)
}
