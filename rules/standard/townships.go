package standard

import (
	"bytes"
	_ "embed"
	"sync"
)

// Extended codes of the National Bureau of Statistics: nine digits for townships
// and streets, twelve for villages and residents' committees (统计用区划代码).

//go:embed tables/gb2260_townships.csv
var townshipCSV []byte // county,townships as numbers and ranges separated by |

// townshipSet has the townships of each county: bit n is the township n of 0..999.
type townshipSet [1000/64 + 1]uint64

var townships = sync.OnceValue(func() map[uint32]*townshipSet {
	all := map[uint32]*townshipSet{}
	eachRecord(townshipCSV, func(c [][]byte) {
		county, _ := decimal(c[0])
		set := new(townshipSet)
		for _, part := range bytes.Split(c[1], []byte("|")) {
			first, last, ranged := bytes.Cut(part, []byte("-"))
			from, _ := decimal(first)
			to := from
			if ranged {
				to, _ = decimal(last)
			}
			for n := from; n <= to; n++ {
				set[n>>6] |= 1 << (n & 63)
			}
		}
		all[uint32(county)] = set
	})
	return all
})

// validExtended judges the digits behind the county: three of the township and,
// of twelve digits, three of the village, which are not held here and not 000 unless
// the township is meant. 000 in place of the township means the county itself.
func validExtended(b []byte, listed bool) bool {
	county, _ := decimal(b[:6])
	rest := b[6:]
	if !allDigits(rest) {
		return false
	}
	if !listed {
		return true
	}
	township, _ := decimal(rest[:3])
	if township == 0 {
		return len(rest) == 3 || string(rest[3:]) == "000"
	}
	set := townships()[uint32(county)]
	return set != nil && set[township>>6]&(1<<(township&63)) != 0
}
