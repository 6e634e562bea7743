package quality

import (
	"slices"
	"time"

	"clearwell/rules"
)

// Measured are the counts of an indicator that no rule gives: they follow from
// the contract, from how the delivery came and from the version as it was written.
type Measured struct {
	Indicator string `json:"indicator"`
	Delivered Counts `json:"delivered"`
	Published Counts `json:"published"`
}

// The indicators that Measure evaluates; 0303 and 0305 follow from Rows and Fields.
const (
	dataModel     = "0102"
	metadata      = "0103"
	securityRules = "0106"
	dataRecords   = "0202"
	withinPeriod  = "0501"
	onTime        = "0502"
	accessible    = "0601"
	usable        = "0602"
)

// Facts are what Measure looks at.
type Facts struct {
	Plan     *rules.Plan
	Rows     Rows
	Headers  [][]string // column names of each source object
	Owner    bool       // the department has a title in the workspace
	Files    Counts     // data files of the version that were read back: Failed could not be
	Delivery *Delivery  // nil: when it came cannot be judged
}

// Delivery is when the data came.
type Delivery struct {
	Last      time.Time // start of the run that published the version before
	Now       time.Time // start of this run
	Fresh     bool      // some source object was not among those of the version before
	Scheduled bool      // the run was started by a schedule
}

// Measure evaluates the indicators that a run shows by itself. Formulas, with A
// of B: see docs/quality.md. What has a B of 0 is not evaluated; nothing is where
// there is no record at all: papers in order would give an empty delivery a high score.
func Measure(f Facts) []Measured {
	if f.Rows.Read == 0 {
		return nil
	}
	out := []Measured{
		{Indicator: dataModel, Delivered: f.model()},
		both(metadata, f.metadata()),
		{Indicator: securityRules, Published: f.treated()},
		{Indicator: dataRecords,
			Delivered: Counts{Checked: f.Rows.Read, Failed: f.Rows.BadRecords},
			Published: Counts{Checked: f.Rows.Read - f.Rows.Excluded - f.Rows.Duplicates, Failed: f.Rows.Quarantined + f.Rows.Suppressed}},
		both(withinPeriod, f.period()),
		both(onTime, f.due()),
		{Indicator: accessible, Published: f.Files},
		{Indicator: usable, Published: f.documented()},
	}
	return slices.DeleteFunc(out, func(m Measured) bool { return m.Delivered.Checked == 0 && m.Published.Checked == 0 })
}

func both(indicator string, c Counts) Measured { return Measured{indicator, c, c} }

// tally counts one thing that should be there.
func (c *Counts) tally(there bool) {
	c.Checked++
	if !there {
		c.Failed++
	}
}

// model counts, over the source objects, the fields of the contract that a header has.
func (f Facts) model() (c Counts) {
	for _, header := range f.Headers {
		for i := range f.Plan.Fields {
			from := f.Plan.Fields[i].From
			if len(from) > 0 {
				c.tally(slices.ContainsFunc(from, func(name string) bool { return slices.Contains(header, name) }))
			}
		}
	}
	return c
}

// metadata counts title, level and type of every field, and descriptions where there
// are some: a field of which nothing more needs to be said is not in want of one.
func (f Facts) metadata() (c Counts) {
	for _, field := range f.Plan.Fields {
		c.tally(len(field.Title) > 0)
		c.tally(field.Level >= rules.L1)
		c.tally(field.Type.Kind != "")
		if len(field.Description) > 0 {
			c.tally(true)
		}
	}
	if len(f.Plan.About) > 0 {
		c.tally(true)
	}
	return c
}

// treated counts the fields that are published no less treated than their level and audience demand.
func (f Facts) treated() (c Counts) {
	for _, field := range f.Plan.Fields {
		least := rules.LeastTreatment(field.Level, f.Plan.Publish.Audience)
		c.tally(field.PublishAs == "" || field.Treatment.Method.Strength() >= least.Strength())
	}
	return c
}

// documented counts the titles of published columns and of the dataset, the licence and the name of the owner.
func (f Facts) documented() (c Counts) {
	for _, field := range f.Plan.Fields {
		if field.PublishAs != "" {
			c.tally(len(field.Title) > 0)
		}
	}
	c.tally(len(f.Plan.Title) > 0)
	c.tally(f.Plan.Publish.License != "")
	c.tally(f.Owner)
	return c
}

// period counts the cycles of the contract's update that ended since the last
// version, at least one, and how many of them brought nothing new.
func (f Facts) period() Counts {
	d := f.Delivery
	if d == nil || d.Last.IsZero() {
		return Counts{}
	}
	ended, ok := cycles(f.Plan.Update, d.Last, d.Now)
	switch {
	case !ok || ended == 0 && !d.Fresh:
		return Counts{} // the same bytes again within the cycle: nothing was due, nothing came
	case ended == 0:
		return Counts{Checked: 1}
	case !d.Fresh:
		return Counts{Checked: ended, Failed: ended}
	}
	return Counts{Checked: ended, Failed: ended - 1}
}

// due says whether a run that a schedule started found anything new.
func (f Facts) due() Counts {
	d := f.Delivery
	if d == nil || d.Last.IsZero() || !d.Scheduled {
		return Counts{}
	}
	var c Counts
	c.tally(d.Fresh)
	return c
}

// cycles is how many whole cycles lie between two times. Months are those of the
// calendar; a cycle that would end on a day the month lacks ends early in the next.
func cycles(update string, from, to time.Time) (n int64, ok bool) {
	var step func(k int) time.Time
	switch update {
	case "hourly":
		return int64(max(0, to.Sub(from)) / time.Hour), true
	case "daily":
		return int64(max(0, to.Sub(from)) / (24 * time.Hour)), true
	case "weekly":
		return int64(max(0, to.Sub(from)) / (7 * 24 * time.Hour)), true
	case "monthly":
		step = func(k int) time.Time { return from.AddDate(0, k, 0) }
	case "quarterly":
		step = func(k int) time.Time { return from.AddDate(0, 3*k, 0) }
	case "yearly":
		step = func(k int) time.Time { return from.AddDate(k, 0, 0) }
	default: // irregular, never, or not said
		return 0, false
	}
	for k := 1; !step(k).After(to); k++ {
		n++
	}
	return n, true
}
