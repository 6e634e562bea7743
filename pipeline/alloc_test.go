package pipeline

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// register is a contract with the usual kinds of fields, cleaning, checks and duplicates.
const register = `dataset: people
owner: registry
source: {path: "inbox/*.csv"}
fields:
  id: {level: L1}
  card: {standard: cn.id_card, required: true}
  name: {level: L2, required: true}
  gender:
    level: L2
    clean: [halfwidth, trim, map: {男: 1, 女: 2}]
    check: {id: gender-code, set: [1, 2], on_fail: "null"}
  born: {type: date, level: L2, formats: [yyyy-M-d, yyyy/M/d]}
  phone:
    level: L2
    clean: [halfwidth, trim, remove: " -"]
    check: {id: phone-form, pattern: "1[3-9][0-9]{9}", on_fail: "null"}
  amount: {type: "decimal(14,2)", level: L1, check: {id: amount-range, range: [0, 1e9]}}
  changed: {type: timestamp, level: L1}
rules:
  - {id: born-matches, field: born, check: born == cn.id_birth(card)}
dedupe:
  key: [card]
  keep: {latest: changed, then: {smallest: id}}
publish: {audience: internal}
`

// registerRows are rows of which one in fifty shares its card with another and one in a
// thousand has an amount out of range.
func registerRows(n int) string {
	var b strings.Builder
	b.WriteString("id,card,name,gender,born,phone,amount,changed\n")
	for i := range n {
		person := i
		if i%50 == 49 {
			person = i - 40
		}
		day, gender, amount := person%28+1, "男", fmt.Sprintf("%d.%02d", i%90000, i%100)
		digits := fmt.Sprintf("110105%d%02d%02d%03d", 1950+person/1000%60, person%12+1, day, person%1000)
		if i%3 == 0 {
			gender = " 女　"
		}
		if i%1000 == 999 {
			amount = "-1"
		}
		sum := 0
		for k, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} { // GB 11643
			sum += w * int(digits[k]-'0')
		}
		fmt.Fprintf(&b, "R%07d,%s%c,张三%d,%s,%s-%s-%s,138 %04d-%04d,%s,2024-01-%02d 10:%02d:00\n",
			i, digits, "10X98765432"[sum%11], i, gender, digits[6:10], digits[10:12], digits[12:14], i%10000, i%7919, amount, i%28+1, i%60)
	}
	return b.String()
}

// allocations is how often checking and settling a job of n rows asks for memory.
func allocations(t *testing.T, n int) uint64 {
	t.Helper()
	root := newWorkspace(t, register, registerRows(n))
	r := runner(t, root)
	defer r.Close()
	ds := r.Workspace.Dataset("people")
	j := &job{Runner: r, opts: Options{CPUs: 1, Memory: 256 << 20}, data: ds, plan: ds.Plan, dir: r.workDir("allocations"), outcome: &Outcome{}, meter: &meter{dataset: ds.ID}}
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	objects, err := j.takeIn(ctx, j.Archive.Intake())
	if err != nil {
		t.Fatal(err)
	}
	defer j.release()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := j.check(ctx, objects); err != nil {
		t.Fatal(err)
	}
	settled, err := j.scan.settle(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if rejected := j.scan.totals.quarantined; rejected != int64(n/1000) || settled.removed < int64(n/60) || settled.kept+settled.removed+rejected != int64(n) {
		t.Fatalf("of %d rows %d are kept, %d removed, %d rejected: not the job that is meant", n, settled.kept, settled.removed, rejected)
	}
	return after.Mallocs - before.Mallocs
}

func TestRowsAreCheckedAndSettledWithoutAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates for itself; the count holds without it")
	}
	const rows = 100_000
	allocations(t, 1000) // what is made once in a process
	few, many := allocations(t, rows), allocations(t, 2*rows)
	perRow := (float64(many) - float64(few)) / rows // what does not grow with the rows is left out
	t.Logf("%d allocations for %d rows, %d for %d: %.4f a row", few, rows, many, 2*rows, perRow)
	if perRow > 0.05 {
		t.Errorf("%.3f allocations a row; a batch may have some hundred, a cell none", perRow)
	}
}
