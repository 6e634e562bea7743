package rules

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"clearwell/rules/contract"
	"clearwell/rules/standard"
	"clearwell/rules/syntax"
)

// ownStandard is a standard of the bureau. What it does is written out as steps
// and conditions, so that plans hold all of it and the kernels need not know it.
type ownStandard struct {
	model  *contract.OwnStandard
	report *syntax.Report // of its file

	fields     *standard.Standard // what fields take over; it cleans and checks nothing by itself
	version    string
	typ        Type
	steps      []Step
	conditions []Condition // of a field called ownField
	state      buildState
}

// buildState is how far the making of an own standard has come.
type buildState int

const (
	unbuilt buildState = iota
	building
	built
	failed // its mistakes are reported
)

// ownField stands for the field in the conditions of an own standard.
const ownField = "value"

var standardName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}(\.[a-z0-9][a-z0-9_]{0,31}){1,3}$`)

// addStandard notes one file of standards/ with the key standard.
func (s *surroundings) addStandard(m *contract.OwnStandard, r *syntax.Report) {
	name := m.Standard.Value
	if !m.Standard.Given() {
		return
	}
	_, builtIn := standard.Lookup(name)
	switch {
	case !standardName.MatchString(name):
		r.Addf(m.Standard.Pos, "a standard is called by words of lower-case letters, digits and _ with a dot between them, such as civil.permit_no, not %q", name)
	case builtIn:
		r.Addf(m.Standard.Pos, "%q is a standard of the library; give this one a name of its own and say overrides: %s", name, name)
	case s.own[name] != nil:
		r.Addf(m.Standard.Pos, "there is another standard called %q in %s", name, s.own[name].report.File)
	default:
		own := &ownStandard{model: m, report: r, version: m.Version.Value}
		s.own[name] = own
		s.ownNames = append(s.ownNames, name)
		s.override(own, r)
	}
}

// override lets an own standard take the place of one of the library.
func (s *surroundings) override(own *ownStandard, r *syntax.Report) {
	over := own.model.Overrides
	if !over.Given() {
		return
	}
	if _, ok := standard.Lookup(over.Value); !ok {
		r.AddHint(over.Pos, over.Value, standard.Names(), "only a standard of the library can be overridden, and %q is none", over.Value)
		return
	}
	if other := s.overridden[over.Value]; other != nil {
		r.Addf(over.Pos, "%s is overridden by %s too, in %s; one of the two must go", over.Value, other.model.Standard.Value, other.report.File)
		return
	}
	s.overridden[over.Value] = own
}

// ownStandards makes all own standards, when tables and standards are read.
func (s *surroundings) ownStandards() {
	slices.Sort(s.ownNames)
	for _, name := range s.ownNames {
		s.build(s.own[name], nil)
	}
}

// lookup finds what stands under a name: an own standard, the one that overrides
// the name, or one of the library. Exactly one result is not nil; ok is false if there is nothing.
func (s *surroundings) lookup(name string) (own *ownStandard, builtIn *standard.Standard, ok bool) {
	if own = s.own[name]; own == nil {
		own = s.overridden[name]
	}
	if own != nil {
		return own, nil, true
	}
	builtIn, ok = standard.Lookup(name)
	return nil, builtIn, ok
}

// standardNames are all names that a field can say.
func (s *surroundings) standardNames() []string {
	return append(slices.Clone(s.ownNames), standard.Names()...)
}

// build makes one own standard and, before it, what it builds on. path are the
// standards that are being built and need this one.
func (s *surroundings) build(own *ownStandard, path []string) {
	name := own.model.Standard.Value
	switch own.state {
	case built, failed:
		return
	case building:
		at := slices.Index(path, name)
		own.report.Addf(own.model.Base.Pos, "the standard builds on itself: %s", strings.Join(append(path[at:], name), " -> "))
		own.state = failed
		return
	}
	own.state = building
	if ref := own.model.Base; ref != nil && ref.Name.Given() {
		if base := s.baseOf(own, ref.Name.Value); base != nil {
			s.build(base, append(path, name))
		}
	}
	if own.state == failed {
		return
	}
	before := len(own.report.All)
	p := &compiler{Report: own.report, around: s, contract: &contract.Contract{}, broken: map[string]bool{}, ruleAt: map[string]syntax.Pos{},
		plan: &Plan{Publish: Publish{Audience: "internal"}}, building: own}
	whole := p.ownStandard(own)
	if own.state = built; !whole || len(own.report.All) > before {
		own.state = failed
	}
}

// baseOf is the own standard that own builds on under a name; nil if the name is
// of the library. What overrides a name builds on the library's standard of that name.
func (s *surroundings) baseOf(own *ownStandard, name string) *ownStandard {
	if own.model.Overrides.Value == name {
		return nil
	}
	base, _, _ := s.lookup(name)
	return base
}

// ownStandard compiles the parts of an own standard like those of a field. It is
// false if what the standard builds on is wrong, which is reported there.
func (p *compiler) ownStandard(own *ownStandard) bool {
	m := own.model
	f := &contract.Field{Pos: m.Pos, Standard: m.Base, Type: m.Type, Formats: m.Formats, Clean: m.Clean, Map: m.Map}
	base := p.standard(m.Base)
	if m.Base != nil && base == nil {
		return false
	}
	out := &Field{Name: ownField, From: []string{ownField}, Type: p.typeOf(f, base, ownField)}
	if base != nil {
		out.Standard = base.Name
	}
	own.typ = out.Type
	own.steps = p.cleaning(f, base, out)
	for _, r := range p.references {
		p.Addf(r.to.Pos, "a standard cleans one value; what reads the field %q is said by the contract, not by the standard", r.to.Value)
	}
	p.plan.Fields = []Field{*out}
	p.environment()
	_, own.conditions, _ = p.standardConditions(m.Base, out)
	if m.Check != nil {
		more := p.block(m.Check, f, out)
		p.onlyOfTheValue(more, m.Check.Pos)
		own.conditions = append(own.conditions, more...)
	}

	own.fields = (&standard.Standard{}).As(m.Standard.Value)
	if base != nil {
		own.fields = base.As(m.Standard.Value)
	}
	s := own.fields
	if len(m.Title.ByLanguage) > 0 {
		s.Title = m.Title.ByLanguage
	}
	s.Source, s.Kind, s.Formats, s.Precision, s.Scale = or(m.Norm.Value, s.Source), string(own.typ.Kind), own.typ.Formats, own.typ.Precision, own.typ.Scale
	if s.Note = nil; len(m.Form.ByLanguage) > 0 {
		s.Form = m.Form.ByLanguage
	}
	if len(m.Level.Value) == 2 {
		s.Level = int(m.Level.Value[1] - '0')
	}
	if s.Level == 0 && !m.Level.Given() {
		p.Addf(m.Standard.Pos, "a standard without a base says its level; add level: L1 (public), L2, L3 (personal) or L4 (sensitive)")
	}
	if m.Desens != nil {
		s.Treatment = libraryTreatment(p.desensitize(m.Desens, out))
	}
	r := Rule{}
	if p.indicator(&r, m.Dimension, m.Indicator, cmp.Or(s.Indicator, indicatorOf[Standard])); len(own.conditions) > 0 {
		s.Dimension, s.Indicator = r.Dimension, r.Indicator
	}
	return true
}

// onlyOfTheValue reports conditions that an own standard cannot have.
func (p *compiler) onlyOfTheValue(list []Condition, at syntax.Pos) {
	for _, c := range list {
		switch {
		case c.Op == Holds, c.Op == Required, c.Op == Unique, len(c.Fields) > 0:
			p.Addf(at, "a standard judges one value; %q is said by the contract, not by the standard", string(c.Op))
		}
		for _, b := range c.Blocks {
			p.onlyOfTheValue(b, at)
		}
	}
}

// libraryTreatment is a treatment in the form that standards have.
func libraryTreatment(t Treatment) *standard.Treatment {
	return &standard.Treatment{Method: string(t.Method), KeepFirst: t.KeepFirst, KeepLast: t.KeepLast, Fill: t.Fill, FillOnce: t.FillOnce,
		To: t.To, Width: t.Width, Key: t.Key}
}

// standard finds a standard and checks its options; nil if there is none or it is
// wrong. What it does is given by standardSteps and standardConditions.
func (p *compiler) standard(ref *contract.Reference) *standard.Standard {
	if ref == nil || !ref.Name.Given() {
		return nil
	}
	own, std, ok := p.standing(ref.Name.Value)
	switch {
	case !ok:
		p.AddHint(ref.Name.Pos, ref.Name.Value, p.around.standardNames(), "unknown standard %q", ref.Name.Value)
		return nil
	case own != nil && own.state != built:
		return nil // reported in its file
	case own != nil:
		std = own.fields
	}
	if _, err := std.Compile(optionsOf(ref)); err != nil {
		p.optionError(ref, err)
	}
	return std
}

// standing finds what stands under a name for the contract or, while an own
// standard is made, for that.
func (p *compiler) standing(name string) (own *ownStandard, builtIn *standard.Standard, ok bool) {
	if p.building != nil && p.building.model.Overrides.Value == name {
		builtIn, ok = standard.Lookup(name)
		return nil, builtIn, ok
	}
	return p.around.lookup(name)
}

// standardSteps are the cleaning steps of a standard that was found.
func (p *compiler) standardSteps(ref *contract.Reference) []Step {
	own, std, ok := p.standing(ref.Name.Value)
	switch {
	case !ok || own != nil && own.state != built:
		return nil
	case own != nil:
		return slices.Clone(own.steps)
	}
	var steps []Step
	for _, s := range std.Steps {
		steps = append(steps, Step{Op: StepOp(s.Op), Chars: s.Chars})
	}
	if std.Cleans {
		steps = append(steps, Step{ID: std.Name, Op: ByStandard, Standard: std.Name, Options: optionsOf(ref)})
	}
	return steps
}

// standardConditions are the conditions that a standard has for a field, with the
// indicator that they count under. ok is false if there is no such standard.
func (p *compiler) standardConditions(ref *contract.Reference, out *Field) (indicator string, list []Condition, ok bool) {
	if ref == nil {
		return "", nil, false
	}
	own, std, ok := p.standing(ref.Name.Value)
	switch {
	case !ok || own != nil && own.state != built:
		return "", nil, false
	case own != nil:
		return own.fields.Indicator, conditionsOn(own.conditions, out.Name), true
	case std.Checks:
		list = []Condition{{Op: Standard, Field: out.Name, Standard: std.Name, Options: optionsOf(ref)}}
	}
	return std.Indicator, list, true
}

// conditionsOn are conditions of one field as those of another.
func conditionsOn(list []Condition, field string) []Condition {
	out := slices.Clone(list)
	for i := range out {
		if out[i].Field != "" {
			out[i].Field = field
		}
		if out[i].Blocks != nil {
			blocks := make([][]Condition, len(out[i].Blocks))
			for k, b := range out[i].Blocks {
				blocks[k] = conditionsOn(b, field)
			}
			out[i].Blocks = blocks
		}
	}
	return out
}

// pins holds the standards against the versions that clearwell.yaml asks for.
func (s *surroundings) pins(m *contract.Pins, r *syntax.Report) {
	if m == nil {
		return
	}
	if m.Version.Given() && m.Version.Value != standard.Version {
		r.Addf(m.Version.Pos, "the standards are pinned to version %s, this program carries %s; use the program that carries the pinned one, or write version: %q when check and test pass with it",
			m.Version.Value, standard.Version, standard.Version)
	}
	for _, pin := range m.Pin {
		own, std, ok := s.lookup(pin.Name.Value)
		switch {
		case !ok:
			r.AddHint(pin.Name.Pos, pin.Name.Value, s.standardNames(), "unknown standard %q", pin.Name.Value)
		case own != nil && own.version == "":
			r.Addf(pin.Value.Pos, "%s is pinned to version %s, and %s has no version; give it one with version:", pin.Name.Value, pin.Value.Value, own.report.File)
		case own != nil && own.version != pin.Value.Value:
			r.Addf(pin.Value.Pos, "%s is pinned to version %s, %s has %s; bring the pinned version back, or write %q here when check and test pass with it",
				pin.Name.Value, pin.Value.Value, own.report.File, own.version, own.version)
		case std != nil && std.Source != pin.Value.Value:
			r.Addf(pin.Value.Pos, "%s is pinned to %q, this program carries %q; use the program that carries the pinned one, or write that here when check and test pass with it",
				pin.Name.Value, pin.Value.Value, std.Source)
		}
	}
}

// optionError reports an option that a standard does not have or take.
func (p *compiler) optionError(ref *contract.Reference, err error) {
	var wrong *standard.OptionError
	if !errors.As(err, &wrong) {
		p.Addf(ref.Pos, "%v", err)
		return
	}
	at := ref.Pos
	for _, o := range ref.Options {
		if o.Name.Value == wrong.Option {
			at = o.Value.Pos
			if wrong.Unknown {
				at = o.Name.Pos
			}
		}
	}
	word := wrong.Value
	if wrong.Unknown {
		word = wrong.Option
	}
	p.AddHint(at, word, wrong.Allowed, "%v", err)
}
