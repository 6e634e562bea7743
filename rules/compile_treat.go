package rules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"clearwell/rules/contract"
)

var keyName = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$`)

// truncatable are the kinds of value that have the part.
var truncatable = map[string][]Kind{
	"month": {Date, Timestamp}, "year": {Date, Timestamp},
	"city": {String}, "province": {String}, "domain": {String},
}

// desensitize compiles the treatment that the contract says for field f.
func (p *compiler) desensitize(t *contract.Treatment, f *Field) Treatment {
	out := Treatment{Method: Method(t.Method.Value)}
	if p.broken[f.Name] {
		return out
	}
	fits := func(kinds ...Kind) {
		if !slices.Contains(kinds, f.Type.Kind) {
			p.Addf(t.Method.Pos, "the treatment %s is not for a field of type %s", out.Method, f.Type.String())
		}
	}
	switch a := t.Args.(type) {
	case *contract.BandArgs:
		fits(Integer, Number, Decimal, Date, Timestamp)
		width, err := strconv.Atoi(strings.TrimSuffix(a.Width.Value, "y"))
		timed := f.Type.Kind == Date || f.Type.Kind == Timestamp
		if a.Width.Given() && (err != nil || width < 1 || strings.HasSuffix(a.Width.Value, "y") && !timed) {
			p.Addf(a.Width.Pos, "the width of a band is a whole number from 1, for dates in years (5 or 5y), not %q", a.Width.Value)
		}
		out.Width = width
	case *contract.TruncateArgs:
		if kinds, ok := truncatable[a.To.Value]; ok && !slices.Contains(kinds, f.Type.Kind) {
			p.Addf(a.To.Pos, "a field of type %s has no %s", f.Type.String(), a.To.Value)
		}
		out.To = a.To.Value
		if a.Else != nil {
			if f.Type.Kind != String {
				p.Addf(a.Else.Pos, "%q is for text, the field is %s", "else", f.Type.String())
			}
			out.Else = &a.Else.Value
		}
	case *contract.MaskArgs:
		fits(String)
		out.KeepFirst, out.KeepLast, out.Fill, out.FillOnce = a.KeepFirst.Value, a.KeepLast.Value, or(a.Fill.Value, "*"), a.FillOnce.Value
		if out.KeepFirst < 0 || out.KeepLast < 0 {
			p.Addf(t.Method.Pos, "a mask keeps 0 or more characters")
		}
		if !out.FillOnce && utf8.RuneCountInString(out.Fill) != 1 {
			p.Addf(a.Fill.Pos, "the fill is one character; a longer one needs fill_once: true")
		}
	case *contract.ReplaceByArgs:
		fits(String)
		out.Value = a.Value.Value
	case *contract.PseudonymArgs:
		out.Key = a.Key.Value
		if a.Key.Given() && !keyName.MatchString(out.Key) {
			p.Addf(a.Key.Pos, "a key's name has lower-case letters, digits, - and _, not %q", out.Key)
		}
	}
	return out
}
