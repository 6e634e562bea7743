// Package clearwell_test keeps the house in order: which room may know of which.
package clearwell_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the module's path; the packages of this program are below it.
const module = "clearwell"

// below says for every room which other rooms it may import: those under it.
// The three at the bottom (rules, connectors, lineage) know nothing of each other.
// What all of them may share stands in ground.
var below = map[string][]string{
	"cmd":        {"console", "jobs", "pipeline", "rules", "connectors", "lineage", "examples"},
	"console":    {"jobs", "pipeline", "rules", "connectors", "lineage"},
	"jobs":       {"pipeline", "rules", "connectors", "lineage"},
	"pipeline":   {"rules", "connectors", "lineage"},
	"rules":      {},
	"connectors": {},
	"lineage":    {},
	"batch":      {},
	"durable":    {},
	"examples":   {},                                  // generators of example data
	"bench":      {"pipeline", "connectors", "rules"}, // measures the program from outside, and its parts one by one
}

// ground are the rooms that everybody may import.
var ground = []string{"batch", "durable"}

// noNames are package names that say nothing about what is inside.
var noNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "types", "models"}

// room is the first part of a package's path inside the module, "" for the root.
func room(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

// outside are the rooms whose tests look at the program as a whole; so do those of the root.
var outside = []string{"", "cmd", "examples", "bench"}

// Tests may use the rooms that their package may use, and no more: a test at the
// bottom that needs the top tests the wrong thing.
func TestImportsPointDown(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || path == filepath.Join("bench", "work")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		files++
		checkFile(t, filepath.ToSlash(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatal("no Go file found: the test does not run in the root of the project")
	}
}

func checkFile(t *testing.T, path string) {
	t.Helper()
	here := room(path)
	if !strings.Contains(path, "/") {
		here = ""
	}
	if strings.HasSuffix(path, "_test.go") && slices.Contains(outside, here) {
		return
	}
	allowed, known := below[here]
	if !known {
		t.Errorf("%s: the room %q is not in the plan of the house; DESIGN.md names the rooms, this test their order", path, here)
		return
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	if slices.Contains(noNames, file.Name.Name) {
		t.Errorf("%s: package %s: name it after the one thing that it does", path, file.Name.Name)
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		inside, ours := strings.CutPrefix(imported, module+"/")
		if !ours {
			continue
		}
		there := room(inside)
		if there == here || slices.Contains(ground, there) && !slices.Contains(ground, here) || slices.Contains(allowed, there) {
			continue
		}
		t.Errorf("%s imports %s: %s may know of %s", set.Position(spec.Pos()), imported, here, strings.Join(append(slices.Clone(allowed), ground...), ", "))
	}
}
