package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// What a cell was is written as it was read, or, where it was not read but made or stored, as what it became.
func TestRepairedValuesAreWrittenAlikeBeforeAndAfter(t *testing.T) {
	contract := `dataset: people
owner: registry
source: {path: "inbox/*.csv"}
fields:
  k: {level: L1}
  at: {level: L1, type: timestamp}
  share: {level: L1, type: number}
  yes: {level: L1, type: boolean}
  age: {level: L1, type: integer}
  double: {level: L1, type: integer, derive: age * 2, check: {id: limit, range: [0, 100], repair: {from: age}}}
rules:
  - {id: at-of-k, check: {depends: {k: at}}, repair: majority}
  - {id: share-of-k, check: {depends: {k: share}}, repair: majority}
  - {id: yes-of-k, check: {depends: {k: yes}}, repair: majority}
publish: {audience: internal}
`
	root := newWorkspace(t, contract, `k,at,share,yes,age
a,2024-01-01 10:00:00,1e21,true,1
a,2024-01-01 10:00:00,1e21,true,2
a,2024-01-01 10:00:01,1e-7,false,60
`)
	out := runOnce(t, root, "people", Options{})
	var got []string
	if err := ReadRepairs(filepath.Join(root, ".clearwell/quarantine/people", out.Run.ID, repairsName), func(r RepairedCell) error {
		got = append(got, fmt.Sprintf("%s: %s, %s", r.Field, *r.Before, r.After))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"double: 120, 60", "at: 2024-01-01 10:00:01, 2024-01-01 10:00:00", "share: 1e-07, 1e+21", "yes: false, true"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}
