package standard

import (
	"bytes"
	_ "embed"
	"sort"
	"sync"
)

// GB/T 2260, codes for the administrative divisions. tables/README.md says where the lists come from.
var (
	//go:embed tables/gb2260.csv
	regionCSV []byte // code,name,first_seen,last_seen,current; revisions 2002 to 2023
	//go:embed tables/gb2260_before_2002.csv
	oldRegionCSV []byte // code,name,first_year,last_year; codes that were abolished before
)

// A codeBits is a set of six-digit codes, one bit each. The codes of one
// prefecture lie in 13 neighbouring bytes, so that real data keeps the hot part
// in the first-level cache.
type codeBits [1_000_000 / 64]uint64

func (s *codeBits) has(code uint32) bool {
	return code < 1_000_000 && s[code>>6]&(1<<(code&63)) != 0
}

func (s *codeBits) add(code uint32) { s[code>>6] |= 1 << (code & 63) }

type regionTable struct {
	ever, current codeBits
	codes         []uint32 // sorted; parallel to names
	names         []string // the latest name of each code
}

// regions is read on first use: a program that checks no region pays nothing.
var regions = sync.OnceValue(loadRegions)

func loadRegions() *regionTable {
	t := new(regionTable)
	type named struct {
		code     uint32
		lastSeen string
		name     string
	}
	var all []named
	eachRecord(oldRegionCSV, func(cells [][]byte) {
		code, _ := decimal(cells[0])
		t.ever.add(uint32(code))
		all = append(all, named{uint32(code), string(cells[3]), string(cells[1])})
	})
	eachRecord(regionCSV, func(cells [][]byte) {
		code, _ := decimal(cells[0])
		t.ever.add(uint32(code))
		if cells[4][0] == '1' {
			t.current.add(uint32(code))
		}
		all = append(all, named{uint32(code), string(cells[3]), string(cells[1])})
	})
	sort.SliceStable(all, func(i, j int) bool {
		if all[i].code != all[j].code {
			return all[i].code < all[j].code
		}
		return all[i].lastSeen > all[j].lastSeen
	})
	for _, r := range all {
		if n := len(t.codes); n > 0 && t.codes[n-1] == r.code {
			continue
		}
		t.codes = append(t.codes, r.code)
		t.names = append(t.names, r.name)
	}
	return t
}

// eachRecord calls f with the cells of every line after the header. The tables
// have no quoting; a test holds them to that.
func eachRecord(table []byte, f func(cells [][]byte)) {
	_, table, _ = bytes.Cut(table, []byte("\n"))
	for len(table) > 0 {
		var line []byte
		line, table, _ = bytes.Cut(table, []byte("\n"))
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) > 0 {
			f(bytes.Split(line, []byte(",")))
		}
	}
}

// ValidRegion reports whether b is a six-digit code of GB/T 2260. With current
// false every code that the standard ever had is right; with current true only
// those of the newest revision known here (2023-06).
func ValidRegion(b []byte, current bool) bool {
	code, ok := sixDigits(b)
	if !ok {
		return false
	}
	if current {
		return regions().current.has(code)
	}
	return regions().ever.has(code)
}

// RegionName is the latest Chinese name of a six-digit GB/T 2260 code, current
// or abolished.
func RegionName(code []byte) (name string, ok bool) {
	n, ok := sixDigits(code)
	if !ok {
		return "", false
	}
	t := regions()
	i := sort.Search(len(t.codes), func(i int) bool { return t.codes[i] >= n })
	if i == len(t.codes) || t.codes[i] != n {
		return "", false
	}
	return t.names[i], true
}

func sixDigits(b []byte) (code uint32, ok bool) {
	if len(b) != 6 {
		return 0, false
	}
	n, ok := decimal(b)
	return uint32(n), ok
}

// compileAdminDivision: options current, digits and townships.
func compileAdminDivision(o options) (*Compiled, error) {
	t, set := regions(), (*codeBits)(nil)
	if set = &t.ever; o.is("current") {
		set = &t.current
	}
	listed := o.text("townships") == "listed"
	length := map[string]int{"6": 6, "9": 9, "12": 12}[o.text("digits")]
	return &Compiled{Valid: func(b []byte) bool {
		n := len(b)
		if n != 6 && n != 9 && n != 12 || length != 0 && n != length {
			return false
		}
		code, ok := sixDigits(b[:6])
		return ok && set.has(code) && (n == 6 || validExtended(b, listed))
	}}, nil
}

// compileAdminName: option current. Six-digit codes become the latest name of the code.
func compileAdminName(o options) (*Compiled, error) {
	names := map[string]string{}
	keep := func(name []byte) { names[string(name)] = string(name) }
	if !o.is("current") {
		eachRecord(oldRegionCSV, func(c [][]byte) { keep(c[1]) })
	}
	eachRecord(regionCSV, func(c [][]byte) {
		if !o.is("current") || c[4][0] == '1' {
			keep(c[1])
		}
	})
	table := newWordTable(names)
	return &Compiled{
		Clean: func(dst, src []byte) ([]byte, bool) {
			name, ok := RegionName(src)
			if !ok {
				return dst, false
			}
			return append(dst, name...), true
		},
		Valid: table.has,
		codes: sortedValues(names),
	}, nil
}
