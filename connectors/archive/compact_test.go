package archive

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

func compact(t testing.TB, s *Store, o Object) Object {
	t.Helper()
	if _, err := s.Compact(context.Background(), o.SHA256); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestCompactedContentIsTheSameAndSmaller(t *testing.T) {
	for _, n := range []int{0, 1, 1000, blockSize, 3*blockSize + 17} {
		s, b := open(t), text(n)
		o := put(t, s, b)
		if list, err := s.Uncompressed(); err != nil || len(list) != 1 || list[0] != o {
			t.Fatalf("%d bytes: uncompressed %v, %v", n, list, err)
		}
		before, _, err := s.Get(o.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		defer before.Close()
		for range 2 { // the second time there is nothing to do
			stored, err := s.Compact(context.Background(), o.SHA256)
			if err != nil || n > 1000 && stored >= int64(n)/2 {
				t.Errorf("%d bytes take %d, %v", n, stored, err)
			}
		}
		if left := files(t, s); len(left) != 1 || !strings.HasSuffix(left[0], ".s2") {
			t.Errorf("%d bytes: left %v", n, left)
		}
		if list, err := s.Uncompressed(); err != nil || len(list) != 0 {
			t.Errorf("%d bytes: still uncompressed %v, %v", n, list, err)
		}
		if have, err := s.Stat(o.SHA256); err != nil || have != o {
			t.Errorf("%d bytes: %+v, %v", n, have, err)
		}
		if err := s.Verify(context.Background(), o.SHA256); err != nil {
			t.Error(err)
		}
		after, _, err := s.Get(o.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		defer after.Close()
		for when, r := range map[string]io.Reader{"opened before": before, "opened after": after} {
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%d bytes, %s: %d, %v", n, when, len(got), err)
			}
		}
		if again := put(t, s, b); again != o || len(files(t, s)) != 1 {
			t.Errorf("%d bytes: put again leaves %v", n, files(t, s))
		}
	}
}

// A crash between the two forms leaves both.
func TestTheNextCompactEndsWhatACrashLeft(t *testing.T) {
	s, b := open(t), text(300_000)
	o := compact(t, s, put(t, s, b))
	if err := os.WriteFile(s.path(o.SHA256, false), b, 0o444); err != nil {
		t.Fatal(err)
	}
	compact(t, s, o)
	if left := files(t, s); len(left) != 1 || !strings.HasSuffix(left[0], ".s2") {
		t.Errorf("left %v", left)
	}
	if err := s.Verify(context.Background(), o.SHA256); err != nil {
		t.Error(err)
	}
}

func TestACompactThatIsCalledOffLeavesTheContent(t *testing.T) {
	s, b := open(t), text(3*blockSize)
	o := put(t, s, b)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Compact(ctx, o.SHA256); err == nil {
		t.Error("it did not stop")
	}
	if left := files(t, s); len(left) != 1 || !strings.HasSuffix(left[0], ".raw") {
		t.Errorf("left %v", left)
	}
}

func BenchmarkCompact(b *testing.B) {
	content := text(64 << 20)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		b.StopTimer()
		s := open(b)
		o := put(b, s, content)
		b.StartTimer()
		compact(b, s, o)
	}
}
