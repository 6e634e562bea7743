package jsontext

import (
	"strings"
	"testing"
)

func TestSchemasJudge(t *testing.T) {
	s, err := Compile(`{"$defs": {"名": {"type": "string", "minLength": 1}}, "type": "object", "required": ["名称"],
		"properties": {"名称": {"$ref": "#/$defs/名"}, "金额": {"type": "number", "minimum": 0}, "日期": {"format": "date"}}, "additionalProperties": false}`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`{"名称": "甲"}`: true, `{"名称": ""}`: false, `{}`: false, `[]`: false, `{"名称": "甲", "金额": 0.00}`: true, `{"名称": "甲", "金额": -1}`: false,
		`{"名称": "甲", "日期": "2024-02-29"}`: true, `{"名称": "甲", "日期": "2024-02-30"}`: false, `{"名称": "甲", "其他": 1}`: false,
		`{"名称": "甲"} x`: false, `{"名称"`: false, ``: false, `{"名称": "甲", "金额": 123456789012345678901234567890}`: true,
	} {
		if got, err := s.Valid([]byte(text)); got != want || err != nil {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
}

func TestWrongSchemasAreRefusedInPlainWords(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                                      "it is not JSON: ",
		`{"type": "objekt"}`:                     "it is not a JSON Schema: at /type: value must be one of",
		`{"$ref": "https://example.org/x.json"}`: "it refers to https://example.org/x.json; put all of it into one file",
		`{"$ref": "other.json"}`:                 "it refers to other.json;",
		`{"$ref": "file:///etc/passwd"}`:         "it refers to file:///etc/passwd",
		`{"$ref": "#/$defs/lost"}`:               "it is not a JSON Schema: ",
		`{"pattern": "("}`:                       "it is not a JSON Schema: at /pattern",
		`7`:                                      "it is not a JSON Schema: ",
	} {
		if _, err := Compile(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`{"type": "object"}`, `true`, `{"$ref": "#"}`, `{"allOf": [{"$ref": "#"}]}`, `{"$dynamicRef": "#x"}`, `{"$id": "x", "$ref": "y"}`} {
		f.Add(s, `{"a": [1, {"b": null}]}`)
	}
	f.Fuzz(func(t *testing.T, schema, text string) {
		if s, err := Compile(schema); err == nil {
			_, _ = s.Valid([]byte(text))
		}
	})
}
