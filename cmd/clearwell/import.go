package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearwell/durable"
	"clearwell/pipeline/profile"
	"clearwell/rules"
	"clearwell/rules/interchange"
)

// importFlags are the flags of the import command.
type importFlags struct {
	format, owner, dataset, source, object, out, onFail, severity string
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a contract of rules written for another tool",
		Long: `import reads an expectation suite of Great Expectations (0.x and 1.x), a data
contract of the Open Data Contract Standard (v3), a properties file of dbt
(schema.yml), checks of Soda or a Frictionless Table Schema or Data Package, and
writes a contract with comments that passes check. What cannot be carried over is
listed with its place and the reason; nothing is left out in silence.

Rules keep their rows and count (on_fail: keep), and refuse a version where the
other tool would have said that the data fails. With --source the header and the
kinds of the values are looked at, so that texts are compared as texts and
numbers as numbers.`,
		Example: `  clearwell import suite.json --owner civil-affairs --source inbox/residents.csv
  clearwell import schema.yml --object orders --out datasets/orders.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.importRules(c, args[0], &f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.format, "format", "", "gx, odcs, dbt, soda or frictionless (default: recognised)")
	flags.StringVar(&f.owner, "owner", "", "`DEPARTMENT` that owns the data (default: the first of the workspace)")
	flags.StringVar(&f.dataset, "dataset", "", "`ID` of the dataset (default: from --out, else from the file)")
	flags.StringVar(&f.source, "source", "", "`PATH` of the data, looked at where it is there")
	flags.StringVar(&f.object, "object", "", "`NAME` of the table, model or resource, where the file has several")
	flags.StringVar(&f.out, "out", "", "write the contract to `FILE`, such as datasets/orders.yaml")
	flags.StringVar(&f.onFail, "on-fail", "keep", "what happens to rows that break a rule: keep, quarantine or stop")
	flags.StringVar(&f.severity, "severity", "gate", "of rules that do not say theirs: gate refuses a version, error or warn")
	return c
}

func (a *app) importRules(c *cobra.Command, name string, f *importFlags) error {
	for _, choice := range []struct {
		flag, given string
		words       []string
	}{
		{"--format", or(f.format, "gx"), []string{"gx", "odcs", "dbt", "soda", "frictionless"}}, {"--on-fail", f.onFail, []string{"keep", "quarantine", "stop"}}, {"--severity", f.severity, []string{"gate", "error", "warn"}},
	} {
		if !slices.Contains(choice.words, choice.given) {
			return usageError{fmt.Errorf("%s is one of %s, not %q", choice.flag, strings.Join(choice.words, ", "), choice.given)}
		}
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("there is no file %s; check the path", name)}
	} else if err != nil {
		return err
	}
	opts := interchange.Options{File: filepath.ToSlash(name), Format: interchange.Format(f.format), Dataset: f.dataset, Owner: f.owner, Object: f.object, OnFail: f.onFail, Severity: f.severity, FieldName: profile.FieldName}
	if f.out != "" {
		id := profile.DatasetID(f.out)
		if want := id + ".yaml"; filepath.Base(f.out) != want || f.dataset != "" && f.dataset != id {
			return usageError{fmt.Errorf("a contract is named after its dataset, in lower-case letters, digits and hyphens: write --out %s", filepath.Join(filepath.Dir(f.out), or(f.dataset, id)+".yaml"))}
		}
		if exists(f.out) {
			return usageError{fmt.Errorf("%s exists already; choose another name, or remove it first", f.out)}
		}
		opts.Dataset = id
	}
	root, found := rules.Find(or(a.dir, "."))
	if f.out != "" && a.dir == "" {
		if at, err := rules.Find(filepath.Dir(f.out)); err == nil {
			root, found = at, nil
		}
	}
	if found == nil {
		a.aroundImport(root, &opts)
	}
	if f.source != "" {
		if err := a.lookAt(c, f.source, &opts); err != nil {
			return err
		}
		opts.Source = sourcePath(root, found == nil, f.source)
	}
	imported, err := interchange.Import(data, opts)
	if err != nil {
		var diagnostics rules.Diagnostics
		if errors.As(err, &diagnostics) {
			return err
		}
		return usageError{err}
	}
	if f.out != "" {
		if err := writeImported(f.out, root, found == nil, imported); err != nil {
			return err
		}
	}
	return a.tellImport(c, imported, f, root, found == nil)
}

// aroundImport takes over what the workspace knows: its departments and datasets.
func (a *app) aroundImport(root string, opts *interchange.Options) {
	ws, err := rules.Load(root)
	if err != nil { // the workspace says what is wrong with it when it is checked
		return
	}
	for _, d := range ws.Datasets {
		opts.Datasets = append(opts.Datasets, d.ID)
	}
	switch {
	case opts.Owner == "" && len(ws.Departments) > 0:
		opts.Owner, opts.OwnerNote = ws.Departments[0].ID, "the first department of the workspace; write the one that owns this"
	case opts.Owner != "" && ws.Department(opts.Owner) == nil:
		opts.OwnerNote = "not in clearwell.yaml yet"
	}
}

// lookAt reads the header of the source and the kinds of its values; a source that is not there yet is passed over.
func (a *app) lookAt(c *cobra.Command, source string, opts *interchange.Options) error {
	if !exists(source) && !strings.ContainsAny(source, "*?[") {
		return nil
	}
	src, looking, err := a.profileSource(source, &profileFlags{})
	if err != nil {
		return err
	}
	r, err := profile.Run(c.Context(), src, looking)
	if err != nil {
		return err
	}
	opts.Types = map[string]string{}
	for _, column := range r.Columns {
		opts.Columns = append(opts.Columns, column.Name)
		kind := column.Type.Name
		if kind == "decimal" {
			kind = "number"
		}
		if column.Type.Fail > 0 {
			kind = "string"
		}
		opts.Types[column.Name] = kind
	}
	return nil
}

// writeImported writes the contract and the files that it names.
func writeImported(out, root string, inWorkspace bool, imported *interchange.Imported) error {
	if !inWorkspace {
		root = filepath.Dir(filepath.Dir(out))
	}
	files := map[string][]byte{out: imported.Contract}
	for name, text := range imported.Files {
		files[filepath.Join(root, filepath.FromSlash(name))] = text
	}
	for name := range files {
		if exists(name) {
			return usageError{fmt.Errorf("%s exists already; remove it first", name)}
		}
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := durable.WriteFile(name, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// tellImport prints the contract where it is not written, and what was not carried over.
func (a *app) tellImport(c *cobra.Command, imported *interchange.Imported, f *importFlags, root string, inside bool) error {
	if a.json {
		return printJSON(c, struct {
			*interchange.Imported
			Contract string            `json:"contract"`
			Files    map[string]string `json:"files,omitempty"`
		}{imported, string(imported.Contract), textsOf(imported.Files)})
	}
	told := c.ErrOrStderr()
	if f.out == "" {
		if _, err := c.OutOrStdout().Write(imported.Contract); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(imported.Files)) {
			fmt.Fprintf(told, "the contract names %s, which --out writes too\n", name)
		}
	}
	lost, partly := 0, 0
	for _, l := range imported.Lost {
		if l.Partly {
			partly++
		} else {
			lost++
		}
		fmt.Fprintln(told, l)
	}
	fmt.Fprintf(told, "%s: %d carried over, %d only in part, %d not\n", imported.Format.Title(), len(imported.Carried), partly, lost)
	if f.out != "" {
		fmt.Fprintln(told, "wrote", f.out)
		if inside {
			in := called() + inWorkspace(relative(root))
			fmt.Fprintf(told, "next: %[1]s check %[2]s, then %[1]s preview %[2]s\n", in, imported.Dataset)
		}
	}
	return nil
}

func textsOf(files map[string][]byte) map[string]string {
	out := map[string]string{}
	for name, text := range files {
		out[name] = string(text)
	}
	return out
}
