package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePageIsInTheLanguageOfTheWorkspace: one language where the workspace names it, else both.
func TestThePageIsInTheLanguageOfTheWorkspace(t *testing.T) {
	for lang, want := range map[string][2]string{ // what the page has, and has not
		"zh": {"数据质量报告", "Where the rows went"},
		"en": {"Where the rows went", "数据行去向"},
		"":   {"数据行去向", "<html lang=\"en\">"},
	} {
		root := newWorkspace(t, people, peopleRows)
		if lang != "" {
			text := "workspace: test\nlanguage: " + lang + "\ndepartments:\n  registry: {title: {en: Registry}}\n"
			if err := os.WriteFile(filepath.Join(root, "clearwell.yaml"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out := runOnce(t, root, "people", Options{})
		page, err := os.ReadFile(filepath.Join(root, out.Folder, qualityHTML))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), want[0]) || strings.Contains(string(page), want[1]) {
			t.Errorf("language %q: the page lacks %q or has %q", lang, want[0], want[1])
		}
		mustBeWhole(t, root)
	}
}
