package rules

import (
	"fmt"
	"strings"
)

// The conditions that are known only when all rows were seen, or what another
// dataset publishes. All of them look at the rows that the rule's scope takes in,
// those included that another rule sends to the quarantine.
//
// They are unknown where a field that they compare is null, and settled whatever
// the number of workers, the size of batches or the memory, with the same result.
const (
	// Depends: the values of Fields say what the value of Other is. In a group of rows with equal values of Fields,
	// rows that do not have the most frequent value of Other fail; where several are equally frequent all rows of the group fail.
	Depends ConditionOp = "depends"
	// Increasing: the value of Field is not less (Strictly: is greater) than that of the row before it in the source that has
	// one, among rows with equal values of By. Values, if given, are the order; a value that is not in it fails and is passed over.
	Increasing ConditionOp = "increasing"
	// Decreasing is Increasing the other way round.
	Decreasing ConditionOp = "decreasing"
	// Outlier: the value of Field is within Outlier's distance.
	Outlier ConditionOp = "outlier"
	// ExistsIn: the values of Fields together stand in Reference.
	ExistsIn ConditionOp = "exists_in"
)

// Settled reports whether the condition is known only when all rows were seen.
func (op ConditionOp) Settled() bool {
	switch op {
	case Unique, Depends, Increasing, Decreasing, Outlier, ExistsIn:
		return true
	}
	return false
}

// Settled reports whether a condition of the rule is known only when all rows were seen.
func (r *Rule) Settled() bool {
	for _, c := range r.Conditions {
		if c.Op.Settled() {
			return true
		}
	}
	return false
}

// Distance is how far a value may be from the others.
type Distance struct {
	// By is z: factor times the population standard deviation from the mean; or iqr: factor times the distance
	// of the quartiles (type 7 of Hyndman and Fan, 1996) below the first or above the third.
	By     string `json:"by"`
	Factor string `json:"factor"`           // a decimal number above 0
	Sample bool   `json:"sample,omitempty"` // z: the standard deviation is that of a sample, n - 1 below
	Above  bool   `json:"above,omitempty"`  // only values above the others are outliers
}

// Referred is where values stand that a rule compares with: columns of the
// current published version of a dataset. The dataset of the plan itself means
// the rows of the same run, as they are after cleaning.
type Referred struct {
	Dataset string   `json:"dataset"`
	Fields  []string `json:"fields"`  // in the contract of that dataset
	Columns []string `json:"columns"` // published names of these
}

// Referred lists what the rules of a plan compare with, each dataset once, in the order of the rules.
func (p *Plan) Referred() []*Referred {
	var out []*Referred
	add := func(r *Referred) {
		if r == nil {
			return
		}
		for _, have := range out {
			if have.Dataset == r.Dataset {
				return
			}
		}
		out = append(out, r)
	}
	for i := range p.Rules {
		for k := range p.Rules[i].Conditions {
			add(p.Rules[i].Conditions[k].Reference)
		}
		if repair := p.Rules[i].Repair; repair != nil {
			add(repair.Reference)
		}
	}
	return out
}

// settledWords says in plain words what a condition over all rows demands.
func (c Condition) settledWords() string {
	switch c.Op {
	case Unique:
		text := strings.Join(c.Fields, " + ") + " does not occur twice"
		if c.NullsMatch {
			text += ", nulls being equal"
		}
		return text
	case Depends:
		return strings.Join(c.Fields, " + ") + " says what " + c.Other + " is"
	case Increasing, Decreasing:
		text := "is not "
		switch {
		case c.Op == Increasing && c.Strictly:
			text = "is above "
		case c.Op == Increasing:
			text += "below "
		case c.Strictly:
			text = "is below "
		default:
			text += "above "
		}
		text += "the value before it"
		if len(c.By) > 0 {
			text += " with the same " + strings.Join(c.By, " + ")
		}
		if len(c.Values) > 0 {
			text += " in the order " + quoted(c.Values)
		}
		return text
	case Outlier:
		if c.Outlier.By == "z" {
			of := "standard deviations"
			if c.Outlier.Sample {
				of = "standard deviations (of a sample)"
			}
			if c.Outlier.Above {
				return fmt.Sprintf("at most %s %s above the mean", c.Outlier.Factor, of)
			}
			return fmt.Sprintf("within %s %s of the mean", c.Outlier.Factor, of)
		}
		if c.Outlier.Above {
			return fmt.Sprintf("at most %s quartile distances above the quartiles", c.Outlier.Factor)
		}
		return fmt.Sprintf("within %s quartile distances of the quartiles", c.Outlier.Factor)
	}
	return fmt.Sprintf("%s stands in %s of %s", strings.Join(c.Fields, " + "), strings.Join(c.Reference.Fields, " + "), c.Reference.Dataset)
}
