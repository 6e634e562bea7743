package contract

import (
	"maps"
	"slices"

	"clearwell/rules/syntax"
)

// Steps is a list of cleaning steps.
type Steps struct {
	Pos  syntax.Pos
	List []Step
}

// Step is one cleaning step: a word, or a word with its arguments.
type Step struct {
	Op   syntax.Text
	Args any // one of the *Args types below; nil if there are none
}

// CharsArgs are the characters that trim strips or remove removes.
type CharsArgs struct {
	Chars syntax.Text `yaml:"chars" need:"yes" doc:"The characters, one after the other."`
}

// WordsArgs are the words of strip_prefix and strip_suffix.
type WordsArgs struct {
	Words []syntax.Text `yaml:"words" need:"yes" single:"yes" doc:"The words; the first that fits is removed, once."`
}

// ReplaceArgs are the arguments of replace.
type ReplaceArgs struct {
	Old syntax.Text `yaml:"old" need:"yes" doc:"Text to replace, everywhere in the value."`
	New Value       `yaml:"new" need:"yes" doc:"What stands there instead."`
}

// MapArgs are the arguments of map.
type MapArgs struct {
	Table syntax.Ordered[Value] `yaml:"table" need:"yes" doc:"Whole values and what they become."`
	Else  *syntax.Text          `yaml:"else" doc:"What all other values become; default: they stay."`
}

// NumberArgs are the arguments of number.
type NumberArgs struct {
	Grouping syntax.Text           `yaml:"grouping" doc:"Character between groups of three digits; default a comma, none for none."`
	Anywhere syntax.Flag           `yaml:"anywhere" doc:"The grouping character may stand anywhere between digits."`
	Units    syntax.Ordered[Value] `yaml:"units" doc:"Unit words and the power of ten that they stand for, such as 万: 10000."`
	Digits   syntax.Int            `yaml:"digits" doc:"Most digits before the point."`
	Decimals syntax.Int            `yaml:"decimals" doc:"Most digits after the point."`
	Symbols  []syntax.Text         `yaml:"symbols" single:"yes" doc:"Currency signs and words to drop."`

	Accounting syntax.Flag `yaml:"accounting" doc:"true: (5) and 5- are -5, +5 is 5; 5 CR or 5 贷 is -5, 5 DR or 5 借 is 5."`
	Credit     syntax.Text `yaml:"credit" oneof:"negative positive" doc:"With accounting: which sign CR has, DR has the other; default negative."`
	Percent    syntax.Flag `yaml:"percent" doc:"true: 12.5% is 0.125, 3‰ is 0.003."`
	Chinese    syntax.Flag `yaml:"chinese" doc:"true: numerals such as 一万二千, 二〇二四, 壹佰元伍角整 and 百分之五; what is read in two ways (二百五) stays."`
}

// DefaultArgs are the arguments of default.
type DefaultArgs struct {
	Value syntax.Text `yaml:"value" need:"yes" doc:"What an empty value becomes."`
}

// SplitArgs are the arguments of split.
type SplitArgs struct {
	Separator syntax.Text `yaml:"separator" need:"yes" doc:"Text between the parts."`
	Part      syntax.Int  `yaml:"part" need:"yes" doc:"Which part stays: 1 is the first, -1 the last."`
}

// ExtractArgs are the arguments of extract.
type ExtractArgs struct {
	Pos     syntax.Pos  `yaml:"-"`
	Pattern syntax.Text `yaml:"pattern" doc:"Regular expression (RE2); the first match stays."`
	Group   syntax.Text `yaml:"group" doc:"Group of the expression that stays, its name or number; default the group named as the field, else the first, or all if there is none."`
	Address syntax.Text `yaml:"address" oneof:"province city district town village road number building unit room" doc:"Instead of a pattern: this part of a Chinese address."`
}

// stepForm is how a step is written.
type stepForm struct {
	doc   string
	args  func() any    // new argument block; nil: the step takes none
	short func(any) any // the argument that may be written without its key; nil: none
	bare  bool          // may stand without arguments
}

