package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/s2"
)

func text(n int) []byte {
	var b bytes.Buffer
	rng := rand.New(rand.NewPCG(1, 2))
	for b.Len() < n {
		fmt.Fprintf(&b, "R%010d,市教育局,%d,四川省凉山彝族自治州盐源县环城南路\n", b.Len(), rng.Uint64())
	}
	return b.Bytes()[:n]
}

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func files(t testing.TB, s *Store) (paths []string) {
	t.Helper()
	if err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return paths
}

func put(t testing.TB, s *Store, b []byte) Object {
	t.Helper()
	o, err := s.Put(context.Background(), bytes.NewReader(b), nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestWhatIsPutIsGotByItsHash(t *testing.T) {
	for _, n := range []int{0, 1, 1000, blockSize - 1, blockSize, blockSize + 1, 9*blockSize + 17} {
		s, b := open(t), text(n)
		var seen int64
		o, err := s.Put(context.Background(), iotest.HalfReader(bytes.NewReader(b)), func(read int64) {
			if read < seen {
				t.Errorf("progress went from %d to %d", seen, read)
			}
			seen = read
		})
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		if o.SHA256 != hex.EncodeToString(sum[:]) || o.Size != int64(n) || seen != int64(n) {
			t.Errorf("%d bytes: %+v, progress %d", n, o, seen)
		}
		if again := put(t, s, b); again != o || len(files(t, s)) != 1 {
			t.Errorf("%d bytes: put again gives %+v, files %v", n, again, files(t, s))
		}
		if have, err := s.Stat(o.SHA256); err != nil || have != o {
			t.Errorf("%d bytes: stat %+v, %v", n, have, err)
		}
		for _, wrap := range []func(io.Reader) io.Reader{iotest.OneByteReader, func(r io.Reader) io.Reader { return r }} {
			if n > 2*blockSize {
				wrap = func(r io.Reader) io.Reader { return r }
			}
			r, size, err := s.Get(o.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(wrap(r))
			if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, b) || size != int64(n) {
				t.Errorf("%d bytes: got %d of %d, %v", n, len(got), size, err)
			}
		}
		if err := s.Verify(context.Background(), o.SHA256); err != nil {
			t.Error(err)
		}
	}
}

func TestAFileOnDiskIsArchivedWhetherOrNotItCanBeCloned(t *testing.T) {
	s, b := open(t), text(3*blockSize)
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	o, err := s.Put(context.Background(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	if o.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%+v", o)
	}
	if err := s.Verify(context.Background(), o.SHA256); err != nil {
		t.Error(err)
	}
}

func TestContentThatIsNotThereSaysSo(t *testing.T) {
	s := open(t)
	if _, err := s.Stat(strings.Repeat("ab", 32)); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, _, err := s.Get("../../etc"); err == nil || errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// rewrite changes a read-only archive file.
func rewrite(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(b), 0o444); err != nil {
		t.Fatal(err)
	}
}

func TestAnyFlippedByteOfACompressedFileIsFound(t *testing.T) {
	for _, n := range []int{0, 1, 3_000} {
		s := open(t)
		o := compact(t, s, put(t, s, text(n)))
		path := s.path(o.SHA256, true)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if testing.Short() {
			step = 37
		}
		for at := 0; at < len(good); at += step {
			rewrite(t, path, func([]byte) []byte {
				c := bytes.Clone(good)
				c[at] ^= 1 << (at % 8)
				return c
			})
			var corrupt *CorruptError
			if err := s.Verify(context.Background(), o.SHA256); !errors.As(err, &corrupt) {
				t.Errorf("%d bytes, byte %d of the file: %v", n, at, err)
			}
		}
		for _, keep := range []int{len(good) - 1, len(good) - int(sealSize), len(good) / 2, 0} {
			rewrite(t, path, func([]byte) []byte { return good[:keep] })
			var corrupt *CorruptError
			if err := s.Verify(context.Background(), o.SHA256); !errors.As(err, &corrupt) {
				t.Errorf("%d bytes, cut to %d: %v", n, keep, err)
			}
		}
		rewrite(t, path, func([]byte) []byte { return good })
		if err := s.Verify(context.Background(), o.SHA256); err != nil {
			t.Errorf("put back: %v", err)
		}
	}
}

func TestAForeignReaderPassesOverTheSeal(t *testing.T) {
	s, b := open(t), text(2*blockSize+5)
	o := compact(t, s, put(t, s, b))
	f, err := os.Open(s.path(o.SHA256, true))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(s2.NewReader(f)); err != nil || !bytes.Equal(got, b) {
		t.Errorf("%d of %d bytes, %v", len(got), len(b), err)
	}
}

func TestATruncatedObjectIsReplacedByTheNextPut(t *testing.T) {
	s, b := open(t), text(300_000)
	for _, compressed := range []bool{false, true} {
		for _, keep := range []int{0, 10, 5000} {
			o := put(t, s, b)
			if compressed {
				compact(t, s, o)
			}
			rewrite(t, s.path(o.SHA256, compressed), func(b []byte) []byte { return b[:keep] })
			var corrupt *CorruptError
			if err := s.Verify(context.Background(), o.SHA256); !errors.As(err, &corrupt) {
				t.Errorf("cut to %d: %v", keep, err)
			}
			put(t, s, b)
			if err := s.Verify(context.Background(), o.SHA256); err != nil {
				t.Errorf("cut to %d: %v", keep, err)
			}
			if len(files(t, s)) != 1 {
				t.Errorf("cut to %d: stored twice: %v", keep, files(t, s))
			}
		}
	}
}

func TestContentAsItCameIsVerifiedToo(t *testing.T) {
	s, b := open(t), text(300_000)
	o := put(t, s, b)
	rewrite(t, s.path(o.SHA256, false), func(b []byte) []byte { b[7]++; return b })
	var corrupt *CorruptError
	if err := s.Verify(context.Background(), o.SHA256); !errors.As(err, &corrupt) {
		t.Error(err)
	}
	if _, err := s.Compact(context.Background(), o.SHA256); !errors.As(err, &corrupt) {
		t.Errorf("compacted although it is damaged: %v", err)
	}
	if left := files(t, s); len(left) != 1 || !strings.HasSuffix(left[0], ".raw") {
		t.Errorf("left %v", left)
	}
}

// failing is a disk that is full, or writes short, after some bytes, or fails to sync.
type failing struct {
	file
	left  int
	short bool
	sync  bool
}

func (f *failing) Write(p []byte) (int, error) {
	if len(p) <= f.left {
		f.left -= len(p)
		return f.file.Write(p)
	}
	n, err := f.file.Write(p[:f.left])
	f.left = 0
	if err == nil && !f.short {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f *failing) Sync() error {
	if f.sync {
		return syscall.EIO
	}
	return f.file.Sync()
}

func TestAFailingDiskLeavesNothingAndSaysWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		disk failing
		want error
		says string
	}{
		"full at once": {failing{}, syscall.ENOSPC, "free space"},
		"full later":   {failing{left: 2_000_000}, syscall.ENOSPC, "free space"},
		"short write":  {failing{left: 2_000_000, short: true}, io.ErrShortWrite, "short write"},
		"sync fails":   {failing{left: 1 << 30, sync: true}, syscall.EIO, "fsync"},
	} {
		s := open(t)
		s.wrap = func(f file) file { d := c.disk; d.file = f; return &d }
		random := make([]byte, 8*blockSize)
		rng := rand.NewChaCha8([32]byte{})
		rng.Read(random)
		_, err := s.Put(context.Background(), bytes.NewReader(random), nil)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if left := files(t, s); len(left) > 0 {
			t.Errorf("%s: leaves %v", name, left)
		}
	}
}

func TestAFailingSourceLeavesNothing(t *testing.T) {
	s, b := open(t), text(3*blockSize)
	broken := errors.New("line cut")
	for _, want := range []error{broken, io.ErrUnexpectedEOF} {
		_, err := s.Put(context.Background(), io.MultiReader(bytes.NewReader(b), iotest.ErrReader(want)), nil)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "after 3145728 bytes") {
			t.Errorf("error %v", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err := s.Put(ctx, bytes.NewReader(b), func(int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left := files(t, s); len(left) > 0 {
		t.Errorf("leaves %v", left)
	}
}

func TestSweepRemovesWhatAKilledRunLeft(t *testing.T) {
	s := open(t)
	if err := os.WriteFile(filepath.Join(s.dir, ".tmp-123"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(); err != nil || len(files(t, s)) > 0 {
		t.Errorf("%v, left %v", err, files(t, s))
	}
}

func TestRangesAreReadInOnePass(t *testing.T) {
	b := text(6*blockSize + 999)
	for _, compressed := range []bool{true, false} {
		s := open(t)
		o := put(t, s, b)
		if !compressed {
			os.Remove(s.path(o.SHA256, true))
			if err := os.WriteFile(s.path(o.SHA256, false), b, 0o444); err != nil {
				t.Fatal(err)
			}
		}
		rng := rand.New(rand.NewPCG(3, 4))
		for _, spread := range []int{1, 100, 100_000, 2_000_000} {
			var ranges []Range
			for off := 0; off < len(b) && len(ranges) < 2000; off += rng.IntN(spread + 1) {
				n := min(rng.IntN(400), len(b)-off)
				if rng.IntN(50) == 0 {
					n = min(rng.IntN(blockSize), len(b)-off)
				}
				ranges = append(ranges, Range{int64(off), int32(n)})
			}
			next := 0
			err := s.ReadRanges(context.Background(), o.SHA256, ranges, func(i int, raw []byte) error {
				r := ranges[i]
				if i != next || !bytes.Equal(raw, b[r.Offset:r.Offset+int64(r.Length)]) {
					return fmt.Errorf("range %d is wrong", i)
				}
				next++
				return nil
			})
			if err != nil || next != len(ranges) {
				t.Errorf("compressed %v, spread %d: %d of %d, %v", compressed, spread, next, len(ranges), err)
			}
		}
		for _, bad := range [][]Range{{{-1, 2}}, {{0, -1}}, {{int64(len(b)), 1}}, {{5, 1}, {4, 1}}} {
			if err := s.ReadRanges(context.Background(), o.SHA256, bad, func(int, []byte) error { return nil }); err == nil || !strings.Contains(err.Error(), "out of") {
				t.Errorf("%v: %v", bad, err)
			}
		}
	}
}

func BenchmarkPut(b *testing.B) {
	s, data := open(b), text(64<<20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		o := put(b, s, data)
		os.Remove(s.path(o.SHA256, true))
	}
}

func BenchmarkGet(b *testing.B) {
	s, data := open(b), text(64<<20)
	o := put(b, s, data)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := s.Verify(context.Background(), o.SHA256); err != nil {
			b.Fatal(err)
		}
	}
}
