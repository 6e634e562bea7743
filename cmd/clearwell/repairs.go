package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
)

func (a *app) repairsCommand() *cobra.Command {
	var run, rule, field string
	var limit int
	c := &cobra.Command{
		Use:   "repairs [DATASET]",
		Short: "List the cells that rules of a run repaired, before and after",
		Long: `repairs lists the cells that a rule with repair gave another value: row by row with
file, line, field, rule, and where the new value comes from. Values of fields at
level L3 and above are not shown whole. The hash of the list stands in the ledger.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ws, err := a.load()
			if err != nil {
				return err
			}
			ds, err := datasetArg(ws, args)
			if err != nil {
				return err
			}
			dir := filepath.Join(ws.Root, pipeline.StateDir, "quarantine", ds.ID)
			if run == "" {
				entries, err := os.ReadDir(dir)
				if err != nil || len(entries) == 0 {
					return fmt.Errorf("%s was never run; repairs are made by: clearwell run %s", ds.ID, ds.ID)
				}
				run = entries[len(entries)-1].Name() // run ids sort by start
			}
			path := filepath.Join(dir, run, "repairs.parquet")
			if !exists(path) {
				return usageError{fmt.Errorf("run %s of %s repaired nothing: no rule of its contract had repair", run, ds.ID)}
			}
			return a.listRepairs(c, path, run, rule, field, limit)
		},
	}
	c.Flags().StringVar(&run, "run", "", "which run (default: the last one)")
	c.Flags().StringVar(&rule, "rule", "", "only cells repaired by this rule")
	c.Flags().StringVar(&field, "field", "", "only cells of this field")
	c.Flags().IntVarP(&limit, "limit", "n", 20, "how many cells to list")
	return c
}

func (a *app) listRepairs(c *cobra.Command, path, run, rule, field string, limit int) error {
	var total int64
	byRule := map[string]int64{}
	list := []pipeline.RepairedCell{}
	err := pipeline.ReadRepairs(path, func(cell pipeline.RepairedCell) error {
		if rule != "" && cell.Rule != rule || field != "" && cell.Field != field {
			return nil
		}
		total++
		byRule[cell.Rule]++
		if len(list) < limit {
			list = append(list, cell)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(c, map[string]any{"run": run, "cells": total, "by_rule": byRule, "list": list})
	}
	w := c.OutOrStdout()
	fmt.Fprintf(w, "run %s: %s %s repaired\n\n", run, grouped(total), plural(int(total), "cell", "cells"))
	if total == 0 {
		return nil
	}
	t := newTable("FILE", "LINE", "FIELD", "BEFORE", "AFTER", "RULE", "BY")
	for _, cell := range list {
		t.add(cell.Source, fmt.Sprint(cell.Line), cell.Field, shownText(cell.Before), quotedBlank(cell.After), cell.Rule, cell.Kind)
	}
	t.print(w)
	if total > int64(len(list)) {
		fmt.Fprintf(w, "\n%s more; list them with -n %d\n", grouped(total-int64(len(list))), total)
	}
	return nil
}
