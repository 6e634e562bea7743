package measure

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"

	"clearwell/rules"
)

// judge evaluates the measures over one Over.
type judge struct {
	*Set
	facts   Facts
	over    rules.Over
	streams map[*tally]*stream
	results []Result
}

// answer is what a measure came to: an exact number, or a verdict of its own.
type answer struct {
	x    *big.Rat // nil: held says it
	held bool
	text string // observed; empty: x in digits
	none string // why there is nothing to judge
}

func number(x *big.Rat) answer  { return answer{x: x} }
func float(f float64) answer    { return answer{x: new(big.Rat).SetFloat64(f)} }
func count(n int64) answer      { return answer{x: new(big.Rat).SetInt64(n)} }
func nothing(why string) answer { return answer{none: why} }
func share(part, whole int64) answer {
	return answer{x: big.NewRat(part, whole), text: percentText(big.NewRat(part, whole))}
}
func verdict(ok bool, s string) answer { return answer{held: ok, text: s} }

const (
	noRows   = "there are no rows to measure"
	noValues = "there are no values: all of them are null"
)

// run takes all statistics in one pass over each tally, then judges.
func (j *judge) run(ctx context.Context) error {
	var own []int // measures over j.over
	for i := range j.plan.Measures {
		if j.plan.Measures[i].Over == j.over {
			own = append(own, i)
		}
	}
	j.results = make([]Result, len(own))
	answers := make([]func() (answer, error), len(own))
	for k, i := range own {
		j.results[k].Measure = &j.plan.Measures[i]
		answers[k] = j.plain(ctx, j.results[k].Measure, j.of[i], &j.results[k])
	}
	for _, t := range j.tallies {
		if s := j.streams[t]; s != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.run(); err != nil {
				return err
			}
		}
	}
	for i := range j.results {
		r := &j.results[i]
		a, err := answers[i]()
		if err := ctx.Err(); err != nil {
			return err
		}
		j.settle(r, a, err)
	}
	return nil
}

// settle holds an answer against the bounds.
func (j *judge) settle(r *Result, a answer, err error) {
	m := r.Measure
	switch {
	case errors.Is(err, errNoVersion):
		r.Reason = errNoVersion.Error()
		return
	case err != nil:
		r.Reason, r.Broken = err.Error(), true
		return
	case a.none != "":
		r.Reason = a.none
		return
	}
	r.Evaluated, r.Held, r.Observed = true, a.held, a.text
	if m.Within > 0 {
		r.AsOf = j.facts.AsOf
	}
	if a.x != nil {
		r.Held = within(a.x, m.Bounds)
		if r.Observed == "" {
			r.Observed = figureText(a.x)
		}
	}
	if reveals[m.Kind] {
		for _, name := range m.Reads {
			if f := j.plan.Field(name); f.Level >= rules.L3 && measured(m, name) {
				r.Observed = fmt.Sprintf("not shown: %s has level %s", name, f.Level)
				break
			}
		}
	}
	if m.Error > 0 {
		kind := "DDSketch"
		if m.Kind == rules.Distinct || m.Kind == rules.DistinctShare {
			kind = "HyperLogLog"
		}
		r.Sketch = fmt.Sprintf("%s, relative error %s", kind, percentText(new(big.Rat).SetFloat64(m.Error)))
	}
}

// measured says whether the measure is of the field, not only its condition.
func measured(m *rules.Measure, field string) bool {
	for _, f := range m.Fields {
		if f == field {
			return true
		}
	}
	return m.Aggregate != nil
}

// reveals are the measures whose observed value tells of single values; of
// fields at level L3 or above it stays in the house.
var reveals = map[rules.MeasureKind]bool{
	rules.MinOf: true, rules.MaxOf: true, rules.Mean: true, rules.Median: true, rules.Quantile: true, rules.StdDev: true, rules.Sum: true,
	rules.MostCommon: true, rules.ValueSet: true, rules.AggregateOf: true, rules.Reconcile: true, rules.Freshness: true,
}

// within compares exactly. Dates and times are compared as the days and microseconds they stand for.
func within(x *big.Rat, l rules.Limits) bool {
	if l.Min != "" {
		if c := x.Cmp(endOf(l.Min)); c < 0 || c == 0 && l.MinOpen {
			return false
		}
	}
	if l.Max != "" {
		if c := x.Cmp(endOf(l.Max)); c > 0 || c == 0 && l.MaxOpen {
			return false
		}
	}
	return true
}

