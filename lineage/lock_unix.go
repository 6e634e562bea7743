//go:build unix

package lineage

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock or reports errBusy. The system releases it with the process.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errBusy
	}
	return err
}

func unlockFile(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }
