package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// kind is a kind of column.
type kind struct {
	name     string
	fill     func(line []byte, r *rand.Rand) []byte
	odd      string // a cell that is not of the kind
	contract string // what the contract says of the field
	sql      string // the typed value; % stands for the trimmed text, null if it was empty
}

var categories = strings.Fields("agriculture health transport housing education culture energy water finance justice labour trade science sport tourism defence planning police archives weather")

// typed begins what the contract says of typed columns: what is no value of the type becomes null and is counted.
const typed = `{level: L1, clean: [trim], on_fail: "null", `

var kinds = []kind{
	{"text", func(b []byte, r *rand.Rand) []byte {
		for n := 8 + r.IntN(16); n > 0; n-- {
			b = append(b, "abcdefghijklmnopqrstuvwxyz    "[r.IntN(26)])
		}
		return b
	}, "-", `{level: L1}`, `%`},
	{"category", func(b []byte, r *rand.Rand) []byte { return append(b, categories[r.IntN(len(categories))]...) }, "unknown",
		`{level: L1, check: {id: "$NAME.known", set: [` + strings.Join(categories, ", ") + `], on_fail: keep}}`, `%`},
	{"integer", func(b []byte, r *rand.Rand) []byte { return strconv.AppendInt(b, int64(r.IntN(1_000_000)), 10) }, "n/a",
		typed + `type: integer}`, `TRY_CAST(% AS BIGINT)`},
	{"decimal", func(b []byte, r *rand.Rand) []byte { return fmt.Appendf(b, "%d.%02d", r.IntN(1_000_000), r.IntN(100)) }, "free",
		typed + `type: "decimal(12,2)"}`, `TRY_CAST(% AS DECIMAL(12,2))`},
	{"number", func(b []byte, r *rand.Rand) []byte { return strconv.AppendFloat(b, r.Float64()*1000, 'f', 6, 64) }, "about 5",
		typed + `type: number}`, `TRY_CAST(% AS DOUBLE)`},
	{"boolean", func(b []byte, r *rand.Rand) []byte { return strconv.AppendBool(b, r.IntN(2) == 0) }, "maybe",
		typed + `type: boolean}`, `CASE % WHEN 'true' THEN true WHEN 'false' THEN false END`},
	{"date", func(b []byte, r *rand.Rand) []byte {
		return fmt.Appendf(b, "%04d-%02d-%02d", 1950+r.IntN(75), 1+r.IntN(12), 1+r.IntN(28))
	}, "2001-02-30", typed + `type: date, formats: ["yyyy-MM-dd"]}`, `TRY_CAST(% AS DATE)`},
	{"slashed", func(b []byte, r *rand.Rand) []byte {
		return fmt.Appendf(b, "%04d/%02d/%02d", 1950+r.IntN(75), 1+r.IntN(12), 1+r.IntN(28))
	}, "2001/13/01", typed + `type: date, formats: ["yyyy/MM/dd"]}`, `CAST(try_strptime(%, '%Y/%m/%d') AS DATE)`},
	{"moment", func(b []byte, r *rand.Rand) []byte {
		return fmt.Appendf(b, "20%02d-%02d-%02d %02d:%02d:%02d", r.IntN(25), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
	}, "yesterday", typed + `type: timestamp, formats: ["yyyy-MM-dd HH:mm:ss"]}`, `TRY_CAST(% AS TIMESTAMP)`},
	{"code", func(b []byte, r *rand.Rand) []byte {
		return fmt.Appendf(b, "%c%c%06d", 'A'+r.IntN(26), 'a'+r.IntN(26), r.IntN(10_000))
	}, "??", `{level: L1, clean: [trim, upper], check: {id: "$NAME.form", pattern: "[A-Z]{2}[0-9]{6}", on_fail: "null"}}`,
		`CASE WHEN regexp_full_match(upper(%), '[A-Z]{2}[0-9]{6}') THEN upper(%) END`},
}

// The rules that send rows to the quarantine: no id, or the first integer too large.
const (
	maxInteger = 990_000
	judged     = "integer_00"
)

const workspaceText = `workspace: shapes
title: {en: Other shapes of input, zh: 其他形状的输入}
departments:
  bench: {title: {en: Bench, zh: 基准测试}, contact: bench@example.org}
`

func contractText(columns []column) string {
	var b strings.Builder
	b.WriteString("# Written by bench/shapes.\ndataset: shape\ntitle: {en: Other shape of input, zh: 其他形状的输入}\nowner: bench\n" +
		"source: {path: inbox/part-*.csv, encoding: utf-8, delimiter: \",\"}\nfields:\n")
	for _, c := range columns {
		if c.id {
			b.WriteString("  id: {level: L1, check: {id: ID, required: true}}\n")
			continue
		}
		fmt.Fprintf(&b, "  %s: %s\n", c.name, strings.ReplaceAll(c.kind.contract, "$NAME", c.name))
	}
	fmt.Fprintf(&b, "rules:\n  - {id: RANGE, field: %s, check: {range: [0, %d]}, on_fail: quarantine}\npublish: {audience: open}\n", judged, maxInteger)
	return b.String()
}

// jobText is the job in SQL. Nothing has to be kept between its two passes, so
// that DuckDB streams: that is faster than a table of typed columns, and takes less memory.
func jobText(columns []column) string {
	var names, trimmed, values []string
	for _, c := range columns {
		names = append(names, fmt.Sprintf("'%s': 'VARCHAR'", c.name))
		trimmed = append(trimmed, fmt.Sprintf(`nullif(trim(%s, E' \t\r\n　'), '') AS %s`, c.name, c.name))
		values = append(values, valueText(c)+" AS "+c.name)
	}
	source := fmt.Sprintf("read_csv('$IN', header = true, delim = ',', quote = '\"', escape = '\"', auto_detect = false, columns = {%s})", strings.Join(names, ", "))
	reasons := fmt.Sprintf("concat_ws(',', CASE WHEN t.id IS NULL THEN 'ID' END, CASE WHEN TRY_CAST(t.%s AS BIGINT) NOT BETWEEN 0 AND %d THEN 'RANGE' END)", judged, maxInteger)
	rows := fmt.Sprintf("(SELECT %s, raw AS r FROM %s raw) t", strings.Join(trimmed, ", "), source)
	return fmt.Sprintf("-- Written by bench/shapes.\nCOPY (SELECT %s FROM %s WHERE %s = '') TO '$OUT/clean.parquet' (FORMAT parquet, COMPRESSION zstd);\n\n"+
		"COPY (SELECT r.*, %s AS reasons FROM %s WHERE reasons <> '') TO '$OUT/quarantine.parquet' (FORMAT parquet, COMPRESSION zstd);\n\n"+
		"SELECT json_object('written', (SELECT count(*) FROM '$OUT/clean.parquet'), 'quarantined', (SELECT count(*) FROM '$OUT/quarantine.parquet'));\n",
		strings.Join(values, ", "), rows, reasons, reasons, rows)
}

func valueText(c column) string {
	if c.id {
		return "t.id"
	}
	// The placeholder is a lone %; those of strptime are followed by a letter.
	return strings.NewReplacer("%Y", "%Y", "%m", "%m", "%d", "%d", "%", "t."+c.name).Replace(c.kind.sql)
}

// compareText compares rows by a hash over all their cells: with hundreds of columns a join of whole rows does not fit into memory.
func compareText(columns []column) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	hashed := func(dir string) string {
		return fmt.Sprintf("(SELECT id, hash({%s}) AS h FROM read_parquet('%s/clean/*.parquet'))", fields(names), dir)
	}
	return "SELECT json_object('rows_here', (SELECT count(*) FROM read_parquet('$OUT/clean/*.parquet')), 'rows_there', (SELECT count(*) FROM read_parquet('$IN/clean/*.parquet')), " +
		"'joined', count(*), 'differing_rows', count_if(d.h <> p.h)) FROM " + hashed("$OUT") + " d JOIN " + hashed("$IN") + " p USING (id);\n\n" +
		"SELECT json_object('quarantine_here', (SELECT count(*) FROM '$OUT/quarantine/quarantine.parquet'), 'quarantine_there', (SELECT count(*) FROM '$IN/quarantine/quarantine.parquet'));\n"
}

func fields(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, fmt.Sprintf("%s: %s", n, n))
	}
	return strings.Join(out, ", ")
}
