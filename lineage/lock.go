package lineage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

var errBusy = errors.New("locked")

// Holder says which process has the ledger open for writing.
type Holder struct {
	PID     int    `json:"pid"`
	Host    string `json:"host"`
	Command string `json:"command"`
	Since   string `json:"since"`
}

// A LockedError is returned while another process writes the ledger.
type LockedError struct {
	Dir    string
	Holder Holder
}

func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("the ledger in %s is in use by another process; wait until it ends or stop it", e.Dir)
	}
	return fmt.Sprintf("the ledger in %s is in use by process %d on %s (%s, since %s); wait until it ends or stop it",
		e.Dir, e.Holder.PID, e.Holder.Host, e.Holder.Command, e.Holder.Since)
}

// A lock keeps other processes from writing a ledger.
type lock struct{ file *os.File }

// Close gives the lock back. It is undone before the file is closed: a child that this process is just
// starting holds a copy of the file until it is on its own.
func (l lock) Close() error { return errors.Join(unlockFile(l.file), l.file.Close()) }

// takeLock locks dir for this process until the returned lock is closed. The
// lock is the system's, so a killed process leaves none behind; the file's
// content is only for the message to whoever comes second.
func takeLock(dir string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		locked := &LockedError{Dir: dir}
		if errors.Is(err, errBusy) {
			raw, _ := io.ReadAll(io.LimitReader(f, 4096))
			_ = json.Unmarshal(raw, &locked.Holder) // without it the message says less
			err = locked
		}
		return nil, errors.Join(err, f.Close())
	}
	host, _ := os.Hostname() // for the message only
	raw, err := json.Marshal(Holder{PID: os.Getpid(), Host: host, Command: filepath.Base(os.Args[0]), Since: time.Now().UTC().Format(time.RFC3339)})
	if err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt(raw, 0)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return lock{f}, nil
}
