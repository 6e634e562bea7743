package parquet

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"sort"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

const (
	// DefaultRowGroupRows is the usual size of a row group: DuckDB's, and the
	// least that its parallel reader likes. Six full pages.
	DefaultRowGroupRows = 122_880
	// MaxRowGroupRows bounds a row group and so the memory of an encoder.
	MaxRowGroupRows = 1_048_576
	// DefaultPageRows is the number of rows of a page, parquet-java's limit in
	// round figures; a group of DefaultRowGroupRows has six such pages.
	DefaultPageRows = 20_480
	// DefaultLevel is the zstd level; see docs/benchmarks for the measurement.
	DefaultLevel = 1

	// CreatedBy names the writer in every file. It changes when the bytes of a
	// file for the same rows change, and only then.
	CreatedBy = "clearwell version 1.0.0 (build 1)"
)

// Keys of the file metadata that a published file carries.
const (
	KeyDataset     = "clearwell.dataset"
	KeyVersion     = "clearwell.version"
	KeyContract    = "clearwell.contract"     // sha256:<hex> of the contract in force
	KeyLicense     = "clearwell.license"      // SPDX identifier or URL
	KeyContentRoot = "clearwell.content_root" // sha256:<hex>, see package contentroot
	KeyPublication = "clearwell.publication"  // id of the publication entry, by which a renamed file finds its proof
	// KeyColumns holds the field metadata of the Arrow schema as a JSON object: column to key to value.
	KeyColumns = "clearwell.columns"
	keyArrow   = "ARROW:schema"
)

// Options say how a file is laid out. Every option changes bytes, never values.
// The zero value is the publication profile.
type Options struct {
	Level    int             // zstd level as of the zstd command; 0: DefaultLevel
	PageRows int             // rows per page; 0: DefaultPageRows
	Plain    []string        // columns that never get a dictionary
	Bloom    []string        // columns with a Bloom filter; booleans have none
	Sorting  []SortingColumn // order that the rows are in already; declared, not checked
}

// SortingColumn is one column of the declared order of rows.
type SortingColumn struct {
	Name       string
	Descending bool
	NullsFirst bool
}

// Stats describes a finished file.
type Stats struct {
	Rows      int64
	Bytes     int64
	RowGroups int
	SHA256    [sha256.Size]byte // of the whole file
}

// FileWriter assembles a Parquet file from encoded row groups. NewEncoder and
// the encoders may be used from any goroutine; Append, SetMetadata and Close
// only from one at a time.
type FileWriter struct {
	w       io.Writer
	hash    hash.Hash
	schema  *arrow.Schema
	fields  []field
	options Options
	plain   map[string]bool
	bloom   map[string]bool
	sorting []int // column of each sorting option

	offset int64
	rows   int64
	groups []placedGroup
	extra  map[string]string
	closed bool
	err    error // first error of w; the file is lost then

	buffers sync.Pool // of []byte, for row groups
}

type placedGroup struct {
	offset int64
	bytes  int64
	rows   int64
	chunks []chunk
}

