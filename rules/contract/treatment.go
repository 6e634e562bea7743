package contract

import (
	"maps"
	"slices"

	"clearwell/rules/syntax"
)

// Treatment is how a field is desensitized: a word, or a word with its arguments.
type Treatment struct {
	Method syntax.Text
	Args   any // one of the *Args types below; nil if there are none
}

// BandArgs are the arguments of band.
type BandArgs struct {
	Width syntax.Text `yaml:"width" need:"yes" doc:"Width of a band: a whole number; years for dates, written 5 or 5y."`
}

// TruncateArgs are the arguments of truncate.
type TruncateArgs struct {
	To   syntax.Text  `yaml:"to" need:"yes" oneof:"month year city province domain" doc:"What stays: month or year of a date, city or province of an address, domain of an e-mail address."`
	Else *syntax.Text `yaml:"else" doc:"What a value without such a part becomes; default: null."`
}

// MaskArgs are the arguments of mask.
type MaskArgs struct {
	KeepFirst syntax.Int  `yaml:"keep_first" doc:"Characters that stay at the beginning."`
	KeepLast  syntax.Int  `yaml:"keep_last" doc:"Characters that stay at the end."`
	Fill      syntax.Text `yaml:"fill" doc:"What stands for the hidden characters; default *."`
	FillOnce  syntax.Flag `yaml:"fill_once" doc:"true: the fill stands once, so that the number of hidden characters does not show."`
}

// ReplaceByArgs are the arguments of replace.
type ReplaceByArgs struct {
	Value syntax.Text `yaml:"value" need:"yes" doc:"The constant that stands for every value."`
}

// PseudonymArgs are the arguments of pseudonym.
type PseudonymArgs struct {
	Key syntax.Text `yaml:"key" need:"yes" doc:"Name of the key in the key store; fields with the same key can be joined."`
}

// treatmentForm is how a method is written.
type treatmentForm struct {
	doc   string
	args  func() any
	short func(any) *syntax.Text // the argument that may be written without its key
	tag   []string               // words allowed for the short argument; nil: any
	bare  bool
}

var treatmentForms = map[string]treatmentForm{
	"none": {doc: "Published as it is.", bare: true},
	"drop": {doc: "Not published.", bare: true},
	"band": {doc: "Numbers, or years of dates, in bands.", args: func() any { return new(BandArgs) },
		short: func(a any) *syntax.Text { return &a.(*BandArgs).Width }},
	"truncate": {doc: "Only a coarser part stays.", args: func() any { return new(TruncateArgs) },
		short: func(a any) *syntax.Text { return &a.(*TruncateArgs).To }, tag: []string{"month", "year", "city", "province", "domain"}},
	"mask": {doc: "Some characters stay, the others are hidden.", args: func() any { return new(MaskArgs) }},
	"replace": {doc: "A constant.", args: func() any { return new(ReplaceByArgs) },
		short: func(a any) *syntax.Text { return &a.(*ReplaceByArgs).Value }},
	"pseudonym": {doc: "Keyed hash (HMAC-SHA256), the same for the same value.", args: func() any { return new(PseudonymArgs) },
		short: func(a any) *syntax.Text { return &a.(*PseudonymArgs).Key }},
}

// laterTreatments are methods of the language that this version does not have.
var laterTreatments = []string{"encrypt", "fpe", "generalize", "round", "noise", "aggregate", "suppress", "hash"}

// MethodNames are the words of the treatments, sorted.
func MethodNames() []string { return slices.Sorted(maps.Keys(treatmentForms)) }

// DecodeYAML implements syntax.Decoder.
func (t *Treatment) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape != syntax.Map {
		if !syntax.TextOf(n, label, &t.Method, r) {
			return
		}
		if form, ok := t.known(r); ok && !form.bare {
			r.Addf(t.Method.Pos, "the treatment %q needs arguments: write {%s: …}", t.Method.Value, t.Method.Value)
		}
		return
	}
	if len(n.Entries) != 1 {
		r.Addf(n.Pos, "%q takes one treatment, this block has %d", label, len(n.Entries))
		if len(n.Entries) == 0 {
			return
		}
	}
	e := n.Entries[0]
	t.Method = syntax.Text{Value: e.Key, Pos: e.KeyPos}
	form, ok := t.known(r)
	switch {
	case !ok:
	case form.args == nil:
		if e.Value.Shape != syntax.Null {
			r.Addf(e.Value.Pos, "the treatment %q takes no argument", e.Key)
		}
	case form.short != nil && e.Value.Shape == syntax.Scalar:
		t.Args = form.args()
		arg := form.short(t.Args)
		if syntax.TextOf(e.Value, e.Key, arg, r) && form.tag != nil {
			syntax.OneOf(*arg, e.Key, form.tag, r)
		}
	default:
		t.Args = form.args()
		syntax.Decode(e.Value, e.Key, t.Args, r)
	}
}

