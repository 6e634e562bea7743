//go:build unix

package file

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"clearwell/connectors"

	"golang.org/x/sys/unix"
)

func TestAPipeIsRefusedWithoutWaitingForItsWriter(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "p.csv"), 0o644); err != nil {
		t.Skip("reason: no named pipes here: ", err)
	}
	s, err := New(dir, "p.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(context.Background()); !errors.Is(err, connectors.ErrNotRegular) {
		t.Errorf("List: %v", err)
	}
	if _, err := s.Open(context.Background(), connectors.Object{Name: "p.csv"}); !errors.Is(err, connectors.ErrNotRegular) {
		t.Errorf("Open: %v", err)
	}
}
