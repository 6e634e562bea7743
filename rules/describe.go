package rules

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"clearwell/rules/standard"
)

// Describe writes the plan in plain words, for the officer to read what the contract means.
func Describe(w io.Writer, p *Plan) error {
	d := describer{out: bufio.NewWriter(w), plan: p}
	d.head()
	for i := range p.Fields {
		d.field(&p.Fields[i])
	}
	d.rowRules()
	d.measures("")
	d.foot()
	return d.out.Flush()
}

type describer struct {
	out  *bufio.Writer
	plan *Plan
}

func (d *describer) line(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *describer) head() {
	p := d.plan
	hash := p.Hash()
	d.line("%s%s", p.Dataset, titleWords(p.Title))
	owner := "  owned by " + p.Owner
	if p.Update != "" {
		owner += ", updated " + p.Update
	}
	d.line("%s; plan %s, standards %s", owner, hex.EncodeToString(hash[:6]), p.Standards)
	s := p.Source
	delimiter := strconv.Quote(s.CSV.Delimiter)
	if s.CSV.Delimiter == "auto" {
		delimiter = "found by looking"
	}
	encoding := s.CSV.Encoding
	if encoding == "auto" {
		encoding = "found by looking"
	}
	d.line("  reads %s as %s (encoding %s, delimiter %s)", s.Path, strings.ToUpper(s.Format), encoding, delimiter)
	if p.Where != nil {
		d.line("  leaves out rows unless %s", oneLine(p.Where.Text))
	}
}

func (d *describer) field(f *Field) {
	d.line("")
	d.line("  %s%s, %s, %s", f.Name, titleWords(f.Title), f.Level, f.Type.String())
	from := strings.Join(f.From, " or ")
	if j := f.Join; j != nil {
		from = fmt.Sprintf("%s joined with %q", strings.Join(slices.Concat(j.Columns, j.Fields), " + "), j.With)
	}
	if f.Optional {
		from += ", if the source has it"
	}
	if from != "" {
		d.line("    from     %s", from)
	}
	var steps []string
	for _, s := range f.Clean {
		steps = append(steps, stepWords(s))
	}
	if len(steps) > 0 {
		d.line("    clean    %s", strings.Join(steps, "; "))
	}
	if len(f.Nulls) > 1 {
		d.line("    null     empty, %s", quoted(f.Nulls[1:]))
	}
	if len(f.Type.Formats) > 0 {
		d.line("    read     %s, years %d to %d", strings.Join(f.Type.Formats, " or "), f.Type.MinYear, f.Type.MaxYear)
	}
	for i := range d.plan.Rules {
		if r := &d.plan.Rules[i]; r.Field == f.Name {
			d.rule("    check    ", r)
		}
	}
	d.measures(f.Name)
	switch {
	case f.PublishAs == "":
		d.line("    publish  no")
	case f.Treatment.Method == Plain:
		d.line("    publish  as %s", f.PublishAs)
	default:
		d.line("    publish  as %s: %s", f.PublishAs, treatmentWords(f.Treatment))
	}
	if std, ok := standard.Lookup(f.Standard); ok && Level(std.Level) > f.Level {
		d.line("    note     the contract says %s, the standard %s says L%d", f.Level, std.Name, std.Level)
	}
}

func (d *describer) rule(label string, r *Rule) {
	text := r.Demands() + nullWords(r.Nulls)
	if r.When != nil {
		text += ", when " + oneLine(r.When.Text)
	}
	if r.Repair != nil {
		text += "; else " + r.Repair.String()
	}
	text += "; else " + failWords(r)
	if r.Severity != SeverityError {
		text += " (" + r.Severity.String() + ")"
	}
	if r.Allow.Warn != nil {
		text += "; more than " + boundWords(r.Allow.Warn) + " is a warning"
	}
	if r.Allow.Fail != nil {
		text += "; more than " + boundWords(r.Allow.Fail) + " stops publication"
	}
	d.line("%s%s (%s): %s", label, r.ID, r.Dimension, text)
}

func (d *describer) rowRules() {
	first := true
	for i := range d.plan.Rules {
		r := &d.plan.Rules[i]
		if r.Field != "" {
			continue
		}
		if first {
			d.line("")
			d.line("  over the row")
			first = false
		}
		d.rule("    check    ", r)
	}
}

