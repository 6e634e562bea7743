package rules

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"clearwell/rules/contract"
	"clearwell/rules/expr"
	"clearwell/rules/standard"
	"clearwell/rules/syntax"
)

// surroundings are what a contract may refer to outside itself.
type surroundings struct {
	root        string              // folder of the workspace, for code tables in files
	departments []string            // nil: clearwell.yaml could not be read, owners are not checked
	tables      map[string][]string // code tables of standards/, by name
	codeTables  map[string]*codeTable
	tableNames  []string

	own        map[string]*ownStandard // by name
	ownNames   []string
	overridden map[string]*ownStandard // by the name of the library's standard
}

// compiler makes one contract into a plan. Everything wrong goes to report; the
// plan is of use only if there is nothing.
type compiler struct {
	*syntax.Report
	around   *surroundings
	contract *contract.Contract
	plan     *Plan
	env      *expr.Env
	broken   map[string]bool                    // fields whose type is not known because it is wrong
	ruleAt   map[string]syntax.Pos              // rule ids given so far
	pending  []func(find func(id string) *Plan) // what refers to other contracts
	hushed   bool                               // an expression was passed over because a field cannot have the name that it uses

	groups     map[string]Step // columns made by extractions, by the name of their group
	references []reference     // fields that others need

	building *ownStandard // an own standard that is made; nil: a contract
}

var (
	datasetID  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)
	fieldName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
	ruleID     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	byteSize   = regexp.MustCompile(`^([0-9]{1,9})\s*(B|KB|MB|KiB|MiB)?$`)
	maxCatalog = 3 // levels of the directory
)

// compile makes contract c, read from the file of dataset id, into a plan.
func compile(c *contract.Contract, id string, around *surroundings, r *syntax.Report) *Plan {
	return compileAll(c, id, around, r).plan
}

// compileAll is compile with all that the compiler knows, for what is no part of the plan.
func compileAll(c *contract.Contract, id string, around *surroundings, r *syntax.Report) *compiler {
	p := &compiler{Report: r, around: around, contract: c, broken: map[string]bool{}, ruleAt: map[string]syntax.Pos{},
		plan: &Plan{Dataset: c.Dataset.Value, Title: c.Title.ByLanguage, About: c.About.ByLanguage, Owner: c.Owner.Value, Update: c.Update.Value, Standards: standard.Version}}
	p.head(id)
	p.source()
	p.plan.Publish = Publish{Audience: "open", License: c.Publish.License.Value, AllowEmpty: c.Publish.AllowEmpty.Value}
	if c.Publish.Audience.Given() {
		p.plan.Publish.Audience = c.Publish.Audience.Value // empty if it was wrong; fields are not judged then
	}
	p.extractions()
	for i := range c.Fields {
		p.plan.Fields = append(p.plan.Fields, p.field(&c.Fields[i]))
	}
	p.judgeReferences()
	p.names()
	p.environment()
	p.derive()
	if c.Where.Given() {
		p.plan.Where = p.expression(c.Where)
	}
	for i := range c.Fields {
		p.fieldRules(&c.Fields[i].Value, &p.plan.Fields[i])
	}
	for i := range c.Rules {
		p.rowRule(&c.Rules[i])
	}
	p.dedupe()
	p.rowKey()
	p.quality()
	p.sortBy()
	return p
}

func (p *compiler) head(id string) {
	c := p.contract
	if c.Dataset.Given() && !datasetID.MatchString(c.Dataset.Value) {
		p.Addf(c.Dataset.Pos, "a dataset id has lower-case letters, digits and hyphens, not %q", c.Dataset.Value)
	} else if c.Dataset.Given() && c.Dataset.Value != id {
		p.Addf(c.Dataset.Pos, "the dataset is called %q but the file is %s.yaml; give both the same name", c.Dataset.Value, id)
	}
	if c.Owner.Given() && p.around.departments != nil && !slices.Contains(p.around.departments, c.Owner.Value) {
		p.AddHint(c.Owner.Pos, c.Owner.Value, p.around.departments, "no department %q in clearwell.yaml", c.Owner.Value)
	}
	if len(c.Catalog) > maxCatalog {
		p.Addf(c.Catalog[maxCatalog].Pos, "the catalog has up to %d levels", maxCatalog)
	}
	for _, level := range c.Catalog {
		p.plan.Catalog = append(p.plan.Catalog, level.Value)
	}
}

