package quality

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Assess scores a run. An error means that the counts contradict each other,
// which is a defect of the engine: such a run must not publish.
func Assess(in Input) (*Result, error) {
	if err := in.check(); err != nil {
		return nil, fmt.Errorf("quality of %s: the counts contradict each other, nothing may be published: %w", in.Dataset, err)
	}
	r := &Result{
		Format: Format, Dataset: in.Dataset, Title: in.Title, Owner: in.Owner,
		Contract: in.Contract, Plan: in.Plan, Standards: in.Standards,
		Sources: nonNil(in.Sources), Rows: in.Rows, Cells: in.Cells, Repairs: in.Repairs,
		Delivered: in.score(deliveredSide), Published: in.score(publishedSide),
		Coverage: in.coverage(), Rules: []RuleResult{}, Fields: []FieldResult{},
		Measured: in.Measured, Measures: in.Measures,
	}
	for _, f := range in.Fields {
		r.Fields = append(r.Fields, f.result())
	}
	gates, outcomes, err := in.gates(r.Published)
	if err != nil {
		return nil, fmt.Errorf("quality of %s: %w", in.Dataset, err)
	}
	if in.Last != nil && in.Compare != nil {
		r.Comparison = r.Compare(*in.Last)
		gates = append(gates, compareGates(in.Compare, r.Comparison, in.Last.Result, r)...)
	}
	r.Gates = gates
	r.Decision = decide(gates)
	for i, rule := range in.Rules {
		r.Rules = append(r.Rules, rule.result(outcomes[i]))
	}
	return r, nil
}

func (r Rule) result(o Outcome) RuleResult {
	return RuleResult{
		ID: r.ID, Title: r.Title, Field: r.Field, Reads: nonNil(r.Reads),
		Dimension: r.Dimension, Indicator: r.Indicator, OnFail: r.OnFail, Basis: r.Basis, Fix: r.Fix,
		Severity: r.Severity, Mistakes: r.Mistakes, Unmatched: r.Unmatched,
		Outcome: o, InScope: r.InScope, SkippedByWhen: r.SkippedByWhen, SkippedNull: r.SkippedNull, Repaired: r.Repaired,
		Delivered: r.Delivered, Published: r.Published,
		X:          RatioOf(r.Delivered.Checked-r.Delivered.Failed, r.Delivered.Checked),
		XPublished: RatioOf(r.Published.Checked-r.Published.Failed, r.Published.Checked),
	}
}

func (f Field) result() FieldResult {
	return FieldResult{
		Name: f.Name, Title: f.Title, Type: f.Type, Level: f.Level.String(), Treatment: f.Treatment, PublishAs: f.PublishAs,
		Rows: f.Rows, Nulls: f.Nulls, Clean: f.Clean, Mistakes: f.Mistakes,
		Filled: RatioOf(f.Rows-f.Nulls, f.Rows), CleanShare: RatioOf(f.Clean, f.Rows),
		Changed: nonNil(f.Changed),
	}
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// check finds contradictions, all of them.
func (in Input) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	rows := in.Rows
	for _, n := range []int64{rows.Read, rows.BadRecords, rows.Published, rows.Quarantined, rows.Duplicates, rows.Suppressed, rows.Excluded} {
		if n < 0 {
			bad("a row count is negative: %+v", rows)
			break
		}
	}
	if out := rows.Published + rows.Quarantined + rows.Duplicates + rows.Suppressed + rows.Excluded; out != rows.Read {
		bad("%d rows read, but %d published + %d quarantined + %d duplicates + %d suppressed + %d excluded = %d",
			rows.Read, rows.Published, rows.Quarantined, rows.Duplicates, rows.Suppressed, rows.Excluded, out)
	}
	if rows.BadRecords > rows.Quarantined {
		bad("%d bad records, but only %d rows in the quarantine", rows.BadRecords, rows.Quarantined)
	}
	if len(in.Sources) > 0 {
		var sum int64
		for _, s := range in.Sources {
			sum += s.Rows
		}
		if sum != rows.Read {
			bad("the sources have %d rows, %d were read", sum, rows.Read)
		}
	}
	in.checkFields(bad)
	in.checkRules(bad)
	return errors.Join(errs...)
}

func (in Input) checkFields(bad func(string, ...any)) {
	most := in.Rows.Read - in.Rows.BadRecords - in.Rows.Excluded
	seen := map[string]bool{}
	for _, f := range in.Fields {
		if seen[f.Name] {
			bad("field %s is there twice", f.Name)
		}
		seen[f.Name] = true
		if f.Rows < 0 || f.Rows > most || f.Nulls < 0 || f.Nulls > f.Rows || f.Clean < 0 || f.Clean > f.Rows {
			bad("field %s: %d cells of %d rows, %d null, %d clean", f.Name, f.Rows, most, f.Nulls, f.Clean)
		}
		for _, s := range f.Changed {
			if s.Cells < 0 || s.Cells > f.Rows {
				bad("field %s: step %s changed %d of %d cells", f.Name, s.Step, s.Cells, f.Rows)
			}
		}
	}
}

