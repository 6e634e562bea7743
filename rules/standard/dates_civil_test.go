package standard

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestCivilDatesAreThoseOfTheProlepticCalendar(t *testing.T) {
	check := func(days int32) {
		wy, wm, wd := time.Unix(int64(days)*86400, 0).UTC().Date()
		if y, m, d := CivilFromDays(days); y != wy || m != int(wm) || d != wd {
			t.Fatalf("day %d is %d-%d-%d, want %d-%d-%d", days, y, m, d, wy, wm, wd)
		}
	}
	for days := int32(-800_000); days < 3_000_000; days++ { // before the year 1 to after the year 9999
		check(days)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		check(int32(r.Uint32()))
	}
	check(math.MinInt32)
	check(math.MaxInt32)
}
