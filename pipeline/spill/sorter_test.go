package spill

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestASorterOrdersTheSameWithinAnyLimit(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		type pair struct {
			key    string
			number uint64
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		given := make([]pair, rapid.IntRange(0, 400).Draw(t, "numbers"))
		for i := range given {
			given[i] = pair{strings.Repeat(string(rune('a'+rng.IntN(3))), rng.IntN(4)), uint64(i)}
			if rng.IntN(100) == 0 {
				given[i].key = strings.Repeat("b", rng.IntN(3000))
			}
		}
		rng.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
		want := slices.SortedFunc(slices.Values(given), func(a, b pair) int {
			return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.number, b.number))
		})
		s := NewSorter(dir, rapid.SampledFrom([]int64{0, 100, 5000, 1 << 40}).Draw(t, "limit"))
		for _, p := range given {
			if err := s.Add([]byte(p.key), p.number); err != nil {
				t.Fatal(err)
			}
		}
		o, err := s.Order(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o.Len() != int64(len(want)) {
			t.Fatalf("%d numbers, want %d", o.Len(), len(want))
		}
		for from := int64(0); from < o.Len(); {
			to := min(o.Len(), from+1+int64(rng.IntN(50)))
			got, err := o.Read(from, to)
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range got {
				if n != want[from+int64(i)].number {
					t.Fatalf("at %d stands %d, want %d", from+int64(i), n, want[from+int64(i)].number)
				}
			}
			from = to
		}
		if err := errors.Join(o.Close(), o.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
	})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Fatalf("files are left: %v %v", left, err)
	}
}

func TestASorterThatIsCalledOffLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	s := NewSorter(dir, 0)
	for i := range uint64(10) {
		if err := s.Add([]byte("key"), i); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Order(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Fatalf("files are left: %v %v", left, err)
	}
}
