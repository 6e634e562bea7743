package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
)

func (a *app) archiveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "archive",
		Short: "Look after the archived deliveries",
	}
	c.AddCommand(a.archiveCompactCommand())
	return c
}

func (a *app) archiveCompactCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compact",
		Short: "Compress what runs took in as it came; serve does this by itself while nothing runs",
		Long: `Compress what runs took in as it came.

A run copies its deliveries into the archive without compressing them, which would cost it more than reading
them. serve compresses them while nothing runs. Where runs are started by hand or by another scheduler, call this
at a quiet hour. It may be stopped at any time and goes on where it stopped. Hashes, proofs and replays
do not change: they are of the bytes as delivered.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			w, err := a.open(c.Context(), c.ErrOrStderr())
			if err != nil {
				return err
			}
			defer w.close()
			done, err := w.CompactArchive(c.Context())
			if err != nil {
				return fmt.Errorf("compact %s: %w", filepath.Join(pipeline.StateDir, "archive"), err)
			}
			if a.json {
				return printJSON(c, done)
			}
			if done.Objects == 0 {
				fmt.Fprintln(c.OutOrStdout(), "everything in the archive is compressed")
				return nil
			}
			fmt.Fprintf(c.OutOrStdout(), "compressed %d archived objects: %s became %s\n", done.Objects, bytesText(done.Before), bytesText(done.After))
			return nil
		},
	}
}
