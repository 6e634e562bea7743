package main

import (
	"fmt"
	"strconv"
	"strings"
)

// byteSize is a flag for an amount of memory.
type byteSize int64

func (b *byteSize) Type() string { return "SIZE" }

func (b *byteSize) String() string {
	if *b == 0 {
		return ""
	}
	return bytesText(int64(*b))
}

// Set reads 1073741824, 512MiB, 2GiB, 1GB; a unit in full or its first letter.
func (b *byteSize) Set(s string) error {
	units := []struct {
		suffix string
		factor float64
	}{
		{"KIB", 1 << 10}, {"MIB", 1 << 20}, {"GIB", 1 << 30}, {"TIB", 1 << 40},
		{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"T", 1 << 40}, {"B", 1},
	}
	text, factor := strings.ToUpper(strings.TrimSpace(s)), 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(text, u.suffix); ok {
			text, factor = strings.TrimSpace(rest), u.factor
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n*factor < 16<<20 || n*factor > 1<<60 {
		return fmt.Errorf("%q is not an amount of memory of at least 16MiB, such as 512MiB or 2GiB", s)
	}
	*b = byteSize(n * factor)
	return nil
}
