package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
	"clearwell/rules"
)

// testReport is what `test --json` prints.
type testReport struct {
	OK        bool                       `json:"ok"`
	Datasets  []datasetTests             `json:"datasets"`
	Mutations []*pipeline.MutationReport `json:"mutations,omitempty"`
}

type datasetTests struct {
	Dataset string                `json:"dataset"`
	Passed  int                   `json:"passed"`
	Failed  int                   `json:"failed"`
	Tests   []pipeline.TestResult `json:"tests"`
}

func (a *app) testCommand() *cobra.Command {
	var mutate bool
	var least float64
	c := &cobra.Command{
		Use:   "test [DATASET...]",
		Short: "Run the tests of contracts: rows given, and what is expected of them",
		Long: `test runs the tests of the named contracts, or of all, with the same code as a
run, in memory: nothing is read from the source and nothing is written. It ends
with 1 if a test fails.

With --mutate each rule, cleaning step and treatment is broken in turn, and those
that no test notices are listed: what could be lost from the contract unseen.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			ws, err := a.load()
			if err != nil {
				return err
			}
			chosen := ws.Datasets
			if len(args) > 0 {
				chosen = nil
			}
			for _, id := range args {
				ds, err := datasetArg(ws, []string{id})
				if err != nil {
					return err
				}
				chosen = append(chosen, ds)
			}
			report, err := runTests(c, chosen)
			if err != nil {
				return err
			}
			if mutate && report.OK {
				for _, ds := range chosen {
					m, err := pipeline.Mutate(c.Context(), ds)
					if err != nil {
						return err
					}
					report.Mutations = append(report.Mutations, m)
					report.OK = report.OK && share(m.Noticed, m.Tried) >= least
				}
			}
			if a.json {
				if err := printJSON(c, report); err != nil {
					return err
				}
			} else {
				report.print(c.OutOrStdout(), mutate)
			}
			if !report.OK {
				return &shownError{errors.New("a test failed")}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&mutate, "mutate", false, "break each rule and step in turn and list what no test notices")
	c.Flags().Float64Var(&least, "least", 0, "with --mutate: end with 1 if less than this share is noticed, in percent")
	return c
}

func share(part, of int) float64 {
	if of == 0 {
		return 100
	}
	return 100 * float64(part) / float64(of)
}

func runTests(c *cobra.Command, chosen []*rules.Dataset) (*testReport, error) {
	report := &testReport{OK: true}
	for _, ds := range chosen {
		results, err := pipeline.RunTests(c.Context(), ds)
		if err != nil {
			return nil, err
		}
		d := datasetTests{Dataset: ds.ID, Tests: results}
		for _, r := range results {
			if r.Passed {
				d.Passed++
			} else {
				d.Failed++
				report.OK = false
			}
		}
		report.Datasets = append(report.Datasets, d)
	}
	return report, nil
}

func (r *testReport) print(w io.Writer, mutate bool) {
	for _, d := range r.Datasets {
		for _, t := range d.Tests {
			if !t.Passed {
				printFailedTest(w, t)
			}
		}
		if len(d.Tests) == 0 {
			fmt.Fprintf(w, "%s: no tests; add them to the contract under tests:\n", d.Dataset)
			continue
		}
		fmt.Fprintf(w, "%s: %d %s passed, %d failed\n", d.Dataset, d.Passed, plural(d.Passed, "test", "tests"), d.Failed)
	}
	if mutate && !r.OK && r.Mutations == nil {
		fmt.Fprintln(w, "nothing was broken on purpose: first all tests must pass")
	}
	for _, m := range r.Mutations {
		printMutations(w, m)
	}
}

func printFailedTest(w io.Writer, t pipeline.TestResult) {
	title := cmp.Or(t.Title["en"], t.Title["zh"])
	fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("%s:%d: FAILED %s", t.File, t.Line, title)))
	for _, d := range t.Differences {
		at := fmt.Sprintf("%s:%d", t.File, d.Line)
		if d.Column > 0 {
			at += fmt.Sprintf(":%d", d.Column)
		}
		what := d.What
		if d.Field != "" {
			what += " " + d.Field
		}
		if d.Row > 0 {
			what = fmt.Sprintf("row %d, %s", d.Row, what)
		}
		fmt.Fprintf(w, "  %s: %s\n    - expected  %s\n    + got       %s\n", at, what, shownList(d, d.Expected), shownList(d, d.Got))
		for _, s := range d.Steps {
			mark := " "
			if s.Changed {
				mark = "*"
			}
			fmt.Fprintf(w, "      %s %-12s %s\n", mark, s.Step, quotedBlank(s.Value))
		}
		if d.Changed != "" {
			fmt.Fprintf(w, "      last changed by %s\n", d.Changed)
		}
		if len(d.Broken) > 0 && d.What != "fails" {
			fmt.Fprintf(w, "      the row breaks %s\n", strings.Join(d.Broken, ", "))
		}
	}
}

// shownList is a value of a test, or a list of rules in full.
func shownList(d pipeline.Difference, s *string) string {
	if d.Field == "" && s != nil {
		return *s
	}
	return shownText(s)
}

// printMutations lists what no test notices: first what could be taken out as a whole.
func printMutations(w io.Writer, m *pipeline.MutationReport) {
	fmt.Fprintf(w, "\n%s: %d of %d parts broken on purpose were noticed (%.1f%%); of %d rules, steps and treatments taken out, %d\n",
		m.Dataset, m.Noticed, m.Tried, share(m.Noticed, m.Tried), m.WholeTried, m.WholeNoticed)
	gone := map[string]bool{} // what is taken out unnoticed may be changed unnoticed: that is said once
	for _, whole := range []bool{true, false} {
		first := true
		for _, u := range m.Unnoticed {
			name := string(u.Part) + " " + u.Of
			if u.Whole != whole || !whole && gone[name] {
				continue
			}
			if whole {
				gone[name] = true
			}
			if string(u.Part) == u.Of {
				name = u.Of
			}
			if first && whole {
				fmt.Fprintln(w, "no test notices that these are gone:")
			} else if first {
				fmt.Fprintln(w, "no test notices these changes:")
			}
			first = false
			fmt.Fprintf(w, "  %s:%d: %s: %s\n", m.File, u.Line, name, u.What)
		}
	}
}
