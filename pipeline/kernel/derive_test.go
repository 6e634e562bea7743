package kernel

import (
	"math/rand/v2"
	"testing"

	"clearwell/rules"
	"clearwell/rules/expr"
)

// deriving is exprPlan with one more field, derived by text.
func deriving(tb testing.TB, name string, typ rules.Type, text string, ifNull bool) *rules.Plan {
	tb.Helper()
	p := exprPlan()
	kinds := map[rules.Kind][]expr.Kind{rules.Integer: {expr.Integer}, rules.Number: {expr.Number, expr.Integer}, rules.Decimal: {expr.Number, expr.Integer},
		rules.Boolean: {expr.Boolean}, rules.String: {expr.String}, rules.Date: {expr.Timestamp}, rules.Timestamp: {expr.Timestamp}}
	var x *expr.Expr
	var err error
	for _, k := range kinds[typ.Kind] {
		if x, err = exprEnv(tb, p).Check(text, k); err == nil {
			break
		}
	}
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	f := rules.Field{Name: name, Type: typ, Clean: []rules.Step{{ID: "derive", Op: rules.DerivedValue, CleanParams: rules.CleanParams{Derive: x, IfNull: ifNull}}}}
	if ifNull {
		f.From = []string{"r"}
	}
	p.Fields = append(p.Fields, f)
	return p
}

var exprHeader = []string{"i", "j", "x", "m", "b", "d", "e", "t", "s", "u", "id"}

func TestDerivedValues(t *testing.T) {
	row := []string{"7", "3", "2.5", "1.25", "true", "1990-05-06", "2000-01-01", "1990-05-06 07:08:09", "甲乙", "x", "11010519491231002X"}
	for _, c := range []struct {
		typ        rules.Type
		text, want string
	}{
		{rules.Type{Kind: rules.Integer}, "i + j * 2", "13"},
		{rules.Type{Kind: rules.Integer}, "i > j ? i : j", "7"},
		{rules.Type{Kind: rules.Integer}, "i / (j - 3)", ""}, // division by zero
		{rules.Type{Kind: rules.Integer}, "year(d)", "1990"},
		{rules.Type{Kind: rules.Number}, "x * 2.0", "5"},
		{rules.Type{Kind: rules.Number}, "i", "7"},
		{rules.Type{Kind: rules.Number}, "x / 0.0", ""},
		{rules.Type{Kind: rules.Decimal, Precision: 10, Scale: 2}, "m * x", "3.13"}, // 3.125
		{rules.Type{Kind: rules.Decimal, Precision: 10, Scale: 2}, "-m * x", "-3.13"},
		{rules.Type{Kind: rules.Decimal, Precision: 10, Scale: 0}, "x", "3"},
		{rules.Type{Kind: rules.Decimal, Precision: 10, Scale: 2}, "i", "7.00"},
		{rules.Type{Kind: rules.Decimal, Precision: 3, Scale: 2}, "m * 100.0", ""}, // too long
		{rules.Type{Kind: rules.Boolean}, "b && i > 3", "true"},
		{rules.Type{Kind: rules.Boolean}, "i in [1, 2]", "false"},
		{rules.Type{Kind: rules.String}, "s + '-' + u", "甲乙-x"},
		{rules.Type{Kind: rules.String}, "u", "x"},
		{rules.Type{Kind: rules.String}, "'k'", "k"},
		{rules.Type{Kind: rules.String}, "s.substring(1)", "乙"},
		{rules.Type{Kind: rules.String}, "''", ""},
		{rules.Type{Kind: rules.String}, "i > 5 ? 'big' : ''", "big"},
		{rules.Type{Kind: rules.String}, "i < 5 ? 'small' : ''", ""},
		{rules.Type{Kind: rules.String}, "cn.id_gender(id)", "2"},
		{rules.Type{Kind: rules.Date, MinYear: 1, MaxYear: 9999}, "cn.id_birth(id)", "1949-12-31"},
		{rules.Type{Kind: rules.Date, MinYear: 1, MaxYear: 9999}, "t", "1990-05-06"},
		{rules.Type{Kind: rules.Timestamp, MinYear: 1, MaxYear: 9999}, "t", "1990-05-06 07:08:09"},
		{rules.Type{Kind: rules.Timestamp, MinYear: 1, MaxYear: 9999}, "d", "1990-05-06 00:00:00"},
	} {
		plan := deriving(t, "r", c.typ, c.text, false)
		w := mustCompile(t, plan, exprHeader).NewWorker()
		checked := mustCheck(t, w, textBatch(exprHeader, [][]string{row, make([]string, len(row))}))
		if got := printed(checked.Columns[11], 0); got != c.want {
			t.Errorf("%s as %s is %q, want %q", c.text, c.typ.String(), got, c.want)
		}
		if changed := checked.Changed[11].Get(0); changed != (c.want != "") {
			t.Errorf("%s: counted as changed: %v", c.text, changed)
		}
		if got := printed(checked.Columns[11], 1); got != "" && c.text != "'k'" {
			t.Errorf("%s of nulls is %q", c.text, got)
		}
	}
}

