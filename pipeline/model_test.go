package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	ours "clearwell/pipeline/publish/parquet"
	"clearwell/rules"
)

// modelCase is one contract and one delivery: rows of n, k, u, v, w as text.
// A row of more cells is a bad record.
type modelCase struct {
	where    bool   // w != "x"
	unique   string // fields, as in YAML; empty: no such rule
	when     bool   // the unique rule looks at rows with w == "y" only
	onRepeat string
	keep     string // empty: no dedupe
	sort     bool   // by w
	rows     [][]string

	workers, chunk int
	memory         int64
}

func (c modelCase) contract() string {
	var b strings.Builder
	b.WriteString("dataset: model\nowner: registry\nsource: {path: inbox/rows.csv, encoding: utf-8}\n")
	if c.where {
		b.WriteString("where: w != 'x'\n")
	}
	b.WriteString(`fields:
  n: {level: L1}
  k: {level: L1}
  u: {level: L1}
  v: {type: integer, level: L1}
  w: {level: L1}
`)
	if c.unique != "" {
		fmt.Fprintf(&b, "rules:\n  - id: once\n    check: {unique: [%s]}\n    on_fail: %s\n", c.unique, c.onRepeat)
		if c.when {
			b.WriteString("    when: w == 'y'\n")
		}
	}
	if c.keep != "" {
		fmt.Fprintf(&b, "dedupe: {key: [k], keep: %s}\n", c.keep)
	}
	b.WriteString("publish: {audience: internal, allow_empty: true")
	if c.sort {
		b.WriteString(", sort_by: [w]")
	}
	b.WriteString("}\n")
	return b.String()
}

func (c modelCase) csv() string {
	var b strings.Builder
	b.WriteString("n,k,u,v,w\n")
	for _, r := range c.rows {
		b.WriteString(strings.Join(r, ",") + "\n")
	}
	return b.String()
}

func drawCase(t *rapid.T) modelCase {
	c := modelCase{
		where: rapid.Bool().Draw(t, "where"), sort: rapid.Bool().Draw(t, "sort"), when: rapid.Bool().Draw(t, "when"),
		unique:   rapid.SampledFrom([]string{"", "u", "u, w"}).Draw(t, "unique"),
		onRepeat: rapid.SampledFrom([]string{"quarantine", "quarantine", "keep", "stop"}).Draw(t, "on_fail"),
		keep:     rapid.SampledFrom([]string{"", "most_complete", "{largest: v}", "{smallest: v, then: most_complete}", "{largest: w, then: {smallest: v}}"}).Draw(t, "keep"),
		workers:  rapid.IntRange(1, 4).Draw(t, "workers"), chunk: rapid.IntRange(1, 300).Draw(t, "chunk"),
		memory: rapid.SampledFrom([]int64{1 << 10, 16 << 20}).Draw(t, "memory"),
	}
	cell := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, "cell") }
	for i := range rapid.IntRange(0, 40).Draw(t, "rows") {
		row := []string{fmt.Sprintf("n%d", i), cell("", "a", "b", "c", "d"), cell("", "p", "q", "r", "s", "t", "o", "l"), cell("", "1", "2", "3", "-7", "?"), cell("", "x", "y", "z")}
		if rapid.IntRange(0, 9).Draw(t, "bad") == 0 {
			row = append(row, "more")
		}
		c.rows = append(c.rows, row)
	}
	return c
}

// result is where each row went, by its number from 1.
type result struct {
	stopped     bool
	published   []string       // n, in order
	quarantined map[int]string // reasons
	winners     map[int]int    // of the rows removed
	excluded    int
	checked     int64 // rows that the unique rule looked at
	failed      int64
}

