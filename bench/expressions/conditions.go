package main

import "clearwell/rules"

// typeConditions read text as every type and find what is not of it.
func typeConditions() []Case {
	as := func(field string, t rules.Type, sql string) Case {
		return Case{Kind: RowCondition, Op: string(rules.Parsed), Variant: string(t.Kind), Fields: []string{field}, As: t, SQL: sql,
			Rule: rules.Rule{Conditions: []rules.Condition{{Op: rules.Parsed, Field: field}}}}
	}
	return []Case{
		as("integer_text", integer, "integer_text IS NULL OR TRY_CAST(integer_text AS BIGINT) IS NOT NULL"),
		as("number_text", number, "number_text IS NULL OR TRY_CAST(number_text AS DOUBLE) IS NOT NULL"),
		as("decimal_text", money, "decimal_text IS NULL OR TRY_CAST(decimal_text AS DECIMAL(18,2)) IS NOT NULL"),
		as("boolean_text", rules.Type{Kind: rules.Boolean, True: []string{"是", "true"}, False: []string{"否", "false"}}, "CASE WHEN boolean_text IN ('是', 'true') THEN true WHEN boolean_text IN ('否', 'false') THEN true ELSE boolean_text IS NULL END"),
		as("date_text", rules.Type{Kind: rules.Date, Formats: []string{"yyyy-M-d", "yyyy/M/d", "yyyyMMdd"}, MinYear: 1900, MaxYear: 2100},
			"date_text IS NULL OR try_strptime(date_text, ['%Y-%m-%d', '%Y/%m/%d', '%Y%m%d']) IS NOT NULL"),
		as("moment_text", moment, "moment_text IS NULL OR try_strptime(moment_text, '%Y-%m-%d %H:%M:%S') IS NOT NULL"),
	}
}

// condition is a case of one condition; fields are what it reads beside its own Field.
func condition(sql string, c rules.Condition, fields ...string) Case {
	if c.Field != "" {
		fields = append([]string{c.Field}, fields...)
	}
	return Case{Kind: RowCondition, Op: string(c.Op), Fields: fields, Rule: rules.Rule{Conditions: []rules.Condition{c}}, SQL: sql}
}

func (c Case) nulls(p rules.NullPolicy) Case { c.Rule.Nulls = p; return c }
func (c Case) when(cel string) Case          { c.When = cel; return c }
func (c Case) only(only ...rules.Condition) Case {
	c.Rule.If = only
	return c
}

