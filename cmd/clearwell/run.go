package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
	"clearwell/pipeline/publish"
	"clearwell/pipeline/quality"
)

// runReport is what `run --json` prints.
type runReport struct {
	Dataset   string             `json:"dataset"`
	Run       string             `json:"run"`
	Status    string             `json:"status"`
	Version   int64              `json:"version,omitempty"`
	Rows      pipeline.RunRows   `json:"rows"`
	Delivered string             `json:"score_delivered"`
	Published string             `json:"score_published"`
	Parquet   []string           `json:"parquet,omitempty"`
	Proof     string             `json:"proof,omitempty"`
	Root      string             `json:"content_root,omitempty"`
	Rejects   string             `json:"quarantine,omitempty"`
	Rules     []ruleReport       `json:"rules,omitempty"`
	Fields    []fieldReport      `json:"fields,omitempty"`
	Warnings  []string           `json:"warnings,omitempty"`
	Refusals  []string           `json:"refusals,omitempty"`
	Error     string             `json:"error,omitempty"`
	Seconds   map[string]float64 `json:"seconds,omitempty"`
}

type ruleReport struct {
	ID      string `json:"id"`
	Checked int64  `json:"checked"`
	Failed  int64  `json:"failed"`
}

type fieldReport struct {
	Name    string           `json:"name"`
	Nulls   int64            `json:"nulls"`
	Changed map[string]int64 `json:"changed,omitempty"`
}

