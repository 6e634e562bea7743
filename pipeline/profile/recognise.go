package profile

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"clearwell/pipeline/kernel"
	"clearwell/rules"
	"clearwell/rules/standard"
)

const (
	// triedValues is how many values of a column are tried on every standard: enough to tell
	// nine in ten from eight in ten.
	triedValues = 500
	// fewValues is below what a check that passes one in ten by chance proves nothing.
	fewValues = 8
)

// A known standard is one that a column may be recognised as, with its default options bound: that
// takes a while, for its tables are read.
type knownStandard struct {
	std      *standard.Standard
	hint     hint
	rank     int
	compiled *standard.Compiled
}

// library are the standards that a column may be recognised as: those that are text. Dates are a type.
var library = sync.OnceValues(func() ([]*knownStandard, error) {
	var list []*knownStandard
	for _, name := range standard.Names() {
		s, ok := standard.Lookup(name)
		if !ok || s.Kind != string(rules.String) {
			continue
		}
		compiled, err := s.Compile(nil)
		if err != nil {
			return nil, fmt.Errorf("standard %s with its default options: %w", name, err)
		}
		k := &knownStandard{std: s, compiled: compiled}
		k.hint, k.rank = hintOf(s)
		list = append(list, k)
	}
	return list, nil
})

// A checker is a standard ready for single values. It belongs to one goroutine.
type checker struct {
	*knownStandard
	clean *kernel.Cleaner // the standard's base cleaning
	own   []byte          // what its own cleaning makes of a value
}

func newChecker(k *knownStandard) (*checker, error) {
	var steps []rules.Step
	for _, st := range k.std.Steps {
		steps = append(steps, rules.Step{Op: rules.StepOp(st.Op), Chars: st.Chars})
	}
	clean, err := kernel.NewCleaner(steps)
	if err != nil {
		return nil, fmt.Errorf("standard %s: %w", k.std.Name, err)
	}
	return &checker{knownStandard: k, clean: clean}, nil
}

// checks says whether the standard has a check at all.
func (c *checker) checks() bool { return c.compiled.Valid != nil }

// ok says whether a value is valid after the standard's cleaning.
func (c *checker) ok(v []byte) bool {
	w, err := c.clean.Clean(v)
	if err != nil {
		return false
	}
	if c.compiled.Clean != nil {
		if out, changed := c.compiled.Clean(c.own[:0], w); changed {
			w, c.own = out, out
		}
	}
	return !c.checks() || c.compiled.Valid(w)
}

// recognise finds the standards that a column fits, the most likely first.
func recognise(name string, t *table) ([]Candidate, error) {
	tried := triedOf(t)
	type ranked struct {
		Candidate
		rank int
	}
	var list []ranked
	known, err := library()
	if err != nil {
		return nil, err
	}
	for _, k := range known {
		c, err := newChecker(k)
		if err != nil {
			return nil, err
		}
		byName := named(name, c.hint.words)
		valid := int64(0)
		han := int64(0)
		if c.checks() {
			for i, v := range tried {
				if i == 40 && valid == 0 && byName == 0 {
					break // it will not come near any bound
				}
				if c.ok(v) {
					valid++
					if hasHan(v) {
						han++
					}
				}
			}
		}
		share := share(valid, int64(len(tried)))
		confidence := c.confidence(tried, share, byName, valid, han)
		if confidence > 0 {
			list = append(list, ranked{Candidate{k.std.Name, round(confidence, 3), round(share, 4), byName > 0}, c.rank})
		}
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.rank, b.rank), cmp.Compare(a.Name, b.Name))
	})
	out := make([]Candidate, len(list))
	for i, r := range list {
		out[i] = r.Candidate
	}
	return out, nil
}

// triedOf are the values that are tried: those with the smallest hashes, null words not among them.
func triedOf(t *table) [][]byte {
	order := make([]int32, len(t.entries))
	for i := range order {
		order[i] = int32(i)
	}
	if len(order) > triedValues {
		slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(t.entries[a].hash, t.entries[b].hash) })
	}
	var tried [][]byte
	scratch := newScratch()
	for _, i := range order {
		v := t.value(&t.entries[i])
		if p := kernel.Plain(scratch, v); nullWord(p) != strongNull {
			tried = append(tried, v)
		}
		if len(tried) == triedValues {
			break
		}
	}
	return tried
}

