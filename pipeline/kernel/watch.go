package kernel

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Cells are the texts of one field in a batch, null being the empty text. They
// are valid during the call that gets them.
type Cells struct{ text text }

// Rows is their number.
func (c Cells) Rows() int { return c.text.rows() }

// Cell is the text of row i.
func (c Cells) Cell(i int) []byte { return c.text.cell(i) }

// Watch has f told of each field's cells while they are cleaned: as delivered
// (step -1) and after each step of the plan. Nobody is told unless Watch was called.
func (w *Worker) Watch(f func(field, step int, cells Cells)) { w.watch = f }

// CanonicalText is the value of a row as contracts and tests write it (see
// textSource); nil is null. It is for few values: it allocates.
func CanonicalText(c arrow.Array, row int) (*string, error) {
	if c.IsNull(row) {
		return nil, nil
	}
	var s textSource
	if t, ok := c.DataType().(*arrow.Decimal128Type); ok {
		s.scale = t.Scale
	}
	if err := s.bind(c); err != nil {
		return nil, fmt.Errorf("text of a value: %w", err)
	}
	if t, ok := c.(*array.String); ok {
		v := t.Value(row)
		return &v, nil
	}
	v := string(s.value(row))
	return &v, nil
}