func (p *compiler) source() {
	s := &p.contract.Source
	out := Source{Connector: or(s.Connector.Value, "file"), Path: filepath.ToSlash(s.Path.Value), Format: or(s.Format.Value, "csv"),
		CSV: CSV{Encoding: or(s.Encoding.Value, "auto"), Delimiter: "auto"}}
	if s.Path.Given() {
		if _, err := path.Match(out.Path, ""); err != nil || strings.TrimSpace(out.Path) == "" || strings.ContainsRune(out.Path, 0) {
			p.Addf(s.Path.Pos, "%q is not a path or pattern of files", s.Path.Value)
		}
	}
	if d := s.Delimiter; d.Given() && d.Value != "auto" {
		out.CSV.Delimiter = d.Value
		if d.Value == "tab" {
			out.CSV.Delimiter = "\t"
		}
		if c := out.CSV.Delimiter; len(c) != 1 || c[0] >= 0x80 || c[0] < ' ' && c[0] != '\t' || strings.Contains("\"'. \\", c) || isAlphanumeric(c[0]) {
			p.Addf(d.Pos, "a delimiter is auto, tab or one sign such as , ; |, not %q", d.Value)
		}
	}
	if m := s.MaxRecord; m.Given() {
		size, ok := bytesOf(m.Value)
		if !ok {
			p.Addf(m.Pos, "%q must be a size from 1KB to 256MB, such as 64KB or 1MB, not %q", "max_record", m.Value)
		}
		out.CSV.MaxRecord = size
	}
	p.plan.Source = out
}