// expect works the result out row by row, from the words of the contract reference.
func (c modelCase) expect() result {
	r := result{quarantined: map[int]string{}, winners: map[int]int{}}
	n := len(c.rows)
	cells := func(i int) (k, u, v, w string) { x := c.rows[i]; return x[1], x[2], x[3], x[4] }
	in := make([]bool, n) // decoded and not excluded
	for i := range c.rows {
		_, _, v, w := cells(i)
		switch {
		case len(c.rows[i]) != 5:
			r.quarantined[i+1] = "ragged"
		case c.where && (w == "x" || w == ""): // null: not known to be true
			r.excluded++
		default:
			in[i] = true
			if v == "?" {
				r.quarantined[i+1] = "v.type"
			}
		}
	}
	groups := map[string][]int{}
	if c.unique != "" {
		for i := range c.rows {
			_, u, _, w := cells(i)
			if !in[i] || c.when && w != "y" || u == "" || c.unique == "u, w" && w == "" {
				continue
			}
			r.checked++
			key := u
			if c.unique == "u, w" {
				key += "\x00" + w
			}
			groups[key] = append(groups[key], i)
		}
		for _, copies := range groups {
			if len(copies) < 2 {
				continue
			}
			r.failed += int64(len(copies))
			for _, i := range copies {
				if c.onRepeat == "quarantine" {
					r.quarantined[i+1] = strings.TrimPrefix(r.quarantined[i+1]+",once", ",")
				}
			}
		}
		if r.failed > 0 && c.onRepeat == "stop" {
			return result{stopped: true}
		}
	}
	alive := func(i int) bool { return in[i] && r.quarantined[i+1] == "" }
	if c.keep != "" {
		copies := map[string][]int{}
		for i := range c.rows {
			if k, _, _, _ := cells(i); alive(i) && k != "" {
				copies[k] = append(copies[k], i)
			}
		}
		for _, rows := range copies {
			best := slices.MinFunc(rows, c.prefer) // MinFunc gives the first of equals
			for _, i := range rows {
				if i != best {
					r.winners[i+1] = best + 1
				}
			}
		}
	}
	var left []int
	for i := range c.rows {
		if alive(i) && r.winners[i+1] == 0 {
			left = append(left, i)
		}
	}
	if c.sort {
		slices.SortStableFunc(left, func(a, b int) int {
			x, y := c.rows[a][4], c.rows[b][4]
			return cmp.Or(-cmp.Compare(min(len(x), 1), min(len(y), 1)), strings.Compare(x, y)) // nulls last
		})
	}
	for _, i := range left {
		r.published = append(r.published, c.rows[i][0])
	}
	return r
}

func nullsFirst(a, b string, compare func(a, b string) int) int {
	if a == "" || b == "" {
		return cmp.Compare(min(len(a), 1), min(len(b), 1))
	}
	return compare(a, b)
}

// prefer is negative where row a is to stay rather than row b; null loses everywhere.
func (c modelCase) prefer(a, b int) int {
	complete := func() int { return cmp.Compare(nulls(c.rows[a]), nulls(c.rows[b])) }
	largest := func(col int, compare func(a, b string) int) int {
		return -nullsFirst(c.rows[a][col], c.rows[b][col], compare)
	}
	numbers := func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return cmp.Compare(x, y)
	}
	backwards := func(a, b string) int { return numbers(b, a) }
	switch c.keep {
	case "most_complete":
		return complete()
	case "{largest: v}":
		return largest(3, numbers)
	case "{smallest: v, then: most_complete}":
		return cmp.Or(largest(3, backwards), complete())
	default:
		return cmp.Or(largest(4, strings.Compare), largest(3, backwards))
	}
}

func nulls(row []string) (n int) {
	for _, cell := range row {
		if cell == "" {
			n++
		}
	}
	return n
}

