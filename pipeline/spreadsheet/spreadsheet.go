// Package spreadsheet writes tables as people open them in an office: CSV in
// UTF-8 with a byte order mark, and XLSX. Rows go to the file as they come, so
// that a table may be larger than memory. No cell is taken for a formula: one
// that begins like it gets an apostrophe in front, as people type it.
//
// It is for what leaves the program for people. Published data is never written so.
package spreadsheet

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// A Book takes sheets one after the other. Cells are texts, int64, float64 and
// times; nil is an empty cell.
type Book interface {
	// Sheet begins a sheet with its header and the widths of its columns in characters.
	Sheet(name string, header []string, widths []float64) error
	Row(cells ...any) error
	// Close ends the book; without it the file is of no use.
	Close() error
}

// Create makes a book at path, XLSX or CSV by its ending. Its readers are those of the group: it may hold raw values.
func Create(path string) (Book, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		return newWorkbook(path)
	case ".csv":
		return newText(path)
	}
	return nil, fmt.Errorf("%s: the file is to end in .xlsx or .csv", path)
}

// Neutral keeps a spreadsheet from taking a text for a formula.
func Neutral(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

const private = 0o600

// text is a CSV file. Its sheets stand one under the other, with one header if they have the same.
type text struct {
	file   *os.File
	w      *csv.Writer
	header string
}

func newText(path string) (*text, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, private)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(f, "\ufeff"); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	t := &text{file: f, w: csv.NewWriter(f)}
	t.w.UseCRLF = true
	return t, nil
}

func (t *text) Sheet(_ string, header []string, _ []float64) error {
	joined := strings.Join(header, "\x00")
	if joined == t.header {
		return nil
	}
	if t.header != "" {
		if err := t.w.Write([]string{""}); err != nil {
			return err
		}
	}
	t.header = joined
	cells := make([]any, len(header))
	for i, h := range header {
		cells[i] = h
	}
	return t.Row(cells...)
}

func (t *text) Row(cells ...any) error {
	row := make([]string, len(cells))
	for i, c := range cells {
		switch v := c.(type) {
		case nil:
		case string:
			row[i] = Neutral(v)
		case int64:
			row[i] = strconv.FormatInt(v, 10)
		case float64:
			row[i] = strconv.FormatFloat(v, 'f', -1, 64)
		case time.Time:
			if !v.IsZero() {
				row[i] = v.Format(timeLayout)
			}
		default:
			return fmt.Errorf("a cell cannot be a %T", c)
		}
	}
	return t.w.Write(row)
}

const timeLayout = "2006-01-02 15:04:05"

func (t *text) Close() error {
	t.w.Flush()
	return errors.Join(t.w.Error(), t.file.Sync(), t.file.Close())
}

// Limits of XLSX: ECMA-376, as Excel keeps them.
const (
	maxRows      = 1_048_576
	maxCellRunes = 32_767
	maxSheetName = 31
)

// workbook is an XLSX file. A sheet that is full goes on in another of the same header.
type workbook struct {
	path    string
	file    *excelize.File
	sheet   *excelize.StreamWriter
	names   map[string]bool
	base    string
	header  []string
	widths  []float64
	row     int
	limit   int // rows of a sheet
	head    int // styles
	body    int
	instant int
}

func newWorkbook(path string) (*workbook, error) {
	b := &workbook{path: path, file: excelize.NewFile(), names: map[string]bool{}, limit: maxRows}
	var errs [3]error
	b.head, errs[0] = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E9EEF1"}},
		Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	b.body, errs[1] = b.file.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}}) // 49 is @: text stays text when it is edited
	format := "yyyy-mm-dd hh:mm"
	b.instant, errs[2] = b.file.NewStyle(&excelize.Style{CustomNumFmt: &format, Alignment: &excelize.Alignment{Vertical: "top"}})
	return b, errors.Join(errs[:]...)
}

func (b *workbook) Sheet(name string, header []string, widths []float64) error {
	b.base, b.header, b.widths = name, header, widths
	return b.begin()
}

// begin opens the next sheet of the base name.
func (b *workbook) begin() error {
	if err := b.flush(); err != nil {
		return err
	}
	name := b.free()
	if len(b.names) == 1 {
		if err := b.file.SetSheetName(b.file.GetSheetName(0), name); err != nil {
			return err
		}
	} else if _, err := b.file.NewSheet(name); err != nil {
		return err
	}
	var err error
	if b.sheet, err = b.file.NewStreamWriter(name); err != nil {
		return err
	}
	for i, w := range b.widths {
		if err := b.sheet.SetColWidth(i+1, i+1, w); err != nil {
			return err
		}
	}
	if err := b.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	cells := make([]any, len(b.header))
	for i, h := range b.header {
		cells[i] = excelize.Cell{StyleID: b.head, Value: cellText(h)}
	}
	b.row = 1
	return b.sheet.SetRow("A1", cells)
}

// free is the base name as a sheet may have it, with a number if it is taken.
func (b *workbook) free() string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\`, r) || r < ' ' {
			return '-'
		}
		return r
	}, b.base), "'")
	if name == "" {
		name = "1"
	}
	for n := 1; ; n++ {
		suffix := ""
		if n > 1 {
			suffix = fmt.Sprintf(" (%d)", n)
		}
		runes := []rune(name)
		one := string(runes[:min(len(runes), maxSheetName-len(suffix))]) + suffix
		if key := strings.ToLower(one); !b.names[key] {
			b.names[key] = true
			return one
		}
	}
}

func (b *workbook) Row(cells ...any) error {
	if b.row == b.limit {
		if err := b.begin(); err != nil {
			return err
		}
	}
	b.row++
	row := make([]any, len(cells))
	for i, c := range cells {
		switch v := c.(type) {
		case nil:
		case string:
			row[i] = excelize.Cell{StyleID: b.body, Value: cellText(v)}
		case int64, float64:
			row[i] = v
		case time.Time:
			if !v.IsZero() {
				row[i] = excelize.Cell{StyleID: b.instant, Value: v}
			}
		default:
			return fmt.Errorf("a cell cannot be a %T", c)
		}
	}
	return b.sheet.SetRow(fmt.Sprintf("A%d", b.row), row)
}

// cellText makes a text one that XML can hold and a cell has room for.
func cellText(s string) string {
	s = Neutral(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError))))
	if utf8.RuneCountInString(s) > maxCellRunes {
		s = string([]rune(s)[:maxCellRunes-1]) + "…"
	}
	return s
}

func (b *workbook) flush() error {
	if b.sheet == nil {
		return nil
	}
	err := b.sheet.Flush()
	b.sheet = nil
	return err
}

func (b *workbook) Close() error {
	if err := b.flush(); err != nil {
		return errors.Join(err, b.file.Close())
	}
	f, err := os.OpenFile(b.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, private)
	if err != nil {
		return errors.Join(err, b.file.Close())
	}
	return errors.Join(b.file.Write(f), f.Sync(), f.Close(), b.file.Close())
}
