// Package parquet writes Arrow records as Parquet files whose bytes depend on
// nothing but the rows, the schema and the options: not on the number of
// goroutines, the slicing of the records, the machine or the time of day.
//
// It is made for publication: flat tables, every column optional, one encoder
// per goroutine that turns the rows of one row group into finished bytes, and a
// FileWriter that puts the finished groups one after the other. It reads
// nothing, knows no nested columns and writes no INT96.
//
// The profile of a file:
//
//   - format version 2, data pages V1, zstd; a dictionary where a column repeats
//     itself (see dictionary.go), else DELTA_LENGTH_BYTE_ARRAY for text,
//     DELTA_BINARY_PACKED for 64-bit integers, PLAIN for the rest;
//   - STRING, INT64, DOUBLE, DECIMAL (INT32, INT64 or fixed bytes by precision),
//     DATE, TIMESTAMP(us, not adjusted to UTC), BOOLEAN;
//   - minimum, maximum and null count per row group and per page (page index),
//     CRC-32 per page, field ids from 1 in column order, sorting columns and
//     split-block Bloom filters where the options name them;
//   - titles and other field metadata under "clearwell.columns" (JSON) and, for
//     Arrow readers, "ARROW:schema".
//
// The format is written out by hand (format.go, thrift.go) from the Apache
// specification, version 2.12: general libraries spend several times the CPU
// on it, and an update of theirs must not change published bytes.
//
// Start at FileWriter; the path of a cell is Encoder.Add, a column, chunkWriter.
package parquet
