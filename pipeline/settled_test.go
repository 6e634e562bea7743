package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	ours "clearwell/pipeline/publish/parquet"
	"clearwell/rules"
)

// settledCase is one contract with a rule over all rows, and one delivery: rows of
// n, k, u, v, w as text. Values of u outside of a to e break a rule of one row.
type settledCase struct {
	check  string // of the rule "all", as in YAML
	field  string // blamed, where the check does not say it; may be empty
	when   bool   // w == "y"
	repair string // empty: none
	onFail string
	rowBad string // on_fail of the rule of one row
	dedupe bool   // by k, latest v
	rows   [][]string

	workers, chunk int
	memory         int64
}

func (c settledCase) contract() string {
	var b strings.Builder
	b.WriteString("dataset: model\nowner: registry\nsource: {path: inbox/rows.csv, encoding: utf-8}\nfields:\n")
	fmt.Fprintf(&b, "  n: {level: L1}\n  k: {level: L1}\n  u: {level: L1, check: {id: known, set: [a, b, c, d, e], on_fail: %s}}\n  v: {type: integer, level: L1}\n  w: {level: L1}\n", c.rowBad)
	fmt.Fprintf(&b, "rules:\n  - id: all\n    check: %s\n    on_fail: %s\n", c.check, c.onFail)
	if c.field != "" {
		fmt.Fprintf(&b, "    field: %s\n", c.field)
	}
	if c.when {
		b.WriteString("    when: w == 'y'\n")
	}
	if c.repair != "" {
		fmt.Fprintf(&b, "    repair: %s\n", c.repair)
	}
	if c.dedupe {
		b.WriteString("dedupe: {key: [u], keep: {largest: v}}\n")
	}
	b.WriteString("publish: {audience: internal, allow_empty: true}\n")
	return b.String()
}

func (c settledCase) csv() string {
	var b strings.Builder
	b.WriteString("n,k,u,v,w\n")
	for _, r := range c.rows {
		b.WriteString(strings.Join(r, ",") + "\n")
	}
	return b.String()
}

// settledKinds are checks with the field that they blame.
var settledKinds = []struct{ check, field string }{
	{"{depends: {k: u}}", "u"}, {"{depends: {from: [k, w], to: u}}", "u"}, {"{depends: {w: v}}", "v"},
	{"{unique: true}", "u"}, {"{unique: [k, u]}", ""},
	{"{increasing: true}", "v"}, {"{increasing: {strictly: true, by: k}}", "v"}, {"{decreasing: {by: [k, w]}}", "v"}, {"{increasing: {order: [c, a, b]}}", "u"},
	{"{outlier: {z: 1}}", "v"}, {"{outlier: {iqr: 0.5}}", "v"},
	{"{exists_in: {dataset: model, field: u, value: k}}", "k"},
	{"{pair_in: {fields: [k, w], dataset: model, as: [u, w]}}", ""},
}

func drawSettled(t *rapid.T) settledCase {
	kind := rapid.SampledFrom(settledKinds).Draw(t, "kind")
	c := settledCase{check: kind.check, when: rapid.Bool().Draw(t, "when"), dedupe: rapid.IntRange(0, 2).Draw(t, "dedupe") == 0,
		onFail:  rapid.SampledFrom([]string{"quarantine", "keep", "stop", "null", "{replace: 7}"}).Draw(t, "on_fail"),
		rowBad:  rapid.SampledFrom([]string{"quarantine", "keep"}).Draw(t, "row rule"),
		workers: rapid.IntRange(1, 4).Draw(t, "workers"), chunk: rapid.IntRange(1, 300).Draw(t, "chunk"),
		memory: rapid.SampledFrom([]int64{1 << 10, 16 << 20}).Draw(t, "memory")}
	if strings.Contains(c.check, "true}") || strings.Contains(c.check, "creasing") || strings.Contains(c.check, "outlier") {
		c.field = kind.field
	}
	if kind.field == "" && strings.ContainsAny(c.onFail[:1], "n{") {
		c.onFail = "quarantine"
	}
	switch {
	case strings.Contains(c.check, "depends"):
		c.repair = rapid.SampledFrom([]string{"", "majority", "majority"}).Draw(t, "repair")
	case kind.field == "u":
		c.repair = rapid.SampledFrom([]string{"", "{from: k}"}).Draw(t, "repair")
	case kind.field == "k":
		c.repair = rapid.SampledFrom([]string{"", "{nearest: {values: [a, cc], within: 1}}", "{from: u}"}).Draw(t, "repair")
	}
	cell := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, "cell") }
	for i := range rapid.IntRange(0, 40).Draw(t, "rows") {
		c.rows = append(c.rows, []string{fmt.Sprintf("n%d", i), cell("", "a", "b", "c", "x"), cell("", "a", "b", "c", "f"), cell("", "1", "2", "3", "-7", "40"), cell("", "y", "z")})
	}
	return c
}

