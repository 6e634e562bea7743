package contract

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"clearwell/rules/standard"
	"clearwell/rules/syntax"
)

//go:generate go test . -run TestDocsFollowTheTypes -update

// Schema is the JSON Schema of the contract (draft 2020-12), for editors that
// complete and check YAML. It is laxer than the reader where JSON Schema cannot
// say what the reader checks: names, references, expressions.
func Schema() []byte {
	text, err := json.MarshalIndent(syntax.Schema("contract.schema.json", "Clearwell dataset contract", Contract{}), "", "  ")
	if err != nil {
		panic(fmt.Sprintf("the contract's schema does not marshal: %v", err)) // plain data: cannot happen
	}
	return append(text, '\n')
}

// KeyReference lists all keys of the contract in Markdown, block by block.
func KeyReference() string {
	var b strings.Builder
	for _, block := range []struct {
		title string
		model any
	}{
		{"The contract", Contract{}}, {"source", Source{}}, {"extract: one column cut into several", Extraction{}}, {"fields: one field", Field{}}, {"from: join", JoinArgs{}}, {"fill: lookup", FillLookup{}}, {"check: one check on a field", Check{}},
		{"rules: one rule", Rule{}}, {"rules: the conditions of a rule", RowConditions{}},
		{"check: a block of conditions inside a condition", Block{}}, {"check: pair", Pair{}}, {"check: order", OrderForm{}},
		{"dedupe", Dedupe{}}, {"publish", Publish{}}, {"tests: one test", Test{}}, {"approved", Approval{}},
		{"quality", Quality{}}, {"quality: compare_with_last", CompareWithLast{}},
	} {
		fmt.Fprintf(&b, "### %s\n\n", block.title)
		keyTable(&b, reflect.TypeOf(block.model))
	}
	b.WriteString("### standard: the library\n\n")
	standardTable(&b)
	b.WriteString("### clean: the steps\n\n| step | arguments | does |\n| --- | --- | --- |\n")
	for _, name := range StepNames() {
		form := stepForms[name]
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, argumentWords(form.args, form.bare), form.doc)
	}
	b.WriteString("\n### clean: the units\n\n")
	unitTable(&b)
	b.WriteString("### desensitize: the treatments\n\n| treatment | arguments | does |\n| --- | --- | --- |\n")
	for _, name := range MethodNames() {
		form := treatmentForms[name]
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, argumentWords(form.args, form.bare), form.doc)
	}
	b.WriteString("\n### clearwell.yaml\n\n")
	keyTable(&b, reflect.TypeFor[Workspace]())
	b.WriteString("### clearwell.yaml: one department\n\n")
	keyTable(&b, reflect.TypeFor[Department]())
	b.WriteString("### clearwell.yaml: standards\n\n")
	keyTable(&b, reflect.TypeFor[Pins]())
	b.WriteString("### standards/*.yaml: a standard of the bureau\n\n")
	keyTable(&b, reflect.TypeFor[OwnStandard]())
	b.WriteString("### standards/*.yaml: a code table\n\n")
	keyTable(&b, reflect.TypeFor[Table]())
	b.WriteString("### jobs.yaml: one job\n\n")
	keyTable(&b, reflect.TypeFor[Job]())
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func keyTable(b *strings.Builder, t reflect.Type) {
	b.WriteString("| key | | meaning |\n| --- | --- | --- |\n")
	for _, f := range syntax.Fields(t) {
		need := ""
		if f.Tag.Get("need") != "" {
			need = "required"
		}
		doc := f.Tag.Get("doc")
		if words := f.Tag.Get("oneof"); words != "" {
			doc += " One of `" + strings.Join(strings.Fields(words), "` `") + "`."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Tag.Get("yaml"), need, strings.ReplaceAll(doc, "|", `\|`))
	}
	b.WriteByte('\n')
}

// standardTable lists the standards that a field can name.
func standardTable(b *strings.Builder) {
	b.WriteString("| standard | what | level | default treatment | checked | options (default) |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, name := range standard.Names() {
		s, _ := standard.Lookup(name)
		var options []string
		for _, o := range s.Options {
			text := fmt.Sprintf("`%s` (%s): %s", o.Name, cmp.Or(o.Default, "none"), o.Title["en"])
			if len(o.Values) > 0 {
				text += "; " + strings.Join(o.Values, " or ")
			}
			options = append(options, text)
		}
		checked := "no"
		if s.Checks || s.Kind != "string" {
			checked = "yes"
		}
		fmt.Fprintf(b, "| `%s` | %s %s; %s | L%d | %s | %s | %s |\n",
			name, s.Title["en"], s.Title["zh"], s.Source, s.Level, treatmentWords(s.Treatment), checked, strings.Join(options, ". "))
	}
	b.WriteByte('\n')
}

// treatmentWords writes a default treatment as a contract would.
func treatmentWords(t *standard.Treatment) string {
	if t == nil {
		return ""
	}
	var args []string
	number := func(key string, n int) {
		if n > 0 {
			args = append(args, fmt.Sprintf("%s: %d", key, n))
		}
	}
	text := func(key, v string) {
		if v != "" {
			args = append(args, key+": "+v)
		}
	}
	number("keep_first", t.KeepFirst)
	number("keep_last", t.KeepLast)
	text("fill", t.Fill)
	if t.FillOnce {
		text("fill_once", "true")
	}
	text("to", t.To)
	number("width", t.Width)
	text("key", t.Key)
	if len(args) == 0 {
		return "`" + t.Method + "`"
	}
	return "`" + t.Method + ": {" + strings.Join(args, ", ") + "}`"
}

func argumentWords(args func() any, bare bool) string {
	if args == nil {
		return "none"
	}
	var list []string
	for _, f := range syntax.Fields(reflect.TypeOf(args()).Elem()) {
		list = append(list, "`"+f.Tag.Get("yaml")+"`: "+strings.TrimSuffix(f.Tag.Get("doc"), "."))
	}
	text := strings.Join(list, "; ")
	if bare {
		text += " (may stand without)"
	}
	return text
}
