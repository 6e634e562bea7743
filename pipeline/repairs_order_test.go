package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// Two rules over all rows blame the same cell: the first that repairs it decides,
// the second takes the new value where it would have proposed the same, and does what on_fail says where not.
func TestTheFirstRuleOverAllRowsThatRepairsACellDecides(t *testing.T) {
	contract := `dataset: people
owner: registry
source: {path: "inbox/*.csv"}
fields:
  id: {level: L1}
  county: {level: L1}
  street: {level: L1}
  city: {level: L1}
rules:
  - {id: by-county, check: {depends: {county: city}}, repair: majority, on_fail: quarantine}
  - {id: by-street, check: {depends: {street: city}}, repair: majority, on_fail: %s}
publish: {audience: internal}
`
	// Row 3: both rules say h. Row 8: the county says h, the street w. Row 12: only the street says anything.
	rows := `id,county,street,city
1,c1,s1,h
2,c1,s1,h
3,c1,s1,x
4,c1,s1,h
5,c2,s2,w
6,c2,s2,w
7,c2,s2,w
8,c1,s2,x
9,c3,s3,n
10,c4,s3,n
11,c5,s3,n
12,c6,s3,x
`
	for _, c := range []struct {
		onFail   string
		repaired []string
		rows     RunRows
	}{
		{"quarantine", []string{"3 by-county x h", "12 by-street x n"}, RunRows{Read: 12, Published: 11, Quarantined: 1}},
		{`"null"`, []string{"3 by-county x h", "12 by-street x n"}, RunRows{Read: 12, Published: 12}},
		{"{replace: z}", []string{"3 by-county x h", "12 by-street x n"}, RunRows{Read: 12, Published: 12}},
		{"keep", []string{"3 by-county x h", "8 by-county x h", "12 by-street x n"}, RunRows{Read: 12, Published: 12}},
	} {
		root := newWorkspace(t, fmt.Sprintf(contract, c.onFail), rows)
		out := runOnce(t, root, "people", Options{})
		var got []string
		if err := ReadRepairs(filepath.Join(root, ".clearwell/quarantine/people", out.Run.ID, repairsName), func(r RepairedCell) error {
			got = append(got, fmt.Sprintf("%d %s %s %s", r.Row, r.Rule, *r.Before, r.After))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, c.repaired) || out.Run.Rows != c.rows {
			t.Errorf("on_fail: %s: repaired are %q, not %q; rows %+v, not %+v", c.onFail, got, c.repaired, out.Run.Rows, c.rows)
		}
	}
}
