package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"clearwell/durable"
	"clearwell/examples/residents/generator"
)

func (a *app) demoCommand() *cobra.Command {
	c := &cobra.Command{Use: "demo", Short: "Make synthetic data to try things on"}
	rows, seed, out := generator.DefaultRows, uint64(generator.DefaultSeed), ""
	residents := &cobra.Command{
		Use:   "residents",
		Short: "A resident and business registry in GB18030 with every kind of dirt; the same rows and seed give the same bytes",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if rows < 0 {
				return usageError{fmt.Errorf("--rows must not be negative")}
			}
			if out == "" {
				out = filepath.Join("inbox", "residents.csv")
			}
			if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
				return err
			}
			err := durable.Write(out, 0o644, func(w io.Writer) error {
				b := bufio.NewWriterSize(w, 1<<20)
				if err := generator.Write(b, rows, seed); err != nil {
					return err
				}
				return b.Flush()
			})
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(c, map[string]any{"file": out, "rows": rows, "seed": seed})
			}
			fmt.Fprintf(c.OutOrStdout(), "wrote %s synthetic rows to %s\n", grouped(int64(rows)), out)
			return nil
		},
	}
	residents.Flags().IntVar(&rows, "rows", rows, "how many rows")
	residents.Flags().Uint64Var(&seed, "seed", seed, "seed")
	residents.Flags().StringVarP(&out, "out", "o", "", "`FILE` to write (default inbox/residents.csv)")
	c.AddCommand(residents)
	return c
}
