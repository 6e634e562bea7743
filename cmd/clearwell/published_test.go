package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	pgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/xitongsys/parquet-go-source/local"
	xparquet "github.com/xitongsys/parquet-go/parquet"
	"github.com/xitongsys/parquet-go/reader"
)

// A published file as a reader sees it. Cells are text as DuckDB casts it, nil is null.
type publishedTable struct {
	columns []string
	cells   [][]*string // by column
}

func (p *publishedTable) column(t *testing.T, name string) []*string {
	t.Helper()
	i := slices.Index(p.columns, name)
	if i < 0 {
		t.Fatalf("no column %s is published, only %v", name, p.columns)
	}
	return p.cells[i]
}

// given are the cells of a column that are not null.
func (p *publishedTable) given(t *testing.T, name string) []string {
	t.Helper()
	var out []string
	for _, v := range p.column(t, name) {
		if v != nil {
			out = append(out, *v)
		}
	}
	return out
}

func (p *publishedTable) distinct(t *testing.T, name string) int {
	t.Helper()
	v := p.given(t, name)
	slices.Sort(v)
	return len(slices.Compact(v))
}

// sum is exact: integers and decimals.
func (p *publishedTable) sum(t *testing.T, name string) *big.Rat {
	t.Helper()
	total := new(big.Rat)
	for _, v := range p.given(t, name) {
		n, ok := new(big.Rat).SetString(v)
		if !ok {
			t.Fatalf("column %s holds %q, which is no number", name, v)
		}
		total.Add(total, n)
	}
	return total
}

// leafKind is what a column's annotations make of its physical values.
type leafKind struct {
	date, micros bool
	scale        int // decimal digits after the point; -1: no decimal
}

// text writes a value as DuckDB casts it to text.
func (k leafKind) text(v any) string {
	switch x := v.(type) {
	case bool:
		return strconv.FormatBool(x)
	case int32:
		return k.number(big.NewInt(int64(x)))
	case int64:
		return k.number(big.NewInt(x))
	case float64:
		return floatText(x)
	case string:
		if k.scale >= 0 {
			return k.number(bigEndian(x))
		}
		return x
	}
	panic(fmt.Sprintf("a value of type %T", v))
}

func (k leafKind) number(n *big.Int) string {
	switch {
	case k.date:
		return time.Unix(n.Int64()*86400, 0).UTC().Format("2006-01-02")
	case k.micros:
		return time.UnixMicro(n.Int64()).UTC().Format("2006-01-02 15:04:05.999999")
	case k.scale > 0:
		digits := new(big.Int).Abs(n).String()
		digits = strings.Repeat("0", max(0, k.scale+1-len(digits))) + digits
		sign := ""
		if n.Sign() < 0 {
			sign = "-"
		}
		return sign + digits[:len(digits)-k.scale] + "." + digits[len(digits)-k.scale:]
	}
	return n.String()
}

// bigEndian reads a two's complement number of any length.
func bigEndian(b string) *big.Int {
	n := new(big.Int).SetBytes([]byte(b))
	if b != "" && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

func floatText(x float64) string {
	s := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(s, ".eIN") {
		s += ".0"
	}
	return s
}

// readByParquetGo reads with parquet-go/parquet-go, which shares no code with our writer.
func readByParquetGo(t *testing.T, path string) *publishedTable {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	file, err := pgo.OpenFile(f, info.Size())
	if err != nil {
		t.Fatalf("parquet-go opens %s: %v", path, err)
	}
	out := &publishedTable{}
	var kinds []leafKind
	for _, field := range file.Schema().Fields() {
		out.columns = append(out.columns, field.Name())
		k := leafKind{scale: -1}
		if l := field.Type().LogicalType(); l != nil {
			switch l := l.Value.(type) {
			case *format.DateType:
				k.date = true
			case *format.TimestampType:
				k.micros = true
			case *format.DecimalType:
				k.scale = int(l.Scale)
			}
		}
		kinds = append(kinds, k)
	}
	out.cells = make([][]*string, len(kinds))
	values := make([]pgo.Value, 4096)
	for _, group := range file.RowGroups() {
		for c, chunk := range group.ColumnChunks() {
			pages := chunk.Pages()
			for {
				page, err := pages.ReadPage()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("parquet-go reads column %s: %v", out.columns[c], err)
				}
				for r := page.Values(); ; {
					n, err := r.ReadValues(values)
					for _, v := range values[:n] {
						out.cells[c] = append(out.cells[c], parquetGoText(kinds[c], v))
					}
					if err != nil {
						if !errors.Is(err, io.EOF) {
							t.Fatalf("parquet-go reads column %s: %v", out.columns[c], err)
						}
						break
					}
				}
			}
			pages.Close()
		}
	}
	return out
}

func parquetGoText(k leafKind, v pgo.Value) *string {
	if v.IsNull() {
		return nil
	}
	var s string
	switch v.Kind() {
	case pgo.Boolean:
		s = k.text(v.Boolean())
	case pgo.Int32:
		s = k.text(v.Int32())
	case pgo.Int64:
		s = k.text(v.Int64())
	case pgo.Double:
		s = k.text(v.Double())
	default:
		s = k.text(string(v.ByteArray()))
	}
	return &s
}

