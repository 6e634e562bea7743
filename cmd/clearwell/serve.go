package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearwell/jobs"
	"clearwell/pipeline"
	"clearwell/rules"
)

func (a *app) serveCommand() *cobra.Command {
	var listen string
	var memory byteSize
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the workspace's jobs when they are due, until stopped",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			w, err := a.open(c.Context(), c.ErrOrStderr())
			if err != nil {
				return err
			}
			defer w.close()
			list := scheduledJobs(w.Workspace)
			if len(list) == 0 {
				return usageError{fmt.Errorf("%s has no jobs; write them into jobs.yaml", w.Workspace.Root)}
			}
			log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil))
			if a.json {
				log = slog.New(slog.NewJSONHandler(c.ErrOrStderr(), nil))
			}
			if passed := passedOver(w.Workspace); len(passed) > 0 {
				log.Warn("jobs of contracts that publish nothing are passed over until the contract is in force and serve is started anew", "datasets", strings.Join(passed, ", "))
			}
			err = jobs.Serve(c.Context(), jobs.Config{
				Store: w.store, Jobs: list, Run: runScheduled(w, int64(memory), log), LockPath: filepath.Join(w.Workspace.Root, pipeline.StateDir, "serve.lock"),
				Listen: listen, Log: log, Idle: func(ctx context.Context) error { return compactIdly(ctx, w, log) },
				Ready: func(address string) {
					log.Info("serving", "workspace", w.Workspace.Name, "jobs", len(list), "listen", address)
				},
			})
			log.Info("stopped")
			return err
		},
	}
	c.Flags().StringVar(&listen, "listen", "", "loopback `ADDRESS` for /healthz, /readyz and /metrics, such as 127.0.0.1:8089")
	c.Flags().Var(&memory, "memory", "memory budget of a run, such as 512MiB (default 1GiB, less where there is less)")
	return c
}

// passedOver names the datasets of jobs whose contract publishes nothing, with the state of the contract.
func passedOver(ws *rules.Workspace) (names []string) {
	for _, j := range ws.Jobs {
		for _, d := range j.Datasets {
			if name := d; publishesNothing(ws, d) {
				if name += " (" + ws.Dataset(d).Lifecycle.String() + ")"; !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// compactIdly compresses the archive while no job runs.
func compactIdly(ctx context.Context, w *opened, log *slog.Logger) error {
	done, err := w.CompactArchive(ctx)
	if done.Objects > 0 {
		log.Info("archive compacted", "objects", done.Objects, "bytes_before", done.Before, "bytes_after", done.After)
	}
	return err
}
