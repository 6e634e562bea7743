package main

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"clearwell/rules"
)

func (a *app) checkCommand() *cobra.Command {
	var brief bool
	c := &cobra.Command{
		Use:   "check [DATASET]",
		Short: "Check the whole workspace and say in plain words what each contract does",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ws, err := a.load()
			if err != nil {
				return err
			}
			chosen := ws.Datasets
			if len(args) > 0 {
				ds, err := datasetArg(ws, args)
				if err != nil {
					return err
				}
				chosen = []*rules.Dataset{ds}
			}
			if a.json {
				plans := map[string]any{}
				for _, d := range chosen {
					hash := d.Plan.Hash()
					plans[d.ID] = map[string]any{"plan": d.Plan, "hash": hex.EncodeToString(hash[:])}
				}
				return printJSON(c, map[string]any{"ok": true, "datasets": plans})
			}
			out := c.OutOrStdout()
			for i, d := range chosen {
				if brief {
					continue
				}
				if i > 0 {
					fmt.Fprintln(out)
				}
				if err := rules.Describe(out, d.Plan); err != nil {
					return err
				}
			}
			if !brief {
				fmt.Fprintln(out)
			}
			fmt.Fprintf(out, "ok: %d %s, %d %s, %d %s\n", len(ws.Datasets), plural(len(ws.Datasets), "contract", "contracts"),
				len(ws.Departments), plural(len(ws.Departments), "department", "departments"), len(ws.Jobs), plural(len(ws.Jobs), "job", "jobs"))
			return nil
		},
	}
	c.Flags().BoolVarP(&brief, "quiet", "q", false, "print only whether it is right")
	return c
}

// printDiagnostics lists the mistakes of a workspace, each on a line that editors can jump to.
func printDiagnostics(w io.Writer, list rules.Diagnostics) {
	fmt.Fprintln(w, list.Error())
	fmt.Fprintf(w, "\n%d %s; nothing was run\n", len(list), plural(len(list), "mistake", "mistakes"))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
