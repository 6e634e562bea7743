package standard

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

// A Sample is a wrong value with the reason.
type Sample struct {
	Value  string  `json:"value"`
	Reason *Reason `json:"reason"`
}

type (
	maker   func(o options, r *rand.Rand) []byte
	spoiler func(r *rand.Rand, right []byte) []byte
)

// How often a value is tried that comes out wrong where it should be right or
// the other way round: a check of mod 97 with another of mod 10 passes once in a thousand.
const maxTries = 100_000

// Samples are n right values and n wrong ones with their reasons, as invented by
// the seed: the same standard, options and seed give the same values. They belong to
// nobody; that one is somebody's is chance. There are fewer if the standard
// has no more, and none that are wrong if it takes everything.
func (s *Standard) Samples(opts map[string]string, seed uint64, n int) (valid []string, invalid []Sample, err error) {
	o, err := s.bind(opts)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.Compile(opts)
	if err != nil {
		return nil, nil, err
	}
	h := fnv.New64a()
	h.Write([]byte(s.Name))
	g := &generator{standard: s, options: o, compiled: c, judge: s.judge(o, c), rand: rand.New(rand.NewPCG(seed, h.Sum64()))}
	for range 4 * n {
		if len(valid) == n {
			break
		}
		if v := string(g.right()); v != "" && !slices.Contains(valid, v) {
			valid = append(valid, v)
		}
	}
	kinds := g.spoilers()
	for try := 0; len(kinds) > 0 && len(invalid) < n && try < 20*n+100; try++ {
		v := kinds[try%len(kinds)](g.rand, slices.Clone(g.right()))
		cleaned := g.cleaned(v)
		if len(v) == 0 || g.judge(cleaned) || slices.ContainsFunc(invalid, func(x Sample) bool { return x.Value == string(v) }) {
			continue
		}
		invalid = append(invalid, Sample{string(v), s.why(o, c, cleaned)})
	}
	return valid, invalid, nil
}

// generator invents values of one standard with its options.
type generator struct {
	standard *Standard
	options  options
	compiled *Compiled
	judge    func([]byte) bool
	rand     *rand.Rand
}

// right invents a right value; nil if that does not succeed.
func (g *generator) right() []byte {
	shape := &g.standard.shape
	for range maxTries {
		var b []byte
		switch {
		case shape.make != nil:
			b = shape.make(g.options, g.rand)
		case len(shape.patterns) > 0:
			b = fill(g.rand, shape.patterns[g.rand.IntN(len(shape.patterns))])
		case len(g.compiled.codes) > 0:
			b = []byte(g.compiled.codes[g.rand.IntN(len(g.compiled.codes))])
		default:
			return nil
		}
		if g.judge(g.cleaned(b)) {
			return b
		}
	}
	return nil
}

func (g *generator) cleaned(b []byte) []byte {
	if g.compiled.Clean != nil {
		if out, changed := g.compiled.Clean(nil, b); changed {
			return out
		}
	}
	return b
}

// spoilers are the ways to make a right value wrong.
func (g *generator) spoilers() []spoiler {
	shape := &g.standard.shape
	kinds := slices.Clone(shape.spoil)
	if shape.check.width > 0 {
		kinds = append(kinds, func(r *rand.Rand, b []byte) []byte {
			if at := shape.check.at(b) + r.IntN(shape.check.width); at >= 0 && at < len(b) && b[at]-'0' <= 9 {
				b[at] = '0' + (b[at]-'0'+1+byte(r.IntN(9)))%10
			}
			return b
		})
	}
	if shape.lengths != nil {
		kinds = append(kinds, func(_ *rand.Rand, b []byte) []byte { return b[:max(0, len(b)-1)] })
	}
	if len(g.compiled.codes) > 0 {
		kinds = append(kinds, func(r *rand.Rand, b []byte) []byte {
			at := r.IntN(len(b))
			switch c := b[at]; {
			case c-'0' <= 9:
				b[at] = '0' + byte(r.IntN(10))
			case c-'A' <= 25:
				b[at] = 'A' + byte(r.IntN(26))
			case c-'a' <= 25:
				b[at] = 'a' + byte(r.IntN(26))
			default:
				return append(b, '?')
			}
			return b
		})
	}
	return kinds
}

// fill writes a random character for each sign of a pattern: # a digit, ^ a
// capital letter, * either, ~ a lower-case hexadecimal digit; others stand for themselves.
func fill(r *rand.Rand, pattern string) []byte {
	const digits, letters, hex = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789abcdef"
	b := []byte(pattern)
	for i, c := range b {
		from := ""
		switch c {
		case '#':
			from = digits
		case '^':
			from = letters
		case '*':
			from = digits + letters
		case '~':
			from = hex
		default:
			continue
		}
		b[i] = from[r.IntN(len(from))]
	}
	return b
}

// pick is one of the words.
func pick(r *rand.Rand, words ...string) string { return words[r.IntN(len(words))] }

// swapFor puts a text in place of the bytes from at on.
func swapFor(at int, text ...string) spoiler {
	return func(r *rand.Rand, b []byte) []byte {
		t := pick(r, text...)
		if at+len(t) <= len(b) {
			copy(b[at:], t)
		}
		return b
	}
}

// instead gives one of the values, whatever was right.
func instead(values ...string) spoiler {
	return func(r *rand.Rand, _ []byte) []byte { return []byte(pick(r, values...)) }
}
