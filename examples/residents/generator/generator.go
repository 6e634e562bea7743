// Package generator writes the source file of the residents example: a registry
// of residents and of the businesses that they own, as a department's old system
// would export it: GB18030, Chinese headers, CRLF, and every kind of dirt that
// such files really have. All of it is synthetic: names are combined from lists
// of common surnames and given names, numbers are drawn.
//
// The same rows and seed give the same bytes on every machine and with every
// version of Go: the numbers come from PCG-DXSM, whose sequence is fixed, and are
// scaled here. Nothing depends on the clock or on the number of processors.
//
// Start at Write. person.go makes a clean person, dirt.go spoils how it is written.
package generator

import (
	"bufio"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// What the example uses when nothing else is asked for.
const (
	DefaultRows = 100_000
	DefaultSeed = 2026
)

// Columns are the headers of the file, in order.
var Columns = []string{
	"登记编号", "数据来源", "身份证号", "姓名", "性别", "出生日期", "手机号码", "住址", "行政区划代码",
	"统一社会信用代码", "出资额", "登记日期", "更新时间", "电子邮箱", "备注",
}

// The shares of dirt, in ten-thousandths of the rows (or of the cells that are not empty).
const (
	redelivered      = 800 // the person was delivered before; this record is a later one
	ragged           = 3   // a record with a cell too many or too few
	strayQuote       = 3   // a record with a quotation mark where none may be
	idMissing        = 30
	idOldForm        = 150 // 15 digits, of those born before 2000
	idWrongCheck     = 200
	nameMissing      = 30
	nameBlank        = 100 // a blank inside the name
	genderUnknown    = 70  // a word that stands in no list
	birthMissing     = 80
	birthNoDate      = 100 // 1990-02-30 and the like
	birthOther       = 100 // a real date, but not that of the identity number
	registeredLate   = 40  // registered after the record was last changed
	registeredNoDate = 20
	phoneMissing     = 500
	phoneWrong       = 300
	regionWrong      = 100
	noBusiness       = 3500 // no credit code and no amount
	usccWrong        = 150
	amountWrong      = 60 // below zero, beyond the limit, or no number
	updateMissing    = 20
	emailMissing     = 1500
	emailWrong       = 200
	fullWidth        = 300 // a code typed in full-width characters
	surrounded       = 400 // blanks, tabs or ideographic spaces around the value
	lineBreak        = 150 // a remark of two lines
)

// source draws whole numbers. Its sequence is part of the example: a golden hash in the tests guards it.
type source struct{ pcg *rand.PCG }

// newSource is the sequence number stream of a seed.
func newSource(seed, stream uint64) source { return source{rand.NewPCG(seed, stream)} }

// below is uniform in 0..n-1 up to a bias of n/2^64.
func (s source) below(n int) int {
	hi, _ := bits.Mul64(s.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between is uniform in low..high, both included.
func (s source) between(low, high int) int { return low + s.below(high-low+1) }

// chance is true for a share of so many ten-thousandths.
func (s source) chance(tenThousandths int) bool { return s.below(10_000) < tenThousandths }

func pick[T any](s source, list []T) T { return list[s.below(len(list))] }

// Streams of one seed: a person is drawn from its own, so that a later record can draw the same person again.
const (
	recordStream = 1 << 40
	personStream = 2 << 40
)

// Write writes the header and so many records as GB18030 CSV. The error is that
// of w, or says that rows is negative.
func Write(w io.Writer, rows int, seed uint64) error {
	if rows < 0 {
		return fmt.Errorf("cannot write %d rows", rows)
	}
	buffered := bufio.NewWriterSize(w, 1<<16)
	out := simplifiedchinese.GB18030.NewEncoder().Writer(buffered)
	if _, err := io.WriteString(out, strings.Join(Columns, ",")+"\r\n"); err != nil {
		return err
	}
	subjects := make([]int, rows) // person that each record is about: the number of its first record
	var line strings.Builder
	for i := range rows {
		s := newSource(seed, recordStream+uint64(i))
		subjects[i] = i
		if i > 0 && s.chance(redelivered) {
			subjects[i] = subjects[s.below(i)]
		}
		p := newPerson(newSource(seed, personStream+uint64(subjects[i])))
		line.Reset()
		appendRecord(&line, s, i, p.record(s, i, subjects[i] != i))
		if _, err := io.WriteString(out, line.String()); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// appendRecord puts the cells on one line, each quoted where it must be, and now and then breaks the line's form.
func appendRecord(line *strings.Builder, s source, number int, cells []string) {
	broken := ""
	switch {
	case s.chance(ragged):
		broken = "ragged"
	case s.chance(strayQuote):
		broken = "quote"
	}
	if broken == "ragged" {
		if number%2 == 0 {
			cells = cells[:len(cells)-2]
		} else {
			cells = append(cells, "", "")
		}
	}
	for k, cell := range cells {
		if k > 0 {
			line.WriteByte(',')
		}
		switch {
		case broken == "quote" && k == 3 && number%2 == 0:
			line.WriteString(`张"三`) // a quotation mark inside a cell that is not quoted
		case broken == "quote" && k == 3:
			line.WriteString(`"李四"又名李五`) // text after the closing quotation mark
		case strings.ContainsAny(cell, ",\"\r\n"):
			line.WriteByte('"')
			line.WriteString(strings.ReplaceAll(cell, `"`, `""`))
			line.WriteByte('"')
		default:
			line.WriteString(cell)
		}
	}
	line.WriteString("\r\n")
}
