package profile

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clearwell/connectors/file"
)

var update = flag.Bool("update", false, "write the golden files of this package anew")

// profiled profiles a file, or a pattern of files, below dir.
func profiled(t testing.TB, dir, pattern string, o Options) *Result {
	t.Helper()
	src, err := file.New(dir, pattern)
	if err != nil {
		t.Fatal(err)
	}
	o.Name = pattern
	r, err := Run(t.Context(), src, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func asJSON(t testing.TB, r *Result) []byte {
	t.Helper()
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -run %s -update writes it anew):\n%s", path, t.Name(), got)
	}
}

func column(t testing.TB, r *Result, name string) *Column {
	t.Helper()
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return &r.Columns[i]
		}
	}
	t.Fatalf("no column %s", name)
	return nil
}

func TestAProfileOfASmallFile(t *testing.T) {
	r := profiled(t, "testdata", "people.csv", Options{})
	golden(t, "people.json", bytes.ReplaceAll(asJSON(t, r), []byte(r.Standards), []byte("VERSION")))
	golden(t, "people.yaml", r.Propose(Proposal{Dataset: "people", Owner: "civil", Path: "people.csv"}))
}

// write makes a file of rows; the header is the first.
func write(t testing.TB, name string, rows int, row func(i int) string) string {
	t.Helper()
	var b bytes.Buffer
	for i := range rows + 1 {
		b.WriteString(row(i))
		b.WriteByte('\n')
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bigRow is row i of a file with a key, a person's name, a code with its title, numbers, and dirt.
func bigRow(i int) string {
	if i == 0 {
		return "id,姓名,code,title,amount,day,note,phone"
	}
	h := uint64(i) * 0x9e3779b97f4a7c15 >> 20
	code := h % 97
	title := fmt.Sprintf("Title of %d", code%31)
	if i%5003 == 0 {
		title = "Title of another"
	}
	day := fmt.Sprintf("20%02d-%02d-%02d", h%20, h%12+1, h%28+1)
	if i%400 == 0 {
		day = "soon"
	}
	return fmt.Sprintf("R%07d,张%c,C%02d,%s,%d.%02d,%s,%s,138%08d", i, rune(0x4E00+h%500), code, title, h%100000, h%100, day, strings.Repeat("x", int(h%7)), (uint64(i)*7919)%100000000)
}

func TestAProfileDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	dir := write(t, "big.csv", 60000, bigRow)
	for _, memory := range []int64{0, 1 << 20} {
		one := asJSON(t, profiled(t, dir, "big.csv", Options{Workers: 1, Memory: memory}))
		for _, workers := range []int{2, 7} {
			if got := asJSON(t, profiled(t, dir, "big.csv", Options{Workers: workers, Memory: memory})); !bytes.Equal(got, one) {
				t.Errorf("memory %d, %d workers: another profile than with one:\n%s", memory, workers, firstDifference(one, got))
			}
		}
	}
}

func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d:\n%s\n%s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}

// With little memory numbers become estimates that are named; the others stay as they are.
func TestLittleMemoryMakesNamedEstimatesOfSomeNumbersOnly(t *testing.T) {
	dir := write(t, "big.csv", 60000, bigRow)
	exact := profiled(t, dir, "big.csv", Options{})
	small := profiled(t, dir, "big.csv", Options{Memory: 1 << 20})
	if len(small.Approximate) == 0 || small.DistinctHeld >= exact.DistinctHeld {
		t.Fatalf("nothing is approximate with %d values a column: %q", small.DistinctHeld, small.Approximate)
	}
	for i := range exact.Columns {
		a, b := &exact.Columns[i], &small.Columns[i]
		if len(a.Approximate) > 0 {
			t.Errorf("%s: %q is approximate although there is memory", a.Name, a.Approximate)
		}
		if a.Nulls != b.Nulls || a.Empty != b.Empty || a.Type.Name != b.Type.Name || a.Type.Fail != b.Type.Fail || a.Dirt != b.Dirt || *a.Length != *b.Length || *a.Min != *b.Min || *a.Max != *b.Max {
			t.Errorf("%s: what is counted over all rows differs:\n%+v\n%+v", a.Name, a, b)
		}
		if a.Mean != nil && (math.Abs(*a.Mean-*b.Mean) > 1e-9**a.Mean || math.Abs(*a.Stddev-*b.Stddev) > 1e-9**a.Stddev) {
			t.Errorf("%s: mean %v ± %v, with little memory %v ± %v", a.Name, *a.Mean, *a.Stddev, *b.Mean, *b.Stddev)
		}
		if b.Distinct.Exact != (a.Distinct.Count == b.Distinct.Count) && b.Distinct.Exact {
			t.Errorf("%s: %d values are called exact, there are %d", a.Name, b.Distinct.Count, a.Distinct.Count)
		}
		if off := math.Abs(float64(a.Distinct.Count-b.Distinct.Count)) / float64(max(1, a.Distinct.Count)); off > 5*b.Distinct.Error {
			t.Errorf("%s: %d values estimated for %d, beyond five times the error of %v", a.Name, b.Distinct.Count, a.Distinct.Count, b.Distinct.Error)
		}
	}
	amount, full := column(t, small, "amount"), column(t, exact, "amount")
	for k, q := range amount.Quantiles {
		a, b := readNumber([]byte(q.Text)).value, readNumber([]byte(full.Quantiles[k].Text)).value
		if math.Abs(a-b) > 0.1*100000 {
			t.Errorf("quantile %v is %v, with all values %v", q.Share, a, b)
		}
	}
}

