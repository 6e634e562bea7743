package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
	"clearwell/rules"
)

// against carries the last deliveries through the contracts of now: check --against last:N.
func (a *app) against(c *cobra.Command, ws *rules.Workspace, chosen []*rules.Dataset, last string, opts pipeline.Options) error {
	n, err := lastDeliveries(last)
	if err != nil {
		return usageError{err}
	}
	store, err := history(c.Context(), ws.Root)
	if err != nil {
		return err
	}
	if store != nil {
		defer store.Close()
	}
	all := []pipeline.AgainstRun{}
	for _, ds := range chosen {
		var inputs []pipeline.RunInputs
		if store != nil {
			if inputs, err = store.Inputs(ds.ID, n); err != nil {
				return err
			}
		}
		if len(inputs) == 0 {
			fmt.Fprintf(c.ErrOrStderr(), "%s: there is no earlier delivery to compare with; run it first: %s run %s\n", ds.ID, called(), ds.ID)
			continue
		}
		list, err := pipeline.Against(c.Context(), ws, ds, inputs, opts)
		if err != nil {
			return err
		}
		all = append(all, list...)
	}
	if a.json {
		return printJSON(c, all)
	}
	for i, r := range all {
		if i > 0 {
			fmt.Fprintln(c.OutOrStdout())
		}
		printAgainst(c.OutOrStdout(), r)
	}
	return nil
}

// lastDeliveries reads last or last:3.
func lastDeliveries(text string) (int, error) {
	word, number, given := strings.Cut(text, ":")
	if !given && word == "last" {
		return 1, nil
	}
	if n, err := strconv.Atoi(number); word == "last" && err == nil && n > 0 && n <= 1000 {
		return n, nil
	}
	return 0, fmt.Errorf("--against takes last, or last:3 for the last three deliveries, not %q", text)
}

func printAgainst(w io.Writer, r pipeline.AgainstRun) {
	fmt.Fprintf(w, "%s against the delivery of run %s (%d %s)\n", r.Dataset, r.Run, len(r.Sources), plural(len(r.Sources), "file", "files"))
	if r.Unchanged {
		fmt.Fprintln(w, "the contract does the same as the one of that run")
	}
	for _, n := range r.Notes {
		fmt.Fprintln(w, "note:", n)
	}
	printFigures(w, r)
	printRuleChanges(w, r)
	printVerdicts(w, r.Measures)
	t := newTable("CELLS", "BEFORE", "AFTER").alignRight(1, 2)
	for _, f := range r.Fields {
		if f.Changed() {
			name := f.Field + " without a value"
			if f.Step != "" {
				name = f.Field + " changed by " + f.Step
			}
			t.add(name, countOrDash(f.Before), countOrDash(f.After))
		}
	}
	if len(t.rows) > 1 {
		fmt.Fprintln(w)
		t.print(w)
	}
	for _, rule := range r.Rules {
		printSamples(w, rule.ID, rule.Rows)
	}
}

func printFigures(w io.Writer, r pipeline.AgainstRun) {
	t := newTable("", "BEFORE", "AFTER").alignRight(1, 2)
	row := func(name string, of func(pipeline.Figures) string) {
		before := "-"
		if r.Before != nil {
			before = of(*r.Before)
		}
		t.add(name, before, of(r.After))
	}
	row("rows published", func(f pipeline.Figures) string { return grouped(f.Rows.Published) })
	row("quarantined", func(f pipeline.Figures) string { return grouped(f.Rows.Quarantined) })
	row("duplicates", func(f pipeline.Figures) string { return grouped(f.Rows.Duplicates) })
	row("excluded", func(f pipeline.Figures) string { return grouped(f.Rows.Excluded) })
	row("score of the rows delivered", func(f pipeline.Figures) string { return f.Delivered.String() })
	row("score of the rows published", func(f pipeline.Figures) string { return f.Published.String() })
	fmt.Fprintln(w)
	t.print(w)
	if r.Rejected.Newly+r.Rejected.NoLonger > 0 {
		fmt.Fprintf(w, "%s %s would newly go to the quarantine, %s no longer\n", grouped(r.Rejected.Newly), plural(int(r.Rejected.Newly), "row", "rows"), grouped(r.Rejected.NoLonger))
	}
	for _, s := range r.After.Refusals {
		fmt.Fprintln(w, "would not be published:", s)
	}
}

// printVerdicts lists the measures that come out otherwise.
func printVerdicts(w io.Writer, list []pipeline.MeasureChange) {
	t := newTable("MEASURE", "BEFORE", "AFTER")
	for _, m := range list {
		if m.Before != m.After {
			t.add(m.ID, cmp.Or(string(m.Before), "-"), cmp.Or(string(m.After), "-"))
		}
	}
	if len(t.rows) > 1 {
		fmt.Fprintln(w)
		t.print(w)
	}
}

func countOrDash(n *int64) string {
	if n == nil {
		return "-"
	}
	return grouped(*n)
}

// printRuleChanges lists the rules that come out otherwise.
func printRuleChanges(w io.Writer, r pipeline.AgainstRun) {
	t := newTable("RULE", "CHECKED", "AFTER", "FAILED", "AFTER", "NEWLY FAIL", "NO LONGER").alignRight(1, 2, 3, 4, 5, 6)
	same := 0
	for _, rule := range r.Rules {
		if rule.Before != nil && rule.After != nil && *rule.Before == *rule.After && rule.Rows.Newly+rule.Rows.NoLonger == 0 {
			same++
			continue
		}
		figures := func(f *pipeline.RuleFigures) (checked, failed string) {
			if f == nil {
				return "-", "-"
			}
			return grouped(f.Checked), grouped(f.Failed)
		}
		checked, failed := figures(rule.Before)
		checkedAfter, failedAfter := figures(rule.After)
		name := rule.ID
		switch {
		case r.Before == nil:
		case rule.Before == nil:
			name += " (new)"
		case rule.After == nil:
			name += " (gone)"
		}
		t.add(name, checked, checkedAfter, failed, failedAfter, rule.Rows.Newly, rule.Rows.NoLonger)
	}
	fmt.Fprintln(w)
	if len(t.rows) > 1 {
		t.print(w)
	}
	fmt.Fprintf(w, "%d %s as before\n", same, plural(same, "rule comes out", "rules come out"))
}

// printSamples shows rows that changed, by their place.
func printSamples(w io.Writer, rule string, c pipeline.RowChange) {
	for _, newly := range []bool{true, false} {
		first := true
		for _, s := range c.Samples {
			if s.Newly != newly {
				continue
			}
			if first {
				fmt.Fprintf(w, "\n%s: %s\n", rule, map[bool]string{true: "rows that newly fail", false: "rows that no longer fail"}[newly])
				first = false
			}
			var shown []string
			for _, name := range sortedNames(s.Values) {
				shown = append(shown, name+" "+shownText(s.Values[name]))
			}
			for _, name := range s.Hidden {
				shown = append(shown, name+" (withheld)")
			}
			fmt.Fprintf(w, "  %s record %d: %s\n", s.Source, s.Row, strings.Join(shown, ", "))
		}
	}
}

func sortedNames(m map[string]*string) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
