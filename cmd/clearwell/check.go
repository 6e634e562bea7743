package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
	"clearwell/rules"
	"clearwell/rules/wording"
)

func (a *app) checkCommand() *cobra.Command {
	var brief bool
	var last string
	var memory byteSize
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
			if last != "" {
				return a.against(c, ws, chosen, last, pipeline.Options{Memory: int64(memory)})
			}
			warnings, err := staleApprovals(c, ws, chosen)
			if err != nil {
				return err
			}
			if a.json {
				plans := map[string]any{}
				for _, d := range chosen {
					hash := d.Plan.Hash()
					plans[d.ID] = map[string]any{"plan": d.Plan, "hash": hex.EncodeToString(hash[:]), "contract": d.Lifecycle}
				}
				return printJSON(c, map[string]any{"ok": true, "datasets": plans, "warnings": warnings})
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
				if l := d.Lifecycle; l != (rules.Lifecycle{Status: rules.InForce}) {
					fmt.Fprintln(out, "  contract", l)
				}
			}
			if !brief {
				fmt.Fprintln(out)
			}
			for _, s := range warnings {
				fmt.Fprintln(out, "warning:", s)
			}
			fmt.Fprintln(out, foundRight(len(ws.Datasets), len(ws.Departments), len(ws.Jobs)).In(a.language()))
			return nil
		},
	}
	c.Flags().StringVar(&last, "against", "", "what the contracts would make of the deliveries of the last runs: last, or last:`N`")
	c.Flags().Var(&memory, "memory", "with --against: memory budget such as 512MiB")
	c.Flags().BoolVarP(&brief, "quiet", "q", false, "print only whether it is right")
	return c
}

// staleApprovals says which approved contracts have another text than was approved, as far as runs remember.
func staleApprovals(c *cobra.Command, ws *rules.Workspace, chosen []*rules.Dataset) ([]string, error) {
	warnings := []string{}
	if !slices.ContainsFunc(chosen, func(d *rules.Dataset) bool { return d.Lifecycle.Approval != nil }) {
		return warnings, nil
	}
	store, err := history(c.Context(), ws.Root)
	if err != nil || store == nil {
		return warnings, err
	}
	defer store.Close()
	for _, d := range chosen {
		inputs, err := store.Inputs(d.ID, 100)
		if err != nil {
			return warnings, err
		}
		if s := pipeline.StaleApproval(d, inputs); s != "" {
			warnings = append(warnings, s)
		}
	}
	return warnings, nil
}

// printDiagnostics lists the mistakes of a workspace, each on a line that editors can jump to.
func printDiagnostics(w io.Writer, list rules.Diagnostics, lang string) {
	n := len(list)
	total := counted(n, wording.Textf("%d mistake; nothing was run", n), wording.Textf("%d mistakes; nothing was run", n))
	fmt.Fprintf(w, "%s\n\n%s\n", list.In(lang).Error(), total.In(lang))
}

// foundRight is the last line of a check that found no mistake.
func foundRight(contracts, departments, jobs int) *wording.Text {
	return wording.Textf("ok: %s, %s, %s",
		counted(contracts, wording.Textf("%d contract", contracts), wording.Textf("%d contracts", contracts)),
		counted(departments, wording.Textf("%d department", departments), wording.Textf("%d departments", departments)),
		counted(jobs, wording.Textf("%d job", jobs), wording.Textf("%d jobs", jobs)))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
