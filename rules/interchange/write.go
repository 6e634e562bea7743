package interchange

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// block is keys with values in order, as YAML writes them: texts, plain words, lists,
// blocks, refs and nil.
type block []entry

type entry struct {
	key   string
	value any
}

// plain is a scalar that is written as it is.
type plain string

// list is a list of values.
type list []any

func texts(words []string) list {
	out := make(list, len(words))
	for i, w := range words {
		out[i] = w
	}
	return out
}

// versionText is what a contract takes as its version.
var versionText = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]{0,30}$`)

// shortNumber stands without quotes: every scalar of a contract is the text that was typed.
var shortNumber = regexp.MustCompile(`^-?[0-9]{1,30}(\.[0-9]{1,30})?$`)

var plainScalar = regexp.MustCompile(`^[\p{L}_/][\p{L}\p{N}_./-]*( [\p{L}\p{N}_./-]+)*$`)

// notText are plain scalars that YAML or its readers take for something else.
var notText = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}

// yamlText writes a text as a scalar: as it is where that is safe, else in quotes.
func yamlText(s string) string {
	if plainScalar.MatchString(s) && !slices.Contains(notText, strings.ToLower(s)) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return strconv.Quote(s)
}

// flow writes a value in flow style.
func flow(v any) string {
	switch v := v.(type) {
	case nil:
		return "~"
	case plain:
		return string(v)
	case string:
		if shortNumber.MatchString(v) {
			return v
		}
		return yamlText(v)
	case *ref:
		return v.field.name
	case celText:
		return yamlText(v.String())
	case list:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = flow(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case block:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = yamlText(e.key) + ": " + flow(e.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	panic(fmt.Sprintf("no YAML for %T", v))
}

// String is the expression as CEL.
func (c celText) String() string {
	var b strings.Builder
	for _, p := range c {
		switch p := p.(type) {
		case string:
			b.WriteString(p)
		case *ref:
			b.WriteString(p.field.name)
		case celText:
			b.WriteString(p.String())
		}
	}
	return b.String()
}

// contractWriter writes a settled draft.
type contractWriter struct {
	*draft
	b bytes.Buffer
}

func (w *contractWriter) line(format string, args ...any) {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	w.b.WriteString(format)
	w.b.WriteByte('\n')
}

// comment writes a text as a comment on one line, whatever it has in it.
func (w *contractWriter) comment(indent, text string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) && !unicode.IsSpace(r) || r == '\u2028' || r == '\u2029' || r == '\uFEFF' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	w.line("%s# %s", indent, text)
}

// write makes the contract's text of a settled draft.
func (d *draft) write() []byte {
	w := &contractWriter{draft: d}
	w.head()
	w.line("fields:")
	for _, c := range d.columns {
		for i, f := range c.fields {
			w.field(c, f, i == 0)
		}
	}
	w.rulesOf()
	w.line("")
	w.line("publish:")
	w.line("  audience: internal   # nobody said how sensitive the fields are; set their levels, then open | shared | restricted")
	if d.license != "" {
		w.line("  license: %s", yamlText(d.license))
	}
	return w.b.Bytes()
}

func (w *contractWriter) head() {
	d := w.draft
	w.comment("", fmt.Sprintf("Imported by clearwell import from %s (%s). Look it through; then take this line out.", d.tree.file, d.out.Format.Title()))
	w.comment("", "Rows that break a rule are kept and counted, as there (on_fail: keep); write quarantine where a row must not be published.")
	for _, n := range d.notes {
		w.comment("", n)
	}
	if len(d.out.Lost) > 0 {
		w.comment("", "Not carried over, or only in part:")
		for _, l := range d.out.Lost {
			w.comment("", "  "+l.String())
		}
	}
	w.line("dataset: %s", yamlText(d.opts.Dataset))
	w.line("title: %s", yamlText(or(d.title, d.opts.Dataset)))
	note := ""
	if d.opts.OwnerNote != "" {
		note = "   # " + d.opts.OwnerNote
	}
	w.line("owner: %s%s", yamlText(d.opts.Owner), note)
	if versionText.MatchString(d.version) {
		w.line("version: %s", yamlText(d.version))
	}
	w.line("source: {path: %s}", yamlText(d.opts.Source))
	w.line("")
}

func (w *contractWriter) field(c *column, f *field, first bool) {
	const in = "    "
	w.line("  %s:", f.name)
	if first {
		if c.title != "" {
			w.line(in+"title: %s", yamlText(c.title))
		}
		for _, text := range c.comments {
			w.comment(in, text)
		}
	} else {
		w.comment(in, "the same column read as "+map[bool]string{true: "text with null as a value", false: string(f.typ.kind)}[f.filled]+", for the checks below")
	}
	if c.source != f.name {
		w.line(in+"from: %s", yamlText(c.source))
	}
	if c.optional {
		w.line(in + "optional: true")
	}
	if f.typ.kind != text {
		w.line(in+"type: %s", or(f.typ.name, string(f.typ.kind)))
	}
	if len(f.typ.formats) > 0 {
		w.line(in+"formats: %s", flow(texts(f.typ.formats)))
	}
	if f.typ.years {
		w.line(in + "years: [1, 9999]")
	}
	if f.typ.words != nil {
		w.line(in+"words: %s", flow(f.typ.words))
	}
	switch {
	case f.filled:
		w.line(in + `clean: [default: "\u0000"]   # null as a value of its own`)
	case f.typ.kind == text:
		w.line(in + "clean: []   # texts are compared as delivered")
	}
	if words := slices.Concat(w.nullable, c.nulls); len(words) > 0 && !f.filled {
		w.line(in+"nulls: %s", flow(texts(words)))
	}
	w.line(in+"level: %s", or(c.level, "L2"))
	if !first {
		w.line(in + "publish: false")
	}
	w.line(in+"on_fail: %s", or(w.opts.OnFail, "keep"))
	if len(f.checks) > 0 {
		w.line(in + "check:")
		for _, one := range f.checks {
			for _, text := range one.from {
				w.comment(in+"  ", text)
			}
			w.line(in+"  - %s", flow(one.block()))
		}
	}
}

