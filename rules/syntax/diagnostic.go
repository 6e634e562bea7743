// Package syntax reads the YAML of a workspace strictly: every scalar as the
// text that was typed, with its place in the file; into Go structs whose tags
// say what is allowed; with all problems in one go, each with its place and the
// nearest valid word. The same structs give the JSON Schema for editors.
//
// It knows nothing of what the files mean. Start at Parse, then Decode.
package syntax

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clearwell/rules/wording"
)

// Pos is a place in a file: line and character, both from 1. The zero Pos is no place.
type Pos struct {
	Line, Column int
}

// Diagnostic is one thing wrong in one place.
type Diagnostic struct {
	File    string `json:"file"`   // relative to the workspace
	Line    int    `json:"line"`   // from 1; 0: the file as a whole
	Column  int    `json:"column"` // character in the line, from 1
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // the nearest valid word; empty: none is near

	said *wording.Text
	lang string // of Message; empty: English
}

// In gives d with its message in lang.
func (d Diagnostic) In(lang string) Diagnostic {
	d.Message, d.lang = d.said.In(lang), lang
	return d
}

// String is `file:line:col: message; did you mean "hint"?`, in the language of the message.
func (d Diagnostic) String() string {
	var b strings.Builder
	b.WriteString(d.File)
	if d.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", d.Line, d.Column)
	}
	b.WriteString(": ")
	b.WriteString(d.Message)
	if d.Hint != "" {
		b.WriteString(wording.Textf("; did you mean %q?", d.Hint).In(cmp.Or(d.lang, wording.English)))
	}
	return b.String()
}

// Diagnostics are all problems found, ordered by file and place. It is an error when it is not empty.
type Diagnostics []Diagnostic

// In gives all problems with their messages in lang.
func (ds Diagnostics) In(lang string) Diagnostics {
	out := make(Diagnostics, len(ds))
	for i, d := range ds {
		out[i] = d.In(lang)
	}
	return out
}

// Error gives one line per problem.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Err is nil if there are no problems, else ds itself, sorted and without repetitions.
func (ds Diagnostics) Err() error {
	if len(ds) == 0 {
		return nil
	}
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(ds, func(a, b Diagnostic) bool {
		a.said, b.said = nil, nil
		return a == b
	})
}

// Report collects the problems of one file.
type Report struct {
	File string
	All  Diagnostics

	muted map[int]int // by line: from this column on, problems would only follow from one that is told
}

// mute leaves out what is found on the line from p on.
func (r *Report) mute(p Pos) {
	if _, ok := r.muted[p.Line]; !ok {
		if r.muted == nil {
			r.muted = map[int]int{}
		}
		r.muted[p.Line] = p.Column
	}
}

// Addf notes a problem at p. The format must have its translations; see package wording.
func (r *Report) Addf(p Pos, format string, args ...any) {
	if column, ok := r.muted[p.Line]; ok && p.Column > column {
		return
	}
	said := wording.Textf(format, args...)
	r.All = append(r.All, Diagnostic{File: r.File, Line: p.Line, Column: p.Column, Message: said.String(), said: said})
}

// AddHint notes a problem at p about word, with the nearest of the valid words.
func (r *Report) AddHint(p Pos, word string, valid []string, format string, args ...any) {
	before := len(r.All)
	r.Addf(p, format, args...)
	if len(r.All) > before {
		r.All[before].Hint = Nearest(word, valid)
	}
}
