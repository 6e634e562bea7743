package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clearwell/rules"
)

// words are the values of all constants of some types that the package rules declares.
func words(t *testing.T, types ...string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../../rules/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("the package rules was not found: %v", err)
	}
	out := map[string][]string{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			name, ok := spec.Type.(*ast.Ident)
			literal, isText := spec.Values[0].(*ast.BasicLit)
			if ok && isText && slices.Contains(types, name.Name) {
				if s, err := strconv.Unquote(literal.Value); err == nil && s != "" {
					out[name.Name] = append(out[name.Name], s)
				}
			}
			return true
		})
	}
	for _, name := range types {
		if len(out[name]) == 0 {
			t.Fatalf("the package rules has no constants of type %s", name)
		}
	}
	return out
}

func TestEveryWordOfTheLanguageIsMeasured(t *testing.T) {
	all := words(t, "StepOp", "FillSource", "ConditionOp", "Kind", "MeasureKind", "DriftTest")
	have := map[string]bool{}
	for _, c := range Cases() {
		switch c.Kind {
		case CleaningStep:
			have["StepOp "+c.Op] = true
			have["FillSource "+string(c.Step.Source)] = true
		case RowCondition, AllRows:
			have["ConditionOp "+c.Op] = true
			have["Kind "+string(c.As.Kind)] = true
		case Measured:
			have["MeasureKind "+c.Op] = true
			have["DriftTest "+string(c.Measure.Test)] = true
		}
	}
	for kind := range noCells {
		have["MeasureKind "+string(kind)] = true
	}
	have["Kind "+string(rules.String)] = true // every text is one: there is nothing to find
	for kind, list := range all {
		for _, word := range list {
			if !have[kind+" "+word] {
				t.Errorf("rules.%s %q has no case in this package: add one, beside DuckDB's expression for the same", kind, word)
			}
		}
	}
}

func TestCasesAreSound(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.Title()] {
			t.Errorf("two cases are called %q", c.Title())
		}
		seen[c.Title()] = true
		for _, name := range c.Fields {
			if columnOf(name) == nil {
				t.Errorf("%s reads %q, which is no column", c.Title(), name)
			}
		}
	}
	for title, reason := range reasons {
		if !seen[title] {
			t.Errorf("there is a reason for %q, which is no case", title)
		}
		if len(strings.Fields(reason)) < 4 {
			t.Errorf("%s: %q is no reason", title, reason)
		}
	}
}

// Every case runs on our side: so does a benchmark that nobody has started for long.
func TestCasesRun(t *testing.T) {
	table := newTable(2 * batchRows)
	dir := t.TempDir()
	for _, c := range Cases() {
		p, err := table.prepare(&c, dir)
		if err != nil {
			t.Errorf("%s: %v", c.Title(), err)
			continue
		}
		_, figure, err := p.with()
		if err != nil {
			t.Errorf("%s: %v", c.Title(), err)
		} else if _, _, err := p.without(); err != nil {
			t.Errorf("%s: %v", c.Title(), err)
		}
		if figure == "0" || figure == "" {
			t.Errorf("%s finds nothing (%q): the values do not try it", c.Title(), figure)
		}
	}
}

func TestProblemsAreDifferencesAndWhatIsSlowWithoutReason(t *testing.T) {
	got := problems([]Line{
		{Name: "a", Ours: 5, DuckDB: 2, Equal: "yes"},
		{Name: "b", Ours: 7, DuckDB: 2, Equal: "yes"},
		{Name: "c", Ours: 7, DuckDB: 2, Equal: "yes", Reason: "it does more"},
		{Name: "d", Ours: 1, DuckDB: 2, Equal: "no: 1 and 2"},
		{Name: "e", Ours: 900, DuckDB: -1},
	})
	if len(got) != 2 || !strings.Contains(got[0], "b: 3.5 times") || !strings.Contains(got[1], "d: not the same result, 1 and 2") {
		t.Errorf("problems are %q", got)
	}
}

func TestFiguresAreTheSameWithinWhatIsPrinted(t *testing.T) {
	for _, c := range []struct {
		ours, theirs string
		same         bool
	}{{"12.5%", "0.125", true}, {"450.123457", "450.12345678", true}, {"3", "4", false}, {"北京市 (12 rows)", "北京市", true}, {"a", "b", false}} {
		if sameFigure(c.ours, c.theirs) != c.same {
			t.Errorf("%s and %s: same is not %v", c.ours, c.theirs, c.same)
		}
	}
}
