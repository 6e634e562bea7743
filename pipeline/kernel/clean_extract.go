package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
)

// newSplit keeps one part of a value between separators, counted from 0, or
// from the end when negative (-1 is the last). A value without such a part
// becomes null; one without a separator is its own only part.
func newSplit(separator string, index int) (step, error) {
	if separator == "" {
		return nil, errors.New("split: the separator is empty")
	}
	sep := []byte(separator)
	return everyCell(func(dst, v []byte) ([]byte, bool) {
		part := nthPart(v, sep, index)
		return append(dst, part...), len(part) != len(v)
	}), nil
}

func nthPart(v, sep []byte, index int) []byte {
	for ; index < -1; index++ {
		k := bytes.LastIndex(v, sep)
		if k < 0 {
			return nil
		}
		v = v[:k]
	}
	if index == -1 {
		if k := bytes.LastIndex(v, sep); k >= 0 {
			v = v[k+len(sep):]
		}
		return v
	}
	for ; index > 0; index-- {
		k := bytes.Index(v, sep)
		if k < 0 {
			return nil
		}
		v = v[k+len(sep):]
	}
	if k := bytes.Index(v, sep); k >= 0 {
		v = v[:k]
	}
	return v
}

// newExtract keeps one group of the first match of an RE2 pattern; a value that
// does not match, or whose match leaves the group out, becomes null.
func newExtract(pattern string, group int) (step, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("extract: %w", err)
	}
	if group < 0 || group > re.NumSubexp() {
		return nil, fmt.Errorf("extract: pattern %q has groups 0 to %d, not %d", pattern, re.NumSubexp(), group)
	}
	return everyCell(func(dst, v []byte) ([]byte, bool) {
		m := re.FindSubmatchIndex(v)
		if m == nil || m[2*group] < 0 {
			return dst, true
		}
		part := v[m[2*group]:m[2*group+1]]
		return append(dst, part...), len(part) != len(v)
	}), nil
}
