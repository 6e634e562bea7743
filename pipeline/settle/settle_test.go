package settle

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"golang.org/x/sync/errgroup"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/rules"
)

// plan has a text field g and numbers v, f.
var plan = &rules.Plan{Dataset: "test", Fields: []rules.Field{
	{Name: "g", Type: rules.Type{Kind: rules.String}}, {Name: "t", Type: rules.Type{Kind: rules.String}},
	{Name: "v", Type: rules.Type{Kind: rules.Integer}}, {Name: "f", Type: rules.Type{Kind: rules.Number}},
}}

type testRow struct {
	g, t string
	v    int64
	f    float64
}

// columnsOf makes the columns of some rows; zero values are null.
func columnsOf(rows []testRow) []arrow.Array {
	g, t := array.NewStringBuilder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	v, f := array.NewInt64Builder(memory.DefaultAllocator), array.NewFloat64Builder(memory.DefaultAllocator)
	for _, r := range rows {
		for _, text := range []struct {
			b *array.StringBuilder
			s string
		}{{g, r.g}, {t, r.t}} {
			if text.s == "" {
				text.b.AppendNull()
			} else {
				text.b.Append(text.s)
			}
		}
		v.Append(r.v)
		f.Append(r.f)
	}
	return []arrow.Array{g.NewArray(), t.NewArray(), v.NewArray(), f.NewArray()}
}

