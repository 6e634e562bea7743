package quality

import (
	"fmt"
	"math/big"

	"clearwell/rules"
)

// Gate is one bound of the contract and whether the run held it.
type Gate struct {
	Kind    GateKind `json:"kind"`
	Of      string   `json:"of"`              // the rule; or "score" or a dimension
	Effect  Decision `json:"effect"`          // what exceeding it does: publish_warned or refuse
	Share   string   `json:"share,omitempty"` // allow: largest share of failures, as written: 2%
	Count   *int64   `json:"count,omitempty"` // allow: largest number of failures; evaluation: rows; derivation: cells
	AtLeast *Percent `json:"at_least,omitempty"`
	Held    bool     `json:"held"`
	Counts  *Counts  `json:"counts,omitempty"` // allow: what was found among the delivered rows
	Score   *Percent `json:"score,omitempty"`  // publish_if: what was reached
	Rows    *Rows    `json:"rows,omitempty"`   // rows: where they went

	Measure *MeasureFinding `json:"measure,omitempty"` // measure: what was expected and found
	Last    *LastGate       `json:"last,omitempty"`    // compare_with_last: what was allowed and found
}

// GateKind is where in the contract a bound stands.
type GateKind string

// The kinds of bounds.
const (
	AllowGate     GateKind = "allow"      // of a rule
	PublishIfGate GateKind = "publish_if" // of the dataset
	CompareGate   GateKind = "compare_with_last"
	MistakesGate  GateKind = "evaluation" // not of the contract: every rule can be evaluated where it applies; listed only where one cannot
	DeriveGate    GateKind = "derivation" // not of the contract: every derived cell has a value where its expression applies; listed only where one has none
	MeasureGate   GateKind = "measure"    // of a measure
	RowsGate      GateKind = "rows"       // not of the contract: a version has rows; listed only where it has none
)

// Sentence says to a person what the bound asked and what was found.
func (g Gate) Sentence() string {
	if g.Kind == RowsGate {
		return emptySentence(g.Rows)
	}
	if g.Kind == MeasureGate {
		return measureSentence(g)
	}
	if g.Kind == MistakesGate {
		return fmt.Sprintf("rule %s could not be evaluated everywhere and did not check these rows: %s; look for a division by zero or a number beyond 64 bits", g.Of, grouped(*g.Count))
	}
	if g.Kind == DeriveGate {
		return fmt.Sprintf("field %s could not be derived everywhere and is empty in these rows: %s; look for a division by zero or a number that is too large for its type", g.Of, grouped(*g.Count))
	}
	if g.Kind == CompareGate {
		return fmt.Sprintf("%s changed since version %d: %s, the contract allows %s", g.Of, g.Last.Version, g.Last.Found, g.Last.Allowed)
	}
	if g.Kind == PublishIfGate {
		if !g.Score.Evaluated() {
			return fmt.Sprintf("%s must be at least %s, but no rule of it checked anything", g.Of, g.AtLeast)
		}
		return fmt.Sprintf("%s is %s, the contract asks for at least %s", g.Of, g.Score, g.AtLeast)
	}
	bound := g.Share
	if g.Count != nil {
		if bound != "" {
			bound += " or "
		}
		bound += grouped(*g.Count)
	}
	return fmt.Sprintf("rule %s failed on %s of %s rows (%s%%), the contract allows %s",
		g.Of, grouped(g.Counts.Failed), grouped(g.Counts.Checked), RatioOf(g.Counts.Failed, g.Counts.Checked), bound)
}

// emptySentence says where the rows went, because that is where to look.
func emptySentence(r *Rows) string {
	const unless = "; a version without rows is not published unless the contract says publish: {allow_empty: true}"
	if r.Read == 0 {
		return "the source has no record, only its header" + unless
	}
	return fmt.Sprintf("no row is left of %s read: %s quarantined (%s of them could not be read as records), %s excluded by the contract, %s suppressed",
		grouped(r.Read), grouped(r.Quarantined), grouped(r.BadRecords), grouped(r.Excluded), grouped(r.Suppressed)) + unless
}