func (t *Treatment) known(r *syntax.Report) (treatmentForm, bool) {
	form, ok := treatmentForms[t.Method.Value]
	switch {
	case ok:
	case slices.Contains(laterTreatments, t.Method.Value):
		r.Addf(t.Method.Pos, "the treatment %q is not available in this version", t.Method.Value)
	default:
		r.AddHint(t.Method.Pos, t.Method.Value, MethodNames(), "unknown treatment %q", t.Method.Value)
	}
	return form, ok
}

// JSONSchema implements syntax.Schemer.
func (t *Treatment) JSONSchema(s *syntax.Schemas) syntax.Object {
	var bare []string
	properties := syntax.Object{}
	for _, name := range MethodNames() {
		form := treatmentForms[name]
		if form.bare {
			bare = append(bare, name)
		}
		if form.args == nil {
			continue
		}
		schema := s.Of(form.args())
		if form.short != nil {
			short := syntax.AnyText()
			if form.tag != nil {
				short = syntax.Words(form.tag...)
			}
			schema = syntax.Either(schema, short)
		}
		properties[name] = describe(schema, form.doc)
	}
	block := syntax.Keys(properties)
	block["minProperties"], block["maxProperties"] = 1, 1
	return syntax.Either(syntax.Words(bare...), block)
}

// Keep is the order of preference among copies.
type Keep struct{ List []Preference }

// Preference is one of them: a word, or a word with its field.
type Preference struct {
	By    syntax.Text
	Field syntax.Text
}

var preferenceWords = []string{"latest", "earliest", "largest", "smallest", "most_complete"}

// DecodeYAML implements syntax.Decoder.
func (k *Keep) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape == syntax.List {
		for _, item := range n.Items {
			k.item(item, label, r)
		}
		return
	}
	k.item(n, label, r)
}

// item reads most_complete, {latest: field} or {latest: field, then: …}.
func (k *Keep) item(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape != syntax.Map {
		var word syntax.Text
		if !syntax.TextOf(n, label, &word, r) || !syntax.OneOf(word, label, preferenceWords, r) {
			return
		}
		if word.Value != "most_complete" {
			r.Addf(word.Pos, "%q needs a field: write {%s: field}", word.Value, word.Value)
			return
		}
		k.List = append(k.List, Preference{By: word})
		return
	}
	var then *syntax.Node
	found := 0
	for _, e := range n.Entries {
		by := syntax.Text{Value: e.Key, Pos: e.KeyPos}
		switch {
		case e.Key == "then":
			then = e.Value
		case !slices.Contains(preferenceWords, e.Key):
			r.AddHint(e.KeyPos, e.Key, append([]string{"then"}, preferenceWords...), "unknown key %q in %q", e.Key, label)
		case found > 0:
			r.Addf(e.KeyPos, "write the next preference under %q, so that their order is plain", "then")
		default:
			found++
			var field syntax.Text
			if e.Key == "most_complete" {
				r.Addf(e.KeyPos, "%q takes no field; write it alone", e.Key)
			} else if syntax.TextOf(e.Value, e.Key, &field, r) {
				k.List = append(k.List, Preference{By: by, Field: field})
			}
		}
	}
	if then != nil {
		k.item(then, "then", r)
	}
}

// JSONSchema implements syntax.Schemer.
func (k *Keep) JSONSchema(*syntax.Schemas) syntax.Object {
	properties := syntax.Object{}
	for _, w := range preferenceWords[:4] {
		properties[w] = syntax.Object{"type": "string", "description": "Field to compare."}
	}
	properties["then"] = syntax.Object{"$ref": "#/$defs/Keep", "description": "The next preference, for ties."}
	one := syntax.Either(syntax.Words("most_complete"), syntax.Keys(properties))
	return syntax.Either(one, syntax.ListOf(one))
}
