// Package pipeline carries a dataset from its source to a published version:
// it runs a rules.Plan over archived bytes, in two passes, and has what it did
// recorded in the ledger before it makes the result visible.
//
//	archive -> scan (decode, clean, validate, index) -> settle (uniqueness, duplicates) -> emit (desensitize, encode) -> ledger -> publish
//
// A file holds one stage. The column kernels are in kernel, the duplicate index
// in dedupe, Parquet and version folders in publish, scores and the report in
// quality. The package schedules nothing and prints nothing. Start at Runner.Run.
package pipeline
