package kernel

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"clearwell/rules"
)

// exprPlan has a field of every type, named by its kind.
func exprPlan() *rules.Plan {
	p := &rules.Plan{Dataset: "expressions", Fields: []rules.Field{
		{Name: "i", Type: rules.Type{Kind: rules.Integer}},
		{Name: "j", Type: rules.Type{Kind: rules.Integer}},
		{Name: "x", Type: rules.Type{Kind: rules.Number}},
		{Name: "m", Type: rules.Type{Kind: rules.Decimal, Precision: 20, Scale: 2}},
		{Name: "b", Type: rules.Type{Kind: rules.Boolean}},
		{Name: "d", Type: rules.Type{Kind: rules.Date}},
		{Name: "e", Type: rules.Type{Kind: rules.Date}},
		{Name: "t", Type: rules.Type{Kind: rules.Timestamp}},
		{Name: "s", Type: rules.Type{Kind: rules.String}},
		{Name: "u", Type: rules.Type{Kind: rules.String}},
		{Name: "id", Type: rules.Type{Kind: rules.String}},
	}}
	for k := range p.Fields {
		p.Fields[k].From = []string{p.Fields[k].Name}
	}
	return p
}

// exprRow is a row of exprPlan with nulls, corners and values that meet each other.
func exprRow(r *rand.Rand) []string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	return []string{
		pick("", "0", "1", "-1", "2", "7", "9223372036854775807", "-9223372036854775808", "1990"),
		pick("", "0", "1", "-1", "3", "4611686018427387904"),
		pick("", "0", "0.5", "1", "-2.25", "1e308", "7"),
		pick("", "0.00", "1.00", "-2.25", "123456789012345678.90", "0.50"),
		pick("", "true", "false"),
		pick("", "1990-01-01", "1990-12-31", "2024-02-29"),
		pick("", "1990-01-01", "1949-12-31", "2024-02-29"),
		pick("", "1990-01-01 00:00:00", "1990-12-31 23:59:59", "2024-02-29 12:00:00"),
		pick("", "a", "ab", "甲乙", "abcdefgh", "11010519491231002X"),
		pick("", "a", "b", "甲乙", "2"),
		pick("", "11010519491231002X", "110105194912310021", "x", "440524188001010014"),
	}
}

// randomExpr writes a random expression of kind bool, with parts that have a column
// form and parts that have none.
func randomExpr(r *rand.Rand, depth int) string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	compare := func(a, b string) string { return a + " " + pick("==", "!=", "<", "<=", ">", ">=") + " " + b }
	var integer, number func(depth int) string
	integer = func(depth int) string {
		if depth == 0 || r.IntN(3) == 0 {
			return pick("i", "j", "0", "1", "7", "year(d)", "size(s)", "s.size()", "-j", "month(t)", "day(e)", "weekday(t)", "days_between(d, t)",
				"t.getMonth()", "e.getDayOfMonth()", "d.getDate()", "t.getDayOfWeek()", "t.getHours()", "t.getMinutes()", "t.getSeconds()", "(b ? i : j)", "int(i)")
		}
		return "(" + integer(depth-1) + " " + pick("+", "-", "*", "/", "%") + " " + integer(depth-1) + ")"
	}
	number = func(depth int) string {
		if depth == 0 || r.IntN(3) == 0 {
			return pick("x", "m", "0.0", "0.5", "2.0", "-x", "double(i)", "(i > 1 ? x : m)")
		}
		return "(" + number(depth-1) + " " + pick("+", "-", "*", "/") + " " + number(depth-1) + ")"
	}
	moment := func() string {
		return pick("d", "e", "t", "date(t)", "cn.id_birth(id)", `timestamp("1990-12-31T00:00:00Z")`, `t + duration("36h")`, `d - duration("2500000h")`,
			`duration("-1h30m") + e`, "(b ? d : e)", "(i > 0 ? t : cn.id_birth(id))")
	}
	word := func() string {
		return pick("s", "u", `"a"`, `"甲乙"`, "cn.id_gender(id)", "s + u", `u + "b"`, "s.upperAscii()", "(s + 'B').lowerAscii()", "(u + ' ').trim()", "(b ? s : u)", "s.substring(1)", "id.substring(6, 14)", "s.substring(0, 2)", "(s + u).replace('a', '乙b')", `s.replace("b", "")`, `(b ? "a" : cn.id_gender(id))`)
	}
	if depth == 0 || r.IntN(4) == 0 {
		switch r.IntN(12) {
		case 0:
			return compare(integer(2), integer(1))
		case 1:
			return compare(number(2), number(1))
		case 2:
			return compare(moment(), moment())
		case 3:
			return compare(word(), word())
		case 4:
			return pick("b", "true", "false", "b == true", "b != (i > 0)")
		case 5:
			return pick("i", "x", "s", "d", "b", "m") + pick(" == null", " != null")
		case 6:
			return pick(`s in ["a", "甲乙", "abcdefgh"]`, "i in [1, 7]", "x in [0.5, 7.0]", "!(u in [\"a\"])")
		case 7:
			return pick(`s.startsWith("a")`, `s.endsWith("乙")`, `s.contains("b")`, `s.matches("^a.*h$")`, `u.startsWith(s)`)
		case 8:
			return pick("x < 1", "i > 0.5", "m >= 1", "x > i")
		case 9:
			return pick("(b ? i : j) > 0", "d.getFullYear() == 1990", "s + u == \"aa\"", "size(s) > size(u)", `d - e < duration("24h")`, `t - d >= duration("90m")`,
				`s.contains(u)`, `s.endsWith(u)`, `(s + u).startsWith("a")`, `"abc".contains(u)`, "(b ? b : i > 0)", `d - timestamp("0001-01-01T00:00:00Z") > duration("1h")`, `s.matches(u)`,
				`s.substring(0, 2) == "ab"`, `s.substring(1).startsWith("b")`, `id.substring(6, 10) < "1990"`, `s.replace("b", "") == "acdefgh"`)
		default:
			return compare(pick("i", "j"), pick("0", "1", "j"))
		}
	}
	a, b := randomExpr(r, depth-1), randomExpr(r, depth-1)
	switch r.IntN(5) {
	case 0:
		return "!(" + a + ")"
	case 1, 2:
		return "(" + a + " && " + b + ")"
	default:
		return "(" + a + " || " + b + ")"
	}
}

