package profile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func add(t *table, v string) { t.addColumn([]byte(v), []int32{0, int32(len(v))}) }

// addAll adds a column of values as a batch does.
func addAll(t *table, values []string) {
	var data []byte
	offsets := []int32{0}
	for _, v := range values {
		data = append(data, v...)
		offsets = append(offsets, int32(len(data)))
	}
	t.addColumn(data, offsets)
}

func content(t *table) []string {
	t.settle()
	out := []string{fmt.Sprint("level ", t.level, " cells ", t.cells, " empty ", t.empty)}
	for i := range t.entries {
		out = append(out, fmt.Sprintf("%s %d", t.value(&t.entries[i]), t.entries[i].count))
	}
	return out
}

func TestATableHoldsTheSameValuesInWhateverOrderTheyCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 64).Draw(t, "limit")
		values := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 300), func(i int) string { return fmt.Sprint("v", i*i) }), 0, 600).Draw(t, "values")
		forward := newTable(limit)
		addAll(forward, values)
		shuffled := slices.Clone(values)
		rand.New(rand.NewPCG(1, uint64(len(values)))).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		cut := 0
		if len(shuffled) > 0 {
			cut = rapid.IntRange(0, len(shuffled)).Draw(t, "cut")
		}
		back := newTable(limit)
		addAll(back, shuffled[:cut])
		addAll(back, shuffled[cut:])
		if a, b := content(forward), content(back); !slices.Equal(a, b) {
			t.Fatalf("two orders, two tables:\n%v\n%v", a, b)
		}
		if len(forward.entries) > limit {
			t.Fatalf("%d values are held, the limit is %d", len(forward.entries), limit)
		}
		counts := map[string]int64{}
		for _, v := range values {
			counts[v]++
		}
		for i := range forward.entries {
			e := &forward.entries[i]
			if want := counts[string(forward.value(e))]; e.count != want {
				t.Fatalf("%s stands %d times, counted %d", forward.value(e), want, e.count)
			}
		}
		if forward.exact() && len(forward.entries) != len(counts) {
			t.Fatalf("the table says it holds all of %d values, it has %d", len(counts), len(forward.entries))
		}
	})
}

func TestTheNumberOfValuesIsEstimatedWithinItsError(t *testing.T) {
	tab := newTable(4096)
	const n = 200_000
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("R%07d", i)
	}
	addAll(tab, values)
	d := distinctOf(tab, len(tab.entries))
	if d.Exact || d.Method == "" {
		t.Fatalf("an estimate is not named: %+v", d)
	}
	if off := math.Abs(float64(d.Count)-n) / n; off > 4*d.Error {
		t.Errorf("estimated %d of %d: off by %.2f %%, said %.2f %%", d.Count, n, 100*off, 100*d.Error)
	}
}

func TestLongValuesAreTakenForDifferentByAllOfThem(t *testing.T) {
	long := make([]byte, 3*keptBytes)
	for i := range long {
		long[i] = 'x'
	}
	tab := newTable(minDistinct)
	add(tab, string(long))
	add(tab, string(long[:len(long)-1]))
	long[len(long)-1] = 'y'
	add(tab, string(long))
	if len(tab.entries) != 3 {
		t.Fatalf("%d values, want 3", len(tab.entries))
	}
	if len(tab.data) != 3*keptBytes {
		t.Errorf("%d bytes kept", len(tab.data))
	}
	if got := tab.runes(&tab.entries[0]); got != 3*keptBytes {
		t.Errorf("%d characters, want %d", got, 3*keptBytes)
	}
}
