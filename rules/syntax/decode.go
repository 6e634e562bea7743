package syntax

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"clearwell/rules/wording"
)

// Text is a scalar as typed, with its place.
type Text struct {
	Value   string
	Pos     Pos
	content Pos
	indent  int
}

// Given reports whether the text stands in the file.
func (t Text) Given() bool { return t.Pos.Line > 0 }

// At maps a place inside the text (from 1) to its place in the file.
func (t Text) At(line, column int) Pos { return place(t.Pos, t.content, t.indent, line, column) }

// Flag is true or false.
type Flag struct {
	Value bool
	Pos   Pos
}

// Given reports whether the flag stands in the file.
func (f Flag) Given() bool { return f.Pos.Line > 0 }

// Int is a whole number.
type Int struct {
	Value int
	Pos   Pos
}

// Given reports whether the number stands in the file.
func (i Int) Given() bool { return i.Pos.Line > 0 }

// Named is one entry of an Ordered block.
type Named[T any] struct {
	Name  Text
	Value T
}

// Ordered is a block whose keys the officer chooses, in file order.
type Ordered[T any] []Named[T]

// DecodeYAML implements Decoder.
func (o *Ordered[T]) DecodeYAML(n *Node, label string, r *Report) {
	if !wantShape(n, Map, label, r) {
		return
	}
	for _, e := range n.Entries {
		item := Named[T]{Name: Text{Value: e.Key, Pos: e.KeyPos, content: e.KeyPos}}
		Decode(e.Value, e.Key, &item.Value, r)
		*o = append(*o, item)
	}
}

// Decoder is implemented by types that may be written in more than one form.
type Decoder interface {
	// DecodeYAML reads n, the value of the key label, and reports what is wrong with it to r.
	DecodeYAML(n *Node, label string, r *Report)
}

// Later is implemented by blocks some of whose keys are part of the language
// but not of this version. They are refused by name rather than as unknown.
type Later interface{ LaterKeys() []string }

// Misplaced is implemented by blocks that know keys which belong elsewhere.
type Misplaced interface {
	// MisplacedKey says what to do with the key instead; nil: nothing is known of it.
	MisplacedKey(key string) *wording.Text
}

// Decode reads n, the value of the key label, into the pointer into. Structs
// take a block of keys by these tags:
//
//	yaml:"key"      the key's name; "-" is no key
//	need:"yes"      the key must stand there
//	oneof:"a b c"   the only values of a Text
//	later:"d e"     values of the language that this version does not have
//	single:"yes"    a list of one may be written without brackets
//	doc:"…"         what the key means, for the JSON Schema and the reference
//
// A field of type Pos and name Pos receives the place of the block.
// Everything wrong goes to r; what could be read is kept.
func Decode(n *Node, label string, into any, r *Report) {
	decode(n, label, reflect.ValueOf(into).Elem(), "", r)
}

func decode(n *Node, label string, into reflect.Value, tag reflect.StructTag, r *Report) {
	if d, ok := into.Addr().Interface().(Decoder); ok {
		d.DecodeYAML(n, label, r)
		return
	}
	switch v := into.Addr().Interface().(type) {
	case *Text:
		if TextOf(n, label, v, r) {
			if words := tag.Get("oneof"); words != "" {
				choose(v, label, strings.Fields(words), strings.Fields(tag.Get("later")), r)
			}
		}
		return
	case *Flag:
		var t Text
		if !TextOf(n, label, &t, r) {
			return
		}
		if t.Value != "true" && t.Value != "false" {
			r.AddHint(t.Pos, t.Value, []string{"true", "false"}, "%q must be true or false, not %q", label, t.Value)
			return
		}
		*v = Flag{t.Value == "true", t.Pos}
		return
	case *Int:
		var t Text
		if !TextOf(n, label, &t, r) {
			return
		}
		i, err := strconv.Atoi(t.Value)
		if err != nil {
			r.Addf(t.Pos, "%q must be a whole number, not %q", label, t.Value)
			return
		}
		*v = Int{i, t.Pos}
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		decode(n, label, into.Elem(), tag, r)
	case reflect.Slice:
		decodeList(n, label, into, tag, r)
	case reflect.Struct:
		decodeStruct(n, label, into, r)
	default:
		panic("syntax: cannot decode into " + into.Type().String()) // a model type that this package does not know
	}
}

func decodeList(n *Node, label string, into reflect.Value, tag reflect.StructTag, r *Report) {
	items := n.Items
	if n.Shape != List {
		if tag.Get("single") == "" || n.Shape == Null && n.Text != "null" {
			wantShape(n, List, label, r)
			return
		}
		items = []*Node{n}
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		if n.Shape == List && into.Type().Elem().Kind() == reflect.Struct {
			if _, scalar := into.Index(i).Addr().Interface().(*Text); !scalar {
				decode(item, label+entryOf, into.Index(i), tag, r)
				continue
			}
		}
		decode(item, label, into.Index(i), tag, r)
	}
}

