// Package measure carries out the measures of a plan: checks that blame no row
// but hold a column, a table or a delivery to what the contract expects.
//
// The path of a value:
//
//	Set -> Adder (per worker) -> counter (hash table) -> tally (sorted, spilled) -> statistics
//
// A tally is the different values of one column, or combinations of values of
// several, with how often each stands. Every statistic is a stream over it in
// the order of values, so that it is exact and does not depend on workers,
// batches or memory. Sums are exact whole numbers of the smallest unit, those of
// floating-point columns exact sums of what the floats stand for; what is no
// fraction (deviations, entropy, tests) is rounded once, from exact sums or in
// the order of values. Sketches are used only where the contract asks for one.
//
// The package knows of no run: what it must know of the delivery, of other
// datasets and of the time comes in Facts. Start at New and Set.Evaluate.
package measure

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clearwell/rules"
)

// Result is what became of one measure.
type Result struct {
	Measure   *rules.Measure
	Evaluated bool
	Held      bool   // the expectation; only where Evaluated
	Broken    bool   // it could not be evaluated because something is wrong: a file that cannot be read
	Reason    string // why it was not evaluated
	Observed  string // as people read it; without values of fields at level L3 or above
	Rows      int64  // rows looked at, those with nulls among them
	Sketch    string // name of the sketch and its error; empty: exact
	Sources   []Source
	AsOf      time.Time // what ages were counted from; zero where there are none
}

// Source is other data that a measure was compared with.
type Source struct {
	Name   string `json:"name"`   // dataset and version, or path in the workspace
	SHA256 string `json:"sha256"` // of the version's manifest, or of the file
}

// Facts are what measures need to know beside the rows.
type Facts struct {
	Root      string // of the workspace
	Objects   []Object
	Published []string // column names of the version; only for measures over published
	AsOf      time.Time
	// Current finds the published version of a dataset; ok false if there is none.
	Current func(dataset string) (v Version, ok bool, err error)
}

// Object is one object of the delivery.
type Object struct {
	Name     string
	Size     int64
	SHA256   string
	Modified time.Time // zero: unknown
	Records  int64
	Header   []string
}

// Version is a published version.
type Version struct {
	Name   string   // people v=000003
	SHA256 string   // of its manifest
	Files  []string // Parquet files, absolute paths
}

// A Set is the measures of one run. Adders may be used by several goroutines at once, each by one.
type Set struct {
	plan    *rules.Plan
	dir     string
	limit   int64 // bytes, for the tallies of one Over
	workers int
	tallies []*tally
	of      [][]*tally // by measure: the tallies it reads, in the order of its terms
}

// New prepares the measures of a plan; nil if it has none. What goes beyond
// limitBytes is put into files in dir; workers is how many adders there will be.
func New(p *rules.Plan, dir string, limitBytes int64, workers int) (*Set, error) {
	if len(p.Measures) == 0 {
		return nil, nil
	}
	s := &Set{plan: p, dir: dir, workers: max(workers, 1), of: make([][]*tally, len(p.Measures))}
	for i := range p.Measures {
		m := &p.Measures[i]
		need := func(fields []string, values bool) error {
			t, err := s.tally(i, fields)
			if values {
				t.values = true
			}
			s.of[i] = append(s.of[i], t)
			return err
		}
		sum := func(fields []string, squares bool) error {
			summed := summable(p.Field(fields[0]).Type.Kind)
			err := need(fields, !summed)
			t := s.of[i][len(s.of[i])-1]
			t.summed = summed
			t.squared = t.squared || squares
			return err
		}
		var err error
		switch m.Kind {
		case rules.Columns, rules.FileHash, rules.FileSize, rules.FileAge, rules.FileRows:
		case rules.RowCount:
			err = need(nil, false)
		case rules.NullShare:
			err = need(m.Fields, false)
		case rules.PatternShare, rules.LengthOf:
			if err = need(m.Fields, false); err == nil {
				var c textCount
				c, err = newTextCount(m)
				s.of[i][0].texts = append(s.of[i][0].texts, c)
			}
		case rules.Correlation:
			err = need(m.Fields, false)
			s.of[i][0].paired = true
		case rules.AggregateOf:
			for _, t := range m.Aggregate.Terms {
				fields := []string{}
				if t.Field != "" {
					fields = append(fields, t.Field)
				}
				switch t.Function {
				case "count", "nulls":
					err = need(fields, false)
				case "distinct", "median":
					err = need(fields, true)
				default:
					err = sum(fields, t.Function == "stddev")
				}
				if err != nil {
					break
				}
			}
		default:
			if needsSums(m.Kind) {
				err = sum(m.Fields, m.Kind == rules.StdDev)
			} else {
				err = need(m.Fields, m.Error == 0)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", m.ID, err)
		}
	}
	counted := map[rules.Over]int64{}
	for _, t := range s.tallies {
		if t.values {
			counted[t.over]++
		}
	}
	for _, t := range s.tallies {
		if t.values {
			t.open(dir, limitBytes/counted[t.over], s.workers)
		}
	}
	s.limit = limitBytes
	return s, nil
}

// tally finds or makes the tally that measure i needs.
func (s *Set) tally(i int, fields []string) (*tally, error) {
	m := &s.plan.Measures[i]
	when := ""
	if m.When != nil {
		when = m.When.Text
	}
	for _, t := range s.tallies {
		if t.over == m.Over && t.whenText == when && t.sketchError == m.Error && slices.Equal(t.names, fields) {
			return t, nil
		}
	}
	t := newTally(s.plan, fields)
	t.over, t.when, t.whenText = m.Over, -1, when
	if m.When != nil {
		t.when = i
	}
	s.tallies = append(s.tallies, t)
	if m.Error > 0 {
		return t, t.sketch(m.Error)
	}
	return t, nil
}

// Reads says which fields of the plan measures over o read, those of their conditions not among them.
func (s *Set) Reads(o rules.Over) []int {
	var out []int
	for _, t := range s.tallies {
		if t.over != o {
			continue
		}
		for _, f := range t.fields {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Any says whether rows of o are looked at.
func (s *Set) Any(o rules.Over) bool {
	return s != nil && slices.ContainsFunc(s.tallies, func(t *tally) bool { return t.over == o })
}

// Close gives memory and files back. It may be called more than once.
func (s *Set) Close() error {
	var err error
	for _, t := range s.tallies {
		if cerr := t.close(); err == nil {
			err = cerr
		}
	}
	return err
}

// Evaluate judges the measures over o, in the order of the plan, and gives the
// memory of their tallies back. All adders of o are closed before. The error is
// of files of the run itself; what is wrong with other data stays in the result of its measure.
func (s *Set) Evaluate(ctx context.Context, o rules.Over, facts Facts) ([]Result, error) {
	j := &judge{Set: s, facts: facts, over: o, streams: map[*tally]*stream{}}
	if err := j.run(ctx); err != nil {
		return nil, err
	}
	for _, t := range s.tallies {
		if t.over == o {
			if err := t.close(); err != nil {
				return nil, err
			}
		}
	}
	return j.results, nil
}
