package profile

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"clearwell/pipeline/kernel"
	"clearwell/rules/standard"
)

// A Proposal is what a contract says that no data tells.
type Proposal struct {
	Dataset   string // id
	Owner     string // id of the department
	OwnerNote string // comment behind it
	Path      string // of the source, as the contract writes it
	Encoding  string // as it was given; empty: auto
	Delimiter string // as it was given; empty: auto
}

const (
	// setValues is how many values a code set has at most, and setShare how often each stands on average.
	setValues = 30
	setShare  = 10
)

// Propose writes a contract for what was profiled. It passes check in a workspace that has
// the owner and the source, and it is lenient: what profile only suspects is kept and counted,
// not sent to the quarantine, so that the first run shows the data as it is. Why a line stands there is
// said in comments, so are the suspicious values; of columns of L3 and L4 only their patterns,
// unless the profile shows values.
func (r *Result) Propose(p Proposal) []byte {
	w := &contractWriter{result: r, names: fieldNames(r.Columns)}
	w.head(p)
	w.line("fields:")
	for i := range r.Columns {
		w.field(i)
	}
	w.rules()
	w.line("")
	w.line("publish:")
	w.line("  audience: open                 # open | shared | restricted | internal; decides which treatment L3 and L4 need")
	return w.b.Bytes()
}

type contractWriter struct {
	result *Result
	names  []string // of fields, by column
	b      bytes.Buffer
	keyed  bool // a field or rule is unique already
}

func (w *contractWriter) line(format string, args ...any) {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	w.b.WriteString(format)
	w.b.WriteByte('\n')
}

// comment writes text as a comment, on one line whatever it has in it.
func (w *contractWriter) comment(indent, format string, args ...any) {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar || r == '\uFEFF' {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...))
	w.line("%s# %s", indent, text)
}

func (w *contractWriter) head(p Proposal) {
	r := w.result
	w.comment("", "Proposed by clearwell profile from %d rows of %s. Look every field through; then take this line out.", r.Rows, p.Path)
	w.comment("", "Rows that break a rule here are kept and counted (on_fail: keep). Write quarantine where a row must not be published.")
	if r.BadRecords > 0 {
		w.comment("", "%d records cannot be read at all; a run puts them into the quarantine.", r.BadRecords)
	}
	for _, a := range r.Approximate {
		w.comment("", "Note: %s.", a)
	}
	for _, c := range r.Columns {
		if c.Standard != nil {
			if s, ok := standard.Lookup(c.Standard.Name); ok && s.Treatment != nil && s.Treatment.Method == "pseudonym" {
				w.comment("", "Pseudonyms need a secret: a workspace that was run before makes it with clearwell keys create %s", s.Treatment.Key)
				break
			}
		}
	}
	w.line("dataset: %s", p.Dataset)
	w.line("title: %s", yamlText(p.Dataset))
	note := ""
	if p.OwnerNote != "" {
		note = "   # " + p.OwnerNote
	}
	w.line("owner: %s%s", yamlText(p.Owner), note)
	w.line("update: irregular              # hourly | daily | weekly | monthly | quarterly | yearly | irregular | never")
	w.line("source:")
	w.line("  path: %s", yamlText(p.Path))
	encoding := "auto"
	if p.Encoding != "" {
		encoding = p.Encoding
	}
	found := ""
	if len(r.Files) > 0 {
		found = "   # found: " + r.Files[0].How
	}
	w.line("  encoding: %s%s", yamlText(encoding), found)
	switch p.Delimiter {
	case "", "auto":
	case "\t", `\t`, "tab":
		w.line("  delimiter: tab")
	default:
		w.line("  delimiter: %s", yamlText(p.Delimiter))
	}
	w.line("")
}

