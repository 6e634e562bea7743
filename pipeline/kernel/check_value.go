package kernel

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"clearwell/rules"
)

// newRange is true where the value of a field is within bounds; text compares by bytes.
func newRange(f int, field *field, c *rules.Condition) (condition, error) {
	low, err := newBound(field, c.Min)
	if err != nil {
		return nil, err
	}
	high, err := newBound(field, c.Max)
	if err != nil {
		return nil, err
	}
	if low == nil && high == nil {
		return nil, errors.New("range: neither min nor max given")
	}
	switch field.typ.Kind {
	case rules.Integer, rules.Timestamp:
		return &intRange{f, false, closeInts(low, high, c)}, nil
	case rules.Date:
		return &intRange{f, true, closeInts(low, high, c)}, nil
	case rules.Number:
		r := &orderRange[float64]{field: f, minOpen: c.MinOpen, maxOpen: c.MaxOpen, compare: cmp.Compare[float64],
			read: func(c *column, i int) float64 { return c.floats[i] }}
		r.bounds(low, high, func(v *value) float64 { return v.float })
		return r, nil
	case rules.Decimal:
		r := &orderRange[decimal128.Num]{field: f, minOpen: c.MinOpen, maxOpen: c.MaxOpen, compare: decimal128.Num.Cmp,
			read: func(c *column, i int) decimal128.Num { return c.decimals[i] }}
		r.bounds(low, high, func(v *value) decimal128.Num { return v.decimal })
		return r, nil
	case rules.String:
		r := &orderRange[[]byte]{field: f, minOpen: c.MinOpen, maxOpen: c.MaxOpen, compare: bytes.Compare,
			read: func(c *column, i int) []byte { return c.text.cell(i) }}
		r.bounds(low, high, func(v *value) []byte { return v.text })
		return r, nil
	}
	return nil, fmt.Errorf("range: a %s has no order", field.typ.Kind)
}

// newBound reads a bound as the field's type; nil if it is empty.
func newBound(field *field, text string) (*value, error) {
	if text == "" {
		return nil, nil
	}
	v, ok := field.parser.constant(text)
	if !ok {
		return nil, fmt.Errorf("range: bound %q is not a %s of this field", text, field.typ.Kind)
	}
	return &v, nil
}

// closedRange is min <= v <= max; it is empty if min > max.
type closedRange struct{ min, max int64 }

func closeInts(low, high *value, c *rules.Condition) closedRange {
	r := closedRange{math.MinInt64, math.MaxInt64}
	if low != nil {
		r.min = low.int
		if c.MinOpen {
			if r.min == math.MaxInt64 {
				return closedRange{1, 0}
			}
			r.min++
		}
	}
	if high != nil {
		r.max = high.int
		if c.MaxOpen {
			if r.max == math.MinInt64 {
				return closedRange{1, 0}
			}
			r.max--
		}
	}
	return r
}

// intRange is a range of integers, dates or timestamps.
type intRange struct {
	field int
	dates bool
	closedRange
}

func (c *intRange) eval(s *state, scope, known, failed Bits) int {
	col := &s.columns[c.field]
	if c.dates {
		sweep(col.valid, scope, known, failed, func(i int) bool {
			v := int64(col.dates[i])
			return v >= c.min && v <= c.max
		})
		return 0
	}
	sweep(col.valid, scope, known, failed, func(i int) bool { return col.ints[i] >= c.min && col.ints[i] <= c.max })
	return 0
}

// orderRange is a range of any other ordered type.
type orderRange[T any] struct {
	field            int
	min, max         T
	hasMin, hasMax   bool
	minOpen, maxOpen bool
	compare          func(a, b T) int
	read             func(c *column, row int) T
}

func (c *orderRange[T]) bounds(low, high *value, of func(*value) T) {
	if low != nil {
		c.min, c.hasMin = of(low), true
	}
	if high != nil {
		c.max, c.hasMax = of(high), true
	}
}

func (c *orderRange[T]) eval(s *state, scope, known, failed Bits) int {
	col := &s.columns[c.field]
	sweep(col.valid, scope, known, failed, func(i int) bool {
		v := c.read(col, i)
		if c.hasMin {
			if o := c.compare(v, c.min); o < 0 || o == 0 && c.minOpen {
				return false
			}
		}
		if c.hasMax {
			if o := c.compare(v, c.max); o > 0 || o == 0 && c.maxOpen {
				return false
			}
		}
		return true
	})
	return 0
}

// newSet is true where the value is one of a list.
func newSet(f int, field *field, c *rules.Condition) (condition, error) {
	if field.typ.Kind == rules.String {
		return &wordSet{f, newWordTable(c.Values)}, nil
	}
	list := make([]value, len(c.Values))
	for k, text := range c.Values {
		v, ok := field.parser.constant(text)
		if !ok {
			return nil, fmt.Errorf("set: %q is not a %s of this field", text, field.typ.Kind)
		}
		list[k] = v
	}
	switch field.typ.Kind {
	case rules.Integer, rules.Timestamp:
		return newTypedSet(f, list, func(v *value) int64 { return v.int }, func(c *column, i int) int64 { return c.ints[i] }), nil
	case rules.Date:
		return newTypedSet(f, list, func(v *value) int64 { return v.int }, func(c *column, i int) int64 { return int64(c.dates[i]) }), nil
	case rules.Number:
		return newTypedSet(f, list, func(v *value) float64 { return v.float }, func(c *column, i int) float64 { return c.floats[i] }), nil
	case rules.Decimal:
		return newTypedSet(f, list, func(v *value) decimal128.Num { return v.decimal }, func(c *column, i int) decimal128.Num { return c.decimals[i] }), nil
	default:
		return newTypedSet(f, list, func(v *value) bool { return v.bool }, func(c *column, i int) bool { return c.bools.Get(i) }), nil
	}
}

// wordSet is membership of text.
type wordSet struct {
	field int
	words *wordTable
}

func (c *wordSet) eval(s *state, scope, known, failed Bits) int {
	col := &s.columns[c.field]
	o, data := col.text.offsets, col.text.data
	sweep(col.valid, scope, known, failed, func(i int) bool { return c.words.find(data, int(o[i]), int(o[i+1])) >= 0 })
	return 0
}

// typedSet is membership of any other type.
type typedSet[T comparable] struct {
	field   int
	members map[T]struct{}
	read    func(c *column, row int) T
}

func newTypedSet[T comparable](f int, list []value, of func(*value) T, read func(*column, int) T) *typedSet[T] {
	c := &typedSet[T]{field: f, members: map[T]struct{}{}, read: read}
	for k := range list {
		c.members[of(&list[k])] = struct{}{}
	}
	return c
}

func (c *typedSet[T]) eval(s *state, scope, known, failed Bits) int {
	col := &s.columns[c.field]
	sweep(col.valid, scope, known, failed, func(i int) bool {
		_, ok := c.members[c.read(col, i)]
		return ok
	})
	return 0
}
