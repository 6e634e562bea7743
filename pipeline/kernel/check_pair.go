package kernel

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"clearwell/rules"
)

// tupleKey writes the values of some fields of a row as one byte string that is equal
// for two rows if and only if all the values are, null among them.
type tupleKey struct {
	fields []int
	kinds  []rules.Kind
	parser []parser
}

func newTupleKey(p *Program, fields []int) *tupleKey {
	k := &tupleKey{fields: fields}
	for _, f := range fields {
		k.kinds = append(k.kinds, p.fields[f].typ.Kind)
		k.parser = append(k.parser, p.fields[f].parser)
	}
	return k
}

func (t *tupleKey) append(dst []byte, s *state, i int) []byte {
	for k, f := range t.fields {
		c := &s.columns[f]
		if !c.valid.Get(i) {
			dst = append(dst, 0)
			continue
		}
		switch t.kinds[k] {
		case rules.Integer, rules.Timestamp:
			dst = appendTuple(dst, &value{int: c.ints[i]}, t.kinds[k])
		case rules.Date:
			dst = appendTuple(dst, &value{int: int64(c.dates[i])}, t.kinds[k])
		case rules.Number:
			dst = appendTuple(dst, &value{float: c.floats[i]}, t.kinds[k])
		case rules.Decimal:
			dst = appendTuple(dst, &value{decimal: c.decimals[i]}, t.kinds[k])
		case rules.Boolean:
			dst = appendTuple(dst, &value{bool: c.bools.Get(i)}, t.kinds[k])
		default:
			dst = appendTuple(dst, &value{text: c.text.cell(i)}, t.kinds[k])
		}
	}
	return dst
}

// constant is the key of values written in the contract; nil is null.
func (t *tupleKey) constant(texts []*string) ([]byte, error) {
	if len(texts) != len(t.fields) {
		return nil, fmt.Errorf("%d values for %d fields", len(texts), len(t.fields))
	}
	var dst []byte
	for k, text := range texts {
		if text == nil {
			dst = append(dst, 0)
			continue
		}
		v, ok := t.parser[k].constant(*text)
		if !ok {
			return nil, fmt.Errorf("%q is not a %s", *text, t.kinds[k])
		}
		dst = appendTuple(dst, &v, t.kinds[k])
	}
	return dst, nil
}

func appendTuple(dst []byte, v *value, k rules.Kind) []byte {
	dst = append(dst, 1)
	switch k {
	case rules.Integer, rules.Timestamp, rules.Date:
		return binary.BigEndian.AppendUint64(dst, uint64(v.int))
	case rules.Number:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.float+0)) // zero without sign
	case rules.Decimal:
		return appendDecimal(dst, v.decimal)
	case rules.Boolean:
		return append(dst, byte(bit(v.bool)))
	}
	dst = binary.AppendUvarint(dst, uint64(len(v.text)))
	return append(dst, v.text...)
}

func appendDecimal(dst []byte, d decimal128.Num) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(d.HighBits()))
	return binary.BigEndian.AppendUint64(dst, d.LowBits())
}

func tuplesHaveNull(tuples [][]*string) bool {
	for _, t := range tuples {
		for _, v := range t {
			if v == nil {
				return true
			}
		}
	}
	return false
}

// pairs is membership of the values of several fields together. If a tuple has a
// null, null is a value like others, and only rows without any value are unknown.
type pairs struct {
	key     *tupleKey
	members map[string]struct{}
	nulls   bool
}

func newPairs(p *Program, c *rules.Condition) (condition, error) {
	fields, err := p.fieldIndices(c.Fields)
	if err != nil {
		return nil, err
	}
	key := newTupleKey(p, fields)
	n := &pairs{key: key, members: make(map[string]struct{}, len(c.Tuples)), nulls: tuplesHaveNull(c.Tuples)}
	for _, t := range c.Tuples {
		b, err := key.constant(t)
		if err != nil {
			return nil, fmt.Errorf("pair: %w", err)
		}
		n.members[string(b)] = struct{}{}
	}
	return n, nil
}

func (c *pairs) eval(s *state, scope, known, failed Bits) int {
	in := s.borrow()
	if c.nulls {
		s.anyValid(c.key.fields, in)
	} else {
		s.allValid(c.key.fields, in)
	}
	sweep(in, scope, known, failed, func(i int) bool {
		s.key = c.key.append(s.key[:0], s, i)
		_, ok := c.members[string(s.key)]
		return ok
	})
	s.giveBack(in)
	return 0
}
