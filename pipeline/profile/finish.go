package profile

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"clearwell/pipeline/kernel"
	"clearwell/rules/standard"
)

const (
	topValues    = 10
	topPatterns  = 20
	collapseFrom = 50 // kinds of patterns from which runs are written once
)

// quantileShares are the quantiles that are given.
var quantileShares = []float64{0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99}

// facts are what the proposal needs to know of a column beside the result. Values in it are not masked.
type facts struct {
	decision *decision
	level    int
	byName   bool       // the level is what the column's name says
	values   []weighted // of columns with few values: all non-null ones, most frequent first; else nil
	variants map[string]string
	whole    bool // all values were held
}

// weighted is a value with the cells that have it, or an estimate of them.
type weighted struct {
	raw   []byte // as delivered
	plain []byte
	cells int64 // for shares: an estimate where not all values are held
	count int64 // cells that have it, exact
	runes int64
	place float64
	ok    bool // of the type
	valid bool // by the standard
}

func (p *profiler) result(ctx context.Context, v *verification) (*Result, error) {
	r := &Result{Format: Format, Source: p.opts.Name, Files: p.files, Rows: p.rows, Columns: make([]Column, len(p.columns)),
		Keys: []Key{}, Dependencies: []Dependency{}, Approximate: []string{}, ValuesShown: p.opts.ShowValues,
		Standards: standard.Version, MemoryBytes: p.opts.Memory, DistinctHeld: p.distinctHeld()}
	for _, f := range p.files {
		for _, n := range f.Bad {
			r.BadRecords += n
		}
	}
	p.keys(r, v)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(p.opts.Workers)
	for i := range p.columns {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			c, err := p.column(i)
			r.Columns[i] = c
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	p.exactDistinct(r)
	for _, d := range v.dependencies {
		if found, ok := d.result(p); ok {
			r.Dependencies = append(r.Dependencies, found)
		}
	}
	r.Dependencies = p.reduce(r.Dependencies)
	r.Approximate = p.approximate(r)
	return r, nil
}

// keys adds the keys: those of one column, and pairs where no column alone names every row.
func (p *profiler) keys(r *Result, v *verification) {
	var g errgroup.Group
	g.SetLimit(p.opts.Workers)
	for _, k := range v.keys {
		g.Go(func() error { slices.Sort(k.hashes); return nil })
	}
	_ = g.Wait() // sorting does not fail
	r.Copies.Exact = true
	if v.copies != nil {
		r.Copies.Rows, r.Copies.Exact = v.copies.duplicates()
	}
	for _, k := range v.keys {
		if k == v.copies {
			continue
		}
		dup, exact := k.duplicates()
		out := Key{Duplicates: dup, Nulls: k.nulls, Exact: exact}
		if (max(dup-r.Copies.Rows, 0)+k.nulls)*20 > r.Rows { // copies of whole rows say nothing against a key
			continue
		}
		for _, c := range k.columns {
			out.Columns = append(out.Columns, p.columns[c].name)
		}
		r.Keys = append(r.Keys, out)
	}
	slices.SortStableFunc(r.Keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(len(a.Columns), len(b.Columns)), cmp.Compare(a.Duplicates+a.Nulls, b.Duplicates+b.Nulls))
	})
}

// exactDistinct takes the number of different values of a key from its count, which is better than an estimate.
func (p *profiler) exactDistinct(r *Result) {
	for _, k := range r.Keys {
		if len(k.Columns) > 1 || !k.Exact {
			continue
		}
		c := &r.Columns[p.byName[k.Columns[0]]]
		if !c.Distinct.Exact {
			c.Distinct = Distinct{Count: c.Cells - c.Nulls - k.Duplicates, Exact: true}
			c.Approximate = slices.DeleteFunc(c.Approximate, func(s string) bool { return s == "distinct" })
		}
	}
}

// reduce leaves out what follows from others: city → province where city → county and county → province.
func (p *profiler) reduce(all []Dependency) []Dependency {
	type edge struct{ from, to string }
	single := map[edge]bool{}
	for _, d := range all {
		if len(d.From) == 1 {
			single[edge{d.From[0], d.To}] = true
		}
	}
	follows := func(d Dependency) bool {
		a := d.From[0]
		for _, col := range p.columns {
			b := col.name
			if b == a || b == d.To || !single[edge{a, b}] || !single[edge{b, d.To}] {
				continue
			}
			backA, backC := single[edge{b, a}], single[edge{d.To, b}]
			if (!backA || p.byName[b] < p.byName[a]) && (!backC || p.byName[b] < p.byName[d.To]) {
				return true
			}
		}
		return false
	}
	out := []Dependency{}
	for _, d := range all {
		if len(d.From) > 1 || !follows(d) {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b Dependency) int { return cmp.Compare(len(a.From), len(b.From)) })
	return out
}

