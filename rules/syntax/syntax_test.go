package syntax_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clearwell/rules/syntax"
)

func parse(t testing.TB, text string) (*syntax.Node, string) {
	t.Helper()
	r := &syntax.Report{File: "f"}
	n := syntax.Parse([]byte(text), r)
	if err := r.All.Err(); err != nil {
		return n, err.Error()
	}
	return n, ""
}

func TestPlacesInsideTextsMapToTheFile(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
		want         syntax.Pos
	}{
		{"k: abc\n", 1, 2, syntax.Pos{Line: 1, Column: 5}},
		{"k: 'abc'\n", 1, 2, syntax.Pos{Line: 1, Column: 6}},
		{"k: \"abc\"\n", 1, 3, syntax.Pos{Line: 1, Column: 7}},
		{"键: 甲乙丙\n", 1, 3, syntax.Pos{Line: 1, Column: 6}},
		{"k: |\n    abc\n    def\n", 2, 2, syntax.Pos{Line: 3, Column: 6}},
		{"k: >\n  abc\n  def\n", 1, 2, syntax.Pos{Line: 1, Column: 4}}, // folded lines do not map
		{"k: \"a\\nb\"\n", 1, 3, syntax.Pos{Line: 1, Column: 4}},       // nor do escapes
		{"{a: 1, k: abc}\n", 1, 1, syntax.Pos{Line: 1, Column: 11}},
	} {
		n, wrong := parse(t, c.text)
		if wrong != "" {
			t.Fatalf("%q: %s", c.text, wrong)
		}
		if got := n.Entries[len(n.Entries)-1].Value.At(c.line, c.column); got != c.want {
			t.Errorf("%q: %d:%d is at %v, want %v", c.text, c.line, c.column, got, c.want)
		}
	}
}

func TestFullWidthSignsAreErrorsOnlyInStructure(t *testing.T) {
	for _, right := range []string{
		"a: 备注：其他，（）“x”\n", "a: \"，：“”\"\n", "a: '：'\n", "# 注释：，\na: 1 # 说明：“”\n", "a: |\n  甲：乙，\n  【丙】\nb: 1\n",
		"备注：x: 1\n", "- 甲，乙\n- 丙：丁\n", "a: {b: \"，\"}\n", "a: >-\n\n  “x”\n  y：z\n", "a: x　y\n",
	} {
		if _, wrong := parse(t, right); wrong != "" {
			t.Errorf("%q: %s", right, wrong)
		}
	}
	for wrong, want := range map[string]string{
		"a：1\n":          "f:1:2: full-width ：",
		"- a：1\n":        "f:1:4: full-width ：",
		"a: 【x】\n":       "f:1:4: full-width 【",
		"a: [x，y]\n":     "f:1:6: full-width ，",
		"a: {b：1}\n":     "f:1:6: full-width ：",
		"a: “x”\n":       "f:1:4: full-width “",
		"　a: 1\n":        "f:1:1: a full-width space",
		"＃ comment\n":    "f:1:1: full-width ＃",
		"a: 1\n\tb: 2\n": "f:2:1: a tab",
	} {
		if _, got := parse(t, wrong); !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %q, want %q", wrong, got, want)
		}
	}
}

func TestNearestIsWithinAThirdOfTheWord(t *testing.T) {
	words := []string{"required", "range", "pattern", "unique", "set", "cn.id_card"}
	for word, want := range map[string]string{"requird": "required", "rnage": "range", "pattren": "pattern", "UNIQUE": "unique", "xyz": "", "cn.idcard": "cn.id_card", "": "", "ste": "set"} {
		if got := syntax.Nearest(word, words); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}

func TestNearestForgivesOneMistake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z]{4,12}`).Draw(t, "word")
		i := rapid.IntRange(0, len(word)-2).Draw(t, "at")
		for _, typo := range []string{word[:i] + word[i+1:], word[:i] + "x" + word[i:], word[:i] + string(word[i+1]) + string(word[i]) + word[i+2:]} {
			if typo != word && syntax.Nearest(typo, []string{word}) != word {
				t.Fatalf("%q is not near %q", typo, word)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1\n", "a: {b: [c, 'd', \"e\"]}\n", "- |2-\n  x\n", "a：{b，“c”}\n", "? x\n: y\n", "a: &b *b\n", "%YAML 1.2\n---\na\n...\n", "\ufeffa: 1", "a: 'x\n\n y'\n", "\t- a:\n\t\t- b", "- - - - a\n", "{a: {b: {c: [[[1]]]}}}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := &syntax.Report{File: "f"}
		n := syntax.Parse(text, r)
		if n == nil && len(r.All) == 0 {
			t.Fatal("neither a tree nor a problem")
		}
		for _, d := range r.All {
			if d.Line < 0 || d.Column < 0 || d.Line > 0 && d.Column == 0 {
				t.Fatalf("no place: %+v", d)
			}
		}
	})
}
