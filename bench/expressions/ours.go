package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/batch"
	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/kernel"
	"clearwell/pipeline/measure"
	"clearwell/pipeline/settle"
	"clearwell/rules"
	"clearwell/rules/expr"
)

// memoryBytes is what rules over all rows and measures may use, as runs give them by default.
const memoryBytes = 128 << 20

// ruleCopies is how many times a condition is evaluated: what it takes alone stands out of what reading the columns takes.
const ruleCopies = 8

// prepared is our side of a case: nanoseconds of CPU time with it, with what it found, and without it.
type prepared struct {
	with, without func() (nanoseconds float64, figure string, err error)
	copies        int // of what is measured in with
}

// cpu is the CPU time of the process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // cannot happen: the arguments are right
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (t *table) prepare(c *Case, dir string) (*prepared, error) {
	switch c.Kind {
	case CleaningStep, RowCondition:
		return t.prepareRows(c)
	case AllRows:
		return t.prepareAll(c, dir)
	}
	return t.prepareMeasure(c, dir)
}

// plan is a plan of the columns that a case reads.
func (c *Case) plan() *rules.Plan {
	p := &rules.Plan{Dataset: "bench"}
	for _, name := range c.Fields {
		p.Fields = append(p.Fields, rules.Field{Name: name, From: []string{name}, Type: columnOf(name).typ, Level: rules.L1, PublishAs: name})
	}
	return p
}

func environment(p *rules.Plan) (*expr.Env, error) {
	var vars []expr.Var
	for i := range p.Fields {
		kind := expr.Kind(p.Fields[i].Type.Kind)
		switch kind {
		case "decimal":
			kind = expr.Number
		case "date":
			kind = expr.Timestamp
		}
		vars = append(vars, expr.Var{Name: p.Fields[i].Name, Kind: kind})
	}
	return expr.NewEnv(vars)
}

// plans are the plan with what is measured and the one without.
func (c *Case) plans() (with, without *rules.Plan, copies int, err error) {
	with, without = c.plan(), c.plan()
	var check func(text string, want expr.Kind) (*expr.Expr, error)
	if c.CEL != "" || c.When != "" {
		env, err := environment(with)
		if err != nil {
			return nil, nil, 0, err
		}
		check = env.Check
	}
	if c.Kind == CleaningStep {
		s := c.Step
		s.ID = c.Title()
		if c.Op == string(rules.DerivedValue) {
			s.Op = rules.DerivedValue
			if s.Derive, err = check(c.CEL, expr.Integer); err != nil {
				return nil, nil, 0, err
			}
			with.Fields = append(with.Fields, rules.Field{Name: "derived", Type: integer, Level: rules.L1, Clean: []rules.Step{s}, PublishAs: "derived"})
			return with, without, 1, nil
		}
		with.Fields[0].Clean = []rules.Step{s}
		return with, without, 1, nil
	}
	rule := c.Rule
	if c.CEL != "" {
		x, err := check(c.CEL, expr.Boolean)
		if err != nil {
			return nil, nil, 0, err
		}
		rule.Conditions = []rules.Condition{{Op: rules.Holds, Expr: x}}
	}
	if c.When != "" {
		if rule.When, err = check(c.When, expr.Boolean); err != nil {
			return nil, nil, 0, err
		}
	}
	rule.OnFail, rule.Reads = rules.Keep, c.Fields
	copies = ruleCopies
	if c.As.Kind != "" { // reading the type is what is measured
		with.Fields[0].Type, copies = c.As, 1
	}
	for k := range copies {
		rule.ID = fmt.Sprintf("R%d", k)
		with.Rules = append(with.Rules, rule)
	}
	return with, without, copies, nil
}

// prepareRows is for what one pass over the rows does.
func (t *table) prepareRows(c *Case) (*prepared, error) {
	with, without, copies, err := c.plans()
	if err != nil {
		return nil, err
	}
	batches := t.batches(c.Fields)
	pass := func(p *rules.Plan, figure func(*kernel.Counts) string) (func() (float64, string, error), error) {
		program, err := kernel.Compile(p, c.Fields)
		if err != nil {
			return nil, err
		}
		return func() (float64, string, error) {
			w := program.NewWorker()
			start := cpu()
			for _, b := range batches {
				if _, err := w.Check(b); err != nil {
					return 0, "", err
				}
			}
			return float64((cpu() - start).Nanoseconds()), figure(w.Counts()), nil
		}, nil
	}
	out := &prepared{copies: copies}
	if out.with, err = pass(with, c.found(len(with.Fields)-1)); err != nil {
		return nil, err
	}
	out.without, err = pass(without, func(*kernel.Counts) string { return "" })
	return out, err
}

// found is how much a case found, out of what a worker counted; derived is the last field.
func (c *Case) found(derived int) func(*kernel.Counts) string {
	return func(n *kernel.Counts) string {
		switch {
		case c.Op == string(rules.DerivedValue):
			return fmt.Sprint(n.Rows - n.Nulls[derived])
		case c.Kind == CleaningStep:
			return fmt.Sprint(n.Changed[0][0])
		}
		return fmt.Sprint(n.Rules[0].Failed)
	}
}

