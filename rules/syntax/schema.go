package syntax

import (
	"maps"
	"reflect"
	"strings"
)

// Object is one JSON object of a schema; encoding/json writes its keys sorted.
type Object = map[string]any

// Schemer is implemented by types whose schema does not follow from their fields.
type Schemer interface {
	JSONSchema(s *Schemas) Object
}

// Documented is implemented by block types; it gives one sentence on the block.
type Documented interface{ Doc() string }

// Schemas builds JSON Schemas (draft 2020-12) from the types that Decode reads.
type Schemas struct {
	defs map[string]any
}

// Schema is the whole schema of the type of model, a struct.
func Schema(id, title string, model any) Object {
	s := &Schemas{defs: map[string]any{}}
	root := s.block(reflect.TypeOf(model))
	maps.Copy(root, Object{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": id, "title": title})
	if len(s.defs) > 0 {
		root["$defs"] = s.defs
	}
	return root
}

// Of is the schema of the type of v, by reference for blocks.
func (s *Schemas) Of(v any) Object { return s.of(reflect.TypeOf(v), "") }

// AnyText is the schema of a scalar as typed.
func AnyText() Object { return Object{"type": []string{"string", "number", "boolean"}} }

// Words is the schema of one of the given words.
func Words(words ...string) Object {
	values := make([]any, 0, len(words)+1)
	for _, w := range words {
		switch w {
		case "null": // the word alone is null to a YAML reader, quoted it is text; both are read here
			values = append(values, nil)
		case "true", "false":
			values = append(values, w == "true")
		}
		values = append(values, w)
	}
	return Object{"enum": values}
}

// Either is the schema of any of the given forms.
func Either(forms ...Object) Object { return Object{"anyOf": forms} }

// ListOf is the schema of a list of items.
func ListOf(item Object) Object { return Object{"type": "array", "items": item} }

// Keys is the schema of a block with these keys only.
func Keys(properties Object, required ...string) Object {
	o := Object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

func (s *Schemas) of(t reflect.Type, tag reflect.StructTag) Object {
	zero := reflect.New(t)
	if x, ok := zero.Interface().(Schemer); ok {
		if t.Name() == "" || strings.Contains(t.Name(), "[") {
			return x.JSONSchema(s)
		}
		return s.define(t, func() Object { return x.JSONSchema(s) })
	}
	switch t {
	case reflect.TypeFor[Text]():
		if words := tag.Get("oneof"); words != "" {
			return Words(strings.Fields(words)...)
		}
		return AnyText()
	case reflect.TypeFor[Flag]():
		return Object{"type": "boolean"}
	case reflect.TypeFor[Int]():
		return Object{"type": "integer"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), tag)
	case reflect.Slice:
		item := s.of(t.Elem(), tag)
		if tag.Get("single") != "" {
			return Either(item, ListOf(item))
		}
		return ListOf(item)
	case reflect.Struct:
		return s.define(t, func() Object { return s.block(t) })
	}
	panic("syntax: no schema for " + t.String()) // a model type that this package does not know
}

// define puts the schema of a named type among the definitions and refers to it.
func (s *Schemas) define(t reflect.Type, schema func() Object) Object {
	name := t.Name()
	if _, ok := s.defs[name]; !ok {
		s.defs[name] = Object{} // ends recursion
		s.defs[name] = schema()
	}
	return Object{"$ref": "#/$defs/" + name}
}

func (s *Schemas) block(t reflect.Type) Object {
	properties := Object{}
	var required []string
	for _, f := range Fields(t) {
		key := f.Tag.Get("yaml")
		property := s.of(f.Type, f.Tag)
		if doc := f.Tag.Get("doc"); doc != "" {
			property["description"] = doc
		}
		properties[key] = property
		if f.Tag.Get("need") != "" {
			required = append(required, key)
		}
	}
	o := Keys(properties, required...)
	if d, ok := reflect.New(t).Interface().(Documented); ok {
		o["description"] = d.Doc()
	}
	return o
}

// JSONSchema implements Schemer.
func (o *Ordered[T]) JSONSchema(s *Schemas) Object {
	return Object{"type": "object", "additionalProperties": s.of(reflect.TypeFor[T](), "")}
}
