package rules

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"clearwell/rules/contract"
	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// maxCodes bounds a code table read from a file: the codes go into the plan.
const maxCodes = 1 << 20

// readCodes reads one column of a code table; see readColumns. column empty means 1.
func readCodes(root, name, column string) ([]string, error) {
	rows, err := readColumns(root, name, []string{or(column, "1")})
	if err != nil {
		return nil, err
	}
	codes := make([]string, len(rows))
	for i, row := range rows {
		codes[i] = row[0]
	}
	return codes, nil
}

// readColumns reads columns of a table: tab-separated if the name ends in .tsv or
// .txt, else CSV; UTF-8. A column is its number, from 1, or its name in the
// header; if all are numbers the file has no header. Rows whose first of the columns is empty
// are passed over.
func readColumns(root, name string, columns []string) ([][]string, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, wording.Errorf("the code table %q must stand in the workspace; write its path from there", name)
	}
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return nil, wording.Errorf("the code table %s cannot be read: %w", name, withoutPath(err))
	}
	defer f.Close()
	next := csvRows(f)
	if ext := strings.ToLower(filepath.Ext(name)); ext == ".tsv" || ext == ".txt" {
		next = tabRows(f)
	}
	rows, err := tableColumns(next, columns)
	if err != nil {
		return nil, wording.Errorf("the code table %s: %w", name, withoutPath(err))
	}
	return rows, nil
}

// quotesProblem says what the CSV reader says of quotes, which is all that it minds.
func quotesProblem(err error) error {
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		return wording.Errorf("line %d, byte %d: a quote stands where none belongs, or is never closed", wrong.Line, wrong.Column)
	}
	return err
}

// withoutPath is what the operating system says of a file, without the place of the workspace on this machine.
func withoutPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// tableColumns reads rows until io.EOF.
func tableColumns(next func() ([]string, error), columns []string) ([][]string, error) {
	index, header := make([]int, len(columns)), false
	for k, column := range columns {
		n, err := strconv.Atoi(column)
		if index[k] = n - 1; err != nil {
			index[k], header = -1, true
		} else if n < 1 {
			return nil, wording.Errorf("columns count from 1, there is no column %d", n)
		}
	}
	var rows [][]string
	for line := 1; ; line++ {
		row, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, quotesProblem(err)
		}
		if line == 1 && len(row) > 0 {
			row[0] = strings.TrimPrefix(row[0], "\ufeff")
		}
		if line == 1 && header {
			for k, column := range columns {
				if index[k] < 0 {
					index[k] = slices.Index(row, column)
				}
				if index[k] < 0 {
					return nil, wording.Errorf("its header has no column %q", column)
				}
			}
			continue
		}
		cells := make([]string, len(columns))
		for k, at := range index {
			if at >= len(row) {
				return nil, wording.Errorf("line %d has %d columns, there is no column %d", line, len(row), at+1)
			}
			if cells[k] = row[at]; !utf8.ValidString(row[at]) {
				return nil, wording.Errorf("line %d is not UTF-8", line)
			}
		}
		switch {
		case cells[0] == "":
		case len(rows) == maxCodes:
			return nil, wording.Errorf("it has more than %d codes", maxCodes)
		default:
			rows = append(rows, cells)
		}
	}
	if len(rows) == 0 {
		return nil, wording.Errorf("it has no codes")
	}
	return rows, nil
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
	s.codeTables[name] = s.codeWords(t, codes, r)
	s.tableNames = append(s.tableNames, name)
}
