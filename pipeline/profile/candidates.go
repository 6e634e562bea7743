package profile

import (
	"cmp"
	"encoding/binary"
	"slices"

	"clearwell/pipeline/kernel"
)

const (
	// maxPairKeys and maxDependencies bound what is counted over all rows.
	maxPairKeys     = 8
	maxDependencies = 64
	// doubted is the share of violating rows up to which a dependency of the sampled rows is counted over all.
	doubted = 0.05
	// reported is the share up to which it is a dependency with mistakes, and not a tendency.
	reported = 0.03
	// varied is the least share of rows that do not have the right side's most frequent value: a column
	// that hardly ever differs depends on everything.
	varied = 0.05
	// pairColumns is how many columns are combined to pairs on the left side of a dependency.
	pairColumns = 12
)

// codedSample is the sampled rows as small numbers: equal values of a column have equal codes from 0, nulls have -1.
type codedSample struct {
	rows     int
	codes    [][]int32 // by column
	distinct []int     // by column
	filled   []int     // by column: rows without null
}

// Of copies of a whole row one is taken: they say nothing about what names a row or decides another.
func codeSample(p *profiler) *codedSample {
	rows := withoutCopies(p.sample.rows)
	s := &codedSample{rows: len(rows)}
	scratch := newScratch()
	for i, c := range p.columns {
		known := map[string]int32{}
		codes := make([]int32, s.rows)
		filled, distinct := 0, int32(0)
		for r, row := range rows {
			v := row.cells[i]
			code, ok := known[v]
			if !ok {
				code = -1
				if !c.decision.null([]byte(v), kernel.Plain(scratch, []byte(v)), nil) {
					code = distinct
					distinct++
				}
				known[v] = code
			}
			if codes[r] = code; code >= 0 {
				filled++
			}
		}
		s.codes, s.distinct, s.filled = append(s.codes, codes), append(s.distinct, int(distinct)), append(s.filled, filled)
	}
	return s
}

// withoutCopies leaves one of rows that are the same cell for cell; all rows where most are copies,
// as then the repetition is how the table is made.
func withoutCopies(rows []sampledRow) []sampledRow {
	seen := make(map[string]struct{}, len(rows))
	var out []sampledRow
	var key []byte
	for _, row := range rows {
		key = key[:0]
		for _, cell := range row.cells {
			key = binary.AppendUvarint(key, uint64(len(cell)))
			key = append(key, cell...)
		}
		if _, ok := seen[string(key)]; ok {
			continue
		}
		seen[string(key)] = struct{}{}
		out = append(out, row)
	}
	if len(out)*2 < len(rows) {
		return rows
	}
	return out
}

// keyLike says that a column's values hardly repeat and are hardly missing, in the sample.
func (s *codedSample) keyLike(c int) bool {
	return s.filled[c]*20 >= s.rows*19 && s.distinct[c]*100 >= s.filled[c]*98
}

// keys are the columns that may name a row.
func (s *codedSample) keys() (list []int) {
	for c := range s.codes {
		if s.rows > 1 && s.keyLike(c) {
			list = append(list, c)
		}
	}
	return list
}

// pairs are pairs of columns, neither of which is like a key, that hardly repeat in the sample;
// those with the fewest repetitions first, then those that stand in front.
func (s *codedSample) pairs() [][2]int {
	type pair struct {
		columns [2]int
		repeats int
	}
	var list []pair
	seen := make(map[uint64]struct{}, s.rows)
	for a := range s.codes {
		for b := a + 1; b < len(s.codes); b++ {
			if s.keyLike(a) || s.keyLike(b) || s.distinct[a]*s.distinct[b] < s.rows || s.filled[a]*20 < s.rows*19 || s.filled[b]*20 < s.rows*19 {
				continue
			}
			clear(seen)
			repeats := 0
			for r := range s.rows {
				key := uint64(uint32(s.codes[a][r]))<<32 | uint64(uint32(s.codes[b][r]))
				if _, ok := seen[key]; ok {
					if repeats++; repeats*200 > s.rows {
						break
					}
				}
				seen[key] = struct{}{}
			}
			if repeats*200 <= s.rows {
				list = append(list, pair{[2]int{a, b}, repeats})
			}
		}
	}
	slices.SortStableFunc(list, func(x, y pair) int { return cmp.Compare(x.repeats, y.repeats) })
	var out [][2]int
	for _, p := range list[:min(len(list), maxPairKeys)] {
		out = append(out, p.columns)
	}
	return out
}

