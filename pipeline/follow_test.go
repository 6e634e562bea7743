package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clearwell/pipeline/defects"
)

// followed is a contract whose rows have a key, or none, and rules of every way to fail.
func followed(key string) string {
	return `dataset: people
owner: registry
source: {path: "inbox/*.csv"}
` + key + `
fields:
  id: {level: L1, required: true}
  code: {level: L1, check: {id: code-unique, unique: true, on_fail: keep}}
  age: {type: integer, level: L1, on_fail: keep, check: {id: age-range, range: [0, 150], on_fail: "null"}}
publish: {audience: internal}
quality: {compare_with_last: {rows: -50%}}
`
}

// listDefects is every defect of the last run as rule, line, open or why it was closed, times seen, in order of lines.
func listDefects(t *testing.T, root string) []string {
	t.Helper()
	path, _, err := DefectsFile(root, "people")
	if err != nil {
		t.Fatal(err)
	}
	r, err := defects.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var list []string
	for {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(list)
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		why := d.Why
		if d.Open() {
			why = "open"
		}
		list = append(list, fmt.Sprintf("%s:%d %s %d", d.Rule, d.Place.Line, why, d.Times))
	}
}

func deliver(t *testing.T, root, rows string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, "inbox", "rows.csv"), []byte("id,code,age\n"+rows), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDefectsAreFollowedOverRuns(t *testing.T) {
	for _, c := range []struct {
		name, key string
		after     [][]string
	}{
		{"by key", "key: id", [][]string{
			{"age-range:3 open 1", "code-unique:4 open 1", "code-unique:5 open 1", "id.required:6 open 1", "unclosed_quote:7 open 1"},
			{"age-range:2 open 2", "code-unique:4 fixed 1", "code-unique:5 gone 1", "id.required:6 changed 1", "unclosed_quote:7 changed 1"},
			{"age-range:2 open 3", "code-unique:4 fixed 1", "code-unique:5 gone 1", "id.required:6 changed 1", "unclosed_quote:7 changed 1"}, // refused, but judged
			{"age-range:2 fixed 3", "code-unique:3 open 2", "code-unique:4 open 2", "id.required:6 changed 1", "unclosed_quote:7 changed 1"},
		}},
		{"by content", "", [][]string{
			{"age-range:3 open 1", "code-unique:4 open 1", "code-unique:5 open 1", "id.required:6 open 1", "unclosed_quote:7 open 1"},
			{"age-range:2 open 2", "code-unique:4 changed 1", "code-unique:5 changed 1", "id.required:6 changed 1", "unclosed_quote:7 changed 1"},
			{"age-range:2 open 3", "code-unique:4 changed 1", "code-unique:5 changed 1", "id.required:6 changed 1", "unclosed_quote:7 changed 1"},
			{"age-range:2 changed 3", "code-unique:3 open 2", "code-unique:4 open 2", "id.required:6 changed 1", "unclosed_quote:7 changed 1"},
		}},
	} {
		for _, opts := range []Options{{CPUs: 1}, {CPUs: 3, chunkSize: 16, Memory: 1}} {
			t.Run(fmt.Sprintf("%s, %d workers", c.name, opts.CPUs), func(t *testing.T) {
				root := newWorkspace(t, followed(c.key), "")
				deliver(t, root, "1,a,30\n2,b,900\n3,c,31\n4,c,32\n,d,33\n5,\"e,34\n")
				runOnce(t, root, "people", opts)
				check := func(n int) {
					t.Helper()
					if got := listDefects(t, root); !slices.Equal(got, c.after[n]) {
						t.Errorf("after delivery %d:\ngot  %q\nwant %q", n+1, got, c.after[n])
					}
				}
				check(0)
				deliver(t, root, "2,b,900\n1,a,30\n3,c,31\n6,f,35\n") // 3 fixed, 4 gone, 5 and the row without an id gone
				runOnce(t, root, "people", opts)
				check(1)
				deliver(t, root, "2,b,900\n") // one row of four: refused, and nothing of it is published
				r := runner(t, root)
				out, err := r.Run(context.Background(), "people", opts)
				var refused *RefusedError
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), "rows changed since version 2: -75.00%, the contract allows -50.00%") {
					t.Errorf("got %v", err)
				}
				if want := (defects.Counts{Open: 1}); out.Defects != want {
					t.Errorf("the refused run counts %+v", out.Defects)
				}
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				if v, err := r.Site.Current("people"); err != nil || v.Version != 2 {
					t.Errorf("current is %+v, %v", v, err)
				}
				check(2)
				deliver(t, root, "2,b,90\n3,c,31\n4,c,32\n") // the copies are back
				out = runOnce(t, root, "people", opts)
				check(3)
				if got := (defects.Counts{Open: 2, Reopened: 2, Closed: 1}); out.Defects != got {
					t.Errorf("counts %+v", out.Defects)
				}
				mustBeWhole(t, root)
			})
		}
	}
}

func TestDefectsHoldNoValue(t *testing.T) {
	root := newWorkspace(t, followed("key: code"), "")
	deliver(t, root, "1,secretcode,900\n,secretother,30\n")
	runOnce(t, root, "people", Options{})
	path, _, err := DefectsFile(root, "people")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "secret") {
		t.Error("a value stands among the defects")
	}
	r, err := defects.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if d, err := r.Next(); err != nil || d.Row[0] != defects.ByKey {
		t.Errorf("%+v %v", d, err)
	}
}
