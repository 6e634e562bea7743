// Package connectors is where bytes come from. A connector answers what is
// there and hands it over; it knows nothing of formats, rules or runs.
//
// Each transport is a folder of its own behind Source (file), each format turns archived
// bytes into batches (csv), and archive keeps every byte that was
// read, addressed by its content. A run lists, puts each object into the
// archive, and reads formats from the archive only.
//
// Start at Source; connectorstest holds what every implementation must do.
package connectors

import (
	"context"
	"errors"
	"io"
	"time"
)

// An Object is one thing that a source delivers: a file, a page, a query's result.
type Object struct {
	Name    string    // unique in the source, stable between runs, with forward slashes
	Size    int64     // bytes; -1 if not known before reading
	ModTime time.Time // as the source says; zero if it does not
}

// A Source is one place that a contract names.
type Source interface {
	// List gives the objects that are there now, sorted by Name. It never gives none without an
	// error: a source with nothing to deliver is an error that wraps ErrNothing.
	List(ctx context.Context) ([]Object, error)

	// Open gives the bytes of an object that List gave. The caller closes the reader.
	// An object that is gone by now is an error that wraps ErrVanished. Opening
	// twice gives two independent readers.
	Open(ctx context.Context, o Object) (io.ReadCloser, error)
}

// What callers decide on. Errors of sources wrap one of these where it applies,
// and say what was tried, on what, and what to do next.
var (
	ErrNothing    = errors.New("nothing to read")
	ErrVanished   = errors.New("no longer there")
	ErrChanged    = errors.New("changed while it was read")
	ErrDirectory  = errors.New("a folder, not a file")
	ErrNotRegular = errors.New("not a regular file")
	ErrPermission = errors.New("permission denied")
	ErrOutside    = errors.New("outside of the workspace")
)
