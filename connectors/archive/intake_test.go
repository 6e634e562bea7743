package archive

import (
	"bytes"
	"context"
	"fmt"
	"io"
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
