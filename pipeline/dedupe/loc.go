// Package dedupe finds rows with the same key and decides which of them stays.
//
// Rows come in any order from any number of goroutines; the result depends only
// on the keys, the preferences and the locations of the rows. The package sees
// encoded keys and preferences, never values. Start at Contest.
package dedupe

// A Loc is the place of a row in the run: frames in source order in the upper
// 40 bits, the row in its frame in the lower 24. Its numeric order is the source order.
type Loc uint64

// NewLoc packs a frame number and a row of it (0..2^24-1).
func NewLoc(frame, row int) Loc { return Loc(uint64(frame)<<24 | uint64(row)) }

// Frame is the frame number.
func (l Loc) Frame() int { return int(l >> 24) }

// Row is the row in the frame, from 0.
func (l Loc) Row() int { return int(l & (1<<24 - 1)) }