// settledResult is where rows went and what they became.
type settledResult struct {
	stopped         bool
	published       []string // cells joined
	quarantined     map[int]string
	repaired        []string // row, field, before, after
	checked, failed int64
}

// broken works out by brute force which rows the rule looks at and which fail, and what a majority proposes.
func (c settledCase) broken() (checked, failed []bool, majority []string) {
	n := len(c.rows)
	at := map[string]int{"n": 0, "k": 1, "u": 2, "v": 3, "w": 4}
	checked, failed, majority = make([]bool, n), make([]bool, n), make([]string, n)
	in := func(i int) bool { return !c.when || c.rows[i][4] == "y" }
	has := func(i int, fields ...string) bool {
		for _, f := range fields {
			if c.rows[i][at[f]] == "" {
				return false
			}
		}
		return in(i)
	}
	key := func(i int, fields ...string) string {
		var parts []string
		for _, f := range fields {
			parts = append(parts, c.rows[i][at[f]])
		}
		return strings.Join(parts, "|")
	}
	number := func(i int) float64 { x, _ := strconv.Atoi(c.rows[i][3]); return float64(x) }
	depends := func(to string, from ...string) {
		for i := range n {
			if !has(i, append(from, to)...) {
				continue
			}
			checked[i] = true
			counts, most, times := map[string]int{}, 0, 0
			for k := range n {
				if has(k, append(from, to)...) && key(k, from...) == key(i, from...) {
					counts[key(k, to)]++
				}
			}
			for _, n := range counts {
				most = max(most, n)
			}
			for v, n := range counts {
				if n == most {
					times++
					majority[i] = v
				}
			}
			if times > 1 {
				majority[i] = ""
			}
			failed[i] = times > 1 || majority[i] != key(i, to)
		}
	}
	same := func(fields ...string) {
		for i := range n {
			checked[i] = has(i, fields...)
			for k := range n {
				failed[i] = failed[i] || i != k && checked[i] && has(k, fields...) && key(i, fields...) == key(k, fields...)
			}
		}
	}
	trend := func(field string, bad func(before, after int) bool, by ...string) {
		last := map[string]int{}
		for i := range n {
			if !has(i, append(by, field)...) {
				continue
			}
			checked[i] = true
			if field == "u" && !strings.Contains("cab", c.rows[i][2]) {
				failed[i] = true
				continue
			}
			if before, ok := last[key(i, by...)]; ok {
				failed[i] = bad(before, i)
			}
			last[key(i, by...)] = i
		}
	}
	far := func(least, most func(sorted []float64) float64) {
		var all []float64
		for i := range n {
			if has(i, "v") {
				all = append(all, number(i))
			}
		}
		sort.Float64s(all)
		for i := range n {
			if checked[i] = has(i, "v"); checked[i] {
				failed[i] = number(i) < least(all)-1e-9 || number(i) > most(all)+1e-9
			}
		}
	}
	exists := func(as []string, fields ...string) {
		for i := range n {
			if checked[i] = has(i, fields...); !checked[i] {
				continue
			}
			failed[i] = true
			for k := range n {
				whole := true
				for _, f := range as {
					whole = whole && c.rows[k][at[f]] != ""
				}
				if whole && key(k, as...) == key(i, fields...) {
					failed[i] = false
				}
			}
		}
	}
	z := func(sign float64) func([]float64) float64 {
		return func(all []float64) float64 {
			sum, square := 0.0, 0.0
			for _, x := range all {
				sum += x
			}
			mean := sum / float64(len(all))
			for _, x := range all {
				square += (x - mean) * (x - mean)
			}
			return mean + sign*math.Sqrt(square/float64(len(all)))
		}
	}
	quartile := func(all []float64, p float64) float64 {
		h := float64(len(all)-1) * p
		j := int(h)
		return all[j] + (h-float64(j))*(all[min(j+1, len(all)-1)]-all[j])
	}
	switch c.check {
	case "{depends: {k: u}}":
		depends("u", "k")
	case "{depends: {from: [k, w], to: u}}":
		depends("u", "k", "w")
	case "{depends: {w: v}}":
		depends("v", "w")
	case "{unique: true}":
		same("u")
	case "{unique: [k, u]}":
		same("k", "u")
	case "{increasing: true}":
		trend("v", func(a, b int) bool { return number(b) < number(a) })
	case "{increasing: {strictly: true, by: k}}":
		trend("v", func(a, b int) bool { return number(b) <= number(a) }, "k")
	case "{decreasing: {by: [k, w]}}":
		trend("v", func(a, b int) bool { return number(b) > number(a) }, "k", "w")
	case "{increasing: {order: [c, a, b]}}":
		trend("u", func(a, b int) bool { return strings.Index("cab", c.rows[b][2]) < strings.Index("cab", c.rows[a][2]) })
	case "{outlier: {z: 1}}":
		far(z(-1), z(1))
	case "{outlier: {iqr: 0.5}}":
		far(func(all []float64) float64 {
			return quartile(all, .25) - .5*(quartile(all, .75)-quartile(all, .25))
		}, func(all []float64) float64 {
			return quartile(all, .75) + .5*(quartile(all, .75)-quartile(all, .25))
		})
	case "{exists_in: {dataset: model, field: u, value: k}}":
		exists([]string{"u"}, "k")
	default:
		exists([]string{"u", "w"}, "k", "w")
	}
	return checked, failed, majority
}

