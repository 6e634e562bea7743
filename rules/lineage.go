package rules

import (
	"slices"
	"strconv"
	"strings"
)

// ColumnLineage says where one published column comes from and what was done on the way.
type ColumnLineage struct {
	Published      string   `json:"published"`
	Field          string   `json:"field"`
	Sources        []string `json:"sources"`        // source columns, the first that a delivery has is the one
	Steps          []string `json:"steps"`          // cleaning steps by id, reading as a type, treatment; in order
	Transformation string   `json:"transformation"` // OpenLineage subtype of DIRECT: IDENTITY or TRANSFORMATION
	Masking        bool     `json:"masking"`        // the treatment hides something
}

// The transformation subtypes of OpenLineage that occur.
const (
	Identity       = "IDENTITY"
	Transformation = "TRANSFORMATION"
)

// Lineage reads column lineage off the plan: one entry per published column, in published order.
func Lineage(p *Plan) []ColumnLineage {
	var list []ColumnLineage
	for _, f := range p.Published() {
		l := ColumnLineage{Published: f.PublishAs, Field: f.Name, Sources: p.sources(&f, nil), Steps: []string{},
			Transformation: Identity, Masking: f.Treatment.Method != Plain}
		if f.Join != nil {
			l.Steps = append(l.Steps, "join")
		}
		for _, s := range f.Clean {
			l.Steps = append(l.Steps, s.ID)
		}
		if f.Type.Kind != String {
			l.Steps = append(l.Steps, "read as "+f.Type.String())
		}
		for _, r := range p.Rules {
			if r.Field == f.Name && (r.OnFail == SetNull || r.OnFail == ReplaceBy) {
				l.Steps = append(l.Steps, string(r.OnFail)+" where "+r.ID+" fails")
			}
		}
		if l.Masking {
			l.Steps = append(l.Steps, treatmentWords(f.Treatment))
		}
		if len(l.Steps) > 0 {
			l.Transformation = Transformation
		}
		list = append(list, l)
	}
	return list
}

// sources lists the source columns that the values of f come from: its own, and
// those of the fields that it is joined, filled or derived from. above are the
// fields on the way to f: one may be filled from another that is derived from it.
func (p *Plan) sources(f *Field, above []string) []string {
	all := f.Columns()
	for _, name := range slices.Concat(f.CleansAfter(), f.DerivesAfter()) {
		other := p.Field(name)
		if other == nil || slices.Contains(above, name) {
			continue
		}
		for _, column := range p.sources(other, append(slices.Clip(above), f.Name)) {
			if !slices.Contains(all, column) {
				all = append(all, column)
			}
		}
	}
	return all
}

// Published are the fields that have a published column, in the order of publication.
func (p *Plan) Published() []Field {
	var list []Field
	for _, f := range p.Fields {
		if f.PublishAs != "" {
			list = append(list, f)
		}
	}
	return list
}

// treatmentWords tells a treatment in one phrase.
func treatmentWords(t Treatment) string {
	switch t.Method {
	case Band:
		return "band of " + strconv.Itoa(t.Width)
	case Truncate:
		return "truncate to " + t.To
	case Mask:
		var kept []string
		if t.KeepFirst > 0 {
			kept = append(kept, "first "+strconv.Itoa(t.KeepFirst))
		}
		if t.KeepLast > 0 {
			kept = append(kept, "last "+strconv.Itoa(t.KeepLast))
		}
		if kept == nil {
			return "mask all"
		}
		return "mask all but " + strings.Join(kept, " and ")
	case ReplaceIt:
		return "replace by " + strconv.Quote(t.Value)
	case Pseudonym:
		return "pseudonym with key " + t.Key
	}
	return string(t.Method)
}