// stream is the pass over a tally that m needs something of.
func (j *judge) stream(t *tally) *stream {
	s := j.streams[t]
	if s == nil {
		s = &stream{tally: t}
		j.streams[t] = s
	}
	return s
}

// take enters a statistic into the pass over t.
func take[T statistic](j *judge, t *tally, x T) T {
	s := j.stream(t)
	s.statistics = append(s.statistics, x)
	return x
}

func (j *judge) moments(t *tally) *moments {
	s := j.stream(t)
	if s.moments == nil {
		s.moments = newMoments(t.kinds[0])
	}
	return s.moments
}

// plain prepares a measure: what it needs is entered into passes; the function
// gives its answer once they are made.
func (j *judge) plain(ctx context.Context, m *rules.Measure, tallies []*tally, r *Result) func() (answer, error) {
	if m.Kind == rules.AggregateOf {
		return j.aggregate(m, tallies, r)
	}
	if len(tallies) == 0 {
		return func() (answer, error) { return j.delivery(m, r) }
	}
	t := tallies[0]
	r.Rows = t.rows
	ready := func(f func() (answer, error)) func() (answer, error) {
		return func() (answer, error) {
			switch {
			case t.rows == 0:
				return nothing(noRows), nil
			case t.present() == 0:
				return nothing(noValues), nil
			}
			return f()
		}
	}
	simple := func(f func() answer) func() (answer, error) {
		return ready(func() (answer, error) { return f(), nil })
	}
	switch m.Kind {
	case rules.RowCount:
		return func() (answer, error) { return j.rowCount(ctx, m, t, r) }
	case rules.NullShare:
		return func() (answer, error) {
			if t.rows == 0 {
				return nothing(noRows), nil
			}
			return share(t.nulls, t.rows), nil
		}
	case rules.Distinct, rules.DistinctShare:
		return j.distinct(m, t)
	case rules.Median, rules.Quantile:
		if t.values {
			q := newQuantile(m.At, t.present())
			if m.Nearest {
				q.nearest()
			}
			take(j, t, q)
			return simple(func() answer { return j.ownValue(t, q.value()) })
		}
		return ready(func() (answer, error) {
			p, _ := new(big.Rat).SetString(m.At)
			at, _ := p.Float64()
			x, err := t.dd.GetValueAtQuantile(at)
			return float(x), err
		})
	case rules.Mean, rules.Sum, rules.StdDev, rules.Reconcile:
		s := j.moments(t)
		return ready(func() (answer, error) {
			switch m.Kind {
			case rules.Mean:
				return number(s.mean()), nil
			case rules.Sum:
				return number(s.total()), nil
			case rules.Reconcile:
				return j.reconcile(ctx, m, s.total(), r)
			}
			d, ok := s.deviation()
			if !ok {
				return nothing("a deviation needs two values"), nil
			}
			return float(d), nil
		})
	case rules.Correlation:
		return simple(func() answer {
			x, ok := t.pairs.correlation()
			if !ok {
				return nothing("one of the fields does not vary")
			}
			return float(x)
		})
	case rules.SamePairs, rules.Drift:
		return ready(func() (answer, error) { return j.compare(ctx, m, t, r) })
	}
	return j.statistic(m, t, simple)
}

// statistic prepares the measures that are one pass over the values.
func (j *judge) statistic(m *rules.Measure, t *tally, simple func(func() answer) func() (answer, error)) func() (answer, error) {
	s := j.stream(t)
	switch m.Kind {
	case rules.MinOf:
		return simple(func() answer { return j.ownValue(t, s.least.rat()) })
	case rules.MaxOf:
		return simple(func() answer { return j.ownValue(t, s.top.rat()) })
	case rules.Freshness:
		return simple(func() answer { return j.fresh(m, s.top) })
	case rules.MostCommon:
		x := take(j, t, newMode(m.Values))
		return simple(func() answer {
			text := fmt.Sprintf("%s (%d rows each)", strings.Join(x.names, ", "), x.top)
			if x.ties == 1 {
				text = fmt.Sprintf("%s (%d rows)", x.names[0], x.top)
			} else if more := x.ties - int64(len(x.names)); more > 0 {
				text += fmt.Sprintf(" and %d more", more)
			}
			return verdict(x.held && (x.ties == 1 || !m.Alone), text)
		})
	case rules.ValueSet:
		x := take(j, t, newMembership(m.Values))
		return simple(func() answer { return memberAnswer(m, x) })
	case rules.PatternShare:
		return simple(func() answer { return share(t.text(m).matching, t.present()) })
	case rules.LengthOf:
		return simple(func() answer {
			x := t.text(m)
			switch m.Part {
			case "min":
				return count(x.least)
			case "max":
				return count(x.most)
			}
			return number(big.NewRat(x.total, x.n))
		})
	case rules.Entropy:
		x := take(j, t, &entropy{})
		return simple(func() answer { return float(x.bits()) })
	}
	return func() (answer, error) { return answer{}, fmt.Errorf("this program cannot measure %q", m.Kind) }
}