// block is the check as a contract writes it.
func (c *check) block() block {
	b := block{{"id", c.id}}
	if c.title != "" {
		b = append(b, entry{"title", c.title})
	}
	b = append(b, c.conditions...)
	return append(b, weight(c.when, c.mostly, c.allow, c.nulls, c.severity, c.measure)...)
}

func weight(when celText, mostly string, allow any, nulls, severity string, measure bool) (b block) {
	if when != nil {
		b = append(b, entry{"when", when})
	}
	if mostly != "" && !measure {
		b = append(b, entry{"mostly", plain(mostly)})
	}
	if allow != nil && !measure {
		b = append(b, entry{"allow", allow})
	}
	if nulls != "" && !measure {
		b = append(b, entry{"nulls", plain(nulls)})
	}
	if severity != "" {
		b = append(b, entry{"severity", plain(severity)})
	}
	return b
}

func (w *contractWriter) rulesOf() {
	if len(w.rules) == 0 {
		return
	}
	w.line("")
	w.line("rules:")
	for _, r := range w.rules {
		for _, text := range r.from {
			w.comment("  ", text)
		}
		b := block{{"id", r.id}}
		if r.title != "" {
			b = append(b, entry{"title", r.title})
		}
		if r.expr != nil {
			b = append(b, entry{"check", r.expr})
		} else {
			b = append(b, entry{"check", r.conditions})
		}
		if !r.measure {
			b = append(b, entry{"on_fail", plain(or(w.opts.OnFail, "keep"))})
		}
		b = append(b, weight(r.when, r.mostly, r.allow, r.nulls, r.severity, r.measure)...)
		w.line("  - %s", flow(b))
	}
}
