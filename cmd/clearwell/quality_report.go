package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
	"clearwell/pipeline/publish"
	"clearwell/pipeline/quality"
	"clearwell/pipeline/spreadsheet"
	"clearwell/rules"
)

// reportFlags are the flags of quality beyond one version on the terminal.
type reportFlags struct {
	department, csv, xlsx, html, lang string
	trend                             bool
	runs                              int
}

func (f *reportFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.department, "department", "", "the datasets of this department, and what they come to")
	c.Flags().BoolVar(&f.trend, "trend", false, "how the scores and defects went over runs")
	c.Flags().IntVar(&f.runs, "runs", 30, "how many runs the trend goes back")
	c.Flags().StringVar(&f.csv, "csv", "", "write the report to `FILE`, UTF-8 with BOM")
	c.Flags().StringVar(&f.xlsx, "xlsx", "", "write the report to `FILE` as XLSX")
	c.Flags().StringVar(&f.html, "html", "", "write the report to `FILE` as a page in one language")
	c.Flags().StringVar(&f.lang, "lang", "zh", "language of the report: zh or en")
}

// rolledUp is a dataset with its current version and its trend.
type rolledUp struct {
	Dataset    string            `json:"dataset"`
	Title      map[string]string `json:"title,omitempty"`
	Department string            `json:"department"`
	Version    int               `json:"version,omitempty"`
	Delivered  quality.Percent   `json:"delivered"`
	Published  quality.Percent   `json:"published"`
	Coverage   quality.Percent   `json:"coverage"`
	Open       int64             `json:"open_defects"`
	Trend      []quality.Percent `json:"trend"` // published scores, oldest first
}

// departmentScore is the mean of the datasets of a department.
type departmentScore struct {
	Department string          `json:"department"`
	Datasets   int             `json:"datasets"`
	Delivered  quality.Percent `json:"delivered"`
	Published  quality.Percent `json:"published"`
	Open       int64           `json:"open_defects"`
}