func (in Input) checkRules(bad func(string, ...any)) {
	seen := map[string]bool{}
	for _, r := range in.Rules {
		if seen[r.ID] {
			bad("rule %s is there twice", r.ID)
		}
		seen[r.ID] = true
		if i, ok := IndicatorByCode(r.Indicator); !ok {
			bad("rule %s: GB/T 36344-2018 has no indicator %q", r.ID, r.Indicator)
		} else if i.Dimension != r.Dimension {
			bad("rule %s: indicator %s is one of %s, not of %s", r.ID, r.Indicator, i.Dimension, r.Dimension)
		}
		if !r.Delivered.valid() || !r.Published.valid() ||
			r.Published.Checked > r.Delivered.Checked || r.Published.Failed > r.Delivered.Failed || r.Published.Checked > in.Rows.Published {
			bad("rule %s: delivered %+v, published %+v of %d rows", r.ID, r.Delivered, r.Published, in.Rows.Published)
		}
		if r.Repaired < 0 || r.Repaired > r.Delivered.Failed {
			bad("rule %s: %d rows repaired of %d that failed", r.ID, r.Repaired, r.Delivered.Failed)
		}
		if r.InScope < 0 || r.SkippedByWhen < 0 || r.SkippedNull < 0 {
			bad("rule %s: negative counts", r.ID)
		}
	}
	for _, c := range in.Cells {
		if _, ok := IndicatorByCode(c.Indicator); !ok || !c.Delivered.valid() || !c.Published.valid() {
			bad("cells of indicator %s on %s: delivered %+v, published %+v", c.Indicator, c.Field, c.Delivered, c.Published)
		}
	}
	in.checkMeasures(bad)
	for _, m := range in.Measured {
		if _, ok := IndicatorByCode(m.Indicator); !ok || !m.Delivered.valid() || !m.Published.valid() {
			bad("measured indicator %s: delivered %+v, published %+v", m.Indicator, m.Delivered, m.Published)
		}
	}
	for name, w := range in.Weights {
		if _, ok := dimensionByName(name); !ok || w < 0 {
			bad("weight %d of dimension %q", w, name)
		}
	}
}

// side chooses one of the two scores.
type side int

const (
	deliveredSide side = iota
	publishedSide
)

// score computes one of the two scores.
func (in Input) score(s side) Score {
	counts := in.indicatorCounts(s)
	out := Score{Total: NotEvaluated}
	total, weights := new(big.Rat), new(big.Rat)
	for _, d := range Dimensions {
		ds := DimensionScore{Dimension: d.Name, Weight: in.weight(d.Name), Score: NotEvaluated, Indicators: []IndicatorScore{}}
		sum := new(big.Rat)
		for _, i := range Indicators {
			c := counts[i.Code]
			if i.Dimension != d.Name || c.Checked == 0 {
				continue
			}
			passed := c.Checked - c.Failed
			ds.Indicators = append(ds.Indicators, IndicatorScore{i.Code, passed, c.Checked, RatioOf(passed, c.Checked)})
			sum.Add(sum, big.NewRat(passed, c.Checked))
		}
		if n := len(ds.Indicators); n > 0 {
			mean := sum.Quo(sum, big.NewRat(int64(n), 1))
			ds.Score = roundRatio(mean)
			w := big.NewRat(ds.Weight, 1)
			weights.Add(weights, w)
			total.Add(total, new(big.Rat).Mul(mean, w))
		}
		out.Dimensions = append(out.Dimensions, ds)
	}
	if weights.Sign() > 0 {
		out.Total = roundRatio(total.Quo(total, weights))
	}
	return out
}

func (in Input) weight(dimension string) int64 {
	if in.Weights == nil {
		return 1
	}
	return in.Weights[dimension]
}

// indicatorCounts sums the cells of each indicator: those of the rules, and for
// two indicators those of the run itself.
func (in Input) indicatorCounts(s side) map[string]Counts {
	counts := map[string]Counts{}
	add := func(code string, c Counts) { counts[code] = counts[code].plus(c) }
	if len(in.Cells) > 0 {
		for _, c := range in.Cells {
			add(c.Indicator, pick(s, c.Delivered, c.Published))
		}
	} else {
		for _, r := range in.Rules {
			add(r.Indicator, pick(s, r.Delivered, r.Published))
		}
	}
	for _, m := range in.Measured {
		add(m.Indicator, pick(s, m.Delivered, m.Published))
	}
	in.addMeasures(s, add)
	rows := in.Rows
	if in.Dedupe {
		distinct := rows.Published + rows.Suppressed
		add(duplicateRate, pick(s,
			Counts{Checked: distinct + rows.Duplicates, Failed: rows.Duplicates},
			Counts{Checked: rows.Published}))
	}
	if s == deliveredSide {
		for _, f := range in.Fields {
			add(dirtyRate, Counts{Checked: f.Rows + rows.BadRecords, Failed: f.Rows - f.Clean + rows.BadRecords})
		}
	}
	return counts
}

func pick(s side, delivered, published Counts) Counts {
	if s == publishedSide {
		return published
	}
	return delivered
}

// coverage counts the fields that rules read. A rule that checked nothing
// covers nothing.
func (in Input) coverage() Coverage {
	n := int64(len(in.Fields))
	covered := map[string]bool{}
	by := map[string]map[string]bool{}
	cover := func(dimension string, fields ...string) {
		for _, f := range fields {
			if !slices.ContainsFunc(in.Fields, func(x Field) bool { return x.Name == f }) {
				continue
			}
			covered[f] = true
			if by[dimension] == nil {
				by[dimension] = map[string]bool{}
			}
			by[dimension][f] = true
		}
	}
	for _, r := range in.Rules {
		if r.Delivered.Checked > 0 {
			cover(r.Dimension, append(slices.Clone(r.Reads), r.Field)...)
		}
	}
	for _, m := range in.Measures {
		if m.Verdict != MeasureUnchecked {
			cover(m.Dimension, m.Reads...)
		}
	}
	c := Coverage{Fields: n, WithRule: int64(len(covered)), Share: RatioOf(int64(len(covered)), n)}
	for _, d := range Dimensions {
		k := int64(len(by[d.Name]))
		c.Dimensions = append(c.Dimensions, DimensionCoverage{d.Name, k, RatioOf(k, n)})
	}
	return c
}
