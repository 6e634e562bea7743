package kernel

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/rules/standard"
)

// textSource gives the values of a column to treatments: as they are, or as the
// text by which a person and a pseudonym know them.
//
// Canonical text: integers and decimals as plain decimal text, decimals with all
// digits of their scale; numbers as the shortest text that reads back the same;
// dates 2006-01-02; timestamps 2006-01-02 15:04:05[.ffffff]; true and false.
type textSource struct {
	scale    int32
	text     text
	strings  bool
	dates    []arrow.Date32
	stamps   *array.Timestamp
	ints     []int64
	floats   []float64
	decimals *array.Decimal128
	bools    *array.Boolean
	memory   []byte // of text that is not in the column
}

// bind makes the source read column c.
func (s *textSource) bind(c arrow.Array) error {
	*s = textSource{scale: s.scale, memory: s.memory}
	switch c := c.(type) {
	case *array.String:
		s.text, s.strings = textOf(c), true
	case *array.Int64:
		s.ints = c.Int64Values()
	case *array.Float64:
		s.floats = c.Float64Values()
	case *array.Decimal128:
		s.decimals = c
	case *array.Date32:
		s.dates = c.Date32Values()
	case *array.Timestamp:
		s.stamps = c
	case *array.Boolean:
		s.bools = c
	default:
		return fmt.Errorf("no treatment for columns of %s", c.DataType())
	}
	return nil
}

// value is the canonical text of a row; valid until the next call.
func (s *textSource) value(row int) []byte {
	if s.strings {
		return s.text.cell(row)
	}
	m := s.memory[:0]
	switch {
	case s.dates != nil:
		m = standard.AppendDate(m, int32(s.dates[row]))
	case s.stamps != nil:
		m = standard.AppendTimestamp(m, int64(s.stamps.Value(row)))
	case s.ints != nil:
		m = strconv.AppendInt(m, s.ints[row], 10)
	case s.floats != nil:
		m = strconv.AppendFloat(m, s.floats[row], 'g', -1, 64)
	case s.decimals != nil:
		m = append(m, s.decimals.Value(row).ToString(s.scale)...)
	case s.bools != nil:
		m = strconv.AppendBool(m, s.bools.Value(row))
	}
	s.memory = m
	return m
}

// civil is the year and month of a date or timestamp.
func (s *textSource) civil(row int) (y, m int) {
	days := int32(0)
	if s.dates != nil {
		days = int32(s.dates[row])
	} else {
		days = int32(floorDiv(int64(s.stamps.Value(row)), 86400e6))
	}
	y, m, _ = standard.CivilFromDays(days)
	return y, m
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
