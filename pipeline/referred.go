package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"clearwell/pipeline/kernel"
	"clearwell/pipeline/publish"
	"clearwell/rules"
)

// referred gives what other datasets of the workspace publish, each in the version that was
// current when the run began.
type referred struct {
	root     string // of the workspace
	site     *publish.Site
	versions map[string]*publish.Latest
}

// openReferred finds the versions that the rules of a plan compare with. It fails if one of the datasets has none.
func openReferred(site *publish.Site, root string, p *rules.Plan) (*referred, error) {
	r := &referred{root: root, site: site, versions: map[string]*publish.Latest{}}
	for _, ref := range p.Referred() {
		if ref.Dataset == p.Dataset {
			continue
		}
		latest, err := site.Current(ref.Dataset)
		if errors.Is(err, publish.ErrNoVersion) {
			return nil, fmt.Errorf("%s is compared with the dataset %s, of which no version is published; run %s first", p.Dataset, ref.Dataset, ref.Dataset)
		}
		if err != nil {
			return nil, err
		}
		r.versions[ref.Dataset] = latest
	}
	return r, nil
}

// EachRow implements settle.Known.
func (r *referred) EachRow(ctx context.Context, ref *rules.Referred, types []rules.Type, each func(values [][]byte) error) error {
	if r == nil || r.versions[ref.Dataset] == nil {
		return fmt.Errorf("the published version of %s cannot be read here", ref.Dataset)
	}
	version := r.versions[ref.Dataset].Version
	m, err := r.site.Manifest(ref.Dataset, version)
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		if !strings.HasSuffix(f.Path, ".parquet") {
			continue
		}
		name := path.Join(publish.VersionFolder(ref.Dataset, version), f.Path)
		if err := readColumns(ctx, filepath.Join(r.root, filepath.FromSlash(name)), ref.Columns, types, each); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return nil
}

// readAtOnce is how many rows of a published file are decoded at once.
const readAtOnce = 1 << 14

// readColumns calls each for the rows of a Parquet file that have all of some columns.
func readColumns(ctx context.Context, name string, columns []string, types []rules.Type, each func(values [][]byte) error) (err error) {
	f, err := file.OpenParquetFile(name, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: readAtOnce}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	schema, err := r.Schema()
	if err != nil {
		return err
	}
	var at []int // in the file
	for i, column := range columns {
		found := schema.FieldIndices(column)
		if len(found) == 0 {
			return fmt.Errorf("it has no column %q; publish it again under its present contract", column)
		}
		want, err := kernel.ArrowType(types[i])
		if err != nil {
			return err
		}
		if have := schema.Field(found[0]).Type; !sameValues(have, want) {
			return fmt.Errorf("its column %q is %s, the field compared with it is %s; publish it again under its present contract", column, have, want)
		}
		at = append(at, found[0])
	}
	wanted := slices.Clone(at)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	records, err := r.GetRecordReader(ctx, wanted, nil)
	if err != nil {
		return err
	}
	defer records.Release()
	values := make([][]byte, len(at))
	for records.Next() {
		rec := records.RecordBatch()
	rows:
		for row := range int(rec.NumRows()) {
			for i, column := range at {
				c := rec.Column(slices.Index(wanted, column))
				if c.IsNull(row) {
					continue rows
				}
				values[i] = kernel.AppendRaw(values[i][:0], c, row)
			}
			if err := each(values); err != nil {
				return err
			}
		}
	}
	return records.Err()
}

// sameValues says whether equal values of two types have equal bytes.
func sameValues(a, b arrow.DataType) bool {
	x, isDecimal := a.(*arrow.Decimal128Type)
	y, both := b.(*arrow.Decimal128Type)
	if isDecimal && both {
		return x.Scale == y.Scale
	}
	return a.ID() == b.ID()
}

// ledgerText tells which versions were compared with, for the ledger.
func (r *referred) ledgerText() map[string]any {
	out := map[string]any{}
	for dataset, v := range r.versions {
		out[dataset] = map[string]any{"version": int64(v.Version), "content_root": v.ContentRoot}
	}
	return out
}
