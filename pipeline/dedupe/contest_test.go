package dedupe

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

type row struct {
	key, pref string
	loc       Loc
}

// lostTo decides by brute force what a Contest must decide: each loser with its winner.
func lostTo(rows []row) map[Loc]Loc {
	best := map[string]row{}
	for _, r := range rows {
		b, ok := best[r.key]
		c := bytes.Compare([]byte(r.pref), []byte(b.pref))
		if !ok || c > 0 || c == 0 && r.loc < b.loc {
			best[r.key] = r
		}
	}
	out := map[Loc]Loc{}
	for _, r := range rows {
		if w := best[r.key].loc; w != r.loc {
			out[r.loc] = w
		}
	}
	return out
}

// settle runs a contest over rows with some adders, and collects what it tells.
func settle(t interface {
	Fatal(...any)
	Error(...any)
}, c *Contest, rows []row, adders, workers int) map[Loc]Loc {
	var wg sync.WaitGroup
	for n := range adders {
		wg.Go(func() {
			a := c.NewAdder()
			for i := n; i < len(rows); i += adders {
				if err := a.Add([]byte(rows[i].key), []byte(rows[i].pref), rows[i].loc); err != nil {
					t.Fatal(err)
				}
				if i%97 == 0 { // hand over early, so that small contests have several blocks
					if err := a.Close(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
	wg.Wait()
	decide, err := c.Settle(workers)
	if err != nil {
		t.Fatal(err)
	}
	told := make([]map[Loc]Loc, decide.Workers())
	for n := range told {
		told[n] = map[Loc]Loc{}
		wg.Go(func() {
			err := decide.Work(context.Background(), func(loser, winner Loc) error {
				if _, twice := told[n][loser]; twice {
					return fmt.Errorf("row %d lost twice", loser)
				}
				told[n][loser] = winner
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	out := map[Loc]Loc{}
	for _, m := range told {
		maps.Copy(out, m)
	}
	return out
}

func TestAContestComesOutTheSameInMemoryAndSpilledInAnyOrder(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 30), rapid.IntRange(0, 2000)).Draw(t, "rows")
		keys := rapid.IntRange(1, 3000).Draw(t, "keys")
		long := rapid.SampledFrom([]int{0, 4, 300, 5_000}).Draw(t, "longest preference")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rows := make([]row, n)
		for i := range rows {
			pref := make([]byte, 0, long)
			for range rng.IntN(min(long, 8) + 1) {
				pref = append(pref, byte('a'+rng.IntN(2)))
			}
			if long > 8 && rng.IntN(50) == 0 {
				pref = append(pref, bytes.Repeat([]byte("c"), rng.IntN(long))...)
			}
			rows[i] = row{key: fmt.Sprint(rng.IntN(keys)), pref: string(pref), loc: NewLoc(i/7, i%7)}
		}
		want := lostTo(rows)
		rng.Shuffle(n, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		limits := []int64{1 << 30, 1 << 20, 100_000} // memory, some blocks, few
		if n <= 30 {
			limits = append(limits, 0) // every part is divided, thrice
		}
		for _, limit := range limits {
			c := NewContest(dir, limit)
			if got := settle(t, c, rows, 1+rng.IntN(3), 1+rng.IntN(3)); !maps.Equal(got, want) {
				t.Fatalf("limit %d: %d rows lost, want %d, or to others", limit, len(got), len(want))
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Fatalf("files are left: %v %v", left, err)
	}
}

func TestASpilledContestOfOneKeyAndManyRows(t *testing.T) {
	rows := make([]row, 60_000)
	for i := range rows { // each better than the ones before, and longer
		rows[i] = row{"same", fmt.Sprintf("%0*d", 8+i/1000, i), NewLoc(0, i)}
	}
	want := lostTo(rows)
	c := NewContest(t.TempDir(), 64<<10)
	defer c.Close()
	if got := settle(t, c, rows, 2, 2); !maps.Equal(got, want) {
		t.Fatalf("%d rows lost, want %d", len(got), len(want))
	}
	if !c.rows.Spilled() {
		t.Fatal("nothing was spilled")
	}
}

func TestATableCompactsWithoutForgetting(t *testing.T) {
	x := &table{}
	const keys = 20_000
	for round := range 8 { // longer preferences each round: the arena is rewritten
		pref := bytes.Repeat([]byte{byte('a' + round)}, 8+round*8)
		for k := range uint64(keys) {
			x.enter(record{k, k, NewLoc(round, int(k)), pref})
		}
	}
	if len(x.entries) != keys || len(x.prefs) > 3*keys*64 {
		t.Fatalf("%d keys with %d bytes of preferences, want %d keys", len(x.entries), len(x.prefs), keys)
	}
	for k := range uint64(keys) {
		if e := x.find(k, k); e == nil || e.loc != NewLoc(7, int(k)) {
			t.Fatalf("key %d: %v", k, e)
		}
	}
}

func TestADamagedSpilledRowIsAnError(t *testing.T) {
	whole := record{1, 2, 3, []byte("pref")}.append(nil)
	for n := range len(whole) {
		if _, _, err := parseRecord(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for a row", n, len(whole))
		}
	}
	if _, _, err := parseRecord(append(make([]byte, 24), append(bytes.Repeat([]byte{0xff}, 9), 1)...)); err == nil {
		t.Error("a length without an end is taken for one")
	}
}

func TestLosersComeBackInSourceOrder(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		frames := rapid.IntRange(1, 700).Draw(t, "frames")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var want []Pair
		for f := range frames {
			for r := range rng.IntN(20) {
				want = append(want, Pair{NewLoc(f, 3*r), NewLoc(rng.IntN(frames), 3*r+1)})
			}
		}
		shuffled := slices.Clone(want)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		l := NewLosers(dir, rapid.SampledFrom([]int64{30_000, 300_000, 1 << 30}).Draw(t, "limit"), frames)
		a := l.NewAdder()
		for i, p := range shuffled {
			if err := a.Add(p.Loser, p.Winner); err != nil {
				t.Fatal(err)
			}
			if i%101 == 0 {
				if err := a.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		var got []Pair
		last := -1
		err := l.EachFrame(func(frame int, losers []Pair) error {
			if frame <= last {
				return fmt.Errorf("frame %d after %d", frame, last)
			}
			last = frame
			got = append(got, losers...)
			return nil
		})
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%d pairs in another order than %d given, %v", len(got), len(want), err)
		}
	})
}

func BenchmarkContest(b *testing.B) {
	const rows = 1_000_000
	key, pref := make([]byte, 0, 24), make([]byte, 20)
	for _, limit := range []int64{1 << 30, 16 << 20} {
		b.Run(fmt.Sprintf("limit=%dMiB", limit>>20), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c := NewContest(b.TempDir(), limit)
				a := c.NewAdder()
				for i := range rows {
					key = fmt.Appendf(key[:0], "%018d", i*7919%(rows*9/10))
					if err := a.Add(key, pref, NewLoc(i>>13, i&8191)); err != nil {
						b.Fatal(err)
					}
				}
				if err := a.Close(); err != nil {
					b.Fatal(err)
				}
				lost := 0
				decide, err := c.Settle(1)
				if err != nil {
					b.Fatal(err)
				}
				if err := decide.Work(context.Background(), func(Loc, Loc) error { lost++; return nil }); err != nil {
					b.Fatal(err)
				}
				if err := c.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
