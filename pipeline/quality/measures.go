package quality

import (
	"fmt"

	"clearwell/rules"
)

// MeasureResult is one measure: a check that blames no row but holds a column, a
// table or a delivery to what the contract expects.
type MeasureResult struct {
	ID        string            `json:"id"`
	Title     map[string]string `json:"title,omitempty"`
	Field     string            `json:"field,omitempty"` // empty: the table or the delivery
	Reads     []string          `json:"reads"`
	Kind      rules.MeasureKind `json:"kind"`
	Over      rules.Over        `json:"over"`
	When      string            `json:"when,omitempty"`
	Dimension string            `json:"dimension"`
	Indicator string            `json:"indicator"`
	Severity  string            `json:"severity"`
	Basis     string            `json:"basis,omitempty"`
	Fix       string            `json:"fix,omitempty"`

	Expected    string      `json:"expected"`
	Observed    string      `json:"observed,omitempty"` // without values of fields at level L3 or above
	Verdict     Verdict     `json:"verdict"`
	Reason      string      `json:"reason,omitempty"` // why it is not evaluated
	Broken      bool        `json:"broken,omitempty"` // it is not evaluated because something is wrong
	Rows        int64       `json:"rows"`             // rows looked at, of files the records
	Approximate string      `json:"approximate,omitempty"`
	References  []Reference `json:"references,omitempty"` // other data that it was compared with
	AsOf        string      `json:"as_of,omitempty"`      // RFC 3339: what ages were counted from

	Allow rules.Allow `json:"-"`
}

// Reference is other data that a measure was compared with.
type Reference struct {
	Name   string `json:"name"`   // dataset and version, or a file of the workspace
	SHA256 string `json:"sha256"` // of the version's manifest, or of the file
}

// Verdict is how a measure came out.
type Verdict string

// The verdicts of a measure.
const (
	MeasurePassed    Verdict = "passed"
	MeasureFailed    Verdict = "failed"
	MeasureWarned    Verdict = "warned"        // it failed and only warns
	MeasureUnchecked Verdict = "not_evaluated" // never a pass
)

// failed says whether the measure was evaluated and did not hold.
func (m *MeasureResult) failed() bool {
	return m.Verdict == MeasureFailed || m.Verdict == MeasureWarned
}

// counts are those of one check: the measure itself.
func (m *MeasureResult) counts() Counts {
	c := Counts{Checked: 1}
	switch {
	case m.Verdict == MeasureUnchecked:
		return Counts{}
	case m.failed():
		c.Failed = 1
	}
	return c
}

// MeasureFinding is what a measure asked and what was found.
type MeasureFinding struct {
	Expected string `json:"expected"`
	Observed string `json:"observed,omitempty"`
	Reason   string `json:"reason,omitempty"` // why it could not be evaluated
}

// measureGates are the bounds of the measures, in the order of the plan. A failed
// measure refuses the version if it is a gate or its contract allows no failure,
// else it warns. One that could not be evaluated because something is wrong is
// no pass for a gate either; one for which there was nothing to measure is.
func (in Input) measureGates() []Gate {
	var out []Gate
	for i := range in.Measures {
		m := &in.Measures[i]
		g := Gate{Kind: MeasureGate, Of: m.ID, Effect: PublishWarned, Held: !m.failed() && !m.Broken,
			Measure: &MeasureFinding{Expected: m.Expected, Observed: m.Observed, Reason: m.Reason}}
		if m.Severity == rules.SeverityGate.String() && !bears(m.Allow.Fail) || m.Allow.Fail != nil && !bears(m.Allow.Fail) {
			g.Effect = Refuse
		}
		if m.Severity == rules.SeverityWarn.String() {
			g.Effect = PublishWarned
		}
		out = append(out, g)
	}
	return out
}

// bears says whether a bound allows the one failure that a measure can have.
func bears(b *rules.Bound) bool {
	return b != nil && (b.Count == nil || *b.Count >= 1) && (b.Share == nil || *b.Share >= 1)
}

// addMeasures counts the measures of one side under their indicators, a check
// each; those that only warn do not count.
func (in Input) addMeasures(s side, add func(indicator string, c Counts)) {
	over := pick2(s, rules.OverDelivered, rules.OverPublished)
	for i := range in.Measures {
		if m := &in.Measures[i]; m.Over == over && m.Severity != rules.SeverityWarn.String() {
			if c := m.counts(); c.Checked > 0 {
				add(m.Indicator, c)
			}
		}
	}
}

func pick2[T any](s side, delivered, published T) T {
	if s == publishedSide {
		return published
	}
	return delivered
}

// checkMeasures finds contradictions.
func (in Input) checkMeasures(bad func(string, ...any)) {
	seen := map[string]bool{}
	for _, r := range in.Rules {
		seen[r.ID] = true
	}
	for i := range in.Measures {
		m := &in.Measures[i]
		if seen[m.ID] {
			bad("measure %s is there twice, or a rule has its name", m.ID)
		}
		seen[m.ID] = true
		if ind, ok := IndicatorByCode(m.Indicator); !ok || ind.Dimension != m.Dimension {
			bad("measure %s: indicator %q is not one of %s", m.ID, m.Indicator, m.Dimension)
		}
		switch m.Verdict {
		case MeasurePassed, MeasureFailed, MeasureWarned:
		case MeasureUnchecked:
			if m.Reason == "" {
				bad("measure %s is not evaluated and does not say why", m.ID)
			}
		default:
			bad("measure %s: verdict %q", m.ID, m.Verdict)
		}
		if m.Rows < 0 {
			bad("measure %s: %d rows", m.ID, m.Rows)
		}
	}
}

// measureSentence says to a person what was asked and found.
func measureSentence(g Gate) string {
	f := g.Measure
	if f.Reason != "" {
		return fmt.Sprintf("measure %s could not be evaluated: %s", g.Of, f.Reason)
	}
	return fmt.Sprintf("measure %s found %s; the contract expects %s", g.Of, f.Observed, f.Expected)
}

// measureView is a measure as the page shows it.
type measureView struct {
	MeasureResult
	ZH, EN      string
	StatusEN    string
	StatusZH    string
	StatusClass string
	IndicatorEN string
	IndicatorZH string
	SeverityEN  string // empty: error, that of most measures
	SeverityZH  string
}

// measureViews puts those that need somebody first.
func measureViews(all []MeasureResult) (out []measureView) {
	for _, verdict := range []Verdict{MeasureFailed, MeasureWarned, MeasureUnchecked, MeasurePassed} {
		for _, m := range all {
			if m.Verdict != verdict {
				continue
			}
			v := measureView{MeasureResult: m, ZH: m.Title["zh"], EN: m.Title["en"]}
			if i, ok := IndicatorByCode(m.Indicator); ok {
				v.IndicatorEN, v.IndicatorZH = i.EN, i.ZH
			}
			v.SeverityEN, v.SeverityZH = severityWords(m.Severity)
			switch m.Verdict {
			case MeasurePassed:
				v.StatusClass, v.StatusEN, v.StatusZH = "good", "passed", "通过"
			case MeasureFailed:
				v.StatusClass, v.StatusEN, v.StatusZH = "bad", "failed", "不符"
			case MeasureWarned:
				v.StatusClass, v.StatusEN, v.StatusZH = "warn", "warning", "警告"
			default:
				v.StatusClass, v.StatusEN, v.StatusZH = "none", "not evaluated", "未评价"
			}
			out = append(out, v)
		}
	}
	return out
}
