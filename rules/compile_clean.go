package rules

import (
	"maps"
	"math/big"
	"regexp/syntax"
	"slices"
	"strconv"
	"unicode/utf8"

	"clearwell/rules/contract"
	"clearwell/rules/standard"
	yaml "clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// cleaning is the standard's steps, then the contract's, then its map. A field
// without standard and without clean gets what nobody misses: trim, and for
// typed fields halfwidth before it. clean: [] is nothing.
func (p *compiler) cleaning(f *contract.Field, std *standard.Standard, out *Field) []Step {
	if f.Derive != nil && !f.Derive.IfNull {
		return []Step{{ID: string(DerivedValue), Op: DerivedValue}}
	}
	steps, t := p.input(f, out), out.Type
	if std != nil {
		steps = append(steps, p.standardSteps(f.Standard)...)
	}
	switch {
	case f.Clean != nil:
		for _, s := range f.Clean.List {
			steps = append(steps, p.step(s, out.Name))
		}
	case std == nil && t.Kind == String:
		steps = append(steps, Step{Op: Trim})
	case std == nil:
		steps = append(steps, Step{Op: HalfWidth}, Step{Op: Trim})
	}
	if len(f.Map) > 0 {
		steps = append(steps, Step{Op: Map, Table: table(f.Map)})
	}
	if f.Derive != nil {
		steps = append(steps, Step{Op: DerivedValue, CleanParams: CleanParams{IfNull: true}})
	}
	nameSteps(steps)
	return steps
}

// nameSteps gives each step an id: its op, with a number from the second on.
func nameSteps(steps []Step) {
	seen := map[string]int{}
	for i := range steps {
		id := or(steps[i].ID, string(steps[i].Op))
		if seen[id]++; seen[id] > 1 {
			id += "_" + strconv.Itoa(seen[id])
		}
		steps[i].ID = id
	}
}

func (p *compiler) step(s contract.Step, field string) Step {
	out := Step{Op: StepOp(s.Op.Value)}
	switch a := s.Args.(type) {
	case *contract.CharsArgs:
		out.Chars = a.Chars.Value
		p.notEmpty(a.Chars, "chars")
	case *contract.WordsArgs:
		out.Words = values(a.Words)
		for _, w := range a.Words {
			p.notEmpty(w, "words")
		}
	case *contract.ReplaceArgs:
		out.Old, out.New = a.Old.Value, a.New.Value
		p.notEmpty(a.Old, "old")
	case *contract.MapArgs:
		out.Table = table(a.Table)
		if a.Else != nil {
			out.Else = &a.Else.Value
		}
	case *contract.DefaultArgs:
		out.Value = a.Value.Value
		p.notEmpty(a.Value, "default")
	case *contract.SplitArgs:
		out.Separator, out.Index = a.Separator.Value, a.Part.Value
		p.notEmpty(a.Separator, "separator")
		switch {
		case a.Part.Given() && a.Part.Value == 0:
			p.Addf(a.Part.Pos, "parts count from 1, from the end from -1")
		case a.Part.Value > 0:
			out.Index--
		}
	case *contract.NumberArgs:
		p.number(a, &out)
	default:
		p.furtherStep(s, field, &out)
	}
	if out.Op == NumberForm && s.Args == nil {
		out.Grouping = ","
	}
	return out
}

func (p *compiler) notEmpty(t yaml.Text, label string) {
	if t.Given() && t.Value == "" {
		p.Addf(t.Pos, "%q is empty", label)
	}
}

func table(entries yaml.Ordered[contract.Value]) map[string]string {
	t := make(map[string]string, len(entries))
	for _, e := range entries {
		t[e.Name.Value] = e.Value.Value // null: the empty text, which is null after cleaning
	}
	return t
}

// pattern reads a regular expression; nil if it is wrong or not given.
func (p *compiler) pattern(t yaml.Text) *syntax.Regexp {
	if !t.Given() {
		return nil
	}
	re, err := syntax.Parse(t.Value, syntax.Perl)
	if err != nil {
		p.Addf(t.Pos, "the pattern cannot be read: %v", patternProblem(err))
		return nil
	}
	return re
}

func patternProblem(err error) error {
	if e, ok := err.(*syntax.Error); ok {
		return wording.Errorf("%s at %q", wording.OneOf(patternProblems, e.Code.String()), e.Expr)
	}
	return err
}

// patternProblems are the codes of regexp/syntax.
var patternProblems = []wording.Phrase{
	"invalid character class", "invalid character class range", "invalid escape sequence", "invalid named capture",
	"invalid nested repetition operator", "invalid repeat count", "invalid UTF-8", "missing argument to repetition operator",
	"missing closing ]", "missing closing )", "unexpected )", "trailing backslash at end of expression",
	"invalid or unsupported Perl syntax", "expression nests too deeply", "expression too large",
}

func (p *compiler) number(a *contract.NumberArgs, out *Step) {
	switch g := a.Grouping.Value; {
	case !a.Grouping.Given():
		out.Grouping = ","
	case g == "none":
	case utf8.RuneCountInString(g) != 1:
		p.Addf(a.Grouping.Pos, "%q is one character or none, not %q", "grouping", g)
	default:
		out.Grouping = g
	}
	if a.Anywhere.Value && out.Grouping != "" {
		out.Grouping += "*"
	}
	for _, u := range a.Units {
		power, ok := powerOfTen(u.Value.Value)
		if !ok {
			p.Addf(u.Value.Pos, "a unit is a power of ten such as 10000, not %q", u.Value.Value)
			continue
		}
		if out.Units == nil {
			out.Units = map[string]int{}
		}
		out.Units[u.Name.Value] = power
	}
	for _, limit := range []struct {
		given yaml.Int
		label string
		into  *int
	}{{a.Digits, "digits", &out.Digits}, {a.Decimals, "decimals", &out.Decimals}} {
		if limit.given.Given() && (limit.given.Value < 1 || limit.given.Value > 38) {
			p.Addf(limit.given.Pos, "%q is from 1 to 38", limit.label)
		}
		*limit.into = limit.given.Value
	}
	if len(a.Symbols) > 0 {
		out.Symbols = values(a.Symbols)
	}
	if a.Percent.Value {
		if out.Units == nil {
			out.Units = map[string]int{}
		}
		out.Units["%"], out.Units["％"], out.Units["‰"] = -2, -2, -3
	}
	out.Accounting, out.Chinese = a.Accounting.Value, a.Chinese.Value
	out.CreditPlus = a.Credit.Value == "positive"
	if a.Credit.Given() && !out.Accounting {
		p.Addf(a.Credit.Pos, "%q is read with accounting: true", "credit")
	}
}

// powerOfTen gives n for the text of 10^n, n from 1 to 18.
func powerOfTen(text string) (int, bool) {
	x, err := rational(text)
	if err != nil || !x.IsInt() {
		return 0, false
	}
	for n := 1; n <= 18; n++ {
		if x.Num().Cmp(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)) == 0 {
			return n, true
		}
	}
	return 0, false
}

// sortedKeys are the keys of a table, sorted.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
