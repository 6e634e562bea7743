package jobs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
	"pgregory.net/rapid"
)

func TestSchedulesThatCannotBeMeantAreErrors(t *testing.T) {
	for _, c := range []struct{ spec, zone, want string }{
		{"", "", "empty spec"},
		{"* * * *", "", "exactly 5 fields"},
		{"0 0 31 2 *", "", "never comes true"},
		{"0 0 30 2 *", "Asia/Shanghai", "never comes true"},
		{"0 0 31 4,6,9,11 *", "", "never comes true"},
		{", * * * *", "", "never comes true"},
		{"60 * * * *", "", "above maximum"},
		{"* 24 * * *", "", "above maximum"},
		{"*/0 * * * *", "", "positive"},
		{"0 0 * * 8", "", "above maximum"},
		{"@reboot", "", "unrecognized descriptor"},
		{"@every", "", "not a duration"},
		{"@every soon", "", "not a duration"},
		{"@every 10s", "", "at least 1m0s"},
		{"@every 90500ms", "", "whole seconds"},
		{"@every -5m", "", "at least"},
		{"CRON_TZ=Asia/Shanghai", "", "write it as timezone"},
		{"TZ=", "", "write it as timezone"},
		{"CRON_TZ=UTC 0 0 * * *", "", "write it as timezone"},
		{"0 0 * * *", "Asia/Peking", "is not known"},
		{"0 0 * * *", "Local", "another zone on every machine"},
	} {
		if _, err := ParseSchedule(c.spec, c.zone); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseSchedule(%q, %q): %v; want %q", c.spec, c.zone, err, c.want)
		}
	}
}

func mustParse(t testing.TB, spec, zone string) *Schedule {
	t.Helper()
	s, err := ParseSchedule(spec, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDaylightSavingNeitherLosesNorDoublesADailyRun(t *testing.T) {
	for _, c := range []struct{ spec, zone, from, until, want string }{
		{"30 2 * * *", "America/New_York", "2026-03-07T12:00", "2026-03-10T00:00", "03-08T03:00-0400 03-09T02:30-0400"},
		{"30 1 * * *", "America/New_York", "2026-10-31T12:00", "2026-11-03T00:00", "11-01T01:30-0400 11-02T01:30-0500"},
		{"0 2,3 * * *", "America/New_York", "2026-03-08T00:00", "2026-03-09T00:00", "03-08T03:00-0400"},
		{"30 * * * *", "America/New_York", "2026-03-08T00:40", "2026-03-08T04:00", "03-08T01:30-0500 03-08T03:30-0400"},
		{"30 * * * *", "America/New_York", "2026-11-01T00:40", "2026-11-01T02:40", "11-01T01:30-0400 11-01T01:30-0500 11-01T02:30-0500"},
		{"0 0 * * *", "America/Santiago", "2026-09-05T12:00", "2026-09-08T00:00", "09-06T01:00-0300 09-07T00:00-0300 09-08T00:00-0300"}, // midnight left out
		{"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-05T12:00", "10-04T02:30+1100 10-05T02:15+1100"},              // half an hour
		{"0 12 * * *", "Pacific/Apia", "2011-12-29T00:00", "2012-01-01T00:00", "12-29T12:00-1000 12-31T00:00+1400 12-31T12:00+1400"},    // a whole day left out
		{"0 3 * * *", "Asia/Shanghai", "2026-03-07T12:00", "2026-03-09T12:00", "03-08T03:00+0800 03-09T03:00+0800"},
		{"0 0 29 2 *", "", "2026-01-01T00:00", "2033-01-01T00:00", "02-29T00:00+0000 02-29T00:00+0000"},
	} {
		s := mustParse(t, c.spec, c.zone)
		at := func(text string) time.Time {
			x, err := time.ParseInLocation("2006-01-02T15:04", text, s.Zone())
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		var got []string
		for _, x := range s.Between(at(c.from), at(c.until)) {
			got = append(got, x.Format("01-02T15:04-0700"))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", s, got, c.want)
		}
	}
}

func TestEveryCountsFromTheEpochWhateverTheStart(t *testing.T) {
	s := mustParse(t, "@every 7m", "")
	a := s.Next(time.Date(2026, 1, 1, 0, 3, 0, 0, time.UTC))
	if b := s.Next(a.Add(-time.Second)); !b.Equal(a) || a.Unix()%(7*60) != 0 {
		t.Errorf("%s and %s", a, b)
	}
	if x := s.Next(time.Unix(-1, 0)); x.Unix() != 0 {
		t.Errorf("before the epoch: %s", x)
	}
}

// bruteForce walks every minute of the zone and reads the cron fields by itself.
func bruteForce(spec string, loc *time.Location, after, until time.Time) []time.Time {
	fields := strings.Fields(spec)
	bounds := [][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}
	match := make([]map[int]bool, 5)
	for i, f := range fields {
		match[i] = expand(f, bounds[i][0], bounds[i][1])
	}
	star := func(i int) bool { return fields[i] == "*" }
	matches := func(w time.Time) bool {
		day, dow := match[2][w.Day()], match[4][int(w.Weekday())]
		ok := day || dow
		if star(2) || star(4) {
			ok = day && dow
		}
		return ok && match[0][w.Minute()] && match[1][w.Hour()] && match[3][int(w.Month())]
	}
	var out []time.Time
	shown := map[int64]bool{} // wall times that have been on the clock
	rhythm := len(match[1]) == 24
	var previous time.Time
	for t := after.Truncate(time.Minute).Add(-48 * time.Hour); !t.After(until); t = t.Add(time.Minute) {
		w := t.In(loc)
		_, offset := w.Zone()
		key := t.Unix() + int64(offset)
		due := matches(w) && (rhythm || !shown[key])
		if !rhythm && !previous.IsZero() {
			// wall minutes that the clock jumped over are due now
			_, a := previous.Zone()
			for m := 1; m <= (offset-a)/60; m++ {
				skipped := time.Date(previous.Year(), previous.Month(), previous.Day(), previous.Hour(), previous.Minute()+m, 0, 0, time.UTC)
				due = due || matches(skipped)
			}
		}
		shown[key] = true
		previous = w
		if due && t.After(after) {
			out = append(out, t)
		}
	}
	return out
}

func expand(field string, low, high int) map[int]bool {
	out := map[int]bool{}
	for part := range strings.SplitSeq(field, ",") {
		rng, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			step = number(stepText)
		}
		from, to := low, high
		if rng != "*" {
			a, b, ranged := strings.Cut(rng, "-")
			from = number(a)
			switch {
			case ranged:
				to = number(b)
			case !stepped:
				to = from
			}
		}
		for i := from; i <= to; i += step {
			out[i] = true
		}
	}
	return out
}

func number(text string) int {
	n := 0
	for _, c := range text {
		n = n*10 + int(c-'0')
	}
	return n
}

var threeZones = []string{"America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"}

func TestAYearOfDueTimesEqualsWalkingThroughEveryMinute(t *testing.T) {
	specs := []string{"30 2 * * *", "*/20 * * * *", "15 1,2,3 * * *", "0 0 1,15 * *", "0 */2 * * 1-5", "45 23 31 * *", "0 0 13 * 5", "5-9/2 0-3 * 3,4,10,11 0"}
	if testing.Short() {
		specs = specs[:3]
	}
	from := time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)
	until := from.AddDate(1, 0, 0)
	for _, zone := range threeZones {
		for _, spec := range specs {
			s := mustParse(t, spec, zone)
			got, want := s.Between(from, until), bruteForce(spec, s.Zone(), from, until)
			if !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Errorf("%s: %d due times, want %d; first difference %s", s, len(got), len(want), firstDifference(got, want))
			}
		}
	}
}