// Refusals are the bounds because of which the version must not be published.
func (r *Result) Refusals() []Gate { return r.exceeded(Refuse) }

// Warnings are the exceeded bounds that do not stop the publication.
func (r *Result) Warnings() []Gate { return r.exceeded(PublishWarned) }

func (r *Result) exceeded(effect Decision) []Gate {
	var out []Gate
	for _, g := range r.Gates {
		if !g.Held && g.Effect == effect {
			out = append(out, g)
		}
	}
	return out
}

// gates evaluates every bound, those of rules in plan order first, and says how
// each rule came out.
func (in Input) gates(published Score) ([]Gate, []Outcome, error) {
	gates := []Gate{}
	outcomes := make([]Outcome, len(in.Rules))
	for i, r := range in.Rules {
		outcomes[i] = plainOutcome(r.Delivered)
		for _, b := range []struct {
			bound   *rules.Bound
			effect  Decision
			outcome Outcome
		}{{r.Allow.Warn, PublishWarned, Warned}, {r.Allow.Fail, Refuse, Refused}} {
			if b.bound == nil || b.bound.Share == nil && b.bound.Count == nil {
				continue
			}
			g, err := allowGate(r, b.bound, b.effect)
			if err != nil {
				return nil, nil, fmt.Errorf("rule %s: allow: %w", r.ID, err)
			}
			if !g.Held {
				outcomes[i] = b.outcome
			}
			gates = append(gates, g)
		}
		if n := r.Mistakes; n > 0 {
			gates = append(gates, Gate{Kind: MistakesGate, Of: r.ID, Effect: PublishWarned, Count: &n})
		}
	}
	for _, f := range in.Fields {
		if n := f.Mistakes; n > 0 {
			gates = append(gates, Gate{Kind: DeriveGate, Of: f.Name, Effect: PublishWarned, Count: &n})
		}
	}
	gates = append(gates, in.measureGates()...)
	for _, t := range in.PublishIf {
		score := published.Total
		if t.Of != "score" {
			if _, ok := dimensionByName(t.Of); !ok {
				return nil, nil, fmt.Errorf("publish_if: %q is neither score nor a dimension", t.Of)
			}
			score = published.Dimension(t.Of)
		}
		least := t.AtLeast
		gates = append(gates, Gate{
			Kind: PublishIfGate, Of: t.Of, Effect: Refuse, AtLeast: &least, Score: &score,
			Held: score.Evaluated() && score >= least,
		})
	}
	if in.Rows.Published == 0 && !in.AllowEmpty {
		gates = append(gates, Gate{Kind: RowsGate, Of: "rows", Effect: Refuse, Rows: &in.Rows})
	}
	return gates, outcomes, nil
}

func plainOutcome(c Counts) Outcome {
	switch {
	case c.Checked == 0:
		return Unchecked
	case c.Failed == 0:
		return Passed
	}
	return Failing
}

// allowGate compares exactly: failed/checked <= share as fractions of integers.
func allowGate(r Rule, b *rules.Bound, effect Decision) (Gate, error) {
	counts := r.Delivered
	g := Gate{Kind: AllowGate, Of: r.ID, Effect: effect, Counts: &counts, Held: true}
	if b.Share != nil {
		share, err := exactShare(*b.Share)
		if err != nil {
			return g, err
		}
		g.Share = shareText(share)
		limit := share.Mul(share, big.NewRat(counts.Checked, 1))
		if big.NewRat(counts.Failed, 1).Cmp(limit) > 0 {
			g.Held = false
		}
	}
	if b.Count != nil {
		n := *b.Count
		g.Count = &n
		if counts.Failed > n {
			g.Held = false
		}
	}
	return g, nil
}

func decide(gates []Gate) Decision {
	d := Publish
	for _, g := range gates {
		if g.Held {
			continue
		}
		if g.Effect == Refuse {
			return Refuse
		}
		d = PublishWarned
	}
	return d
}
