package kernel

import (
	"math/bits"

	"clearwell/rules"
	"clearwell/rules/jsontext"
	"clearwell/rules/tags"
)

// Bounds of what a condition remembers of the values it has judged, in each worker:
// judging one takes a microsecond or more, and most columns have few distinct values.
const (
	maxVerdicts     = 1 << 14
	maxVerdictBytes = 1 << 20 // of all remembered texts with their places in the map, where nothing less is asked for
	minVerdictBytes = 4 << 10 // less is not worth remembering
	verdictPlace    = 48      // bytes of a place in the map: key, verdict, what Go keeps free
	maxVerdictText  = 256     // bytes; a longer text is judged each time
)

// verdict is what a judgement gave.
type verdict uint8

const (
	refusedVerdict verdict = iota
	passedVerdict
	mistakenVerdict // it could not be judged
)

// verdictOf is the verdict of a judgement.
func verdictOf(ok bool, err error) verdict {
	switch {
	case err != nil:
		return mistakenVerdict
	case ok:
		return passedVerdict
	}
	return refusedVerdict
}

// remembered are the verdicts on distinct values. When it is full it begins anew, so
// that its memory is bounded whatever the data.
type remembered[K comparable] struct {
	of    map[K]verdict
	bytes int
	most  int
}

func (m *remembered[K]) keep(k K, size int, v verdict) {
	size += verdictPlace
	if m.of == nil || len(m.of) >= maxVerdicts || m.bytes+size > m.most {
		m.of, m.bytes = make(map[K]verdict), 0
	}
	m.of[k] = v
	m.bytes += size
}

// LimitVerdicts bounds what the conditions of one worker remember of judged values,
// in bytes all together. It is called before workers check batches; results do not depend on it.
func (p *Program) LimitVerdicts(bytes int64) { p.verdicts = bytes }

// verdictBytes is the share of one condition.
func (p *Program) verdictBytes() int {
	if p.verdicts <= 0 {
		return maxVerdictBytes
	}
	return int(min(maxVerdictBytes, max(minVerdictBytes, p.verdicts/int64(max(1, p.slots)))))
}

// judged is a condition that is too dear to work out for each cell: a verdict is worked
// out once for a distinct value and remembered.
type judged struct {
	slot  int // place of the memory among the worker's
	valid func(s *state) Bits
	judge func(s *state, memory any, row int) verdict
	fresh func() any // new memory
}

func (c *judged) eval(s *state, scope, known, failed Bits) (mistakes int) {
	memory := s.memory(c.slot, c.fresh)
	for k, in := range c.valid(s) {
		for w := in & scope[k]; w != 0; w &= w - 1 {
			b := bits.TrailingZeros64(w)
			switch c.judge(s, memory, k<<6+b) {
			case refusedVerdict:
				failed[k] |= 1 << b
				known[k] |= 1 << b
			case passedVerdict:
				known[k] |= 1 << b
			default:
				mistakes++
			}
		}
	}
	return mistakes
}

// memory is what a condition keeps in this worker, made when it is first asked for.
func (s *state) memory(slot int, fresh func() any) any {
	for len(s.memories) <= slot {
		s.memories = append(s.memories, nil)
	}
	if s.memories[slot] == nil {
		s.memories[slot] = fresh()
	}
	return s.memories[slot]
}

// newJudgedText judges the text of a field.
func newJudgedText(p *Program, f int, judge func(text []byte) verdict) condition {
	p.slots++
	return &judged{
		slot:  p.slots - 1,
		valid: func(s *state) Bits { return s.columns[f].present },
		fresh: func() any { return &remembered[string]{most: p.verdictBytes()} },
		judge: func(s *state, memory any, row int) verdict {
			m, text := memory.(*remembered[string]), s.columns[f].text.cell(row)
			if len(text) > maxVerdictText {
				return judge(text)
			}
			if v, ok := m.of[string(text)]; ok {
				return v
			}
			v := judge(text)
			m.keep(string(text), len(text), v)
			return v
		},
	}
}

// newJudgedNumber judges a number as a float64 or an int64.
func newJudgedNumber[T int64 | float64](p *Program, f int, read func(s *state, row int) T, judge func(T) verdict) condition {
	p.slots++
	return &judged{
		slot:  p.slots - 1,
		valid: func(s *state) Bits { return s.columns[f].valid },
		fresh: func() any { return &remembered[T]{most: p.verdictBytes()} },
		judge: func(s *state, memory any, row int) verdict {
			m, x := memory.(*remembered[T]), read(s, row)
			if v, ok := m.of[x]; ok {
				return v
			}
			v := judge(x)
			m.keep(x, 8, v)
			return v
		},
	}
}

// newValidate binds validate.
func newValidate(p *Program, f int, c *rules.Condition) (condition, error) {
	kind := p.fields[f].typ.Kind
	t, err := tags.Compile(c.Tags, tags.Sample(string(kind)))
	if err != nil {
		return nil, err
	}
	switch kind {
	case rules.String:
		return newJudgedText(p, f, func(b []byte) verdict { return verdictOf(t.Valid(string(b))) }), nil
	case rules.Integer:
		return newJudgedNumber(p, f, func(s *state, row int) int64 { return s.columns[f].ints[row] },
			func(x int64) verdict { return verdictOf(t.Valid(x)) }), nil
	}
	return newJudgedNumber(p, f, floatOf(p, f), func(x float64) verdict { return verdictOf(t.Valid(x)) }), nil
}

// newJSON binds json.
func newJSON(p *Program, f int, c *rules.Condition) (condition, error) {
	if c.Schema == "" {
		return &textCheck{f, jsontext.Valid}, nil
	}
	schema, err := jsontext.Compile(c.Schema)
	if err != nil {
		return nil, err
	}
	return newJudgedText(p, f, func(b []byte) verdict { return verdictOf(schema.Valid(b)) }), nil
}
