// Package scaffold writes a new workspace that runs as it is: one department,
// one dataset with its contract and a code table, a handful of rows with the dirt that
// real deliveries have, and a nightly job. Start at Init.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"clearwell/durable"
)

//go:embed template
var template embed.FS

// marker is the file that makes a folder a workspace.
const marker = "clearwell.yaml"

// Init writes the files of a new workspace into dir, which is made if it does
// not exist, and gives their paths relative to dir, sorted. It writes nothing if
// one of them is there already. clearwell.yaml is written last: a crash
// before leaves no workspace.
func Init(dir string) ([]string, error) {
	var names []string
	err := fs.WalkDir(template, "template", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name = name[len("template/"):]
		names = append(names, name)
		switch _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); {
		case err == nil:
			return fmt.Errorf("%s exists already in %s; choose an empty folder", name, dir)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if name != marker {
			if err := write(dir, name); err != nil {
				return nil, err
			}
		}
	}
	return names, write(dir, marker)
}

func write(dir, name string) error {
	data, err := template.ReadFile(path.Join("template", name))
	if err != nil {
		return err
	}
	to := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return durable.WriteFile(to, data, 0o644)
}
