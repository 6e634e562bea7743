package spill

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Keys of few different bytes, zeros among them, with and without a long beginning in common, some the beginning of others.
func TestKeysAreSortedAsComparingThemDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		letters := rapid.SampledFrom([]string{"\x00", "\x00\x01", "\x00a\xff", "0123456789"}).Draw(t, "letters")
		begin := bytes.Repeat([]byte("浙"), rapid.IntRange(0, 5).Draw(t, "begin"))
		least, most := rapid.IntRange(0, 20).Draw(t, "least"), rapid.IntRange(0, 20).Draw(t, "more")
		s := NewSorter("", 1<<40)
		for i := range rapid.IntRange(0, 3000).Draw(t, "keys") {
			key := slices.Clone(begin)
			for range least + rng.IntN(most+1) {
				key = append(key, letters[rng.IntN(len(letters))])
			}
			if err := s.Add(key, uint64(i^5)); err != nil {
				t.Fatal(err)
			}
		}
		want := slices.Clone(s.items)
		slices.SortFunc(want, func(a, b item) int {
			return cmp.Or(bytes.Compare(s.key(&a), s.key(&b)), cmp.Compare(a.number, b.number))
		})
		s.sort()
		for i := range want {
			if s.items[i].number != want[i].number {
				t.Fatalf("at %d stands %q, want %q", i, s.key(&s.items[i]), s.key(&want[i]))
			}
		}
	})
}
