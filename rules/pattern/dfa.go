package pattern

import (
	"math/bits"
	"regexp/syntax"
	"slices"
)

const (
	// maxStates bounds the automaton. Patterns of contracts have tens of states;
	// what needs thousands (long counted repetitions of overlapping parts) is better
	// simulated than tabulated.
	maxStates = 2000
	// maxTable bounds its table, in entries of four bytes: 1 MiB stays in the second-level cache.
	maxTable = 1 << 18
	// maxWork bounds what Compile spends on one expression, in steps looked at (some milliseconds).
	maxWork = 4 << 20
)

// A dfa is a complete automaton over classes of bytes. A state is the index of
// its row in table, already shifted, so that the next one is table[state|class].
type dfa struct {
	class  [256]uint8
	table  []uint32
	accept []bool // by state >> shift
	start  uint32
	shift  uint
}

// dead is the state that nothing leaves and nothing is accepted in.
const dead = 0

func (d *dfa) match(b []byte) bool {
	state, table := d.start, d.table
	for _, c := range b {
		state = table[state|uint32(d.class[c])]
		if state == dead {
			return false
		}
	}
	return d.accept[state>>d.shift]
}

// determinize is the subset construction; nil if the automaton would be too large.
func (n *nfa) determinize() *dfa {
	d := new(dfa)
	representatives := n.classes(&d.class)
	d.shift = uint(bits.Len(uint(len(representatives) - 1)))
	b := &builder{nfa: n, dfa: d, ids: map[string]uint32{}, mark: make([]uint32, len(n.prog.Inst))}
	b.state(nil, false) // dead
	b.closure(uint32(n.prog.Start), true)
	start, ok := b.take()
	if !ok {
		return nil
	}
	d.start = start
	for i := 1; i < len(b.sets); i++ {
		for class, c := range representatives {
			set := b.sets[i]
			if b.work += len(set); b.work > maxWork {
				return nil
			}
			for _, id := range set {
				if s := n.steps[id]; c < s.lo || c > s.hi {
					continue
				} else if s.last {
					b.closure(uint32(s.next), false)
				} else {
					b.next = append(b.next, s.next)
				}
			}
			to, ok := b.take()
			if !ok {
				return nil
			}
			d.table[uint32(i)<<d.shift|uint32(class)] = to
		}
	}
	return d
}

// classes groups bytes that no step tells apart; it returns one byte of each class.
func (n *nfa) classes(class *[256]uint8) (representatives []byte) {
	var begins [257]bool
	begins[0] = true
	for _, s := range n.steps {
		begins[s.lo] = true
		begins[int(s.hi)+1] = true
	}
	for c := range 256 {
		if begins[c] {
			representatives = append(representatives, byte(c))
		}
		class[c] = uint8(len(representatives) - 1)
	}
	return representatives
}

// A builder collects the states of the automaton under construction.
type builder struct {
	nfa  *nfa
	dfa  *dfa
	sets [][]int32         // by state: the steps that may come next, sorted
	ids  map[string]uint32 // by set and acceptance
	work int

	// The set in the making.
	next     []int32
	matches  bool
	mark     []uint32 // instructions visited in this generation
	atEnd    []uint32 // the same where the end of the text has been demanded
	visiting uint32
}

// closure adds everything that is reached from an instruction without reading.
// atStart says that nothing has been read yet.
func (b *builder) closure(pc uint32, atStart bool) {
	if b.atEnd == nil {
		b.atEnd = make([]uint32, len(b.mark))
	}
	b.visit(pc, atStart, false)
}

// visit follows the instructions; with end, only what holds at the end of the
// text counts, so that nothing more can be read.
func (b *builder) visit(pc uint32, atStart, end bool) {
	mark := b.mark
	if end {
		mark = b.atEnd
	}
	if mark[pc] == b.visiting+1 {
		return
	}
	mark[pc] = b.visiting + 1
	inst := &b.nfa.prog.Inst[pc]
	switch inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		b.visit(inst.Out, atStart, end)
		b.visit(inst.Arg, atStart, end)
	case syntax.InstCapture, syntax.InstNop:
		b.visit(inst.Out, atStart, end)
	case syntax.InstEmptyWidth:
		need := syntax.EmptyOp(inst.Arg)
		if need&syntax.EmptyBeginText != 0 && !atStart {
			return
		}
		b.visit(inst.Out, atStart, end || need&syntax.EmptyEndText != 0)
	case syntax.InstMatch:
		b.matches = true
	case syntax.InstFail:
	default:
		if !end {
			b.next = append(b.next, b.nfa.heads[pc]...)
		}
	}
}

// take closes the set in the making and gives its state; ok is false if the automaton is full.
func (b *builder) take() (state uint32, ok bool) {
	slices.Sort(b.next)
	set := slices.Compact(b.next)
	state, ok = b.state(set, b.matches)
	b.work += len(set)
	b.next, b.matches = b.next[:0], false
	b.visiting++
	return state, ok
}

// state finds or makes the state of a set.
func (b *builder) state(set []int32, accept bool) (state uint32, ok bool) {
	key := make([]byte, 0, 4*len(set)+1)
	for _, id := range set {
		key = append(key, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
	}
	if accept {
		key = append(key, 1)
	}
	if state, ok = b.ids[string(key)]; ok {
		return state, true
	}
	rows := len(b.sets)
	if rows == maxStates || (rows+1)<<b.dfa.shift > maxTable {
		return dead, false
	}
	state = uint32(rows) << b.dfa.shift
	b.ids[string(key)] = state
	b.sets = append(b.sets, slices.Clone(set))
	b.dfa.table = append(b.dfa.table, make([]uint32, 1<<b.dfa.shift)...)
	b.dfa.accept = append(b.dfa.accept, accept)
	return state, true
}
