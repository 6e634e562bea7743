package standard

import _ "embed"

//go:embed tables/gb4754_sections.csv
var sectionCSV []byte // section,name

// lastDivision is the last division (two digits) of each section A..T of GB/T
// 4754-2017; the first is the one after the section before.
var lastDivision = [20]int{5, 12, 43, 46, 50, 52, 60, 62, 65, 69, 70, 72, 75, 79, 82, 83, 85, 90, 96, 97}

// validIndustry reports whether b is a section A..T, a division 01..97, a group
// of three digits or a class of four in such a division, or one of the last
// three after the letter of its section (C1311). The lists of groups and
// classes are not held here: 0119 passes like 0111.
func validIndustry(b []byte) bool {
	section := -1
	if len(b) > 0 && b[0]-'A' < 20 {
		section = int(b[0] - 'A')
		if b = b[1:]; len(b) == 0 {
			return true
		}
	}
	if len(b) < 2 || len(b) > 4 || !allDigits(b) {
		return false
	}
	division := two(b)
	if division < 1 || division > 97 || len(b) == 4 && b[2] == '0' {
		return false
	}
	if section < 0 {
		return true
	}
	first := 1
	if section > 0 {
		first = lastDivision[section-1] + 1
	}
	return division >= first && division <= lastDivision[section]
}

// compileIndustry: the names of sections become their letters.
func compileIndustry(options) (*Compiled, error) {
	words := map[string]string{}
	eachRecord(sectionCSV, func(c [][]byte) { words[string(c[1])] = string(c[0]) })
	names := newWordTable(words)
	return &Compiled{
		Clean: func(dst, src []byte) ([]byte, bool) {
			section, ok := names.find(src)
			if !ok {
				return dst, false
			}
			return append(dst, section...), true
		},
		Valid: validIndustry,
	}, nil
}