// bytesOf reads a size; K and M are powers of 1024.
func bytesOf(text string) (int, bool) {
	m := byteSize.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	switch m[2] {
	case "KB", "KiB":
		n <<= 10
	case "MB", "MiB":
		n <<= 20
	}
	return int(n), err == nil && n >= 1<<10 && n <= 256<<20
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// names checks what fields are called inside and outside.
func (p *compiler) names() {
	c := p.contract
	published := map[string]string{}
	for i, f := range c.Fields {
		switch name := f.Name.Value; {
		case expr.ReservedWord(name):
			p.Addf(f.Name.Pos, "a field cannot be called %q: expressions keep this word for themselves", name)
		case !fieldName.MatchString(name):
			p.Addf(f.Name.Pos, "a field's name begins with a letter and has letters, digits and _ (up to 63), not %q; the published name may be any, by publish", name)
		}
		as := p.plan.Fields[i].PublishAs
		if as == "" {
			continue
		}
		folded := strings.ToLower(as) // readers such as DuckDB do not tell columns apart by case
		if other, twice := published[folded]; twice {
			p.Addf(f.Name.Pos, "%s would be published as %q like the field %s", f.Name.Value, as, other)
			continue
		}
		published[folded] = f.Name.Value
	}
	if len(c.Fields) == 0 && len(p.All) == 0 {
		p.Addf(c.Pos, "the contract has no fields")
	} else if len(c.Fields) > 0 && len(published) == 0 {
		p.Addf(c.Fields[0].Name.Pos, "no field is published")
	}
}

// environment declares the fields to expressions.
func (p *compiler) environment() {
	var vars []expr.Var
	for _, f := range p.plan.Fields {
		if fieldName.MatchString(f.Name) && !expr.ReservedWord(f.Name) {
			vars = append(vars, expr.Var{Name: f.Name, Kind: p.exprKind(f)})
		}
	}
	env, err := expr.NewEnv(vars)
	if err != nil {
		p.Addf(p.contract.Pos, "%v", err)
		env, err = expr.NewEnv(nil)
		if err != nil {
			panic(err) // the environment without fields is constant
		}
	}
	p.env = env
}

func (p *compiler) exprKind(f Field) expr.Kind {
	if p.broken[f.Name] {
		return expr.Any
	}
	switch f.Type.Kind {
	case Integer:
		return expr.Integer
	case Number, Decimal:
		return expr.Number
	case Boolean:
		return expr.Boolean
	case Date, Timestamp:
		return expr.Timestamp
	}
	return expr.String
}

// expression checks a CEL text that is true or false; nil if it is wrong.
func (p *compiler) expression(t syntax.Text) *expr.Expr {
	x, err := p.env.Check(t.Value, expr.Boolean)
	if err == nil {
		return x
	}
	if p.usesWrongName(t.Value) {
		p.hushed = true
		return nil
	}
	p.expressionProblems(t, err)
	return nil
}

// expressionProblems reports what is wrong with a CEL text, each at its place.
func (p *compiler) expressionProblems(t syntax.Text, err error) {
	for _, problem := range expr.AsProblems(err) {
		p.AddHint(t.At(problem.Line, problem.Column), problem.Unknown, p.env.Names(), "%s", problem.Message)
	}
}

// fieldNames are the names of all fields, for suggestions.
func (p *compiler) fieldNames() []string {
	names := make([]string, len(p.plan.Fields))
	for i, f := range p.plan.Fields {
		names[i] = f.Name
	}
	return names
}

// existing finds the field that t names, and reports it if there is none.
func (p *compiler) existing(t syntax.Text) *Field {
	f := p.plan.Field(t.Value)
	if f == nil {
		p.AddHint(t.Pos, t.Value, p.fieldNames(), "no field %q", t.Value)
	}
	return f
}

func (p *compiler) dedupe() {
	d := p.contract.Dedupe
	if d == nil {
		return
	}
	out := &Dedupe{}
	for _, k := range d.Key {
		if p.existing(k) == nil {
			continue
		}
		if slices.Contains(out.Key, k.Value) {
			p.Addf(k.Pos, "the field %q stands twice in the key", k.Value)
			continue
		}
		out.Key = append(out.Key, k.Value)
	}
	if d.Key != nil && len(d.Key) == 0 {
		p.Addf(d.Pos, "the key of dedupe is empty")
	}
	if d.Keep != nil {
		for _, k := range d.Keep.List {
			p.preference(k)
			out.Keep = append(out.Keep, Order{By: OrderBy(k.By.Value), Field: k.Field.Value})
		}
	}
	p.plan.Dedupe = out
}

func (p *compiler) preference(k contract.Preference) {
	if !k.Field.Given() {
		return
	}
	f := p.existing(k.Field)
	if f == nil || p.broken[f.Name] {
		return
	}
	by := OrderBy(k.By.Value)
	if timed := f.Type.Kind == Date || f.Type.Kind == Timestamp; !timed && (by == Latest || by == Earliest) {
		word := map[OrderBy]string{Latest: "largest", Earliest: "smallest"}[by]
		p.Addf(k.Field.Pos, "%s compares dates and times, %s is %s; use %s", by, f.Name, f.Type.String(), word)
	}
}

// keepsOrder reports whether the treated values of f are in the same order as
// the values themselves: bands and parts of dates are, those of numbers are text (100-109 before 20-29).
func keepsOrder(f *Field) bool {
	timed := f.Type.Kind == Date || f.Type.Kind == Timestamp
	return timed && (f.Treatment.Method == Band || f.Treatment.Method == Truncate)
}

func (p *compiler) sortBy() {
	for _, s := range p.contract.Publish.SortBy {
		f := p.existing(s)
		switch {
		case f == nil:
			continue
		case f.PublishAs == "":
			p.Addf(s.Pos, "rows cannot be sorted by %q, which is not published", s.Value)
		case f.Treatment.Method != Plain && !keepsOrder(f):
			p.Addf(s.Pos, "rows cannot be sorted by %q: after its treatment (%s) the order would be another, or tell what is hidden", s.Value, f.Treatment.Method)
		case slices.Contains(p.plan.Publish.SortBy, s.Value):
			p.Addf(s.Pos, "the field %q stands twice in sort_by", s.Value)
		}
		p.plan.Publish.SortBy = append(p.plan.Publish.SortBy, s.Value)
	}
}