func firstDifference(got, want []time.Time) string {
	for i := range min(len(got), len(want)) {
		if !got[i].Equal(want[i]) {
			return got[i].String() + " instead of " + want[i].String()
		}
	}
	return "in the lengths"
}

func TestNextIsAfterAndMissesNothing(t *testing.T) {
	zones := append(slices.Clone(threeZones), "America/Santiago", "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu", "Europe/London")
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(t, name) }
		spec := strings.Join([]string{
			pick("minute", "0", "*", "*/7", "59", "13-40/9"), pick("hour", "*", "0", "1-3", "*/5", "23", "2"),
			pick("day", "*", "*", "1", "29", "*/10"), pick("month", "*", "*", "2,10", "3-4"), pick("weekday", "*", "*", "0", "1-5")}, " ")
		s, err := ParseSchedule(spec, rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		after := time.Unix(rapid.Int64Range(1_300_000_000, 2_000_000_000).Draw(t, "after"), 0)
		next := s.Next(after)
		if !next.After(after) {
			t.Fatalf("%s after %s is %s", s, after, next)
		}
		between := after.Add(next.Sub(after) / 2)
		if again := s.Next(between); between.Before(next) && !again.Equal(next) {
			t.Fatalf("%s: from %s it is %s, from %s it is %s", s, after, next, between, again)
		}
	})
}

func FuzzParseScheduleNeverPanics(f *testing.F) {
	for _, seed := range []string{"* * * * *", "TZ=", "CRON_TZ=", "CRON_TZ=UTC", "@every 1m", "@every 1", "0 0 31 2 *", "1-/2 * * * *", ",", "*/9223372036854775807 * * * *", "0 0 ? jan mon", "@every 2562047h47m16s"} {
		f.Add(seed, "Asia/Shanghai")
	}
	f.Add("0 2 * * *", "../../etc/passwd")
	f.Fuzz(func(t *testing.T, spec, zone string) {
		s, err := ParseSchedule(spec, zone)
		if err != nil {
			return
		}
		at := time.Date(2026, 3, 8, 1, 59, 59, 0, time.UTC)
		for range 3 {
			next := s.Next(at)
			if next.IsZero() {
				return
			}
			if !next.After(at) {
				t.Fatalf("%s after %s is %s", s, at, next)
			}
			at = next
		}
	})
}

// The reason why wallClock exists: should the library change, we want to know.
func TestTheLibraryAloneDoublesADailyRunInAutumn(t *testing.T) {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := cron.ParseStandard("30 1 * * *")
	if err != nil {
		t.Fatal(err)
	}
	first := parsed.Next(time.Date(2026, 11, 1, 0, 0, 0, 0, loc))
	if second := parsed.Next(first); second.Sub(first) != time.Hour {
		t.Skipf("reason: the library now gives %s after %s; wallClock may be simplified", second, first)
	}
}
