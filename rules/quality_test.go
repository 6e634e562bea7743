package rules_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"clearwell/rules"
)

func TestTheBoundsOfAContractAreReadExactly(t *testing.T) {
	const head = "dataset: people\nowner: civil-affairs\nsource: {path: people.csv}\nfields: {id: {level: L1}, name: {level: L1}}\n"
	for name, c := range map[string]struct{ text, want, key string }{
		"nothing":    {"", "null", "null"},
		"the key":    {"key: id\n", "null", `["id"]`},
		"of dedupe":  {"dedupe: {key: [id, name]}\n", "null", `["id","name"]`},
		"its own":    {"dedupe: {key: [id, name]}\nkey: name\n", "null", `["name"]`},
		"publish_if": {"quality: {publish_if: {score: '>= 90', completeness: 98.25%, accuracy: '>=7.5'}}\n", `{"publish_if":[{"of":"score","at_least":9000},{"of":"completeness","at_least":9825},{"of":"accuracy","at_least":750}]}`, "null"},
		"weights":    {"quality: {weights: {accuracy: 2, timeliness: 0}}\n", `{"weights":{"accuracy":2,"timeliness":0}}`, "null"},
		"compare": {"quality: {compare_with_last: {rows: ±20%, score: -5, null_share: +0.5%, dimensions: {accuracy: -2}, columns: may_add, on_exceed: warn}}\n",
			`{"compare_with_last":{"rows":{"fall":2000,"rise":2000},"score":{"fall":500},"dimensions":{"accuracy":{"fall":200}},"null_share":{"rise":50},"columns":"may_add","warn":true}}`, "null"},
		"any columns": {"quality: {compare_with_last: {rows: +-5%, columns: any}}\n", `{"compare_with_last":{"rows":{"fall":500,"rise":500}}}`, "null"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "datasets"), 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range map[string]string{rules.WorkspaceFile: rightWorkspace, "datasets/people.yaml": head + c.text} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			ws, err := rules.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			plan := ws.Dataset("people").Plan
			for got, want := range map[any]string{plan.Quality: c.want, &plan.RowKey: c.key} {
				text, err := json.Marshal(got)
				if err != nil || string(text) != want {
					t.Errorf("got %s, %v, want %s", text, err, want)
				}
			}
		})
	}
}
