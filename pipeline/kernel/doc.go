// Package kernel carries out a plan on Arrow record batches, column by column:
// it cleans, parses, checks and treats. A kernel gets a column and writes a
// column plus a bitmap of the rows that it changed or that failed; nothing is
// allocated per cell.
//
// The path of a batch:
//
//	Compile(plan, header) -> Program -> NewWorker -> Worker.Check(batch) -> Checked
//	                                    NewTreater -> Treater.Treat(columns, rows) -> published record
//
// A Program is immutable and shared; a Worker and a Treater belong to one
// goroutine and own the memory of what they return until their next call.
//
// Text and null. While a field is cleaned it is text, and null is the empty
// string: an empty cell is null before, between and after the steps. A step that
// leaves nothing of a value (trim of blanks, split without such a part) makes it
// null and counts as a change of that cell. After the last step the field's null
// words become null too, counted apart from the steps. Then the text is parsed;
// what does not parse is null for everything that reads the typed value.
//
// Truth. A condition and an expression are true, false or unknown on a row. They
// are kept as two bitmaps, known and failed, failed being a part of known.
//
// The package knows nothing of files, runs, duplicates over several batches or
// scores. Start at program.go (what is compiled) and worker.go (what runs); each
// family of kernels has its file: clean_*.go, parse*.go, check_*.go, cel*.go,
// treat_*.go, order.go.
package kernel
