package pipeline

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A budget divides the memory that a run may use. What grows with the rows of a
// run has a fixed share of it and goes to files in the working folder beyond:
//
//	1/16  rows between the two passes; the file they go to stays in the system's cache
//	1/32  rejected rows, and as much again for those that only a rule over all rows rejects
//	1/8   contests: the keys of dedupe and of rules over all rows
//	1/32  duplicates and the rows they lost to
//	1/64  repaired cells, and as much again for those of rules over all rows
//	1/32  tables that repairs look values up in
//	1/16  hashes of published rows for the content root
//	1/8   what is measured of whole columns, first as delivered, then as published
//	1/64  rows that break rules, and as much again for rows that broke one before
//	1/64  what rules remember of values that they have judged, of all workers
//	1/8   order of publication where the contract sorts; only once the contests are over
//
// The rest is for what grows with the number of workers (batches under way,
// row groups being encoded) and for garbage not yet collected. Outside of it are
// some 300 bytes per batch of the source, and a bit per row and one more for each condition over all rows.
type budget int64

func (b budget) rows() int64     { return int64(b) / 16 }
func (b budget) rejects() int64  { return int64(b) / 32 }
func (b budget) contest() int64  { return int64(b) / 8 }
func (b budget) losers() int64   { return int64(b) / 32 }
func (b budget) repairs() int64  { return int64(b) / 64 }
func (b budget) lookups() int64  { return int64(b) / 32 }
func (b budget) root() int64     { return int64(b) / 16 }
func (b budget) order() int64    { return int64(b) / 8 }
func (b budget) defects() int64  { return int64(b) / 64 }
func (b budget) measures() int64 { return int64(b) / 8 }
func (b budget) verdicts() int64 { return int64(b) / 64 }

// collectFrom is the heap at which the collector begins to work hard. Below
// minCollected, which two workers need for batches and row groups whatever the
// budget is, it would do nothing else.
func (b budget) collectFrom() int64 { return max(int64(b), minCollected) }

const minCollected = 256 << 20

// DefaultMemory is the budget of a run that is given none: 1 GiB, what an office
// PC can spare, or four fifths of what the machine or the container has, if that is less.
func DefaultMemory() int64 {
	limit := int64(1 << 30)
	for _, have := range []int64{physicalMemory("/proc/meminfo"), cgroupMemory("/proc/self/cgroup", "/sys/fs/cgroup")} {
		if have > 0 {
			limit = min(limit, have/5*4)
		}
	}
	return limit
}

// physicalMemory is the memory of the machine in bytes as Linux tells it; 0: unknown.
func physicalMemory(meminfo string) int64 {
	text, err := os.ReadFile(meminfo)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if kib, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")), 10, 64)
			if err != nil || n > math.MaxInt64>>10 {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// cgroupMemory is the least memory limit in bytes of the control groups that
// the process is in; 0: none. memberships lists them as /proc/self/cgroup does, root is where their folders are:
// of version 2 all in one tree (memory.max), of version 1 the memory controller's under
// memory (memory.limit_in_bytes). A limit holds for the groups below, so that every parent is asked.
// In a container the folder of its own group is the root.
func cgroupMemory(memberships, root string) (limit int64) {
	text, err := os.ReadFile(memberships)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		tree, file := root, "memory.max"
		if parts[1] != "" {
			if !strings.Contains(","+parts[1]+",", ",memory,") {
				continue
			}
			tree, file = filepath.Join(root, "memory"), "memory.limit_in_bytes"
		}
		for group := filepath.Join("/", parts[2]); ; group = filepath.Dir(group) {
			if n := readLimit(filepath.Join(tree, group, file)); n > 0 && (limit == 0 || n < limit) {
				limit = n
			}
			if group == "/" || group == "." {
				break
			}
		}
	}
	return limit
}

// readLimit reads a limit; 0: there is none. Version 2 writes max for none, version 1 a number
// larger than any memory, which does no harm.
func readLimit(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
