package rules

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"clearwell/rules/contract"
	"clearwell/rules/syntax"
)

// maxCodes bounds a code table read from a file: the codes go into the plan.
const maxCodes = 1 << 20

// readCodes reads one column of a code table: tab-separated if the name ends
// in .tsv or .txt, else CSV; UTF-8. column is the number of the column, from 1, in a
// file without a header, or its name in the header; empty means 1. Empty
// codes are passed over.
func readCodes(root, name, column string) ([]string, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, fmt.Errorf("the code table %q must stand in the workspace; write its path from there", name)
	}
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, fmt.Errorf("the code table %s cannot be read: %w", name, err)
	}
	defer f.Close()
	next := csvRows(f)
	if ext := strings.ToLower(filepath.Ext(name)); ext == ".tsv" || ext == ".txt" {
		next = tabRows(f)
	}
	codes, err := codeColumn(next, or(column, "1"))
	if err != nil {
		return nil, fmt.Errorf("the code table %s: %w", name, err)
	}
	return codes, nil
}

// codeColumn reads rows until io.EOF.
func codeColumn(next func() ([]string, error), column string) ([]string, error) {
	index := -1
	if n, err := strconv.Atoi(column); err == nil {
		if index = n - 1; n < 1 {
			return nil, fmt.Errorf("columns count from 1, there is no column %d", n)
		}
	}
	var codes []string
	for line := 1; ; line++ {
		row, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if line == 1 && len(row) > 0 {
			row[0] = strings.TrimPrefix(row[0], "\ufeff")
		}
		if index < 0 {
			if index = slices.Index(row, column); index < 0 {
				return nil, fmt.Errorf("its header has no column %q", column)
			}
			continue
		}
		if index >= len(row) {
			return nil, fmt.Errorf("line %d has %d columns, there is no column %d", line, len(row), index+1)
		}
		switch code := row[index]; {
		case code == "":
		case !utf8.ValidString(code):
			return nil, fmt.Errorf("line %d is not UTF-8", line)
		case len(codes) == maxCodes:
			return nil, fmt.Errorf("it has more than %d codes", maxCodes)
		default:
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 {
		return nil, errors.New("it has no codes")
	}
	return codes, nil
}

func csvRows(r io.Reader) func() ([]string, error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1
	return c.Read
}

func tabRows(r io.Reader) func() ([]string, error) {
	lines := bufio.NewScanner(r)
	return func() ([]string, error) {
		for lines.Scan() {
			if text := strings.TrimSuffix(lines.Text(), "\r"); text != "" {
				return strings.Split(text, "\t"), nil
			}
		}
		if err := lines.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
}

// addTable reads one file of standards/ into the surroundings.
func (s *surroundings) addTable(t *contract.Table, r *syntax.Report) {
	name := t.Table.Value
	switch {
	case !t.Table.Given():
		return
	case !datasetID.MatchString(strings.ReplaceAll(name, "_", "-")):
		r.Addf(t.Table.Pos, "a code table is called by lower-case letters, digits, - and _, not %q", name)
		return
	case s.tables[name] != nil:
		r.Addf(t.Table.Pos, "there is another code table called %q", name)
		return
	case t.File.Given() == (len(t.Codes) > 0):
		r.Addf(t.Pos, "a code table has either codes or a file")
		return
	}
	var codes []string
	if t.File.Given() {
		var err error
		if codes, err = readCodes(s.root, t.File.Value, t.Column.Value); err != nil {
			r.Addf(t.File.Pos, "%v", err)
			return
		}
	}
	for _, c := range t.Codes {
		codes = append(codes, c.Name.Value)
	}
	s.tables[name] = codes
	s.tableNames = append(s.tableNames, name)
}