// NewFileWriter begins a file of the given schema on w, which gets the first
// bytes at once. Every column is optional whatever the schema says. Types that
// cannot be written, columns of the same name and options that name no column are errors.
func NewFileWriter(w io.Writer, schema *arrow.Schema, options Options) (*FileWriter, error) {
	fw := &FileWriter{w: w, hash: sha256.New(), schema: schema, options: options, extra: map[string]string{}}
	if fw.options.Level == 0 {
		fw.options.Level = DefaultLevel
	}
	if fw.options.PageRows == 0 {
		fw.options.PageRows = DefaultPageRows
	}
	if fw.options.PageRows < 0 {
		return nil, fmt.Errorf("parquet: %d rows per page", options.PageRows)
	}
	names := map[string]int{}
	for i, f := range schema.Fields() {
		if _, twice := names[f.Name]; twice || f.Name == "" {
			return nil, fmt.Errorf("parquet: column name %q is empty or used twice", f.Name)
		}
		names[f.Name] = i
		field, err := newField(i, f)
		if err != nil {
			return nil, fmt.Errorf("parquet: %w", err)
		}
		fw.fields = append(fw.fields, field)
	}
	if len(fw.fields) == 0 {
		return nil, errors.New("parquet: a file needs at least one column")
	}
	set := func(option string, list []string) (map[string]bool, error) {
		out := map[string]bool{}
		for _, name := range list {
			if _, ok := names[name]; !ok {
				return nil, fmt.Errorf("parquet: option %s names %q, which is no column", option, name)
			}
			out[name] = true
		}
		return out, nil
	}
	var err error
	if fw.plain, err = set("Plain", options.Plain); err != nil {
		return nil, err
	}
	if fw.bloom, err = set("Bloom", options.Bloom); err != nil {
		return nil, err
	}
	for _, s := range options.Sorting {
		i, ok := names[s.Name]
		if !ok {
			return nil, fmt.Errorf("parquet: option Sorting names %q, which is no column", s.Name)
		}
		fw.sorting = append(fw.sorting, i)
	}
	return fw, fw.write([]byte(magic))
}

func (fw *FileWriter) write(b []byte) error {
	if fw.err != nil {
		return fw.err
	}
	n, err := fw.w.Write(b)
	fw.hash.Write(b[:n])
	fw.offset += int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	fw.err = err
	return err
}

