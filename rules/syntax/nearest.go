package syntax

import (
	"strings"
	"unicode/utf8"
)

// Nearest is the valid word closest to word by Damerau-Levenshtein distance
// (optimal string alignment), case ignored; empty if none is within a third
// of the longer word's length (at least one edit, and something in common: a is not near b). The earlier of two equally near words wins.
// Without one so near, it is the longest that the word begins with, or the first that begins
// with the word, of three characters or more: min for minimum.
func Nearest(word string, valid []string) string {
	const longest = 64 // characters; names are shorter, and the distance is quadratic
	if word == "" || utf8.RuneCountInString(word) > longest {
		return ""
	}
	best, bestDistance := "", -1
	for _, v := range valid {
		if v == word || utf8.RuneCountInString(v) > longest {
			continue
		}
		d := distance(strings.ToLower(word), strings.ToLower(v))
		longer := max(utf8.RuneCountInString(word), utf8.RuneCountInString(v))
		if d <= max(1, longer/3) && d < longer && (bestDistance < 0 || d < bestDistance) {
			best, bestDistance = v, d
		}
	}
	if best != "" {
		return best
	}
	const least = 3 // bytes that two words have in common
	lower := strings.ToLower(word)
	for _, v := range valid {
		low := strings.ToLower(v)
		switch {
		case v == word:
		case len(v) >= least && len(v) > len(best) && strings.HasPrefix(lower, low):
			best = v
		case len(word) >= least && best == "" && strings.HasPrefix(low, lower):
			best = v
		}
	}
	return best
}

// distance is the number of insertions, deletions, substitutions and swaps of
// neighbours that make a into b.
func distance(x, y string) int {
	a, b := []rune(x), []rune(y)
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(last[j]+1, next[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, last, next = last, next, before
	}
	return last[len(b)]
}
