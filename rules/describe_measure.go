package rules

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// measures tells the measures of a field, or with an empty name those of the table.
func (d *describer) measures(field string) {
	first := true
	for i := range d.plan.Measures {
		m := &d.plan.Measures[i]
		if m.Field != field {
			continue
		}
		if field == "" && first {
			d.line("")
			d.line("  over the table")
			first = false
		}
		text := m.String()
		if m.Over == OverPublished {
			text += ", over what is published"
		}
		if m.When != nil {
			text += ", when " + oneLine(m.When.Text)
		}
		if m.Error > 0 {
			text += ", within " + strconv.FormatFloat(m.Error*100, 'g', 4, 64) + "% by a sketch"
		}
		switch {
		case m.Severity == SeverityGate || m.Allow.Fail != nil:
			text += "; else publication stops"
		case m.Severity == SeverityWarn:
			text += "; else a warning"
		default:
			text += "; else it is reported"
		}
		d.line("    measure  %s (%s): %s", m.ID, m.Dimension, text)
	}
}

// String says in plain words what the measure demands.
func (m *Measure) String() string {
	within := m.Expected()
	switch m.Kind {
	case ValueSet:
		return map[string]string{"equal": "exactly these values occur: ", "contain": "these values occur: ", "within": "no values occur but "}[m.Relation] + within
	case MostCommon:
		if m.Alone {
			return "the most common value, alone, is " + within
		}
		return "the most common value is " + within
	case PatternShare:
		return fmt.Sprintf("the share of values that match %s is %s", m.Pattern, within)
	case LengthOf:
		return map[string]string{"min": "the shortest value has ", "max": "the longest value has ", "mean": "the mean length is "}[m.Part] + within
	case Quantile:
		return fmt.Sprintf("the quantile at %s is %s", m.At, within)
	case Drift:
		return fmt.Sprintf("the distance (%s) from %s is %s", m.Test, m.Against, within)
	case Columns:
		return "the columns are " + within
	case Freshness:
		return fmt.Sprintf("the latest %s is %s old", strings.Join(m.Fields, ""), within)
	case Correlation:
		return fmt.Sprintf("the correlation of %s is %s", strings.Join(m.Fields, " and "), within)
	case AggregateOf:
		return fmt.Sprintf("%s is %s", oneLine(m.Aggregate.Text), within)
	case Reconcile:
		return fmt.Sprintf("the sum of %s is %s", m.Fields[0], within)
	case SamePairs:
		return fmt.Sprintf("the combinations of %s are %s", strings.Join(m.Fields, " + "), within)
	}
	return map[MeasureKind]string{
		NullShare: "the share of nulls is ", Distinct: "the number of different values is ", DistinctShare: "the share of different values is ",
		MinOf: "the least value is ", MaxOf: "the greatest value is ", Mean: "the mean is ", Median: "the median is ", StdDev: "the standard deviation is ",
		Sum: "the sum is ", Entropy: "the entropy in bits is ", RowCount: "the number of rows is ",
		FileHash: "each file has the SHA-256 ", FileSize: "each file has in bytes ", FileAge: "each file was changed ", FileRows: "the number of records is ",
	}[m.Kind] + within
}

// shownValues is how many listed values are shown at once.
const shownValues = 8

// Expected says what the observed must be: within bounds, of a list, like a reference.
func (m *Measure) Expected() string {
	switch m.Kind {
	case ValueSet, MostCommon:
		return listed(m.Values, m.Kind == MostCommon)
	case Columns:
		if m.Relation != "count" {
			return map[string]string{"exactly": "exactly ", "ordered": "in this order ", "contains": "at least "}[m.Relation] + strings.Join(m.Values, ", ")
		}
	case Freshness:
		return "at most " + ageWords(m.Within)
	case FileAge:
		return "at most " + ageWords(m.Within) + " ago"
	case SamePairs:
		return "those of " + m.Against.String()
	case FileHash, FileRows:
		if m.Control != nil {
			return fmt.Sprintf("what %s says in %s", m.Control.Manifest, m.Control.Column)
		}
		if m.SHA256 != "" {
			return m.SHA256
		}
	}
	if m.Against != nil && m.Kind != Drift {
		text := "that of " + m.Against.String()
		if m.Tolerance != nil {
			text += ", give or take " + m.Tolerance.String()
		}
		return text
	}
	text := m.Bounds.text(m.isShare())
	if m.Tolerance != nil {
		text += ", give or take " + m.Tolerance.String()
	}
	return text
}

// isShare says whether the measure is a share, which people read in percent.
func (m *Measure) isShare() bool {
	return m.Kind == NullShare || m.Kind == DistinctShare || m.Kind == PatternShare
}

func (l Limits) text(percent bool) string {
	end := func(text string) string {
		if percent {
			return PercentText(text)
		}
		return text
	}
	if l.Min != "" && l.Min == l.Max {
		return end(l.Min)
	}
	var parts []string
	if l.Min != "" {
		parts = append(parts, map[bool]string{false: "at least ", true: "above "}[l.MinOpen]+end(l.Min))
	}
	if l.Max != "" {
		parts = append(parts, map[bool]string{false: "at most ", true: "below "}[l.MaxOpen]+end(l.Max))
	}
	return strings.Join(parts, " and ")
}

// PercentText writes a share such as 0.025 as 2.5%.
func PercentText(share string) string {
	x, ok := new(big.Rat).SetString(share)
	if !ok {
		return share
	}
	text := x.Mul(x, big.NewRat(100, 1)).FloatString(6)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + "%"
}

// String is the tolerance as a contract writes it.
func (t *Tolerance) String() string {
	if t.Share {
		return PercentText(t.By)
	}
	return t.By
}

// String names the reference.
func (r *Reference) String() string {
	columns := ""
	if len(r.Columns) > 0 {
		columns = " (" + strings.Join(r.Columns, ", ") + ")"
	}
	switch {
	case r.Last:
		return "the last version" + columns
	case r.Dataset != "":
		return "the dataset " + r.Dataset + columns
	}
	return r.File + columns
}

func ageWords(seconds int64) string {
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{86400, "d"}, {3600, "h"}} {
		if seconds%unit.seconds == 0 {
			return fmt.Sprintf("%d%s", seconds/unit.seconds, unit.name)
		}
	}
	return fmt.Sprintf("%dmin", seconds/60)
}

func listed(values []string, one bool) string {
	prefix := ""
	if one && len(values) > 1 {
		prefix = "one of "
	}
	if len(values) > shownValues {
		return fmt.Sprintf("%s%s and %d more", prefix, strings.Join(slices.Clone(values[:shownValues]), ", "), len(values)-shownValues)
	}
	return prefix + strings.Join(values, ", ")
}
