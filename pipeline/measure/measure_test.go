package measure

import (
	"context"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/pipeline/kernel"
	"clearwell/rules"
)

// table is a small table as text, null being "~".
type table struct {
	fields []rules.Field
	rows   [][]string
}

func field(name string, t rules.Type) rules.Field {
	if t.Kind == rules.Date || t.Kind == rules.Timestamp {
		t.MinYear, t.MaxYear = 1900, 2100
	}
	return rules.Field{Name: name, Type: t, Level: rules.L1, PublishAs: name}
}

// columns are the rows from..to-1 as Arrow arrays.
func (d table) columns(t testing.TB, from, to int) []arrow.Array {
	t.Helper()
	cols := make([]arrow.Array, len(d.fields))
	for i, f := range d.fields {
		r, err := newTextReader(f.Type)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range d.rows[from:to] {
			if row[i] == "~" {
				r.builder.AppendNull()
			} else if !r.read(row[i]) {
				t.Fatalf("%q is no %s", row[i], f.Type.Kind)
			}
		}
		cols[i] = r.builder.NewArray()
	}
	return cols
}

// how a table is measured; the result must not depend on it.
type how struct {
	workers, chunk int
	limit          int64
}

var plainly = how{1, 1 << 20, 64 << 20}

// take measures a table.
func (d table) take(t testing.TB, measures []rules.Measure, facts Facts, h how) []Result {
	t.Helper()
	p := &rules.Plan{Dataset: "test", Fields: d.fields, Measures: measures}
	for i := range p.Measures {
		m := &p.Measures[i]
		if m.ID = fmt.Sprint(i); m.Over == "" {
			m.Over = rules.OverDelivered
		}
		m.Reads = m.Fields
		if m.Aggregate != nil {
			m.Reads = m.Aggregate.Fields()
		}
	}
	s, err := New(p, t.TempDir(), h.limit, h.workers)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	adders := make([]*Adder, h.workers)
	for i := range adders {
		if adders[i], err = s.NewAdder(rules.OverDelivered); err != nil {
			t.Fatal(err)
		}
	}
	for at, k := 0, 0; at < len(d.rows); at, k = at+h.chunk, k+1 {
		to := min(at+h.chunk, len(d.rows))
		scope := kernel.NewBits(to - at)
		scope.Fill(to - at)
		if a := adders[k%h.workers]; a != nil {
			if err := a.Add(d.columns(t, at, to), scope, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, a := range adders {
		if a != nil {
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	results, err := s.Evaluate(context.Background(), rules.OverDelivered, facts)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// of makes a table of one column.
func of(t rules.Type, values ...string) table {
	d := table{fields: []rules.Field{field("x", t)}}
	for _, v := range values {
		d.rows = append(d.rows, []string{v})
	}
	return d
}

func split(s string) []string { return strings.Fields(s) }

var (
	whole   = rules.Type{Kind: rules.Integer}
	real    = rules.Type{Kind: rules.Number}
	cents   = rules.Type{Kind: rules.Decimal, Precision: 20, Scale: 2}
	text    = rules.Type{Kind: rules.String}
	day     = rules.Type{Kind: rules.Date}
	moment  = rules.Type{Kind: rules.Timestamp}
	boolean = rules.Type{Kind: rules.Boolean, True: []string{"true"}, False: []string{"false"}}
)

// pi are eleven digits; the figures of this table were computed with Python's
// statistics, fractions and math modules.
const pi = "3 1 4 1 5 9 2 6 5 3 5"

func TestStatisticsOfAColumn(t *testing.T) {
	x := []string{"x"}
	for _, c := range []struct {
		name     string
		of       table
		measure  rules.Measure
		observed string
		held     bool
	}{
		{"null share", of(whole, "1", "~", "2", "~"), rules.Measure{Kind: rules.NullShare, Bounds: rules.Limits{Max: "0.5"}}, "50%", true},
		{"null share of nothing but nulls", of(whole, "~"), rules.Measure{Kind: rules.NullShare, Bounds: rules.Limits{Max: "0.99"}}, "100%", false},
		{"rows", of(whole, "1", "~"), rules.Measure{Kind: rules.RowCount, Bounds: rules.Limits{Min: "2", Max: "2"}}, "2", true},
		{"distinct", of(whole, split(pi+" ~")...), rules.Measure{Kind: rules.Distinct, Bounds: rules.Limits{Min: "7", Max: "7"}}, "7", true},
		{"distinct of nulls", of(whole, "~"), rules.Measure{Kind: rules.Distinct, Bounds: rules.Limits{Min: "1"}}, "0", false},
		{"distinct share", of(whole, split(pi)...), rules.Measure{Kind: rules.DistinctShare, Bounds: rules.Limits{Min: "0.7"}}, "63.6364%", false},
		{"minus zero is zero", of(real, "0", "-0", "1"), rules.Measure{Kind: rules.Distinct, Bounds: rules.Limits{Max: "2"}}, "2", true},
		{"least", of(whole, "3", "-7", "5"), rules.Measure{Kind: rules.MinOf, Bounds: rules.Limits{Min: "-7", MinOpen: true}}, "-7", false},
		{"greatest", of(cents, "-2.50", "19.99"), rules.Measure{Kind: rules.MaxOf, Bounds: rules.Limits{Max: "19.99"}}, "19.99", true},
		{"greatest date", of(day, "2024-02-29", "1990-01-01"), rules.Measure{Kind: rules.MaxOf, Bounds: rules.Limits{Max: "2024-02-29", MaxOpen: true}}, "2024-02-29", false},
		{"least time", of(moment, "2024-02-29 08:00:01", "2024-02-29 08:00:00"), rules.Measure{Kind: rules.MinOf, Bounds: rules.Limits{Min: "2024-02-29 08:00:00"}}, "2024-02-29 08:00:00", true},
		{"mean", of(whole, split(pi)...), rules.Measure{Kind: rules.Mean, Bounds: rules.Limits{Min: "4", Max: "4"}}, "4", true},
		{"mean is exact", of(cents, "0.10", "0.20", "0.30"), rules.Measure{Kind: rules.Mean, Bounds: rules.Limits{Min: "0.2", Max: "0.2"}}, "0.2", true},
		{"sum of decimals is exact", of(cents, "999999999999999999.99", "0.01", "0.01"), rules.Measure{Kind: rules.Sum, Bounds: rules.Limits{Min: "1000000000000000000.01", Max: "1000000000000000000.01"}}, "1000000000000000000.01", true},
		{"sum of integers beyond 64 bits", of(whole, "9223372036854775807", "9223372036854775807"), rules.Measure{Kind: rules.Sum, Bounds: rules.Limits{Min: "18446744073709551614"}}, "18446744073709551614", true},
		{"sum of floats loses nothing", of(real, "1e300", "1", "-1e300", "0.5"), rules.Measure{Kind: rules.Sum, Bounds: rules.Limits{Min: "1.5", Max: "1.5"}}, "1.5", true},
		{"deviation", of(whole, split(pi)...), rules.Measure{Kind: rules.StdDev, Bounds: rules.Limits{Min: "2.36643191", Max: "2.36643192"}}, "2.366432", true},
		{"deviation of floats", of(real, "0.1", "0.2", "2.5", "-7.25", "1e6"), rules.Measure{Kind: rules.StdDev, Bounds: rules.Limits{Min: "447214.09304", Max: "447214.09305"}}, "447214.09304", true},
		{"median", of(whole, split(pi)...), rules.Measure{Kind: rules.Median, At: "0.5", Bounds: rules.Limits{Max: "4"}}, "4", true},
		{"median between two", of(whole, "1", "2"), rules.Measure{Kind: rules.Median, At: "0.5", Bounds: rules.Limits{Min: "1.5", Max: "1.5"}}, "1.5", true},
		{"median of dates is the earlier one", of(day, "2024-01-01", "2024-01-04"), rules.Measure{Kind: rules.Median, At: "0.5", Bounds: rules.Limits{Max: "2024-01-01"}}, "2024-01-01", true},
		{"quantile", of(whole, split(pi)...), rules.Measure{Kind: rules.Quantile, At: "0.25", Bounds: rules.Limits{Min: "2.5", Max: "2.5"}}, "2.5", true},
		{"nearest of two as near, even", of(whole, split("1 2 3 4 5 6 7 8 9 100")...), rules.Measure{Kind: rules.Quantile, At: "0.5", Nearest: true}, "5", true},
		{"nearest of two as near, odd", of(whole, split("1 2 3 4")...), rules.Measure{Kind: rules.Quantile, At: "0.5", Nearest: true}, "3", true},
		{"nearest above", of(whole, split("1 2 3 4 5 6 7 8 9 100")...), rules.Measure{Kind: rules.Quantile, At: "0.1", Nearest: true}, "2", true},
		{"high quantile", of(whole, split(pi)...), rules.Measure{Kind: rules.Quantile, At: "0.9", Bounds: rules.Limits{Min: "6", Max: "6"}}, "6", true},
		{"the whole order", of(whole, split(pi)...), rules.Measure{Kind: rules.Quantile, At: "1", Bounds: rules.Limits{Min: "9"}}, "9", true},
		{"entropy", of(whole, split(pi)...), rules.Measure{Kind: rules.Entropy, Bounds: rules.Limits{Min: "2.66353275", Max: "2.66353276"}}, "2.663533", true},
		{"entropy of one value", of(text, "甲", "甲"), rules.Measure{Kind: rules.Entropy, Bounds: rules.Limits{Max: "0"}}, "0", true},
		{"most common", of(whole, split(pi)...), rules.Measure{Kind: rules.MostCommon, Values: []string{"5"}}, "5 (3 rows)", true},
		{"most common of a tie", of(text, "乙", "甲", "甲", "乙", "丙"), rules.Measure{Kind: rules.MostCommon, Values: []string{"甲"}}, "乙, 甲 (2 rows each)", true},
		{"most common is another", of(boolean, "true", "true", "false"), rules.Measure{Kind: rules.MostCommon, Values: []string{"false"}}, "true (2 rows)", false},
		{"values are equal", of(text, "男", "女", "男", "~"), rules.Measure{Kind: rules.ValueSet, Relation: "equal", Values: []string{"女", "男"}}, "2 of 2 listed values occur, no other", true},
		{"values are missing", of(text, "男"), rules.Measure{Kind: rules.ValueSet, Relation: "equal", Values: []string{"女", "男"}}, "1 missing: 女", false},
		{"values contain", of(text, "男", "x", "女"), rules.Measure{Kind: rules.ValueSet, Relation: "contain", Values: []string{"女", "男"}}, "2 of 2 listed values occur, no other", true},
		{"values are within", of(text, "男", "x", "x"), rules.Measure{Kind: rules.ValueSet, Relation: "within", Values: []string{"女", "男"}}, "1 not listed, on 2 rows: x", false},
		{"values of numbers", of(cents, "1.50", "2.00"), rules.Measure{Kind: rules.ValueSet, Relation: "equal", Values: []string{"1.50", "2.00"}}, "2 of 2 listed values occur, no other", true},
		{"pattern share", of(text, "123456", "12345", "~", "654321", "000000"), rules.Measure{Kind: rules.PatternShare, Pattern: "[0-9]{6}", Bounds: rules.Limits{Min: "0.75"}}, "75%", true},
		{"shortest", of(text, "甲乙", "甲乙丙", "甲"), rules.Measure{Kind: rules.LengthOf, Part: "min", Bounds: rules.Limits{Min: "2"}}, "1", false},
		{"longest", of(text, "甲乙", "甲乙丙"), rules.Measure{Kind: rules.LengthOf, Part: "max", Bounds: rules.Limits{Max: "3"}}, "3", true},
		{"mean length", of(text, "甲乙", "甲乙丙", "甲乙丙"), rules.Measure{Kind: rules.LengthOf, Part: "mean", Bounds: rules.Limits{Min: "2.6"}}, "2.666667", true},
		{"values with zero bytes", of(text, "a\x00b", "a\x00", "a"), rules.Measure{Kind: rules.LengthOf, Part: "max", Bounds: rules.Limits{Max: "3"}}, "3", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.measure.Fields = x
			if c.measure.Kind == rules.RowCount {
				c.measure.Fields = nil
			}
			r := c.of.take(t, []rules.Measure{c.measure}, Facts{}, plainly)[0]
			if !r.Evaluated || r.Observed != c.observed || r.Held != c.held {
				t.Errorf("evaluated %v (%s), observed %q, held %v; want %q, %v", r.Evaluated, r.Reason, r.Observed, r.Held, c.observed, c.held)
			}
			if r.Rows != int64(len(c.of.rows)) {
				t.Errorf("%d rows, want %d", r.Rows, len(c.of.rows))
			}
		})
	}
}

func TestWhatHasNoValuesIsNotEvaluated(t *testing.T) {
	for _, d := range []table{of(whole), of(whole, "~", "~")} {
		for _, kind := range []rules.MeasureKind{rules.DistinctShare, rules.MinOf, rules.MaxOf, rules.Mean, rules.Sum, rules.StdDev, rules.Median, rules.Entropy, rules.MostCommon, rules.ValueSet, rules.Drift} {
			m := rules.Measure{Kind: kind, Fields: []string{"x"}, At: "0.5", Relation: "within", Against: &rules.Reference{Last: true}}
			if r := d.take(t, []rules.Measure{m}, Facts{}, plainly)[0]; r.Evaluated || r.Broken || r.Reason == "" {
				t.Errorf("%s over %d rows: %+v", kind, len(d.rows), r)
			}
		}
	}
	if r := of(whole, "1").take(t, []rules.Measure{{Kind: rules.StdDev, Fields: []string{"x"}}}, Facts{}, plainly)[0]; r.Evaluated {
		t.Errorf("the deviation of one value: %+v", r)
	}
}

func TestValuesOfProtectedFieldsAreNotShown(t *testing.T) {
	d := of(whole, "77", "77")
	d.fields[0].Level = rules.L3
	for _, kind := range []rules.MeasureKind{rules.MinOf, rules.MaxOf, rules.Mean, rules.Sum, rules.Median, rules.MostCommon, rules.ValueSet} {
		r := d.take(t, []rules.Measure{{Kind: kind, Fields: []string{"x"}, At: "0.5", Relation: "within"}}, Facts{}, plainly)[0]
		if !r.Evaluated || strings.Contains(r.Observed, "77") || !strings.Contains(r.Observed, "L3") {
			t.Errorf("%s: %+v", kind, r)
		}
	}
	if r := d.take(t, []rules.Measure{{Kind: rules.Distinct, Fields: []string{"x"}}}, Facts{}, plainly)[0]; r.Observed != "1" {
		t.Errorf("a count tells nothing: %+v", r)
	}
}

// two is pi beside another column; figures by Python as above.
func two(t testing.TB, x, y string) (table, Facts) {
	t.Helper()
	root := t.TempDir()
	write(t, root, "ref.csv", "\ufeffname,y\n"+strings.ReplaceAll("a,"+strings.Join(split(y), "\na,"), ",", ",")+"\n")
	return of(whole, split(x)...), Facts{Root: root}
}

func write(t testing.TB, root, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDriftAgainstAFile(t *testing.T) {
	d, facts := two(t, pi, "2 7 1 8 2 8 1 8 2 8 4 5")
	for test, want := range map[rules.DriftTest]float64{
		rules.KS: 0.32575757575757575, rules.KSP: 0.48924137887264724, rules.ChiSquare: 10.977272727272727, rules.ChiSquareP: 0.20299028620565934, rules.PSI: 0.8554500873418798,
	} {
		near := func(x float64) string { return new(big.Rat).SetFloat64(x).FloatString(12) }
		m := rules.Measure{Kind: rules.Drift, Test: test, Fields: []string{"x"}, Against: &rules.Reference{File: "ref.csv", Columns: []string{"y"}},
			Bounds: rules.Limits{Min: near(want - 1e-9), Max: near(want + 1e-9)}}
		r := d.take(t, []rules.Measure{m}, facts, plainly)[0]
		if !r.Evaluated || !r.Held || len(r.Sources) != 1 || r.Sources[0].Name != "ref.csv" || len(r.Sources[0].SHA256) != 64 {
			t.Errorf("%s: %+v, want %v", test, r, want)
		}
	}
	words := table{fields: []rules.Field{field("x", text)}}
	for _, v := range split(pi) {
		words.rows = append(words.rows, []string{v})
	}
	m := rules.Measure{Kind: rules.Drift, Test: rules.PSI, Fields: []string{"x"}, Against: &rules.Reference{File: "ref.csv", Columns: []string{"y"}}, Bounds: rules.Limits{Min: "6.2515089", Max: "6.2515090"}}
	if r := words.take(t, []rules.Measure{m}, facts, plainly)[0]; !r.Held {
		t.Errorf("value by value: %+v", r)
	}
}

func TestTheSameDistributionHasNoDrift(t *testing.T) {
	d, facts := two(t, pi, pi)
	for _, test := range []rules.DriftTest{rules.KS, rules.ChiSquare, rules.PSI} {
		m := rules.Measure{Kind: rules.Drift, Test: test, Fields: []string{"x"}, Against: &rules.Reference{File: "ref.csv", Columns: []string{"y"}}, Bounds: rules.Limits{Max: "0"}}
		if r := d.take(t, []rules.Measure{m}, facts, plainly)[0]; !r.Held {
			t.Errorf("%s: %+v", test, r)
		}
	}
}

func TestTwoColumnsTogether(t *testing.T) {
	d := table{fields: []rules.Field{field("x", whole), field("y", cents)}}
	for i, y := range split("2 1 4 3 7 8 6 9") {
		d.rows = append(d.rows, []string{fmt.Sprint(i + 1), y})
	}
	d.rows = append(d.rows, []string{"5", "~"}, []string{"~", "5"})
	m := rules.Measure{Kind: rules.Correlation, Fields: []string{"x", "y"}, Bounds: rules.Limits{Min: "0.896421457000795", Max: "0.896421457000796"}}
	if r := d.take(t, []rules.Measure{m}, Facts{}, plainly)[0]; !r.Held {
		t.Errorf("%+v", r)
	}
	flat := table{fields: d.fields, rows: [][]string{{"1", "2"}, {"1", "3"}}}
	if r := flat.take(t, []rules.Measure{m}, Facts{}, plainly)[0]; r.Evaluated {
		t.Errorf("a column that does not vary: %+v", r)
	}

	root := t.TempDir()
	write(t, root, "pairs.tsv", "b\ta\n1\t2\n1.00\t2\n2\t3\n")
	pairs := table{fields: d.fields, rows: [][]string{{"2", "1"}, {"3", "2"}, {"3", "2"}, {"9", "~"}}}
	same := rules.Measure{Kind: rules.SamePairs, Fields: []string{"x", "y"}, Against: &rules.Reference{File: "pairs.tsv", Columns: []string{"a", "b"}}}
	if r := pairs.take(t, []rules.Measure{same}, Facts{Root: root}, plainly)[0]; !r.Held {
		t.Errorf("%+v", r)
	}
	pairs.rows = append(pairs.rows, []string{"2", "2"})
	if r := pairs.take(t, []rules.Measure{same}, Facts{Root: root}, plainly)[0]; r.Held || r.Observed != "1 combinations only here, 0 only in pairs.tsv" {
		t.Errorf("%+v", r)
	}
}

func TestSumsAndRowsAgainstAnotherTable(t *testing.T) {
	root := t.TempDir()
	write(t, root, "ledger.csv", "total\n10.01\n\n20.02\n")
	d := of(cents, "15.00", "15.02", "~")
	ref := &rules.Reference{File: "ledger.csv", Columns: []string{"total"}}
	for _, c := range []struct {
		measure  rules.Measure
		held     bool
		observed string
	}{
		{rules.Measure{Kind: rules.Reconcile, Fields: []string{"x"}, Against: ref}, false, "30.02, 30.03 in ledger.csv"},
		{rules.Measure{Kind: rules.Reconcile, Fields: []string{"x"}, Against: ref, Tolerance: &rules.Tolerance{By: "0.01"}}, true, "30.02, 30.03 in ledger.csv"},
		{rules.Measure{Kind: rules.Reconcile, Fields: []string{"x"}, Against: ref, Tolerance: &rules.Tolerance{By: "0.0001", Share: true}}, false, "30.02, 30.03 in ledger.csv"},
		{rules.Measure{Kind: rules.Reconcile, Fields: []string{"x"}, Bounds: rules.Limits{Min: "30.02", Max: "30.02"}}, true, "30.02"},
		{rules.Measure{Kind: rules.RowCount, Against: &rules.Reference{File: "ledger.csv"}}, false, "3 rows, 2 in ledger.csv"},
		{rules.Measure{Kind: rules.RowCount, Against: &rules.Reference{File: "ledger.csv"}, Tolerance: &rules.Tolerance{By: "0.5", Share: true}}, true, "3 rows, 2 in ledger.csv"},
	} {
		if r := d.take(t, []rules.Measure{c.measure}, Facts{Root: root}, plainly)[0]; !r.Evaluated || r.Held != c.held || r.Observed != c.observed {
			t.Errorf("%s: %+v, want %v %q", c.measure.Kind, r, c.held, c.observed)
		}
	}
}

func TestAWrongReferenceStaysInItsMeasure(t *testing.T) {
	root := t.TempDir()
	write(t, root, "words.csv", "x\nmany\n")
	d := of(whole, "1")
	for _, c := range []struct {
		ref    *rules.Reference
		broken bool
		says   string
	}{
		{&rules.Reference{File: "none.csv", Columns: []string{"x"}}, true, "none.csv cannot be read"},
		{&rules.Reference{File: "words.csv", Columns: []string{"y"}}, true, `has no column "y"; it has x`},
		{&rules.Reference{File: "words.csv", Columns: []string{"x"}}, true, "line 2: column x is not integer"},
		{&rules.Reference{Last: true, Columns: []string{"x"}}, false, "no version is published yet"},
	} {
		list := []rules.Measure{{Kind: rules.Reconcile, Fields: []string{"x"}, Against: c.ref}, {Kind: rules.Sum, Fields: []string{"x"}}}
		r := d.take(t, list, Facts{Root: root}, plainly)
		if r[0].Evaluated || r[0].Broken != c.broken || !strings.Contains(r[0].Reason, c.says) || strings.Contains(r[0].Reason, root) {
			t.Errorf("%+v, want %q", r[0], c.says)
		}
		if !r[1].Held {
			t.Errorf("the other measure: %+v", r[1])
		}
	}
}

func TestTheDeliveryIsHeldAgainstWhatTheSenderSays(t *testing.T) {
	root := t.TempDir()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	hash := strings.Repeat("ab", 32)
	write(t, root, "control.csv", "文件,行数,摘要\na.csv,\"1,000\","+hash+"\ninbox/b.csv,7,"+hash+"\n")
	facts := Facts{Root: root, AsOf: now, Objects: []Object{
		{Name: "inbox/a.csv", Size: 2048, SHA256: hash, Modified: now.Add(-time.Hour), Records: 1000, Header: []string{"id", "name"}},
		{Name: "inbox/b.csv", Size: 100, SHA256: hash, Modified: now.Add(-49 * time.Hour), Records: 8, Header: []string{"name", "id"}},
	}}
	control := func(file, column string) *rules.Control {
		return &rules.Control{Manifest: "control.csv", File: file, Column: column}
	}
	for _, c := range []struct {
		measure  rules.Measure
		held     bool
		observed string
	}{
		{rules.Measure{Kind: rules.FileRows, Control: control("文件", "行数")}, false, "b.csv: 8 records, control.csv says 7"},
		{rules.Measure{Kind: rules.FileRows, Control: control("", "行数")}, false, "1008 records, control.csv says 1007"},
		{rules.Measure{Kind: rules.FileRows, Bounds: rules.Limits{Min: "1008", Max: "1008"}}, true, "1008"},
		{rules.Measure{Kind: rules.FileHash, Control: control("文件", "摘要")}, true, "all 2 files"},
		{rules.Measure{Kind: rules.FileHash, SHA256: strings.Repeat("cd", 32)}, false, "a.csv: " + hash + ", b.csv: " + hash},
		{rules.Measure{Kind: rules.FileSize, Bounds: rules.Limits{Min: "1024"}}, false, "b.csv: 100 bytes"},
		{rules.Measure{Kind: rules.FileAge, Within: 2 * 86400}, false, "b.csv: changed 2026-02-27 11:00:00 UTC"},
		{rules.Measure{Kind: rules.Columns, Relation: "exactly", Values: []string{"id", "name"}}, true, "2 columns"},
		{rules.Measure{Kind: rules.Columns, Relation: "ordered", Values: []string{"id", "name"}}, false, "b.csv: the order is name, id"},
		{rules.Measure{Kind: rules.Columns, Relation: "contains", Values: []string{"id"}}, true, "2 columns"},
		{rules.Measure{Kind: rules.Columns, Relation: "exactly", Values: []string{"id", "code"}}, false, "a.csv: missing code; not listed name, b.csv: missing code; not listed name"},
		{rules.Measure{Kind: rules.Columns, Relation: "count", Bounds: rules.Limits{Min: "3"}}, false, "a.csv: 2 columns, b.csv: 2 columns"},
	} {
		if r := of(whole).take(t, []rules.Measure{c.measure}, facts, plainly)[0]; !r.Evaluated || r.Held != c.held || r.Observed != c.observed {
			t.Errorf("%s: %+v, want %v %q", c.measure.Kind, r, c.held, c.observed)
		}
	}
	if r := of(whole).take(t, []rules.Measure{{Kind: rules.FileRows, Control: control("文件", "摘要")}}, facts, plainly)[0]; !r.Broken {
		t.Errorf("a hash is no number of rows: %+v", r)
	}
}

func TestFreshnessCountsFromTheClockOnTheWall(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*3600)
	facts := Facts{AsOf: time.Date(2026, 3, 2, 7, 0, 0, 0, shanghai)} // still the first of March in UTC
	for _, c := range []struct {
		of     table
		within int64
		held   bool
	}{
		{of(day, "2026-02-28", "2026-01-01"), 2 * 86400, true},
		{of(day, "2026-02-27"), 2 * 86400, false},
		{of(moment, "2026-03-02 06:00:00"), 3600, true},
		{of(moment, "2026-03-02 05:59:59"), 3600, false},
		{of(moment, "2026-03-09 00:00:00"), 3600, true},
	} {
		r := c.of.take(t, []rules.Measure{{Kind: rules.Freshness, Fields: []string{"x"}, Within: c.within}}, facts, plainly)[0]
		if !r.Evaluated || r.Held != c.held || r.AsOf.IsZero() {
			t.Errorf("%v within %d: %+v", c.of.rows, c.within, r)
		}
	}
}