// expect works the result out row by row.
func (c settledCase) expect() settledResult {
	r := settledResult{quarantined: map[int]string{}}
	field := map[string]int{"u": 2, "v": 3, "k": 1}
	blamed := -1
	for _, k := range settledKinds {
		if k.check == c.check && k.field != "" {
			blamed = field[k.field]
		}
	}
	name := map[int]string{1: "k", 2: "u", 3: "v"}[blamed]
	known := func(u string) bool { return u == "" || strings.Contains("abcde", u) }
	checked, failed, majority := c.broken()
	var left [][]string
	for i := range c.rows {
		row := slices.Clone(c.rows[i])
		var reasons []string
		if !known(row[2]) && c.rowBad == "quarantine" {
			reasons = append(reasons, "known")
		}
		if checked[i] {
			r.checked++
		}
		if failed[i] {
			r.failed++
			proposal := ""
			switch c.repair {
			case "majority":
				proposal = majority[i]
			case "{from: k}":
				proposal = row[1]
			case "{from: u}":
				proposal = row[2]
			case "":
			default: // c is as near to a as to cc
				proposal = map[string]string{"a": "a", "b": "a", "x": "a"}[row[1]]
			}
			alive := len(reasons) == 0
			fixed := alive && proposal != "" && proposal != row[max(blamed, 0)] && (blamed != 2 || known(proposal))
			switch {
			case fixed:
				r.repaired = append(r.repaired, fmt.Sprint(i+1, name, row[blamed], proposal))
				row[blamed] = proposal
			case c.onFail == "quarantine":
				reasons = append(reasons, "all")
			case c.onFail == "stop":
				return settledResult{stopped: true}
			case c.onFail == "null":
				row[blamed] = ""
			case c.onFail == "{replace: 7}":
				row[blamed] = "7"
			}
		}
		if len(reasons) > 0 {
			r.quarantined[i+1] = strings.Join(reasons, ",")
			continue
		}
		left = append(left, row)
	}
	if c.dedupe {
		value := func(row []string) int {
			if row[3] == "" {
				return math.MinInt
			}
			x, _ := strconv.Atoi(row[3])
			return x
		}
		best := map[string][]string{}
		for _, row := range left {
			if b, ok := best[row[2]]; row[2] != "" && (!ok || value(row) > value(b)) {
				best[row[2]] = row
			}
		}
		left = slices.DeleteFunc(left, func(row []string) bool { return row[2] != "" && best[row[2]][0] != row[0] })
	}
	for _, row := range left {
		r.published = append(r.published, strings.Join(row, ","))
	}
	return r
}

