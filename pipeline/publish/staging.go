package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"clearwell/durable"
)

// Staging is the folder in which one run makes one version. It belongs to the
// run: nobody else writes there.
type Staging struct {
	site    *Site
	run     string
	dataset string
	version int
	dir     string
}

// Stage makes an empty staging folder for a version. What an earlier attempt
// under the same run left there is removed.
func (s *Site) Stage(run, dataset string, version int) (*Staging, error) {
	if err := errors.Join(checkName("run", run), checkName("dataset", dataset)); err != nil {
		return nil, err
	}
	if version < 1 {
		return nil, fmt.Errorf("publish: %s cannot have a version %d", dataset, version)
	}
	st := s.stagingOf(run, dataset, version)
	if err := os.RemoveAll(st.dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(st.dir), stagingDir); err != nil {
		return nil, err
	}
	// The folder is renamed as it is: it has the permissions of a published one.
	if err := os.Mkdir(st.dir, publicDir); err != nil {
		return nil, err
	}
	return st, nil
}

func (s *Site) stagingOf(run, dataset string, version int) *Staging {
	return &Staging{site: s, run: run, dataset: dataset, version: version, dir: filepath.Join(s.staging, run, dataset)}
}

// Dir is the staging folder.
func (st *Staging) Dir() string { return st.dir }

// Path is where a file of the version is staged.
func (st *Staging) Path(name string) string { return filepath.Join(st.dir, name) }

// Create makes a file, which must not be there yet. The caller closes it; Seal syncs it.
func (st *Staging) Create(name string) (*os.File, error) {
	if err := checkName("file", name); err != nil {
		return nil, err
	}
	return os.OpenFile(st.Path(name), os.O_CREATE|os.O_EXCL|os.O_RDWR, publicFile)
}

// WriteFile writes or replaces a file; Seal syncs it.
func (st *Staging) WriteFile(name string, data []byte) error {
	if err := checkName("file", name); err != nil {
		return err
	}
	return os.WriteFile(st.Path(name), data, publicFile)
}

// WriteJSON writes v as EncodeJSON has it.
func (st *Staging) WriteJSON(name string, v any) error {
	data, err := EncodeJSON(v)
	if err != nil {
		return err
	}
	return st.WriteFile(name, data)
}

// Seal brings everything staged to disk.
//
// Commit point "sealed": before it a crash may leave half-written files, which
// Sweep removes; after it the folder is whole, and Place needs nothing but a rename.
func (st *Staging) Seal() error {
	if err := durable.SyncTree(st.dir); err != nil {
		return fmt.Errorf("bring version %d of %s to disk: %w", st.version, st.dataset, err)
	}
	return durable.SyncDir(filepath.Dir(st.dir))
}

// Place moves a sealed staging folder to its final name.
//
// Commit point "placed": one rename. Before it nothing of the version is under
// published/; after it the version is whole there, but not current.
func (s *Site) Place(st *Staging) error {
	parent := filepath.Join(s.published, st.dataset)
	if err := os.MkdirAll(parent, publicDir); err != nil {
		return err
	}
	if err := errors.Join(durable.SyncDir(s.root), durable.SyncDir(s.published)); err != nil {
		return err
	}
	to := s.folder(st.dataset, st.version)
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("version %d of %s is published already; a run must take the number after it", st.version, st.dataset)
	}
	if err := durable.Rename(st.dir, to); err != nil {
		return fmt.Errorf("place version %d of %s (published/ and .clearwell/ must be in one file system): %w", st.version, st.dataset, err)
	}
	return st.Discard()
}

// Finish carries a sealed version to its end: it adds the files beside the data
// (a proof), places the version and makes it current. Any part may have been done before by a
// process that was killed; doing it again changes nothing.
func (s *Site) Finish(run, dataset string, version int, beside map[string][]byte) error {
	if err := errors.Join(checkName("run", run), checkName("dataset", dataset)); err != nil {
		return err
	}
	names := make([]string, 0, len(beside))
	for name := range beside {
		names = append(names, name)
	}
	slices.Sort(names)
	st := s.stagingOf(run, dataset, version)
	switch _, err := os.Stat(st.dir); {
	case err == nil:
		for _, name := range names {
			if err := checkName("file", name); err != nil {
				return err
			}
			if err := durable.WriteFile(st.Path(name), beside[name], publicFile); err != nil {
				return err
			}
		}
		if err := durable.Sweep(st.dir); err != nil { // of a kill within the loop above
			return err
		}
		if err := s.Place(st); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	default: // placed before
		m, err := s.Manifest(dataset, version)
		if err != nil {
			return fmt.Errorf("finish version %d of %s: its staging is gone and it is not in its place: %w", version, dataset, err)
		}
		if m.Run != "" && m.Run != run {
			return fmt.Errorf("finish version %d of %s: that version is of run %s, not of %s", version, dataset, m.Run, run)
		}
		for _, name := range names {
			if err := s.Put(dataset, version, name, beside[name]); err != nil {
				return err
			}
		}
	}
	return s.Promote(dataset, version)
}

// Discard removes the staging folder, and the run's when it was the last in it.
func (st *Staging) Discard() error {
	if err := os.RemoveAll(st.dir); err != nil {
		return err
	}
	err := os.Remove(filepath.Dir(st.dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if left, e := os.ReadDir(filepath.Dir(st.dir)); e == nil && len(left) > 0 {
		return nil // other datasets of the run
	}
	return err
}

// Discard removes everything that a run staged. A run that staged nothing is no error.
func (s *Site) Discard(run string) error {
	if err := checkName("run", run); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(s.staging, run))
}

// Sweep removes what crashes left: the staging folders of runs for which keep
// is false, and temporary files under published/. It returns what it removed,
// relative to the workspace. Nobody may be publishing meanwhile, except runs that are kept.
func (s *Site) Sweep(keep func(run string) bool) (removed []string, err error) {
	remove := func(p string) error {
		if err := os.RemoveAll(p); err != nil {
			return err
		}
		if rel, err := filepath.Rel(s.root, p); err == nil {
			p = rel
		}
		removed = append(removed, filepath.ToSlash(p))
		return nil
	}
	runs, err := os.ReadDir(s.staging)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, r := range runs {
		if keep != nil && keep(r.Name()) {
			continue
		}
		if err := remove(filepath.Join(s.staging, r.Name())); err != nil {
			return removed, err
		}
	}
	// latest.json, and files put beside the data of a version.
	for _, pattern := range []string{filepath.Join(s.published, "*", ".tmp-*"), filepath.Join(s.published, "*", versionPrefix+"*", ".tmp-*")} {
		left, err := filepath.Glob(pattern)
		if err != nil {
			return removed, err
		}
		for _, p := range left {
			if err := remove(p); err != nil {
				return removed, err
			}
		}
	}
	return removed, nil
}
