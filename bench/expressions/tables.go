package main

import (
	"clearwell/rules"
	"clearwell/rules/expr"
)

// allRowsRules are the conditions of rules/plan_settled.go, and uniqueness.
func allRowsRules() []Case {
	all := func(variant, sql string, c rules.Condition, fields ...string) Case {
		return Case{Kind: AllRows, Op: string(c.Op), Variant: variant, Fields: fields, Rule: rules.Rule{Conditions: []rules.Condition{c}}, SQL: sql}
	}
	return []Case{
		all("text", "SELECT count(*) FROM t WHERE key IN (SELECT key FROM t WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1)", rules.Condition{Op: rules.Unique, Fields: []string{"key"}}, "key"),
		all("two fields", "SELECT count(*) FROM t WHERE (key, grade) IN (SELECT (key, grade) FROM t WHERE key IS NOT NULL AND grade IS NOT NULL GROUP BY key, grade HAVING count(*) > 1)",
			rules.Condition{Op: rules.Unique, Fields: []string{"key", "grade"}}, "key", "grade"),
		all("", `WITH g AS (SELECT county, city, count(*) n FROM t WHERE county IS NOT NULL AND city IS NOT NULL GROUP BY ALL),
			top AS (SELECT county, max(n) n FROM g GROUP BY county),
			best AS (SELECT county, min(city) city, count(*) c FROM g JOIN top USING (county, n) GROUP BY county)
			SELECT count(*) FROM t JOIN best USING (county) WHERE best.c > 1 OR t.city <> best.city`,
			rules.Condition{Op: rules.Depends, Fields: []string{"county"}, Other: "city"}, "county", "city"),
		all("", "SELECT count(*) FROM (SELECT serial, lag(serial) OVER () before FROM t WHERE serial IS NOT NULL) WHERE serial < before", rules.Condition{Op: rules.Increasing, Field: "serial"}, "serial"),
		all("by another field", "SELECT count(*) FROM (SELECT serial, lag(serial) OVER (PARTITION BY county ORDER BY rowid) before FROM t WHERE serial IS NOT NULL AND county IS NOT NULL) WHERE serial < before",
			rules.Condition{Op: rules.Increasing, Field: "serial", By: []string{"county"}}, "serial", "county"),
		all("strictly", "SELECT count(*) FROM (SELECT serial, lag(serial) OVER () before FROM t WHERE serial IS NOT NULL) WHERE serial >= before", rules.Condition{Op: rules.Decreasing, Field: "serial", Strictly: true}, "serial"),
		all("z", "SELECT count(*) FROM t, (SELECT avg(x) mean, stddev_pop(x) deviation FROM t) WHERE abs(x - mean) > 1.5 * deviation",
			rules.Condition{Op: rules.Outlier, Field: "x", Outlier: &rules.Distance{By: "z", Factor: "1.5"}}, "x"),
		all("iqr", "SELECT count(*) FROM t, (SELECT quantile_cont(x, [0.25, 0.75]) q FROM t) WHERE x < q[1] - 0.1 * (q[2] - q[1]) OR x > q[2] + 0.1 * (q[2] - q[1])",
			rules.Condition{Op: rules.Outlier, Field: "x", Outlier: &rules.Distance{By: "iqr", Factor: "0.1"}}, "x"),
		all("", "SELECT count(*) FROM t WHERE county NOT IN (SELECT county FROM places)",
			rules.Condition{Op: rules.ExistsIn, Fields: []string{"county"}, Reference: &rules.Referred{Dataset: "places", Fields: []string{"county"}, Columns: []string{"county"}}}, "county"),
	}
}