func (w *contractWriter) field(i int) {
	c := &w.result.Columns[i]
	name := w.names[i]
	w.line("  %s:", name)
	const in = "    "
	w.found(c)
	if c.Name != name {
		if c.Standard == nil && isHan(c.Name) {
			w.line(in+"title: {zh: %s}", yamlText(c.Name))
		}
		w.line(in+"from: %s", yamlText(c.Name))
	}
	if c.Absent > 0 {
		w.line(in + "optional: true             # some files lack the column")
	}
	w.typed(c)
	if words := c.nullTexts(); len(words) > 0 {
		w.line(in+"nulls: %s", yamlList(words))
	}
	required := c.Nulls == 0 && c.Absent == 0 && c.Cells > 0
	if required {
		w.line(in + "required: true")
	}
	w.protected(c)
	set := w.set(c)
	unique := w.unique(i)
	switch {
	case set != "" && unique != "":
		w.line(in + "check:")
		w.line(in+"  - %s", set)
		w.line(in+"  - %s", unique)
	case set+unique != "":
		w.line(in+"check: %s", set+unique)
	}
	if required || c.Type.Fail > 0 || c.Standard != nil || !c.facts.whole || c.Type.Name != "string" {
		w.line(in + "on_fail: keep")
	}
	w.line("")
}

// found says in comments what the column is like, and what is suspicious in it.
func (w *contractWriter) found(c *Column) {
	const in = "    "
	known := c.Cells - c.Nulls
	if known == 0 {
		w.comment(in, "no value at all")
		return
	}
	about := []string{fmt.Sprintf("%d different values", c.Distinct.Count)}
	if !c.Distinct.Exact {
		about[0] = fmt.Sprintf("some %d different values", c.Distinct.Count)
	}
	if c.Nulls > 0 {
		about = append(about, fmt.Sprintf("%d of %d null", c.Nulls, c.Cells))
	}
	if c.Min != nil && !c.Min.Masked && c.facts.decision.reader.ordered() {
		about = append(about, fmt.Sprintf("%s to %s", c.Min.Text, c.Max.Text))
	}
	if c.Length != nil && c.Type.Name == "string" {
		lengths := fmt.Sprintf("%d to %d", c.Length.Min, c.Length.Max)
		if c.Length.Min == c.Length.Max {
			lengths = fmt.Sprint(c.Length.Min)
		}
		about = append(about, lengths+" characters")
	}
	w.comment(in, "%s", strings.Join(about, "; "))
	if c.Type.Note != "" && c.Standard == nil {
		w.comment(in, "%s", c.Type.Note)
	}
	for _, o := range c.Others {
		if o.Confidence >= 0.5 {
			w.comment(in, "or standard: %s (%.0f %% sure)", o.Name, 100*o.Confidence)
		}
	}
	last, n := "", 0
	for _, s := range c.Suspicious {
		if n++; s.Kind != last {
			last, n = s.Kind, 1
		}
		if n > 5 {
			continue
		}
		like := ""
		if s.Like != nil {
			like = " " + strconv.Quote(s.Like.Text)
		}
		w.comment(in, "look at %s (%d): %s%s", strconv.Quote(s.Text), s.Count.Count, suspicion[s.Kind], like)
	}
}

// suspicion says in words what a kind of suspicious value is.
var suspicion = map[string]string{
	"near_duplicate": "one letter from",
	"case_variant":   "written otherwise:",
	"rare_pattern":   "written as hardly any other",
	"outlier":        "far from the others",
	"not_of_type":    "not of the type",
	"invalid":        "not valid by the standard",
	"garbled":        "read in a wrong encoding somewhere",
	"maybe_null":     "may mean that nothing is known; then add it to nulls",
}

// typed writes standard or type, and the cleaning that the values need.
func (w *contractWriter) typed(c *Column) {
	const in = "    "
	t := c.Type
	if c.Standard != nil {
		note := fmt.Sprintf("%.0f %% sure", 100*c.Standard.Confidence)
		if c.Standard.Fail > 0 {
			note += fmt.Sprintf("; %d cells are not valid", c.Standard.Fail)
		}
		w.line(in+"standard: %s   # %s", c.Standard.Name, note)
		return
	}
	note := ""
	if t.Fail > 0 {
		note = fmt.Sprintf("   # %d cells are not", t.Fail)
	}
	switch t.Name {
	case "decimal":
		w.line(in+"type: decimal(%d,%d)%s", t.Precision, t.Scale, note)
	case "string":
	default:
		w.line(in+"type: %s%s", t.Name, note)
	}
	if len(t.Formats) > 0 {
		var formats []string
		for _, f := range t.Formats {
			formats = append(formats, f.Text)
		}
		w.line(in+"formats: %s", yamlList(formats))
	}
	if t.Name == "boolean" {
		w.line(in+"words: {true: %s, false: %s}", yamlList(t.True), yamlList(t.False))
	}
	if steps := c.steps(); len(steps) > 0 {
		w.line(in+"clean: [%s]", strings.Join(steps, ", "))
	}
}

