// Command roofline measures what one core of this machine can do of each kind
// of work that the reference job consists of, with the code that the job runs:
//
//	roofline -input reference.csv -parquet part.parquet -dir FOLDER
//
// It prints one JSON object: bytes per second and core for each kind, and the
// time of an fsync in FOLDER. bench/harness lays it beside a CPU profile of the job. The input is
// taken from memory, at most 256 MB of it.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	aparquet "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/klauspost/compress/s2"

	"clearwell/connectors/csv"
	"clearwell/pipeline/publish/contentroot"
	"clearwell/pipeline/publish/parquet"
)

const (
	most  = 256 << 20       // bytes of the input that are used
	least = time.Second / 2 // how long each kind is repeated
)

// Roof is what is printed. Rates are bytes per second on one core; those of columns count the bytes of
// the values in memory.
type Roof struct {
	Rates        map[string]float64 `json:"bytes_per_second"`
	InputBytes   int64              `json:"input_bytes"`   // of the whole input
	StoredBytes  int64              `json:"stored_bytes"`  // of it after S2, scaled to the whole
	ColumnBytes  int64              `json:"column_bytes"`  // values of the published rows
	ParquetBytes int64              `json:"parquet_bytes"` // of the published file
	FsyncSeconds float64            `json:"fsync_seconds"` // median of a 4 KiB file: write, fsync, close
}

func main() {
	input := flag.String("input", "", "CSV file of the job")
	published := flag.String("parquet", "", "Parquet file that the job published")
	dir := flag.String("dir", ".", "folder whose disk is asked for an fsync")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	roof, err := measure(*input, *published, *dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "roofline:", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(roof); err != nil {
		fmt.Fprintln(os.Stderr, "roofline:", err)
		os.Exit(1)
	}
}

func measure(input, published, dir string) (*Roof, error) {
	info, err := os.Stat(input)
	if err != nil {
		return nil, err
	}
	r := &Roof{Rates: map[string]float64{}, InputBytes: info.Size()}
	raw, err := head(input)
	if err != nil {
		return nil, err
	}
	var failed error
	rate := func(kind string, bytes int, do func() error) {
		if failed != nil {
			return
		}
		if err := do(); err != nil { // once to warm up
			failed = fmt.Errorf("%s: %w", kind, err)
			return
		}
		begin, n := time.Now(), 0
		for time.Since(begin) < least && failed == nil {
			failed = do()
			n++
		}
		r.Rates[kind] = float64(bytes) * float64(n) / time.Since(begin).Seconds()
	}

	buf := make([]byte, 1<<20)
	rate("read", len(raw), func() error {
		f, err := os.Open(input)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{io.LimitReader(f, int64(len(raw)))}, buf)
		return err
	})
	rate("hash", len(raw), func() error { sha256.Sum256(raw); return nil })
	var stored bytes.Buffer
	rate("compress", len(raw), func() error {
		stored.Reset()
		w := s2.NewWriter(&stored, s2.WriterBlockSize(1<<20), s2.WriterConcurrency(1))
		if _, err := w.Write(raw); err != nil {
			return err
		}
		return w.Close()
	})
	r.StoredBytes = int64(float64(stored.Len()) * float64(r.InputBytes) / float64(len(raw)))
	rate("decompress", len(raw), func() error {
		_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{s2.NewReader(bytes.NewReader(stored.Bytes()))}, buf)
		return err
	})
	rate("decode", len(raw), func() error { return decode(raw) })
	if failed != nil {
		return nil, failed
	}

	records, values, err := readParquet(published)
	if err != nil {
		return nil, err
	}
	r.ColumnBytes = values
	rate("encode", int(values), func() error {
		n, err := encode(records)
		r.ParquetBytes = n
		return err
	})
	rate("root", int(values), func() error { return contentRoot(records, dir) })
	if failed != nil {
		return nil, failed
	}
	r.FsyncSeconds, err = fsyncTime(dir)
	return r, err
}

// head reads the beginning of the input, cut at a record.
func head(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, err
	}
	if end := bytes.LastIndexByte(raw, '\n'); len(raw) == most && end >= 0 {
		raw = raw[:end+1]
	}
	return raw, nil
}

func decode(raw []byte) error {
	r, err := csv.Open(bytes.NewReader(raw), csv.Options{Name: "input", Encoding: "utf-8", Delimiter: ","})
	if err != nil {
		return err
	}
	d := r.NewDecoder()
	for {
		chunk, err := r.Next(context.Background())
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		b, err := d.Decode(chunk)
		if err != nil {
			return err
		}
		b.Release()
	}
}

// readParquet gives the published rows in batches of the size that the job encodes, and the bytes of their values.
func readParquet(path string) (records []arrow.RecordBatch, size int64, err error) {
	f, err := file.OpenParquetFile(path, false, file.WithReadProps(aparquet.NewReaderProperties(memory.DefaultAllocator)))
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	fr, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 8192}, memory.DefaultAllocator)
	if err != nil {
		return nil, 0, err
	}
	rr, err := fr.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		return nil, 0, err
	}
	defer rr.Release()
	for rr.Next() {
		rec := rr.RecordBatch()
		rec.Retain()
		records = append(records, rec)
		for _, c := range rec.Columns() {
			size += int64(c.Data().SizeInBytes())
		}
		if size > most {
			break
		}
	}
	if err := rr.Err(); err != nil && err != io.EOF {
		return nil, 0, err
	}
	if len(records) == 0 {
		return nil, 0, fmt.Errorf("%s has no rows", path)
	}
	return records, size, nil
}

func encode(records []arrow.RecordBatch) (int64, error) {
	fw, err := parquet.NewFileWriter(io.Discard, records[0].Schema(), parquet.Options{})
	if err != nil {
		return 0, err
	}
	enc := fw.NewEncoder()
	for group := range slices.Chunk(records, 16) { // 131,072 rows, as the job has them
		rg, err := enc.Encode(group...)
		if err != nil {
			return 0, err
		}
		if err := fw.Append(rg); err != nil {
			return 0, err
		}
	}
	stats, err := fw.Close()
	return stats.Bytes, err
}

func contentRoot(records []arrow.RecordBatch, dir string) error {
	b, err := contentroot.NewBuilder(records[0].Schema(), dir, most)
	if err != nil {
		return err
	}
	defer b.Close()
	a := b.NewAdder()
	for _, rec := range records {
		if err := a.Add(rec); err != nil {
			return err
		}
	}
	if err := a.Close(); err != nil {
		return err
	}
	_, err = b.Root(context.Background())
	return err
}

// fsyncTime is the median over some small files.
func fsyncTime(dir string) (float64, error) {
	var took []float64
	for range 21 {
		f, err := os.CreateTemp(dir, "fsync-*")
		if err != nil {
			return 0, err
		}
		begin := time.Now()
		_, err = f.Write(make([]byte, 4096))
		if err == nil {
			err = f.Sync()
		}
		took = append(took, time.Since(begin).Seconds())
		f.Close()
		os.Remove(filepath.Clean(f.Name()))
		if err != nil {
			return 0, err
		}
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