func (d *describer) foot() {
	p := d.plan
	d.line("")
	if p.Dedupe != nil {
		var keep []string
		for _, k := range p.Dedupe.Keep {
			keep = append(keep, strings.TrimSpace(strings.ReplaceAll(string(k.By), "_", " ")+" "+k.Field))
		}
		keep = append(keep, "the earlier row")
		d.line("  one row per %s; of copies stays: %s", strings.Join(p.Dedupe.Key, " + "), strings.Join(keep, ", then "))
	}
	text := fmt.Sprintf("  published for the audience %q", p.Publish.Audience)
	if len(p.Publish.SortBy) > 0 {
		text += ", sorted by " + strings.Join(p.Publish.SortBy, ", ")
	} else {
		text += ", in source order"
	}
	if p.Publish.License != "" {
		text += ", licence " + p.Publish.License
	}
	if p.Publish.AllowEmpty {
		text += ", even without rows"
	}
	d.line("%s", text)
}

// titleWords gives the titles behind a name.
func titleWords(titles map[string]string) string {
	var list []string
	for _, language := range sortedKeys(titles) {
		list = append(list, titles[language])
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, " / ") + ")"
}

func stepWords(s Step) string {
	switch s.Op {
	case Trim:
		if s.Chars != "" {
			return "trim " + strconv.Quote(s.Chars)
		}
	case Remove:
		return "remove " + strconv.Quote(s.Chars)
	case StripPrefix:
		return "strip in front " + quoted(s.Words)
	case StripSuffix:
		return "strip at the end " + quoted(s.Words)
	case Replace:
		return fmt.Sprintf("replace %q by %q", s.Old, s.New)
	case Map:
		text := fmt.Sprintf("map %d values", len(s.Table))
		if s.Else != nil {
			text += fmt.Sprintf(", all others to %q", *s.Else)
		}
		return text
	case NumberForm:
		text := "number"
		if s.Grouping != "" {
			text += ", " + strconv.Quote(strings.TrimSuffix(s.Grouping, "*")) + " between digits"
		}
		for _, unit := range sortedKeys(s.Units) {
			text += fmt.Sprintf(", %s = 10^%d", unit, s.Units[unit])
		}
		return text
	case Default:
		return "empty becomes " + strconv.Quote(s.Value)
	case Split:
		if s.Index < 0 {
			return fmt.Sprintf("part %d from the end between %q", -s.Index, s.Separator)
		}
		return fmt.Sprintf("part %d between %q", s.Index+1, s.Separator)
	case Extract:
		return "what matches " + s.Pattern
	case ByStandard:
		return "form of " + s.Standard
	}
	return furtherWords(s)
}

// String says in plain words what the condition demands.
func (c Condition) String() string {
	switch c.Op {
	case Required:
		return "has a value"
	case Parsed:
		return "can be read as its type"
	case Length:
		return "length " + boundsWords(c)
	case Range:
		return "value " + boundsWords(c)
	case Set:
		if len(c.Values) > 8 {
			return fmt.Sprintf("one of %d codes", len(c.Values))
		}
		return "one of " + quoted(c.Values)
	case Pattern:
		return "matches " + c.Pattern
	case Standard:
		return "valid by " + c.Standard
	case Unique, Depends, Increasing, Decreasing, Outlier, ExistsIn:
		return c.settledWords()
	}
	if text := c.words(); text != "" {
		return text
	}
	return oneLine(c.Expr.Text)
}

func boundsWords(c Condition) string {
	var parts []string
	if c.Min != "" {
		parts = append(parts, map[bool]string{false: "from ", true: "above "}[c.MinOpen]+c.Min)
	}
	if c.Max != "" {
		parts = append(parts, map[bool]string{false: "to ", true: "below "}[c.MaxOpen]+c.Max)
	}
	return strings.Join(parts, " ")
}

func failWords(r *Rule) string {
	switch r.OnFail {
	case SetNull:
		return "the cell becomes null"
	case Keep:
		return "it is counted"
	case Stop:
		return "the run stops"
	case ReplaceBy:
		return "the cell becomes " + strconv.Quote(r.Replace)
	}
	return "quarantine"
}

func quoted(words []string) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = strconv.Quote(w)
	}
	return strings.Join(list, ", ")
}

// oneLine puts an expression that was written over several lines on one.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
