package rules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"clearwell/rules/contract"
	"clearwell/rules/standard"
	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

var decimalType = regexp.MustCompile(`^decimal\(\s*([0-9]{1,2})\s*,\s*([0-9]{1,2})\s*\)$`)

// typeNames are the words of the field key type.
var typeNames = []string{"string", "integer", "number", "decimal(14,2)", "boolean", "date", "timestamp"}

// Years outside these are hardly ever meant by a date in an administrative record.
const (
	defaultMinYear = 1900
	defaultMaxYear = 2100
)

// Defaults of a typed field.
var (
	defaultDateFormats      = []string{"yyyy-MM-dd"}
	defaultTimestampFormats = []string{"yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss"}
	defaultTrue             = []string{"true", "True", "TRUE", "1", "yes", "Yes", "YES", "y", "Y", "是"}
	defaultFalse            = []string{"false", "False", "FALSE", "0", "no", "No", "NO", "n", "N", "否"}
)

// field compiles all of a field but its checks.
func (p *compiler) field(n *syntax.Named[contract.Field]) Field {
	f := &n.Value
	out := Field{Name: n.Name.Value, Title: f.Title.ByLanguage, Description: f.Description.ByLanguage, Optional: f.Optional.Value, Nulls: []string{""}}
	std := p.standard(f.Standard)
	if std != nil {
		out.Standard = std.Name
		if own, _, _ := p.standing(f.Standard.Name.Value); own != nil {
			out.StandardVersion = own.version
		}
		if len(out.Title) == 0 {
			out.Title = std.Title
		}
	}
	out.Type = p.typeOf(f, std, out.Name)
	out.Clean = p.cleaning(f, std, &out)
	for _, w := range f.Nulls {
		if !slices.Contains(out.Nulls, w.Value) {
			out.Nulls = append(out.Nulls, w.Value)
		}
	}
	p.level(n, std, &out)
	p.treatment(n, std, &out)
	return out
}

func optionsOf(ref *contract.Reference) map[string]string {
	if len(ref.Options) == 0 {
		return nil
	}
	options := make(map[string]string, len(ref.Options))
	for _, o := range ref.Options {
		options[o.Name.Value] = o.Value.Value
	}
	return options
}

// typeOf is the type that the contract says, else the standard's, else string.
func (p *compiler) typeOf(f *contract.Field, std *standard.Standard, name string) Type {
	t := Type{Kind: String}
	if std != nil {
		t = Type{Kind: Kind(std.Kind), Precision: std.Precision, Scale: std.Scale}
	}
	if f.Type.Given() {
		said, ok := p.readType(f.Type)
		if !ok {
			p.broken[name] = true
			return t
		}
		if std != nil && said.Kind != t.Kind {
			p.Addf(f.Type.Pos, "%s is of type %s, the field says %s; take out one of the two", std.Name, t.Kind, said.Kind)
		}
		t = said
	}
	p.years(f, &t)
	p.formats(f, std, &t)
	p.words(f, &t)
	return t
}

func (p *compiler) readType(word syntax.Text) (Type, bool) {
	switch k := Kind(word.Value); k {
	case String, Integer, Number, Boolean, Date, Timestamp:
		return Type{Kind: k}, true
	}
	m := decimalType.FindStringSubmatch(word.Value)
	if m == nil {
		if word.Value == "decimal" {
			p.Addf(word.Pos, "a decimal says its digits in all and after the point: decimal(14,2)")
		} else {
			p.AddHint(word.Pos, word.Value, typeNames, "unknown type %q; types are %s", word.Value, wording.List(typeNames))
		}
		return Type{}, false
	}
	precision, _ := strconv.Atoi(m[1])
	scale, _ := strconv.Atoi(m[2])
	if precision < 1 || precision > 38 || scale > precision {
		p.Addf(word.Pos, "a decimal has 1 to 38 digits, of which no more than all stand after the point, not %s", word.Value)
		return Type{}, false
	}
	return Type{Kind: Decimal, Precision: precision, Scale: scale}, true
}

func (p *compiler) years(f *contract.Field, t *Type) {
	timed := t.Kind == Date || t.Kind == Timestamp
	if timed {
		t.MinYear, t.MaxYear = defaultMinYear, defaultMaxYear
	}
	if len(f.Years) == 0 {
		return
	}
	if !timed {
		p.Addf(f.Years[0].Pos, "%q is for dates and times, the field is %s", "years", t.String())
		return
	}
	first, err := strconv.Atoi(f.Years[0].Value)
	last, err2 := strconv.Atoi(f.Years[len(f.Years)-1].Value)
	if len(f.Years) != 2 || err != nil || err2 != nil || first < 1 || last > 9999 || first > last {
		p.Addf(f.Years[0].Pos, "%q takes the first and the last year, from 1 to 9999: [1900, 2100]", "years")
		return
	}
	t.MinYear, t.MaxYear = first, last
}