// carry runs the engine up to the balance, without the ledger.
func (c settledCase) carry(r *Runner, id string) (out settledResult, rows RunRows, sums [3][32]byte, err error) {
	ctx := context.Background()
	ds := r.Workspace.Dataset("model")
	j := &job{Runner: r, opts: Options{CPUs: c.workers, Memory: c.memory, chunkSize: c.chunk}, data: ds, plan: ds.Plan, dir: r.workDir(id),
		outcome: &Outcome{}, meter: &meter{dataset: ds.ID}, record: RunRecord{ID: id}}
	if err = os.MkdirAll(j.dir, 0o700); err != nil {
		return
	}
	objects, err := j.takeIn(ctx, r.Archive.Intake())
	if err != nil {
		return
	}
	defer j.release()
	if err = j.check(ctx, objects); err != nil {
		return
	}
	settled, err := j.scan.settle(ctx, c.workers)
	if err != nil {
		return
	}
	if j.staging, err = r.Site.Stage(id, ds.ID, 1); err != nil {
		return
	}
	rejects, err := j.writeInternal(quarantineName, func(w io.Writer) (ours.Stats, error) { return j.scan.writeQuarantine(ctx, w, settled.late) })
	if err != nil {
		return
	}
	var duplicates written
	if j.plan.Dedupe != nil {
		if duplicates, err = j.writeInternal(duplicatesName, func(w io.Writer) (ours.Stats, error) { return j.scan.writeDuplicates(ctx, w) }); err != nil {
			return
		}
	}
	if j.scan.repairs != nil {
		if j.repairs, err = j.writeInternal(repairsName, func(w io.Writer) (stats ours.Stats, err error) {
			stats, j.repaired, err = j.scan.writeRepairs(ctx, w)
			return stats, err
		}); err != nil {
			return
		}
		if err = ReadRepairs(filepath.Join(j.dir, repairsName), func(cell RepairedCell) error {
			before := ""
			if cell.Before != nil {
				before = *cell.Before
			}
			out.repaired = append(out.repaired, fmt.Sprint(cell.Row, cell.Field, before, cell.After))
			return nil
		}); err != nil {
			return
		}
	}
	e, data, _, err := j.writeData(ctx)
	if err != nil {
		return
	}
	if rows, err = j.balance(data, rejects, duplicates); err != nil {
		return
	}
	if kept := settled.passed; j.plan.Dedupe == nil && kept != e.published {
		return out, rows, sums, fmt.Errorf("the rows that passed sum up to %v, those published to %v", kept, e.published)
	}
	sums = [3][32]byte{data.SHA256, rejects.SHA256, j.repairs.SHA256}
	for i, o := range settled.outcomes {
		out.checked, out.failed = o.checked, o.failed
		if c.repair != "" && j.repaired[i] != int64(len(out.repaired)) {
			return out, rows, sums, fmt.Errorf("%d cells are counted as repaired, %d listed", j.repaired[i], len(out.repaired))
		}
		if e.failed[i] > o.failed-int64(len(out.repaired)) {
			return out, rows, sums, fmt.Errorf("%d rows fail as published, %d as delivered, %d are repaired", e.failed[i], o.failed, len(out.repaired))
		}
	}
	out.quarantined = map[int]string{}
	for _, row := range parquetRows(j.staging.Path("part-00000-of-00001.parquet"), &err) {
		out.published = append(out.published, strings.Join([]string{row["n"], row["k"], row["u"], row["v"], row["w"]}, ","))
	}
	for _, row := range parquetRows(filepath.Join(j.dir, quarantineName), &err) {
		n, _ := strconv.Atoi(row["_row"])
		out.quarantined[n] = row["_reasons"]
	}
	return
}

func TestRulesOverAllRowsSayWhatBruteForceSays(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	if err := os.Remove(filepath.Join(root, "datasets/people.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "datasets/model.yaml"), []byte(modelCase{}.contract()), 0o644); err != nil {
		t.Fatal(err)
	}
	r := runner(t, root)
	defer r.Close()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		c := drawSettled(t)
		for name, text := range map[string]string{"datasets/model.yaml": c.contract(), "inbox/rows.csv": c.csv()} {
			if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if r.Workspace, err = rules.Load(root); err != nil {
			t.Fatalf("%v\n%s", err, c.contract())
		}
		want := c.expect()
		var first [3][32]byte
		for k := range 2 { // again with other workers, batches and memory: the same bytes
			run++
			id := fmt.Sprintf("run-%d", run)
			got, rows, sums, err := c.carry(r, id)
			r.Site.Discard(id)
			os.RemoveAll(r.workDir(id))
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
			if k == 0 {
				first = sums
				c.workers, c.chunk, c.memory = 1, 1<<16, 64<<20
			} else if sums != first {
				t.Fatalf("other bytes with other workers, batches or memory\n%s\n%s", c.contract(), c.csv())
			}
		}
	})
}
