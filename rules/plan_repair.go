package rules

import (
	"fmt"
	"strings"
)

// RepairBy names where a repaired value comes from.
type RepairBy string

// The sources of repairs.
const (
	ByMajority RepairBy = "majority" // of depends: the most frequent value among rows with the same values on the left
	ByLookup   RepairBy = "lookup"   // the value that Table or Reference has beside that of Field
	FromField  RepairBy = "from"     // the value of Field in the same row
	ByNearest  RepairBy = "nearest"  // the one of Values with the fewest edits, if these are at most Within and no other takes as few
)

// Repair says where the cell of a rule's field gets its value from where the rule
// fails. It is applied only if the row passes, with the new value, every rule of
// one row that reads the field; where it is not, on_fail happens. Where several
// rules could repair a cell the first of the plan does.
type Repair struct {
	By        RepairBy    `json:"by"`
	Field     string      `json:"field,omitempty"`     // from: the other field; lookup: the field looked up
	Table     [][2]string `json:"table,omitempty"`     // lookup: value of Field -> new value, canonical; ascending, each once
	Reference *Referred   `json:"reference,omitempty"` // lookup: two columns, value of Field and new value
	Values    []string    `json:"values,omitempty"`    // nearest: ascending, each once
	Within    int         `json:"within,omitempty"`    // nearest: most edits, 1..3
}

// String says in plain words what the repair does.
func (r *Repair) String() string {
	switch r.By {
	case ByMajority:
		return "repair by the most frequent value"
	case ByLookup:
		if r.Reference != nil {
			return fmt.Sprintf("repair by %s of %s, looked up by %s", r.Reference.Fields[1], r.Reference.Dataset, r.Field)
		}
		return fmt.Sprintf("repair from %d values looked up by %s", len(r.Table), r.Field)
	case FromField:
		return "repair from " + r.Field
	}
	return fmt.Sprintf("repair by the nearest of %d values, at most %s", len(r.Values), strings.TrimSuffix(fmt.Sprintf("%d edits", r.Within), map[bool]string{true: "s"}[r.Within == 1]))
}
