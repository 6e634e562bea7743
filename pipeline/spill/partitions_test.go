package spill

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPartitionsGiveBackWhatWasAppendedWithinAnyLimit(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "partitions")
		limit := rapid.SampledFrom([]int64{0, blockBytes, 5 * blockBytes, 1 << 30}).Draw(t, "limit")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		p := NewPartitions(dir, n, limit)
		want := make([][]string, n)
		for round := range rapid.IntRange(0, 20).Draw(t, "rounds") {
			batch := make([][]byte, n)
			for i := range batch {
				for k := range rng.IntN(4) { // records of up to three blocks, ended by a line break
					r := fmt.Sprintf("%d.%d.%d %0*d\n", i, round, k, rng.IntN(3*blockBytes)>>rng.IntN(14), 0)
					batch[i] = append(batch[i], r...)
					want[i] = append(want[i], r)
				}
			}
			if err := p.Append(batch); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Settle(); err != nil {
			t.Fatal(err)
		}
		var scratch []byte
		for i := range p.Len() {
			var got []string
			var bytesRead int64
			var err error
			scratch, err = p.Each(i, scratch, func(records []byte) error {
				bytesRead += int64(len(records))
				for r := range bytes.Lines(records) {
					got = append(got, string(r))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			slices.Sort(want[i])
			if !slices.Equal(got, want[i]) || bytesRead != p.Bytes(i) {
				t.Fatalf("partition %d: %d records of %d bytes, want %d of %d", i, len(got), bytesRead, len(want[i]), p.Bytes(i))
			}
		}
		if err := errors.Join(p.Close(), p.Close()); err != nil {
			t.Fatal(err)
		}
	})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Fatalf("files are left: %v %v", left, err)
	}
}

func TestPartitionsWithinTheirLimitMakeNoFile(t *testing.T) {
	p := NewPartitions("no such folder", 2, 2*blockBytes)
	for range 100 {
		if err := p.Append([][]byte{[]byte("some"), []byte("records")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Settle(); err != nil || p.Spilled() {
		t.Fatalf("spilled: %v, %v", p.Spilled(), err)
	}
	if err := p.Append([][]byte{nil, make([]byte, 2*blockBytes)}); err == nil {
		t.Fatal("a spill file was made in a folder that is not there")
	}
}
