package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"clearwell/rules"
)

// TestTheNearestCodeIsTheOnlyOneAsNear holds the search by length against all codes.
func TestTheNearestCodeIsTheOnlyOneAsNear(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	word := func() string {
		out := ""
		for range 1 + rng.IntN(4) {
			out += string([]rune("杭州市宁")[rng.IntN(4)])
		}
		return out
	}
	found := 0
	for range 2000 {
		seen := map[string]bool{}
		for range 1 + rng.IntN(6) {
			seen[word()] = true
		}
		m := &repair{by: rules.ByNearest, within: 1 + rng.IntN(3), codes: map[int][]code{}}
		for w := range seen {
			m.codes[len([]rune(w))] = append(m.codes[len([]rune(w))], code{[]byte(w), []rune(w)})
		}
		text := word()
		best, times, want := m.within+1, 0, ""
		for w := range seen {
			switch d := editDistance([]rune(text), []rune(w)); {
			case d < best:
				best, times, want = d, 1, w
			case d == best:
				times++
			}
		}
		if times != 1 {
			want = ""
		} else {
			found++
		}
		if got := string(m.closest(text)); got != want {
			t.Fatalf("%q among %v within %d: %q, not %q", text, seen, m.within, got, want)
		}
	}
	if found < 100 {
		t.Fatalf("only %d of the texts have a nearest code", found)
	}
}

func BenchmarkNearest(b *testing.B) {
	m := &repair{by: rules.ByNearest, within: 1, codes: map[int][]code{}}
	for i := range 3000 {
		w := fmt.Sprintf("%06d", i*331)
		m.codes[6] = append(m.codes[6], code{[]byte(w), []rune(w)})
	}
	for b.Loop() {
		m.closest("33010x")
	}
}
