package kernel

import (
	"bytes"
	"cmp"
	"fmt"
	"math/bits"
	"strconv"

	"clearwell/rules"
)

// ordering says for a row how the left side of a comparison stands to the right:
// -1 below, 0 equal (within the tolerance), 1 above. All fields have values there.
type ordering func(s *state, i int) int

// kinds of values that can be compared with each other.
type comparability uint8

const (
	numbers comparability = iota
	moments
	texts
	booleans
)

func comparabilityOf(k rules.Kind) comparability {
	switch k {
	case rules.Integer, rules.Number, rules.Decimal:
		return numbers
	case rules.Date, rules.Timestamp:
		return moments
	case rules.Boolean:
		return booleans
	}
	return texts
}

// newOrdering compares field a with field b, or with a value of a's type if b is -1.
// tolerance is a decimal number; of dates and times a duration.
func newOrdering(p *Program, a, b int, fixed, tolerance string) (ordering, error) {
	left := &p.fields[a]
	if b >= 0 && comparabilityOf(left.typ.Kind) != comparabilityOf(p.fields[b].typ.Kind) {
		return nil, fmt.Errorf("a %s does not compare with a %s", left.typ.Kind, p.fields[b].typ.Kind)
	}
	if comparabilityOf(left.typ.Kind) == numbers {
		return newSumOrdering(p, []int{a}, b, fixed, tolerance, false)
	}
	var v value
	if b < 0 {
		var ok bool
		if v, ok = left.parser.constant(fixed); !ok {
			return nil, fmt.Errorf("%q is not a %s", fixed, left.typ.Kind)
		}
	}
	switch comparabilityOf(left.typ.Kind) {
	case moments:
		seconds := int64(0)
		if tolerance != "" {
			var ok bool
			if seconds, ok = rules.Seconds(tolerance); !ok {
				return nil, fmt.Errorf("tolerance %q is no duration", tolerance)
			}
		}
		return momentOrdering(p, a, b, v.int, seconds*1_000_000), nil
	case booleans:
		return func(s *state, i int) int {
			right := v.bool
			if b >= 0 {
				right = s.columns[b].bools.Get(i)
			}
			return int(bit(s.columns[a].bools.Get(i))) - int(bit(right))
		}, nil
	}
	if b < 0 {
		return func(s *state, i int) int { return bytes.Compare(s.columns[a].text.cell(i), v.text) }, nil
	}
	return func(s *state, i int) int { return bytes.Compare(s.columns[a].text.cell(i), s.columns[b].text.cell(i)) }, nil
}

// newSumOrdering compares the sum of numeric fields with a field or a number.
func newSumOrdering(p *Program, left []int, right int, value, tolerance string, nulls bool) (ordering, error) {
	exact := right < 0 || p.fields[right].typ.Kind != rules.Number
	for _, f := range left {
		exact = exact && p.fields[f].typ.Kind != rules.Number
	}
	if exact {
		e, err := newExactSum(p, left, right, value, tolerance, nulls)
		if err != nil {
			return nil, err
		}
		return e.order, nil
	}
	e := &floatSum{terms: left, computed: len(left) > 1 || tolerance != "", nulls: nulls}
	for _, f := range left {
		e.read = append(e.read, floatOf(p, f))
	}
	if tolerance != "" {
		var err error
		if e.tolerance, err = strconv.ParseFloat(tolerance, 64); err != nil {
			return nil, fmt.Errorf("tolerance %q is not a number", tolerance)
		}
	}
	if right >= 0 {
		e.right = floatOf(p, right)
		return e.order, nil
	}
	x, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not a number", value)
	}
	e.right = func(*state, int) float64 { return x }
	return e.order, nil
}

// momentOrdering compares dates and times in microseconds.
func momentOrdering(p *Program, a, b int, fixed, tolerance int64) ordering {
	read := func(f int) func(s *state, i int) int64 {
		if p.fields[f].typ.Kind == rules.Date {
			return func(s *state, i int) int64 { return int64(s.columns[f].dates[i]) * microsPerDay }
		}
		return func(s *state, i int) int64 { return s.columns[f].ints[i] }
	}
	left := read(a)
	right := func(*state, int) int64 { return fixed }
	switch {
	case b >= 0:
		right = read(b)
	case p.fields[a].typ.Kind == rules.Date:
		fixed *= microsPerDay
	}
	return func(s *state, i int) int {
		d := left(s, i) - right(s, i)
		switch {
		case d > tolerance:
			return 1
		case -d > tolerance:
			return -1
		}
		return 0
	}
}

