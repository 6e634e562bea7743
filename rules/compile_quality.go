package rules

import (
	"slices"
	"strconv"

	"clearwell/rules/contract"
	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// dimensionNames are the six dimensions of GB/T 36344-2018 as contracts write them.
var dimensionNames = []string{"normativity", "completeness", "accuracy", "consistency", "timeliness", "accessibility"}

// rowKey settles which fields name a row over deliveries.
func (p *compiler) rowKey() {
	key := p.contract.Key
	if key == nil {
		if p.plan.Dedupe != nil {
			p.plan.RowKey = slices.Clone(p.plan.Dedupe.Key)
		}
		return
	}
	if len(key) == 0 {
		p.Addf(p.contract.Pos, "the key of the contract is empty; take it out, or name the fields that name a row")
	}
	for _, k := range key {
		if p.existing(k) == nil {
			continue
		}
		if slices.Contains(p.plan.RowKey, k.Value) {
			p.Addf(k.Pos, "the field %q stands twice in the key", k.Value)
			continue
		}
		p.plan.RowKey = append(p.plan.RowKey, k.Value)
	}
}

// quality compiles the weights and bounds of the dataset.
func (p *compiler) quality() {
	q := p.contract.Quality
	if q == nil {
		return
	}
	out := &QualityBounds{}
	p.weights(q.Weights, out)
	for _, t := range q.PublishIf {
		out.PublishIf = append(out.PublishIf, LeastScore{Of: t.Of.Value, AtLeast: t.AtLeast})
		if w, given := out.Weights[t.Of.Value]; given && w == 0 {
			p.Addf(t.Of.Pos, "%s weighs 0 and has a bound; give it a weight, or take the bound out", t.Of.Value)
		}
	}
	if q.Compare != nil {
		out.Compare = p.lastVersion(q.Compare)
	}
	p.plan.Quality = out
}

func (p *compiler) weights(given syntax.Ordered[syntax.Text], out *QualityBounds) {
	zeroes := 0
	for _, w := range given {
		if !syntax.Among(w.Name, wording.Textf("a weight"), dimensionNames, p.Report) {
			continue
		}
		n, err := strconv.ParseInt(w.Value.Value, 10, 64)
		if err != nil || n < 0 || n > 1000 {
			if w.Value.Given() {
				p.Addf(w.Value.Pos, "the weight of %s is a whole number from 0 to 1000, not %q; for 0.2 to 0.1 write 2 to 1", w.Name.Value, w.Value.Value)
			}
			continue
		}
		if n == 0 {
			zeroes++
		}
		if out.Weights == nil {
			out.Weights = map[string]int64{}
		}
		out.Weights[w.Name.Value] = n
	}
	if zeroes == len(dimensionNames) {
		p.Addf(given[0].Name.Pos, "every dimension weighs 0; nothing is left to score")
	}
}

func (p *compiler) lastVersion(c *contract.CompareWithLast) *LastVersion {
	out := &LastVersion{Warn: c.On.Value == "warn"}
	if c.Columns.Value != "any" {
		out.Columns = c.Columns.Value
	}
	out.Rows = p.change("rows", c.Rows, true)
	out.Score = p.change("score", c.Score, false)
	out.NullShare = p.change("null_share", c.NullShare, true)
	for _, d := range c.Scores {
		if !syntax.Among(d.Name, wording.Textf("a dimension"), dimensionNames, p.Report) {
			continue
		}
		if bound := p.change(d.Name.Value, &d.Value, false); bound != nil {
			if out.Dimensions == nil {
				out.Dimensions = map[string]Change{}
			}
			out.Dimensions[d.Name.Value] = *bound
		}
	}
	if c.Rows == nil && c.Score == nil && c.NullShare == nil && len(c.Scores) == 0 && !c.Columns.Given() {
		p.Addf(c.Pos, "compare_with_last has no bound: rows, score, dimensions, null_share or columns")
	}
	return out
}

// change turns a bound of the contract into one of the plan; nil if there is none or it was wrong.
func (p *compiler) change(name string, c *contract.Change, share bool) *Change {
	if c == nil || c.Fall == nil && c.Rise == nil {
		return nil
	}
	if share && !c.Percent {
		p.Addf(c.Pos, "the change of %s is a percentage: %s%%", name, c.Text)
		return nil
	}
	if !share && c.Percent {
		p.Addf(c.Pos, "the change of %s is in points of 100, without %%", name)
		return nil
	}
	if c.Fall != nil && *c.Fall > 10000 {
		p.Addf(c.Pos, "%s cannot fall by more than 100: %s", name, c.Text)
		return nil
	}
	return &Change{Fall: c.Fall, Rise: c.Rise}
}
