package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clearwell/rules"
)

func (a *app) lineageCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lineage [DATASET[.COLUMN]]",
		Short: "Show where each published column comes from",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ws, err := a.load()
			if err != nil {
				return err
			}
			column := ""
			if len(args) > 0 {
				if name, col, ok := strings.Cut(args[0], "."); ok {
					args, column = []string{name}, col
				}
			}
			ds, err := datasetArg(ws, args)
			if err != nil {
				return err
			}
			list := rules.Lineage(ds.Plan)
			if column != "" {
				var one []rules.ColumnLineage
				var names []string
				for _, l := range list {
					names = append(names, l.Published)
					if l.Published == column || l.Field == column {
						one = append(one, l)
					}
				}
				if len(one) == 0 {
					return usageError{fmt.Errorf("%s publishes no column %q (it publishes: %s)", ds.ID, column, strings.Join(names, ", "))}
				}
				list = one
			}
			if a.json {
				return printJSON(c, list)
			}
			t := newTable("PUBLISHED", "FROM", "BY")
			for _, l := range list {
				by := strings.Join(l.Steps, " -> ")
				if by == "" {
					by = "as it is"
				}
				if l.Masking {
					by += "  (desensitized)"
				}
				t.add(l.Published, strings.Join(l.Sources, " | "), by)
			}
			t.print(c.OutOrStdout())
			return nil
		},
	}
	c.AddCommand(a.repairsCommand())
	return c
}
