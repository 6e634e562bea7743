// Package quality turns the counts of a run into its quality result: scores
// after GB/T 36344-2018, the decision of the contract's bounds, quality.json
// and one self-contained HTML page.
//
// It counts nothing itself (but see CellCounter) and reads no data: the engine
// fills an Input with integers, Assess checks that they do not contradict each
// other and makes a Result of them. A Result holds integers; every percentage
// in it is derived from them by one documented rounding (Percent), so that the
// same run gives the same bytes everywhere.
//
// Scores, from the bottom up:
//
//	indicator  passed / checked over cells: a cell passes if all rules of the indicator on it pass
//	dimension  mean of its evaluated indicators
//	total      weighted mean of the evaluated dimensions (equal weights unless the contract says otherwise)
//
// What checked nothing is not evaluated; it neither helps nor harms a mean.
// Coverage, the share of fields with a rule, always stands beside a score.
//
// There are two scores. Delivered is over all decoded rows that the contract
// does not exclude, with the cells that had to be cleaned and the records that
// could not be decoded counted against indicator 0305: it grades the department.
// Published is over the rows that were published: it is what an analyst reads. A
// cell that broke a rule and was made null or replaced for it still counts as
// failed there: what was taken away is not good data, and no contract raises its
// score by emptying cells.
//
// Start at Input and Assess.
package quality

import "clearwell/rules"

// Input is what the engine knows at the end of a run. All counts are of one
// attempt and none is negative.
type Input struct {
	Dataset   string
	Title     map[string]string // by language: en, zh
	Owner     string
	Plan      string // lower-case hex SHA-256 of the plan
	Contract  string // lower-case hex SHA-256 of the contract file
	Standards string // version of the standards library
	Sources   []Source
	Rows      Rows
	Fields    []Field // in contract order
	Rules     []Rule  // in plan order

	// Cells are the exact counts per indicator and field, from a CellCounter.
	// Without them an indicator counts evaluations of rules, which is the same
	// as long as no two rules of an indicator judge the same field.
	Cells []Cells

	Dedupe    bool             // the contract removes duplicates: indicator 0303 is evaluated from Rows
	Weights   map[string]int64 // of dimensions in the total; nil: equal
	PublishIf []Threshold      // on the published score

	Measured []Measured         // what the run itself shows, from Measure
	Last     *Last              // the version before; nil: there is none, or it is not compared with
	Compare  *rules.LastVersion // bounds on the change since then

	Repairs *Repairs // nil: the contract repairs nothing

	Measures []MeasureResult // in plan order, with their verdicts

	AllowEmpty bool // the contract lets a version without rows be published
}

// Repairs are the cells that rules repaired. A repaired cell counts as failed in the
// score as delivered, and as passed in the score as published.
type Repairs struct {
	Cells  int64  `json:"cells"`
	SHA256 string `json:"sha256"` // lower-case hex, of the file in which they stand one by one
}

// Source is one archived source object of the run.
type Source struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // lower-case hex, of the bytes as delivered
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"` // records, bad ones included
}

// Rows is the balance of the run's rows:
// Read = Published + Quarantined + Duplicates + Suppressed + Excluded.
type Rows struct {
	Read        int64 `json:"read"`        // records of all sources, bad ones included
	BadRecords  int64 `json:"bad_records"` // could not be decoded; part of Quarantined
	Published   int64 `json:"published"`
	Quarantined int64 `json:"quarantined"` // bad records and rows that broke a quarantine rule
	Duplicates  int64 `json:"duplicates"`  // removed by dedupe
	Suppressed  int64 `json:"suppressed"`  // removed to protect privacy
	Excluded    int64 `json:"excluded"`    // by the contract's where
}

// Field is what cleaning found in one field, over the decoded rows that the
// contract does not exclude.
type Field struct {
	Name      string
	Title     map[string]string
	Type      string // as the contract writes it: decimal(14,2)
	Level     rules.Level
	Treatment string // method of desensitization; "none" if it is published as it is
	PublishAs string // empty: not published
	Rows      int64  // cells looked at
	Nulls     int64  // of them null after cleaning
	Clean     int64  // of them neither changed by cleaning nor failing a rule
	Mistakes  int64  // cells of a derived field whose expression went wrong, such as a division by zero: null
	Changed   []StepChange
}

// StepChange is how many cells one cleaning step changed.
type StepChange struct {
	Step  string `json:"step"` // id of the step, unique in its field
	Cells int64  `json:"cells"`
}

// Counts are the rows on which a rule was checked and those where it failed.
type Counts struct {
	Checked int64 `json:"checked"`
	Failed  int64 `json:"failed"`
}

func (c Counts) plus(o Counts) Counts { return Counts{c.Checked + o.Checked, c.Failed + o.Failed} }

// valid reports whether the counts can be those of n rows.
func (c Counts) valid() bool { return c.Failed >= 0 && c.Checked >= c.Failed }

// Rule is one rule of the plan with its counts.
type Rule struct {
	ID        string
	Title     map[string]string
	Field     string   // the field whose cell is blamed; empty: the row
	Reads     []string // all fields it reads
	Dimension string
	Indicator string // GB/T 36344-2018 code; belongs to Dimension
	OnFail    rules.FailAction
	Allow     rules.Allow
	Basis     string // the regulation that the rule rests on
	Fix       string // what the department is told
	Severity  rules.Severity

	InScope       int64 // rows on which the rule could apply
	SkippedByWhen int64 // rows left out by the rule's own condition
	SkippedNull   int64 // rows left out because an operand was null
	Repaired      int64 // of the rows that failed, those whose cell got a value that holds, and that no other rule took out
	Mistakes      int64 // evaluations that went wrong, such as a division by zero: the rule did not check there
	Delivered     Counts
	Published     Counts

	Unmatched *Unmatched // nil: no code table, or nothing to show
}

// Unmatched are the most frequent values of a field that are in its code table neither as
// code nor as word, over the rows as delivered. It is made for fields below level L3 only.
type Unmatched struct {
	Values    []UnmatchedValue `json:"values"`            // most frequent first
	Different int64            `json:"different"`         // values that were counted
	Partial   bool             `json:"partial,omitempty"` // there are more different values than are counted: these are a sample
}

// UnmatchedValue is one of them with the word of the table that is most like it.
type UnmatchedValue struct {
	Value      string `json:"value"` // as cleaned
	Cells      int64  `json:"cells"`
	Suggestion string `json:"suggestion,omitempty"` // empty: no word is near
	Code       string `json:"code,omitempty"`       // that the suggested word means
}

// Threshold demands a least published score. It is compared with the score as it
// is shown, rounded to hundredths, so that a page never reads "90.00 is below 90".
type Threshold struct {
	Of      string // "score" for the total, or a dimension
	AtLeast Percent
}
