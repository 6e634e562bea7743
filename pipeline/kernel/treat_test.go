package kernel

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"pgregory.net/rapid"

	"clearwell/rules"
)

// treatOne treats values of one field of a type.
func treatOne(t *testing.T, typ rules.Type, how rules.Treatment, sel []int32, values ...string) arrow.RecordBatch {
	t.Helper()
	plan := oneField()
	plan.Fields[0].Type, plan.Fields[0].Treatment = typ, how
	c := mustCheck(t, mustCompile(t, plan, []string{"v"}).NewWorker(), textBatch([]string{"v"}, column1(values...)))
	treater, err := NewTreater(plan, benchKeys)
	if err != nil {
		t.Fatal(err)
	}
	out, err := treater.Treat(c.Columns, sel)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTreatments(t *testing.T) {
	text := rules.Type{Kind: rules.String}
	integer := rules.Type{Kind: rules.Integer}
	date := rules.Type{Kind: rules.Date, MinYear: 1, MaxYear: 9999}
	hidden := "***"
	for _, c := range []struct {
		name string
		typ  rules.Type
		how  rules.Treatment
		in   string
		want string
	}{
		{"none", text, rules.Treatment{Method: rules.Plain}, "a||甲", "a||甲"},
		{"mask", text, rules.Treatment{Method: rules.Mask, KeepFirst: 3, KeepLast: 4}, "13812345678||1234567|123456|12345678", "138****5678||*******|******|123*5678"},
		{"mask counts characters", text, rules.Treatment{Method: rules.Mask, KeepFirst: 1, KeepLast: 1, Fill: "＊"}, "欧阳娜娜|李四|王|é中é", "欧＊＊娜|＊＊|＊|é＊é"},
		{"mask once", text, rules.Treatment{Method: rules.Mask, KeepFirst: 1, FillOnce: true}, "欧阳娜娜|王|王伟", "欧*|王*|王*"},
		{"mask once at both ends never shows all", text, rules.Treatment{Method: rules.Mask, KeepFirst: 1, KeepLast: 1, FillOnce: true, Fill: "…"}, "abc|ab|a", "a…c|…|…"},
		{"mask all", text, rules.Treatment{Method: rules.Mask}, "abc|甲", "***|*"},
		{"mask a number", integer, rules.Treatment{Method: rules.Mask, KeepLast: 2}, "1234|-7", "**34|**"},
		{"replace", text, rules.Treatment{Method: rules.ReplaceIt, Value: "(hidden)"}, "a||b", "(hidden)||(hidden)"},
		{"band of years", date, rules.Treatment{Method: rules.Band, Width: 5}, "1990-01-01|1994-12-31|1995-01-01|2101-01-01|0999-05-05|", "1990-1994|1990-1994|1995-1999|2100-2104|995-999|"},
		{"band of one year", date, rules.Treatment{Method: rules.Band, Width: 1}, "1990-01-01|2300-01-01", "1990|2300"},
		{"band of a time", rules.Type{Kind: rules.Timestamp, MinYear: 1900}, rules.Treatment{Method: rules.Band, Width: 10}, "1969-12-31 23:59:59|1970-01-01 00:00:00", "1960-1969|1970-1979"},
		{"band of integers", integer, rules.Treatment{Method: rules.Band, Width: 10}, "0|9|10|25|-1|-10|9223372036854775807|-9223372036854775808", "0-9|0-9|10-19|20-29|[-10,0)|[-10,0)|[9223372036854775800,9223372036854775810)|[-9223372036854775810,-9223372036854775800)"},
		{"band of integers of one", integer, rules.Treatment{Method: rules.Band, Width: 1}, "7|-7", "7|-7"},
		{"band of numbers", rules.Type{Kind: rules.Number}, rules.Treatment{Method: rules.Band, Width: 10}, "0|9.99|-0.5|20|1e300|-110105199003071234|1e15", "[0,10)|[0,10)|[-10,0)|[20,30)|||[1000000000000000,1000000000000010)"},
		{"band of decimals", rules.Type{Kind: rules.Decimal, Precision: 20, Scale: 2}, rules.Treatment{Method: rules.Band, Width: 1000}, "0.00|999.99|1000|-0.01", "[0,1000)|[0,1000)|[1000,2000)|[-1000,0)"},
		{"month", date, rules.Treatment{Method: rules.Truncate, To: "month"}, "2024-05-31||0099-12-01", "2024-05||0099-12"},
		{"year", date, rules.Treatment{Method: rules.Truncate, To: "year"}, "2024-05-31", "2024"},
		{"city", text, rules.Treatment{Method: rules.Truncate, To: "city", Else: &hidden}, "四川省成都市锦江区|北京市东城区|人民路||内蒙古自治区锡林郭勒盟x", "四川省成都市|北京市|***||内蒙古自治区锡林郭勒盟"},
		{"city or null", text, rules.Treatment{Method: rules.Truncate, To: "city"}, "人民路", ""},
		{"province", text, rules.Treatment{Method: rules.Truncate, To: "province"}, "四川省成都市|广西壮族自治区南宁市", "四川省|广西壮族自治区"},
		{"domain", text, rules.Treatment{Method: rules.Truncate, To: "domain", Else: &hidden}, "a@b.cn|a@b@c.cn|x|x@", "b.cn|c.cn|***|***"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := treatOne(t, c.typ, c.how, nil, strings.Split(c.in, "|")...)
			want := strings.Split(c.want, "|")
			for i, v := range strings.Split(c.in, "|") {
				got := printed(out.Column(0), i)
				if got != want[i] || out.Column(0).IsNull(i) != (want[i] == "") {
					t.Errorf("%q became %q, want %q", v, got, want[i])
				}
			}
		})
	}
}

