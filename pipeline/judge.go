package pipeline

import (
	"bytes"
	"context"
	stdcsv "encoding/csv"
	"errors"
	"io"

	"clearwell/connectors/csv"
	"clearwell/pipeline/kernel"
	"clearwell/rules"
	"clearwell/rules/standard"
)

// Judgement is what a standard says of one value.
type Judgement struct {
	Value   string             `json:"value"`
	Cleaned *string            `json:"cleaned"` // null: the value is empty after cleaning, or could not be read as the type
	Valid   bool               `json:"valid"`
	Reasons []*standard.Reason `json:"reasons,omitempty"`
}

// JudgeValues cleans and checks values by a standard with the code of a run. An
// empty value is wrong.
func JudgeValues(ctx context.Context, v *rules.StandardView, list []string) ([]Judgement, error) {
	if len(list) == 0 {
		return nil, nil
	}
	plan := v.Plan()
	var source bytes.Buffer
	w := stdcsv.NewWriter(&source)
	for _, value := range append([]string{plan.Fields[0].From[0]}, list...) {
		if value == "" {
			w.Flush()
			source.WriteString("\"\"\n")
			continue
		}
		if err := w.Write([]string{value}); err != nil {
			return nil, err
		}
	}
	w.Flush()
	r, err := csv.Open(&source, csv.Options{Name: "values", Encoding: "utf-8", Delimiter: ",", MaxRecord: 1 << 20})
	if err != nil {
		return nil, err
	}
	prog, err := kernel.Compile(plan, r.Header())
	if err != nil {
		return nil, err
	}
	cleaner, err := kernel.NewCleaner(plan.Fields[0].Clean)
	if err != nil {
		return nil, err
	}
	worker, decoder := prog.NewWorker(), r.NewDecoder()
	out := make([]Judgement, len(list))
	for i, value := range list {
		out[i] = Judgement{Value: value, Reasons: []*standard.Reason{{Code: standard.ReasonForm, Text: map[string]string{"en": "it is not text in UTF-8", "zh": "不是 UTF-8 文本"}}}}
	}
	for {
		chunk, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		b, err := decoder.Decode(chunk)
		if err != nil {
			return nil, err
		}
		c, err := worker.Check(b)
		if err == nil {
			for i := range b.Rows() {
				j := &out[b.Spans[i].Row-1]
				if err = judge(j, v, plan, cleaner, c, i); err != nil {
					break
				}
			}
		}
		b.Release()
		if err != nil {
			return nil, err
		}
	}
}

// judge fills in what row i of a batch says of its value.
func judge(j *Judgement, v *rules.StandardView, plan *rules.Plan, cleaner *kernel.Cleaner, c *kernel.Checked, i int) (err error) {
	j.Reasons = nil
	if j.Cleaned, err = kernel.CanonicalText(c.Columns[0], i); err != nil {
		return err
	}
	cleaned, err := cleaner.Clean([]byte(j.Value))
	if err != nil {
		return err
	}
	if len(cleaned) == 0 {
		j.Reasons = []*standard.Reason{{Code: standard.ReasonEmpty, Text: map[string]string{"en": "the value is empty", "zh": "值为空"}}}
		return nil
	}
	for k, o := range c.Outcomes {
		if o.Failed != nil && o.Failed.Get(i) {
			j.Reasons = append(j.Reasons, v.Why(plan.Rules[k].Conditions[0], string(cleaned)))
		}
	}
	j.Valid = len(j.Reasons) == 0
	return nil
}
