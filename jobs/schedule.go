package jobs

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zones must be known on machines without a zone database

	"github.com/robfig/cron/v3"
)

// A Schedule says when a job is due. It is made by ParseSchedule and is safe
// for concurrent use.
//
// A line with fixed hours means times of the wall clock, each of which happens
// once a day whatever the zone does: a time that falls into the hour that
// is left out in spring is due at the first instant after it, and a time that
// happens twice in autumn is due the first time only. A line that runs in every
// hour means a rhythm: it follows the instants that really pass, so that
// it neither pauses nor doubles when clocks change. This is what cron on Unix
// has done since Vixie's version 3.0; the library's own Next loses the daily run
// in spring and doubles it in autumn.
type Schedule struct {
	spec string
	zone *time.Location
	next func(after time.Time) time.Time
}

// cronParser reads the five classic fields and the descriptors.
var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// shortestInterval is the least distance of @every: schedules are kept to the
// minute elsewhere, and a run takes longer than this.
const shortestInterval = time.Minute

// ParseSchedule reads a cron line of five fields (minute hour day-of-month month
// day-of-week), a descriptor (@hourly @daily @weekly @monthly @yearly) or
// "@every 15m". zone is an IANA name; empty means UTC. A line that never comes
// true, such as the 31st of February, is an error.
func ParseSchedule(spec, zone string) (*Schedule, error) {
	spec = strings.TrimSpace(spec)
	loc, err := loadZone(zone)
	if err != nil {
		return nil, err
	}
	// The library takes a zone in front of the line and panics when nothing follows it.
	if strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ=") {
		return nil, fmt.Errorf("schedule %q: the time zone does not belong into the line; write it as timezone", spec)
	}
	if text, ok := strings.CutPrefix(spec, "@every"); ok {
		return everySchedule(spec, strings.TrimSpace(text), loc)
	}
	parsed, err := cronParser.Parse(spec)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w; expected five fields: minute hour day-of-month month day-of-week, or @hourly @daily @weekly @monthly @yearly, or @every 15m", spec, err)
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("schedule %q is of a kind that is not supported", spec)
	}
	s := &Schedule{spec: spec, zone: loc}
	if everyHour(fields.Hour) {
		fields.Location = loc
		s.next = func(after time.Time) time.Time { return rhythm(fields, after) }
	} else {
		fields.Location = time.UTC
		s.next = func(after time.Time) time.Time { return wallClock(fields, loc, after) }
	}
	// A fixed day to try from, so that a line is right or wrong on every day alike;
	// a leap year lies within the five years that the library looks ahead.
	if s.next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("schedule %q never comes true: no month has such a day", spec)
	}
	return s, nil
}

func loadZone(zone string) (*time.Location, error) {
	switch zone {
	case "":
		return time.UTC, nil
	case "Local":
		return nil, fmt.Errorf("time zone %q means another zone on every machine; write an IANA name such as Asia/Shanghai", zone)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known; write an IANA name such as Asia/Shanghai", zone)
	}
	return loc, nil
}

// everySchedule counts from the Unix epoch and not from the start of the
// program, so that a restart does not shift the rhythm.
func everySchedule(spec, text string, loc *time.Location) (*Schedule, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %q is not a duration; write it as 15m or 6h", spec, text)
	}
	if d < shortestInterval || d%time.Second != 0 {
		return nil, fmt.Errorf("schedule %q: the interval must be whole seconds and at least %s", spec, shortestInterval)
	}
	step := int64(d / time.Second)
	return &Schedule{spec: spec, zone: loc, next: func(after time.Time) time.Time {
		n := after.Unix() / step
		if after.Unix() < 0 && after.Unix()%step != 0 {
			n--
		}
		return time.Unix((n+1)*step, 0)
	}}, nil
}

// everyHour reports whether all 24 hours are set.
func everyHour(hours uint64) bool {
	const all = 1<<24 - 1
	return hours&all == all
}

// String is the line and its zone.
func (s *Schedule) String() string { return s.spec + " (" + s.zone.String() + ")" }

// Zone is the zone that the line is read in.
func (s *Schedule) Zone() *time.Location { return s.zone }

// Next is the first instant after the given one at which the job is due, to the
// second and in the schedule's zone; the zero time if there is none within
// the next five years.
func (s *Schedule) Next(after time.Time) time.Time {
	t := s.next(after)
	if t.IsZero() {
		return t
	}
	return t.In(s.zone)
}

// Between lists the instants in (after, until], oldest first.
func (s *Schedule) Between(after, until time.Time) []time.Time {
	var due []time.Time
	for t := s.Next(after); !t.IsZero() && !t.After(until); t = s.Next(t) {
		due = append(due, t)
	}
	return due
}

// rhythm is the library's own Next: it walks through the instants of the zone.
func rhythm(fields *cron.SpecSchedule, after time.Time) time.Time {
	t := fields.Next(after)
	if !t.IsZero() && !t.After(after) {
		return time.Time{} // would loop for ever; no zone of the database does this
	}
	return t
}

// wallClock finds the next matching time in a calendar without zones and only
// then asks when the zone's clocks show it. Later wall times are never earlier
// instants, so the first that lies after the given instant is the next.
func wallClock(fields *cron.SpecSchedule, loc *time.Location, after time.Time) time.Time {
	local := after.In(loc)
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	for {
		wall = fields.Next(wall)
		if wall.IsZero() {
			return wall
		}
		if t := firstShown(wall, loc); t.After(after) {
			return t
		}
	}
}

// firstShown is the first instant at which the clocks of loc show the wall time
// (given as if it were UTC), or the first after it where they never do.
func firstShown(wall time.Time, loc *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, loc)
	shown := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	start, end := t.ZoneBounds()
	switch {
	case shown.After(wall): // in a gap, and t was read with the offset before it
		return start
	case shown.Before(wall): // in a gap, and t was read with the offset after it
		return end
	}
	if start.IsZero() {
		return t
	}
	_, before := start.Add(-time.Second).Zone()
	if earlier := wall.Add(-time.Duration(before) * time.Second).In(loc); earlier.Before(start) && earlier.Before(t) {
		return earlier
	}
	return t
}