func (p *compiler) formats(f *contract.Field, std *standard.Standard, t *Type) {
	timed := t.Kind == Date || t.Kind == Timestamp
	if !timed {
		if len(f.Formats) > 0 {
			p.Addf(f.Formats[0].Pos, "%q is for dates and times, the field is %s; give it a type", "formats", t.String())
		}
		return
	}
	for _, format := range f.Formats {
		if err := checkFormat(t.Kind, format.Value); err != nil {
			p.Addf(format.Pos, "%v", err)
			continue
		}
		t.Formats = append(t.Formats, format.Value)
	}
	switch {
	case len(f.Formats) > 0:
	case std != nil && len(std.Formats) > 0:
		t.Formats = slices.Clone(std.Formats)
	case t.Kind == Date:
		t.Formats = defaultDateFormats
	default:
		t.Formats = defaultTimestampFormats
	}
}

func checkFormat(k Kind, format string) error {
	if k == Date {
		_, err := standard.NewDateParser([]string{format}, 0, 0)
		return err
	}
	_, err := standard.NewTimestampParser([]string{format}, 0, 0)
	return err
}

func (p *compiler) words(f *contract.Field, t *Type) {
	if t.Kind != Boolean {
		if f.Words != nil {
			p.Addf(f.Pos, "%q is for booleans, the field is %s", "words", t.String())
		}
		return
	}
	t.True, t.False = defaultTrue, defaultFalse
	if f.Words == nil {
		return
	}
	t.True, t.False = values(f.Words.True), values(f.Words.False)
	for _, w := range f.Words.False {
		if slices.Contains(t.True, w.Value) {
			p.Addf(w.Pos, "the word %q stands for both true and false", w.Value)
		}
	}
}

func values(texts []syntax.Text) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = t.Value
	}
	return out
}

func (p *compiler) level(n *syntax.Named[contract.Field], std *standard.Standard, out *Field) {
	f := &n.Value
	switch {
	case f.Level.Given():
		if len(f.Level.Value) == 2 && f.Level.Value[0] == 'L' {
			out.Level = Level(f.Level.Value[1] - '0')
		}
	case std != nil:
		out.Level = Level(std.Level)
	case f.Standard == nil: // a wrong standard has been reported
		p.Addf(n.Name.Pos, "the field %s has no level; add level: L1 (public), L2, L3 (personal) or L4 (sensitive)", out.Name)
	}
}

// treatment resolves desensitization and publication, and holds both against the policy.
func (p *compiler) treatment(n *syntax.Named[contract.Field], std *standard.Standard, out *Field) {
	f := &n.Value
	out.PublishAs = out.Name
	switch f.Publish.Value {
	case "", "true":
		if f.Publish.Given() && f.Publish.Value == "" {
			p.Addf(f.Publish.Pos, "the published name is empty; write false for a field that is not published")
		}
	case "false":
		out.PublishAs = ""
	default:
		out.PublishAs = f.Publish.Value
		if strings.TrimSpace(out.PublishAs) != out.PublishAs || strings.ContainsFunc(out.PublishAs, func(c rune) bool { return c < ' ' }) || len(out.PublishAs) > 128 {
			p.Addf(f.Publish.Pos, "a published name has up to 128 bytes, no blanks at its ends and no control characters")
		}
	}
	audience := p.plan.Publish.Audience
	least := LeastTreatment(out.Level, audience)
	out.Treatment = Treatment{Method: Plain}
	switch {
	case f.Desensitize != nil:
		out.Treatment = p.desensitize(f.Desensitize, out)
	case std != nil && std.Treatment != nil && out.PublishAs != "" && least != Plain:
		out.Treatment = defaultTreatment(std.Treatment)
	}
	if out.Treatment.Method == Drop {
		out.PublishAs = ""
	}
	if out.PublishAs == "" || out.Level == 0 || audience == "" || out.Treatment.Method.Strength() >= least.Strength() {
		return
	}
	at := n.Name.Pos
	if f.Desensitize != nil {
		at = f.Desensitize.Method.Pos
	}
	p.Addf(at, "the field %s has level %s: for the audience %q it needs at least the treatment %s, it has %s; add for example %s, or publish: false",
		out.Name, out.Level, audience, least, out.Treatment.Method, exampleTreatment(least, out.Type))
}

func defaultTreatment(t *standard.Treatment) Treatment {
	out := Treatment{Method: Method(t.Method), Width: t.Width, To: t.To, KeepFirst: t.KeepFirst, KeepLast: t.KeepLast,
		Fill: t.Fill, FillOnce: t.FillOnce, Key: t.Key}
	if out.Method == Mask && out.Fill == "" {
		out.Fill = "*"
	}
	return out
}