var stepForms = map[string]stepForm{
	"trim":      {doc: "Strips blanks (space, tab, line break, full-width, no-break, en and em space) or the given characters from both ends.", args: func() any { return new(CharsArgs) }, short: func(a any) any { return &a.(*CharsArgs).Chars }, bare: true},
	"halfwidth": {doc: "Full-width forms become their ASCII ones.", bare: true},
	"upper":     {doc: "Upper case.", bare: true},
	"lower":     {doc: "Lower case.", bare: true},
	"collapse":  {doc: "Runs of blanks become one space.", bare: true},
	"remove":    {doc: "Removes every one of the characters.", args: func() any { return new(CharsArgs) }, short: func(a any) any { return &a.(*CharsArgs).Chars }},
	"strip_prefix": {doc: "Removes the first of the words that the value begins with, once.", args: func() any { return new(WordsArgs) },
		short: func(a any) any { return &a.(*WordsArgs).Words }},
	"strip_suffix": {doc: "Removes the first of the words that the value ends with, once.", args: func() any { return new(WordsArgs) },
		short: func(a any) any { return &a.(*WordsArgs).Words }},
	"replace":      {doc: "Replaces a text everywhere in the value.", args: func() any { return new(ReplaceArgs) }},
	"map":          {doc: "Replaces whole values by a table.", args: func() any { return new(MapArgs) }},
	"number":       {doc: "Brings numbers with thousands separators and units into plain form; what is no number stays.", args: func() any { return new(NumberArgs) }, bare: true},
	"default":      {doc: "An empty value becomes this one.", args: func() any { return new(DefaultArgs) }, short: func(a any) any { return &a.(*DefaultArgs).Value }},
	"split":        {doc: "Keeps one part of a value; null if there is no such part.", args: func() any { return new(SplitArgs) }},
	"nfc":          {doc: "Unicode normalization form C: composed characters.", bare: true},
	"nfkc":         {doc: "Unicode normalization form KC: also full-width, circled and other compatibility forms become plain ones.", bare: true},
	"simplified":   {doc: "Traditional Chinese characters become simplified (OpenCC, by phrase). Not for names of persons.", bare: true},
	"traditional":  {doc: "Simplified Chinese characters become traditional (OpenCC, by phrase).", bare: true},
	"invisible":    {doc: "Removes control characters and characters without width (zero-width space, byte order mark, soft hyphen, direction marks).", bare: true},
	"unit":         {doc: "A measure becomes a number in another unit, in exact decimals; the value may carry its unit ([units](#clean-the-units)). Not twice: a plain number is always in from.", args: func() any { return new(UnitArgs) }},
	"excel_serial": {doc: "A spreadsheet's serial number of a day becomes yyyy-MM-dd, with HH:mm:ss where it has a fraction. 1900 to 2100 are years and stay.", args: func() any { return new(SerialArgs) }, short: func(a any) any { return &a.(*SerialArgs).System }, bare: true},
	"time_zone":    {doc: "A clock with its offset (Z, +08:00) becomes the clock of a zone, yyyy-MM-dd HH:mm:ss. A clock that a zone skipped is moved on, of one that it had twice the first is meant.", args: func() any { return new(ZoneArgs) }, short: func(a any) any { return &a.(*ZoneArgs).To }},
	"short_year":   {doc: "A year of two digits gets its century: 99/3/1 becomes 1999/3/1.", args: func() any { return new(ShortYearArgs) }, short: func(a any) any { return &a.(*ShortYearArgs).Pivot }},
	"minguo":       {doc: "A date of the calendar of the Republic becomes yyyy-MM-dd: 民國113年5月6日 is 2024-05-06.", args: func() any { return new(RepublicArgs) }, bare: true},
	"codes":        {doc: "Names and synonyms of a code table become their code. What the table has not stays and breaks the rule <field>.codes; the nearest name is suggested, never put in.", args: func() any { return new(CodesArgs) }, short: func(a any) any { return &a.(*CodesArgs).Table }},
	"successor":    {doc: "An abolished code of GB/T 2260 becomes the one that took its place, where there is exactly one.", args: func() any { return new(SuccessorArgs) }, short: func(a any) any { return &a.(*SuccessorArgs).AsOf }, bare: true},
	"fill":         {doc: "An empty value becomes the one above, another field or column, a constant, or what a table has.", args: func() any { return new(FillArgs) }},
	"extract":      {doc: "Keeps what a pattern finds, or a part of an address; null if there is none.", args: func() any { return new(ExtractArgs) }, short: func(a any) any { return &a.(*ExtractArgs).Pattern }},
}

// StepNames are the words of the cleaning steps, sorted.
func StepNames() []string { return slices.Sorted(maps.Keys(stepForms)) }

