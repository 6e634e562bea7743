package archive

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// cloneFile makes dst share the blocks of src (FICLONE). It reports false, with dst still
// empty, where that is not possible: another file system, one without clones, or a
// source that is not at its beginning.
func cloneFile(dst, src *os.File) bool {
	info, err := src.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	if at, err := src.Seek(0, io.SeekCurrent); err != nil || at != 0 {
		return false
	}
	return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) == nil
}