// confidence weighs what the values say (share of them valid) with what the name
// says (0 to 1). 0: not worth a mention.
func (c *checker) confidence(tried [][]byte, share, byName float64, valid, han int64) float64 {
	switch {
	case len(tried) == 0:
		return 0
	case !c.checks(): // free text such as an address: the name, and whether the values look it
		if c.std.Name == "cn.address" && addressLike(tried) {
			return 0.75 + 0.2*byName
		}
		return 0
	case share < 0.5, c.std.Name == "cn.name" && !nameLike(tried):
		return 0
	}
	proof := 0.0 // of the values alone
	switch c.hint.alone {
	case always:
		proof = 0.9
	case many:
		if valid >= fewValues {
			proof = 0.8
		}
	case inWords:
		if han > 0 && valid >= 2 && han*2 >= valid || han == valid && valid > 0 {
			proof = 0.85
		}
	case measured:
		if valid >= fewValues && c.laxity(tried) <= 0.2 {
			proof = 0.8
		}
	}
	if byName == 0 && share < 0.8 {
		return 0
	}
	if byName > 0 {
		proof = max(proof, 0.7) + (1-max(proof, 0.7))*byName
	}
	return share * proof
}

// laxity is the share of valid values that are still valid when one of their characters is
// another one of its class: low for check digits and sparse tables, high for mere forms.
func (c *checker) laxity(tried [][]byte) float64 {
	passed, all := 0, 0
	var w []byte
	for i, v := range tried {
		if all == 100 {
			break
		}
		if len(v) == 0 || !c.ok(v) {
			continue
		}
		w = append(w[:0], v...)
		at := i % len(w)
		switch b := w[at]; {
		case b >= '0' && b <= '9':
			w[at] = '0' + (b-'0'+1+byte(i%8))%10
		case b >= 'A' && b <= 'Z':
			w[at] = 'A' + (b-'A'+1+byte(i%24))%26
		case b >= 'a' && b <= 'z':
			w[at] = 'a' + (b-'a'+1+byte(i%24))%26
		default:
			continue
		}
		all++
		if c.ok(w) {
			passed++
		}
	}
	if all == 0 {
		return 1
	}
	return float64(passed) / float64(all)
}

// addressLike says whether values read like Chinese addresses: they begin with a province or a
// city, or have a road, a village or a number in them.
func addressLike(tried [][]byte) bool {
	hits := 0
	for _, v := range tried {
		_, city := standard.CityPart(v)
		_, province := standard.ProvincePart(v)
		if (city || province) && len(v) > 15 || addressParts(v) >= 2 {
			hits++
		}
	}
	return hits*10 >= len(tried)*7
}

// nameLike says whether most values are as short as names of persons, or have their middle dot: the
// standard takes any Han text.
func nameLike(tried [][]byte) bool {
	hits := 0
	for _, v := range tried {
		if n := utf8.RuneCount(bytes.Trim(v, kernel.Blanks)); n <= 4 || bytes.ContainsRune(v, '·') {
			hits++
		}
	}
	return hits*10 >= len(tried)*8
}

func addressParts(v []byte) int {
	n := 0
	for _, r := range string(v) {
		switch r {
		case '省', '市', '区', '县', '镇', '乡', '村', '路', '街', '巷', '号', '栋', '室':
			n++
		}
	}
	return n
}

func hasHan(v []byte) bool {
	for _, r := range string(v) {
		if unicode.Is(unicode.Han, r) {
			return true
		}
	}
	return false
}

// accepted is the candidate that a contract may rest on; nil if none is likely enough.
func accepted(list []Candidate) *Candidate {
	const enough = 0.7
	if len(list) > 0 && list[0].Confidence >= enough {
		return &list[0]
	}
	return nil
}
