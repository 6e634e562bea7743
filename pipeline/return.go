package pipeline

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"clearwell/batch"
	"clearwell/connectors/archive"
	"clearwell/connectors/csv"
	"clearwell/pipeline/defects"
	"clearwell/pipeline/spill"
	"clearwell/rules"
)

// DefectFilter chooses defects. The zero value takes all.
type DefectFilter struct {
	Rule  string
	Field string // the rule blames it, or reads it
	// State is open, closed, new (opened by the newest run) or empty for all.
	State string
	Since string // run: only what was opened, or closed, by it or a later one
	Run   string // the newest run, for State new
}

// Takes says whether the filter takes a defect of a rule; rule is nil where the plan has none of its id.
func (f *DefectFilter) Takes(d *defects.Defect, rule *rules.Rule) bool {
	if f.Rule != "" && d.Rule != f.Rule {
		return false
	}
	if f.Field != "" && (rule == nil || rule.Field != f.Field && !slices.Contains(rule.Reads, f.Field)) {
		return false
	}
	switch f.State {
	case "open":
		if !d.Open() {
			return false
		}
	case "closed":
		if d.Open() {
			return false
		}
	case "new":
		if !d.Open() || d.Opened != f.Run {
			return false
		}
	}
	return f.Since == "" || d.Opened >= f.Since || d.Closed >= f.Since // run ids sort by start
}

// EachDefect calls do for the defects of a dataset that the filter takes, in the order of their file. The
// Defect is valid during the call only. A dataset without a file has none.
func EachDefect(root string, plan *rules.Plan, filter DefectFilter, do func(*defects.Defect, *rules.Rule) error) (run string, err error) {
	path, run, err := DefectsFile(root, plan.Dataset)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	filter.Run = run
	byID := map[string]*rules.Rule{}
	for i := range plan.Rules {
		byID[plan.Rules[i].ID] = &plan.Rules[i]
	}
	r, err := defects.Open(path)
	if err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			return run, nil
		}
		if err != nil {
			return run, err
		}
		if rule := byID[d.Rule]; filter.Takes(d, rule) {
			if err := do(d, rule); err != nil {
				return run, err
			}
		}
	}
}

// Returned is a defect as it goes back to the department.
type Returned struct {
	defects.Defect
	RuleOf *rules.Rule // nil: a record that could not be read, or a rule that the contract has no more
	Values []string    // as delivered: of the blamed field, else of each field read; of a bad record its text
	Fields []string    // whose values they are, as the source calls them; none of a bad record
}

// returnBytes is the memory in which defects are put into the order of the source.
const returnBytes = 64 << 20

// returnAtOnce is how many of them are looked up in the archive in one pass.
const returnAtOnce = 1 << 15

// ReturnDefects calls do for the defects of a dataset that the filter takes, in the order of the source,
// with their values as delivered, read from the archive again. The Returned is valid during the call only.
func ReturnDefects(ctx context.Context, root string, plan *rules.Plan, filter DefectFilter, do func(*Returned) error) (run string, err error) {
	dir, err := os.MkdirTemp("", "clearwell-return-")
	if err != nil {
		return "", err
	}
	sorter := spill.NewSorter(dir, returnBytes)
	defer func() { err = errors.Join(err, sorter.Close(), os.RemoveAll(dir)) }()
	var key []byte
	run, err = EachDefect(root, plan, filter, func(d *defects.Defect, _ *rules.Rule) error {
		key = append(append(append(key[:0], d.Place.Source...), 0), d.Place.SHA256...)
		key = binary.BigEndian.AppendUint64(append(key, 0), uint64(d.Place.Offset))
		key = append(append(key, d.Rule...), 0)
		key = append(key, d.Row[:]...)
		payload, err := json.Marshal(d)
		if err != nil {
			return err
		}
		key = binary.BigEndian.AppendUint32(append(key, payload...), uint32(len(payload)))
		return sorter.Add(key, 0)
	})
	if err != nil || run == "" {
		return run, err
	}
	store, err := archive.Open(filepath.Join(root, StateDir, "archive"))
	if err != nil {
		return run, err
	}
	sorted, err := sorter.Cursor()
	if err != nil {
		return run, err
	}
	r := &returner{plan: plan, store: store, do: do}
	for {
		key, _, err := sorted.Next()
		if errors.Is(err, io.EOF) {
			return run, r.flush(ctx)
		}
		if err != nil {
			return run, err
		}
		if err := ctx.Err(); err != nil {
			return run, err
		}
		body := key[:len(key)-4]
		var d Returned
		if err := json.Unmarshal(body[len(body)-int(binary.BigEndian.Uint32(key[len(body):])):], &d.Defect); err != nil {
			return run, err
		}
		if err := r.add(ctx, d); err != nil {
			return run, err
		}
	}
}

