package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
	"clearwell/pipeline/defects"
	"clearwell/pipeline/quality"
	"clearwell/pipeline/spreadsheet"
	"clearwell/rules"
	"clearwell/rules/syntax"
)

// defectFlags are the flags of quarantine that speak of defects over runs.
type defectFlags struct {
	department, field, since string
	open, closed, fresh      bool
	csv, xlsx, lang          string
}

func (f *defectFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.open, "open", false, "defects over runs: those that are open")
	c.Flags().BoolVar(&f.closed, "closed", false, "defects over runs: those that are closed, with the reason")
	c.Flags().BoolVar(&f.fresh, "new", false, "defects over runs: those that the last run opened")
	c.Flags().StringVar(&f.since, "since", "", "defects that were opened or closed since the run `ID`")
	c.Flags().StringVar(&f.field, "field", "", "defects of this field")
	c.Flags().StringVar(&f.department, "department", "", "defects of all datasets of this department")
	c.Flags().StringVar(&f.xlsx, "xlsx", "", "write the return for the department as XLSX to `FILE`: a line for each defect, with its value and what to do")
	c.Flags().StringVar(&f.lang, "lang", "zh", "language of the return: zh or en")
}

// asked says whether defects are meant rather than the rows of one run.
func (f *defectFlags) asked() bool {
	return f.open || f.closed || f.fresh || f.since != "" || f.field != "" || f.department != "" || f.xlsx != ""
}

func (f *defectFlags) filter(rule string) (pipeline.DefectFilter, error) {
	out := pipeline.DefectFilter{Rule: rule, Field: f.field, Since: f.since}
	n := 0
	for _, s := range []struct {
		on   bool
		word string
	}{{f.open, "open"}, {f.closed, "closed"}, {f.fresh, "new"}} {
		if s.on {
			out.State = s.word
			n++
		}
	}
	if n > 1 {
		return out, usageError{errors.New("take one of --open, --closed and --new")}
	}
	if n == 0 && f.since == "" {
		out.State = "open"
	}
	if f.lang != "zh" && f.lang != "en" {
		return out, usageError{fmt.Errorf("--lang is zh or en, not %q", f.lang)}
	}
	return out, nil
}

// datasets are those that the command speaks of: the one named, those of a department, or all.
func (f *defectFlags) datasets(ws *rules.Workspace, args []string) ([]*rules.Dataset, error) {
	if len(args) > 0 {
		ds, err := datasetArg(ws, args)
		if err == nil && f.department != "" && ds.Plan.Owner != f.department {
			err = usageError{fmt.Errorf("%s is owned by %s, not by %s", ds.ID, ds.Plan.Owner, f.department)}
		}
		return []*rules.Dataset{ds}, err
	}
	list, err := ofDepartment(ws, f.department)
	slices.SortStableFunc(list, func(a, b *rules.Dataset) int { return strings.Compare(a.Plan.Owner, b.Plan.Owner) })
	return list, err
}

// askedFor says what is wrong with a rule or a field that nothing was found for: one that none of
// the datasets has was probably misspelt. Codes of records that could not be read are rules too.
func askedFor(list []*rules.Dataset, rule, field string) error {
	ids, fields := []string{"ragged", "stray_quote", "unclosed_quote", "nul", "encoding"}, []string{}
	for _, ds := range list {
		for i := range ds.Plan.Rules {
			ids = append(ids, ds.Plan.Rules[i].ID)
		}
		for i := range ds.Plan.Fields {
			fields = append(fields, ds.Plan.Fields[i].Name)
		}
	}
	for _, asked := range []struct {
		what, word string
		valid      []string
	}{{"rule", rule, ids}, {"field", field, fields}} {
		if asked.word == "" || slices.Contains(asked.valid, asked.word) {
			continue
		}
		if near := syntax.Nearest(asked.word, asked.valid); near != "" {
			return usageError{fmt.Errorf("no %s %q; did you mean %q?", asked.what, asked.word, near)}
		}
		return usageError{fmt.Errorf("no %s %q; %ss are listed by: %s check", asked.what, asked.word, asked.what, called())}
	}
	return nil
}

// noDepartment says that the workspace lacks a department, and which it has.
func noDepartment(ws *rules.Workspace, id string) string {
	var has []string
	for _, d := range ws.Departments {
		has = append(has, d.ID)
	}
	hint := ""
	if near := syntax.Nearest(id, has); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Sprintf("no department %q in %s%s (there are: %s)", id, rules.WorkspaceFile, hint, strings.Join(has, ", "))
}

