// Package file is the connector for files on disk: one path or one glob.
//
// A relative path is taken from the workspace and must stay inside it, unless
// it plainly begins with ../ : what an officer writes on purpose is honoured, what a
// path such as inbox/../../x does by accident is not. An absolute path is taken as
// written. The rule is about the text of the path; symbolic links are followed,
// for mounting an inbox is the operator's business.
//
// A glob (* ? [..], as path/filepath) takes regular files and passes over folders, special files, and names
// that begin with a dot unless the pattern's last part does too. A path that exists as written
// is never read as a glob.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unicode/utf8"

	"clearwell/connectors"
)

// Source delivers the files that a path or glob of a contract names.
type Source struct {
	workspace string // absolute
	pattern   string // as written
	full      string // absolute
	match     string // full as a glob: the workspace's own path stands for itself
}

var _ connectors.Source = (*Source)(nil)

// New makes a source. pattern is a path or glob as it stands in the contract, with
// forward slashes. Nothing is read; a pattern that leaves the workspace or is
// malformed is an error.
func New(workspace, pattern string) (*Source, error) {
	root, err := filepath.Abs(workspace)
	if err != nil {
		return nil, fmt.Errorf("workspace %s: %w", workspace, err)
	}
	s := &Source{workspace: root, pattern: pattern}
	local := filepath.FromSlash(pattern)
	switch {
	case strings.TrimSpace(pattern) == "":
		return nil, errors.New("source path is empty; write the path of the file, or a glob such as inbox/*.csv")
	case filepath.IsAbs(local):
		s.full = filepath.Clean(local)
		s.match = s.full
	default:
		if !strings.HasPrefix(pattern, "../") && !filepath.IsLocal(local) {
			return nil, fmt.Errorf("source path %s: %w; begin it with ../ or make it absolute if that is meant", pattern, connectors.ErrOutside)
		}
		s.full = filepath.Join(root, local)
		s.match = filepath.Join(literal(root), local)
	}
	if _, err := filepath.Match(s.match, ""); err != nil {
		return nil, fmt.Errorf("source path %s: %w; write [[] for a bracket that is part of the name", pattern, err)
	}
	return s, nil
}

// meta are the characters that make a path a glob.
const meta = "*?["

// literal makes a glob that matches the path and nothing else. On Windows there
// is no escape; a bracket in the workspace's path is not supported there.
func literal(path string) string {
	if filepath.Separator == '\\' {
		return path
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// List gives the files that the path names now, sorted by name. Names are relative to the
// workspace where the files lie inside it or the pattern was relative, else absolute.
func (s *Source) List(ctx context.Context) ([]connectors.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info, err := os.Stat(s.full)
	if err == nil {
		if err := s.regular(s.pattern, info); err != nil {
			return nil, err
		}
		return []connectors.Object{s.object(s.full, info)}, nil
	}
	if !strings.ContainsAny(s.pattern, meta) {
		return nil, s.explain(s.pattern, err)
	}
	return s.glob(ctx)
}

func (s *Source) glob(ctx context.Context) ([]connectors.Object, error) {
	paths, err := filepath.Glob(s.match)
	if err != nil {
		return nil, fmt.Errorf("source path %s: %w", s.pattern, err)
	}
	hidden := strings.HasPrefix(filepath.Base(s.full), ".")
	var objects []connectors.Object
	passed := 0
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone since the glob, or a dangling link
		}
		if err != nil {
			return nil, s.explain(s.name(path), err)
		}
		if !info.Mode().IsRegular() || !hidden && strings.HasPrefix(filepath.Base(path), ".") {
			passed++
			continue
		}
		if !utf8.ValidString(path) {
			return nil, fmt.Errorf("source path %s: the name %+q is not valid UTF-8, so that ledger and manifest could not name it (unpacking an archive from another system often makes such names); rename the file", s.pattern, s.name(path))
		}
		objects = append(objects, s.object(path, info))
	}
	if len(objects) == 0 {
		return nil, s.nothing(passed)
	}
	sort.Slice(objects, func(i, j int) bool { return objects[i].Name < objects[j].Name })
	return objects, nil
}

// nothing says why a glob gave nothing: Glob itself keeps quiet about folders
// that are missing or cannot be read.
func (s *Source) nothing(passed int) error {
	dir := filepath.Dir(s.full)
	if !strings.ContainsAny(filepath.Dir(filepath.FromSlash(s.pattern)), meta) {
		if _, err := os.ReadDir(dir); err != nil {
			return s.explain(s.name(dir), err)
		}
	}
	also := ""
	if passed > 0 {
		also = fmt.Sprintf(" (folders, special and hidden files passed over: %d)", passed)
	}
	return fmt.Errorf("source path %s: %w: no file matches in %s%s; check the path, or wait for the delivery", s.pattern, connectors.ErrNothing, s.name(dir), also)
}

// Open opens a file. The reader is an *os.File, which lets the archive clone instead of copy.
func (s *Source) Open(ctx context.Context, o connectors.Object) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := filepath.FromSlash(o.Name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.workspace, path)
	}
	// Looked at before it is opened: opening a pipe waits for a writer.
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w; it was listed a moment ago, so somebody moved it: run again", o.Name, connectors.ErrVanished)
	}
	if err != nil {
		return nil, s.explain(o.Name, err)
	}
	if err := s.regular(o.Name, info); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, s.explain(o.Name, err)
	}
	return f, nil
}

func (s *Source) object(path string, info fs.FileInfo) connectors.Object {
	return connectors.Object{Name: s.name(path), Size: info.Size(), ModTime: info.ModTime()}
}

func (s *Source) name(path string) string {
	rel, err := filepath.Rel(s.workspace, path)
	if err != nil || !filepath.IsLocal(rel) && filepath.IsAbs(filepath.FromSlash(s.pattern)) {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

func (s *Source) regular(name string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("read %s: %w; write %s/*.csv for the files in it", name, connectors.ErrDirectory, strings.TrimSuffix(name, "/"))
	case !info.Mode().IsRegular():
		return fmt.Errorf("read %s: %w but %s; a source must be a file that can be read again", name, connectors.ErrNotRegular, kind(info.Mode()))
	}
	return nil
}

func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}

// explain turns what the system says into what to do.
func (s *Source) explain(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read %s: %w: there is no such file; check the path (it is taken from the workspace %s), or wait for the delivery", name, connectors.ErrNothing, s.workspace)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("read %s: %w; let the account that runs clearwell read it", name, connectors.ErrPermission)
	}
	return fmt.Errorf("read %s: %w", name, err)
}
