package lineage

import (
	"fmt"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"clearwell/lineage/entry"
	"clearwell/lineage/log"
	"clearwell/lineage/tiles"
	"clearwell/lineage/verify"
)

// grown is a ledger with a few full tiles.
func grown(b *testing.B) (Config, string) {
	cfg := testConfig(b)
	create(b, &cfg)
	l := open(b, cfg)
	for i := range 3 {
		drafts := make([]Draft, 300)
		for j := range drafts {
			drafts[j] = Draft{Kind: entry.Step, Dataset: "d", Run: fmt.Sprint(i), Attempt: 1, Step: fmt.Sprint(j)}
		}
		if _, err := l.Append(b.Context(), drafts); err != nil {
			b.Fatal(err)
		}
	}
	closeLedger(b, l)
	return cfg, l.VKey()
}

// BenchmarkGuard is what each append pays for not trusting the folder.
func BenchmarkGuard(b *testing.B) {
	cfg, vkey := grown(b)
	key, err := note.NewVerifier(vkey)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := log.Guard(tiles.Dir(filepath.Join(cfg.Dir, LogDir)), key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyLog(b *testing.B) {
	cfg, _ := grown(b)
	var size uint64
	for b.Loop() {
		rep, err := verify.Log(b.Context(), verify.LogOptions{Dir: cfg.Dir})
		if err != nil || !rep.OK {
			b.Fatal(err, rep)
		}
		size = rep.Size
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/entry")
}
