package interchange

import (
	"testing"

	"clearwell/rules/syntax"
)

// FuzzImport: whatever the file is, the import neither panics nor writes a contract that cannot be read.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{dbtFile, sodaFile, frictionlessFile, odcsFile} {
		f.Add([]byte(seed), "")
	}
	f.Add([]byte(`{"expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 1, "row_condition": "b == 'x'"}}]}`), "")
	f.Add([]byte(`[{"expectation_type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["a", "b"]}}]`), "gx")
	f.Fuzz(func(t *testing.T, data []byte, format string) {
		got, err := Import(data, Options{File: "f", Format: Format(format)})
		if err != nil {
			return
		}
		r := &syntax.Report{File: "contract"}
		if syntax.Parse(got.Contract, r); len(r.All) > 0 {
			t.Fatalf("%v\n%s", r.All.Err(), got.Contract)
		}
	})
}

// FuzzCondition: conditions on rows become CEL that compiles, or an error.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{`a == "x" and b > 5`, `col("a").notNull()`, `not (a in [1, 2.5]) or b.isnull()`, `a is not null and b <> 'y'`, "`a b` != 3"} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, sql bool) {
		c, err := parseCondition(text)
		if err != nil {
			return
		}
		if sql && c.asSQL() != nil {
			return
		}
		d := newDraft(&tree{}, Options{Dataset: "x"})
		when := d.celOf(c, c.guarded())
		d.settle()
		if when.String() == "" {
			t.Fatal("no expression")
		}
	})
}

// FuzzSearched: what is made of an expression of Python compiles.
func FuzzSearched(f *testing.F) {
	for _, seed := range []string{`^\d+$`, `[\w-]+@x`, `(?i)ab|c`, `a{,3}`, `[]a]`, `\u4e00`, `(?P<n>x)`, `\$`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if _, err := searched(expr); err != nil && err.Error() == "" {
			t.Fatal("an error without words")
		}
	})
}
