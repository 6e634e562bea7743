package dedupe

import (
	"cmp"
	"encoding/binary"
	"slices"

	"clearwell/pipeline/spill"
)

// Losers lists rows that lost, each with the row that won, and gives them back
// in source order: in memory up to a limit, beyond it in a file.
type Losers struct {
	frames int
	pairs  *spill.Partitions // by the loser's frame: 16 bytes, little-endian, loser and winner
}

// Pair is a row that lost and the one it lost to.
type Pair struct{ Loser, Winner Loc }

// NewLosers returns an empty list for rows of frames 0..frames-1. It keeps
// within limitBytes and puts what goes beyond into a file in dir.
func NewLosers(dir string, limitBytes int64, frames int) *Losers {
	return &Losers{frames: frames, pairs: spill.NewPartitions(dir, min(parts, max(frames, 1)), limitBytes)}
}

// LoserAdder adds to a list of Losers. It is for one goroutine.
type LoserAdder struct {
	list  *Losers
	batch [][]byte
	held  int
}

// NewAdder makes an adder; several may be used at the same time.
func (l *Losers) NewAdder() *LoserAdder {
	return &LoserAdder{list: l, batch: make([][]byte, l.pairs.Len())}
}

// Add lists one row.
func (a *LoserAdder) Add(loser, winner Loc) error {
	part := loser.Frame() * len(a.batch) / a.list.frames
	b := binary.LittleEndian.AppendUint64(a.batch[part], uint64(loser))
	a.batch[part] = binary.LittleEndian.AppendUint64(b, uint64(winner))
	if a.held += 16; a.held >= adderBytes {
		return a.Close()
	}
	return nil
}

// Close hands over what the adder still holds.
func (a *LoserAdder) Close() error {
	err := a.list.pairs.Append(a.batch)
	for i := range a.batch {
		a.batch[i] = a.batch[i][:0]
	}
	a.held = 0
	return err
}

// EachFrame calls f once for each frame that has losers, in order, with its
// losers in order. They are valid during the call. Every adder must be closed.
func (l *Losers) EachFrame(f func(frame int, losers []Pair) error) error {
	var list []Pair
	var scratch []byte
	for part := range l.pairs.Len() {
		var err error
		list = list[:0]
		if scratch, err = l.pairs.Each(part, scratch, func(records []byte) error {
			for ; len(records) >= 16; records = records[16:] {
				list = append(list, Pair{Loc(binary.LittleEndian.Uint64(records)), Loc(binary.LittleEndian.Uint64(records[8:]))})
			}
			return nil
		}); err != nil {
			return err
		}
		slices.SortFunc(list, func(a, b Pair) int { return cmp.Compare(a.Loser, b.Loser) })
		for rest := list; len(rest) > 0; {
			frame := rest[0].Loser.Frame()
			n := 1
			for n < len(rest) && rest[n].Loser.Frame() == frame {
				n++
			}
			if err := f(frame, rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
	return nil
}

// Close forgets the list and removes the file. It may be called at any time and more than once.
func (l *Losers) Close() error { return l.pairs.Close() }
