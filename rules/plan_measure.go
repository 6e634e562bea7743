package rules

import "clearwell/rules/expr"

// A Measure is a check that blames no row: it holds one number, or one set of
// values, of a whole column, table or delivery against what the contract expects.
//
// Statistics of a column are over its values that are not null; only null_share
// and row_count look at nulls. They are exact unless Error says otherwise.
type Measure struct {
	ID    string            `json:"id"` // unique among measures and rules
	Title map[string]string `json:"title,omitempty"`
	Field string            `json:"field,omitempty"` // the field that is blamed; empty: the table or the delivery
	Reads []string          `json:"reads"`           // all fields it reads
	Kind  MeasureKind       `json:"kind"`
	Over  Over              `json:"over"`
	When  *expr.Expr        `json:"when,omitempty"` // only rows for which it is true; it reads the values as rules do

	Fields    []string        `json:"fields,omitempty"` // the columns measured together, in order; one for a statistic of a column
	Bounds    Limits          `json:"bounds"`           // what the observed number must be within
	Relation  string          `json:"relation,omitempty"`
	Values    []string        `json:"values,omitempty"`    // values, most_common: in the field's canonical form, sorted; columns: names in the order of the contract
	At        string          `json:"at,omitempty"`        // quantile: from 0 to 1
	Alone     bool            `json:"alone,omitempty"`     // most_common: a tie fails
	Nearest   bool            `json:"nearest,omitempty"`   // quantile: of numbers the nearer neighbour, of equally near ones that of even rank from 0
	Pattern   string          `json:"pattern,omitempty"`   // pattern_share: RE2, of the whole value
	Part      string          `json:"part,omitempty"`      // length_of: min, max or mean
	Test      DriftTest       `json:"test,omitempty"`      // drift
	Against   *Reference      `json:"against,omitempty"`   // what is compared with
	Tolerance *Tolerance      `json:"tolerance,omitempty"` // row_count, reconcile: how far the two may be apart; nil: equal
	Aggregate *expr.Aggregate `json:"aggregate,omitempty"`
	Within    int64           `json:"within,omitempty"`  // freshness, file_age: seconds
	SHA256    string          `json:"sha256,omitempty"`  // file_sha256: as the contract gives it
	Control   *Control        `json:"control,omitempty"` // file_sha256, file_rows: where the sender's own figure stands
	Error     float64         `json:"error,omitempty"`   // of a sketch, relative; 0: exact

	Dimension string   `json:"dimension"`
	Indicator string   `json:"indicator"`
	Severity  Severity `json:"severity,omitempty"`
	Allow     Allow    `json:"allow"` // of one check: a measure that fails is one failure of one
	Basis     string   `json:"basis,omitempty"`
	Fix       string   `json:"fix,omitempty"`
}

// MeasureKind names what is measured.
type MeasureKind string

// The measures.
const (
	NullShare     MeasureKind = "null_share"     // nulls / rows
	Distinct      MeasureKind = "distinct"       // number of different values
	DistinctShare MeasureKind = "distinct_share" // different values / values
	MinOf         MeasureKind = "min"
	MaxOf         MeasureKind = "max"
	Mean          MeasureKind = "mean"
	Median        MeasureKind = "median"   // Quantile at 0.5
	Quantile      MeasureKind = "quantile" // numbers: linear between neighbours (Hyndman and Fan, type 7); dates and times: the lower neighbour
	StdDev        MeasureKind = "stddev"   // of a sample, n - 1 below
	Sum           MeasureKind = "sum"
	MostCommon    MeasureKind = "most_common"   // the value that stands most often is one of Values; of a tie one suffices
	ValueSet      MeasureKind = "values"        // Relation of the different values to Values: equal, contain or within
	PatternShare  MeasureKind = "pattern_share" // values that match Pattern / values
	LengthOf      MeasureKind = "length_of"     // characters; Part says least, greatest or mean
	Entropy       MeasureKind = "entropy"       // Shannon's, in bits
	Drift         MeasureKind = "drift"         // distance between the distributions here and in Against
	RowCount      MeasureKind = "row_count"     // rows; within Bounds, or as many as Against
	Columns       MeasureKind = "columns"       // of the source's header, or of what is published; Relation: exactly, ordered, contains, count
	Freshness     MeasureKind = "freshness"     // the greatest value is at most Within old
	Correlation   MeasureKind = "correlation"   // Pearson's r of two columns over rows where neither is null
	AggregateOf   MeasureKind = "aggregate"     // Aggregate within Bounds
	Reconcile     MeasureKind = "reconcile"     // the sum equals that of Against
	SamePairs     MeasureKind = "same_pairs"    // the combinations of values are the same set as in Against
	FileHash      MeasureKind = "file_sha256"   // of every object delivered
	FileSize      MeasureKind = "file_size"     // bytes, of every object
	FileAge       MeasureKind = "file_age"      // since it was last changed, of every object
	FileRows      MeasureKind = "file_rows"     // records read, beside the control total of the sender
)

// Over says which rows a measure looks at.
type Over string

// The rows.
const (
	OverDelivered Over = "delivered" // all rows that could be read and are not excluded by where, as cleaned, before any rule takes something away
	OverPublished Over = "published" // the rows that are published, after repairs and before desensitization
)

// DriftTest is how two distributions are compared.
type DriftTest string

// The tests. KS and its p-value are for numbers, dates and times; PSI bins these
// by the deciles of the reference; everything else compares value by value.
const (
	KS         DriftTest = "ks"           // greatest distance of the two distribution functions, 0 to 1
	KSP        DriftTest = "ks_p"         // its asymptotic p-value
	ChiSquare  DriftTest = "chi_square"   // statistic of the two-sample test of homogeneity
	ChiSquareP DriftTest = "chi_square_p" // its p-value
	PSI        DriftTest = "psi"          // population stability index
)

// Limits are two ends of a number, or of a date or time in canonical text. Empty: no end.
type Limits struct {
	Min     string `json:"min,omitempty"`
	Max     string `json:"max,omitempty"`
	MinOpen bool   `json:"min_open,omitempty"` // the end itself is outside
	MaxOpen bool   `json:"max_open,omitempty"`
}

// Reference is other data: the version of this dataset that is published now,
// the published version of another one, or a file of the workspace.
type Reference struct {
	Last    bool     `json:"last,omitempty"`
	Dataset string   `json:"dataset,omitempty"`
	File    string   `json:"file,omitempty"`
	Columns []string `json:"columns,omitempty"` // as many as the measure has Fields; none for row_count
}

// Tolerance is how far two numbers may be apart: a number, or a share of the second one.
type Tolerance struct {
	By    string `json:"by"` // decimal
	Share bool   `json:"share,omitempty"`
}

// Control is a table of the sender with figures about what was sent.
type Control struct {
	Manifest string `json:"manifest"`       // CSV or tab-separated file of the workspace
	File     string `json:"file,omitempty"` // column with the names of the files; empty: the figures are of the whole delivery
	Column   string `json:"column"`         // column with the figure
}