// ofDepartment are the datasets of a department; of all if it is empty.
func ofDepartment(ws *rules.Workspace, department string) ([]*rules.Dataset, error) {
	if department == "" {
		return slices.Clone(ws.Datasets), nil
	}
	if ws.Department(department) == nil {
		return nil, usageError{errors.New(noDepartment(ws, department))}
	}
	var list []*rules.Dataset
	for _, d := range ws.Datasets {
		if d.Plan.Owner == department {
			list = append(list, d)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the department %s owns no dataset", department)
	}
	return list, nil
}

// defects carries out quarantine where it speaks of defects.
func (a *app) defects(c *cobra.Command, ws *rules.Workspace, args []string, f *defectFlags, rule string, limit int) error {
	filter, err := f.filter(rule)
	if err != nil {
		return err
	}
	list, err := f.datasets(ws, args)
	if err != nil {
		return err
	}
	if to := cmp.Or(f.xlsx, f.csv); to != "" {
		if err := askedFor(list, "", f.field); err != nil {
			return err
		}
		n, err := writeReturn(c, ws, list, filter, to, f.lang)
		if err == nil && n == 0 {
			err = askedFor(list, rule, "")
		}
		if err != nil {
			return err
		}
		if a.json {
			return printJSON(c, map[string]any{"file": to, "defects": n})
		}
		fmt.Fprintf(c.OutOrStdout(), "wrote %s %s to %s\n", grouped(n), plural(int(n), "defect", "defects"), to)
		return nil
	}
	indexes := ledgerIndexes{ws: ws, c: c}
	type listed struct {
		Dataset string `json:"dataset"`
		defects.Defect
		OpenedIndex uint64 `json:"opened_index,omitempty"` // ledger entry of the run
		ClosedIndex uint64 `json:"closed_index,omitempty"`
	}
	out := []listed{}
	total := int64(0)
	for _, ds := range list {
		first := len(out) // those of a dataset stand in the order of the source
		_, err := pipeline.EachDefect(ws.Root, ds.Plan, filter, func(d *defects.Defect, _ *rules.Rule) error {
			total++
			one := listed{Dataset: ds.ID, Defect: *d}
			at, _ := slices.BinarySearchFunc(out[first:], one, func(a, b listed) int {
				return cmp.Or(strings.Compare(a.Place.Source, b.Place.Source), cmp.Compare(a.Place.Offset, b.Place.Offset), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Row.String(), b.Row.String()))
			})
			if out = slices.Insert(out, first+at, one); len(out) > max(limit, 0) {
				out = out[:max(limit, 0)]
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for i := range out {
		if out[i].OpenedIndex, err = indexes.of(out[i].Dataset, out[i].Opened); err == nil {
			out[i].ClosedIndex, err = indexes.of(out[i].Dataset, out[i].Closed)
		}
		if err != nil {
			return err
		}
	}
	if total == 0 {
		if err := askedFor(list, rule, f.field); err != nil {
			return err
		}
	}
	if a.json {
		return printJSON(c, map[string]any{"defects": total, "list": out})
	}
	w := c.OutOrStdout()
	fmt.Fprintf(w, "%s %s\n", grouped(total), plural(int(total), "defect", "defects"))
	if total == 0 {
		return nil
	}
	t := newTable("DATASET", "RULE", "FILE", "LINE", "SEEN", "STATE", "OPENED BY RUN", "CLOSED BY RUN").alignRight(3, 4)
	for _, d := range out {
		state := "open"
		if !d.Open() {
			state = strings.ReplaceAll(d.Why, "_", " ")
		}
		t.add(d.Dataset, d.Rule, d.Place.Source, d.Place.Line, d.Times, state, withIndex(d.Opened, d.OpenedIndex), withIndex(d.Closed, d.ClosedIndex))
	}
	t.print(w)
	if total > int64(len(out)) {
		fmt.Fprintf(w, "… and %s more (--limit, --rule, --field, --xlsx)\n", grouped(total-int64(len(out))))
	}
	return nil
}

func withIndex(run string, index uint64) string {
	if run == "" || index == 0 {
		return run
	}
	return fmt.Sprintf("%s (entry %d)", run, index)
}

// ledgerIndexes finds the ledger entry of a run in the trend of its dataset.
type ledgerIndexes struct {
	ws    *rules.Workspace
	c     *cobra.Command
	byRun map[string]map[string]uint64
}

func (l *ledgerIndexes) of(dataset, run string) (uint64, error) {
	if run == "" {
		return 0, nil
	}
	if l.byRun[dataset] == nil {
		points, err := trendOf(l.c, l.ws.Root, dataset, allRuns)
		if err != nil {
			return 0, err
		}
		if l.byRun == nil {
			l.byRun = map[string]map[string]uint64{}
		}
		l.byRun[dataset] = map[string]uint64{}
		for _, p := range points {
			l.byRun[dataset][p.Run] = p.Index
		}
	}
	return l.byRun[dataset][run], nil
}

// allRuns is more runs than a dataset has: one a minute for twenty years.
const allRuns = 10_000_000

// trendOf is the trend of a dataset, newest first.
func trendOf(c *cobra.Command, root, dataset string, runs int) (list []quality.Point, err error) {
	store, err := history(c.Context(), root)
	if err != nil || store == nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.Quality(dataset, runs)
}

// returnWords are the columns of the return and the words in it, by language.
var returnWords = map[string]struct {
	header []string
	why    map[string]string
	bad    map[string]string
	open   string
	repair string // what to do about a record that could not be read
	check  string // and about a value whose rule does not say
}{
	"zh": {
		[]string{"部门", "数据集", "来源文件", "行号", "记录号", "字段", "规则编号", "规则名称", "原始值", "整改说明", "依据", "首次发现", "发现次数", "状态"},
		map[string]string{defects.Fixed: "已整改", defects.Gone: "不再报送", defects.Changed: "已更正或不再报送", defects.RuleGone: "规则已停用"},
		map[string]string{"ragged": "列数与表头不符", "stray_quote": "引号位置错误", "unclosed_quote": "引号未闭合", "nul": "含有空字符", "encoding": "字符编码错误"},
		"待整改", "请更正该条记录的格式后重新报送。", "请核对原始值，更正后重新报送。",
	},
	"en": {
		[]string{"department", "dataset", "file", "line", "record", "field", "rule", "what is wrong", "value as delivered", "what to do", "basis", "first seen", "times seen", "state"},
		map[string]string{defects.Fixed: "fixed", defects.Gone: "not delivered any more", defects.Changed: "corrected or not delivered any more", defects.RuleGone: "the rule is gone"},
		map[string]string{"ragged": "other columns than the header", "stray_quote": "a quote in the wrong place", "unclosed_quote": "a quote never closed", "nul": "a NUL character", "encoding": "no text of the encoding"},
		"open", "Correct the form of the record and deliver it again.", "Check the value, correct it and deliver it again.",
	},
}

var returnWidths = []float64{16, 16, 22, 8, 8, 14, 20, 30, 30, 36, 24, 17, 8, 12}

// writeReturn writes the defects of some datasets for their departments, a sheet to each department.
func writeReturn(c *cobra.Command, ws *rules.Workspace, list []*rules.Dataset, filter pipeline.DefectFilter, to, lang string) (n int64, err error) {
	book, err := spreadsheet.Create(to)
	if err != nil {
		return 0, usageError{err}
	}
	words := returnWords[lang]
	department := ""
	for i, ds := range list {
		owner := titled(ws.Department(ds.Plan.Owner), ds.Plan.Owner, lang)
		if i == 0 || ds.Plan.Owner != department {
			department = ds.Plan.Owner
			if err := book.Sheet(owner, words.header, returnWidths); err != nil {
				return n, errors.Join(err, book.Close())
			}
		}
		name := inLanguage(ds.Plan.Title, lang, ds.ID)
		_, err := pipeline.ReturnDefects(c.Context(), ws.Root, ds.Plan, filter, func(d *pipeline.Returned) error {
			n++
			title, fix, basis, field := words.bad[d.Rule], words.repair, "", ""
			if rule := d.RuleOf; rule != nil {
				title, fix, basis = ruleTitle(rule, lang), cmp.Or(rule.Fix, words.check), rule.Basis
				field = strings.Join(d.Fields, ", ")
			}
			value := strings.Join(d.Values, " | ")
			state := words.open
			if !d.Open() {
				state = words.why[d.Why]
			}
			return book.Row(owner, name, d.Place.Source, d.Place.Line, d.Place.Row, field, d.Rule, cmp.Or(title, d.Rule), value, fix, basis, d.FirstSeen, d.Times, state)
		})
		if err != nil {
			return n, errors.Join(err, book.Close(), os.Remove(to))
		}
	}
	if len(list) == 0 {
		if err := book.Sheet(filepath.Base(ws.Root), words.header, returnWidths); err != nil {
			return n, errors.Join(err, book.Close())
		}
	}
	return n, book.Close()
}

// ruleTitle is what a rule demands, in words.
func ruleTitle(r *rules.Rule, lang string) string {
	return inLanguage(r.Title, lang, r.DemandsIn(lang))
}

// inLanguage is the title in a language, else in the other, else the fallback.
func inLanguage(titles map[string]string, lang, otherwise string) string {
	other := map[string]string{"zh": "en", "en": "zh"}[lang]
	return cmp.Or(titles[lang], titles[other], otherwise)
}

func titled(d *rules.Department, id, lang string) string {
	if d == nil {
		return id
	}
	return inLanguage(d.Title, lang, id)
}