func (fw *FileWriter) buffer() []byte {
	if b, ok := fw.buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

// Append writes a row group to the file. Groups stand in the order of the
// calls. The group must come from an encoder of this file and is used up.
func (fw *FileWriter) Append(rg *RowGroup) error {
	if fw.closed {
		return errors.New("parquet: row group appended to a closed file")
	}
	if rg.rows == 0 {
		return nil
	}
	if len(rg.chunks) != len(fw.fields) {
		return errors.New("parquet: row group is of another file, or was appended before")
	}
	fw.groups = append(fw.groups, placedGroup{fw.offset, int64(len(rg.bytes)), int64(rg.rows), rg.chunks})
	fw.rows += int64(rg.rows)
	err := fw.write(rg.bytes)
	b := rg.bytes
	fw.buffers.Put(&b)
	rg.bytes, rg.chunks = nil, nil
	return err
}

// SetMetadata sets a key-value of the file metadata; any time before Close, the
// last value wins. Keys are written in alphabetical order.
func (fw *FileWriter) SetMetadata(key, value string) { fw.extra[key] = value }

// Rows is the number of rows appended so far.
func (fw *FileWriter) Rows() int64 { return fw.rows }

// Close writes the page index and the footer. It neither syncs nor closes the
// writer below.
func (fw *FileWriter) Close() (Stats, error) {
	if fw.closed {
		return Stats{}, errors.New("parquet: file closed twice")
	}
	fw.closed = true
	var t thriftWriter
	t.reset(nil)
	for _, g := range fw.groups {
		for i := range g.chunks {
			if g.chunks[i].noIndex {
				continue
			}
			from := len(t.buf)
			writeColumnIndex(&t, &fw.fields[i], &g.chunks[i])
			g.chunks[i].columnIndexOffset = fw.offset + int64(from)
			g.chunks[i].columnIndexBytes = int32(len(t.buf) - from)
			t.reset(t.buf)
		}
	}
	for _, g := range fw.groups {
		for i := range g.chunks {
			from := len(t.buf)
			writeOffsetIndex(&t, &g.chunks[i], g.offset)
			g.chunks[i].offsetIndexOffset = fw.offset + int64(from)
			g.chunks[i].offsetIndexBytes = int32(len(t.buf) - from)
			t.reset(t.buf)
		}
	}
	from := len(t.buf)
	if err := fw.writeFooter(&t); err != nil {
		return Stats{}, err
	}
	t.buf = binary.LittleEndian.AppendUint32(t.buf, uint32(len(t.buf)-from))
	t.buf = append(t.buf, magic...)
	if err := fw.write(t.buf); err != nil {
		return Stats{}, err
	}
	stats := Stats{Rows: fw.rows, Bytes: fw.offset, RowGroups: len(fw.groups)}
	fw.hash.Sum(stats.SHA256[:0])
	return stats, nil
}

// writeFooter appends the FileMetaData struct.
func (fw *FileWriter) writeFooter(t *thriftWriter) error {
	t.i32(1, 2)
	writeSchema(t, fw.fields)
	t.i64(3, fw.rows)
	t.list(4, thriftStruct, len(fw.groups))
	for n, g := range fw.groups {
		t.openElem()
		t.list(1, thriftStruct, len(g.chunks))
		uncompressed, compressed := int64(0), int64(0)
		for i := range g.chunks {
			writeColumnChunk(t, &fw.fields[i], &g.chunks[i], g.offset)
			uncompressed += g.chunks[i].uncompressed
			compressed += g.chunks[i].compressed
		}
		t.i64(2, uncompressed)
		t.i64(3, g.rows)
		if len(fw.sorting) > 0 {
			t.list(4, thriftStruct, len(fw.sorting))
			for i, column := range fw.sorting {
				t.openElem()
				t.i32(1, int32(column))
				t.bool(2, fw.options.Sorting[i].Descending)
				t.bool(3, fw.options.Sorting[i].NullsFirst)
				t.close()
			}
		}
		t.i64(5, g.offset)
		t.i64(6, compressed)
		if n <= 32767 { // the format has 16 bits for it
			t.i16(7, int16(n))
		}
		t.close()
	}
	pairs, err := fw.metadata()
	if err != nil {
		return err
	}
	t.list(5, thriftStruct, len(pairs))
	for _, p := range pairs {
		t.openElem()
		t.string(1, p[0])
		t.string(2, p[1])
		t.close()
	}
	t.string(6, CreatedBy)
	t.list(7, thriftStruct, len(fw.fields))
	for range fw.fields { // each column in the order that its type defines
		t.openElem()
		t.empty(1)
		t.close()
	}
	t.stop()
	return nil
}

// metadata returns the key-values in alphabetical order of their keys.
func (fw *FileWriter) metadata() ([][2]string, error) {
	columns := map[string]map[string]string{}
	fields := make([]arrow.Field, 0, len(fw.fields))
	for _, f := range fw.schema.Fields() {
		about := map[string]string{}
		for i, key := range f.Metadata.Keys() {
			about[key] = f.Metadata.Values()[i]
		}
		if len(about) > 0 {
			columns[f.Name] = about
		}
		f.Nullable = true
		f.Metadata = arrow.MetadataFrom(about) // sorted by key
		fields = append(fields, f)
	}
	pairs := make([][2]string, 0, len(fw.extra)+2)
	for key, value := range fw.extra {
		pairs = append(pairs, [2]string{key, value})
	}
	if len(columns) > 0 {
		b, err := json.Marshal(columns)
		if err != nil {
			return nil, fmt.Errorf("parquet: metadata of columns: %w", err)
		}
		pairs = append(pairs, [2]string{KeyColumns, string(b)})
	}
	encoded, err := encodeArrowSchema(arrow.NewSchema(fields, nil))
	if err != nil {
		return nil, err
	}
	pairs = append(pairs, [2]string{keyArrow, encoded})
	sort.Slice(pairs, func(i, j int) bool { return pairs[i][0] < pairs[j][0] })
	for i := 1; i < len(pairs); i++ {
		if pairs[i][0] == pairs[i-1][0] {
			return nil, fmt.Errorf("parquet: metadata key %s is the writer's own", pairs[i][0])
		}
	}
	return pairs, nil
}

// encodeArrowSchema gives the schema as the base64 of an Arrow IPC stream
// without records: how Arrow readers find field metadata in a Parquet file.
func encodeArrowSchema(schema *arrow.Schema) (string, error) {
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(schema))
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("parquet: Arrow schema: %w", err)
	}
	// The schema is the first message; readers want it alone, without the end-of-stream mark.
	message := b.Bytes()
	length := 8 + int(binary.LittleEndian.Uint32(message[4:8]))
	return base64.StdEncoding.EncodeToString(slices.Clip(message[:length])), nil
}
