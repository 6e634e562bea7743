package spreadsheet

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func write(t *testing.T, b Book) {
	t.Helper()
	for _, sheet := range []string{"民政局 [1]", "market/regulation"} {
		if err := b.Sheet(sheet, []string{"行", "值"}, []float64{8, 30}); err != nil {
			t.Fatal(err)
		}
		for _, row := range [][]any{
			{int64(2), "=1+1"}, {int64(3), "-5"}, {int64(4), "普通"}, {nil, "a\x00b"}, {1.5, time.Date(2026, 3, 1, 2, 3, 4, 0, time.UTC)},
		} {
			if err := b.Row(row...); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.Row(struct{}{}); err == nil {
		t.Error("a cell of no known kind was taken")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAWorkbookIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "return.xlsx")
	b, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, b)
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.GetSheetList(); !slices.Equal(got, []string{"民政局 -1-", "market-regulation"}) {
		t.Errorf("sheets %q", got)
	}
	rows, err := f.GetRows("民政局 -1-")
	if err != nil {
		t.Fatal(err)
	}
	want := "[行 值] [2 '=1+1] [3 '-5] [4 普通] [ a\uFFFDb] [1.5 2026-03-01 02:03]"
	if got := strings.Trim(fmt.Sprint(rows), "[]"); got != strings.Trim(want, "[]") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, cell := range []string{"B2", "B3"} {
		if formula, err := f.GetCellFormula("民政局 -1-", cell); err != nil || formula != "" {
			t.Errorf("%s is a formula: %q %v", cell, formula, err)
		}
	}
}

func TestAFullSheetGoesOnInAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "return.xlsx")
	b, err := newWorkbook(path)
	if err != nil {
		t.Fatal(err)
	}
	b.limit = 3
	if err := b.Sheet(strings.Repeat("长", 40), []string{"n"}, nil); err != nil {
		t.Fatal(err)
	}
	for i := range int64(5) {
		if err := b.Row(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			all = append(all, r[0])
		}
	}
	if got := strings.Join(all, ""); got != "n01n23n4" || len(f.GetSheetList()) != 3 {
		t.Errorf("%s in %q", got, f.GetSheetList())
	}
}

func TestACSVHasAByteOrderMarkAndOneHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "return.csv")
	b, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, b)
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := "2,'=1+1\r\n3,'-5\r\n4,普通\r\n,a\x00b\r\n1.5,2026-03-01 02:03:04\r\n"
	if want := "\ufeff行,值\r\n" + rows + rows; string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if _, err := Create("return.pdf"); err == nil {
		t.Error("a PDF was promised")
	}
}
