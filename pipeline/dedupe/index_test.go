package dedupe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

type row struct {
	key, pref string
	loc       Loc
}

// survivors decides by brute force what an Index must decide.
func survivors(rows []row) map[Loc]bool {
	best := map[string]row{}
	for _, r := range rows {
		b, ok := best[r.key]
		c := bytes.Compare([]byte(r.pref), []byte(b.pref))
		if !ok || c > 0 || c == 0 && r.loc < b.loc {
			best[r.key] = r
		}
	}
	alive := map[Loc]bool{}
	for _, r := range best {
		alive[r.loc] = true
	}
	return alive
}

func TestIndexKeepsTheSameRowsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "rows")
		rows := make([]row, n)
		for i := range rows {
			rows[i] = row{
				key:  fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "key")),
				pref: rapid.StringMatching(`[a-c]{0,4}`).Draw(t, "pref"),
				loc:  NewLoc(i/7, i%7),
			}
		}
		want := survivors(rows)
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, 1)).Shuffle(n, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		x := NewIndex()
		alive := map[Loc]bool{}
		for _, r := range rows {
			alive[r.loc] = true
			if _, loser, contested := x.Add([]byte(r.key), []byte(r.pref), r.loc); contested {
				if !alive[loser] {
					t.Fatalf("row %d lost twice", loser)
				}
				delete(alive, loser)
			}
		}
		if len(alive) != len(want) || x.Keys() != len(want) {
			t.Fatalf("%d rows stay, %d keys, want %d", len(alive), x.Keys(), len(want))
		}
		for _, r := range rows {
			if alive[r.loc] != want[r.loc] {
				t.Fatalf("row %v: stays %v, want %v", r, alive[r.loc], want[r.loc])
			}
			if w, ok := x.Winner([]byte(r.key)); !ok || !want[w] {
				t.Fatalf("key %s: winner %v is not the survivor", r.key, w)
			}
		}
	})
}

func TestIndexGrowsAndCompactsWithoutForgetting(t *testing.T) {
	x := NewIndex()
	const keys = 50_000
	for round := range 8 { // longer preferences each round: the arena is rewritten
		pref := bytes.Repeat([]byte{byte('a' + round)}, 8+round*8)
		for k := range keys {
			x.Add(fmt.Appendf(nil, "key-%d", k), pref, NewLoc(round, k))
		}
	}
	if x.Keys() != keys {
		t.Fatalf("%d keys, want %d", x.Keys(), keys)
	}
	for k := range keys {
		if w, ok := x.Winner(fmt.Appendf(nil, "key-%d", k)); !ok || w != NewLoc(7, k) {
			t.Fatalf("key %d: winner %v %v", k, w, ok)
		}
	}
}

func TestIndexServesSeveralGoroutines(t *testing.T) {
	x := NewIndex()
	const workers, keys = 4, 5000
	var lost [workers]int
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for k := range keys {
				if _, _, contested := x.Add(fmt.Append(nil, k), []byte{byte(k + w)}, NewLoc(w, k)); contested {
					lost[w]++
				}
			}
		})
	}
	wg.Wait()
	if total := lost[0] + lost[1] + lost[2] + lost[3]; x.Keys() != keys || total != keys*(workers-1) {
		t.Fatalf("%d keys, %d losers; want %d, %d", x.Keys(), total, keys, keys*(workers-1))
	}
}

func BenchmarkIndexAdd(b *testing.B) {
	x := NewIndex()
	key, pref := make([]byte, 0, 24), make([]byte, 20)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		key = fmt.Appendf(key[:0], "%018d", i*7919%1_000_000)
		x.Add(key, pref, NewLoc(i>>13, i&8191))
	}
}