// approximate says in words what is estimated.
func (p *profiler) approximate(r *Result) []string {
	out := []string{}
	n := 0
	for _, c := range r.Columns {
		if len(c.Approximate) > 0 {
			n++
		}
	}
	if n > 0 {
		out = append(out, fmt.Sprintf("%d columns have more than %d values: of them quantiles, patterns and suspicious values are taken from a sample of the values, "+
			"and distinct is estimated where it says so (adaptive sampling, standard error in the column); everything else is counted over all rows", n, r.DistinctHeld))
	}
	for _, k := range r.Keys {
		if !k.Exact {
			out = append(out, "duplicates of keys are estimated where they are not marked exact: their hashes do not fit into the memory")
			break
		}
	}
	if r.Rows > sampledRows {
		out = append(out, fmt.Sprintf("keys and dependencies are looked for in up to %d rows chosen by hash, then counted over all: one that the chosen rows do not show is not found", sampledRows))
	}
	return out
}

func (p *profiler) column(i int) (Column, error) {
	s := p.columns[i]
	d, t := s.decision, s.tally
	c := Column{Name: s.name, Position: s.position, Absent: p.rows - s.table.cells, Cells: s.table.cells,
		Empty: t.empty, Nulls: t.nulls, Type: d.typ, Others: d.others, Dirt: t.dirt}
	known := c.Cells - c.Nulls
	c.Type.Fail = t.fail
	c.Type.Confidence = round(share(known-t.fail, known), 4)
	for k := range c.Type.Formats {
		c.Type.Formats[k].Count = t.formats[k]
	}
	if d.std != nil {
		c.Standard = &Recognition{*d.std, t.invalid}
	}
	for w, n := range t.words {
		c.Words = append(c.Words, Count{Value{Text: w}, n})
	}
	slices.SortFunc(c.Words, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text)) })
	values, held, err := p.weigh(s)
	if err != nil {
		return c, err
	}
	c.Distinct = distinctOf(s.table, held)
	if !s.table.exact() {
		c.Approximate = []string{"distinct", "quantiles", "patterns", "pattern_kinds", "suspicious"}
	}
	if t.length.Max > 0 {
		l := t.length
		l.Mean = round(l.Mean/float64(known), 2)
		c.Length = &l
	}
	level, reason := levelOf(s, values, known)
	c.Level = Level{fmt.Sprintf("L%d", level), reason}
	sh := shower{masked: level >= 3 && !p.opts.ShowValues}
	c.patterns(values)
	c.spread(d, t, values, sh)
	c.top(values, sh)
	variants := c.suspect(d, values, sh)
	c.facts = &facts{decision: d, level: level, byName: strings.HasPrefix(reason, nameSays), variants: variants, whole: s.table.exact()}
	if s.table.exact() && len(values) <= fewForSet {
		c.facts.values = values
	}
	return c, nil
}

// A shower shows values, or their patterns where they are personal.
type shower struct{ masked bool }

func (s shower) value(v []byte) Value {
	if s.masked {
		return Value{string(appendPattern(nil, v, false)), true}
	}
	const most = 80 // characters
	text := []rune(string(v))
	if len(text) > most {
		return Value{Text: string(text[:most-1]) + "…"}
	}
	return Value{Text: string(v)}
}

func (s shower) count(v weighted) Count { return Count{s.value(v.raw), v.count} }

// distinctOf is the number of values, from those held that are not null.
func distinctOf(t *table, held int) Distinct {
	if t.exact() {
		return Distinct{Count: int64(held), Exact: true}
	}
	return Distinct{Count: int64(held) << t.level, Method: "adaptive-sampling", Error: round(1/math.Sqrt(float64(max(1, held))), 4)}
}

// weigh gives the non-null values that are known, most frequent first, with their weights, and how many of them
// the table holds. Where it does not hold all, values that were watched stand for themselves, the others
// for as many more.
func (p *profiler) weigh(s *columnState) (out []weighted, held int, err error) {
	c, err := newCounter(s.decision)
	if err != nil {
		return nil, 0, err
	}
	d := s.decision
	for i := range s.table.entries {
		e := &s.table.entries[i]
		w := weighted{raw: s.table.value(e), cells: e.count, count: e.count, runes: s.table.runes(e)}
		if _, watched := d.watch[string(w.raw)]; watched {
			w.cells = w.count
		} else {
			w.cells <<= s.table.level
		}
		if c.weigh(&w) {
			out = append(out, w)
		}
	}
	held = len(out)
	for v, at := range d.watch {
		if n := s.tally.watched[at]; n > 0 && s.table.find([]byte(v)) < 0 {
			w := weighted{raw: []byte(v), cells: n, count: n, runes: int64(utf8.RuneCountInString(v))}
			if c.weigh(&w) {
				out = append(out, w)
			}
		}
	}
	if len(out) > held {
		slices.SortFunc(out, func(a, b weighted) int { return cmp.Or(cmp.Compare(b.count, a.count), bytes.Compare(a.raw, b.raw)) })
	}
	return out, held, nil
}

