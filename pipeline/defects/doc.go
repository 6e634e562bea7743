// Package defects follows what is wrong with the rows of a dataset over its
// runs. A defect is one row that breaks one rule. It is opened by the run that
// first sees it, stays open while runs see it again, is closed by the first run
// that judged the rule and does not see it, and reopened if it comes back.
//
// A row is known again by its Row: a keyed hash of the contract's key, of the
// whole row where there is no key, or of the bytes of a record that could not be
// read. No value of a record is kept here; where it stands in the archived
// source is, so that who may see it can look.
//
// The state after a run is one file, sorted by row and rule, written beside the
// run's quarantine. Follow makes it from the file of the run before and what the
// run saw, in one pass over both: memory does not grow with the number of
// defects. Start at Follow.
package defects
