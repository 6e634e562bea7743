// Package wording keeps what is said to a person apart from the language it is
// said in: a Text is an English format with its arguments, and a catalog has the
// same format in other languages. English stands in the code, where it is read
// together with the reason; zh.txt has the Chinese for it.
//
// It is not for data: names, values and words of the contract language are
// arguments and stay as they were typed. Start at Textf, then Text.In.
package wording

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// The languages.
const (
	English = "en"
	Chinese = "zh"
)

// Languages are all languages, that of the code first.
var Languages = []string{English, Chinese}

// Speaker can say itself in a language. Arguments of a Text that are Speakers,
// or errors that wrap nothing but one, are said in the language of the Text.
type Speaker interface {
	// In is what is said in lang; in English if the language is not known.
	In(lang string) string
}

// Text is one thing said. It is an error too, so that a mistake found deep
// inside can be told in any language at the top.
type Text struct {
	format string
	args   []any
	said   error // in English
}

// Textf makes a Text by a format of package fmt. The format must stand in the catalog.
func Textf(format string, args ...any) *Text {
	return &Text{format: format, args: args, said: fmt.Errorf(format, args...)}
}

// Errorf is Textf as an error, with %w as in fmt.
func Errorf(format string, args ...any) error {
	return &Text{format: format, args: args, said: fmt.Errorf(format, args...)}
}

// String is the English text.
func (t *Text) String() string { return t.said.Error() }

// Error is the English text.
func (t *Text) Error() string { return t.said.Error() }

// Unwrap gives the error under %w; nil if there is none.
func (t *Text) Unwrap() error { return errors.Unwrap(t.said) }

// In implements Speaker.
func (t *Text) In(lang string) string {
	if lang == English {
		return t.said.Error()
	}
	format, ok := translation(lang, t.format)
	if !ok {
		format = strings.ReplaceAll(t.format, "%w", "%v")
	}
	args := make([]any, len(t.args))
	for i, a := range t.args {
		switch a := a.(type) {
		case Speaker:
			args[i] = a.In(lang)
		case error:
			args[i] = Of(a, lang)
		default:
			args[i] = a
		}
	}
	return fmt.Sprintf(format, args...)
}

// Of says an error in lang: as a Speaker if it is one, as one of knownErrors, else as it is.
func Of(err error, lang string) string {
	if s, ok := err.(Speaker); ok {
		return s.In(lang)
	}
	if p, ok := OneOf(knownErrors, err.Error()).(Phrase); ok {
		return p.In(lang)
	}
	return err.Error()
}

// knownErrors are what Unix says of files that people name wrongly, and Go's reader of JSON of cut files.
var knownErrors = []Phrase{"no such file or directory", "permission denied", "is a directory", "unexpected end of JSON input"}

// Phrase is a part of a sentence without arguments, such as "a whole number".
type Phrase string

// In implements Speaker.
func (p Phrase) In(lang string) string {
	if said, ok := translation(lang, string(p)); ok {
		return said
	}
	return string(p)
}

// OneOf is text as a Phrase if it is one of known, so that it can be said in any
// language; else text as it is. It is for the words of libraries.
func OneOf(known []Phrase, text string) any {
	if slices.Contains(known, Phrase(text)) {
		return Phrase(text)
	}
	return text
}

// List are words one after the other, each as it is typed.
type List []string

// String puts commas between the words.
func (l List) String() string { return strings.Join(l, ", ") }

// In implements Speaker.
func (l List) In(lang string) string {
	if lang == Chinese {
		return strings.Join(l, "、")
	}
	return l.String()
}

//go:embed zh.txt
var chineseText string

var chinese = sync.OnceValue(func() map[string]string {
	catalog, err := parseCatalog(chineseText)
	if err != nil {
		panic("wording: zh.txt: " + err.Error()) // embedded: the tests read it
	}
	return catalog
})

func translation(lang, format string) (string, bool) {
	if lang != Chinese {
		return "", false
	}
	said, ok := chinese()[format]
	return said, ok
}

// parseCatalog reads pairs of lines, the English and the other language, with
// empty lines between them. Lines with # are notes.
func parseCatalog(text string) (map[string]string, error) {
	catalog := map[string]string{}
	english := ""
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			if english != "" {
				return nil, fmt.Errorf("line %d: %q has no translation", i+1, english)
			}
		case english == "":
			if _, twice := catalog[line]; twice {
				return nil, fmt.Errorf("line %d: %q stands twice", i+1, line)
			}
			english = line
		default:
			catalog[english], english = line, ""
		}
	}
	if english != "" {
		return nil, fmt.Errorf("%q has no translation", english)
	}
	return catalog, nil
}
