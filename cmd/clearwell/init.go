package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"clearwell/rules"
	"clearwell/rules/scaffold"
)

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init DIR",
		Short: "Write a workspace that runs as it is",
		Long: `init writes a workspace with a small sample dataset, its contract and a job into
DIR, and makes its keys and its empty ledger.

In a folder that has a clearwell.yaml already (one that was copied, say) it makes
the keys and the ledger only.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := args[0]
			var made []string
			if !exists(filepath.Join(dir, "clearwell.yaml")) {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					return err
				}
				var err error
				if made, err = scaffold.Init(dir); err != nil {
					return err
				}
			}
			out := c.OutOrStdout()
			if !a.json {
				for _, f := range made {
					fmt.Fprintln(out, "wrote", filepath.Join(dir, f))
				}
			}
			ws, err := rules.Load(dir)
			if err != nil {
				return err
			}
			w, err := openWorkspace(c.Context(), ws, c.ErrOrStderr())
			if err != nil {
				return err
			}
			if err := w.close(); err != nil {
				return err
			}
			if a.json {
				return printJSON(c, map[string]any{"workspace": ws.Name, "files": made, "datasets": datasetIDs(ws)})
			}
			if len(ws.Datasets) > 0 {
				id := ws.Datasets[0].ID
				fmt.Fprintf(out, "\nnext:\n  %[1]s -C %[2]s check\n  %[1]s -C %[2]s preview %[3]s\n  %[1]s -C %[2]s test\n  %[1]s -C %[2]s run %[3]s\n", called(), dir, id)
			}
			return nil
		},
	}
}

func datasetIDs(ws *rules.Workspace) []string {
	ids := []string{}
	for _, d := range ws.Datasets {
		ids = append(ids, d.ID)
	}
	return ids
}