// accepted are the orderings, by ordering+1, that a sign takes.
var accepted = map[string][3]bool{
	"<": {true, false, false}, "<=": {true, true, false}, "==": {false, true, false},
	"!=": {true, false, true}, ">=": {false, true, true}, ">": {false, false, true},
}

// comparisonCheck is false where the ordering of two sides is not what a sign takes.
type comparisonCheck struct {
	fields []int // all must be valid
	order  ordering
	accept [3]bool
}

func newComparison(p *Program, r *rules.Rule, c *rules.Condition) (condition, error) {
	a, b, err := p.sides(r, c)
	if err != nil {
		return nil, err
	}
	accept, ok := accepted[c.Operator]
	if !ok {
		return nil, fmt.Errorf("unknown sign %q", c.Operator)
	}
	if fast := newSameKind(p, a, b, c.Tolerance, accept); fast != nil {
		return fast, nil
	}
	if b < 0 && c.Tolerance == "" && p.fields[a].typ.Kind != rules.Boolean {
		return newValueComparison(p, a, c)
	}
	order, err := newOrdering(p, a, b, c.Value, c.Tolerance)
	if err != nil {
		return nil, err
	}
	fields := []int{a}
	if b >= 0 {
		fields = append(fields, b)
	}
	return &comparisonCheck{fields, order, accept}, nil
}

// newValueComparison compares a field with a value: as a range, or as a set.
func newValueComparison(p *Program, f int, c *rules.Condition) (condition, error) {
	bounds := &rules.Condition{Op: rules.Range, MinOpen: c.Operator == ">", MaxOpen: c.Operator == "<"}
	switch c.Operator {
	case "!=":
		return negate(newSet(f, &p.fields[f], &rules.Condition{Op: rules.Set, Values: []string{c.Value}}))
	case "<", "<=":
		bounds.Max = c.Value
	case ">", ">=":
		bounds.Min = c.Value
	default:
		bounds.Min, bounds.Max = c.Value, c.Value
	}
	return newRange(f, &p.fields[f], bounds)
}

// sides are the fields on the left and on the right; -1: no field.
func (p *Program) sides(r *rules.Rule, c *rules.Condition) (a, b int, err error) {
	name := c.Field
	if name == "" {
		name = r.Field
	}
	if a = p.fieldIndex(name); a < 0 {
		return 0, 0, fmt.Errorf("unknown field %q", name)
	}
	b = -1
	if c.Other != "" {
		if b = p.fieldIndex(c.Other); b < 0 {
			return 0, 0, fmt.Errorf("unknown field %q", c.Other)
		}
	}
	return a, b, nil
}

func (c *comparisonCheck) eval(s *state, scope, known, failed Bits) int {
	in := s.borrow()
	s.allValid(c.fields, in)
	sweep(in, scope, known, failed, func(i int) bool { return c.accept[c.order(s, i)+1] })
	s.giveBack(in)
	return 0
}

// allValid is where all of the fields have a value.
func (s *state) allValid(fields []int, into Bits) {
	copy(into, s.columns[fields[0]].valid)
	for _, f := range fields[1:] {
		into.And(s.columns[f].valid)
	}
}

// sameKind compares two columns of the same fixed-width kind, without tolerance: the
// dates and whole numbers that most comparisons are of.
type sameKind struct {
	a, b   int
	dates  bool
	accept [3]bool
}

// newSameKind gives nil if the two sides are not of that sort.
func newSameKind(p *Program, a, b int, tolerance string, accept [3]bool) condition {
	if b < 0 || tolerance != "" || p.fields[a].typ.Kind != p.fields[b].typ.Kind {
		return nil
	}
	switch p.fields[a].typ.Kind {
	case rules.Date:
		return &sameKind{a, b, true, accept}
	case rules.Integer, rules.Timestamp:
		return &sameKind{a, b, false, accept}
	}
	return nil
}

