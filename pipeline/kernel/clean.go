package kernel

import (
	"fmt"

	"clearwell/rules"
	"clearwell/rules/standard"
)

// A step is one cleaning step over a column. It edits the rows whose value it
// changes, and only those: the editor counts them.
type step interface {
	apply(e *editor)
}

// newStep binds one cleaning step of a plan.
func newStep(s *rules.Step) (step, error) {
	switch s.Op {
	case rules.Trim:
		return newTrim(s.Chars), nil
	case rules.HalfWidth:
		return &rewrite{candidates: newFinder(0xEF, 0xE3), cell: halfWidth}, nil
	case rules.Upper:
		return &caseStep{from: 'a', to: 'z', cell: upperCase}, nil
	case rules.Lower:
		return &caseStep{from: 'A', to: 'Z', cell: lowerCase}, nil
	case rules.Collapse:
		return newCollapse(), nil
	case rules.Remove:
		return newRemove(s.Chars)
	case rules.StripPrefix:
		return newStrip(s.Words, false)
	case rules.StripSuffix:
		return newStrip(s.Words, true)
	case rules.Replace:
		return newReplace(s.Old, s.New)
	case rules.Map:
		return newMap(s.Table, s.Else), nil
	case rules.NumberForm:
		return newNumberForm(s)
	case rules.Default:
		return fillNull(s.Value), nil
	case rules.Split:
		return newSplit(s.Separator, s.Index)
	case rules.Extract:
		return newExtract(s.Pattern, s.Group)
	case rules.ByStandard:
		return newByStandard(s.Standard, s.Options)
	}
	return newFurtherStep(s)
}

// A rewriter builds the new form of a value: it appends it to dst and says
// whether it differs from the value. dst and value do not overlap. With false
// what was appended is ignored.
type rewriter func(dst, value []byte) ([]byte, bool)

// rewrite changes values in which one of a few bytes occurs; the others are
// passed over by column, not by cell.
type rewrite struct {
	candidates *finder
	cell       rewriter
}

func (s *rewrite) apply(e *editor) {
	end := e.in.end()
	data := e.in.data[:end]
	pass := s.candidates.begin(data, int(e.in.offsets[0]))
	for pos := pass.next(int(e.in.offsets[0])); pos >= 0; {
		i := e.rowAt(pos)
		e.rewrite(i, s.cell)
		pos = pass.next(int(e.in.offsets[i+1]))
	}
}

// rewrite puts the rewriter's value in place of row i, if it differs.
func (e *editor) rewrite(i int, f rewriter) {
	v, changed := f(e.cell[:0], e.in.cell(i))
	e.cell = v[:0]
	if changed {
		e.replace(i, v)
	}
}

// everyCell rewrites value by value: for steps that cannot tell from a few bytes
// which values they concern. Nulls are passed over.
type everyCell rewriter

func (s everyCell) apply(e *editor) {
	for i := range e.in.rows() {
		if e.in.offsets[i] != e.in.offsets[i+1] {
			e.rewrite(i, rewriter(s))
		}
	}
}

// fillNull puts a value in place of null.
type fillNull string

func (s fillNull) apply(e *editor) {
	if s == "" {
		return
	}
	v := []byte(s)
	o := e.in.offsets
	for i := range e.in.rows() {
		if o[i] == o[i+1] {
			e.replace(i, v)
		}
	}
}

// newByStandard is the cleaning that a standard defines for its values.
func newByStandard(name string, options map[string]string) (step, error) {
	c, err := compileStandard(name, options)
	if err != nil {
		return nil, err
	}
	if c.Clean == nil {
		return nil, fmt.Errorf("standard %q has no cleaning of its own", name)
	}
	return everyCell(c.Clean), nil
}

func compileStandard(name string, options map[string]string) (*standard.Compiled, error) {
	s, ok := standard.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("unknown standard %q", name)
	}
	return s.Compile(options)
}