// weigh fills in what a value is; false if it is null.
func (c *counter) weigh(w *weighted) bool {
	w.plain = kernel.Plain(nil, w.raw)
	if c.d.null(w.raw, w.plain, c.checker) {
		return false
	}
	w.place, _, w.ok = c.d.reader.read(w.plain)
	w.valid = c.checker == nil || c.checker.ok(w.raw)
	return true
}

// patterns counts how the values are written.
func (c *Column) patterns(values []weighted) {
	for _, collapsed := range []bool{false, true} {
		counts := map[string]int64{}
		var scratch []byte
		for _, v := range values {
			scratch = appendPattern(scratch[:0], v.raw, collapsed)
			counts[string(scratch)] += v.cells
		}
		c.PatternKinds, c.Collapsed = len(counts), collapsed
		if len(counts) <= collapseFrom || collapsed {
			c.Patterns = ranked(counts, topPatterns)
			return
		}
	}
}

func ranked(counts map[string]int64, most int) []Count {
	list := make([]Count, 0, len(counts))
	for v, n := range counts {
		list = append(list, Count{Value{Text: v}, n})
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text)) })
	return list[:min(most, len(list))]
}

// spread fills in where values lie.
func (c *Column) spread(d *decision, t *tally, values []weighted, sh shower) {
	if !d.reader.ordered() {
		if t.text.any {
			low, high := sh.value([]byte(t.text.first)), sh.value([]byte(t.text.end))
			c.Min, c.Max = &low, &high
		}
		return
	}
	if !t.place.any {
		return
	}
	low, high := sh.value(d.reader.text(t.place.min, t.place.first)), sh.value(d.reader.text(t.place.max, t.place.end))
	c.Min, c.Max = &low, &high
	if d.reader.numeric() {
		mean, stddev := significant(t.moments.mean), significant(t.moments.stddev())
		c.Mean, c.Stddev = &mean, &stddev
	}
	if sh.masked {
		return
	}
	line := placed(values)
	for _, q := range quantileShares {
		if v := quantile(line, q); v != nil {
			c.Quantiles = append(c.Quantiles, Quantile{q, sh.value(d.reader.text(v.place, string(v.plain)))})
		}
	}
}

// text is how a value of an ordered type is shown: times as ISO 8601, numbers as they are written.
func (r *reader) text(place float64, plain string) []byte {
	switch r.kind {
	case "date":
		return standard.AppendDate(nil, int32(place/microsPerDay))
	case "timestamp":
		return standard.AppendTimestamp(nil, int64(place))
	}
	if n := readNumber([]byte(plain)); n.written {
		return []byte(n.text)
	}
	return []byte(plain)
}

// placed are the values that are of the type, in their order.
func placed(values []weighted) []weighted {
	line := slices.DeleteFunc(slices.Clone(values), func(v weighted) bool { return !v.ok })
	slices.SortFunc(line, func(a, b weighted) int {
		return cmp.Or(cmp.Compare(a.place, b.place), slices.Compare(a.plain, b.plain), slices.Compare(a.raw, b.raw))
	})
	return line
}

// quantile is the value at a share of the cells of a line, by nearest rank; nil of an empty line.
func quantile(line []weighted, q float64) *weighted {
	var all int64
	for _, v := range line {
		all += v.cells
	}
	rank := max(1, int64(math.Ceil(q*float64(all))))
	for i := range line {
		if rank -= line[i].cells; rank <= 0 {
			return &line[i]
		}
	}
	return nil
}

// top fills in the most frequent values.
func (c *Column) top(values []weighted, sh shower) {
	if sh.masked {
		return // the patterns say as much
	}
	if len(values) == 0 || values[0].count == 1 && len(values) > topValues {
		return // all are different
	}
	for _, v := range values[:min(topValues, len(values))] {
		c.Top = append(c.Top, sh.count(v))
	}
}

func round(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}

// significant keeps twelve digits: beyond, the order of additions shows.
func significant(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return 0
	}
	p := math.Pow10(11 - int(math.Floor(math.Log10(math.Abs(x)))))
	if math.IsInf(p, 0) || p == 0 {
		return x
	}
	return math.Round(x*p) / p
}