func TestKeysAndDependenciesAreCountedOverAllRows(t *testing.T) {
	r := profiled(t, write(t, "big.csv", 60000, bigRow), "big.csv", Options{})
	if len(r.Keys) == 0 || !slices.Equal(r.Keys[0].Columns, []string{"id"}) || r.Keys[0].Duplicates != 0 || !r.Keys[0].Exact {
		t.Errorf("keys: %+v", r.Keys)
	}
	i := slices.IndexFunc(r.Dependencies, func(d Dependency) bool { return d.To == "title" && slices.Equal(d.From, []string{"code"}) })
	if i < 0 {
		t.Fatalf("code decides title, found %+v", r.Dependencies)
	}
	if d := r.Dependencies[i]; d.Violations != 60000/5003 || d.Checked != 60000 || d.Groups != 97 {
		t.Errorf("%+v, want %d violations", d, 60000/5003)
	}
	if slices.ContainsFunc(r.Dependencies, func(d Dependency) bool { return d.To == "code" || d.To == "id" }) {
		t.Errorf("nothing decides code: %+v", r.Dependencies)
	}
}

func TestCopiesOfWholeRowsAreCountedAndSayNothingAgainstAKey(t *testing.T) {
	dir := write(t, "copies.csv", 1100, func(i int) string {
		if i == 0 {
			return "id,name,amount"
		}
		if i > 1000 { // a tenth again, every tenth row of them with another amount
			if i %= 1000; i%10 == 0 {
				return fmt.Sprintf("N%04d,n%d,%d", i, i%300, i+7000)
			}
		}
		return fmt.Sprintf("N%04d,n%d,%d", i, i%300, i)
	})
	r := profiled(t, dir, "copies.csv", Options{})
	if r.Copies != (Copies{Rows: 90, Exact: true}) {
		t.Errorf("%+v, want the 90 rows that came again", r.Copies)
	}
	i := slices.IndexFunc(r.Keys, func(k Key) bool { return slices.Equal(k.Columns, []string{"id"}) })
	if i < 0 || r.Keys[i].Duplicates != 100 {
		t.Errorf("keys: %+v, want id with the 100 rows that repeat one", r.Keys)
	}
	if text := string(r.Propose(Proposal{Dataset: "copies", Owner: "o", Path: "copies.csv"})); !strings.Contains(text, "\n#dedupe: {key: [id], keep: most_complete}") {
		t.Errorf("the contract does not say how to take copies out:\n%s", text)
	}
}

func TestAPairOfColumnsIsFoundAsKey(t *testing.T) {
	dir := write(t, "pairs.csv", 20000, func(i int) string {
		if i == 0 {
			return "day,place,cases"
		}
		return fmt.Sprintf("2024-%02d-%02d,P%03d,%d", i/2800+1, i/100%28+1, i%100, i%13)
	})
	r := profiled(t, dir, "pairs.csv", Options{})
	if len(r.Keys) != 1 || !slices.Equal(r.Keys[0].Columns, []string{"day", "place"}) || r.Keys[0].Duplicates != 0 {
		t.Errorf("keys: %+v", r.Keys)
	}
}

func TestFilesOfOtherColumnsAreOneTable(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.csv": "id,x\n1,a\n2,b\n", "b.csv": "x,id,y\nc,3,7\nbad\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := profiled(t, dir, "*.csv", Options{})
	if r.Rows != 3 || r.BadRecords != 1 || len(r.Files) != 2 || r.Files[1].Bad["ragged"] != 1 || len(r.Files[1].FirstBad) != 1 {
		t.Errorf("rows %d, bad %d, files %+v", r.Rows, r.BadRecords, r.Files)
	}
	if y := column(t, r, "y"); y.Absent != 2 || y.Cells != 1 {
		t.Errorf("y: %+v", y)
	}
	if x := column(t, r, "x"); x.Absent != 0 || x.Distinct.Count != 3 {
		t.Errorf("x: %+v", x)
	}
	if c := string(r.Propose(Proposal{Dataset: "a", Owner: "b", Path: "*.csv"})); !strings.Contains(c, "optional: true") {
		t.Errorf("y is not optional:\n%s", c)
	}
}

// Nothing of an L3 or L4 column may stand in anything that a profile writes, unless that is asked for.
func TestPersonalValuesAreNotShown(t *testing.T) {
	personal := []string{"张伟", "刘洋", "110105194912310", "13800138000", "１３６００", "13800138001", "1949-12-31", "1990/3/7"}
	for _, show := range []bool{false, true} {
		r := profiled(t, "testdata", "people.csv", Options{ShowValues: show})
		var page bytes.Buffer
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"JSON": string(asJSON(t, r)), "page": page.String(), "contract": string(r.Propose(Proposal{Dataset: "p", Owner: "o", Path: "p.csv"}))} {
			found := slices.ContainsFunc(personal, func(v string) bool { return strings.Contains(text, v) })
			if found && !show {
				t.Errorf("the %s has a personal value in it", name)
			}
			if !found && show && name == "JSON" {
				t.Errorf("the %s shows no value although that was asked for", name)
			}
		}
	}
}

func TestThePageStandsAlone(t *testing.T) {
	r := profiled(t, "testdata", "people.csv", Options{})
	var a, b bytes.Buffer
	if err := r.WriteHTML(&a); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same profile gives two pages")
	}
	for _, outside := range []string{"<script", "http://", "https://", "url(", "@import"} {
		if strings.Contains(a.String(), outside) {
			t.Errorf("the page has %s in it", outside)
		}
	}
	for _, c := range r.Columns {
		if !strings.Contains(a.String(), "<h3>"+c.Name+" ") {
			t.Errorf("the page lacks column %s", c.Name)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	dir := write(b, "big.csv", 100000, bigRow)
	info, err := os.Stat(filepath.Join(dir, "big.csv"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		profiled(b, dir, "big.csv", Options{})
	}
}