// trial shows rows to a rule, in batches of some size by some workers, and gives the rows that fail.
func trial(t testing.TB, rule Rule, rows []testRow, batch, workers int, proposals bool) (failed map[int]bool, proposed map[int]string) {
	t.Helper()
	ctx := context.Background()
	frames := (len(rows) + batch - 1) / batch
	cols := make([][]arrow.Array, frames)
	checked := make([]kernel.Bits, frames)
	failed, proposed = map[int]bool{}, map[int]string{}
	var mu sync.Mutex
	fail := func(loc dedupe.Loc) {
		mu.Lock()
		defer mu.Unlock()
		failed[loc.Frame()*batch+loc.Row()] = true
	}
	var g errgroup.Group
	for w := range workers {
		o := rule.Observer()
		g.Go(func() error {
			for n := w; n < frames; n += workers {
				part := rows[n*batch : min(len(rows), (n+1)*batch)]
				cols[n] = columnsOf(part)
				all := kernel.NewBits(len(part))
				all.Fill(len(part))
				b := &Batch{Frame: n, Columns: cols[n], Within: all, Scope: all, Checked: kernel.NewBits(len(part)), Failed: kernel.NewBits(len(part))}
				if err := o.Observe(b); err != nil {
					return err
				}
				checked[n] = b.Checked
				b.Failed.Each(func(row int) { fail(dedupe.NewLoc(n, row)) })
			}
			return o.Close()
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	run := &Run{Workers: workers, Fail: fail, Frames: func(ctx context.Context, f func(worker, frame int, cols []arrow.Array, checked kernel.Bits) error) error {
		var g errgroup.Group
		for w := range workers {
			g.Go(func() error {
				for n := w; n < frames; n += workers {
					if err := f(w, n, cols[n], checked[n]); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return g.Wait()
	}}
	if proposals {
		run.Proposals = NewProposals(Share{Dir: t.TempDir(), Bytes: 1 << 10}, frames)
		defer run.Proposals.Close()
	}
	if err := rule.Settle(ctx, run); err != nil {
		t.Fatal(err)
	}
	if proposals {
		for part := range min(ProposalParts, frames) {
			list, err := run.Proposals.Of(part)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range list {
				if p.Loc.Frame()*min(ProposalParts, frames)/frames != part {
					t.Fatalf("frame %d is not in part %d", p.Loc.Frame(), part)
				}
				proposed[p.Loc.Frame()*batch+p.Loc.Row()] = string(p.Value)
			}
		}
	}
	if err := rule.Close(); err != nil {
		t.Fatal(err)
	}
	return failed, proposed
}

// spilling is a share that everything outgrows; roomy one that nothing does.
const (
	spilling = 1 << 10
	roomy    = 1 << 30
)

func newRule(t testing.TB, c *rules.Condition, bytes int64, known Known, propose bool) Rule {
	t.Helper()
	r, err := New(context.Background(), plan, c, Share{Dir: t.TempDir(), Bytes: bytes}, known, propose)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func randomRows(n, groups int) []testRow {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]testRow, n)
	for i := range rows {
		rows[i] = testRow{g: fmt.Sprint("g", rng.IntN(groups)), t: fmt.Sprint("t", rng.IntN(3)), v: int64(rng.IntN(1000)) - 500, f: rng.NormFloat64()}
		if rng.IntN(50) == 0 {
			rows[i].t = ""
		}
	}
	return rows
}

func TestDependencyInGroupsLargerThanMemory(t *testing.T) {
	for _, groups := range []int{1, 40, 30_000} {
		rows := randomRows(60_000, groups)
		counts := map[string]map[string]int{}
		for _, r := range rows {
			if counts[r.g] == nil {
				counts[r.g] = map[string]int{}
			}
			if r.t != "" {
				counts[r.g][r.t]++
			}
		}
		want, values := map[int]bool{}, map[int]string{}
		for i, r := range rows {
			if r.t == "" {
				continue
			}
			most, times, value := 0, 0, ""
			for v, n := range counts[r.g] {
				if n > most {
					most, times, value = n, 0, v
				}
				if n == most {
					times++
				}
			}
			if times > 1 {
				want[i] = true
			} else if value != r.t {
				want[i], values[i] = true, value
			}
		}
		c := &rules.Condition{Op: rules.Depends, Fields: []string{"g"}, Other: "t"}
		for _, bytes := range []int64{spilling, roomy} {
			got, proposed := trial(t, newRule(t, c, bytes, nil, true), rows, 1000, 2, true)
			if fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(proposed) != fmt.Sprint(values) {
				t.Errorf("%d groups, %d bytes: %d rows fail with %d proposals, not %d with %d", groups, bytes, len(got), len(proposed), len(want), len(values))
			}
		}
	}
}

func TestTrendInGroupsLargerThanMemory(t *testing.T) {
	for _, by := range [][]string{nil, {"g"}} {
		rows := randomRows(60_000, 7)
		last, want := map[string]int64{}, map[int]bool{}
		for i, r := range rows {
			key := ""
			if by != nil {
				key = r.g
			}
			if before, ok := last[key]; ok && r.v <= before {
				want[i] = true
			}
			last[key] = r.v
		}
		c := &rules.Condition{Op: rules.Increasing, Field: "v", By: by, Strictly: true}
		for _, bytes := range []int64{spilling, roomy} {
			if got, _ := trial(t, newRule(t, c, bytes, nil, false), rows, 777, 3, false); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("by %v, %d bytes: %d rows fail, not %d", by, bytes, len(got), len(want))
			}
		}
	}
}

// published are the values t0, t2, t4, … of another dataset.
type published int

func (n published) EachRow(_ context.Context, _ *rules.Referred, _ []rules.Type, each func(values [][]byte) error) error {
	for i := range int(n) {
		if err := each([][]byte{fmt.Appendf(nil, "t%d", 2*i)}); err != nil {
			return err
		}
	}
	return nil
}

func TestValuesThatDoNotFitIntoMemoryAreFoundAllTheSame(t *testing.T) {
	rows := make([]testRow, 50_000)
	want := map[int]bool{}
	for i := range rows {
		rows[i].t = fmt.Sprint("t", i)
		if i%2 == 1 || i >= 40_000 {
			want[i] = true
		}
	}
	c := &rules.Condition{Op: rules.ExistsIn, Fields: []string{"t"}, Reference: &rules.Referred{Dataset: "other"}}
	for _, bytes := range []int64{spilling, roomy} {
		r := newRule(t, c, bytes, published(20_000), false)
		if inMemory := r.(*exists).set != nil; inMemory != (bytes == roomy) {
			t.Errorf("%d bytes: in memory is %v", bytes, inMemory)
		}
		if got, _ := trial(t, r, rows, 999, 2, false); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d bytes: %d rows fail, not %d", bytes, len(got), len(want))
		}
	}
}

func TestQuartilesAreThoseOfSortedValues(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 100, 70_001} {
		rows := randomRows(n, 1)
		for i := range rows {
			rows[i].f = math.Ldexp(rows[i].f, i%40-20)
		}
		for field, value := range map[string]func(testRow) float64{"v": func(r testRow) float64 { return float64(r.v) }, "f": func(r testRow) float64 { return r.f }} {
			var all []float64
			for _, r := range rows {
				all = append(all, value(r))
			}
			sort.Float64s(all)
			quartile := func(p float64) float64 {
				h := float64(n-1) * p
				j := int(h)
				return all[j] + (h-float64(j))*(all[min(j+1, n-1)]-all[j])
			}
			q1, q3 := quartile(.25), quartile(.75)
			want := 0
			for _, x := range all {
				if x < q1-1.5*(q3-q1) || x > q3+1.5*(q3-q1) {
					want++
				}
			}
			c := &rules.Condition{Op: rules.Outlier, Field: field, Outlier: &rules.Distance{By: "iqr", Factor: "1.5"}}
			got, _ := trial(t, newRule(t, c, roomy, nil, false), rows, 1000, 2, false)
			if len(got) != want {
				t.Errorf("%d values of %s: %d outliers, not %d", n, field, len(got), want)
			}
		}
	}
}

func TestDeviationsAreExactWhateverTheOrder(t *testing.T) {
	// Sums of floats in this order would lose the ones.
	rows := []testRow{{f: 1e300, v: math.MaxInt64}, {f: 1, v: 1}, {f: -1e300, v: math.MinInt64 + 1}, {f: 1, v: 2}, {f: 5e-324}}
	for _, field := range []string{"f", "v"} {
		c := &rules.Condition{Op: rules.Outlier, Field: field, Outlier: &rules.Distance{By: "z", Factor: "1.5"}}
		var first string
		for turn := range len(rows) {
			turned := slices.Concat(rows[turn:], rows[:turn])
			failed, _ := trial(t, newRule(t, c, roomy, nil, false), turned, 2, 2, false)
			var values []string
			for i := range failed {
				values = append(values, fmt.Sprint(turned[i]))
			}
			slices.Sort(values)
			if turn == 0 {
				first = fmt.Sprint(values)
				if len(values) != 2 {
					t.Errorf("%s: the two extremes are 1.58 deviations away, found are %v", field, values)
				}
			} else if fmt.Sprint(values) != first {
				t.Errorf("%s turned by %d: %v, not %s", field, turn, values, first)
			}
		}
	}
	// A value exactly on the bound is no outlier: of 0 and 2 both are one deviation away.
	c := &rules.Condition{Op: rules.Outlier, Field: "v", Outlier: &rules.Distance{By: "z", Factor: "1"}}
	if failed, _ := trial(t, newRule(t, c, roomy, nil, false), []testRow{{v: 0}, {v: 2}}, 1, 1, false); len(failed) != 0 {
		t.Errorf("on the bound: %v", failed)
	}
}

// TestUniqueWithNulls: rows with a null are not looked at, or, where nulls count, are copies of rows that have the null in the same place.
func TestUniqueWithNulls(t *testing.T) {
	rows := []testRow{{g: "a", t: "x"}, {g: "a"}, {g: "a"}, {t: "x"}, {}, {}, {g: "a", t: "x"}, {t: "a"}, {g: "ax"}}
	for _, c := range []struct {
		nulls bool
		want  []int
	}{{false, []int{0, 6}}, {true, []int{0, 1, 2, 6}}} {
		failed, _ := trial(t, newRule(t, &rules.Condition{Op: rules.Unique, Fields: []string{"g", "t"}, NullsMatch: c.nulls}, roomy, nil, false), rows, 2, 2, false)
		if got := slices.Sorted(maps.Keys(failed)); !slices.Equal(got, c.want) {
			t.Errorf("nulls %v: %v fail, not %v", c.nulls, got, c.want)
		}
	}
}

func BenchmarkSettled(b *testing.B) {
	rows := randomRows(200_000, 5_000)
	known := published(100_000)
	for name, c := range map[string]*rules.Condition{
		"unique":     {Op: rules.Unique, Fields: []string{"g", "t"}},
		"depends":    {Op: rules.Depends, Fields: []string{"g"}, Other: "t"},
		"increasing": {Op: rules.Increasing, Field: "v"},
		"by":         {Op: rules.Increasing, Field: "v", By: []string{"g"}},
		"z":          {Op: rules.Outlier, Field: "f", Outlier: &rules.Distance{By: "z", Factor: "3"}},
		"iqr":        {Op: rules.Outlier, Field: "f", Outlier: &rules.Distance{By: "iqr", Factor: "1.5"}},
		"exists_in":  {Op: rules.ExistsIn, Fields: []string{"t"}, Reference: &rules.Referred{Dataset: "other"}},
	} {
		for _, share := range []struct {
			name  string
			bytes int64
		}{{"memory", 64 << 20}, {"spilled", 1 << 20}} {
			b.Run(name+"/"+share.name, func(b *testing.B) {
				cols := columnsOf(rows)
				all := kernel.NewBits(len(rows))
				all.Fill(len(rows))
				for b.Loop() {
					r := newRule(b, c, share.bytes, known, false)
					o := r.Observer()
					batch := &Batch{Columns: cols, Within: all, Scope: all, Checked: kernel.NewBits(len(rows)), Failed: kernel.NewBits(len(rows))}
					if err := o.Observe(batch); err != nil {
						b.Fatal(err)
					}
					if err := o.Close(); err != nil {
						b.Fatal(err)
					}
					run := &Run{Workers: 1, Fail: func(dedupe.Loc) {}, Frames: func(_ context.Context, f func(worker, frame int, cols []arrow.Array, checked kernel.Bits) error) error {
						return f(0, 0, cols, batch.Checked)
					}}
					if err := r.Settle(context.Background(), run); err != nil {
						b.Fatal(err)
					}
					r.Close()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/row")
			})
		}
	}
}

func TestASetOfHashesGrowsUntilItIsFull(t *testing.T) {
	s := newHashSet(1 << 20)
	var h [16]byte
	added := 0
	for i := range 1 << 20 {
		binary.BigEndian.PutUint64(h[8:], uint64(i)*0x9e3779b97f4a7c15)
		if !s.add(h[:]) {
			break
		}
		added++
	}
	if bytes := len(s.slots) * slotBytes; added < 10_000 || bytes > 1<<20 {
		t.Fatalf("%d hashes in %d bytes", added, bytes)
	}
	seen := 0
	if err := s.each(func(h []byte) error {
		if !s.has(h) {
			t.Fatal("a hash that is in the set is not found")
		}
		seen++
		return nil
	}); err != nil || seen != added {
		t.Fatalf("%d of %d hashes, %v", seen, added, err)
	}
}