// returner looks values up, object by object.
type returner struct {
	plan  *rules.Plan
	store *archive.Store
	do    func(*Returned) error
	list  []Returned // of one object
}

func (r *returner) add(ctx context.Context, d Returned) error {
	if n := len(r.list); n > 0 && (r.list[n-1].Place.SHA256 != d.Place.SHA256 || r.list[n-1].Place.Source != d.Place.Source || n >= returnAtOnce) {
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	for i := range r.plan.Rules {
		if r.plan.Rules[i].ID == d.Rule {
			d.RuleOf = &r.plan.Rules[i]
		}
	}
	r.list = append(r.list, d)
	return nil
}

// flush fills in the values of the list and hands it on.
func (r *returner) flush(ctx context.Context) error {
	if len(r.list) == 0 {
		return nil
	}
	place := r.list[0].Place
	header, dialect, err := r.layout(place)
	if err != nil {
		return err
	}
	ranges := make([]archive.Range, len(r.list))
	for i, d := range r.list {
		ranges[i] = archive.Range{Offset: d.Place.Offset, Length: int32(d.Place.Length)}
	}
	err = r.store.ReadRanges(ctx, place.SHA256, ranges, func(i int, raw []byte) error {
		d := &r.list[i]
		if d.Row[0] == defects.ByBytes {
			d.Values = []string{rawText(raw)}
			return nil
		}
		cells, err := recordCells(ctx, raw, len(header), dialect)
		if err != nil {
			return fmt.Errorf("%s: record %d: %w", place.Source, d.Place.Row, err)
		}
		r.values(d, header, cells)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the raw values of %s back from the archive: %w", place.Source, err)
	}
	for i := range r.list {
		if err := r.do(&r.list[i]); err != nil {
			return err
		}
	}
	r.list = r.list[:0]
	return nil
}

// layout opens an archived object as far as its header.
func (r *returner) layout(p defects.Place) (header []string, d csv.Detection, err error) {
	stream, _, err := r.store.Get(p.SHA256)
	if err != nil {
		return nil, d, fmt.Errorf("open the archived copy of %s: %w", p.Source, err)
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	s := r.plan.Source.CSV
	c, err := csv.Open(stream, csv.Options{Name: p.Source, Encoding: s.Encoding, Delimiter: s.Delimiter, MaxRecord: s.MaxRecord})
	if err != nil {
		return nil, d, err
	}
	return c.Header(), c.Detected(), nil
}

// values are the cells that the rule of d is about.
func (r *returner) values(d *Returned, header, cells []string) {
	if d.RuleOf == nil {
		return
	}
	names := d.RuleOf.Reads
	if d.RuleOf.Field != "" {
		names = []string{d.RuleOf.Field}
	}
	for _, name := range names {
		f := r.plan.Field(name)
		if f == nil {
			continue
		}
		for _, from := range f.From {
			if at := slices.Index(header, from); at >= 0 && at < len(cells) {
				d.Fields, d.Values = append(d.Fields, from), append(d.Values, cells[at])
				break
			}
		}
	}
}

// recordCells splits one raw record into its cells.
func recordCells(ctx context.Context, raw []byte, columns int, d csv.Detection) (cells []string, err error) {
	source := io.MultiReader(strings.NewReader(placeholderHeader(columns, d.Delimiter)), strings.NewReader(string(raw)), strings.NewReader("\n"))
	r, err := csv.Open(source, csv.Options{Name: "record", Encoding: d.Encoding, Delimiter: d.Delimiter, MaxRecord: len(raw) + 1<<10})
	if err != nil {
		return nil, err
	}
	err = r.Each(ctx, 1, func(b *batch.Batch) error {
		for c := range columns {
			if b.Rows() > 0 {
				cells = append(cells, string(stringCell(b.Record.Column(c), 0)))
			}
		}
		return nil
	})
	return cells, err
}

// rawText is the bytes of a record as text: they are UTF-8, else GB18030, or a mixture in which what is no character shows as such.
func rawText(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), string(utf8.RuneError))
	}
	return string(text)
}

// RecordText is the text of a rejected record, for a person.
func (r *Reject) RecordText() string { return rawText(r.Raw) }
