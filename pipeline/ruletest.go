package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/connectors/archive"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/quality"
	"clearwell/pipeline/settle"
	"clearwell/rules"
)

// TestResult is how one test of a contract came out.
type TestResult struct {
	Title       map[string]string `json:"title,omitempty"`
	File        string            `json:"file"` // relative to the workspace
	Line        int               `json:"line"`
	Passed      bool              `json:"passed"`
	Differences []Difference      `json:"differences,omitempty"`
}

// Difference is one thing that came out otherwise than a test expects. The values
// are those of the test, invented by who wrote it.
type Difference struct {
	Line     int         `json:"line"`
	Column   int         `json:"column,omitempty"`
	Row      int         `json:"row"`             // of the test, from 1; 0: all of them
	What     string      `json:"what"`            // the key of the test: expect, published, fails, excluded, quarantined, duplicate, refuses, warns
	Field    string      `json:"field,omitempty"` // expect, published
	Expected *string     `json:"expected"`        // nil: null
	Got      *string     `json:"got"`
	Steps    []StepValue `json:"steps,omitempty"`  // expect: how the value came about
	Broken   []string    `json:"broken,omitempty"` // rules that the row breaks
	Changed  string      `json:"changed_by,omitempty"`
}

// StepValue is the text of a cell after a cleaning step.
type StepValue struct {
	Step    string `json:"step"` // delivered, then the ids of the steps
	Value   string `json:"value"`
	Changed bool   `json:"changed"`
}

// RunTests runs the tests of a contract in memory: each with the kernels, the
// settling and the treatment of a run. Pseudonyms are made with a key of the tests' own.
func RunTests(ctx context.Context, ds *rules.Dataset) ([]TestResult, error) {
	bench := newTestBench(ds, ds.Plan)
	out := []TestResult{}
	for i := range ds.Tests {
		t := &ds.Tests[i]
		differences, err := bench.run(ctx, t, true)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: the test cannot be run: %w", ds.File, t.Line, err)
		}
		out = append(out, TestResult{Title: t.Title, File: ds.File, Line: t.Line, Passed: len(differences) == 0, Differences: differences})
	}
	return out, nil
}

// testBench runs tests against one plan.
type testBench struct {
	dataset *rules.Dataset
	plan    *rules.Plan
	bound   map[string]*kernel.Program
	treater *kernel.Treater // nil: not made yet
}

func newTestBench(ds *rules.Dataset, p *rules.Plan) *testBench {
	own := *withoutStops(p)
	own.Source.CSV.Encoding, own.Source.CSV.Delimiter = "utf-8", ","
	return &testBench{dataset: ds, plan: &own, bound: map[string]*kernel.Program{}}
}

// testMemory is the budget of a test: rows that a person wrote down.
const testMemory = 64 << 20

// run gives what came out otherwise; explain adds how it came about.
func (b *testBench) run(ctx context.Context, t *rules.Test, explain bool) ([]Difference, error) {
	source := testSource(b.plan, t)
	sum := fmt.Sprintf("%x", sha256.Sum256(source))
	object := sourceObject{Name: "test", Archive: archive.Object{SHA256: sum, Size: int64(len(source))}}
	var known settle.Known
	if t.Datasets != nil {
		known = testDatasets(t.Datasets)
	}
	trial, err := trialOf{
		known: known, dataset: b.dataset, plan: b.plan, from: memorySource{sum: source}, objects: []sourceObject{object}, bound: b.bound,
		opts: Options{CPUs: 1, Memory: testMemory},
	}.run(ctx)
	if err != nil {
		return nil, err
	}
	defer trial.release()
	c := &comparison{bench: b, test: t, trial: trial}
	if err := c.rows(ctx); err != nil {
		return nil, err
	}
	c.gates()
	if explain && slices.ContainsFunc(c.out, func(d Difference) bool { return d.What == "expect" }) {
		if err := c.explain(ctx, source); err != nil {
			return nil, err
		}
	}
	return c.out, nil
}

// testDatasets is what other datasets publish in a test.
type testDatasets map[string][]map[string]string

// EachRow implements settle.Known.
func (d testDatasets) EachRow(_ context.Context, ref *rules.Referred, types []rules.Type, each func(values [][]byte) error) error {
rows:
	for _, row := range d[ref.Dataset] {
		var values [][]byte
		for i, name := range ref.Fields {
			text, given := row[name]
			if !given {
				continue rows
			}
			value, ok := kernel.RawConstant(types[i], text)
			if !ok {
				return fmt.Errorf("datasets: %s of %s: %q is no %s", name, ref.Dataset, text, types[i])
			}
			values = append(values, value)
		}
		if err := each(values); err != nil {
			return err
		}
	}
	return nil
}

