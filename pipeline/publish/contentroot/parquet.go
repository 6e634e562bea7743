package contentroot

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// OfParquet computes the root of published files again: of all the parts of one
// version together. memoryBytes and dir are those of NewBuilder. It takes
// nothing from the files but column names, types and cells; what they claim in
// their metadata is not looked at.
func OfParquet(ctx context.Context, dir string, memoryBytes int64, paths ...string) (Root, error) {
	if len(paths) == 0 {
		return Root{}, errors.New("content root: no files given")
	}
	var b *Builder
	for _, path := range paths {
		err := readParquet(ctx, path, func(schema *arrow.Schema) (func(arrow.RecordBatch) error, func() error, error) {
			if b == nil {
				var err error
				if b, err = NewBuilder(schema, dir, memoryBytes); err != nil {
					return nil, nil, err
				}
			} else if hash, err := SchemaHash(schema); err != nil || hash != b.hash {
				return nil, nil, errors.Join(errors.New("its columns are not those of the first part"), err)
			}
			a := b.NewAdder()
			return a.Add, a.Close, nil
		})
		if err != nil {
			if b != nil {
				err = errors.Join(err, b.Close())
			}
			return Root{}, fmt.Errorf("content root of %s: %w", path, err)
		}
	}
	root, err := b.Root(ctx)
	return root, errors.Join(err, b.Close())
}

// readParquet passes the records of a file to the function that begin returns,
// and at last calls the second one.
func readParquet(ctx context.Context, path string, begin func(*arrow.Schema) (func(arrow.RecordBatch) error, func() error, error)) (err error) {
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 16 * hashRows}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	schema, err := r.Schema()
	if err != nil {
		return err
	}
	add, end, err := begin(schema)
	if err != nil {
		return err
	}
	records, err := r.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer records.Release()
	for records.Next() {
		if err := add(records.RecordBatch()); err != nil {
			return err
		}
	}
	if err := records.Err(); err != nil {
		return err
	}
	return end()
}
