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

// beginWriting asks the disk to begin with n bytes of f, without waiting. It is a hint: fsync says whether they arrived.
func beginWriting(f *os.File, offset, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), offset, n, unix.SYNC_FILE_RANGE_WRITE)
}