func decodeStruct(n *Node, label string, into reflect.Value, r *Report) {
	t := into.Type()
	if pos := into.FieldByName("Pos"); pos.IsValid() && pos.Type() == reflect.TypeFor[Pos]() {
		pos.Set(reflect.ValueOf(n.Pos))
	}
	if !wantShape(n, Map, label, r) {
		return
	}
	var keys []string
	byKey := map[string]reflect.StructField{}
	for _, f := range Fields(t) {
		key := f.Tag.Get("yaml")
		keys = append(keys, key)
		byKey[key] = f
	}
	given, misplaced := map[string]bool{}, false // misplaced: a key's advice says what is lacking
	for _, e := range n.Entries {
		given[e.Key] = true
		f, ok := byKey[e.Key]
		if !ok {
			misplaced = unknownKey(e, label, keys, into, r) || misplaced
			given[Nearest(e.Key, keys)] = true // meant, so not lacking too
			continue
		}
		decode(e.Value, e.Key, into.FieldByIndex(f.Index), f.Tag, r)
	}
	for _, key := range keys {
		if byKey[key].Tag.Get("need") != "" && !given[key] && !misplaced {
			r.Addf(n.Pos, "%s lacks the key %q", blockName(label), key)
		}
	}
}

// Fields are the fields of a model type that stand for keys, those of inlined
// structs (yaml:",inline") among them, each with its index path from t.
func Fields(t reflect.Type) []reflect.StructField {
	var out []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		switch f.Tag.Get("yaml") {
		case "", "-":
		case ",inline":
			for _, inner := range Fields(f.Type) {
				inner.Index = append([]int{i}, inner.Index...)
				out = append(out, inner)
			}
		default:
			out = append(out, f)
		}
	}
	return out
}

// unknownKey reports a key that the block into has not; misplaced: it told where the key belongs.
func unknownKey(e Entry, label string, keys []string, into reflect.Value, r *Report) (misplaced bool) {
	if l, ok := into.Addr().Interface().(Later); ok && slices.Contains(l.LaterKeys(), e.Key) {
		r.Addf(e.KeyPos, "%q is not available in this version; take it out", e.Key)
		return false
	}
	if m, ok := into.Addr().Interface().(Misplaced); ok {
		if advice := m.MisplacedKey(e.Key); advice != nil {
			r.Addf(e.KeyPos, "%q does not stand in %s: %s", e.Key, blockName(label), advice)
			return true
		}
	}
	r.AddHint(e.KeyPos, e.Key, keys, "unknown key %q in %s", e.Key, blockName(label))
	return false
}

// entryOf marks the label of an entry of a list.
const entryOf = "[]"

func blockName(label string) *wording.Text {
	if list, ok := strings.CutSuffix(label, entryOf); ok {
		return wording.Textf("an entry of %q", list)
	}
	if label == "" {
		return wording.Textf("the file")
	}
	return wording.Textf("%q", label)
}

// TextOf reads a scalar; null written as a word is the text "null". It reports other shapes and is false then.
func TextOf(n *Node, label string, into *Text, r *Report) bool {
	if n.Shape != Scalar && !(n.Shape == Null && n.Text != "" && n.Text != "~") {
		wantShape(n, Scalar, label, r)
		return false
	}
	*into = Text{Value: n.Text, Pos: n.Pos, content: n.Content, indent: n.Indent}
	return true
}

// choose reports t unless it is one of valid; t keeps only its place then.
func choose(t *Text, label string, valid, later []string, r *Report) {
	if slices.Contains(later, t.Value) {
		r.Addf(t.Pos, "%q is not available in this version; %q is %s", t.Value, label, wording.List(valid))
	} else if OneOf(*t, label, valid, r) {
		return
	}
	t.Value = ""
}

// OneOf reports t, the value of the key label, unless it is one of valid.
func OneOf(t Text, label string, valid []string, r *Report) bool {
	return Among(t, blockName(label), valid, r)
}

// Among reports t unless it is one of valid; what says in words what t is.
func Among(t Text, what *wording.Text, valid []string, r *Report) bool {
	if slices.Contains(valid, t.Value) {
		return true
	}
	r.AddHint(t.Pos, t.Value, valid, "%s must be one of %s, not %q", what, wording.List(valid), t.Value)
	return false
}

func wantShape(n *Node, want Shape, label string, r *Report) bool {
	if n.Shape == want {
		return true
	}
	if n.told {
		return false
	}
	what := blockName(label)
	if n.Shape == Null {
		r.Addf(n.Pos, "%s has no value; expected %s", what, want)
		return false
	}
	r.Addf(n.Pos, "%s must be %s, not %s", what, want, n.Shape)
	return false
}

// WantShape reports n unless it has the shape want.
func WantShape(n *Node, want Shape, label string, r *Report) bool {
	return wantShape(n, want, label, r)
}
