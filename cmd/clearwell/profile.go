package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"clearwell/connectors/file"
	"clearwell/durable"
	"clearwell/pipeline/profile"
	"clearwell/rules"
)

// profileFlags are the flags of the profile command.
type profileFlags struct {
	html, out, owner, encoding, delimiter string
	propose, show                         bool
	memory                                byteSize
	workers                               int
}

func (a *app) profileCommand() *cobra.Command {
	var f profileFlags
	c := &cobra.Command{
		Use:   "profile FILE|DATASET",
		Short: "Look at a raw file and propose a contract for it",
		Long: `profile reads a delimited file, or the source files of a dataset, and says per
column what it is: type, standard, level, what is missing, how values are
distributed and written, which are suspicious; and which columns are keys or
decide others. No workspace is needed for a file. A pattern such as
'inbox/*.csv' reads several files as one table.

Values of personal columns (L3, L4) are shown as patterns only: 9 a digit, A and a
letters, 汉 a Chinese character.

--propose writes a contract with comments that passes check and runs as it is:
nothing that profile only suspects sends a row to the quarantine. Look it through, then
make strict what must be.`,
		Example: `  clearwell profile inbox/residents.csv
  clearwell profile inbox/residents.csv --html residents.html
  clearwell profile inbox/residents.csv --propose --out datasets/residents.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if f.out != "" {
				f.propose = true
			}
			if f.propose && f.out == "" && a.json {
				return usageError{errors.New("--propose and --json both print to the terminal; give the contract a file with --out")}
			}
			return a.profile(c, args[0], &f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.html, "html", "", "write the profile as one page to `FILE`")
	flags.BoolVar(&f.propose, "propose", false, "print a contract instead of the profile")
	flags.StringVar(&f.out, "out", "", "write the contract to `FILE`, such as datasets/residents.yaml (implies --propose)")
	flags.StringVar(&f.owner, "owner", "", "`DEPARTMENT` that owns the data, for the contract (default: the first of the workspace)")
	flags.BoolVar(&f.show, "show-values", false, "show values of personal columns (L3, L4) too")
	flags.StringVar(&f.encoding, "encoding", "", "utf-8, gb18030 or gbk (default: found out)")
	flags.StringVar(&f.delimiter, "delimiter", "", "one sign, or tab (default: found out)")
	flags.Var(&f.memory, "memory", "memory for values, such as 512MiB; beyond it numbers become estimates, and are named so (default 256MiB)")
	flags.IntVar(&f.workers, "workers", 0, "how many processors to use (default: all)")
	return c
}

func (a *app) profile(c *cobra.Command, arg string, f *profileFlags) error {
	src, opts, err := a.profileSource(arg, f)
	if err != nil {
		return err
	}
	bar := newBar(c.ErrOrStderr())
	opts.Memory, opts.Workers, opts.ShowValues, opts.Progress = int64(f.memory), f.workers, f.show, readingBar(bar, arg)
	r, err := profile.Run(c.Context(), src, opts)
	bar.clear()
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	if f.html != "" {
		if err := writeWith(f.html, r.WriteHTML); err != nil {
			return err
		}
		fmt.Fprintln(c.ErrOrStderr(), "wrote", f.html)
	}
	if f.propose {
		if err := a.propose(c, r, arg, f); err != nil || f.out == "" {
			return err
		}
	}
	switch {
	case a.json:
		return printJSON(c, r)
	case f.html == "" && !f.propose:
		printProfile(out, r)
		if isFile(arg) {
			fmt.Fprintf(c.ErrOrStderr(), "\nnext: %s profile %s --out datasets/%s.yaml, which writes a contract for it\n", called(), shellWord(arg), profile.DatasetID(arg))
		}
	}
	return nil
}

// isFile says whether the argument is a file or a pattern of files rather than a dataset.
func isFile(arg string) bool {
	return exists(arg) || strings.ContainsAny(arg, `/\.*?[`)
}

// shellWord is an argument as a shell takes it.
func shellWord(arg string) string {
	if strings.ContainsAny(arg, " \t\n*?[]{}()'\"$&;<>|`\\!~#") {
		return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return arg
}

// profileSource is the source that the argument names: a file, a pattern, or a dataset of the workspace.
func (a *app) profileSource(arg string, f *profileFlags) (*file.Source, profile.Options, error) {
	opts := profile.Options{Name: arg, Encoding: f.encoding, Delimiter: f.delimiter}
	if isFile(arg) {
		src, err := file.New(".", filepath.ToSlash(filepath.Clean(arg)))
		return src, opts, err
	}
	if _, err := rules.Find(or(a.dir, ".")); err != nil {
		return nil, opts, usageError{fmt.Errorf("there is no file %s here, and no workspace whose dataset that could be; check the path", arg)}
	}
	ws, err := a.load()
	if err != nil {
		return nil, opts, err
	}
	ds, err := datasetArg(ws, []string{arg})
	if err != nil {
		return nil, opts, usageError{fmt.Errorf("%s is no file, and there is %w", arg, err)}
	}
	p := ds.Plan.Source
	opts.Encoding, opts.Delimiter, opts.MaxRecord = or(f.encoding, p.CSV.Encoding), or(f.delimiter, p.CSV.Delimiter), p.CSV.MaxRecord
	src, err := file.New(ws.Root, p.Path)
	return src, opts, err
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// propose writes the contract, and checks it where it lies in a workspace.
func (a *app) propose(c *cobra.Command, r *profile.Result, arg string, f *profileFlags) error {
	owner, note := f.owner, ""
	root, found := rules.Find(or(a.dir, "."))
	if f.out != "" && a.dir == "" {
		if at, err := rules.Find(filepath.Dir(f.out)); err == nil {
			root, found = at, nil
		}
	}
	if found == nil {
		ws, err := rules.Load(root)
		switch {
		case err != nil: // the workspace says what is wrong with it when it is checked
		case owner == "" && len(ws.Departments) > 0:
			owner = ws.Departments[0].ID
			note = "the first department of the workspace; write the one that owns this"
		case owner != "" && ws.Department(owner) == nil:
			note = "not in clearwell.yaml yet"
			fmt.Fprintf(c.ErrOrStderr(), "note: %s; write it there before the contract is checked\n", noDepartment(ws, owner))
		}
	}
	if owner == "" {
		owner, note = "my-department", "the id of a department in clearwell.yaml"
	}
	id := profile.DatasetID(arg)
	if f.out != "" {
		id = profile.DatasetID(f.out)
		if want := id + ".yaml"; filepath.Base(f.out) != want {
			return usageError{fmt.Errorf("a contract is named after its dataset, in lower-case letters, digits and hyphens: write --out %s", filepath.Join(filepath.Dir(f.out), want))}
		}
		if exists(f.out) {
			return usageError{fmt.Errorf("%s exists already; choose another name, or remove it first", f.out)}
		}
	}
	path := sourcePath(root, found == nil, arg)
	if ws := filepath.ToSlash(path); !isFile(arg) { // a dataset: its own path
		if loaded, err := a.load(); err == nil && loaded.Dataset(arg) != nil {
			ws = loaded.Dataset(arg).Plan.Source.Path
		}
		path = ws
	}
	text := r.Propose(profile.Proposal{Dataset: id, Owner: owner, OwnerNote: note, Path: path, Encoding: f.encoding, Delimiter: f.delimiter})
	if f.out == "" {
		_, err := c.OutOrStdout().Write(text)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.out), 0o755); err != nil {
		return err
	}
	if err := durable.WriteFile(f.out, text, 0o644); err != nil {
		return err
	}
	fmt.Fprintln(c.ErrOrStderr(), "wrote", f.out)
	if found == nil {
		in := called() + inWorkspace(relative(root))
		fmt.Fprintf(c.ErrOrStderr(), "next: %[1]s check %[2]s, then %[1]s preview %[2]s\n", in, id)
		return nil
	}
	fmt.Fprintf(c.ErrOrStderr(), "next: a workspace to run it in: %s init DIR, with the contract in DIR/datasets and its owner in DIR/clearwell.yaml\n", called())
	return nil
}

// inWorkspace is the flag that names a workspace; none for the folder that one stands in.
func inWorkspace(dir string) string {
	if dir == "." {
		return ""
	}
	return " -C " + dir
}

// sourcePath is the path of the source as a contract of the workspace writes it.
func sourcePath(root string, inWorkspace bool, arg string) string {
	if !inWorkspace {
		return filepath.ToSlash(filepath.Clean(arg))
	}
	full, err := filepath.Abs(arg)
	if err != nil {
		return filepath.ToSlash(arg)
	}
	rel, err := filepath.Rel(root, full)
	if err != nil {
		return filepath.ToSlash(full)
	}
	return filepath.ToSlash(rel)
}

// relative is a folder as seen from here, where that is shorter.
func relative(dir string) string {
	here, err := os.Getwd()
	if err != nil {
		return dir
	}
	if rel, err := filepath.Rel(here, dir); err == nil && len(rel) < len(dir) {
		return rel
	}
	return dir
}

// writeWith writes a file by a function that writes to an io.Writer.
func writeWith(path string, write func(io.Writer) error) error {
	var b strings.Builder
	if err := write(&b); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return durable.WriteFile(path, []byte(b.String()), 0o644)
}

// readingBar draws how much was read; nil where there is no terminal.
func readingBar(b *bar, name string) func(pass int, read, all int64) {
	if b.file == nil {
		return nil
	}
	var mu sync.Mutex
	var last time.Time
	return func(pass int, read, all int64) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		line := fmt.Sprintf("%s  pass %d of 2  %s of %s", name, pass, bytesText(read), bytesText(all))
		if cols, _, err := term.GetSize(int(b.file.Fd())); err == nil && columns(line) >= cols {
			return
		}
		fmt.Fprintf(b.w, "\r\x1b[K%s", line)
		b.drawn = true
	}
}
