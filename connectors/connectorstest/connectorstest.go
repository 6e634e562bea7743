// Package connectorstest is the conformance test of connectors.Source. Every
// transport runs it against a real server or file system.
package connectorstest

import (
	"context"
	"errors"
	"io"
	"sort"
	"testing"

	"clearwell/connectors"
)

// A Fixture is a place that a test fills.
type Fixture struct {
	// Make puts the objects, by name, in place and returns a source that delivers exactly these.
	Make func(t *testing.T, objects map[string]string) connectors.Source
	// Remove takes one object away behind the source's back.
	Remove func(t *testing.T, name string)
}

// Run runs the conformance tests.
func Run(t *testing.T, f Fixture) {
	ctx := context.Background()
	objects := map[string]string{"b.csv": "second", "a.csv": "first", "名单.csv": "", "c.csv": "third"}

	t.Run("lists all objects by name with their sizes", func(t *testing.T) {
		list, err := f.Make(t, objects).List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != len(objects) || !sort.SliceIsSorted(list, func(i, j int) bool { return list[i].Name < list[j].Name }) {
			t.Fatalf("listed %v", list)
		}
		for i, o := range list {
			if i > 0 && list[i-1].Name == o.Name {
				t.Errorf("%s is listed twice", o.Name)
			}
			if o.Size >= 0 && o.Size != int64(len(contents(objects, o.Name))) {
				t.Errorf("%s has size %d", o.Name, o.Size)
			}
		}
	})
	t.Run("opens what it lists, more than once", func(t *testing.T) {
		s := f.Make(t, objects)
		list, err := s.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			one, err := s.Open(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			two, err := s.Open(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []io.ReadCloser{one, two} {
				b, err := io.ReadAll(r)
				if err := errors.Join(err, r.Close()); err != nil || string(b) != contents(objects, o.Name) {
					t.Errorf("%s reads as %q, %v", o.Name, b, err)
				}
			}
		}
	})
	t.Run("says that there is nothing", func(t *testing.T) {
		if _, err := f.Make(t, nil).List(ctx); !errors.Is(err, connectors.ErrNothing) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("says that an object has vanished", func(t *testing.T) {
		s := f.Make(t, map[string]string{"a.csv": "x", "b.csv": "y"})
		list, err := s.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		f.Remove(t, "b.csv")
		if _, err := s.Open(ctx, list[1]); !errors.Is(err, connectors.ErrVanished) {
			t.Errorf("error %v", err)
		}
		if r, err := s.Open(ctx, list[0]); err != nil {
			t.Errorf("the other one: %v", err)
		} else {
			r.Close()
		}
	})
	t.Run("heeds a cancelled context", func(t *testing.T) {
		s := f.Make(t, objects)
		list, err := s.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.List(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("List: %v", err)
		}
		if _, err := s.Open(gone, list[0]); !errors.Is(err, context.Canceled) {
			t.Errorf("Open: %v", err)
		}
	})
}

// contents finds an object by the end of its listed name, which may carry a folder.
func contents(objects map[string]string, listed string) string {
	for name, c := range objects {
		if len(listed) >= len(name) && listed[len(listed)-len(name):] == name {
			return c
		}
	}
	return "\x00 no such object"
}
