// Package profile looks at a source that nobody has described yet and says what
// is in it: per column the type, standard and level that fit, what is missing,
// how values are distributed and written, which ones are suspicious; over columns, the keys and
// dependencies. From that it proposes a contract (propose.go). It judges nothing and changes nothing.
//
// A source is read twice, in chunks, by several workers. The first pass counts
// values (table.go) and holds some rows (rows.go); what they say decides what
// each column is (infer.go, recognise.go) and which keys and dependencies are worth a look. The second
// pass counts over all rows what the first could not hold: columns with too many
// values, keys and dependencies (verify.go). What is held is bounded by Options.Memory; everything
// that is an estimate because of that is named in the result.
//
// Start at Run; Result is what comes out.
package profile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"clearwell/batch"
	"clearwell/connectors"
	"clearwell/connectors/csv"
)

// Options say how to look. The zero value is what most want.
type Options struct {
	Name       string                                    // of the source, for the result
	Encoding   string                                    // as csv.Options
	Delimiter  string                                    // as csv.Options
	MaxRecord  int                                       // as csv.Options
	Memory     int64                                     // bytes that values and hashes may take; 0: 256 MiB
	Workers    int                                       // 0: as many as processors
	ShowValues bool                                      // show values of L3 and L4 columns
	Progress   func(pass int, bytesRead, bytesAll int64) // called by any goroutine; may be nil
}

// DefaultMemory is enough for two dozen columns with all their values held that can be.
const DefaultMemory = 256 << 20

const firstBad = 10 // bad records that are listed per file

// profiler is one profile under way.
type profiler struct {
	src     connectors.Source
	opts    Options
	objects []connectors.Object
	files   []File
	columns []*columnState
	byName  map[string]int
	sample  rowSample
	rows    int64

	mu        sync.Mutex // guards all below and files while a pass runs
	bytesRead int64
	pass      int
}

// columnState is one column under way.
type columnState struct {
	name     string
	position int

	mu       sync.Mutex // guards table in the first pass
	table    *table
	decision *decision
	tally    *tally
}

// Run profiles all files that src lists, as one table: columns of the same name are
// the same column. The error of a file that cannot be read names it and says what to do.
func Run(ctx context.Context, src connectors.Source, o Options) (*Result, error) {
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	p := &profiler{src: src, opts: o, byName: map[string]int{}}
	var err error
	if p.objects, err = src.List(ctx); err != nil {
		return nil, err
	}
	if err := p.headers(ctx); err != nil {
		return nil, err
	}
	if err := p.firstPass(ctx); err != nil {
		return nil, err
	}
	if err := p.decide(ctx); err != nil {
		return nil, err
	}
	v := newVerification(p)
	if v.needed() {
		if err := p.secondPass(ctx, v); err != nil {
			return nil, err
		}
	}
	return p.result(ctx, v)
}

