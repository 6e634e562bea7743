package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

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
		if i < 0 || r.ID != p.Fields[i].CodeRule() {
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

// suggest gives a sentence for the value of a row that broke the rule; empty if nothing is near.
func (s *suggester) suggest(columns []arrow.Array, row int) string {
	col, ok := columns[s.field].(*array.String)
	if !ok || col.IsNull(row) || utf8.RuneCountInString(col.Value(row)) < 2 { // any other character is near to one
		return ""
	}
	text, ok := s.known[col.Value(row)]
	if ok {
		return text
	}
	value := string([]byte(col.Value(row))) // the column's memory is used again
	if word := syntax.Nearest(value, s.words); word != "" {
		text = fmt.Sprintf("did you mean %s (%s)?", word, s.code[word])
	}
	if len(s.known) == maxSuggestValues {
		clear(s.known)
	}
	s.known[value] = text
	return text
}

// suggestions are those for all rules that a row broke.
func suggestions(all []*suggester, c *kernel.Checked, row int) string {
	text := ""
	for k, s := range all {
		if s == nil || c.Outcomes[k].Failed == nil || !c.Outcomes[k].Failed.Get(row) {
			continue
		}
		if one := s.suggest(c.Columns, row); one != "" {
			if text != "" {
				text += "; "
			}
			text += one
		}
	}
	return text
}
