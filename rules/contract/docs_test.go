package contract_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"clearwell/rules/contract"
)

var update = flag.Bool("update", false, "write docs/contract.schema.json and the generated part of docs/contract.md")

const (
	schemaFile    = "../../docs/contract.schema.json"
	referenceFile = "../../docs/contract.md"
	beginKeys     = "<!-- generated from the Go types by go generate ./rules/contract: begin -->\n"
	endKeys       = "<!-- generated: end -->\n"
)

func TestDocsFollowTheTypes(t *testing.T) {
	checkFile(t, schemaFile, string(contract.Schema()))
	text, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), beginKeys)
	_, after, ok2 := strings.Cut(rest, endKeys)
	if !ok || !ok2 {
		t.Fatalf("%s has lost the marks of its generated part", referenceFile)
	}
	checkFile(t, referenceFile, before+beginKeys+"\n"+contract.KeyReference()+"\n"+endKeys+after)
}

func checkFile(t *testing.T, name, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the types say; run go generate ./rules/contract", name)
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(contract.Schema())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("contract.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("contract.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate reads YAML as an editor would, into JSON values, and holds it against the schema.
func validate(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestEveryContractOfTheProjectFitsTheSchema(t *testing.T) {
	s := compileSchema(t)
	var files []string
	for _, pattern := range []string{"../../examples/*/datasets/*.yaml", "../../bench/workspace/datasets/*.yaml", "../scaffold/template/datasets/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 4 {
		t.Fatalf("only %d contracts found", len(files))
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSchemaRefusesWhatTheReaderRefuses(t *testing.T) {
	s := compileSchema(t)
	const right = "dataset: a\nowner: b\nsource: {path: x}\nfields: {id: {level: L1}}\n"
	if err := validate(t, s, []byte(right)); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{
		"dataset: a\n",
		right + "privacy: {k: 5}\n",
		strings.Replace(right, "L1", "L9", 1),
		strings.Replace(right, "level: L1", "levl: L1", 1),
		strings.Replace(right, "level: L1", "level: L1, clean: [trimm]", 1),
		strings.Replace(right, "level: L1", "level: L1, check: {range: [1]}", 1),
		strings.Replace(right, "level: L1", "level: L1, desensitize: {mask: {keep: 1}}", 1),
		strings.Replace(right, "level: L1", "level: L1, on_fail: drop", 1),
	} {
		if validate(t, s, []byte(wrong)) == nil {
			t.Errorf("the schema takes\n%s", wrong)
		}
	}
}
