package interchange

import (
	"fmt"
	"slices"
	"strings"

	"clearwell/rules/syntax"
)

// Format is a foreign form of rules.
type Format string

// The formats.
const (
	GX           Format = "gx"           // suites of Great Expectations, 0.x and 1.x
	ODCS         Format = "odcs"         // Open Data Contract Standard v3
	DBT          Format = "dbt"          // properties files of dbt (schema.yml)
	Soda         Format = "soda"         // SodaCL
	Frictionless Format = "frictionless" // Table Schema, Data Resource, Data Package
)

// Formats are all formats that can be imported.
var Formats = []Format{GX, ODCS, DBT, Soda, Frictionless}

// Title names the format for people.
func (f Format) Title() string {
	return map[Format]string{GX: "Great Expectations", ODCS: "Open Data Contract Standard", DBT: "dbt", Soda: "SodaCL", Frictionless: "Frictionless"}[f]
}

// Options say what no foreign file says, and how strict the rules are to be.
type Options struct {
	File      string // name of the foreign file, for places
	Format    Format // empty: recognised
	Dataset   string // id of the dataset; empty: from the file
	Owner     string // id of the department; empty: to be replaced
	OwnerNote string // comment behind it
	Source    string // path of the source as the contract writes it; empty: inbox/<dataset>.csv
	Object    string // which table, model or resource of the file; empty: the only one
	OnFail    string // keep (default), quarantine or stop
	Severity  string // of rules that do not say theirs: gate (default), error or warn

	Datasets  []string            // of the workspace, which checks may refer to
	Columns   []string            // of the source's header, in order; they all become fields. nil: unknown
	Types     map[string]string   // how the cells of a column look: integer, number, boolean, date, timestamp or string
	FieldName func(string) string // name of a field for a column with other than ASCII letters; nil: column_1, ...
}

// Imported is the outcome of an import.
type Imported struct {
	Format   Format            `json:"format"`
	Dataset  string            `json:"dataset"`
	Contract []byte            `json:"-"` // the text of datasets/<dataset>.yaml
	Files    map[string][]byte `json:"-"` // further files of the workspace that the contract names, by path
	Carried  []Carried         `json:"carried"`
	Lost     []Loss            `json:"lost"`
}

// Carried is something that became rules.
type Carried struct {
	Place
	What  string   `json:"what"`
	Rules []string `json:"rules"` // ids; of a required field or a type the implied rule
}

// Loss is something that was not carried over, or not wholly.
type Loss struct {
	Place
	What   string `json:"what"`
	Partly bool   `json:"partly,omitempty"` // a rule was made of it all the same
	Reason string `json:"reason"`
}

// String tells the loss in one line.
func (l Loss) String() string {
	return fmt.Sprintf("%s: %s: %s", l.Place, l.What, l.Reason)
}

// importers by format.
var importers = map[Format]func(*draft) error{GX: importGX, DBT: importDBT, ODCS: importODCS, Soda: importSoda, Frictionless: importFrictionless}

// Import makes a contract of a foreign file. Mistakes of the file's form are
// syntax.Diagnostics with their place; what is well formed but has no counterpart is in Lost.
func Import(data []byte, opts Options) (*Imported, error) {
	t, err := parseTree(opts.File, data)
	if err != nil {
		return nil, err
	}
	if opts.Format == "" {
		if opts.Format = Recognise(t.root.Node); opts.Format == "" {
			return nil, fmt.Errorf("%s: cannot tell what this is; say it with --format %s", opts.File, formatNames())
		}
	}
	load, ok := importers[opts.Format]
	if !ok {
		return nil, fmt.Errorf("no format %q; there are %s", opts.Format, formatNames())
	}
	d := newDraft(t, opts)
	d.out.Format, d.out.Lost, d.out.Carried = opts.Format, []Loss{}, []Carried{}
	for _, name := range opts.Columns {
		d.column(name)
	}
	if t.root.Shape != syntax.Map && opts.Format != GX {
		return nil, fmt.Errorf("%s:%d:%d: a file of %s is a block of keys, this is %s", opts.File, t.root.Pos.Line, t.root.Pos.Column, opts.Format.Title(), t.root.Shape)
	}
	if err := load(d); err != nil {
		return nil, err
	}
	return d.finish()
}

// finish writes the contract, and lists what nobody read.
func (d *draft) finish() (*Imported, error) {
	if len(d.columns) == 0 {
		return nil, fmt.Errorf("%s: no column is named in it, so that there is nothing to make a contract of; give the source with --source, and its header is taken", d.tree.file)
	}
	for _, n := range d.tree.unread() {
		d.out.Lost = append(d.out.Lost, Loss{Place: n.place(), What: or(keyed(n.pointer), "the file"), Reason: "it has no counterpart in a contract"})
	}
	slices.SortStableFunc(d.out.Lost, func(a, b Loss) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	d.opts.Dataset = datasetID(or(d.opts.Dataset, d.out.Dataset), d.opts.File)
	d.out.Dataset = d.opts.Dataset
	if d.opts.Owner == "" {
		d.opts.Owner, d.opts.OwnerNote = "department", "the id of a department of clearwell.yaml"
	}
	if d.opts.Source == "" {
		d.opts.Source = "inbox/" + d.opts.Dataset + ".csv"
	}
	d.settle()
	d.out.Contract, d.out.Files = d.write(), d.files
	return d.out, nil
}

// datasetID makes an id of a name: lower-case letters, digits and hyphens.
func datasetID(name, file string) string {
	_, base, _ := cutLast(strings.ReplaceAll(file, `\`, "/"), "/")
	base, _, _ = strings.Cut(base, ".")
	for _, s := range []string{name, base} {
		var b strings.Builder
		for _, r := range strings.ToLower(s) {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				b.WriteRune(r)
			} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
				b.WriteByte('-')
			}
		}
		id := b.String()
		if len(id) > 60 {
			id = id[:60]
		}
		if id = strings.Trim(id, "-"); id != "" {
			return id
		}
	}
	return "imported"
}

func formatNames() string {
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

// Recognise tells the format of a file by its keys; empty if it is none of ours.
func Recognise(root *syntax.Node) Format {
	if root.Shape == syntax.List {
		for _, item := range root.Items {
			for _, e := range item.Entries {
				if e.Key == "expectation_type" || e.Key == "type" && strings.HasPrefix(e.Value.Text, "expect_") {
					return GX
				}
			}
		}
		return ""
	}
	has := func(key string) bool {
		return slices.ContainsFunc(root.Entries, func(e syntax.Entry) bool { return e.Key == key })
	}
	switch {
	case has("expectations") || has("expectation_type") || has("expectation_suite_name"):
		return GX
	case has("apiVersion") && has("kind"):
		return ODCS
	case has("resources") || has("fields"):
		return Frictionless
	case has("models") || has("sources") || has("seeds") || has("snapshots"):
		return DBT
	case slices.ContainsFunc(root.Entries, func(e syntax.Entry) bool {
		return strings.HasPrefix(e.Key, "checks for ") || strings.HasPrefix(e.Key, "configurations for ") || strings.HasPrefix(e.Key, "checks ")
	}):
		return Soda
	case has("schema"):
		return Frictionless
	}
	return ""
}
