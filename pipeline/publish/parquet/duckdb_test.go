package parquet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// duckdb returns the folder of the reader script with its packages installed.
func duckdb(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("reason: %s is not installed, so that DuckDB cannot be asked", tool)
		}
	}
	dir, err := filepath.Abs(filepath.Join("testdata", "duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@duckdb", "node-api")); errors.Is(err, os.ErrNotExist) {
		// Not npm ci: a lock file names the native packages of the platform that wrote it. The version is exact in package.json.
		c := exec.Command("npm", "install", "--no-package-lock", "--no-audit", "--no-fund")
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("npm install: %v\n%s", err, out)
		}
	}
	return dir
}

// readDuckDB gives types and cells of a file as DuckDB reads it.
func readDuckDB(t *testing.T, data []byte) (types [][2]string, columns [][]string) {
	t.Helper()
	dir := duckdb(t)
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("node", "read.mjs", path)
	c.Dir = dir
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("DuckDB: %v\n%s", err, stderr.String())
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	if err := json.Unmarshal(lines.Bytes(), &types); err != nil {
		t.Fatal(err)
	}
	columns = make([][]string, len(types))
	for lines.Scan() {
		var row []*string
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		for i, v := range row {
			if v == nil {
				columns[i] = append(columns[i], "NULL")
			} else {
				columns[i] = append(columns[i], *v)
			}
		}
	}
	return types, columns
}

// duckdbCells are the cells of rec in the form that read.mjs prints.
func duckdbCells(rec arrow.RecordBatch) [][]string {
	out := cells(rec)
	for c, column := range out {
		for i := range column {
			if column[i] == "NULL" {
				continue
			}
			switch a := rec.Column(c).(type) {
			case *array.String:
				column[i] = a.Value(i)
			case *array.Float64:
				column[i] = floatText(a.Value(i))
			}
		}
	}
	return out
}

// floatText is a float as C's %.17e writes it.
func floatText(v float64) string {
	if math.IsInf(v, 0) {
		return map[bool]string{true: "inf", false: "-inf"}[v > 0]
	}
	return strconv.FormatFloat(v, 'e', 17, 64)
}

func TestDuckDBSeesEqualValues(t *testing.T) {
	wantTypes := map[string]string{
		"word": "VARCHAR", "token": "VARCHAR", "nothing": "VARCHAR", "int": "BIGINT", "small": "BIGINT", "float": "DOUBLE",
		"dec9": "DECIMAL(9,3)", "dec18": "DECIMAL(18,2)", "dec38": "DECIMAL(38,10)", "date": "DATE", "time": "TIMESTAMP", "bool": "BOOLEAN",
	}
	for _, c := range []struct{ rows, group, page int }{{0, 100, 0}, {1, 100, 0}, {1000, 250, 64}, {30_000, 13_000, 0}} {
		t.Run(fmt.Sprintf("%d rows", c.rows), func(t *testing.T) {
			rec := everyRecord(c.rows)
			data := write(t, everyType, rec, c.group, Options{PageRows: c.page, Bloom: []string{"word", "token", "int", "date"}})
			types, got := readDuckDB(t, data)
			for _, nt := range types {
				if nt[1] != wantTypes[nt[0]] {
					t.Errorf("column %s is %s, want %s", nt[0], nt[1], wantTypes[nt[0]])
				}
			}
			sameCells(t, "DuckDB", everyType, got, duckdbCells(rec))
		})
	}
}

func TestDuckDBReadsTheReferenceShape(t *testing.T) {
	if testing.Short() {
		t.Skip("reason: a full row group takes seconds")
	}
	records := referenceRecords(30_000, 30_000)
	data := write(t, referenceSchema, records[0], DefaultRowGroupRows, Options{})
	_, got := readDuckDB(t, data)
	sameCells(t, "DuckDB", referenceSchema, got, duckdbCells(records[0]))
}
