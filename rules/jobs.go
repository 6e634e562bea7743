package rules

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones must be known on machines without a zone database

	"github.com/robfig/cron/v3"

	"clearwell/rules/contract"
	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// JobsFile holds the schedules of a workspace; a workspace may do without.
const JobsFile = "jobs.yaml"

// Job runs datasets on a schedule.
type Job struct {
	ID       string
	Title    map[string]string
	Datasets []string
	Cron     string // five fields, or @daily and the like, or @every 15m
	TimeZone string // IANA name; empty: UTC
	CatchUp  string // last | none | all; empty: last
	Overlap  string // skip | queue | replace; empty: skip
	Paused   bool
}

func (l *loader) jobs() error {
	var m contract.Jobs
	_, r, ok, err := l.read(JobsFile, &m)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { l.note(r) }()
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for i := range m.Jobs {
		j := &m.Jobs[i]
		if j.ID.Given() {
			switch {
			case !ruleID.MatchString(j.ID.Value):
				r.Addf(j.ID.Pos, "a job's id has letters, digits, hyphens, dots and _, not %q", j.ID.Value)
			case seen[j.ID.Value]:
				r.Addf(j.ID.Pos, "there is another job called %q", j.ID.Value)
			}
			seen[j.ID.Value] = true
		}
		l.ws.Jobs = append(l.ws.Jobs, l.job(j, r))
	}
	return nil
}

func (l *loader) job(j *contract.Job, r *syntax.Report) Job {
	out := Job{ID: j.ID.Value, Title: j.Title.ByLanguage, Cron: j.Cron.Value, TimeZone: j.TimeZone.Value, CatchUp: j.CatchUp.Value, Overlap: j.Overlap.Value, Paused: j.Paused.Value}
	for _, d := range j.Dataset {
		switch {
		case !d.Given():
		case !slices.Contains(l.ids, d.Value):
			r.AddHint(d.Pos, d.Value, l.ids, "no dataset %q", d.Value)
		case slices.Contains(out.Datasets, d.Value):
			r.Addf(d.Pos, "the dataset %q stands twice", d.Value)
		default:
			out.Datasets = append(out.Datasets, d.Value)
		}
	}
	if j.TimeZone.Given() {
		if _, err := time.LoadLocation(j.TimeZone.Value); err != nil || j.TimeZone.Value == "" || j.TimeZone.Value == "Local" {
			r.AddHint(j.TimeZone.Pos, j.TimeZone.Value, commonZones, "unknown time zone %q; write an IANA name such as Asia/Shanghai", j.TimeZone.Value)
		}
	}
	if j.Cron.Given() {
		if err := checkCron(j.Cron.Value); err != nil {
			r.Addf(j.Cron.Pos, "%v", err)
		}
	}
	return out
}

// commonZones are for suggestions only.
var commonZones = []string{"UTC", "Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei", "Asia/Tokyo", "Asia/Singapore",
	"Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Rome", "America/New_York", "America/Chicago", "America/Los_Angeles"}

// cronHelp says what a schedule looks like.
var cronHelp = wording.Phrase(`expected five fields (minute hour day month weekday) such as "15 2 * * *", or @hourly, @daily, @weekly, @monthly, @yearly, @every 15m`)

// checkCron reports whether a schedule can be read and ever comes due. It never panics.
func checkCron(spec string) (err error) {
	defer func() { // the library panics on some lines, such as a bare TZ=
		if recover() != nil {
			err = wording.Errorf("the schedule %q cannot be read; %s", spec, cronHelp)
		}
	}()
	spec = strings.TrimSpace(spec)
	if strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ=") {
		return wording.Errorf("the time zone does not stand in the schedule; write it as time_zone")
	}
	schedule, err := cron.ParseStandard(spec)
	if err != nil {
		return wording.Errorf("the schedule %q cannot be read: %v; %s", spec, scheduleProblem(err), cronHelp)
	}
	anyTime := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) // the library looks five years ahead, which has a leap day from here
	if schedule.Next(anyTime).IsZero() {
		return wording.Errorf("the schedule %q never comes due: there is no such day", spec)
	}
	return nil
}
