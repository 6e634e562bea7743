package kernel

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"pgregory.net/rapid"

	"clearwell/rules"
)

func TestTypesReadTheirGrammarAndNothingElse(t *testing.T) {
	decimal := rules.Type{Kind: rules.Decimal, Precision: 6, Scale: 2}
	for _, c := range []struct {
		typ rules.Type
		in  string
		out string // "" does not parse
	}{
		{rules.Type{Kind: rules.Integer}, "0", "0"},
		{rules.Type{Kind: rules.Integer}, "-0", "0"},
		{rules.Type{Kind: rules.Integer}, "007", "7"},
		{rules.Type{Kind: rules.Integer}, "9223372036854775807", "9223372036854775807"},
		{rules.Type{Kind: rules.Integer}, "-9223372036854775808", "-9223372036854775808"},
		{rules.Type{Kind: rules.Integer}, "9223372036854775808", ""},
		{rules.Type{Kind: rules.Integer}, "-9223372036854775809", ""},
		{rules.Type{Kind: rules.Integer}, "18446744073709551617", ""},
		{rules.Type{Kind: rules.Integer}, "000000000000000000000000000012", "12"},
		{rules.Type{Kind: rules.Integer}, "+1", ""},
		{rules.Type{Kind: rules.Integer}, "1.0", ""},
		{rules.Type{Kind: rules.Integer}, "1e3", ""},
		{rules.Type{Kind: rules.Integer}, "1,000", ""},
		{rules.Type{Kind: rules.Integer}, " 1", ""},
		{rules.Type{Kind: rules.Integer}, "-", ""},
		{rules.Type{Kind: rules.Integer}, "１", ""},
		{rules.Type{Kind: rules.Number}, "1.5", "1.5"},
		{rules.Type{Kind: rules.Number}, "-0", "0"},
		{rules.Type{Kind: rules.Number}, "-0.000", "0"},
		{rules.Type{Kind: rules.Number}, "1e3", "1000"},
		{rules.Type{Kind: rules.Number}, "-1.25E-2", "-0.0125"},
		{rules.Type{Kind: rules.Number}, "123456789012345678", "1.2345678901234568e+17"},
		{rules.Type{Kind: rules.Number}, "1e400", ""},
		{rules.Type{Kind: rules.Number}, "-1e-400", "0"},
		{rules.Type{Kind: rules.Number}, "NaN", ""},
		{rules.Type{Kind: rules.Number}, "Inf", ""},
		{rules.Type{Kind: rules.Number}, "0x10", ""},
		{rules.Type{Kind: rules.Number}, "1_000", ""},
		{rules.Type{Kind: rules.Number}, ".5", ""},
		{rules.Type{Kind: rules.Number}, "5.", ""},
		{rules.Type{Kind: rules.Number}, "1e", ""},
		{rules.Type{Kind: rules.Number}, "1.2.3", ""},
		{decimal, "1234.56", "1234.56"},
		{decimal, "-1234.5", "-1234.50"},
		{decimal, "9999.99", "9999.99"},
		{decimal, "10000", ""},
		{decimal, "00000009999", "9999.00"},
		{decimal, "1.234", ""},
		{decimal, "1.2300", "1.23"},
		{decimal, "1.", ""},
		{decimal, ".1", ""},
		{decimal, "-", ""},
		{decimal, "--1", ""},
		{decimal, "1e3", ""},
		{decimal, "1.2.3", ""},
		{rules.Type{Kind: rules.Decimal, Precision: 38}, strings.Repeat("9", 38), strings.Repeat("9", 38)},
		{rules.Type{Kind: rules.Decimal, Precision: 38}, "-" + strings.Repeat("9", 38), "-" + strings.Repeat("9", 38)},
		{rules.Type{Kind: rules.Decimal, Precision: 38}, "1" + strings.Repeat("0", 38), ""},
		{rules.Type{Kind: rules.Decimal, Precision: 38}, strings.Repeat("9", 60), ""},
		{rules.Type{Kind: rules.Decimal, Precision: 38, Scale: 38}, "0.1", "0.1" + strings.Repeat("0", 37)},
		{rules.Type{Kind: rules.Decimal, Precision: 38, Scale: 38}, "1", ""},
		{rules.Type{Kind: rules.Boolean}, "true", "true"},
		{rules.Type{Kind: rules.Boolean}, "True", ""},
		{rules.Type{Kind: rules.Boolean, True: []string{"是"}, False: []string{"否", "无"}}, "无", "false"},
		{rules.Type{Kind: rules.Boolean, True: []string{"是"}, False: []string{"否", "无"}}, "是", "true"},
		{rules.Type{Kind: rules.Boolean, True: []string{"是"}, False: []string{"否", "无"}}, "true", ""},
		{rules.Type{Kind: rules.Date}, "2024-02-29", "2024-02-29"},
		{rules.Type{Kind: rules.Date}, "2023-02-29", ""},
		{rules.Type{Kind: rules.Timestamp}, "2024-02-29 23:59:59", "2024-02-29 23:59:59"},
		{rules.Type{Kind: rules.Timestamp}, "2024-02-29", ""},
	} {
		plan := oneField()
		plan.Fields[0].Type = c.typ
		plan.Rules = []rules.Rule{{ID: "v.type", Field: "v", OnFail: rules.Keep, Conditions: []rules.Condition{{Op: rules.Parsed}}}}
		w := mustCompile(t, plan, []string{"v"}).NewWorker()
		checked := mustCheck(t, w, textBatch([]string{"v"}, column1("", c.in)))
		if got := printed(checked.Columns[0], 1); got != c.out {
			t.Errorf("%s %q reads as %q, want %q", c.typ, c.in, got, c.out)
		}
		failed := checked.Outcomes[0].Failed.Get(1)
		if failed != (c.out == "") || checked.Outcomes[0].Checked.Get(0) || !checked.Outcomes[0].Checked.Get(1) {
			t.Errorf("%s %q: type failed %v, checked on null %v", c.typ, c.in, failed, checked.Outcomes[0].Checked.Get(0))
		}
	}
}

func TestDecimalsReadAsExactRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		precision := rapid.IntRange(1, 38).Draw(t, "precision")
		scale := rapid.IntRange(0, precision).Draw(t, "scale")
		text := rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,25})?`).Draw(t, "text")
		p := newDecimalParser(precision, scale)
		got, ok := p.read([]byte(text))
		exact, _ := new(big.Rat).SetString(text)
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
		fits := exact.IsInt() && new(big.Int).Abs(exact.Num()).Cmp(limit) < 0
		if ok != fits || ok && got.BigInt().Cmp(exact.Num()) != 0 {
			t.Fatalf("decimal(%d,%d) %q: %v %v, want %v %v", precision, scale, text, got.BigInt(), ok, exact, fits)
		}
		if ok && scale < 15 && new(big.Int).Abs(exact.Num()).BitLen() < 50 {
			want, _ := strconv.ParseFloat(text, 64)
			if f := decimalFloat(got, int32(scale)); f != want {
				t.Fatalf("decimal %q as float64 is %v, want %v", text, f, want)
			}
		}
	})
}

func TestNumbersReadAsTheNearestFloat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?`).Draw(t, "text")
		got, ok := parseNumber([]byte(text))
		want, err := strconv.ParseFloat(text, 64)
		if ok != (err == nil) || ok && (got != want || got == 0 && math.Signbit(got)) {
			t.Fatalf("%q: %v %v, want %v %v", text, got, ok, want, err)
		}
	})
}

func FuzzParsersNeverPanic(f *testing.F) {
	for _, s := range []string{"", "-", "1", "-1.5", "1e5", "9999999999999999999999999999999999999999", "2024-02-29", "\xff\xfe", "１２", "1.2.3", "true"} {
		f.Add(s)
	}
	var parsers []parser
	var columns []*column
	for _, typ := range []rules.Type{{Kind: rules.Integer}, {Kind: rules.Number}, {Kind: rules.Decimal, Precision: 38, Scale: 10}, {Kind: rules.Boolean}, jobDates, jobTimes} {
		p, err := newParser(typ)
		if err != nil {
			f.Fatal(err)
		}
		parsers = append(parsers, p)
		columns = append(columns, &column{kind: typ.Kind})
	}
	f.Fuzz(func(t *testing.T, s string) {
		for k, p := range parsers {
			c := columns[k]
			c.text = text{offsets: []int32{0, int32(len(s))}, data: []byte(s)}
			c.present, c.valid = Bits{1}, Bits{0}
			c.grow(1)
			p.parse(c)
			if v, ok := p.constant(s); c.kind == rules.Decimal && ok != c.valid.Get(0) {
				t.Errorf("%q: %v as a constant, %v as a cell", s, v, c.valid.Get(0))
			}
		}
	})
}

func TestArrowTypesOfKinds(t *testing.T) {
	for kind, want := range map[rules.Kind]arrow.Type{rules.String: arrow.STRING, rules.Integer: arrow.INT64, rules.Number: arrow.FLOAT64, rules.Boolean: arrow.BOOL, rules.Date: arrow.DATE32, rules.Timestamp: arrow.TIMESTAMP} {
		if got, err := ArrowType(rules.Type{Kind: kind}); err != nil || got.ID() != want {
			t.Errorf("%s: %v %v", kind, got, err)
		}
	}
	for _, bad := range []rules.Type{{Kind: "blob"}, {Kind: rules.Decimal}, {Kind: rules.Decimal, Precision: 39}, {Kind: rules.Decimal, Precision: 3, Scale: 4}} {
		if _, err := ArrowType(bad); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
	if decimal128.MaxPrecision != 38 {
		t.Error("decimals are documented with 38 digits")
	}
}