// A dependencyCandidate is columns that seem to decide another.
type dependencyCandidate struct {
	from []int
	to   int
}

// dependencies are the dependencies that the sample shows: first those of one column, then those of
// two neither of which decides alone. limit is how many values the left side may have.
func (s *codedSample) dependencies(p *profiler) []dependencyCandidate {
	var list []dependencyCandidate
	single := map[[2]int]bool{}
	for a := range s.codes {
		if !s.decides(p, a) {
			continue
		}
		for b := range s.codes {
			if a != b && s.decided(p, b) && s.distinct[b]*20 <= s.distinct[a]*21 && s.holds(s.codes[a], s.distinct[a], b) {
				single[[2]int{a, b}] = true
				list = append(list, dependencyCandidate{[]int{a}, b})
			}
		}
	}
	list = append(list, s.twoSided(p, single)...)
	return list[:min(len(list), maxDependencies)]
}

// decides says whether a column may stand on the left: its values repeat, and all of them are held.
func (s *codedSample) decides(p *profiler, c int) bool {
	return p.columns[c].table.exact() && s.distinct[c] >= 2 && s.distinct[c]*2 <= s.filled[c]
}

// decided says whether a column may stand on the right: it is no constant, and all of its values are held.
func (s *codedSample) decided(p *profiler, c int) bool {
	return p.columns[c].table.exact() && s.distinct[c] >= 2
}

// twoSided looks at pairs of the columns with the fewest values.
func (s *codedSample) twoSided(p *profiler, single map[[2]int]bool) []dependencyCandidate {
	var low []int
	for c := range s.codes {
		if s.decides(p, c) {
			low = append(low, c)
		}
	}
	slices.SortStableFunc(low, func(a, b int) int { return cmp.Compare(s.distinct[a], s.distinct[b]) })
	low = low[:min(len(low), pairColumns)]
	slices.Sort(low)
	var list []dependencyCandidate
	for i, a := range low {
		for _, b := range low[i+1:] {
			if single[[2]int{a, b}] || single[[2]int{b, a}] {
				continue // the pair says no more than one of them
			}
			codes, distinct := s.combine(a, b)
			if distinct*3 > s.rows {
				continue // too few rows to a group to tell
			}
			for c := range s.codes {
				if c == a || c == b || !s.decided(p, c) || single[[2]int{a, c}] || single[[2]int{b, c}] || s.distinct[c] > distinct {
					continue
				}
				if s.holds(codes, distinct, c) {
					list = append(list, dependencyCandidate{[]int{a, b}, c})
				}
			}
		}
	}
	return list
}

// combine codes two columns as one.
func (s *codedSample) combine(a, b int) ([]int32, int) {
	known := map[uint64]int32{}
	codes := make([]int32, s.rows)
	for r := range s.rows {
		x, y := s.codes[a][r], s.codes[b][r]
		if x < 0 || y < 0 {
			codes[r] = -1
			continue
		}
		key := uint64(x)<<32 | uint64(y)
		code, ok := known[key]
		if !ok {
			code = int32(len(known))
			known[key] = code
		}
		codes[r] = code
	}
	return codes, len(known)
}

// holds says whether column to follows from codes in the sample, but for few rows, and not
// only because it has nearly always the same value or groups have one row.
func (s *codedSample) holds(codes []int32, distinct, to int) bool {
	groups := make(map[uint64]int, distinct)
	sizes := make([]int, distinct)
	most := make([]int, distinct)
	overall := make([]int, s.distinct[to])
	checked, top := 0, 0
	for r := range s.rows {
		x, y := codes[r], s.codes[to][r]
		if x < 0 || y < 0 {
			continue
		}
		checked++
		key := uint64(x)<<32 | uint64(y)
		groups[key]++
		sizes[x]++
		most[x] = max(most[x], groups[key])
		overall[y]++
		top = max(top, overall[y])
	}
	violations, repeated := 0, 0
	for x, n := range sizes {
		violations += n - most[x]
		if n > 1 {
			repeated += n
		}
	}
	if checked < 4 || repeated*2 < checked {
		return false
	}
	lost, without := float64(violations)/float64(checked), float64(checked-top)/float64(checked)
	return without >= varied && lost <= doubted && lost <= 0.2*without
}
