//go:build !unix

package lineage

import "os"

// lockFile has nothing to guard: on these systems the log cannot be written (package log).
func lockFile(*os.File) error { return nil }

func unlockFile(*os.File) error { return nil }
