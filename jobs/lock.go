package jobs

import (
	"errors"
	"fmt"
	"os"
)

// ErrAlreadyServing says that another daemon serves the workspace.
var ErrAlreadyServing = errors.New("another daemon serves this workspace; stop it first, or ask it with clearwell status")

// lockFile takes the lock at path until unlock. The operating system gives it
// back when the process ends, however it ends; the file itself stays.
func lockFile(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock of the daemon: %w", err)
	}
	if err := tryLock(f); err != nil {
		closeErr := f.Close()
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("%s is locked: %w", path, ErrAlreadyServing)
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), closeErr)
	}
	return f.Close, nil
}

// errLocked is what tryLock gives when somebody else has the lock.
var errLocked = errors.New("locked")
