package contract

import (
	"unicode"

	"clearwell/rules/syntax"
)

// Titles is one text, or one per language.
type Titles struct {
	ByLanguage map[string]string
	Pos        syntax.Pos
}

// DecodeYAML implements syntax.Decoder.
func (t *Titles) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	t.Pos, t.ByLanguage = n.Pos, map[string]string{}
	if n.Shape != syntax.Map {
		var one syntax.Text
		if syntax.TextOf(n, label, &one, r) {
			t.ByLanguage[languageOf(one.Value)] = one.Value
		}
		return
	}
	for _, e := range n.Entries {
		if !isLanguage(e.Key) {
			r.Addf(e.KeyPos, "%q is not a language; write a code such as en or zh", e.Key)
			continue
		}
		var one syntax.Text
		if syntax.TextOf(e.Value, e.Key, &one, r) {
			t.ByLanguage[e.Key] = one.Value
		}
	}
}

// languageOf is zh for a text with a Chinese character, else en.
func languageOf(s string) string {
	for _, c := range s {
		if unicode.Is(unicode.Han, c) {
			return "zh"
		}
	}
	return "en"
}

func isLanguage(s string) bool {
	if len(s) < 2 || len(s) > 3 {
		return false
	}
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return true
}

// JSONSchema implements syntax.Schemer.
func (t *Titles) JSONSchema(*syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.AnyText(), syntax.Object{
		"type":                 "object",
		"propertyNames":        syntax.Object{"pattern": "^[a-z]{2,3}$"},
		"additionalProperties": syntax.AnyText(),
	})
}

// Value is a scalar that may also be null, written ~ or null or nothing: the null of the data.
type Value struct {
	syntax.Text
	Null bool
}

// DecodeYAML implements syntax.Decoder.
func (v *Value) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape == syntax.Null {
		v.Null, v.Pos = true, n.Pos
		return
	}
	syntax.TextOf(n, label, &v.Text, r)
}

// JSONSchema implements syntax.Schemer.
func (v *Value) JSONSchema(*syntax.Schemas) syntax.Object {
	return syntax.Object{"type": []string{"string", "number", "boolean", "null"}}
}

// Flagged is true or false, where the place of the word matters.
type Flagged struct{ syntax.Flag }

// DecodeYAML implements syntax.Decoder.
func (f *Flagged) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	syntax.Decode(n, label, &f.Flag, r)
}

// JSONSchema implements syntax.Schemer.
func (f *Flagged) JSONSchema(*syntax.Schemas) syntax.Object { return syntax.Object{"type": "boolean"} }

// Reference names a standard, with its options.
type Reference struct {
	Pos     syntax.Pos
	Name    syntax.Text
	Options []syntax.Named[syntax.Text]
}

// DecodeYAML implements syntax.Decoder.
func (f *Reference) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	f.Pos = n.Pos
	if n.Shape != syntax.Map {
		syntax.TextOf(n, label, &f.Name, r)
		return
	}
	for _, e := range n.Entries {
		var t syntax.Text
		if !syntax.TextOf(e.Value, e.Key, &t, r) {
			continue
		}
		if e.Key == "name" {
			f.Name = t
			continue
		}
		f.Options = append(f.Options, syntax.Named[syntax.Text]{Name: syntax.Text{Value: e.Key, Pos: e.KeyPos}, Value: t})
	}
	if !f.Name.Given() {
		r.Addf(n.Pos, "%q lacks the key %q", label, "name")
	}
}

// JSONSchema implements syntax.Schemer.
func (f *Reference) JSONSchema(*syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Object{"type": "string"}, syntax.Object{
		"type": "object", "required": []string{"name"},
		"properties":           syntax.Object{"name": syntax.Object{"type": "string"}},
		"additionalProperties": syntax.AnyText(),
	})
}

// StandardCheck is the standard of a check: a Reference, or true for the field's own standard.
type StandardCheck struct{ Reference }

// Own reports whether the field's own standard is meant.
func (c *StandardCheck) Own() bool { return c.Name.Value == "true" }

// JSONSchema implements syntax.Schemer.
func (c *StandardCheck) JSONSchema(s *syntax.Schemas) syntax.Object {
	return syntax.Either(syntax.Words("true"), c.Reference.JSONSchema(s))
}
