package main

const (
	tallied   = "exact in any memory: different values are counted in a table that may spill, and read back in order; DuckDB holds all of them"
	noPartial = "the SQL leaves out most of what the step or the check looks at (see equal)"
)

// reasons say of cases that take more than mostRatio times as long as DuckDB why they do, or may do where both take a
// few nanoseconds. Names are titles of cases.
var reasons = map[string]string{
	"successor":                      noPartial,
	"time_zone":                      noPartial,
	"address":                        noPartial,
	"validate, email":                "the function of go-playground/validator itself is called for each different value, so that a tag means what it means elsewhere; its pattern is far longer than the SQL's",
	"json":                           "Go's encoding/json checks it byte by byte; DuckDB has yyjson, which is written for speed in C",
	"expr, row by row":               "split has no column kernel: the expression is evaluated for each row by the CEL interpreter",
	"expr, matches":                  "the pattern may match anywhere in the text: Go's regexp looks for it, where pattern: and validate go by tables",
	"expr, substring":                "CEL counts characters and refuses what is beyond the end, so the text is walked, and the part is written as a column of its own",
	"expr, year":                     "dates are widened to times first, as CEL has no dates, and a part of a time is then taken",
	"derive":                         "the result is checked for overflow, stored as a column of its own and its nulls are counted",
	"compare, decimals":              "sums of any fields with unequal scales and up to 38 digits go one way, in 128 bits, row by row; DuckDB compares 64 bits",
	"compare, decimals, tolerance":   "sums of any fields with unequal scales and up to 38 digits go one way, in 128 bits, row by row; DuckDB compares 64 bits",
	"depends":                        "each row is kept with its group, in files where memory ends, and sorted, since each that fails must be named; DuckDB aggregates and joins in memory",
	"increasing":                     "every type and every named order is compared in one form, as bytes that are ordered as the values are; DuckDB compares integers",
	"decreasing, strictly":           "every type and every named order is compared in one form, as bytes that are ordered as the values are; DuckDB compares integers",
	"outlier, z":                     "sums are exact, the same whatever the order of rows, and each row that fails is named in a second look; DuckDB adds floats and counts",
	"entropy":                        tallied,
	"distinct, nearly all different": tallied,
	"distinct, few values":           tallied,
	"distinct_share":                 tallied,
	"median":                         tallied + " and selects the middle of what is not in order",
	"quantile":                       tallied + " and selects one of what is not in order",
	"most_common":                    tallied,
	"correlation":                    "five sums of exact products, the same whatever the order of rows; DuckDB adds floats as they come",
	"reconcile":                      "the other data is read from its CSV file within the time; DuckDB has it in memory",
}
