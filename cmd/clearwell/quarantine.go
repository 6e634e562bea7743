package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
	"clearwell/pipeline/spreadsheet"
	"clearwell/rules"
)

func (a *app) quarantineCommand() *cobra.Command {
	var run, rule, export string
	var limit int
	var raw bool
	var over defectFlags
	c := &cobra.Command{
		Use:   "quarantine [DATASET]",
		Short: "List the rows that a run sent to the quarantine, and why",
		Long: `quarantine lists the rejected rows of a run: by rule, then row by row with file,
line and what is wrong. It shows cells and raw records only where --raw or
--csv asks for them: the quarantine holds data as delivered.

With --open, --closed, --new, --since, --field or --department it speaks of
defects over runs instead: a defect is a row that breaks a rule, opened by the run
that first saw it and closed by the one that judged the rule and saw it no more.
--xlsx, or --csv with one of these, writes them as the return for the department.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ws, err := a.load()
			if err != nil {
				return err
			}
			if over.asked() {
				over.csv = export
				return a.defects(c, ws, args, &over, rule, limit)
			}
			ds, err := datasetArg(ws, args)
			if err != nil {
				return err
			}
			dir := filepath.Join(ws.Root, pipeline.StateDir, "quarantine", ds.ID)
			if run == "" {
				entries, err := os.ReadDir(dir)
				if err != nil || len(entries) == 0 {
					return fmt.Errorf("%s has no quarantine; it is made by: clearwell run %s", ds.ID, ds.ID)
				}
				run = entries[len(entries)-1].Name() // run ids sort by start
			}
			path := filepath.Join(dir, run, "quarantine.parquet")
			if !exists(path) {
				return usageError{fmt.Errorf("%s has no quarantine of a run %q; the runs are listed by: clearwell status %s", ds.ID, run, ds.ID)}
			}
			if export != "" {
				n, err := exportQuarantine(path, export, rule)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(c, map[string]any{"run": run, "rows": n, "csv": export})
				}
				fmt.Fprintf(c.OutOrStdout(), "wrote %s rows to %s\n", grouped(n), export)
				return nil
			}
			return a.listQuarantine(c, ds, path, run, rule, limit, raw)
		},
	}
	c.Flags().StringVar(&run, "run", "", "which run (default: the last one)")
	c.Flags().StringVar(&rule, "rule", "", "only rows that break this rule")
	c.Flags().IntVarP(&limit, "limit", "n", 20, "how many rows to list")
	c.Flags().BoolVar(&raw, "raw", false, "show the raw records")
	c.Flags().StringVar(&export, "csv", "", "write the rows, or the return, to `FILE` for the department, UTF-8 with BOM")
	over.add(c)
	return c
}

func breaks(r *pipeline.Reject, rule string) bool {
	return rule == "" || slices.Contains(strings.Split(r.Reasons, ","), rule)
}

func (a *app) listQuarantine(c *cobra.Command, ds *rules.Dataset, path, run, rule string, limit int, raw bool) error {
	byRule := map[string]int64{}
	var total int64
	list := []pipeline.Reject{}
	err := pipeline.ReadQuarantine(path, func(r *pipeline.Reject) error {
		if !breaks(r, rule) {
			return nil
		}
		total++
		for _, id := range strings.Split(r.Reasons, ",") {
			byRule[id]++
		}
		if len(list) < limit {
			kept := *r
			kept.Cells, kept.Raw = nil, nil
			if raw {
				kept.Cells, kept.Raw = slices.Clone(r.Cells), slices.Clone(r.Raw)
			}
			list = append(list, kept)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if total == 0 {
		if err := askedFor([]*rules.Dataset{ds}, rule, ""); err != nil {
			return err
		}
	}
	if a.json {
		return printJSON(c, map[string]any{"run": run, "rows": total, "by_rule": byRule, "list": list})
	}
	w := c.OutOrStdout()
	fmt.Fprintf(w, "run %s: %s %s in the quarantine\n\n", run, grouped(total), plural(int(total), "row", "rows"))
	if total == 0 {
		return nil
	}
	ids := make([]string, 0, len(byRule))
	for id := range byRule {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool {
		if byRule[ids[i]] != byRule[ids[j]] {
			return byRule[ids[i]] > byRule[ids[j]]
		}
		return ids[i] < ids[j]
	})
	t := newTable("RULE", "ROWS").alignRight(1)
	for _, id := range ids {
		t.add(id, byRule[id])
	}
	t.print(w)
	fmt.Fprintln(w)
	t = newTable("FILE", "LINE", "RECORD", "RULES", "WHAT IS WRONG").alignRight(1, 2)
	for _, r := range list {
		t.add(r.Source, r.Line, r.Row, r.Reasons, r.Messages)
		if raw {
			t.add("", "", "", "", strconv.Quote(string(r.Raw)))
		}
	}
	t.print(w)
	if total > int64(len(list)) {
		fmt.Fprintf(w, "… and %s more (--limit, --rule, --csv)\n", grouped(total-int64(len(list))))
	}
	return nil
}

// exportQuarantine writes rejects as a spreadsheet can open them.
func exportQuarantine(path, to, rule string) (n int64, err error) {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.WriteString(f, "\ufeff"); err != nil {
		return 0, err
	}
	w := csv.NewWriter(f)
	w.UseCRLF = true
	headed := false
	err = pipeline.ReadQuarantine(path, func(r *pipeline.Reject) error {
		if !headed {
			headed = true
			header := []string{"文件 file", "行 line", "记录 record", "规则 rules", "问题 problem", "无法解析的原始记录 record that could not be read"}
			for _, name := range r.Columns { // the department's words, like the cells
				header = append(header, spreadsheet.Neutral(name))
			}
			if err := w.Write(header); err != nil {
				return err
			}
		}
		if !breaks(r, rule) {
			return nil
		}
		n++
		row := []string{spreadsheet.Neutral(r.Source), strconv.FormatInt(r.Line, 10), strconv.FormatInt(r.Row, 10), r.Reasons, spreadsheet.Neutral(r.Messages), ""}
		if r.Unread {
			row[len(row)-1] = spreadsheet.Neutral(r.RecordText())
		}
		for _, cell := range r.Cells {
			row = append(row, spreadsheet.Neutral(cell))
		}
		return w.Write(row)
	})
	w.Flush()
	return n, errors.Join(err, w.Error())
}
