package main

import (
	"fmt"
	"io"
	"strings"

	"clearwell/pipeline/profile"
)

// printProfile prints a profile for people.
func printProfile(w io.Writer, r *profile.Result) {
	fmt.Fprintf(w, "%s: %s rows, %d columns", r.Source, grouped(r.Rows), len(r.Columns))
	if r.BadRecords > 0 {
		fmt.Fprintf(w, ", %s %s that cannot be read", grouped(r.BadRecords), plural(int(r.BadRecords), "record", "records"))
	}
	fmt.Fprintln(w)
	printFiles(w, r)
	fmt.Fprintln(w)
	t := newTable("COLUMN", "TYPE", "SURE", "STANDARD", "SURE", "LEVEL", "NULL", "DISTINCT", "MIN", "MAX", "MOST FREQUENT").alignRight(2, 4, 6, 7)
	for _, c := range r.Columns {
		std, sure := "", ""
		if c.Standard != nil {
			std, sure = c.Standard.Name, percentText(c.Standard.Confidence)
		}
		distinct := grouped(c.Distinct.Count)
		if !c.Distinct.Exact {
			distinct = "≈" + distinct
		}
		most := patternsText(c)
		if len(c.Top) > 0 {
			most = fmt.Sprintf("%s (%s)", shortened(c.Top[0].Text, 24), grouped(c.Top[0].Count))
		}
		t.add(c.Name, typeText(c.Type), percentText(c.Type.Confidence), std, sure, c.Level.Name, nullText(c), distinct, endText(c, c.Min), endText(c, c.Max), most)
	}
	t.print(w)
	printFindings(w, r)
	if len(r.Approximate) > 0 {
		fmt.Fprintln(w)
	}
	for _, a := range r.Approximate {
		fmt.Fprintln(w, "note:", a)
	}
}

func printFiles(w io.Writer, r *profile.Result) {
	const most = 5
	for i, f := range r.Files {
		if i == most && len(r.Files) > most+1 {
			fmt.Fprintf(w, "  … and %d more files\n", len(r.Files)-most)
			break
		}
		fmt.Fprintf(w, "  %s: %s, %s\n", f.Name, bytesText(f.Bytes), f.How)
	}
	shown := 0
	for _, f := range r.Files {
		for _, b := range f.FirstBad {
			if shown++; shown > most {
				return
			}
			fmt.Fprintf(w, "  ! %s line %d: %s: %s\n", f.Name, b.Line, b.Code, b.Message)
		}
	}
}

func printFindings(w io.Writer, r *profile.Result) {
	if r.Copies.Rows > 0 {
		about := ""
		if !r.Copies.Exact {
			about = "about "
		}
		fmt.Fprintf(w, "\n%s%s of another row, cell for cell\n", about, plural(int(r.Copies.Rows), "1 row is a copy", grouped(r.Copies.Rows)+" rows are copies"))
	}
	if len(r.Keys) > 0 {
		fmt.Fprintln(w, "\nkeys")
	}
	for _, k := range r.Keys {
		about := "every row has its own"
		if !k.Exact {
			about = "every row seems to have its own"
		}
		if k.Duplicates > 0 || k.Nulls > 0 {
			about = fmt.Sprintf("%s %s, %s without", grouped(k.Duplicates), plural(int(k.Duplicates), "row repeats one", "rows repeat one"), grouped(k.Nulls))
		}
		fmt.Fprintf(w, "  %s: %s\n", strings.Join(k.Columns, " + "), about)
	}
	if len(r.Dependencies) > 0 {
		fmt.Fprintln(w, "\ndependencies")
	}
	for _, d := range r.Dependencies {
		about := "always"
		if d.Violations > 0 {
			about = fmt.Sprintf("but for %s of %s rows (%.2f%%)", grouped(d.Violations), grouped(d.Checked), 100*d.Share)
		}
		fmt.Fprintf(w, "  %s → %s: %s\n", strings.Join(d.From, " + "), d.To, about)
	}
	t := newTable("COLUMN", "SUSPICIOUS", "ROWS", "WHY")
	t.alignRight(2)
	for _, c := range r.Columns {
		addDirt(t, c)
		last, n := "", 0
		for _, s := range c.Suspicious {
			if n++; s.Kind != last {
				last, n = s.Kind, 1
			}
			if n > 3 {
				continue
			}
			why := suspectText(s.Kind)
			if s.Like != nil {
				why += " " + quotedBlank(s.Like.Text)
			}
			t.add(c.Name, quotedBlank(s.Text), s.Count.Count, why)
		}
	}
	if len(t.rows) > 1 {
		fmt.Fprintln(w, "\nworth a look")
		t.print(w)
	}
}

func addDirt(t *table, c profile.Column) {
	for _, d := range []struct {
		n    int64
		what string
	}{{c.Dirt.Blanks, "blanks at the ends"}, {c.Dirt.Spaces, "more than one space in a row"}, {c.Dirt.FullWidth, "full-width letters, digits or signs"},
		{c.Dirt.Control, "line breaks or control characters"}} {
		if d.n > 0 {
			t.add(c.Name, "", d.n, d.what)
		}
	}
	for _, word := range c.Words {
		t.add(c.Name, quotedBlank(word.Text), word.Count, "means nothing: taken as null")
	}
}

func suspectText(kind string) string {
	switch kind {
	case "near_duplicate":
		return "one letter from"
	case "case_variant":
		return "written otherwise:"
	case "rare_pattern":
		return "written as hardly any other"
	case "outlier":
		return "far from the others"
	case "not_of_type":
		return "not of the type"
	case "invalid":
		return "not valid by the standard"
	case "garbled":
		return "read in a wrong encoding somewhere"
	case "maybe_null":
		return "may mean that nothing is known"
	}
	return kind
}

func typeText(t profile.Type) string {
	switch {
	case t.Name == "decimal":
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case len(t.Formats) > 1:
		return fmt.Sprintf("%s, %d forms", t.Name, len(t.Formats))
	}
	return t.Name
}

func nullText(c profile.Column) string {
	n := c.Nulls + c.Absent
	if n == 0 {
		return "0"
	}
	return percentText(float64(n) / float64(c.Cells+c.Absent))
}

func percentText(share float64) string {
	switch {
	case share >= 1:
		return "100%"
	case share >= 0.9995:
		return ">99.9%"
	case share > 0 && share < 0.0005:
		return "<0.1%"
	}
	return fmt.Sprintf("%.1f%%", 100*share)
}

func endText(c profile.Column, v *profile.Value) string {
	if v == nil || v.Masked || c.Type.Name == "string" {
		return ""
	}
	return shortened(v.Text, 20)
}

// patternsText is the most frequent pattern of a column whose values all differ, or are not shown.
func patternsText(c profile.Column) string {
	if len(c.Patterns) == 0 {
		return ""
	}
	return fmt.Sprintf("like %s (%s)", shortened(c.Patterns[0].Text, 20), grouped(c.Patterns[0].Count))
}

func shortened(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return '␤'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