// steps are the cleaning steps, where the ones that a field has anyway are not enough.
func (c *Column) steps() []string {
	t := c.Type
	switch {
	case t.Name != "string":
		if !t.Grouping && len(t.Symbols)+len(t.Units) == 0 {
			return nil
		}
		grouping := "none"
		if t.Grouping {
			grouping = ","
		}
		args := []string{"grouping: " + yamlText(grouping)}
		if len(t.Units) > 0 {
			var units []string
			for _, u := range numberUnits {
				if slices.Contains(t.Units, u.word) {
					units = append(units, fmt.Sprintf("%s: 1%s", yamlText(u.word), strings.Repeat("0", u.power)))
				}
			}
			args = append(args, "units: {"+strings.Join(units, ", ")+"}")
		}
		if len(t.Symbols) > 0 {
			args = append(args, "symbols: "+yamlList(t.Symbols))
		}
		return []string{"halfwidth", "trim", "number: {" + strings.Join(args, ", ") + "}"}
	case c.halfWidth() && c.Dirt.Spaces > 0:
		return []string{"halfwidth", "trim", "collapse"}
	case c.halfWidth():
		return []string{"halfwidth", "trim"}
	case c.Dirt.Spaces > 0:
		return []string{"trim", "collapse"}
	}
	return nil
}

// halfWidth says that full-width forms in the column are slips: most values are written in ASCII.
func (c *Column) halfWidth() bool {
	if c.Dirt.FullWidth == 0 {
		return false
	}
	var ascii, all int64
	for _, p := range c.Patterns {
		all += p.Count
		if !isHan(p.Text) {
			ascii += p.Count
		}
	}
	return ascii*10 >= all*9
}

func (c *Column) nullTexts() []string {
	var words []string
	for _, n := range c.Words {
		words = append(words, n.Text)
	}
	slices.Sort(words)
	return words
}

// protected writes the level, and the treatment that the audience open asks for.
func (w *contractWriter) protected(c *Column) {
	const in = "    "
	level := c.facts.level
	reason := ""
	if c.Level.Reason != "" {
		reason = "   # " + c.Level.Reason
	}
	var treatment *standard.Treatment
	if c.Standard != nil {
		if s, ok := standard.Lookup(c.Standard.Name); ok {
			treatment = s.Treatment
		}
	} else {
		w.line(in+"level: L%d%s", level, reason)
	}
	switch {
	case level < 3 || treatment != nil:
	case level == 3 && c.Type.Name == "date":
		w.line(in + "desensitize: {band: 5}     # five years")
	case level == 3 && c.Type.Name == "timestamp":
		w.line(in + "desensitize: {truncate: month}")
	case level == 3 && c.Type.Name == "string" && c.facts.byName && (c.Length == nil || c.Length.Mean < 20):
		w.line(in + "desensitize: {mask: {keep_first: 1, fill_once: true}}")
	default:
		w.line(in + "publish: false             # say how it is to be treated, then publish it")
	}
}

// set is a check for a column with few values, as one flow block; empty if it has none.
func (w *contractWriter) set(c *Column) string {
	f := c.facts
	known := c.Cells - c.Nulls
	if f.values == nil || c.Standard != nil || c.Type.Name != "string" || f.level > 2 || len(f.values) < 2 || known < int64(len(f.values))*setShare {
		return ""
	}
	half, collapse := c.halfWidth(), c.Dirt.Spaces > 0
	var values []string
	for _, v := range f.values {
		if _, variant := f.variants[string(v.plain)]; variant || v.runes > 64 {
			continue
		}
		text := string(bytes.Trim(v.raw, kernel.Blanks))
		if half {
			text = string(v.plain)
		}
		if collapse {
			text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(kernel.Blanks, r) }), " ")
		}
		if !slices.Contains(values, text) {
			values = append(values, text)
		}
	}
	if len(values) > setValues || len(values) < 2 {
		return ""
	}
	return fmt.Sprintf("{set: %s, on_fail: keep}", yamlList(values))
}

