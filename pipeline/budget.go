package pipeline

// A budget divides the memory that a run may use. What grows with the rows of a
// run has a fixed share of it and goes to files in the working folder beyond:
//
//	1/8   rows between the two passes
//	1/32  rejected rows, and as much again for those that only a rule over all rows rejects
//	1/8   contests: the keys of dedupe and of uniqueness rules
//	1/32  duplicates and the rows they lost to
//	1/16  hashes of published rows for the content root
//
// The other half is for what grows with the number of workers (batches under way,
// row groups being encoded) and for garbage not yet collected. Outside of it are
// some 300 bytes per batch of the source, a bit or two per row and, where the
// contract sorts, the sort keys and eight bytes of each published row.
type budget int64

func (b budget) rows() int64    { return int64(b) / 8 }
func (b budget) rejects() int64 { return int64(b) / 32 }
func (b budget) contest() int64 { return int64(b) / 8 }
func (b budget) losers() int64  { return int64(b) / 32 }
func (b budget) root() int64    { return int64(b) / 16 }
