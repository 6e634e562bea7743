package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/batch"
	"clearwell/connectors/csv"
	"clearwell/connectors/file"
	"clearwell/pipeline/kernel"
	"clearwell/rules"
)

// PreviewRow is one source record before and after a contract.
type PreviewRow struct {
	Source   string          `json:"source"`
	Row      int64           `json:"row"`
	Line     int64           `json:"line"`
	Fate     string          `json:"fate"` // publish | quarantine | excluded | bad
	Cells    []PreviewCell   `json:"cells,omitempty"`
	Broken   []BrokenRule    `json:"broken,omitempty"`
	Repaired []PreviewRepair `json:"repaired,omitempty"`
	Message  string          `json:"message,omitempty"` // bad records: what is wrong
}

// PreviewCell is one field of a record. A nil text is null.
type PreviewCell struct {
	Field     string  `json:"field"`
	Before    string  `json:"before"` // as read
	After     *string `json:"after"`  // cleaned and typed
	Published *string `json:"published"`
	Column    string  `json:"column,omitempty"` // published name; empty: not published
	Changed   bool    `json:"changed"`          // by cleaning

	Steps []StepValue `json:"steps,omitempty"` // of a changed cell: as delivered, then after each step that changed it
}

// PreviewRepair is a cell that a rule gave another value. Rules over all rows repair
// nothing here, nor do tables in other datasets.
type PreviewRepair struct {
	Field  string  `json:"field"`
	Rule   string  `json:"rule"`
	Kind   string  `json:"kind"`
	Before *string `json:"before"`
	After  string  `json:"after"`
}

// BrokenRule is a rule that a record breaks.
type BrokenRule struct {
	Rule    string           `json:"rule"`
	OnFail  rules.FailAction `json:"on_fail"`
	Message string           `json:"message"`
}

// Preview carries the first limit records of a dataset, over its source objects in
// order, through its contract. Nothing is written. Rules over all rows are not evaluated.
// secret loads pseudonym keys as the key store does.
func Preview(ctx context.Context, ws *rules.Workspace, dataset string, limit int, secret func(string) ([]byte, error)) ([]PreviewRow, error) {
	ds := ws.Dataset(dataset)
	if ds == nil {
		return nil, fmt.Errorf("%w %q%s", ErrUnknownDataset, dataset, didYouMean(ws.Nearest(dataset)))
	}
	src, err := file.New(ws.Root, ds.Plan.Source.Path)
	if err != nil {
		return nil, err
	}
	objects, err := src.List(ctx)
	if err != nil {
		return nil, err
	}
	treater, err := kernel.NewTreater(ds.Plan, secret)
	if err != nil {
		return nil, err
	}
	var out []PreviewRow
	for _, o := range objects {
		if len(out) >= limit {
			break
		}
		in, err := src.Open(ctx, o)
		if err != nil {
			return nil, err
		}
		rows, err := previewObject(ctx, ds.Plan, o.Name, in, limit-len(out), treater)
		in.Close()
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

func previewObject(ctx context.Context, p *rules.Plan, name string, in io.Reader, limit int, treater *kernel.Treater) ([]PreviewRow, error) {
	r, err := csv.Open(in, csv.Options{Name: name, Encoding: p.Source.CSV.Encoding, Delimiter: p.Source.CSV.Delimiter, MaxRecord: p.Source.CSV.MaxRecord, ChunkSize: 64 << 10})
	if err != nil {
		return nil, err
	}
	prog, err := kernel.Compile(p, r.Header())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	w, d, hints := prog.NewWorker(), r.NewDecoder(), suggesters(p)
	var out []PreviewRow
	for len(out) < limit {
		chunk, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		b, err := d.Decode(chunk)
		if err != nil {
			return nil, err
		}
		rows, err := previewBatch(p, prog, w, hints, treater, name, b)
		b.Release()
		if err != nil {
			return nil, err
		}
		out = append(out, rows[:min(len(rows), limit-len(out))]...)
	}
	return out, nil
}

func previewBatch(p *rules.Plan, prog *kernel.Program, w *kernel.Worker, hints []*suggester, treater *kernel.Treater, name string, b *batch.Batch) ([]PreviewRow, error) {
	trace := watchCleaning(w, p)
	c, err := w.Check(b)
	if err != nil {
		return nil, err
	}
	all := make([]int32, b.Rows())
	for i := range all {
		all[i] = int32(i)
	}
	published, err := treater.Treat(c.Columns, all)
	if err != nil {
		return nil, err
	}
	bad := b.Bad
	var out []PreviewRow
	addBad := func(before int64) {
		for len(bad) > 0 && bad[0].Row < before {
			out = append(out, PreviewRow{Source: name, Row: bad[0].Row, Line: bad[0].Line, Fate: "bad", Message: bad[0].Message})
			bad = bad[1:]
		}
	}
	for i := range all {
		sp := b.Spans[i]
		addBad(sp.Row)
		row := PreviewRow{Source: name, Row: sp.Row, Line: sp.Line, Fate: "publish"}
		switch {
		case c.Excluded.Get(i):
			row.Fate = "excluded"
		case c.Quarantined.Get(i):
			row.Fate = "quarantine"
		}
		for k, o := range c.Outcomes {
			if o.Failed != nil && o.Failed.Get(i) && (row.Fate == "quarantine" || !o.Mended.Get(i)) {
				rule := &p.Rules[k]
				message := describeFailure(rule)
				if hints[k] != nil {
					if hint := hints[k].suggest(w.CleanedText(hints[k].field, i)); hint != "" {
						message += "; " + hint
					}
				}
				row.Broken = append(row.Broken, BrokenRule{rule.ID, rule.OnFail, message})
			}
		}
		for _, r := range c.Repaired {
			if r.Row == i {
				m := PreviewRepair{Field: p.Fields[r.Field].Name, Rule: p.Rules[r.Rule].ID, Kind: string(p.Rules[r.Rule].Repair.By)}
				if after := cellText(c.Columns[r.Field], i); after != nil {
					m.After = *after
				}
				if r.Before != nil {
					before := string(r.Before)
					m.Before = &before
				}
				row.Repaired = append(row.Repaired, m)
			}
		}
		column := 0
		for k, f := range p.Fields {
			cell := PreviewCell{Field: f.Name, Column: f.PublishAs, After: cellText(c.Columns[k], i)}
			if src := prog.SourceColumn(k); src >= 0 {
				cell.Before = string(stringCell(b.Record.Column(src), i))
			}
			for n, src := range prog.JoinedColumns(k) {
				if n > 0 {
					cell.Before += f.Join.With
				}
				cell.Before += string(stringCell(b.Record.Column(src), i))
			}
			cell.Changed = cell.After == nil && cell.Before != "" || cell.After != nil && *cell.After != cell.Before
			if cell.Changed {
				for n, s := range trace.of(p, k, i, cell.After) {
					if n == 0 || s.Changed {
						cell.Steps = append(cell.Steps, s)
					}
				}
			}
			if f.PublishAs != "" {
				if row.Fate == "publish" {
					cell.Published = cellText(published.Column(column), i)
				}
				column++
			}
			row.Cells = append(row.Cells, cell)
		}
		out = append(out, row)
	}
	addBad(batch.MaxRow + 1)
	return out, nil
}

// cellText is the value of a cell as contracts and tests write it; nil is null.
func cellText(a arrow.Array, i int) *string {
	s, err := kernel.CanonicalText(a, i)
	if err != nil { // a column of the program always has a canonical text
		panic(err)
	}
	return s
}
