package interchange

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"clearwell/rules"
)

// exampleDatasets are the contracts of the examples that stand in the repository.
func exampleDatasets(t *testing.T) []*rules.Dataset {
	t.Helper()
	roots, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", "clearwell.yaml"))
	if err != nil || len(roots) == 0 {
		t.Fatalf("no examples found: %v", err)
	}
	var out []*rules.Dataset
	for _, root := range roots {
		ws, err := rules.Load(filepath.Dir(root))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ws.Datasets...)
	}
	return out
}

// What is exported and imported again promises the same: fields, types and every rule that was not told as lost.
func TestExportedContractsComeBack(t *testing.T) {
	for _, ds := range exampleDatasets(t) {
		for _, format := range ExportFormats {
			t.Run(ds.ID+" as "+string(format), func(t *testing.T) {
				first, err := Export(ds, format)
				if err != nil {
					t.Fatal(err)
				}
				back, err := Import(first.Text, Options{File: "exported", Dataset: ds.ID})
				if err != nil {
					t.Fatal(err)
				}
				again := loaded(t, back, nil)
				before, after := promised(ds), promised(again)
				for name, want := range before {
					if got := after[name]; got != want {
						t.Errorf("%s promises\n%s\nand after the way there and back\n%s", name, want, got)
					}
				}
				if !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))) {
					t.Errorf("fields %v became %v", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
				}
				for _, l := range back.Lost {
					if !strings.Contains(l.Reason, "type text") && l.What != "status" { // approval does not travel
						t.Errorf("not read back: %s", l)
					}
				}
			})
		}
	}
}

// promised are the promises of a dataset in words, by published name.
func promised(ds *rules.Dataset) map[string]string {
	e := &exporter{ds: ds, plan: ds.Plan, out: &Exported{}}
	e.gather()
	out := map[string]string{}
	for _, p := range e.promises {
		b := p.frictionless()
		b = slices.DeleteFunc(b, func(e entry) bool { return e.key == "title" })
		b[0].value = strings.ToLower(p.name)
		var text bytes.Buffer
		if err := writeJSON(&text, b); err != nil {
			panic(err)
		}
		out[strings.ToLower(p.name)] = strings.ReplaceAll(text.String(), "\n", "")
	}
	for _, k := range e.keys {
		out["unique "+strings.ToLower(strings.Join(k, "+"))] = ""
	}
	return out
}

// Exports are valid by the published schema of the standard.
func TestExportsAreValidByTheSchemaOfTheStandard(t *testing.T) {
	shared := os.Getenv("CLEARWELL_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(shared, "spec", "odcs", "odcs-json-schema-v3.1.0.json"))
	if err != nil {
		t.Skipf("the schema of ODCS is not here: %v", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("odcs.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("odcs.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, ds := range exampleDatasets(t) {
		e, err := Export(ds, ODCS)
		if err != nil {
			t.Fatal(err)
		}
		text, err := yaml.YAMLToJSON(e.Text)
		if err != nil {
			t.Fatalf("%s: %v", ds.ID, err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v\n%s", ds.ID, err, e.Text)
		}
	}
}

// The standard's own examples are imported, or refused with a reason.
func TestExamplesOfTheStandardAreImported(t *testing.T) {
	shared := os.Getenv("CLEARWELL_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "spec", "odcs", "examples", "*", "*.odcs.yaml"))
	if err != nil || len(files) == 0 {
		t.Skip("the examples of ODCS are not here")
	}
	imported := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Import(data, Options{File: filepath.Base(file)})
		if err != nil {
			t.Logf("%s: %v", filepath.Base(file), err)
			continue
		}
		imported++
		loaded(t, got, nil)
	}
	if imported < 4 {
		t.Errorf("only %d of %d examples were imported", imported, len(files))
	}
}

// What Frictionless calls a Data Package is JSON with one resource and its schema.
func TestFrictionlessExportIsAPackage(t *testing.T) {
	for _, ds := range exampleDatasets(t) {
		e, err := Export(ds, Frictionless)
		if err != nil {
			t.Fatal(err)
		}
		var pkg struct {
			Resources []struct {
				Schema struct {
					Fields []struct{ Name, Type string }
				}
			}
		}
		if err := json.Unmarshal(e.Text, &pkg); err != nil {
			t.Fatal(err)
		}
		if len(pkg.Resources) != 1 || len(pkg.Resources[0].Schema.Fields) == 0 || pkg.Resources[0].Schema.Fields[0].Type == "" {
			t.Errorf("%s: no fields in %s", ds.ID, e.Text)
		}
	}
}

func TestWhatFrictionlessCannotSayIsListed(t *testing.T) {
	digits := false
	for _, ds := range exampleDatasets(t) {
		out, err := Export(ds, "frictionless")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(out.Lost, func(l Loss) bool { return l.What == "level" }) {
			t.Errorf("%s: the levels are dropped in silence: %v", ds.ID, out.Lost)
		}
		digits = digits || slices.ContainsFunc(out.Lost, func(l Loss) bool { return strings.Contains(l.Reason, "decimal(") })
	}
	if !digits {
		t.Error("no example loses the digits of a decimal, or nobody is told")
	}
}
