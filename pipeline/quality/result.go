package quality

import (
	"bytes"
	"encoding/json"
	"fmt"

	"clearwell/rules"
)

// Format names the layout of quality.json. It changes when a reader would have to.
const Format = "clearwell.quality/1"

// Result is the quality result of a run: what quality.json holds. Nothing in it
// depends on when or how often the run was made.
type Result struct {
	Format    string            `json:"format"`
	Dataset   string            `json:"dataset"`
	Title     map[string]string `json:"title,omitempty"`
	Owner     string            `json:"owner,omitempty"`
	Contract  string            `json:"contract"`
	Plan      string            `json:"plan"`
	Standards string            `json:"standards"`
	Sources   []Source          `json:"sources"`
	Rows      Rows              `json:"rows"`

	Decision  Decision      `json:"decision"`
	Gates     []Gate        `json:"gates"`
	Delivered Score         `json:"delivered"`
	Published Score         `json:"published"`
	Coverage  Coverage      `json:"coverage"`
	Rules     []RuleResult  `json:"rules"`  // in plan order
	Fields    []FieldResult `json:"fields"` // in contract order
	Cells     []Cells       `json:"cells,omitempty"`
	Repairs   *Repairs      `json:"repairs,omitempty"`

	Measures   []MeasureResult `json:"measures,omitempty"`   // checks that blame no row, in plan order
	Measured   []Measured      `json:"measured,omitempty"`   // counts that no rule gives
	Comparison *Comparison     `json:"comparison,omitempty"` // with the version before, where the contract asks for it
}

// Decision is what the bounds of the contract say about the version.
type Decision string

// The decisions.
const (
	Publish       Decision = "publish"
	PublishWarned Decision = "publish_warned" // a warning bound is exceeded, no failing one
	Refuse        Decision = "refuse"         // the version must not be published
)

// Score is one of the two scores of a run.
type Score struct {
	Total      Percent          `json:"total"`
	Dimensions []DimensionScore `json:"dimensions"` // all six, in the order of the standard
}

// Dimension is the score of one dimension by name; NotEvaluated if there is none.
func (s Score) Dimension(name string) Percent {
	for _, d := range s.Dimensions {
		if d.Dimension == name {
			return d.Score
		}
	}
	return NotEvaluated
}

// DimensionScore is the mean of the evaluated indicators of a dimension.
type DimensionScore struct {
	Dimension  string           `json:"dimension"`
	Weight     int64            `json:"weight"`
	Score      Percent          `json:"score"`
	Indicators []IndicatorScore `json:"indicators"` // those that checked anything
}

// IndicatorScore is one indicator: A of B cells passed.
type IndicatorScore struct {
	Indicator string  `json:"indicator"`
	Passed    int64   `json:"a"`
	Checked   int64   `json:"b"`
	Score     Percent `json:"score"`
}

// Coverage says how much of the dataset the scores speak of.
type Coverage struct {
	Fields     int64               `json:"fields"`
	WithRule   int64               `json:"with_rule"` // fields that some rule reads
	Share      Percent             `json:"share"`
	Dimensions []DimensionCoverage `json:"dimensions"`
}

// DimensionCoverage is the share of fields that a rule of the dimension reads.
type DimensionCoverage struct {
	Dimension string  `json:"dimension"`
	WithRule  int64   `json:"with_rule"`
	Share     Percent `json:"share"`
}

// Outcome is how a rule came out.
type Outcome string

// The outcomes of a rule.
const (
	Unchecked Outcome = "not_evaluated" // it checked no row: never a pass
	Passed    Outcome = "passed"        // it checked rows and none failed
	Failing   Outcome = "failing"       // rows failed, within the bounds
	Warned    Outcome = "warned"        // more rows failed than the warning bound allows
	Refused   Outcome = "refused"       // more rows failed than the failing bound allows
)

// RuleResult is one rule with its counts and shares.
type RuleResult struct {
	ID            string            `json:"id"`
	Title         map[string]string `json:"title,omitempty"`
	Field         string            `json:"field,omitempty"`
	Reads         []string          `json:"reads"`
	Dimension     string            `json:"dimension"`
	Indicator     string            `json:"indicator"`
	OnFail        rules.FailAction  `json:"on_fail"`
	Basis         string            `json:"basis,omitempty"`
	Fix           string            `json:"fix,omitempty"`
	Severity      rules.Severity    `json:"severity,omitempty"` // warn or gate; error is not written
	Outcome       Outcome           `json:"outcome"`
	InScope       int64             `json:"in_scope"`
	SkippedByWhen int64             `json:"skipped_by_when"`
	SkippedNull   int64             `json:"skipped_null"`
	Repaired      int64             `json:"repaired,omitempty"`
	Mistakes      int64             `json:"mistakes,omitempty"` // evaluations that went wrong; the rule did not check there
	Unmatched     *Unmatched        `json:"unmatched,omitempty"`
	Delivered     Counts            `json:"delivered"`
	Published     Counts            `json:"published"`
	X             Percent           `json:"x"`           // 1 - failed/checked, delivered
	XPublished    Percent           `json:"x_published"` // the same over the published rows
}

// FieldResult is one field with what cleaning did to it.
type FieldResult struct {
	Name       string            `json:"name"`
	Title      map[string]string `json:"title,omitempty"`
	Type       string            `json:"type"`
	Level      string            `json:"level"`
	Treatment  string            `json:"treatment"`
	PublishAs  string            `json:"publish_as,omitempty"`
	Rows       int64             `json:"rows"`
	Nulls      int64             `json:"nulls"`
	Clean      int64             `json:"clean"`
	Mistakes   int64             `json:"mistakes,omitempty"` // cells of a derived field whose expression went wrong; null
	Filled     Percent           `json:"filled"`             // cells that are not null after cleaning
	CleanShare Percent           `json:"clean_share"`        // cells that needed nothing
	Changed    []StepChange      `json:"changed"`
}

// JSON is the text of quality.json: indented, keys in a fixed order, ending in a
// line feed, the same bytes for the same counts.
func (r *Result) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("quality result of %s: %w", r.Dataset, err)
	}
	return b.Bytes(), nil
}

// Parse reads a quality.json. Unknown keys are errors: the format's name is
// there for layouts that this program does not know.
func Parse(data []byte) (*Result, error) {
	var head struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("quality result: %w", err)
	}
	if head.Format != Format {
		return nil, fmt.Errorf("quality result: format %q is not known to this program, which reads %s; use the version of the program that wrote it", head.Format, Format)
	}
	r := &Result{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("quality result: %w", err)
	}
	return r, nil
}
