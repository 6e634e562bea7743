// Command clearwell pulls departments' datasets, cleans, deduplicates and
// desensitizes them by contract, records every step in a ledger that outsiders
// can check, and publishes Parquet.
//
// Each subcommand is a file of its name; app.go holds what they share. Flags,
// printing and exit codes live here and nowhere below.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
	"clearwell/rules"
)

// Exit codes of every command.
const (
	exitFailed  = 1
	exitUsage   = 2 // wrong usage, or a contract with errors
	exitRefused = 3 // a gate refused
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run carries out one command line and returns its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{}
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var shown *shownError
	if !errors.As(err, &shown) {
		var diagnostics rules.Diagnostics
		switch {
		case errors.As(err, &diagnostics) && wantsJSON(root):
			if err := printJSON(root, map[string]any{"ok": false, "diagnostics": diagnostics.In(a.language())}); err != nil {
				fmt.Fprintln(stderr, "clearwell:", err)
			}
		case errors.As(err, &diagnostics):
			printDiagnostics(stderr, diagnostics, a.language())
		case ctx.Err() != nil && errors.Is(err, context.Canceled):
			fmt.Fprintf(stderr, "clearwell: stopped by a signal: %v\n", err)
		default:
			fmt.Fprintln(stderr, "clearwell:", err)
		}
	}
	return exitCode(err)
}

// wantsJSON says whether the command line asked for JSON: then mistakes of contracts are JSON too.
func wantsJSON(root *cobra.Command) bool {
	asked, err := root.PersistentFlags().GetBool("json")
	return err == nil && asked
}

// usageError marks an error that a correct command line would avoid.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// shownError marks an outcome that the command has printed already.
type shownError struct{ error }

func (e *shownError) Unwrap() error { return e.error }

func exitCode(err error) int {
	var usage usageError
	var diagnostics rules.Diagnostics
	var refused *pipeline.RefusedError
	var notInForce *pipeline.NotInForceError
	switch {
	case errors.As(err, &refused):
		return exitRefused
	case errors.As(err, &usage), errors.As(err, &diagnostics), errors.As(err, &notInForce), errors.Is(err, pipeline.ErrUnknownDataset):
		return exitUsage
	default:
		return exitFailed
	}
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "clearwell",
		Short: "Clean, prove and publish government data",
		Long: `clearwell carries departments' datasets from raw files to published Parquet:
cleaned, deduplicated and desensitized by contract, every step in a ledger that
outsiders can check.

Start with: clearwell init DIR`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
		Args:          cobra.ArbitraryArgs, // cobra's own complaint about an unknown command cannot be told from other errors
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			hint := ""
			c.SuggestionsMinimumDistance = 2 // as cobra's own complaint has it
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				hint = fmt.Sprintf("; did you mean %q?", near[0])
			}
			return usageError{fmt.Errorf("unknown command %q%s\nsee: %s --help", args[0], hint, c.CommandPath())}
		},
	}
	root.PersistentFlags().StringVarP(&a.dir, "workspace", "C", "", "workspace `DIR` (default: this folder, or the nearest one above with a clearwell.yaml)")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON for machines")
	root.PersistentFlags().Var(&a.lang, "lang", "language of messages about contracts: en or zh (default: as clearwell.yaml says, else as the computer)")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w\nsee: %s --help", err, c.CommandPath())}
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		a.initCommand(), a.profileCommand(), a.importCommand(), a.exportCommand(), a.standardsCommand(), a.checkCommand(), a.previewCommand(), a.testCommand(), a.runCommand(), a.serveCommand(), a.statusCommand(),
		a.qualityCommand(), a.quarantineCommand(), a.lineageCommand(), a.verifyCommand(), a.ledgerCommand(), a.archiveCommand(), a.keysCommand(), a.demoCommand(),
	)
	for _, c := range root.Commands() {
		wrapArgs(c)
	}
	return root
}

// wrapArgs makes wrong arguments usage errors, with the command's own usage line.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usageError{fmt.Errorf("%w\nusage: %s", err, c.UseLine())}
			}
			if err := c.ValidateRequiredFlags(); err != nil { // else cobra says so later, in an error like any other
				return usageError{fmt.Errorf("%w\nusage: %s", err, c.UseLine())}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}
