package measure

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"clearwell/rules"
)

func (j *judge) rowCount(ctx context.Context, m *rules.Measure, t *tally, r *Result) (answer, error) {
	if m.Against == nil {
		return count(t.rows), nil
	}
	other, from, err := j.open(ctx, m.Against, nil)
	if err != nil {
		return answer{}, err
	}
	r.Sources = append(r.Sources, from)
	n := new(big.Rat).SetInt64(t.rows)
	return verdict(near(n, new(big.Rat).SetInt64(other.rows), m.Tolerance), fmt.Sprintf("%d rows, %d in %s", t.rows, other.rows, from.Name)), nil
}

func (j *judge) reconcile(ctx context.Context, m *rules.Measure, total *big.Rat, r *Result) (answer, error) {
	if m.Against == nil {
		return answer{held: near(total, endOf(m.Bounds.Min), m.Tolerance), text: figureText(total)}, nil
	}
	other, from, err := j.open(ctx, m.Against, m.Fields)
	if err != nil {
		return answer{}, err
	}
	r.Sources = append(r.Sources, from)
	s := &stream{tally: other, moments: newMoments(other.kinds[0])}
	if err := errors.Join(s.run(), other.close()); err != nil {
		return answer{}, err
	}
	there := s.moments.total()
	return verdict(near(total, there, m.Tolerance), fmt.Sprintf("%s, %s in %s", figureText(total), figureText(there), from.Name)), nil
}

// compare holds the values of a tally against those of other data.
func (j *judge) compare(ctx context.Context, m *rules.Measure, t *tally, r *Result) (answer, error) {
	other, from, err := j.open(ctx, m.Against, m.Fields)
	if err != nil {
		return answer{}, err
	}
	defer other.close()
	r.Sources = append(r.Sources, from)
	if m.Kind == rules.SamePairs {
		here, there, err := setDifference(t, other)
		text := "the same combinations"
		if here+there > 0 {
			text = fmt.Sprintf("%d combinations only here, %d only in %s", here, there, from.Name)
		}
		return verdict(here+there == 0, text), err
	}
	if other.present() == 0 {
		return nothing(from.Name + " has no values to compare with"), nil
	}
	ordered := slices.Contains([]rules.Kind{rules.Integer, rules.Number, rules.Decimal, rules.Date, rules.Timestamp}, t.kinds[0].Kind)
	switch m.Test {
	case rules.KS, rules.KSP:
		d, err := ks(t, other)
		if m.Test == rules.KSP {
			d = ksProbability(d, t.present(), other.present())
		}
		return float(d), err
	case rules.ChiSquare, rules.ChiSquareP:
		x, freedom, err := chiSquare(t, other)
		if m.Test == rules.ChiSquareP {
			x = chiSquareProbability(x, freedom)
		}
		return float(x), err
	}
	x, err := psi(t, other, ordered)
	return float(x), err
}
