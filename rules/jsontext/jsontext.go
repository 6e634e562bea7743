// Package jsontext judges JSON that stands as text in a cell: whether it is JSON at
// all, and whether it is valid by a JSON Schema. A schema is self-contained: nothing
// is ever read from a file or the network while data is checked.
package jsontext

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"clearwell/rules/wording"
)

// Valid reports whether text is one JSON value.
func Valid(text []byte) bool { return json.Valid(text) }

// place is how a schema is called while it is compiled.
const place = folder + "schema"

// folder is where a schema stands to itself; no loader knows it.
const folder = "contract:///"

// Schema judges values. It is immutable and safe for concurrent use.
type Schema struct{ compiled *jsonschema.Schema }

// Compile reads the text of a JSON Schema (draft 4 to 2020-12; 2020-12 if it does not
// say). It fails with words for a person if the text is no JSON, no schema, or refers
// to something outside of itself.
func Compile(text string) (*Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, wording.Errorf("it is not JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nothingOutside{})
	c.AssertFormat()
	if err := c.AddResource(place, doc); err != nil {
		return nil, wording.Errorf("it is not a JSON Schema: %w", err)
	}
	compiled, err := c.Compile(place)
	if err != nil {
		return nil, plain(err)
	}
	return &Schema{compiled}, nil
}

// Compact is the text of a schema without blanks: the form that a plan keeps.
func Compact(text []byte) (string, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return "", err
	}
	return b.String(), nil
}

// Valid reports whether text is JSON that is valid by the schema. It never fails; the
// error is there so that all judgements have one form.
func (s *Schema) Valid(text []byte) (bool, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return false, nil
	}
	return s.compiled.Validate(doc) == nil, nil
}

// nothingOutside refuses to load what a schema refers to.
type nothingOutside struct{}

// Load implements jsonschema.URLLoader.
func (nothingOutside) Load(url string) (any, error) {
	return nil, wording.Errorf("it refers to %s; put all of it into one file", strings.TrimPrefix(url, folder))
}

// plain puts what the library says into fewer words.
func plain(err error) error {
	var outside *jsonschema.LoadURLError
	if errors.As(err, &outside) {
		return outside.Err
	}
	var schema *jsonschema.SchemaValidationError
	var wrong *jsonschema.ValidationError
	if errors.As(err, &schema) && errors.As(schema.Err, &wrong) {
		for len(wrong.Causes) > 0 {
			wrong = wrong.Causes[0]
		}
		return wording.Errorf("it is not a JSON Schema: at /%s: %s", strings.Join(wrong.InstanceLocation, "/"), wrong.ErrorKind.LocalizedString(english))
	}
	return wording.Errorf("it is not a JSON Schema: %s", strings.ReplaceAll(err.Error(), place, ""))
}

var english = message.NewPrinter(language.English)
