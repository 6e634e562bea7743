package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clearwell/rules/contract"
	"clearwell/rules/standard"
	"clearwell/rules/syntax"
)

// WorkspaceFile is the file that makes a folder a workspace.
const WorkspaceFile = "clearwell.yaml"

// Diagnostics are all problems of a workspace's files, each with its place; see Load.
type Diagnostics = syntax.Diagnostics

// ErrNoWorkspace says that neither a folder nor any above it is a workspace.
var ErrNoWorkspace = errors.New("no workspace")

// Workspace is a folder with clearwell.yaml, read and checked as a whole.
type Workspace struct {
	Root        string // absolute path of the folder
	Name        string
	Title       map[string]string // by language
	Language    string            // of messages, and of the quality page of versions: en or zh; empty: not said
	Departments []Department      // in file order
	Datasets    []*Dataset        // by id
	Jobs        []Job             // in file order

	around *surroundings
}

// Compile makes a dataset of the text of a contract that is not, or no longer, a
// file of the workspace: one of an earlier run. Standards and code tables are
// those of now. Mistakes come back as Diagnostics.
func (w *Workspace) Compile(id, file string, text []byte) (*Dataset, error) {
	r := &syntax.Report{File: file}
	var m contract.Contract
	if root := syntax.Parse(text, r); root != nil {
		syntax.Decode(root, "", &m, r)
	}
	if err := r.All.Err(); err != nil {
		return nil, err
	}
	p := compileAll(&m, id, w.around, r)
	p.resolve(func(id string) *Plan {
		if d := w.Dataset(id); d != nil {
			return d.Plan
		}
		return nil
	})
	d := p.dataset(id, file, text)
	d.Tests = p.tests()
	return d, r.All.Err()
}

// Department owns data.
type Department struct {
	ID        string
	Title     map[string]string
	Contact   string
	PublicKey string
}

// Dataset is one contract and what became of it.
type Dataset struct {
	ID   string
	File string // relative to the workspace, with slashes
	Text []byte // the contract as written
	Plan *Plan

	Lifecycle Lifecycle
	Tests     []Test
	Lines     map[string]int // line of each field by name, of each rule by id, and of where and dedupe

	implied map[string]implied // by field
}

// implied is what a field has that its contract does not write down.
type implied struct {
	steps     int  // the first cleaning steps: those of the standard, or the defaults
	treatment bool // of the standard
}

