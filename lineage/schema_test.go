package lineage

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"clearwell/lineage/entry"
	"clearwell/lineage/tiles"
)

func TestEntriesAreAsTheirSchemaSays(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "docs", "ledger", "statement.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("statement.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("statement.json")
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t)
	create(t, &cfg)
	l := open(t, cfg)
	wholeRun(t, l, "run-1")
	closeLedger(t, l)
	head, err := Adopt(t.Context(), cfg, "a test of the schema")
	if err != nil {
		t.Fatal(err)
	}
	err = tiles.Dir(filepath.Join(cfg.Dir, LogDir)).Leaves(0, head.Size, head.Size, func(index uint64, leaf []byte) error {
		env, err := entry.ParseEnvelope(leaf)
		if err != nil {
			return err
		}
		statement, err := jsonschema.UnmarshalJSON(bytes.NewReader(env.Payload))
		if err != nil {
			return err
		}
		if err := schema.Validate(statement); err != nil {
			t.Errorf("entry %d: %v", index, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
