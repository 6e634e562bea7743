package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"clearwell/pipeline/kernel"
	"clearwell/rules"
	"clearwell/rules/syntax"
)

// Bounds of suggestions: comparing a value with every word of a large table costs more than it tells.
const (
	maxSuggestWords  = 20_000
	maxSuggestValues = 4096 // remembered; then it begins anew
)

// A suggester finds the word of a code table that is most like a value that is
// not in it. It is told to people and never put in. It belongs to one goroutine.
type suggester struct {
	field int
	words []string          // names and other words, sorted: of equally near ones the first is told
	code  map[string]string // of a word
	known map[string]string // suggestions made so far; empty: none
}

// suggesters are by rule; nil where there is nothing to suggest.
func suggesters(p *rules.Plan) []*suggester {
	out := make([]*suggester, len(p.Rules))
	for k := range p.Rules {
		r := &p.Rules[k]
		i := slices.IndexFunc(p.Fields, func(f rules.Field) bool { return f.Name == r.Field })
		if i < 0 || r.ID != p.Fields[i].CodeRule() || r.OnFail == rules.ReplaceBy { // the value is gone there
			continue
		}
		for _, s := range p.Fields[i].Clean {
			if s.Op == rules.CodeOf && len(s.Table) <= maxSuggestWords {
				out[k] = &suggester{field: i, words: slices.Sorted(maps.Keys(s.Table)), code: s.Table, known: map[string]string{}}
			}
		}
	}
	return out
}

// nearest is the word that is most like the value; empty if none is near.
func (s *suggester) nearest(value string) string {
	if utf8.RuneCountInString(value) < 2 { // any other character is near to one
		return ""
	}
	return syntax.Nearest(value, s.words)
}

// suggest gives a sentence for the value, as cleaned, of a cell that broke the rule; empty if nothing is near.
func (s *suggester) suggest(cleaned []byte) string {
	text, ok := s.known[string(cleaned)]
	if ok {
		return text
	}
	value := string(cleaned)
	if word := s.nearest(value); word != "" {
		text = fmt.Sprintf("did you mean %s (%s)?", word, s.code[word])
	}
	if len(s.known) == maxSuggestValues {
		clear(s.known)
	}
	s.known[value] = text
	return text
}

// suggestions are those for all rules that a row broke.
func suggestions(all []*suggester, w *kernel.Worker, c *kernel.Checked, row int) string {
	text := ""
	for k, s := range all {
		if s == nil || c.Outcomes[k].Failed == nil || !c.Outcomes[k].Failed.Get(row) {
			continue
		}
		if one := s.suggest(w.CleanedText(s.field, row)); one != "" {
			if text != "" {
				text += "; "
			}
			text += one
		}
	}
	return text
}
