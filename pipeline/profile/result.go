package profile

// Format names the layout of a Result in JSON; docs/profile.md describes it.
const Format = "clearwell-profile/1"

// A Result is what a profile found. As JSON it is the format of docs/profile.md.
// It is the same for the same bytes and the same memory, whatever the number of workers.
type Result struct {
	Format       string       `json:"format"`
	Source       string       `json:"source"` // as it was named
	Files        []File       `json:"files"`
	Rows         int64        `json:"rows"`        // records that could be read
	BadRecords   int64        `json:"bad_records"` // records that could not
	Copies       Copies       `json:"copies"`
	Columns      []Column     `json:"columns"`
	Keys         []Key        `json:"keys"`
	Dependencies []Dependency `json:"dependencies"`
	Approximate  []string     `json:"approximate"`   // in words, which numbers are estimates and how good; empty: everything is exact
	ValuesShown  bool         `json:"values_shown"`  // values of L3 and L4 columns stand in the result
	Standards    string       `json:"standards"`     // version of the standards library
	MemoryBytes  int64        `json:"memory_bytes"`  // the budget
	DistinctHeld int          `json:"distinct_held"` // values held per column at most
}

// Copies are the rows that have the same cells, byte for byte, as an earlier row.
type Copies struct {
	Rows  int64 `json:"rows"`
	Exact bool  `json:"exact"` // all rows were compared, none estimated
}

// A File is one file of the source.
type File struct {
	Name      string           `json:"name"`
	Bytes     int64            `json:"bytes"`
	Encoding  string           `json:"encoding"`
	Delimiter string           `json:"delimiter"`
	BOM       bool             `json:"bom"`
	How       string           `json:"how"` // how encoding and delimiter were found
	Records   int64            `json:"records"`
	Lines     int64            `json:"lines"`
	Columns   int              `json:"columns"`
	Bad       map[string]int64 `json:"bad,omitempty"`       // records by what is wrong with them: ragged, stray_quote, unclosed_quote, nul, encoding
	FirstBad  []BadRecord      `json:"first_bad,omitempty"` // the first ten
}

// A BadRecord is a record that could not be read.
type BadRecord struct {
	Row     int64  `json:"row"`
	Line    int64  `json:"line"`
	Code    string `json:"code"`
	Message string `json:"message"` // no value of the record
}

// A Column is what one column turned out to be. Counts are rows unless they say otherwise.
type Column struct {
	Name     string       `json:"name"`
	Position int          `json:"position"` // from 1, in the first file that has the column
	Absent   int64        `json:"absent"`   // rows of files that lack the column
	Cells    int64        `json:"cells"`    // rows of files that have it
	Empty    int64        `json:"empty"`    // cells without text, or with blanks only
	Words    []Count      `json:"null_words,omitempty"`
	Nulls    int64        `json:"nulls"` // empty cells and null words
	Distinct Distinct     `json:"distinct"`
	Type     Type         `json:"type"`
	Standard *Recognition `json:"standard,omitempty"`
	Others   []Candidate  `json:"other_standards,omitempty"` // that the values or the name fit too
	Level    Level        `json:"level"`
	Min      *Value       `json:"min,omitempty"` // in the order of the type
	Max      *Value       `json:"max,omitempty"`
	Mean     *float64     `json:"mean,omitempty"` // numbers
	Stddev   *float64     `json:"stddev,omitempty"`
	// Quantiles are values of the column, by nearest rank; numbers, dates and timestamps have them.
	Quantiles    []Quantile   `json:"quantiles,omitempty"`
	Length       *Lengths     `json:"length,omitempty"` // of non-null values, in characters
	Top          []Count      `json:"top,omitempty"`    // most frequent non-null values
	Patterns     []Count      `json:"patterns,omitempty"`
	PatternKinds int          `json:"pattern_kinds"` // how many patterns there are
	Collapsed    bool         `json:"patterns_collapsed,omitempty"`
	Dirt         Dirt         `json:"dirt"`
	Suspicious   []Suspicious `json:"suspicious,omitempty"`
	Approximate  []string     `json:"approximate,omitempty"` // which keys of this block are estimates

	facts *facts // for the proposal
}

