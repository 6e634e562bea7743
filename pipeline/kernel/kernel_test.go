package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"clearwell/rules/standard"
)

var benchKey = []byte("bench-key-2026")

func benchKeys(string) ([]byte, error) { return benchKey, nil }

func TestReferenceJobEqualsItsText(t *testing.T) {
	plan := jobPlan(t)
	prog := mustCompile(t, plan, jobHeader)
	w := prog.NewWorker()
	treater, err := NewTreater(plan, benchKeys)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	want := map[string]int64{}
	var upgraded, quarantined int64
	for _, size := range []int{0, 1, 63, 64, 65, 1000, 130, 3000} {
		rows := make([][]string, size)
		models := make([]*jobModel, size)
		for i := range rows {
			rows[i] = dirtyRow(random, i)
			models[i] = runJobModel(rows[i], benchKey)
		}
		c := mustCheck(t, w, textBatch(jobHeader, rows))
		var sel []int32
		for i, m := range models {
			bad := false
			for k := range plan.Rules {
				id := plan.Rules[k].ID
				if got := c.Outcomes[k].Failed.Get(i); got != m.failed[id] {
					t.Fatalf("size %d row %d %q: %s failed %v, want %v", size, i, rows[i], id, got, m.failed[id])
				}
				if m.failed[id] {
					want[id]++
					bad = bad || id[0] == 'E'
				}
			}
			if m.upgraded {
				upgraded++
			}
			if c.Quarantined.Get(i) != bad {
				t.Fatalf("row %d: quarantined %v, want %v", i, !bad, bad)
			}
			if bad {
				quarantined++
			}
			if i%3 != 1 {
				sel = append(sel, int32(i))
			}
		}
		for _, s := range [][]int32{nil, sel} {
			out, err := treater.Treat(c.Columns, s)
			if err != nil {
				t.Fatal(err)
			}
			for k := range int(out.NumRows()) {
				i := k
				if s != nil {
					i = int(s[k])
				}
				for col, f := range out.Schema().Fields() {
					if f.Name == "amount" && models[i].failed["E8"] {
						continue // in the quarantine: what a refused amount reads as does not matter
					}
					if got, want := printed(out.Column(col), k), models[i].published[f.Name]; got != want {
						t.Fatalf("row %d %q: %s is %q, want %q", i, rows[i], f.Name, got, want)
					}
				}
			}
		}
	}
	counts := w.Counts()
	for k := range plan.Rules {
		if id := plan.Rules[k].ID; counts.Rules[k].Failed != want[id] {
			t.Errorf("%s: counted %d failures, want %d", id, counts.Rules[k].Failed, want[id])
		}
		if want[plan.Rules[k].ID] == 0 {
			t.Errorf("%s never failed: the rows are not dirty enough", plan.Rules[k].ID)
		}
	}
	if got := counts.Changed[2][3]; got != upgraded {
		t.Errorf("upgraded %d, want %d", got, upgraded)
	}
	if counts.Quarantined != quarantined {
		t.Errorf("quarantined %d, want %d", counts.Quarantined, quarantined)
	}
}

// printed is a published value as text; "" is null.
func printed(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return ""
	}
	switch a := a.(type) {
	case *array.String:
		return a.Value(i)
	case *array.Decimal128:
		return a.Value(i).ToString(a.DataType().(*arrow.Decimal128Type).Scale)
	case *array.Date32:
		return string(standard.AppendDate(nil, int32(a.Value(i))))
	case *array.Timestamp:
		return string(standard.AppendTimestamp(nil, int64(a.Value(i))))
	case *array.Int64:
		return fmt.Sprint(a.Value(i))
	case *array.Float64:
		return fmt.Sprint(a.Value(i))
	case *array.Boolean:
		return fmt.Sprint(a.Value(i))
	}
	return "?"
}
