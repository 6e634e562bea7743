//go:build !unix

package log

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/mod/sumdb/note"
)

// tessera's POSIX driver needs fcntl locks and synced folders. Elsewhere a
// ledger can be read and verified, not written.
var errPlatform = fmt.Errorf("writing the ledger on %s: %w; run the engine on Linux, macOS or a BSD", runtime.GOOS, errors.ErrUnsupported)

// Create is not available on this system.
func Create(context.Context, Config) error { return errPlatform }

func startSequencer(string, note.Signer) (sequencer, error) { return nil, errPlatform }
