package tiles

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ctLeaves and ctRoots are the reference vectors of Certificate Transparency
// for RFC 6962: eight leaves and the roots of the trees over the first 1 to 8.
var ctLeaves = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}

var ctRoots = []string{
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

func TestFrontierGivesTheRootsOfRFC6962(t *testing.T) {
	if got := EmptyRoot; hex.EncodeToString(got[:]) != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Fatalf("empty root %x", got)
	}
	var f Frontier
	for i, text := range ctLeaves {
		leaf, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		f.Add(tlog.RecordHash(leaf))
		if got := f.Root(); hex.EncodeToString(got[:]) != ctRoots[i] {
			t.Errorf("root of %d leaves is %x, want %s", i+1, got, ctRoots[i])
		}
	}
}

// writeLog writes the tiles of a log by the simplest means, as a model.
func writeLog(t testing.TB, dir string, n int) *Frontier {
	t.Helper()
	var f Frontier
	var hashes []tlog.Hash
	var bundle []byte
	put := func(path string, data []byte) {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		leaf := []byte(strings.Repeat("x", i%5))
		f.Add(tlog.RecordHash(leaf))
		hashes = append(hashes, tlog.RecordHash(leaf))
		bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(leaf))), leaf...)
		if (i+1)%Width == 0 || i == n-1 {
			put(BundlePath(uint64(i/Width), i%Width+1), bundle)
			bundle = nil
		}
	}
	for level := 0; len(hashes) > 0; level++ {
		var above []tlog.Hash
		for k := 0; k*Width < len(hashes); k++ {
			tile := hashes[k*Width : min(len(hashes), (k+1)*Width)]
			var data []byte
			for _, h := range tile {
				data = append(data, h[:]...)
			}
			put(HashPath(level, uint64(k), len(tile)), data)
			if len(tile) == Width {
				above = append(above, Subtree(tile))
			}
		}
		hashes = above
	}
	return &f
}

func TestRightEdgeOfEverySizeGivesTheRoot(t *testing.T) {
	for _, n := range []int{1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 65535, 65536, 65537, 66000} {
		dir := t.TempDir()
		want := writeLog(t, dir, n)
		got, err := Dir(dir).Frontier(uint64(n))
		if err != nil || got.Root() != want.Root() {
			t.Errorf("%d entries: %v", n, err)
			continue
		}
		tree := tlog.Tree{N: int64(n), Hash: want.Root()}
		earlier := writeLog(t, t.TempDir(), n/2)
		if root, err := Dir(dir).RootAt(uint64(n/2), tree); err != nil || root != earlier.Root() {
			t.Errorf("root at %d of %d: %v", n/2, n, err)
		}
		count := 0
		err = Dir(dir).Leaves(0, uint64(n), uint64(n), func(index uint64, leaf []byte) error {
			count++
			if len(leaf) != int(index)%5 {
				t.Fatalf("entry %d has %d bytes", index, len(leaf))
			}
			return nil
		})
		if err != nil || count != n {
			t.Errorf("%d of %d entries read: %v", count, n, err)
		}
	}
}

func TestPathsAreThoseOfTlogTiles(t *testing.T) {
	for want, got := range map[string]string{
		"tile/0/x001/x234/067.p/8":       HashPath(0, 1234067, 8),
		"tile/entries/x001/x234/067.p/8": BundlePath(1234067, 8),
		"tile/3/000":                     HashPath(3, 0, Width),
		"tile/entries/x001/000":          BundlePath(1000, Width),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for _, n := range []uint64{0, 7, 999, 1000, 1234067, 1 << 40} {
		if got, ok := ParsePathNumber(PathNumber(n)); !ok || got != n {
			t.Errorf("%s is read as %d", PathNumber(n), got)
		}
	}
	for _, s := range []string{"", "1", "0001", "x001", "x000/001", "001/x002", "x001/2", "-01", "+01"} {
		if n, ok := ParsePathNumber(s); ok {
			t.Errorf("%q is read as %d", s, n)
		}
	}
}

func TestWidthAtTheEdge(t *testing.T) {
	for _, c := range []struct {
		level   int
		n, size uint64
		want    int
	}{{0, 0, 0, 0}, {0, 0, 1, 1}, {0, 0, 256, 256}, {0, 1, 256, 0}, {0, 1, 257, 1}, {1, 0, 255, 0}, {1, 0, 256, 1}, {1, 0, 65536, 256}, {2, 0, 65536, 1}} {
		if got := WidthAt(c.level, c.n, c.size); got != c.want {
			t.Errorf("tile %d of level %d in %d entries: %d, want %d", c.n, c.level, c.size, got, c.want)
		}
	}
}

// The signed checkpoint of C2SP tlog-checkpoint's example and its key.
const (
	exampleKey = "example.com/behind-the-sofa"
	exampleCP  = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
)

func signedExample(t testing.TB, text string) (raw []byte, key note.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, exampleKey)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = note.NewVerifier(vkey); err != nil {
		t.Fatal(err)
	}
	if raw, err = note.Sign(&note.Note{Text: text}, signer); err != nil {
		t.Fatal(err)
	}
	return raw, key
}

func TestCheckpointIsReadStrictly(t *testing.T) {
	raw, key := signedExample(t, exampleCP)
	cp, err := ParseCheckpoint(raw, key)
	if err != nil || cp.Tree.N != 20852163 || TreeHead(cp.Origin, cp.Tree) != exampleCP {
		t.Fatalf("%v %+v", err, cp)
	}
	for _, text := range []string{
		strings.Replace(exampleCP, "20852163", "020852163", 1), strings.Replace(exampleCP, "20852163", "-1", 1), strings.Replace(exampleCP, "20852163", "99999999999999999999", 1),
		strings.Replace(exampleCP, "q2I=", "q2J=", 1), strings.Replace(exampleCP, "q2I=", "q2I", 1), exampleCP + "extension\n",
		"example.com/another\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "example.com/behind-the-sofa\n1\n",
	} {
		raw, key := signedExample(t, text)
		if _, err := ParseCheckpoint(raw, key); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	_, other := signedExample(t, exampleCP)
	if _, err := ParseCheckpoint(raw, other); err == nil {
		t.Error("a checkpoint of another key was read")
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	raw, key := signedExample(f, exampleCP)
	f.Add(raw)
	f.Add([]byte("a\n1\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if cp, err := ParseCheckpoint(data, key); err == nil && cp.Text != exampleCP {
			t.Fatal("a checkpoint was forged")
		}
		if cp, err := ParseTreeHead(string(data)); err == nil && TreeHead(cp.Origin, cp.Tree) != string(data) {
			t.Fatal("a tree head has two spellings")
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	f.Add([]byte{0, 1, 'a', 0, 0})
	f.Add([]byte{0, 5, 'a'})
	f.Fuzz(func(t *testing.T, data []byte) {
		leaves, err := ParseBundle(data)
		var again []byte
		for _, leaf := range leaves {
			again = append(binary.BigEndian.AppendUint16(again, uint16(len(leaf))), leaf...)
		}
		if err == nil && string(again) != string(data) {
			t.Fatal("read, but written otherwise")
		}
	})
}

func BenchmarkFrontierAdd(b *testing.B) {
	var f Frontier
	h := tlog.RecordHash([]byte("leaf"))
	b.ReportAllocs()
	for b.Loop() {
		f.Add(h)
	}
}