// A Value is a value as text, or its pattern where the column's level forbids to show it.
type Value struct {
	Text   string `json:"text"`
	Masked bool   `json:"masked,omitempty"`
}

// A Count is how often a value, or a pattern, occurs.
type Count struct {
	Value
	Count int64 `json:"count"`
}

// A Quantile is the value below which a share of the values lies.
type Quantile struct {
	Share float64 `json:"share"`
	Value
}

// Lengths are of the non-null values in characters.
type Lengths struct {
	Min  int64   `json:"min"`
	Max  int64   `json:"max"`
	Mean float64 `json:"mean"`
}

// Distinct is the number of different non-null values.
type Distinct struct {
	Count  int64   `json:"count"`
	Exact  bool    `json:"exact"`
	Method string  `json:"method,omitempty"`         // of an estimate: adaptive-sampling
	Error  float64 `json:"standard_error,omitempty"` // of an estimate, relative
}

// Type is what the values of a column can be read as.
type Type struct {
	Name       string   `json:"name"`       // string, integer, number, decimal, boolean, date, timestamp
	Confidence float64  `json:"confidence"` // share of the non-null cells that are of the type
	Fail       int64    `json:"fail"`       // non-null cells that are not
	Precision  int      `json:"precision,omitempty"`
	Scale      int      `json:"scale,omitempty"`
	Formats    []Count  `json:"formats,omitempty"` // of dates and timestamps, with their cells
	True       []string `json:"true,omitempty"`    // words of booleans
	False      []string `json:"false,omitempty"`
	Grouping   bool     `json:"grouping,omitempty"` // numbers with a comma between groups of three digits
	Symbols    []string `json:"symbols,omitempty"`  // currency signs and words on numbers
	Units      []string `json:"units,omitempty"`    // 万, 亿 on numbers
	Note       string   `json:"note,omitempty"`     // why not another type
}

// A Candidate is a standard that a column may follow.
type Candidate struct {
	Name       string  `json:"name"`
	Confidence float64 `json:"confidence"` // 0..1
	Valid      float64 `json:"valid"`      // share of the distinct values that are valid after the standard's cleaning
	ByName     bool    `json:"by_name"`    // the column's name says so too
}

// A Recognition is the standard that a column follows most likely.
type Recognition struct {
	Candidate
	Fail int64 `json:"fail"` // non-null cells that are not valid
}

// Level is the proposed level of a column.
type Level struct {
	Name   string `json:"name"` // L1 … L4
	Reason string `json:"reason"`
}

// Dirt counts cells that cleaning would change.
type Dirt struct {
	Blanks    int64 `json:"blanks"`     // at the ends
	Spaces    int64 `json:"spaces"`     // two or more in a row inside
	FullWidth int64 `json:"full_width"` // full-width letters, digits and signs
	Control   int64 `json:"control"`    // line breaks and other control characters
	Garbled   int64 `json:"garbled"`    // traces of a wrong encoding
}

// A Suspicious value deserves a look.
type Suspicious struct {
	Kind string `json:"kind"` // near_duplicate, case_variant, rare_pattern, outlier, not_of_type, invalid, garbled, maybe_null
	Count
	Like *Value `json:"like,omitempty"` // the frequent value that was meant, perhaps
}

// A Key is one column or a pair that names every row, or nearly.
type Key struct {
	Columns    []string `json:"columns"`
	Duplicates int64    `json:"duplicates"` // rows whose value stands in an earlier row too
	Nulls      int64    `json:"nulls"`      // rows with a null in it
	Exact      bool     `json:"exact"`      // counted over all rows
}

// A Dependency says that equal values of some columns have equal values of another.
type Dependency struct {
	From       []string `json:"from"`
	To         string   `json:"to"`
	Groups     int64    `json:"groups"`     // different values of From
	Violations int64    `json:"violations"` // rows that do not have their group's most frequent value
	Share      float64  `json:"share"`      // of the checked rows
	Checked    int64    `json:"checked"`    // rows without null in the columns
}
