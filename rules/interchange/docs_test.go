package interchange

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/interchange.md")

// The tables of docs/interchange.md are those of the code.
func TestMappingTables(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "interchange.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), ": begin -->\n")
	_, tail, ended := strings.Cut(rest, "<!-- generated: end -->")
	if !ok || !ended {
		t.Fatal("the marks of the generated part are gone")
	}
	want := head + ": begin -->\n" + mappingTables() + "<!-- generated: end -->" + tail
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Error("docs/interchange.md is not what the code says; run go test ./rules/interchange -run TestMappingTables -update")
	}
}

func mappingTables() string {
	var b strings.Builder
	table := func(title string, rows func(add func(name, becomes, note string))) {
		fmt.Fprintf(&b, "\n## %s\n\n| there | here | note |\n| --- | --- | --- |\n", title)
		rows(func(name, becomes, note string) {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, or(becomes, "not carried over"), note)
		})
	}
	table("Great Expectations", func(add func(name, becomes, note string)) {
		for _, name := range slices.Sorted(maps.Keys(expectations)) {
			add(name, expectations[name].becomes, expectations[name].note)
		}
	})
	table("dbt", func(add func(name, becomes, note string)) {
		for _, name := range slices.Sorted(maps.Keys(dbtTests)) {
			add(name, dbtTests[name].becomes, dbtTests[name].note)
		}
		add("dbt_expectations.expect_*", "as Great Expectations above", "without where, error_if and strictly")
	})
	b.WriteString("\n")
	return b.String()
}
