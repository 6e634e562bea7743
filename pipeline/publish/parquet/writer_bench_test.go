package parquet

import (
	"bytes"
	"fmt"
	"io"
	"syscall"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	aparquet "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// BenchmarkReference writes 860,160 rows of the reference job's output with one
// encoder: `go test -run - -bench Reference -benchtime 3x ./pipeline/publish/parquet`.
func BenchmarkReference(b *testing.B) {
	const slice = 8192
	records := referenceRecords(DefaultRowGroupRows, slice)
	const groups = 7
	cells := int64(groups) * DefaultRowGroupRows * int64(len(referenceSchema.Fields()))
	for _, level := range []int{1, 3, 7} {
		b.Run(fmt.Sprintf("level=%d", level), func(b *testing.B) {
			b.ReportAllocs()
			var stats Stats
			before := cpuSeconds()
			for b.Loop() {
				fw, err := NewFileWriter(io.Discard, referenceSchema, Options{Level: level})
				if err != nil {
					b.Fatal(err)
				}
				enc := fw.NewEncoder()
				for range groups {
					rg, err := enc.Encode(records...)
					if err != nil {
						b.Fatal(err)
					}
					if err := fw.Append(rg); err != nil {
						b.Fatal(err)
					}
				}
				if stats, err = fw.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(stats.Bytes)/float64(groups)/DefaultRowGroupRows, "bytes/row")
			b.ReportMetric((cpuSeconds()-before)/float64(b.N)*1e9/float64(cells), "cpu-ns/cell")
			b.ReportMetric((cpuSeconds()-before)/float64(b.N), "cpu-s/op")
		})
	}
}

// cpuSeconds is the processor time of the process, which other programs on the
// machine disturb less than the clock on the wall.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkReferencePqarrow is the same with arrow-go's writer, for comparison.
func BenchmarkReferencePqarrow(b *testing.B) {
	records := referenceRecords(DefaultRowGroupRows, DefaultRowGroupRows)
	const groups = 7
	cells := int64(groups) * DefaultRowGroupRows * int64(len(referenceSchema.Fields()))
	before := cpuSeconds()
	for b.Loop() {
		var out bytes.Buffer
		w, err := pqarrow.NewFileWriter(referenceSchema, &out, aparquet.NewWriterProperties(
			aparquet.WithCompression(compress.Codecs.Zstd), aparquet.WithCompressionLevel(1),
			aparquet.WithAllocator(memory.DefaultAllocator)), pqarrow.DefaultWriterProps())
		if err != nil {
			b.Fatal(err)
		}
		for range groups {
			if err := w.Write(records[0]); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Len())/float64(groups)/DefaultRowGroupRows, "bytes/row")
	}
	b.ReportMetric((cpuSeconds()-before)/float64(b.N)*1e9/float64(cells), "cpu-ns/cell")
	b.ReportMetric((cpuSeconds()-before)/float64(b.N), "cpu-s/op")
}

// BenchmarkColumn measures each column of the reference output alone.
func BenchmarkColumn(b *testing.B) {
	records := referenceRecords(DefaultRowGroupRows, 8192)
	for i, f := range referenceSchema.Fields() {
		schema := arrow.NewSchema([]arrow.Field{f}, nil)
		b.Run(f.Name, func(b *testing.B) {
			fw, err := NewFileWriter(io.Discard, schema, Options{})
			if err != nil {
				b.Fatal(err)
			}
			enc := fw.NewEncoder()
			e := enc.columns[0]
			var size int64
			before := cpuSeconds()
			for b.Loop() {
				for _, rec := range records {
					if err := e.add(rec.Column(i)); err != nil {
						b.Fatal(err)
					}
					enc.rows += int(rec.NumRows())
				}
				rg, err := enc.Finish()
				if err != nil {
					b.Fatal(err)
				}
				size = int64(rg.Size())
				fw.buffers.Put(&rg.bytes)
			}
			b.ReportMetric((cpuSeconds()-before)/float64(b.N)*1e9/DefaultRowGroupRows, "cpu-ns/cell")
			b.ReportMetric(float64(size)/DefaultRowGroupRows, "bytes/cell")
		})
	}
}