// DecodeYAML implements syntax.Decoder.
func (s *Steps) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	s.Pos = n.Pos
	items := n.Items
	switch n.Shape {
	case syntax.List:
	case syntax.Scalar, syntax.Map:
		items = []*syntax.Node{n}
	default:
		syntax.WantShape(n, syntax.List, label, r)
		return
	}
	for _, item := range items {
		s.decodeItem(item, label, r)
	}
}

func (s *Steps) decodeItem(n *syntax.Node, label string, r *syntax.Report) {
	if n.Shape != syntax.Map {
		var op syntax.Text
		if !syntax.TextOf(n, label, &op, r) {
			return
		}
		form, ok := knownStep(op, r)
		if !ok {
			return
		}
		if !form.bare {
			r.Addf(op.Pos, "the step %q needs an argument: write {%s: …}", op.Value, op.Value)
			return
		}
		s.List = append(s.List, Step{Op: op})
		return
	}
	if len(n.Entries) == 0 {
		r.Addf(n.Pos, "a cleaning step has one key, this block has none")
	}
	if len(n.Entries) > 1 {
		r.Addf(n.Entries[1].KeyPos, "a cleaning step has one key; put %q into an item of its own", n.Entries[1].Key)
	}
	for _, e := range n.Entries {
		op := syntax.Text{Value: e.Key, Pos: e.KeyPos}
		form, ok := knownStep(op, r)
		if !ok {
			continue
		}
		s.List = append(s.List, Step{Op: op, Args: stepArgs(form, e, r)})
	}
}

func knownStep(op syntax.Text, r *syntax.Report) (stepForm, bool) {
	form, ok := stepForms[op.Value]
	if !ok {
		r.AddHint(op.Pos, op.Value, StepNames(), "unknown cleaning step %q", op.Value)
	}
	return form, ok
}

func stepArgs(form stepForm, e syntax.Entry, r *syntax.Report) any {
	if form.args == nil {
		if e.Value.Shape != syntax.Null && !(e.Value.Shape == syntax.Scalar && e.Value.Text == "true") {
			r.Addf(e.Value.Pos, "the step %q takes no argument", e.Key)
		}
		return nil
	}
	args := form.args()
	if table, ok := args.(*MapArgs); ok && e.Value.Shape == syntax.Map && !hasKey(e.Value, "table") {
		syntax.Decode(e.Value, e.Key, &table.Table, r)
		return args
	}
	switch {
	case form.short != nil && e.Value.Shape != syntax.Map && e.Value.Shape != syntax.Null:
		decodeShort(e, form.short(args), r)
	case e.Value.Shape == syntax.Null && form.bare:
		return nil
	default:
		syntax.Decode(e.Value, e.Key, args, r)
	}
	return args
}

func decodeShort(e syntax.Entry, into any, r *syntax.Report) {
	if words, ok := into.(*[]syntax.Text); ok && e.Value.Shape != syntax.List {
		var one syntax.Text
		if syntax.TextOf(e.Value, e.Key, &one, r) {
			*words = []syntax.Text{one}
		}
		return
	}
	syntax.Decode(e.Value, e.Key, into, r)
}

func hasKey(n *syntax.Node, key string) bool {
	return slices.ContainsFunc(n.Entries, func(e syntax.Entry) bool { return e.Key == key })
}

// JSONSchema implements syntax.Schemer.
func (s *Steps) JSONSchema(g *syntax.Schemas) syntax.Object {
	var bare []string
	properties := syntax.Object{}
	for _, name := range StepNames() {
		form := stepForms[name]
		if form.bare {
			bare = append(bare, name)
		}
		if form.args == nil {
			continue
		}
		args := form.args()
		schema := g.Of(args)
		switch {
		case name == "map":
			schema = syntax.Either(schema, g.Of(new(syntax.Ordered[Value])))
		case form.short != nil:
			switch form.short(args).(type) {
			case *[]syntax.Text:
				schema = syntax.Either(schema, syntax.AnyText(), syntax.ListOf(syntax.AnyText()))
			default:
				schema = syntax.Either(schema, syntax.AnyText())
			}
		}
		if form.bare {
			schema = syntax.Either(schema, syntax.Object{"type": "null"})
		}
		properties[name] = describe(schema, form.doc)
	}
	block := syntax.Keys(properties)
	block["minProperties"], block["maxProperties"] = 1, 1
	step := syntax.Either(syntax.Words(bare...), block)
	return syntax.Either(step, syntax.ListOf(step))
}

func describe(o syntax.Object, doc string) syntax.Object {
	o["description"] = doc
	return o
}
