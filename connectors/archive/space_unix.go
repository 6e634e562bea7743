//go:build unix

package archive

import (
	"errors"
	"fmt"
	"syscall"
)

// explainSpace says what to do when the disk is full.
func explainSpace(dir string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("no space left for %s: nothing was stored; free space on this disk or move the archive, then run again: %w", dir, err)
	case errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk quota for %s is used up: nothing was stored; have it raised, then run again: %w", dir, err)
	}
	return err
}
