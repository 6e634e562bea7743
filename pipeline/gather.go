package pipeline

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A gathering copies chosen rows of several frames into one set of columns.
type gathering struct {
	cols  []gatheredColumn
	rows  int
	limit int // bytes of text in a column; Arrow counts them in 32 bits
}

type gatheredColumn struct {
	kind  arrow.DataType
	width int // bytes of a value; 0 for strings, bits for booleans are kept as bytes
	text  textBuilder
	fixed []byte
	valid []byte
	nulls int
}

func newGathering(types []arrow.DataType, capacity int) *gathering {
	g := &gathering{cols: make([]gatheredColumn, len(types)), limit: math.MaxInt32}
	for i, t := range types {
		g.cols[i] = gatheredColumn{kind: t, valid: make([]byte, (capacity+7)/8)}
		switch t.ID() {
		case arrow.STRING:
		case arrow.BOOL:
			g.cols[i].fixed = make([]byte, (capacity+7)/8)
		default:
			g.cols[i].width = t.(arrow.FixedWidthDataType).BitWidth() / 8
			g.cols[i].fixed = make([]byte, 0, capacity*g.cols[i].width)
		}
	}
	return g
}

// A tooMuchTextError says that the texts of a column do not fit into one row group.
type tooMuchTextError struct{ column, limit int }

func (e *tooMuchTextError) Error() string {
	return fmt.Sprintf("the texts of column %d of one row group take more than %d bytes; publish the field shortened (desensitize: truncate) or not at all, or leave out sort_by", e.column+1, e.limit)
}

// add appends the rows sel of the columns; both follow the types given to newGathering.
// It fails with a tooMuchTextError if a column gets more text than Arrow can count.
func (g *gathering) add(cols []arrow.Array, sel []int32) error {
	for i := range g.cols {
		c := &g.cols[i]
		src := cols[i]
		var values []byte
		if c.width > 0 && src.Len() > 0 {
			values = src.Data().Buffers()[1].Bytes()
		}
		for k, row := range sel {
			at := g.rows + k
			if src.IsNull(int(row)) {
				c.nulls++
			} else {
				c.valid[at>>3] |= 1 << (at & 7)
			}
			switch s := src.(type) {
			case *array.String:
				if s.IsNull(int(row)) {
					c.text.add(nil)
					continue
				}
				v := s.Value(int(row))
				if len(c.text.data)+len(v) > g.limit {
					return &tooMuchTextError{i, g.limit}
				}
				c.text.add([]byte(v))
			case *array.Boolean:
				if s.Value(int(row)) {
					c.fixed[at>>3] |= 1 << (at & 7)
				}
			default:
				c.fixed = append(c.fixed, values[int(row)*c.width:(int(row)+1)*c.width]...)
			}
		}
	}
	g.rows += len(sel)
	return nil
}

func (g *gathering) columns() []arrow.Array {
	out := make([]arrow.Array, len(g.cols))
	for i := range g.cols {
		c := &g.cols[i]
		bufs := []*memory.Buffer{nil, memory.NewBufferBytes(c.fixed)}
		if c.nulls > 0 {
			bufs[0] = memory.NewBufferBytes(c.valid)
		}
		if c.kind.ID() == arrow.STRING {
			bufs = []*memory.Buffer{bufs[0], memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(c.text.offsets)), memory.NewBufferBytes(c.text.data)}
		}
		out[i] = array.MakeFromData(array.NewData(c.kind, g.rows, bufs, nil, c.nulls, 0))
	}
	return out
}