// carry runs the engine up to the balance, without the ledger.
func (c modelCase) carry(r *Runner, id string) (out result, rows RunRows, err error) {
	ctx := context.Background()
	ds := r.Workspace.Dataset("model")
	j := &job{Runner: r, opts: Options{CPUs: c.workers, Memory: c.memory, chunkSize: c.chunk}, data: ds, plan: ds.Plan, dir: r.workDir(id),
		outcome: &Outcome{}, meter: &meter{dataset: ds.ID}, record: RunRecord{ID: id}}
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return out, rows, err
	}
	objects, err := j.takeIn(ctx, j.Archive.Intake())
	if err != nil {
		return out, rows, err
	}
	defer j.release()
	if err := j.check(ctx, objects); err != nil {
		return out, rows, err
	}
	settled, err := j.scan.settle(ctx, c.workers)
	if err != nil {
		return out, rows, err
	}
	if j.staging, err = r.Site.Stage(id, ds.ID, 1); err != nil {
		return out, rows, err
	}
	rejects, err := j.writeInternal(quarantineName, func(w io.Writer) (ours.Stats, error) { return j.scan.writeQuarantine(ctx, w, settled.late) })
	if err != nil {
		return out, rows, err
	}
	var duplicates written
	if j.plan.Dedupe != nil {
		if duplicates, err = j.writeInternal(duplicatesName, func(w io.Writer) (ours.Stats, error) { return j.scan.writeDuplicates(ctx, w) }); err != nil {
			return out, rows, err
		}
	}
	_, data, _, err := j.writeData(ctx)
	if err != nil {
		return out, rows, err
	}
	if rows, err = j.balance(data, rejects, duplicates); err != nil {
		return out, rows, err
	}
	out = result{quarantined: map[int]string{}, winners: map[int]int{}, excluded: int(rows.Excluded)}
	for _, u := range settled.outcomes {
		out.checked, out.failed = u.checked, u.failed
	}
	for _, row := range parquetRows(j.staging.Path("part-00000-of-00001.parquet"), &err) {
		out.published = append(out.published, row["n"])
	}
	for _, row := range parquetRows(filepath.Join(j.dir, quarantineName), &err) {
		n, _ := strconv.Atoi(row["_row"])
		out.quarantined[n] = row["_reasons"]
		if want := strings.Join(c.rows[n-1], ","); row["_raw"] != want {
			return out, rows, fmt.Errorf("row %d: raw record %q, not %q", n, row["_raw"], want)
		}
		if len(c.rows[n-1]) == 5 && row["n"]+row["u"]+row["w"] != c.rows[n-1][0]+c.rows[n-1][2]+c.rows[n-1][4] {
			return out, rows, fmt.Errorf("row %d: cells of another row: %v", n, row)
		}
	}
	if j.plan.Dedupe != nil {
		for _, row := range parquetRows(filepath.Join(j.dir, duplicatesName), &err) {
			n, _ := strconv.Atoi(row["row"])
			out.winners[n], _ = strconv.Atoi(row["winner_row"])
		}
	}
	return out, rows, err
}

// parquetRows reads a file with a reader that is not ours: column -> text of the cell, null is empty.
func parquetRows(name string, failed *error) (rows []map[string]string) {
	data, err := os.ReadFile(name)
	if err == nil {
		var f *parquet.File
		if f, err = parquet.OpenFile(bytes.NewReader(data), int64(len(data))); err == nil {
			columns := f.Schema().Columns()
			for _, g := range f.RowGroups() {
				reader := g.Rows()
				buffer := make([]parquet.Row, 64)
				for {
					n, rerr := reader.ReadRows(buffer)
					for _, r := range buffer[:n] {
						row := map[string]string{}
						for _, v := range r {
							if !v.IsNull() {
								row[columns[v.Column()][0]] = v.String()
							}
						}
						rows = append(rows, row)
					}
					if rerr != nil {
						if !errors.Is(rerr, io.EOF) {
							err = rerr
						}
						break
					}
				}
				reader.Close()
			}
		}
	}
	*failed = errors.Join(*failed, err)
	return rows
}

func TestEveryRowGoesWhereTheContractSaysRowByRow(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	if err := os.Remove(filepath.Join(root, "datasets/people.yaml")); err != nil {
		t.Fatal(err)
	}
	contract := filepath.Join(root, "datasets/model.yaml")
	write := func(t interface{ Fatal(...any) }, name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(t, contract, modelCase{}.contract())
	r := runner(t, root)
	defer r.Close()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		write(t, contract, c.contract())
		write(t, filepath.Join(root, "inbox/rows.csv"), c.csv())
		var err error
		if r.Workspace, err = rules.Load(root); err != nil {
			t.Fatal(err)
		}
		run++
		id := fmt.Sprintf("run-%d", run)
		want := c.expect()
		got, rows, err := c.carry(r, id)
		defer r.Site.Discard(id)
		defer os.RemoveAll(r.workDir(id))
		var stop *RuleStopError
		if errors.As(err, &stop) && want.stopped {
			return
		}
		if err != nil || want.stopped {
			t.Fatalf("stopped should be %v: %v\n%s\n%s", want.stopped, err, c.contract(), c.csv())
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got  %+v\nwant %+v\n%s\n%s", got, want, c.contract(), c.csv())
		}
		if rows.Read != int64(len(c.rows)) || rows.sum() != rows.Read {
			t.Fatalf("rows %+v of %d", rows, len(c.rows))
		}
	})
}
