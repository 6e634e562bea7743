package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"clearwell/lineage/keys"
	"clearwell/pipeline"
	"clearwell/rules"
)

func (a *app) previewCommand() *cobra.Command {
	rows := 10
	c := &cobra.Command{
		Use:   "preview [DATASET]",
		Short: "Show the first rows before and after the contract, cell by cell",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ws, err := a.load()
			if err != nil {
				return err
			}
			ds, err := datasetArg(ws, args)
			if err != nil {
				return err
			}
			store, err := keys.Open(filepath.Join(ws.Root, pipeline.KeysDir))
			if err != nil {
				return err
			}
			invented := map[string][]byte{}
			secret := func(name string) ([]byte, error) {
				key, err := store.Secret(name)
				if !errors.Is(err, keys.ErrNotFound) {
					return key, err
				}
				if invented[name] == nil {
					invented[name] = make([]byte, 32)
					if _, err := rand.Read(invented[name]); err != nil {
						return nil, err
					}
				}
				return invented[name], nil
			}
			list, err := pipeline.Preview(c.Context(), ws, ds.ID, rows, secret)
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(c, list)
			}
			color := false
			if f, ok := c.OutOrStdout().(*os.File); ok {
				color = term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == ""
			}
			printPreview(c.OutOrStdout(), ds.Plan, list, color)
			if ds.Plan.Dedupe != nil {
				fmt.Fprintln(c.OutOrStdout(), "note: copies are looked for by the run, over all rows; here each row stands for itself")
			}
			if n := rulesOverAllRows(ds.Plan); n > 0 {
				fmt.Fprintf(c.OutOrStdout(), "note: %d %s at all rows, or at another dataset: the run decides them\n", n, plural(n, "rule looks", "rules look"))
			}
			if n := len(ds.Plan.Measures); n > 0 {
				fmt.Fprintf(c.OutOrStdout(), "note: %d %s of whole columns, tables or deliveries: the run takes them, over all rows\n", n, plural(n, "measure", "measures"))
			}
			for name := range invented {
				fmt.Fprintf(c.OutOrStdout(), "note: there is no key %q yet, so its pseudonyms here are random; make it with: clearwell keys create %s\n", name, name)
			}
			return nil
		},
	}
	c.Flags().IntVarP(&rows, "rows", "n", rows, "how many rows")
	return c
}

// rulesOverAllRows counts the rules that a preview does not decide.
func rulesOverAllRows(p *rules.Plan) (n int) {
	for i := range p.Rules {
		if p.Rules[i].Settled() {
			n++
		}
	}
	return n
}

// printPreview prints a block per row. Changed cells carry a mark, so that they show without colours too.
func printPreview(w io.Writer, plan *rules.Plan, rows []pipeline.PreviewRow, color bool) {
	paint := func(code, s string) string {
		if !color {
			return s
		}
		return painted(code, s)
	}
	changed := 0
	counts := stepCounts{plan: plan, cells: map[string]int{}}
	for _, r := range rows {
		head := fmt.Sprintf("record %d (%s line %d): ", r.Row, r.Source, r.Line)
		switch r.Fate {
		case "publish":
			head += "published"
		case "excluded":
			head += paint("33", "excluded by the contract")
		default:
			head += paint("31", "to the quarantine")
		}
		fmt.Fprintln(w, head)
		if r.Message != "" {
			fmt.Fprintln(w, "  !", paint("31", r.Message))
		}
		for _, b := range r.Broken {
			fmt.Fprintf(w, "  ! %s\n", paint("31", fmt.Sprintf("%s (%s): %s", b.Rule, b.OnFail, b.Message)))
		}
		for _, m := range r.Repaired {
			fmt.Fprintf(w, "  ~ %s repaired by %s (%s): %s -> %s\n", m.Field, m.Rule, m.Kind, shownText(m.Before), paint("32", quotedBlank(m.After)))
		}
		t := newTable("   field", "as delivered", "cleaned", "published", "cleaned by")
		for _, cell := range r.Cells {
			mark := "  "
			after, published := "=", shownText(cell.Published)
			if cell.Changed {
				mark, after = " *", shownText(cell.After)
				changed++
			}
			switch {
			case r.Fate != "publish":
				published = ""
			case cell.Column == "":
				published = "(not published)"
			case cell.Column != cell.Field:
				published += "  as " + cell.Column
			}
			t.add(mark+" "+cell.Field, quotedBlank(cell.Before), after, published, counts.add(cell))
			if color && cell.Changed {
				t.paint(2, "32")
			}
		}
		if len(r.Cells) > 0 {
			t.print(w)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d %s shown, %d %s changed by cleaning (*)\n", len(rows), plural(len(rows), "row", "rows"), changed, plural(changed, "cell", "cells"))
	for _, step := range counts.order {
		fmt.Fprintf(w, "  %s changed %d\n", step, counts.cells[step])
	}
}

// stepCounts counts the cells that each step changed, by field and step in the order of the contract.
type stepCounts struct {
	plan  *rules.Plan
	order []string
	cells map[string]int
}

// add counts the steps of a cell and names them.
func (c *stepCounts) add(cell pipeline.PreviewCell) string {
	var names []string
	for _, s := range cell.Steps {
		if !s.Changed {
			continue
		}
		names = append(names, s.Step)
		step := cell.Field + "." + s.Step
		if c.cells[step]++; c.cells[step] == 1 {
			c.order = append(c.order, step)
		}
	}
	if len(names) == 0 && cell.Changed && cell.After != nil { // no step: the value was made, or read in another form
		f := c.plan.Field(cell.Field)
		switch {
		case f == nil:
		case f.Derived() != nil:
			return string(rules.DerivedValue)
		case f.Type.Kind != rules.String:
			return "read as " + string(f.Type.Kind)
		}
	}
	return strings.Join(names, ", ")
}

func shownText(s *string) string {
	if s == nil {
		return "(null)"
	}
	return quotedBlank(*s)
}

// quotedBlank makes blanks at the ends and control characters visible.
func quotedBlank(s string) string {
	if s == "" {
		return `""`
	}
	if strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) || strings.ContainsRune(s, '\u3000') {
		s = fmt.Sprintf("%q", s)
	}
	if r := []rune(s); len(r) > 48 {
		s = string(r[:47]) + "…"
	}
	return s
}