func TestPseudonymsAreHMACOfTheCanonicalText(t *testing.T) {
	for _, c := range []struct {
		typ       rules.Type
		in, canon string
	}{
		{rules.Type{Kind: rules.String}, "甲乙", "甲乙"},
		{rules.Type{Kind: rules.Integer}, "007", "7"},
		{rules.Type{Kind: rules.Number}, "1.50", "1.5"},
		{rules.Type{Kind: rules.Decimal, Precision: 5, Scale: 2}, "1.5", "1.50"},
		{rules.Type{Kind: rules.Date, Formats: []string{"yyyy/M/d"}}, "2024/1/2", "2024-01-02"},
		{rules.Type{Kind: rules.Timestamp}, "2024-01-02 03:04:05", "2024-01-02 03:04:05"},
		{rules.Type{Kind: rules.Boolean}, "true", "true"},
	} {
		out := treatOne(t, c.typ, rules.Treatment{Method: rules.Pseudonym, Key: "k"}, nil, c.in, c.in)
		for i := range 2 {
			if got, want := printed(out.Column(0), i), hmacHex(benchKey, c.canon); got != want {
				t.Errorf("%s %q: %s, want %s", c.typ, c.in, got, want)
			}
		}
	}
}

// TestHMACVectors are cases 1, 2, 6 and 7 of RFC 4231.
func TestHMACVectors(t *testing.T) {
	for _, v := range []struct{ key, data, mac string }{
		{strings.Repeat("\x0b", 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{strings.Repeat("\xaa", 131), "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{strings.Repeat("\xaa", 131), "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.", "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
	} {
		p, err := newPseudonym([]byte(v.key))
		if err != nil {
			t.Fatal(err)
		}
		from := &textSource{strings: true, text: text{offsets: []int32{0, int32(len(v.data))}, data: []byte(v.data)}}
		for range 2 {
			if got, _ := p.appendTreated(nil, from, 0); string(got) != v.mac {
				t.Errorf("%q: %s, want %s", v.data, got, v.mac)
			}
		}
	}
}

func TestMasksNeverShowAValueWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		how := rules.Treatment{Method: rules.Mask, KeepFirst: rapid.IntRange(0, 4).Draw(t, "first"), KeepLast: rapid.IntRange(0, 4).Draw(t, "last"),
			Fill: rapid.SampledFrom([]string{"", "*", "＊＊"}).Draw(t, "fill"), FillOnce: rapid.Bool().Draw(t, "once")}
		v := rapid.SampledFrom([]string{rapid.StringN(1, 12, -1).Draw(t, "text"), string(rapid.SliceOfN(rapid.Byte(), 1, 12).Draw(t, "bytes"))}).Draw(t, "value")
		m, err := newMask(&how)
		if err != nil {
			t.Fatal(err)
		}
		from := &textSource{strings: true, text: text{offsets: []int32{0, int32(len(v))}, data: []byte(v)}}
		out, ok := m.appendTreated(nil, from, 0)
		got, fill := string(out), string(m.fill)
		if !ok {
			t.Fatal("a mask gives no null")
		}
		shown := len(strings.ReplaceAll(got, fill, ""))
		if shown >= len(strings.ReplaceAll(v, fill, "")) && shown > 0 && !(how.FillOnce && how.KeepLast == 0) {
			t.Fatalf("%+v shows %q whole: %q", how, v, got)
		}
	})
}

func TestSelectionsAreGathered(t *testing.T) {
	plan := exprPlan()
	var header []string
	for k := range plan.Fields {
		plan.Fields[k].PublishAs = "out_" + plan.Fields[k].Name
		header = append(header, plan.Fields[k].Name)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.IntRange(0, 40).Draw(t, "rows")
		rows := make([][]string, r)
		pools := [][]string{{"", "1", "-5"}, {"", "7"}, {"", "0.5"}, {"", "1.25"}, {"", "true", "false"}, {"", "1990-01-01"}, {"", "1990-01-01"}, {"", "1990-01-01 00:00:00"}, {"", "a", "甲乙"}, {"", "b"}, {"", "x"}}
		for i := range rows {
			for _, p := range pools {
				rows[i] = append(rows[i], rapid.SampledFrom(p).Draw(t, "cell"))
			}
		}
		prog, err := Compile(plan, header)
		if err != nil {
			t.Fatal(err)
		}
		c, err := prog.NewWorker().Check(textBatch(header, rows))
		if err != nil {
			t.Fatal(err)
		}
		var sel []int32
		if r > 0 {
			sel = rapid.SliceOfN(rapid.Int32Range(0, int32(r-1)), 0, 60).Draw(t, "sel")
		}
		if sel == nil {
			sel = []int32{}
		}
		treater, err := NewTreater(plan, benchKeys)
		if err != nil {
			t.Fatal(err)
		}
		out, err := treater.Treat(c.Columns, sel)
		if err != nil {
			t.Fatal(err)
		}
		if int(out.NumRows()) != len(sel) || !out.Schema().Equal(treater.Schema()) {
			t.Fatalf("%d rows of %d", out.NumRows(), len(sel))
		}
		for col := range c.Columns {
			for k, row := range sel {
				if a, b := printed(out.Column(col), k), printed(c.Columns[col], int(row)); a != b {
					t.Fatalf("column %s row %d: %q, want %q", header[col], row, a, b)
				}
			}
		}
	})
}

