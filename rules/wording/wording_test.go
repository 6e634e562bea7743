package wording

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// formatAt is where calls that take a format have it: an argument from 0.
var formatAt = map[string]int{"Addf": 1, "AddHint": 3, "Errorf": 0, "Textf": 0, "Phrase": 0}

// used is one format of the source and where it stands.
type used struct {
	format string
	at     token.Position
}

// TestEveryTextOfTheSourceHasItsTranslation reads the source: whatever is said by
// Addf, AddHint, wording.Errorf, wording.Textf or wording.Phrase must stand in
// zh.txt with the same verbs, and nothing else may stand there.
func TestEveryTextOfTheSourceHasItsTranslation(t *testing.T) {
	formats := formatsOfSource(t, filepath.Join("..", ".."))
	if len(formats) < 300 {
		t.Fatalf("only %d formats found; the test does not see the source", len(formats))
	}
	catalog, err := parseCatalog(chineseText)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, u := range formats {
		said[u.format] = true
		zh, ok := catalog[u.format]
		switch {
		case !ok:
			t.Errorf("%s: %q has no Chinese in rules/wording/zh.txt", u.at, u.format)
		case !slices.Equal(verbs(u.format), verbs(zh)):
			t.Errorf("%s: %q takes %v, its Chinese %q takes %v", u.at, u.format, verbs(u.format), zh, verbs(zh))
		}
	}
	for format := range catalog {
		if !said[format] {
			t.Errorf("zh.txt: nobody says %q; take it out", format)
		}
	}
}

// A translation that forgets the Chinese marks reads as if a machine had made it.
func TestChineseTextsUseChineseMarks(t *testing.T) {
	half := regexp.MustCompile(`\p{Han}[,;:?!]|[,;:?!] ?\p{Han}|\p{Han}\(|\.$`)
	label := regexp.MustCompile(`^\w+: (%\w: )?%\w$`) // the word of the contract before what is wrong with it
	for format, zh := range chinese() {
		if !label.MatchString(format) && unicode.IsLetter(firstRune(format)) && !strings.ContainsFunc(zh, func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
			t.Errorf("%q: no Chinese in %q", format, zh)
		}
		if m := half.FindString(zh); m != "" {
			t.Errorf("%q: half-width mark at %q", zh, m)
		}
	}
}

func firstRune(s string) rune {
	for _, c := range s {
		return c
	}
	return 0
}

// formatsOfSource gives every format and phrase of the packages below root, tests excepted.
func formatsOfSource(t *testing.T, root string) []used {
	t.Helper()
	var out []used
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if strings.HasPrefix(name, ".") && path != root || name == "testdata" || name == "node_modules" || path == filepath.Join(root, "bench", "work") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, e := range saidIn(n) {
				format, literal := constant(e)
				switch {
				case !literal && !isParameter(e):
					t.Errorf("%s: the format must be a literal, so that it can be translated", set.Position(e.Pos()))
				case strings.ContainsFunc(verb.ReplaceAllString(format, ""), func(c rune) bool { return !unicode.IsSpace(c) }):
					out = append(out, used{format, set.Position(e.Pos())})
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(out, func(a, b used) int { return cmp.Compare(a.at.String(), b.at.String()) })
	return out
}

// saidIn are the expressions at n that give a format or phrase.
func saidIn(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.SelectorExpr:
			name = f.Sel.Name
			if from, ok := f.X.(*ast.Ident); (name == "Errorf" || name == "Textf" || name == "Phrase") && !(ok && from.Name == "wording") {
				return nil
			}
		default:
			return nil
		}
		if at, ok := formatAt[name]; ok && len(n.Args) > at {
			return n.Args[at : at+1]
		}
	case *ast.CompositeLit: // map[K]wording.Phrase{…}, map[wording.Phrase]V{…}, []wording.Phrase{…}
		var key, value ast.Expr
		switch kind := n.Type.(type) {
		case *ast.MapType:
			key, value = kind.Key, kind.Value
		case *ast.ArrayType:
			value = kind.Elt
		}
		var out []ast.Expr
		for _, e := range n.Elts {
			pair, ok := e.(*ast.KeyValueExpr)
			if ok && isPhrase(key) {
				out = append(out, pair.Key)
			}
			if ok {
				e = pair.Value
			}
			if isPhrase(value) {
				out = append(out, e)
			}
		}
		return out
	}
	return nil
}

func isPhrase(e ast.Expr) bool {
	if s, ok := e.(*ast.SelectorExpr); ok {
		return s.Sel.Name == "Phrase"
	}
	name, ok := e.(*ast.Ident) // in this package
	return ok && name.Name == "Phrase"
}

// constant is the value of a string literal, or of several joined by +.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		left, ok := constant(e.X)
		right, ok2 := constant(e.Y)
		return left + right, ok && ok2
	}
	return "", false
}

// isParameter tells a format that a function hands on: its callers are looked at.
func isParameter(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "format"
}

var verb = regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0]*[\d.]*([a-zA-Z%])`)

// verbs are the verbs of a format, each with the argument it takes, in the order of the arguments.
func verbs(format string) []string {
	var out []string
	next := 1
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		out = append(out, fmt.Sprintf("%d%s", next, strings.ReplaceAll(m[2], "w", "v")))
		next++
	}
	slices.Sort(out)
	return out
}

func TestATextSaysItsArgumentsInItsLanguage(t *testing.T) {
	inner := Errorf("it has more than %d codes", 5)
	text := Textf("the code table %s: %w", "a.csv", inner)
	if got, want := text.String(), "the code table a.csv: it has more than 5 codes"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := text.In(Chinese), "代码表 a.csv：代码超过 5 个"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if text.Unwrap() != inner {
		t.Error("the inner error is lost")
	}
	if got := (List{"a", "b"}).In(Chinese); got != "a、b" {
		t.Errorf("got %q", got)
	}
	if got := Phrase("no such phrase").In(Chinese); got != "no such phrase" {
		t.Errorf("got %q", got)
	}
}

func TestACatalogIsReadStrictly(t *testing.T) {
	for _, text := range []string{"a\n\nb\nc\n", "a\nb\n\na\nc\n", "a"} {
		if _, err := parseCatalog(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
