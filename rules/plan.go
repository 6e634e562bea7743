package rules

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"clearwell/rules/expr"
)

// A Plan is a contract made ready to run: every default filled in, every
// standard resolved into its steps, every expression type-checked. It is plain
// data with one JSON form, so that it can be hashed, stored beside the archived
// source and shipped to a worker. Column lineage is read off it.
//
// Each field is carried out in one order, whatever the order in the file:
//
//	from -> clean -> parse (type) -> checks -> on_fail -> treatment -> publish
//
// Checks read the values after cleaning and parsing of all fields. Every
// check is evaluated on every row read, so that a row can break several rules.
type Plan struct {
	Dataset   string            `json:"dataset"`
	Title     map[string]string `json:"title,omitempty"`       // by language: en, zh
	About     map[string]string `json:"description,omitempty"` // by language
	Owner     string            `json:"owner"`
	Catalog   []string          `json:"catalog,omitempty"`
	Update    string            `json:"update,omitempty"`
	Source    Source            `json:"source"`
	Where     *expr.Expr        `json:"where,omitempty"`    // rows for which it is not true are excluded by the contract
	Fields    []Field           `json:"fields"`             // in contract order
	Rules     []Rule            `json:"rules"`              // in evaluation order: by field, then row rules; quarantine reasons keep this order
	Measures  []Measure         `json:"measures,omitempty"` // checks that blame no row, in contract order
	Dedupe    *Dedupe           `json:"dedupe,omitempty"`
	Publish   Publish           `json:"publish"`
	Quality   *QualityBounds    `json:"quality,omitempty"`
	RowKey    []string          `json:"row_key,omitempty"` // fields that name a row over deliveries; none: the whole row does
	Standards string            `json:"standards"`         // version of the standards library
}

// Hash is the SHA-256 of the plan's JSON form. Same contract, same standards,
// same hash; anything that can change a published byte changes it.
func (p *Plan) Hash() [32]byte {
	b, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("plan of %s does not marshal: %v", p.Dataset, err)) // plain data: cannot happen
	}
	return sha256.Sum256(b)
}

// Field finds a field by name; nil if there is none.
func (p *Plan) Field(name string) *Field {
	for i := range p.Fields {
		if p.Fields[i].Name == name {
			return &p.Fields[i]
		}
	}
	return nil
}

// Source says where the bytes are and how they are laid out.
type Source struct {
	Connector string `json:"connector"` // file
	Path      string `json:"path"`      // path or glob, relative to the workspace
	Format    string `json:"format"`    // csv
	CSV       CSV    `json:"csv"`
}

// CSV is the dialect of a delimited file. Zero values mean: detect.
type CSV struct {
	Encoding  string `json:"encoding"`             // auto | utf-8 | gb18030 | gbk
	Delimiter string `json:"delimiter"`            // auto, or one ASCII character
	MaxRecord int    `json:"max_record,omitempty"` // bytes; 0: the reader's default
}

// Kind is the kind of value that a column carries after parsing.
type Kind string

// The kinds, with the Arrow type of their columns.
const (
	String    Kind = "string"    // utf8
	Integer   Kind = "integer"   // int64
	Number    Kind = "number"    // float64
	Decimal   Kind = "decimal"   // decimal128(precision, scale)
	Boolean   Kind = "boolean"   // bool
	Date      Kind = "date"      // date32, days since 1970-01-01, proleptic Gregorian
	Timestamp Kind = "timestamp" // timestamp(us, UTC zone-less): the wall clock as written
)

// Type is a kind with its parameters.
type Type struct {
	Kind      Kind     `json:"kind"`
	Precision int      `json:"precision,omitempty"` // decimal: digits in all, 1..38
	Scale     int      `json:"scale,omitempty"`     // decimal: digits after the point
	Formats   []string `json:"formats,omitempty"`   // date, timestamp: patterns such as yyyy-M-d, in order of trial
	MinYear   int      `json:"min_year,omitempty"`  // date, timestamp: years outside are not parsed; the default is 1900..2100
	MaxYear   int      `json:"max_year,omitempty"`
	True      []string `json:"true,omitempty"` // boolean: the words
	False     []string `json:"false,omitempty"`
}

