package pipeline

import (
	"strings"
	"testing"
)

func TestARecordLongerThanUsualIsReadAgainWithTheContractsLimit(t *testing.T) {
	contract := strings.Replace(people, `source: {path: "inbox/*.csv"}`, `source: {path: "inbox/*.csv", max_record: 10MB}`, 1)
	long := strings.Repeat("x", 9<<20) // the reader's own limit is 8 MiB
	root := newWorkspace(t, contract, "id,code,person,age,changed\n1,a,anna,31,2024-01-01\n2,a,"+long+",32,2024-02-01\n3,b,bert,33,2024-01-01\n")
	out := runOnce(t, root, "people", Options{})
	if got, want := out.Run.Rows, (RunRows{Read: 3, Published: 1, Quarantined: 2}); got != want {
		t.Fatalf("%+v, not %+v", got, want)
	}
	cells := map[int64]string{}
	if err := ReadQuarantine(root+"/.clearwell/quarantine/people/"+out.Run.ID+"/quarantine.parquet", func(r *Reject) error {
		cells[r.Row] = strings.Clone(r.Cells[2])
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if cells[1] != "anna" || cells[2] != long {
		t.Fatalf("the quarantine has %d rows, row 1 %q, row 2 with %d bytes", len(cells), cells[1], len(cells[2]))
	}
}