func (c *sameKind) eval(s *state, scope, known, failed Bits) int {
	x, y := &s.columns[c.a], &s.columns[c.b]
	for k, w := range x.valid {
		w &= y.valid[k]
		known[k] |= w
		if w &= scope[k]; w == 0 {
			continue
		}
		if c.dates {
			failed[k] |= w & refused(x.dates[k<<6:], y.dates[k<<6:], w, c.accept)
		} else {
			failed[k] |= w & refused(x.ints[k<<6:], y.ints[k<<6:], w, c.accept)
		}
	}
	return 0
}

// refused compares up to 64 values; rows are the ones to look at.
func refused[T cmp.Ordered](x, y []T, rows uint64, accept [3]bool) (bad uint64) {
	less, equal, greater := bit(!accept[0]), bit(!accept[1]), bit(!accept[2])
	n := min(64, len(x), 64-bits.LeadingZeros64(rows))
	x, y = x[:n], y[:n]
	for i, v := range x {
		bad |= (less&bit(v < y[i]) | equal&bit(v == y[i]) | greater&bit(v > y[i])) << i
	}
	return bad
}

// newSum binds sum_of.
func newSum(p *Program, r *rules.Rule, c *rules.Condition) (condition, error) {
	terms, err := p.fieldIndices(c.Fields)
	if err != nil {
		return nil, err
	}
	right := -1
	if c.Other != "" {
		if right = p.fieldIndex(c.Other); right < 0 {
			return nil, fmt.Errorf("unknown field %q", c.Other)
		}
	}
	partial := r.Nulls == rules.SkipAll
	order, err := newSumOrdering(p, terms, right, c.Value, c.Tolerance, partial)
	if err != nil {
		return nil, err
	}
	fields := terms
	if right >= 0 {
		fields = append(append([]int{}, terms...), right)
	}
	if !partial {
		return &comparisonCheck{fields, order, accepted["=="]}, nil
	}
	return &partialSum{fields, right, order}, nil
}

// partialSum is sum_of where nulls add nothing: unknown where all fields are null,
// false where the right side is.
type partialSum struct {
	fields []int
	right  int
	order  ordering
}

func (c *partialSum) eval(s *state, scope, known, failed Bits) int {
	in := s.borrow()
	s.anyValid(c.fields, in)
	sweep(in, scope, known, failed, func(i int) bool {
		return (c.right < 0 || s.columns[c.right].valid.Get(i)) && c.order(s, i) == 0
	})
	s.giveBack(in)
	return 0
}

// anyValid is where at least one of the fields has a value.
func (s *state) anyValid(fields []int, into Bits) {
	for _, f := range fields {
		into.Or(s.columns[f].valid)
	}
}

func (p *Program) fieldIndices(names []string) ([]int, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("it names no field")
	}
	list := make([]int, len(names))
	for k, name := range names {
		if list[k] = p.fieldIndex(name); list[k] < 0 {
			return nil, fmt.Errorf("unknown field %q", name)
		}
	}
	return list, nil
}

// newSame binds same: each field equals the first.
func newSame(p *Program, c *rules.Condition) (condition, error) {
	fields, err := p.fieldIndices(c.Fields)
	if err != nil {
		return nil, err
	}
	orders, err := p.orderings(fields, func(k int) []int { return []int{k - 1} })
	if err != nil {
		return nil, err
	}
	return &comparisonCheck{fields, allOf(orders, accepted["=="]), accepted["=="]}, nil
}

// orderings compares, for k from 1, each field of before(k) with field k.
func (p *Program) orderings(fields []int, before func(k int) []int) ([]ordering, error) {
	var list []ordering
	for k := 1; k < len(fields); k++ {
		for _, j := range before(k) {
			o, err := newOrdering(p, fields[j], fields[k], "", "")
			if err != nil {
				return nil, err
			}
			list = append(list, o)
		}
	}
	return list, nil
}

// allOf is 0 where every ordering is accepted, else 1.
func allOf(orders []ordering, accept [3]bool) ordering {
	return func(s *state, i int) int {
		for _, o := range orders {
			if !accept[o(s, i)+1] {
				return 1
			}
		}
		return 0
	}
}

