// Package durable makes file changes survive a crash: what is visible under
// its final name is whole and on disk. Every commit point of the program goes
// through it, so that the order of fsync and rename is written once.
package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// tempPattern marks files that a crash may leave behind; Sweep removes them.
const tempPattern = ".tmp-*"

// WriteFile writes data under path so that a crash leaves either the previous
// file or the new one, never a mixture: temporary file in the same folder,
// fsync, rename, fsync of the folder.
func WriteFile(path string, data []byte, perm os.FileMode) error {
	return Write(path, perm, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Write is WriteFile with the contents produced by fill. When fill fails nothing
// is visible under path and the temporary file is gone.
func Write(path string, perm os.FileMode, fill func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, tempPattern)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = fill(f); err != nil {
		return err
	}
	if err = f.Chmod(perm); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return fmt.Errorf("fsync %s: %w", path, err)
	}
	if err = f.Close(); err != nil {
		return err
	}
	return Rename(f.Name(), path)
}

// Rename moves a file or folder whose contents are already synced to its final
// name and makes the move durable. Both must be in the same file system.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := SyncDir(filepath.Dir(to)); err != nil {
		return err
	}
	if filepath.Dir(from) != filepath.Dir(to) {
		return SyncDir(filepath.Dir(from))
	}
	return nil
}

// MakeDir is os.MkdirAll whose folders are still there after a crash: each one that
// it makes is synced into the one above.
func MakeDir(path string, perm os.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := MakeDir(parent, perm); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, perm); err != nil {
		if info, e := os.Stat(path); e != nil || !info.IsDir() { // else somebody else just made it
			return err
		}
	}
	return SyncDir(parent)
}

// SyncDir makes the entries of a folder durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

// SyncTree syncs every regular file and folder below dir, dir included.
func SyncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && !d.Type().IsRegular() {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		err = f.Sync()
		return errors.Join(err, f.Close())
	})
}

// Sweep removes the temporary files that a crash left in dir.
func Sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, tempPattern))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}
