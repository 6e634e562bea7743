package kernel

import (
	"math/rand/v2"
	"testing"

	"clearwell/batch"
	"clearwell/rules"
)

// benchRows is the size of a batch in benchmarks.
const benchRows = 8192

// jobBatch is a batch of mostly clean rows, as the reference job has them: about one
// cell in a hundred is dirty.
func jobBatch() (*batch.Batch, int64) {
	r := rand.New(rand.NewPCG(3, 4))
	rows := make([][]string, benchRows)
	var size int64
	for i := range rows {
		rows[i] = cleanRow(r, i)
		if r.IntN(8) == 0 {
			dirty := dirtyRow(r, i)
			c := r.IntN(len(dirty))
			rows[i][c] = dirty[c]
		}
		for _, v := range rows[i] {
			size += int64(len(v))
		}
	}
	return textBatch(jobHeader, rows), size
}

func cleanRow(r *rand.Rand, n int) []string {
	row := dirtyRow(r, n)
	for c, v := range map[int]string{
		3: "欧阳娜娜", 4: []string{"男", "女", "1", "2"}[r.IntN(4)], 6: "13812345678", 7: "四川省凉山彝族自治州盐源县环城南路30号桃源居13栋6单元2603室",
		8: "513423", 9: "91350100M000100Y43", 10: "246952.47", 13: "nalin8766@139.com",
	} {
		row[c] = v
	}
	y, m, d := 1935+r.IntN(85), 1+r.IntN(12), 1+r.IntN(28)
	id := append([]byte("513423"), byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), byte('0'+m/10), byte('0'+m%10), byte('0'+d/10), byte('0'+d%10), '1', '2', '3')
	row[2] = string(append(id, idCheckCharacter(string(id))))
	row[5] = string(id[6:10]) + "-" + string(id[10:12]) + "-" + string(id[12:14])
	row[11], row[12] = "2012-03-01", "2024-12-05 09:20:14"
	return row
}

// perCell runs f, which handles so many cells or rows, and reports CPU time for each.
func perCell(b *testing.B, cells int, unit string, f func()) {
	b.ReportAllocs()
	start := cpuTime()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64((cpuTime()-start).Nanoseconds())/float64(b.N)/float64(cells), "cpu-ns/"+unit)
}

// BenchmarkJobCheck is cleaning, parsing and checking of the reference job: 15 columns, 13 rules.
func BenchmarkJobCheck(b *testing.B) {
	w := mustCompile(b, jobPlan(b), jobHeader).NewWorker()
	in, size := jobBatch()
	b.SetBytes(size)
	mustCheck(b, w, in)
	perCell(b, benchRows, "row", func() { mustCheck(b, w, in) })
}

// BenchmarkJobClean is the cleaning and parsing of the reference job alone, column by column.
func BenchmarkJobClean(b *testing.B) {
	plan := jobPlan(b)
	w := mustCompile(b, plan, jobHeader).NewWorker()
	in, _ := jobBatch()
	mustCheck(b, w, in)
	for i := range plan.Fields {
		b.Run(plan.Fields[i].Name, func(b *testing.B) {
			b.SetBytes(int64(len(w.state.columns[i].text.data)))
			perCell(b, benchRows, "cell", func() {
				if err := w.clean(i, in); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkJobRules is each rule of the reference job alone.
func BenchmarkJobRules(b *testing.B) {
	plan := jobPlan(b)
	w := mustCompile(b, plan, jobHeader).NewWorker()
	in, _ := jobBatch()
	mustCheck(b, w, in)
	for k := range plan.Rules {
		b.Run(plan.Rules[k].ID, func(b *testing.B) {
			perCell(b, benchRows, "cell", func() { w.evaluate(k) })
		})
	}
}

// BenchmarkJobTreat is the desensitization of the reference job, all rows and column by column.
func BenchmarkJobTreat(b *testing.B) {
	plan := jobPlan(b)
	in, _ := jobBatch()
	c := mustCheck(b, mustCompile(b, plan, jobHeader).NewWorker(), in)
	sel := make([]int32, 0, benchRows)
	for i := range benchRows {
		if i%16 != 0 {
			sel = append(sel, int32(i))
		}
	}
	treat := func(b *testing.B, p *rules.Plan) {
		t, err := NewTreater(p, benchKeys)
		if err != nil {
			b.Fatal(err)
		}
		perCell(b, len(sel), "cell", func() {
			if _, err := t.Treat(c.Columns, sel); err != nil {
				b.Fatal(err)
			}
		})
	}
	b.Run("row", func(b *testing.B) { treat(b, plan) })
	for i := range plan.Fields {
		one := *plan
		one.Fields = append([]rules.Field{}, plan.Fields...)
		for k := range one.Fields {
			if k != i {
				one.Fields[k].PublishAs = ""
			}
		}
		b.Run(plan.Fields[i].Name, func(b *testing.B) { treat(b, &one) })
	}
}
