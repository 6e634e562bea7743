package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// table prints rows in aligned columns. East Asian wide characters take two
// places on a terminal, so that tabwriter's count of runes would not align them.
type table struct {
	rows  [][]string
	right map[int]bool      // columns set flush right
	hues  map[[2]int]string // colours by row and column
}

func newTable(header ...string) *table {
	return &table{rows: [][]string{header}, right: map[int]bool{}}
}

func (t *table) alignRight(columns ...int) *table {
	for _, c := range columns {
		t.right[c] = true
	}
	return t
}

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		switch v := c.(type) {
		case int64:
			row[i] = grouped(v)
		case int:
			row[i] = grouped(int64(v))
		default:
			row[i] = fmt.Sprint(v)
		}
	}
	t.rows = append(t.rows, row)
}

// withoutBlank leaves out columns of a table without colours in which nothing stands but the header.
func (t *table) withoutBlank() *table {
	out := &table{rows: make([][]string, len(t.rows)), right: map[int]bool{}}
	for i, kept := 0, 0; i < len(t.rows[0]); i++ {
		if len(t.rows) > 1 && !slices.ContainsFunc(t.rows[1:], func(row []string) bool { return row[i] != "" }) {
			continue
		}
		for n, row := range t.rows {
			out.rows[n] = append(out.rows[n], row[i])
		}
		out.right[kept] = t.right[i]
		kept++
	}
	return out
}

func (t *table) print(w io.Writer) {
	var widths []int
	for _, r := range t.rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(c))
		}
	}
	for n, r := range t.rows {
		var b strings.Builder
		for i, c := range r {
			gap := strings.Repeat(" ", widths[i]-columns(c))
			if code := t.hues[[2]int{n, i}]; code != "" {
				c = painted(code, c)
			}
			if i > 0 {
				b.WriteString("  ")
			}
			if t.right[i] {
				b.WriteString(gap + c)
			} else {
				b.WriteString(c + gap)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// paint colours a cell of the row added last; codes are those of ANSI terminals (SGR).
func (t *table) paint(column int, code string) {
	if t.hues == nil {
		t.hues = map[[2]int]string{}
	}
	t.hues[[2]int{len(t.rows) - 1, column}] = code
}

func painted(code, s string) string { return "\x1b[" + code + "m" + s + "\x1b[0m" }

// columns is the number of terminal columns that s takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// grouped writes a count with thousands separators.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// bytesText writes a size in binary units.
func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, e := float64(n)/unit, 0
	for v >= unit && e < 4 {
		v /= unit
		e++
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGTP"[e])
}
