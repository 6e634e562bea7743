package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"clearwell/jobs"
	"clearwell/lineage"
	"clearwell/lineage/entry"
	"clearwell/lineage/keys"
	"clearwell/lineage/verify"
	"clearwell/pipeline"
)

func (a *app) ledgerCommand() *cobra.Command {
	var dataset, kind string
	limit := 20
	c := &cobra.Command{
		Use:   "ledger",
		Short: "List the entries of the ledger, newest last",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			root, err := a.root()
			if err != nil {
				return err
			}
			list := []ledgerLine{}
			report, err := verify.Log(c.Context(), verify.LogOptions{Dir: filepath.Join(root, pipeline.LedgerDir), Visit: func(index uint64, e *entry.Entry) []verify.Finding {
				if (dataset == "" || e.Dataset == dataset) && (kind == "" || string(e.Kind) == kind) {
					list = append(list, newLedgerLine(index, e))
					if limit > 0 && len(list) > limit {
						list = list[1:]
					}
				}
				return nil
			}})
			if err != nil {
				return err
			}
			var broken error
			if len(report.Findings) > 0 {
				broken = &shownError{errBroken}
			}
			if a.json {
				return errors.Join(printJSON(c, map[string]any{"origin": report.Origin, "size": report.Size, "root": report.Root, "entries": list, "findings": report.Findings}), broken)
			}
			w := c.OutOrStdout()
			fmt.Fprintf(w, "%s: %s entries, root %s\n\n", report.Origin, grouped(int64(report.Size)), report.Root)
			t := newTable("INDEX", "AT", "DATASET", "SEQ", "KIND", "STEP", "RUN").alignRight(0, 3)
			for _, l := range list {
				t.add(int64(l.Index), l.At, l.Dataset, l.Seq, l.Kind, l.Step, l.Run)
			}
			t.print(w)
			for _, f := range report.Findings {
				fmt.Fprintf(w, "BROKEN %s: %s\n", f.What, f.Why)
			}
			return broken
		},
	}
	c.Flags().StringVar(&dataset, "dataset", "", "only entries of this dataset")
	c.Flags().StringVar(&kind, "kind", "", "only entries of this kind, such as publication")
	c.Flags().IntVarP(&limit, "limit", "n", limit, "how many, 0 for all")
	c.AddCommand(a.adoptCommand())
	return c
}

type ledgerLine struct {
	Index   uint64 `json:"index"`
	At      string `json:"at"`
	Dataset string `json:"dataset"`
	Seq     int64  `json:"seq"`
	Kind    string `json:"kind"`
	Step    string `json:"step,omitempty"`
	Run     string `json:"run,omitempty"`
	ID      string `json:"id"`
	Body    any    `json:"body"`
}

func newLedgerLine(index uint64, e *entry.Entry) ledgerLine {
	return ledgerLine{index, e.At.Format("2006-01-02T15:04:05Z07:00"), e.Dataset, e.Seq, string(e.Kind), e.Step, e.Run, e.ID, e.Body}
}

func (a *app) adoptCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "adopt --reason TEXT",
		Short: "Take the ledger as it stands, where the remembered head is gone or contradicts; the reason becomes an entry",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			root, err := a.root()
			if err != nil {
				return err
			}
			store, err := jobs.OpenStore(c.Context(), filepath.Join(root, pipeline.StateFile))
			if err != nil {
				return err
			}
			defer store.Close()
			held, err := keys.Open(filepath.Join(root, pipeline.KeysDir))
			if err != nil {
				return err
			}
			head, err := lineage.Adopt(c.Context(), lineage.Config{Dir: filepath.Join(root, pipeline.LedgerDir), Keys: held, Program: program().InFull}, reason)
			if err != nil {
				return err
			}
			data, err := json.Marshal(head)
			if err != nil {
				return err
			}
			if err := store.RememberHead(data); err != nil {
				return err
			}
			if a.json {
				return printJSON(c, head)
			}
			fmt.Fprintf(c.OutOrStdout(), "adopted the ledger with %s entries\n", grouped(int64(head.Size)))
			return nil
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why, for the record")
	c.MarkFlagRequired("reason")
	return c
}