func TestExpressionsGiveTheSameByColumnAndByRow(t *testing.T) {
	plan := exprPlan()
	var header []string
	for _, f := range plan.Fields {
		header = append(header, f.Name)
	}
	prog := mustCompile(t, plan, header)
	r := rand.New(rand.NewPCG(7, 11))
	w := prog.NewWorker()
	rows := make([][]string, 700)
	for i := range rows {
		rows[i] = exprRow(r)
	}
	mustCheck(t, w, textBatch(header, rows))
	byColumn, unknown, yes := 0, 0, 0
	for range 1500 {
		text := randomExpr(r, 3)
		x, err := exprEnv(t, plan).Check(text, "boolean")
		if err != nil {
			if strings.Contains(err.Error(), "does not take") {
				continue // operands of kinds that do not go together
			}
			t.Fatalf("%s: %v", text, err)
		}
		byRow, err := newRowPredicate(prog, x)
		if err != nil {
			t.Fatal(err)
		}
		vector, ok := compileVector(prog, x, byRow)
		if !ok {
			continue
		}
		byColumn++
		scope := NewBits(len(rows))
		for i := range rows {
			if r.IntN(5) > 0 {
				scope.Set(i)
			}
		}
		results := [2]string{}
		for k, p := range []predicate{byRow, vector} {
			known, truth := NewBits(len(rows)), NewBits(len(rows))
			mistakes := p.eval(&w.state, scope, known, truth)
			known.And(scope)
			truth.And(known)
			var b strings.Builder
			for i := range rows {
				fmt.Fprint(&b, bit(known.Get(i))+bit(truth.Get(i)))
			}
			results[k] = fmt.Sprint(b.String(), " mistakes ", mistakes)
			unknown += scope.Count() - known.Count()
			yes += truth.Count()
		}
		if results[0] != results[1] {
			for i := range rows {
				if results[0][i] != results[1][i] {
					t.Fatalf("%s on %q (null fields %v): by row %c, by column %c (0 unknown, 1 false, 2 true)", text, rows[i], x.TestsNull, results[0][i], results[1][i])
				}
			}
			t.Fatalf("%s: by row%s, by column%s", text, results[0][len(rows):], results[1][len(rows):])
		}
	}
	if byColumn < 300 || unknown == 0 || yes == 0 {
		t.Errorf("%d expressions by column, %d unknown, %d true: the expressions try too little", byColumn, unknown, yes)
	}
}

// TestCommonFormsHaveColumnKernels names the forms that contracts are full of.
func TestCommonFormsHaveColumnKernels(t *testing.T) {
	plan := exprPlan()
	header := make([]string, len(plan.Fields))
	for i, f := range plan.Fields {
		header[i] = f.Name
	}
	prog := mustCompile(t, plan, header)
	for _, text := range []string{
		"d == cn.id_birth(id)", "u == cn.id_gender(id)", "d <= date(t)", "d < t", "year(d) >= 1990",
		"s == null || size(s) > 1", "i + j * 2 > 10", "x / 2.0 <= m", `s in ["a", "b"] && !b`, "i in [1, 2]",
		`s.startsWith("a") || s.endsWith("b") || s.contains("c") || s.matches("^x")`, "e >= d && e <= date(t)",
		`d >= timestamp("1990-01-01T00:00:00Z")`, "x != 0.0", "-i < 3", "m > 1",
		`e - d <= duration("720h")`, `d + duration("24h") < t`, "days_between(d, e) <= 30", "month(d) == 2 && day(d) > 28", "weekday(t) < 6", "t.getHours() >= 8",
		`s.upperAscii() == u`, "s.startsWith(u)", "s + u == id", "(b ? i : j) > 0", "double(i) <= x", `s.trim() != ""`,
		`id.substring(6, 10) == "1990"`, `s.replace("a", "b").startsWith("b")`, "s.substring(1).size() > 1",
	} {
		x := mustExpr(t, plan, text)
		rows, err := newRowPredicate(prog, x)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := compileVector(prog, x, rows); !ok {
			t.Errorf("%s is evaluated row by row", text)
		}
	}
}
