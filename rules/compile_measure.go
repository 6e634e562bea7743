package rules

import (
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"clearwell/rules/contract"
	"clearwell/rules/expr"
	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// measureIndicator is what a measure counts under whose contract says nothing.
var measureIndicator = map[MeasureKind]string{
	NullShare: "0201", Distinct: "0304", DistinctShare: "0304", ValueSet: "0105", MostCommon: "0105", PatternShare: "0302", LengthOf: "0302",
	MinOf: "0301", MaxOf: "0301", Mean: "0301", Median: "0301", Quantile: "0301", StdDev: "0301", Sum: "0301", Entropy: "0301", Drift: "0301",
	RowCount: "0202", Columns: "0102", Freshness: "0502", Correlation: "0402", AggregateOf: "0301", Reconcile: "0401", SamePairs: "0401",
	FileHash: "0401", FileSize: "0202", FileAge: "0502", FileRows: "0202",
}

// DefaultSketchError is the relative error of a sketch that the contract asks for without saying one.
const DefaultSketchError = 0.01

// Errors of a sketch that can be asked for: the registers of the least take some 512 KiB.
const (
	leastSketchError = 0.002
	mostSketchError  = 0.2
)

// measuring compiles the measures of one check.
type measuring struct {
	*compiler
	check *contract.Check
	field *Field // nil: the table
	list  []Measure
	ids   []string // by measure: what it is called behind the id of the check
}

// columnMeasures compiles what a check measures of its field; false if that is nothing.
func (p *compiler) columnMeasures(c *contract.Check, f *Field) bool {
	m := &measuring{compiler: p, check: c, field: f}
	before := len(p.All)
	m.numbers()
	m.shares()
	m.sets()
	m.drift()
	m.freshness(c.Freshness, f)
	m.approximate()
	m.companions()
	if len(m.list) == 0 && len(p.All) == before && !c.Wrong {
		switch {
		case c.Over.Given():
			p.Addf(c.Over.Pos, "%q is for measures of the whole column; rules look at every row delivered", "over")
		case c.Approximate != nil:
			p.Addf(c.Approximate.Pos, "%q stands beside distinct, distinct_share, median or quantile", "approximate")
		}
	}
	m.finish()
	return len(m.list) > 0 || len(p.All) > before
}

// companions reports flags that stand without the measure that they are about.
func (m *measuring) companions() {
	c := m.check
	if c.Alone.Value && c.MostCommon == nil && c.Mode == nil {
		m.Addf(c.Pos, "%q stands beside most_common", "alone")
	}
	if c.Nearest.Value && len(c.Quantile) == 0 {
		m.Addf(c.Pos, "%q stands beside quantile", "nearest")
	}
}

// add takes a measure; name is what it is called where a check has several.
func (m *measuring) add(name string, one Measure) {
	if len(one.Fields) == 0 && m.field != nil {
		one.Fields = []string{m.field.Name}
	}
	m.list, m.ids = append(m.list, one), append(m.ids, name)
}

// finish gives the measures what they have in common and puts them into the plan.
func (m *measuring) finish() {
	c := m.check
	if len(m.list) == 0 {
		return
	}
	common := Rule{}
	m.when(&common, c.When)
	severity := Severity(c.Severity.Value)
	if severity == "error" {
		severity = SeverityError
	}
	for i, one := range m.list {
		one.Title, one.Basis, one.Fix, one.Allow, one.Severity = c.Title.ByLanguage, c.Basis.Value, c.Fix.Value, allowOf(c.Allow), severity
		one.When = common.When
		one.Over = Over(or(c.Over.Value, string(OverDelivered)))
		r := Rule{}
		m.indicator(&r, c.Dimension, c.Indicator, measureIndicator[one.Kind])
		one.Dimension, one.Indicator = r.Dimension, r.Indicator
		one.ID = m.ids[i]
		if m.field != nil {
			one.Field, one.ID = m.field.Name, m.field.Name+"."+m.ids[i]
		}
		if c.ID.Given() {
			if one.ID = c.ID.Value; len(m.list) > 1 {
				one.ID += "." + m.ids[i]
			}
		}
		one.Reads = []string{}
		for _, names := range [][]string{one.Fields, fieldsOf(one.When), aggregateFields(one.Aggregate)} {
			for _, name := range names {
				if !slices.Contains(one.Reads, name) {
					one.Reads = append(one.Reads, name)
				}
			}
		}
		at := c.ID.Pos
		if !c.ID.Given() {
			at = c.Pos
		}
		if m.claim(one.ID, at) {
			m.plan.Measures = append(m.plan.Measures, one)
		}
	}
}

func fieldsOf(x *expr.Expr) []string {
	if x == nil {
		return nil
	}
	return x.Fields
}

func aggregateFields(a *expr.Aggregate) []string {
	if a == nil {
		return nil
	}
	return a.Fields()
}

// refuseRowKeys reports the keys that say what happens to rows, where there are only measures.
func (p *compiler) refuseRowKeys(c *contract.Check) {
	for _, key := range []struct {
		name string
		at   syntax.Pos
	}{{"on_fail", onFailPos(c.OnFail)}, {"nulls", c.Nulls.Pos}, {"mostly", mostlyPos(c.Mostly)}} {
		if key.at.Line > 0 {
			p.Addf(key.at, "%q is about rows, and a measure blames none; severity says what follows: warn, error or gate", key.name)
		}
	}
}

func onFailPos(o *contract.OnFail) syntax.Pos {
	if o == nil {
		return syntax.Pos{}
	}
	return o.Action.Pos
}

func mostlyPos(m *contract.Mostly) syntax.Pos {
	if m == nil {
		return syntax.Pos{}
	}
	return m.Pos
}

// Kinds of fields that a statistic takes.
var (
	numeric = []Kind{Integer, Number, Decimal}
	ordered = []Kind{Integer, Number, Decimal, Date, Timestamp}
	timed   = []Kind{Date, Timestamp}
	textual = []Kind{String}
)

var kindWords = map[*[]Kind]wording.Phrase{&numeric: "numbers", &ordered: "numbers, dates and times", &timed: "dates and times", &textual: "strings"}

// takes reports a field of a kind that the measure does not take.
func (p *compiler) takes(label string, at syntax.Pos, kinds *[]Kind, f *Field) bool {
	if p.broken[f.Name] {
		return false
	}
	if slices.Contains(*kinds, f.Type.Kind) {
		return true
	}
	advice := wording.Phrase("; give it a type")
	if kinds == &textual || f.Type.Kind != String {
		advice = ""
	}
	p.Addf(at, "%q is for %s, the field %s is %s%s", label, kindWords[kinds], f.Name, f.Type.String(), advice)
	return false
}

// numbers compiles the statistics that are a number or a date.
func (m *measuring) numbers() {
	c, f := m.check, m.field
	for _, s := range []struct {
		kind   MeasureKind
		given  *contract.Bounds
		kinds  *[]Kind // nil: any
		own    bool    // bounds are values of the field
		number func(string) (string, error)
	}{
		{Distinct, c.Distinct, nil, false, wholeText},
		{MinOf, c.Min, &ordered, true, nil}, {MaxOf, c.Max, &ordered, true, nil}, {Median, c.Median, &ordered, true, nil},
		{Mean, c.Mean, &numeric, false, numberText}, {Sum, c.Sum, &numeric, false, numberText}, {StdDev, c.StdDev, &numeric, false, numberText},
		{Entropy, c.Entropy, nil, false, numberText},
	} {
		if s.given == nil || s.kinds != nil && !m.takes(string(s.kind), s.given.Pos, s.kinds, f) {
			continue
		}
		read := s.number
		if s.own {
			read = m.valueText(f)
		}
		if limits, ok := m.limits(string(s.kind), s.given, read, map[MeasureKind]single{MinOf: atLeast, MaxOf: atMost}[s.kind]); ok {
			one := Measure{Kind: s.kind, Bounds: limits}
			if s.kind == Median {
				one.At = "0.5"
			}
			m.add(string(s.kind), one)
		}
	}
	for i := range c.Quantile {
		q := &c.Quantile[i]
		at, err := rational(q.Name.Value)
		if err != nil || at.Sign() < 0 || at.Cmp(big.NewRat(1, 1)) > 0 {
			m.Addf(q.Name.Pos, "a quantile is from 0 to 1, such as 0.95, not %q", q.Name.Value)
			continue
		}
		if !m.takes(string(Quantile), q.Value.Pos, &ordered, f) {
			return
		}
		if limits, ok := m.limits(string(Quantile), &q.Value, m.valueText(f)); ok {
			m.add(string(Quantile)+"-"+q.Name.Value, Measure{Kind: Quantile, At: q.Name.Value, Bounds: limits, Nearest: c.Nearest.Value})
		}
	}
	if l := c.LengthOf; l != nil && m.takes(string(LengthOf), l.Pos, &textual, f) {
		for _, part := range []struct {
			name  string
			given *contract.Bounds
			read  func(string) (string, error)
			one   single
		}{{"min", l.Min, wholeText, atLeast}, {"max", l.Max, wholeText, atMost}, {"mean", l.Mean, numberText, exact}} {
			if part.given == nil {
				continue
			}
			if limits, ok := m.limits(string(LengthOf), part.given, part.read, part.one); ok {
				m.add(string(LengthOf)+"-"+part.name, Measure{Kind: LengthOf, Part: part.name, Bounds: limits})
			}
		}
		if l.Min == nil && l.Max == nil && l.Mean == nil && !c.Wrong {
			m.Addf(l.Pos, "%q needs min, max or mean", LengthOf)
		}
	}
}

// shares compiles the statistics that are a share.
func (m *measuring) shares() {
	c := m.check
	share := func(kind MeasureKind, given *contract.Bounds, one single, extra Measure) {
		if given == nil {
			return
		}
		if limits, ok := m.limits(string(kind), given, shareNumber, one); ok {
			extra.Kind, extra.Bounds = kind, limits
			m.add(string(kind), extra)
		}
	}
	share(NullShare, c.NullShare, atMost, Measure{})
	share(DistinctShare, c.DistinctShare, atLeast, Measure{})
	if s := c.PatternShare; s != nil && s.Pattern.Given() && s.Share != nil && m.takes(string(PatternShare), s.Pos, &textual, m.field) && m.pattern(s.Pattern) != nil {
		share(PatternShare, s.Share, atLeast, Measure{Pattern: s.Pattern.Value})
	}
}

// sets compiles what is compared with listed values.
func (m *measuring) sets() {
	c := m.check
	take := func(name string, kind MeasureKind, relation string, given *contract.Set) {
		if given == nil {
			return
		}
		if cond, ok := m.set(given, m.field); ok {
			m.add(name, Measure{Kind: kind, Relation: relation, Values: cond.Values, Alone: kind == MostCommon && c.Alone.Value})
		}
	}
	if c.MostCommon != nil {
		take(string(MostCommon), MostCommon, "", &c.MostCommon.Set)
	}
	if c.Mode != nil {
		take("mode", MostCommon, "", &c.Mode.Set)
	}
	if v := c.Values; v != nil {
		if v.Equal == nil && v.Contain == nil && v.Within == nil && !c.Wrong {
			m.Addf(v.Pos, "%q needs equal, contain or within", ValueSet)
		}
		take("values-equal", ValueSet, "equal", v.Equal)
		take("values-contain", ValueSet, "contain", v.Contain)
		take("values-within", ValueSet, "within", v.Within)
	}
}

func (m *measuring) drift() {
	d := m.check.Drift
	if d == nil || d.Against == nil {
		return
	}
	against := m.reference(d.Against, []*Field{m.field}, []syntax.Text{d.Against.Column})
	found := false
	for _, t := range []struct {
		test  DriftTest
		given *contract.Bounds
		one   single
	}{{KS, d.KS, atMost}, {KSP, d.KSP, atLeast}, {ChiSquare, d.ChiSquare, atMost}, {ChiSquareP, d.ChiSquareP, atLeast}, {PSI, d.PSI, atMost}} {
		if t.given == nil {
			continue
		}
		found = true
		if (t.test == KS || t.test == KSP) && !m.takes(string(t.test), t.given.Pos, &ordered, m.field) {
			continue
		}
		if limits, ok := m.limits(string(t.test), t.given, numberText, t.one); ok && against != nil {
			m.add(string(Drift)+"-"+string(t.test), Measure{Kind: Drift, Test: t.test, Bounds: limits, Against: against})
		}
	}
	if !found && !m.check.Wrong {
		m.Addf(d.Pos, "%q needs a test: ks, ks_p, chi_square, chi_square_p or psi", Drift)
	}
}

func (m *measuring) freshness(given *contract.Freshness, f *Field) {
	if given == nil || !given.Within.Given() {
		return
	}
	if given.Field.Given() {
		if f = m.existing(given.Field); f == nil {
			return
		}
	}
	if f == nil {
		m.Addf(given.Pos, "%q needs a field: {field: update_time, within: 2d}", Freshness)
		return
	}
	if !m.takes(string(Freshness), given.Pos, &timed, f) {
		return
	}
	if seconds, ok := m.duration(string(Freshness), given.Within); ok {
		m.add(string(Freshness), Measure{Kind: Freshness, Fields: []string{f.Name}, Within: seconds})
	}
}

// approximate lets the measures that a sketch can answer be answered by one.
func (m *measuring) approximate() {
	a := m.check.Approximate
	if a == nil || a.Off {
		return
	}
	size := DefaultSketchError
	if a.Error.Given() {
		text, err := shareNumber(a.Error.Value)
		x, _ := strconv.ParseFloat(text, 64)
		if err != nil || x < leastSketchError || x > mostSketchError {
			m.Addf(a.Error.Pos, "the error of a sketch is from %g%% to %g%%, not %q", leastSketchError*100, mostSketchError*100, a.Error.Value)
			return
		}
		size = x
	}
	found := false
	for i := range m.list {
		switch m.list[i].Kind {
		case Distinct, DistinctShare:
		case Median, Quantile:
			if !slices.Contains(numeric, m.field.Type.Kind) {
				m.Addf(a.Pos, "quantiles of dates and times are exact only; take %q out", "approximate")
				return
			}
		default:
			continue
		}
		m.list[i].Error, found = size, true
	}
	if len(m.list) > 0 && !found {
		m.Addf(a.Pos, "%q is for distinct, distinct_share, median and quantile; everything else is exact and cheap", "approximate")
	}
}

// single is what one number in the place of two bounds means.
type single int

const (
	exact   single = iota // it is both
	atMost                // it is the greatest
	atLeast               // it is the least
)

// limits reads bounds; read brings an end into the form of the plan.
func (p *compiler) limits(label string, b *contract.Bounds, read func(string) (string, error), one ...single) (Limits, bool) {
	if !b.Min.Given() && !b.Max.Given() {
		return Limits{}, false // reported
	}
	l := Limits{MinOpen: b.MinOpen, MaxOpen: b.MaxOpen}
	for _, end := range []struct {
		text syntax.Text
		into *string
	}{{b.Min, &l.Min}, {b.Max, &l.Max}} {
		if !end.text.Given() {
			continue
		}
		value, err := read(end.text.Value)
		if err != nil {
			p.Addf(end.text.Pos, "%s: %v", label, err)
			return Limits{}, false
		}
		*end.into = value
	}
	if b.Min.Given() && b.Min.Pos == b.Max.Pos && len(one) > 0 {
		switch one[0] {
		case atMost:
			l.Min = ""
		case atLeast:
			l.Max = ""
		}
	}
	if l.Min != "" && l.Max != "" {
		if order := compareEnds(l.Min, l.Max); order > 0 || order == 0 && (l.MinOpen || l.MaxOpen) {
			p.Addf(b.Pos, "%s: nothing can pass, the least value %s is above the greatest %s", label, b.Min.Value, b.Max.Value)
			return Limits{}, false
		}
	}
	return l, true
}

// compareEnds orders numbers by value, dates and times as text.
func compareEnds(a, b string) int {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if okX && okY {
		return x.Cmp(y)
	}
	return strings.Compare(a, b)
}

func numberText(text string) (string, error) {
	_, err := rational(text)
	return text, err
}

func wholeText(text string) (string, error) {
	x, err := rational(text)
	if err == nil && (!x.IsInt() || x.Sign() < 0) {
		err = wording.Errorf("%q is not a whole number from 0", text)
	}
	return text, err
}

// shareNumber reads 5% or 0.05 as 0.05.
func shareNumber(text string) (string, error) {
	number, percent := strings.CutSuffix(text, "%")
	x, err := rational(strings.TrimSpace(number))
	if err == nil && percent {
		x.Quo(x, big.NewRat(100, 1))
	}
	if err != nil || x.Sign() < 0 || x.Cmp(big.NewRat(1, 1)) > 0 {
		return "", wording.Errorf("%q is not a share; write 5%% or 0.05", text)
	}
	exactText := x.FloatString(24)
	return strings.TrimSuffix(strings.TrimRight(exactText, "0"), "."), nil
}

// valueText reads bounds that are values of the field. Those of numbers may have any decimals: a median may.
func (p *compiler) valueText(f *Field) func(string) (string, error) {
	if slices.Contains(numeric, f.Type.Kind) {
		return numberText
	}
	return func(text string) (string, error) { return canonical(f.Type, text) }
}

var durationForm = regexp.MustCompile(`^([0-9]{1,6})\s*(min|h|d|w)$`)

// duration reads 90min, 36h, 2d or 1w as seconds.
func (p *compiler) duration(label string, t syntax.Text) (int64, bool) {
	m := durationForm.FindStringSubmatch(t.Value)
	if m == nil {
		p.Addf(t.Pos, "%q takes a time such as 90min, 36h, 2d or 1w, not %q", label, t.Value)
		return 0, false
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	return n * map[string]int64{"min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}[m[2]], true
}

// tolerance reads 0.01 or 5%; nil where there is none.
func (p *compiler) tolerance(t syntax.Text) *Tolerance {
	if !t.Given() {
		return nil
	}
	if strings.HasSuffix(t.Value, "%") {
		share, err := shareNumber(t.Value)
		if err != nil {
			p.Addf(t.Pos, "tolerance: %v", err)
			return nil
		}
		return &Tolerance{By: share, Share: true}
	}
	if x, err := rational(t.Value); err != nil || x.Sign() < 0 {
		p.Addf(t.Pos, "a tolerance is a number from 0 or a share (5%%), not %q", t.Value)
		return nil
	}
	return &Tolerance{By: t.Value}
}

// reference compiles what is compared with; columns are those of the other side
// for each field, where they are given. It is nil if it is wrong.
func (p *compiler) reference(a *contract.Against, fields []*Field, columns []syntax.Text) *Reference {
	ref := &Reference{Last: a.Last, Dataset: a.Dataset.Value, File: filepath.ToSlash(a.File.Value)}
	switch {
	case a.Number.Given():
		p.Addf(a.Number.Pos, "this is compared with last, {dataset: id} or {file: path}, not with %q", a.Number.Value)
		return nil
	case a.Dataset.Given():
		if known := p.datasetIDs(); known != nil && !slices.Contains(known, a.Dataset.Value) {
			p.AddHint(a.Dataset.Pos, a.Dataset.Value, known, "no dataset %q in datasets/", a.Dataset.Value)
			return nil
		}
	case a.File.Given():
		if !filepath.IsLocal(filepath.FromSlash(ref.File)) {
			p.Addf(a.File.Pos, "the file %q must stand in the workspace; write its path from there", a.File.Value)
			return nil
		}
	case !a.Last:
		return nil // reported
	}
	for i, f := range fields {
		name := f.Name
		if i < len(columns) && columns[i].Given() {
			name = columns[i].Value
		}
		if a.Last {
			if f.PublishAs == "" {
				p.Addf(a.Pos, "the last version cannot be compared with: %s is not published; compare with {file: ..}", f.Name)
				return nil
			}
			if f.Treatment.Method != Plain {
				p.Addf(a.Pos, "the last version cannot be compared with: %s is not published as it is but by %s; compare with {file: ..}", f.Name, f.Treatment.Method)
				return nil
			}
			name = f.PublishAs
		}
		ref.Columns = append(ref.Columns, name)
	}
	return ref
}

// datasetIDs are the datasets of the workspace by the names of their files; nil if they cannot be listed.
func (p *compiler) datasetIDs() []string {
	entries, err := os.ReadDir(filepath.Join(p.around.root, "datasets"))
	if err != nil {
		return nil
	}
	ids := []string{}
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), ".yaml"); ok && !strings.HasPrefix(id, ".") {
			ids = append(ids, id)
		}
	}
	return ids
}
