// Command shapes makes the inputs of the other two benchmarks: wide and short
// (many columns), and many small files. Into one folder it writes the
// CSV files, a workspace with the contract, and the same job as SQL for DuckDB:
//
//	shapes -columns 200 -rows 500000 -out wide
//	shapes -columns 10 -files 10000 -rows 200 -out files
//
// Equal flags give equal bytes, on any machine. Start at kinds: a kind is how a
// column is filled, what the contract says of it, and what SQL says.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	columns := flag.Int("columns", 200, "columns; the kinds take turns")
	rows := flag.Int("rows", 500_000, "rows of each file")
	files := flag.Int("files", 1, "files")
	seed := flag.Uint64("seed", 42, "seed")
	out := flag.String("out", "", "folder to write into")
	flag.Parse()
	if err := write(*out, columnsOf(*columns), *files, *rows, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "shapes:", err)
		os.Exit(1)
	}
}

func write(dir string, columns []column, files, rows int, seed uint64) error {
	if dir == "" || len(columns) < len(kinds) || files < 1 || rows < 1 {
		return fmt.Errorf("needs -out, at least %d columns, and at least one file and row", len(kinds))
	}
	for _, sub := range []string{"inbox", "datasets"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	for i := range files {
		name := filepath.Join(dir, "inbox", fmt.Sprintf("part-%05d.csv", i))
		if err := writeCSV(name, columns, i*rows, rows, seed); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"clearwell.yaml":      workspaceText,
		"datasets/shape.yaml": contractText(columns),
		"job.sql":             jobText(columns),
		"compare.sql":         compareText(columns),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// column is one column of the input. The first of all is the row's id.
type column struct {
	name string
	kind kind
	id   bool
}

func columnsOf(n int) []column {
	out := make([]column, n)
	for i := range out {
		k := kinds[i%len(kinds)]
		out[i] = column{name: fmt.Sprintf("%s_%02d", k.name, i/len(kinds)), kind: k}
	}
	if n > 0 {
		out[0].name, out[0].id = "id", true
	}
	return out
}

// writeCSV writes rows first..first+rows-1. Each row has its own random numbers, so
// that a row does not depend on the file that it stands in.
func writeCSV(path string, columns []column, first, rows int, seed uint64) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<16)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	fmt.Fprintln(w, strings.Join(names, ","))
	var line []byte
	source := rand.NewPCG(seed, 0)
	r := rand.New(source)
	for n := first; n < first+rows; n++ {
		source.Seed(seed, uint64(n))
		line = line[:0]
		for i, c := range columns {
			if i > 0 {
				line = append(line, ',')
			}
			line = c.append(line, r, n)
		}
		w.Write(append(line, '\n'))
	}
	return w.Flush() // the first error of all writes
}

// append writes one cell: in 100 cells two are empty, one has spaces around it and one is not of its type.
func (c column) append(line []byte, r *rand.Rand, row int) []byte {
	if c.id {
		if r.IntN(500) == 0 {
			return line // no id: to the quarantine
		}
		return fmt.Appendf(line, "R%09d", row)
	}
	switch r.IntN(100) {
	case 0, 1:
		return line
	case 2:
		return append(c.kind.fill(append(line, ' '), r), "  "...)
	case 3:
		return append(line, c.kind.odd...)
	}
	return c.kind.fill(line, r)
}
