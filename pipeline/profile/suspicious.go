package profile

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	suspectsPerKind = 10
	// fewForSet is how many values a column may have to be looked at as a code table.
	fewForSet = 1000
	// frequent is how often a value stands that others may be misspellings of.
	frequent = 5
	// rarer is how many times rarer a misspelling is than what was meant.
	rarer = 10
	// neighbours bounds the values between which misspellings are looked for.
	neighbours = 20000
)

// suspect lists the values that deserve a look, and gives those that seem to be
// variants of a frequent one, by their plain form.
func (c *Column) suspect(d *decision, values []weighted, sh shower) map[string]string {
	add := func(kind string, list []weighted, like []Value) {
		first := len(c.Suspicious)
		for i, v := range list {
			s := Suspicious{Kind: kind, Count: sh.count(v)}
			if like != nil {
				s.Like = &like[i]
			}
			// Of masked values those that look alike are one.
			same := func(o Suspicious) bool { return sh.masked && o.Text == s.Text && (s.Like == nil || *o.Like == *s.Like) }
			if at := slices.IndexFunc(c.Suspicious[first:], same); at >= 0 {
				c.Suspicious[first+at].Count.Count += s.Count.Count
			} else if len(c.Suspicious) < first+suspectsPerKind {
				c.Suspicious = append(c.Suspicious, s)
			}
		}
	}
	add("not_of_type", filter(values, func(v weighted) bool { return !v.ok }), nil)
	add("invalid", filter(values, func(v weighted) bool { return !v.valid }), nil)
	if !d.weak {
		add("maybe_null", filter(values, func(v weighted) bool { return nullWord(v.plain) == weakNull && (d.std == nil || !v.valid) }), nil)
	}
	add("garbled", filter(values, func(v weighted) bool { return dirtOf(v.raw).Garbled > 0 }), nil)
	if d.reader.ordered() {
		add("outlier", outliers(placed(values)), nil)
		return nil
	}
	if d.typ.Name != "string" || d.std != nil {
		return nil
	}
	add("rare_pattern", c.rarePatterns(values), nil)
	variants := map[string]string{}
	for _, find := range []struct {
		kind string
		pair func([]weighted) [][2]weighted
	}{{"case_variant", caseVariants}, {"near_duplicate", nearDuplicates}} {
		var list []weighted
		var like []Value
		for _, p := range find.pair(values) {
			if _, known := variants[string(p[0].plain)]; known {
				continue
			}
			variants[string(p[0].plain)] = string(p[1].plain)
			list, like = append(list, p[0]), append(like, sh.value(p[1].raw))
		}
		add(find.kind, list, like)
	}
	return variants
}

func filter(values []weighted, keep func(weighted) bool) []weighted {
	return slices.DeleteFunc(slices.Clone(values), func(v weighted) bool { return !keep(v) })
}

// outliers are the values three interquartile ranges outside of the quartiles (Tukey's far out), the
// farthest first, if they are few.
func outliers(line []weighted) []weighted {
	q1, q3 := quantile(line, 0.25), quantile(line, 0.75)
	if q1 == nil || q3.place == q1.place {
		return nil
	}
	far := 3 * (q3.place - q1.place)
	low, high := q1.place-far, q3.place+far
	list := filter(line, func(v weighted) bool { return v.place < low || v.place > high })
	var all, out int64
	for _, v := range line {
		all += v.cells
	}
	for _, v := range list {
		out += v.cells
	}
	if out*100 > all {
		return nil
	}
	distance := func(v weighted) float64 { return max(low-v.place, v.place-high) }
	slices.SortStableFunc(list, func(a, b weighted) int { return cmp.Compare(distance(b), distance(a)) })
	return list
}

// rarePatterns are values written as hardly any other of a column that is written in few ways.
func (c *Column) rarePatterns(values []weighted) []weighted {
	if c.Collapsed || c.PatternKinds < 2 || c.PatternKinds > 30 {
		return nil
	}
	var all, usual int64
	common := map[string]bool{}
	for _, v := range values {
		all += v.cells
	}
	for _, p := range c.Patterns {
		if p.Count*20 >= all {
			usual += p.Count
			common[p.Text] = true
		}
	}
	if usual*50 < all*49 || all < 50 || !codes(common) {
		return nil
	}
	return filter(values, func(v weighted) bool { return !common[string(appendPattern(nil, v.raw, false))] })
}

// codes says that values with these patterns are codes: of words, every length is a pattern.
func codes(patterns map[string]bool) bool {
	for p := range patterns {
		if !strings.Contains(p, "9") && strings.ContainsAny(p, "a汉ぁ") {
			return false
		}
	}
	return true
}

// caseVariants pairs values that differ only in case and blanks inside with the most frequent of them.
func caseVariants(values []weighted) [][2]weighted {
	first := map[string]int{}
	var pairs [][2]weighted
	for i, v := range values { // most frequent first
		key := strings.ToLower(strings.Join(strings.Fields(string(v.plain)), " "))
		at, ok := first[key]
		if !ok {
			first[key] = i
			continue
		}
		if !bytes.Equal(values[at].plain, v.plain) {
			pairs = append(pairs, [2]weighted{v, values[at]})
		}
	}
	return pairs
}

// nearDuplicates pairs rare values with a frequent one that is one edit away (a character more,
// less or another, or two that changed places). Values that differ in digits are no misspellings.
// It compares what is left when a character is taken out (Garbe's symmetric deletion).
func nearDuplicates(values []weighted) [][2]weighted {
	if len(values) > neighbours {
		return nil
	}
	known := map[string]int{}
	for i, v := range values {
		if v.count < frequent || !spelt(v.plain) {
			continue
		}
		for _, key := range deletions(string(v.plain)) {
			if _, ok := known[key]; !ok {
				known[key] = i
			}
		}
	}
	var pairs [][2]weighted
	for _, v := range values {
		if !spelt(v.plain) {
			continue
		}
		for _, key := range deletions(string(v.plain)) {
			at, ok := known[key]
			if ok && values[at].count >= v.count*rarer && oneEdit(string(v.plain), string(values[at].plain)) {
				pairs = append(pairs, [2]weighted{v, values[at]})
				break
			}
		}
	}
	return pairs
}

// spelt says whether a misspelling of v could be told: in words of three letters or four Chinese characters, not in whole texts.
func spelt(v []byte) bool {
	n := utf8.RuneCount(v)
	return n <= 64 && (n >= 4 || n == 3 && len(v) == 3)
}

// deletions are s and s without each of its characters.
func deletions(s string) []string {
	out := []string{s}
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		out = append(out, s[:i]+s[i+n:])
		i += n
	}
	return out
}

// oneEdit says whether two different texts are one edit apart that concerns no digit.
func oneEdit(a, b string) bool {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	if slices.ContainsFunc(x, unicode.IsDigit) || slices.ContainsFunc(y, unicode.IsDigit) {
		return false
	}
	switch {
	case len(x)+len(y) == 0:
		return false
	case len(x) <= 1 && len(y) <= 1:
		return true
	}
	return len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
}
