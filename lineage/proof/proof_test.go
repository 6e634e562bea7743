package proof

import (
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

const exampleCheckpoint = "example.com/fancylog\n3\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJw==\n"

func TestTLogProofHasTheC2SPForm(t *testing.T) {
	p := &TLogProof{Index: 5, Hashes: tlog.RecordProof{tlog.RecordHash([]byte("a")), tlog.RecordHash([]byte("b"))}, Checkpoint: exampleCheckpoint}
	raw := string(p.Marshal())
	if !strings.HasPrefix(raw, "c2sp.org/tlog-proof@v1\nindex 5\n") || !strings.HasSuffix(raw, "=\n\n"+exampleCheckpoint) {
		t.Fatal(raw)
	}
	again, err := ParseTLogProof([]byte(raw))
	if err != nil || again.Index != 5 || len(again.Hashes) != 2 || again.Checkpoint != exampleCheckpoint {
		t.Fatalf("%v %+v", err, again)
	}
	for _, change := range [][2]string{{"@v1", "@v2"}, {"index 5", "index 05"}, {"index 5", "index -5"}, {"index 5", "extra AAAA\nindex 5"}, {"=\n\n", "=\n"}, {"=\n\n", "\n\n"}} {
		if _, err := ParseTLogProof([]byte(strings.Replace(raw, change[0], change[1], 1))); err == nil {
			t.Errorf("%q instead of %q was read", change[1], change[0])
		}
	}
}

func TestInclusionOfASingleEntry(t *testing.T) {
	leaf := []byte("leaf")
	tree := tlog.Tree{N: 1, Hash: tlog.RecordHash(leaf)}
	if err := (&TLogProof{Index: 0}).Check(leaf, tree); err != nil {
		t.Fatal(err)
	}
	if (&TLogProof{Index: 0}).Check([]byte("other"), tree) == nil || (&TLogProof{Index: 1}).Check(leaf, tree) == nil || (&TLogProof{Index: 1 << 63}).Check(leaf, tree) == nil {
		t.Fatal("a wrong leaf or index was proven")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"checkpoint":"","entries":[],"format":"` + Format + `","keys":[],"log":""}`))
	f.Add((&TLogProof{Index: 1, Hashes: tlog.RecordProof{tlog.Hash{}}, Checkpoint: exampleCheckpoint}).Marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := Parse(data); err == nil {
			if again, err := b.Marshal(); err != nil || string(again) != string(data) {
				t.Fatalf("%v: read, but written otherwise", err)
			}
		}
		if p, err := ParseTLogProof(data); err == nil && string(p.Marshal()) != string(data) {
			t.Fatal("a tlog-proof has two spellings")
		}
	})
}
