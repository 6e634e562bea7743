package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"clearwell/rules/contract"
	"clearwell/rules/standard"
	"clearwell/rules/syntax"
)

// StandardView is a standard as the contracts of a workspace see it, for those
// who want to know what it does.
type StandardView struct {
	Name         string // as asked for
	Own          string // name of the bureau's standard that stands there; empty: of the library
	File         string // of the bureau's standard
	Overrides    string // name of the library's standard whose place it takes
	Base         string // what it builds on
	Title        map[string]string
	Norm         string
	Version      string // of the bureau's standard; of the library's, that of the library
	Type         Type
	Level        Level
	Dimension    string // of its check; empty: the type alone is checked, or nothing
	Indicator    string
	Treatment    Treatment // default desensitization; Plain if there is none
	Form, Note   map[string]string
	Options      []standard.Option
	Steps        []Step
	Conditions   []Condition
	Valid, Wrong []string // examples of a bureau's standard

	library *standard.Standard // the standard of the library at the bottom; nil: none
	options map[string]string  // of that one
}

// Library is a workspace without anything in it, where there is none: its
// standards are those of the library.
func Library() *Workspace { return &Workspace{around: newSurroundings("")} }

func newSurroundings(root string) *surroundings {
	return &surroundings{root: root, tables: map[string][]string{}, codeTables: map[string]*codeTable{},
		own: map[string]*ownStandard{}, overridden: map[string]*ownStandard{}}
}

// StandardNames are the names that a field can say: the bureau's, then the library's, each sorted.
func (w *Workspace) StandardNames() []string { return w.around.standardNames() }

// Standard is the standard that a name means with options. The error says what is
// wrong with the name or an option, and the nearest right word.
func (w *Workspace) Standard(name string, options map[string]string) (*StandardView, error) {
	at := syntax.Pos{Line: 1, Column: 1}
	ref := &contract.Reference{Pos: at, Name: syntax.Text{Value: name, Pos: at}}
	for _, k := range slices.Sorted(maps.Keys(options)) {
		ref.Options = append(ref.Options, syntax.Named[syntax.Text]{Name: syntax.Text{Value: k, Pos: at}, Value: syntax.Text{Value: options[k], Pos: at}})
	}
	r := &syntax.Report{}
	p := &compiler{Report: r, around: w.around, contract: &contract.Contract{}, broken: map[string]bool{}, ruleAt: map[string]syntax.Pos{}, plan: &Plan{}}
	std := p.standard(ref)
	if err := firstProblem(r); err != nil {
		return nil, err
	}
	if std == nil {
		return nil, fmt.Errorf("the standard %s has mistakes; see clearwell check", name)
	}
	f := &contract.Field{Standard: ref}
	out := &Field{Name: ownField, From: []string{ownField}, Type: p.typeOf(f, std, ownField)}
	_, conditions, _ := p.standardConditions(ref, out)
	v := &StandardView{Name: name, Title: std.Title, Norm: std.Source, Version: standard.Version, Type: out.Type, Level: Level(std.Level), Dimension: std.Dimension, Indicator: std.Indicator,
		Treatment: Treatment{Method: Plain}, Form: std.Form, Note: std.Note, Options: std.Options, Steps: p.cleaning(f, std, out), Conditions: conditions}
	if std.Treatment != nil {
		v.Treatment = defaultTreatment(std.Treatment)
	}
	own, library, _ := w.around.lookup(name)
	if v.library, v.options = library, options; own != nil {
		m := own.model
		v.Own, v.File, v.Overrides, v.Version = m.Standard.Value, own.report.File, m.Overrides.Value, own.version
		if m.Base != nil {
			v.Base = m.Base.Name.Value
		}
		if m.Examples != nil {
			v.Valid, v.Wrong = values(m.Examples.Valid), values(m.Examples.Invalid)
		}
		v.library, v.options = w.around.bottom(own)
	}
	return v, firstProblem(r)
}

func firstProblem(r *syntax.Report) error {
	if len(r.All) == 0 {
		return nil
	}
	d := r.All[0]
	if d.Hint != "" {
		return fmt.Errorf("%s; did you mean %q?", d.Message, d.Hint)
	}
	return errors.New(d.Message)
}

// bottom is the standard of the library that an own one rests on, with its options; nil if there is none.
func (s *surroundings) bottom(own *ownStandard) (*standard.Standard, map[string]string) {
	for own.model.Base != nil {
		name := own.model.Base.Name.Value
		next := s.baseOf(own, name)
		if next == nil {
			std, _ := standard.Lookup(name)
			return std, optionsOf(own.model.Base)
		}
		own = next
	}
	return nil, nil
}

// Plan is a plan of one field, called value, that the standard cleans and checks: a
// rule for the type if it is not string, then one for each condition, in order.
func (v *StandardView) Plan() *Plan {
	p := &Plan{Dataset: "values", Standards: standard.Version, Publish: Publish{Audience: "internal"},
		Source: Source{Connector: "file", Format: "csv", CSV: CSV{Encoding: "utf-8", Delimiter: ","}},
		Fields: []Field{{Name: ownField, From: []string{ownField}, Standard: v.Name, Type: v.Type, Level: v.Level, Clean: v.Steps,
			Nulls: []string{""}, Treatment: Treatment{Method: Plain}, PublishAs: ownField}}}
	conditions := v.Conditions
	if v.Type.Kind != String {
		conditions = append([]Condition{{Op: Parsed, Field: ownField}}, conditions...)
	}
	for i, c := range conditions {
		p.Rules = append(p.Rules, Rule{ID: fmt.Sprintf("%s.%d", c.Op, i+1), Field: ownField, Reads: []string{ownField}, Conditions: []Condition{c},
			Dimension: "normativity", Indicator: indicatorOf[Standard], OnFail: Keep})
	}
	return p
}

// Why says why a cleaned value breaks a condition of the standard's plan.
func (v *StandardView) Why(c Condition, cleaned string) *standard.Reason {
	std, options := v.library, v.options
	if c.Op == Standard {
		std, _ = standard.Lookup(c.Standard)
		options = c.Options
	}
	if std != nil && (c.Op == Standard || c.Op == Parsed) {
		if r, err := std.Why(options, cleaned); err == nil && r != nil {
			return r
		}
	}
	en, zh := fmt.Sprintf("it does not fulfil: %s", c.String()), fmt.Sprintf("不满足：%s", c.String())
	switch {
	case c.Op == Parsed && len(v.Type.Formats) > 0:
		en, zh = fmt.Sprintf("it is no %s of the years %d to %d", v.Type, v.Type.MinYear, v.Type.MaxYear), fmt.Sprintf("不是 %[2]d 至 %[3]d 年间的 %[1]s", v.Type, v.Type.MinYear, v.Type.MaxYear)
	case c.Op == Parsed:
		en, zh = fmt.Sprintf("it is no %s", v.Type), fmt.Sprintf("不是 %s", v.Type)
	}
	return &standard.Reason{Code: string(c.Op), Text: map[string]string{"en": en, "zh": zh}}
}

// Samples are invented values of the standard of the library at the bottom, as
// Standard.Samples gives them; what a bureau's standard adds must still be asked.
func (v *StandardView) Samples(seed uint64, n int) (valid []string, invalid []standard.Sample, err error) {
	if v.library == nil {
		return nil, nil, nil
	}
	return v.library.Samples(v.options, seed, n)
}

// String is the step as a person reads it.
func (s Step) String() string { return stepWords(s) }

// String is the treatment as a person reads it.
func (t Treatment) String() string { return treatmentWords(t) }
