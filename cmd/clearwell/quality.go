package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"clearwell/pipeline/publish"
	"clearwell/pipeline/quality"
	"clearwell/rules"
)

func (a *app) qualityCommand() *cobra.Command {
	var version int
	var report reportFlags
	c := &cobra.Command{
		Use:   "quality [DATASET]",
		Short: "Show the quality result of a published version",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ws, err := a.load()
			if err != nil {
				return err
			}
			if len(args) == 0 && (report.department != "" || len(ws.Datasets) > 1) {
				if version != 0 || report.csv != "" || report.xlsx != "" || report.html != "" {
					return usageError{fmt.Errorf("a report is that of one dataset: name it (there are: %s)", datasetNames(ws))}
				}
				return a.rollUp(c, ws, &report)
			}
			ds, err := datasetArg(ws, args)
			if err != nil {
				return err
			}
			if report.trend {
				return a.printTrend(c, ws, ds.ID, report.runs)
			}
			folder, err := versionFolder(ws, ds.ID, version)
			if err != nil {
				return err
			}
			data, err := os.ReadFile(filepath.Join(ws.Root, folder, "quality.json"))
			if err != nil {
				return fmt.Errorf("read the quality result: %w; see what else is missing with: %s verify", err, called())
			}
			if a.json {
				_, err := c.OutOrStdout().Write(data)
				return err
			}
			r, err := quality.Parse(data)
			if err != nil {
				return fmt.Errorf("%s: %w; see whether it was changed with: %s verify", filepath.Join(folder, "quality.json"), err, called())
			}
			if report.csv != "" || report.xlsx != "" || report.html != "" {
				return writeReport(c, ws, r, &report)
			}
			printQuality(c, r, filepath.Join(folder, "quality.html"))
			return nil
		},
	}
	c.Flags().IntVar(&version, "version", 0, "which version (default: the current one)")
	report.add(c)
	return c
}

// versionFolder is the folder of a version, relative to the workspace; version 0 is the current one.
func versionFolder(ws *rules.Workspace, dataset string, version int) (string, error) {
	if version == 0 {
		latest, err := publish.Open(ws.Root).Current(dataset)
		if errors.Is(err, publish.ErrNoVersion) {
			return "", fmt.Errorf("%s has no published version yet; run it with: clearwell run %s", dataset, dataset)
		}
		if err != nil {
			return "", err
		}
		version = latest.Version
	}
	folder := publish.VersionFolder(dataset, version)
	if !exists(filepath.Join(ws.Root, folder)) {
		return "", usageError{fmt.Errorf("%s has no version %d", dataset, version)}
	}
	return folder, nil
}

func printQuality(c *cobra.Command, r *quality.Result, page string) {
	w := c.OutOrStdout()
	fmt.Fprintf(w, "%s: %s delivered, %s published (of 100); rules read %d of %d fields (coverage %s%%)\n\n",
		r.Dataset, r.Delivered.Total, r.Published.Total, r.Coverage.WithRule, r.Coverage.Fields, r.Coverage.Share)
	t := newTable("DIMENSION", "DELIVERED", "PUBLISHED").alignRight(1, 2)
	for i, d := range r.Delivered.Dimensions {
		t.add(d.Dimension, d.Score, r.Published.Dimensions[i].Score)
	}
	t.print(w)
	fmt.Fprintln(w)
	list := append([]quality.RuleResult(nil), r.Rules...)
	sort.SliceStable(list, func(i, j int) bool { return list[i].Delivered.Failed > list[j].Delivered.Failed })
	t = newTable("RULE", "FIELD", "SEVERITY", "CHECKED", "FAILED", "SHARE", "MISTAKES", "ON FAIL").alignRight(3, 4, 5, 6)
	for _, rule := range list {
		share := "not evaluated"
		if rule.Delivered.Checked > 0 {
			share = fmt.Sprintf("%.2f%%", 100*float64(rule.Delivered.Failed)/float64(rule.Delivered.Checked))
		}
		field := rule.Field
		if field == "" {
			field = strings.Join(rule.Reads, ", ")
		}
		mistakes := ""
		if rule.Mistakes > 0 {
			mistakes = grouped(rule.Mistakes)
		}
		t.add(rule.ID, field, shownSeverity(rule.Severity.String()), rule.Delivered.Checked, rule.Delivered.Failed, share, mistakes, rule.OnFail)
	}
	t.withoutBlank().print(w)
	printUnmatched(w, list)
	printMeasures(w, r.Measures)
	for _, g := range append(r.Refusals(), r.Warnings()...) {
		fmt.Fprintln(w, "\n"+g.Sentence())
	}
	fmt.Fprintln(w, "\nthe page for people:", page)
}
