package settle

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"clearwell/pipeline/dedupe"
	"clearwell/pipeline/spill"
)

// Proposals lists cells with the values that they could have, parted by where the
// rows stand in the source: in memory up to a limit, beyond it in a file.
type Proposals struct {
	frames int
	list   *spill.Partitions // by frame: location in 8 bytes, uvarint length, value
}

// Proposal is a row and what its cell could be, as kernel.AppendRaw writes it.
type Proposal struct {
	Loc   dedupe.Loc
	Value []byte
}

// ProposalParts is in how many parts proposals are kept, at most.
const ProposalParts = parts

// NewProposals returns an empty list for rows of frames 0..frames-1.
func NewProposals(share Share, frames int) *Proposals {
	return &Proposals{frames: frames, list: spill.NewPartitions(share.Dir, min(ProposalParts, max(frames, 1)), share.Bytes)}
}

// Close forgets the list and removes the file.
func (p *Proposals) Close() error { return p.list.Close() }

// ProposalAdder adds to a list. It is for one goroutine.
type ProposalAdder struct {
	list  *Proposals
	batch [][]byte
	held  int
}

// NewAdder makes an adder; several may be used at the same time.
func (p *Proposals) NewAdder() *ProposalAdder {
	return &ProposalAdder{list: p, batch: make([][]byte, p.list.Len())}
}

// Add lists one cell. The value is copied.
func (a *ProposalAdder) Add(loc dedupe.Loc, value []byte) error {
	part := loc.Frame() * len(a.batch) / a.list.frames
	b := a.batch[part]
	before := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(loc))
	b = binary.AppendUvarint(b, uint64(len(value)))
	a.batch[part] = append(b, value...)
	if a.held += len(a.batch[part]) - before; a.held >= handOverBytes {
		return a.Close()
	}
	return nil
}

// Close hands over what the adder still holds.
func (a *ProposalAdder) Close() error {
	err := a.list.list.Append(a.batch)
	for i := range a.batch {
		a.batch[i] = a.batch[i][:0]
	}
	a.held = 0
	return err
}

// Of gives the proposals for the frames of part n, in order. Every adder must be
// closed. Frame f of F is in part f * P / F, P being ProposalParts or F if that is less.
func (p *Proposals) Of(n int) ([]Proposal, error) {
	var list []Proposal
	_, err := p.list.Each(n, nil, func(records []byte) error {
		records = slices.Clone(records)
		for len(records) > 8 {
			length, size := binary.Uvarint(records[8:])
			if size <= 0 || uint64(len(records)-8-size) < length {
				break
			}
			end := 8 + size + int(length)
			list = append(list, Proposal{dedupe.Loc(binary.LittleEndian.Uint64(records)), records[8+size : end : end]})
			records = records[end:]
		}
		if len(records) > 0 {
			return fmt.Errorf("a spilled proposal of %d bytes is damaged", len(records))
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Proposal) int { return cmp.Compare(a.Loc, b.Loc) })
	return list, err
}
