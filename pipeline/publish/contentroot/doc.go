// Package contentroot computes the content root of a published table: one hash
// that says which rows it holds, and says the same however the rows are
// ordered, spread over files, encoded or computed.
//
// Anybody who has the published files can compute it again with SHA-256 alone.
// Format, precise enough for a second implementation (numbers are unsigned and
// big-endian unless said otherwise; || is concatenation):
//
// Cell. A null is the byte 00. Any other value is
//
//	string        uvarint(length in bytes + 1) || the UTF-8 bytes
//	int64         01 || 8 bytes, two's complement
//	float64       01 || 8 bytes, IEEE 754; every NaN as 7ff8000000000000
//	decimal       01 || 16 bytes, two's complement of value * 10^scale
//	date          01 || 4 bytes, two's complement: days since 1970-01-01
//	timestamp     01 || 8 bytes, two's complement: microseconds since 1970-01-01 00:00:00, without zone
//	bool          01 || 00 or 01
//
// where uvarint is the base-128 number of Protocol Buffers (low groups first).
//
// Row hash = SHA-256(00 || the cells in column order).
//
// Schema hash = SHA-256("clearwell content 1\n" || per column: uvarint(length)
// || name || uvarint(length) || type), type being string, int64, float64,
// decimal(p,s), date, timestamp or bool.
//
// Tree. node(list) is the list's only element if it has one; else the list is
// cut into runs of 16 (the last may be shorter), each run becomes SHA-256(01 ||
// its elements), and node of the shorter list is taken.
//
// Bucket b (0..4095) holds the row hashes whose first 12 bits are b, sorted in
// ascending order, equal ones repeated. Its value is node(row hashes), or 32
// zero bytes if it holds none.
//
// Root = SHA-256(02 || schema hash || 8 bytes: number of rows || node(the 4096
// bucket values)).
//
// With 16 children to a node the three upper levels follow the hexadecimal digits of the
// row hash. That one row belongs to a root is shown by the row and at most 15
// siblings a level.
//
// Start at Builder; OfParquet is the auditor's way in.
package contentroot