func (a *app) runCommand() *cobra.Command {
	var all, draft bool
	var profile string
	var memory byteSize
	var opts pipeline.Options
	c := &cobra.Command{
		Use:   "run [DATASET...]",
		Short: "Run datasets once: from the source to a published version",
		Long: `run carries datasets from the source to a published version, one after the other.
A contract that is a draft, or retired, publishes nothing; --all passes over those.

With --draft the source is cleaned, checked and scored as in a run, whatever the
status of the contract, and nothing is published: the quality report is written
into .clearwell/drafts.

With --json one document is printed: the report of the run, or a list of reports
where several datasets are named or --all is given.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if all && len(args) > 0 {
				return usageError{fmt.Errorf("--all runs every dataset; leave out %s, or leave out --all", strings.Join(args, ", "))}
			}
			opts.Memory = int64(memory)
			w, err := a.open(c.Context(), c.ErrOrStderr())
			if err != nil {
				return err
			}
			defer w.close()
			if all {
				for _, d := range w.Workspace.Datasets {
					if !draft && !d.Lifecycle.Status.Runs() {
						fmt.Fprintf(c.ErrOrStderr(), "%s is passed over: the contract is %s\n", d.ID, d.Lifecycle)
						continue
					}
					args = append(args, d.ID)
				}
			}
			if len(args) == 0 && !all {
				ds, err := datasetArg(w.Workspace, args)
				if err != nil {
					return err
				}
				args = []string{ds.ID}
			}
			for _, id := range args {
				if _, err := datasetArg(w.Workspace, []string{id}); err != nil {
					return err
				}
			}
			return profiled(profile, func() error {
				var failed error
				reports := []runReport{}
				for _, id := range args {
					report, err := a.runOne(c, w, id, draft, opts)
					if err != nil {
						failed = errors.Join(failed, err)
					}
					reports = append(reports, report)
					if c.Context().Err() != nil { // called off: the datasets after it are not begun
						break
					}
				}
				if a.json {
					var doc any = reports
					if len(reports) == 1 && !all && len(args) == 1 {
						doc = reports[0]
					}
					if err := printJSON(c, doc); err != nil {
						return err
					}
				}
				return failed
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "run every dataset of the workspace")
	c.Flags().BoolVar(&draft, "draft", false, "assess only: publish nothing, write the quality report into .clearwell/drafts")
	c.Flags().IntVar(&opts.CPUs, "cpus", 0, "workers (default: as many as there are processors)")
	c.Flags().Var(&memory, "memory", "memory budget such as 512MiB or 2GiB (default 1GiB, less where there is less)")
	c.Flags().StringVar(&profile, "profile", "", "write CPU and memory profiles into `DIR`")
	return c
}

// runOne runs or assesses a dataset; for people it prints the report, too.
func (a *app) runOne(c *cobra.Command, w *opened, dataset string, draft bool, opts pipeline.Options) (runReport, error) {
	bar := newBar(c.ErrOrStderr())
	opts.Progress = bar.update()
	run := w.Run
	if draft {
		run = w.RunDraft
	}
	out, err := run(c.Context(), dataset, opts)
	bar.clear()
	report := newRunReport(w, dataset, out, err)
	switch {
	case a.json:
	case err == nil && draft:
		report.printDraft(c.OutOrStdout(), w.Workspace.Root, out.Folder)
	case err == nil:
		report.print(c.OutOrStdout(), w.Workspace.Root)
	default:
		var refused *pipeline.RefusedError
		if errors.As(err, &refused) {
			report.printRefusal(c.OutOrStdout(), w.Workspace.Root, standing(w, dataset))
		}
	}
	return report, err
}

func newRunReport(w *opened, dataset string, out *pipeline.Outcome, err error) runReport {
	r := runReport{Dataset: dataset, Status: pipeline.StatusFailed}
	if err != nil {
		r.Error = err.Error()
	}
	if out == nil {
		return r
	}
	r.Run, r.Status, r.Version, r.Rows, r.Root = out.Run.ID, out.Run.Status, out.Run.Version, out.Run.Rows, out.Root
	r.Seconds = map[string]float64{}
	for _, t := range out.Stages {
		r.Seconds[t.Stage] = float64(t.Wall.Milliseconds()) / 1000
	}
	r.Parquet = out.Files
	if len(out.Files) > 0 {
		r.Proof = filepath.Join(out.Folder, "proof.json")
	}
	if dir := w.QuarantineDir(dataset, out.Run.ID); out.Run.ID != "" && exists(dir) {
		r.Rejects, _ = filepath.Rel(w.Workspace.Root, filepath.Join(dir, "quarantine.parquet"))
	}
	if q := out.Quality; q != nil {
		r.Delivered, r.Published = q.Delivered.Total.String(), q.Published.Total.String()
		for _, rule := range q.Rules {
			r.Rules = append(r.Rules, ruleReport{rule.ID, rule.Delivered.Checked, rule.Delivered.Failed})
		}
		for _, f := range q.Fields {
			fr := fieldReport{Name: f.Name, Nulls: f.Nulls, Changed: map[string]int64{}}
			for _, s := range f.Changed {
				if s.Cells > 0 {
					fr.Changed[s.Step] += s.Cells
				}
			}
			r.Fields = append(r.Fields, fr)
		}
		r.Warnings, r.Refusals = sentences(q.Warnings()), sentences(q.Refusals())
	}
	r.Warnings = append(r.Warnings, out.Notices...)
	return r
}

func sentences(gates []quality.Gate) []string {
	var out []string
	for _, g := range gates {
		out = append(out, g.Sentence())
	}
	return out
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (r runReport) print(w io.Writer, root string) {
	fmt.Fprintf(w, "%s version %d published\n", r.Dataset, r.Version)
	r.printBalance(w)
	for _, s := range r.Warnings {
		fmt.Fprintln(w, "  warning     ", s)
	}
	shown := func(path string) string { return shownPath(root, path) }
	for _, p := range r.Parquet {
		fmt.Fprintln(w, "  parquet     ", shown(p))
	}
	if len(r.Parquet) > 0 {
		fmt.Fprintln(w, "  report      ", shown(filepath.Join(filepath.Dir(r.Parquet[0]), "quality.html")))
	}
	if r.Rejects != "" && r.Rows.Quarantined > 0 {
		fmt.Fprintln(w, "  quarantine  ", shown(r.Rejects))
	}
	if len(r.Parquet) > 0 {
		fmt.Fprintln(w, "  verify with ", called(), "verify", shown(r.Parquet[0]))
	}
}

// printDraft prints what a run would have come to.
func (r runReport) printDraft(w io.Writer, root, folder string) {
	fmt.Fprintf(w, "%s: assessed as a draft; nothing is published\n", r.Dataset)
	r.printBalance(w)
	for _, s := range r.Warnings {
		fmt.Fprintln(w, "  warning     ", s)
	}
	for _, s := range r.Refusals {
		fmt.Fprintln(w, "  would refuse", s)
	}
	fmt.Fprintln(w, "  report      ", shownPath(root, filepath.Join(folder, "quality.html")))
}

// shownPath is a path below root as one can type it from here.
func shownPath(root, path string) string {
	full := filepath.Join(root, path)
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, full); err == nil && len(rel) < len(full) {
			return rel
		}
	}
	return full
}

func (r runReport) printBalance(w io.Writer) {
	fmt.Fprintf(w, "  rows         %s read = %s published + %s quarantined + %s duplicates", grouped(r.Rows.Read), grouped(r.Rows.Published), grouped(r.Rows.Quarantined), grouped(r.Rows.Duplicates))
	if r.Rows.Suppressed > 0 {
		fmt.Fprintf(w, " + %s suppressed", grouped(r.Rows.Suppressed))
	}
	if r.Rows.Excluded > 0 {
		fmt.Fprintf(w, " + %s excluded", grouped(r.Rows.Excluded))
	}
	fmt.Fprintf(w, "\n  score        %s delivered, %s published (of 100)\n", r.Delivered, r.Published)
}

// standing says what readers go on seeing after a run that published nothing.
func standing(w *opened, dataset string) string {
	latest, err := w.Site.Current(dataset)
	switch {
	case errors.Is(err, publish.ErrNoVersion):
		return "no version is published yet"
	case err != nil:
		return err.Error()
	}
	return fmt.Sprintf("version %d stays current", latest.Version)
}

func (r runReport) printRefusal(w io.Writer, root, standing string) {
	fmt.Fprintf(w, "%s: refused; %s\n", r.Dataset, standing)
	r.printBalance(w)
	if r.Rejects != "" {
		fmt.Fprintln(w, "  quarantine  ", shownPath(root, r.Rejects))
	}
}

// runScheduled is what the daemon does when a dataset is due.
func runScheduled(w *opened, memory int64, log *slog.Logger) func(ctx context.Context, dataset string, scheduledFor time.Time) error {
	return func(ctx context.Context, dataset string, scheduledFor time.Time) error {
		out, err := w.Run(ctx, dataset, pipeline.Options{ScheduledFor: scheduledFor, Memory: memory})
		if err == nil {
			r := out.Run
			log.Info("published", "dataset", dataset, "version", r.Version, "score", scoreText(r.Score),
				"read", r.Rows.Read, "published", r.Rows.Published, "quarantined", r.Rows.Quarantined, "run", r.ID)
		}
		return err
	}
}

var stages = []string{"archive", "check", "publish", "record"}

func stageNumber(stage string) int { return slices.Index(stages, stage) + 1 }