// unique is a check for the first column that names every row; empty for others.
func (w *contractWriter) unique(i int) string {
	for _, k := range w.result.Keys {
		if w.keyed || len(k.Columns) > 1 || k.Duplicates > 0 || k.Nulls > 0 || w.result.Rows < 2 {
			continue
		}
		if k.Columns[0] == w.result.Columns[i].Name {
			w.keyed = true
			return "{unique: true, on_fail: keep}"
		}
		if w.columnOf(k.Columns[0]) >= 0 {
			return "" // the keys are in order: the first one is another column
		}
	}
	return ""
}

func (w *contractWriter) columnOf(name string) int {
	return slices.IndexFunc(w.result.Columns, func(c Column) bool { return c.Name == name })
}

// fieldsOf are the field names of columns.
func (w *contractWriter) fieldsOf(columns []string) []string {
	var out []string
	for _, c := range columns {
		out = append(out, w.names[w.columnOf(c)])
	}
	return out
}

// rules writes the unique pair, and keys and dependencies with mistakes as comments.
func (w *contractWriter) rules() {
	r := w.result
	var pair *Key
	for i, k := range r.Keys {
		if !w.keyed && len(k.Columns) == 2 && k.Duplicates == 0 && k.Nulls == 0 && r.Rows >= 2 {
			pair, w.keyed = &r.Keys[i], true
		}
	}
	if pair != nil {
		fields := w.fieldsOf(pair.Columns)
		w.line("rules:")
		w.line("  - id: key-unique")
		w.line("    check: {unique: %s}", yamlList(fields))
		w.line("    on_fail: keep")
	}
	if len(r.Dependencies) > 0 {
		w.comment("", "Dependencies found. Where one is meant, take its # out; on_fail: keep counts the rows that break it:")
		if pair == nil {
			w.line("#rules:")
		}
		for _, d := range r.Dependencies {
			from := w.fieldsOf(d.From)
			to := w.names[w.columnOf(d.To)]
			check := fmt.Sprintf("{depends: {%s: %s}}", from[0], to)
			if len(from) > 1 {
				check = fmt.Sprintf("{depends: {from: [%s], to: %s}}", strings.Join(from, ", "), to)
			}
			w.line("#  - {id: %s-decides-%s, check: %s, on_fail: keep}   # %d of %d rows break it",
				strings.ReplaceAll(strings.Join(from, "-"), "_", "-"), strings.ReplaceAll(to, "_", "-"), check, d.Violations, d.Checked)
		}
	}
	if len(r.Keys) > 0 {
		w.comment("", "Keys found, with the rows that repeat one and the rows without:")
		for _, k := range r.Keys {
			w.comment("", "  %s: %d, %d", strings.Join(w.fieldsOf(k.Columns), " + "), k.Duplicates, k.Nulls)
		}
		k := slices.MinFunc(r.Keys, func(a, b Key) int { // a key stands in front of what it names
			return cmp.Or(cmp.Compare(len(a.Columns), len(b.Columns)), cmp.Compare(w.columnOf(a.Columns[0]), w.columnOf(b.Columns[0])))
		})
		if k.Duplicates > 0 {
			w.line("#dedupe: {key: %s, keep: most_complete}   # takes out rows that repeat a key", yamlList(w.fieldsOf(k.Columns)))
		}
	}
}

var plainScalar = regexp.MustCompile(`^[\p{L}_/][\p{L}\p{N}_./-]*( [\p{L}\p{N}_./-]+)*$`)

// notText are plain scalars that YAML or its readers take for something else.
var notText = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}

// yamlText writes a text as a scalar: as it is where that is safe, else in double quotes.
func yamlText(s string) string {
	if plainScalar.MatchString(s) && !slices.Contains(notText, strings.ToLower(s)) {
		return s
	}
	return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD"))
}

func yamlList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = yamlText(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