// testSource is the rows of a test as a CSV file. A field of which no column is
// given gets its first one, empty, unless the source may lack it.
func testSource(p *rules.Plan, t *rules.Test) []byte {
	given := func(name string) bool {
		return slices.ContainsFunc(t.Rows, func(r rules.TestRow) bool {
			return slices.ContainsFunc(r.Given, func(c rules.TestCell) bool { return c.Name == name })
		})
	}
	var header []string
	add := func(name string) {
		if !slices.Contains(header, name) {
			header = append(header, name)
		}
	}
	for i := range p.Fields {
		f := &p.Fields[i]
		any := false
		for _, name := range f.From {
			if given(name) {
				add(name)
				any = true
			}
		}
		if !any && !f.Optional && len(f.From) > 0 {
			add(f.From[0])
		}
		for _, name := range f.Columns() { // also those joined, and those that fills take from
			if !slices.Contains(f.From, name) && (!f.Optional || given(name)) {
				add(name)
			}
		}
	}
	var out bytes.Buffer
	quoted := func(i int, text string) {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`)
	}
	for i, name := range header {
		quoted(i, name)
	}
	for _, r := range t.Rows {
		out.WriteByte('\n')
		for i, name := range header {
			text := ""
			for _, c := range r.Given {
				if c.Name == name {
					text = c.Value
				}
			}
			quoted(i, text)
		}
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// comparison holds what came out of a test against what it expects.
type comparison struct {
	bench *testBench
	test  *rules.Test
	trial *trial
	seen  []int // by row of the test: its place in the batch; -1: not decoded
	out   []Difference
}

func (c *comparison) rows(ctx context.Context) error {
	c.seen = make([]int, len(c.test.Rows))
	for i := range c.seen {
		c.seen[i] = -1
	}
	decoded := 0
	for number := range c.trial.scan.frames {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := c.trial.load(number)
		if err != nil {
			return err
		}
		for i := range f.rows {
			row := int(f.rowNumber(i)) - 1
			c.seen[row] = decoded
			decoded++
			if err := c.row(&f, row, i); err != nil {
				f.done()
				return err
			}
		}
		f.done()
	}
	for row, at := range c.seen {
		if at < 0 {
			r := &c.test.Rows[row]
			c.out = append(c.out, Difference{Line: r.Line, Row: row + 1, What: "given", Expected: text("a record that can be read"), Got: text("a bad record")})
		}
	}
	return nil
}

func text(s string) *string { return &s }

// row compares one row, row i of frame f.
func (c *comparison) row(f *trialFrame, row, i int) error {
	r, p := &c.test.Rows[row], c.bench.plan
	broken := []string{}
	for k := range p.Rules {
		if f.fails(k, i) {
			broken = append(broken, p.Rules[k].ID)
		}
	}
	add := func(d Difference) {
		d.Row, d.Broken = row+1, broken
		c.out = append(c.out, d)
	}
	for _, e := range r.Expect {
		k := slices.IndexFunc(p.Fields, func(f rules.Field) bool { return f.Name == e.Name })
		got, err := f.value(k, i)
		if err != nil {
			return err
		}
		if !same(expected(e), got) {
			add(Difference{Line: e.Line, Column: e.Column, What: "expect", Field: e.Name, Expected: expected(e), Got: got, Changed: c.repairedBy(f, e.Name, i)})
		}
	}
	if r.Fails != nil {
		slices.Sort(broken)
		if !slices.Equal(*r.Fails, broken) {
			add(Difference{Line: r.Line, What: "fails", Expected: list(*r.Fails), Got: list(broken)})
		}
	}
	fate := f.fate(i)
	for _, want := range []struct {
		said *bool
		what string
		fate Fate
	}{{r.Excluded, "excluded", FateExcluded}, {r.Quarantined, "quarantined", FateQuarantined}, {r.Duplicate, "duplicate", FateDuplicate}} {
		if want.said != nil && *want.said != (fate == want.fate) {
			is := string(want.fate)
			if !*want.said {
				is = "not " + is
			}
			add(Difference{Line: r.Line, What: want.what, Expected: &is, Got: text(string(fate))})
		}
	}
	if !r.IsPublished {
		return nil
	}
	if fate != FatePublished {
		add(Difference{Line: r.Line, What: "published", Expected: text(string(FatePublished)), Got: text(string(fate))})
		return nil
	}
	return c.published(f, r, i, add)
}

// expected is the value that a cell of a test expects; nil is null.
func expected(c rules.TestCell) *string {
	if c.Null {
		return nil
	}
	return &c.Value
}

// repairedBy is the last rule that changed the field of row i on failure; empty if none did.
func (c *comparison) repairedBy(f *trialFrame, field string, i int) (id string) {
	for k := range c.bench.plan.Rules {
		r := &c.bench.plan.Rules[k]
		if r.Field == field && (r.OnFail == rules.SetNull || r.OnFail == rules.ReplaceBy) && f.fails(k, i) {
			id = r.ID
		}
	}
	return id
}

// published compares what readers see of row i.
func (c *comparison) published(f *trialFrame, r *rules.TestRow, i int, add func(Difference)) error {
	if len(r.Published) == 0 {
		return nil
	}
	if c.bench.treater == nil {
		t, err := kernel.NewTreater(c.bench.plan, testSecret)
		if err != nil {
			return err
		}
		c.bench.treater = t
	}
	cols := c.trial.scan.layout.spread(c.bench.plan, f.cols)
	rec, err := c.bench.treater.Treat(cols, []int32{int32(i)})
	if err != nil {
		return err
	}
	for _, e := range r.Published {
		column := publishedColumn(rec, c.bench.plan.Field(e.Name).PublishAs)
		got, err := kernel.CanonicalText(column, 0)
		if err != nil {
			return err
		}
		k := slices.IndexFunc(c.bench.plan.Fields, func(f rules.Field) bool { return f.Name == e.Name })
		if original := c.bench.dataset.Plan.Field(e.Name); original.Treatment.Method == rules.Pseudonym && !e.Null {
			plain, err := f.value(k, i)
			if err != nil {
				return err
			}
			if got != nil && plain != nil && *got != *plain && len(*got) == 2*sha256.Size {
				continue
			}
		}
		if !same(expected(e), got) {
			add(Difference{Line: e.Line, Column: e.Column, What: "published", Field: e.Name, Expected: expected(e), Got: got})
		}
	}
	return nil
}

func publishedColumn(rec arrow.RecordBatch, name string) arrow.Array {
	return rec.Column(rec.Schema().FieldIndices(name)[0])
}

// testSecret gives the pseudonym keys of tests: always the same, and none of a workspace.
func testSecret(name string) ([]byte, error) {
	sum := sha256.Sum256([]byte("clearwell test " + name))
	return sum[:], nil
}

// gates compares which rules would have stopped the publication or warned.
func (c *comparison) gates() {
	for _, g := range []struct {
		said   *[]string
		what   string
		effect quality.Decision
	}{{c.test.Refuses, "refuses", quality.Refuse}, {c.test.Warns, "warns", quality.PublishWarned}} {
		if g.said == nil {
			continue
		}
		got := []string{}
		for _, gate := range c.trial.result.Gates {
			if !gate.Held && gate.Effect == g.effect && gate.Kind != quality.RowsGate {
				got = append(got, gate.Of)
			}
		}
		slices.Sort(got)
		if !slices.Equal(*g.said, got) {
			c.out = append(c.out, Difference{Line: c.test.Line, What: g.what, Expected: list(*g.said), Got: list(got)})
		}
	}
}

func list(ids []string) *string {
	s := strings.Join(ids, ", ")
	if s == "" {
		s = "none"
	}
	return &s
}

func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// explain adds to wrong values what each cleaning step made of the cell.
func (c *comparison) explain(ctx context.Context, source []byte) error {
	trace, err := traceCleaning(ctx, c.bench.plan, source)
	if err != nil {
		return errors.Join(errors.New("trace the cleaning"), err)
	}
	for n := range c.out {
		d := &c.out[n]
		if d.What != "expect" {
			continue
		}
		k := slices.IndexFunc(c.bench.plan.Fields, func(f rules.Field) bool { return f.Name == d.Field })
		d.Steps = trace.of(c.bench.plan, k, c.seen[d.Row-1], d.Got)
		if d.Changed != "" {
			continue
		}
		for _, s := range d.Steps[min(1, len(d.Steps)):] {
			if s.Changed {
				d.Changed = s.Step
			}
		}
	}
	return nil
}

// of lists what became of field k in row i; final is its value in the end, nil for null.
func (t *cleaningTrace) of(p *rules.Plan, k, i int, final *string) []StepValue {
	var out []StepValue
	for n, cells := range t.texts[k] {
		if i < 0 || i >= len(cells) {
			continue
		}
		s := StepValue{Step: "delivered", Value: cells[i]}
		if n > 0 {
			s.Step = p.Fields[k].Clean[n-1].ID
			s.Changed = cells[i] != t.texts[k][n-1][i]
		}
		out = append(out, s)
	}
	if d := p.Fields[k].Derived(); d != nil && len(out) == len(p.Fields[k].Clean) { // made of other fields, when all are read
		s := StepValue{Step: d.ID}
		if final != nil {
			s.Value = *final
		}
		s.Changed = len(out) == 0 || s.Value != out[len(out)-1].Value
		out = append(out, s)
	}
	return out
}
