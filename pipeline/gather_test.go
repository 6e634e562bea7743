package pipeline

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"clearwell/rules"
)

// TestTooMuchTextOfARowGroupIsAnError: offsets of 32 bits do not wrap; the error names the field and says what to do.
func TestTooMuchTextOfARowGroupIsAnError(t *testing.T) {
	column := func(texts ...string) arrow.Array {
		var b textBuilder
		for _, s := range texts {
			b.add([]byte(s))
		}
		return b.column()
	}
	g := newGathering([]arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.String}, 8)
	g.limit = 10
	if err := g.add([]arrow.Array{column("a", "b"), column("12345", "67890")}, []int32{0, 1}); err != nil {
		t.Fatal(err)
	}
	err := g.add([]arrow.Array{column("c"), column("1")}, []int32{0})
	var much *tooMuchTextError
	if !errors.As(err, &much) || much.column != 1 {
		t.Fatalf("the error is %v", err)
	}
	e := &emission{scan: &scan{plan: &rules.Plan{Fields: []rules.Field{{Name: "id"}, {Name: "x"}, {Name: "remark"}}}, layout: layout{fields: []int{0, 2}}}}
	if got := e.nameColumn(err).Error(); !strings.HasPrefix(got, "field remark: the texts of column 2") || !strings.Contains(got, "sort_by") {
		t.Error(got)
	}
}
