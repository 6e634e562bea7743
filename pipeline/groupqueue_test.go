package pipeline

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"clearwell/pipeline/publish/parquet"
)

// TestGroupsBehindASlowOneAreBounded: workers wait once so many groups are held, all
// groups arrive in order when the slow one comes, and those that wait end with the run.
func TestGroupsBehindASlowOneAreBounded(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)
	var out bytes.Buffer
	fw, err := parquet.NewFileWriter(&out, schema, parquet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	group := func(n int) *parquet.RowGroup {
		e := fw.NewEncoder()
		e.Expect(1)
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		b.Field(0).(*array.Int64Builder).Append(int64(n))
		if err := e.Add(b.NewRecordBatch()); err != nil {
			t.Fatal(err)
		}
		rg, err := e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return rg
	}
	const groups, room = 12, 3
	q := &groupQueue{file: fw, room: room}
	var wg sync.WaitGroup
	for n := 1; n < groups; n++ {
		rg := group(n)
		wg.Go(func() {
			if err := q.append(context.Background(), n, rg); err != nil {
				t.Error(err)
			}
		})
	}
	for range 20 {
		time.Sleep(time.Millisecond)
		q.mu.Lock()
		if len(q.waiting) > room {
			t.Errorf("%d groups are held", len(q.waiting))
		}
		q.mu.Unlock()
	}
	if err := q.append(context.Background(), 0, group(0)); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if stats, err := fw.Close(); err != nil || stats.Rows != groups {
		t.Errorf("%d rows are written (%v)", stats.Rows, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	q = &groupQueue{file: fw}
	go func() { ended <- q.append(ctx, 1, group(1)) }()
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("a worker that waits: %v", err)
	}
}
