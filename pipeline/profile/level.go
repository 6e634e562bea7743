package profile

import (
	"fmt"
	"strings"

	"clearwell/rules/standard"
)

// nameSays begins the reason of a level that follows from a column's name.
const nameSays = "the name says: "

// levelOf proposes a column's level and says why: its standard's, what its name says, or
// what stands in its text.
func levelOf(s *columnState, values []weighted, known int64) (int, string) {
	d := s.decision
	if d.std != nil {
		if std, ok := standard.Lookup(d.std.Name); ok {
			return std.Level, "standard " + std.Name
		}
	}
	level, about := levelByName(s.name)
	reason := ""
	if about != "" {
		reason = nameSays + about
	}
	switch {
	case known == 0:
		return level, reason
	case d.typ.Name == "boolean":
		return min(level, 2), reason
	case d.typ.Name != "string":
		return level, reason
	}
	if found, what := contains(values); found > level {
		level, reason = found, what
	}
	var cells int64
	for _, v := range values {
		cells += v.cells
	}
	if level < 2 && s.tally.length.Mean/float64(known) >= 20 && int64(len(values))*2 >= cells {
		level, reason = 2, "free text"
	}
	return level, reason
}

// contains looks for identity and mobile numbers inside of text.
func contains(values []weighted) (level int, reason string) {
	ids, mobiles := 0, 0
	for _, v := range values {
		id, mobile := embedded(v.plain)
		if id {
			ids++
		}
		if mobile {
			mobiles++
		}
	}
	switch {
	case ids > 0 && ids*200 >= len(values):
		return 4, fmt.Sprintf("%d values have an identity number in them", ids)
	case mobiles > 0 && mobiles*200 >= len(values):
		return 3, fmt.Sprintf("%d values have a mobile number in them", mobiles)
	}
	return 1, ""
}

// embedded finds runs of digits that are valid identity or mobile numbers.
func embedded(v []byte) (id, mobile bool) {
	for i := 0; i < len(v); {
		if v[i]-'0' > 9 {
			i++
			continue
		}
		from := i
		for i < len(v) && v[i]-'0' <= 9 {
			i++
		}
		run := v[from:i]
		switch {
		case len(run) == 11 && standard.ValidMobile(run):
			mobile = true
		case len(run) == 18 && standard.ValidID(run, true):
			id = true
		case len(run) == 17 && i < len(v) && (v[i] == 'X' || v[i] == 'x'):
			id = id || standard.ValidID([]byte(strings.ToUpper(string(v[from:i+1]))), true)
		}
	}
	return id, mobile
}
