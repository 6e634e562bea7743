package rules

import (
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

// tableMeasures compiles an entry of rules that measures the table, the delivery
// or two datasets together; false if it is none.
func (p *compiler) tableMeasures(n *contract.Rule) bool {
	b := n.Check.Block
	if b == nil {
		return false
	}
	t := &b.TableMeasures
	freshness := b.Freshness
	if n.Blame != nil && n.Blame.Given() && (freshness == nil || !freshness.Field.Given()) {
		freshness = nil // a check on the field
	}
	if t.RowCount == nil && t.Columns == nil && t.Correlation == nil && t.Aggregate == nil && t.Reconcile == nil && t.SamePairs == nil && t.File == nil && freshness == nil {
		return false
	}
	c, _ := n.FieldCheck()
	m := &measuring{compiler: p, check: &c}
	before := len(p.All)
	m.rowCount(t.RowCount)
	m.columns(t.Columns)
	m.freshness(freshness, nil)
	m.correlation(t.Correlation)
	m.aggregate(t.Aggregate)
	m.reconcile(t.Reconcile)
	m.samePairs(t.SamePairs)
	m.file(t.File)
	p.refuseRowKeys(&c)
	if !n.Check.Tably && !n.Check.Wrong {
		p.Addf(n.Check.Pos, "a measure of the table is a rule of its own; move the other conditions to another rule")
	}
	if len(m.list) == 0 && len(p.All) == before && !n.Check.Wrong {
		p.Addf(n.Check.Pos, "the measure has nothing to hold to")
	}
	m.finish()
	return true
}

func (m *measuring) rowCount(c *contract.RowCount) {
	switch {
	case c == nil:
	case c.Equals != nil:
		if c.Equals.Column.Given() {
			m.Addf(c.Equals.Column.Pos, "rows are counted, not a column")
			return
		}
		if ref := m.reference(c.Equals, nil, nil); ref != nil {
			m.add(string(RowCount), Measure{Kind: RowCount, Against: ref, Tolerance: m.tolerance(c.Tolerance)})
		}
	case c.Bounds != nil:
		if limits, ok := m.limits(string(RowCount), c.Bounds, wholeText); ok {
			m.add(string(RowCount), Measure{Kind: RowCount, Bounds: limits})
		}
	}
}

func (m *measuring) columns(c *contract.ColumnSet) {
	if c == nil {
		return
	}
	for _, list := range []struct {
		relation string
		names    []syntax.Text
	}{{"exactly", c.Exactly}, {"ordered", c.Ordered}, {"contains", c.Contains}} {
		if list.names == nil {
			continue
		}
		one := Measure{Kind: Columns, Relation: list.relation}
		for _, name := range list.names {
			if slices.Contains(one.Values, name.Value) {
				m.Addf(name.Pos, "the column %q stands twice", name.Value)
				return
			}
			one.Values = append(one.Values, name.Value)
		}
		m.add("columns-"+list.relation, one)
	}
	if c.Count != nil {
		if limits, ok := m.limits("columns", c.Count, wholeText); ok {
			m.add("columns-count", Measure{Kind: Columns, Relation: "count", Bounds: limits})
		}
	}
	if c.Exactly == nil && c.Ordered == nil && c.Contains == nil && c.Count == nil && !m.check.Wrong {
		m.Addf(c.Pos, "%q needs exactly, ordered, contains or count", Columns)
	}
}

func (m *measuring) correlation(c *contract.Correlation) {
	if c == nil || c.Range == nil || c.Fields == nil {
		return
	}
	fields, ok := m.fieldsNamed("correlation", c.Fields)
	if ok && len(fields) != 2 {
		m.Addf(c.Pos, "a correlation is of two fields, not of %d", len(fields))
		ok = false
	}
	one := Measure{Kind: Correlation}
	for i, f := range fields {
		ok = m.takes(string(Correlation), c.Fields[i].Pos, &ordered, f) && ok
		one.Fields = append(one.Fields, f.Name)
	}
	limits, within := m.limits(string(Correlation), c.Range, func(text string) (string, error) {
		return text, withinUnit(text)
	})
	if one.Bounds = limits; ok && within {
		m.add(string(Correlation), one)
	}
}

// fieldsNamed finds fields, each named once; those that there are not are left out.
func (m *measuring) fieldsNamed(label string, names []syntax.Text) (fields []*Field, ok bool) {
	ok = true
	for i, name := range names {
		if slices.ContainsFunc(names[:i], func(t syntax.Text) bool { return t.Value == name.Value }) {
			m.Addf(name.Pos, "%s: the field %q stands twice", label, name.Value)
			ok = false
		}
		if f := m.existing(name); f != nil {
			fields = append(fields, f)
		} else {
			ok = false
		}
	}
	return fields, ok
}

// What is wrong with an end of bounds.
var (
	errOutsideUnit = wording.Errorf("a correlation is from -1 to 1")
	errNoSize      = wording.Errorf("a size is such as 64KB or 1GB")
)

func withinUnit(text string) error {
	x, err := rational(text)
	if err == nil && x.Num().CmpAbs(x.Denom()) > 0 {
		return errOutsideUnit
	}
	return err
}

func (m *measuring) aggregate(a *contract.AggregateRule) {
	if a == nil || !a.Value.Given() || a.Range == nil {
		return
	}
	var vars []expr.Var
	for _, f := range m.plan.Fields {
		if fieldName.MatchString(f.Name) && !expr.ReservedWord(f.Name) {
			vars = append(vars, expr.Var{Name: f.Name, Kind: m.exprKind(f)})
		}
	}
	x, err := expr.NewAggregate(a.Value.Value, vars)
	if err != nil {
		for _, problem := range expr.AsProblems(err) {
			m.AddHint(a.Value.At(problem.Line, problem.Column), problem.Unknown, append(m.fieldNames(), expr.AggregateFunctions...), "%s", problem.Message)
		}
		return
	}
	if limits, ok := m.limits(string(AggregateOf), a.Range, numberText); ok {
		m.add(string(AggregateOf), Measure{Kind: AggregateOf, Aggregate: x, Bounds: limits})
	}
}

func (m *measuring) reconcile(r *contract.Reconcile) {
	if r == nil || !r.SumOf.Given() || r.Equals == nil {
		return
	}
	f := m.existing(r.SumOf)
	if f == nil || !m.takes(string(Reconcile), r.SumOf.Pos, &numeric, f) {
		return
	}
	one := Measure{Kind: Reconcile, Fields: []string{f.Name}, Tolerance: m.tolerance(r.Tolerance)}
	if total := r.Equals.Number; total.Given() {
		if _, err := rational(total.Value); err != nil {
			m.Addf(total.Pos, "%q takes a number, last, {dataset: id} or {file: path}, not %q", "equals", total.Value)
			return
		}
		one.Bounds = Limits{Min: total.Value, Max: total.Value}
	} else if one.Against = m.reference(r.Equals, []*Field{f}, []syntax.Text{r.Equals.Column}); one.Against == nil {
		return
	}
	m.add(string(Reconcile), one)
}

func (m *measuring) samePairs(s *contract.SamePairs) {
	if s == nil || s.Fields == nil {
		return
	}
	fields, ok := m.fieldsNamed(string(SamePairs), s.Fields)
	if s.Dataset.Given() == s.File.Given() {
		m.Addf(s.Pos, "%q takes either a dataset or a file", SamePairs)
		return
	}
	if s.As != nil && len(s.As) != len(s.Fields) {
		m.Addf(s.Pos, "%q has %d under fields and %d under as; each field has its column there", SamePairs, len(s.Fields), len(s.As))
		return
	}
	if !ok || len(fields) == 0 {
		return
	}
	one := Measure{Kind: SamePairs}
	for _, f := range fields {
		one.Fields = append(one.Fields, f.Name)
	}
	at := s.Dataset.Pos
	if s.File.Given() {
		at = s.File.Pos
	}
	if one.Against = m.reference(&contract.Against{Pos: at, Dataset: s.Dataset, File: s.File}, fields, s.As); one.Against != nil {
		m.add(string(SamePairs), one)
	}
}

var (
	sha256Form = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
	sizeForm   = regexp.MustCompile(`^([0-9]{1,15})\s*(B|KB|MB|GB|KiB|MiB|GiB)?$`)
)

func (m *measuring) file(c *contract.FileCheck) {
	if c == nil {
		return
	}
	if h := c.SHA256; h != nil {
		if h.Literal.Given() && !sha256Form.MatchString(h.Literal.Value) {
			m.Addf(h.Literal.Pos, "a SHA-256 has 64 hexadecimal digits, this has %d characters", len([]rune(h.Literal.Value)))
		} else if control, ok := m.control("sha256", h); ok {
			m.add("file-sha256", Measure{Kind: FileHash, SHA256: strings.ToLower(h.Literal.Value), Control: control})
		}
	}
	if c.Size != nil {
		if limits, ok := m.limits("size", c.Size, sizeText); ok {
			m.add("file-size", Measure{Kind: FileSize, Bounds: limits})
		}
	}
	if c.Age.Given() {
		if seconds, ok := m.duration("age", c.Age); ok {
			m.add("file-age", Measure{Kind: FileAge, Within: seconds})
		}
	}
	if c.Rows != nil {
		if c.Rows.Literal.Given() {
			if text, err := wholeText(c.Rows.Literal.Value); err != nil {
				m.Addf(c.Rows.Literal.Pos, "rows: %v", err)
			} else {
				m.add("file-rows", Measure{Kind: FileRows, Bounds: Limits{Min: text, Max: text}})
			}
		} else if control, ok := m.control("rows", c.Rows); ok {
			m.add("file-rows", Measure{Kind: FileRows, Control: control})
		}
	}
	if c.SHA256 == nil && c.Size == nil && !c.Age.Given() && c.Rows == nil && !m.check.Wrong {
		m.Addf(c.Pos, "%q needs sha256, size, age or rows", "file")
	}
	if m.check.When.Given() {
		m.Addf(m.check.When.Pos, "files are looked at as a whole; %q does not go with them", "when")
	}
}

// control compiles where a figure of the sender stands; nil for one in place.
func (m *measuring) control(label string, c *contract.Control) (*Control, bool) {
	if c.Literal.Given() {
		return nil, true
	}
	if !c.Manifest.Given() || !c.Column.Given() {
		return nil, false // reported
	}
	name := filepath.ToSlash(c.Manifest.Value)
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		m.Addf(c.Manifest.Pos, "%s: the manifest %q must stand in the workspace; write its path from there", label, c.Manifest.Value)
		return nil, false
	}
	return &Control{Manifest: name, File: c.File.Value, Column: c.Column.Value}, true
}

// sizeText reads a size as bytes; K, M and G are powers of 1024.
func sizeText(text string) (string, error) {
	m := sizeForm.FindStringSubmatch(text)
	if m == nil {
		return "", errNoSize
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if m[2] != "" {
		n <<= map[byte]int{'B': 0, 'K': 10, 'M': 20, 'G': 30}[m[2][0]]
	}
	return strconv.FormatInt(n, 10), err
}