// rowConditions are the conditions of rules/plan.go that a row decides, expressions apart.
func rowConditions() []Case {
	set := func(field string, values ...string) rules.Condition {
		return rules.Condition{Op: rules.Set, Field: field, Values: values}
	}
	word := func(s string) *string { return &s }
	compare := func(a, op, b, tolerance string) rules.Condition {
		return rules.Condition{Op: rules.Compare, Field: a, Operator: op, Other: b, Tolerance: tolerance}
	}
	idForm := `regexp_full_match(id, '[1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]') AND substr(id, 18, 1) = id_check(id)`
	return []Case{
		condition("region IS NOT NULL", rules.Condition{Op: rules.Required, Field: "region"}),
		condition("length(region) BETWEEN 4 AND 9", rules.Condition{Op: rules.Length, Field: "region", Min: "4", Max: "9"}),
		condition("i BETWEEN 0 AND 500000", rules.Condition{Op: rules.Range, Field: "i", Min: "0", Max: "500000"}).variant("integer"),
		condition("m BETWEEN 0 AND 500000", rules.Condition{Op: rules.Range, Field: "m", Min: "0", Max: "500000"}).variant("decimal"),
		condition("d BETWEEN DATE '1990-06-01' AND DATE '2005-12-31'", rules.Condition{Op: rules.Range, Field: "d", Min: "1990-06-01", Max: "2005-12-31"}).variant("date"),
		condition("code IN ('110101', '330106', '513423', '310101')", set("code", "110101", "310101", "330106", "513423")),
		condition("code NOT IN ('000000', '无')", rules.Condition{Op: rules.NotSet, Field: "code", Values: []string{"000000", "无"}}),
		condition("regexp_full_match(phone, '1[3-9][0-9]{9}')", rules.Condition{Op: rules.Pattern, Field: "phone", Pattern: "1[3-9][0-9]{9}"}),
		condition("NOT regexp_full_match(email, '.*@b\\.com')", rules.Condition{Op: rules.NotPattern, Field: "email", Pattern: `.*@b\.com`}),
		condition(idForm, rules.Condition{Op: rules.Standard, Field: "id", Standard: "cn.id_card"}).variant("cn.id_card").differs("the SQL does not know the codes of places nor the days of months"),
		condition("regexp_full_match(phone, '1[3-9][0-9]{9}')", rules.Condition{Op: rules.Standard, Field: "phone", Standard: "cn.mobile"}).variant("cn.mobile").differs("the SQL does not know the numbers that are given out"),
		condition("region LIKE '浙江%'", rules.Condition{Op: rules.Like, Field: "region", Values: []string{"浙江%"}}).variant("beginning"),
		condition("region LIKE '%自治州' OR region LIKE '浙江_杭%'", rules.Condition{Op: rules.Like, Field: "region", Values: []string{"%自治州", "浙江_杭%"}}).variant("two patterns"),
		condition("NOT (region LIKE '%凉山%')", rules.Condition{Op: rules.NotLike, Field: "region", Values: []string{"%凉山%"}}),
		condition("code IN ('110101') OR code IN ('330106', '513423')", rules.Condition{Op: rules.AnyOf, Blocks: [][]rules.Condition{{set("code", "110101")}, {set("code", "330106", "513423")}}}, "code"),
		condition("code IN ('110101', '330106') AND length(code) = 6", rules.Condition{Op: rules.AllOf, Blocks: [][]rules.Condition{{set("code", "110101", "330106")}, {{Op: rules.Length, Field: "code", Min: "6", Max: "6"}}}}, "code"),
		condition("NOT (code IN ('110101'))", rules.Condition{Op: rules.Not, Blocks: [][]rules.Condition{{set("code", "110101")}}}, "code"),
		condition("regexp_full_match(email, '[^@\\s]+@[^@\\s]+\\.[^@\\s]+') AND length(email) <= 64", rules.Condition{Op: rules.Validate, Field: "email", Tags: "email,max=64"}).variant("email").differs("the SQL is a shorter pattern than the tag's"),
		condition("regexp_full_match(code, '[-+]?[0-9]+(\\.[0-9]+)?') AND length(code) = 6", rules.Condition{Op: rules.Validate, Field: "code", Tags: "numeric,len=6"}).variant("few values"),
		condition("json_valid(json_text)", rules.Condition{Op: rules.JSON, Field: "json_text"}),
		condition("d <= e", compare("d", "<=", "e", ""), "e").variant("dates"),
		condition("d <= CAST(w AS DATE) + INTERVAL 3 DAY", compare("d", "<=", "w", "3d"), "w").variant("date and time, tolerance").differs("the SQL rounds the time to its day"),
		condition("i < j", compare("i", "<", "j", ""), "j").variant("integers"),
		condition("m < n", compare("m", "<", "n", ""), "n").variant("decimals"),
		condition("abs(m - n) <= 2", compare("m", "==", "n", "2"), "n").variant("decimals, tolerance"),
		condition("id != id_twin", compare("id", "!=", "id_twin", ""), "id_twin").variant("text"),
		condition("i >= 90000", rules.Condition{Op: rules.Compare, Field: "i", Operator: ">=", Value: "90000"}).variant("with a value"),
		condition("abs(m + n - total) <= 0.01", rules.Condition{Op: rules.SumOf, Fields: []string{"m", "n"}, Other: "total", Tolerance: "0.01"}, "m", "n", "total"),
		condition("CASE WHEN m IS NULL AND n IS NULL AND total IS NULL THEN NULL ELSE coalesce(coalesce(m, 0) + coalesce(n, 0) = total, false) END",
			rules.Condition{Op: rules.SumOf, Fields: []string{"m", "n"}, Other: "total"}, "m", "n", "total").variant("nulls skip_all").nulls(rules.SkipAll),
		condition("id = id_twin", rules.Condition{Op: rules.Same, Fields: []string{"id", "id_twin"}}, "id", "id_twin"),
		condition("id != id_twin AND id != email AND id_twin != email", rules.Condition{Op: rules.Differ, Fields: []string{"id", "id_twin", "email"}}, "id", "id_twin", "email").differs("with a null among them SQL may know that two are the same"),
		condition("CASE WHEN region IS NOT NULL AND code IS NOT NULL THEN (region, code) IN (('浙江省杭州市', '330106'), ('四川省凉山彝族自治州', '513423'), ('北京市', '110101')) END",
			rules.Condition{Op: rules.Pair, Fields: []string{"region", "code"}, Tuples: [][]*string{{word("浙江省杭州市"), word("330106")}, {word("四川省凉山彝族自治州"), word("513423")}, {word("北京市"), word("110101")}}}, "region", "code"),
		condition("d <= e", rules.Condition{Op: rules.Ascending, Fields: []string{"d", "e"}}, "d", "e").variant("dates"),
		condition("list_position(['低', '中', '高'], grade) <= list_position(['低', '中', '高'], grade_after)",
			rules.Condition{Op: rules.Ascending, Fields: []string{"grade", "grade_after"}, Values: []string{"低", "中", "高"}}, "grade", "grade_after").variant("named order"),
		condition("phone IS NOT NULL OR email IS NOT NULL", rules.Condition{Op: rules.AtLeastOne, Fields: []string{"phone", "email"}}, "phone", "email"),
		condition("(phone IS NOT NULL) != (email IS NOT NULL)", rules.Condition{Op: rules.ExactlyOne, Fields: []string{"phone", "email"}}, "phone", "email"),
		condition("(phone IS NULL) = (email IS NULL)", rules.Condition{Op: rules.AllOrNone, Fields: []string{"phone", "email"}}, "phone", "email"),
		condition("CASE WHEN code IN ('110101') THEN region IS NOT NULL END", rules.Condition{Op: rules.Required, Field: "region"}, "code").variant("if another is in a set").only(set("code", "110101")),
		condition("CASE WHEN i > 450000 THEN region IS NOT NULL END", rules.Condition{Op: rules.Required, Field: "region"}, "i").variant("when an expression holds").when("i > 450000"),
	}
}

