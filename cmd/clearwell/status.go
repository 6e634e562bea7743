package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clearwell/jobs"
	"clearwell/rules"
)

func (a *app) statusCommand() *cobra.Command {
	var runs int
	c := &cobra.Command{
		Use:   "status [DATASET...]",
		Short: "Show how each dataset stands: last run, score, rows, next run",
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			ws, err := a.load()
			if err != nil {
				return err
			}
			ids := datasetIDs(ws)
			if len(args) > 0 {
				ids = nil
				for _, id := range args {
					ds, err := datasetArg(ws, []string{id})
					if err != nil {
						return err
					}
					ids = append(ids, ds.ID)
				}
			}
			store, err := history(c.Context(), ws.Root)
			if err != nil {
				return err
			}
			if store == nil {
				if a.json {
					return printJSON(c, []jobs.DatasetStatus{})
				}
				fmt.Fprintln(c.OutOrStdout(), "nothing was run yet; start with: clearwell run")
				return nil
			}
			defer store.Close()
			list, err := store.Status(c.Context(), scheduledJobs(ws), ids, time.Now())
			if err != nil {
				return err
			}
			if runs > 0 || len(args) > 0 {
				if runs <= 0 {
					runs = 10
				}
				return a.printRuns(c, store, ids, runs)
			}
			if a.json {
				return printJSON(c, list)
			}
			printStatus(c, list)
			return nil
		},
	}
	c.Flags().IntVar(&runs, "runs", 0, "list the last `N` runs instead")
	return c
}

// scheduledJobs turns the jobs of the workspace into those of the scheduler: one per
// dataset. Those of a contract that publishes nothing, such as a draft, are paused.
func scheduledJobs(ws *rules.Workspace) []jobs.Job {
	var out []jobs.Job
	for _, j := range ws.Jobs {
		for _, d := range j.Datasets {
			id := j.ID
			if len(j.Datasets) > 1 {
				id += "/" + d
			}
			out = append(out, jobs.Job{ID: id, Dataset: d, Cron: j.Cron, Timezone: j.TimeZone,
				CatchUp: jobs.CatchUp(j.CatchUp), Overlap: jobs.Overlap(j.Overlap), Paused: j.Paused || publishesNothing(ws, d)})
		}
	}
	return out
}

func publishesNothing(ws *rules.Workspace, dataset string) bool {
	ds := ws.Dataset(dataset)
	return ds != nil && !ds.Lifecycle.Status.Runs()
}

func (a *app) printRuns(c *cobra.Command, store *jobs.Store, ids []string, limit int) error {
	var all []jobs.RunRecord
	for _, id := range ids {
		runs, err := store.Runs(id, limit)
		if err != nil {
			return err
		}
		all = append(all, runs...)
	}
	if a.json {
		return printJSON(c, all)
	}
	t := newTable("RUN", "STATUS", "VERSION", "SCORE", "READ", "PUBLISHED", "QUARANTINED", "DUPLICATES", "TOOK").alignRight(2, 3, 4, 5, 6, 7, 8)
	for _, r := range all {
		took := "-"
		if !r.Finished.IsZero() {
			took = r.Finished.Sub(r.Started).Round(10 * time.Millisecond).String()
		}
		t.add(r.ID, r.Status, dash(r.Version), scoreText(r.Score), r.Rows.Read, r.Rows.Published, r.Rows.Quarantined, r.Rows.Duplicates, took)
	}
	t.print(c.OutOrStdout())
	shown := map[string]bool{}
	for _, r := range all {
		if shown[r.Dataset] {
			continue
		}
		shown[r.Dataset] = true
		if err := printStages(c, store, r.ID); err != nil {
			return err
		}
	}
	for _, r := range all {
		if r.Error != "" {
			fmt.Fprintf(c.OutOrStdout(), "\n%s: %s\n", r.ID, r.Error)
		}
	}
	return nil
}

func dash(n int64) string {
	if n == 0 {
		return "-"
	}
	return grouped(n)
}

func scoreText(hundredths int64) string {
	if hundredths < 0 {
		return "-"
	}
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

func printStatus(c *cobra.Command, list []jobs.DatasetStatus) {
	t := newTable("DATASET", "LAST RUN", "STATUS", "VERSION", "SCORE", "ROWS", "NEXT").alignRight(3, 4, 5)
	for _, s := range list {
		last, status, version, score, rows, next := "-", "never run", "-", "-", "-", "-"
		if r := s.Last; r != nil {
			last, status = r.Started.Local().Format("2006-01-02 15:04:05"), r.Status
		}
		if r := s.Published; r != nil {
			version, score, rows = grouped(r.Version), scoreText(r.Score), grouped(r.Rows.Published)
		}
		if !s.NextDue.IsZero() {
			next = s.NextDue.Local().Format("2006-01-02 15:04") + " by " + s.NextJob
		}
		t.add(s.Dataset, last, status, version, score, rows, next)
	}
	t.print(c.OutOrStdout())
	fmt.Fprintln(c.OutOrStdout(), "times at UTC"+time.Now().Format("-07:00"))
	for _, s := range list {
		if s.Last != nil && s.Last.Error != "" {
			fmt.Fprintf(c.OutOrStdout(), "\n%s: %s\n", s.Dataset, strings.TrimPrefix(s.Last.Error, s.Dataset+": "))
		}
	}
}

// printStages shows what the stages of a run took. Wait is of workers,
// for the source or for each other, summed over them.
func printStages(c *cobra.Command, store *jobs.Store, run string) error {
	stages, err := store.Stages(run)
	if err != nil || len(stages) == 0 {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "\nstages of %s:\n", run)
	t := newTable("STAGE", "TOOK", "ROWS/S", "MB/S", "WAIT").alignRight(1, 2, 3, 4)
	for _, s := range stages {
		seconds := s.Wall.Seconds()
		rate := func(n int64, per float64) string {
			if n == 0 || seconds == 0 {
				return "-"
			}
			return grouped(int64(float64(n) / per / seconds))
		}
		t.add(s.Stage, s.Wall.Round(time.Millisecond), rate(s.Rows, 1), rate(s.Bytes, 1e6), s.Wait.Round(time.Millisecond))
	}
	t.print(c.OutOrStdout())
	return nil
}
