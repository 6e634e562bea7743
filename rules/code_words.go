package rules

import (
	"strings"

	"clearwell/rules/contract"
	"clearwell/rules/syntax"
)

// codeTable is a code table of standards/ with the words that mean its codes.
type codeTable struct {
	names map[string]string // by code
	words map[string]string // names and synonyms, and what code they mean; no codes
}

// codeWords gathers the names and synonyms of a table. A word that means two codes is reported.
func (s *surroundings) codeWords(t *contract.Table, codes []string, r *syntax.Report) *codeTable {
	out := &codeTable{names: map[string]string{}, words: map[string]string{}}
	isCode := make(map[string]bool, len(codes))
	for _, c := range codes {
		isCode[c] = true
	}
	add := func(word, code string, at syntax.Pos) {
		word = strings.TrimSpace(word)
		if word == "" || word == code {
			return
		}
		if other, twice := out.words[word]; twice && other != code {
			r.Addf(at, "the word %q stands for both %s and %s", word, other, code)
			return
		}
		if isCode[word] {
			r.Addf(at, "the word %q is another code of the table", word)
			return
		}
		out.words[word] = code
	}
	if t.File.Given() {
		s.fileWords(t, out, add, r)
	} else {
		for _, column := range []syntax.Text{t.Names, t.Synonyms} {
			if column.Given() {
				r.Addf(column.Pos, "names and synonyms are columns of a file; with codes in place write the name behind the code, other words under also")
			}
		}
	}
	for _, c := range t.Codes {
		if c.Value.Value != "" {
			out.names[c.Name.Value] = c.Value.Value
			add(c.Value.Value, c.Name.Value, c.Value.Pos)
		}
	}
	for _, also := range t.Also {
		if !isCode[also.Name.Value] {
			r.AddHint(also.Name.Pos, also.Name.Value, codes, "the table has no code %q", also.Name.Value)
			continue
		}
		for _, word := range also.Value {
			add(word.Value, also.Name.Value, word.Pos)
		}
	}
	return out
}

// fileWords reads the columns with names and synonyms.
func (s *surroundings) fileWords(t *contract.Table, out *codeTable, add func(word, code string, at syntax.Pos), r *syntax.Report) {
	for _, column := range []syntax.Text{t.Names, t.Synonyms} {
		if !column.Given() {
			continue
		}
		rows, err := readColumns(s.root, t.File.Value, []string{or(t.Column.Value, "1"), column.Value})
		if err != nil {
			r.Addf(column.Pos, "%v", err)
			continue
		}
		for _, row := range rows {
			if column == t.Names {
				out.names[row[0]] = row[1]
				add(row[1], row[0], column.Pos)
				continue
			}
			for word := range strings.SplitSeq(row[1], "|") {
				add(word, row[0], column.Pos)
			}
		}
	}
}