// celConditions are the common forms of expressions, and what goes row by row.
func celConditions() []Case {
	cel := func(variant, text, sql string, fields ...string) Case {
		return Case{Kind: RowCondition, Op: string(rules.Holds), Variant: variant, Fields: fields, CEL: text, SQL: sql}
	}
	return []Case{
		cel("comparison of integers", "i < j", "i < j", "i", "j"),
		cel("comparison of decimals", "m < n", "m < n", "m", "n"),
		cel("comparison of text", "id != id_twin", "id != id_twin", "id", "id_twin"),
		cel("comparison with a word", "region == '北京市'", "region = '北京市'", "region"),
		cel("arithmetic", "i + j * 2 > 900000", "i + j * 2 > 900000", "i", "j"),
		cel("arithmetic of fractions", "x * 2.0 - y <= 1.0", "x * 2.0 - y <= 1.0", "x", "y"),
		cel("division", "i / 7 % 5 != 0", "i // 7 % 5 != 0", "i"),
		cel("sum of decimals", "m + n == total", "m + n = total", "m", "n", "total"),
		cel("boolean", "i > 10 && (x < 800.0 || !b)", "i > 10 AND (x < 800.0 OR NOT b)", "i", "x", "b").differs("where a null decides nothing SQL knows more"),
		cel("implication", "b ? i > 100000 : x > 100.0", "CASE WHEN b THEN i > 100000 WHEN NOT b THEN x > 100.0 END", "b", "i", "x").differs("with a null in the side that is not chosen SQL knows more"),
		cel("in, text", "code in ['110101', '330106', '513423']", "code IN ('110101', '330106', '513423')", "code"),
		cel("in, integers", "i in [1, 7, 1000, 450000]", "i IN (1, 7, 1000, 450000)", "i"),
		cel("null", "region != null || code == null", "region IS NOT NULL OR code IS NULL", "region", "code"),
		cel("startsWith", "region.startsWith('浙江')", "starts_with(region, '浙江')", "region"),
		cel("endsWith", "email.endsWith('@example.org')", "ends_with(email, '@example.org')", "email"),
		cel("contains", "region.contains('自治')", "contains(region, '自治')", "region"),
		cel("matches", "phone.matches('^1[3-9][0-9]{9}$')", "regexp_matches(phone, '^1[3-9][0-9]{9}$')", "phone"),
		cel("size", "size(region) > 3", "length(region) > 3", "region"),
		cel("lower case", "capitals.lowerAscii() == capitals", "lower(capitals) = capitals", "capitals"),
		cel("substring", "id.substring(0, 6) != '110101'", "substr(id, 1, 6) != '110101'", "id"),
		cel("replace", "marks.replace('-', '') == marks", "replace(marks, '-', '') = marks", "marks"),
		cel("joined text", "code + region != '110101北京市'", "code || region != '110101北京市'", "code", "region"),
		cel("comparison of dates", "d <= e", "d <= e", "d", "e"),
		cel("comparison with a day", "d >= timestamp('1995-01-01T00:00:00Z')", "d >= DATE '1995-01-01'", "d"),
		cel("date and time", "d <= date(w)", "d <= CAST(w AS DATE)", "d", "w"),
		cel("days between", "days_between(d, e) <= 9000", "e - d <= 9000", "d", "e"),
		cel("duration", "w - d <= duration('300000h')", "w - d <= INTERVAL 300000 HOUR", "w", "d"),
		cel("year", "year(d) >= 1995", "year(d) >= 1995", "d"),
		cel("parts of dates", "month(d) != 2 && weekday(e) < 6", "month(d) != 2 AND isodow(e) < 6", "d", "e").differs("where a null decides nothing SQL knows more"),
		cel("birth date in a number", "d > cn.id_birth(id)", "d > try_strptime(substr(id, 7, 8), '%Y%m%d')", "d", "id").differs("the SQL does not check the number"),
		cel("row by row", "code.split('0').size() < 4", "len(string_split(code, '0')) < 4", "code"),
	}
}
