package rules

import (
	"slices"

	"clearwell/rules/expr"
)

// Further cleaning steps. Fill sees the other field cleaned; fields are cleaned in
// an order in which this can be done.
const (
	NFC          StepOp = "nfc"          // Unicode normalization form C
	NFKC         StepOp = "nfkc"         // form KC
	Simplified   StepOp = "simplified"   // traditional characters become simplified
	Traditional  StepOp = "traditional"  // simplified characters become traditional
	Invisible    StepOp = "invisible"    // removes control characters and characters without width
	Unit         StepOp = "unit"         // measure in From (or with its unit) becomes a number in To, with Round decimals
	Serial       StepOp = "excel_serial" // spreadsheet serial of System becomes a date
	TimeZone     StepOp = "time_zone"    // clock with its offset, or of zone From, becomes the clock of zone To
	ShortYear    StepOp = "short_year"   // year of two digits gets its century: up to Pivot 20..
	Republic     StepOp = "minguo"       // date of the calendar of the Republic becomes yyyy-MM-dd
	AddressPart  StepOp = "address"      // Part of an address
	CodeOf       StepOp = "codes"        // names and synonyms become the code, by Table; others stay
	Successor    StepOp = "successor"    // abolished administrative code becomes the one that took its place, AsOf
	Fill         StepOp = "fill"         // null becomes a value of Source
	DerivedValue StepOp = "derive"       // the value of Derive; the last step, after all fields were read
)

// FillSource says where a fill takes its value.
type FillSource string

// The sources of fills.
const (
	FillPrevious FillSource = "previous" // the last value above in the same source object, as it is at this step
	FillFrom     FillSource = "from"     // the source column or field Other
	FillLookup   FillSource = "lookup"   // what Table has for the field Other
	FillValue    FillSource = "value"    // Value
)

// CleanParams are parameters of the further steps. Only those of a step's Op are set.
type CleanParams struct {
	From       string     `json:"from,omitempty"`       // unit, time_zone
	To         string     `json:"to,omitempty"`         // unit, time_zone
	Round      *int       `json:"round,omitempty"`      // unit: decimals; nil: exact, or 6 where there is no end
	System     int        `json:"system,omitempty"`     // excel_serial: 1900 or 1904
	Formats    []string   `json:"formats,omitempty"`    // time_zone
	Pivot      int        `json:"pivot,omitempty"`      // short_year
	Order      string     `json:"order,omitempty"`      // short_year: ymd, dmy or mdy
	Bare       bool       `json:"bare,omitempty"`       // minguo: without 民國 too
	Part       string     `json:"part,omitempty"`       // address
	CodeTable  string     `json:"code_table,omitempty"` // codes: name of the table
	AsOf       int        `json:"as_of,omitempty"`      // successor: revision yyyymm
	Source     FillSource `json:"source,omitempty"`     // fill
	Other      string     `json:"other,omitempty"`      // fill: field, or column if IsColumn
	IsColumn   bool       `json:"is_column,omitempty"`
	Accounting bool       `json:"accounting,omitempty"`  // number: (5), 5-, 5 CR, +5
	CreditPlus bool       `json:"credit_plus,omitempty"` // number: CR is positive and DR negative
	Chinese    bool       `json:"chinese,omitempty"`     // number: Chinese numerals
	Derive     *expr.Expr `json:"derive,omitempty"`
	IfNull     bool       `json:"if_null,omitempty"` // derive: only where there is no text
}

// JoinedInput is the input of a field that is put together out of several columns: their
// texts with With between, nulls left out. Either Columns or Fields is set.
type JoinedInput struct {
	Columns []string `json:"columns,omitempty"` // of the source, as delivered
	Fields  []string `json:"fields,omitempty"`  // of the contract, cleaned
	With    string   `json:"with"`
}

// CleansAfter lists the fields that must be cleaned before f is, each once.
func (f *Field) CleansAfter() []string {
	var names []string
	if f.Join != nil {
		names = append(names, f.Join.Fields...)
	}
	for i := range f.Clean {
		if s := &f.Clean[i]; s.Op == Fill && s.Other != "" && !s.IsColumn && !slices.Contains(names, s.Other) {
			names = append(names, s.Other)
		}
	}
	return names
}

// CodeRule is the id of the rule that comes with the step codes.
func (f *Field) CodeRule() string { return f.Name + ".codes" }

// Derived is the last step of a field that is derived; nil if it is not.
func (f *Field) Derived() *Step {
	if n := len(f.Clean); n > 0 && f.Clean[n-1].Op == DerivedValue {
		return &f.Clean[n-1]
	}
	return nil
}

// DependencyOrder puts fields behind those that they need: the indexes of fields, else in
// their own order. needs gives the names a field needs. cycle lists the fields of a
// circle, where there is one; order is nil then.
func DependencyOrder(fields []Field, needs func(*Field) []string) (order []int, cycle []string) {
	index := make(map[string]int, len(fields))
	for i := range fields {
		index[fields[i].Name] = i
	}
	const under, done = 1, 2
	state := make([]int, len(fields))
	var path []int
	var visit func(i int) bool
	visit = func(i int) bool {
		switch state[i] {
		case done:
			return true
		case under:
			for _, k := range path[slices.Index(path, i):] {
				cycle = append(cycle, fields[k].Name)
			}
			return false
		}
		state[i] = under
		path = append(path, i)
		for _, name := range needs(&fields[i]) {
			if k, ok := index[name]; ok && !visit(k) {
				return false
			}
		}
		path = path[:len(path)-1]
		state[i] = done
		order = append(order, i)
		return true
	}
	for i := range fields {
		if !visit(i) {
			return nil, cycle
		}
	}
	return order, nil
}

// Columns lists the source columns that a field may read, each once: those of From,
// those that are joined, those that fill it.
func (f *Field) Columns() []string {
	columns := slices.Clone(f.From)
	if f.Join != nil {
		columns = append(columns, f.Join.Columns...)
	}
	for i := range f.Clean {
		if s := &f.Clean[i]; s.Op == Fill && s.IsColumn && !slices.Contains(columns, s.Other) {
			columns = append(columns, s.Other)
		}
	}
	return columns
}