// distinct is the number of values; without any it is none of them, which is known.
func (j *judge) distinct(m *rules.Measure, t *tally) func() (answer, error) {
	var s *stream
	if t.values {
		s = j.stream(t)
	}
	return func() (answer, error) {
		if t.rows == 0 {
			return nothing(noRows), nil
		}
		n := int64(0)
		switch {
		case s != nil:
			n = s.distinct
		case t.present() > 0:
			n = min(int64(t.hll.Estimate()), t.present())
		}
		if m.Kind == rules.Distinct {
			return count(n), nil
		}
		if t.present() == 0 {
			return nothing(noValues), nil
		}
		return share(n, t.present()), nil
	}
}

// ownValue is a number as a value of the tally's column: a date is shown as one.
func (j *judge) ownValue(t *tally, x *big.Rat) answer {
	v := value{kind: t.kinds[0].Kind}
	if v.kind != rules.Date && v.kind != rules.Timestamp {
		return number(x)
	}
	v.int = x.Num().Int64()
	return answer{x: x, text: v.String()}
}

func memberAnswer(m *rules.Measure, x *membership) answer {
	missing := x.missing()
	var parts []string
	if m.Relation != "within" && len(missing) > 0 {
		parts = append(parts, fmt.Sprintf("%d missing: %s", len(missing), some(missing)))
	}
	if m.Relation != "contain" && x.extra > 0 {
		names := strings.Join(x.extraExample, ", ")
		if more := x.extra - int64(len(x.extraExample)); more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, fmt.Sprintf("%d not listed, on %d rows: %s", x.extra, x.extraRows, names))
	}
	if len(parts) == 0 {
		return verdict(true, fmt.Sprintf("%d of %d listed values occur, no other", len(x.listed)-len(missing), len(x.listed)))
	}
	return verdict(false, strings.Join(parts, "; "))
}

// some names the first of a list.
func some(list []string) string {
	if len(list) <= shownAtOnce {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:shownAtOnce], ", "), len(list)-shownAtOnce)
}

// aggregate evaluates an expression over its terms.
func (j *judge) aggregate(m *rules.Measure, tallies []*tally, r *Result) func() (answer, error) {
	terms := make([]func() (float64, bool), len(m.Aggregate.Terms))
	for i, term := range m.Aggregate.Terms {
		t := tallies[i]
		r.Rows = t.rows
		var s *stream
		if t.values || t.summed {
			s = j.stream(t)
		}
		rat := func(f func() *big.Rat) func() (float64, bool) {
			return func() (float64, bool) {
				if t.present() == 0 {
					return 0, false
				}
				x, _ := f().Float64()
				return x, true
			}
		}
		switch term.Function {
		case "count":
			terms[i] = func() (float64, bool) { return float64(t.rows), true }
		case "nulls":
			terms[i] = func() (float64, bool) { return float64(t.nulls), true }
		case "distinct":
			terms[i] = func() (float64, bool) { return float64(s.distinct), true }
		case "min":
			terms[i] = rat(func() *big.Rat { return s.least.rat() })
		case "max":
			terms[i] = rat(func() *big.Rat { return s.top.rat() })
		case "median":
			q := take(j, t, newQuantile("0.5", t.present()))
			terms[i] = rat(q.value)
		case "sum":
			x := j.moments(t)
			terms[i] = rat(x.total)
		case "mean":
			x := j.moments(t)
			terms[i] = rat(x.mean)
		default:
			x := j.moments(t)
			terms[i] = x.deviation
		}
	}
	return func() (answer, error) {
		if r.Rows == 0 {
			return nothing(noRows), nil
		}
		values := map[string]float64{}
		for i, term := range m.Aggregate.Terms {
			x, ok := terms[i]()
			if !ok {
				return nothing(fmt.Sprintf("%s(%s) has no value", term.Function, term.Field)), nil
			}
			values[term.Function+" "+term.Field] = x
		}
		x, ok, err := m.Aggregate.Eval(lookup(values))
		if err == nil && (!ok || math.IsNaN(x) || math.IsInf(x, 0)) {
			return nothing("the aggregate has no finite value"), nil
		}
		return float(x), err
	}
}