// rollUp prints datasets and departments.
func (a *app) rollUp(c *cobra.Command, ws *rules.Workspace, f *reportFlags) error {
	list, err := ofDepartment(ws, f.department)
	if err != nil {
		return err
	}
	var all []rolledUp
	for _, ds := range list {
		one, err := rollUpOne(c, ws, ds, f.runs)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	departments := byDepartment(ws, all)
	if a.json {
		return printJSON(c, map[string]any{"datasets": all, "departments": departments})
	}
	w := c.OutOrStdout()
	t := newTable("DATASET", "DEPARTMENT", "VERSION", "DELIVERED", "PUBLISHED", "COVERAGE", "OPEN DEFECTS", "TREND").alignRight(2, 3, 4, 5, 6)
	for _, d := range all {
		version := "–"
		if d.Version > 0 {
			version = fmt.Sprint(d.Version)
		}
		t.add(d.Dataset, d.Department, version, d.Delivered, d.Published, d.Coverage, d.Open, quality.Sparkline(d.Trend))
	}
	t.print(w)
	fmt.Fprintln(w)
	t = newTable("DEPARTMENT", "DATASETS", "DELIVERED", "PUBLISHED", "OPEN DEFECTS").alignRight(1, 2, 3, 4)
	for _, d := range departments {
		t.add(d.Department, d.Datasets, d.Delivered, d.Published, d.Open)
	}
	t.print(w)
	return nil
}

func rollUpOne(c *cobra.Command, ws *rules.Workspace, ds *rules.Dataset, runs int) (rolledUp, error) {
	out := rolledUp{Dataset: ds.ID, Title: ds.Plan.Title, Department: ds.Plan.Owner, Delivered: quality.NotEvaluated, Published: quality.NotEvaluated, Coverage: quality.NotEvaluated, Trend: []quality.Percent{}}
	latest, err := publish.Open(ws.Root).Current(ds.ID)
	if err != nil && !errors.Is(err, publish.ErrNoVersion) {
		return out, err
	}
	if err == nil {
		r, err := pipeline.ReadQuality(ws.Root, ds.ID, latest.Version)
		if err != nil {
			return out, err
		}
		out.Version, out.Delivered, out.Published, out.Coverage = latest.Version, r.Delivered.Total, r.Published.Total, r.Coverage.Share
	}
	points, err := trendOf(c, ws.Root, ds.ID, runs)
	if err != nil {
		return out, err
	}
	for i, p := range points {
		if i == 0 {
			out.Open = p.Defects.Open
		}
		out.Trend = append(out.Trend, p.Published)
	}
	slices.Reverse(out.Trend)
	return out, nil
}

// byDepartment rolls datasets up, departments in the order of the workspace.
func byDepartment(ws *rules.Workspace, all []rolledUp) []departmentScore {
	out := []departmentScore{}
	for _, d := range ws.Departments {
		s := departmentScore{Department: d.ID}
		var delivered, published []quality.Percent
		for _, ds := range all {
			if ds.Department == d.ID {
				s.Datasets++
				s.Open += ds.Open
				delivered, published = append(delivered, ds.Delivered), append(published, ds.Published)
			}
		}
		if s.Datasets > 0 {
			s.Delivered, s.Published = quality.Mean(delivered), quality.Mean(published)
			out = append(out, s)
		}
	}
	return out
}

// printTrend prints the runs of a dataset, newest first.
func (a *app) printTrend(c *cobra.Command, ws *rules.Workspace, dataset string, runs int) error {
	points, err := trendOf(c, ws.Root, dataset, runs)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(c, points)
	}
	w := c.OutOrStdout()
	if len(points) == 0 {
		fmt.Fprintf(w, "%s has no assessed run yet\n", dataset)
		return nil
	}
	var delivered, published []quality.Percent
	t := newTable("RUN", "STATUS", "VERSION", "ENTRY", "DELIVERED", "PUBLISHED", "ROWS", "OPEN", "OPENED", "REOPENED", "CLOSED").alignRight(2, 3, 4, 5, 6, 7, 8, 9, 10)
	for _, p := range points {
		version := "-"
		if p.Version > 0 {
			version = fmt.Sprint(p.Version)
		}
		t.add(p.Run, p.Status, version, int64(p.Index), p.Delivered, p.Published, p.Rows, p.Defects.Open, p.Defects.Opened, p.Defects.Reopened, p.Defects.Closed)
		delivered, published = append(delivered, p.Delivered), append(published, p.Published)
	}
	slices.Reverse(delivered)
	slices.Reverse(published)
	fmt.Fprintf(w, "%s, oldest run first:\n  delivered %s\n  published %s\n\n", dataset, quality.Sparkline(delivered), quality.Sparkline(published))
	t.print(w)
	return nil
}

// writeReport writes the report of a version to the files asked for.
func writeReport(c *cobra.Command, ws *rules.Workspace, r *quality.Result, f *reportFlags) error {
	if f.lang != "zh" && f.lang != "en" {
		return usageError{fmt.Errorf("--lang is zh or en, not %q", f.lang)}
	}
	for _, to := range []string{f.csv, f.xlsx} {
		if to == "" {
			continue
		}
		if err := reportTable(r, to, f.lang); err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), "wrote", to)
	}
	if f.html == "" {
		return nil
	}
	points, err := trendOf(c, ws.Root, r.Dataset, f.runs)
	if err != nil {
		return err
	}
	slices.Reverse(points)
	out, err := os.OpenFile(f.html, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if err := errors.Join(r.WriteReport(io.Writer(out), f.lang, points), out.Close()); err != nil {
		return err
	}
	fmt.Fprintln(c.OutOrStdout(), "wrote", f.html)
	return nil
}

func reportTable(r *quality.Result, to, lang string) error {
	book, err := spreadsheet.Create(to)
	if err != nil {
		return usageError{err}
	}
	err = book.Sheet(r.Dataset, quality.ReportHeader(lang), []float64{12, 22, 22, 36, 24, 8, 12, 12, 10, 10})
	for _, row := range r.Report(lang) {
		if err == nil {
			err = book.Row(row.Dimension, row.Class, row.Name, row.Description, row.Basis, row.Level, row.Checked, row.Failed, percentCell(row.Share), percentCell(row.Score))
		}
	}
	return errors.Join(err, book.Close())
}

// percentCell is a percentage as a number; an empty cell where it is not evaluated.
func percentCell(p quality.Percent) any {
	if !p.Evaluated() {
		return nil
	}
	return float64(p) / 100
}