// String is the type as a contract writes it: decimal(14,2), date.
func (t Type) String() string {
	if t.Kind == Decimal {
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	return string(t.Kind)
}

// Level is the sensitivity of a field after DB33/T 2351-2021: L1 (no harm) to L4 (serious harm).
type Level int

// The levels.
const (
	L1 Level = 1 + iota
	L2
	L3
	L4
)

func (l Level) String() string { return fmt.Sprintf("L%d", int(l)) }

// Field is one field of the contract.
type Field struct {
	Name            string            `json:"name"`
	Title           map[string]string `json:"title,omitempty"`
	Description     map[string]string `json:"description,omitempty"` // by language
	From            []string          `json:"from"`                  // source column names, the first that the header has is used
	Join            *JoinedInput      `json:"join,omitempty"`        // instead of From: put together out of several; From is empty then, and where the field is derived
	Optional        bool              `json:"optional,omitempty"`    // the source may lack the column: all null then
	Standard        string            `json:"standard,omitempty"`
	StandardVersion string            `json:"standard_version,omitempty"` // of a standard of the bureau
	Type            Type              `json:"type"`
	Level           Level             `json:"level"`
	Clean           []Step            `json:"clean,omitempty"` // strings in, strings out, in order
	Nulls           []string          `json:"nulls"`           // after cleaning these words are null; the empty string always is
	Treatment       Treatment         `json:"treatment"`
	PublishAs       string            `json:"publish_as,omitempty"` // published column name; empty: not published
}

// StepOp names a cleaning step.
type StepOp string

// The cleaning steps. All work on text; a null stays null except for Default.
const (
	Trim        StepOp = "trim"         // strips Chars (default: space, tab, CR, LF, U+3000) from both ends
	HalfWidth   StepOp = "halfwidth"    // U+FF01..U+FF5E -> U+0021..U+007E, U+3000 -> space
	Upper       StepOp = "upper"        // ASCII and Unicode simple case mapping
	Lower       StepOp = "lower"        //
	Collapse    StepOp = "collapse"     // runs of blanks become one space
	Remove      StepOp = "remove"       // removes every character of Chars
	StripPrefix StepOp = "strip_prefix" // removes the first of Words that the value begins with, once
	StripSuffix StepOp = "strip_suffix" //
	Replace     StepOp = "replace"      // every Old becomes New
	Map         StepOp = "map"          // whole value by Table; Else for values not in it (nil: unchanged)
	NumberForm  StepOp = "number"       // number with Grouping and Units -> plain decimal text; what is not of the form stays as it is
	Default     StepOp = "default"      // null (or empty) becomes Value
	Split       StepOp = "split"        // part Index (0-based; negative from the end) between Separator; none: null
	Extract     StepOp = "extract"      // group Group of Pattern (RE2); no match: null
	ByStandard  StepOp = "standard"     // the cleaning of Standard, counted as one step (cn.id_card: 15 -> 18 digits)
)

// Step is one cleaning step. Only the parameters of its Op are set.
type Step struct {
	ID        string            `json:"id"` // unique in the field: what cell changes are counted under
	Op        StepOp            `json:"op"`
	Chars     string            `json:"chars,omitempty"`
	Words     []string          `json:"words,omitempty"`
	Old       string            `json:"old,omitempty"`
	New       string            `json:"new,omitempty"`
	Table     map[string]string `json:"table,omitempty"`
	Else      *string           `json:"else,omitempty"`
	Grouping  string            `json:"grouping,omitempty"`  // number: character allowed between groups of three digits; "*" suffix: anywhere
	Units     map[string]int    `json:"units,omitempty"`     // number: suffix -> power of ten (万 4, 亿 8)
	Digits    int               `json:"digits,omitempty"`    // number: most integer digits, 0 any
	Decimals  int               `json:"decimals,omitempty"`  // number: most decimals before the unit, 0 any
	Symbols   []string          `json:"symbols,omitempty"`   // number: currency signs and words to drop (¥, ￥, 元, $)
	Value     string            `json:"value,omitempty"`     // default
	Separator string            `json:"separator,omitempty"` // split
	Index     int               `json:"index,omitempty"`
	Pattern   string            `json:"pattern,omitempty"` // extract
	Group     int               `json:"group,omitempty"`
	Standard  string            `json:"standard,omitempty"`
	Options   map[string]string `json:"options,omitempty"` // of the standard
	CleanParams
}

// FailAction is what happens to a row or cell that breaks a rule.
type FailAction string

// The actions.
const (
	Quarantine FailAction = "quarantine" // the row goes to the quarantine
	SetNull    FailAction = "null"       // the cell becomes null, the row goes on
	Keep       FailAction = "keep"       // nothing but a count; a value that did not parse is null all the same
	Stop       FailAction = "stop"       // the run fails, nothing is published
	ReplaceBy  FailAction = "replace"    // the cell becomes Replace, the row goes on
)

// Rule is one check: conditions that all must hold. A condition that is
// unknown (null operand) does not count as checked; required is never unknown.
// A rule is checked on a row if at least one of its conditions is known, and
// fails there if a known condition is false.
type Rule struct {
	ID         string            `json:"id"` // unique in the contract; implicit ones: field.type, field.required, field.standard
	Title      map[string]string `json:"title,omitempty"`
	Field      string            `json:"field,omitempty"` // the field whose cell is blamed; empty: the row
	Reads      []string          `json:"reads"`           // all fields it reads
	Conditions []Condition       `json:"conditions"`
	When       *expr.Expr        `json:"when,omitempty"`
	If         []Condition       `json:"if,omitempty"` // scope like When: rows on which all of them are true
	Dimension  string            `json:"dimension"`    // normativity completeness accuracy consistency timeliness accessibility
	Indicator  string            `json:"indicator"`    // GB/T 36344-2018 code, 0101..0602
	OnFail     FailAction        `json:"on_fail"`
	Replace    string            `json:"replace,omitempty"`
	Allow      Allow             `json:"allow"`
	Severity   Severity          `json:"severity,omitempty"` // empty: SeverityError
	Nulls      NullPolicy        `json:"nulls,omitempty"`    // of conditions over several fields; empty: SkipAny
	Basis      string            `json:"basis,omitempty"`    // the regulation the rule rests on
	Fix        string            `json:"fix,omitempty"`      // what the department is told
	Repair     *Repair           `json:"repair,omitempty"`   // of the cell of Field, tried before on_fail
}

// Severity is how much a rule weighs when it fails.
type Severity string

// The severities. The zero value is SeverityError.
const (
	SeverityError Severity = ""     // on_fail and allow say what follows
	SeverityWarn  Severity = "warn" // never blocks; rows that fail are kept unless on_fail says otherwise
	SeverityGate  Severity = "gate" // failures above allow refuse the version; allow is none unless given
)

// String is the severity as a contract writes it.
func (s Severity) String() string {
	if s == SeverityError {
		return "error"
	}
	return string(s)
}

// NullPolicy says what a condition over several fields is on a row where some of them are null.
type NullPolicy string

// The policies. The zero value is SkipAny.
const (
	SkipAny   NullPolicy = ""         // unknown where any field is null
	SkipAll   NullPolicy = "skip_all" // unknown only where all fields are null; where some are, a null adds nothing to a sum, differs from everything and makes any other condition false
	FailNulls NullPolicy = "fail"     // false where any field is null
)

// Allow bounds the share or count of failures among the checked rows.
// A nil bound does not bind. Share and Count both given: exceeding either exceeds the bound.
type Allow struct {
	Warn *Bound `json:"warn,omitempty"`
	Fail *Bound `json:"fail,omitempty"` // above it the version is not published
}

// Bound is a share (0..1), a count or both.
type Bound struct {
	Share *float64 `json:"share,omitempty"`
	Count *int64   `json:"count,omitempty"`
}

// ConditionOp names a condition.
type ConditionOp string

// The conditions. All but Required and Parsed are unknown on null.
const (
	Required ConditionOp = "required" // the value is not null (a value that did not parse is not null here if Parsed is also a condition of the field; it is null for typed reading)
	Parsed   ConditionOp = "type"     // the text, if not null, parsed as the field's type
	Length   ConditionOp = "length"   // characters (runes) within Min..Max
	Range    ConditionOp = "range"    // value within Min..Max, inclusive unless MinOpen/MaxOpen
	Set      ConditionOp = "set"      // value is one of Values
	Pattern  ConditionOp = "pattern"  // the whole value matches Pattern (RE2)
	Standard ConditionOp = "standard" // value is valid by Standard
	Unique   ConditionOp = "unique"   // no other row has the same values in Fields; every copy fails
	Holds    ConditionOp = "expr"     // Expr is true

	NotSet     ConditionOp = "not_set"      // value is none of Values
	NotPattern ConditionOp = "not_pattern"  // the whole value does not match Pattern
	Like       ConditionOp = "like"         // the whole value is like one of Values: % is any text, _ one character, \ takes the sign behind it as it is
	NotLike    ConditionOp = "not_like"     // the value is like none of Values
	AnyOf      ConditionOp = "any_of"       // one of Blocks holds (Kleene: unknown where none holds and one is unknown)
	AllOf      ConditionOp = "all_of"       // all Blocks hold (Kleene)
	Not        ConditionOp = "not"          // the one block of Blocks does not hold (Kleene)
	Validate   ConditionOp = "validate"     // the value passes Tags, the tags of go-playground/validator
	JSON       ConditionOp = "json"         // the text is JSON, and valid by Schema if there is one
	Compare    ConditionOp = "compare"      // Field Operator Other (or Value), give or take Tolerance
	SumOf      ConditionOp = "sum_of"       // the sum of Fields is Other (or Value), give or take Tolerance
	Same       ConditionOp = "same"         // all of Fields have one value
	Differ     ConditionOp = "differ"       // no two of Fields have the same value
	Pair       ConditionOp = "pair"         // the values of Fields together are one of Tuples
	Ascending  ConditionOp = "order"        // the values of Fields ascend, by their rank in Values if given; of one field: its rank is from Min to Max
	AtLeastOne ConditionOp = "at_least_one" // one or more of Fields is not null; never unknown, like the next two
	ExactlyOne ConditionOp = "exactly_one"  // one of Fields is not null
	AllOrNone  ConditionOp = "all_or_none"  // all of Fields are null or none is
)

// Condition is one condition of a rule. Only the parameters of its Op are set.
type Condition struct {
	Op       ConditionOp       `json:"op"`
	Field    string            `json:"field,omitempty"`
	Min      string            `json:"min,omitempty"` // as text in the field's canonical form; empty: no bound
	Max      string            `json:"max,omitempty"`
	MinOpen  bool              `json:"min_open,omitempty"`
	MaxOpen  bool              `json:"max_open,omitempty"`
	Values   []string          `json:"values,omitempty"` // in the field's canonical form, sorted, each once
	Pattern  string            `json:"pattern,omitempty"`
	Standard string            `json:"standard,omitempty"`
	Options  map[string]string `json:"options,omitempty"`
	Fields   []string          `json:"fields,omitempty"` // of conditions over several fields
	Expr     *expr.Expr        `json:"expr,omitempty"`

	NullsMatch bool `json:"nulls_match,omitempty"` // unique: nulls are equal to each other, and only rows where all Fields are null are left out

	Blocks    [][]Condition `json:"blocks,omitempty"`    // any_of, all_of, not: conditions of one block must all hold
	Tags      string        `json:"tags,omitempty"`      // validate
	Schema    string        `json:"schema,omitempty"`    // json: the text of a JSON Schema
	Operator  string        `json:"operator,omitempty"`  // compare: < <= == != >= >
	Other     string        `json:"other,omitempty"`     // compare, sum_of: the field on the right
	Value     string        `json:"value,omitempty"`     // compare, sum_of: the value on the right where there is no field, in canonical form
	Tolerance string        `json:"tolerance,omitempty"` // compare, sum_of: a decimal number; of dates and times a duration such as 3d, 12h, 30min, 90s
	Strictly  bool          `json:"strictly,omitempty"`  // order: no two are equal
	By        []string      `json:"by,omitempty"`        // increasing, decreasing: rows with equal values of these are compared
	Outlier   *Distance     `json:"outlier,omitempty"`   // outlier
	Reference *Referred     `json:"reference,omitempty"` // exists_in
	Tuples    [][]*string   `json:"tuples,omitempty"`    // pair: one value per field, in canonical form; nil is null
}

// Dedupe says which rows are the same thing and which of them stays.
type Dedupe struct {
	Key  []string `json:"key"`  // rows with a null in the key are never duplicates
	Keep []Order  `json:"keep"` // the last tie is always broken by row identity: the earlier row wins
}

// OrderBy is how survivors are preferred.
type OrderBy string

// The preferences.
const (
	Latest       OrderBy = "latest" // greatest value wins; null loses
	Earliest     OrderBy = "earliest"
	Largest      OrderBy = "largest"
	Smallest     OrderBy = "smallest"
	MostComplete OrderBy = "most_complete" // fewest nulls over all fields of the contract; Field is empty
)

// Order is one preference.
type Order struct {
	By    OrderBy `json:"by"`
	Field string  `json:"field,omitempty"`
}

// Method is a desensitization method.
type Method string

// The methods, weakest first. Policy compares them by Strength.
const (
	Plain     Method = "none"
	Band      Method = "band"      // number or date into bands of Width (date: years): 1990-1994
	Truncate  Method = "truncate"  // To: month, year, city, province, domain
	Mask      Method = "mask"      // KeepFirst and KeepLast characters stay, between them Fill
	ReplaceIt Method = "replace"   // a constant
	Pseudonym Method = "pseudonym" // lower-case hex of HMAC-SHA256(key, value)
	Drop      Method = "drop"      // the column is not published
)

// Treatment is how a field is desensitized.
type Treatment struct {
	Method    Method  `json:"method"`
	Width     int     `json:"width,omitempty"`      // band
	To        string  `json:"to,omitempty"`         // truncate
	Else      *string `json:"else,omitempty"`       // truncate: what a value becomes that has no such part; nil: null
	KeepFirst int     `json:"keep_first,omitempty"` // mask
	KeepLast  int     `json:"keep_last,omitempty"`
	Fill      string  `json:"fill,omitempty"`      // mask: default *
	FillOnce  bool    `json:"fill_once,omitempty"` // mask: Fill stands once for all hidden characters, so that their number does not show
	Value     string  `json:"value,omitempty"`     // replace
	Key       string  `json:"key,omitempty"`       // pseudonym: name in the key store
}

// Publish is how clean data is written.
type Publish struct {
	Audience string   `json:"audience"` // open | shared | restricted | internal
	SortBy   []string `json:"sort_by,omitempty"`
	License  string   `json:"license,omitempty"`
	// AllowEmpty lets a version without rows be published. By default a run that
	// leaves no row is refused: mostly the delivery was broken, not the town empty.
	AllowEmpty bool `json:"allow_empty,omitempty"`
}