func TestDeriveOnlyWhereThereIsNoText(t *testing.T) {
	plan := deriving(t, "r", rules.Type{Kind: rules.Integer}, "i + 1", true)
	header := append(exprHeader[:len(exprHeader):len(exprHeader)], "r")
	rows := [][]string{}
	for _, v := range []string{"", "5", "x"} {
		row := make([]string, len(header))
		row[0], row[11] = "1", v
		rows = append(rows, row)
	}
	w := mustCompile(t, plan, header).NewWorker()
	c := mustCheck(t, w, textBatch(header, rows))
	for i, want := range []string{"2", "5", ""} { // what cannot be read is not empty: it fails by its type
		if got := printed(c.Columns[11], i); got != want {
			t.Errorf("row %d: %q, want %q", i, got, want)
		}
	}
	if n := w.Counts().Changed[11][0]; n != 1 || w.Counts().Unparsed[11] != 1 {
		t.Errorf("%d changed, %d unread", n, w.Counts().Unparsed[11])
	}
}

// Values derived by column are those derived row by row.
func TestDerivedByColumnAndByRow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	rows := make([][]string, 500)
	for i := range rows {
		rows[i] = exprRow(r)
	}
	in := textBatch(exprHeader, rows)
	for _, c := range []struct {
		typ  rules.Type
		text string
	}{
		{rules.Type{Kind: rules.Integer}, "i + j"}, {rules.Type{Kind: rules.Integer}, "i * 3 - j"}, {rules.Type{Kind: rules.Integer}, "year(d) - year(e)"},
		{rules.Type{Kind: rules.Number}, "x + x * 2.0"}, {rules.Type{Kind: rules.Number}, "i"}, {rules.Type{Kind: rules.Decimal, Precision: 30, Scale: 1}, "m"},
		{rules.Type{Kind: rules.Boolean}, "i > j || b"}, {rules.Type{Kind: rules.Boolean}, "i == null || b"}, {rules.Type{Kind: rules.String}, "u"}, {rules.Type{Kind: rules.Date}, "d"},
	} {
		prog := mustCompile(t, deriving(t, "r", c.typ, c.text, false), exprHeader)
		if prog.derived[0].root == nil {
			t.Errorf("%s has no column form", c.text)
		}
		byColumn := mustCheck(t, prog.NewWorker(), in)
		slow := mustCompile(t, deriving(t, "r", c.typ, c.text, false), exprHeader)
		slow.derived[0].root = nil
		byRow := mustCheck(t, slow.NewWorker(), in)
		filled := 0
		for i := range rows {
			a, b := printed(byColumn.Columns[11], i), printed(byRow.Columns[11], i)
			if a != b {
				t.Errorf("%s on %q: %q by column, %q by row", c.text, rows[i], a, b)
			}
			if a != "" {
				filled++
			}
		}
		if filled < 50 {
			t.Errorf("%s has %d values only", c.text, filled)
		}
	}
}

func TestRoundingAsPeopleDo(t *testing.T) {
	for _, c := range []struct {
		v     float64
		scale int
		want  string
	}{{2.675, 2, "2.68"}, {0.30000000000000004, 2, "0.30"}, {-0.005, 2, "-0.01"}, {9.999, 2, "10.00"}, {-99.5, 0, "-100"}, {1e21, 2, "1000000000000000000000"}, {3, 2, "3"}, {0.04, 1, "0.0"}} {
		if got := string(appendRounded(nil, c.v, c.scale)); got != c.want {
			t.Errorf("%v with %d decimals is %s, want %s", c.v, c.scale, got, c.want)
		}
	}
}