// headers reads the head of every file: which columns there are decides how many values each may hold.
func (p *profiler) headers(ctx context.Context) error {
	for i := range p.objects {
		err := p.open(ctx, i, func(r *csv.Reader) error {
			for c, name := range r.Header() {
				if _, ok := p.byName[name]; !ok {
					p.byName[name] = len(p.columns)
					p.columns = append(p.columns, &columnState{name: name, position: c + 1})
				}
			}
			p.files = append(p.files, File{Name: p.objects[i].Name, Bytes: p.objects[i].Size, Columns: len(r.Header())})
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, c := range p.columns {
		c.table = newTable(p.distinctHeld())
	}
	return nil
}

// distinctHeld is how many values each column may hold: half the budget is for them, at
// their own bytes and what the table costs.
func (p *profiler) distinctHeld() int {
	const bytesEach = entryBytes + 64
	return int(min(maxDistinct, max(minDistinct, p.opts.Memory/2/int64(max(1, len(p.columns)))/bytesEach)))
}

func (p *profiler) open(ctx context.Context, i int, do func(*csv.Reader) error) error {
	o := p.objects[i]
	in, err := p.src.Open(ctx, o)
	if err != nil {
		return err
	}
	r, err := csv.Open(in, csv.Options{Name: o.Name, Encoding: p.opts.Encoding, Delimiter: p.opts.Delimiter, MaxRecord: p.opts.MaxRecord, Size: o.Size, Object: i})
	if err == nil {
		err = do(r)
	}
	return errors.Join(err, in.Close())
}

// each hands every batch of every file to one of the workers, with its columns by column
// of the profile; make gives each worker its function.
func (p *profiler) each(ctx context.Context, pass int, start func() (func(file int, b *batch.Batch, columns []*array.String) error, error)) error {
	p.pass, p.bytesRead = pass, 0
	var all int64
	for _, o := range p.objects {
		all += o.Size
	}
	work := make([]func(int, *batch.Batch, []*array.String) error, p.opts.Workers)
	for w := range work {
		var err error
		if work[w], err = start(); err != nil {
			return err
		}
	}
	for i := range p.objects {
		err := p.open(ctx, i, func(r *csv.Reader) error {
			to := make([]int, len(r.Header()))
			for c, name := range r.Header() {
				at, ok := p.byName[name]
				if !ok {
					return fmt.Errorf("read %s: the header changed while the file was read; wait until it is written, and profile again", p.objects[i].Name)
				}
				to[c] = at
			}
			g, ctx := errgroup.WithContext(ctx)
			for _, do := range work {
				g.Go(func() error { return p.drain(ctx, r, to, i, all, do) })
			}
			if err := g.Wait(); err != nil {
				return err
			}
			if pass == 1 {
				p.noteFile(i, r)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// drain decodes chunks of one file until there are none.
func (p *profiler) drain(ctx context.Context, r *csv.Reader, to []int, file int, all int64, do func(int, *batch.Batch, []*array.String) error) error {
	d := r.NewDecoder()
	columns := make([]*array.String, len(p.columns))
	for {
		chunk, err := r.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		size := int64(chunk.Size())
		b, err := d.Decode(chunk)
		if err != nil {
			return err
		}
		for c, at := range to {
			columns[at] = b.Record.Column(c).(*array.String)
		}
		err = do(file, b, columns)
		b.Release()
		if err != nil {
			return err
		}
		p.advance(size, all)
	}
}

func (p *profiler) advance(n, all int64) {
	p.mu.Lock()
	p.bytesRead += n
	read := p.bytesRead
	p.mu.Unlock()
	if p.opts.Progress != nil {
		p.opts.Progress(p.pass, read, all)
	}
}

func (p *profiler) noteFile(i int, r *csv.Reader) {
	f, d, t := &p.files[i], r.Detected(), r.Totals()
	f.Encoding, f.Delimiter, f.BOM, f.How = d.Encoding, d.Delimiter, d.BOM, d.How
	f.Records, f.Lines = t.Records, t.Lines
}

func (p *profiler) firstPass(ctx context.Context) error {
	err := p.each(ctx, 1, func() (func(int, *batch.Batch, []*array.String) error, error) {
		return func(file int, b *batch.Batch, columns []*array.String) error {
			p.sample.add(b, columns)
			p.noteBad(file, b)
			for k := range columns {
				c := (k + b.Seq) % len(columns) // workers begin at different columns, so that they seldom wait for each other
				if columns[c] == nil {
					continue
				}
				data, offsets := cellsOf(columns[c])
				state := p.columns[c]
				state.mu.Lock()
				state.table.addColumn(data, offsets)
				state.mu.Unlock()
			}
			return nil
		}, nil
	})
	for _, f := range p.files {
		p.rows += f.Records
		for _, n := range f.Bad {
			p.rows -= n
		}
	}
	return err
}

// cellsOf views a column as bytes and offsets.
func cellsOf(a *array.String) (data []byte, offsets []int32) {
	if a.Len() == 0 {
		return nil, []int32{0}
	}
	if b := a.Data().Buffers()[2]; b != nil {
		data = b.Bytes()
	}
	return data, a.ValueOffsets()
}

func (p *profiler) noteBad(file int, b *batch.Batch) {
	if len(b.Bad) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &p.files[file]
	if f.Bad == nil {
		f.Bad = map[string]int64{}
	}
	for _, r := range b.Bad {
		f.Bad[r.Code]++
		if n := len(f.FirstBad); n < firstBad || r.Row < f.FirstBad[n-1].Row {
			f.FirstBad = append(f.FirstBad, BadRecord{r.Row, r.Line, r.Code, r.Message})
			slices.SortFunc(f.FirstBad, func(a, b BadRecord) int { return cmp.Compare(a.Row, b.Row) })
			f.FirstBad = f.FirstBad[:min(firstBad, len(f.FirstBad))]
		}
	}
}

// decide settles what every column is, and counts by it where all values are held.
func (p *profiler) decide(ctx context.Context) error {
	rows := p.sample.settle()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(p.opts.Workers)
	for i, c := range p.columns {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			c.table.settle()
			candidates, err := recognise(c.name, c.table)
			if err != nil {
				return err
			}
			d := &decision{column: i, name: c.name, others: candidates}
			d.typ = see(c.table).typeOf(c.name)
			if best := accepted(candidates); best != nil && !moreThanText(d.typ, best) {
				d.std, d.others = best, candidates[1:]
				d.typ = Type{Name: "string", Note: "as " + best.Name + " has it"}
			}
			d.others = d.others[:min(len(d.others), 3)]
			d.weak = d.typ.Name != "string" || d.std != nil
			d.reader = newReader(d.typ)
			if !c.table.exact() {
				d.watch = watched(rows, i)
			} else if c.tally, err = tallyTable(d, c.table); err != nil {
				return err
			}
			c.decision = d
			return nil
		})
	}
	return g.Wait()
}

// moreThanText says that a column is a date or an amount although its values pass for codes
// of a standard that neither a name nor a check digit speaks for.
func moreThanText(t Type, c *Candidate) bool {
	return !c.ByName && (t.Name == "date" || t.Name == "timestamp" || t.Name == "decimal" || t.Name == "boolean")
}

// watched are the values of a column that the sampled rows show to be frequent: they are
// counted exactly in the second pass.
func watched(rows []sampledRow, column int) map[string]int32 {
	const most = 256
	counts := map[string]int{}
	for _, r := range rows {
		if v := r.cells[column]; v != "" && len(v) < keptBytes {
			counts[v]++
		}
	}
	var list []string
	for v, n := range counts {
		if n > 1 {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	watch := map[string]int32{}
	for i, v := range list[:min(most, len(list))] {
		watch[v] = int32(i)
	}
	return watch
}