// typed reads the columns of a case and keeps them, one set for each batch.
func (t *table) typed(p *rules.Plan, names []string) ([][]arrow.Array, []*batch.Batch, error) {
	program, err := kernel.Compile(p, names)
	if err != nil {
		return nil, nil, err
	}
	batches := t.batches(names)
	columns := make([][]arrow.Array, len(batches))
	for k, b := range batches {
		checked, err := program.NewWorker().Check(b) // a worker of its own, whose memory stays
		if err != nil {
			return nil, nil, err
		}
		columns[k] = slices.Clone(checked.Columns)
	}
	return columns, batches, nil
}

func full(rows int) kernel.Bits {
	b := kernel.NewBits(rows)
	b.Fill(rows)
	return b
}

func nothing() (float64, string, error) { return 0, "", nil }

// prepareAll is for a rule over all rows: observing them and settling.
func (t *table) prepareAll(c *Case, dir string) (*prepared, error) {
	p := c.plan()
	columns, batches, err := t.typed(p, c.Fields)
	if err != nil {
		return nil, err
	}
	condition := &c.Rule.Conditions[0]
	return &prepared{copies: 1, without: nothing, with: func() (float64, string, error) {
		start := cpu()
		rule, err := settle.New(context.Background(), p, condition, settle.Share{Dir: dir, Bytes: memoryBytes}, places{}, false)
		if err != nil {
			return 0, "", err
		}
		failed := make([]kernel.Bits, len(batches))
		checked := make([]kernel.Bits, len(batches))
		observer := rule.Observer()
		for k, b := range batches {
			n := b.Rows()
			checked[k], failed[k] = kernel.NewBits(n), kernel.NewBits(n)
			all := full(n)
			if err := observer.Observe(&settle.Batch{Frame: k, Columns: columns[k], Within: all, Scope: all, Checked: checked[k], Failed: failed[k]}); err != nil {
				return 0, "", err
			}
		}
		if err := observer.Close(); err != nil {
			return 0, "", err
		}
		err = rule.Settle(context.Background(), &settle.Run{
			Workers: 1,
			Fail:    func(loc dedupe.Loc) { failed[loc.Frame()].Set(loc.Row()) },
			Frames: func(_ context.Context, f func(worker, frame int, cols []arrow.Array, checked kernel.Bits) error) error {
				for k := range batches {
					if err := f(0, k, columns[k], checked[k]); err != nil {
						return err
					}
				}
				return nil
			},
		})
		if err != nil {
			return 0, "", err
		}
		count := 0
		for _, b := range failed {
			count += b.Count()
		}
		cost := float64((cpu() - start).Nanoseconds())
		return cost, fmt.Sprint(count), rule.Close()
	}}, nil
}

// places is the other dataset of exists_in: counties below 112900.
type places struct{}

func (places) EachRow(_ context.Context, _ *rules.Referred, _ []rules.Type, each func(values [][]byte) error) error {
	for code := 110000; code < 112900; code++ {
		if err := each([][]byte{fmt.Append(nil, code)}); err != nil {
			return err
		}
	}
	return nil
}

// prepareMeasure is for a measure: adding all rows and evaluating.
func (t *table) prepareMeasure(c *Case, dir string) (*prepared, error) {
	p := c.plan()
	m := c.Measure
	m.ID, m.Over, m.Reads = c.Title(), rules.OverDelivered, c.Fields
	p.Measures = []rules.Measure{m}
	plain := *p
	plain.Measures = nil
	columns, batches, err := t.typed(&plain, c.Fields)
	if err != nil {
		return nil, err
	}
	if err := t.earlier(filepath.Join(dir, "earlier.csv")); err != nil {
		return nil, err
	}
	return &prepared{copies: 1, without: nothing, with: func() (float64, string, error) {
		start := cpu()
		set, err := measure.New(p, dir, memoryBytes, 1)
		if err != nil {
			return 0, "", err
		}
		defer set.Close()
		adder, err := set.NewAdder(rules.OverDelivered)
		if err != nil {
			return 0, "", err
		}
		for k, b := range batches {
			if err := adder.Add(columns[k], full(b.Rows()), nil); err != nil {
				return 0, "", err
			}
		}
		if err := adder.Close(); err != nil {
			return 0, "", err
		}
		results, err := set.Evaluate(context.Background(), rules.OverDelivered, measure.Facts{Root: dir, AsOf: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return 0, "", err
		}
		if !results[0].Evaluated {
			return 0, "", fmt.Errorf("not evaluated: %s", results[0].Reason)
		}
		return float64((cpu() - start).Nanoseconds()), results[0].Observed, nil
	}}, nil
}

// earlier writes the first rows as the other data of measures that compare.
func (t *table) earlier(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	names := []string{"i", "x", "region", "code"}
	if err := w.Write(names); err != nil {
		return err
	}
	for row := range min(10000, t.rows) {
		record := make([]string, len(names))
		for k, name := range names {
			record[k] = columnOf(name).value(uint64(row))
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