func TestBytesOfNulledValuesAreNotPublished(t *testing.T) {
	plan := oneField()
	plan.Rules = []rules.Rule{{ID: "short", Field: "v", OnFail: rules.SetNull, Conditions: []rules.Condition{{Op: rules.Length, Max: "3"}}}}
	c := mustCheck(t, mustCompile(t, plan, []string{"v"}).NewWorker(), textBatch([]string{"v"}, column1("abc", "secret", "d")))
	treater, err := NewTreater(plan, benchKeys)
	if err != nil {
		t.Fatal(err)
	}
	out, err := treater.Treat(c.Columns, nil)
	if err != nil {
		t.Fatal(err)
	}
	if data := string(out.Column(0).Data().Buffers()[2].Bytes()); data != "abcd" {
		t.Errorf("the published column holds %q", data)
	}
}

func TestThePublishedSchemaSaysLevelTitlesAndTreatment(t *testing.T) {
	plan := jobPlan(t)
	plan.Fields[0].Treatment.Method = rules.Drop
	plan.Fields[1].PublishAs = ""
	treater, err := NewTreater(plan, benchKeys)
	if err != nil {
		t.Fatal(err)
	}
	s := treater.Schema()
	if s.NumFields() != len(plan.Fields)-2 || s.Field(0).Name != "id_token" {
		t.Fatalf("schema %v", s)
	}
	f := s.Field(3)
	if got := fmt.Sprintln(f.Name, f.Type, f.Nullable, f.Metadata.Keys(), f.Metadata.Values()); got != "birth_band utf8 true [level title.en title.zh treatment] [L3 Born 出生 band]\n" {
		t.Errorf("field %s", got)
	}
	if f := s.Field(8); f.Type.String() != "decimal(18, 2)" {
		t.Errorf("amount is %v", f.Type)
	}
}

func TestTreatmentsThatDoNotFitAreRefused(t *testing.T) {
	noKey := func(string) ([]byte, error) { return nil, errors.New("no such key") }
	for name, c := range map[string]struct {
		typ rules.Type
		how rules.Treatment
		key func(string) ([]byte, error)
	}{
		"unknown method":    {rules.Type{Kind: rules.String}, rules.Treatment{Method: "paint"}, benchKeys},
		"band of text":      {rules.Type{Kind: rules.String}, rules.Treatment{Method: rules.Band, Width: 5}, benchKeys},
		"band of no width":  {rules.Type{Kind: rules.Integer}, rules.Treatment{Method: rules.Band}, benchKeys},
		"month of text":     {rules.Type{Kind: rules.String}, rules.Treatment{Method: rules.Truncate, To: "month"}, benchKeys},
		"city of a date":    {rules.Type{Kind: rules.Date}, rules.Treatment{Method: rules.Truncate, To: "city"}, benchKeys},
		"unknown part":      {rules.Type{Kind: rules.String}, rules.Treatment{Method: rules.Truncate, To: "street"}, benchKeys},
		"negative mask":     {rules.Type{Kind: rules.String}, rules.Treatment{Method: rules.Mask, KeepFirst: -1}, benchKeys},
		"key is not there":  {rules.Type{Kind: rules.String}, rules.Treatment{Method: rules.Pseudonym, Key: "k"}, noKey},
		"key is empty":      {rules.Type{Kind: rules.String}, rules.Treatment{Method: rules.Pseudonym, Key: "k"}, func(string) ([]byte, error) { return nil, nil }},
		"type of no column": {rules.Type{Kind: "blob"}, rules.Treatment{}, benchKeys},
	} {
		plan := oneField()
		plan.Fields[0].Type, plan.Fields[0].Treatment = c.typ, c.how
		if _, err := NewTreater(plan, c.key); err == nil || !strings.Contains(err.Error(), "field v") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	treater, err := NewTreater(oneField(), benchKeys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := treater.Treat([]arrow.Array{array.NewNull(2)}, nil); err == nil {
		t.Error("a column of another type was accepted")
	}
	if _, err := treater.Treat(nil, []int32{}); err == nil {
		t.Error("missing columns were accepted")
	}
}
