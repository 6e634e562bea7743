package log

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"clearwell/lineage/tiles"
)

// sweep removes what a killed writer can leave: temporary files (tessera names
// them after the target with a random number behind) beside the files of the
// right edge, partial tiles of entries that never became part of the tree, and
// partials whose full tile is there.
func sweep(dir string, size uint64) error {
	for _, name := range []string{tiles.CheckpointPath, tiles.StatePath, tiles.VersionPath} {
		if err := removeNumbered(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	paths := []func(n uint64, width int) string{tiles.BundlePath}
	levels := []int{0}
	for level := 0; level == 0 || size>>(tiles.Height*(level-1)) > 0; level++ { // one above the tree: a crash may have begun it
		paths = append(paths, func(n uint64, width int) string { return tiles.HashPath(level, n, width) })
		levels = append(levels, level)
	}
	for i, path := range paths {
		edge := size >> (tiles.Height * (levels[i] + 1))
		first := uint64(0)
		if edge > 0 {
			first = edge - 1
		}
		for n := first; n <= edge+1; n++ {
			if err := sweepTile(dir, path, n, tiles.WidthAt(levels[i], n, size)); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepTile brings one tile in order: width is what the tree has of it.
func sweepTile(dir string, path func(n uint64, width int) string, n uint64, width int) error {
	full := filepath.Join(dir, filepath.FromSlash(path(n, tiles.Width)))
	if err := removeNumbered(full); err != nil {
		return err
	}
	if width == tiles.Width {
		return os.RemoveAll(full + ".p")
	}
	if err := os.Remove(full); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files, err := os.ReadDir(full + ".p")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		if w, err := strconv.Atoi(f.Name()); err != nil || w > width {
			if err := os.Remove(filepath.Join(full+".p", f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeNumbered removes files called like path with digits behind. Names of
// tiles end in three digits, those of temporary files in more.
func removeNumbered(path string) error {
	files, err := filepath.Glob(path + "[0-9]*")
	if err != nil {
		return err
	}
	for _, f := range files {
		rest := strings.TrimPrefix(f, path)
		if _, err := strconv.ParseUint(rest, 10, 64); err == nil {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// removePartials removes the partial files of tiles that became full between
// two published sizes; C2SP tlog-tiles permits it from then on. Without it they
// grow to several times the data.
func removePartials(dir string, from, to uint64) error {
	for shift := tiles.Height; to>>shift > from>>shift; shift += tiles.Height {
		level := shift/tiles.Height - 1
		for n := from >> shift; n < to>>shift; n++ {
			files := []string{tiles.HashPath(level, n, tiles.Width)}
			if level == 0 {
				files = append(files, tiles.BundlePath(n, tiles.Width))
			}
			for _, f := range files {
				if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(f)) + ".p"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
