package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// spread is a median with its extremes.
type spread struct{ median, low, high float64 }

// spreadOf takes the median of an even number of values as the mean of the two in the middle.
func spreadOf(values []float64) spread {
	v := slices.Clone(values)
	slices.Sort(v)
	n := len(v)
	return spread{median: (v[(n-1)/2] + v[n/2]) / 2, low: v[0], high: v[n-1]}
}

func (s spread) text(decimals int) string {
	return fmt.Sprintf("%.*f (%.*f–%.*f)", decimals, s.median, decimals, s.low, decimals, s.high)
}

// cost is one program's line of the table.
type cost struct {
	label           string
	runs            int
	wall, cpu, peak spread
}

// costs groups the runs by label, in order of first appearance.
func costs(runs []Run) []cost {
	var order []string
	by := map[string][]Run{}
	for _, r := range runs {
		if by[r.Label] == nil {
			order = append(order, r.Label)
		}
		by[r.Label] = append(by[r.Label], r)
	}
	var out []cost
	for _, label := range order {
		group := by[label]
		pick := func(f func(Run) float64) spread {
			var v []float64
			for _, r := range group {
				v = append(v, f(r))
			}
			return spreadOf(v)
		}
		out = append(out, cost{
			label: label, runs: len(group),
			wall: pick(func(r Run) float64 { return r.WallSeconds }),
			cpu:  pick(func(r Run) float64 { return r.CPUSeconds }),
			peak: pick(func(r Run) float64 { return mib(r.PeakBytes) }),
		})
	}
	return out
}

// Report prints the table of medians with minimum and maximum, the ratio to the
// fastest peer, and as its last line the ratio of one program to another: below 1 means that it took less.
// Without runs of the other program the ratios are "-".
func Report(runs []Run, of, to string, rows, bytes int64) string {
	var b strings.Builder
	all := costs(runs)
	find := func(label string) *cost {
		for i := range all {
			if all[i].label == label {
				return &all[i]
			}
		}
		return nil
	}
	base := find(to)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "program\truns\twall s\tcpu s\tpeak MiB\trows/s\tMB/s\twall : %s\tcpu : %s\tpeak : %s\t\n", to, to, to)
	for _, c := range all {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%.0f\t%.1f\t%s\t%s\t%s\t\n", c.label, c.runs,
			c.wall.text(2), c.cpu.text(2), c.peak.text(0),
			float64(rows)/c.wall.median, float64(bytes)/1e6/c.wall.median,
			ratio(c.wall, base, func(c *cost) spread { return c.wall }),
			ratio(c.cpu, base, func(c *cost) spread { return c.cpu }),
			ratio(c.peak, base, func(c *cost) spread { return c.peak }))
	}
	w.Flush()
	subject := find(of)
	if subject == nil {
		return b.String() + fmt.Sprintf("no run of %s was measured\n", of)
	}
	if p := fastest(all); p != nil {
		fmt.Fprintf(&b, "fastest peer %s wall %s cpu %s\n", p.label, ratio(subject.wall, p, wallOf), ratio(subject.cpu, p, cpuOf))
	}
	fmt.Fprintf(&b, "ratio wall %s cpu %s peak_mib %.0f\n",
		ratio(subject.wall, base, func(c *cost) spread { return c.wall }),
		ratio(subject.cpu, base, func(c *cost) spread { return c.cpu }), subject.peak.median)
	return b.String()
}

func ratio(s spread, base *cost, of func(*cost) spread) string {
	if base == nil || of(base).median == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", s.median/of(base).median)
}
