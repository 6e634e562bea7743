package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/batch"
	"clearwell/connectors/archive"
	"clearwell/connectors/csv"
	"clearwell/pipeline/dedupe"
	"clearwell/rules"
)

// lateRejects are the rows that only a rule over all rows sends to the
// quarantine. Their raw bytes were not kept in the scan: they are read again
// from the archive, into frames of the same form and numbers as those of the rejects.
type lateRejects struct {
	*rowStore
	rows int64
}

// lateReject is one of them, not yet read again.
type lateReject struct {
	loc  dedupe.Loc
	span batch.Span
}

const (
	// lateAtOnce is how many rows one pass over an archived object fetches: 12 MiB of
	// places. The object is read from its start each time, compressed blocks that
	// are not needed without being decoded.
	lateAtOnce = 1 << 18
	// lateBytes is how much of their raw bytes is decoded at once.
	lateBytes = 4 << 20
)

// collectLate finds and fetches the rows that a rule over all rows with on_fail:
// quarantine takes out and that no other rule had taken out before.
func (s *scan) collectLate(ctx context.Context) (lateRejects, error) {
	s.late = newRowStore(s.dir, s.budget.rejects())
	out := lateRejects{rowStore: s.late}
	var which []int
	for u, rule := range s.settled {
		if s.plan.Rules[rule.rule].OnFail == rules.Quarantine {
			which = append(which, u)
		}
	}
	if len(which) == 0 {
		return out, nil
	}
	var waiting []lateReject // all of one object
	object := 0
	fetch := func() error {
		err := s.fetchLate(ctx, object, waiting)
		out.rows += int64(len(waiting))
		waiting = waiting[:0]
		return err
	}
	for number := range s.frames {
		f := s.rows.frame(number)
		if f.object != object || len(waiting) >= lateAtOnce {
			if err := fetch(); err != nil {
				return out, err
			}
			object = f.object
		}
		var err error
		if waiting, err = s.appendLate(waiting, number, which); err != nil {
			return out, err
		}
	}
	return out, fetch()
}

// appendLate appends the late rejects of a frame: rows that break one of the
// conditions over all rows in which.
func (s *scan) appendLate(list []lateReject, number int, which []int) ([]lateReject, error) {
	f := s.rows.frame(number)
	hit := make([]uint64, len(f.alive))
	any := uint64(0)
	for i := range hit {
		for _, u := range which {
			hit[i] |= f.broken[u][i].Load()
		}
		any |= hit[i]
	}
	if any == 0 {
		return list, nil
	}
	before, err := s.rejects.loadIfAny(number)
	if err != nil {
		return list, err
	}
	if before.cols != nil {
		for _, i := range before.cols[rejPosition].(*array.Int32).Int32Values() {
			if i >= 0 {
				hit[i>>6] &^= 1 << (i & 63)
			}
		}
	}
	before.done()
	l, err := s.rows.load(f)
	if err != nil {
		return list, err
	}
	defer l.done()
	line, offset := l.cols[s.layout.line].(*array.Int64), l.cols[s.layout.offset].(*array.Int64)
	length := l.cols[s.layout.length].(*array.Int32)
	for i := range f.rows {
		if hit[i>>6]>>(i&63)&1 != 0 {
			list = append(list, lateReject{dedupe.NewLoc(number, i), batch.Span{Row: f.rowNumber(i), Line: line.Value(i), Offset: offset.Value(i), Length: length.Value(i)}})
		}
	}
	return list, nil
}

// fetchLate reads the raw bytes of rows of one object out of the archive, and stores them.
func (s *scan) fetchLate(ctx context.Context, object int, list []lateReject) error {
	if len(list) == 0 {
		return nil
	}
	ranges := make([]archive.Range, len(list))
	for i, l := range list {
		ranges[i] = archive.Range{Offset: l.span.Offset, Length: l.span.Length}
	}
	var raw []byte
	from := 0 // list[from:i] is in raw
	o := s.objects[object]
	err := s.archive.ReadRanges(ctx, o.Archive.SHA256, ranges, func(i int, b []byte) error {
		if len(raw) >= lateBytes && list[i].loc.Frame() != list[i-1].loc.Frame() {
			if err := s.storeLate(ctx, object, list[from:i], raw); err != nil {
				return err
			}
			raw, from = raw[:0], i
		}
		raw = append(raw, b...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the raw records of %s back from the archive: %w", o.Name, err)
	}
	return s.storeLate(ctx, object, list[from:], raw)
}

// storeLate splits raw records into cells again, with the dialect that the scan
// found, and stores them as rejects of their frames. raw has them one after the other.
func (s *scan) storeLate(ctx context.Context, object int, list []lateReject, raw []byte) error {
	o := s.objects[object]
	source := &recordsReader{list: list, raw: raw}
	r, err := csv.Open(io.MultiReader(strings.NewReader(placeholderHeader(len(o.Header), o.Dialect.Delimiter)), source),
		csv.Options{Name: o.Name, Encoding: o.Dialect.Encoding, Delimiter: o.Dialect.Delimiter, MaxRecord: s.plan.Source.CSV.MaxRecord})
	if err != nil {
		return err
	}
	build := newRejectBuilder(len(o.Header))
	at := 0
	err = r.Each(ctx, 1, func(b *batch.Batch) error {
		for i := range b.Rows() {
			l := list[at]
			build.add(l.span, int32(l.loc.Row()), nil, "", "", raw[:l.span.Length])
			raw = raw[l.span.Length:]
			for c := range o.Header {
				build.text[rejFirstCell-rejRules+c].add(stringCell(b.Record.Column(c), i))
			}
			at++
			if at == len(list) || list[at].loc.Frame() != l.loc.Frame() {
				if err := build.store(s.late, l.loc.Frame(), object); err != nil {
					return err
				}
				build = newRejectBuilder(len(o.Header))
			}
		}
		return nil
	})
	if err == nil && at != len(list) {
		err = fmt.Errorf("%d of the %d records of %s read back from the archive could be decoded again", at, len(list), o.Name)
	}
	return err
}

// recordsReader gives raw records with a line break behind each.
type recordsReader struct {
	list []lateReject
	raw  []byte
	line []byte // what is left of the record under way
}

func (r *recordsReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(r.line) == 0 {
			if len(r.list) == 0 {
				break
			}
			length := r.list[0].span.Length
			r.line = append(bytes.Clone(r.raw[:length]), '\n')
			r.raw, r.list = r.raw[length:], r.list[1:]
		}
		k := copy(p[n:], r.line)
		r.line = r.line[k:]
		n += k
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// placeholderHeader is a header line of n distinct ASCII names.
func placeholderHeader(n int, delimiter string) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	return strings.Join(names, delimiter) + "\n"
}
