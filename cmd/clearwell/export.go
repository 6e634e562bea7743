package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"clearwell/durable"
	"clearwell/rules/interchange"
)

func (a *app) exportCommand() *cobra.Command {
	var format, out string
	c := &cobra.Command{
		Use:   "export [DATASET]",
		Short: "Describe what a contract promises in a format of others",
		Long: `export writes what a contract promises of its published data: as a data contract
of the Open Data Contract Standard (odcs, YAML), or as a Data Package with a Table
Schema (frictionless, JSON). Rules that the format cannot say are listed.`,
		Example: `  clearwell export orders --format odcs --out orders.odcs.yaml
  clearwell export orders --format frictionless`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.export(c, args, interchange.Format(format), out) },
	}
	c.Flags().StringVar(&format, "format", "", "odcs or frictionless")
	c.Flags().StringVar(&out, "out", "", "write to `FILE` instead of the terminal")
	if err := c.MarkFlagRequired("format"); err != nil {
		panic(err) // the flag is defined two lines above
	}
	return c
}

func (a *app) export(c *cobra.Command, args []string, format interchange.Format, out string) error {
	if !slices.Contains(interchange.ExportFormats, format) {
		return usageError{fmt.Errorf("--format is odcs or frictionless, not %q", format)}
	}
	ws, err := a.load()
	if err != nil {
		return err
	}
	ds, err := datasetArg(ws, args)
	if err != nil {
		return err
	}
	e, err := interchange.Export(ds, format)
	if err != nil {
		return err
	}
	if a.json && out == "" {
		return printJSON(c, map[string]any{"dataset": ds.ID, "format": format, "text": string(e.Text), "lost": e.Lost})
	}
	if out == "" {
		if _, err := c.OutOrStdout().Write(e.Text); err != nil {
			return err
		}
	} else {
		if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
			return err
		}
		if err := durable.WriteFile(out, e.Text, 0o644); err != nil {
			return err
		}
	}
	if !a.json {
		for _, l := range e.Lost {
			fmt.Fprintf(c.ErrOrStderr(), "%s:%d: %s: %s\n", l.File, l.Line, l.What, l.Reason)
		}
	}
	if out != "" {
		fmt.Fprintln(c.ErrOrStderr(), "wrote", out)
	}
	return nil
}
