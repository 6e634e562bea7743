package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearwell/pipeline/quality"
)

// TestWhatCannotBeDerivedIsWarnedOf: a division by zero, and a value too large for its
// type, leave cells empty, and the result, the page and the warnings say so.
func TestWhatCannotBeDerivedIsWarnedOf(t *testing.T) {
	root := newWorkspace(t, `dataset: people
owner: registry
source: {path: "inbox/*.csv"}
fields:
  a: {type: integer, level: L1}
  b: {type: integer, level: L1}
  ratio: {type: integer, level: L1, derive: a / b}
  share: {type: number, level: L1, derive: double(a) / double(b)}
  small: {type: "decimal(4,2)", level: L1, derive: double(a) * 1000.0}
publish: {audience: internal}
`, "a,b\n1,0\n4,2\n6,0\n,0\n")
	out := runOnce(t, root, "people", Options{})
	mistakes := map[string]int64{}
	for _, f := range out.Quality.Fields {
		mistakes[f.Name] = f.Mistakes
	}
	if mistakes["ratio"] != 2 || mistakes["share"] != 2 || mistakes["small"] != 3 || mistakes["a"] != 0 {
		t.Errorf("mistakes: %v", mistakes)
	}
	var said []string
	for _, g := range out.Quality.Warnings() {
		said = append(said, g.Sentence())
		if zh := g.SentenceIn("zh"); !strings.Contains(zh, "无法推导") {
			t.Errorf("in Chinese: %s", zh)
		}
	}
	if len(said) != 3 || !strings.HasPrefix(said[0], "field ratio could not be derived everywhere and is empty in these rows: 2;") {
		t.Errorf("warnings: %q", said)
	}
	if out.Quality.Decision != quality.PublishWarned {
		t.Errorf("decision %s", out.Quality.Decision)
	}
	page, err := os.ReadFile(filepath.Join(root, out.Folder, qualityHTML))
	if err != nil || !strings.Contains(string(page), "2 could not be derived") {
		t.Errorf("the page does not say it (%v)", err)
	}
}
