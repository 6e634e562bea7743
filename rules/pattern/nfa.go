package pattern

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// An nfa is a compiled program of package regexp/syntax whose rune
// instructions are spelled as sequences of byte ranges.
type nfa struct {
	prog  *syntax.Prog
	steps []step
	// heads lists, for each rune instruction, the first steps of its sequences.
	heads map[uint32][]int32
	// matchesBroken: some rune instruction takes U+FFFD and so broken bytes.
	matchesBroken bool

	bySuffix map[step]int32 // hash-consing, so that sequences share their ends
}

// A step reads one byte of lo..hi and goes to another step of the sequence or,
// at its end, to an instruction of the program.
type step struct {
	lo, hi byte
	last   bool
	next   int32 // step, or instruction if last
}

// newNFA spells prog over bytes; ok is false if it has conditions that the
// automaton does not know.
func newNFA(prog *syntax.Prog) (n *nfa, ok bool) {
	n = &nfa{prog: prog, heads: map[uint32][]int32{}, bySuffix: map[step]int32{}}
	for pc := range prog.Inst {
		inst := &prog.Inst[pc]
		switch inst.Op {
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^(syntax.EmptyBeginText|syntax.EmptyEndText) != 0 {
				return nil, false
			}
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			n.spell(uint32(pc), inst)
		}
	}
	return n, true
}

func (n *nfa) spell(pc uint32, inst *syntax.Inst) {
	for _, r := range runeRanges(inst) {
		if r[0] <= utf8.RuneError && utf8.RuneError <= r[1] {
			n.matchesBroken = true
		}
		n.spellRange(pc, r[0], r[1], int32(inst.Out))
	}
}

// runeRanges are the runes that an instruction takes, as closed ranges.
func runeRanges(inst *syntax.Inst) [][2]rune {
	switch {
	case inst.Op == syntax.InstRuneAny:
		return [][2]rune{{0, unicode.MaxRune}}
	case inst.Op == syntax.InstRuneAnyNotNL:
		return [][2]rune{{0, '\n' - 1}, {'\n' + 1, unicode.MaxRune}}
	case len(inst.Rune) == 1:
		r := inst.Rune[0]
		ranges := [][2]rune{{r, r}}
		if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				ranges = append(ranges, [2]rune{f, f})
			}
		}
		return ranges
	}
	var ranges [][2]rune
	for i := 0; i+1 < len(inst.Rune); i += 2 {
		ranges = append(ranges, [2]rune{inst.Rune[i], inst.Rune[i+1]})
	}
	return ranges
}

const (
	surrogateMin = 0xD800 // not encodable in UTF-8
	surrogateMax = 0xDFFF
)

// spellRange splits lo..hi until each piece is the product of byte ranges, one
// for each byte of its encodings: at surrogates, at changes of length, and where
// continuation bytes would not run through all of 80..BF.
func (n *nfa) spellRange(pc uint32, lo, hi rune, out int32) {
	if lo > hi {
		return
	}
	if lo <= surrogateMax && hi >= surrogateMin {
		n.spellRange(pc, lo, surrogateMin-1, out)
		n.spellRange(pc, surrogateMax+1, hi, out)
		return
	}
	for _, last := range [...]rune{0x7F, 0x7FF, 0xFFFF} {
		if lo <= last && last < hi {
			n.spellRange(pc, lo, last, out)
			n.spellRange(pc, last+1, hi, out)
			return
		}
	}
	if hi > 0x7F {
		for bits := 6; bits <= 18; bits += 6 {
			mask := rune(1)<<bits - 1
			if lo&^mask == hi&^mask {
				break
			}
			if lo&mask != 0 {
				n.spellRange(pc, lo, lo|mask, out)
				n.spellRange(pc, (lo|mask)+1, hi, out)
				return
			}
			if hi&mask != mask {
				n.spellRange(pc, lo, hi&^mask-1, out)
				n.spellRange(pc, hi&^mask, hi, out)
				return
			}
		}
	}
	var first, last [utf8.UTFMax]byte
	length := utf8.EncodeRune(first[:], lo)
	utf8.EncodeRune(last[:], hi)
	s := step{lo: first[length-1], hi: last[length-1], last: true, next: out}
	for i := length - 2; i >= 0; i-- {
		s = step{lo: first[i], hi: last[i], next: n.intern(s)}
	}
	n.heads[pc] = append(n.heads[pc], n.intern(s))
}

func (n *nfa) intern(s step) int32 {
	if id, ok := n.bySuffix[s]; ok {
		return id
	}
	id := int32(len(n.steps))
	n.steps = append(n.steps, s)
	n.bySuffix[s] = id
	return id
}