// Dataset finds a dataset by id; nil if there is none.
func (w *Workspace) Dataset(id string) *Dataset {
	for _, d := range w.Datasets {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// Department finds a department by id; nil if there is none.
func (w *Workspace) Department(id string) *Department {
	for i := range w.Departments {
		if w.Departments[i].ID == id {
			return &w.Departments[i]
		}
	}
	return nil
}

// Nearest is the id of the dataset whose name is closest to id, for messages; empty if none is near.
func (w *Workspace) Nearest(id string) string {
	names := make([]string, len(w.Datasets))
	for i, d := range w.Datasets {
		names[i] = d.ID
	}
	return syntax.Nearest(id, names)
}

// Find is the absolute path of the workspace that dir is in: dir itself or the
// nearest folder above it with a clearwell.yaml. ErrNoWorkspace if there is none.
func Find(dir string) (string, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := start; ; at = filepath.Dir(at) {
		if info, err := os.Stat(filepath.Join(at, WorkspaceFile)); err == nil && !info.IsDir() {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%w: neither %s nor a folder above it has a %s; make one with clearwell init DIR", ErrNoWorkspace, start, WorkspaceFile)
		}
	}
}

// Load reads the workspace that dir is in: clearwell.yaml, standards/*.yaml,
// datasets/*.yaml and jobs.yaml, and compiles every contract. What is wrong in
// the files comes back as Diagnostics, all of it in one go; other errors
// are of the file system.
func Load(dir string) (*Workspace, error) {
	root, err := Find(dir)
	if err != nil {
		return nil, err
	}
	l := &loader{ws: &Workspace{Root: root}, around: newSurroundings(root)}
	for _, read := range []func() error{l.workspace, l.tables, l.datasets, l.jobs} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	if err := l.found.Err(); err != nil {
		return nil, err
	}
	l.ws.around = l.around
	return l.ws, nil
}

// dataset is what the compiler made of a contract.
func (p *compiler) dataset(id, file string, text []byte) *Dataset {
	d := &Dataset{ID: id, File: file, Text: text, Plan: p.plan, Lifecycle: p.lifecycle(), Lines: map[string]int{}, implied: map[string]implied{}}
	for i := range p.contract.Fields {
		n, f := &p.contract.Fields[i], &p.plan.Fields[i]
		d.Lines[n.Name.Value] = n.Name.Pos.Line
		own := implied{treatment: n.Value.Desensitize == nil}
		if std, ok := standard.Lookup(f.Standard); ok {
			own.steps = len(std.Steps)
			if std.Cleans {
				own.steps++
			}
		} else if n.Value.Clean == nil {
			for own.steps < len(f.Clean) && (f.Clean[own.steps].Op == HalfWidth || f.Clean[own.steps].Op == Trim) {
				own.steps++
			}
		}
		d.implied[n.Name.Value] = own
	}
	for rule, at := range p.ruleAt {
		d.Lines[rule] = at.Line
	}
	if p.contract.Where.Given() {
		d.Lines[string(MutatedWhere)] = p.contract.Where.Pos.Line
	}
	if p.contract.Dedupe != nil {
		d.Lines[string(MutatedDedupe)] = p.contract.Dedupe.Pos.Line
	}
	return d
}

// loader reads the files of one workspace in turn.
type loader struct {
	ws     *Workspace
	around *surroundings
	found  Diagnostics
	ids    []string // of all contracts, also of those that are wrong
	pins   *contract.Pins
}

// read decodes one file into a model; false if it could not be read as YAML at all.
func (l *loader) read(name string, into any) (text []byte, r *syntax.Report, ok bool, err error) {
	text, err = os.ReadFile(filepath.Join(l.ws.Root, filepath.FromSlash(name)))
	if err != nil {
		return nil, nil, false, err
	}
	r = &syntax.Report{File: name}
	root := syntax.Parse(text, r)
	if root == nil {
		return text, r, false, nil
	}
	syntax.Decode(root, "", into, r)
	return text, r, true, nil
}

func (l *loader) note(r *syntax.Report) { l.found = append(l.found, r.All...) }

func (l *loader) workspace() error {
	var m contract.Workspace
	_, r, ok, err := l.read(WorkspaceFile, &m)
	if err != nil {
		return err
	}
	defer func() { l.note(r) }()
	if !ok {
		return nil
	}
	l.ws.Name, l.ws.Title, l.ws.Language = m.Workspace.Value, m.Title.ByLanguage, m.Language.Value
	l.pins = m.Standards
	for _, d := range m.Departments {
		id := d.Name.Value
		if !datasetID.MatchString(id) {
			r.Addf(d.Name.Pos, "a department's id has lower-case letters, digits and hyphens, not %q", id)
		}
		l.ws.Departments = append(l.ws.Departments, Department{ID: id, Title: d.Value.Title.ByLanguage, Contact: d.Value.Contact.Value, PublicKey: d.Value.PublicKey.Value})
		l.around.departments = append(l.around.departments, id)
	}
	return nil
}

func (l *loader) tables() error {
	names, err := l.list("standards")
	if err != nil {
		return err
	}
	var reports []*syntax.Report
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(l.ws.Root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		r := &syntax.Report{File: name}
		reports = append(reports, r)
		root := syntax.Parse(text, r)
		if root == nil {
			continue
		}
		if slices.ContainsFunc(root.Entries, func(e syntax.Entry) bool { return e.Key == "standard" }) {
			m := new(contract.OwnStandard)
			syntax.Decode(root, "", m, r)
			l.around.addStandard(m, r)
			continue
		}
		var m contract.Table
		syntax.Decode(root, "", &m, r)
		l.around.addTable(&m, r)
	}
	l.around.ownStandards()
	for _, r := range reports {
		l.note(r)
	}
	pins := &syntax.Report{File: WorkspaceFile}
	l.around.pins(l.pins, pins)
	l.note(pins)
	return nil
}

func (l *loader) datasets() error {
	names, err := l.list("datasets")
	if err != nil {
		return err
	}
	plans := map[string]*Plan{}
	var reports []*syntax.Report
	var compiled []*compiler
	for _, name := range names {
		var m contract.Contract
		text, r, ok, err := l.read(name, &m)
		if err != nil {
			return err
		}
		id := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".yaml"), ".yml")
		l.ids = append(l.ids, id)
		if ok {
			p := compileAll(&m, id, l.around, r)
			l.ws.Datasets = append(l.ws.Datasets, p.dataset(id, name, text))
			plans[id], compiled = p.plan, append(compiled, p)
		}
		reports = append(reports, r)
	}
	for i, p := range compiled { // a dataset each, in order
		p.resolve(func(id string) *Plan { return plans[id] })
		l.ws.Datasets[i].Tests = p.tests()
	}
	for _, r := range reports {
		l.note(r)
	}
	return nil
}

// list gives the YAML files of a folder of the workspace by name; none if the folder does not exist.
func (l *loader) list(folder string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(l.ws.Root, folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		switch filepath.Ext(name) {
		case ".yml":
			r := &syntax.Report{File: folder + "/" + name}
			r.Addf(syntax.Pos{}, "the file must end in .yaml, or it would not be found by its id")
			l.note(r)
		case ".yaml":
			if !strings.HasPrefix(name, ".") {
				names = append(names, folder+"/"+name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}