// readByXitongsys reads with xitongsys/parquet-go, by its own reading of the footer.
func readByXitongsys(t *testing.T, path string) *publishedTable {
	t.Helper()
	source, err := local.NewLocalFileReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	r, err := reader.NewParquetColumnReader(source, 1)
	if err != nil {
		t.Fatalf("xitongsys/parquet-go opens %s: %v", path, err)
	}
	defer r.ReadStop()
	out := &publishedTable{}
	for c, e := range r.Footer.Schema[1:] { // the first is the root
		k := leafKind{scale: -1}
		if e.ConvertedType != nil {
			switch *e.ConvertedType {
			case xparquet.ConvertedType_DATE:
				k.date = true
			case xparquet.ConvertedType_TIMESTAMP_MICROS:
				k.micros = true
			case xparquet.ConvertedType_DECIMAL:
				k.scale = int(e.GetScale())
			}
		}
		if l := e.LogicalType; l != nil && l.TIMESTAMP != nil {
			k.micros = true // of a wall clock there is no converted type
		}
		values, _, _, err := r.ReadColumnByIndex(int64(c), r.GetNumRows())
		if err != nil {
			t.Fatalf("xitongsys/parquet-go reads column %s: %v", e.Name, err)
		}
		cells := make([]*string, len(values))
		for i, v := range values {
			if v != nil {
				s := k.text(v)
				cells[i] = &s
			}
		}
		out.columns = append(out.columns, r.SchemaHandler.GetExName(c+1))
		out.cells = append(out.cells, cells)
	}
	return out
}

// readByDuckDB asks DuckDB for all rows. It takes the folder v=000001 for a
// partition and adds the column v; that is of the path, not of the file.
func readByDuckDB(t *testing.T, path string, columns []string) *publishedTable {
	t.Helper()
	if strings.Contains(path, "'") {
		t.Fatalf("the path %s has a quote", path)
	}
	out := &publishedTable{columns: columns, cells: make([][]*string, len(columns))}
	askDuckDB(t, "SELECT * FROM read_parquet('"+path+"', hive_partitioning = false)", func(row map[string]*string) {
		if len(row) != len(columns) {
			t.Fatalf("DuckDB sees %d columns, want %d", len(row), len(columns))
		}
		for c, name := range columns {
			v, ok := row[name]
			if !ok {
				t.Fatalf("DuckDB sees no column %s", name)
			}
			out.cells[c] = append(out.cells[c], v)
		}
	})
	return out
}

// askDuckDB runs a query; the test passes over where Node.js or the binding is missing.
func askDuckDB(t *testing.T, query string, row func(map[string]*string)) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("reason: node is not installed, so that DuckDB cannot be asked; .ci/prepare installs it")
	}
	dir := filepath.Join("testdata", "duckdb")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@duckdb", "node-api")); err != nil {
		t.Skipf("reason: the DuckDB binding is not in %s/node_modules; .ci/prepare installs it", dir)
	}
	cmd := exec.Command("node", "query.mjs", query)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r map[string]*string
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("DuckDB printed %q: %v", lines.Text(), err)
		}
		row(r)
	}
	if err := errors.Join(lines.Err(), cmd.Wait()); err != nil {
		t.Fatalf("DuckDB: %v\n%s", err, stderr.Bytes())
	}
}

func sameTables(t *testing.T, who string, got, want *publishedTable) {
	t.Helper()
	if !slices.Equal(got.columns, want.columns) {
		t.Fatalf("%s sees the columns %v, want %v", who, got.columns, want.columns)
	}
	for c, name := range want.columns {
		g, w := got.cells[c], want.cells[c]
		if len(g) != len(w) {
			t.Errorf("%s sees %d rows of column %s, want %d", who, len(g), name, len(w))
			continue
		}
		for i := range w {
			if (g[i] == nil) != (w[i] == nil) || w[i] != nil && *g[i] != *w[i] {
				t.Errorf("%s sees %s in row %d of column %s, want %s", who, shown(g[i]), i, name, shown(w[i]))
				break
			}
		}
	}
}

func shown(v *string) string {
	if v == nil {
		return "null"
	}
	return strconv.Quote(*v)
}

// readPublished reads the published file of a run with three independent readers,
// which must see the same, and gives what they see.
func readPublished(t *testing.T, workspace string, got report) *publishedTable {
	t.Helper()
	if len(got.Parquet) != 1 {
		t.Fatalf("published files %v", got.Parquet)
	}
	path := filepath.Join(workspace, got.Parquet[0])
	table := readByParquetGo(t, path)
	if n := int64(len(table.cells[0])); n != got.Rows.Published {
		t.Errorf("the file has %d rows, the run says %d", n, got.Rows.Published)
	}
	t.Run("xitongsys parquet-go sees the same", func(t *testing.T) {
		sameTables(t, "xitongsys/parquet-go", readByXitongsys(t, path), table)
	})
	t.Run("DuckDB sees the same", func(t *testing.T) {
		sameTables(t, "DuckDB", readByDuckDB(t, path, table.columns), table)
	})
	return table
}

// figures holds what was worked out of the published rows against what is in the file.
func figures(t *testing.T, want expectation, got map[string]any) {
	t.Helper()
	for name, raw := range want.Published {
		value, ok := got[name]
		if !ok {
			t.Errorf("nobody looks at the figure %s", name)
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, compact.Bytes()) {
			t.Errorf("published %s: %s, want %s", name, text, compact.Bytes())
		}
	}
}
