package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
)

func TestADeliveryOfManyFilesIsStoredWholeWhicheverPutWasFirst(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	in := s.Intake()
	const n = 64
	objects := make([]Object, n)
	contents := make([][]byte, n)
	var wg sync.WaitGroup
	for i := range n {
		// Sizes on both sides of a block, one empty, and every content twice.
		contents[i] = bytes.Repeat(fmt.Appendf(nil, "row %d\n", i/2), (i/2)*8000)
		wg.Go(func() {
			var told int64
			var err error
			objects[i], err = in.Put(context.Background(), bytes.NewReader(contents[i]), func(n int64) { told = n })
			if err != nil || told != int64(len(contents[i])) {
				t.Errorf("content %d: told of %d bytes, %v", i, told, err)
			}
		})
	}
	wg.Wait()
	if err := in.Commit(); err != nil {
		t.Fatal(err)
	}
	for i, o := range objects {
		if err := s.Verify(context.Background(), o.SHA256); err != nil {
			t.Fatal(err)
		}
		r, size, err := s.Get(o.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || size != int64(len(contents[i])) || !bytes.Equal(got, contents[i]) {
			t.Fatalf("content %d comes back as %d bytes, %v", i, len(got), err)
		}
	}
}

func TestContentsAroundOneBlockComeBackWhole(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("0123456789abcdef"), blockSize/16+1)
	for _, size := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1} {
		o, err := s.Put(context.Background(), bytes.NewReader(content[:size]), nil)
		if err != nil || o.Size != int64(size) {
			t.Fatalf("%d bytes: stored as %d, %v", size, o.Size, err)
		}
		if err := s.Verify(context.Background(), o.SHA256); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func BenchmarkPutSmallFiles(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	content := bytes.Repeat([]byte("a,b,c,d,e,f,g\n"), 1500)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	in := s.Intake()
	n := 0
	for b.Loop() {
		n++
		copy(content, fmt.Sprintf("%012d", n))
		if _, err := in.Put(context.Background(), bytes.NewReader(content), nil); err != nil {
			b.Fatal(err)
		}
	}
	if err := in.Commit(); err != nil {
		b.Fatal(err)
	}
}

func TestContentIsReadBeforeItIsCommitted(t *testing.T) {
	s, b := open(t), text(3*blockSize)
	ctx := context.Background()
	first, second := s.Intake(), s.Intake() // two datasets that get the same delivery
	var o Object
	for _, in := range []*Intake{first, second} {
		var err error
		if o, err = in.Put(ctx, bytes.NewReader(b), nil); err != nil {
			t.Fatal(err)
		}
	}
	reads := func(when string) {
		t.Helper()
		r, _, err := s.Get(o.SHA256)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		defer r.Close()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s: %d bytes, %v", when, len(got), err)
		}
		if err := s.ReadRanges(ctx, o.SHA256, []Range{{Offset: 5, Length: 7}}, func(_ int, raw []byte) error {
			if !bytes.Equal(raw, b[5:12]) {
				t.Errorf("%s: range %q", when, raw)
			}
			return nil
		}); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	reads("put")
	if _, err := open2(t, s).Stat(o.SHA256); !errors.Is(err, ErrNotFound) {
		t.Errorf("another process sees it before it is committed: %v", err)
	}
	first.Discard()
	reads("one of two is called off")
	if err := second.Commit(); err != nil {
		t.Fatal(err)
	}
	second.Discard() // after Commit: nothing
	reads("committed")
	if left := files(t, s); len(left) != 1 || !strings.HasSuffix(left[0], ".raw") {
		t.Errorf("left %v", left)
	}
	if err := open2(t, s).Verify(ctx, o.SHA256); err != nil {
		t.Error(err)
	}
}

// open2 is the store as another process has it.
func open2(t *testing.T, s *Store) *Store {
	t.Helper()
	other, err := Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	return other
}

func TestADeliveryThatIsCalledOffLeavesNothing(t *testing.T) {
	s := open(t)
	in := s.Intake()
	for i := range openAtOnce + 3 { // the first are durable already: a descriptor each is too much for all
		b := text(2 * blockSize)
		b[0], b[1] = byte(i), byte(i>>8)
		if _, err := in.Put(context.Background(), bytes.NewReader(b), nil); err != nil {
			t.Fatal(err)
		}
	}
	in.Discard()
	for _, left := range files(t, s) {
		if !strings.HasSuffix(left, ".raw") {
			t.Errorf("left %s", left)
		}
	}
	if n := len(files(t, s)); n != 3 {
		t.Errorf("%d files are left, not the 3 that were durable", n)
	}
}
