package standard

import (
	_ "embed"
	"sync"

	"clearwell/rules/wording"
)

// regionSuccessorCSV says which code took the place of an abolished one:
// code,successor,since (revision, yyyymm),how. tables/README.md says how it was derived.
//
//go:embed tables/gb2260_successors.csv
var regionSuccessorCSV []byte

type successor struct {
	code  [6]byte
	since int // yyyymm of the revision that brought it
}

var successors = sync.OnceValue(func() map[uint32]successor {
	all := map[uint32]successor{}
	eachRecord(regionSuccessorCSV, func(c [][]byte) {
		code, _ := decimal(c[0])
		since, _ := decimal(c[2])
		all[uint32(code)] = successor{[6]byte(c[1]), since}
	})
	return all
})

// NewestRevision is the newest revision of GB/T 2260 that is known here, yyyymm.
const NewestRevision = 202306

// RegionSuccessor gives the code that took the place of an abolished code of
// GB/T 2260, as of a revision (yyyymm): over several changes the last one up to it.
// ok is false for codes that still stand, that nobody knows, and where no single
// successor is known (a district that was split among others).
func RegionSuccessor(code []byte, asOf int) (now [6]byte, ok bool) {
	n, six := sixDigits(code)
	for range 8 { // no code changed that often
		next, there := successors()[n]
		if !six || !there || next.since > asOf {
			break
		}
		now, ok = next.code, true
		n, six = sixDigits(now[:])
	}
	return now, ok
}

// RegionRevision reads a date yyyy-MM-dd, yyyy-MM or yyyy as the revision yyyymm in
// force then: the end of the year where no month is said.
func RegionRevision(text string) (int, error) {
	b := []byte(text)
	digits := func(from, to int) int { n, _ := decimal(b[from:to]); return n }
	year, month := 0, 12
	switch {
	case len(b) == 4 && allDigits(b):
		year = digits(0, 4)
	case (len(b) == 7 || len(b) == 10 && b[7] == '-' && allDigits(b[8:])) && b[4] == '-' && allDigits(b[:4]) && allDigits(b[5:7]):
		year, month = digits(0, 4), digits(5, 7)
	}
	if year < 1980 || year > 2999 || month < 1 || month > 12 {
		return 0, wording.Errorf("%q is no date from 1980 on, such as 2015 or 2015-09-30", text)
	}
	return year*100 + month, nil
}
