package kernel

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"clearwell/rules"
)

// orderRows are rows of exprPlan, checked, with values that try the encodings.
func orderRows(t *testing.T) (*rules.Plan, *Checked, [][]string) {
	plan := exprPlan()
	var header []string
	for _, f := range plan.Fields {
		header = append(header, f.Name)
	}
	r := rand.New(rand.NewPCG(9, 9))
	rows := make([][]string, 200)
	for i := range rows {
		rows[i] = exprRow(r)
		rows[i][8] = []string{"", "a", "ab", "a\x00", "a\x00b", "a\x00\xff", "\xff", "\xff\xff", "甲", "b"}[r.IntN(10)]
	}
	c := mustCheck(t, mustCompile(t, plan, header).NewWorker(), textBatch(header, rows))
	return plan, c, rows
}

// compareCells compares two values of a column as its type orders them; null is an empty string.
func compareCells(kind rules.Kind, a, b string) int {
	switch kind {
	case rules.Integer:
		x, _ := strconv.ParseInt(a, 10, 64)
		y, _ := strconv.ParseInt(b, 10, 64)
		return cmp.Compare(x, y)
	case rules.Number, rules.Decimal:
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

func TestOrderEncodersOrderAsValuesDo(t *testing.T) {
	plan, c, rows := orderRows(t)
	for f := range plan.Fields {
		name, kind := plan.Fields[f].Name, plan.Fields[f].Type.Kind
		latest := NewOrderEncoder(plan, []rules.Order{{By: rules.Latest, Field: name}})
		smallest := NewOrderEncoder(plan, []rules.Order{{By: rules.Smallest, Field: name}})
		sorted := NewSortEncoder(plan, []string{name})
		for range 3000 {
			i, j := rand.IntN(len(rows)), rand.IntN(len(rows))
			a, b := rows[i][f], rows[j][f]
			want := compareCells(kind, a, b)
			down, up := -want, want
			switch { // null loses, and stands last
			case a == "" && b == "":
				want, down, up = 0, 0, 0
			case a == "":
				want, down, up = -1, -1, 1
			case b == "":
				want, down, up = 1, 1, -1
			}
			for k, e := range []struct {
				encoder *OrderEncoder
				want    int
			}{{latest, want}, {smallest, down}, {sorted, up}} {
				if got := bytes.Compare(e.encoder.Append(nil, c.Columns, i), e.encoder.Append(nil, c.Columns, j)); got != e.want {
					t.Fatalf("%s encoder %d: %q against %q gives %d, want %d", name, k, a, b, got, e.want)
				}
			}
		}
	}
}

func TestPreferencesAreTriedInOrder(t *testing.T) {
	plan, c, rows := orderRows(t)
	keep := NewOrderEncoder(plan, []rules.Order{{By: rules.Earliest, Field: "s"}, {By: rules.MostComplete}, {By: rules.Largest, Field: "j"}})
	for i := range rows {
		for j := range rows {
			a, b := rows[i], rows[j]
			want := cmp.Or(compareNullLoses(rules.String, a[8], b[8], -1), cmp.Compare(countFilled(a), countFilled(b)), compareNullLoses(rules.Integer, a[1], b[1], 1))
			if got := bytes.Compare(keep.Append(nil, c.Columns, i), keep.Append(nil, c.Columns, j)); got != want {
				t.Fatalf("%q against %q gives %d, want %d", a, b, got, want)
			}
		}
	}
}

func countFilled(row []string) int {
	n := 0
	for _, v := range row {
		if v != "" {
			n++
		}
	}
	return n
}

func compareNullLoses(kind rules.Kind, a, b string, sign int) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return -1
	case b == "":
		return 1
	}
	return sign * compareCells(kind, a, b)
}

func TestKeysAreEqualIfAndOnlyIfValuesAre(t *testing.T) {
	plan, c, rows := orderRows(t)
	for _, fields := range [][]string{{"s"}, {"s", "u"}, {"x", "m", "s"}, {"b", "d", "t", "i"}, {"u", "s", "id"}} {
		k := NewKeyEncoder(plan, fields)
		seen := map[string]string{}
		for i := range rows {
			var values []string
			null := false
			for _, f := range mustFields(plan, fields) {
				values = append(values, printed(c.Columns[f], i))
				null = null || c.Columns[f].IsNull(i)
			}
			key, ok := k.Append([]byte("kept"), c.Columns, i)
			if ok == null || null && string(key) != "kept" {
				t.Fatalf("%q: key %q, ok %v", values, key, ok)
			}
			if !ok {
				continue
			}
			whole := fmt.Sprintf("%q", values)
			if other, twice := seen[string(key)]; twice && other != whole {
				t.Fatalf("%s and %s have the same key", other, whole)
			}
			seen[string(key)] = whole
		}
		distinct := map[string]bool{}
		for _, v := range seen {
			if distinct[v] {
				t.Fatalf("%s has two keys", v)
			}
			distinct[v] = true
		}
	}
}