// newDiffer binds differ: no two fields are equal. A null, where the rule does not
// skip rows for it, differs from everything.
func newDiffer(p *Program, r *rules.Rule, c *rules.Condition) (condition, error) {
	fields, err := p.fieldIndices(c.Fields)
	if err != nil {
		return nil, err
	}
	var pairs [][2]int
	orders, err := p.orderings(fields, func(k int) []int {
		before := make([]int, k)
		for j := range before {
			before[j] = j
			pairs = append(pairs, [2]int{fields[j], fields[k]})
		}
		return before
	})
	if err != nil {
		return nil, err
	}
	if r.Nulls != rules.SkipAll {
		return &comparisonCheck{fields, allOf(orders, accepted["!="]), accepted["=="]}, nil
	}
	return &partialDiffer{fields, pairs, orders}, nil
}

// partialDiffer is differ where some fields may be null; unknown where all are.
type partialDiffer struct {
	fields []int
	pairs  [][2]int
	orders []ordering
}

func (c *partialDiffer) eval(s *state, scope, known, failed Bits) int {
	in := s.borrow()
	s.anyValid(c.fields, in)
	sweep(in, scope, known, failed, func(i int) bool {
		for k, pair := range c.pairs {
			if s.columns[pair[0]].valid.Get(i) && s.columns[pair[1]].valid.Get(i) && c.orders[k](s, i) == 0 {
				return false
			}
		}
		return true
	})
	s.giveBack(in)
	return 0
}

// newAscending binds order.
func newAscending(p *Program, c *rules.Condition) (condition, error) {
	fields, err := p.fieldIndices(c.Fields)
	if err != nil {
		return nil, err
	}
	if len(c.Values) > 0 {
		return newRanked(p, fields, c)
	}
	orders, err := p.orderings(fields, func(k int) []int { return []int{k - 1} })
	if err != nil {
		return nil, err
	}
	accept := accepted["<="]
	if c.Strictly {
		accept = accepted["<"]
	}
	return &comparisonCheck{fields, allOf(orders, accept), accepted["=="]}, nil
}

// ranked compares the ranks of values in a named order. A value that is not in the
// order is false.
type ranked struct {
	fields      []int
	rank        []func(s *state, i int) int // per field; -1: not in the order
	least, most int
	strictly    bool
}

func newRanked(p *Program, fields []int, c *rules.Condition) (condition, error) {
	n := &ranked{fields: fields, most: len(c.Values) - 1, strictly: c.Strictly}
	for k, v := range c.Values {
		if v == c.Min && c.Min != "" {
			n.least = k
		}
		if v == c.Max && c.Max != "" {
			n.most = k
		}
	}
	for _, f := range fields {
		rank, err := newRank(p, f, c.Values)
		if err != nil {
			return nil, err
		}
		n.rank = append(n.rank, rank)
	}
	return n, nil
}

// newRank gives the position of a field's value in a list, -1 if it is not there.
func newRank(p *Program, f int, values []string) (func(s *state, i int) int, error) {
	if p.fields[f].typ.Kind == rules.String {
		table := newWordTable(values)
		return func(s *state, i int) int {
			t := s.columns[f].text
			return table.find(t.data, int(t.offsets[i]), int(t.offsets[i+1]))
		}, nil
	}
	key := newTupleKey(p, []int{f})
	ranks := make(map[string]int, len(values))
	for k := range values {
		b, err := key.constant([]*string{&values[k]})
		if err != nil {
			return nil, err
		}
		ranks[string(b)] = k
	}
	return func(s *state, i int) int {
		s.key = key.append(s.key[:0], s, i)
		if k, ok := ranks[string(s.key)]; ok {
			return k
		}
		return -1
	}, nil
}

func (c *ranked) eval(s *state, scope, known, failed Bits) int {
	in := s.borrow()
	s.allValid(c.fields, in)
	sweep(in, scope, known, failed, func(i int) bool {
		last := -1
		for k, rank := range c.rank {
			r := rank(s, i)
			if r < c.least || r > c.most || k > 0 && (r < last || r == last && c.strictly) {
				return false
			}
			last = r
		}
		return true
	})
	s.giveBack(in)
	return 0
}