// measures are those of rules/plan_measure.go that look at cells.
func measures() []Case {
	of := func(kind rules.MeasureKind, field, sql string) Case {
		return Case{Kind: Measured, Op: string(kind), Fields: []string{field}, Measure: rules.Measure{Kind: kind, Fields: []string{field}}, SQL: "SELECT " + sql + " FROM t"}
	}
	values := func(c Case, list ...string) Case { c.Measure.Values = list; return c }
	drift := func(test rules.DriftTest, field, sql string) Case {
		return Case{Kind: Measured, Op: string(rules.Drift), Variant: string(test), Fields: []string{field}, SQL: sql,
			Measure: rules.Measure{Kind: rules.Drift, Fields: []string{field}, Test: test, Against: &rules.Reference{File: "earlier.csv", Columns: []string{field}}}}
	}
	counts := func(field string) string {
		return "WITH u AS (SELECT " + field + " v, 1 a, 0 b FROM t WHERE " + field + " IS NOT NULL UNION ALL SELECT " + field + ", 0, 1 FROM earlier WHERE " + field + " IS NOT NULL), g AS (SELECT v, sum(a) a, sum(b) b FROM u GROUP BY v), s AS (SELECT sum(a) na, sum(b) nb FROM g) "
	}
	ks := counts("i") + "SELECT max(abs(ca / na - cb / nb)) FROM (SELECT sum(a) OVER (ORDER BY v) ca, sum(b) OVER (ORDER BY v) cb FROM g), s"
	chi := counts("code") + "SELECT sum((a - (a + b) * na / (na + nb)) ** 2 / ((a + b) * na / (na + nb)) + (b - (a + b) * nb / (na + nb)) ** 2 / ((a + b) * nb / (na + nb))) FROM g, s"
	psi := counts("code") + "SELECT sum((a / na - b / nb) * ln((a / na) / (b / nb))) FROM g, s"
	quantile := of(rules.Quantile, "x", "quantile_cont(x, 0.9)")
	quantile.Measure.At = "0.9"
	median := of(rules.Median, "x", "median(x)")
	median.Measure.At = "0.5"
	pattern := of(rules.PatternShare, "phone", "avg(CAST(regexp_full_match(phone, '1[3-9][0-9]{9}') AS INTEGER))")
	pattern.Measure.Pattern = "1[3-9][0-9]{9}"
	length := of(rules.LengthOf, "region", "avg(length(region))")
	length.Measure.Part = "mean"
	length.Variant = "mean"
	within := values(of(rules.ValueSet, "code", ""), "110101", "310101", "330106", "513423")
	within.SQL, within.Measure.Relation = "SELECT count(*) FROM (SELECT DISTINCT code FROM t WHERE code IS NOT NULL) WHERE code NOT IN ('110101', '310101', '330106', '513423')", "within"
	fresh := of(rules.Freshness, "w", "max(w)")
	fresh.Measure.Within = 3600
	correlation := of(rules.Correlation, "x", "corr(x, y)").reads("y")
	correlation.Measure.Fields = []string{"x", "y"}
	aggregate, err := expr.NewAggregate("sum(m) / count()", []expr.Var{{Name: "m", Kind: expr.Number}})
	if err != nil {
		panic(err) // a constant of this program
	}
	custom := of(rules.AggregateOf, "m", "sum(m) / count(*)")
	custom.Measure.Fields, custom.Measure.Aggregate = nil, aggregate
	rowCount := of(rules.RowCount, "region", "count(*)")
	rowCount.Measure.Fields = nil
	reconcile := of(rules.Reconcile, "i", "sum(i)")
	reconcile.Measure.Against = &rules.Reference{File: "earlier.csv", Columns: []string{"i"}}
	reconcile.SQL = "SELECT sum(i) - (SELECT sum(i) FROM earlier) FROM t"
	pairs := of(rules.SamePairs, "region", "").reads("code")
	pairs.Measure.Fields = []string{"region", "code"}
	pairs.Measure.Against = &rules.Reference{File: "earlier.csv", Columns: []string{"region", "code"}}
	pairs.SQL = "SELECT count(*) FROM (SELECT DISTINCT region, code FROM t WHERE region IS NOT NULL AND code IS NOT NULL EXCEPT SELECT region, code FROM earlier)"
	return []Case{
		of(rules.NullShare, "region", "count(*) FILTER (WHERE region IS NULL) / count(*)"),
		of(rules.Distinct, "key", "count(DISTINCT key)").variant("nearly all different"),
		of(rules.Distinct, "code", "count(DISTINCT code)").variant("few values"),
		of(rules.DistinctShare, "i", "count(DISTINCT i) / count(i)"),
		of(rules.MinOf, "i", "min(i)").variant("integer"),
		of(rules.MaxOf, "d", "max(d)").variant("date"),
		of(rules.Mean, "m", "avg(m)").variant("decimal"),
		of(rules.Mean, "x", "avg(x)").variant("number"),
		median,
		quantile,
		of(rules.StdDev, "i", "stddev_samp(i)").variant("integer"),
		of(rules.StdDev, "x", "stddev_samp(x)").variant("number"),
		of(rules.Sum, "m", "sum(m)").variant("decimal"),
		values(of(rules.MostCommon, "region", "mode(region)"), "北京市"),
		within.differs("here the verdict, in SQL the count of other values"),
		pattern.variant("nearly all different"),
		length,
		of(rules.Entropy, "county", "entropy(county)"),
		drift(rules.KS, "i", ks),
		drift(rules.KSP, "i", ks).differs("DuckDB has no p-value: the statistic alone"),
		drift(rules.ChiSquare, "code", chi),
		drift(rules.ChiSquareP, "code", chi).differs("DuckDB has no p-value: the statistic alone"),
		drift(rules.PSI, "code", psi),
		rowCount,
		fresh.differs("here the age, in SQL the greatest time"),
		correlation,
		custom,
		reconcile.differs("here both sums, in SQL their difference"),
		pairs.differs("here the verdict, in SQL the number of pairs"),
	}
}

// noCells are the measures that look at no cell: there is nothing to measure for each.
var noCells = map[rules.MeasureKind]string{
	rules.Columns:  "compares names of columns",
	rules.FileHash: "compares a hash that archiving takes anyway",
	rules.FileSize: "compares one number a file",
	rules.FileAge:  "compares one time a file",
	rules.FileRows: "compares one count a file",
}
