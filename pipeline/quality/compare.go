package quality

import (
	"fmt"
	"math/big"
	"strings"

	"clearwell/rules"
)

// Last is the version that a result is compared with.
type Last struct {
	Version int
	Result  *Result
}

// Points are a signed difference in hundredths: of a percent, or of a point of a score.
type Points int64

// String is the difference with its sign: "+1.25", "-3.00".
func (p Points) String() string {
	sign, n := "+", int64(p)
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// MarshalJSON gives the number with exactly two decimals.
func (p Points) MarshalJSON() ([]byte, error) {
	return []byte(strings.TrimPrefix(p.String(), "+")), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Points) UnmarshalJSON(data []byte) error {
	x, ok := new(big.Rat).SetString(string(data))
	if !ok {
		return fmt.Errorf("%q is not a difference", data)
	}
	x.Mul(x, big.NewRat(100, 1))
	if !x.IsInt() || !x.Num().IsInt64() {
		return fmt.Errorf("%s is not a difference of at most two decimals", data)
	}
	*p = Points(x.Num().Int64())
	return nil
}

// Comparison is what changed since another version.
type Comparison struct {
	Version    int             `json:"version"` // the other one
	RowsBefore int64           `json:"rows_before"`
	RowsAfter  int64           `json:"rows_after"`
	Scores     []ScoreChange   `json:"scores"`      // published: the total (score), then the dimensions evaluated in either
	NullShares []ScoreChange   `json:"null_shares"` // of fields that both have, by field
	Added      []string        `json:"added"`       // published columns
	Removed    []string        `json:"removed"`
	Retyped    []RetypedColumn `json:"retyped"`
}

// ScoreChange is a percentage before and after.
type ScoreChange struct {
	Of     string  `json:"of"`
	Before Percent `json:"before"`
	After  Percent `json:"after"`
}

// Change is After - Before; ok is false if one of them is not evaluated.
func (c ScoreChange) Change() (p Points, ok bool) {
	return Points(c.After - c.Before), c.After.Evaluated() && c.Before.Evaluated()
}

// RetypedColumn is a published column whose type is another one.
type RetypedColumn struct {
	Column string `json:"column"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Compare says how r differs from an earlier version.
func (r *Result) Compare(last Last) *Comparison {
	old := last.Result
	c := &Comparison{
		Version: last.Version, RowsBefore: old.Rows.Published, RowsAfter: r.Rows.Published,
		Scores:     []ScoreChange{{"score", old.Published.Total, r.Published.Total}},
		NullShares: []ScoreChange{}, Added: []string{}, Removed: []string{}, Retyped: []RetypedColumn{},
	}
	for _, d := range Dimensions {
		s := ScoreChange{d.Name, old.Published.Dimension(d.Name), r.Published.Dimension(d.Name)}
		if s.Before.Evaluated() || s.After.Evaluated() {
			c.Scores = append(c.Scores, s)
		}
	}
	before := map[string]FieldResult{}
	columns := map[string]FieldResult{}
	for _, f := range old.Fields {
		before[f.Name] = f
		if f.PublishAs != "" {
			columns[f.PublishAs] = f
		}
	}
	for _, f := range r.Fields {
		if b, ok := before[f.Name]; ok {
			c.NullShares = append(c.NullShares, ScoreChange{f.Name, RatioOf(b.Nulls, b.Rows), RatioOf(f.Nulls, f.Rows)})
		}
		if f.PublishAs == "" {
			continue
		}
		switch b, ok := columns[f.PublishAs]; {
		case !ok:
			c.Added = append(c.Added, f.PublishAs)
		case b.Type != f.Type:
			c.Retyped = append(c.Retyped, RetypedColumn{f.PublishAs, b.Type, f.Type})
		}
		delete(columns, f.PublishAs)
	}
	for _, f := range old.Fields {
		if _, gone := columns[f.PublishAs]; gone && f.PublishAs != "" {
			c.Removed = append(c.Removed, f.PublishAs)
		}
	}
	return c
}

// change is a bound on a difference and what was found.
type change struct {
	of            string
	unit          string
	bound         *rules.Change
	before, after *big.Rat // in hundredths of the unit; nil: not known
	share         bool     // the difference is relative to before
}

// compareGates holds the comparison against the bounds of the contract.
func compareGates(bounds *rules.LastVersion, c *Comparison, old, now *Result) []Gate {
	var changes []change
	add := func(x change) {
		if x.bound != nil && x.before != nil {
			changes = append(changes, x)
		}
	}
	add(change{of: "rows", unit: "%", bound: bounds.Rows, before: hundred(c.RowsBefore, 1), after: hundred(c.RowsAfter, 1), share: true})
	for _, s := range c.Scores {
		x := change{of: s.Of, bound: bounds.Score, before: points(s.Before), after: points(s.After)}
		if s.Of != "score" {
			x.bound = nil
			if b, ok := bounds.Dimensions[s.Of]; ok {
				x.bound = &b
			}
		}
		add(x)
	}
	if bounds.NullShare != nil {
		before := map[string]FieldResult{}
		for _, f := range old.Fields {
			before[f.Name] = f
		}
		for _, f := range now.Fields {
			if b, ok := before[f.Name]; ok && b.Rows > 0 && f.Rows > 0 {
				add(change{of: "null_share of " + f.Name, unit: "%", bound: bounds.NullShare, before: hundred(100*b.Nulls, b.Rows), after: hundred(100*f.Nulls, f.Rows)})
			}
		}
	}
	effect := Refuse
	if bounds.Warn {
		effect = PublishWarned
	}
	var gates []Gate
	for _, x := range changes {
		gates = append(gates, x.gate(c.Version, effect))
	}
	if bounds.Columns != "" {
		gates = append(gates, columnsGate(bounds.Columns, c, effect))
	}
	return gates
}

func hundred(n, of int64) *big.Rat { return big.NewRat(100*n, of) }

func points(p Percent) *big.Rat {
	if !p.Evaluated() {
		return nil
	}
	return big.NewRat(int64(p), 1)
}

// gate compares exactly, in fractions.
func (x change) gate(version int, effect Decision) Gate {
	g := Gate{Kind: CompareGate, Of: x.of, Effect: effect, Held: true, Last: &LastGate{Version: version, Allowed: boundText(x.bound, x.unit)}}
	if x.after == nil {
		g.Held, g.Last.Found = false, "it is not evaluated any more"
		return g
	}
	diff := new(big.Rat).Sub(x.after, x.before)
	if x.share {
		if x.before.Sign() == 0 { // no share of nothing
			g.Last.Found = "there were none before"
			return g
		}
		diff.Mul(diff.Quo(diff, x.before), big.NewRat(10000, 1))
	}
	if fall := x.bound.Fall; fall != nil && diff.Cmp(big.NewRat(-*fall, 1)) < 0 {
		g.Held = false
	}
	if rise := x.bound.Rise; rise != nil && diff.Cmp(big.NewRat(*rise, 1)) > 0 {
		g.Held = false
	}
	g.Last.Found = roundSigned(diff).String() + x.unit
	return g
}

// roundSigned rounds to hundredths, half away from zero; only nothing is 0.00.
func roundSigned(x *big.Rat) Points {
	abs := new(big.Rat).Abs(x)
	half := new(big.Rat).Add(abs, big.NewRat(1, 2))
	n := new(big.Int).Quo(half.Num(), half.Denom()).Int64()
	if n == 0 && x.Sign() != 0 {
		n = 1
	}
	if x.Sign() < 0 {
		n = -n
	}
	return Points(n)
}

func boundText(c *rules.Change, unit string) string {
	var parts []string
	if c.Fall != nil {
		parts = append(parts, Points(-*c.Fall).String()+unit)
	}
	if c.Rise != nil {
		parts = append(parts, Points(*c.Rise).String()+unit)
	}
	return strings.Join(parts, " to ")
}

func columnsGate(want string, c *Comparison, effect Decision) Gate {
	var found []string
	if len(c.Removed) > 0 {
		found = append(found, "removed: "+strings.Join(c.Removed, ", "))
	}
	for _, t := range c.Retyped {
		found = append(found, fmt.Sprintf("%s was %s and is %s", t.Column, t.Before, t.After))
	}
	held := len(found) == 0
	if len(c.Added) > 0 {
		found = append(found, "added: "+strings.Join(c.Added, ", "))
		held = held && want == "may_add"
	}
	g := Gate{Kind: CompareGate, Of: "columns", Effect: effect, Held: held, Last: &LastGate{Version: c.Version, Allowed: want, Found: strings.Join(found, "; ")}}
	if g.Last.Found == "" {
		g.Last.Found = "the same"
	}
	return g
}

// LastGate is a bound on the change since the last version, in words.
type LastGate struct {
	Version int    `json:"version"`
	Allowed string `json:"allowed"`
	Found   string `json:"found"`
}
